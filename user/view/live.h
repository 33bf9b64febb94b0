/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One interval of a live trace, copied out of the model: the live screen sorts and scrolls it while
 * the model goes on.
 */
#ifndef SHIMSCOPE_VIEW_LIVE_H
#define SHIMSCOPE_VIEW_LIVE_H

#include "view/number.h"
#include "view/table.h"
#include "view/view.h"

enum live_list { LIVE_TRANSPORTS, LIVE_STREAMS, LIVE_CHANNELS, LIVE_PROCESSES, LIVE_LIST_COUNT };

struct live_row {
	char *name;
	char detail[64]; /* channel: transport and role */
	struct figures n;
	int64_t log_bytes;		/* stream */
	int64_t pid, cpu_ns, rss_bytes; /* process */
};

struct live {
	char *host, *backend, *losses; /* losses: "none", "folded 12, hook_missed ?" */
	char when[40];
	int64_t duration_ns;
	bool lossless;	       /* so far every operation was counted */
	struct figures total;  /* over all transports */
	struct figures others; /* what is not a stream's */
	struct {
		struct live_row *rows;
		size_t n;
	} lists[LIVE_LIST_COUNT];
};

/*
 * Copy a resolved model; streams, channels and processes that did nothing are left out. *l is to be
 * freed also on error.
 */
int live_collect(struct live *l, const struct model *m);
void live_free(struct live *l);
void live_sort(struct live *l, enum live_list list, enum view_sort sort);

/* "streams" */
const char *live_list_name(enum live_list list);
/* A table for a list, and count of its rows from first on. NULL when out of memory. */
struct table *live_table(const struct live *l, enum live_list list, size_t first, size_t count);
/* One more row, for a sum. */
void live_sum_row(struct table *t, enum live_list list, enum table_style style, const char *name,
		  const struct figures *n);

/* "12,345 calls, 3.1 MiB, CPU 81.0 ms (8.1% of a CPU)" */
char *live_summary(char *buf, size_t size, const struct live *l);

#endif
