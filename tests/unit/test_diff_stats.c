// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics against SciPy 1.10.1 and NumPy 1.24 (python3-scipy of Debian 12).
 *
 * The interval, b and a standing for indices into the four arrays below:
 *   f = lambda i, j, axis=-1: an[j].sum(axis)/ad[j].sum(axis) / (bn[i].sum(axis)/bd[i].sum(axis)) - 1
 *   tail = norm.sf(sqrt(12/11) * t.ppf(.975, 11))
 *   bootstrap((arange(12), arange(15)), f, n_resamples=400000, confidence_level=1 - 2*tail,
 *             method="percentile", random_state=1, vectorized=True)
 */
#include "test_model.h"

#include <math.h>

#include "diff/stats.h"

#define N(list) (sizeof(list) / sizeof((list)[0]))

static const double bn[] = { 39.3, 37.0, 35.4, 39.9, 35.1, 43.8, 40.3, 39.1, 28.6, 24.8, 25.2, 29.1 };
static const double bd[] = { 5.1, 7.1, 6.9, 8.7, 7.5, 7.1, 7.0, 6.0, 5.0, 5.8, 7.8, 5.8 };
static const double an[] = { 42.4, 62.0, 49.9, 51.9, 52.0, 35.3, 52.5, 77.8,
			     38.5, 58.1, 59.4, 59.2, 43.7, 46.0, 38.6 };
static const double ad[] = { 6.6, 5.4, 8.9, 5.9, 7.7, 6.2, 8.5, 7.6, 5.5, 8.4, 8.8, 8.6, 7.3, 5.6, 5.8 };
static const struct stats_series before = { bn, bd, N(bn) }, after = { an, ad, N(an) };

static void near(double is, double should, double tolerance)
{
	if (!(is >= should - tolerance && is <= should + tolerance))
		fail_msg("%.10g is not %.10g within %g", is, should, tolerance);
}

static void interval(void **state)
{
	struct stats_change c, again;

	(void)state;
	assert_int_equal(stats_compare(&before, &after, 1, 400000, &c), 0);
	near(c.before, 5.2330827067669174, 1e-12);
	near(c.after, 7.184456928838953, 1e-12);
	near(c.change, 0.37289191312583436, 1e-12);
	near(c.low, 0.15061598830022752, 0.003);
	near(c.high, 0.6606686929637704, 0.003);
	/* With the number of resamples in use the ends vary little, and never from one run to the next. */
	assert_int_equal(stats_compare(&before, &after, 1, STATS_RESAMPLES, &c), 0);
	near(c.low, 0.1506, 0.02);
	near(c.high, 0.6607, 0.03);
	assert_int_equal(stats_compare(&before, &after, 1, STATS_RESAMPLES, &again), 0);
	assert_memory_equal(&c, &again, sizeof(c));
}

/* A block of all windows, around the end, is always the same sum. */
static void one_block(void **state)
{
	struct stats_change c;

	(void)state;
	assert_int_equal(stats_compare(&before, &after, 1000, 100, &c), 0);
	near(c.low, c.change, 1e-12);
	near(c.high, c.change, 1e-12);
}

/* Windows that go up and down slowly: drawn one by one they seem surer than they are. */
static void blocks_widen(void **state)
{
	double num[64], den[64];
	struct stats_series s = { num, den, N(num) };
	struct stats_change one, blocks;
	size_t i;

	(void)state;
	for (i = 0; i < N(num); i++) {
		num[i] = i / 8 % 2 ? 3 : 1;
		den[i] = 1;
	}
	assert_int_equal(stats_compare(&s, &s, 1, STATS_RESAMPLES, &one), 0);
	assert_int_equal(stats_compare(&s, &s, 0, STATS_RESAMPLES, &blocks), 0);
	near(one.change, 0, 0);
	assert_true(one.low < 0 && one.high > 0);
	assert_true(blocks.high - blocks.low > 1.5 * (one.high - one.low));
}

static void nothing(void **state)
{
	const double zero[] = { 0, 0, 0, 0 }, one[] = { 1, 1, 1, 1 }, rare[] = { 0, 0, 0, 5 };
	const struct stats_series none = { zero, one, 4 }, some = { one, one, 4 }, no_den = { one, zero, 4 };
	const struct stats_series seldom = { one, rare, 4 }, single = { one, one, 1 };
	struct stats_change c;

	(void)state;
	assert_int_equal(stats_compare(&none, &none, 0, 100, &c), 0);
	assert_true(c.change == 0 && c.low == 0 && c.high == 0);
	assert_int_equal(stats_compare(&none, &some, 0, 100, &c), 0);
	assert_true(isinf(c.change) && isinf(c.low) && isinf(c.high));
	assert_int_equal(stats_compare(&some, &none, 0, 100, &c), 0);
	assert_true(c.change == -1 && c.low == -1 && c.high == -1);
	assert_int_equal(stats_compare(&some, &no_den, 0, 100, &c), -ENODATA);
	assert_int_equal(stats_compare(&some, &seldom, 1, 100, &c), -ENODATA);
	assert_int_equal(stats_compare(&single, &some, 0, 100, &c), -ENODATA);
	assert_true(isnan(stats_ratio(&no_den)));
}

/* numpy.quantile([1.25, 2, 3.5, 4, 7.75, 9], p) */
static void quantiles(void **state)
{
	const double v[] = { 1.25, 2, 3.5, 4, 7.75, 9 }, inf[] = { 1, 2, INFINITY, INFINITY };

	(void)state;
	near(stats_quantile(v, N(v), 0), 1.25, 0);
	near(stats_quantile(v, N(v), 0.1), 1.625, 1e-12);
	near(stats_quantile(v, N(v), 0.25), 2.375, 1e-12);
	near(stats_quantile(v, N(v), 0.5), 3.75, 1e-12);
	near(stats_quantile(v, N(v), 0.9), 8.375, 1e-12);
	near(stats_quantile(v, N(v), 1), 9, 0);
	near(stats_quantile(v, 1, 0.3), 1.25, 0);
	near(stats_quantile(inf, N(inf), 0.4), 2, 0);
	assert_true(isinf(stats_quantile(inf, N(inf), 0.6)));
	assert_true(isinf(stats_quantile(inf, N(inf), 0.9)));
}

/* norm.sf(sqrt(n / (n - 1)) * t.ppf(.975, n - 1)) */
static void tails(void **state)
{
	size_t n;

	(void)state;
	near(stats_expanded_tail(8), 0.005737520527205727, 1e-8);
	near(stats_expanded_tail(12), 0.010756614916810273, 1e-8);
	near(stats_expanded_tail(22), 0.01664564557193103, 2e-5);
	near(stats_expanded_tail(50), 0.02117941134692262, 1e-5);
	near(stats_expanded_tail(100), 0.02306438721135478, 1e-5);
	near(stats_expanded_tail(1000), 0.024804305905564344, 1e-5);
	for (n = 2; n < 500; n++)
		assert_true(stats_expanded_tail(n) < stats_expanded_tail(n + 1));
}

/* [round(n ** (1/3)) for n in (1, 3, 4, 15, 16, 42, 43, 128)] */
static void block_lengths(void **state)
{
	(void)state;
	assert_int_equal(stats_block(1), 1);
	assert_int_equal(stats_block(3), 1);
	assert_int_equal(stats_block(4), 2);
	assert_int_equal(stats_block(15), 2);
	assert_int_equal(stats_block(16), 3);
	assert_int_equal(stats_block(42), 3);
	assert_int_equal(stats_block(43), 4);
	assert_int_equal(stats_block(128), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval),	 cmocka_unit_test(one_block), cmocka_unit_test(blocks_widen),
		cmocka_unit_test(nothing),	 cmocka_unit_test(quantiles), cmocka_unit_test(tails),
		cmocka_unit_test(block_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
