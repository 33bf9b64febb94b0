// SPDX-License-Identifier: GPL-2.0-only
/* The text report's processes, dearest first. */
#include <errno.h>
#include <stdlib.h>

#include "view/names.h"
#include "view/number.h"
#include "view/report.h"
#include "view/table.h"
#include "view/text.h"

static const struct table_column process_columns[] = {
	{ .title = "process", .align = TABLE_NAME, .least = 20, .most = 100 },
	{ .title = "pid", .align = TABLE_RIGHT },
	{ .title = "Go", .align = TABLE_LEFT, .most = 20, .drop = 7, .quiet = true },
	{ .title = "CPU", .align = TABLE_RIGHT },
	{ .title = "of a CPU", .align = TABLE_RIGHT, .drop = 2 },
	{ .title = "user", .align = TABLE_RIGHT, .drop = 5 },
	{ .title = "system", .align = TABLE_RIGHT, .drop = 4 },
	{ .title = "in traced calls", .align = TABLE_RIGHT, .drop = 1 },
	{ .title = "RSS", .align = TABLE_RIGHT, .drop = 3 },
	{ .title = "PSS", .align = TABLE_RIGHT },
	{ .title = "anon", .align = TABLE_RIGHT, .drop = 6 },
};

/*
 * A sum in which something may be unknown: then it is a least value, or unknown when nothing is
 * known.
 */
struct partial {
	uint64_t sum;
	size_t known, unknown;
};

static void partial_add(struct partial *p, int64_t n)
{
	if (n == FACT_UNKNOWN || n < 0) {
		p->unknown++;
		return;
	}
	p->sum += (uint64_t)n;
	p->known++;
}

static char *partial_text(char *buf, size_t size, const struct partial *p,
			  char *(*number)(char *buf, size_t size, int64_t n))
{
	char b[NUMBER_SIZE];

	if (!p->known)
		snprintf(buf, size, p->unknown ? "?" : "");
	else
		snprintf(buf, size, "%s%s", p->unknown ? text_at_least() : "",
			 number(b, sizeof(b), number_signed(p->sum)));
	return buf;
}

struct process_sum {
	struct partial cpu, user, system, pss, anon;
	uint64_t traced;
};

static void process_sum_row(struct table *t, const struct model *m, enum table_style style, const char *name,
			    const struct process_sum *s)
{
	char b[NUMBER_SIZE];

	table_row(t, style);
	table_cell(t, name);
	table_cell(t, "");
	table_cell(t, "");
	table_cell(t, partial_text(b, sizeof(b), &s->cpu, view_ns));
	if (s->cpu.known && m->trace.duration_ns > 0)
		table_cellf(t, "%s%s", s->cpu.unknown ? text_at_least() : "",
			    number_percent(b, sizeof(b), s->cpu.sum, (uint64_t)m->trace.duration_ns));
	else
		table_cell(t, "?");
	table_cell(t, partial_text(b, sizeof(b), &s->user, view_ns));
	table_cell(t, partial_text(b, sizeof(b), &s->system, view_ns));
	table_cell(t, view_ns(b, sizeof(b), number_signed(s->traced)));
	table_cell(t, ""); /* RSS counts shared pages in each process: it does not add up */
	table_cell(t, partial_text(b, sizeof(b), &s->pss, view_bytes));
	table_cell(t, partial_text(b, sizeof(b), &s->anon, view_bytes));
}

static void process_row(struct table *t, const struct model *m, const struct names *n,
			const struct model_process *p)
{
	char name[NAME_SIZE], b[NUMBER_SIZE];

	table_row(t, TABLE_PLAIN);
	table_cell(t, name_process(name, sizeof(name), n, p));
	table_cell(t, name_pid(b, sizeof(b), p->pid));
	table_cell(t, p->go_version ? p->go_version : "");
	table_cell(t, view_ns(b, sizeof(b), p->cpu_ns));
	if (p->cpu_ns == FACT_UNKNOWN || p->cpu_ns < 0 || m->trace.duration_ns <= 0)
		table_cell(t, "?");
	else
		table_cell(t,
			   number_percent(b, sizeof(b), (uint64_t)p->cpu_ns, (uint64_t)m->trace.duration_ns));
	table_cell(t, view_ns(b, sizeof(b), p->user_ns));
	table_cell(t, view_ns(b, sizeof(b), p->system_ns));
	table_cell(t, view_ns(b, sizeof(b), number_signed(p->traced_cpu_ns)));
	table_cell(t, view_bytes(b, sizeof(b), p->rss_bytes));
	table_cell(t, view_bytes(b, sizeof(b), p->pss_bytes));
	table_cell(t, view_bytes(b, sizeof(b), p->anon_bytes));
}

static void process_sum_add(struct process_sum *s, const struct model_process *p)
{
	partial_add(&s->cpu, p->cpu_ns);
	partial_add(&s->user, p->user_ns);
	partial_add(&s->system, p->system_ns);
	partial_add(&s->pss, p->pss_bytes);
	partial_add(&s->anon, p->anon_bytes);
	s->traced += p->traced_cpu_ns;
}

/* By CPU time, the unknown last; then by pid. */
static int process_order(const void *a, const void *b)
{
	const struct model_process *const *pa = a, *const *pb = b;

	if ((*pa)->cpu_ns != (*pb)->cpu_ns)
		return (*pa)->cpu_ns > (*pb)->cpu_ns ? -1 : 1;
	if ((*pa)->traced_cpu_ns != (*pb)->traced_cpu_ns)
		return (*pa)->traced_cpu_ns > (*pb)->traced_cpu_ns ? -1 : 1;
	return (*pa)->pid < (*pb)->pid ? -1 : (*pa)->pid > (*pb)->pid;
}

int report_processes(FILE *out, const struct model *m, const struct names *n, const struct view_options *o)
{
	struct process_sum all = { 0 }, rest = { 0 }, helpers = { 0 };
	const struct model_process **list;
	char name[NAME_SIZE];
	struct table *t = NULL;
	size_t most = o->rows > 0 ? (size_t)o->rows : SIZE_MAX, shown = 0, n_rest = 0, n_helpers = 0, i;
	int err = -ENOMEM;

	list = calloc(m->n_processes + 1, sizeof(struct model_process *));
	if (list)
		t = table_new(process_columns, sizeof(process_columns) / sizeof(process_columns[0]));
	if (!t)
		goto out;
	err = report_heading(out, o, "Processes", NULL);
	if (err)
		goto out;
	for (i = 0; i < m->n_processes; i++)
		list[i] = m->processes[i];
	qsort(list, m->n_processes, sizeof(struct model_process *), process_order);
	for (i = 0; i < m->n_processes; i++) {
		process_sum_add(&all, list[i]);
		if (names_helper(n, list[i])) {
			process_sum_add(&helpers, list[i]);
			n_helpers++;
		} else if (shown < most) {
			process_row(t, m, n, list[i]);
			shown++;
		} else {
			process_sum_add(&rest, list[i]);
			n_rest++;
		}
	}
	if (n_rest) {
		snprintf(name, sizeof(name), "%zu more", n_rest);
		process_sum_row(t, m, TABLE_DIM, name, &rest);
	}
	if (n_helpers) {
		snprintf(name, sizeof(name), "%zu short-lived helper%s", n_helpers,
			 n_helpers == 1 ? "" : "s");
		process_sum_row(t, m, TABLE_DIM, name, &helpers);
	}
	process_sum_row(t, m, TABLE_STRONG, "total", &all);
	err = table_print(out, t, o->width, o->colour);
out:
	table_free(t);
	free(list);
	return err;
}
