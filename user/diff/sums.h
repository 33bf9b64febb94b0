/* SPDX-License-Identifier: GPL-2.0-only */
/* The columns of each scope of one trace, window by window. */
#ifndef SHIMSCOPE_DIFF_SUMS_H
#define SHIMSCOPE_DIFF_SUMS_H

#include "diff/metrics.h"
#include "diff/series.h"
#include "diff/stats.h"

enum diff_kind { DIFF_NODE = 0, DIFF_TRANSPORT, DIFF_ROLE, DIFF_CONTAINER, DIFF_CHANNEL };

/* More windows than this are put together in pairs. */
#define SUMS_WINDOWS 128

struct sums_scope {
	enum diff_kind kind;
	char *name;		       /* "node", "unix-stream ttrpc", "container-log", "shop/web/app" */
	double *columns[COLUMN_COUNT]; /* each of sums.n values; NULL: not known */
	double *owned;
	double calls, untimed;
};

struct sums {
	size_t n;		    /* windows */
	struct sums_scope **scopes; /* the node first, others by kind and name */
	size_t n_scopes;
	/* What channels there are, in words that do not depend on inode, pid or id; DIFF_CHANNEL. */
	struct sums_scope **channels;
	size_t n_channels;
	bool logged; /* it is known what the containers logged */
};

/*
 * Add up what a series holds; m is resolved for MODEL_TOTAL. writers: count also what the containers'
 * processes did themselves. Returns 0 or -ENOMEM; *ret is freed with sums_free().
 *
 * Logged is what shims read from container-output channels; of a container of which no such read was
 * traced, what was written to its container-log FIFOs. Execs do not log.
 */
int sums_new(const struct model *m, const struct series *s, bool writers, struct sums **ret);
void sums_free(struct sums *s);

/* NULL when there is none. */
const struct sums_scope *sums_find(const struct sums *s, enum diff_kind kind, const char *name);

/* A container's name that a restart does not change, the caller's to free; NULL when out of memory. */
char *diff_container_name(const struct model_container *c);

#endif
