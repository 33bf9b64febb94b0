// SPDX-License-Identifier: GPL-2.0-only
/* The text report's streams with their hops, by container. */
#include <errno.h>
#include <stdlib.h>

#include "view/names.h"
#include "view/number.h"
#include "view/report.h"
#include "view/table.h"
#include "view/text.h"
#include "view/ways.h"

/* Execs shown of one container; liveness probes make thousands. */
#define MOST_EXECS 4

static const struct table_column stream_columns[] = {
	{ .title = "", .align = TABLE_NAME, .least = 28, .most = 120 },
	{ .title = "in", .align = TABLE_RIGHT },
	{ .title = "out", .align = TABLE_RIGHT },
	{ .title = "calls", .align = TABLE_RIGHT, .drop = 1 },
	{ .title = "EAGAIN", .align = TABLE_RIGHT, .drop = 3 },
	{ .title = "CPU", .align = TABLE_RIGHT },
	{ .title = "CPU/log B", .align = TABLE_RIGHT, .drop = 2 },
	{ .title = "blocked", .align = TABLE_RIGHT, .drop = 4 },
};

/* The columns from calls on. */
static void cost_cells(struct table *t, const struct figures *n, int64_t log_bytes)
{
	char b[NUMBER_SIZE];

	table_cell(t, view_count(b, sizeof(b), number_signed(n->calls)));
	table_cell(t, number_percent(b, sizeof(b), n->eagain, n->calls));
	table_cell(t, view_ns(b, sizeof(b), figures_cpu(n)));
	table_cell(t, number_ns(b, sizeof(b), number_ratio(figures_cpu(n), log_bytes)));
	table_cell(t, view_ns(b, sizeof(b), figures_blocked(n)));
}

static void sum_row(struct table *t, enum table_style style, const char *name, const struct figures *n,
		    int64_t log_bytes)
{
	table_row(t, style);
	table_cell(t, name);
	table_cell(t, "");
	table_cell(t, "");
	cost_cells(t, n, log_bytes);
}

static int64_t end_bytes(const struct model_end *e)
{
	return e ? number_signed(e->n.bytes + e->n.moved_bytes) : FACT_UNKNOWN;
}

static void hop_row(struct table *t, const struct way_hop *wh, int64_t log_bytes)
{
	const struct model_hop *hop = wh->hop;
	const struct model_channel *ch = hop->channel;
	bool file = ch->transport == TRANSPORT_FILE;
	char b[NUMBER_SIZE];

	table_row(t, TABLE_PLAIN);
	table_cellf(t, "    %-4s  %s %s %s", transport_name(ch->transport), process_role_name(hop->from),
		    text_arrow(),
		    !file      ? process_role_name(hop->to)
		    : ch->path ? name_base(ch->path)
			       : "?");
	table_cell(t, view_bytes(b, sizeof(b), end_bytes(hop->in)));
	/* A file is where the way ends: that nobody reads it is not an unknown. */
	table_cell(t, file && !hop->out ? "" : view_bytes(b, sizeof(b), end_bytes(hop->out)));
	if (!wh->elsewhere)
		cost_cells(t, &wh->n, log_bytes);
}

/* What the figures of a hop have to tell beyond themselves. */
static void hop_notes(struct table *t, const struct way_hop *wh)
{
	const struct model_hop *hop = wh->hop;
	enum transport kind = hop->channel->transport;
	int64_t in = end_bytes(hop->in), out = end_bytes(hop->out);
	char b[NUMBER_SIZE];

	if (wh->elsewhere)
		table_span(t, TABLE_DIM, 10, "shared with another container, and counted there");
	if (wh->n.moved_bytes)
		table_span(t, TABLE_DIM, 10, "%s of this moved by splice or its kin, not copied",
			   view_bytes(b, sizeof(b), number_signed(wh->n.moved_bytes)));
	/* A terminal turns "\n" into "\r\n": what comes out of a pty is not what went in. */
	if (in == FACT_UNKNOWN || out == FACT_UNKNOWN || kind == TRANSPORT_PTY || kind == TRANSPORT_FILE)
		return;
	if (in > out)
		table_span(t, TABLE_WARN, 10, "%s B written and not read within this trace",
			   view_count(b, sizeof(b), in - out));
	else if (out > in)
		table_span(t, TABLE_WARN, 10, "%s B read that were not written within this trace",
			   view_count(b, sizeof(b), out - in));
}

/* "stdout  38.1 MiB logged, 400,000 records, 53.4 MiB in the file" */
static void way_row(struct table *t, const struct way *way)
{
	const struct model_stream *st = way->stream;
	int64_t records = st ? st->log_records : way->container->log_records;
	int64_t file = st ? st->file_bytes : way->container->file_bytes;
	char name[NAME_SIZE], b[NUMBER_SIZE];
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		table_span(t, TABLE_PLAIN, 2, "%s", way_name(name, sizeof(name), way));
		return;
	}
	fprintf(f, "%s", way_name(name, sizeof(name), way));
	if (!way->n.calls) {
		fprintf(f, ": nothing passed");
	} else {
		const char *between = ": ";

		if (st) {
			fprintf(f, ": %s logged", view_bytes(b, sizeof(b), st->log_bytes));
			between = ", ";
		}
		/* Where the streams share a file, the records are theirs together. */
		if (records != FACT_UNKNOWN) {
			fprintf(f, "%s%s record%s", between, view_count(b, sizeof(b), records),
				records == 1 ? "" : "s");
			between = ", ";
		}
		if (file != FACT_UNKNOWN)
			fprintf(f, "%s%s in the file", between, view_bytes(b, sizeof(b), file));
	}
	if (!fclose(f))
		table_span(t, TABLE_PLAIN, 2, "%s", text);
	free(text);
}

/*
 * What was read from one hop is what is written into the next, save into a log file: there it is
 * formatted.
 */
static void between_notes(struct table *t, const struct model_hop *hop, const struct model_hop *next)
{
	int64_t out = end_bytes(hop->out), in = end_bytes(next->in);
	char b[NUMBER_SIZE];

	if (out == FACT_UNKNOWN || in == FACT_UNKNOWN || out == in ||
	    next->channel->transport == TRANSPORT_FILE)
		return;
	table_span(t, TABLE_WARN, 10, "%s B %s within this trace", view_count(b, sizeof(b), llabs(out - in)),
		   out > in ? "read and not written on" : "written on that were not read");
}

static void way_rows(struct table *t, const struct way *way)
{
	int64_t log_bytes = way_log_bytes(way);
	size_t i;

	way_row(t, way);
	for (i = 0; i < way->n_hops && way->n.calls; i++) {
		hop_row(t, &way->hops[i], log_bytes);
		hop_notes(t, &way->hops[i]);
		if (i + 1 < way->n_hops)
			between_notes(t, way->hops[i].hop, way->hops[i + 1].hop);
	}
}

static void block_rows(struct table *t, const struct way_block *b)
{
	char name[NAME_SIZE];
	struct figures rest = { 0 };
	size_t execs = 0, i;

	sum_row(t, TABLE_STRONG, name_container(name, sizeof(name), b->container), &b->n,
		way_block_log_bytes(b));
	for (i = 0; i < b->n_ways; i++) {
		const struct way *way = &b->ways[i];

		if (!way->stream || !way->stream->exec) {
			way_rows(t, way);
		} else if (execs++ < MOST_EXECS) {
			if (way->n.calls)
				way_rows(t, way);
		} else {
			figures_sum(&rest, &way->n);
		}
	}
	if (execs > MOST_EXECS) {
		snprintf(name, sizeof(name), "  %zu more streams of execs", execs - MOST_EXECS);
		sum_row(t, TABLE_DIM, name, &rest, FACT_UNKNOWN);
	}
}

int report_streams(FILE *out, const struct model *m, const struct ways *w, const struct view_options *o)
{
	size_t shown = 0, cut = 0, idle = 0, i;
	struct figures rest = { 0 };
	char name[NAME_SIZE];
	struct table *t;
	int err;

	err = report_heading(out, o, "Streams and their hops",
			     m->trace.writers
				     ? "In is what was written into a hop, out what was read from it."
				     : "In is what was written into a hop, out what was read from it; the "
				       "containers' own writes were not traced (--writers).");
	if (err)
		return err;
	t = table_new(stream_columns, sizeof(stream_columns) / sizeof(stream_columns[0]));
	if (!t)
		return -ENOMEM;
	for (i = 0; i < w->n_blocks; i++) {
		const struct way_block *b = &w->blocks[i];

		if (!b->n.calls) {
			idle++;
		} else if (o->rows > 0 && shown >= (size_t)o->rows) {
			figures_sum(&rest, &b->n);
			cut++;
		} else {
			block_rows(t, b);
			shown++;
		}
	}
	if (cut) {
		snprintf(name, sizeof(name), "%zu more container%s", cut, cut == 1 ? "" : "s");
		sum_row(t, TABLE_DIM, name, &rest, FACT_UNKNOWN);
	}
	if (shown + cut > 1)
		sum_row(t, TABLE_STRONG, "all streams", &w->n, ways_log_bytes(w));
	if (idle)
		table_span(t, TABLE_DIM, 0, "%zu container%s logged nothing.", idle, idle == 1 ? "" : "s");
	if (!w->n_blocks)
		table_span(t, TABLE_DIM, 0, "No stream of a container was seen.");
	err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}
