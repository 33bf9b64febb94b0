// SPDX-License-Identifier: GPL-2.0-only
#include "probe/tracer.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/tracer.skel.h"
#include "probe/log.h"
#include "probe/selftest.h"

struct tracer {
	struct tracer_options o;
	struct tracer_handler handler;
	struct tracer_bpf *skel;
	struct ring_buffer *ring;
	struct kernel kernel;
	bool folds_b; /* which of the overflow maps is in place */
	bool breaking;
	bool kprobe_missed; /* the kernel tells of skipped kprobes */
};

/* Not an errno: ends libbpf's consume loop after the record in hand. */
#define RING_BREAK (-4095)

static int ring_record(void *ctx, void *data, size_t size)
{
	struct tracer *t = ctx;
	const __u8 *type = data;

	switch (*type) {
	case SS_RECORD_OP:
		if (size >= sizeof(struct ss_op))
			t->handler.op(t->handler.ctx, data);
		break;
	case SS_RECORD_CHANNEL:
		if (size >= sizeof(struct ss_channel))
			t->handler.channel(t->handler.ctx, data);
		break;
	case SS_RECORD_PROCESS:
		if (size >= sizeof(struct ss_process))
			t->handler.process(t->handler.ctx, data);
		break;
	}
	return t->breaking ? RING_BREAK : 0;
}

static size_t ring_round(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = page;

	while (size < bytes && size < ((size_t)1 << 30))
		size <<= 1;
	return size;
}

static void tracer_unload(struct tracer *t)
{
	ring_buffer__free(t->ring);
	t->ring = NULL;
	tracer_bpf__destroy(t->skel);
	t->skel = NULL;
	t->folds_b = false;
}

/* Why a step failed: libbpf's first warning where it says more than the error number. */
static void attempt_why(struct tracer_attempt *a, const char *step, int err)
{
	const char *first = probe_log_first();

	if (err == -EPERM || err == -EACCES)
		snprintf(a->why, sizeof(a->why), "%s: the kernel refuses (%s)", step, strerror(-err));
	else if (first[0])
		snprintf(a->why, sizeof(a->why), "%s: %.180s", step, first);
	else
		snprintf(a->why, sizeof(a->why), "%s: %s", step, strerror(-err));
}

static int tracer_load(struct tracer *t, enum backend b, struct tracer_attempt *a)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = t->o.btf_path);
	int err;

	probe_log_clear();
	t->skel = tracer_bpf__open_opts(&opts);
	if (!t->skel) {
		err = -errno;
		attempt_why(a, "opening the programs", err);
		return err;
	}
	err = backend_select(b, &t->kernel, t->skel->obj, a->why, sizeof(a->why));
	if (err)
		return err;
	t->skel->rodata->use_task_storage = t->kernel.task_storage;
	t->skel->rodata->use_rdonly_cast = t->kernel.rdonly_cast;
	t->skel->rodata->writers = t->o.writers;
	t->skel->rodata->follow_all = t->o.follow_all;
	t->skel->rodata->self_tgid = (__u32)getpid();
	bpf_map__set_autocreate(t->skel->maps.ops_task, t->kernel.task_storage);
	bpf_map__set_autocreate(t->skel->maps.ops_hash, !t->kernel.task_storage);
	err = bpf_map__set_max_entries(t->skel->maps.ring, (__u32)t->o.ring_bytes);
	if (!err)
		err = bpf_map__set_max_entries(t->skel->maps.channels, t->o.channels_max);
	if (!err)
		err = tracer_bpf__load(t->skel);
	if (err) {
		attempt_why(a, "loading", err);
		return err;
	}
	err = tracer_bpf__attach(t->skel);
	if (err) {
		attempt_why(a, "attaching", err);
		return err;
	}
	t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.ring), ring_record, t, NULL);
	if (!t->ring) {
		err = -errno;
		attempt_why(a, "mapping the ring buffer", err);
		return err;
	}
	return 0;
}

static int tracer_selftest(struct tracer *t, struct tracer_attempt *a)
{
	uint32_t self = (uint32_t)getpid();
	struct tracer_handler handler = t->handler;
	struct selftest *test;
	int err;

	err = selftest_new(&test, &t->handler);
	if (err) {
		snprintf(a->why, sizeof(a->why), "self-test: %s", strerror(-err));
		return err;
	}
	err = tracer_target_add(t, self, SS_TARGET_TRACED);
	if (!err) {
		t->skel->bss->mode = SS_MODE_SELFTEST;
		err = selftest_run(test, t, a->why, sizeof(a->why));
		t->skel->bss->mode = SS_MODE_OFF;
		tracer_target_delete(t, self);
	}
	/* Nothing of it may stand in the trace. */
	tracer_sweep(t);
	tracer_poll(t, 0);
	selftest_forget(test, t);
	t->handler = handler;
	selftest_free(test);
	memset(&t->skel->bss->stats, 0, sizeof(t->skel->bss->stats));
	return err;
}

static int tracer_try(struct tracer *t, enum backend b, struct tracer_attempt *a)
{
	int err;

	a->tried = true;
	err = tracer_load(t, b, a);
	if (!err)
		err = tracer_selftest(t, a);
	a->error = err;
	if (err)
		tracer_unload(t);
	return err;
}

int tracer_open(const struct tracer_options *o, const struct tracer_handler *handler, struct tracer **ret,
		struct tracer_attempt attempts[BACKEND_COUNT], char *err_text, size_t err_size)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct tracer *t = calloc(1, sizeof(*t));
	int err = -EOPNOTSUPP;

	memset(attempts, 0, sizeof(*attempts) * BACKEND_COUNT);
	if (!t)
		return -ENOMEM;
	t->o = *o;
	t->o.ring_bytes = ring_round(o->ring_bytes);
	t->handler = *handler;
	probe_log_init(o->verbose);
	/* Before Linux 5.11 maps are charged against this limit; later kernels do not need it. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);

	err = kernel_open(&t->kernel, o->btf_path);
	if (err) {
		if (o->btf_path)
			snprintf(err_text, err_size, "%s: not readable as BTF", o->btf_path);
		else
			snprintf(err_text, err_size,
				 "this kernel has no BTF (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF): "
				 "boot one "
				 "that has, or name its BTF file with --btf");
		goto fail;
	}
	for (int b = 0; b < BACKEND_COUNT; b++) {
		if (o->backend != BACKEND_AUTO && (int)o->backend != b)
			continue;
		err = tracer_try(t, b, &attempts[b]);
		if (!err) {
			t->o.backend = b;
			t->kprobe_missed = t->kernel.kprobe_missed;
			/* Types of the whole kernel and what loading took: several MiB that are not needed
			 * again. */
			kernel_close(&t->kernel);
			malloc_trim(0);
			*ret = t;
			return 0;
		}
	}
	if (o->backend != BACKEND_AUTO)
		snprintf(err_text, err_size, "backend %s does not work here: %s", backend_name(o->backend),
			 attempts[o->backend].why);
	else
		snprintf(err_text, err_size,
			 "no backend works here (syscall: %s); `shimscope doctor` tells more",
			 attempts[BACKEND_SYSCALL].why);
	if (err != -EPERM && err != -EACCES)
		err = -EOPNOTSUPP;
fail:
	kernel_close(&t->kernel);
	free(t);
	return err;
}

enum backend tracer_backend(const struct tracer *t)
{
	return t->o.backend;
}

const struct tracer_options *tracer_options_get(const struct tracer *t)
{
	return &t->o;
}

int tracer_target_add(struct tracer *t, uint32_t tgid, uint32_t flags)
{
	struct ss_target target = { .flags = flags };

	if (bpf_map_update_elem(bpf_map__fd(t->skel->maps.targets), &tgid, &target, BPF_ANY))
		return -errno;
	return 0;
}

int tracer_target_delete(struct tracer *t, uint32_t tgid)
{
	if (bpf_map_delete_elem(bpf_map__fd(t->skel->maps.targets), &tgid))
		return -errno;
	return 0;
}

bool tracer_target_has(struct tracer *t, uint32_t tgid)
{
	struct ss_target target;

	return bpf_map_lookup_elem(bpf_map__fd(t->skel->maps.targets), &tgid, &target) == 0 &&
	       target.flags & SS_TARGET_TRACED;
}

int tracer_channel_watch(struct tracer *t, const struct ss_channel_key *key)
{
	struct ss_channel_state state = { .watched = 1 };

	if (bpf_map_update_elem(bpf_map__fd(t->skel->maps.channels), key, &state, BPF_ANY))
		return -errno;
	return 0;
}

int tracer_channel_forget(struct tracer *t, const struct ss_channel_key *key)
{
	if (bpf_map_delete_elem(bpf_map__fd(t->skel->maps.channels), key))
		return -errno;
	return 0;
}

void tracer_start(struct tracer *t)
{
	t->skel->bss->mode = SS_MODE_ON;
}

int tracer_poll(struct tracer *t, int timeout_ms)
{
	int n;

	t->breaking = false;
	if (timeout_ms) {
		struct epoll_event event;

		n = epoll_wait(ring_buffer__epoll_fd(t->ring), &event, 1, timeout_ms);
		if (n < 0)
			return -errno;
	}
	n = ring_buffer__consume(t->ring);
	return n == RING_BREAK ? 0 : n;
}

void tracer_break(struct tracer *t)
{
	t->breaking = true;
}

int tracer_fd(const struct tracer *t)
{
	return ring_buffer__epoll_fd(t->ring);
}

/* The first key, each time: entries are deleted as they are read. */
static int folds_drain(struct tracer *t, int fd)
{
	struct ss_end_key key;
	struct ss_fold fold;
	int n = 0;

	while (bpf_map_get_next_key(fd, NULL, &key) == 0) {
		if (bpf_map_lookup_elem(fd, &key, &fold) == 0) {
			t->handler.fold(t->handler.ctx, &key, &fold);
			n++;
		}
		if (bpf_map_delete_elem(fd, &key) && errno != ENOENT)
			return -errno;
	}
	return n;
}

int tracer_sweep(struct tracer *t)
{
	int a = bpf_map__fd(t->skel->maps.folds_a), b = bpf_map__fd(t->skel->maps.folds_b);
	int old = t->folds_b ? b : a, next = t->folds_b ? a : b;
	__u32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(t->skel->maps.folds), &zero, &next, BPF_ANY))
		return -errno;
	t->folds_b = !t->folds_b;
	return folds_drain(t, old);
}

int tracer_stop(struct tracer *t)
{
	int err;

	t->skel->bss->mode = SS_MODE_OFF;
	/* The sweep waits for programs under way: after it nothing is added to ring or maps. */
	err = tracer_sweep(t);
	if (err >= 0)
		err = tracer_poll(t, 0);
	if (err >= 0)
		err = tracer_sweep(t);
	return err < 0 ? err : 0;
}

/*
 * The head of struct bpf_link_info as a kprobe's link fills it since Linux 6.7 (commit 3acf8ace6823);
 * libbpf 1.1's headers do not have it. include/uapi/linux/bpf.h: it only ever grows.
 */
struct kprobe_link_info {
	__u32 type, id, prog_id, pad;
	__u32 event_type, event_pad;
	__u64 func_name;
	__u32 name_len, offset;
	__u64 addr, missed;
};

#define LINK_TYPE_PERF_EVENT 7

/* How often the kernel skipped a probe, for want of a kretprobe instance or within another probe; -1 unknown.
 */
static int64_t kprobe_misses(struct tracer *t)
{
	const struct bpf_object_skeleton *s = t->skel->skeleton;
	int64_t sum = 0;

	if (t->o.backend != BACKEND_KPROBE)
		return 0;
	if (!t->kprobe_missed)
		return -1;
	for (int i = 0; i < s->prog_cnt; i++) {
		struct bpf_link *link = *s->progs[i].link;
		struct kprobe_link_info info = {};
		__u32 len = sizeof(info);

		if (!link)
			continue;
		if (bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &len))
			return -1;
		if (info.type == LINK_TYPE_PERF_EVENT)
			sum += (int64_t)info.missed;
	}
	return sum;
}

static void misses_read(struct tracer *t, struct tracer_loss *ret)
{
	struct bpf_program *prog;

	ret->recursion_misses = 0;
	bpf_object__for_each_program (prog, t->skel->obj) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(prog);

		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &len) ||
		    len < offsetof(struct bpf_prog_info, recursion_misses) + sizeof(info.recursion_misses)) {
			ret->recursion_misses = -1;
			return;
		}
		ret->recursion_misses += (int64_t)info.recursion_misses;
	}
}

void tracer_loss_read(struct tracer *t, struct tracer_loss *ret)
{
	ret->stats = t->skel->bss->stats;
	ret->kprobe_misses = kprobe_misses(t);
	misses_read(t, ret);
}

void tracer_close(struct tracer *t)
{
	if (!t)
		return;
	tracer_unload(t);
	kernel_close(&t->kernel);
	free(t);
}
