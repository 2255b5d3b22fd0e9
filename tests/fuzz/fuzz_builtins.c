/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of what is built in: up to the first NUL a path per line, then records. Each
 * module of a path is found, and what is found is one of the inputs' pieces.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "model/module_file.h"
#include "sources/builtins.h"

static void find(const struct builtins *builtins, const char *name)
{
	struct module_file *file = NULL;
	int r = builtins_find(builtins, name, &file);

	fuzz_check(r == 0 || r == -ENOENT);
	fuzz_check((r == 0) == (file != NULL));
	if (!file)
		return;
	fuzz_check(*name);
	fuzz_check(!*file->path || strstr(text_string(&builtins->paths), file->path));
	module_file_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *input = (const char *)bytes;
	const char *nul = memchr(input, '\0', length);
	size_t list = nul ? (size_t)(nul - input) : length;
	struct builtins builtins = { 0 };

	text_add(&builtins.paths, input, list);
	if (nul)
		text_add(&builtins.records, nul + 1, length - list - 1);
	find(&builtins, "ext4");
	find(&builtins, "tcp-cubic");
	find(&builtins, text_string(&builtins.paths));
	find(&builtins, text_string(&builtins.records));
	find(&builtins, "");
	builtins_clear(&builtins);
	return 0;
}
