// SPDX-License-Identifier: GPL-2.0-only
/* Processes: who operates, who comes and goes, what they use. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trace/state.h"

/* /proc/PID/stat counts start times in clock ticks of 10 ms. */
#define START_TOLERANCE_NS 20000000LL

/* How many processes' page tables are walked (smaps_rollup) in one window. */
#define MEMORY_PER_WINDOW 8

static char *copy(const char *s)
{
	return s ? strdup(s) : NULL;
}

static void process_forget_details(struct trace_process *p)
{
	free(p->shim_id);
	free(p->namespace);
	free(p->address);
	p->shim_id = p->namespace = p->address = NULL;
}

static struct trace_process *process_new(struct session *s, uint32_t pid)
{
	struct trace_process *p = calloc(1, sizeof(*p)), *old;

	if (!p)
		return NULL;
	/* The pid was another process's before: that one is no longer found by it. */
	HASH_FIND(hh, s->processes, &pid, sizeof(pid), old);
	if (old) {
		ends_of_process_drop(s, old);
		HASH_DELETE(hh, s->processes, old);
		process_forget_details(old);
		free(old);
	}
	p->id = ++s->next_process;
	p->pid = pid;
	HASH_ADD(hh, s->processes, pid, sizeof(p->pid), p);
	return p;
}

/* Time that the machine was suspended: CLOCK_BOOTTIME, in which processes' starts are told, counts it. */
static int64_t boot_offset(void)
{
	return clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);
}

static void process_emit(struct session *s, struct trace_process *p, const struct node_process *found)
{
	struct fact_process fact = {
		.id = p->id,
		.pid = p->pid,
		.ppid = found ? found->ppid : FACT_UNKNOWN,
		.start_ns = p->start_ns ? p->start_ns - boot_offset() : FACT_UNKNOWN,
		.role = p->role,
		.comm = found	     ? found->comm
			: p->comm[0] ? p->comm
				     : NULL,
		.exe = found ? found->exe : NULL,
		.namespace = p->namespace,
		.address = p->address,
		.shim_id = p->shim_id,
	};
	char *version = NULL, *go_version = NULL;

	if (found && (p->role == PROCESS_CONTAINERD || p->role == PROCESS_SHIM) && s->versions_known)
		node_binary_read(p->pid, p->role, &version, &go_version);
	fact.version = version;
	fact.go_version = go_version;
	p->told = true;
	SESSION_EMIT(s, process, &fact);
	free(version);
	free(go_version);
}

static void process_fill(struct trace_process *p, const struct node_process *found)
{
	p->start_ns = found->start_ns;
	p->role = found->role;
	process_forget_details(p);
	p->shim_id = copy(found->shim_id);
	p->namespace = copy(found->namespace);
	p->address = copy(found->address);
}

/*
 * Look a process up that was not announced; what it was may already be gone. hint: its role if it is
 * neither a containerd nor a shim.
 */
struct trace_process *process_get_as(struct session *s, uint32_t pid, enum process_role hint)
{
	struct node_process found = {};
	struct trace_process *p;

	HASH_FIND(hh, s->processes, &pid, sizeof(pid), p);
	if (p)
		return p;
	p = process_new(s, pid);
	if (!p)
		return NULL;
	if (node_process_read(pid, &found) == 0) {
		process_fill(p, &found);
		if (p->role == PROCESS_OTHER)
			p->role = hint;
		process_emit(s, p, &found);
		node_process_free(&found);
	} else {
		p->role = hint;
		process_emit(s, p, NULL);
	}
	return p;
}

/* One that operates: with --writers it feeds a shim if it is no target. */
struct trace_process *process_get(struct session *s, uint32_t pid)
{
	struct trace_process *p;
	bool writer;

	HASH_FIND(hh, s->processes, &pid, sizeof(pid), p);
	if (p)
		return p;
	writer = s->o.tracer.writers && !tracer_target_has(s->tracer, pid);
	return process_get_as(s, pid, writer ? PROCESS_WRITER : PROCESS_OTHER);
}

/* A target found by looking at the node. */
void process_add_found(struct session *s, const struct node_process *found)
{
	uint32_t pid = (uint32_t)found->pid;
	struct trace_process *p = process_new(s, pid);

	if (!p)
		return;
	process_fill(p, found);
	p->target = true;
	s->n_targets++;
}

/* One that the selection rules out: what it shares with targets is theirs alone. */
void process_add_unwanted(struct session *s, const struct node_process *found)
{
	struct trace_process *p = process_new(s, (uint32_t)found->pid);

	if (!p)
		return;
	process_fill(p, found);
	p->unwanted = true;
}

/* The facts about a process, with its binary's versions. */
void process_describe(struct session *s, struct trace_process *p)
{
	struct node_process found = {};

	if (node_process_read(p->pid, &found)) {
		process_emit(s, p, NULL);
		return;
	}
	process_emit(s, p, &found);
	node_process_free(&found);
}

void process_tell(struct session *s, struct trace_process *p)
{
	if (!p->told)
		process_describe(s, p);
}

static enum process_role role_of_flags(uint32_t flags)
{
	if (flags & SS_TARGET_SHIM)
		return PROCESS_SHIM;
	if (flags & SS_TARGET_CONTAINERD)
		return PROCESS_CONTAINERD;
	if (flags & SS_TARGET_WRITER && !(flags & SS_TARGET_TRACED))
		return PROCESS_WRITER;
	return PROCESS_OTHER;
}

static void process_started(struct session *s, const struct ss_process *rec)
{
	struct node_process found = {};
	struct trace_process *p;
	bool alive;

	/* A binary that this program runs to hear its version. */
	if (rec->ppid == (uint32_t)getpid()) {
		tracer_target_delete(s->tracer, rec->tgid);
		return;
	}
	HASH_FIND(hh, s->processes, &rec->tgid, sizeof(rec->tgid), p);
	if (!p || p->ended || llabs(p->start_ns - (int64_t)rec->start_ns) > START_TOLERANCE_NS)
		p = process_new(s, rec->tgid);
	if (!p)
		return;
	alive = node_process_read(rec->tgid, &found) == 0;
	if (alive)
		process_fill(p, &found);
	p->start_ns = (int64_t)rec->start_ns;
	p->role = role_of_flags(rec->flags);
	/* A shim's start helper serves no address itself; it is the parent of the one that will. */
	if (alive && p->role == PROCESS_SHIM && found.address && !selection_wants_shim(s, &found)) {
		tracer_target_delete(s->tracer, rec->tgid);
		p->unwanted = true;
	}
	if (rec->flags & SS_TARGET_TRACED && !p->unwanted && !p->target) {
		p->target = true;
		s->n_targets++;
	}
	snprintf(p->comm, sizeof(p->comm), "%.*s", SS_COMM_LEN - 1, rec->comm);
	/* Much that descends from a shim never writes to it (runc and its helpers): told of when it does. */
	if (p->role != PROCESS_WRITER)
		process_emit(s, p, alive ? &found : NULL);
	if (alive && p->role == PROCESS_SHIM && found.cwd && !p->unwanted)
		container_of_bundle(s, rec->tgid, found.cwd);
	if (alive)
		node_process_free(&found);
}

static void process_ended(struct session *s, const struct ss_process *rec)
{
	struct fact_usage usage = {
		.ns = (int64_t)rec->ns,
		.cpu_ns = (int64_t)rec->runtime_ns,
		.user_ns = FACT_UNKNOWN,
		.system_ns = FACT_UNKNOWN,
		.rss_bytes = FACT_UNKNOWN,
		.pss_bytes = FACT_UNKNOWN,
		.anon_bytes = FACT_UNKNOWN,
		.final = true,
	};
	struct trace_process *p;

	HASH_FIND(hh, s->processes, &rec->tgid, sizeof(rec->tgid), p);
	if (!p)
		return;
	p->ended = true;
	p->ended_ns = (int64_t)rec->ns;
	if (p->target) {
		p->target = false;
		s->n_targets--;
	}
	usage.process = p->id;
	if (p->told)
		SESSION_EMIT(s, usage, &usage);
}

void process_event(struct session *s, const struct ss_process *rec)
{
	if (rec->event == SS_PROCESS_EXIT)
		process_ended(s, rec);
	else
		process_started(s, rec);
}

/* After records of processes were dropped: find what they would have told. */
void processes_rescan(struct session *s)
{
	struct trace_process *p, *next;
	struct node_process *list;
	size_t n;

	if (node_scan(&list, &n) == 0) {
		for (size_t i = 0; i < n; i++) {
			uint32_t pid = (uint32_t)list[i].pid;

			HASH_FIND(hh, s->processes, &pid, sizeof(pid), p);
			if ((p && !p->ended) || !tracer_target_has(s->tracer, pid))
				continue;
			process_add_found(s, &list[i]);
			process_describe(s, process_get(s, pid));
		}
		node_scan_free(list, n);
	}
	HASH_ITER (hh, s->processes, p, next) {
		if (p->target && !p->ended && !tracer_target_has(s->tracer, p->pid)) {
			p->target = false;
			p->ended = true;
			p->ended_ns = clock_ns(CLOCK_MONOTONIC);
			s->n_targets--;
		}
	}
}

/* Resource use of all targets now; memory is dear, so its turn goes round unless all are wanted. */
void processes_usage(struct session *s, bool memory_of_all)
{
	struct trace_process *p, *next;
	size_t i = 0, first = s->memory_next;

	HASH_ITER (hh, s->processes, p, next) {
		struct fact_usage usage = {};
		bool memory;

		if (!p->target || p->ended)
			continue;
		memory = memory_of_all || (i >= first && i < first + MEMORY_PER_WINDOW);
		i++;
		if (node_usage_read(p->pid, memory, &usage))
			continue;
		usage.process = p->id;
		if (usage.ns == 0)
			usage.ns = clock_ns(CLOCK_MONOTONIC);
		SESSION_EMIT(s, usage, &usage);
	}
	s->memory_next = first + MEMORY_PER_WINDOW < i ? first + MEMORY_PER_WINDOW : 0;
}

/* Processes that have ended, and whose last operations have been handed on. */
void processes_evict(struct session *s)
{
	struct trace_process *p, *next;

	HASH_ITER (hh, s->processes, p, next) {
		if (!p->ended || p->ended_ns > s->window_start_ns - s->o.interval_ns)
			continue;
		ends_of_process_drop(s, p);
		HASH_DELETE(hh, s->processes, p);
		process_forget_details(p);
		free(p);
	}
}

void processes_free(struct session *s)
{
	struct trace_process *p, *next;

	HASH_ITER (hh, s->processes, p, next) {
		HASH_DELETE(hh, s->processes, p);
		process_forget_details(p);
		free(p);
	}
}
