/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of an appended signature: every type and every length that it may claim, told
 * from what only looks like one. All bytes stand in memory that ends where they end.
 */
#include "sources/trailer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "fixtures.h"

#define MARKER "~Module signature appended~\n"

struct frame {
	unsigned int algo, hash, type, signer_length, key_id_length, pad[3];
	uint32_t blob_length;
};

static void add_frame(struct text *file, const struct frame *frame)
{
	text_add_char(file, (char)frame->algo);
	text_add_char(file, (char)frame->hash);
	text_add_char(file, (char)frame->type);
	text_add_char(file, (char)frame->signer_length);
	text_add_char(file, (char)frame->key_id_length);
	for (int i = 0; i < 3; i++)
		text_add_char(file, (char)frame->pad[i]);
	for (int i = 24; i >= 0; i -= 8)
		text_add_char(file, (char)(frame->blob_length >> i));
	text_add_string(file, MARKER);
}

/* The pieces point into this. */
static unsigned char *bytes;

static struct trailer parse(const struct text *file)
{
	struct trailer trailer;

	free(bytes);
	bytes = fixtures_copy(text_string(file), file->length);
	memset(&trailer, 0xa5, sizeof(trailer));
	trailer_parse(bytes, file->length, &trailer);
	return trailer;
}

static int teardown(void **state)
{
	(void)state;
	free(bytes);
	bytes = NULL;
	return 0;
}

/* None of the pieces is there, all of the file counts as what was signed. */
static void check_nothing(const struct text *file, enum module_signature signature)
{
	struct trailer trailer = parse(file);

	assert_int_equal(trailer.signature, signature);
	assert_int_equal(trailer.signed_length, file->length);
	assert_int_equal(trailer.signer_length, 0);
	assert_int_equal(trailer.key_id_length, 0);
	assert_int_equal(trailer.blob_length, 0);
	assert_string_equal(trailer.hash, "");
}

static void check_pieces(const struct trailer *trailer, const char *module,
                         const char *signer, const char *key_id, const char *blob)
{
	const unsigned char *at = bytes;

	assert_int_equal(trailer->signed_length, strlen(module));
	at += strlen(module);
	assert_int_equal(trailer->signer_length, strlen(signer));
	assert_ptr_equal(trailer->signer, at);
	at += strlen(signer);
	assert_int_equal(trailer->key_id_length, strlen(key_id));
	assert_ptr_equal(trailer->key_id, at);
	at += strlen(key_id);
	assert_int_equal(trailer->blob_length, strlen(blob));
	assert_ptr_equal(trailer->blob, at);
	assert_memory_equal(trailer->blob, blob, strlen(blob));
}

static void trailer_parse_finds_the_pieces_of_pkcs7(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	struct trailer trailer;

	(void)state;
	text_add_string(&file, "moduleblob");
	add_frame(&file, &(struct frame){ .type = 2, .blob_length = 4 });
	trailer = parse(&file);
	assert_int_equal(trailer.signature, MODULE_SIGNATURE_PKCS7);
	assert_string_equal(trailer.hash, "");
	check_pieces(&trailer, "module", "", "", "blob");
}

static void trailer_parse_finds_what_x509_has_in_clear(void **state)
{
	static const char *const hashes[] = {
		"md4",    "md5",    "sha1",   "rmd160", "sha256",
		"sha384", "sha512", "sha224", "",
	};

	(void)state;
	for (unsigned int i = 0; i < 256; i++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;
		struct trailer trailer;
		size_t hash = i < ARRAY_SIZE(hashes) ? i : ARRAY_SIZE(hashes) - 1;

		text_add_string(&file, "moduleSome OneKEYblob");
		add_frame(&file, &(struct frame){ .algo = 1,
		                                  .hash = i,
		                                  .type = 1,
		                                  .signer_length = 8,
		                                  .key_id_length = 3,
		                                  .blob_length = 4 });
		trailer = parse(&file);
		assert_int_equal(trailer.signature, MODULE_SIGNATURE_X509);
		assert_string_equal(trailer.hash, hashes[hash]);
		check_pieces(&trailer, "module", "Some One", "KEY", "blob");
	}
}

static void trailer_parse_does_not_look_at_the_pad_of_x509(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	struct trailer trailer;

	(void)state;
	text_add_string(&file, "modulesignerblob");
	add_frame(&file, &(struct frame){ .hash = 4,
	                                  .type = 1,
	                                  .signer_length = 6,
	                                  .pad = { 1, 2, 255 },
	                                  .blob_length = 4 });
	trailer = parse(&file);
	assert_int_equal(trailer.signature, MODULE_SIGNATURE_X509);
	check_pieces(&trailer, "module", "signer", "", "blob");
}

static void trailer_parse_tells_the_types(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;
		struct trailer trailer;

		text_add_string(&file, "moduleblob");
		add_frame(&file, &(struct frame){ .type = type, .blob_length = 4 });
		trailer = parse(&file);
		assert_int_equal(trailer.signature, type == 0   ? MODULE_SIGNATURE_PGP
		                                    : type == 1 ? MODULE_SIGNATURE_X509
		                                    : type == 2
		                                            ? MODULE_SIGNATURE_PKCS7
		                                            : MODULE_SIGNATURE_UNKNOWN);
		check_pieces(&trailer, "module", "", "", "blob");
	}
}

static void trailer_parse_finds_signer_key_and_hash_of_pgp(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	struct trailer trailer;

	(void)state;
	text_add_string(&file, "modulesignerkeyblob");
	add_frame(&file, &(struct frame){ .hash = 4,
	                                  .signer_length = 6,
	                                  .key_id_length = 3,
	                                  .blob_length = 4 });
	trailer = parse(&file);
	assert_int_equal(trailer.signature, MODULE_SIGNATURE_PGP);
	check_pieces(&trailer, "module", "signer", "key", "blob");
	assert_string_equal(trailer.hash, "sha256");
}

static void trailer_parse_lets_pkcs7_have_no_other_field(void **state)
{
	static const struct frame frames[] = {
		{ .type = 2, .blob_length = 4, .algo = 1 },
		{ .type = 2, .blob_length = 4, .algo = 255 },
		{ .type = 2, .blob_length = 4, .hash = 1 },
		{ .type = 2, .blob_length = 4, .hash = 4 },
		{ .type = 2, .blob_length = 4, .signer_length = 1 },
		{ .type = 2, .blob_length = 4, .key_id_length = 1 },
		{ .type = 2, .blob_length = 4, .pad = { 1 } },
		{ .type = 2, .blob_length = 4, .pad = { 0, 1 } },
		{ .type = 2, .blob_length = 4, .pad = { 0, 0, 1 } },
		{ .type = 2, .blob_length = 4, .pad = { 0, 0, 128 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		text_add_string(&file, "moduleblob");
		add_frame(&file, &frames[i]);
		assert_int_equal(parse(&file).signature, MODULE_SIGNATURE_MALFORMED);
	}
}

/* Types in which signer and key stand in clear, and those that only claim to have them.
 */
static void trailer_parse_believes_no_length_that_does_not_fit(void **state)
{
	static const unsigned int types[] = { 0, 1, 3, 255 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (unsigned int signer = 0; signer <= 12; signer++)
			for (unsigned int key = 0; key <= 12; key++)
				for (uint32_t blob = 0; blob <= 12; blob++) {
					_cleanup_(text_clear) struct text file =
						TEXT_INIT;
					struct trailer trailer;
					size_t all = signer + key + blob;
					bool fits = blob && all <= 10;

					text_add_string(&file, "0123456789");
					add_frame(&file, &(struct frame){
								 .type = types[i],
								 .signer_length = signer,
								 .key_id_length = key,
								 .blob_length = blob });
					if (!fits) {
						check_nothing(&file,
						              MODULE_SIGNATURE_MALFORMED);
						continue;
					}
					trailer = parse(&file);
					assert_true(trailer.signature !=
					            MODULE_SIGNATURE_MALFORMED);
					assert_int_equal(trailer.signed_length, 10 - all);
					assert_ptr_equal(trailer.signer,
					                 bytes + 10 - all);
					assert_ptr_equal(trailer.key_id,
					                 trailer.signer + signer);
					assert_ptr_equal(trailer.blob,
					                 trailer.key_id + key);
					assert_int_equal(trailer.blob_length, blob);
				}
}

static void trailer_parse_believes_no_huge_blob(void **state)
{
	static const uint32_t lengths[] = { 0x01000004, 0x04000004, 0x00010004,
		                            11,         255,        65536,
		                            0x04000000, 0x7fffffff, 0x80000000,
		                            0xfffffff4, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		for (unsigned int type = 0; type < 4; type++) {
			_cleanup_(text_clear) struct text file = TEXT_INIT;

			text_add_string(&file, "0123456789");
			add_frame(&file,
			          &(struct frame){ .type = type,
			                           .signer_length = type == 2 ? 0 : 255,
			                           .key_id_length = type == 2 ? 0 : 255,
			                           .blob_length = lengths[i] });
			check_nothing(&file, MODULE_SIGNATURE_MALFORMED);
		}
}

static void trailer_parse_takes_a_blob_that_is_all_of_the_file(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	struct trailer trailer;

	(void)state;
	text_add_string(&file, "blob");
	add_frame(&file, &(struct frame){ .type = 2, .blob_length = 4 });
	trailer = parse(&file);
	assert_int_equal(trailer.signature, MODULE_SIGNATURE_PKCS7);
	check_pieces(&trailer, "", "", "", "blob");
}

static void trailer_parse_reads_all_four_bytes_of_the_length(void **state)
{
	static const uint32_t lengths[] = {
		1, 255, 256, 257, 65535, 65536, 65537, 1 << 20
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;
		struct trailer trailer;

		assert_int_equal(text_reserve(&file, 100 + (2 << 20)), 0);
		memset(file.data, 'x', 2 << 20);
		file.length = 2 << 20;
		add_frame(&file, &(struct frame){ .type = 2, .blob_length = lengths[i] });
		trailer = parse(&file);
		assert_int_equal(trailer.signature, MODULE_SIGNATURE_PKCS7);
		assert_int_equal(trailer.blob_length, lengths[i]);
		assert_int_equal(trailer.signed_length, (2 << 20) - lengths[i]);
	}
}

static void trailer_parse_finds_none_where_there_is_no_marker(void **state)
{
	static const char *const files[] = {
		"",
		"x",
		"a module of some length, with nothing behind it",
		"~Module signature appended~",
		"Module signature appended~\n",
		"~module signature appended~\n",
		"~Module signature appended~\r\n",
		"text about ~Module signature appended~\n and more text",
		"~Module signature appended~\n~Module signature appended~",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(text_clear) struct text file = TEXT_INIT;

		text_add_string(&file, files[i]);
		check_nothing(&file, MODULE_SIGNATURE_NONE);
	}
}

static void trailer_parse_takes_a_marker_without_trailer_for_malformed(void **state)
{
	(void)state;
	for (size_t length = 0; length <= 12; length++)
		for (int byte = 0; byte < 2; byte++) {
			_cleanup_(text_clear) struct text file = TEXT_INIT;

			for (size_t i = 0; i < length; i++)
				text_add_char(&file, byte ? '\xff' : '\0');
			text_add_string(&file, MARKER);
			check_nothing(&file, MODULE_SIGNATURE_MALFORMED);
		}
}

static void trailer_parse_takes_a_buried_trailer_for_malformed(void **state)
{
	static const char *const tails[] = { "\n", "x", " ", "garbage behind it",
		                             "~Module signature appended~" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++)
		for (unsigned int type = 0; type < 4; type++) {
			_cleanup_(text_clear) struct text file = TEXT_INIT;

			text_add_string(&file, "moduleblob");
			add_frame(&file,
			          &(struct frame){ .type = type, .blob_length = 4 });
			text_add_string(&file, tails[i]);
			check_nothing(&file, MODULE_SIGNATURE_MALFORMED);
		}
}

static void trailer_parse_finds_a_trailer_that_is_buried_behind_markers(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	for (int i = 0; i < 3; i++)
		text_add_string(&file, MARKER "xx");
	check_nothing(&file, MODULE_SIGNATURE_NONE);
	text_add_string(&file, "blob");
	add_frame(&file, &(struct frame){ .type = 2, .blob_length = 4 });
	text_add_string(&file, MARKER "xx");
	check_nothing(&file, MODULE_SIGNATURE_MALFORMED);
}

static void trailer_parse_believes_the_last_of_two_trailers(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;
	struct trailer trailer;
	size_t inner;

	(void)state;
	text_add_string(&file, "moduleinner");
	add_frame(&file, &(struct frame){ .hash = 6, .type = 1, .blob_length = 5 });
	inner = file.length;
	text_add_string(&file, "the outer");
	add_frame(&file, &(struct frame){ .type = 2, .blob_length = 9 });
	trailer = parse(&file);
	assert_int_equal(trailer.signature, MODULE_SIGNATURE_PKCS7);
	assert_int_equal(trailer.signed_length, inner);
	assert_int_equal(trailer.blob_length, 9);
	assert_memory_equal(trailer.blob, "the outer", 9);
	assert_string_equal(trailer.hash, "");

	/* A broken one behind a good one is a broken one. */
	text_reset(&file);
	text_add_string(&file, "moduleinner");
	add_frame(&file, &(struct frame){ .type = 2, .blob_length = 5 });
	add_frame(&file, &(struct frame){ .type = 2 });
	check_nothing(&file, MODULE_SIGNATURE_MALFORMED);
}

static void trailer_parse_takes_many_markers_in_its_stride(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	while (file.length < 1 << 20)
		text_add_string(&file, MARKER);
	check_nothing(&file, MODULE_SIGNATURE_MALFORMED);
	text_add_char(&file, '\n');
	check_nothing(&file, MODULE_SIGNATURE_NONE);
}

static void trailer_parse_of_a_captured_module_finds_its_blob(void **state)
{
	static const struct {
		const char *name;
		enum module_signature signature;
		size_t blob_length;
	} files[] = {
		{ "signed.ko", MODULE_SIGNATURE_PKCS7, 411 },
		{ "tampered.ko", MODULE_SIGNATURE_PKCS7, 411 },
		{ "debian-signed.ko", MODULE_SIGNATURE_PKCS7, 681 },
		{ "unsigned.ko", MODULE_SIGNATURE_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t length;
		_cleanup_(free_pointer) unsigned char *file =
			fixtures_read(files[i].name, &length);
		struct trailer trailer;

		trailer_parse(file, length, &trailer);
		assert_int_equal(trailer.signature, files[i].signature);
		assert_int_equal(trailer.blob_length, files[i].blob_length);
		assert_int_equal(trailer.signed_length,
		                 files[i].blob_length ? length - files[i].blob_length - 40
		                                      : length);
		/* Cut off at any place, it is signed no more. */
		for (size_t cut = length - 800; cut < length; cut++) {
			_cleanup_(free_pointer) unsigned char *part =
				fixtures_copy(file, cut);

			trailer_parse(part, cut, &trailer);
			assert_int_equal(trailer.signature, MODULE_SIGNATURE_NONE);
			assert_int_equal(trailer.signed_length, cut);
		}
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(trailer_parse_finds_the_pieces_of_pkcs7),
		TEST(trailer_parse_finds_what_x509_has_in_clear),
		TEST(trailer_parse_does_not_look_at_the_pad_of_x509),
		TEST(trailer_parse_tells_the_types),
		TEST(trailer_parse_finds_signer_key_and_hash_of_pgp),
		TEST(trailer_parse_lets_pkcs7_have_no_other_field),
		TEST(trailer_parse_believes_no_length_that_does_not_fit),
		TEST(trailer_parse_believes_no_huge_blob),
		TEST(trailer_parse_takes_a_blob_that_is_all_of_the_file),
		TEST(trailer_parse_reads_all_four_bytes_of_the_length),
		TEST(trailer_parse_finds_none_where_there_is_no_marker),
		TEST(trailer_parse_takes_a_marker_without_trailer_for_malformed),
		TEST(trailer_parse_takes_a_buried_trailer_for_malformed),
		TEST(trailer_parse_finds_a_trailer_that_is_buried_behind_markers),
		TEST(trailer_parse_believes_the_last_of_two_trailers),
		TEST(trailer_parse_takes_many_markers_in_its_stride),
		TEST(trailer_parse_of_a_captured_module_finds_its_blob),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
