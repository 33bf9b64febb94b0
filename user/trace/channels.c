// SPDX-License-Identifier: GPL-2.0-only
/* Channels and their ends, as long as they are in use. */
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "probe/path.h"
#include "trace/state.h"

static void channel_emit(struct session *s, const struct trace_channel *c, uint8_t flags, uint32_t mode)
{
	struct fact_channel fact = {
		.id = c->id,
		.transport = (enum transport)c->transport,
		.dev = c->key.dev,
		.ino = c->key.ino,
		.gen = c->key.gen,
		.mode = mode,
		.peer_ino = c->peer_ino,
		.path = c->path,
		.path_truncated = flags & SS_CHANNEL_PATH_TRUNCATED,
		.path_of_peer = flags & SS_CHANNEL_PATH_OF_PEER,
	};

	SESSION_EMIT(s, channel, &fact);
}

struct trace_channel *channel_get(struct session *s, const struct ss_channel_key *key, uint8_t transport)
{
	struct trace_channel *c;

	HASH_FIND(hh, s->channels, key, sizeof(*key), c);
	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->key = *key;
	c->id = ++s->next_channel;
	c->transport = transport;
	c->used_ns = clock_ns(CLOCK_MONOTONIC);
	HASH_ADD(hh, s->channels, key, sizeof(c->key), c);
	s->unannounced++;
	channel_emit(s, c, 0, 0);
	return c;
}

/* The channel's name or peer became known. */
void channel_named(struct session *s, struct trace_channel *c, const char *path, uint8_t flags,
		   uint64_t peer_ino, uint32_t mode)
{
	char dir[PATH_TEXT_SIZE];
	bool changed = !c->announced;

	c->flags = flags;
	c->mode = mode;
	if (path && (!c->path || strcmp(c->path, path) != 0)) {
		free(c->path);
		c->path = strdup(path);
		c->bundle = c->transport == SS_TRANSPORT_FILE && node_bundle_of_path(path, dir, sizeof(dir));
		changed = true;
	}
	if (peer_ino && peer_ino != c->peer_ino) {
		c->peer_ino = peer_ino;
		changed = true;
	}
	if (!c->announced) {
		c->announced = true;
		s->unannounced--;
	}
	if (changed)
		channel_emit(s, c, flags, mode);
}

/* A channel is used. After a long time the model may have forgotten it: told again. */
void channel_used(struct session *s, struct trace_channel *c, int64_t ns)
{
	bool woke = ns - c->used_ns > CHANNEL_IDLE_NS;

	c->used_ns = ns;
	if (woke)
		channel_emit(s, c, c->flags, c->mode);
}

void channel_announced(struct session *s, const struct ss_channel *rec)
{
	struct trace_channel *c = channel_get(s, &rec->key, rec->transport);
	char text[PATH_TEXT_SIZE];

	if (!c)
		return;
	c->used_ns = (int64_t)rec->ns;
	c->append = c->append || rec->f_flags & O_APPEND;
	channel_named(s, c, path_text(text, rec->transport, rec->flags, rec->path, rec->path_len), rec->flags,
		      rec->peer_ino, rec->mode);
	if (c->transport == SS_TRANSPORT_FIFO && c->path)
		container_of_fifo(s, c->path, process_get(s, rec->tgid));
}

struct trace_end *end_get(struct session *s, const struct ss_end_key *key)
{
	struct trace_channel *channel;
	struct trace_process *process;
	struct trace_end *e;

	HASH_FIND(hh, s->ends, key, sizeof(*key), e);
	if (e)
		return e;
	process = process_get(s, key->tgid);
	channel = channel_get(s, &key->channel, key->transport);
	if (!process || !channel)
		return NULL;
	process_tell(s, process);
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->key = *key;
	e->channel = channel;
	e->process = process;
	channel->ends++;
	HASH_ADD(hh, s->ends, key, sizeof(e->key), e);
	return e;
}

static void end_free(struct session *s, struct trace_end *e)
{
	e->channel->ends--;
	HASH_DELETE(hh, s->ends, e);
	free(e);
}

/* Only between windows: nothing of the ends is waiting to be handed on. */
void ends_of_process_drop(struct session *s, struct trace_process *p)
{
	struct trace_end *e, *next;

	if (s->dirty)
		window_close(s, clock_ns(CLOCK_MONOTONIC));
	HASH_ITER (hh, s->ends, e, next)
		if (e->process == p)
			end_free(s, e);
}

static void channel_free(struct session *s, struct trace_channel *c)
{
	struct trace_process *p, *next;

	HASH_ITER (hh, s->processes, p, next)
		if (p->last_fifo == c)
			p->last_fifo = NULL;
	for (size_t i = 0; i < THREAD_READS; i++)
		if (s->reads[i].channel == c)
			s->reads[i].channel = NULL;
	if (!c->announced)
		s->unannounced--;
	HASH_DELETE(hh, s->channels, c);
	free(c->path);
	free(c);
}

/*
 * Forget what has been idle, here and in the kernel. With --writers pipes stay known: forgetting that one
 * is watched would lose the writes after it wakes.
 */
void channels_evict(struct session *s)
{
	int64_t before = clock_ns(CLOCK_MONOTONIC) - CHANNEL_IDLE_NS;
	struct trace_channel *c, *next;
	struct trace_end *e, *next_end;

	if (s->dirty)
		return;
	HASH_ITER (hh, s->ends, e, next_end)
		if (e->channel->used_ns < before)
			end_free(s, e);
	HASH_ITER (hh, s->channels, c, next) {
		if (c->used_ns >= before || c->ends)
			continue;
		if (s->o.tracer.writers && c->transport == SS_TRANSPORT_PIPE)
			continue;
		tracer_channel_forget(s->tracer, &c->key);
		channel_free(s, c);
	}
}

void channels_free(struct session *s)
{
	struct trace_channel *c, *next;
	struct trace_end *e, *next_end;

	HASH_ITER (hh, s->ends, e, next_end)
		end_free(s, e);
	HASH_ITER (hh, s->channels, c, next) {
		HASH_DELETE(hh, s->channels, c);
		free(c->path);
		free(c);
	}
}
