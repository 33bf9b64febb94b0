// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pipe or pty is which container's output: it has no name, but a shim copies it to something that
 * has one. Links say so by votes; where there are none (all operations were folded), the descriptors of a
 * container's first process; then bytes that are equal.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/path_parse.h"
#include "model/state.h"

static const char stdout_name[] = "stdout", stderr_name[] = "stderr", stdin_name[] = "stdin";

static bool is_anonymous(const struct channel *ch)
{
	return ch->pub.transport == TRANSPORT_PIPE || ch->pub.transport == TRANSPORT_PTY;
}

/*
 * Can this be a container's output? A shim reads it; and a pipe that a shim writes as well is its own
 * (the Go runtime wakes itself through one).
 */
static bool may_be_output(const struct channel *ch)
{
	if (!is_anonymous(ch) || !ch->shim_reader || ch->mate || ch->pub.role != ROLE_OTHER)
		return false;
	return ch->pub.transport == TRANSPORT_PTY || !(ch->writers & ROLE_BIT(PROCESS_SHIM));
}

static bool waits(const struct channel *log)
{
	return log->pub.role == ROLE_CONTAINER_LOG && !log->mate;
}

/* The container that evidence other than links names. */
static struct container *known_container(const struct channel *ch)
{
	return ch->fd_ct ? ch->fd_ct : ch->writer_ct;
}

static void be_output(struct channel *ch, struct container *ct, const char *stream)
{
	ch->pub.role = ROLE_CONTAINER_OUTPUT;
	ch->pub.stream = ch->pub.transport == TRANSPORT_PTY ? stdout_name : stream;
	if (ct)
		channel_give(ch, ct);
}

static void join_output(struct channel *output, struct channel *log)
{
	be_output(output, log->ct ? log->ct : known_container(output), log->pub.stream);
	output->pub.exec = log->pub.exec;
	output->mate = log;
	log->mate = output;
	if (log->ct)
		log->ct->waiting_logs--;
}

static bool output_fits(const struct channel *from, const struct channel *to)
{
	const struct container *known;

	if (!may_be_output(from) || !waits(to))
		return false;
	known = known_container(from);
	return !known || !to->ct || known == to->ct;
}

static bool stdin_fits(const struct channel *from, const struct channel *to)
{
	return from->pub.role == ROLE_CONTAINER_STDIN && from->pub.transport == TRANSPORT_FIFO &&
	       !from->mate && to->pub.transport == TRANSPORT_PIPE && to->pub.role == ROLE_OTHER &&
	       !to->mate && to->shim_writer;
}

static void join_stdin(struct channel *from, struct channel *to)
{
	to->pub.role = ROLE_CONTAINER_STDIN;
	to->pub.stream = stdin_name;
	to->pub.exec = from->pub.exec;
	to->mate = from;
	from->mate = to;
	if (from->ct)
		channel_give(to, from->ct);
}

static int by_votes(const void *a, const void *b)
{
	const struct vote *va = a, *vb = b;

	if (va->votes != vb->votes)
		return va->votes > vb->votes ? -1 : 1;
	if (va->from != vb->from)
		return va->from->order < vb->from->order ? -1 : 1;
	return va->to->order < vb->to->order ? -1 : va->to->order > vb->to->order;
}

static void count_tie(struct channel *ch, size_t round)
{
	if (ch->tie_round != round)
		ch->tie = 0;
	ch->tie_round = round;
	ch->tie++;
}

/*
 * One to one, the most votes first. A tie decides nothing, and what has one is left to other evidence:
 * fewer votes cannot be better ones.
 */
static void match_votes(struct resolve *r, struct vote *votes,
			bool (*fits)(const struct channel *, const struct channel *),
			void (*join)(struct channel *, struct channel *))
{
	size_t start, end, i, n = r->n_votes;

	for (start = 0; start < n; start = end) {
		size_t round = ++r->rounds;

		for (end = start; end < n && votes[end].votes == votes[start].votes; end++) {
			if (!fits(votes[end].from, votes[end].to) || votes[end].from->ambiguous)
				continue;
			count_tie(votes[end].from, round);
			count_tie(votes[end].to, round);
		}
		for (i = start; i < end; i++) {
			struct channel *from = votes[i].from, *to = votes[i].to;

			if (from->ambiguous || !fits(from, to))
				continue;
			if (from->tie == 1 && to->tie == 1)
				join(from, to);
			else
				from->ambiguous = true;
		}
	}
}

static int match_links(struct resolve *r)
{
	struct vote *votes = arena_alloc(r->arena, r->n_votes, sizeof(*votes));

	if (!votes)
		return -ENOMEM;
	if (r->n_votes)
		memcpy(votes, r->votes, r->n_votes * sizeof(*votes));
	qsort(votes, r->n_votes, sizeof(*votes), by_votes);
	match_votes(r, votes, output_fits, join_output);
	match_votes(r, votes, stdin_fits, join_stdin);
	return 0;
}

/* The container's own log of the stream that is on these descriptors, if it waits. */
static struct channel *log_of_fds(const struct container *ct, unsigned int fds)
{
	struct channel *out = ct->logs[0], *err = ct->logs[1];
	bool out_fits = (fds & FD_STDOUT) && out && waits(out);
	bool err_fits = (fds & FD_STDERR) && err && waits(err);

	if (out_fits == err_fits)
		return NULL;
	return out_fits ? out : err;
}

static const char *stream_of_fds(unsigned int fds)
{
	return (fds & FD_STDOUT) ? stdout_name : stderr_name;
}

/* What a container's first process has on 1 or 2. surely: leave it if it is on both. */
static void match_descriptor(struct channel *ch, bool surely)
{
	unsigned int outputs = ch->fds & (FD_STDOUT | FD_STDERR);
	struct channel *log;

	if (ch->pub.transport == TRANSPORT_PTY && ch->fds)
		outputs = FD_STDOUT;
	if (!ch->fd_ct || !outputs || !may_be_output(ch))
		return;
	log = log_of_fds(ch->fd_ct, outputs);
	if (log)
		join_output(ch, log);
	else if (!surely || outputs != (FD_STDOUT | FD_STDERR))
		be_output(ch, ch->fd_ct, stream_of_fds(outputs));
}

static void match_stdin_descriptor(struct channel *ch)
{
	if (!ch->fd_ct || ch->pub.transport != TRANSPORT_PIPE || ch->pub.role != ROLE_OTHER ||
	    ch->fds != FD_STDIN || !ch->shim_writer)
		return;
	ch->pub.role = ROLE_CONTAINER_STDIN;
	ch->pub.stream = stdin_name;
	channel_give(ch, ch->fd_ct);
}

static void match_descriptors(struct resolve *r, bool surely)
{
	size_t i;

	for (i = 0; i < r->n_channels; i++) {
		match_descriptor(r->channels[i], surely);
		match_stdin_descriptor(r->channels[i]);
	}
}

/* What a shim read from an anonymous channel or wrote to a log, to be found equal. */
struct amount {
	uint32_t shim;
	uint64_t bytes;
	bool output;
	struct channel *ch;
};

static int by_amount(const void *a, const void *b)
{
	const struct amount *aa = a, *ab = b;

	if (aa->shim != ab->shim)
		return aa->shim < ab->shim ? -1 : 1;
	if (aa->bytes != ab->bytes)
		return aa->bytes < ab->bytes ? -1 : 1;
	if (aa->output != ab->output)
		return aa->output ? -1 : 1;
	return aa->ch->order < ab->ch->order ? -1 : aa->ch->order > ab->ch->order;
}

static size_t list_amounts(struct resolve *r, struct amount *list)
{
	size_t i, n = 0;

	for (i = 0; i < r->n_channels; i++) {
		struct channel *ch = r->channels[i];

		if (may_be_output(ch) && ch->bytes_out)
			list[n++] = (struct amount){ ch->shim_reader->pub.id, ch->bytes_out, true, ch };
		else if (waits(ch) && ch->shim_writer && ch->bytes_in)
			list[n++] = (struct amount){ ch->shim_writer->pub.id, ch->bytes_in, false, ch };
	}
	return n;
}

/* One output and one log of a shim with the same bytes, and no third with as many. */
static int match_amounts(struct resolve *r)
{
	struct amount *list = arena_alloc(r->arena, r->n_channels, sizeof(*list));
	size_t n, start, end;

	if (!list)
		return -ENOMEM;
	n = list_amounts(r, list);
	qsort(list, n, sizeof(*list), by_amount);
	for (start = 0; start < n; start = end) {
		const struct amount *a = &list[start];

		for (end = start; end < n && list[end].shim == a->shim && list[end].bytes == a->bytes; end++)
			;
		if (end - start == 2 && a[0].output && !a[1].output && output_fits(a[0].ch, a[1].ch))
			join_output(a[0].ch, a[1].ch);
	}
	return 0;
}

static struct channel *waiting_log(const struct container *ct)
{
	struct channel *out = ct->logs[0], *err = ct->logs[1];

	if (out && waits(out))
		return out;
	return err && waits(err) ? err : NULL;
}

/* What is left: the container may be known, though not which of its streams it is. */
static void match_rest(struct resolve *r, struct channel *ch)
{
	struct container *ct = known_container(ch);

	if (!may_be_output(ch))
		return;
	if (ct) {
		struct channel *log = ct->waiting_logs == 1 ? waiting_log(ct) : NULL;

		if (log && !log->bytes_in == !ch->bytes_out)
			join_output(ch, log);
		else
			be_output(ch, ct, NULL);
		return;
	}
	/* A shim has no pty but its containers'. */
	if (ch->pub.transport == TRANSPORT_PTY) {
		struct container *only = shim_only_container(r, ch->shim_reader);

		be_output(ch, only && only->pub.tty ? only : NULL, stdout_name);
	}
}

/* A shim that writes the log itself (file:// log URIs): most of what followed a read went to one file. */
static void match_files(struct resolve *r)
{
	size_t start, end, i;

	for (start = 0; start < r->n_votes; start = end) {
		struct channel *from = r->votes[start].from;
		struct container *only = shim_only_container(r, from->shim_reader);
		uint64_t all = 0, most = 0;

		for (end = start; end < r->n_votes && r->votes[end].from == from; end++)
			all += r->votes[end].votes;
		for (i = start; i < end; i++) {
			const struct channel *to = r->votes[i].to;

			if (to->pub.transport == TRANSPORT_FILE && to->pub.path &&
			    !path_in_bundle(to->pub.path) && (to->writers & ROLE_BIT(PROCESS_SHIM)) &&
			    r->votes[i].votes > most)
				most = r->votes[i].votes;
		}
		if (only && most > all / 2 && may_be_output(from) && !known_container(from))
			be_output(from, only, NULL);
	}
}

int matching_resolve(struct resolve *r)
{
	size_t i;
	int err;

	err = match_links(r);
	if (err)
		return err;
	match_descriptors(r, true);
	err = match_amounts(r);
	if (err)
		return err;
	match_descriptors(r, false);
	for (i = 0; i < r->n_channels; i++)
		match_rest(r, r->channels[i]);
	match_files(r);
	return 0;
}
