// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model's sink, and the facts about channels. Facts are only copied here: a resolve finds out what
 * they mean.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/path_parse.h"
#include "model/tables.h"

static bool differ(uint64_t a, uint64_t b)
{
	return a && b && a != b;
}

static int set_object_path(struct object *o, const struct fact_channel *f)
{
	size_t len = f->path ? path_len_named(f->path) : 0;
	char *path;

	if (!len || (o->path && f->path_truncated && !o->path_truncated))
		return 0;
	path = strndup(f->path, len);
	if (!path)
		return -ENOMEM;
	free(o->path);
	o->path = path;
	o->path_truncated = f->path_truncated;
	return 0;
}

static int feed_channel(void *ctx, const struct fact_channel *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);
	struct object *o;

	if (!f->id || f->transport == TRANSPORT_NONE || (unsigned int)f->transport >= TRANSPORT_COUNT)
		return -EINVAL;
	st->changed = true;
	o = tables_find_object(st, f->id);
	if (o && (o->transport != f->transport || differ(o->ino, f->ino) || differ(o->dev, f->dev) ||
		  differ(o->gen, f->gen)))
		return -EINVAL;
	if (!o)
		o = tables_add_object(st, f->id);
	if (!o)
		return -ENOMEM;
	o->transport = f->transport;
	o->dev = f->dev ? f->dev : o->dev;
	o->ino = f->ino ? f->ino : o->ino;
	o->gen = f->gen ? f->gen : o->gen;
	o->mode = f->mode ? f->mode : o->mode;
	o->peer_ino = f->peer_ino ? f->peer_ino : o->peer_ino;
	o->seen_ns = st->now_ns;
	return set_object_path(o, f);
}

static int feed_holder(void *ctx, const struct fact_holder *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);
	struct object *o = tables_find_object(st, f->channel);
	struct process *p = tables_find_process(st, f->process);
	struct holder *h;

	if (!p || f->fd < 0 || (!o && !grave_find(st, f->channel)))
		return -EINVAL;
	if (!o)
		return 0;
	st->changed = true;
	h = tables_holder(st, p, f->fd);
	if (!h)
		return -ENOMEM;
	h->object = o;
	h->f_flags = f->f_flags;
	h->pipe_bytes = quantity_of(f->pipe_bytes);
	h->pipe_size = quantity_of(f->pipe_size);
	h->ns = p->held_ns = st->now_ns;
	return 0;
}

static int feed_link(void *ctx, const struct fact_link *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);
	struct object *from = tables_find_object(st, f->from), *to = tables_find_object(st, f->to);
	struct process *p = tables_find_process(st, f->process);
	struct link *l;

	if (!p || (!from && !grave_find(st, f->from)) || (!to && !grave_find(st, f->to)))
		return -EINVAL;
	if (!from || !to)
		return 0;
	st->changed = true;
	l = tables_link(st, from, to, p);
	if (!l)
		return -ENOMEM;
	l->votes += f->votes;
	return 0;
}

static int feed_window(void *ctx, const struct fact_window *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);
	size_t t, p;

	if (f->start_ns < 0 || f->duration_ns < 0 || f->start_ns > INT64_MAX - f->duration_ns)
		return -EINVAL;
	st->changed = true;
	while (st->active) {
		struct window_counters *w = st->active;

		st->active = w->next;
		if (w->tally)
			w->tally->window = NULL;
		w->next = st->spare;
		st->spare = w;
	}
	for (t = 0; t < TRANSPORT_COUNT; t++) {
		for (p = 0; p < PROTOCOL_COUNT; p++) {
			memset(&st->evicted[t][p].window, 0, sizeof(st->evicted[t][p].window));
			st->evicted[t][p].window_channels = 0;
		}
	}
	for (struct process *pr = st->processes; pr; pr = pr->hh.next)
		pr->evicted_window_cpu_ns = 0;
	st->window = *f;
	m->trace.windows++;
	st->now_ns = f->start_ns + f->duration_ns;
	return 0;
}

static int activate(struct state *st, struct tally *t)
{
	struct window_counters *w = st->spare;

	if (w)
		st->spare = w->next;
	else
		w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	memset(&w->n, 0, sizeof(w->n));
	w->tally = t;
	w->next = st->active;
	st->active = w;
	t->window = w;
	return 0;
}

static int feed_end(void *ctx, const struct fact_end *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);
	struct object *o = tables_find_object(st, f->channel);
	struct process *p = tables_find_process(st, f->process);
	struct tally *t;

	if (!p || !f->counters || (f->direction != DIRECTION_READ && f->direction != DIRECTION_WRITE))
		return -EINVAL;
	st->changed = true;
	if (!o) {
		struct grave *g = grave_find(st, f->channel);

		if (!g)
			return -EINVAL;
		grave_count(m, g, p, f->counters);
		return 0;
	}
	t = tables_tally(st, o, p, f->direction);
	if (!t || (!t->window && activate(st, t)))
		return -ENOMEM;
	counters_add(&t->total, f->counters);
	counters_add(&t->window->n, f->counters);
	o->seen_ns = st->now_ns;
	return 0;
}

struct fact_sink model_sink(struct model *m)
{
	return (struct fact_sink){
		.ctx = m,
		.host = feed_host,
		.trace = feed_trace,
		.runtime = feed_runtime,
		.process = feed_process,
		.usage = feed_usage,
		.channel = feed_channel,
		.holder = feed_holder,
		.container = feed_container,
		.link = feed_link,
		.window = feed_window,
		.end = feed_end,
		.loss = feed_loss,
		.finish = feed_finish,
	};
}
