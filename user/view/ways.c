// SPDX-License-Identifier: GPL-2.0-only
/* The ways that log bytes go, every channel counted once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/names.h"
#include "view/ways.h"

/* Of an exec's id: containerd's own are 64 hex digits, of which the beginning tells them apart. */
#define MOST_COLUMNS 16

/* How many streams have a channel as a hop, and which container counts it. */
struct ways_use {
	const struct model_channel *channel;
	const struct model_container *container;
	unsigned int streams; /* of that container */
	bool counted;
	struct figures n; /* what was counted of it */
};

static int by_channel(const void *a, const void *b)
{
	const struct ways_use *ua = a, *ub = b;
	uintptr_t ca = (uintptr_t)ua->channel, cb = (uintptr_t)ub->channel;

	return ca < cb ? -1 : ca > cb;
}

static struct ways_use *use_of(const struct ways *w, const struct model_channel *ch)
{
	struct ways_use key = { .channel = ch };

	if (!w->n_uses)
		return NULL;
	return bsearch(&key, w->uses, w->n_uses, sizeof(key), by_channel);
}

struct figures ways_counted(const struct ways *w, const struct model_channel *ch)
{
	const struct ways_use *use = use_of(w, ch);

	return use ? use->n : (struct figures){ 0 };
}

static size_t streams_of(const struct model_container *c)
{
	return c->n_streams + c->n_execs;
}

static const struct model_stream *stream_of(const struct model_container *c, size_t i)
{
	return i < c->n_streams ? &c->streams[i] : &c->execs[i - c->n_streams];
}

static int collect_uses(struct ways *w, const struct model *m)
{
	size_t total = 0, n = 0, i, s, h;

	for (i = 0; i < m->n_containers; i++) {
		for (s = 0; s < streams_of(m->containers[i]); s++)
			total += stream_of(m->containers[i], s)->n_hops;
	}
	w->uses = calloc(total + 1, sizeof(*w->uses));
	if (!w->uses)
		return -ENOMEM;
	for (i = 0; i < m->n_containers; i++) {
		const struct model_container *c = m->containers[i];

		for (s = 0; s < streams_of(c); s++) {
			const struct model_stream *st = stream_of(c, s);

			for (h = 0; h < st->n_hops; h++)
				w->uses[n++] = (struct ways_use){ .channel = st->hops[h].channel,
								  .container = c,
								  .streams = 1 };
		}
	}
	qsort(w->uses, n, sizeof(*w->uses), by_channel);
	for (i = 0; i < n; i++) {
		struct ways_use *last = w->n_uses ? &w->uses[w->n_uses - 1] : NULL;

		if (!last || last->channel != w->uses[i].channel)
			w->uses[w->n_uses++] = w->uses[i];
		else if (last->container == w->uses[i].container)
			last->streams++;
	}
	return 0;
}

static void count_hop(struct way_hop *wh, struct ways_use *use, const struct model_container *c)
{
	const struct model_hop *hop = wh->hop;

	wh->elsewhere = use->container != c || use->counted;
	if (wh->elsewhere)
		return;
	use->counted = true;
	if (hop->in)
		figures_add(&wh->n, &hop->in->n);
	if (hop->out)
		figures_add(&wh->n, &hop->out->n);
	wh->n.channels = wh->n.calls ? 1 : 0;
	use->n = wh->n;
}

#define SHARED ((size_t)-1)

/* The hops that stream i does not share; with SHARED, those that the container's streams share. */
static int fill_way(const struct ways *w, struct way *way, const struct model_container *c, size_t i)
{
	size_t first = i == SHARED ? 0 : i, last = i == SHARED ? streams_of(c) : i + 1, room = 0, s, h;

	way->container = c;
	way->stream = i == SHARED ? NULL : stream_of(c, i);
	for (s = first; s < last; s++)
		room += stream_of(c, s)->n_hops;
	way->hops = calloc(room + 1, sizeof(*way->hops));
	if (!way->hops)
		return -ENOMEM;
	for (s = first; s < last; s++) {
		const struct model_stream *from = stream_of(c, s);

		for (h = 0; h < from->n_hops; h++) {
			struct ways_use *use = use_of(w, from->hops[h].channel);
			bool shared = use->container == c && use->streams > 1;
			struct way_hop *wh = &way->hops[way->n_hops];

			if (shared != (i == SHARED) || (shared && use->counted))
				continue;
			wh->hop = &from->hops[h];
			count_hop(wh, use, c);
			figures_sum(&way->n, &wh->n);
			way->n_hops++;
		}
	}
	return 0;
}

static int descending(uint64_t a, uint64_t b)
{
	return a > b ? -1 : a < b;
}

int figures_compare(const struct figures *a, const struct figures *b, enum view_sort sort)
{
	int order = 0;

	switch (sort) {
	case VIEW_SORT_CPU:
		order = descending(a->cpu_ns, b->cpu_ns);
		break;
	case VIEW_SORT_BYTES:
		order = descending(a->bytes + a->moved_bytes, b->bytes + b->moved_bytes);
		break;
	case VIEW_SORT_CALLS:
		order = descending(a->calls, b->calls);
		break;
	case VIEW_SORT_EAGAIN:
		order = descending(a->eagain, b->eagain);
		break;
	case VIEW_SORT_NAME:
		return 0;
	}
	if (!order)
		order = descending(a->cpu_ns, b->cpu_ns);
	return order ? order : descending(a->calls, b->calls);
}

static int way_order(const void *a, const void *b)
{
	const struct way *wa = a, *wb = b;
	int order = figures_compare(&wa->n, &wb->n, VIEW_SORT_CPU);

	/* Where nothing else decides, as they appeared. */
	return order ? order : wa->stream < wb->stream ? -1 : wa->stream > wb->stream;
}

static int fill_block(const struct ways *w, struct way_block *b, const struct model_container *c)
{
	struct way *execs;
	size_t i;
	int err = 0;

	b->container = c;
	b->ways = calloc(streams_of(c) + 1, sizeof(*b->ways));
	if (!b->ways)
		return -ENOMEM;
	for (i = 0; i < c->n_streams && !err; i++)
		err = fill_way(w, &b->ways[b->n_ways++], c, i);
	if (!err) {
		struct way *shared = &b->ways[b->n_ways];

		err = fill_way(w, shared, c, SHARED);
		if (shared->n_hops) {
			b->n_ways++;
		} else {
			free(shared->hops);
			memset(shared, 0, sizeof(*shared));
		}
	}
	execs = &b->ways[b->n_ways];
	for (; i < streams_of(c) && !err; i++)
		err = fill_way(w, &b->ways[b->n_ways++], c, i);
	qsort(execs, (size_t)(&b->ways[b->n_ways] - execs), sizeof(*execs), way_order);
	for (i = 0; i < b->n_ways; i++)
		figures_sum(&b->n, &b->ways[i].n);
	return err;
}

static int block_order(const void *a, const void *b, void *sort)
{
	const struct way_block *ba = a, *bb = b;
	char na[NAME_SIZE], nb[NAME_SIZE];
	int order = figures_compare(&ba->n, &bb->n, *(enum view_sort *)sort);

	if (order)
		return order;
	return strcmp(name_container(na, sizeof(na), ba->container),
		      name_container(nb, sizeof(nb), bb->container));
}

int ways_collect(struct ways *w, const struct model *m, enum view_sort sort)
{
	size_t i;
	int err;

	*w = (struct ways){ 0 };
	err = collect_uses(w, m);
	if (err)
		goto fail;
	w->blocks = calloc(m->n_containers + 1, sizeof(*w->blocks));
	if (!w->blocks) {
		err = -ENOMEM;
		goto fail;
	}
	for (i = 0; i < m->n_containers; i++) {
		if (!streams_of(m->containers[i]))
			continue;
		err = fill_block(w, &w->blocks[w->n_blocks++], m->containers[i]);
		if (err)
			goto fail;
		figures_sum(&w->n, &w->blocks[w->n_blocks - 1].n);
	}
	qsort_r(w->blocks, w->n_blocks, sizeof(*w->blocks), block_order, &sort);
	return 0;
fail:
	ways_free(w);
	return err;
}

void ways_free(struct ways *w)
{
	size_t b, i;

	for (b = 0; w->blocks && b < w->n_blocks; b++) {
		for (i = 0; i < w->blocks[b].n_ways; i++)
			free(w->blocks[b].ways[i].hops);
		free(w->blocks[b].ways);
	}
	free(w->blocks);
	free(w->uses);
	*w = (struct ways){ 0 };
}

int64_t way_log_bytes(const struct way *way)
{
	if (way->stream)
		return way->stream->log_bytes;
	return way->container->log_bytes;
}

int64_t way_block_log_bytes(const struct way_block *b)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < b->n_ways; i++) {
		int64_t n = b->ways[i].stream ? b->ways[i].stream->log_bytes : 0;

		if (n == FACT_UNKNOWN || n < 0 || __builtin_add_overflow(sum, n, &sum))
			return FACT_UNKNOWN;
	}
	return sum;
}

int64_t ways_log_bytes(const struct ways *w)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < w->n_blocks; i++) {
		int64_t n = way_block_log_bytes(&w->blocks[i]);

		if (n == FACT_UNKNOWN || __builtin_add_overflow(sum, n, &sum))
			return FACT_UNKNOWN;
	}
	return sum;
}

char *way_name(char *buf, size_t size, const struct way *way)
{
	char id[NAME_SIZE], *at = buf;
	size_t i, left = size;

	if (!size)
		return buf;
	buf[0] = '\0';
	if (way->stream && way->stream->exec)
		snprintf(buf, size, "exec %s %s", view_clean(id, sizeof(id), way->stream->exec, MOST_COLUMNS),
			 way->stream->stream ? way->stream->stream : "?");
	else if (way->stream)
		snprintf(buf, size, "%s", way->stream->stream ? way->stream->stream : "?");
	for (i = 0; !way->stream && i < way->container->n_streams; i++) {
		const char *name = way->container->streams[i].stream;

		snprintf(at, left, "%s%s", i ? "+" : "", name ? name : "?");
		left -= strlen(at);
		at += strlen(at);
	}
	return buf;
}
