/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a block's content what it should be? Walks the bytes of all facts against the schema without
 * allocating anything, so that protobuf-c only ever sees well-formed, bounded messages and a block is
 * taken as a whole or not at all.
 */
#ifndef SHIMSCOPE_CAPTURE_CHECK_H
#define SHIMSCOPE_CAPTURE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_check {
	uint64_t facts;	  /* of known kinds */
	uint64_t skipped; /* of kinds that only a newer version knows */
	bool finished;	  /* the last fact is the end mark */
	char why[160];	  /* what is wrong */
};

/*
 * Check the decompressed content of a block of facts. Refused, because shimscope never writes it and
 * decoders differ on it: a field that is there twice or of the wrong wire type, groups, varints longer
 * than needed, a value out of its type's range, text with a NUL, an unknown enum value, a histogram
 * that is not pairs with rising buckets in range, a fact larger than CAPTURE_FACT_MAX, more than a few
 * unknown fields, anything after the end mark. Returns true, or false with c->why.
 */
bool capture_check_facts(const uint8_t *raw, size_t len, struct capture_check *c);

/*
 * Take the next fact's bytes off a checked block: *p advances to the one after. Returns its length and
 * its first byte in *fact.
 */
size_t capture_next_fact(const uint8_t **p, const uint8_t *end, const uint8_t **fact);

#endif
