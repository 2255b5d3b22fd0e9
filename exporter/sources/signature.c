/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One module's file, from all sides. Knows which side is believed.
 */
#include "sources/signature.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "model/module_file.h"
#include "sources/elf_module.h"
#include "sources/image.h"
#include "sources/pkcs7.h"
#include "sources/trailer.h"

/* What the trailer has in clear, where libkmod did not give it: it knows old types only.
 */
static int set_clear(const struct trailer *trailer, struct module_file *file)
{
	int r = 0;

	if (!*module_file_word(file, MODULE_WORD_SIGNER) && trailer->signer_length)
		r = module_file_set_word(file, MODULE_WORD_SIGNER,
		                         (const char *)trailer->signer,
		                         trailer->signer_length);
	if (r == 0 && !*module_file_word(file, MODULE_WORD_SIG_HASHALGO))
		r = module_file_set_word(file, MODULE_WORD_SIG_HASHALGO, trailer->hash,
		                         strlen(trailer->hash));
	return r;
}

static int read_blob(const struct signature_reader *reader, const struct image *image,
                     const struct trailer *trailer, struct module_file *file)
{
	int r = pkcs7_describe(trailer->blob, trailer->blob_length, file);

	if (r == 0 && reader->trust)
		r = pkcs7_verify(reader->trust, trailer->blob, trailer->blob_length,
		                 image->bytes, trailer->signed_length, &file->verified);
	return r;
}

static int read_image(const struct signature_reader *reader, const struct image *image,
                      struct module_file *file)
{
	struct elf_module module;
	struct trailer trailer;
	const char *srcversion;
	int r = elf_module_parse(image->bytes, image->length, &module);

	if (reader->trust)
		file->verified = MODULE_VERIFIED_UNTRUSTED;
	if (r < 0)
		return r;
	if (module.is_sound) {
		r = modinfo_read(reader->modinfo, image->fd, file);
		if (r < 0)
			return r;
	}
	memcpy(file->build.id, module.build.id, module.build.id_length);
	file->build.id_length = module.build.id_length;
	srcversion = module_file_word(file, MODULE_WORD_SRCVERSION);
	memcpy(file->build.srcversion, srcversion, strlen(srcversion) + 1);

	trailer_parse(image->bytes, image->length, &trailer);
	file->signature = trailer.signature;
	if (trailer.signature == MODULE_SIGNATURE_NONE)
		file->signature = module.signature;
	if (trailer.signature == MODULE_SIGNATURE_PKCS7)
		return read_blob(reader, image, &trailer, file);
	return set_clear(&trailer, file);
}

int signature_read(const struct signature_reader *reader, int fd,
                   struct module_file *file)
{
	_cleanup_(image_clear) struct image image = IMAGE_INIT;
	int r = image_read(&image, fd, reader->stop);

	file->compression = image.compression;
	if (r == 0)
		r = read_image(reader, &image, file);
	if (r == -ENOMEM || r == -ECANCELED)
		return r;
	if (r < 0) {
		file->error = r;
		file->signature = r == -EBADMSG ? MODULE_SIGNATURE_MALFORMED
		                                : MODULE_SIGNATURE_UNREADABLE;
	}
	return 0;
}
