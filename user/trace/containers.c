// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers: their bundles are read as soon as they are heard of, because a short-lived one is gone
 * again in a moment. They are heard of when containerd writes their configuration, when their shim
 * starts, and when their FIFOs are first used.
 */
#include <errno.h>
#include <string.h>

#include "model/path_parse.h"
#include "trace/state.h"

#define PENDING_TRIES 200

static struct trace_process *shim_serving(struct session *s, const char *id)
{
	struct trace_process *p, *next, *found = NULL;

	if (!id)
		return NULL;
	/* The latest: a shim's short-lived start helper carries the same id. */
	HASH_ITER (hh, s->processes, p, next)
		if (p->role == PROCESS_SHIM && !p->ended && p->shim_id && strcmp(p->shim_id, id) == 0)
			found = p;
	return found;
}

static void container_emit(struct session *s, const struct node_container *c, struct trace_container *known)
{
	struct trace_process *shim = NULL, *p, *next;
	struct fact_container fact = {
		.id = c->id,
		.namespace = c->namespace,
		.sandbox = c->sandbox,
		.is_sandbox = c->is_sandbox,
		.pod = c->pod,
		.pod_namespace = c->pod_namespace,
		.pod_uid = c->pod_uid,
		.name = c->name,
		.image = c->image,
		.bundle = c->bundle,
		.log_directory = c->log_directory,
		.tty = c->tty,
		.init_pid = c->init_pid,
		.address = c->address,
		.shim_pid = FACT_UNKNOWN,
	};

	HASH_ITER (hh, s->processes, p, next)
		if (known->shim_pid && p->pid == known->shim_pid)
			shim = p;
	if (!shim)
		shim = shim_serving(s, c->sandbox ? c->sandbox : c->id);
	if (shim) {
		fact.shim_pid = shim->pid;
		if (!fact.address)
			fact.address = shim->address;
	}
	known->complete = known->shim_pid && (c->init_pid != FACT_UNKNOWN);
	SESSION_EMIT(s, container, &fact);
}

static struct trace_container *container_known(struct session *s, const char *id, const char *bundle,
					       int64_t root_pid)
{
	struct trace_container *known;

	HASH_FIND_STR(s->containers, id, known);
	if (known)
		return known;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	known->id = strdup(id);
	known->bundle = bundle ? strdup(bundle) : NULL;
	known->root_pid = root_pid;
	if (!known->id) {
		free(known->bundle);
		free(known);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, s->containers, known->id, strlen(known->id), known);
	return known;
}

/* Returns 0, or the error of a bundle that is not complete (yet). */
static int bundle_read(struct session *s, int64_t root_pid, const char *bundle)
{
	struct node_container c = {};
	struct trace_container *known;
	int err = node_bundle_read(root_pid, bundle, &c);

	if (err)
		return err;
	node_bundle_complete(root_pid, &c);
	known = container_known(s, c.id, bundle, root_pid);
	if (known)
		container_emit(s, &c, known);
	node_container_free(&c);
	return 0;
}

static void pending_add(struct session *s, int64_t root_pid, const char *bundle)
{
	struct trace_pending *p;

	for (p = s->pending; p; p = p->next)
		if (strcmp(p->bundle, bundle) == 0)
			return;
	p = calloc(1, sizeof(*p));
	if (!p)
		return;
	p->bundle = strdup(bundle);
	if (!p->bundle) {
		free(p);
		return;
	}
	p->root_pid = root_pid;
	p->next = s->pending;
	s->pending = p;
}

static bool bundle_known(struct session *s, const char *bundle)
{
	const char *slash = strrchr(bundle, '/');
	struct trace_container *known;

	HASH_FIND_STR(s->containers, slash ? slash + 1 : bundle, known);
	return known != NULL;
}

/* Returns true when it was not known before. */
static bool state_dir_add(struct session *s, const char *path, int64_t root_pid)
{
	struct trace_state_dir *d;

	for (d = s->state_dirs; d; d = d->next)
		if (strcmp(d->path, path) == 0) {
			d->root_pid = root_pid;
			return false;
		}
	d = calloc(1, sizeof(*d));
	if (!d)
		return false;
	d->path = strdup(path);
	if (!d->path) {
		free(d);
		return false;
	}
	d->root_pid = root_pid;
	d->next = s->state_dirs;
	s->state_dirs = d;
	return true;
}

/* STATE/io.containerd.runtime.v2.task/NS/ID → STATE */
static void state_dir_of_bundle(struct session *s, const char *bundle, int64_t root_pid)
{
	const char *task = strstr(bundle, "/io.containerd.runtime.v2.task/");
	char *state;

	if (!task)
		return;
	state = strndup(bundle, (size_t)(task - bundle));
	if (state)
		state_dir_add(s, state, root_pid);
	free(state);
}

void container_of_bundle(struct session *s, int64_t root_pid, const char *bundle)
{
	int err;

	state_dir_of_bundle(s, bundle, root_pid);
	if (bundle_known(s, bundle))
		return;
	err = bundle_read(s, root_pid, bundle);
	if (err == -ENOENT || err == -EINVAL)
		pending_add(s, root_pid, bundle);
}

void containers_retry(struct session *s)
{
	struct trace_pending **at = &s->pending, *p;

	while ((p = *at)) {
		if (!bundle_known(s, p->bundle) && bundle_read(s, p->root_pid, p->bundle) &&
		    ++p->tries < PENDING_TRIES) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		free(p->bundle);
		free(p);
	}
}

struct bundle_search {
	struct session *s;
	int64_t root_pid;
	const char *id; /* NULL: all */
	size_t id_len;
};

static int bundle_found(void *ctx, const struct node_container *c)
{
	struct bundle_search *b = ctx;
	struct trace_container *known;

	if (b->id && (strlen(c->id) != b->id_len || strncmp(c->id, b->id, b->id_len) != 0))
		return 0;
	known = container_known(b->s, c->id, c->bundle, b->root_pid);
	if (known)
		container_emit(b->s, c, known);
	return b->id != NULL;
}

void containers_of_state(struct session *s, const char *state, int64_t root_pid)
{
	struct bundle_search b = { .s = s, .root_pid = root_pid };

	if (state_dir_add(s, state, root_pid))
		node_bundles(root_pid, state, bundle_found, &b);
}

void container_of_fifo(struct session *s, const char *path, struct trace_process *by)
{
	struct trace_container *known;
	struct fifo_name name;
	struct span id;

	path_parse_fifo(path, false, &name);
	if (name.role != ROLE_CONTAINER_LOG)
		return;
	id = name.container.len ? name.container : name.name;
	HASH_FIND(hh, s->containers, id.at, id.len, known);
	if (!known) {
		for (struct trace_state_dir *d = s->state_dirs; d; d = d->next) {
			struct bundle_search b = { s, d->root_pid, id.at, id.len };

			if (node_bundles(d->root_pid, d->path, bundle_found, &b) == 1)
				break;
		}
		HASH_FIND(hh, s->containers, id.at, id.len, known);
	}
	/* The process that feeds a container's FIFO is its shim, and its init process is known by now. */
	if (known && !known->complete && by && by->role == PROCESS_SHIM && known->bundle) {
		known->shim_pid = by->pid;
		bundle_read(s, known->root_pid, known->bundle);
	}
}

void containers_free(struct session *s)
{
	struct trace_container *c, *next;

	HASH_ITER (hh, s->containers, c, next) {
		HASH_DELETE(hh, s->containers, c);
		free(c->id);
		free(c->bundle);
		free(c);
	}
	for (struct trace_pending *p = s->pending, *n; p; p = n) {
		n = p->next;
		free(p->bundle);
		free(p);
	}
	for (struct trace_state_dir *d = s->state_dirs, *n; d; d = n) {
		n = d->next;
		free(d->path);
		free(d);
	}
}
