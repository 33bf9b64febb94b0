// SPDX-License-Identifier: GPL-2.0-only
/*
 * What takes long to find out about containerds and shims (their configuration, their binaries' versions,
 * for which one may have to be run): on a thread of its own, because in that time short-lived containers
 * come and go. The session's thread hands the facts on.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "trace/state.h"

struct details_entry {
	int64_t pid;
	uint32_t process;
	enum process_role role;
	char *version, *go_version;
	struct node_runtime runtime; /* containerd only */
	bool runtime_known;
};

struct trace_details {
	pthread_t thread;
	atomic_bool done;
	struct details_entry *list;
	size_t n;
	uint32_t last_process; /* told of when it began */
};

static void *details_find(void *arg)
{
	struct trace_details *d = arg;

	for (size_t i = 0; i < d->n; i++) {
		struct details_entry *e = &d->list[i];

		node_binary_read(e->pid, e->role, &e->version, &e->go_version);
		if (e->role == PROCESS_CONTAINERD)
			e->runtime_known = node_runtime_read(e->pid, &e->runtime) == 0;
	}
	atomic_store(&d->done, true);
	return NULL;
}

void details_start(struct session *s)
{
	struct trace_details *d = calloc(1, sizeof(*d));
	struct trace_process *p, *next;

	if (!d)
		return;
	d->list = calloc(HASH_COUNT(s->processes) + 1, sizeof(*d->list));
	if (!d->list) {
		free(d);
		return;
	}
	HASH_ITER (hh, s->processes, p, next) {
		if (!p->target || (p->role != PROCESS_CONTAINERD && p->role != PROCESS_SHIM))
			continue;
		d->list[d->n].pid = p->pid;
		d->list[d->n].process = p->id;
		d->list[d->n].role = p->role;
		d->n++;
	}
	d->last_process = s->next_process;
	if (pthread_create(&d->thread, NULL, details_find, d)) {
		free(d->list);
		free(d);
		return;
	}
	s->details = d;
}

static void runtime_emit(struct session *s, const struct node_runtime *r)
{
	struct fact_runtime fact = {
		.pid = r->pid,
		.version = r->version,
		.go_version = r->go_version,
		.exe = r->exe,
		.address = r->address,
		.ttrpc_address = r->ttrpc_address,
		.debug_address = r->debug_address,
		.state = r->state,
		.root = r->root,
		.config_path = r->config_path,
		.config_text = r->config_text,
		.config_sha256 = r->config_sha256,
	};

	SESSION_EMIT(s, runtime, &fact);
}

static void process_versions_emit(struct session *s, const struct details_entry *e)
{
	struct fact_process fact = {
		.id = e->process,
		.pid = e->pid,
		.ppid = FACT_UNKNOWN,
		.start_ns = FACT_UNKNOWN,
		.role = e->role,
		.version = e->version,
		.go_version = e->go_version,
	};

	SESSION_EMIT(s, process, &fact);
}

void details_take(struct session *s, bool wait)
{
	struct trace_details *d = s->details;
	struct trace_process *p, *next;

	if (!d || (!wait && !atomic_load(&d->done)))
		return;
	pthread_join(d->thread, NULL);
	s->details = NULL;
	s->versions_known = true;
	/* Those that started meanwhile were told of without their versions. */
	HASH_ITER (hh, s->processes, p, next) {
		if (p->target && !p->ended && p->role != PROCESS_OTHER && p->id > d->last_process)
			process_describe(s, p);
	}
	for (size_t i = 0; i < d->n; i++) {
		struct details_entry *e = &d->list[i];

		if (e->version || e->go_version)
			process_versions_emit(s, e);
		if (e->runtime_known) {
			runtime_emit(s, &e->runtime);
			if (e->runtime.state)
				containers_of_state(s, e->runtime.state, e->pid);
			node_runtime_free(&e->runtime);
		}
		free(e->version);
		free(e->go_version);
	}
	free(d->list);
	free(d);
}
