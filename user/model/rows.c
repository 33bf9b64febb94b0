// SPDX-License-Identifier: GPL-2.0-only
/* The model's lists: channels, transports side by side, processes, runtimes; and what the trace came to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/counters.h"
#include "model/state.h"

static int list_channels(struct resolve *r)
{
	size_t i;

	r->m->channels = arena_alloc(r->arena, r->n_channels, sizeof(struct model_channel *));
	if (!r->m->channels)
		return -ENOMEM;
	for (i = 0; i < r->n_channels; i++)
		r->m->channels[i] = &r->channels[i]->pub;
	r->m->n_channels = r->n_channels;
	return 0;
}

static int list_runtimes(struct resolve *r)
{
	struct runtime *rt;

	r->m->runtimes = arena_alloc(r->arena, HASH_COUNT(r->st->runtimes), sizeof(struct model_runtime *));
	if (!r->m->runtimes)
		return -ENOMEM;
	for (rt = r->st->runtimes; rt; rt = rt->hh.next)
		r->m->runtimes[r->m->n_runtimes++] = &rt->pub;
	return 0;
}

/* All channels of one transport and protocol. */
struct row {
	struct model_transport pub;
	bool used; /* since the trace began, whatever the scope */
};

static void add_channel(struct row *row, const struct channel *ch)
{
	bool used = false;
	size_t i;

	for (i = 0; i < ch->n_tallies; i++)
		row->used = row->used || ch->tallies[i]->total.calls;
	for (i = 0; i < ch->pub.n_ends; i++) {
		counters_add(&row->pub.n, &ch->pub.ends[i]->n);
		used = used || ch->pub.ends[i]->n.calls;
	}
	row->pub.channels += used;
}

static void add_evicted(struct row *row, const struct evicted_row *e, enum model_scope scope)
{
	row->used = row->used || e->channels;
	row->pub.channels += scope == MODEL_TOTAL ? e->channels : e->window_channels;
	counters_add(&row->pub.n, scope == MODEL_TOTAL ? &e->total : &e->window);
}

static int by_cpu(const void *a, const void *b)
{
	const struct model_transport *ta = a, *tb = b;

	if (ta->n.cpu_ns != tb->n.cpu_ns)
		return ta->n.cpu_ns > tb->n.cpu_ns ? -1 : 1;
	if (ta->transport != tb->transport)
		return ta->transport < tb->transport ? -1 : 1;
	return ta->protocol < tb->protocol ? -1 : ta->protocol > tb->protocol;
}

/* Rows that had a call once stay, so that a live view does not flicker. */
static int list_transports(struct resolve *r)
{
	struct row(*rows)[PROTOCOL_COUNT] = arena_alloc(r->arena, TRANSPORT_COUNT, sizeof(*rows));
	size_t i, t, p;

	r->m->transports =
		arena_alloc(r->arena, (size_t)TRANSPORT_COUNT * PROTOCOL_COUNT, sizeof(*r->m->transports));
	if (!rows || !r->m->transports)
		return -ENOMEM;
	for (i = 0; i < r->n_channels; i++)
		add_channel(&rows[r->channels[i]->pub.transport][r->channels[i]->pub.protocol],
			    r->channels[i]);
	for (t = 0; t < TRANSPORT_COUNT; t++) {
		for (p = 0; p < PROTOCOL_COUNT; p++) {
			struct row *row = &rows[t][p];

			add_evicted(row, &r->st->evicted[t][p], r->scope);
			if (!row->used)
				continue;
			row->pub.transport = (enum transport)t;
			row->pub.protocol = (enum protocol)p;
			r->m->transports[r->m->n_transports++] = row->pub;
		}
	}
	qsort(r->m->transports, r->m->n_transports, sizeof(*r->m->transports), by_cpu);
	return 0;
}

static const struct usage_sample zero_sample;

/* Did it start after this moment? (Its start is told in CLOCK_BOOTTIME, the same but for suspended time.) */
static bool started_since(const struct process *p, int64_t ns)
{
	return p->pub.start_ns != FACT_UNKNOWN && ns != FACT_UNKNOWN && p->pub.start_ns >= ns;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* The samples at the ends of the whole trace. false: the difference is not known. */
static bool total_samples(const struct resolve *r, const struct process *p, const struct usage_sample **from,
			  const struct usage_sample **to)
{
	if (!p->n_recent)
		return false;
	*to = &p->recent[p->n_recent - 1];
	*from = started_since(p, r->m->trace.start_ns) ? &zero_sample : &p->first;
	return *from == &zero_sample || (*to)->ns > (*from)->ns;
}

/*
 * The samples at the ends of the last window: those nearest, if they are no further off than half its
 * length. A process that ended before it used nothing in it.
 */
static bool window_samples(const struct resolve *r, const struct process *p, const struct usage_sample **from,
			   const struct usage_sample **to)
{
	int64_t start = r->st->window.start_ns, length = r->st->window.duration_ns, end = start + length;
	size_t i;

	if (!r->m->trace.windows || !p->n_recent)
		return false;
	*to = &p->recent[p->n_recent - 1];
	if (p->pub.ended && p->ended_ns <= start) {
		*from = *to;
		return true;
	}
	if (!p->pub.ended && distance((*to)->ns, end) > length / 2)
		return false;
	if (started_since(p, start)) {
		*from = &zero_sample;
		return true;
	}
	*from = NULL;
	for (i = 0; i + 1 < p->n_recent; i++) {
		if (!*from || distance(p->recent[i].ns, start) < distance((*from)->ns, start))
			*from = &p->recent[i];
	}
	return *from && distance((*from)->ns, start) <= length / 2;
}

static void fill_usage(const struct resolve *r, struct process *p)
{
	const struct usage_sample *from, *to;
	bool known =
		r->scope == MODEL_TOTAL ? total_samples(r, p, &from, &to) : window_samples(r, p, &from, &to);

	p->pub.cpu_ns = known ? number_since(to->cpu_ns, from->cpu_ns) : FACT_UNKNOWN;
	p->pub.user_ns = known ? number_since(to->user_ns, from->user_ns) : FACT_UNKNOWN;
	p->pub.system_ns = known ? number_since(to->system_ns, from->system_ns) : FACT_UNKNOWN;
}

static int list_processes(struct resolve *r)
{
	struct process *p;
	struct tally *t;

	r->m->processes = arena_alloc(r->arena, HASH_COUNT(r->st->processes), sizeof(struct model_process *));
	if (!r->m->processes)
		return -ENOMEM;
	for (p = r->st->processes; p; p = p->hh.next) {
		r->m->processes[r->m->n_processes++] = &p->pub;
		p->pub.traced_cpu_ns = r->scope == MODEL_TOTAL ? p->evicted_cpu_ns : p->evicted_window_cpu_ns;
		fill_usage(r, p);
	}
	for (t = r->st->tallies; t; t = t->hh.next) {
		const struct counters *n = tally_counters(t, r->scope);

		if (n)
			t->process->pub.traced_cpu_ns += n->cpu_ns;
	}
	return 0;
}

/* The whole trace ends with its end mark, or where the last window did. */
static void fill_scope(struct resolve *r)
{
	struct model *m = r->m;
	const struct state *st = r->st;
	int64_t last = m->trace.windows ? st->now_ns : FACT_UNKNOWN;

	m->trace.now_ns = st->now_ns;
	if (r->scope == MODEL_TOTAL) {
		if (st->end_ns != FACT_UNKNOWN && (last == FACT_UNKNOWN || st->end_ns > last))
			last = st->end_ns;
		m->trace.duration_ns = number_since(last, m->trace.start_ns);
		m->trace.scope_realtime_ns = m->trace.start_realtime_ns;
	} else {
		int64_t start = m->trace.windows ? st->window.start_ns : m->trace.start_ns;

		m->trace.duration_ns = m->trace.windows ? st->window.duration_ns : FACT_UNKNOWN;
		m->trace.scope_realtime_ns =
			number_sum(m->trace.start_realtime_ns, number_since(start, m->trace.start_ns));
	}
}

static bool is_exact(const struct model *m, enum model_scope scope)
{
	/*
	 * Folded operations are counted, and untimed ones are; anything else is a gap. A window that ended is
	 * whole although the trace goes on.
	 */
	return (m->trace.complete || scope == MODEL_WINDOW) && m->loss.ring_dropped == 0 &&
	       m->loss.map_full == 0 && m->loss.hook_missed == 0 && m->loss.unseen == 0;
}

int rows_resolve(struct resolve *r)
{
	int err;

	err = list_channels(r);
	err = err ? err : list_runtimes(r);
	err = err ? err : list_transports(r);
	err = err ? err : list_processes(r);
	fill_scope(r);
	r->m->exact = is_exact(r->m, r->scope);
	return err;
}
