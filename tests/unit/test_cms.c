/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first signer of a SignedData: in blobs of openssl(1), and in elements that are made
 * here, of which lengths lie, tags are others, and ends are missing. All bytes stand in
 * memory that ends where they end.
 */
#include "sources/cms.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "fixtures.h"
#include "sources/trailer.h"

#define SHA256 "2.16.840.1.101.3.4.2.1"
#define SHA512 "2.16.840.1.101.3.4.2.3"

#define RSA_KEY    "Tests' RSA key"
#define RSA_NUMBER "\x80\xc0\xff\xee\x01"
#define RSA_SKI                                                                        \
	"\x40\xa4\xb9\x11\x23\xbd\x28\x20\x55\x4e\xc8\x51\xb4\xe3\x85\xb5\xef\xed\x87" \
	"\x94"

/* ---- blobs of modules ---- */

/* The blob of a module below tests/modules, for free(). */
static unsigned char *read_blob(const char *name, size_t *ret_length)
{
	struct trailer trailer;
	size_t length;
	unsigned char *module = fixtures_read(name, &length), *blob;

	trailer_parse(module, length, &trailer);
	assert_int_equal(trailer.signature, MODULE_SIGNATURE_PKCS7);
	blob = fixtures_copy(trailer.blob, trailer.blob_length);
	*ret_length = trailer.blob_length;
	free(module);
	return blob;
}

/* Signers of real blobs: each has one of the two kinds of identifiers. */
static const struct {
	const char *name, *issuer, *key, *digest; /* the issuer's end */
} blobs[] = {
	{ "made/rsa-sha256.ko", RSA_KEY, RSA_NUMBER, SHA256 },
	{ "made/rsa-sha256-keyid.ko", "", RSA_SKI, SHA256 },
	{ "made/attributes.ko", RSA_KEY, RSA_NUMBER, SHA256 },
	{ "made/ec-sha512.ko", "Tests' ECDSA key", "\1\2\3\4\5", SHA512 },
	{ "made/ml-dsa-44.ko", RSA_KEY, RSA_NUMBER, SHA512 },
	{ "made/ml-dsa-65-attributes.ko", RSA_KEY, RSA_NUMBER, SHA512 },
	{ "made/ml-dsa-87-keyid.ko", "", RSA_SKI, SHA512 },
	/* Behind certificates, of which there are as many as signers. */
	{ "made/certificate-inside.ko", "Tests' ECDSA key", "\1\2\3\4\5", SHA256 },
	{ "made/two-signers.ko", "Somebody else's key", "\1\2\3\4\5", SHA256 },
	{ "made/indefinite.ko", RSA_KEY, RSA_NUMBER, SHA256 },
};

static void a_signer_is_found_whatever_the_algorithm(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		size_t length, issuer_length = strlen(blobs[i].issuer);
		size_t key_length = strlen(blobs[i].key);
		_cleanup_(free_pointer) unsigned char *blob =
			read_blob(blobs[i].name, &length);
		struct cms_signer signer;
		const struct cms_bytes *issuer = &signer.issuer;

		if (cms_parse(blob, length, &signer) < 0)
			fail_msg("%s: refused", blobs[i].name);
		if (signer.key.length != key_length ||
		    memcmp(signer.key.data, blobs[i].key, key_length) != 0)
			fail_msg("%s: another key", blobs[i].name);
		if (strcmp(signer.digest, blobs[i].digest) != 0)
			fail_msg("%s: digest %s", blobs[i].name, signer.digest);
		if (!issuer_length && !issuer->length)
			continue;
		if (issuer->length < issuer_length + 2 || issuer->data[0] != 0x30 ||
		    issuer->data[1] != issuer->length - 2 ||
		    memcmp(issuer->data + issuer->length - issuer_length, blobs[i].issuer,
		           issuer_length) != 0)
			fail_msg("%s: another issuer", blobs[i].name);
	}
}

/* Each part, and one byte more than the whole. */
static void only_a_whole_blob_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		size_t whole;
		_cleanup_(free_pointer) unsigned char *blob =
			read_blob(blobs[i].name, &whole);
		_cleanup_(text_clear) struct text more = TEXT_INIT;

		text_add(&more, (const char *)blob, whole);
		text_add_char(&more, 0);
		for (size_t length = 0; length <= whole + 1; length++) {
			_cleanup_(free_pointer) unsigned char *part =
				fixtures_copy(more.data, length);
			struct cms_signer signer;

			if (cms_parse(part, length, &signer) !=
			    (length == whole ? 0 : -EBADMSG))
				fail_msg("%s: %zu bytes", blobs[i].name, length);
		}
	}
}

/* What was found lies within the blob. */
static void check_inside(const unsigned char *blob, size_t length,
                         const struct cms_bytes *bytes)
{
	if (!bytes->length)
		return;
	assert_true(bytes->data >= blob && bytes->length <= length);
	assert_true((size_t)(bytes->data - blob) <= length - bytes->length);
}

static void every_changed_byte_is_survived(void **state)
{
	static const unsigned char changes[] = { 0x01, 0x20, 0x7f, 0x80, 0xff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		size_t length;
		_cleanup_(free_pointer) unsigned char *blob =
			read_blob(blobs[i].name, &length);

		/* Behind the first 512 bytes nothing is looked at. */
		for (size_t at = 0; at < length && at < 512; at++)
			for (size_t k = 0; k < ARRAY_SIZE(changes); k++) {
				struct cms_signer signer = { 0 };
				int r;

				blob[at] ^= changes[k];
				r = cms_parse(blob, length, &signer);
				if (r != 0 && r != -EBADMSG)
					fail_msg("%s: byte %zu", blobs[i].name, at);
				check_inside(blob, length, &signer.issuer);
				check_inside(blob, length, &signer.key);
				assert_true(
					memchr(signer.digest, 0, sizeof(signer.digest)));
				blob[at] ^= changes[k];
			}
	}
}

/* ---- elements made here ---- */

/* Wraps what TEXT holds from START on. */
static void wrap(struct text *text, size_t start, unsigned int tag)
{
	size_t length = text->length - start;
	const char header[] = { (char)tag, (char)0x82, (char)(length >> 8),
		                (char)length };

	assert_in_range(length, 0, 0xffff);
	text_extend(text, sizeof(header));
	memmove(text->data + start + sizeof(header), text->data + start, length);
	memcpy(text->data + start, header, sizeof(header));
}

/* The parts of a SignedData with one signer: of the last two only the tags. */
enum part { TYPE, BEFORE, IDENTIFIER, DIGEST, WRAPPER, SIGNERS, PARTS };

/* One of them, and its bytes. */
struct change {
	enum part part;
	const char *bytes;
	size_t length;
};

#define USUAL_TYPE   "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define USUAL_BEFORE "\x02\x01\x01\x31\x00\x30\x00"
#define CHANGE(part, bytes)                      \
	{                                        \
		part, (bytes), sizeof(bytes) - 1 \
	}

static const struct change usual[] = {
	CHANGE(TYPE, USUAL_TYPE),
	CHANGE(BEFORE, USUAL_BEFORE),
	CHANGE(IDENTIFIER, "\x30\x05\x30\x00\x02\x01\x07"),
	CHANGE(DIGEST, "\x30\x03\x06\x01\x2a"),
	CHANGE(WRAPPER, "\xa0"),
	CHANGE(SIGNERS, "\x31"),
};
_Static_assert(ARRAY_SIZE(usual) == PARTS, "one of each");

/* The pointers lead into what is freed. */
static int parse_text(const struct text *text, struct cms_signer *ret_signer)
{
	_cleanup_(free_pointer) unsigned char *copy =
		fixtures_copy(text->data, text->length);

	return cms_parse(copy, text->length, ret_signer);
}

/* The usual parts but for one. */
static int parse_changed(const struct change *change, struct cms_signer *ret_signer)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct change parts[PARTS];
	size_t signed_data, signer;

	memcpy(parts, usual, sizeof(parts));
	parts[change->part] = *change;
	text_add(&text, parts[TYPE].bytes, parts[TYPE].length);
	signed_data = text.length;
	text_add(&text, parts[BEFORE].bytes, parts[BEFORE].length);
	signer = text.length;
	text_add(&text, "\x02\x01\x01", 3);
	text_add(&text, parts[IDENTIFIER].bytes, parts[IDENTIFIER].length);
	text_add(&text, parts[DIGEST].bytes, parts[DIGEST].length);
	wrap(&text, signer, 0x30);
	wrap(&text, signer, (unsigned char)*parts[SIGNERS].bytes);
	wrap(&text, signed_data, 0x30);
	wrap(&text, signed_data, (unsigned char)*parts[WRAPPER].bytes);
	wrap(&text, 0, 0x30);
	return parse_text(&text, ret_signer);
}

static void what_the_standard_allows_is_taken(void **state)
{
	static const struct change rows[] = {
		CHANGE(TYPE, USUAL_TYPE),
		/* Certificates, revocation lists, both. */
		CHANGE(BEFORE, USUAL_BEFORE "\xa0\x00"),
		CHANGE(BEFORE, USUAL_BEFORE "\xa1\x02\x05\x00"),
		CHANGE(BEFORE, USUAL_BEFORE "\xa0\x00\xa1\x00"),
		/* Content of an indefinite length, in which others are. */
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\x80\x30\x80\x00\x00\xa0"
		               "\x80\x24\x80\x04\x02\x00\x00\x00\x00\x00\x00\x00"
		               "\x00"),
		/* A long tag in what is skipped. */
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\x80\x3f\x81\x01\x80\x00"
		               "\x00\x00\x00"),
		/* More than is needed for a length. */
		CHANGE(DIGEST, "\x30\x84\x00\x00\x00\x03\x06\x01\x2a"),
	};
	struct cms_signer signer;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (parse_changed(&rows[i], &signer) < 0 || signer.issuer.length != 2 ||
		    signer.key.length != 1 || strcmp(signer.digest, "1.2") != 0)
			fail_msg("row %zu", i);
	}
}

static void zeros_are_taken_off_numbers_only(void **state)
{
	static const struct change rows[] = {
		CHANGE(IDENTIFIER, "\x30\x06\x30\x00\x02\x02\x00\x80"),
		CHANGE(IDENTIFIER, "\x30\x07\x30\x00\x02\x03\x00\x00\x01"),
		CHANGE(IDENTIFIER, "\x30\x06\x30\x00\x02\x02\x00\x00"),
		CHANGE(IDENTIFIER, "\x80\x02\x00\x07"),
		CHANGE(IDENTIFIER, "\x80\x00"),
		CHANGE(IDENTIFIER, "\x30\x04\x30\x00\x02\x00"),
	};
	static const size_t lengths[] = { 1, 1, 1, 2, 0, 0 };
	struct cms_signer signer;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (parse_changed(&rows[i], &signer) < 0 ||
		    signer.key.length != lengths[i])
			fail_msg("row %zu", i);
	}
}

static void other_tags_and_lengths_are_refused(void **state)
{
	static const struct change rows[] = {
		/* Data, and no object identifier. */
		CHANGE(TYPE, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"),
		CHANGE(TYPE, "\x02\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
		CHANGE(TYPE, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x82"),
		CHANGE(WRAPPER, "\xa1"),
		CHANGE(WRAPPER, "\x80"),
		CHANGE(WRAPPER, "\xbf"),
		CHANGE(SIGNERS, "\x30"),
		CHANGE(SIGNERS, "\x11"),
		CHANGE(SIGNERS, "\xa0"),
		/* No version, no digests, no content, something else in between. */
		CHANGE(BEFORE, ""),
		CHANGE(BEFORE, "\x31\x00\x30\x00"),
		CHANGE(BEFORE, "\x02\x01\x01\x30\x00"),
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00"),
		CHANGE(BEFORE, USUAL_BEFORE "\xa2\x00"),
		/* An empty set of signers, behind which another is. */
		CHANGE(BEFORE, USUAL_BEFORE "\x31\x00"),
		/* Lengths of more than there is. */
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\x7f"),
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\x84\xff\xff\xff\xff"),
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\x88\x7f\xff\xff\xff\xff"
		               "\xff\xff\xff"),
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\x88\xff\xff\xff\xff\xff"
		               "\xff\xff\xff"),
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\xff\x01"),
		/* Indefinite without an end, and of an element without others. */
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\x80"),
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\x80\x30\x80\x00\x00"),
		CHANGE(BEFORE, "\x02\x80\x00\x00\x31\x00\x30\x00"),
		CHANGE(BEFORE, "\x02\x01\x01\x31\x00\x30\x80\x04\x80\x00\x00\x00"
		               "\x00"),
		/* Who it is. */
		CHANGE(IDENTIFIER, ""),
		CHANGE(IDENTIFIER, "\x30\x00"),
		CHANGE(IDENTIFIER, "\x30\x02\x30\x00"),
		CHANGE(IDENTIFIER, "\x30\x03\x30\x00\x02"),
		CHANGE(IDENTIFIER, "\x30\x03\x02\x01\x07"),
		CHANGE(IDENTIFIER, "\x30\x05\x31\x00\x02\x01\x07"),
		CHANGE(IDENTIFIER, "\x30\x05\x30\x00\x04\x01\x07"),
		CHANGE(IDENTIFIER, "\x30\x05\x30\x00\x02\x02\x07"),
		CHANGE(IDENTIFIER, "\xa0\x03\x04\x01\x07"),
		CHANGE(IDENTIFIER, "\x81\x01\x07"),
		/* The digest. */
		CHANGE(DIGEST, ""),
		CHANGE(DIGEST, "\x30\x00"),
		CHANGE(DIGEST, "\x06\x01\x2a"),
		CHANGE(DIGEST, "\x30\x03\x04\x01\x2a"),
		CHANGE(DIGEST, "\x30\x02\x06\x00"),
		CHANGE(DIGEST, "\x30\x04\x06\x02\x80\x01"),
		CHANGE(DIGEST, "\x30\x03\x06\x02\x2a"),
	};
	struct cms_signer signer;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (parse_changed(&rows[i], &signer) != -EBADMSG)
			fail_msg("row %zu", i);
}

static void headers_without_an_element_are_refused(void **state)
{
	static const char *const texts[] = { "",         "\x30",     "\x30\x81",
		                             "\x30\x80", "\x3f",     "\x3f\xff",
		                             "\x30\x84", "\x3f\x81", "\x1f\x81\x81\x81" };
	struct cms_signer signer;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		text_add_string(&text, texts[i]);
		if (parse_text(&text, &signer) != -EBADMSG)
			fail_msg("row %zu", i);
	}
}

static void a_million_nested_elements_are_survived(void **state)
{
	static const char *const pairs[] = { "\x30\x80", "\xa0\x80", "\x24\x80" };
	struct cms_signer signer;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		_cleanup_(text_clear) struct text text = TEXT_INIT;

		for (size_t k = 0; k < 1000000; k++)
			text_add_string(&text, pairs[i]);
		assert_int_equal(parse_text(&text, &signer), -EBADMSG);
		for (size_t k = 0; k < 1000000; k++)
			text_add(&text, "\0", 2);
		assert_int_equal(parse_text(&text, &signer), -EBADMSG);
	}
}

static int parse_digest(const struct text *arcs, struct cms_signer *ret_signer)
{
	_cleanup_(text_clear) struct text text = TEXT_INIT;
	struct change digest = { .part = DIGEST };

	text_add(&text, arcs->data, arcs->length);
	wrap(&text, 0, 0x06);
	wrap(&text, 0, 0x30);
	digest.bytes = text.data;
	digest.length = text.length;
	return parse_changed(&digest, ret_signer);
}

static void a_long_object_identifier_is_cut_off(void **state)
{
	_cleanup_(text_clear) struct text arcs = TEXT_INIT;
	struct cms_signer signer;

	(void)state;
	for (int i = 0; i < 100; i++)
		text_add_char(&arcs, 100);
	assert_int_equal(parse_digest(&arcs, &signer), 0);
	assert_int_equal(strlen(signer.digest), CMS_OID_MAX);
	assert_memory_equal(signer.digest, "2.20.100.100.", 13);
	/* An arc that no number here can hold. */
	text_reset(&arcs);
	for (int i = 0; i < 12; i++)
		text_add_char(&arcs, (char)0xff);
	text_add_char(&arcs, 0x7f);
	assert_int_equal(parse_digest(&arcs, &signer), -EBADMSG);
}

static void more_than_libtasn1_can_count_is_refused(void **state)
{
	/* An int would take it for 16; whoever reads it dies. */
	const size_t length = (size_t)UINT_MAX + 17;
	unsigned char *blob =
		mmap(NULL, 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct cms_signer signer;

	(void)state;
	assert_ptr_not_equal(blob, MAP_FAILED);
	if (length > UINT_MAX)
		assert_int_equal(cms_parse(blob, length, &signer), -EBADMSG);
	munmap(blob, 16);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signer_is_found_whatever_the_algorithm),
		cmocka_unit_test(only_a_whole_blob_is_taken),
		cmocka_unit_test(every_changed_byte_is_survived),
		cmocka_unit_test(what_the_standard_allows_is_taken),
		cmocka_unit_test(zeros_are_taken_off_numbers_only),
		cmocka_unit_test(other_tags_and_lengths_are_refused),
		cmocka_unit_test(headers_without_an_element_are_refused),
		cmocka_unit_test(a_million_nested_elements_are_survived),
		cmocka_unit_test(a_long_object_identifier_is_cut_off),
		cmocka_unit_test(more_than_libtasn1_can_count_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
