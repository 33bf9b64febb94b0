// SPDX-License-Identifier: GPL-2.0-only
/* What follows from the samples: medians and spread, the crossover, the cost of any size. */
#include <stdlib.h>

#include "bench/bench.h"

const char *bench_origin_name(enum bench_origin o)
{
	static const char *const names[BENCH_ORIGINS] = { "chosen", "capture", "crossover" };

	return names[o];
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct bench_spread bench_spread_of(double *values, size_t n)
{
	struct bench_spread s;

	qsort(values, n, sizeof(*values), compare);
	s.min = values[0];
	s.max = values[n - 1];
	s.median = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
	return s;
}

static const struct bench_size *next_with(const struct bench_size *s, const struct bench_size *end,
					  enum bench_transport a, enum bench_transport b)
{
	while (s < end && !(s->cells[a].measured && s->cells[b].measured))
		s++;
	return s;
}

static double dearer_by(const struct bench_size *s)
{
	return s->cells[BENCH_FIFO].cpu.median - s->cells[BENCH_UNIX_STREAM].cpu.median;
}

struct bench_crossover bench_crossover_of(const struct bench_size *sizes, size_t n)
{
	const struct bench_size *end = sizes + n, *low, *high;
	struct bench_crossover c = { 0 };

	low = next_with(sizes, end, BENCH_FIFO, BENCH_UNIX_STREAM);
	for (; low < end; low = high) {
		double below, above;

		high = next_with(low + 1, end, BENCH_FIFO, BENCH_UNIX_STREAM);
		if (high == end)
			break;
		below = dearer_by(low);
		above = dearer_by(high);
		/* The same cost counts as "FIFO is not dearer": no change is found twice or missed. */
		if ((below > 0) == (above > 0))
			continue;
		if (c.crossings++)
			continue;
		c.found = true;
		c.low = low->size;
		c.high = high->size;
		c.cheaper_below = below > 0 ? BENCH_UNIX_STREAM : BENCH_FIFO;
		c.bytes = low->size + (high->size - low->size) * (below / (below - above));
	}
	return c;
}

double bench_cpu_ns(const struct bench_result *r, enum bench_transport t, double size)
{
	const struct bench_size *end = r->sizes + r->n_sizes, *low = NULL, *s = r->sizes;

	for (s = next_with(s, end, t, t); s < end; s = next_with(s + 1, end, t, t)) {
		double cost = s->cells[t].cpu.median;

		if (size <= s->size) {
			if (!low)
				return cost;
			return low->cells[t].cpu.median +
			       (cost - low->cells[t].cpu.median) * (size - low->size) / (s->size - low->size);
		}
		low = s;
	}
	return low ? low->cells[t].cpu.median * size / low->size : -1;
}

double bench_load_cpu_ns(const struct bench_result *r, const struct bench_load *l, enum bench_transport t)
{
	double sum = 0;

	for (size_t i = 0; i < l->n; i++) {
		double cost = bench_cpu_ns(r, t, l->parts[i].size);

		if (cost < 0)
			return -1;
		sum += cost * l->parts[i].messages;
	}
	return l->n ? sum : -1;
}
