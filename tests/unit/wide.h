/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where files and times of 64 bits are asked for on 32, glibc has them under other names:
 * there it is those that a test wraps. In front of every test there (see tests/tests.mk).
 */
#pragma once

#define __real_fstat __real___fstat64_time64
#define __wrap_fstat __wrap___fstat64_time64
#define __real_pread __real_pread64
#define __wrap_pread __wrap_pread64
