/* SPDX-License-Identifier: GPL-2.0-only */
/* Two traces compared: what differed, the figures, the configurations. */
#ifndef SHIMSCOPE_DIFF_COMPARE_H
#define SHIMSCOPE_DIFF_COMPARE_H

#include "diff/sums.h"

/*
 * Fewer windows than this on either side in which there was something to divide by (something logged, for
 * what is told per MB or record) are too few to tell a change from chance.
 */
#define DIFF_WINDOWS_LEAST 8

enum diff_verdict {
	VERDICT_NO_CHANGE = 0, /* none that the interval or the metric's floor lets call one */
	VERDICT_BETTER,
	VERDICT_WORSE,
	VERDICT_TOO_LITTLE, /* too little data */
};

struct diff_figure {
	enum diff_metric metric;
	double before, after;	  /* in the metric's unit; NAN: not known */
	double change, low, high; /* shares; NAN: not known; INFINITY: from nothing to something */
	size_t windows_before, windows_after; /* with something to divide by */
	enum diff_verdict verdict;
};

struct diff_scope {
	enum diff_kind kind;
	const char *name;
	struct diff_figure figures[METRIC_COUNT];
	size_t n_figures; /* scopes other than the node have fewer */
};

/* Something about the traces that is not the same, in words; NULL: not known. */
struct diff_difference {
	const char *what;
	char *before, *after;
};

/* What is on one side only. */
struct diff_missing {
	enum diff_kind kind; /* DIFF_TRANSPORT to DIFF_CHANNEL */
	const char *name;
};

struct diff_config {
	const struct model_runtime *before, *after; /* one may be NULL: on one side only */
	char *lines; /* the unified diff, "" for none; NULL: a text is not known */
};

struct diff_side {
	const char *source;
	const struct model *m;
	struct sums *sums;
	struct diff_missing *only; /* what the other side does not have */
	size_t n_only;
};

struct diff {
	struct diff_side before, after;
	struct diff_difference *differences;
	size_t n_differences;
	/* Every figure is across these: what was measured, or how, was not the same. */
	bool across_kernels, across_backends;
	/* One traced the containers' own calls, the other did not: they are left out on both sides. */
	bool writers_left_out;
	struct diff_scope *scopes; /* the node first; only those on both sides */
	size_t n_scopes;
	struct diff_config *configs;
	size_t n_configs;
};

/* One trace: its resolved model, its series, what to call it. All must outlive the diff. */
struct diff_input {
	const char *source;
	const struct model *m;
	const struct series *s;
};

/* Compare. *ret is freed with diff_free(). Returns 0 or -ENOMEM. */
int diff_new(const struct diff_input *before, const struct diff_input *after, struct diff **ret);
void diff_free(struct diff *d);

/* The node's figure of a metric. */
const struct diff_figure *diff_node_figure(const struct diff *d, enum diff_metric metric);

const char *diff_kind_name(enum diff_kind kind);	  /* "container" */
const char *diff_verdict_name(enum diff_verdict verdict); /* "no change" */

/* differences.c: fill in what differed. Returns 0 or -ENOMEM. */
int diff_differences(struct diff *d);

#endif
