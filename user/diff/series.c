// SPDX-License-Identifier: GPL-2.0-only
/* Windows of a trace, beside the model. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff/series.h"
#include "model/hash.h"

struct end_key {
	uint32_t channel, process, direction;
};

struct end_number {
	struct end_key key;
	uint32_t number;
	UT_hash_handle hh;
};

struct inside {
	struct fact_sink next;
	struct end_number *numbers;
	size_t room_windows, room_ends, room_cells, room_uses;
};

/* Room for one more member. NULL when out of memory. */
static void *grow(void *list, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *grown;

	if (n < *room)
		return list;
	grown = reallocarray(list, more, size);
	if (grown)
		*room = more;
	return grown;
}

#define GROW(s, list)                                                                                 \
	({                                                                                            \
		struct inside *in_ = (s)->priv;                                                       \
		void *grown_ = grow((s)->list, (s)->n_##list, &in_->room_##list, sizeof(*(s)->list)); \
		if (grown_)                                                                           \
			(s)->list = grown_;                                                           \
		grown_ ? &(s)->list[(s)->n_##list++] : NULL;                                          \
	})

#define NEXT(ctx, kind, f)                                                 \
	({                                                                 \
		const struct inside *in_ = ((struct series *)(ctx))->priv; \
		in_->next.kind ? in_->next.kind(in_->next.ctx, f) : 0;     \
	})

#define HAND_ON(kind)                                                  \
	static int feed_##kind(void *ctx, const struct fact_##kind *f) \
	{                                                              \
		return NEXT(ctx, kind, f);                             \
	}

HAND_ON(host)
HAND_ON(trace)
HAND_ON(runtime)
HAND_ON(process)
HAND_ON(channel)
HAND_ON(holder)
HAND_ON(container)
HAND_ON(link)
HAND_ON(loss)
HAND_ON(finish)

/* Uses come before the window in which they are told. */
static int feed_usage(void *ctx, const struct fact_usage *f)
{
	struct series *s = ctx;
	struct series_use *use;
	int err = NEXT(ctx, usage, f);

	if (err)
		return err;
	use = GROW(s, uses);
	if (!use)
		return -ENOMEM;
	*use = (struct series_use){ f->process, f->final, f->cpu_ns, f->pss_bytes };
	return 0;
}

static int feed_window(void *ctx, const struct fact_window *f)
{
	struct series *s = ctx;
	struct series_window *w;
	int err = NEXT(ctx, window, f);

	if (err)
		return err;
	w = GROW(s, windows);
	if (!w)
		return -ENOMEM;
	*w = (struct series_window){ f->duration_ns, s->n_cells, s->n_uses };
	return 0;
}

/* Returns 0 or -ENOMEM. */
static int number_of_end(struct series *s, const struct fact_end *f, uint32_t *ret)
{
	const struct end_key key = { f->channel, f->process, (uint32_t)f->direction };
	struct inside *in = s->priv;
	struct end_number *found;
	struct series_end *end;

	HASH_FIND(hh, in->numbers, &key, sizeof(key), found);
	if (found) {
		*ret = found->number;
		return 0;
	}
	found = calloc(1, sizeof(*found));
	end = found ? GROW(s, ends) : NULL;
	if (!end) {
		free(found);
		return -ENOMEM;
	}
	*end = (struct series_end){ f->channel, f->process, f->direction };
	found->key = key;
	*ret = found->number = (uint32_t)(s->n_ends - 1);
	HASH_ADD(hh, in->numbers, key, sizeof(key), found);
	if (!HASH_ADDED(found)) {
		free(found);
		return -ENOMEM;
	}
	return 0;
}

static int feed_end(void *ctx, const struct fact_end *f)
{
	struct series *s = ctx;
	const struct counters *n = f->counters;
	struct series_cell *cell;
	uint32_t number;
	int err = NEXT(ctx, end, f);

	if (err || !s->n_windows)
		return err;
	err = number_of_end(s, f, &number);
	if (err)
		return err;
	cell = GROW(s, cells);
	if (!cell)
		return -ENOMEM;
	*cell = (struct series_cell){ number,
				      n->calls,
				      n->eagain,
				      n->eagain + n->errors,
				      n->untimed,
				      n->bytes,
				      n->bytes + n->moved_bytes,
				      n->cpu_ns };
	s->windows[s->n_windows - 1].cells = s->n_cells;
	return 0;
}

struct series *series_new(struct model *m)
{
	struct series *s = calloc(1, sizeof(*s));
	struct inside *in = calloc(1, sizeof(*in));

	if (!s || !in) {
		free(s);
		free(in);
		return NULL;
	}
	in->next = model_sink(m);
	s->priv = in;
	return s;
}

void series_free(struct series *s)
{
	struct end_number *n, *next;
	struct inside *in;

	if (!s)
		return;
	in = s->priv;
	n = in->numbers;
	HASH_CLEAR(hh, in->numbers);
	for (; n; n = next) {
		next = n->hh.next;
		free(n);
	}
	free(in);
	free(s->windows);
	free(s->ends);
	free(s->cells);
	free(s->uses);
	free(s);
}

struct fact_sink series_sink(struct series *s)
{
	return (struct fact_sink){
		.ctx = s,
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
