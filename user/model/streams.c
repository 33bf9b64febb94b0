// SPDX-License-Identifier: GPL-2.0-only
/* Each container's streams over their channels, and what they cost. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/counters.h"
#include "model/path_parse.h"
#include "model/state.h"

/* The parts of a container, in the order in which they are put together. */
enum part {
	PART_OWN = 0, /* its stdout and stderr */
	PART_LOOSE,   /* its output, but not known of which stream */
	PART_FILES,
	PART_EXECS,
};

/* The stages of a stream, in the order of the way. */
enum stage { STAGE_OUTPUT = 0, STAGE_LOG, STAGE_FILE };

/* A channel's place in a container. */
struct item {
	struct container *ct;
	enum part part;
	const char *exec, *stream;
	enum stage stage;
	struct channel *ch;
};

struct items {
	const struct item *at;
	size_t n;
};

static int text_order(const char *a, const char *b)
{
	if (a && b)
		return strcmp(a, b);
	return (a != NULL) - (b != NULL);
}

/* "stdout" before "stderr". */
static int stream_order(const struct item *a, const struct item *b)
{
	return -text_order(a->stream, b->stream);
}

static int by_way(const void *a, const void *b)
{
	const struct item *ia = a, *ib = b;
	int order;

	if (ia->ct != ib->ct)
		return ia->ct->order < ib->ct->order ? -1 : 1;
	if (ia->part != ib->part)
		return ia->part < ib->part ? -1 : 1;
	order = text_order(ia->exec, ib->exec);
	if (!order)
		order = stream_order(ia, ib);
	if (order)
		return order;
	if (ia->stage != ib->stage)
		return ia->stage < ib->stage ? -1 : 1;
	return ia->ch->order < ib->ch->order ? -1 : ia->ch->order > ib->ch->order;
}

static bool make_item(struct channel *ch, struct item *item)
{
	*item = (struct item){ .ct = ch->ct, .exec = ch->pub.exec, .stream = ch->pub.stream, .ch = ch };
	if (!ch->ct)
		return false;
	switch (ch->pub.role) {
	case ROLE_CONTAINER_OUTPUT:
		item->stage = STAGE_OUTPUT;
		break;
	case ROLE_CONTAINER_LOG:
		item->stage = STAGE_LOG;
		break;
	case ROLE_LOG_FILE:
		item->stage = STAGE_FILE;
		item->part = PART_FILES;
		return true;
	default:
		return false;
	}
	if (item->exec)
		item->part = PART_EXECS;
	else
		item->part = item->stream ? PART_OWN : PART_LOOSE;
	return true;
}

/*
 * Does this end carry the stream? Of a pty both directions have two: a shim writes a container's input
 * into it, a container reads it there.
 */
static bool carries(const struct channel *ch, const struct model_end *end)
{
	bool shim = end->process->role == PROCESS_SHIM;

	if (ch->pub.transport != TRANSPORT_PTY)
		return true;
	return end->direction == DIRECTION_READ ? shim : !shim;
}

/* The sum of a channel's ends of one direction. *ret stays NULL when there are none. */
static int sum_ends(struct resolve *r, const struct channel *ch, enum direction direction,
		    const struct model_end **ret)
{
	const struct model_end *first = NULL;
	struct model_end *sum = NULL;
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < ch->pub.n_ends; i++) {
		const struct model_end *end = ch->pub.ends[i];

		if (end->direction != direction || !carries(ch, end))
			continue;
		if (!first) {
			first = end;
			most = counters_passed(&end->n);
			continue;
		}
		if (!sum) {
			sum = arena_alloc(r->arena, 1, sizeof(*sum));
			if (!sum)
				return -ENOMEM;
			*sum = *first;
		}
		counters_add(&sum->n, &end->n);
		if (counters_passed(&end->n) > most) {
			most = counters_passed(&end->n);
			sum->process = end->process;
		}
	}
	*ret = sum ? sum : first;
	return 0;
}

/* Who reads a log FIFO: by its ends, else its holders (a shim holds the read end too, but never reads). */
static enum process_role log_reader(const struct channel *ch)
{
	static const enum process_role roles[] = { PROCESS_CONTAINERD, PROCESS_CLIENT, PROCESS_OTHER };
	struct fifo_name f;
	size_t i;

	if (ch->top_reader)
		return ch->top_reader->pub.role;
	for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (ch->holding_readers & ROLE_BIT(roles[i]))
			return roles[i];
	}
	if (!ch->pub.path)
		return PROCESS_OTHER;
	path_parse_fifo(ch->pub.path, ch->pub.path_truncated, &f);
	return f.place == FIFO_OF_CRI ? PROCESS_CONTAINERD : PROCESS_CLIENT;
}

static enum process_role file_writer(const struct channel *ch)
{
	static const enum process_role roles[] = { PROCESS_CONTAINERD, PROCESS_SHIM, PROCESS_CLIENT };
	size_t i;

	if (ch->top_writer)
		return ch->top_writer->pub.role;
	for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (ch->holding_writers & ROLE_BIT(roles[i]))
			return roles[i];
	}
	return PROCESS_OTHER;
}

static int fill_hop(struct resolve *r, struct model_hop *hop, const struct item *item, bool shared)
{
	struct channel *ch = item->ch;
	int err;

	hop->channel = &ch->pub;
	hop->shared = shared;
	switch (item->stage) {
	case STAGE_OUTPUT:
		hop->from = PROCESS_WRITER;
		hop->to = PROCESS_SHIM;
		break;
	case STAGE_LOG:
		hop->from = PROCESS_SHIM;
		hop->to = log_reader(ch);
		break;
	case STAGE_FILE:
		hop->from = file_writer(ch);
		hop->to = PROCESS_OTHER;
		break;
	}
	err = sum_ends(r, ch, DIRECTION_WRITE, &hop->in);
	return err ? err : sum_ends(r, ch, DIRECTION_READ, &hop->out);
}

/* What a stream's or a container's channels cost. */
struct cost {
	uint64_t copied_bytes, moved_bytes, calls, cpu_ns, blocked_ns, eagain;
};

static void cost_add(struct cost *cost, const struct model_hop *hop)
{
	const struct model_end *ends[] = { hop->in, hop->out };
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!ends[i])
			continue;
		cost->copied_bytes += ends[i]->n.bytes;
		cost->moved_bytes += ends[i]->n.moved_bytes;
		cost->calls += ends[i]->n.calls;
		cost->cpu_ns += ends[i]->n.cpu_ns;
		cost->blocked_ns += ends[i]->n.blocked_ns;
		cost->eagain += ends[i]->n.eagain;
	}
}

/* Did anything pass since the trace began, in whatever scope? */
static bool anything_passed(struct items items)
{
	size_t i;

	for (i = 0; i < items.n; i++) {
		if (items.at[i].ch->bytes_in || items.at[i].ch->bytes_out)
			return true;
	}
	return false;
}

/* What a container wrote into its outputs among these hops, as its own calls or the shim's reads tell. */
static int64_t log_bytes(const struct resolve *r, const struct model_hop *hops, struct items items)
{
	bool known = false;
	uint64_t bytes = 0;
	size_t i;

	if (!r->m->trace.windows)
		return FACT_UNKNOWN;
	for (i = 0; i < items.n; i++) {
		const struct model_end *end = r->m->trace.writers && hops[i].in ? hops[i].in : hops[i].out;

		if (items.at[i].stage != STAGE_OUTPUT || !end)
			continue;
		known = true;
		bytes += counters_passed(&end->n);
	}
	if (known)
		return number_of(bytes);
	return anything_passed(items) ? FACT_UNKNOWN : 0;
}

/* What the log files of one container say. */
struct files {
	struct items items;
	struct model_hop *hops;
	bool written; /* a writer was seen */
	uint64_t records, bytes;
};

static int read_files(struct resolve *r, struct files *f, struct items items)
{
	size_t i;
	int err = 0;

	f->items = items;
	f->hops = arena_alloc(r->arena, items.n, sizeof(*f->hops));
	if (!f->hops)
		return -ENOMEM;
	for (i = 0; i < items.n && !err; i++) {
		err = fill_hop(r, &f->hops[i], &items.at[i], false);
		if (!f->hops[i].in)
			continue;
		f->written = true;
		f->records += counters_succeeded(&f->hops[i].in->n);
		f->bytes += counters_passed(&f->hops[i].in->n);
	}
	return err;
}

/* wrote: something was put out that should be in the files. */
static int64_t of_files(const struct resolve *r, const struct files *f, uint64_t n, bool wrote)
{
	if (!r->m->trace.windows || (wrote && !f->written))
		return FACT_UNKNOWN;
	return number_of(n);
}

/* files: those that the stream goes to, NULL for none. shared: another stream goes there as well. */
static int fill_stream(struct resolve *r, struct model_stream *s, struct items items,
		       const struct files *files, bool shared)
{
	struct cost cost = { 0 };
	size_t i, n_files = files ? files->items.n : 0;
	int err = 0;

	s->stream = items.at[0].stream;
	s->exec = items.at[0].exec;
	s->hops = arena_alloc(r->arena, items.n + n_files, sizeof(*s->hops));
	if (!s->hops)
		return -ENOMEM;
	for (i = 0; i < items.n && !err; i++)
		err = fill_hop(r, &s->hops[i], &items.at[i], false);
	for (i = 0; i < n_files; i++) {
		s->hops[items.n + i] = files->hops[i];
		s->hops[items.n + i].shared = shared;
	}
	s->n_hops = items.n + n_files;
	for (i = 0; i < s->n_hops; i++)
		cost_add(&cost, &s->hops[i]);
	s->copied_bytes = cost.copied_bytes;
	s->moved_bytes = cost.moved_bytes;
	s->calls = cost.calls;
	s->cpu_ns = cost.cpu_ns;
	s->blocked_ns = cost.blocked_ns;
	s->eagain = cost.eagain;
	s->log_bytes = log_bytes(r, s->hops, items);
	s->log_records = s->file_bytes = FACT_UNKNOWN;
	return err;
}

static bool same_stream(const struct item *a, const struct item *b)
{
	return !text_order(a->exec, b->exec) && !stream_order(a, b);
}

/* The items of the stream that begins here. */
static struct items stream_items(struct items items, size_t start)
{
	size_t end = start + 1;

	while (end < items.n && same_stream(&items.at[start], &items.at[end]))
		end++;
	return (struct items){ items.at + start, end - start };
}

static size_t count_streams(struct items items)
{
	size_t i, n = 0;

	for (i = 0; i < items.n; i += stream_items(items, i).n)
		n++;
	return n;
}

/* How a container's own streams share its files: those that wrote go there, and if none did, all. */
static int fill_own(struct resolve *r, struct model_container *c, struct items own, const struct files *files)
{
	size_t i, wrote = 0;
	int err = 0;

	c->streams = arena_alloc(r->arena, count_streams(own), sizeof(*c->streams));
	if (!c->streams)
		return -ENOMEM;
	for (i = 0; i < own.n; i += stream_items(own, i).n)
		wrote += anything_passed(stream_items(own, i));
	for (i = 0; i < own.n && !err; i += stream_items(own, i).n) {
		struct items items = stream_items(own, i);
		struct model_stream *s = &c->streams[c->n_streams++];
		bool writes = anything_passed(items);
		bool goes = files->items.n && (writes || !wrote);
		bool shared = goes && (wrote ? wrote > 1 : count_streams(own) > 1);

		err = fill_stream(r, s, items, goes ? files : NULL, shared);
		if (!goes && !writes && r->m->trace.windows)
			s->log_records = s->file_bytes = 0;
		if (!goes || (shared && (files->records || files->bytes)))
			continue;
		s->log_records = of_files(r, files, files->records, writes);
		s->file_bytes = of_files(r, files, files->bytes, writes);
	}
	return err;
}

static int fill_execs(struct resolve *r, struct model_container *c, struct items execs)
{
	size_t i;
	int err = 0;

	c->execs = arena_alloc(r->arena, count_streams(execs), sizeof(*c->execs));
	if (!c->execs)
		return -ENOMEM;
	for (i = 0; i < execs.n && !err; i += stream_items(execs, i).n) {
		if (execs.at[i].stream)
			err = fill_stream(r, &c->execs[c->n_execs++], stream_items(execs, i), NULL, false);
	}
	return err;
}

/* Over stdout and stderr, each channel once. */
static int add_up(struct resolve *r, struct model_container *c, struct items own, struct items loose,
		  const struct files *files)
{
	bool wrote = anything_passed(own) || anything_passed(loose);
	struct model_stream rest = { 0 };
	struct cost cost = { 0 };
	size_t i, j;

	c->log_bytes = c->n_streams || loose.n ? 0 : FACT_UNKNOWN;
	for (i = 0; i < c->n_streams; i++) {
		c->log_bytes = number_sum(c->log_bytes, c->streams[i].log_bytes);
		for (j = 0; j < c->streams[i].n_hops; j++) {
			if (c->streams[i].hops[j].channel->role != ROLE_LOG_FILE)
				cost_add(&cost, &c->streams[i].hops[j]);
		}
	}
	if (loose.n) {
		int err = fill_stream(r, &rest, loose, NULL, false);

		if (err)
			return err;
		c->log_bytes = number_sum(c->log_bytes, rest.log_bytes);
		for (j = 0; j < rest.n_hops; j++)
			cost_add(&cost, &rest.hops[j]);
	}
	for (i = 0; i < files->items.n; i++)
		cost_add(&cost, &files->hops[i]);
	c->copied_bytes = cost.copied_bytes;
	c->calls = cost.calls;
	c->cpu_ns = cost.cpu_ns;
	c->log_records = c->file_bytes = FACT_UNKNOWN;
	/* Without a file there are no records only if there was no output. */
	if (files->items.n || (c->n_streams && !wrote)) {
		c->log_records = of_files(r, files, files->records, wrote);
		c->file_bytes = of_files(r, files, files->bytes, wrote);
	}
	return 0;
}

static char *newest_path(struct items files)
{
	const struct channel *newest = NULL;
	size_t i;

	for (i = 0; i < files.n; i++) {
		if (!newest || files.at[i].ch->seq > newest->seq)
			newest = files.at[i].ch;
	}
	return newest ? newest->pub.path : NULL;
}

static int fill_container(struct resolve *r, struct container *ct, struct items items)
{
	struct items parts[PART_EXECS + 1] = { 0 };
	struct files files = { 0 };
	size_t i;
	int err;

	for (i = 0; i < items.n; i++) {
		struct items *part = &parts[items.at[i].part];

		part->at = part->n ? part->at : &items.at[i];
		part->n++;
	}
	ct->pub.log_path = newest_path(parts[PART_FILES]);
	err = read_files(r, &files, parts[PART_FILES]);
	err = err ? err : fill_own(r, &ct->pub, parts[PART_OWN], &files);
	err = err ? err : fill_execs(r, &ct->pub, parts[PART_EXECS]);
	return err ? err : add_up(r, &ct->pub, parts[PART_OWN], parts[PART_LOOSE], &files);
}

static int list_items(struct resolve *r, struct item **ret, size_t *n)
{
	struct item *list = arena_alloc(r->arena, r->n_channels, sizeof(*list));
	size_t i;

	if (!list)
		return -ENOMEM;
	*n = 0;
	for (i = 0; i < r->n_channels; i++) {
		struct channel *ch = r->channels[i];

		if (ch->ct)
			ch->ct->channels++;
		*n += make_item(ch, &list[*n]);
	}
	qsort(list, *n, sizeof(*list), by_way);
	*ret = list;
	return 0;
}

int streams_resolve(struct resolve *r)
{
	struct model_container **all;
	struct item *list;
	size_t i, start = 0, end, n;
	int err;

	err = list_items(r, &list, &n);
	if (err)
		return err;
	all = arena_alloc(r->arena, r->n_containers, sizeof(struct model_container *));
	if (!all)
		return -ENOMEM;
	for (i = 0; i < r->n_containers && !err; i++, start = end) {
		struct container *ct = r->containers[i];

		for (end = start; end < n && list[end].ct == ct; end++)
			;
		err = fill_container(r, ct, (struct items){ list + start, end - start });
		all[i] = &ct->pub;
	}
	r->m->containers = all;
	r->m->n_containers = err ? 0 : r->n_containers;
	return err;
}
