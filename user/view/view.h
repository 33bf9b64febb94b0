/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Views: a resolved model as text, JSON, CSV. A view reads the model only. Output goes to a stdio
 * stream, which is flushed; the functions return 0 or a negative errno (-ENOMEM, what a write
 * failed with).
 *
 * Text is UTF-8 where the locale's codeset is (setlocale(LC_CTYPE, "") is the program's to call),
 * else ASCII. Names may be any bytes: in text, and in CSV, what could command a terminal and what
 * is not UTF-8 is shown as \xNN; in JSON only what is not UTF-8 is written as "\\xNN".
 */
#ifndef SHIMSCOPE_VIEW_VIEW_H
#define SHIMSCOPE_VIEW_VIEW_H

#include <stdio.h>

#include "model/model.h"

enum view_sort { VIEW_SORT_CPU = 0, VIEW_SORT_BYTES, VIEW_SORT_CALLS, VIEW_SORT_EAGAIN, VIEW_SORT_NAME };

struct view_options {
	int width; /* columns to fit in; 0: unlimited */
	bool colour;
	/* Most rows of a list (containers, processes, live streams), 0: all; the rest is summed. */
	int rows;
	enum view_sort sort; /* of containers and streams */
};

/* The report: what was traced, transports, streams with their hops, processes, losses. */
int view_report_text(FILE *out, const struct model *m, const struct view_options *o);
/* The end of a trace in a few lines: what was traced, transports, and losses if any. */
int view_summary_text(FILE *out, const struct model *m, const struct view_options *o);
int view_report_json(FILE *out, const struct model *m);	     /* interface.md's object, one, indented */
int view_report_json_line(FILE *out, const struct model *m); /* the same on one line */
/* The same within {"source": …, "report": …}: for several captures in one array. */
int view_report_json_named(FILE *out, const struct model *m, const char *source);
/* One row per end: the flat table for spreadsheets. header: print the column names first. */
int view_report_csv(FILE *out, const struct model *m, const char *source, bool header);

/* One block of a live trace (scope MODEL_WINDOW): transports side by side, then streams by cost. */
int view_live_text(FILE *out, const struct model *m, const struct view_options *o);

/* Who holds which end of which channel. */
int view_map_text(FILE *out, const struct model *m, const struct view_options *o);
int view_map_json(FILE *out, const struct model *m);

/* Numbers as people read them; buf is returned. Unknown is "?". */
char *view_bytes(char *buf, size_t size, int64_t bytes); /* "1.2 MiB", "640 B" */
char *view_ns(char *buf, size_t size, int64_t ns);	 /* "1.24 ms", "830 ns" */
char *view_count(char *buf, size_t size, int64_t n);	 /* "12,345" */

/*
 * Make a name safe for a terminal: control characters, escape sequences and invalid UTF-8 as \xNN.
 * buf is returned; a longer name is cut with "…" ("~" in ASCII) to at most columns columns (0 or
 * less: to what buf takes). NULL is "?".
 */
char *view_clean(char *buf, size_t size, const char *name, int columns);

#endif
