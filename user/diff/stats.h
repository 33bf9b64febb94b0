/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The change of a ratio between two series of windows, and how sure it is.
 *
 * A figure (CPU per MB logged) is the ratio of two sums over windows, so that a busy window weighs more
 * than an idle one. Its uncertainty comes from a bootstrap over windows: B. Efron and R. Tibshirani, An
 * Introduction to the Bootstrap, 1993, ch. 8 (two samples) and 13 (percentile interval). Neighbouring
 * windows resemble each other (garbage collections, batches that span a border), so blocks of them are
 * drawn, around the series' end: the circular block bootstrap of D. Politis and J. Romano, 1992, after H.
 * Künsch, Annals of Statistics 17, 1989; the block length is n^(1/3), the order that P. Hall, J. Horowitz
 * and B. Jing, Biometrika 82, 1995, find best for variances. Few windows make a percentile interval too
 * narrow: its tails are widened as in T. Hesterberg, What Teachers Should Know About the Bootstrap, The
 * American Statistician 69, 2015, sec. 3.2 ("expanded percentile interval").
 */
#ifndef SHIMSCOPE_DIFF_STATS_H
#define SHIMSCOPE_DIFF_STATS_H

#include <stddef.h>
#include <stdint.h>

/* n windows: what is counted in each, and what it is divided by. No member is negative or infinite. */
struct stats_series {
	const double *num, *den;
	size_t n;
};

#define STATS_RESAMPLES 4000
#define STATS_LEVEL	0.95

struct stats_change {
	double before, after; /* sum of num by sum of den */
	/* after by before, less 1; INFINITY from 0 to something, 0 from 0 to 0. low ≤ high: the interval. */
	double change, low, high;
};

/*
 * Compare two series. block is the number of windows drawn together (0: n^(1/3)), resamples the number of
 * draws; the same input gives the same result. Returns 0; -ENODATA when a series has fewer than two
 * windows, its denominators add up to 0, or more than one resample of twenty came without any; -ENOMEM.
 */
int stats_compare(const struct stats_series *before, const struct stats_series *after, size_t block,
		  size_t resamples, struct stats_change *ret);

/* NAN when the denominators add up to 0. */
double stats_ratio(const struct stats_series *s);

/* n^(1/3), rounded, at least 1. */
size_t stats_block(size_t n);

/*
 * The quantile p (0 to 1) of n > 0 ascending values, interpolated: type 7 of R. Hyndman and Y. Fan, Sample
 * Quantiles in Statistical Packages, The American Statistician 50, 1996. Infinite values are taken as they
 * are when they are nearest.
 */
double stats_quantile(const double *sorted, size_t n, double p);

/* The probability in each tail of an expanded percentile interval of STATS_LEVEL for n ≥ 2 windows. */
double stats_expanded_tail(size_t n);

#endif
