/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts into messages. The inverse, member by member, is decode.c. */
#include <errno.h>
#include <string.h>

#include "capture/format.h"
#include "capture/writer.h"

/* The values on disk are those of fact.h; both are append only. */
_Static_assert((int)TRANSPORT_FILE == (int)SHIMSCOPE__TRANSPORT__TRANSPORT_FILE &&
		       (int)TRANSPORT_COUNT == (int)TRANSPORT_FILE + 1,
	       "a transport is missing in capture.proto");
_Static_assert((int)PROCESS_CLIENT == (int)SHIMSCOPE__PROCESS_ROLE__PROCESS_CLIENT &&
		       (int)PROCESS_ROLE_COUNT == (int)PROCESS_CLIENT + 1,
	       "a process role is missing in capture.proto");
_Static_assert((int)DIRECTION_WRITE == (int)SHIMSCOPE__DIRECTION__DIRECTION_WRITE, "directions differ");

/* Unknown text is absent; "" is not unknown. */
#define PUT_TEXT(msg, member, value)                                                             \
	do {                                                                                     \
		const char *text_ = (value);                                                     \
		if (text_) {                                                                     \
			(msg).has_##member = 1;                                                  \
			(msg).member = (ProtobufCBinaryData){ strlen(text_), (uint8_t *)text_ }; \
		}                                                                                \
	} while (0)

/* A number that can be unknown, and is absent then. */
#define PUT_KNOWN(msg, member, value)           \
	do {                                    \
		int64_t known_ = (value);       \
		if (known_ != FACT_UNKNOWN) {   \
			(msg).has_##member = 1; \
			(msg).member = known_;  \
		}                               \
	} while (0)

/* A number, boolean or enum whose absence says 0. */
#define PUT(msg, member, value)                         \
	do {                                            \
		(msg).member = (value);                 \
		(msg).has_##member = (msg).member != 0; \
	} while (0)

#define PUT_FACT(w, KIND, kind_member, msg)                                                               \
	capture_put(w, &(Shimscope__Fact){ .base = PROTOBUF_C_MESSAGE_INIT(&shimscope__fact__descriptor), \
					   .kind_case = SHIMSCOPE__FACT__KIND_##KIND,                     \
					   .kind_member = &(msg) })

static int sink_host(void *ctx, const struct fact_host *f)
{
	Shimscope__Host m = SHIMSCOPE__HOST__INIT;

	PUT_TEXT(m, hostname, f->hostname);
	PUT_TEXT(m, kernel, f->kernel);
	PUT_TEXT(m, arch, f->arch);
	PUT_TEXT(m, boot_id, f->boot_id);
	PUT_KNOWN(m, cpus, f->cpus);
	return PUT_FACT(ctx, HOST, host, m);
}

static int sink_trace(void *ctx, const struct fact_trace *f)
{
	Shimscope__Trace m = SHIMSCOPE__TRACE__INIT;

	PUT_TEXT(m, tool_version, f->tool_version);
	PUT_TEXT(m, backend, f->backend);
	PUT_TEXT(m, note, f->note);
	PUT_TEXT(m, selection, f->selection);
	PUT_KNOWN(m, start_realtime_ns, f->start_realtime_ns);
	PUT_KNOWN(m, start_ns, f->start_ns);
	PUT_KNOWN(m, interval_ns, f->interval_ns);
	PUT(m, writers, f->writers);
	return PUT_FACT(ctx, TRACE, trace, m);
}

static int sink_runtime(void *ctx, const struct fact_runtime *f)
{
	Shimscope__Runtime m = SHIMSCOPE__RUNTIME__INIT;

	PUT_KNOWN(m, pid, f->pid);
	PUT_TEXT(m, version, f->version);
	PUT_TEXT(m, go_version, f->go_version);
	PUT_TEXT(m, exe, f->exe);
	PUT_TEXT(m, address, f->address);
	PUT_TEXT(m, ttrpc_address, f->ttrpc_address);
	PUT_TEXT(m, debug_address, f->debug_address);
	PUT_TEXT(m, state, f->state);
	PUT_TEXT(m, root, f->root);
	PUT_TEXT(m, config_path, f->config_path);
	PUT_TEXT(m, config_text, f->config_text);
	PUT_TEXT(m, config_sha256, f->config_sha256);
	return PUT_FACT(ctx, RUNTIME, runtime, m);
}

static int sink_process(void *ctx, const struct fact_process *f)
{
	Shimscope__Process m = SHIMSCOPE__PROCESS__INIT;

	if ((unsigned int)f->role >= PROCESS_ROLE_COUNT)
		return -EINVAL;
	PUT(m, id, f->id);
	PUT_KNOWN(m, pid, f->pid);
	PUT_KNOWN(m, ppid, f->ppid);
	PUT_KNOWN(m, start_ns, f->start_ns);
	PUT(m, role, (Shimscope__ProcessRole)f->role);
	PUT_TEXT(m, comm, f->comm);
	PUT_TEXT(m, exe, f->exe);
	PUT_TEXT(m, go_version, f->go_version);
	PUT_TEXT(m, version, f->version);
	PUT_TEXT(m, namespace_, f->namespace);
	PUT_TEXT(m, address, f->address);
	PUT_TEXT(m, container, f->container);
	PUT_TEXT(m, shim_id, f->shim_id);
	return PUT_FACT(ctx, PROCESS, process, m);
}

static int sink_usage(void *ctx, const struct fact_usage *f)
{
	Shimscope__Usage m = SHIMSCOPE__USAGE__INIT;

	PUT(m, process, f->process);
	PUT_KNOWN(m, ns, f->ns);
	PUT_KNOWN(m, cpu_ns, f->cpu_ns);
	PUT_KNOWN(m, user_ns, f->user_ns);
	PUT_KNOWN(m, system_ns, f->system_ns);
	PUT_KNOWN(m, rss_bytes, f->rss_bytes);
	PUT_KNOWN(m, pss_bytes, f->pss_bytes);
	PUT_KNOWN(m, anon_bytes, f->anon_bytes);
	PUT(m, final, f->final);
	return PUT_FACT(ctx, USAGE, usage, m);
}

static int sink_channel(void *ctx, const struct fact_channel *f)
{
	Shimscope__Channel m = SHIMSCOPE__CHANNEL__INIT;

	if ((unsigned int)f->transport >= TRANSPORT_COUNT)
		return -EINVAL;
	PUT(m, id, f->id);
	PUT(m, transport, (Shimscope__Transport)f->transport);
	PUT(m, dev, f->dev);
	PUT(m, ino, f->ino);
	PUT(m, gen, f->gen);
	PUT(m, mode, f->mode);
	PUT(m, peer_ino, f->peer_ino);
	PUT_TEXT(m, path, f->path);
	PUT(m, path_truncated, f->path_truncated);
	PUT(m, path_of_peer, f->path_of_peer);
	return PUT_FACT(ctx, CHANNEL, channel, m);
}

static int sink_holder(void *ctx, const struct fact_holder *f)
{
	Shimscope__Holder m = SHIMSCOPE__HOLDER__INIT;

	PUT(m, channel, f->channel);
	PUT(m, process, f->process);
	PUT(m, fd, f->fd);
	PUT(m, f_flags, f->f_flags);
	PUT_KNOWN(m, pipe_bytes, f->pipe_bytes);
	PUT_KNOWN(m, pipe_size, f->pipe_size);
	return PUT_FACT(ctx, HOLDER, holder, m);
}

static int sink_container(void *ctx, const struct fact_container *f)
{
	Shimscope__Container m = SHIMSCOPE__CONTAINER__INIT;

	PUT_TEXT(m, id, f->id);
	PUT_TEXT(m, namespace_, f->namespace);
	PUT_TEXT(m, sandbox, f->sandbox);
	PUT(m, is_sandbox, f->is_sandbox);
	PUT_TEXT(m, pod, f->pod);
	PUT_TEXT(m, pod_namespace, f->pod_namespace);
	PUT_TEXT(m, pod_uid, f->pod_uid);
	PUT_TEXT(m, name, f->name);
	PUT_TEXT(m, image, f->image);
	PUT_TEXT(m, bundle, f->bundle);
	PUT_TEXT(m, log_directory, f->log_directory);
	PUT(m, tty, f->tty);
	PUT_KNOWN(m, shim_pid, f->shim_pid);
	PUT_KNOWN(m, init_pid, f->init_pid);
	PUT_TEXT(m, address, f->address);
	return PUT_FACT(ctx, CONTAINER, container, m);
}

static int sink_link(void *ctx, const struct fact_link *f)
{
	Shimscope__Link m = SHIMSCOPE__LINK__INIT;

	PUT(m, from, f->from);
	PUT(m, to, f->to);
	PUT(m, process, f->process);
	PUT(m, votes, f->votes);
	return PUT_FACT(ctx, LINK, link, m);
}

static int sink_window(void *ctx, const struct fact_window *f)
{
	Shimscope__Window m = SHIMSCOPE__WINDOW__INIT;

	PUT(m, index, f->index);
	PUT_KNOWN(m, start_ns, f->start_ns);
	PUT_KNOWN(m, duration_ns, f->duration_ns);
	return PUT_FACT(ctx, WINDOW, window, m);
}

/* The buckets that hold something, as pairs. Returns the number of values put into pairs. */
static size_t sparse(const uint64_t *buckets, size_t n, uint64_t *pairs)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (!buckets[i])
			continue;
		pairs[used++] = i;
		pairs[used++] = buckets[i];
	}
	return used;
}

static int sink_end(void *ctx, const struct fact_end *f)
{
	uint64_t sizes[2 * FACT_SIZE_BUCKETS], cpus[2 * FACT_CPU_BUCKETS];
	const struct counters *n = f->counters;
	Shimscope__End m = SHIMSCOPE__END__INIT;

	if ((unsigned int)f->direction > DIRECTION_WRITE || !n)
		return -EINVAL;
	PUT(m, channel, f->channel);
	PUT(m, process, f->process);
	PUT(m, direction, (Shimscope__Direction)f->direction);
	PUT(m, calls, n->calls);
	PUT(m, bytes, n->bytes);
	PUT(m, moved_bytes, n->moved_bytes);
	PUT(m, peek_bytes, n->peek_bytes);
	PUT(m, eagain, n->eagain);
	PUT(m, errors, n->errors);
	PUT(m, cpu_ns, n->cpu_ns);
	PUT(m, blocked_ns, n->blocked_ns);
	PUT(m, untimed, n->untimed);
	m.n_size_log2 = sparse(n->size_log2, FACT_SIZE_BUCKETS, sizes);
	m.size_log2 = sizes;
	m.n_cpu_log2 = sparse(n->cpu_log2, FACT_CPU_BUCKETS, cpus);
	m.cpu_log2 = cpus;
	return PUT_FACT(ctx, END, end, m);
}

static int sink_loss(void *ctx, const struct fact_loss *f)
{
	Shimscope__Loss m = SHIMSCOPE__LOSS__INIT;

	PUT_KNOWN(m, ring_dropped, f->ring_dropped);
	PUT_KNOWN(m, folded, f->folded);
	PUT_KNOWN(m, map_full, f->map_full);
	PUT_KNOWN(m, hook_missed, f->hook_missed);
	PUT_KNOWN(m, unseen, f->unseen);
	PUT_KNOWN(m, untimed, f->untimed);
	return PUT_FACT(ctx, LOSS, loss, m);
}

static int sink_finish(void *ctx, const struct fact_finish *f)
{
	Shimscope__Finish m = SHIMSCOPE__FINISH__INIT;

	PUT_KNOWN(m, end_ns, f->end_ns);
	return PUT_FACT(ctx, FINISH, finish, m);
}

struct fact_sink capture_sink(struct capture_writer *w)
{
	return (struct fact_sink){
		.ctx = w,
		.host = sink_host,
		.trace = sink_trace,
		.runtime = sink_runtime,
		.process = sink_process,
		.usage = sink_usage,
		.channel = sink_channel,
		.holder = sink_holder,
		.container = sink_container,
		.link = sink_link,
		.window = sink_window,
		.end = sink_end,
		.loss = sink_loss,
		.finish = sink_finish,
	};
}
