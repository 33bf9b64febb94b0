// SPDX-License-Identifier: GPL-2.0-only
/*
 * Forgetting what a long trace has no more use for. The numbers stay: those of a forgotten channel go to
 * its row of transports and to its processes, as do those that are still told of it later.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/counters.h"
#include "model/tables.h"

struct grave *grave_find(struct state *st, uint32_t object)
{
	uint32_t number = object / GRAVES_PER_PAGE;
	struct grave_page *page;
	struct grave *g;

	HASH_FIND(hh, st->graves, &number, sizeof(number), page);
	if (!page)
		return NULL;
	g = &page->graves[object % GRAVES_PER_PAGE];
	return g->transport != TRANSPORT_NONE ? g : NULL;
}

/* An object's grave, still empty; NULL when out of memory. */
static struct grave *grave_dig(struct state *st, uint32_t object)
{
	uint32_t number = object / GRAVES_PER_PAGE;
	struct grave_page *page;

	HASH_FIND(hh, st->graves, &number, sizeof(number), page);
	if (page)
		return &page->graves[object % GRAVES_PER_PAGE];
	page = calloc(1, sizeof(*page));
	if (!page)
		return NULL;
	page->number = number;
	HASH_ADD(hh, st->graves, number, sizeof(page->number), page);
	if (!HASH_ADDED(page)) {
		free(page);
		return NULL;
	}
	return &page->graves[object % GRAVES_PER_PAGE];
}

void grave_count(struct model *m, struct grave *g, struct process *p, const struct counters *n)
{
	struct evicted_row *row = &state_of(m)->evicted[g->transport][g->protocol];

	counters_add(&row->total, n);
	counters_add(&row->window, n);
	p->evicted_cpu_ns += n->cpu_ns;
	p->evicted_window_cpu_ns += n->cpu_ns;
	if (!n->calls)
		return;
	row->channels += !g->counted;
	row->window_channels += g->window != (uint32_t)m->trace.windows;
	g->counted = true;
	g->window = (uint32_t)m->trace.windows;
}

void graves_free(struct state *st)
{
	struct grave_page *page = st->graves, *next;

	HASH_CLEAR(hh, st->graves);
	for (; page; page = next) {
		next = page->hh.next;
		free(page);
	}
}

/*
 * Is this still so? A process that ended holds nothing, and one whose open files were told again since
 * does not hold what was not among them.
 */
static bool is_current(const struct holder *h, int64_t before_ns)
{
	if (h->process->pub.ended)
		return false;
	return h->ns >= before_ns || h->ns == h->process->held_ns;
}

/* The numbers of an end go to its row and its process. */
static void tally_bury(struct state *st, struct tally *t)
{
	const struct channel *ch = t->object->channel;
	struct evicted_row *row = &st->evicted[ch->pub.transport][ch->pub.protocol];

	counters_add(&row->total, &t->total);
	t->process->evicted_cpu_ns += t->total.cpu_ns;
	if (t->window) {
		counters_add(&row->window, &t->window->n);
		t->process->evicted_window_cpu_ns += t->window->n.cpu_ns;
		t->window->tally = NULL;
	}
	tables_remove_tally(st, t);
}

static void channel_bury(struct model *m, struct channel *ch)
{
	struct state *st = state_of(m);
	struct evicted_row *row = &st->evicted[ch->pub.transport][ch->pub.protocol];
	bool used = false, used_now = false;
	size_t i;

	for (i = 0; i < ch->n_tallies; i++) {
		used = used || ch->tallies[i]->total.calls;
		used_now = used_now || (ch->tallies[i]->window && ch->tallies[i]->window->n.calls);
	}
	row->channels += used;
	row->window_channels += used_now;
	for (i = 0; i < ch->n_tallies; i++)
		tally_bury(st, ch->tallies[i]);
	ch->n_tallies = 0;
	for (struct object *o = ch->objects, *next; o; o = next) {
		next = o->next_of_channel;
		*o->grave = (struct grave){
			.transport = (uint8_t)ch->pub.transport,
			.protocol = (uint8_t)ch->pub.protocol,
			.counted = used,
			.window = used_now ? (uint32_t)m->trace.windows : 0,
		};
		tables_remove_object(st, o);
	}
}

static void links_remove(struct state *st)
{
	struct link *l, *next;

	for (l = st->links; l; l = next) {
		next = l->hh.next;
		if (!l->from->channel->forgotten && !l->to->channel->forgotten)
			continue;
		tables_remove_link(st, l);
	}
}

static void holders_remove(struct state *st, int64_t before_ns)
{
	struct holder *h, *next;

	for (h = st->holders; h; h = next) {
		next = h->hh.next;
		if (!h->object->channel->forgotten && is_current(h, before_ns))
			continue;
		tables_remove_holder(st, h);
	}
}

/* Processes that ended and did nothing that is still shown. Returns their number. */
static size_t processes_remove(struct state *st, int64_t before_ns)
{
	struct process *p, *next;
	size_t n = 0;

	for (p = st->processes; p; p = next) {
		next = p->hh.next;
		if (!p->pub.ended || p->ended_ns >= before_ns || p->references)
			continue;
		tables_remove_process(st, p);
		n++;
	}
	return n;
}

/*
 * Containers of which nothing is left: no channel, and their shim is gone. (Where the shim was never told
 * of they stay: nobody says that they are gone.) Returns their number.
 */
static size_t containers_remove(struct state *st, int64_t before_ns)
{
	struct index living = { 0 }, ended = { 0 };
	struct container *c, *next;
	struct process *p;
	size_t n = 0;
	int err = 0;

	for (p = st->processes; p && !err; p = p->hh.next) {
		struct index *ix = p->pub.ended ? &ended : &living;

		if (!index_find(ix, &p->pub.pid, sizeof(p->pub.pid)))
			err = index_add(ix, &st->arena, &p->pub.pid, sizeof(p->pub.pid), p);
	}
	for (c = st->containers; c && !err; c = next) {
		bool lives = index_find(&living, &c->pub.shim_pid, sizeof(c->pub.shim_pid));

		next = c->hh.next;
		c->shim_seen = c->shim_seen || lives ||
			       index_find(&ended, &c->pub.shim_pid, sizeof(c->pub.shim_pid));
		if (lives || !c->shim_seen || c->same_id || c->channels || c->seen_ns >= before_ns)
			continue;
		tables_remove_container(st, c);
		n++;
	}
	index_clear(&living);
	index_clear(&ended);
	return n;
}

/* Mark the channels that can go. Returns their number. */
static size_t choose(struct state *st, int64_t before_ns)
{
	struct object *o;
	struct holder *h;
	size_t i, n = 0;

	for (i = 0; i < st->n_channels; i++)
		st->channels[i]->forgotten = true;
	for (h = st->holders; h; h = h->hh.next) {
		if (is_current(h, before_ns))
			h->object->channel->forgotten = false;
	}
	for (o = st->objects; o; o = o->hh.next) {
		if (o->seen_ns >= before_ns)
			o->channel->forgotten = false;
	}
	for (o = st->objects; o; o = o->hh.next) {
		if (!o->channel->forgotten)
			continue;
		/* What cannot be buried stays. */
		o->grave = grave_dig(st, o->id);
		if (!o->grave)
			o->channel->forgotten = false;
	}
	for (i = 0; i < st->n_channels; i++)
		n += st->channels[i]->forgotten;
	return n;
}

/*
 * A process whose pid another one has by now has ended, though nobody said so: writers come and go
 * without a last word.
 */
static void end_superseded(struct state *st)
{
	struct index pids = { 0 };
	struct process *p, *next;

	for (p = st->processes; p; p = next) {
		struct process **latest;

		next = p->hh.next;
		if (p->pub.pid == FACT_UNKNOWN)
			continue;
		latest = index_find(&pids, &p->pub.pid, sizeof(p->pub.pid));
		if (!latest) {
			latest = arena_alloc(&st->arena, 1, sizeof(struct process *));
			/* Out of memory they stay a little longer. */
			if (!latest || index_add(&pids, &st->arena, &p->pub.pid, sizeof(p->pub.pid), latest))
				break;
		} else if (!(*latest)->pub.ended) {
			(*latest)->pub.ended = true;
			(*latest)->ended_ns = st->now_ns;
		}
		*latest = p;
	}
	index_clear(&pids);
}

size_t model_evict(struct model *m, int64_t before_ns)
{
	struct state *st = state_of(m);
	size_t i, n, others;

	if (st->changed && model_resolve(m, st->scope))
		return 0;
	end_superseded(st);
	n = choose(st, before_ns);
	links_remove(st);
	holders_remove(st, before_ns);
	for (i = 0; i < st->n_channels; i++) {
		if (st->channels[i]->forgotten)
			channel_bury(m, st->channels[i]);
	}
	others = containers_remove(st, before_ns);
	others += processes_remove(st, before_ns);
	/* Out of memory it is left empty, as a failed resolve leaves it. */
	if (n || others)
		model_resolve(m, st->scope);
	return n;
}
