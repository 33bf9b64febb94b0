// SPDX-License-Identifier: GPL-2.0-only
/*
 * From objects to channels: the two sockets of a UNIX pair become one channel, and so does an object that
 * was announced again under a new id. Their ends and holders are put together.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/counters.h"
#include "model/state.h"

/* Channels of one key that differ in their names: as many are looked through for the one that is meant. */
#define OLDER_MAX 8

struct channel_key {
	uint64_t words[3]; /* inode; device and generation; transport */
};

static bool is_unix(enum transport t)
{
	return t == TRANSPORT_UNIX_STREAM || t == TRANSPORT_UNIX_DGRAM || t == TRANSPORT_UNIX_SEQPACKET;
}

static struct channel_key key_of(enum transport t, uint32_t dev, uint32_t gen, uint64_t ino)
{
	struct channel_key key = { { ino, (uint64_t)dev << 32 | gen, (uint64_t)t } };

	/* Sockets have one file system, and a peer is known by its inode alone. */
	if (is_unix(t))
		key.words[1] = 0;
	return key;
}

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len >= end_len && !strcmp(s + len - end_len, end);
}

/*
 * Can this be the channel that an object of the same key belongs to? An inode number is used again, a
 * name then tells. A pty's two ends have different names, and two different ptys of one key are never.
 */
static bool same_name(const struct channel *ch, const struct object *o)
{
	if (!ch->pub.path || !o->path || o->transport == TRANSPORT_PTY)
		return true;
	if (ch->pub.path_truncated)
		return ends_with(o->path, ch->pub.path) ||
		       (o->path_truncated && ends_with(ch->pub.path, o->path));
	if (o->path_truncated)
		return ends_with(ch->pub.path, o->path);
	return !strcmp(ch->pub.path, o->path);
}

static void take_path(struct channel *ch, const struct object *o)
{
	if (!o->path || (ch->pub.path && !(ch->pub.path_truncated && !o->path_truncated)))
		return;
	ch->pub.path = o->path;
	ch->pub.path_truncated = o->path_truncated;
}

static void add_object(struct channel *ch, struct object *o)
{
	take_path(ch, o);
	if (o->peer_ino)
		ch->peer_ino = o->peer_ino;
	o->channel = ch;
	o->next_of_channel = ch->objects;
	ch->objects = o;
}

static struct channel *new_channel(struct resolve *r, const struct object *o)
{
	struct channel *ch = arena_alloc(r->arena, 1, sizeof(*ch));

	if (!ch)
		return NULL;
	ch->pub.transport = o->transport;
	ch->pub.priv = ch;
	ch->dev = o->dev;
	ch->gen = o->gen;
	ch->ino = o->ino;
	ch->seq = o->seq;
	ch->order = r->n_channels;
	r->channels[r->n_channels++] = ch;
	return ch;
}

/* Channels of one key, the youngest first. */
struct key_use {
	struct channel_key key;
	struct channel *youngest;
};

static int place_object(struct resolve *r, struct object *o)
{
	struct channel_key key = key_of(o->transport, o->dev, o->gen, o->ino);
	struct key_use *use = o->ino ? index_find(&r->keys, &key, sizeof(key)) : NULL;
	struct channel *ch = use ? use->youngest : NULL;
	unsigned int n = 0;

	for (; ch && n < OLDER_MAX && !same_name(ch, o); n++)
		ch = ch->older;
	if (!ch || n == OLDER_MAX) {
		ch = new_channel(r, o);
		if (!ch)
			return -ENOMEM;
		if (use) {
			ch->older = use->youngest;
			use->youngest = ch;
		} else if (o->ino) {
			use = arena_alloc(r->arena, 1, sizeof(*use));
			if (!use)
				return -ENOMEM;
			use->key = key;
			use->youngest = ch;
			if (index_add(&r->keys, r->arena, &use->key, sizeof(use->key), use))
				return -ENOMEM;
		}
	}
	add_object(ch, o);
	return 0;
}

static struct channel *youngest_of(const struct resolve *r, enum transport t, uint64_t ino)
{
	struct channel_key key = key_of(t, 0, 0, ino);
	const struct key_use *use = index_find(&r->keys, &key, sizeof(key));

	return use ? use->youngest : NULL;
}

/* The channel that has this socket's peer, if it can be paired with it. */
static struct channel *peer_of(const struct resolve *r, const struct channel *ch, bool mutual)
{
	struct channel *peer = youngest_of(r, ch->pub.transport, ch->peer_ino);
	unsigned int n;

	for (n = 0; peer && n < OLDER_MAX; n++, peer = peer->older) {
		if (peer == ch || peer->pair)
			continue;
		if (mutual ? peer->peer_ino == ch->ino : !peer->peer_ino && peer->n_naming == 1)
			return peer;
	}
	return NULL;
}

static void join(struct channel *a, struct channel *b)
{
	struct channel *first = a->order < b->order ? a : b, *second = first == a ? b : a;
	struct object *o = second->objects, *next;

	first->pair = second;
	second->pair = first;
	second->absorbed = true;
	if (!first->peer_ino)
		first->peer_ino = second->ino;
	for (; o; o = next) {
		next = o->next_of_channel;
		o->channel = first;
		o->next_of_channel = first->objects;
		first->objects = o;
	}
	second->objects = NULL;
	if (!first->pub.path) {
		first->pub.path = second->pub.path;
		first->pub.path_truncated = second->pub.path_truncated;
	} else if (second->pub.path && strcmp(first->pub.path, second->pub.path) != 0) {
		first->other_path = second->pub.path;
	}
}

/*
 * Both sockets may name each other, or only one of them the other. A socket that several name (a datagram
 * server) is nobody's pair: its channel is its own.
 */
static void pair_sockets(struct resolve *r)
{
	size_t i;
	int mutual;

	for (i = 0; i < r->n_channels; i++) {
		struct channel *ch = r->channels[i], *peer;

		if (!is_unix(ch->pub.transport) || !ch->peer_ino)
			continue;
		peer = youngest_of(r, ch->pub.transport, ch->peer_ino);
		if (peer && peer != ch)
			peer->n_naming++;
	}
	for (mutual = 1; mutual >= 0; mutual--) {
		for (i = 0; i < r->n_channels; i++) {
			struct channel *ch = r->channels[i], *peer;

			if (!is_unix(ch->pub.transport) || !ch->peer_ino || ch->pair)
				continue;
			peer = peer_of(r, ch, mutual);
			if (peer)
				join(ch, peer);
		}
	}
}

static void drop_absorbed(struct resolve *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n_channels; i++) {
		if (r->channels[i]->absorbed)
			continue;
		r->channels[n] = r->channels[i];
		r->channels[n]->order = n;
		n++;
	}
	r->n_channels = n;
}

static char *id_text(struct resolve *r, const struct channel *ch)
{
	const char *transport = transport_name(ch->pub.transport);
	unsigned int major = ch->dev >> 20, minor = ch->dev & ((1U << 20) - 1);
	unsigned long long ino = ch->ino, peer = ch->peer_ino;

	if (is_unix(ch->pub.transport))
		return arena_format(r->arena, "%s:%llu:%llu", transport, ino < peer ? ino : peer,
				    ino < peer ? peer : ino);
	if (ch->gen)
		return arena_format(r->arena, "%s:%u:%u:%llu:%u", transport, major, minor, ino, ch->gen);
	return arena_format(r->arena, "%s:%u:%u:%llu", transport, major, minor, ino);
}

struct id_use {
	unsigned int n;
};

/* An id that is taken gets a "#2": the same key, but not the same channel. */
static int name_channel(struct resolve *r, struct channel *ch)
{
	char *id = id_text(r, ch);
	struct id_use *use;

	if (!id)
		return -ENOMEM;
	ch->pub.id = id;
	use = index_find(&r->ids, id, strlen(id));
	if (!use) {
		use = arena_alloc(r->arena, 1, sizeof(*use));
		if (!use)
			return -ENOMEM;
		use->n = 1;
		return index_add(&r->ids, r->arena, id, strlen(id), use);
	}
	ch->pub.id = arena_format(r->arena, "%s#%u", id, ++use->n);
	return ch->pub.id ? 0 : -ENOMEM;
}

static int by_process_and_direction(const void *a, const void *b)
{
	const struct tally *ta = *(struct tally *const *)a, *tb = *(struct tally *const *)b;

	if (ta->key.process != tb->key.process)
		return ta->key.process < tb->key.process ? -1 : 1;
	if (ta->key.direction != tb->key.direction)
		return ta->key.direction < tb->key.direction ? -1 : 1;
	return ta->key.object < tb->key.object ? -1 : ta->key.object > tb->key.object;
}

static bool same_end(const struct tally *a, const struct tally *b)
{
	return a->key.process == b->key.process && a->key.direction == b->key.direction;
}

const struct counters *tally_counters(const struct tally *t, enum model_scope scope)
{
	if (scope == MODEL_TOTAL)
		return &t->total;
	return t->window ? &t->window->n : NULL;
}

static int build_ends(struct resolve *r, struct channel *ch)
{
	struct model_end *end = NULL;
	size_t i, n = 0;

	qsort(ch->tallies, ch->n_tallies, sizeof(struct tally *), by_process_and_direction);
	for (i = 0; i < ch->n_tallies; i++)
		n += !i || !same_end(ch->tallies[i - 1], ch->tallies[i]);
	ch->pub.ends = arena_alloc(r->arena, n, sizeof(struct model_end *));
	if (!ch->pub.ends)
		return -ENOMEM;
	for (i = 0; i < ch->n_tallies; i++) {
		const struct tally *t = ch->tallies[i];
		const struct counters *c = tally_counters(t, r->scope);

		if (!i || !same_end(ch->tallies[i - 1], t)) {
			end = arena_alloc(r->arena, 1, sizeof(*end));
			if (!end)
				return -ENOMEM;
			end->channel = &ch->pub;
			end->process = &t->process->pub;
			end->direction =
				t->key.direction == DIRECTION_WRITE ? DIRECTION_WRITE : DIRECTION_READ;
			ch->pub.ends[ch->pub.n_ends++] = end;
		}
		if (c)
			counters_add(&end->n, c);
	}
	return 0;
}

static int resolve_ends(struct resolve *r)
{
	struct tally *t;
	size_t i;
	int err = 0;

	for (t = r->st->tallies; t; t = t->hh.next)
		t->object->channel->n_tallies++;
	for (i = 0; i < r->n_channels; i++) {
		r->channels[i]->tallies =
			arena_alloc(r->arena, r->channels[i]->n_tallies, sizeof(struct tally *));
		if (!r->channels[i]->tallies)
			return -ENOMEM;
		r->channels[i]->n_tallies = 0;
	}
	for (t = r->st->tallies; t; t = t->hh.next)
		t->object->channel->tallies[t->object->channel->n_tallies++] = t;
	for (i = 0; i < r->n_channels && !err; i++)
		err = build_ends(r, r->channels[i]);
	return err;
}

static int by_process_and_fd(const void *a, const void *b)
{
	const struct model_holder *ha = a, *hb = b;

	if (ha->process->id != hb->process->id)
		return ha->process->id < hb->process->id ? -1 : 1;
	return ha->fd < hb->fd ? -1 : ha->fd > hb->fd;
}

/* What a process held that has ended is evidence (evidence.c), but it holds nothing now. */
static bool holds_now(const struct holder *h)
{
	return !h->process->pub.ended;
}

static int resolve_holders(struct resolve *r)
{
	struct holder *h;
	size_t i;

	for (h = r->st->holders; h; h = h->hh.next)
		h->object->channel->pub.n_holders += holds_now(h);
	for (i = 0; i < r->n_channels; i++) {
		struct model_channel *ch = &r->channels[i]->pub;

		ch->holders = arena_alloc(r->arena, ch->n_holders, sizeof(struct model_holder));
		if (!ch->holders)
			return -ENOMEM;
		ch->n_holders = 0;
	}
	for (h = r->st->holders; h; h = h->hh.next) {
		struct model_channel *ch = &h->object->channel->pub;

		if (!holds_now(h))
			continue;
		ch->holders[ch->n_holders++] = (struct model_holder){
			.process = &h->process->pub,
			.fd = h->key.fd,
			.f_flags = h->f_flags,
			.pipe_bytes = h->pipe_bytes,
			.pipe_size = h->pipe_size,
			.socket_ino = is_unix(ch->transport) ? h->object->ino : 0,
		};
	}
	for (i = 0; i < r->n_channels; i++) {
		struct model_channel *ch = &r->channels[i]->pub;

		qsort(ch->holders, ch->n_holders, sizeof(*ch->holders), by_process_and_fd);
	}
	return 0;
}

int pairing_resolve(struct resolve *r)
{
	struct object *o;
	size_t i;
	int err = 0;

	r->channels = arena_alloc(r->arena, HASH_COUNT(r->st->objects), sizeof(struct channel *));
	if (!r->channels)
		return -ENOMEM;
	for (o = r->st->objects; o && !err; o = o->hh.next)
		err = place_object(r, o);
	if (err)
		return err;
	pair_sockets(r);
	drop_absorbed(r);
	for (i = 0; i < r->n_channels && !err; i++)
		err = name_channel(r, r->channels[i]);
	if (!err)
		err = resolve_ends(r);
	return err ? err : resolve_holders(r);
}
