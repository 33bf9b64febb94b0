// SPDX-License-Identifier: GPL-2.0-only
/* Operations: added to their end, and read for which channel feeds which. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "probe/path.h"
#include "trace/state.h"

static unsigned log2_bucket(uint64_t v, unsigned buckets)
{
	unsigned k = v < 2 ? 0 : 63 - (unsigned)__builtin_clzll(v);

	return k < buckets ? k : buckets - 1;
}

static void end_dirty(struct session *s, struct trace_end *e)
{
	if (e->dirty)
		return;
	e->dirty = true;
	e->next_dirty = s->dirty;
	s->dirty = e;
}

static void vote(struct session *s, struct trace_end *e, const struct trace_channel *from)
{
	struct trace_link *l = e->link;

	if (!l || l->key.from != from->id) {
		struct trace_link key = { .key = { from->id, e->channel->id, e->process->id } };

		HASH_FIND(hh, s->links, &key.key, sizeof(key.key), l);
		if (!l) {
			l = calloc(1, sizeof(*l));
			if (!l)
				return;
			l->key = key.key;
			HASH_ADD(hh, s->links, key, sizeof(l->key), l);
		}
		e->link = l;
	}
	l->votes++;
}

/*
 * Which channel feeds which. A shim's goroutine reads a pipe and writes a FIFO without a pause, so mostly
 * in one thread: a write of no more bytes after a read in the same thread is a vote. A containerd hands
 * what it reads to another goroutine, which writes the log file: there a write to a file opened for
 * appending votes for the FIFO that the process read last. The model takes the majority.
 */
static void links_follow(struct session *s, const struct ss_op *op, struct trace_end *e)
{
	struct thread_read *r = &s->reads[op->tid & (THREAD_READS - 1)];

	if (op->error || !op->bytes)
		return;
	if (op->direction == SS_READ) {
		if (op->transport != SS_TRANSPORT_PIPE && op->transport != SS_TRANSPORT_FIFO &&
		    op->transport != SS_TRANSPORT_PTY)
			return;
		r->tid = op->tid;
		r->channel = e->channel;
		r->bytes = op->bytes;
		if (op->transport == SS_TRANSPORT_FIFO)
			e->process->last_fifo = e->channel;
		return;
	}
	if (op->transport == SS_TRANSPORT_FIFO || op->transport == SS_TRANSPORT_PIPE ||
	    op->transport == SS_TRANSPORT_PTY ||
	    (op->transport == SS_TRANSPORT_FILE && e->process->role == PROCESS_SHIM)) {
		if (r->tid == op->tid && r->channel && r->channel != e->channel && op->bytes <= r->bytes)
			vote(s, e, r->channel);
	} else if (op->transport == SS_TRANSPORT_FILE && e->channel->append && e->process->last_fifo) {
		vote(s, e, e->process->last_fifo);
	}
}

void op_record(struct session *s, const struct ss_op *op)
{
	struct ss_end_key key = {
		.channel = op->channel,
		.tgid = op->tgid,
		.transport = op->transport,
		.direction = op->direction,
	};
	struct trace_end *e;

	if ((int64_t)op->end_ns >= s->window_start_ns + s->o.interval_ns)
		window_close(s, s->window_start_ns + s->o.interval_ns);
	e = end_get(s, &key);
	if (!e || e->process->unwanted)
		return;
	end_dirty(s, e);
	channel_used(s, e->channel, (int64_t)op->end_ns);
	e->n.calls++;
	if (op->error == -EAGAIN)
		e->n.eagain++;
	else if (op->error)
		e->n.errors++;
	else
		e->n.size_log2[log2_bucket(op->bytes, FACT_SIZE_BUCKETS)]++;
	if (op->flags & SS_OP_MOVED)
		e->n.moved_bytes += op->bytes;
	else if (op->flags & SS_OP_PEEK)
		e->n.peek_bytes += op->bytes;
	else
		e->n.bytes += op->bytes;
	if (op->flags & SS_OP_UNTIMED) {
		e->n.untimed++;
	} else {
		e->n.cpu_ns += op->cpu_ns;
		e->n.blocked_ns += op->off_ns;
		e->n.cpu_log2[log2_bucket(op->cpu_ns, FACT_CPU_BUCKETS)]++;
	}
	links_follow(s, op, e);
	if (e->channel->bundle && op->direction == SS_WRITE && !op->error) {
		char dir[PATH_TEXT_SIZE];

		if (node_bundle_of_path(e->channel->path, dir, sizeof(dir)))
			container_of_bundle(s, op->tgid, dir);
	}
}

void fold_record(struct session *s, const struct ss_end_key *key, const struct ss_fold *fold)
{
	struct trace_end *e = end_get(s, key);

	if (!e || e->process->unwanted)
		return;
	end_dirty(s, e);
	channel_used(s, e->channel, clock_ns(CLOCK_MONOTONIC));
	e->n.calls += fold->calls;
	e->n.bytes += fold->bytes;
	e->n.moved_bytes += fold->moved_bytes;
	e->n.peek_bytes += fold->peek_bytes;
	e->n.eagain += fold->eagain;
	e->n.errors += fold->errors;
	e->n.cpu_ns += fold->cpu_ns;
	e->n.blocked_ns += fold->off_ns;
	e->n.untimed += fold->untimed;
	for (unsigned k = 0; k < SS_SIZE_BUCKETS; k++)
		e->n.size_log2[k] += fold->size_log2[k];
	for (unsigned k = 0; k < SS_CPU_BUCKETS; k++)
		e->n.cpu_log2[k] += fold->cpu_log2[k];
}
