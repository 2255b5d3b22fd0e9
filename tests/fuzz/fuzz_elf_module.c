/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections of a module: what is called sound is shown to libkmod, which ends the
 * process for what is not.
 */
#include <errno.h>
#include <stdbool.h>

#include "fuzz.h"
#include "sources/elf_module.h"
#include "sources/modinfo.h"

static void ignore_line(void *context, bool is_error, const char *line)
{
	(void)context;
	(void)is_error;
	(void)line;
}

/* With the zero byte behind it that image_cut() leaves there. */
static void show_to_libkmod(const uint8_t *bytes, size_t length)
{
	static const struct modinfo_log log = { .write = ignore_line };
	static struct modinfo *modinfo;
	struct module_file *file = module_file_new("");
	int fd = fuzz_open(bytes, length), r;

	fuzz_check(file && (modinfo || modinfo_new(&log, &modinfo) == 0));
	fuzz_check(ftruncate(fd, (off_t)length + 1) == 0);
	r = modinfo_read(modinfo, fd, file);
	fuzz_check(r == 0 || r == -EBADMSG);
	module_file_free(file);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct elf_module module;
	int r = elf_module_parse(bytes, length, &module);

	/* What is wanted of libelf may be more than there is. */
	fuzz_check(r == 0 || r == -EBADMSG || r == -ENOMEM);
	if (r < 0)
		return 0;
	fuzz_check(module.signature == MODULE_SIGNATURE_NONE ||
	           module.signature == MODULE_SIGNATURE_ELF_SECTION ||
	           module.signature == MODULE_SIGNATURE_MALFORMED);
	fuzz_check(module.build.id_length <= sizeof(module.build.id));
	fuzz_check(!*module.build.srcversion);
	if (module.is_sound)
		show_to_libkmod(bytes, length);
	return 0;
}
