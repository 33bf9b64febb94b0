// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a resolve looks things up in: sockets by address, containers by bundle, pid and log directory. And
 * what ends and holders say about each channel: who reads it, who writes it, whose output it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/counters.h"
#include "model/evidence.h"
#include "model/path_parse.h"
#include "model/state.h"

/* open(2) flags as the traced kernel has them, on x86 and arm64. */
#define OPEN_ACCMODE 03U
#define OPEN_RDONLY  00U
#define OPEN_WRONLY  01U
#define OPEN_PATH    010000000U

static int add_address(struct resolve *r, const char *address, const char *suffix, enum channel_role role)
{
	struct address_use *use;
	const char *key;
	size_t len;

	if (!address || !address[0])
		return 0;
	address = path_plain_address(address);
	key = suffix[0] ? arena_format(r->arena, "%s%s", address, suffix) : address;
	if (!key)
		return -ENOMEM;
	len = strlen(key);
	if (index_find(&r->addresses, key, len))
		return 0;
	use = arena_alloc(r->arena, 1, sizeof(*use));
	if (!use)
		return -ENOMEM;
	use->role = role;
	return index_add(&r->addresses, r->arena, key, len, use);
}

/* What runtimes say of themselves goes before what processes were told. */
static int index_addresses(struct resolve *r)
{
	struct runtime *rt;
	struct process *p;
	size_t i;
	int err = 0;

	for (rt = r->st->runtimes; rt && !err; rt = rt->hh.next) {
		err = add_address(r, rt->pub.ttrpc_address, "", ROLE_TTRPC_EVENTS);
		err = err ? err : add_address(r, rt->pub.debug_address, "", ROLE_DEBUG);
		err = err ? err : add_address(r, rt->pub.address, "", ROLE_GRPC_API);
		err = err ? err : add_address(r, rt->pub.address, ".ttrpc", ROLE_TTRPC_EVENTS);
	}
	for (p = r->st->processes; p && !err; p = p->hh.next) {
		if (!p->pub.address || (p->pub.role != PROCESS_CONTAINERD && p->pub.role != PROCESS_SHIM))
			continue;
		err = add_address(r, p->pub.address, "", ROLE_GRPC_API);
		err = err ? err : add_address(r, p->pub.address, ".ttrpc", ROLE_TTRPC_EVENTS);
	}
	for (i = 0; i < r->n_containers && !err; i++) {
		const struct container *c = r->containers[i];

		err = add_address(r, c->pub.address, "", ROLE_GRPC_API);
		err = err ? err : add_address(r, c->pub.address, ".ttrpc", ROLE_TTRPC_EVENTS);
	}
	return err;
}

static int inherit(char **to, const char *from)
{
	return *to ? 0 : text_set(to, from);
}

/* What is a pod's is told with its sandbox only. */
static int inherit_pod(struct resolve *r, struct container *c)
{
	struct container *s = NULL;
	int err;

	if (c->pub.is_sandbox || !c->pub.sandbox)
		return 0;
	for (s = state_find_container(r->st, c->pub.sandbox, strlen(c->pub.sandbox)); s; s = s->same_id) {
		if (!c->pub.namespace || !s->pub.namespace || !strcmp(c->pub.namespace, s->pub.namespace))
			break;
	}
	if (!s || s == c)
		return 0;
	err = inherit(&c->pub.namespace, s->pub.namespace);
	err = err ? err : inherit(&c->pub.pod, s->pub.pod);
	err = err ? err : inherit(&c->pub.pod_namespace, s->pub.pod_namespace);
	err = err ? err : inherit(&c->pub.pod_uid, s->pub.pod_uid);
	err = err ? err : inherit(&c->pub.log_directory, s->pub.log_directory);
	return err ? err : inherit(&c->pub.address, s->pub.address);
}

static void container_reset(struct container *c, size_t order)
{
	c->order = order;
	c->next_of_name = c->next_of_dir = NULL;
	c->logs[0] = c->logs[1] = NULL;
	c->waiting_logs = c->channels = c->log_files = 0;
}

static int list_containers(struct resolve *r)
{
	struct container *head, *c;
	size_t room = r->n_channels; /* each may tell of one that no fact does */

	for (head = r->st->containers; head; head = head->hh.next) {
		for (c = head; c; c = c->same_id)
			room++;
	}
	r->containers = arena_alloc(r->arena, room, sizeof(struct container *));
	if (!r->containers)
		return -ENOMEM;
	for (head = r->st->containers; head; head = head->hh.next) {
		for (c = head; c; c = c->same_id) {
			container_reset(c, r->n_containers);
			r->containers[r->n_containers++] = c;
			if (inherit_pod(r, c))
				return -ENOMEM;
		}
	}
	return 0;
}

static struct pid_use *pid_use(struct resolve *r, int64_t pid)
{
	struct pid_use *use = index_find(&r->pids, &pid, sizeof(pid));

	if (use)
		return use;
	use = arena_alloc(r->arena, 1, sizeof(*use));
	if (!use)
		return NULL;
	use->pid = pid;
	return index_add(&r->pids, r->arena, &use->pid, sizeof(use->pid), use) ? NULL : use;
}

const struct pid_use *pid_find(const struct resolve *r, int64_t pid)
{
	return index_find(&r->pids, &pid, sizeof(pid));
}

static int index_pids(struct resolve *r, struct container *c)
{
	struct pid_use *use;

	if (c->pub.init_pid != FACT_UNKNOWN) {
		use = pid_use(r, c->pub.init_pid);
		if (!use)
			return -ENOMEM;
		use->init = c;
	}
	if (c->pub.shim_pid == FACT_UNKNOWN || c->pub.is_sandbox)
		return 0;
	use = pid_use(r, c->pub.shim_pid);
	if (!use)
		return -ENOMEM;
	use->only = use->served++ ? NULL : c;
	return 0;
}

static struct place *place_use(struct resolve *r, struct index *ix, const char *key, size_t len)
{
	struct place *place = index_find(ix, key, len);

	if (place)
		return place;
	place = arena_alloc(r->arena, 1, sizeof(*place));
	if (!place)
		return NULL;
	return index_add(ix, r->arena, key, len, place) ? NULL : place;
}

/* Where kubelet has the logs of a pod, when the sandbox does not tell. */
static const char *log_directory(struct resolve *r, const struct model_container *c)
{
	if (c->log_directory)
		return c->log_directory;
	if (!c->pod || !c->pod_namespace || !c->pod_uid)
		return "";
	return arena_format(r->arena, POD_LOGS "/%s_%s_%s", c->pod_namespace, c->pod, c->pod_uid);
}

static int index_logs(struct resolve *r, struct container *c)
{
	const char *dir = log_directory(r, &c->pub);
	struct place *place;
	size_t len;
	char *name;

	if (!dir)
		return -ENOMEM;
	len = strlen(dir);
	while (len && dir[len - 1] == '/')
		len--;
	if (!len)
		return 0;
	place = place_use(r, &r->dirs, dir, len);
	if (!place)
		return -ENOMEM;
	if (c->pub.is_sandbox)
		return 0;
	c->next_of_dir = place->first;
	place->first = c;
	place->n++;
	if (!c->pub.name || !c->pub.name[0])
		return 0;
	name = arena_format(r->arena, "%.*s/%s", (int)(len < INT32_MAX ? len : 0), dir, c->pub.name);
	place = name ? place_use(r, &r->names, name, strlen(name)) : NULL;
	if (!place)
		return -ENOMEM;
	c->next_of_name = place->first;
	place->first = c;
	place->n++;
	return 0;
}

static int index_bundle(struct resolve *r, struct container *c)
{
	size_t len = c->pub.bundle ? strlen(c->pub.bundle) : 0;

	while (len && c->pub.bundle[len - 1] == '/')
		len--;
	if (!len || index_find(&r->bundles, c->pub.bundle, len))
		return 0;
	return index_add(&r->bundles, r->arena, c->pub.bundle, len, c);
}

static int index_containers(struct resolve *r)
{
	size_t i;
	int err = 0;

	for (i = 0; i < r->n_containers && !err; i++) {
		struct container *c = r->containers[i];

		err = index_pids(r, c);
		err = err ? err : index_logs(r, c);
		err = err ? err : index_bundle(r, c);
	}
	return err;
}

static size_t same_start(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

static struct container *choose_of_same_id(struct container *head, const struct channel *ch)
{
	const struct process *shim = ch->shim_writer ? ch->shim_writer : ch->shim_reader;
	struct container *c, *best = head;
	size_t most = 0;

	for (c = head; c; c = c->same_id) {
		size_t n = c->pub.bundle && ch->pub.path ? same_start(c->pub.bundle, ch->pub.path) : 0;

		if (shim && c->pub.shim_pid == shim->pub.pid)
			return c;
		if (n > most) {
			most = n;
			best = c;
		}
	}
	return best;
}

/* A container of which nothing but a FIFO's name is known: it came and went too fast. */
static struct container *make_up(struct resolve *r, const struct channel *ch, const char *id, size_t len)
{
	const struct process *shim = ch->shim_writer ? ch->shim_writer : ch->shim_reader;
	struct container *c = arena_alloc(r->arena, 1, sizeof(*c));

	if (!c)
		return NULL;
	c->pub.id = arena_text(r->arena, id, len);
	if (!c->pub.id || index_add(&r->found, r->arena, c->pub.id, len, c))
		return NULL;
	c->pub.priv = c;
	c->pub.shim_pid = shim ? shim->pub.pid : FACT_UNKNOWN;
	c->pub.init_pid = FACT_UNKNOWN;
	c->pub.namespace = shim ? shim->pub.namespace : NULL;
	c->pub.address = shim ? shim->pub.address : NULL;
	c->seq = ch->seq;
	c->order = r->n_containers;
	r->containers[r->n_containers++] = c;
	return c;
}

struct container *container_named(struct resolve *r, const struct channel *ch, const char *id, size_t len,
				  bool add, int *err)
{
	struct container *c = state_find_container(r->st, id, len);

	if (c)
		return c->same_id ? choose_of_same_id(c, ch) : c;
	c = index_find(&r->found, id, len);
	if (!c && add) {
		c = make_up(r, ch, id, len);
		if (!c)
			*err = -ENOMEM;
	}
	return c;
}

struct container *shim_only_container(const struct resolve *r, const struct process *shim)
{
	const struct pid_use *use = shim ? pid_find(r, shim->pub.pid) : NULL;

	return use ? use->only : NULL;
}

void channel_give(struct channel *ch, struct container *ct)
{
	ch->ct = ct;
	ch->pub.container = ct->pub.id;
}

/* The ends of one direction: who moved most, and which shim. */
struct side {
	uint64_t bytes, top_bytes, shim_bytes;
	struct process *top, *shim;
	unsigned int roles;
};

static void side_add(struct side *s, struct process *p, const struct counters *n)
{
	uint64_t bytes = counters_passed(n);

	if (!n->calls)
		return;
	s->bytes += bytes;
	s->roles |= ROLE_BIT(p->pub.role);
	if (!s->top || bytes > s->top_bytes) {
		s->top = p;
		s->top_bytes = bytes;
	}
	if (p->pub.role == PROCESS_SHIM && (!s->shim || bytes > s->shim_bytes)) {
		s->shim = p;
		s->shim_bytes = bytes;
	}
}

static void evidence_of_ends(struct resolve *r, struct channel *ch)
{
	struct side in = { 0 }, out = { 0 };
	size_t i;
	int err = 0;

	for (i = 0; i < ch->n_tallies; i++) {
		const struct tally *t = ch->tallies[i];

		side_add(t->key.direction == DIRECTION_WRITE ? &in : &out, t->process, &t->total);
	}
	ch->bytes_in = in.bytes;
	ch->bytes_out = out.bytes;
	ch->top_writer = in.top;
	ch->top_reader = out.top;
	ch->shim_writer = in.shim;
	ch->shim_reader = out.shim;
	ch->writers = in.roles;
	ch->readers = out.roles;
	for (i = 0; i < ch->n_tallies && !ch->writer_ct; i++) {
		const struct tally *t = ch->tallies[i];
		const char *id = t->process->pub.container;

		if (t->key.direction == DIRECTION_WRITE && t->process->pub.role == PROCESS_WRITER && id)
			ch->writer_ct = container_named(r, ch, id, strlen(id), false, &err);
	}
}

/* A container's first process has the container's own streams on its descriptors 0 to 2. */
static void evidence_of_fd(const struct resolve *r, struct channel *ch, const struct holder *h, bool reads,
			   bool writes)
{
	const struct pid_use *use = pid_find(r, h->process->pub.pid);
	bool fits = h->key.fd == 0 ? reads : writes;

	if (!use || !use->init || h->key.fd > 2 || !fits || (ch->fd_ct && ch->fd_ct != use->init))
		return;
	ch->fd_ct = use->init;
	ch->fds |= 1U << (unsigned int)h->key.fd;
}

static void evidence_of_holder(const struct resolve *r, const struct holder *h)
{
	struct channel *ch = h->object->channel;
	unsigned int access = h->f_flags & OPEN_ACCMODE;
	bool reads = access != OPEN_WRONLY, writes = access != OPEN_RDONLY;
	bool shim = h->process->pub.role == PROCESS_SHIM;

	if (h->f_flags & OPEN_PATH)
		return;
	if (reads) {
		ch->holding_readers |= ROLE_BIT(h->process->pub.role);
		if (shim && !ch->shim_reader)
			ch->shim_reader = h->process;
	}
	if (writes) {
		ch->holding_writers |= ROLE_BIT(h->process->pub.role);
		if (shim && !ch->shim_writer)
			ch->shim_writer = h->process;
	}
	if (ch->pub.transport == TRANSPORT_PIPE || ch->pub.transport == TRANSPORT_PTY)
		evidence_of_fd(r, ch, h, reads, writes);
}

int evidence_resolve(struct resolve *r)
{
	const struct holder *h;
	size_t i;
	int err;

	err = list_containers(r);
	err = err ? err : index_addresses(r);
	err = err ? err : index_containers(r);
	if (err)
		return err;
	for (i = 0; i < r->n_channels; i++)
		evidence_of_ends(r, r->channels[i]);
	for (h = r->st->holders; h; h = h->hh.next)
		evidence_of_holder(r, h);
	return 0;
}
