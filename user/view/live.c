// SPDX-License-Identifier: GPL-2.0-only
/* One interval of a live trace, copied out of the model, and its tables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/live.h"
#include "view/names.h"
#include "view/report.h"
#include "view/text.h"
#include "view/ways.h"

static struct live_row *new_row(struct live *l, enum live_list list, const char *name)
{
	size_t n = l->lists[list].n;
	struct live_row *row;
	char *copy;

	/* Doubled at each power of two. */
	if (!(n & (n - 1))) {
		struct live_row *rows = reallocarray(l->lists[list].rows, n ? 2 * n : 1, sizeof(*rows));

		if (!rows)
			return NULL;
		l->lists[list].rows = rows;
	}
	copy = strdup(name);
	if (!copy)
		return NULL;
	row = &l->lists[list].rows[l->lists[list].n++];
	*row = (struct live_row){ .name = copy,
				  .log_bytes = FACT_UNKNOWN,
				  .pid = FACT_UNKNOWN,
				  .cpu_ns = FACT_UNKNOWN,
				  .rss_bytes = FACT_UNKNOWN };
	return row;
}

static int collect_transports(struct live *l, const struct model *m)
{
	char name[NAME_SIZE];
	struct live_row *row;
	size_t i;

	for (i = 0; i < m->n_transports; i++) {
		const struct model_transport *t = &m->transports[i];

		row = new_row(l, LIVE_TRANSPORTS,
			      report_transport(name, sizeof(name), t->transport, t->protocol));
		if (!row)
			return -ENOMEM;
		row->n.channels = t->channels;
		figures_add(&row->n, &t->n);
	}
	return 0;
}

static int collect_streams(struct live *l, const struct ways *w)
{
	char container[NAME_SIZE], way[NAME_SIZE], name[2 * NAME_SIZE + 1];
	struct live_row *row;
	size_t b, i;

	for (b = 0; b < w->n_blocks; b++) {
		name_container(container, sizeof(container), w->blocks[b].container);
		for (i = 0; i < w->blocks[b].n_ways; i++) {
			const struct way *from = &w->blocks[b].ways[i];

			if (!from->n.calls)
				continue;
			snprintf(name, sizeof(name), "%s %s", container, way_name(way, sizeof(way), from));
			row = new_row(l, LIVE_STREAMS, name);
			if (!row)
				return -ENOMEM;
			row->n = from->n;
			row->log_bytes = from->stream ? from->stream->log_bytes : from->container->log_bytes;
		}
	}
	return 0;
}

/* Figures of each process, found by its address. */
struct process_sum {
	const struct model_process *process;
	struct figures n;
};

static int by_address(const void *a, const void *b)
{
	uintptr_t pa = (uintptr_t)((const struct process_sum *)a)->process;
	uintptr_t pb = (uintptr_t)((const struct process_sum *)b)->process;

	return pa < pb ? -1 : pa > pb;
}

static int collect_channels(struct live *l, const struct model *m, const struct names *names,
			    struct process_sum *sums)
{
	char name[2 * NAME_SIZE + 16], container[NAME_SIZE];
	struct live_row *row;
	size_t i, j;

	for (i = 0; i < m->n_channels; i++) {
		const struct model_channel *ch = m->channels[i];
		const struct model_container *c = names_find(names, ch->container);
		struct figures n = { 0 };

		for (j = 0; j < ch->n_ends; j++) {
			struct process_sum key = { .process = ch->ends[j]->process }, *sum;

			figures_add(&n, &ch->ends[j]->n);
			sum = bsearch(&key, sums, m->n_processes, sizeof(*sums), by_address);
			if (sum)
				figures_add(&sum->n, &ch->ends[j]->n);
		}
		if (!n.calls)
			continue;
		if (c)
			snprintf(name, sizeof(name), "%s%s%s%s%s",
				 name_container(container, sizeof(container), c), ch->exec ? " exec " : "",
				 ch->exec ? ch->exec : "", ch->stream ? " " : "",
				 ch->stream ? ch->stream : "");
		else
			snprintf(name, sizeof(name), "%s%s",
				 ch->path && ch->path_truncated ? text_ellipsis() : "",
				 ch->path ? ch->path : ch->id);
		row = new_row(l, LIVE_CHANNELS, name);
		if (!row)
			return -ENOMEM;
		snprintf(row->detail, sizeof(row->detail), "%s %s", transport_name(ch->transport),
			 channel_role_name(ch->role));
		row->n = n;
	}
	return 0;
}

static int collect_processes(struct live *l, const struct model *m, const struct names *names,
			     const struct process_sum *sums)
{
	char name[NAME_SIZE];
	struct live_row *row;
	size_t i;

	for (i = 0; i < m->n_processes; i++) {
		const struct model_process *p = sums[i].process;

		if (!sums[i].n.calls && p->cpu_ns <= 0)
			continue;
		row = new_row(l, LIVE_PROCESSES, name_process(name, sizeof(name), names, p));
		if (!row)
			return -ENOMEM;
		row->n = sums[i].n;
		row->pid = p->pid;
		row->cpu_ns = p->cpu_ns;
		row->rss_bytes = p->rss_bytes;
	}
	return 0;
}

/* What is not 0, the unknown among it: a reader should see at once that there is nothing to see. */
static char *losses_text(const struct model *m)
{
	struct report_loss list[REPORT_LOSSES];
	char b[NUMBER_SIZE], *text = NULL;
	size_t size, i;
	bool any = false;
	FILE *t = open_memstream(&text, &size);

	if (!t)
		return NULL;
	report_loss_list(m, list);
	for (i = 0; i < REPORT_LOSSES; i++) {
		if (!list[i].n)
			continue;
		fprintf(t, "%s%s %s", any ? ", " : "", list[i].name, view_count(b, sizeof(b), list[i].n));
		any = true;
	}
	if (!any)
		fprintf(t, "none");
	if (fclose(t)) {
		free(text);
		return NULL;
	}
	return text;
}

static int collect_head(struct live *l, const struct model *m)
{
	l->host = strdup(m->host.hostname ? m->host.hostname : "?");
	l->backend = strdup(m->trace.backend ? m->trace.backend : "?");
	l->losses = losses_text(m);
	if (!number_time(l->when, sizeof(l->when), m->trace.scope_realtime_ns))
		snprintf(l->when, sizeof(l->when), "?");
	else /* milliseconds are enough here */
		snprintf(strchr(l->when, '.') + 4, 2, "Z");
	l->duration_ns = m->trace.duration_ns;
	/* Whether the trace ends well is not known while it runs: m->exact waits for that. */
	l->lossless = m->loss.ring_dropped == 0 && m->loss.map_full == 0 && m->loss.hook_missed == 0 &&
		      m->loss.unseen == 0;
	return l->host && l->backend && l->losses ? 0 : -ENOMEM;
}

int live_collect(struct live *l, const struct model *m)
{
	struct process_sum *sums = calloc(m->n_processes + 1, sizeof(*sums));
	struct names *names = names_new(m);
	struct ways ways = { 0 };
	size_t i;
	int err = -ENOMEM;

	memset(l, 0, sizeof(*l));
	if (!sums || !names)
		goto out;
	for (i = 0; i < m->n_processes; i++)
		sums[i].process = m->processes[i];
	qsort(sums, m->n_processes, sizeof(*sums), by_address);
	err = collect_head(l, m);
	if (!err)
		err = collect_transports(l, m);
	if (!err)
		err = ways_collect(&ways, m, VIEW_SORT_NAME);
	if (!err)
		err = collect_streams(l, &ways);
	if (!err)
		err = collect_channels(l, m, names, sums);
	if (!err)
		err = collect_processes(l, m, names, sums);
	l->total = report_total(m);
	l->others = figures_without(&l->total, &ways.n);
out:
	ways_free(&ways);
	names_free(names);
	free(sums);
	return err;
}

void live_free(struct live *l)
{
	size_t list, i;

	for (list = 0; list < LIVE_LIST_COUNT; list++) {
		for (i = 0; i < l->lists[list].n; i++)
			free(l->lists[list].rows[i].name);
		free(l->lists[list].rows);
	}
	free(l->host);
	free(l->backend);
	free(l->losses);
	memset(l, 0, sizeof(*l));
}

static int row_order(const void *a, const void *b, void *sort)
{
	const struct live_row *ra = a, *rb = b;
	int order = figures_compare(&ra->n, &rb->n, *(enum view_sort *)sort);

	return order ? order : strcmp(ra->name, rb->name);
}

/* Processes by their whole CPU time: most of it is spent outside of traced calls. */
static int process_order(const void *a, const void *b)
{
	const struct live_row *ra = a, *rb = b;
	enum view_sort sort = VIEW_SORT_CPU;

	if (ra->cpu_ns != rb->cpu_ns)
		return ra->cpu_ns > rb->cpu_ns ? -1 : 1;
	return row_order(a, b, &sort);
}

void live_sort(struct live *l, enum live_list list, enum view_sort sort)
{
	struct live_row *rows = l->lists[list].rows;
	size_t n = l->lists[list].n;

	if (n < 2)
		return;
	if (list == LIVE_PROCESSES && sort == VIEW_SORT_CPU)
		qsort(rows, n, sizeof(*rows), process_order);
	else
		qsort_r(rows, n, sizeof(*rows), row_order, &sort);
}

const char *live_list_name(enum live_list list)
{
	static const char *const names[] = { "transports", "streams", "channels", "processes" };

	return names[list];
}

/* Numbers keep their columns while they change: hence the least widths. */
static const struct table_column transport_columns[] = {
	{ .title = "transport", .align = TABLE_NAME, .least = 18 },
	{ .title = "channels", .align = TABLE_RIGHT, .least = 8, .drop = 6 },
	{ .title = "calls", .align = TABLE_RIGHT, .least = 9 },
	{ .title = "EAGAIN", .align = TABLE_RIGHT, .least = 6, .drop = 2 },
	{ .title = "bytes", .align = TABLE_RIGHT, .least = 8 },
	{ .title = "B/call", .align = TABLE_RIGHT, .least = 8, .drop = 4 },
	{ .title = "CPU", .align = TABLE_RIGHT, .least = 7 },
	{ .title = "CPU/call", .align = TABLE_RIGHT, .least = 8, .drop = 3 },
	{ .title = "CPU/byte", .align = TABLE_RIGHT, .least = 8, .drop = 1 },
	{ .title = "blocked", .align = TABLE_RIGHT, .least = 7, .drop = 5 },
};

static const struct table_column stream_columns[] = {
	{ .title = "stream", .align = TABLE_PATH, .least = 28, .most = 80 },
	{ .title = "logged", .align = TABLE_RIGHT, .least = 8 },
	{ .title = "calls", .align = TABLE_RIGHT, .least = 9 },
	{ .title = "EAGAIN", .align = TABLE_RIGHT, .least = 6, .drop = 2 },
	{ .title = "copied", .align = TABLE_RIGHT, .least = 8, .drop = 3 },
	{ .title = "CPU", .align = TABLE_RIGHT, .least = 7 },
	{ .title = "CPU/log B", .align = TABLE_RIGHT, .least = 9, .drop = 1 },
	{ .title = "blocked", .align = TABLE_RIGHT, .least = 7, .drop = 4 },
};

static const struct table_column channel_columns[] = {
	{ .title = "channel", .align = TABLE_PATH, .least = 20, .most = 100 },
	{ .title = "transport and role", .align = TABLE_NAME, .least = 20, .drop = 1 },
	{ .title = "calls", .align = TABLE_RIGHT, .least = 9 },
	{ .title = "EAGAIN", .align = TABLE_RIGHT, .least = 6, .drop = 3 },
	{ .title = "bytes", .align = TABLE_RIGHT, .least = 8 },
	{ .title = "CPU", .align = TABLE_RIGHT, .least = 7 },
	{ .title = "CPU/call", .align = TABLE_RIGHT, .least = 8, .drop = 2 },
	{ .title = "blocked", .align = TABLE_RIGHT, .least = 7, .drop = 4 },
};

static const struct table_column process_columns[] = {
	{ .title = "process", .align = TABLE_NAME, .least = 24, .most = 80 },
	{ .title = "pid", .align = TABLE_RIGHT, .least = 7 },
	{ .title = "CPU", .align = TABLE_RIGHT, .least = 7 },
	{ .title = "of a CPU", .align = TABLE_RIGHT, .least = 8, .drop = 2 },
	{ .title = "in traced calls", .align = TABLE_RIGHT, .drop = 1 },
	{ .title = "calls", .align = TABLE_RIGHT, .least = 9 },
	{ .title = "EAGAIN", .align = TABLE_RIGHT, .least = 6, .drop = 3 },
	{ .title = "bytes", .align = TABLE_RIGHT, .least = 8, .drop = 4 },
	{ .title = "RSS", .align = TABLE_RIGHT, .least = 8 },
};

#define COLUMNS(list) list, sizeof(list) / sizeof((list)[0])

static void cost(struct table *t, const struct figures *n, bool bytes)
{
	char b[NUMBER_SIZE];

	table_cell(t, view_count(b, sizeof(b), number_signed(n->calls)));
	table_cell(t, number_percent(b, sizeof(b), n->eagain, n->calls));
	if (bytes)
		table_cell(t, view_bytes(b, sizeof(b), number_signed(n->bytes + n->moved_bytes)));
}

static void add_row(struct table *t, const struct live *l, enum live_list list, enum table_style style,
		    const struct live_row *r)
{
	const struct figures *n = &r->n;
	char b[NUMBER_SIZE];

	table_row(t, style);
	table_cell(t, r->name);
	switch (list) {
	case LIVE_TRANSPORTS:
		table_cell(t, view_count(b, sizeof(b), number_signed(n->channels)));
		cost(t, n, true);
		table_cell(t, number_size(b, sizeof(b), figures_bytes_per_call(n)));
		table_cell(t, view_ns(b, sizeof(b), figures_cpu(n)));
		table_cell(t, number_ns(b, sizeof(b), figures_cpu_per_call(n)));
		table_cell(t, number_ns(b, sizeof(b), figures_cpu_per_byte(n)));
		table_cell(t, view_ns(b, sizeof(b), figures_blocked(n)));
		break;
	case LIVE_STREAMS:
		table_cell(t, l ? view_bytes(b, sizeof(b), r->log_bytes) : "");
		cost(t, n, true);
		table_cell(t, view_ns(b, sizeof(b), figures_cpu(n)));
		table_cell(t, l ? number_ns(b, sizeof(b), number_ratio(figures_cpu(n), r->log_bytes)) : "");
		table_cell(t, view_ns(b, sizeof(b), figures_blocked(n)));
		break;
	case LIVE_CHANNELS:
		table_cell(t, r->detail);
		cost(t, n, true);
		table_cell(t, view_ns(b, sizeof(b), figures_cpu(n)));
		table_cell(t, number_ns(b, sizeof(b), figures_cpu_per_call(n)));
		table_cell(t, view_ns(b, sizeof(b), figures_blocked(n)));
		break;
	case LIVE_PROCESSES:
		table_cell(t, name_pid(b, sizeof(b), r->pid));
		table_cell(t, view_ns(b, sizeof(b), r->cpu_ns));
		table_cell(t, r->cpu_ns >= 0 && l && l->duration_ns > 0
				      ? number_percent(b, sizeof(b), (uint64_t)r->cpu_ns,
						       (uint64_t)l->duration_ns)
				      : "?");
		table_cell(t, view_ns(b, sizeof(b), figures_cpu(n)));
		cost(t, n, true);
		table_cell(t, view_bytes(b, sizeof(b), r->rss_bytes));
		break;
	case LIVE_LIST_COUNT:
		break;
	}
}

struct table *live_table(const struct live *l, enum live_list list, size_t first, size_t count)
{
	struct table *t = list == LIVE_TRANSPORTS ? table_new(COLUMNS(transport_columns))
			  : list == LIVE_STREAMS  ? table_new(COLUMNS(stream_columns))
			  : list == LIVE_CHANNELS ? table_new(COLUMNS(channel_columns))
						  : table_new(COLUMNS(process_columns));
	size_t i;

	for (i = first; t && i < l->lists[list].n && i - first < count; i++)
		add_row(t, l, list, TABLE_PLAIN, &l->lists[list].rows[i]);
	return t;
}

void live_sum_row(struct table *t, enum live_list list, enum table_style style, const char *name,
		  const struct figures *n)
{
	char copy[NAME_SIZE];
	struct live_row r = { .name = copy, .n = *n, .log_bytes = FACT_UNKNOWN };

	snprintf(copy, sizeof(copy), "%s", name);
	add_row(t, NULL, list, style, &r);
}

char *live_summary(char *buf, size_t size, const struct live *l)
{
	char calls[NUMBER_SIZE], bytes[NUMBER_SIZE], cpu[NUMBER_SIZE], share[NUMBER_SIZE] = "?";
	int64_t ns = figures_cpu(&l->total);

	if (ns != FACT_UNKNOWN && l->duration_ns > 0)
		number_percent(share, sizeof(share), l->total.cpu_ns, (uint64_t)l->duration_ns);
	snprintf(buf, size, "%s calls, %s, CPU %s (%s of a CPU)",
		 view_count(calls, sizeof(calls), number_signed(l->total.calls)),
		 view_bytes(bytes, sizeof(bytes), number_signed(l->total.bytes + l->total.moved_bytes)),
		 view_ns(cpu, sizeof(cpu), ns), share);
	return buf;
}
