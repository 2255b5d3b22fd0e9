/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build's own name. The only file that the version macros of the Makefile reach.
 */
#include "base/version.h"

#define STRING(x)    #x
#define STRING_OF(x) STRING(x)

#ifdef __clang__
#define COMPILER                                           \
	"clang " STRING_OF(__clang_major__) "." STRING_OF( \
		__clang_minor__) "." STRING_OF(__clang_patchlevel__)
#else
#define COMPILER                                                                \
	"gcc " STRING_OF(__GNUC__) "." STRING_OF(__GNUC_MINOR__) "." STRING_OF( \
		__GNUC_PATCHLEVEL__)
#endif

const struct version version = {
	.version = BUILD_VERSION,
	.revision = BUILD_REVISION,
	.branch = BUILD_BRANCH,
	.compiler = COMPILER,
	.arch = BUILD_ARCH,
};
