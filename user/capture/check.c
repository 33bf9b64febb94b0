/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/capture.pb-c.h"
#include "capture/format.h"
#include "model/fact.h"

/* What a newer minor version may add to one fact; protobuf-c allocates memory for each. */
#define UNKNOWN_FIELDS_MAX 64

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_64BIT = 1,
	WIRE_LENGTH = 2,
	WIRE_32BIT = 5,
};

struct cursor {
	const uint8_t *p, *end;
};

/* Where the check is, for the message. */
struct place {
	struct capture_check *check;
	const char *fact; /* its kind, once known */
	unsigned int unknown_fields;
};

static bool __attribute__((format(printf, 2, 3))) refuse(struct place *at, const char *fmt, ...)
{
	struct capture_check *c = at->check;
	va_list args;
	int n;

	n = snprintf(c->why, sizeof(c->why), "fact %" PRIu64 "%s%s: ", c->facts + c->skipped + 1,
		     at->fact ? " " : "", at->fact ? at->fact : "");
	va_start(args, fmt);
	vsnprintf(c->why + n, sizeof(c->why) - (size_t)n, fmt, args);
	va_end(args);
	return false;
}

/* A varint in its shortest form, of at most 64 bits. */
static bool take_varint(struct cursor *c, uint64_t *v)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && c->p < c->end; shift += 7) {
		uint8_t byte = *c->p++;

		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*v = value;
			return byte || !shift;
		}
	}
	return false;
}

/* What follows a length: the part of the bytes that it covers. */
static bool take_part(struct cursor *c, struct cursor *part)
{
	uint64_t len;

	if (!take_varint(c, &len) || len > (uint64_t)(c->end - c->p))
		return false;
	part->p = c->p;
	part->end = c->p + len;
	c->p = part->end;
	return true;
}

/* A field's tag. Field numbers have 29 bits, so that a tag has 32. */
static bool take_tag(struct cursor *c, uint32_t *number, enum wire_type *type)
{
	uint64_t tag;

	if (!take_varint(c, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
		return false;
	*number = (uint32_t)(tag >> 3);
	*type = (enum wire_type)(tag & 7);
	return true;
}

static bool take_unknown(struct cursor *c, enum wire_type type)
{
	struct cursor part;
	uint64_t v;

	switch (type) {
	case WIRE_VARINT:
		return take_varint(c, &v);
	case WIRE_LENGTH:
		return take_part(c, &part);
	case WIRE_64BIT:
		part.p = c->p;
		c->p += c->end - c->p < 8 ? 0 : 8;
		return c->p != part.p;
	case WIRE_32BIT:
		part.p = c->p;
		c->p += c->end - c->p < 4 ? 0 : 4;
		return c->p != part.p;
	default: /* groups, and numbers that are no wire type */
		return false;
	}
}

static bool check_varint(const ProtobufCFieldDescriptor *field, struct cursor *c, struct place *at)
{
	uint64_t v;

	if (!take_varint(c, &v))
		return refuse(at, "%s is malformed", field->name);
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		if (v > 1)
			return refuse(at, "%s is %" PRIu64 ", not a boolean", field->name, v);
		return true;
	case PROTOBUF_C_TYPE_ENUM:
		if (v > INT32_MAX || !protobuf_c_enum_descriptor_get_value(field->descriptor, (int)v))
			return refuse(at, "unknown %s %" PRIu64, field->name, v);
		return true;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_SINT32:
		if (v > UINT32_MAX)
			return refuse(at, "%s is out of range", field->name);
		return true;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_INT64:
		return true;
	default:
		return refuse(at, "%s has the wrong wire type", field->name);
	}
}

static bool check_histogram(const ProtobufCFieldDescriptor *field, struct cursor part, struct place *at)
{
	bool sizes = field->offset == offsetof(Shimscope__End, size_log2);
	uint64_t buckets = sizes ? FACT_SIZE_BUCKETS : FACT_CPU_BUCKETS;
	uint64_t next = 0;

	while (part.p < part.end) {
		uint64_t bucket, count;

		if (!take_varint(&part, &bucket) || !take_varint(&part, &count))
			return refuse(at, "%s is not pairs of numbers", field->name);
		if (bucket >= buckets)
			return refuse(at, "%s has no bucket %" PRIu64, field->name, bucket);
		if (bucket < next)
			return refuse(at, "%s: bucket %" PRIu64 " is out of order", field->name, bucket);
		next = bucket + 1;
	}
	return true;
}

static bool check_message(const ProtobufCMessageDescriptor *desc, struct cursor c, struct place *at,
			  uint64_t *seen);

static bool check_length(const ProtobufCFieldDescriptor *field, struct cursor *c, struct place *at)
{
	struct cursor part;
	uint64_t seen;

	if (!take_part(c, &part))
		return refuse(at, "%s is longer than what holds it", field->name);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return check_histogram(field, part, at);
	switch (field->type) {
	case PROTOBUF_C_TYPE_BYTES:
		if (part.p < part.end && memchr(part.p, 0, (size_t)(part.end - part.p)))
			return refuse(at, "%s has a NUL in it", field->name);
		return true;
	case PROTOBUF_C_TYPE_MESSAGE:
		at->fact = field->name;
		return check_message(field->descriptor, part, at, &seen);
	default:
		return refuse(at, "%s has the wrong wire type", field->name);
	}
}

/*
 * Check one message; *seen gets a bit for each known field that it has, by its index in the schema.
 * Recursion is as deep as the schema: two levels.
 */
static bool check_message(const ProtobufCMessageDescriptor *desc, struct cursor c, struct place *at,
			  uint64_t *seen)
{
	*seen = 0;
	while (c.p < c.end) {
		const ProtobufCFieldDescriptor *field;
		enum wire_type type;
		uint32_t number;
		uint64_t bit;

		if (!take_tag(&c, &number, &type))
			return refuse(at, "malformed");
		field = protobuf_c_message_descriptor_get_field(desc, number);
		if (!field) {
			if (++at->unknown_fields > UNKNOWN_FIELDS_MAX)
				return refuse(at, "too many unknown fields");
			if (!take_unknown(&c, type))
				return refuse(at, "unknown field %u is malformed", number);
			continue;
		}
		bit = 1ULL << (field - desc->fields);
		if (*seen & bit)
			return refuse(at, "%s is there twice", field->name);
		*seen |= bit;
		if (type == WIRE_VARINT && field->label != PROTOBUF_C_LABEL_REPEATED) {
			if (!check_varint(field, &c, at))
				return false;
		} else if (type == WIRE_LENGTH) {
			if (!check_length(field, &c, at))
				return false;
		} else {
			return refuse(at, "%s has the wrong wire type", field->name);
		}
	}
	return true;
}

static bool check_fact(struct cursor bytes, struct capture_check *c)
{
	const ProtobufCMessageDescriptor *desc = &shimscope__fact__descriptor;
	const ProtobufCFieldDescriptor *finish =
		protobuf_c_message_descriptor_get_field(desc, SHIMSCOPE__FACT__KIND_FINISH);
	struct place at = { .check = c };
	uint64_t kinds;

	if (bytes.end - bytes.p > CAPTURE_FACT_MAX)
		return refuse(&at, "larger than a fact may be");
	if (c->finished)
		return refuse(&at, "comes after the end mark");
	if (!check_message(desc, bytes, &at, &kinds))
		return false;
	if (kinds & (kinds - 1))
		return refuse(&at, "is of two kinds");
	if (!kinds && !at.unknown_fields)
		return refuse(&at, "is empty");
	if (kinds)
		c->facts++;
	else
		c->skipped++;
	c->finished = kinds == 1ULL << (finish - desc->fields);
	return true;
}

bool capture_check_facts(const uint8_t *raw, size_t len, struct capture_check *c)
{
	struct cursor block = { raw, raw + len };
	struct place at = { .check = c };

	memset(c, 0, sizeof(*c));
	while (block.p < block.end) {
		struct cursor fact;

		if (*block.p++ != CAPTURE_FACT_TAG)
			return refuse(&at, "no fact begins here");
		if (!take_part(&block, &fact))
			return refuse(&at, "is longer than its block");
		if (!check_fact(fact, c))
			return false;
	}
	return true;
}

size_t capture_next_fact(const uint8_t **p, const uint8_t *end, const uint8_t **fact)
{
	struct cursor block = { *p + 1, end }, part = { end, end };

	take_part(&block, &part);
	*fact = part.p;
	*p = part.end;
	return (size_t)(part.end - part.p);
}
