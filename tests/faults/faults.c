/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that fail when told to. Knows what failure looks like, one row per function; must
 * not know what the program makes of it.
 *
 * It is linked to the whole program with --wrap for every function here (`make faults`).
 * The file that $FAULT_TABLE names is shared with who runs the test (table.py): it arms
 * one call there, which then fails that once, and finds there every call that was made.
 * Calls are told apart by the function and by the way to it, the return addresses within
 * the program: two reads of different files are two calls, of the same file in a loop
 * they are one. Where there are no frame pointers only the last address is known.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cap-ng.h>
#include <crypt.h>
#include <gelf.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <libelf.h>
#include <libkmod.h>
#include <lzma.h>
#include <microhttpd.h>
#include <netdb.h>
#include <seccomp.h>
#include <yaml.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

typedef void *thread_run(void *);

#define WAY_MAX   16
#define SITES_MAX 4096

/* A call and the way to it, innermost first, as offsets in the program. */
struct site {
	uint64_t id;
	uint32_t count; /* how often it was made */
	uint32_t way[WAY_MAX];
	char name[44];
};

struct table {
	uint64_t armed; /* the id of what is to fail; 0: nothing */
	uint32_t left;  /* calls of it before the one that does */
	uint32_t fired; /* how often one did */
	uint32_t count; /* of sites */
	uint32_t lost;  /* sites that found no place */
	struct site sites[SITES_MAX];
};

static struct table *table; /* NULL: nobody asks */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

extern const char __executable_start, etext;

/* The return address as an offset in the program; 0: it is elsewhere. */
static uint32_t offset_of(uintptr_t address)
{
	uintptr_t start = (uintptr_t)&__executable_start;

	return address > start && address < (uintptr_t)&etext
	               ? (uint32_t)(address - start)
	               : 0;
}

/* A frame holds that of the caller and, above it, the return address. */
static void find_way(const uintptr_t *frame, uintptr_t caller, uint32_t way[WAY_MAX])
{
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
	(void)caller;
	for (size_t i = 0; i < WAY_MAX; i++) {
		way[i] = offset_of(frame[1]);
		if (!way[i])
			return;
		frame = (const uintptr_t *)frame[0];
	}
#else
	(void)frame;
	way[0] = offset_of(caller);
#endif
}

/* FNV-1a. */
static uint64_t hash(uint64_t seed, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		seed = (seed ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3;
	return seed;
}

static void count_site(const struct site *site)
{
	uint32_t i = 0;

	while (i < table->count && table->sites[i].id != site->id)
		i++;
	if (i == SITES_MAX) {
		table->lost++;
		return;
	}
	if (i == table->count) {
		table->sites[i] = *site;
		table->count++;
	}
	table->sites[i].count++;
}

static bool fails(const char *name, const void *frame, const void *caller)
{
	struct site site = { 0 };
	bool is_armed;

	if (!table)
		return false;
	find_way(frame, (uintptr_t)caller, site.way);
	strncpy(site.name, name, sizeof(site.name) - 1);
	site.id = hash(0xcbf29ce484222325, site.way, sizeof(site.way));
	site.id = hash(site.id, site.name, sizeof(site.name));
	pthread_mutex_lock(&lock);
	count_site(&site);
	is_armed = table->armed == site.id && table->left-- == 0;
	if (is_armed) {
		table->armed = 0;
		table->fired++;
	}
	pthread_mutex_unlock(&lock);
	return is_armed;
}

#define FAILS(name) fails(#name, __builtin_frame_address(0), __builtin_return_address(0))

/*
 * A row: the function, its type, what it returns when it fails, errno (0: it sets none),
 * and the types of its parameters.
 */
#define ROW(name, type, failure, error, declared, passed) \
	type __real_##name declared;                      \
	type __wrap_##name declared;                      \
	type __wrap_##name declared                       \
	{                                                 \
		if (!FAILS(name))                         \
			return __real_##name passed;      \
		if (error)                                \
			errno = error;                    \
		return failure;                           \
	}

#define FAULT0(name, type, failure, error)    ROW(name, type, failure, error, (void), ())
#define FAULT1(name, type, failure, error, A) ROW(name, type, failure, error, (A a), (a))
#define FAULT2(name, type, failure, error, A, B) \
	ROW(name, type, failure, error, (A a, B b), (a, b))
#define FAULT3(name, type, failure, error, A, B, C) \
	ROW(name, type, failure, error, (A a, B b, C c), (a, b, c))
#define FAULT4(name, type, failure, error, A, B, C, D) \
	ROW(name, type, failure, error, (A a, B b, C c, D d), (a, b, c, d))
#define FAULT5(name, type, failure, error, A, B, C, D, E) \
	ROW(name, type, failure, error, (A a, B b, C c, D d, E e), (a, b, c, d, e))
#define FAULT6(name, type, failure, error, A, B, C, D, E, F)            \
	ROW(name, type, failure, error, (A a, B b, C c, D d, E e, F f), \
	    (a, b, c, d, e, f))
#define FAULT7(name, type, failure, error, A, B, C, D, E, F, G)              \
	ROW(name, type, failure, error, (A a, B b, C c, D d, E e, F f, G g), \
	    (a, b, c, d, e, f, g))
#define FAULT8(name, type, failure, error, A, B, C, D, E, F, G, H)                \
	ROW(name, type, failure, error, (A a, B b, C c, D d, E e, F f, G g, H h), \
	    (a, b, c, d, e, f, g, h))

/* clang-format off */

/* Memory. */
FAULT1(malloc, void *, NULL, ENOMEM, size_t)
FAULT2(calloc, void *, NULL, ENOMEM, size_t, size_t)
FAULT2(realloc, void *, NULL, ENOMEM, void *, size_t)
FAULT3(reallocarray, void *, NULL, ENOMEM, void *, size_t, size_t)
FAULT1(strdup, char *, NULL, ENOMEM, const char *)
FAULT2(strndup, char *, NULL, ENOMEM, const char *, size_t)
FAULT3(vasprintf, int, -1, ENOMEM, char **, const char *, va_list)
FAULT6(mmap, void *, MAP_FAILED, ENOMEM, void *, size_t, int, int, int, off_t)
FAULT2(memfd_create, int, -1, EMFILE, const char *, unsigned int)
FAULT2(ftruncate, int, -1, EIO, int, off_t)

/* Files. */
FAULT3(open, int, -1, EMFILE, const char *, int, mode_t)
FAULT4(openat, int, -1, EMFILE, int, const char *, int, mode_t)
FAULT7(syscall, long, -1, EMFILE, long, long, long, long, long, long, long)
FAULT3(read, ssize_t, -1, EIO, int, void *, size_t)
FAULT4(pread, ssize_t, -1, EIO, int, void *, size_t, off_t)
FAULT3(write, ssize_t, -1, EIO, int, const void *, size_t)
FAULT2(stat, int, -1, EIO, const char *, struct stat *)
FAULT2(lstat, int, -1, EIO, const char *, struct stat *)
FAULT2(fstat, int, -1, EIO, int, struct stat *)
FAULT4(fstatat, int, -1, EIO, int, const char *, struct stat *, int)
FAULT2(fstatfs, int, -1, EIO, int, struct statfs *)
FAULT2(realpath, char *, NULL, EACCES, const char *, char *)
FAULT1(fdopendir, DIR *, NULL, ENOMEM, int)
FAULT1(readdir, struct dirent *, NULL, EIO, DIR *)
FAULT2(mkostemp, int, -1, EMFILE, char *, int)
FAULT2(fchmod, int, -1, EPERM, int, mode_t)
FAULT1(fsync, int, -1, EIO, int)
FAULT2(rename, int, -1, EACCES, const char *, const char *)
FAULT1(unlink, int, -1, EACCES, const char *)
FAULT3(fcntl, int, -1, EIO, int, int, long)

/* Threads. */
FAULT4(pthread_create, int, EAGAIN, 0, pthread_t *, const pthread_attr_t *,
       thread_run *, void *)

/* Sockets and events. */
FAULT3(socket, int, -1, EMFILE, int, int, int)
FAULT3(bind, int, -1, EADDRINUSE, int, const struct sockaddr *, socklen_t)
FAULT2(listen, int, -1, EADDRINUSE, int, int)
FAULT3(connect, int, -1, ECONNREFUSED, int, const struct sockaddr *, socklen_t)
FAULT4(accept4, int, -1, EMFILE, int, struct sockaddr *, socklen_t *, int)
FAULT5(setsockopt, int, -1, ENOBUFS, int, int, int, const void *, socklen_t)
FAULT5(getsockopt, int, -1, ENOBUFS, int, int, int, void *, socklen_t *)
FAULT3(getsockname, int, -1, ENOBUFS, int, struct sockaddr *, socklen_t *)
FAULT4(recv, ssize_t, -1, ECONNRESET, int, void *, size_t, int)
FAULT4(send, ssize_t, -1, EPIPE, int, const void *, size_t, int)
FAULT4(getaddrinfo, int, EAI_MEMORY, 0, const char *, const char *,
       const struct addrinfo *, struct addrinfo **)
FAULT7(getnameinfo, int, EAI_MEMORY, 0, const struct sockaddr *, socklen_t, char *,
       socklen_t, char *, socklen_t, int)
FAULT1(epoll_create1, int, -1, EMFILE, int)
FAULT4(epoll_ctl, int, -1, ENOMEM, int, int, int, struct epoll_event *)
FAULT4(epoll_wait, int, -1, EINTR, int, struct epoll_event *, int, int)
FAULT3(poll, int, -1, ENOMEM, struct pollfd *, nfds_t, int)
FAULT2(eventfd, int, -1, EMFILE, unsigned int, int)
FAULT3(signalfd, int, -1, EMFILE, int, const sigset_t *, int)

/* The walls. */
FAULT5(prctl, int, -1, EPERM, int, unsigned long, unsigned long, unsigned long,
       unsigned long)
FAULT2(setrlimit, int, -1, EPERM, int, const struct rlimit *)
FAULT0(capng_get_caps_process, int, -1, 0)
FAULT1(capng_apply, int, -1, 0, capng_select_t)
FAULT3(capng_update, int, -1, 0, capng_act_t, capng_type_t, unsigned int)
FAULT1(seccomp_init, scmp_filter_ctx, NULL, 0, uint32_t)
FAULT3(seccomp_attr_set, int, -ENOMEM, 0, scmp_filter_ctx, enum scmp_filter_attr,
       uint32_t)
FAULT5(seccomp_rule_add_array, int, -ENOMEM, 0, scmp_filter_ctx, uint32_t, int,
       unsigned int, const struct scmp_arg_cmp *)
FAULT1(seccomp_load, int, -ENOMEM, 0, scmp_filter_ctx)

/* Randomness and passwords. */
FAULT3(getrandom, ssize_t, -1, EINTR, void *, size_t, unsigned int)
FAULT4(crypt_rn, char *, NULL, EINVAL, const char *, const char *, void *, int)

/* libmicrohttpd. */
FAULT3(MHD_create_response_from_buffer, struct MHD_Response *, NULL, 0, size_t, void *,
       enum MHD_ResponseMemoryMode)
FAULT3(MHD_add_response_header, enum MHD_Result, MHD_NO, 0, struct MHD_Response *,
       const char *, const char *)
FAULT3(MHD_queue_response, enum MHD_Result, MHD_NO, 0, struct MHD_Connection *,
       unsigned int, struct MHD_Response *)

/* zlib, liblzma, libzstd. */
FAULT8(deflateInit2_, int, Z_MEM_ERROR, 0, z_streamp, int, int, int, int, int,
       const char *, int)
FAULT2(deflate, int, Z_STREAM_ERROR, 0, z_streamp, int)
FAULT4(inflateInit2_, int, Z_MEM_ERROR, 0, z_streamp, int, const char *, int)
FAULT2(inflate, int, Z_MEM_ERROR, 0, z_streamp, int)
FAULT1(inflateReset, int, Z_STREAM_ERROR, 0, z_streamp)
FAULT3(lzma_stream_decoder, lzma_ret, LZMA_MEM_ERROR, 0, lzma_stream *, uint64_t,
       uint32_t)
FAULT2(lzma_code, lzma_ret, LZMA_MEM_ERROR, 0, lzma_stream *, lzma_action)
FAULT0(ZSTD_createDStream, ZSTD_DStream *, NULL, 0)
FAULT3(ZSTD_decompressStream, size_t, (size_t)-ZSTD_error_memory_allocation, 0,
       ZSTD_DStream *, ZSTD_outBuffer *, ZSTD_inBuffer *)

/* libkmod, libelf. */
FAULT2(kmod_new, struct kmod_ctx *, NULL, 0, const char *, const char *const *)
FAULT3(kmod_module_new_from_path, int, -ENOMEM, 0, struct kmod_ctx *, const char *,
       struct kmod_module **)
FAULT2(kmod_module_get_info, int, -ENOMEM, 0, const struct kmod_module *,
       struct kmod_list **)
FAULT2(elf_memory, Elf *, NULL, ENOMEM, char *, size_t)
FAULT2(gelf_getshdr, GElf_Shdr *, NULL, ENOMEM, Elf_Scn *, GElf_Shdr *)
FAULT3(elf_strptr, char *, NULL, ENOMEM, Elf *, size_t, size_t)
FAULT2(elf_getdata, Elf_Data *, NULL, ENOMEM, Elf_Scn *, Elf_Data *)

/* GnuTLS: modules' signatures. */
FAULT1(gnutls_pkcs7_init, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_pkcs7_t *)
FAULT3(gnutls_pkcs7_import, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_pkcs7_t,
       const gnutls_datum_t *, gnutls_x509_crt_fmt_t)
FAULT1(gnutls_pkcs7_get_signature_count, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_pkcs7_t)
FAULT3(gnutls_pkcs7_get_signature_info, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_pkcs7_t,
       unsigned int, gnutls_pkcs7_signature_info_st *)
FAULT5(gnutls_pkcs7_verify_direct, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_pkcs7_t,
       gnutls_x509_crt_t, unsigned int, const gnutls_datum_t *, unsigned int)
FAULT1(gnutls_x509_dn_init, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_x509_dn_t *)
FAULT2(gnutls_x509_dn_import, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_x509_dn_t,
       const gnutls_datum_t *)
FAULT2(gnutls_x509_crt_get_pk_algorithm, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_x509_crt_t,
       unsigned int *)
FAULT2(gnutls_x509_crt_get_raw_issuer_dn, int, GNUTLS_E_MEMORY_ERROR, 0,
       gnutls_x509_crt_t, gnutls_datum_t *)
FAULT3(gnutls_x509_crt_get_serial, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_x509_crt_t,
       void *, size_t *)
FAULT4(gnutls_x509_crt_get_subject_key_id, int, GNUTLS_E_MEMORY_ERROR, 0,
       gnutls_x509_crt_t, void *, size_t *, unsigned int *)

/* GnuTLS: certificates. */
FAULT1(gnutls_x509_crt_init, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_x509_crt_t *)
FAULT3(gnutls_x509_crt_import, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_x509_crt_t,
       const gnutls_datum_t *, gnutls_x509_crt_fmt_t)
FAULT5(gnutls_x509_crt_list_import2, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_x509_crt_t **,
       unsigned int *, const gnutls_datum_t *, gnutls_x509_crt_fmt_t, unsigned int)
FAULT1(gnutls_x509_privkey_init, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_x509_privkey_t *)
FAULT5(gnutls_x509_privkey_import2, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_x509_privkey_t,
       const gnutls_datum_t *, gnutls_x509_crt_fmt_t, const char *, unsigned int)
FAULT5(gnutls_x509_crt_get_extension_by_oid2, int, GNUTLS_E_MEMORY_ERROR, 0,
       gnutls_x509_crt_t, const char *, unsigned int, gnutls_datum_t *, unsigned int *)
FAULT1(gnutls_subject_alt_names_init, int, GNUTLS_E_MEMORY_ERROR, 0,
       gnutls_subject_alt_names_t *)
FAULT3(gnutls_x509_ext_import_subject_alt_names, int, GNUTLS_E_MEMORY_ERROR, 0,
       const gnutls_datum_t *, gnutls_subject_alt_names_t, unsigned int)

/* GnuTLS: the door. */
FAULT1(gnutls_certificate_allocate_credentials, int, GNUTLS_E_MEMORY_ERROR, 0,
       gnutls_certificate_credentials_t *)
FAULT4(gnutls_certificate_set_x509_key, int, GNUTLS_E_MEMORY_ERROR, 0,
       gnutls_certificate_credentials_t, gnutls_x509_crt_t *, int, gnutls_x509_privkey_t)
FAULT3(gnutls_certificate_set_x509_trust_mem, int, GNUTLS_E_MEMORY_ERROR, 0,
       gnutls_certificate_credentials_t, const gnutls_datum_t *, gnutls_x509_crt_fmt_t)
FAULT4(gnutls_certificate_verify_peers, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_session_t,
       gnutls_typed_vdata_st *, unsigned int, unsigned int *)
FAULT2(gnutls_certificate_get_peers, const gnutls_datum_t *, NULL, 0, gnutls_session_t,
       unsigned int *)
FAULT3(gnutls_credentials_set, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_session_t,
       gnutls_credentials_type_t, void *)
FAULT3(gnutls_priority_init, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_priority_t *,
       const char *, const char **)
FAULT2(gnutls_priority_set, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_session_t,
       gnutls_priority_t)
FAULT4(gnutls_alpn_set_protocols, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_session_t,
       const gnutls_datum_t *, unsigned int, unsigned int)
FAULT3(gnutls_hmac, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_hmac_hd_t, const void *, size_t)
FAULT4(gnutls_hmac_init, int, GNUTLS_E_MEMORY_ERROR, 0, gnutls_hmac_hd_t *,
       gnutls_mac_algorithm_t, const void *, size_t)

/* clang-format on */

/* ---- those that do more than to return something ---- */

int __real_close(int fd);
int __wrap_close(int fd);

/* Closed it is all the same (close(2)). */
int __wrap_close(int fd)
{
	bool has_failed = FAILS(close);
	int r = __real_close(fd);

	if (!has_failed)
		return r;
	errno = EIO;
	return -1;
}

int __real_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event);
int __wrap_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event);

int __wrap_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event)
{
	if (!FAILS(yaml_parser_parse))
		return __real_yaml_parser_parse(parser, event);
	memset(event, 0, sizeof(*event));
	parser->error = YAML_MEMORY_ERROR;
	return 0;
}

int __real_yaml_parser_initialize(yaml_parser_t *parser);
int __wrap_yaml_parser_initialize(yaml_parser_t *parser);

int __wrap_yaml_parser_initialize(yaml_parser_t *parser)
{
	if (!FAILS(yaml_parser_initialize))
		return __real_yaml_parser_initialize(parser);
	memset(parser, 0, sizeof(*parser));
	return 0;
}

struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned int flags, uint16_t port,
                                           MHD_AcceptPolicyCallback accepts,
                                           void *accepts_context,
                                           MHD_AccessHandlerCallback handler,
                                           void *handler_context, ...);

struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned int flags, uint16_t port,
                                           MHD_AcceptPolicyCallback accepts,
                                           void *accepts_context,
                                           MHD_AccessHandlerCallback handler,
                                           void *handler_context, ...)
{
	struct MHD_Daemon *daemon = NULL;
	va_list options;

	va_start(options, handler_context);
	if (!FAILS(MHD_start_daemon))
		daemon = MHD_start_daemon_va(flags, port, accepts, accepts_context,
		                             handler, handler_context, options);
	va_end(options);
	return daemon;
}

enum MHD_Result __real_MHD_add_connection(struct MHD_Daemon *daemon, MHD_socket fd,
                                          const struct sockaddr *address, socklen_t size);
enum MHD_Result __wrap_MHD_add_connection(struct MHD_Daemon *daemon, MHD_socket fd,
                                          const struct sockaddr *address, socklen_t size);

/* The library closes it in any case. */
enum MHD_Result __wrap_MHD_add_connection(struct MHD_Daemon *daemon, MHD_socket fd,
                                          const struct sockaddr *address, socklen_t size)
{
	if (!FAILS(MHD_add_connection))
		return __real_MHD_add_connection(daemon, fd, address, size);
	__real_close(fd);
	return MHD_NO;
}

/* ---- the table ---- */

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_TABLE");
	void *shared;
	int fd;

	if (!path)
		return;
	fd = __real_open(path, O_RDWR | O_CLOEXEC, 0);
	shared = fd < 0 ? MAP_FAILED
	                : __real_mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
	                              MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		abort();
	__real_close(fd);
	table = shared;
}
