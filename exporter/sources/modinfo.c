/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modinfo. The only file that knows libkmod.
 */
#include "sources/modinfo.h"

#include <errno.h>
#include <libkmod.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/macros.h"
#include "model/module_file.h"

struct modinfo {
	struct kmod_ctx *context;
	struct modinfo_log log;
};

__attribute__((format(printf, 6, 0))) static void write_log(void *data, int priority,
                                                            const char *file, int line,
                                                            const char *function,
                                                            const char *format,
                                                            va_list arguments)
{
	const struct modinfo *modinfo = data;
	_cleanup_(free_pointer) char *message = NULL;

	(void)file;
	(void)line;
	(void)function;
	if (vasprintf(&message, format, arguments) < 0) {
		message = NULL;
		return;
	}
	message[strcspn(message, "\n")] = '\0';
	modinfo->log.write(modinfo->log.context, priority <= LOG_ERR, message);
}

int modinfo_new(const struct modinfo_log *log, struct modinfo **ret_modinfo)
{
	/* No configuration is read, and no folder of modules is ever looked at. */
	static const char *const no_configuration[] = { NULL };
	struct modinfo *modinfo = calloc(1, sizeof(*modinfo));

	if (!modinfo)
		return -ENOMEM;
	modinfo->log = *log;
	modinfo->context = kmod_new("/nonexistent", no_configuration);
	if (!modinfo->context) {
		free(modinfo);
		return -ENOMEM;
	}
	kmod_set_log_fn(modinfo->context, write_log, modinfo);
	*ret_modinfo = modinfo;
	return 0;
}

struct modinfo *modinfo_free(struct modinfo *modinfo)
{
	if (!modinfo)
		return NULL;
	kmod_unref(modinfo->context);
	free(modinfo);
	return NULL;
}

static void unref_module(struct kmod_module *const *module)
{
	kmod_module_unref(*module);
}

static void free_list(struct kmod_list *const *list)
{
	kmod_module_info_free_list(*list);
}

/* What .modinfo says of a signature could be anything. */
static bool is_claim(enum module_word word)
{
	return word == MODULE_WORD_SIG_ID || word == MODULE_WORD_SIGNER ||
	       word == MODULE_WORD_SIG_KEY || word == MODULE_WORD_SIG_HASHALGO;
}

int modinfo_read(struct modinfo *modinfo, int fd, struct module_file *file)
{
	_cleanup_(unref_module) struct kmod_module *module = NULL;
	_cleanup_(free_list) struct kmod_list *list = NULL;
	struct kmod_list *entry;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = kmod_module_new_from_path(modinfo->context, path, &module);
	if (r < 0)
		return r;
	r = kmod_module_get_info(module, &list);
	if (r == -ENOENT) /* no .modinfo */
		return 0;
	if (r == -ENOEXEC || r == -EINVAL)
		return -EBADMSG;
	if (r < 0)
		return r;
	kmod_list_foreach(entry, list)
	{
		const char *value = kmod_module_info_get_value(entry);
		enum module_word word;

		if (!module_word_parse(kmod_module_info_get_key(entry), &word) ||
		    is_claim(word) || file->words[word])
			continue;
		r = module_file_set_word(file, word, value, strlen(value));
		if (r < 0)
			return r;
	}
	return 0;
}
