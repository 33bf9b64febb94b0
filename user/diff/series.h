/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened in each window of a trace: the model keeps totals only. A series is a sink of its own that
 * hands every fact on to the model's; what the ids in it mean is asked of the model when it is resolved.
 */
#ifndef SHIMSCOPE_DIFF_SERIES_H
#define SHIMSCOPE_DIFF_SERIES_H

#include "model/model.h"

/* What an end did in a window: some of struct counters. */
struct series_cell {
	uint32_t end; /* in series.ends */
	uint64_t calls, eagain, failed, untimed, copied, passed, cpu_ns;
};

struct series_end {
	uint32_t channel, process;
	enum direction direction;
};

/* A process's resource use, as it was told before the end of a window. */
struct series_use {
	uint32_t process;
	bool final;
	int64_t cpu_ns, pss_bytes;
};

struct series_window {
	int64_t duration_ns;
	size_t cells, uses; /* up to here they are of this window and those before */
};

struct series {
	struct series_window *windows;
	size_t n_windows;
	struct series_end *ends;
	size_t n_ends;
	struct series_cell *cells;
	size_t n_cells;
	struct series_use *uses;
	size_t n_uses;
	void *priv;
};

/* A series that hands facts on to a model; the model must outlive it. NULL when out of memory. */
struct series *series_new(struct model *m);
void series_free(struct series *s);

/* The sink to feed; it returns what the model's sink does, or -ENOMEM. */
struct fact_sink series_sink(struct series *s);

#endif
