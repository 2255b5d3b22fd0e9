/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk from the outermost element of a SignedData to the fields of its first
 * SignerInfo. libtasn1 reads tags, lengths and object identifiers.
 */
#include "sources/cms.h"

#include <errno.h>
#include <libtasn1.h>
#include <limits.h>
#include <string.h>

#include "base/macros.h"

#define OID_SIGNED_DATA "1.2.840.113549.1.7.2"

/* The first octet of an element (X.690, 8.1.2). */
enum identifier {
	INTEGER = ASN1_TAG_INTEGER,
	OBJECT_ID = ASN1_TAG_OBJECT_ID,
	SEQUENCE = ASN1_CLASS_STRUCTURED | ASN1_TAG_SEQUENCE,
	SET = ASN1_CLASS_STRUCTURED | ASN1_TAG_SET,
	CONTEXT_0_PRIMITIVE = ASN1_CLASS_CONTEXT_SPECIFIC,
	CONTEXT_0 = ASN1_CLASS_CONTEXT_SPECIFIC | ASN1_CLASS_STRUCTURED,
	CONTEXT_1,
};

struct element {
	unsigned char identifier;
	struct cms_bytes whole;
	struct cms_bytes contents;
};

static struct cms_bytes skip(struct cms_bytes bytes, size_t length)
{
	return (struct cms_bytes){ bytes.data + length, bytes.length - length };
}

/*
 * Reads tag and length at the start of BYTES, which hold as many more. The length is -1
 * if it is indefinite.
 */
static int read_header(struct cms_bytes bytes, size_t *ret_size, long *ret_length)
{
	int room = (int)bytes.length, tag_size = 0, length_size = 0;
	unsigned char tag_class;
	unsigned long tag;
	long length;

	if (asn1_get_tag_der(bytes.data, room, &tag_class, &tag_size, &tag) !=
	    ASN1_SUCCESS)
		return -EBADMSG;
	length =
		asn1_get_length_der(bytes.data + tag_size, room - tag_size, &length_size);
	/* Only a constructed element may have indefinite length (8.1.3.2). */
	if (length < ((tag_class & ASN1_CLASS_STRUCTURED) ? -1 : 0))
		return -EBADMSG;
	*ret_size = (size_t)tag_size + (size_t)length_size;
	*ret_length = length;
	return 0;
}

/*
 * Finds the two zeros that end contents of indefinite length (X.690, 8.1.5), which
 * asn1_get_length_ber() of libtasn1 4.19 takes from the first such element inside.
 */
static int find_end(struct cms_bytes bytes, size_t *ret_length)
{
	const unsigned char *start = bytes.data;
	size_t depth = 1, size;
	long length;

	while (read_header(bytes, &size, &length) == 0) {
		if (bytes.data[0] == 0 && size == 2 && length == 0 && --depth == 0) {
			*ret_length = (size_t)(bytes.data - start);
			return 0;
		}
		depth += length < 0;
		bytes = skip(bytes, size + (length < 0 ? 0 : (size_t)length));
	}
	return -EBADMSG;
}

/* Takes the element that BYTES begin with away from them. */
static int take_any(struct cms_bytes *bytes, struct element *ret_element)
{
	struct element element;
	size_t size, end = 0;
	long length;
	int r = read_header(*bytes, &size, &length);

	if (r < 0)
		return r;
	element.identifier = bytes->data[0];
	element.contents = (struct cms_bytes){ bytes->data + size, (size_t)length };
	if (length < 0) {
		end = 2;
		r = find_end(skip(*bytes, size), &element.contents.length);
	}
	if (r < 0)
		return r;
	element.whole =
		(struct cms_bytes){ bytes->data, size + element.contents.length + end };
	*bytes = skip(*bytes, element.whole.length);
	*ret_element = element;
	return 0;
}

static int take(struct cms_bytes *bytes, enum identifier identifier,
                struct element *ret_element)
{
	int r = take_any(bytes, ret_element);

	return r == 0 && ret_element->identifier != identifier ? -EBADMSG : r;
}

/* Replaces BYTES by the contents of the element that they begin with. */
static int enter(struct cms_bytes *bytes, enum identifier identifier)
{
	struct element element;
	int r = take(bytes, identifier, &element);

	if (r == 0)
		*bytes = element.contents;
	return r;
}

/* The same for an element behind which nothing stands. */
static int enter_last(struct cms_bytes *bytes, enum identifier identifier)
{
	struct element element;
	int r = take(bytes, identifier, &element);

	if (r == 0 && bytes->length)
		r = -EBADMSG;
	if (r == 0)
		*bytes = element.contents;
	return r;
}

/* Takes an object identifier, as text. */
static int take_oid(struct cms_bytes *bytes, char text[CMS_OID_MAX + 1])
{
	struct element oid;
	int size, r = take(bytes, OBJECT_ID, &oid);

	if (r < 0)
		return r;
	if (asn1_get_object_id_der(oid.whole.data + 1, (int)oid.whole.length - 1, &size,
	                           text, CMS_OID_MAX + 1) != ASN1_SUCCESS)
		return -EBADMSG;
	return 0;
}

/* ContentInfo: from it to the contents of SignedData. */
static int enter_signed_data(struct cms_bytes *bytes)
{
	char type[CMS_OID_MAX + 1];
	int r = enter_last(bytes, SEQUENCE);

	if (r == 0)
		r = take_oid(bytes, type);
	if (r == 0 && strcmp(type, OID_SIGNED_DATA) != 0)
		return -EBADMSG;
	if (r == 0)
		r = enter_last(bytes, CONTEXT_0);
	return r == 0 ? enter_last(bytes, SEQUENCE) : r;
}

/* SignedData: from its contents to the contents of the first SignerInfo. */
static int enter_signer(struct cms_bytes *bytes)
{
	static const enum identifier before[] = { INTEGER, SET, SEQUENCE };
	struct element element;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(before); i++)
		r = take(bytes, before[i], &element);
	/* Certificates and revocation lists. */
	while (r == 0 && bytes->length &&
	       (bytes->data[0] == CONTEXT_0 || bytes->data[0] == CONTEXT_1))
		r = take_any(bytes, &element);
	if (r == 0)
		r = enter_last(bytes, SET);
	return r == 0 ? enter(bytes, SEQUENCE) : r;
}

/* IssuerAndSerialNumber */
static int parse_issuer(struct cms_bytes bytes, struct cms_signer *signer)
{
	struct element issuer, serial;
	int r = take(&bytes, SEQUENCE, &issuer);

	if (r == 0)
		r = take(&bytes, INTEGER, &serial);
	if (r < 0)
		return r;
	signer->issuer = issuer.whole;
	signer->key = serial.contents;
	/* A zero stands before a number whose first bit is set. */
	for (; signer->key.length > 1 && !signer->key.data[0]; signer->key.length--)
		signer->key.data++;
	return 0;
}

/* SignerIdentifier */
static int parse_identifier(const struct element *identifier, struct cms_signer *signer)
{
	if (identifier->identifier == SEQUENCE)
		return parse_issuer(identifier->contents, signer);
	if (identifier->identifier != CONTEXT_0_PRIMITIVE)
		return -EBADMSG;
	signer->issuer = (struct cms_bytes){ NULL, 0 };
	signer->key = identifier->contents;
	return 0;
}

int cms_parse(const unsigned char *blob, size_t length, struct cms_signer *ret_signer)
{
	struct cms_bytes bytes = { blob, length };
	struct cms_signer signer = { 0 };
	struct element element;
	int r = length <= INT_MAX ? enter_signed_data(&bytes) : -EBADMSG;

	if (r == 0)
		r = enter_signer(&bytes);
	if (r == 0)
		r = take(&bytes, INTEGER, &element);
	if (r == 0)
		r = take_any(&bytes, &element);
	if (r == 0)
		r = parse_identifier(&element, &signer);
	if (r == 0)
		r = enter(&bytes, SEQUENCE);
	if (r == 0)
		r = take_oid(&bytes, signer.digest);
	if (r == 0)
		*ret_signer = signer;
	return r;
}
