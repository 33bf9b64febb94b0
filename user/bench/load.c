// SPDX-License-Identifier: GPL-2.0-only
/* From the histogram of a capture to messages that can be sent again. */
#include <errno.h>
#include <string.h>

#include "bench/bench.h"
#include "model/counters.h"

/* Halvings of an interval of 0..1: beyond what a double tells apart. */
#define HALVINGS 60

/* The one size that stands for a bucket: a fraction of the way through it. Bucket 0 holds 0 and 1. */
static double size_in(unsigned int bucket, double fraction)
{
	return bucket ? (double)(UINT64_C(1) << bucket) * (1 + fraction) : 1;
}

static double sum_at(const uint64_t size_log2[FACT_SIZE_BUCKETS], double fraction)
{
	double sum = 0;

	for (unsigned int k = 0; k < FACT_SIZE_BUCKETS; k++)
		sum += (double)size_log2[k] * size_in(k, fraction);
	return sum;
}

int bench_load_of(struct bench_load *ret, const uint64_t size_log2[FACT_SIZE_BUCKETS], uint64_t bytes)
{
	double low = 0, high = 1;

	ret->calls = 0;
	ret->bytes = bytes;
	ret->n = 0;
	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;

		if (sum_at(size_log2, middle) < (double)bytes)
			low = middle;
		else
			high = middle;
	}
	for (unsigned int k = 0; k < FACT_SIZE_BUCKETS; k++) {
		double size = size_in(k, high), messages = (double)size_log2[k];
		uint32_t whole;

		if (!size_log2[k])
			continue;
		ret->calls += size_log2[k];
		if (size > BENCH_READ_SIZE) {
			messages *= size / BENCH_READ_SIZE;
			size = BENCH_READ_SIZE;
		}
		whole = (uint32_t)(size + 0.5);
		/* The pieces of larger ones are one size; and so may be the ends of two buckets. */
		if (ret->n && ret->parts[ret->n - 1].size == whole) {
			ret->parts[ret->n - 1].messages += messages;
			continue;
		}
		ret->parts[ret->n].size = whole;
		ret->parts[ret->n].messages = messages;
		ret->n++;
	}
	return ret->n && bytes ? 0 : -ENODATA;
}

int bench_load_collect(struct bench_load *ret, const struct model *m)
{
	struct counters all;

	memset(ret, 0, sizeof(*ret));
	memset(&all, 0, sizeof(all));
	for (size_t i = 0; i < m->n_channels; i++) {
		const struct model_channel *ch = m->channels[i];

		if (ch->role != ROLE_CONTAINER_LOG)
			continue;
		for (size_t k = 0; k < ch->n_ends; k++) {
			if (ch->ends[k]->direction == DIRECTION_WRITE)
				counters_add(&all, &ch->ends[k]->n);
		}
	}
	return bench_load_of(ret, all.size_log2, counters_passed(&all));
}
