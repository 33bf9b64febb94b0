/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways that log bytes go, laid out so that rows add up: every channel is counted once. A
 * channel that several streams of a container share (the log file of stdout and stderr) is a way of
 * its own.
 */
#ifndef SHIMSCOPE_VIEW_WAYS_H
#define SHIMSCOPE_VIEW_WAYS_H

#include "model/model.h"
#include "view/number.h"
#include "view/view.h"

struct way_hop {
	const struct model_hop *hop;
	struct figures n;
	bool elsewhere; /* a container before this one has it as well: counted there */
};

struct way {
	const struct model_container *container;
	const struct model_stream *stream; /* NULL: what the container's streams share */
	struct figures n;
	struct way_hop *hops;
	size_t n_hops;
};

/* One container: its streams, what they share, then its execs. */
struct way_block {
	const struct model_container *container;
	struct figures n;
	struct way *ways;
	size_t n_ways;
};

struct ways {
	struct way_block *blocks; /* containers with streams, sorted */
	size_t n_blocks;
	struct figures n;
	struct ways_use *uses;
	size_t n_uses;
};

/* The model must outlive it. Returns 0 or -ENOMEM. */
int ways_collect(struct ways *w, const struct model *m, enum view_sort sort);
void ways_free(struct ways *w);

/*
 * What of this channel is counted in ways: nothing when it is no hop. Of a terminal that is one
 * direction only, the container's output.
 */
struct figures ways_counted(const struct ways *w, const struct model_channel *ch);

/* Bytes that the container logged on this way; FACT_UNKNOWN when not known. */
int64_t way_log_bytes(const struct way *way);
/* Log bytes over the streams of a block, execs among them; FACT_UNKNOWN when any is not known. */
int64_t way_block_log_bytes(const struct way_block *b);
int64_t ways_log_bytes(const struct ways *w);
/* "stdout", "stdout+stderr", "exec 3f2a stdout" */
char *way_name(char *buf, size_t size, const struct way *way);

/* Is a before b in this order? As qsort wants it; the name decides where nothing else does. */
int figures_compare(const struct figures *a, const struct figures *b, enum view_sort sort);

#endif
