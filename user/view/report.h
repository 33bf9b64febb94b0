/* SPDX-License-Identifier: GPL-2.0-only */
/* The sections of the text report; view_report_text() puts them together. */
#ifndef SHIMSCOPE_VIEW_REPORT_H
#define SHIMSCOPE_VIEW_REPORT_H

#include <stdio.h>

#include "view/names.h"
#include "view/view.h"
#include "view/ways.h"

/* A section's heading and, when not NULL, what there is to know about its figures. 0 or -ENOMEM. */
int report_heading(FILE *out, const struct view_options *o, const char *title, const char *note);

/* "fifo", "unix-stream ttrpc": the protocol where there is one. */
char *report_transport(char *buf, size_t size, enum transport t, enum protocol p);

/* The report's sections. Each returns 0 or -ENOMEM. */
/* Who was traced, for how long, whether it is complete and exact; the runtimes and the note. */
int report_head(FILE *out, const struct model *m, const struct names *n, const struct view_options *o);
int report_transports(FILE *out, const struct model *m, const struct view_options *o);
int report_streams(FILE *out, const struct model *m, const struct ways *w, const struct view_options *o);
int report_others(FILE *out, const struct model *m, const struct ways *w, const struct view_options *o);
int report_processes(FILE *out, const struct model *m, const struct names *n, const struct view_options *o);
int report_losses(FILE *out, const struct model *m, const struct view_options *o);

/* A number of the loss counters with its name in JSON and what it counts. */
struct report_loss {
	const char *name, *meaning;
	int64_t n;
};
#define REPORT_LOSSES 6
void report_loss_list(const struct model *m, struct report_loss list[REPORT_LOSSES]);

/* Sums over all of the model's transports. */
struct figures report_total(const struct model *m);

#endif
