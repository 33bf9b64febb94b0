/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of captures share: facts with every member set, facts with none, and a sink that
 * writes each fact as a line of text, so that two producers can be compared member by member.
 */
#ifndef SHIMSCOPE_TESTS_TEST_CAPTURE_H
#define SHIMSCOPE_TESTS_TEST_CAPTURE_H

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/fact.h"

/*
 * A member was added to a fact? Then capture.proto, encode.c, decode.c, dump_*() and the samples below
 * must learn it; only then change the size here.
 */
#if __SIZEOF_POINTER__ == 8
_Static_assert(sizeof(struct fact_host) == 40, "struct fact_host changed");
_Static_assert(sizeof(struct fact_trace) == 64, "struct fact_trace changed");
_Static_assert(sizeof(struct fact_runtime) == 96, "struct fact_runtime changed");
_Static_assert(sizeof(struct fact_process) == 104, "struct fact_process changed");
_Static_assert(sizeof(struct fact_usage) == 72, "struct fact_usage changed");
_Static_assert(sizeof(struct fact_channel) == 56, "struct fact_channel changed");
_Static_assert(sizeof(struct fact_holder) == 32, "struct fact_holder changed");
_Static_assert(sizeof(struct fact_container) == 120, "struct fact_container changed");
_Static_assert(sizeof(struct fact_link) == 24, "struct fact_link changed");
_Static_assert(sizeof(struct counters) == 648, "struct counters changed");
_Static_assert(sizeof(struct fact_window) == 24, "struct fact_window changed");
_Static_assert(sizeof(struct fact_end) == 24, "struct fact_end changed");
_Static_assert(sizeof(struct fact_loss) == 48, "struct fact_loss changed");
_Static_assert(sizeof(struct fact_finish) == 8, "struct fact_finish changed");
_Static_assert(sizeof(struct fact_sink) == 112, "struct fact_sink changed");
#endif

/* Lines of text, one a fact. */
struct dump {
	char *text;
	size_t len, size;
	uint64_t facts;
	uint64_t after_finish; /* facts that came after the end mark */
	uint64_t finishes;
	int fail_at; /* the fact, counted from 1, for which the sink returns fail_with; 0: none */
	int fail_with;
};

static inline void __attribute__((format(printf, 2, 3))) dump_add(struct dump *d, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (d->len + (size_t)n + 1 > d->size) {
		d->size = 2 * (d->len + (size_t)n + 1);
		d->text = realloc(d->text, d->size);
		if (!d->text)
			abort();
	}
	va_start(args, fmt);
	vsnprintf(d->text + d->len, d->size - d->len, fmt, args);
	va_end(args);
	d->len += (size_t)n;
}

static inline void dump_text(struct dump *d, const char *name, const char *s)
{
	if (s)
		dump_add(d, " %s=\"%s\"", name, s);
	else
		dump_add(d, " %s=null", name);
}

static inline void dump_known(struct dump *d, const char *name, int64_t v)
{
	if (v == FACT_UNKNOWN)
		dump_add(d, " %s=null", name);
	else
		dump_add(d, " %s=%" PRId64, name, v);
}

static inline void dump_number(struct dump *d, const char *name, uint64_t v)
{
	dump_add(d, " %s=%" PRIu64, name, v);
}

#define DUMP_TEXT(d, f, member)	  dump_text(d, #member, (f)->member)
#define DUMP_KNOWN(d, f, member)  dump_known(d, #member, (f)->member)
#define DUMP_NUMBER(d, f, member) dump_number(d, #member, (uint64_t)(f)->member)

static inline void dump_begin(struct dump *d, const char *kind)
{
	dump_add(d, "%s", kind);
	d->facts++;
	if (d->finishes)
		d->after_finish++;
}

static inline int dump_end_line(struct dump *d)
{
	dump_add(d, "\n");
	return d->fail_at && d->facts == (uint64_t)d->fail_at ? d->fail_with : 0;
}

static inline int dump_host(void *ctx, const struct fact_host *f)
{
	struct dump *d = ctx;

	dump_begin(d, "host");
	DUMP_TEXT(d, f, hostname);
	DUMP_TEXT(d, f, kernel);
	DUMP_TEXT(d, f, arch);
	DUMP_TEXT(d, f, boot_id);
	DUMP_KNOWN(d, f, cpus);
	return dump_end_line(d);
}

static inline int dump_trace(void *ctx, const struct fact_trace *f)
{
	struct dump *d = ctx;

	dump_begin(d, "trace");
	DUMP_TEXT(d, f, tool_version);
	DUMP_TEXT(d, f, backend);
	DUMP_TEXT(d, f, note);
	DUMP_TEXT(d, f, selection);
	DUMP_KNOWN(d, f, start_realtime_ns);
	DUMP_KNOWN(d, f, start_ns);
	DUMP_KNOWN(d, f, interval_ns);
	DUMP_NUMBER(d, f, writers);
	return dump_end_line(d);
}

static inline int dump_runtime(void *ctx, const struct fact_runtime *f)
{
	struct dump *d = ctx;

	dump_begin(d, "runtime");
	DUMP_KNOWN(d, f, pid);
	DUMP_TEXT(d, f, version);
	DUMP_TEXT(d, f, go_version);
	DUMP_TEXT(d, f, exe);
	DUMP_TEXT(d, f, address);
	DUMP_TEXT(d, f, ttrpc_address);
	DUMP_TEXT(d, f, debug_address);
	DUMP_TEXT(d, f, state);
	DUMP_TEXT(d, f, root);
	DUMP_TEXT(d, f, config_path);
	DUMP_TEXT(d, f, config_text);
	DUMP_TEXT(d, f, config_sha256);
	return dump_end_line(d);
}

static inline int dump_process(void *ctx, const struct fact_process *f)
{
	struct dump *d = ctx;

	dump_begin(d, "process");
	DUMP_NUMBER(d, f, id);
	DUMP_KNOWN(d, f, pid);
	DUMP_KNOWN(d, f, ppid);
	DUMP_KNOWN(d, f, start_ns);
	DUMP_NUMBER(d, f, role);
	DUMP_TEXT(d, f, comm);
	DUMP_TEXT(d, f, exe);
	DUMP_TEXT(d, f, go_version);
	DUMP_TEXT(d, f, version);
	DUMP_TEXT(d, f, namespace);
	DUMP_TEXT(d, f, address);
	DUMP_TEXT(d, f, container);
	DUMP_TEXT(d, f, shim_id);
	return dump_end_line(d);
}

static inline int dump_usage(void *ctx, const struct fact_usage *f)
{
	struct dump *d = ctx;

	dump_begin(d, "usage");
	DUMP_NUMBER(d, f, process);
	DUMP_KNOWN(d, f, ns);
	DUMP_KNOWN(d, f, cpu_ns);
	DUMP_KNOWN(d, f, user_ns);
	DUMP_KNOWN(d, f, system_ns);
	DUMP_KNOWN(d, f, rss_bytes);
	DUMP_KNOWN(d, f, pss_bytes);
	DUMP_KNOWN(d, f, anon_bytes);
	DUMP_NUMBER(d, f, final);
	return dump_end_line(d);
}

static inline int dump_channel(void *ctx, const struct fact_channel *f)
{
	struct dump *d = ctx;

	dump_begin(d, "channel");
	DUMP_NUMBER(d, f, id);
	DUMP_NUMBER(d, f, transport);
	DUMP_NUMBER(d, f, dev);
	DUMP_NUMBER(d, f, ino);
	DUMP_NUMBER(d, f, gen);
	DUMP_NUMBER(d, f, mode);
	DUMP_NUMBER(d, f, peer_ino);
	DUMP_TEXT(d, f, path);
	DUMP_NUMBER(d, f, path_truncated);
	DUMP_NUMBER(d, f, path_of_peer);
	return dump_end_line(d);
}

static inline int dump_holder(void *ctx, const struct fact_holder *f)
{
	struct dump *d = ctx;

	dump_begin(d, "holder");
	DUMP_NUMBER(d, f, channel);
	DUMP_NUMBER(d, f, process);
	DUMP_KNOWN(d, f, fd);
	DUMP_NUMBER(d, f, f_flags);
	DUMP_KNOWN(d, f, pipe_bytes);
	DUMP_KNOWN(d, f, pipe_size);
	return dump_end_line(d);
}

static inline int dump_container(void *ctx, const struct fact_container *f)
{
	struct dump *d = ctx;

	dump_begin(d, "container");
	DUMP_TEXT(d, f, id);
	DUMP_TEXT(d, f, namespace);
	DUMP_TEXT(d, f, sandbox);
	DUMP_NUMBER(d, f, is_sandbox);
	DUMP_TEXT(d, f, pod);
	DUMP_TEXT(d, f, pod_namespace);
	DUMP_TEXT(d, f, pod_uid);
	DUMP_TEXT(d, f, name);
	DUMP_TEXT(d, f, image);
	DUMP_TEXT(d, f, bundle);
	DUMP_TEXT(d, f, log_directory);
	DUMP_NUMBER(d, f, tty);
	DUMP_KNOWN(d, f, shim_pid);
	DUMP_KNOWN(d, f, init_pid);
	DUMP_TEXT(d, f, address);
	return dump_end_line(d);
}

static inline int dump_link(void *ctx, const struct fact_link *f)
{
	struct dump *d = ctx;

	dump_begin(d, "link");
	DUMP_NUMBER(d, f, from);
	DUMP_NUMBER(d, f, to);
	DUMP_NUMBER(d, f, process);
	DUMP_NUMBER(d, f, votes);
	return dump_end_line(d);
}

static inline int dump_window(void *ctx, const struct fact_window *f)
{
	struct dump *d = ctx;

	dump_begin(d, "window");
	DUMP_NUMBER(d, f, index);
	DUMP_KNOWN(d, f, start_ns);
	DUMP_KNOWN(d, f, duration_ns);
	return dump_end_line(d);
}

static inline void dump_histogram(struct dump *d, const char *name, const uint64_t *buckets, size_t n)
{
	dump_add(d, " %s=", name);
	for (size_t i = 0; i < n; i++) {
		if (buckets[i])
			dump_add(d, "[%zu:%" PRIu64 "]", i, buckets[i]);
	}
}

static inline int dump_end(void *ctx, const struct fact_end *f)
{
	const struct counters *n = f->counters;
	struct dump *d = ctx;

	dump_begin(d, "end");
	DUMP_NUMBER(d, f, channel);
	DUMP_NUMBER(d, f, process);
	DUMP_NUMBER(d, f, direction);
	DUMP_NUMBER(d, n, calls);
	DUMP_NUMBER(d, n, bytes);
	DUMP_NUMBER(d, n, moved_bytes);
	DUMP_NUMBER(d, n, peek_bytes);
	DUMP_NUMBER(d, n, eagain);
	DUMP_NUMBER(d, n, errors);
	DUMP_NUMBER(d, n, cpu_ns);
	DUMP_NUMBER(d, n, blocked_ns);
	DUMP_NUMBER(d, n, untimed);
	dump_histogram(d, "size_log2", n->size_log2, FACT_SIZE_BUCKETS);
	dump_histogram(d, "cpu_log2", n->cpu_log2, FACT_CPU_BUCKETS);
	return dump_end_line(d);
}

static inline int dump_loss(void *ctx, const struct fact_loss *f)
{
	struct dump *d = ctx;

	dump_begin(d, "loss");
	DUMP_KNOWN(d, f, ring_dropped);
	DUMP_KNOWN(d, f, folded);
	DUMP_KNOWN(d, f, map_full);
	DUMP_KNOWN(d, f, hook_missed);
	DUMP_KNOWN(d, f, unseen);
	DUMP_KNOWN(d, f, untimed);
	return dump_end_line(d);
}

static inline int dump_finish(void *ctx, const struct fact_finish *f)
{
	struct dump *d = ctx;

	dump_begin(d, "finish");
	DUMP_KNOWN(d, f, end_ns);
	d->finishes++;
	return dump_end_line(d);
}

static inline struct fact_sink dump_sink(struct dump *d)
{
	return (struct fact_sink){
		.ctx = d,
		.host = dump_host,
		.trace = dump_trace,
		.runtime = dump_runtime,
		.process = dump_process,
		.usage = dump_usage,
		.channel = dump_channel,
		.holder = dump_holder,
		.container = dump_container,
		.link = dump_link,
		.window = dump_window,
		.end = dump_end,
		.loss = dump_loss,
		.finish = dump_finish,
	};
}

/* Forget what was dumped; also frees. */
static inline void dump_reset(struct dump *d)
{
	free(d->text);
	memset(d, 0, sizeof(*d));
}

/*
 * One fact of each kind but the end mark, each member set to a value of its own; some are the extremes
 * of their types. Returns the sink's first error.
 */
static inline int sample_full(const struct fact_sink *s)
{
	static const struct fact_host host = {
		.hostname = "node-7",
		.kernel = "6.1.0-41-amd64",
		.arch = "x86_64",
		.boot_id = "6f0d1a0e-7f0c-4d7c-9d55-0f6c1cf1a2b3",
		.cpus = 2,
	};
	static const struct fact_trace trace = {
		.tool_version = "0.1.0",
		.backend = "fentry",
		.note = "before: 64 KiB pipes",
		.selection = "--pod default/web",
		.start_realtime_ns = 1763900000123456789,
		.start_ns = 1234567890123,
		.interval_ns = 1000000000,
		.writers = true,
	};
	static const struct fact_runtime runtime = {
		.pid = 431,
		.version = "1.6.20~ds1",
		.go_version = "go1.19.8",
		.exe = "/usr/bin/containerd",
		.address = "/run/containerd/containerd.sock",
		.ttrpc_address = "/run/containerd/containerd.sock.ttrpc",
		.debug_address = "/run/containerd/debug.sock",
		.state = "/run/containerd",
		.root = "/var/lib/containerd",
		.config_path = "/etc/containerd/config.toml",
		.config_text = "version = 2\n[debug]\n  level = \"info\"\n",
		.config_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	};
	static const struct fact_process process = {
		.id = 1,
		.pid = 4194304,
		.ppid = 1,
		.start_ns = INT64_MAX,
		.role = PROCESS_SHIM,
		.comm = "containerd-shim",
		.exe = "/usr/bin/containerd-shim-runc-v2",
		.go_version = "go1.19.9",
		.version = "1.6.21",
		.namespace = "k8s.io",
		.address = "/run/k3s/containerd/containerd.sock",
		.container = "c0ffee",
		.shim_id = "5a5a5a",
	};
	static const struct fact_usage usage = {
		.process = 1,
		.ns = 1234567999999,
		.cpu_ns = 17000001,
		.user_ns = 9000002,
		.system_ns = 8000003,
		.rss_bytes = 12345344,
		.pss_bytes = 9876480,
		.anon_bytes = 4194304,
		.final = true,
	};
	static const struct fact_channel channel = {
		.id = UINT32_MAX,
		.transport = TRANSPORT_UNIX_STREAM,
		.dev = 8,
		.ino = UINT64_MAX,
		.gen = 3,
		.mode = 0140777,
		.peer_ino = 40960,
		.path = "@/containerd-shim/\xff\xfe.sock",
		.path_truncated = true,
		.path_of_peer = true,
	};
	static const struct fact_holder holder = {
		.channel = UINT32_MAX,
		.process = 1,
		.fd = 17,
		.f_flags = 04002,
		.pipe_bytes = 4095,
		.pipe_size = 65536,
	};
	static const struct fact_container container = {
		.id = "c0ffee",
		.namespace = "k8s.io",
		.sandbox = "5a5a5a",
		.is_sandbox = true,
		.pod = "web-0",
		.pod_namespace = "default",
		.pod_uid = "11111111-2222-3333-4444-555555555555",
		.name = "nginx",
		.image = "docker.io/library/nginx:1.25",
		.bundle = "/run/containerd/x/k8s.io/c0ffee",
		.log_directory = "/var/log/pods/default_web-0_1111",
		.tty = true,
		.shim_pid = 4194304,
		.init_pid = 4194305,
		.address = "/run/containerd/containerd.sock",
	};
	static const struct fact_link link = { .from = 11, .to = 12, .process = 13, .votes = UINT64_MAX };
	static const struct fact_window window = { .index = 7, .start_ns = 1, .duration_ns = 999999999 };
	static const struct counters busy = {
		.calls = 1009,
		.bytes = 65537,
		.moved_bytes = 4099,
		.peek_bytes = 11,
		.eagain = 503,
		.errors = 2,
		.cpu_ns = 1234567,
		.blocked_ns = 987654321,
		.untimed = 1,
		.size_log2 = { [0] = 1, [5] = 300, [12] = UINT64_MAX, [FACT_SIZE_BUCKETS - 1] = 2 },
		.cpu_log2 = { [0] = 9, [10] = 700, [FACT_CPU_BUCKETS - 1] = UINT64_MAX },
	};
	static const struct fact_end end = {
		.channel = UINT32_MAX,
		.process = 1,
		.direction = DIRECTION_WRITE,
		.counters = &busy,
	};
	static const struct fact_loss loss = {
		.ring_dropped = 1,
		.folded = 2,
		.map_full = 3,
		.hook_missed = 4,
		.unseen = INT64_MAX,
		.untimed = 6,
	};
	int ret;

	(void)((ret = s->host(s->ctx, &host)) || (ret = s->trace(s->ctx, &trace)) ||
	       (ret = s->runtime(s->ctx, &runtime)) || (ret = s->process(s->ctx, &process)) ||
	       (ret = s->usage(s->ctx, &usage)) || (ret = s->channel(s->ctx, &channel)) ||
	       (ret = s->holder(s->ctx, &holder)) || (ret = s->container(s->ctx, &container)) ||
	       (ret = s->link(s->ctx, &link)) || (ret = s->window(s->ctx, &window)) ||
	       (ret = s->end(s->ctx, &end)) || (ret = s->loss(s->ctx, &loss)));
	return ret;
}

/* One fact of each kind but the end mark with nothing known, all else 0. */
static inline int sample_bare(const struct fact_sink *s)
{
	static const struct fact_host host = { .cpus = FACT_UNKNOWN };
	static const struct fact_trace trace = {
		.start_realtime_ns = FACT_UNKNOWN,
		.start_ns = FACT_UNKNOWN,
		.interval_ns = FACT_UNKNOWN,
	};
	static const struct fact_runtime runtime = { .pid = FACT_UNKNOWN };
	static const struct fact_process process = {
		.pid = FACT_UNKNOWN,
		.ppid = FACT_UNKNOWN,
		.start_ns = FACT_UNKNOWN,
	};
	static const struct fact_usage usage = {
		.ns = FACT_UNKNOWN,
		.cpu_ns = FACT_UNKNOWN,
		.user_ns = FACT_UNKNOWN,
		.system_ns = FACT_UNKNOWN,
		.rss_bytes = FACT_UNKNOWN,
		.pss_bytes = FACT_UNKNOWN,
		.anon_bytes = FACT_UNKNOWN,
	};
	static const struct fact_channel channel = { .transport = TRANSPORT_NONE };
	static const struct fact_holder holder = {
		.fd = -1,
		.pipe_bytes = FACT_UNKNOWN,
		.pipe_size = FACT_UNKNOWN,
	};
	static const struct fact_container container = { .shim_pid = FACT_UNKNOWN, .init_pid = FACT_UNKNOWN };
	static const struct fact_link link = { .votes = 0 };
	static const struct fact_window window = { .start_ns = FACT_UNKNOWN, .duration_ns = FACT_UNKNOWN };
	static const struct counters idle = { .calls = 0 };
	static const struct fact_end end = { .counters = &idle };
	static const struct fact_loss loss = {
		.ring_dropped = FACT_UNKNOWN,
		.folded = FACT_UNKNOWN,
		.map_full = FACT_UNKNOWN,
		.hook_missed = FACT_UNKNOWN,
		.unseen = FACT_UNKNOWN,
		.untimed = FACT_UNKNOWN,
	};
	int ret;

	(void)((ret = s->host(s->ctx, &host)) || (ret = s->trace(s->ctx, &trace)) ||
	       (ret = s->runtime(s->ctx, &runtime)) || (ret = s->process(s->ctx, &process)) ||
	       (ret = s->usage(s->ctx, &usage)) || (ret = s->channel(s->ctx, &channel)) ||
	       (ret = s->holder(s->ctx, &holder)) || (ret = s->container(s->ctx, &container)) ||
	       (ret = s->link(s->ctx, &link)) || (ret = s->window(s->ctx, &window)) ||
	       (ret = s->end(s->ctx, &end)) || (ret = s->loss(s->ctx, &loss)));
	return ret;
}

static inline int sample_finish(const struct fact_sink *s)
{
	return s->finish(s->ctx, &(struct fact_finish){ .end_ns = 1234999999999 });
}

/* One end with few calls, as most ends of most windows are. */
static inline int sample_end(const struct fact_sink *s, uint32_t channel, uint32_t process, uint64_t calls)
{
	struct counters n = {
		.calls = 2 * calls,
		.bytes = 100 * calls,
		.eagain = calls,
		.cpu_ns = 900 * calls,
		.blocked_ns = 990000000,
	};

	n.size_log2[6] = calls;
	n.cpu_log2[9] = calls;
	n.cpu_log2[10] = calls;
	return s->end(s->ctx, &(struct fact_end){ channel, process, DIRECTION_READ, &n });
}

#endif
