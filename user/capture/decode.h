/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages into facts. The inverse, member by member, is encode.c. */
#ifndef SHIMSCOPE_CAPTURE_DECODE_H
#define SHIMSCOPE_CAPTURE_DECODE_H

#include "model/fact.h"

/*
 * Give one fact, from a checked block (capture_check_facts), to the sink; a kind that is not known is
 * passed over. Returns 0, -ENOMEM, or what the sink returned.
 */
int capture_decode_fact(const uint8_t *data, size_t len, const struct fact_sink *sink);

#endif
