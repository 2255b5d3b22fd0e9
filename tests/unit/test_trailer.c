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

/* The twelve bytes of a frame, and the marker. */
#define FRAME(algo, hash, type, signer, key, pad, blob) \
	"" algo hash type signer key pad blob MARKER
#define PKCS7(blob) FRAME("\0", "\0", "\2", "\0", "\0", "\0\0\0", blob)
#define LENGTH_4    "\0\0\0\4"

#define BYTES(bytes) bytes, sizeof(bytes) - 1

/* The pieces point into this. */
static unsigned char *copy;

static struct trailer parse(const char *bytes, size_t length)
{
	struct trailer trailer;

	free(copy);
	copy = fixtures_copy(bytes, length);
	memset(&trailer, 0xa5, sizeof(trailer));
	trailer_parse(copy, length, &trailer);
	return trailer;
}

static int teardown(void **state)
{
	(void)state;
	free(copy);
	copy = NULL;
	return 0;
}

/* Whether the pieces follow each other up to the frame, and are so long. */
static bool has_pieces(const struct trailer *trailer, size_t module, size_t signer,
                       size_t key, size_t blob)
{
	return trailer->signed_length == module && trailer->signer == copy + module &&
	       trailer->signer_length == signer &&
	       trailer->key_id == trailer->signer + signer &&
	       trailer->key_id_length == key && trailer->blob == trailer->key_id + key &&
	       trailer->blob_length == blob;
}

/* Without pieces all of the file counts as what was signed. */
static bool has_nothing(const struct trailer *trailer, size_t length)
{
	return trailer->signed_length == length && !trailer->signer_length &&
	       !trailer->key_id_length && !trailer->blob_length && !*trailer->hash;
}

static void the_pieces_of_each_type_are_found(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		enum module_signature signature;
		size_t module, signer, key, blob;
		const char *hash;
	} rows[] = {
		{ BYTES("moduleblob" PKCS7(LENGTH_4)), MODULE_SIGNATURE_PKCS7, 6, 0, 0, 4,
		  "" },
		/* The blob is all of the file. */
		{ BYTES("blob" PKCS7(LENGTH_4)), MODULE_SIGNATURE_PKCS7, 0, 0, 0, 4, "" },
		{ BYTES("moduleSome OneKEYblob" FRAME("\1", "\4", "\1", "\10", "\3",
		                                      "\0\0\0", LENGTH_4)),
		  MODULE_SIGNATURE_X509, 6, 8, 3, 4, "sha256" },
		/* The pad was not looked at by kernels of that time. */
		{ BYTES("modulesignerblob" FRAME("\0", "\4", "\1", "\6", "\0", "\1\2\xff",
		                                 LENGTH_4)),
		  MODULE_SIGNATURE_X509, 6, 6, 0, 4, "sha256" },
		{ BYTES("modulesignerkeyblob" FRAME("\0", "\2", "\0", "\6", "\3",
		                                    "\0\0\0", LENGTH_4)),
		  MODULE_SIGNATURE_PGP, 6, 6, 3, 4, "sha1" },
		/* Of others nobody knows what the hash is. */
		{ BYTES("modulesignerkeyblob" FRAME("\0", "\2", "\3", "\6", "\3",
		                                    "\0\0\0", LENGTH_4)),
		  MODULE_SIGNATURE_UNKNOWN, 6, 6, 3, 4, "" },
		/* Of two the last counts. */
		{ BYTES("moduleinner" FRAME("\0", "\6", "\1", "\0", "\0", "\0\0\0",
		                            "\0\0\0\5") "the outer" PKCS7("\0\0\0\11")),
		  MODULE_SIGNATURE_PKCS7, 51, 0, 0, 9, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trailer trailer = parse(rows[i].bytes, rows[i].length);

		if (trailer.signature != rows[i].signature ||
		    strcmp(trailer.hash, rows[i].hash) != 0 ||
		    !has_pieces(&trailer, rows[i].module, rows[i].signer, rows[i].key,
		                rows[i].blob))
			fail_msg("row %zu: %s, %s", i,
			         module_signature_name(trailer.signature), trailer.hash);
	}
}

static void every_type_and_hash_has_its_name(void **state)
{
	static const char *const hashes[] = { "md4",    "md5",    "sha1",   "rmd160",
		                              "sha256", "sha384", "sha512", "sha224" };
	static const enum module_signature types[] = { MODULE_SIGNATURE_PGP,
		                                       MODULE_SIGNATURE_X509,
		                                       MODULE_SIGNATURE_PKCS7 };
	char bytes[] = "moduleblob" PKCS7(LENGTH_4);

	(void)state;
	for (size_t i = 0; i < 256; i++) {
		struct trailer trailer;

		bytes[11] = 0;
		bytes[12] = (char)i;
		trailer = parse(bytes, sizeof(bytes) - 1);
		if (trailer.signature !=
		    (i < ARRAY_SIZE(types) ? types[i] : MODULE_SIGNATURE_UNKNOWN))
			fail_msg("type %zu", i);
		bytes[11] = (char)i;
		bytes[12] = 1;
		trailer = parse(bytes, sizeof(bytes) - 1);
		if (strcmp(trailer.hash, i < ARRAY_SIZE(hashes) ? hashes[i] : "") != 0)
			fail_msg("hash %zu: %s", i, trailer.hash);
	}
}

static void what_only_looks_like_a_trailer_has_no_pieces(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		enum module_signature signature;
	} rows[] = {
		/* No marker. */
		{ BYTES(""), MODULE_SIGNATURE_NONE },
		{ BYTES("x"), MODULE_SIGNATURE_NONE },
		{ BYTES("a module of some length, with nothing behind"),
		  MODULE_SIGNATURE_NONE },
		{ BYTES("~Module signature appended~"), MODULE_SIGNATURE_NONE },
		{ BYTES("Module signature appended~\n"), MODULE_SIGNATURE_NONE },
		{ BYTES("~module signature appended~\n"), MODULE_SIGNATURE_NONE },
		{ BYTES("~Module signature appended~\r\n"), MODULE_SIGNATURE_NONE },
		/* Markers before the end, without a frame. */
		{ BYTES("text about " MARKER " and more"), MODULE_SIGNATURE_NONE },
		{ BYTES(MARKER "~Module signature appended~"), MODULE_SIGNATURE_NONE },
		{ BYTES(MARKER "xx" MARKER "xx" MARKER "xx"), MODULE_SIGNATURE_NONE },
		/* No frame. */
		{ BYTES(MARKER), MODULE_SIGNATURE_MALFORMED },
		{ BYTES("\0" MARKER), MODULE_SIGNATURE_MALFORMED },
		{ BYTES("\0\0\2\0\0\0\0\0\0\0\4" MARKER), MODULE_SIGNATURE_MALFORMED },
		{ BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" MARKER),
		  MODULE_SIGNATURE_MALFORMED },
		/* A broken one behind a good one. */
		{ BYTES("moduleblob" PKCS7(LENGTH_4) PKCS7("\0\0\0\0")),
		  MODULE_SIGNATURE_MALFORMED },
		/* Buried ones. */
		{ BYTES("moduleblob" PKCS7(LENGTH_4) "\n"), MODULE_SIGNATURE_MALFORMED },
		{ BYTES("moduleblob" PKCS7(LENGTH_4) "~Module signature appended~"),
		  MODULE_SIGNATURE_MALFORMED },
		{ BYTES("moduleblob" FRAME("\0", "\0", "\3", "\0", "\0", "\0\0\0",
		                           LENGTH_4) "garbage"),
		  MODULE_SIGNATURE_MALFORMED },
		{ BYTES(MARKER "xxblob" PKCS7(LENGTH_4) MARKER "xx"),
		  MODULE_SIGNATURE_MALFORMED },
		/* Blobs that are longer than the file. */
		{ BYTES("0123456789" PKCS7("\0\0\0\13")), MODULE_SIGNATURE_MALFORMED },
		{ BYTES("0123456789" PKCS7("\0\1\0\4")), MODULE_SIGNATURE_MALFORMED },
		{ BYTES("0123456789" PKCS7("\4\0\0\4")), MODULE_SIGNATURE_MALFORMED },
		{ BYTES("0123456789" PKCS7("\x7f\xff\xff\xff")),
		  MODULE_SIGNATURE_MALFORMED },
		{ BYTES("0123456789" PKCS7("\x80\0\0\0")), MODULE_SIGNATURE_MALFORMED },
		{ BYTES("0123456789" PKCS7("\xff\xff\xff\xf4")),
		  MODULE_SIGNATURE_MALFORMED },
		{ BYTES("0123456789" FRAME("\0", "\0", "\1", "\xff", "\xff", "\0\0\0",
		                           "\xff\xff\xff\xff")),
		  MODULE_SIGNATURE_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trailer trailer = parse(rows[i].bytes, rows[i].length);

		if (trailer.signature != rows[i].signature ||
		    !has_nothing(&trailer, rows[i].length))
			fail_msg("row %zu: %s", i,
			         module_signature_name(trailer.signature));
	}
}

static void pkcs7_may_have_no_other_field(void **state)
{
	static const size_t fields[] = { 0, 1, 3, 4, 5, 6, 7 };
	static const char values[] = { 1, 4, '\x80' };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
			char bytes[] = "moduleblob" PKCS7(LENGTH_4);

			bytes[10 + fields[i]] = values[k];
			if (parse(bytes, sizeof(bytes) - 1).signature !=
			    MODULE_SIGNATURE_MALFORMED)
				fail_msg("byte %zu: %d", fields[i], values[k]);
		}
}

/* Types in which signer and key stand in clear, and those that only claim to. */
static void lengths_that_do_not_fit_are_not_believed(void **state)
{
	static const char types[] = { 0, 1, 3, '\xff' };
	char bytes[] = "0123456789" PKCS7("\0\0\0\0");
	const size_t length = sizeof(bytes) - 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (size_t lengths = 0; lengths < 13 * 13 * 13; lengths++) {
			const size_t signer = lengths % 13, key = lengths / 13 % 13;
			const size_t blob = lengths / 13 / 13, all = signer + key + blob;
			struct trailer trailer;
			bool is_right;

			bytes[12] = types[i];
			bytes[13] = (char)signer;
			bytes[14] = (char)key;
			bytes[21] = (char)blob;
			trailer = parse(bytes, length);
			if (blob && all <= 10)
				is_right =
					trailer.signature != MODULE_SIGNATURE_MALFORMED &&
					has_pieces(&trailer, 10 - all, signer, key, blob);
			else
				is_right =
					trailer.signature == MODULE_SIGNATURE_MALFORMED &&
					has_nothing(&trailer, length);
			if (!is_right)
				fail_msg("type %d: %zu, %zu, %zu", types[i], signer, key,
				         blob);
		}
}

static void all_four_bytes_of_the_length_are_read(void **state)
{
	static const uint32_t lengths[] = {
		1, 255, 256, 257, 65535, 65536, 65537, 1 << 20
	};
	static const char frame[] = PKCS7("\0\0\0\0");
	const size_t room = 2 << 20;
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	assert_int_equal(text_reserve(&file, room + sizeof(frame)), 0);
	memset(file.data, 'x', room);
	file.length = room;
	text_add(&file, frame, sizeof(frame) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct trailer trailer;

		for (size_t k = 0; k < 4; k++)
			file.data[room + 8 + k] = (char)(lengths[i] >> (24 - 8 * k));
		trailer = parse(file.data, file.length);
		if (trailer.signature != MODULE_SIGNATURE_PKCS7 ||
		    !has_pieces(&trailer, room - lengths[i], 0, 0, lengths[i]))
			fail_msg("%u", lengths[i]);
	}
}

static void many_markers_are_taken_in_its_stride(void **state)
{
	_cleanup_(text_clear) struct text file = TEXT_INIT;

	(void)state;
	while (file.length < 1 << 20)
		text_add_string(&file, MARKER);
	assert_int_equal(parse(file.data, file.length).signature,
	                 MODULE_SIGNATURE_MALFORMED);
	text_add_char(&file, '\n');
	assert_int_equal(parse(file.data, file.length).signature, MODULE_SIGNATURE_NONE);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_pieces_of_each_type_are_found),
		TEST(every_type_and_hash_has_its_name),
		TEST(what_only_looks_like_a_trailer_has_no_pieces),
		TEST(pkcs7_may_have_no_other_field),
		TEST(lengths_that_do_not_fit_are_not_believed),
		TEST(all_four_bytes_of_the_length_are_read),
		TEST(many_markers_are_taken_in_its_stride),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
