// SPDX-License-Identifier: GPL-2.0-only
/* The text report's channels that are no stream's, by role, and how it all adds up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/names.h"
#include "view/number.h"
#include "view/report.h"
#include "view/table.h"
#include "view/text.h"
#include "view/ways.h"

/* Channels of one role, transport and protocol. */
struct group {
	enum channel_role role;
	enum transport transport;
	enum protocol protocol;
	struct figures n;
	unsigned int from, to; /* bit sets of enum process_role that write and read */
};

static struct group *group_of(struct group *groups, size_t *n, const struct model_channel *ch)
{
	size_t i;

	for (i = 0; i < *n; i++) {
		if (groups[i].role == ch->role && groups[i].transport == ch->transport &&
		    groups[i].protocol == ch->protocol)
			return &groups[i];
	}
	groups[*n] = (struct group){ .role = ch->role, .transport = ch->transport, .protocol = ch->protocol };
	return &groups[(*n)++];
}

/* What a channel has beyond what the ways counted of it. */
static void group_add(struct group *g, const struct model_channel *ch, const struct ways *w,
		      struct figures *sum)
{
	struct figures counted = ways_counted(w, ch), all = { 0 }, rest;
	size_t i;

	for (i = 0; i < ch->n_ends; i++)
		figures_add(&all, &ch->ends[i]->n);
	rest = figures_without(&all, &counted);
	if (!rest.calls)
		return;
	for (i = 0; i < ch->n_ends; i++) {
		const struct model_end *e = ch->ends[i];

		if (e->n.calls && e->process)
			*(e->direction == DIRECTION_WRITE ? &g->from : &g->to) |= 1U << e->process->role;
	}
	/* A channel is counted once, also when only a part of it is told here. */
	rest.channels = counted.calls ? 0 : 1;
	figures_sum(&g->n, &rest);
	figures_sum(sum, &rest);
}

/* "containerd, shim" */
static char *role_set(char *buf, size_t size, unsigned int roles)
{
	char *at = buf;
	size_t left = size;
	enum process_role r;

	snprintf(buf, size, "?");
	for (r = PROCESS_OTHER; r < PROCESS_ROLE_COUNT; r++) {
		if (!(roles & 1U << r))
			continue;
		snprintf(at, left, "%s%s", at == buf ? "" : ", ", process_role_name(r));
		left -= strlen(at);
		at += strlen(at);
	}
	return buf;
}

/* "containerd ↔ shim": when both sides do both, the sets are the same and one says it. */
static char *who_and_whom(char *buf, size_t size, const struct group *g)
{
	char from[64], to[64];

	role_set(from, sizeof(from), g->from);
	role_set(to, sizeof(to), g->to);
	if (g->transport == TRANSPORT_FILE && !g->to)
		snprintf(buf, size, "%s", from);
	else if (g->from == g->to && g->from)
		snprintf(buf, size, "%s", from);
	else
		snprintf(buf, size, "%s %s %s", from, text_arrow(), to);
	return buf;
}

static const struct table_column other_columns[] = {
	{ .title = "role", .align = TABLE_NAME, .least = 16 },
	{ .title = "transport", .align = TABLE_NAME, .least = 17 },
	{ .title = "between", .align = TABLE_NAME, .least = 22, .drop = 4 },
	{ .title = "channels", .align = TABLE_RIGHT, .drop = 5 },
	{ .title = "calls", .align = TABLE_RIGHT },
	{ .title = "EAGAIN", .align = TABLE_RIGHT, .drop = 3 },
	{ .title = "bytes", .align = TABLE_RIGHT },
	{ .title = "moved", .align = TABLE_RIGHT, .quiet = true },
	{ .title = "CPU", .align = TABLE_RIGHT },
	{ .title = "CPU/call", .align = TABLE_RIGHT, .drop = 6 },
	{ .title = "blocked", .align = TABLE_RIGHT, .drop = 7 },
};

static void other_row(struct table *t, enum table_style style, const char *role, const char *transport,
		      const char *who, const struct figures *n)
{
	char b[NUMBER_SIZE];

	table_row(t, style);
	table_cell(t, role);
	table_cell(t, transport);
	table_cell(t, who);
	table_cell(t, view_count(b, sizeof(b), number_signed(n->channels)));
	table_cell(t, view_count(b, sizeof(b), number_signed(n->calls)));
	table_cell(t, number_percent(b, sizeof(b), n->eagain, n->calls));
	table_cell(t, view_bytes(b, sizeof(b), number_signed(n->bytes)));
	table_cell(t, n->moved_bytes ? view_bytes(b, sizeof(b), number_signed(n->moved_bytes)) : "");
	table_cell(t, view_ns(b, sizeof(b), figures_cpu(n)));
	table_cell(t, number_ns(b, sizeof(b), figures_cpu_per_call(n)));
	table_cell(t, view_ns(b, sizeof(b), figures_blocked(n)));
}

static int group_order(const void *a, const void *b, void *sort)
{
	const struct group *ga = a, *gb = b;
	int order = figures_compare(&ga->n, &gb->n, *(enum view_sort *)sort);

	return order ? order : (int)ga->role - (int)gb->role;
}

int report_others(FILE *out, const struct model *m, const struct ways *w, const struct view_options *o)
{
	struct figures total = report_total(m), others = { 0 }, counted = w->n, gone;
	enum view_sort sort = o->sort;
	char transport[64], who[160];
	struct group *groups;
	size_t n_groups = 0, i;
	struct table *t = NULL;
	int err = -ENOMEM;

	groups = calloc((size_t)ROLE_COUNT * TRANSPORT_COUNT * PROTOCOL_COUNT, sizeof(*groups));
	if (groups)
		t = table_new(other_columns, sizeof(other_columns) / sizeof(other_columns[0]));
	if (!t)
		goto out;
	err = report_heading(out, o, "Other channels, by role", NULL);
	if (err)
		goto out;
	for (i = 0; i < m->n_channels; i++)
		group_add(group_of(groups, &n_groups, m->channels[i]), m->channels[i], w, &others);
	qsort_r(groups, n_groups, sizeof(*groups), group_order, &sort);
	for (i = 0; i < n_groups; i++) {
		if (!groups[i].n.calls)
			continue;
		other_row(t, TABLE_PLAIN, channel_role_name(groups[i].role),
			  report_transport(transport, sizeof(transport), groups[i].transport,
					   groups[i].protocol),
			  who_and_whom(who, sizeof(who), &groups[i]), &groups[i].n);
	}
	/* The way back to the transports' total. */
	other_row(t, TABLE_DIM, "streams, above", "", "", &w->n);
	figures_sum(&counted, &others);
	gone = figures_without(&total, &counted);
	if (gone.calls)
		other_row(t, TABLE_DIM, "closed earlier", "", "", &gone);
	other_row(t, TABLE_STRONG, "total", "", "", &total);
	err = table_print(out, t, o->width, o->colour);
out:
	table_free(t);
	free(groups);
	return err;
}
