// SPDX-License-Identifier: GPL-2.0-only
/* Models built by hand for the tests of the views. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_model.h"

#define MS 1000000

void *fixture_alloc(struct fixture *f, size_t size)
{
	void *p = calloc(1, size);

	if (!(f->n_owned & (f->n_owned - 1)))
		f->owned = reallocarray(f->owned, f->n_owned ? 2 * f->n_owned : 1, sizeof(*f->owned));
	if (!p || !f->owned)
		abort();
	f->owned[f->n_owned++] = p;
	return p;
}

char *fixture_string(struct fixture *f, const char *s)
{
	return s ? memcpy(fixture_alloc(f, strlen(s) + 1), s, strlen(s)) : NULL;
}

/* A list with room for one more. It moves: pointers into it are good until the next one. */
static void *grown(struct fixture *f, const void *list, size_t n, size_t item)
{
	void *ret = fixture_alloc(f, (n + 1) * item);

	if (n)
		memcpy(ret, list, n * item);
	return ret;
}

/* Lists of pointers, which grow long: doubled. */
static void *appended(struct fixture *f, void *list, size_t n, void *item)
{
	void **items = list;

	if (!(n & (n - 1))) {
		items = fixture_alloc(f, (n ? 2 * n : 1) * sizeof(*items));
		if (n)
			memcpy(items, list, n * sizeof(*items));
	}
	items[n] = item;
	return items;
}

struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct model *m;

	if (!f)
		abort();
	m = &f->m;
	m->host.hostname = fixture_string(f, "node-1");
	m->host.kernel = fixture_string(f, "6.12.1");
	m->host.arch = fixture_string(f, "x86_64");
	m->host.boot_id = fixture_string(f, "5f1c2a7e-0000-4000-8000-000000000001");
	m->host.cpus = 2;
	m->trace.tool_version = fixture_string(f, "0.1.0");
	m->trace.backend = fixture_string(f, "fentry");
	m->trace.start_realtime_ns = m->trace.scope_realtime_ns =
		1767323045123456789; /* 2026-01-02T03:04:05Z */
	m->trace.interval_ns = 1000000000;
	m->trace.duration_ns = 30000000000;
	m->trace.windows = 30;
	m->trace.complete = true;
	m->exact = true;
	return f;
}

void fixture_free(struct fixture *f)
{
	size_t i;

	for (i = 0; i < f->n_owned; i++)
		free(f->owned[i]);
	free(f->owned);
	free(f);
}

struct model_process *fixture_process(struct fixture *f, enum process_role role, int64_t pid,
				      const char *comm)
{
	struct model_process *p = fixture_alloc(f, sizeof(*p));

	p->id = (uint32_t)f->m.n_processes + 1;
	p->pid = pid;
	p->ppid = 1;
	p->role = role;
	p->comm = fixture_string(f, comm);
	p->cpu_ns = p->user_ns = p->system_ns = FACT_UNKNOWN;
	p->rss_bytes = p->pss_bytes = p->anon_bytes = FACT_UNKNOWN;
	f->m.processes = appended(f, f->m.processes, f->m.n_processes++, p);
	return p;
}

void fixture_usage(struct model_process *p, int64_t cpu_ns, int64_t rss_bytes)
{
	p->cpu_ns = cpu_ns;
	p->user_ns = p->system_ns = cpu_ns / 2;
	p->rss_bytes = rss_bytes;
	p->pss_bytes = rss_bytes / 2;
	p->anon_bytes = rss_bytes / 4;
}

struct model_channel *fixture_channel(struct fixture *f, const char *id, enum transport t,
				      enum channel_role role, enum protocol p, const char *path)
{
	struct model_channel *ch = fixture_alloc(f, sizeof(*ch));

	ch->id = fixture_string(f, id);
	ch->transport = t;
	ch->role = role;
	ch->protocol = p;
	ch->path = fixture_string(f, path);
	f->m.channels = appended(f, f->m.channels, f->m.n_channels++, ch);
	return ch;
}

static unsigned int log2_of(uint64_t v)
{
	return v < 2 ? 0 : 63U - (unsigned int)__builtin_clzll(v);
}

struct model_end *fixture_end(struct fixture *f, struct model_channel *ch, struct model_process *p,
			      enum direction d, uint64_t calls, uint64_t eagain, uint64_t bytes,
			      uint64_t cpu_ns)
{
	struct model_end *e = fixture_alloc(f, sizeof(*e));

	e->channel = ch;
	e->process = p;
	e->direction = d;
	e->n.calls = calls;
	e->n.eagain = eagain;
	e->n.bytes = bytes;
	e->n.cpu_ns = cpu_ns;
	e->n.blocked_ns = cpu_ns / 4;
	if (calls > eagain)
		e->n.size_log2[log2_of(bytes / (calls - eagain))] = calls - eagain;
	if (calls)
		e->n.cpu_log2[log2_of(cpu_ns / calls)] = calls;
	ch->ends = appended(f, ch->ends, ch->n_ends++, e);
	return e;
}

void fixture_holder(struct fixture *f, struct model_channel *ch, struct model_process *p, int fd,
		    uint32_t f_flags, uint64_t socket_ino)
{
	bool pipe = ch->transport == TRANSPORT_PIPE || ch->transport == TRANSPORT_FIFO;

	ch->holders = grown(f, ch->holders, ch->n_holders, sizeof(*ch->holders));
	ch->holders[ch->n_holders++] = (struct model_holder){
		.process = p,
		.fd = fd,
		.f_flags = f_flags,
		.pipe_bytes = pipe && !(f_flags & O_PATH) ? 1200 : FACT_UNKNOWN,
		.pipe_size = pipe && !(f_flags & O_PATH) ? 65536 : FACT_UNKNOWN,
		.socket_ino = socket_ino,
	};
}

struct model_container *fixture_container(struct fixture *f, const char *id, const char *pod,
					  const char *name, const struct model_process *shim)
{
	struct model_container *c = fixture_alloc(f, sizeof(*c));

	c->id = fixture_string(f, id);
	c->namespace = fixture_string(f, pod ? "k8s.io" : "default");
	c->pod = fixture_string(f, pod);
	c->pod_namespace = fixture_string(f, pod ? "shop" : NULL);
	c->name = fixture_string(f, name);
	c->shim_pid = shim ? shim->pid : FACT_UNKNOWN;
	c->init_pid = FACT_UNKNOWN;
	c->log_records = c->file_bytes = FACT_UNKNOWN;
	f->m.containers = appended(f, f->m.containers, f->m.n_containers++, c);
	return c;
}

struct model_stream *fixture_stream(struct fixture *f, struct model_container *c, const char *stream,
				    const char *exec, int64_t log_bytes)
{
	struct model_stream **list = exec ? &c->execs : &c->streams;
	size_t *n = exec ? &c->n_execs : &c->n_streams;
	struct model_stream *s;

	*list = grown(f, *list, *n, sizeof(**list));
	s = &(*list)[(*n)++];
	s->stream = fixture_string(f, stream);
	s->exec = fixture_string(f, exec);
	s->log_bytes = log_bytes;
	s->log_records = s->file_bytes = FACT_UNKNOWN;
	return s;
}

void fixture_hop(struct fixture *f, struct model_stream *s, struct model_channel *ch, enum process_role from,
		 enum process_role to, const struct model_end *in, const struct model_end *out)
{
	s->hops = grown(f, s->hops, s->n_hops, sizeof(*s->hops));
	s->hops[s->n_hops++] =
		(struct model_hop){ .channel = ch, .from = from, .to = to, .in = in, .out = out };
}

static void add(struct counters *to, const struct counters *n)
{
	size_t i;

	to->calls += n->calls;
	to->bytes += n->bytes;
	to->moved_bytes += n->moved_bytes;
	to->peek_bytes += n->peek_bytes;
	to->eagain += n->eagain;
	to->errors += n->errors;
	to->cpu_ns += n->cpu_ns;
	to->blocked_ns += n->blocked_ns;
	to->untimed += n->untimed;
	for (i = 0; i < FACT_SIZE_BUCKETS; i++)
		to->size_log2[i] += n->size_log2[i];
	for (i = 0; i < FACT_CPU_BUCKETS; i++)
		to->cpu_log2[i] += n->cpu_log2[i];
}

static void resolve_stream(struct model_stream *s, struct model_container *c)
{
	size_t h;

	for (h = 0; h < s->n_hops; h++) {
		const struct model_end *ends[] = { s->hops[h].in, s->hops[h].out };
		size_t i;

		for (i = 0; i < 2; i++) {
			if (!ends[i])
				continue;
			s->copied_bytes += ends[i]->n.bytes;
			s->moved_bytes += ends[i]->n.moved_bytes;
			s->calls += ends[i]->n.calls;
			s->eagain += ends[i]->n.eagain;
			s->cpu_ns += ends[i]->n.cpu_ns;
			s->blocked_ns += ends[i]->n.blocked_ns;
		}
	}
	if (s->exec)
		return;
	c->copied_bytes += s->copied_bytes;
	c->calls += s->calls;
	c->cpu_ns += s->cpu_ns;
	if (s->log_bytes != FACT_UNKNOWN)
		c->log_bytes += s->log_bytes;
}

static struct model_transport *transport_of(struct fixture *f, const struct model_channel *ch)
{
	struct model *m = &f->m;
	size_t i;

	for (i = 0; i < m->n_transports; i++) {
		if (m->transports[i].transport == ch->transport && m->transports[i].protocol == ch->protocol)
			return &m->transports[i];
	}
	m->transports = grown(f, m->transports, m->n_transports, sizeof(*m->transports));
	m->transports[m->n_transports].transport = ch->transport;
	m->transports[m->n_transports].protocol = ch->protocol;
	return &m->transports[m->n_transports++];
}

static int dearest_first(const void *a, const void *b)
{
	const struct model_transport *ta = a, *tb = b;

	return ta->n.cpu_ns > tb->n.cpu_ns ? -1 : ta->n.cpu_ns < tb->n.cpu_ns;
}

void fixture_resolve(struct fixture *f)
{
	struct model *m = &f->m;
	size_t i, j;

	for (i = 0; i < m->n_containers; i++) {
		struct model_container *c = m->containers[i];

		for (j = 0; j < c->n_streams; j++)
			resolve_stream(&c->streams[j], c);
		for (j = 0; j < c->n_execs; j++)
			resolve_stream(&c->execs[j], c);
	}
	for (i = 0; i < m->n_channels; i++) {
		const struct model_channel *ch = m->channels[i];
		struct model_transport *t = transport_of(f, ch);
		uint64_t calls = 0;

		for (j = 0; j < ch->n_ends; j++) {
			add(&t->n, &ch->ends[j]->n);
			calls += ch->ends[j]->n.calls;
			if (ch->ends[j]->process)
				ch->ends[j]->process->traced_cpu_ns += ch->ends[j]->n.cpu_ns;
		}
		t->channels += calls > 0;
	}
	if (m->n_transports)
		qsort(m->transports, m->n_transports, sizeof(*m->transports), dearest_first);
}

/* A log file or FIFO path with the container's id in it. */
static const char *path_of(struct fixture *f, const char *fmt, const char *id, const char *rest)
{
	char buf[512];

	snprintf(buf, sizeof(buf), fmt, id, id, rest);
	return fixture_string(f, buf);
}

/* A file that a second stream goes to is shared by both. */
static void share_file(struct model_container *c, const struct model_channel *file)
{
	size_t i, users = 0;

	for (i = 0; i < c->n_streams; i++)
		users += c->streams[i].hops[c->streams[i].n_hops - 1].channel == file;
	for (i = 0; i < c->n_streams; i++) {
		struct model_hop *last = &c->streams[i].hops[c->streams[i].n_hops - 1];

		last->shared = users > 1 && last->channel == file;
	}
}

struct cast {
	struct model_process *containerd, *shim, *writer;
};

/*
 * container -> pipe -> shim -> FIFO -> containerd, and on into file unless it is NULL: lines of 100
 * bytes. The writer's end is traced when there is one; half of the reads return EAGAIN.
 */
static struct model_stream *log_way(struct fixture *f, struct model_container *c, const struct cast *k,
				    const char *stream, uint64_t lines, struct model_channel *file,
				    unsigned int n)
{
	uint64_t bytes = 100 * lines;
	struct model_channel *pipe, *fifo;
	struct model_end *in = NULL, *out;
	struct model_stream *s;
	char id[64];

	snprintf(id, sizeof(id), "pipe:0:14:%u", 7000 + n);
	pipe = fixture_channel(f, id, TRANSPORT_PIPE, ROLE_CONTAINER_OUTPUT, PROTOCOL_RAW, NULL);
	snprintf(id, sizeof(id), "fifo:0:24:%u", 8000 + n);
	fifo = fixture_channel(f, id, TRANSPORT_FIFO, ROLE_CONTAINER_LOG, PROTOCOL_RAW,
			       path_of(f,
				       "/run/containerd/io.containerd.grpc.v1.cri/containers/%s/io/17/%s-%s",
				       c->id, stream));
	pipe->container = fifo->container = c->id;
	pipe->stream = fifo->stream = stream;
	s = fixture_stream(f, c, stream, NULL, (int64_t)bytes);
	if (k->writer) {
		in = fixture_end(f, pipe, k->writer, DIRECTION_WRITE, lines, 0, bytes, lines * 900);
		fixture_holder(f, pipe, k->writer, 1, O_WRONLY, 0);
	}
	out = fixture_end(f, pipe, k->shim, DIRECTION_READ, 2 * lines, lines, bytes, lines * 1300);
	fixture_hop(f, s, pipe, PROCESS_WRITER, PROCESS_SHIM, in, out);
	fixture_holder(f, pipe, k->shim, 11 + (int)n, O_RDONLY | O_NONBLOCK, 0);
	in = fixture_end(f, fifo, k->shim, DIRECTION_WRITE, lines, 0, bytes, lines * 1500);
	out = fixture_end(f, fifo, k->containerd, DIRECTION_READ, 2 * lines, lines, bytes, lines * 1400);
	fixture_hop(f, s, fifo, PROCESS_SHIM, PROCESS_CONTAINERD, in, out);
	fixture_holder(f, fifo, k->shim, 20 + (int)n, O_PATH, 0);
	fixture_holder(f, fifo, k->shim, 21 + (int)n, O_WRONLY | O_NONBLOCK, 0);
	fixture_holder(f, fifo, k->shim, 22 + (int)n, O_PATH, 0);
	fixture_holder(f, fifo, k->shim, 23 + (int)n, O_RDONLY | O_NONBLOCK, 0);
	fixture_holder(f, fifo, k->containerd, 40 + (int)n, O_PATH, 0);
	fixture_holder(f, fifo, k->containerd, 41 + (int)n, O_RDONLY | O_NONBLOCK, 0);
	if (file) {
		in = file->n_ends ? file->ends[0]
				  : fixture_end(f, file, k->containerd, DIRECTION_WRITE, 0, 0, 0, 0);
		in->n.calls += lines;
		in->n.bytes += bytes + 40 * lines;
		in->n.cpu_ns += lines * 2100;
		fixture_hop(f, s, file, PROCESS_CONTAINERD, PROCESS_OTHER, in, NULL);
		share_file(c, file);
	}
	return s;
}

static struct model_channel *log_file(struct fixture *f, struct model_container *c, const struct cast *k,
				      int fd)
{
	struct model_channel *file;
	char path[256], id[64];

	snprintf(path, sizeof(path), "/var/log/pods/shop_%s_0b1/%s/0.log", c->pod, c->name);
	snprintf(id, sizeof(id), "file:8:1:%d", 9000 + fd);
	file = fixture_channel(f, id, TRANSPORT_FILE, ROLE_LOG_FILE, PROTOCOL_RAW, path);
	file->container = c->id;
	c->log_path = fixture_string(f, path);
	fixture_holder(f, file, k->containerd, fd, O_WRONLY | O_APPEND, 0);
	return file;
}

static void rpc(struct fixture *f, const char *id, enum channel_role role, enum protocol p, const char *path,
		struct model_process *client, struct model_process *server, uint64_t calls)
{
	struct model_channel *ch = fixture_channel(f, id, TRANSPORT_UNIX_STREAM, role, p, path);
	uint64_t ino = (uint64_t)f->m.n_channels * 10 + 500000;

	fixture_end(f, ch, client, DIRECTION_WRITE, calls, 0, calls * 220, calls * 4100);
	if (server) {
		fixture_end(f, ch, server, DIRECTION_READ, 2 * calls, calls, calls * 220, calls * 3900);
		fixture_end(f, ch, server, DIRECTION_WRITE, calls, 0, calls * 170, calls * 4000);
		fixture_end(f, ch, client, DIRECTION_READ, 2 * calls, calls, calls * 170, calls * 3700);
		fixture_holder(f, ch, server, 60 + (int)f->m.n_channels, O_RDWR | O_NONBLOCK, ino + 1);
	}
	fixture_holder(f, ch, client, 90 + (int)f->m.n_channels, O_RDWR | O_NONBLOCK, ino);
}

static struct model_runtime *runtime(struct fixture *f, const struct model_process *p)
{
	struct model_runtime *r = fixture_alloc(f, sizeof(*r));

	r->pid = p->pid;
	r->version = fixture_string(f, "1.6.20~ds1");
	r->go_version = fixture_string(f, "go1.19.8");
	r->exe = fixture_string(f, "/usr/bin/containerd");
	r->address = fixture_string(f, "/run/containerd/containerd.sock");
	r->state = fixture_string(f, "/run/containerd");
	r->config_path = fixture_string(f, "/etc/containerd/config.toml");
	f->m.runtimes = appended(f, f->m.runtimes, f->m.n_runtimes++, r);
	return r;
}

struct fixture *fixture_node(void)
{
	static const char id[][65] = {
		"3f9a1c52d0e74b6689a1c52d0e74b6683f9a1c52d0e74b6689a1c52d0e74b668",
		"8c1d77e0aa024f5b8c1d77e0aa024f5b8c1d77e0aa024f5b8c1d77e0aa024f5b",
		"d4e5f60718293a4bd4e5f60718293a4bd4e5f60718293a4bd4e5f60718293a4b",
		"0011223344556677001122334455667700112233445566770011223344556677",
	};
	struct fixture *f = fixture_new();
	struct model_process *cd = fixture_process(f, PROCESS_CONTAINERD, 812, "containerd");
	struct model_process *shim = fixture_process(f, PROCESS_SHIM, 1201, "containerd-shim");
	struct model_process *shim2 = fixture_process(f, PROCESS_SHIM, 1377, "containerd-shim");
	struct model_process *ctr = fixture_process(f, PROCESS_CLIENT, 1360, "ctr");
	struct model_process *kubelet = fixture_process(f, PROCESS_CLIENT, 700, "kubelet");
	struct model_process *journald = fixture_process(f, PROCESS_OTHER, 210, "systemd-journal");
	struct model_process *web = fixture_process(f, PROCESS_WRITER, 1302, "nginx");
	struct model_container *sandbox, *app, *sidecar, *tty, *job;
	struct model_channel *ch, *pty, *fifo;
	struct model_stream *s;
	struct model_end *in, *out;
	struct cast k = { cd, shim, web };

	f->m.trace.writers = true;
	runtime(f, cd);
	cd->version = fixture_string(f, "1.6.20~ds1");
	cd->go_version = shim->go_version = shim2->go_version = fixture_string(f, "go1.19.8");
	shim->shim_id = fixture_string(f, id[0]);
	shim2->shim_id = fixture_string(f, "job-1");
	web->container = fixture_string(f, id[1]);
	fixture_usage(cd, 4100 * (int64_t)MS, 48 << 20);
	fixture_usage(shim, 2300 * (int64_t)MS, 14 << 20);
	fixture_usage(shim2, 120 * (int64_t)MS, 12 << 20);
	fixture_usage(ctr, 80 * (int64_t)MS, 30 << 20);

	sandbox = fixture_container(f, id[0], "web-0", NULL, shim);
	sandbox->is_sandbox = true;
	app = fixture_container(f, id[1], "web-0", "app", shim);
	sidecar = fixture_container(f, id[2], "web-0", "sidecar", shim);
	tty = fixture_container(f, id[3], "web-0", "shell", shim);
	job = fixture_container(f, "job-1", NULL, NULL, shim2);
	app->sandbox = sidecar->sandbox = tty->sandbox = sandbox->id;
	tty->tty = true;

	/* app: 400,000 lines on stdout, 1,000 on stderr, one file. */
	ch = log_file(f, app, &k, 31);
	log_way(f, app, &k, "stdout", 400000, ch, 0);
	log_way(f, app, &k, "stderr", 1000, ch, 4);
	app->log_records = 401000;
	app->file_bytes = 401000 * 140;
	/* sidecar: 20,000 lines, nobody traces its writes; stderr is silent. */
	k.writer = NULL;
	ch = log_file(f, sidecar, &k, 32);
	s = log_way(f, sidecar, &k, "stdout", 20000, ch, 8);
	s->log_records = sidecar->log_records = 20000;
	s->file_bytes = sidecar->file_bytes = 20000 * 140;
	log_way(f, sidecar, &k, "stderr", 0, NULL, 12);
	/* shell: a terminal; 3 bytes stayed in its FIFO. */
	pty = fixture_channel(f, "pty:0:22:3:1", TRANSPORT_PTY, ROLE_CONTAINER_OUTPUT, PROTOCOL_RAW,
			      "/dev/pts/3");
	fifo = fixture_channel(f, "fifo:0:24:8100", TRANSPORT_FIFO, ROLE_CONTAINER_LOG, PROTOCOL_RAW,
			       path_of(f,
				       "/run/containerd/io.containerd.grpc.v1.cri/containers/%s/io/9/%s-%s",
				       id[3], "stdout"));
	pty->container = fifo->container = tty->id;
	pty->stream = fifo->stream = "stdout";
	s = fixture_stream(f, tty, "stdout", NULL, 101102);
	out = fixture_end(f, pty, shim, DIRECTION_READ, 31, 4, 101102, 210000);
	fixture_hop(f, s, pty, PROCESS_WRITER, PROCESS_SHIM, NULL, out);
	in = fixture_end(f, fifo, shim, DIRECTION_WRITE, 27, 0, 101102, 190000);
	out = fixture_end(f, fifo, cd, DIRECTION_READ, 25, 3, 101099, 180000);
	fixture_hop(f, s, fifo, PROCESS_SHIM, PROCESS_CONTAINERD, in, out);
	fixture_holder(f, fifo, shim, 61, O_WRONLY, 0);
	fixture_holder(f, fifo, cd, 71, O_RDONLY, 0);
	/* job: ctr reads its output; 70,000 bytes of an exec are moved by splice. */
	fifo = fixture_channel(f, "fifo:0:24:8200", TRANSPORT_FIFO, ROLE_CONTAINER_LOG, PROTOCOL_RAW,
			       "/run/containerd/fifo/551/job-1-stdout");
	fifo->container = job->id;
	fifo->stream = "stdout";
	s = fixture_stream(f, job, "stdout", NULL, 655360);
	in = fixture_end(f, fifo, shim2, DIRECTION_WRITE, 160, 0, 655360, 640000);
	out = fixture_end(f, fifo, ctr, DIRECTION_READ, 180, 20, 655360, 700000);
	fixture_hop(f, s, fifo, PROCESS_SHIM, PROCESS_CLIENT, in, out);
	fixture_holder(f, fifo, shim2, 12, O_WRONLY, 0);
	fixture_holder(f, fifo, ctr, 9, O_RDONLY, 0);
	fifo = fixture_channel(f, "fifo:0:24:8201", TRANSPORT_FIFO, ROLE_CONTAINER_LOG, PROTOCOL_RAW,
			       "/run/containerd/fifo/552/probe-7-stdout");
	fifo->container = job->id;
	fifo->stream = "stdout";
	fifo->exec = fixture_string(f, "probe-7");
	s = fixture_stream(f, job, "stdout", "probe-7", 70000);
	in = fixture_end(f, fifo, shim2, DIRECTION_WRITE, 3, 0, 0, 9000);
	in->n.moved_bytes = 70000;
	out = fixture_end(f, fifo, ctr, DIRECTION_READ, 5, 2, 70000, 30000);
	fixture_hop(f, s, fifo, PROCESS_SHIM, PROCESS_CLIENT, in, out);

	ch = fixture_channel(
		f, "fifo:0:24:8300", TRANSPORT_FIFO, ROLE_SHIM_LOG, PROTOCOL_RAW,
		path_of(f, "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%.0s%s/log%.0s", id[0], ""));
	fixture_end(f, ch, shim, DIRECTION_WRITE, 5, 0, 906, 11000);
	fixture_end(f, ch, cd, DIRECTION_READ, 6, 0, 906, 9000);
	fixture_holder(f, ch, shim, 3, O_WRONLY, 0);
	fixture_holder(f, ch, shim, 2, O_WRONLY, 0);
	fixture_holder(f, ch, cd, 24, O_RDWR | O_NONBLOCK, 0);
	rpc(f, "unix-stream:500181:500182", ROLE_TTRPC_TASK, PROTOCOL_TTRPC, "/run/containerd/s/5a1f", cd,
	    shim, 13);
	rpc(f, "unix-stream:500191:500192", ROLE_TTRPC_TASK, PROTOCOL_TTRPC, "/run/containerd/s/77b0", cd,
	    shim2, 12);
	rpc(f, "unix-stream:500201:500202", ROLE_TTRPC_EVENTS, PROTOCOL_TTRPC,
	    "/run/containerd/containerd.sock.ttrpc", shim, cd, 4);
	rpc(f, "unix-stream:500211:500212", ROLE_GRPC_API, PROTOCOL_GRPC, "/run/containerd/containerd.sock",
	    kubelet, cd, 340);
	rpc(f, "unix-stream:500221:500231", ROLE_JOURNALD, PROTOCOL_SYSLOG, "/run/systemd/journal/stdout", cd,
	    NULL, 22);
	fixture_holder(f, f->m.channels[f->m.n_channels - 1], journald, 44, O_RDWR, 500231);
	/* Where containerd listens. */
	ch = fixture_channel(f, "unix-stream:0:500241", TRANSPORT_UNIX_STREAM, ROLE_GRPC_API, PROTOCOL_GRPC,
			     "/run/containerd/containerd.sock.listening");
	fixture_holder(f, ch, cd, 8, O_RDWR | O_NONBLOCK, 500241);
	/* A channel of which next to nothing is known. Its operations began before the trace. */
	ch = fixture_channel(f, "pipe:0:14:7777", TRANSPORT_PIPE, ROLE_OTHER, PROTOCOL_UNKNOWN, NULL);
	in = fixture_end(f, ch, cd, DIRECTION_WRITE, 2, 0, 2, 0);
	in->n.untimed = 2;
	f->m.loss.untimed = 2;
	fixture_resolve(f);
	return f;
}

struct fixture *fixture_crowd(size_t containers)
{
	struct fixture *f = fixture_new();
	struct cast k = { fixture_process(f, PROCESS_CONTAINERD, 812, "containerd"), NULL, NULL };
	size_t i;

	runtime(f, k.containerd);
	for (i = 0; i < containers; i++) {
		struct model_container *c;
		struct model_channel *file;
		char id[65], pod[32];

		k.shim = fixture_process(f, PROCESS_SHIM, 2000 + (int64_t)i, "containerd-shim");
		fixture_usage(k.shim, (int64_t)(i + 1) * MS, 12 << 20);
		snprintf(id, sizeof(id), "%064zx", i + 1);
		snprintf(pod, sizeof(pod), "crowd-%zu", i);
		c = fixture_container(f, id, pod, "app", k.shim);
		file = log_file(f, c, &k, 100 + (int)i);
		log_way(f, c, &k, "stdout", 10 * (i + 1), file, 100 + 4 * (unsigned int)i);
	}
	fixture_resolve(f);
	return f;
}

/*
 * Newlines, escape sequences, quotes, a formula, invalid UTF-8, an overlong form, wide, combining
 * and right-to-left.
 */
const char fixture_hostile_name[] =
	"=cmd|' /C calc'!A0\r\n\033[2J\033]0;owned\007\",;\\\t\x9b"
	"31m\xff\xfe\xc0\xaf\xed\xa0\x80\xc2\x9b漢字e\xcc\x81\xe2\x80\xaegpj.exe\x7f";

struct fixture *fixture_hostile(void)
{
	const char *evil = fixture_hostile_name;
	struct fixture *f = fixture_new();
	struct model_process *cd = fixture_process(f, PROCESS_CONTAINERD, 812, evil);
	struct model_process *shim = fixture_process(f, PROCESS_SHIM, 1201, evil);
	struct model_process *client = fixture_process(f, PROCESS_CLIENT, 1202, evil);
	struct model_container *c;
	struct model_channel *file, *ch;
	struct model_stream *s;
	struct model_end *in, *out;
	struct cast k = { cd, shim, NULL };
	char *longest = fixture_alloc(f, 4097);

	memset(longest, 'L', 4096);
	memcpy(longest, evil, strlen(evil));
	f->m.host.hostname = f->m.host.kernel = f->m.trace.note = fixture_string(f, evil);
	f->m.trace.selection = f->m.trace.backend = f->m.trace.tool_version = f->m.host.hostname;
	runtime(f, cd)->address = fixture_string(f, longest);
	f->m.runtimes[0]->version = f->m.runtimes[0]->config_path = fixture_string(f, evil);
	cd->version = cd->go_version = shim->shim_id = fixture_string(f, evil);
	c = fixture_container(f, longest, evil, evil, shim);
	c->pod_namespace = c->log_path = fixture_string(f, longest);
	file = fixture_channel(f, "file:1:1:1", TRANSPORT_FILE, ROLE_LOG_FILE, PROTOCOL_RAW, longest);
	log_way(f, c, &k, "stdout", 10, file, 0);
	ch = fixture_channel(f, evil, TRANSPORT_FIFO, ROLE_CONTAINER_LOG, PROTOCOL_RAW, longest);
	ch->container = fixture_string(f, evil);
	ch->exec = fixture_string(f, longest);
	ch->stream = evil;
	s = fixture_stream(f, c, "stdout", evil, FACT_UNKNOWN);
	in = fixture_end(f, ch, shim, DIRECTION_WRITE, 3, 0, 300, 2000);
	out = fixture_end(f, ch, client, DIRECTION_READ, 3, 0, 200, 2000);
	fixture_hop(f, s, ch, PROCESS_SHIM, PROCESS_CLIENT, in, out);
	fixture_holder(f, ch, client, 5, O_RDONLY, 0);
	rpc(f, "unix-stream:1:2", ROLE_GRPC_API, PROTOCOL_GRPC, longest, client, cd, 3);
	fixture_resolve(f);
	return f;
}
