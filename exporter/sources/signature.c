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

/* modinfo's sig_id; NULL: it has no name for this type. */
static const char *id_of(enum module_signature signature)
{
	switch (signature) {
	case MODULE_SIGNATURE_PKCS7:
		return "PKCS#7";
	case MODULE_SIGNATURE_X509:
		return "X509";
	case MODULE_SIGNATURE_PGP:
		return "PGP";
	default:
		return NULL;
	}
}

/* What the trailer has in clear. */
static int set_clear(const struct trailer *trailer, struct module_file *file)
{
	int r = module_file_set_word(file, MODULE_WORD_SIGNER,
	                             (const char *)trailer->signer,
	                             trailer->signer_length);

	if (r == 0)
		r = module_file_set_key(file, trailer->key_id, trailer->key_id_length);
	if (r == 0)
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

static int read_trailer(const struct signature_reader *reader, const struct image *image,
                        const struct trailer *trailer, struct module_file *file)
{
	const char *id = id_of(trailer->signature);
	int r = 0;

	if (id)
		r = module_file_set_word(file, MODULE_WORD_SIG_ID, id, strlen(id));
	if (r == 0 && trailer->signature == MODULE_SIGNATURE_PKCS7)
		return read_blob(reader, image, trailer, file);
	return r == 0 && id ? set_clear(trailer, file) : r;
}

/* The words of .modinfo, of the module without its signature. */
static int read_words(const struct signature_reader *reader, struct image *image,
                      size_t length, struct module_file *file)
{
	const char *srcversion;
	int r = image_cut(image, length);

	if (r == 0)
		r = modinfo_read(reader->modinfo, image->fd, file);
	if (r < 0)
		return r;
	srcversion = module_file_word(file, MODULE_WORD_SRCVERSION);
	memcpy(file->build.srcversion, srcversion, strlen(srcversion) + 1);
	return 0;
}

static int read_image(const struct signature_reader *reader, struct image *image,
                      struct module_file *file)
{
	struct elf_module module;
	struct trailer trailer;
	int r, signature_error;

	trailer_parse(image->bytes, image->length, &trailer);
	/* The module ends where the signature begins, whatever is behind. */
	r = elf_module_parse(image->bytes, trailer.signed_length, &module);
	if (r == -ENOMEM)
		return r;
	if (reader->trust)
		file->verified = MODULE_VERIFIED_UNTRUSTED;
	if (r < 0 || !module.is_sound)
		return -EBADMSG;
	file->signature = trailer.signature;
	if (trailer.signature == MODULE_SIGNATURE_NONE)
		file->signature = module.signature;
	file->build = module.build;

	signature_error = read_trailer(reader, image, &trailer, file);
	if (signature_error == -ENOMEM)
		return signature_error;
	if (signature_error < 0)
		file->signature = MODULE_SIGNATURE_MALFORMED;
	return read_words(reader, image, trailer.signed_length, file);
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

bool signature_error_is_lasting(int error)
{
	return error == 0 || error == -EBADMSG || error == -EFBIG || error == -ETIME;
}
