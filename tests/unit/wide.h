/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where files and times of 64 bits are asked for on 32, glibc has them under other names:
 * there it is those that a test wraps. In front of every test there (see the Makefile).
 */
#pragma once

#define __real_clock_gettime __real___clock_gettime64
#define __wrap_clock_gettime __wrap___clock_gettime64
#define __real_fcntl         __real___fcntl_time64
#define __wrap_fcntl         __wrap___fcntl_time64
#define __real_fstat         __real___fstat64_time64
#define __wrap_fstat         __wrap___fstat64_time64
#define __real_ftruncate     __real_ftruncate64
#define __wrap_ftruncate     __wrap_ftruncate64
#define __real_getrlimit     __real_getrlimit64
#define __wrap_getrlimit     __wrap_getrlimit64
#define __real_mkostemp      __real_mkostemp64
#define __wrap_mkostemp      __wrap_mkostemp64
#define __real_mmap          __real_mmap64
#define __wrap_mmap          __wrap_mmap64
#define __real_pread         __real_pread64
#define __wrap_pread         __wrap_pread64
#define __real_readdir       __real_readdir64
#define __wrap_readdir       __wrap_readdir64
#define __real_setrlimit     __real_setrlimit64
#define __wrap_setrlimit     __wrap_setrlimit64
