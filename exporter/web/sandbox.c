/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls in their order, and capabilities. The only file that knows libcap-ng.
 */
#include "web/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "web/seccomp.h"

static int fail(const char *layer, int error)
{
	log_event(LOG_LEVEL_ERROR, "Cannot enter the sandbox", "layer", layer, "err",
	          strerror(error), NULL);
	return -error;
}

/* Keys and passwords are in memory: neither a core dump nor a debugger gets them. */
static int hide_memory(void)
{
	static const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail("memory", errno);
	return 0;
}

/*
 * Those that are in effect are permitted, ambient ones are inheritable, and a set has 64
 * bits, however many this kernel or its headers know.
 */
static bool has_capabilities(void)
{
	if (capng_get_caps_process() < 0)
		return true;
	for (unsigned int capability = 0; capability < 64; capability++)
		if (capng_have_capability(CAPNG_PERMITTED, capability) ||
		    capng_have_capability(CAPNG_INHERITABLE, capability))
			return true;
	return false;
}

static int drop_capabilities(bool is_above_modes)
{
	/* What is not in the bounding set cannot come back; without CAP_SETPCAP it stays,
	 * and no_new_privs alone sees to that. */
	bool is_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	bool keeps = is_above_modes &&
	             capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_OVERRIDE);
	int r;

	/* A service manager that left none may have left no capset(2), either. */
	if (!has_capabilities())
		return 1;
	if (!is_bound)
		log_event(LOG_LEVEL_DEBUG,
		          "Without CAP_SETPCAP the capability bounding set stays", NULL);
	capng_clear(CAPNG_SELECT_ALL);
	if (keeps && capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
	                          CAP_DAC_OVERRIDE) < 0)
		return fail("capabilities", EINVAL);
	errno = 0;
	/* The bounding set first: it takes a capability to drop it. */
	r = is_bound ? capng_apply(CAPNG_SELECT_BOUNDS) : 0;
	if (r == 0)
		r = capng_apply(CAPNG_SELECT_AMBIENT);
	if (r == 0)
		r = capng_apply(CAPNG_SELECT_CAPS);
	if (r < 0)
		return fail("capabilities", errno ? errno : EPERM);
	return 1;
}

static bool is_writing(const struct sandbox_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++)
		if (settings->paths[i].is_writable)
			return true;
	return false;
}

int sandbox_enter(const struct sandbox_settings *settings,
                  bool ret_in_force[SANDBOX_LAYER_COUNT])
{
	int landlock, seccomp, capabilities;
	int r = hide_memory();

	if (r < 0)
		return r;
	/* Nobody may make these walls for a program that gains privileges by exec. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("no_new_privs", errno);
	capabilities = drop_capabilities(settings->is_above_modes);
	if (capabilities < 0)
		return capabilities;
	landlock = landlock_enter(settings->paths, settings->count);
	if (landlock < 0)
		return landlock;
	/* Last: it denies the calls that make the others. */
	seccomp = seccomp_enter(is_writing(settings));
	if (seccomp < 0)
		return seccomp;
	ret_in_force[SANDBOX_LANDLOCK] = landlock;
	ret_in_force[SANDBOX_SECCOMP] = seccomp;
	ret_in_force[SANDBOX_CAPABILITIES] = capabilities;
	return 0;
}
