// SPDX-License-Identifier: GPL-2.0-only
/* Ratios of sums, and a bootstrap over windows. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "diff/stats.h"

/* splitmix64: G. Steele, D. Lea, C. Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014. */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Below n < 2^32; the bias of n / 2^32 is far below what a resample shows. */
static size_t random_below(uint64_t *state, size_t n)
{
	return (size_t)(((random_next(state) >> 32) * (uint64_t)n) >> 32);
}

static double sum_of(const double *v, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += v[i];
	return sum;
}

double stats_ratio(const struct stats_series *s)
{
	double den = sum_of(s->den, s->n);

	return den > 0 ? sum_of(s->num, s->n) / den : NAN;
}

size_t stats_block(size_t n)
{
	size_t block = 1;

	/* Rounded: while the cube of what lies half way to the next is not above n. */
	while ((2 * block + 1) * (2 * block + 1) * (2 * block + 1) <= 8 * n)
		block++;
	return block;
}

double stats_quantile(const double *sorted, size_t n, double p)
{
	double at = p * (double)(n - 1), low;
	size_t i = (size_t)at;

	low = (double)i;
	if (i + 1 >= n)
		return sorted[n - 1];
	if (isinf(sorted[i]) || isinf(sorted[i + 1]))
		return at - low < 0.5 ? sorted[i] : sorted[i + 1];
	return sorted[i] + (at - low) * (sorted[i + 1] - sorted[i]);
}

/*
 * norm.sf(sqrt(n / (n - 1)) * t.ppf(0.975, n - 1)) of SciPy 1.10: the tail whose normal quantile is as far
 * out as Student's, for the standard error that divides by n - 1. Between these n the tail is very nearly
 * linear in 1/n.
 */
static const struct {
	size_t n;
	double tail;
} expanded[] = {
	{ 2, 1.695219e-72 }, { 3, 6.834137e-08 }, { 4, 0.0001190307 }, { 5, 0.0009541006 },
	{ 6, 0.002431803 },  { 7, 0.004109154 },  { 8, 0.005737521 },  { 9, 0.007224819 },
	{ 10, 0.008550639 }, { 11, 0.009722407 }, { 12, 0.01075661 },  { 13, 0.0116713 },
	{ 14, 0.01248326 },  { 15, 0.01320717 },  { 16, 0.01385557 },  { 17, 0.01443898 },
	{ 18, 0.01496625 },  { 19, 0.01544479 },  { 20, 0.01588083 },  { 25, 0.01758231 },
	{ 30, 0.0187539 },   { 40, 0.02025754 },  { 60, 0.02180179 },  { 120, 0.02338361 },
};
#define N_EXPANDED (sizeof(expanded) / sizeof(expanded[0]))
#define TAIL	   ((1 - STATS_LEVEL) / 2)

double stats_expanded_tail(size_t n)
{
	size_t i = 0;
	double from, to, x;

	if (n <= expanded[0].n)
		return expanded[0].tail;
	while (i + 1 < N_EXPANDED && expanded[i + 1].n <= n)
		i++;
	from = 1 / (double)expanded[i].n;
	to = i + 1 < N_EXPANDED ? 1 / (double)expanded[i + 1].n : 0;
	x = (1 / (double)n - from) / (to - from);
	return expanded[i].tail + x * ((i + 1 < N_EXPANDED ? expanded[i + 1].tail : TAIL) - expanded[i].tail);
}

/* A series as sums over blocks that begin at each window. */
struct blocks {
	double *num, *den;
	size_t n, draws;
};

static int blocks_init(struct blocks *b, const struct stats_series *s, size_t block)
{
	size_t n = s->n, i, j;

	if (!block)
		block = stats_block(n);
	if (block > n)
		block = n;
	if (!n || !block)
		return -ENODATA;
	b->n = n;
	for (b->draws = 1; b->draws * block < n; b->draws++)
		;
	b->num = calloc(n + 1, sizeof(*b->num));
	b->den = calloc(n + 1, sizeof(*b->den));
	if (!b->num || !b->den)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		for (j = 0; j < block; j++) {
			b->num[i] += s->num[(i + j) % n];
			b->den[i] += s->den[(i + j) % n];
		}
	}
	return 0;
}

static void blocks_free(struct blocks *b)
{
	free(b->num);
	free(b->den);
}

/* NAN: nothing to divide by was drawn. */
static double blocks_draw(const struct blocks *b, uint64_t *random)
{
	double num = 0, den = 0;
	size_t i;

	for (i = 0; i < b->draws; i++) {
		size_t at = random_below(random, b->n);

		num += b->num[at];
		den += b->den[at];
	}
	return den > 0 ? num / den : NAN;
}

static double change_of(double before, double after)
{
	if (before > 0)
		return after / before - 1;
	return after > 0 ? INFINITY : 0;
}

static int by_value(const void *a, const void *b)
{
	double da = *(const double *)a, db = *(const double *)b;

	return da < db ? -1 : da > db;
}

static int resample(const struct blocks *before, const struct blocks *after, size_t resamples, double tail,
		    struct stats_change *ret)
{
	double *changes = calloc(resamples, sizeof(*changes));
	uint64_t random = 1;
	size_t i, n = 0;
	int err = -ENODATA;

	if (!changes)
		return -ENOMEM;
	for (i = 0; i < resamples; i++) {
		double rb = blocks_draw(before, &random), ra = blocks_draw(after, &random);

		if (!isnan(rb) && !isnan(ra))
			changes[n++] = change_of(rb, ra);
	}
	if (n && n >= resamples - resamples / 20) {
		qsort(changes, n, sizeof(*changes), by_value);
		ret->low = stats_quantile(changes, n, tail);
		ret->high = stats_quantile(changes, n, 1 - tail);
		err = 0;
	}
	free(changes);
	return err;
}

int stats_compare(const struct stats_series *before, const struct stats_series *after, size_t block,
		  size_t resamples, struct stats_change *ret)
{
	size_t least = before->n < after->n ? before->n : after->n;
	struct blocks b = { 0 }, a = { 0 };
	int err;

	if (least < 2 || !resamples)
		return -ENODATA;
	ret->before = stats_ratio(before);
	ret->after = stats_ratio(after);
	if (isnan(ret->before) || isnan(ret->after))
		return -ENODATA;
	ret->change = change_of(ret->before, ret->after);
	err = blocks_init(&b, before, block);
	if (!err)
		err = blocks_init(&a, after, block);
	if (!err)
		err = resample(&b, &a, resamples, stats_expanded_tail(least), ret);
	blocks_free(&b);
	blocks_free(&a);
	return err;
}
