/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guards this kernel against more taint: signature enforcement, lockdown, Secure
 * Boot, panic_on_taint; and how often it warned.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/snapshot.h"

struct hostfs;
struct secure_boot;

/* "Y" or "N", "1" or "0" (kernel/params.c, param_get_bool; sysctl): 0 or -EBADMSG. */
int posture_switch_parse(const char *string, uint64_t *ret_value);

/*
 * "[none] integrity confidentiality": the word in brackets
 * (security/lockdown/lockdown.c). 0 or -EBADMSG.
 */
int posture_lockdown_parse(const char *string, enum lockdown *ret_mode);

/*
 * The mask of panic_on_taint= on a kernel command line, 0 if it is not given. Hexadecimal
 * with or without 0x, ",nousertaint" behind it; what is no number is ignored as the
 * kernel ignores it, the last one wins, and nothing behind "--" is the kernel's
 * (kernel/panic.c, panic_on_taint_setup; kernel/params.c, parse_args).
 */
uint64_t posture_panic_mask_parse(const char *command_line);

/*
 * "Vulnerable" is 1: the microcode is older than the kernel's list; "Not affected" is 0
 * (arch/x86/kernel/cpu/bugs.c, old_microcode_show_state(), and cpu_show_common()).
 * -ENODATA for "Unknown: ...", -EBADMSG for anything else.
 */
int posture_microcode_parse(const char *string, uint64_t *ret_outdated);

/*
 * Fills posture, lockdown and posture_result. What the kernel does not offer stays
 * unknown and is no failure, and neither is lockdown or Secure Boot that is hidden from
 * this process; but where sysfs is missing, or the snapshot's release and mask are both
 * missing, nobody knows what the kernel offers, and that is one.
 */
void posture_read(struct hostfs *fs, const struct secure_boot *secure_boot,
                  struct snapshot *snapshot);
