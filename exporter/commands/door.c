/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web configuration on the disk. Knows files and when they changed; what stands in
 * them is for the rooms of the web.
 */
#include "commands/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "sources/hostfs.h"
#include "web/guard.h"
#include "web/sandbox.h"
#include "web/tls.h"

/* No configuration, chain or list of authorities is longer. */
#define FILE_MAX ((size_t)1 << 20)

/* The configuration, a certificate, its key, the authorities of the clients. */
#define DOOR_FILES 4

/* One file and what it was when it was read. */
struct door_file {
	char *path;
	int error;
	struct hostfs_identity identity;
};

struct door {
	const char *path;
	struct door_file files[DOOR_FILES];
	size_t count;
	bool has_begun; /* so some things cannot change any more */
	bool has_tls;
	uint64_t rate_interval;
	unsigned int rate_burst;
};

static void forget_files(struct door *door)
{
	while (door->count)
		free(door->files[--door->count].path);
}

struct door *door_free(struct door *door)
{
	if (!door)
		return NULL;
	forget_files(door);
	free(door);
	return NULL;
}

/* The first LENGTH bytes of PATH. */
static int add_path(struct door_paths *paths, const char *path, size_t length)
{
	const char *copy = strndup(path, length);

	if (!copy)
		return -ENOMEM;
	paths->paths[paths->count++].path = copy;
	return 0;
}

/* The folder of PATH, unless it is one at the top. */
static int add_folder(struct door_paths *paths, const char *path)
{
	const char *slash = strrchr(path, '/');

	/* Beside the program: the real path says where that is. */
	if (!slash)
		return 0;
	if (path[0] == '/' && memchr(path + 1, '/', (size_t)(slash - path)) == slash)
		return 0;
	return slash == path ? 0 : add_path(paths, path, (size_t)(slash - path));
}

/* Of a file: itself, its folder, and the folder of what it links to. */
#define PATHS_OF_FILE 3

int door_paths_init(struct door_paths *paths, const struct door *door)
{
	int r = 0;

	*paths = (struct door_paths){
		.paths = calloc(door->count * PATHS_OF_FILE, sizeof(*paths->paths)),
	};
	if (!paths->paths)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < door->count; i++) {
		_cleanup_(free_pointer) char *real = realpath(door->files[i].path, NULL);

		r = add_path(paths, door->files[i].path, strlen(door->files[i].path));
		if (r == 0)
			r = add_folder(paths, door->files[i].path);
		if (r == 0 && real)
			r = add_folder(paths, real);
	}
	if (r < 0)
		door_paths_clear(paths);
	return r;
}

void door_paths_clear(struct door_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free((char *)paths->paths[i].path);
	free(paths->paths);
	*paths = (struct door_paths){ 0 };
}

static int look(const char *path, struct hostfs_identity *ret_identity)
{
	*ret_identity = (struct hostfs_identity){ 0 };
	return hostfs_given_identity_read(path, ret_identity);
}

/* It is looked at first: what changes while it is read is seen next time. */
static int read_file(struct door *door, const char *path, struct text *bytes)
{
	struct door_file *file = &door->files[door->count];

	file->path = strdup(path);
	if (!file->path)
		return -ENOMEM;
	file->error = look(path, &file->identity);
	door->count++;
	return hostfs_given_read(path, FILE_MAX, bytes);
}

/* What the configuration names is relative to its own folder. */
static void join(const struct door *door, const char *path, struct text *joined)
{
	const char *slash = strrchr(door->path, '/');

	if (path[0] != '/' && slash)
		text_add(joined, door->path, (size_t)(slash - door->path) + 1);
	text_add_string(joined, path);
}

static void complain(struct text *complaint, const char *name, unsigned int line,
                     const char *what)
{
	text_add_string(complaint, name);
	text_add_char(complaint, ':');
	text_add_number(complaint, line);
	text_add_string(complaint, ": ");
	text_add_string(complaint, what);
}

/* Of what stands inline and in a file the file counts, as in exporter-toolkit. */
static int read_material(struct door *door, const char *key,
                         const struct webconfig_value *value,
                         const struct webconfig_value *file, struct text *bytes,
                         struct text *complaint)
{
	_cleanup_(text_clear) struct text path = TEXT_INIT;
	int r;

	if (!file->string || !*file->string) {
		text_add_string(bytes, value->string ? value->string : "");
		return bytes->error;
	}
	join(door, file->string, &path);
	r = path.error;
	if (r == 0)
		r = read_file(door, text_string(&path), bytes);
	if (r < 0 && r != -ENOMEM) {
		complain(complaint, door->path, file->line, key);
		text_add_string(complaint, ": cannot read ");
		text_add_string(complaint, text_string(&path));
		text_add_string(complaint, ": ");
		text_add_string(complaint, error_words(r));
		text_add_string(complaint, ", expected a file in PEM form");
		r = -EBADMSG;
	}
	return r;
}

struct material {
	struct text cert, key, client_ca;
};

static void clear_material(struct material *material)
{
	if (material->key.data)
		explicit_bzero(material->key.data, material->key.length);
	text_clear(&material->cert);
	text_clear(&material->key);
	text_clear(&material->client_ca);
}

static int make_tls_guard(struct door *door, struct webconfig *config,
                          struct guard **ret_guard, struct text *complaint)
{
	_cleanup_(clear_material) struct material m = { 0 };
	const struct webconfig_tls *tls = &config->tls;
	int r = read_material(door, "tls_server_config.cert_file", &tls->cert,
	                      &tls->cert_file, &m.cert, complaint);

	if (r == 0)
		r = read_material(door, "tls_server_config.key_file", &tls->key,
		                  &tls->key_file, &m.key, complaint);
	if (r == 0)
		r = read_material(door, "tls_server_config.client_ca_file",
		                  &tls->client_ca, &tls->client_ca_file, &m.client_ca,
		                  complaint);
	if (r < 0)
		return r;
	return guard_new(door->path, config,
	                 &(struct tls_material){
				 .cert = &m.cert,
				 .key = &m.key,
				 .client_ca = m.client_ca.length ? &m.client_ca : NULL },
	                 ret_guard, complaint);
}

/* What is fixed by then was fixed when the server began to listen. */
static int check_fixed(struct door *door, const struct webconfig *config,
                       struct text *complaint)
{
	if (!door->has_begun) {
		door->has_tls = config->tls.is_given;
		door->rate_interval = config->rate_interval;
		door->rate_burst = config->rate_burst;
		if (door->has_tls && config->wants_http2 && config->http2_line)
			log_event(LOG_LEVEL_INFO,
			          "HTTP/1.1 is served, http2 changes nothing", NULL);
		return 0;
	}
	if (door->has_tls != config->tls.is_given) {
		complain(complaint, door->path,
		         config->tls.is_given ? config->tls.line : 1,
		         "tls_server_config: expected as it was at the start: TLS is "
		         "switched on and off by a restart");
		return -EBADMSG;
	}
	if (door->rate_interval != config->rate_interval ||
	    door->rate_burst != config->rate_burst)
		log_event(LOG_LEVEL_WARN, "rate_limit changes by a restart only", "file",
		          door->path, NULL);
	return 0;
}

static int read_guard(struct door *door, struct guard **ret_guard, struct text *complaint)
{
	_cleanup_(webconfig_clear) struct webconfig config = { 0 };
	_cleanup_(text_clear) struct text yaml = TEXT_INIT;
	int r;

	forget_files(door);
	r = read_file(door, door->path, &yaml);
	if (r < 0) {
		text_add_string(complaint, door->path);
		text_add_string(complaint, ": ");
		text_add_string(complaint, error_words(r));
		text_add_string(complaint, ", expected a web configuration");
		return r;
	}
	r = webconfig_parse(door->path, text_string(&yaml), yaml.length, &config,
	                    complaint);
	if (r == 0)
		r = check_fixed(door, &config, complaint);
	if (r < 0)
		return r;
	if (config.tls.is_given)
		return make_tls_guard(door, &config, ret_guard, complaint);
	return guard_new(door->path, &config, NULL, ret_guard, complaint);
}

static void log_complaint(const char *message, int error, const struct text *complaint)
{
	log_event(LOG_LEVEL_ERROR, message, "flag", "--web.config.file", "err",
	          complaint->length ? text_string(complaint) : error_words(error), NULL);
}

int door_new(const char *path, struct door **ret_door, struct guard **ret_guard)
{
	_cleanup_(text_clear) struct text complaint = TEXT_INIT;
	struct door *door = calloc(1, sizeof(*door));
	int r = -ENOMEM;

	if (door) {
		door->path = path;
		r = read_guard(door, ret_guard, &complaint);
	}
	if (r < 0) {
		log_complaint("Cannot use the web configuration", r, &complaint);
		door_free(door);
		return r;
	}
	door->has_begun = true;
	*ret_door = door;
	return 0;
}

static bool has_changed(const struct door *door)
{
	for (size_t i = 0; i < door->count; i++) {
		const struct door_file *file = &door->files[i];
		struct hostfs_identity identity;

		if (look(file->path, &identity) != file->error ||
		    !hostfs_identity_is_equal(&identity, &file->identity))
			return true;
	}
	return false;
}

struct guard *door_check(struct door *door, bool any)
{
	_cleanup_(text_clear) struct text complaint = TEXT_INIT;
	struct guard *guard = NULL;
	int r;

	if (!any && !has_changed(door))
		return NULL;
	r = read_guard(door, &guard, &complaint);
	if (r < 0) {
		log_complaint("Cannot use the new web configuration, keeping the old one",
		              r, &complaint);
		return NULL;
	}
	log_event(LOG_LEVEL_INFO, "Using the new web configuration", "file", door->path,
	          NULL);
	return guard;
}
