// SPDX-License-Identifier: GPL-2.0-only
/* A result of the bench as tables: transports side by side at each size, the crossover, a capture's
 * price. */
#include <errno.h>
#include <stdlib.h>

#include "view/bench_view.h"
#include "view/number.h"
#include "view/report.h"
#include "view/table.h"
#include "view/text.h"

/* Names within a sentence: this many columns at most, unknown as "?". */
#define MOST	   200
#define NAME(name) view_clean((char[4 *MOST]){ 0 }, (size_t)4 * MOST, (name)[0] ? (name) : NULL, MOST)
#define NAME_WIDTH 40

static char *transport(char *buf, size_t size, enum bench_transport t)
{
	return report_transport(buf, size, bench_transport_kind(t), bench_transport_protocol(t));
}

/* "8 B", "4.0 KiB", "11,586 B": a size that was chosen is shown to the byte. */
static char *exact(char *buf, size_t size, uint32_t bytes)
{
	char n[NUMBER_SIZE];

	if (bytes >= 1024 && bytes % 1024 == 0)
		snprintf(buf, size, "%u KiB", bytes / 1024);
	else
		snprintf(buf, size, "%s B", view_count(n, sizeof(n), bytes));
	return buf;
}

static void write_headline(FILE *t, const struct bench_result *r)
{
	char n[NUMBER_SIZE];

	fprintf(t,
		"SYNTHETIC calibration of %s, not a trace: the same bytes in the same sizes over "
		"each "
		"transport, %u repetition%s, in %s.",
		NAME(r->hostname), r->repetitions, r->repetitions == 1 ? "" : "s",
		number_duration(n, sizeof(n), r->duration_ns));
	if (r->repetitions < r->wanted)
		fprintf(t, " INTERRUPTED: %u were asked for.", r->wanted);
}

static void write_how(FILE *t, const struct bench_result *r)
{
	if (r->separate)
		fprintf(t, "A producer pinned to CPU %d and a consumer pinned to CPU %d", r->producer_cpu,
			r->consumer_cpu);
	else
		fprintf(t, "A producer and a consumer process, both pinned to CPU %d", r->producer_cpu);
	fprintf(t,
		"; blocking calls, the consumer reads up to %d KiB; CPU time of both, medians of "
		"the "
		"repetitions (least to most), which take turns over the transports.",
		BENCH_READ_SIZE / 1024);
	fprintf(t, " FIFO on %s; Linux %s %s; shimscope %s.", NAME(r->fifo_filesystem), NAME(r->kernel),
		NAME(r->arch), NAME(r->tool_version));
}

static const struct bench_size *first_of_both(const struct bench_result *r)
{
	for (size_t i = 0; i < r->n_sizes; i++) {
		const struct bench_cell *cells = r->sizes[i].cells;

		if (cells[BENCH_FIFO].measured && cells[BENCH_UNIX_STREAM].measured)
			return &r->sizes[i];
	}
	return NULL;
}

static void write_crossover(FILE *t, const struct bench_result *r)
{
	const struct bench_crossover *c = &r->crossover;
	char n[NUMBER_SIZE], low[NUMBER_SIZE], high[NUMBER_SIZE];
	bool fifo_below = c->cheaper_below == BENCH_FIFO;

	if (!c->found) {
		const struct bench_size *s = first_of_both(r);

		if (!s)
			fprintf(t, "Not known: no size was measured over both FIFO and UNIX stream.");
		else
			fprintf(t,
				"FIFO and UNIX stream do not cross over: the %s costs less CPU time at every "
				"size measured.",
				s->cells[BENCH_FIFO].cpu.median <= s->cells[BENCH_UNIX_STREAM].cpu.median
					? "FIFO"
					: "UNIX stream");
		return;
	}
	fprintf(t,
		"FIFO and UNIX stream cross over at about %s B per message: below, the %s costs less "
		"CPU "
		"time, above, the %s. Derived: interpolated between %s and %s, which were "
		"measured.",
		view_count(n, sizeof(n), (int64_t)(c->bytes + 0.5)), fifo_below ? "FIFO" : "UNIX stream",
		fifo_below ? "UNIX stream" : "FIFO", exact(low, sizeof(low), c->low),
		exact(high, sizeof(high), c->high));
	if (c->crossings > 1)
		fprintf(t, " It is the lowest of %u: the two are close over a range of sizes.", c->crossings);
}

static int paragraph(FILE *out, const struct view_options *o, enum table_style style,
		     void (*write)(FILE *t, const struct bench_result *r), const struct bench_result *r)
{
	char *text = NULL;
	size_t size;
	FILE *t = open_memstream(&text, &size);
	int err = -ENOMEM;

	if (!t)
		return -ENOMEM;
	write(t, r);
	if (!fclose(t)) {
		style_begin(out, style, o->colour);
		err = text_wrap(out, text, o->width, 0, 2);
		style_end(out, style, o->colour);
		fputc('\n', out);
	}
	free(text);
	return err;
}

static const struct table_column size_columns[] = {
	{ .title = "size", .align = TABLE_RIGHT },
	{ .title = "transport", .align = TABLE_NAME, .least = 17 },
	{ .title = "CPU/msg", .align = TABLE_RIGHT },
	{ .title = "least-most", .align = TABLE_RIGHT, .drop = 3 },
	{ .title = "vs FIFO", .align = TABLE_RIGHT, .drop = 1 },
	{ .title = "CPU/byte", .align = TABLE_RIGHT, .drop = 2 },
	{ .title = "producer", .align = TABLE_RIGHT, .drop = 5 },
	{ .title = "consumer", .align = TABLE_RIGHT, .drop = 5 },
	{ .title = "wall/msg", .align = TABLE_RIGHT, .drop = 4 },
	{ .title = "writes/msg", .align = TABLE_RIGHT, .drop = 7 },
	{ .title = "reads/msg", .align = TABLE_RIGHT, .drop = 6 },
	{ .title = "messages", .align = TABLE_RIGHT, .drop = 8 },
};

static void size_row(struct table *t, const struct bench_size *s, enum bench_transport which, bool first)
{
	const struct bench_cell *c = &s->cells[which], *fifo = &s->cells[BENCH_FIFO];
	char a[NUMBER_SIZE], b[NUMBER_SIZE], name[NAME_WIDTH];

	table_row(t, which == BENCH_FIFO ? TABLE_STRONG : TABLE_PLAIN);
	table_cell(t, first ? exact(a, sizeof(a), s->size) : "");
	table_cell(t, transport(name, sizeof(name), which));
	table_cell(t, number_ns(a, sizeof(a), c->cpu.median));
	table_cellf(t, "%s - %s", number_ns(a, sizeof(a), c->cpu.min), number_ns(b, sizeof(b), c->cpu.max));
	if (fifo->measured && fifo->cpu.median > 0)
		table_cellf(t, "x%.2f", c->cpu.median / fifo->cpu.median);
	else
		table_cell(t, "?");
	table_cell(t, number_ns(a, sizeof(a), c->cpu.median / s->size));
	table_cell(t, number_ns(a, sizeof(a), c->producer.median));
	table_cell(t, number_ns(a, sizeof(a), c->consumer.median));
	table_cell(t, number_ns(a, sizeof(a), c->wall.median));
	table_cellf(t, "%.2f", c->writes.median);
	table_cellf(t, "%.2f", c->reads.median);
	table_cell(t, view_count(a, sizeof(a), number_signed(c->messages)));
}

static int print_sizes(FILE *out, const struct bench_result *r, const struct view_options *o)
{
	struct table *t;
	int err;

	err = report_heading(out, o, "Transports side by side (synthetic)", NULL);
	if (err)
		return err;
	t = table_new(size_columns, sizeof(size_columns) / sizeof(size_columns[0]));
	if (!t)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_sizes; i++) {
		bool first = true;

		for (enum bench_transport k = 0; k < BENCH_TRANSPORTS; k++) {
			if (!r->sizes[i].cells[k].measured)
				continue;
			size_row(t, &r->sizes[i], k, first);
			first = false;
		}
	}
	err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}

static const struct table_column load_columns[] = {
	{ .title = "transport", .align = TABLE_NAME, .least = 17 },
	{ .title = "CPU", .align = TABLE_RIGHT },
	{ .title = "CPU/byte", .align = TABLE_RIGHT },
	{ .title = "vs FIFO", .align = TABLE_RIGHT },
};

static void write_load(FILE *t, const struct bench_result *r)
{
	const struct bench_load *l = &r->load;
	char calls[NUMBER_SIZE], bytes[NUMBER_SIZE];

	fprintf(t,
		"%s writes of %s into the log FIFOs of containers, of the sizes in %s. Derived "
		"from the synthetic "
		"figures above, not measured on the logs: each bucket of its histogram counts as "
		"messages "
		"of one size, larger writes as pieces of %d KiB.",
		view_count(calls, sizeof(calls), number_signed(l->calls)),
		view_bytes(bytes, sizeof(bytes), number_signed(l->bytes)), NAME(l->file),
		BENCH_READ_SIZE / 1024);
}

static int print_load(FILE *out, const struct bench_result *r, const struct view_options *o)
{
	double fifo = bench_load_cpu_ns(r, &r->load, BENCH_FIFO);
	char b[NUMBER_SIZE], name[NAME_WIDTH];
	struct table *t;
	int err;

	err = report_heading(out, o, "What the captured bytes cost over each transport (derived, synthetic)",
			     NULL);
	if (!err)
		err = paragraph(out, o, TABLE_DIM, write_load, r);
	if (err)
		return err;
	t = table_new(load_columns, sizeof(load_columns) / sizeof(load_columns[0]));
	if (!t)
		return -ENOMEM;
	for (enum bench_transport k = 0; k < BENCH_TRANSPORTS; k++) {
		double ns = bench_load_cpu_ns(r, &r->load, k);

		table_row(t, k == BENCH_FIFO ? TABLE_STRONG : TABLE_PLAIN);
		table_cell(t, transport(name, sizeof(name), k));
		table_cell(t, number_ns(b, sizeof(b), ns));
		table_cell(t, number_ns(b, sizeof(b), ns < 0 ? ns : ns / (double)r->load.bytes));
		if (ns >= 0 && fifo > 0)
			table_cellf(t, "x%.2f", ns / fifo);
		else
			table_cell(t, "?");
	}
	err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}

int view_bench_text(FILE *out, const struct bench_result *r, const struct view_options *o)
{
	int err =
		paragraph(out, o, r->repetitions < r->wanted ? TABLE_WARN : TABLE_STRONG, write_headline, r);

	if (!err)
		err = paragraph(out, o, TABLE_PLAIN, write_how, r);
	if (!err)
		err = print_sizes(out, r, o);
	if (!err)
		err = report_heading(out, o, "Crossover (derived, synthetic)", NULL);
	if (!err)
		err = paragraph(out, o, TABLE_PLAIN, write_crossover, r);
	if (!err && r->load.n)
		err = print_load(out, r, o);
	return err ? err : text_finish(out);
}
