// SPDX-License-Identifier: GPL-2.0-only
#include "trace/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "probe/openfiles.h"
#include "probe/privileges.h"
#include "trace/state.h"
#include "version.h"

/* So few processes' memory is looked at without much delay. */
#define MEMORY_AT_ONCE 16
/* How soon a ring that fills is emptied again, and how often open files are asked for names. */
#define HURRY_MS       1
#define NAMES_NS       100000000LL

int64_t clock_ns(int clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void on_op(void *ctx, const struct ss_op *op)
{
	op_record(ctx, op);
}

static void on_channel(void *ctx, const struct ss_channel *c)
{
	channel_announced(ctx, c);
}

static void on_process(void *ctx, const struct ss_process *p)
{
	process_event(ctx, p);
}

static void on_fold(void *ctx, const struct ss_end_key *end, const struct ss_fold *fold)
{
	fold_record(ctx, end, fold);
}

/* The flags with which the kernel follows a process. */
static uint32_t target_flags(enum process_role role)
{
	if (role == PROCESS_CONTAINERD)
		return SS_TARGET_TRACED | SS_TARGET_CONTAINERD;
	return SS_TARGET_TRACED | SS_TARGET_SHIM;
}

/* Descendants of shims feed their pipes (--writers). */
static int writers_add(struct session *s, const struct node_process *shims, size_t n)
{
	uint32_t *pids = NULL;
	size_t n_pids = 0;
	int err;

	err = node_descendants(shims, n, &pids, &n_pids);
	for (size_t i = 0; !err && i < n_pids; i++)
		if (!tracer_target_has(s->tracer, pids[i]))
			err = tracer_target_add(s->tracer, pids[i], SS_TARGET_WRITER);
	free(pids);
	return err;
}

static int target_add(struct session *s, const struct node_process *p, uint32_t flags, char *err_text,
		      size_t err_size)
{
	int err = s->tracer ? tracer_target_add(s->tracer, (uint32_t)p->pid, flags) : 0;

	if (err) {
		snprintf(err_text, err_size, "pid %lld cannot be traced: %s", (long long)p->pid,
			 strerror(-err));
		return err;
	}
	process_add_found(s, p);
	return 0;
}

/* Processes given with --pid. */
static int pids_add(struct session *s, char *err_text, size_t err_size)
{
	for (size_t i = 0; i < s->o.selection.n_pids; i++) {
		struct node_process p = {};
		int64_t pid = s->o.selection.pids[i];
		uint32_t flags = SS_TARGET_TRACED | SS_TARGET_FOLLOW;
		int err = node_process_read(pid, &p);

		if (err) {
			snprintf(err_text, err_size, "pid %lld: %s", (long long)pid,
				 err == -ESRCH ? "no such process" : strerror(-err));
			return err;
		}
		if (p.role == PROCESS_CONTAINERD || p.role == PROCESS_SHIM)
			flags |= target_flags(p.role);
		err = target_add(s, &p, flags, err_text, err_size);
		node_process_free(&p);
		if (err)
			return err;
	}
	return 0;
}

static int targets_add(struct session *s, char *err_text, size_t err_size)
{
	const struct session_selection *sel = &s->o.selection;
	struct node_process *list = NULL;
	size_t n = 0, containerds = 0;
	int err;

	err = node_scan(&list, &n);
	if (err) {
		snprintf(err_text, err_size, "looking for containerd in /proc: %s", strerror(-err));
		return err;
	}
	for (size_t i = 0; !err && i < n; i++) {
		const struct node_process *p = &list[i];

		if (p->role == PROCESS_CONTAINERD && p->address &&
		    selection_wants_containerd(sel, p->address)) {
			containerds++;
			err = target_add(s, p, target_flags(p->role), err_text, err_size);
		} else if (p->role == PROCESS_SHIM && selection_wants_shim(s, p)) {
			err = target_add(s, p, target_flags(p->role), err_text, err_size);
		} else if (p->role == PROCESS_SHIM || p->role == PROCESS_CONTAINERD) {
			process_add_unwanted(s, p);
		}
	}
	if (!err && s->o.tracer.writers)
		err = writers_add(s, list, n);
	node_scan_free(list, n);
	if (!err)
		err = pids_add(s, err_text, err_size);
	if (err)
		return err;
	if (!containerds && sel->n_addresses) {
		snprintf(err_text, err_size, "no containerd serves %s (try `shimscope doctor`)",
			 sel->addresses[0]);
		return -ESRCH;
	}
	if (!containerds && !sel->n_pids) {
		snprintf(err_text, err_size,
			 "no containerd is running here: start one, or name processes with --pid");
		return -ESRCH;
	}
	return 0;
}

static int privileges_check(char *err_text, size_t err_size)
{
	char missing[128];

	if (!privileges_missing(missing, sizeof(missing)))
		return 0;
	snprintf(err_text, err_size, "missing %s: run as root, or give shimscope these capabilities",
		 missing);
	return -EPERM;
}

int session_open(const struct session_options *o, struct session **ret, char *err_text, size_t err_size)
{
	struct tracer_attempt attempts[BACKEND_COUNT];
	struct session *s = calloc(1, sizeof(*s));
	const struct tracer_handler handler = { s, on_op, on_channel, on_process, on_fold };
	int err;

	if (!s) {
		snprintf(err_text, err_size, "out of memory");
		return -ENOMEM;
	}
	err = privileges_check(err_text, err_size);
	if (err)
		goto fail;
	s->o = *o;
	s->o.tracer.follow_all = o->selection.n_addresses == 0;
	err = tracer_open(&s->o.tracer, &handler, &s->tracer, attempts, err_text, err_size);
	if (err)
		goto fail;
	err = targets_add(s, err_text, err_size);
	if (err)
		goto fail;
	/*
	 * Ready before the trace begins, because it takes a while. Without it names come with operations, so
	 * only --writers needs it.
	 */
	err = openfiles_open(s->o.tracer.btf_path, &s->files, err_text, err_size);
	if (err && s->o.tracer.writers)
		goto fail;
	err = 0;
	/* With --writers the pipes that shims hold must be watched before the first write counts. */
	if (s->o.tracer.writers)
		err = open_files_watch(s, err_text, err_size);
	if (err)
		goto fail;
	s->start_realtime_ns = clock_ns(CLOCK_REALTIME);
	s->start_ns = clock_ns(CLOCK_MONOTONIC);
	s->window_start_ns = s->start_ns;
	tracer_start(s->tracer);
	*ret = s;
	return 0;
fail:
	session_close(s);
	return err;
}

int session_sink(struct session *s, const struct fact_sink *sink)
{
	if (s->n_sinks == SESSION_SINKS)
		return -ENOSPC;
	s->sinks[s->n_sinks++] = *sink;
	return 0;
}

size_t session_targets(const struct session *s)
{
	return s->n_targets;
}

enum backend session_backend(const struct session *s)
{
	return tracer_backend(s->tracer);
}

/* Everything known at the start but the open files. */
static void describe(struct session *s)
{
	struct trace_process *p, *next;
	struct node_host host = {};
	struct fact_host fact_host = { .cpus = FACT_UNKNOWN };
	struct fact_trace fact_trace = {
		.tool_version = SHIMSCOPE_VERSION,
		.backend = s->tracer ? backend_name(tracer_backend(s->tracer)) : NULL,
		.note = s->o.note,
		.selection = s->o.selection_text,
		.start_realtime_ns = s->start_realtime_ns,
		.start_ns = s->start_ns,
		.interval_ns = s->o.interval_ns,
		.writers = s->o.tracer.writers,
	};

	if (node_host_read(&host) == 0)
		fact_host =
			(struct fact_host){ host.hostname, host.kernel, host.arch, host.boot_id, host.cpus };
	SESSION_EMIT(s, host, &fact_host);
	SESSION_EMIT(s, trace, &fact_trace);
	HASH_ITER (hh, s->processes, p, next)
		if (p->target)
			process_describe(s, p);
	HASH_ITER (hh, s->processes, p, next) {
		struct node_process found = {};
		char *state;

		if (!p->target || node_process_read(p->pid, &found))
			continue;
		state = node_state_dir(&found);
		if (state)
			containers_of_state(s, state, p->pid);
		free(state);
		node_process_free(&found);
	}
}

/* Take in what waits, without waiting: containers may be short-lived. */
static int session_take_in(struct session *s)
{
	int n = tracer_poll(s->tracer, 0);

	if (s->pending)
		containers_retry(s);
	return n;
}

int session_describe(struct session *s)
{
	char err[256];

	describe(s);
	details_start(s);
	session_take_in(s);
	open_files_read(s, err, sizeof(err));
	session_take_in(s);
	processes_usage(s, HASH_COUNT(s->processes) <= MEMORY_AT_ONCE);
	return s->sink_error;
}

int session_snapshot(const struct session_selection *selection, const char *btf_path,
		     const struct fact_sink *sink, char *err_text, size_t err_size)
{
	struct session *s = calloc(1, sizeof(*s));
	struct fact_finish finish;
	int err;

	if (!s) {
		snprintf(err_text, err_size, "out of memory");
		return -ENOMEM;
	}
	err = privileges_check(err_text, err_size);
	if (err)
		goto out;
	s->o.selection = *selection;
	s->o.tracer.btf_path = btf_path;
	s->o.interval_ns = 1;
	s->start_realtime_ns = clock_ns(CLOCK_REALTIME);
	s->start_ns = s->window_start_ns = clock_ns(CLOCK_MONOTONIC);
	session_sink(s, sink);
	err = targets_add(s, err_text, err_size);
	if (err)
		goto out;
	describe(s);
	details_start(s);
	err = openfiles_open(btf_path, &s->files, err_text, err_size);
	if (err)
		goto out;
	err = open_files_read(s, err_text, err_size);
	if (err)
		goto out;
	details_take(s, true);
	finish.end_ns = clock_ns(CLOCK_MONOTONIC);
	SESSION_EMIT(s, finish, &finish);
	err = s->sink_error;
	if (err)
		snprintf(err_text, err_size, "%s", strerror(-err));
out:
	session_close(s);
	return err;
}

static bool loss_changed(struct session *s, struct tracer_loss *l)
{
	bool folded;

	tracer_loss_read(s->tracer, l);
	folded = l->stats.folded != s->swept;
	s->swept = l->stats.folded;
	return folded;
}

/* What is done once for each window, when its time is over. */
static int session_tick(struct session *s, int64_t now)
{
	struct tracer_loss l;
	int n;

	if (loss_changed(s, &l)) {
		n = tracer_sweep(s->tracer);
		if (n < 0)
			return n;
	}
	if (l.stats.process_dropped != s->processes_dropped) {
		s->processes_dropped = l.stats.process_dropped;
		processes_rescan(s);
	}
	processes_usage(s, false);
	loss_emit(s);
	while (s->window_start_ns + s->o.interval_ns <= now)
		window_close(s, s->window_start_ns + s->o.interval_ns);
	processes_evict(s);
	channels_evict(s);
	return 0;
}

/*
 * A ring that is full when it is emptied may have turned away the names of new channels, which their next
 * operations repeat. Come back soon then, and look at the open files while they are open.
 */
static void names_seek(struct session *s, int records)
{
	size_t room = tracer_options_get(s->tracer)->ring_bytes / sizeof(struct ss_op);
	int64_t now;
	char err[256];

	s->hurry = records > 0 && (size_t)records > room / 4;
	if (!s->unannounced)
		return;
	s->hurry = true;
	now = clock_ns(CLOCK_MONOTONIC);
	if (now - s->named_ns < NAMES_NS)
		return;
	s->named_ns = now;
	open_files_read(s, err, sizeof(err));
}

int session_poll(struct session *s, int timeout_ms)
{
	uint64_t before = s->windows;
	int64_t now, due = s->window_start_ns + s->o.interval_ns;
	int n;

	if (s->hurry && timeout_ms > HURRY_MS)
		timeout_ms = HURRY_MS;
	n = tracer_poll(s->tracer, timeout_ms);
	if (n < 0 && n != -EINTR)
		return n;
	names_seek(s, n);
	if (s->pending)
		containers_retry(s);
	if (s->details)
		details_take(s, false);
	now = clock_ns(CLOCK_MONOTONIC);
	if (now >= due) {
		n = session_tick(s, now);
		if (n < 0)
			return n;
	}
	if (s->sink_error)
		return s->sink_error;
	return (int)(s->windows - before);
}

int session_finish(struct session *s)
{
	struct fact_finish finish;
	char why[256];
	int err;

	if (s->stopping)
		return s->sink_error;
	s->stopping = true;
	finish.end_ns = clock_ns(CLOCK_MONOTONIC);
	err = tracer_stop(s->tracer);
	if (err)
		return err;
	containers_retry(s);
	details_take(s, true);
	if (s->unannounced)
		open_files_read(s, why, sizeof(why));
	processes_usage(s, true);
	loss_emit(s);
	if (finish.end_ns > s->window_start_ns || s->dirty)
		window_close(s, finish.end_ns > s->window_start_ns ? finish.end_ns : s->window_start_ns + 1);
	SESSION_EMIT(s, finish, &finish);
	return s->sink_error;
}

void session_close(struct session *s)
{
	struct trace_link *l, *next;

	if (!s)
		return;
	details_take(s, true);
	openfiles_close(s->files);
	tracer_close(s->tracer);
	channels_free(s);
	processes_free(s);
	containers_free(s);
	HASH_ITER (hh, s->links, l, next) {
		HASH_DELETE(hh, s->links, l);
		free(l);
	}
	free(s);
}
