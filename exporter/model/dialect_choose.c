/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vendors and rebuilders by the tokens in a kernel's release. Pure.
 */
#include "model/dialect_choose.h"

#include <string.h>

#include "base/macros.h"
#include "base/number.h"

/* Others build mainline kernels for Red Hat's distribution. */
static const char *const mainline_builders[] = { "uek", "elrepo" };

/*
 * The tokens in releases of rebuilds of Red Hat's kernels, each with a number
 * behind it. Sources: release strings in logs, and OpenVZ's vzkernel sources.
 */
static const char *const rebuilders[] = {
	".el",  /* RHEL and most rebuilds; CloudLinux: .el7h, CentOS AltArch: .el7 */
	".vz",  /* Virtuozzo 7 and later */
	"stab", /* OpenVZ and Virtuozzo 6: 2.6.32-042stab145.3 */
	".an",  /* Anolis, its kernels with Red Hat's base */
	".eulerosv2r", /* EulerOS 2.0 */
};

/* Whether TOKEN stands in RELEASE with a number behind it. */
static bool has_token(const char *release, const char *token)
{
	const char *end = release + strlen(release);

	for (const char *at = release; (at = strstr(at, token));) {
		uint64_t number;

		at += strlen(token);
		if (number_digits_parse(at, end, &number, &(const char *){ NULL }) == 0)
			return true;
	}
	return false;
}

static bool is_rebuild(const char *release)
{
	for (size_t i = 0; i < ARRAY_SIZE(mainline_builders); i++)
		if (strstr(release, mainline_builders[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(rebuilders); i++)
		if (has_token(release, rebuilders[i]))
			return true;
	return false;
}

/*
 * The kernels of Fedora's development and of ELN have Red Hat's layout, whatever their
 * version: "6.18.0-0.rc1.16.eln152", "6.16.0-0.rc1.17.fc43". Fedora's releases have not.
 * Source: include/linux/panic.h of kernel-ark, and logs of 6.16 and 6.18.
 */
static bool is_red_hats_development(const char *release,
                                    const struct kernel_version *version)
{
	static const struct kernel_version first = { { 5, 14 } };

	if (kernel_version_compare(version, &first) < 0)
		return false;
	return has_token(release, ".eln") ||
	       (has_token(release, "-0.rc") && has_token(release, ".fc"));
}

static enum dialect_id choose_red_hat(const char *release)
{
	struct kernel_version version = kernel_version_parse(release);

	if (is_rebuild(release))
		for (enum dialect_id id = DIALECT_RHEL5; id <= DIALECT_RHEL10; id++)
			if (dialect_has_base(id, &version))
				return id;
	return is_red_hats_development(release, &version) ? DIALECT_RHEL10
	                                                  : DIALECT_MAINLINE;
}

/* The flavours of SUSE's kernels but "default" and "vanilla". */
static const char *const suse_flavours[] = {
	"64kb", "azure", "bigsmp",  "debug", "desktop",  "ec2", "kvmsmall", "lpae",
	"pae",  "ppc64", "preempt", "rt",    "rt_debug", "smp", "trace",    "xen",
};

static bool is_word(const char *word, size_t length, const char *expected)
{
	return length == strlen(expected) && memcmp(word, expected, length) == 0;
}

/* "4.12.14-16.40-azure": of the builders of such flavours SUSE alone has two numbers. */
static bool has_suse_build(const char *build)
{
	static const char digits[] = "0123456789";
	size_t length = strspn(build, digits);

	return length && build[length] == '.' && strspn(build + length + 1, digits);
}

/*
 * "5.14.21-150500.55.52-default" is SUSE's, and so are other flavours with a build number
 * of that form; or else the build host in /proc/version tells. kernel-vanilla lacks the
 * support patches.
 */
static bool is_suse(const char *release, const char *version)
{
	size_t length = strcspn(release, "\n");
	const char *build = memchr(release, '-', length);
	const char *flavour = memrchr(release, '-', length);

	if (!flavour)
		return false;
	flavour++;
	length -= (size_t)(flavour - release);
	if (is_word(flavour, length, "default"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(suse_flavours); i++)
		if (is_word(flavour, length, suse_flavours[i]) &&
		    has_suse_build(build + 1))
			return true;
	return strstr(version, "(geeko@buildhost)") &&
	       !is_word(flavour, length, "vanilla");
}

enum dialect_id dialect_choose(const char *release, const char *version)
{
	enum dialect_id id = choose_red_hat(release);

	if (id == DIALECT_MAINLINE && is_suse(release, version))
		id = DIALECT_SUSE;
	return id;
}
