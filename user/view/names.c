// SPDX-License-Identifier: GPL-2.0-only
/* What things are called in front of people. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/names.h"
#include "view/number.h"

struct names {
	const struct model *m;
	const struct model_container **by_id;
	size_t n;
	int64_t *shims; /* pids of the shims that serve containers, in order */
	size_t n_shims;
};

static int by_id(const void *a, const void *b)
{
	const struct model_container *const *ca = a, *const *cb = b;

	return strcmp((*ca)->id, (*cb)->id);
}

static int by_pid(const void *a, const void *b)
{
	const int64_t *pa = a, *pb = b;

	return *pa < *pb ? -1 : *pa > *pb;
}

struct names *names_new(const struct model *m)
{
	struct names *n = calloc(1, sizeof(*n));
	size_t i;

	if (!n)
		return NULL;
	n->m = m;
	n->by_id = calloc(m->n_containers + 1, sizeof(struct model_container *));
	n->shims = calloc(m->n_containers + 1, sizeof(*n->shims));
	if (!n->by_id || !n->shims) {
		names_free(n);
		return NULL;
	}
	for (i = 0; i < m->n_containers; i++) {
		if (m->containers[i]->id)
			n->by_id[n->n++] = m->containers[i];
		if (m->containers[i]->shim_pid != FACT_UNKNOWN)
			n->shims[n->n_shims++] = m->containers[i]->shim_pid;
	}
	qsort(n->by_id, n->n, sizeof(struct model_container *), by_id);
	qsort(n->shims, n->n_shims, sizeof(*n->shims), by_pid);
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	free(n->by_id);
	free(n->shims);
	free(n);
}

bool names_helper(const struct names *n, const struct model_process *p)
{
	size_t i;

	if (!p->ended || (p->role != PROCESS_CONTAINERD && p->role != PROCESS_SHIM))
		return false;
	if (p->role == PROCESS_SHIM)
		return !bsearch(&p->pid, n->shims, n->n_shims, sizeof(*n->shims), by_pid);
	for (i = 0; i < n->m->n_runtimes; i++) {
		if (n->m->runtimes[i]->pid == p->pid)
			return false;
	}
	return true;
}

struct names_census names_count(const struct names *n)
{
	struct names_census ret = { 0 };
	size_t i;

	for (i = 0; i < n->m->n_processes; i++) {
		const struct model_process *p = n->m->processes[i];

		if (names_helper(n, p))
			ret.helpers++;
		else if (p->role == PROCESS_CONTAINERD)
			ret.containerds++;
		else if (p->role == PROCESS_SHIM)
			ret.shims++;
		else
			ret.others++;
	}
	for (i = 0; i < n->m->n_containers; i++)
		ret.containers += !n->m->containers[i]->is_sandbox;
	return ret;
}

static int id_of(const void *key, const void *item)
{
	const struct model_container *const *c = item;

	return strcmp(key, (*c)->id);
}

const struct model_container *names_find(const struct names *n, const char *id)
{
	const struct model_container **c = NULL;

	if (id)
		c = bsearch(id, n->by_id, n->n, sizeof(struct model_container *), id_of);
	return c ? *c : NULL;
}

char *name_id(char *buf, size_t size, const char *id)
{
	if (!id)
		snprintf(buf, size, "?");
	else if (strspn(id, "0123456789abcdef") == 64 && !id[64])
		snprintf(buf, size, "%.12s", id);
	else
		snprintf(buf, size, "%s", id);
	return buf;
}

char *name_pod(char *buf, size_t size, const struct model_container *c)
{
	char id[NAME_SIZE];

	if (c->pod)
		snprintf(buf, size, "%s%s%s", c->pod_namespace ? c->pod_namespace : "",
			 c->pod_namespace ? "/" : "", c->pod);
	else
		snprintf(buf, size, "%s%s%s", c->namespace ? c->namespace : "", c->namespace ? "/" : "",
			 c->name ? c->name : name_id(id, sizeof(id), c->id));
	return buf;
}

char *name_container(char *buf, size_t size, const struct model_container *c)
{
	char pod[NAME_SIZE], id[NAME_SIZE];

	name_pod(pod, sizeof(pod), c);
	if (!c->pod || c->is_sandbox)
		snprintf(buf, size, "%s%s", pod, c->is_sandbox ? " sandbox" : "");
	else
		snprintf(buf, size, "%s/%s", pod, c->name ? c->name : name_id(id, sizeof(id), c->id));
	return buf;
}

const char *name_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static const char *comm_of(const struct model_process *p)
{
	if (p->comm)
		return p->comm;
	return p->exe ? name_base(p->exe) : "";
}

char *name_process(char *buf, size_t size, const struct names *n, const struct model_process *p)
{
	const struct model_container *c = NULL;
	const char *detail = comm_of(p);
	char name[NAME_SIZE];

	if (p->role == PROCESS_CONTAINERD && p->version)
		detail = p->version;
	if (p->role == PROCESS_SHIM)
		c = names_find(n, p->shim_id);
	else if (p->role == PROCESS_WRITER)
		c = names_find(n, p->container);
	if (c && p->role == PROCESS_SHIM)
		detail = name_pod(name, sizeof(name), c);
	else if (p->role == PROCESS_SHIM && p->shim_id)
		detail = name_id(name, sizeof(name), p->shim_id);
	if (p->role == PROCESS_OTHER)
		snprintf(buf, size, "%s", *detail ? detail : "?");
	else if (c && p->role == PROCESS_WRITER)
		snprintf(buf, size, "writer %s in %s", detail, name_container(name, sizeof(name), c));
	else
		snprintf(buf, size, "%s%s%s", process_role_name(p->role), *detail ? " " : "", detail);
	return buf;
}

char *name_pid(char *buf, size_t size, int64_t pid)
{
	if (pid == FACT_UNKNOWN)
		snprintf(buf, size, "?");
	else
		snprintf(buf, size, "%" PRId64, pid);
	return buf;
}

char *name_holder(char *buf, size_t size, const struct model_process *p)
{
	char pid[NUMBER_SIZE];

	name_pid(pid, sizeof(pid), p ? p->pid : FACT_UNKNOWN);
	if (!p)
		snprintf(buf, size, "?");
	else if (p->role == PROCESS_CONTAINERD || p->role == PROCESS_SHIM)
		snprintf(buf, size, "%s %s", process_role_name(p->role), pid);
	else
		snprintf(buf, size, "%s%s%s %s", p->role == PROCESS_OTHER ? "" : process_role_name(p->role),
			 p->role == PROCESS_OTHER ? "" : " ", *comm_of(p) ? comm_of(p) : "?", pid);
	return buf;
}
