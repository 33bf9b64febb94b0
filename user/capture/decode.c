/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capture.pb-c.h"

/*
 * Facts carry C strings, messages carry bytes without an end: the strings of one fact are put here. The
 * fact's own length is always room enough: the tag and length before a text are two bytes or more, the
 * NUL is one, and the check has seen to it that no text is there twice.
 */
struct texts {
	char *next;
};

static const char *text(struct texts *t, bool has, ProtobufCBinaryData bytes)
{
	char *s = t->next;

	if (!has)
		return NULL;
	if (bytes.len)
		memcpy(s, bytes.data, bytes.len);
	s[bytes.len] = '\0';
	t->next += bytes.len + 1;
	return s;
}

#define TEXT(t, m, member) text(t, (m)->has_##member, (m)->member)
#define KNOWN(m, member)   ((m)->has_##member ? (m)->member : FACT_UNKNOWN)

static int give_host(const Shimscope__Host *m, const struct fact_sink *sink, struct texts *t)
{
	struct fact_host f = {
		.hostname = TEXT(t, m, hostname),
		.kernel = TEXT(t, m, kernel),
		.arch = TEXT(t, m, arch),
		.boot_id = TEXT(t, m, boot_id),
		.cpus = KNOWN(m, cpus),
	};

	return sink->host ? sink->host(sink->ctx, &f) : 0;
}

static int give_trace(const Shimscope__Trace *m, const struct fact_sink *sink, struct texts *t)
{
	struct fact_trace f = {
		.tool_version = TEXT(t, m, tool_version),
		.backend = TEXT(t, m, backend),
		.note = TEXT(t, m, note),
		.selection = TEXT(t, m, selection),
		.start_realtime_ns = KNOWN(m, start_realtime_ns),
		.start_ns = KNOWN(m, start_ns),
		.interval_ns = KNOWN(m, interval_ns),
		.writers = m->writers,
	};

	return sink->trace ? sink->trace(sink->ctx, &f) : 0;
}

static int give_runtime(const Shimscope__Runtime *m, const struct fact_sink *sink, struct texts *t)
{
	struct fact_runtime f = {
		.pid = KNOWN(m, pid),
		.version = TEXT(t, m, version),
		.go_version = TEXT(t, m, go_version),
		.exe = TEXT(t, m, exe),
		.address = TEXT(t, m, address),
		.ttrpc_address = TEXT(t, m, ttrpc_address),
		.debug_address = TEXT(t, m, debug_address),
		.state = TEXT(t, m, state),
		.root = TEXT(t, m, root),
		.config_path = TEXT(t, m, config_path),
		.config_text = TEXT(t, m, config_text),
		.config_sha256 = TEXT(t, m, config_sha256),
	};

	return sink->runtime ? sink->runtime(sink->ctx, &f) : 0;
}

static int give_process(const Shimscope__Process *m, const struct fact_sink *sink, struct texts *t)
{
	struct fact_process f = {
		.id = m->id,
		.pid = KNOWN(m, pid),
		.ppid = KNOWN(m, ppid),
		.start_ns = KNOWN(m, start_ns),
		.role = (enum process_role)m->role,
		.comm = TEXT(t, m, comm),
		.exe = TEXT(t, m, exe),
		.go_version = TEXT(t, m, go_version),
		.version = TEXT(t, m, version),
		.namespace = TEXT(t, m, namespace_),
		.address = TEXT(t, m, address),
		.container = TEXT(t, m, container),
		.shim_id = TEXT(t, m, shim_id),
	};

	return sink->process ? sink->process(sink->ctx, &f) : 0;
}

static int give_usage(const Shimscope__Usage *m, const struct fact_sink *sink)
{
	struct fact_usage f = {
		.process = m->process,
		.ns = KNOWN(m, ns),
		.cpu_ns = KNOWN(m, cpu_ns),
		.user_ns = KNOWN(m, user_ns),
		.system_ns = KNOWN(m, system_ns),
		.rss_bytes = KNOWN(m, rss_bytes),
		.pss_bytes = KNOWN(m, pss_bytes),
		.anon_bytes = KNOWN(m, anon_bytes),
		.final = m->final,
	};

	return sink->usage ? sink->usage(sink->ctx, &f) : 0;
}

static int give_channel(const Shimscope__Channel *m, const struct fact_sink *sink, struct texts *t)
{
	struct fact_channel f = {
		.id = m->id,
		.transport = (enum transport)m->transport,
		.dev = m->dev,
		.ino = m->ino,
		.gen = m->gen,
		.mode = m->mode,
		.peer_ino = m->peer_ino,
		.path = TEXT(t, m, path),
		.path_truncated = m->path_truncated,
		.path_of_peer = m->path_of_peer,
	};

	return sink->channel ? sink->channel(sink->ctx, &f) : 0;
}

static int give_holder(const Shimscope__Holder *m, const struct fact_sink *sink)
{
	struct fact_holder f = {
		.channel = m->channel,
		.process = m->process,
		.fd = m->fd,
		.f_flags = m->f_flags,
		.pipe_bytes = KNOWN(m, pipe_bytes),
		.pipe_size = KNOWN(m, pipe_size),
	};

	return sink->holder ? sink->holder(sink->ctx, &f) : 0;
}

static int give_container(const Shimscope__Container *m, const struct fact_sink *sink, struct texts *t)
{
	struct fact_container f = {
		.id = TEXT(t, m, id),
		.namespace = TEXT(t, m, namespace_),
		.sandbox = TEXT(t, m, sandbox),
		.is_sandbox = m->is_sandbox,
		.pod = TEXT(t, m, pod),
		.pod_namespace = TEXT(t, m, pod_namespace),
		.pod_uid = TEXT(t, m, pod_uid),
		.name = TEXT(t, m, name),
		.image = TEXT(t, m, image),
		.bundle = TEXT(t, m, bundle),
		.log_directory = TEXT(t, m, log_directory),
		.tty = m->tty,
		.shim_pid = KNOWN(m, shim_pid),
		.init_pid = KNOWN(m, init_pid),
		.address = TEXT(t, m, address),
	};

	return sink->container ? sink->container(sink->ctx, &f) : 0;
}

static int give_link(const Shimscope__Link *m, const struct fact_sink *sink)
{
	struct fact_link f = {
		.from = m->from,
		.to = m->to,
		.process = m->process,
		.votes = m->votes,
	};

	return sink->link ? sink->link(sink->ctx, &f) : 0;
}

static int give_window(const Shimscope__Window *m, const struct fact_sink *sink)
{
	struct fact_window f = {
		.index = m->index,
		.start_ns = KNOWN(m, start_ns),
		.duration_ns = KNOWN(m, duration_ns),
	};

	return sink->window ? sink->window(sink->ctx, &f) : 0;
}

/* Pairs of bucket and count; the check has seen to it that each bucket exists. */
static void spread(const uint64_t *pairs, size_t n, uint64_t *buckets)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		buckets[pairs[i]] = pairs[i + 1];
}

static int give_end(const Shimscope__End *m, const struct fact_sink *sink)
{
	struct counters n = {
		.calls = m->calls,
		.bytes = m->bytes,
		.moved_bytes = m->moved_bytes,
		.peek_bytes = m->peek_bytes,
		.eagain = m->eagain,
		.errors = m->errors,
		.cpu_ns = m->cpu_ns,
		.blocked_ns = m->blocked_ns,
		.untimed = m->untimed,
	};
	struct fact_end f = {
		.channel = m->channel,
		.process = m->process,
		.direction = (enum direction)m->direction,
		.counters = &n,
	};

	spread(m->size_log2, m->n_size_log2, n.size_log2);
	spread(m->cpu_log2, m->n_cpu_log2, n.cpu_log2);
	return sink->end ? sink->end(sink->ctx, &f) : 0;
}

static int give_loss(const Shimscope__Loss *m, const struct fact_sink *sink)
{
	struct fact_loss f = {
		.ring_dropped = KNOWN(m, ring_dropped),
		.folded = KNOWN(m, folded),
		.map_full = KNOWN(m, map_full),
		.hook_missed = KNOWN(m, hook_missed),
		.unseen = KNOWN(m, unseen),
		.untimed = KNOWN(m, untimed),
	};

	return sink->loss ? sink->loss(sink->ctx, &f) : 0;
}

static int give_finish(const Shimscope__Finish *m, const struct fact_sink *sink)
{
	struct fact_finish f = { .end_ns = KNOWN(m, end_ns) };

	return sink->finish ? sink->finish(sink->ctx, &f) : 0;
}

static int give(const Shimscope__Fact *m, const struct fact_sink *sink, struct texts *t)
{
	switch (m->kind_case) {
	case SHIMSCOPE__FACT__KIND_HOST:
		return give_host(m->host, sink, t);
	case SHIMSCOPE__FACT__KIND_TRACE:
		return give_trace(m->trace, sink, t);
	case SHIMSCOPE__FACT__KIND_RUNTIME:
		return give_runtime(m->runtime, sink, t);
	case SHIMSCOPE__FACT__KIND_PROCESS:
		return give_process(m->process, sink, t);
	case SHIMSCOPE__FACT__KIND_USAGE:
		return give_usage(m->usage, sink);
	case SHIMSCOPE__FACT__KIND_CHANNEL:
		return give_channel(m->channel, sink, t);
	case SHIMSCOPE__FACT__KIND_HOLDER:
		return give_holder(m->holder, sink);
	case SHIMSCOPE__FACT__KIND_CONTAINER:
		return give_container(m->container, sink, t);
	case SHIMSCOPE__FACT__KIND_LINK:
		return give_link(m->link, sink);
	case SHIMSCOPE__FACT__KIND_WINDOW:
		return give_window(m->window, sink);
	case SHIMSCOPE__FACT__KIND_END:
		return give_end(m->end, sink);
	case SHIMSCOPE__FACT__KIND_LOSS:
		return give_loss(m->loss, sink);
	case SHIMSCOPE__FACT__KIND_FINISH:
		return give_finish(m->finish, sink);
	default:
		return 0;
	}
}

int capture_decode_fact(const uint8_t *data, size_t len, const struct fact_sink *sink)
{
	Shimscope__Fact *m = shimscope__fact__unpack(NULL, len, data);
	char *room = malloc(len);
	struct texts t = { .next = room };
	int ret = -ENOMEM;

	/* The bytes were checked: what fails now is memory. */
	if (m && room)
		ret = give(m, sink, &t);
	free(room);
	shimscope__fact__free_unpacked(m, NULL);
	return ret;
}
