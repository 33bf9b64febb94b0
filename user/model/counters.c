// SPDX-License-Identifier: GPL-2.0-only
/* Counters of ends and the numbers read from them. */
#include "model/counters.h"

void counters_add(struct counters *to, const struct counters *n)
{
	size_t i;

	to->calls += n->calls;
	to->bytes += n->bytes;
	to->moved_bytes += n->moved_bytes;
	to->peek_bytes += n->peek_bytes;
	to->eagain += n->eagain;
	to->errors += n->errors;
	to->cpu_ns += n->cpu_ns;
	to->blocked_ns += n->blocked_ns;
	to->untimed += n->untimed;
	for (i = 0; i < FACT_SIZE_BUCKETS; i++)
		to->size_log2[i] += n->size_log2[i];
	for (i = 0; i < FACT_CPU_BUCKETS; i++)
		to->cpu_log2[i] += n->cpu_log2[i];
}

uint64_t counters_passed(const struct counters *n)
{
	return n->bytes + n->moved_bytes;
}

uint64_t counters_succeeded(const struct counters *n)
{
	uint64_t failed = n->eagain + n->errors;

	return failed < n->calls ? n->calls - failed : 0;
}

int64_t number_of(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

int64_t number_sum(int64_t a, int64_t b)
{
	int64_t sum;

	if (a == FACT_UNKNOWN || b == FACT_UNKNOWN)
		return FACT_UNKNOWN;
	if (__builtin_add_overflow(a, b, &sum))
		return b > 0 ? INT64_MAX : FACT_UNKNOWN;
	return sum;
}

int64_t number_since(int64_t later, int64_t earlier)
{
	int64_t difference;

	if (later == FACT_UNKNOWN || earlier == FACT_UNKNOWN)
		return FACT_UNKNOWN;
	if (__builtin_sub_overflow(later, earlier, &difference))
		return later > earlier ? INT64_MAX : 0;
	return difference > 0 ? difference : 0;
}
