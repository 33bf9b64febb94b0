// SPDX-License-Identifier: GPL-2.0-only
/* The end of a window: what its ends did goes to the sinks, and the tables are tidied. */
#include <string.h>
#include <time.h>

#include "trace/state.h"

static int64_t or_unknown(int64_t v)
{
	return v < 0 ? FACT_UNKNOWN : v;
}

void loss_emit(struct session *s)
{
	struct tracer_loss l;
	struct fact_loss fact;

	tracer_loss_read(s->tracer, &l);
	fact.ring_dropped = (int64_t)l.stats.fold_full;
	fact.folded = (int64_t)l.stats.folded;
	fact.map_full = (int64_t)(l.stats.channel_full + l.stats.target_full);
	fact.hook_missed = or_unknown(l.recursion_misses);
	if (fact.hook_missed != FACT_UNKNOWN && l.kprobe_misses < 0)
		fact.hook_missed = FACT_UNKNOWN;
	if (fact.hook_missed != FACT_UNKNOWN)
		fact.hook_missed += l.kprobe_misses + (int64_t)(l.stats.missed_end + l.stats.state_full);
	fact.unseen = (int64_t)l.stats.unseen_iouring;
	fact.untimed = (int64_t)l.stats.missed_begin;
	SESSION_EMIT(s, loss, &fact);
}

static void links_flush(struct session *s)
{
	struct trace_link *l, *next;

	HASH_ITER (hh, s->links, l, next) {
		struct fact_link fact = { l->key.from, l->key.to, l->key.process, l->votes };

		if (l->votes)
			SESSION_EMIT(s, link, &fact);
		l->votes = 0;
	}
}

/* Links are kept as long as an end refers to them; with the ends of idle channels they go in bulk. */
static void links_evict(struct session *s)
{
	struct trace_link *l, *next;
	struct trace_end *e, *next_end;

	if (HASH_COUNT(s->links) < 1024)
		return;
	HASH_ITER (hh, s->ends, e, next_end)
		e->link = NULL;
	HASH_ITER (hh, s->links, l, next) {
		HASH_DELETE(hh, s->links, l);
		free(l);
	}
}

void window_close(struct session *s, int64_t end_ns)
{
	struct fact_window window = {
		.index = s->windows,
		.start_ns = s->window_start_ns,
		.duration_ns = end_ns - s->window_start_ns,
	};
	struct trace_end *e;

	SESSION_EMIT(s, window, &window);
	while ((e = s->dirty)) {
		struct fact_end fact = {
			.channel = e->channel->id,
			.process = e->process->id,
			.direction = (enum direction)e->key.direction,
			.counters = &e->n,
		};

		SESSION_EMIT(s, end, &fact);
		s->dirty = e->next_dirty;
		e->dirty = false;
		memset(&e->n, 0, sizeof(e->n));
	}
	links_flush(s);
	s->windows++;
	s->window_start_ns = end_ns;
	links_evict(s);
}
