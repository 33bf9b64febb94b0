// SPDX-License-Identifier: GPL-2.0-only
/* The text report: headline, transports, losses, and the sections put together. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "view/names.h"
#include "view/number.h"
#include "view/report.h"
#include "view/table.h"
#include "view/text.h"
#include "view/ways.h"

int report_heading(FILE *out, const struct view_options *o, const char *title, const char *note)
{
	int err;

	fputc('\n', out);
	style_begin(out, TABLE_STRONG, o->colour);
	err = text_wrap(out, title, o->width, 0, 0);
	style_end(out, TABLE_STRONG, o->colour);
	fputc('\n', out);
	if (err || !note)
		return err;
	style_begin(out, TABLE_DIM, o->colour);
	err = text_wrap(out, note, o->width, 0, 0);
	style_end(out, TABLE_DIM, o->colour);
	fputc('\n', out);
	return err;
}

char *report_transport(char *buf, size_t size, enum transport t, enum protocol p)
{
	if (p == PROTOCOL_RAW)
		snprintf(buf, size, "%s", transport_name(t));
	else
		snprintf(buf, size, "%s %s", transport_name(t), protocol_name(p));
	return buf;
}

struct figures report_total(const struct model *m)
{
	struct figures total = { 0 };
	size_t i;

	for (i = 0; i < m->n_transports; i++) {
		figures_add(&total, &m->transports[i].n);
		total.channels += m->transports[i].channels;
	}
	return total;
}

/* Names within a sentence are kept short: MOST columns, unknown as "?". */
#define MOST	   200
#define NAME(name) view_clean((char[4 *MOST]){ 0 }, (size_t)4 * MOST, name, MOST)

/* "1 shim", "14 shims" */
static void add_count(FILE *out, size_t n, const char *what, const char *between)
{
	char buf[NUMBER_SIZE];

	fprintf(out, "%s%s %s%s", between, view_count(buf, sizeof(buf), (int64_t)n), what, n == 1 ? "" : "s");
}

/* The model and the names of what is in it. */
struct headline {
	const struct model *m;
	const struct names *names;
};

static void write_headline(FILE *t, const void *arg)
{
	const struct headline *h = arg;
	const struct model *m = h->m;
	struct names_census n = names_count(h->names);
	char buf[NUMBER_SIZE];

	fprintf(t, "Traced");
	add_count(t, n.containerds, "containerd", " ");
	add_count(t, n.shims, "shim", ", ");
	add_count(t, n.containers, "container", ", ");
	if (n.others + n.helpers)
		fprintf(t, ", %s other process%s",
			view_count(buf, sizeof(buf), (int64_t)(n.others + n.helpers)),
			n.others + n.helpers == 1 ? "" : "es");
	if (m->host.hostname)
		fprintf(t, " on %s", NAME(m->host.hostname));
	fprintf(t, " for %s", number_duration(buf, sizeof(buf), m->trace.duration_ns));
	fprintf(t, ", backend %s: ", NAME(m->trace.backend));
	fprintf(t, m->trace.complete ? "complete" : "INCOMPLETE (the end of the trace is missing)");
	fprintf(t, m->exact ? ", exact." : ", NOT EXACT (see losses).");
}

static void write_when(FILE *t, const void *arg)
{
	const struct model *m = arg;
	char buf[64];
	const char *start = number_time(buf, sizeof(buf), m->trace.scope_realtime_ns);

	fprintf(t, "Began %s", start ? start : "?");
	if (m->trace.interval_ns > 0)
		fprintf(t, ", windows of %s", number_duration(buf, sizeof(buf), m->trace.interval_ns));
	fprintf(t, "; Linux %s", NAME(m->host.kernel));
	if (m->host.arch)
		fprintf(t, " %s", NAME(m->host.arch));
	if (m->host.cpus > 0)
		fprintf(t, ", %" PRId64 " CPU%s", m->host.cpus, m->host.cpus == 1 ? "" : "s");
	fprintf(t, "; shimscope %s", NAME(m->trace.tool_version));
	if (m->trace.selection)
		fprintf(t, "; selected: %s", NAME(m->trace.selection));
	fprintf(t, "%s.", m->trace.writers ? "; with the writers" : "");
}

static void write_runtime(FILE *t, const void *arg)
{
	const struct model_runtime *r = arg;
	char pid[NUMBER_SIZE];

	fprintf(t, "containerd %s, %s", NAME(r->version),
		NAME(r->go_version ? r->go_version : "Go version ?"));
	fprintf(t, ", pid %s, at %s", name_pid(pid, sizeof(pid), r->pid), NAME(r->address));
	if (r->config_path)
		fprintf(t, ", configured by %s", NAME(r->config_path));
}

/* Let write() say something, then print it as a paragraph. */
static int paragraph(FILE *out, const struct view_options *o, enum table_style style,
		     void (*write)(FILE *t, const void *arg), const void *arg)
{
	char *text = NULL;
	size_t size;
	FILE *t = open_memstream(&text, &size);
	int err = -ENOMEM;

	if (!t)
		return -ENOMEM;
	write(t, arg);
	if (!fclose(t)) {
		style_begin(out, style, o->colour);
		err = text_wrap(out, text, o->width, 0, 2);
		style_end(out, style, o->colour);
		fputc('\n', out);
	}
	free(text);
	return err;
}

static void write_note(FILE *t, const void *note)
{
	fprintf(t, "Note: %s", (const char *)note);
}

int report_head(FILE *out, const struct model *m, const struct names *n, const struct view_options *o)
{
	struct headline headline = { m, n };
	bool sound = m->trace.complete && m->exact;
	size_t i;
	int err;

	err = paragraph(out, o, sound ? TABLE_STRONG : TABLE_WARN, write_headline, &headline);
	if (!err)
		err = paragraph(out, o, TABLE_PLAIN, write_when, m);
	for (i = 0; i < m->n_runtimes && !err; i++)
		err = paragraph(out, o, TABLE_PLAIN, write_runtime, m->runtimes[i]);
	if (!err && m->trace.note)
		err = paragraph(out, o, TABLE_PLAIN, write_note, m->trace.note);
	return err;
}

static const struct table_column transport_columns[] = {
	{ .title = "transport", .align = TABLE_NAME, .least = 17 },
	{ .title = "channels", .align = TABLE_RIGHT, .drop = 6 },
	{ .title = "calls", .align = TABLE_RIGHT },
	{ .title = "EAGAIN", .align = TABLE_RIGHT, .drop = 3 },
	{ .title = "bytes", .align = TABLE_RIGHT },
	{ .title = "moved", .align = TABLE_RIGHT, .quiet = true },
	{ .title = "B/call", .align = TABLE_RIGHT, .drop = 4 },
	{ .title = "CPU", .align = TABLE_RIGHT },
	{ .title = "CPU/call", .align = TABLE_RIGHT, .drop = 2 },
	{ .title = "CPU/byte", .align = TABLE_RIGHT, .drop = 1 },
	{ .title = "blocked", .align = TABLE_RIGHT, .drop = 5 },
};

static void transport_row(struct table *t, enum table_style style, const char *name, const struct figures *n)
{
	char b[NUMBER_SIZE];

	table_row(t, style);
	table_cell(t, name);
	table_cell(t, view_count(b, sizeof(b), number_signed(n->channels)));
	table_cell(t, view_count(b, sizeof(b), number_signed(n->calls)));
	table_cell(t, number_percent(b, sizeof(b), n->eagain, n->calls));
	table_cell(t, view_bytes(b, sizeof(b), number_signed(n->bytes)));
	table_cell(t, n->moved_bytes ? view_bytes(b, sizeof(b), number_signed(n->moved_bytes)) : "");
	table_cell(t, number_size(b, sizeof(b), figures_bytes_per_call(n)));
	table_cell(t, view_ns(b, sizeof(b), figures_cpu(n)));
	table_cell(t, number_ns(b, sizeof(b), figures_cpu_per_call(n)));
	table_cell(t, number_ns(b, sizeof(b), figures_cpu_per_byte(n)));
	table_cell(t, view_ns(b, sizeof(b), figures_blocked(n)));
}

int report_transports(FILE *out, const struct model *m, const struct view_options *o)
{
	struct figures total = report_total(m);
	char name[NAME_SIZE];
	struct table *t;
	size_t i;
	int err;

	err = report_heading(out, o, "Transports side by side",
			     "Bytes count once at each traced end: written and read again, a byte "
			     "counts twice.");
	if (err)
		return err;
	t = table_new(transport_columns, sizeof(transport_columns) / sizeof(transport_columns[0]));
	if (!t)
		return -ENOMEM;
	for (i = 0; i < m->n_transports; i++) {
		const struct model_transport *row = &m->transports[i];
		struct figures n = { .channels = row->channels };

		figures_add(&n, &row->n);
		transport_row(t, TABLE_PLAIN,
			      report_transport(name, sizeof(name), row->transport, row->protocol), &n);
	}
	transport_row(t, TABLE_STRONG, "total", &total);
	err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}

void report_loss_list(const struct model *m, struct report_loss list[REPORT_LOSSES])
{
	const struct fact_loss *l = &m->loss;
	const struct report_loss rows[REPORT_LOSSES] = {
		{ "ring_dropped", "operations lost: ring buffer and overflow map were full",
		  l->ring_dropped },
		{ "folded", "operations folded in the kernel: counted, without their moment", l->folded },
		{ "map_full", "times that a kernel table was full", l->map_full },
		{ "hook_missed", "hooks that the kernel skipped, operations not seen ending",
		  l->hook_missed },
		{ "unseen", "calls that this backend cannot see (io_uring)", l->unseen },
		{ "untimed", "operations counted without their times", l->untimed },
	};

	memcpy(list, rows, sizeof(rows));
}

static const struct table_column loss_columns[] = {
	{ .title = "", .align = TABLE_LEFT },
	{ .title = "", .align = TABLE_RIGHT },
	{ .title = "", .align = TABLE_NAME, .least = 20, .drop = 1 },
};

int report_losses(FILE *out, const struct model *m, const struct view_options *o)
{
	struct report_loss list[REPORT_LOSSES];
	char b[NUMBER_SIZE];
	struct table *t;
	size_t i;
	int err;

	err = report_heading(out, o, "Losses",
			     m->exact		 ? "Every total is known to be complete."
			     : m->trace.complete ? "Not every total is known to be complete."
						 : "What came after the last window is missing.");
	if (err)
		return err;
	t = table_new(loss_columns, sizeof(loss_columns) / sizeof(loss_columns[0]));
	if (!t)
		return -ENOMEM;
	report_loss_list(m, list);
	for (i = 0; i < REPORT_LOSSES; i++) {
		table_row(t, list[i].n > 0 ? TABLE_WARN : TABLE_PLAIN);
		table_cell(t, list[i].name);
		table_cell(t, view_count(b, sizeof(b), list[i].n));
		table_cell(t, list[i].meaning);
	}
	err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}

int view_report_text(FILE *out, const struct model *m, const struct view_options *o)
{
	struct names *names = names_new(m);
	struct ways ways = { 0 };
	int err;

	if (!names)
		return -ENOMEM;
	err = ways_collect(&ways, m, o->sort);
	if (!err)
		err = report_head(out, m, names, o);
	if (!err)
		err = report_transports(out, m, o);
	if (!err)
		err = report_streams(out, m, &ways, o);
	if (!err)
		err = report_others(out, m, &ways, o);
	if (!err)
		err = report_processes(out, m, names, o);
	if (!err)
		err = report_losses(out, m, o);
	ways_free(&ways);
	names_free(names);
	return err ? err : text_finish(out);
}
