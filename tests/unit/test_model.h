/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts fed by hand, for the tests of the model. */
#ifndef SHIMSCOPE_TEST_MODEL_H
#define SHIMSCOPE_TEST_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

#define MS     INT64_C(1000000)
#define SECOND INT64_C(1000000000)

/* The trace's clock: its first window begins here. */
#define START	       (1000 * SECOND)
/* CLOCK_REALTIME then. */
#define START_REALTIME INT64_C(1700000000123456789)

/* Ids as containerd makes them. */
#define CID_A	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CID_B	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CID_S	"5555555555555555555555555555555555555555555555555555555555555555"
#define SHA	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define STATE	"/run/containerd"
#define CRI_IO	STATE "/io.containerd.grpc.v1.cri/containers/"
#define BUNDLES STATE "/io.containerd.runtime.v2.task/"

/* Processes that most tests have, by id. */
enum { CONTAINERD = 1, SHIM = 2, WRITER = 3, CLIENT = 4, SHIM2 = 5 };

struct feed {
	struct model *m;
	struct fact_sink s;
};

#define FEED(f, kind, ...) assert_int_equal((f)->s.kind((f)->s.ctx, &(struct fact_##kind){ __VA_ARGS__ }), 0)
#define REFUSED(f, kind, ...) \
	assert_int_equal((f)->s.kind((f)->s.ctx, &(struct fact_##kind){ __VA_ARGS__ }), -EINVAL)

static inline struct feed feed_new(void)
{
	struct model *m = model_new();

	assert_non_null(m);
	return (struct feed){ m, model_sink(m) };
}

/* A trace that has begun, with a containerd (pid 100), a shim (200), a writer (300), a ctr (400). */
static inline struct feed feed_node(void)
{
	struct feed f = feed_new();

	FEED(&f, trace, .tool_version = "0.1", .backend = "fentry", .start_realtime_ns = START_REALTIME,
	     .start_ns = START, .interval_ns = SECOND);
	FEED(&f, runtime, .pid = 100, .version = "1.6.20", .address = "/run/containerd/containerd.sock",
	     .ttrpc_address = "/run/containerd/containerd.sock.ttrpc", .state = STATE);
	FEED(&f, process, .id = CONTAINERD, .pid = 100, .ppid = 1, .start_ns = 5, .role = PROCESS_CONTAINERD,
	     .comm = "containerd");
	FEED(&f, process, .id = SHIM, .pid = 200, .ppid = 1, .start_ns = 6, .role = PROCESS_SHIM,
	     .comm = "containerd-shim", .namespace = "k8s.io", .shim_id = CID_S,
	     .address = "/run/containerd/containerd.sock");
	FEED(&f, process, .id = WRITER, .pid = 300, .ppid = 200, .start_ns = 7, .role = PROCESS_WRITER,
	     .comm = "app");
	FEED(&f, process, .id = CLIENT, .pid = 400, .ppid = 1, .start_ns = 8, .role = PROCESS_CLIENT,
	     .comm = "ctr");
	return f;
}

/* Window n, a second long. */
static inline void feed_second(struct feed *f, uint64_t n)
{
	FEED(f, window, .index = n, .start_ns = START + (int64_t)n * SECOND, .duration_ns = SECOND);
}

/* What an end did: calls of which none failed. */
static inline void feed_io(struct feed *f, uint32_t channel, uint32_t process, enum direction d,
			   uint64_t calls, uint64_t bytes, uint64_t cpu_ns)
{
	struct counters n = { .calls = calls, .bytes = bytes, .cpu_ns = cpu_ns };

	FEED(f, end, .channel = channel, .process = process, .direction = d, .counters = &n);
}

static inline void feed_read(struct feed *f, uint32_t channel, uint32_t process, uint64_t calls,
			     uint64_t bytes, uint64_t cpu_ns)
{
	feed_io(f, channel, process, DIRECTION_READ, calls, bytes, cpu_ns);
}

static inline void feed_write(struct feed *f, uint32_t channel, uint32_t process, uint64_t calls,
			      uint64_t bytes, uint64_t cpu_ns)
{
	feed_io(f, channel, process, DIRECTION_WRITE, calls, bytes, cpu_ns);
}

/* A pipe, FIFO, file or pty whose inode is 1000 times its id. */
static inline void feed_object(struct feed *f, uint32_t id, enum transport t, const char *path)
{
	FEED(f, channel, .id = id, .transport = t, .dev = 24, .ino = id * UINT64_C(1000), .path = path);
}

/* A container of the shim (pid 200) and its pod. */
static inline void feed_pod(struct feed *f)
{
	FEED(f, container, .id = CID_S, .namespace = "k8s.io", .is_sandbox = true, .sandbox = CID_S,
	     .pod = "web", .pod_namespace = "shop", .pod_uid = "u-1", .bundle = BUNDLES "k8s.io/" CID_S,
	     .shim_pid = 200, .log_directory = "/var/log/pods/shop_web_u-1");
}

static inline void feed_container(struct feed *f, const char *id, const char *name, int64_t init_pid)
{
	char bundle[512];

	snprintf(bundle, sizeof(bundle), BUNDLES "k8s.io/%s", id);
	FEED(f, container, .id = id, .namespace = "k8s.io", .sandbox = CID_S, .name = name, .bundle = bundle,
	     .shim_pid = 200, .init_pid = init_pid);
}

static inline void resolve(struct feed *f, enum model_scope scope)
{
	assert_int_equal(model_resolve(f->m, scope), 0);
}

/* NULL when there is none. */
static inline struct model_channel *channel_or_null(const struct model *m, const char *id)
{
	size_t i;

	for (i = 0; i < m->n_channels; i++) {
		if (!strcmp(m->channels[i]->id, id))
			return m->channels[i];
	}
	return NULL;
}

static inline struct model_channel *channel_of(const struct model *m, const char *id)
{
	struct model_channel *ch = channel_or_null(m, id);

	if (!ch)
		fail_msg("no channel %s", id);
	return ch;
}

/* The channel that feed_object() made. */
static inline struct model_channel *object_channel(const struct model *m, enum transport t, uint32_t id)
{
	char text[128];

	snprintf(text, sizeof(text), "%s:0:24:%u", transport_name(t), id * 1000);
	return channel_of(m, text);
}

static inline struct model_container *container_of_id(const struct model *m, const char *id)
{
	size_t i;

	for (i = 0; i < m->n_containers; i++) {
		if (!strcmp(m->containers[i]->id, id))
			return m->containers[i];
	}
	fail_msg("no container %s", id);
	return NULL;
}

static inline struct model_process *process_of_id(const struct model *m, uint32_t id)
{
	size_t i;

	for (i = 0; i < m->n_processes; i++) {
		if (m->processes[i]->id == id)
			return m->processes[i];
	}
	fail_msg("no process %u", id);
	return NULL;
}

static inline const struct model_stream *stream_named(const struct model_stream *list, size_t n,
						      const char *name, const char *exec)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strcmp(list[i].stream, name) && (!exec || !strcmp(list[i].exec, exec)))
			return &list[i];
	}
	fail_msg("no stream %s %s", name, exec ? exec : "");
	return NULL;
}

static inline const struct model_stream *own_stream(const struct model_container *c, const char *name)
{
	return stream_named(c->streams, c->n_streams, name, NULL);
}

/* NULL when there is none. */
static inline const struct model_end *end_of(const struct model_channel *ch, uint32_t process,
					     enum direction d)
{
	size_t i;

	for (i = 0; i < ch->n_ends; i++) {
		if (ch->ends[i]->process->id == process && ch->ends[i]->direction == d)
			return ch->ends[i];
	}
	return NULL;
}

static inline const struct model_transport *transport_row(const struct model *m, enum transport t,
							  enum protocol p)
{
	size_t i;

	for (i = 0; i < m->n_transports; i++) {
		if (m->transports[i].transport == t && m->transports[i].protocol == p)
			return &m->transports[i];
	}
	fail_msg("no row %s %s", transport_name(t), protocol_name(p));
	return NULL;
}

/* Strings that may both be NULL. */
static inline void assert_text(const char *is, const char *should)
{
	if (!is || !should)
		assert_ptr_equal(is, should);
	else
		assert_string_equal(is, should);
}

#endif
