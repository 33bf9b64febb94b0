// SPDX-License-Identifier: GPL-2.0-only
/* The tables that facts are copied into. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/tables.h"

int text_set(char **to, const char *from)
{
	char *copy;

	if (!from || (*to && !strcmp(*to, from)))
		return 0;
	copy = strdup(from);
	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

int texts_set(const struct text_pair *pairs, size_t n)
{
	size_t i;
	int err = 0;

	for (i = 0; i < n && !err; i++)
		err = text_set(pairs[i].to, pairs[i].from);
	return err;
}

void number_set(int64_t *to, int64_t from)
{
	if (from != FACT_UNKNOWN)
		*to = from;
}

void positive_set(int64_t *to, int64_t from)
{
	if (from > 0)
		*to = from;
}

bool is_quantity(int64_t n)
{
	return n == FACT_UNKNOWN || n >= 0;
}

int64_t quantity_of(int64_t n)
{
	return is_quantity(n) ? n : FACT_UNKNOWN;
}

struct process *tables_find_process(const struct state *st, uint32_t id)
{
	struct process *p;

	HASH_FIND(hh, st->processes, &id, sizeof(id), p);
	return p;
}

struct object *tables_find_object(const struct state *st, uint32_t id)
{
	struct object *o;

	HASH_FIND(hh, st->objects, &id, sizeof(id), o);
	return o;
}

struct process *tables_add_process(struct state *st, uint32_t id)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pub.id = id;
	p->pub.priv = p;
	p->pub.pid = p->pub.ppid = p->pub.start_ns = FACT_UNKNOWN;
	p->pub.cpu_ns = p->pub.user_ns = p->pub.system_ns = FACT_UNKNOWN;
	p->pub.rss_bytes = p->pub.pss_bytes = p->pub.anon_bytes = FACT_UNKNOWN;
	p->ended_ns = p->held_ns = FACT_UNKNOWN;
	HASH_ADD(hh, st->processes, pub.id, sizeof(p->pub.id), p);
	if (!HASH_ADDED(p)) {
		free(p);
		return NULL;
	}
	return p;
}

static void process_free(struct process *p)
{
	free(p->pub.comm);
	free(p->pub.exe);
	free(p->pub.go_version);
	free(p->pub.version);
	free(p->pub.namespace);
	free(p->pub.address);
	free(p->pub.container);
	free(p->pub.shim_id);
	free(p);
}

static void object_free(struct object *o)
{
	free(o->path);
	free(o);
}

struct object *tables_add_object(struct state *st, uint32_t id)
{
	struct object *o = calloc(1, sizeof(*o));
	struct grave *g;

	if (!o)
		return NULL;
	o->id = id;
	HASH_ADD(hh, st->objects, id, sizeof(o->id), o);
	if (!HASH_ADDED(o)) {
		free(o);
		return NULL;
	}
	o->seq = ++st->seq;
	g = grave_find(st, id);
	if (g)
		g->transport = TRANSPORT_NONE;
	return o;
}

struct runtime *tables_runtime(struct state *st, int64_t pid)
{
	struct runtime *r;

	HASH_FIND(hh, st->runtimes, &pid, sizeof(pid), r);
	if (r)
		return r;
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->pub.pid = pid;
	HASH_ADD(hh, st->runtimes, pub.pid, sizeof(r->pub.pid), r);
	if (!HASH_ADDED(r)) {
		free(r);
		return NULL;
	}
	return r;
}

static void runtime_free(struct runtime *r)
{
	free(r->pub.version);
	free(r->pub.go_version);
	free(r->pub.exe);
	free(r->pub.address);
	free(r->pub.ttrpc_address);
	free(r->pub.debug_address);
	free(r->pub.state);
	free(r->pub.root);
	free(r->pub.config_path);
	free(r->pub.config_text);
	free(r->pub.config_sha256);
	free(r);
}

struct tally *tables_tally(struct state *st, struct object *o, struct process *p, enum direction direction)
{
	struct tally_key key = { o->id, p->pub.id, (uint32_t)direction };
	struct tally *t;

	HASH_FIND(hh, st->tallies, &key, sizeof(key), t);
	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->key = key;
	t->object = o;
	t->process = p;
	HASH_ADD(hh, st->tallies, key, sizeof(t->key), t);
	if (!HASH_ADDED(t)) {
		free(t);
		return NULL;
	}
	p->references++;
	return t;
}

struct holder *tables_holder(struct state *st, struct process *p, int fd)
{
	struct holder_key key = { p->pub.id, fd };
	struct holder *h;

	HASH_FIND(hh, st->holders, &key, sizeof(key), h);
	if (h)
		return h;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->key = key;
	h->process = p;
	HASH_ADD(hh, st->holders, key, sizeof(h->key), h);
	if (!HASH_ADDED(h)) {
		free(h);
		return NULL;
	}
	p->references++;
	return h;
}

struct link *tables_link(struct state *st, struct object *from, struct object *to, struct process *p)
{
	struct link_key key = { from->id, to->id, p->pub.id };
	struct link *l;

	HASH_FIND(hh, st->links, &key, sizeof(key), l);
	if (l)
		return l;
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->key = key;
	l->from = from;
	l->to = to;
	l->process = p;
	HASH_ADD(hh, st->links, key, sizeof(l->key), l);
	if (!HASH_ADDED(l)) {
		free(l);
		return NULL;
	}
	p->references++;
	return l;
}

struct container *state_find_container(const struct state *st, const char *id, size_t len)
{
	struct container *c;

	HASH_FIND(hh, st->containers, id, len, c);
	return c;
}

static void container_free(struct container *c)
{
	free(c->pub.id);
	free(c->pub.namespace);
	free(c->pub.sandbox);
	free(c->pub.pod);
	free(c->pub.pod_namespace);
	free(c->pub.pod_uid);
	free(c->pub.name);
	free(c->pub.image);
	free(c->pub.bundle);
	free(c->pub.log_directory);
	free(c->pub.address);
	free(c);
}

struct container *tables_add_container(struct state *st, struct container *head, const char *id)
{
	struct container *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->pub.id = strdup(id);
	c->pub.priv = c;
	c->pub.shim_pid = c->pub.init_pid = FACT_UNKNOWN;
	c->seq = ++st->seq;
	if (!c->pub.id)
		goto fail;
	if (head) {
		while (head->same_id)
			head = head->same_id;
		head->same_id = c;
	} else {
		HASH_ADD_KEYPTR(hh, st->containers, c->pub.id, strlen(c->pub.id), c);
		if (!HASH_ADDED(c))
			goto fail;
	}
	return c;
fail:
	container_free(c);
	return NULL;
}

void tables_remove_tally(struct state *st, struct tally *t)
{
	t->process->references--;
	HASH_DELETE(hh, st->tallies, t);
	free(t);
}

void tables_remove_link(struct state *st, struct link *l)
{
	l->process->references--;
	HASH_DELETE(hh, st->links, l);
	free(l);
}

void tables_remove_holder(struct state *st, struct holder *h)
{
	h->process->references--;
	HASH_DELETE(hh, st->holders, h);
	free(h);
}

void tables_remove_object(struct state *st, struct object *o)
{
	HASH_DELETE(hh, st->objects, o);
	object_free(o);
}

void tables_remove_process(struct state *st, struct process *p)
{
	HASH_DELETE(hh, st->processes, p);
	process_free(p);
}

void tables_remove_container(struct state *st, struct container *c)
{
	HASH_DELETE(hh, st->containers, c);
	container_free(c);
}

static void windows_free(struct window_counters *w)
{
	while (w) {
		struct window_counters *next = w->next;

		free(w);
		w = next;
	}
}

/* Empty one of the state's tables; freeing(item) frees one item. */
#define TABLE_FREE(table, type, freeing)        \
	do {                                    \
		type *item_ = (table), *next_;  \
                                                \
		HASH_CLEAR(hh, table);          \
		for (; item_; item_ = next_) {  \
			next_ = item_->hh.next; \
			freeing(item_);         \
		}                               \
	} while (0)

static void containers_free(struct container *c)
{
	while (c) {
		struct container *next = c->same_id;

		container_free(c);
		c = next;
	}
}

static void head_free(struct model *m)
{
	free(m->host.hostname);
	free(m->host.kernel);
	free(m->host.arch);
	free(m->host.boot_id);
	free(m->trace.tool_version);
	free(m->trace.backend);
	free(m->trace.note);
	free(m->trace.selection);
}

void state_free(struct model *m)
{
	struct state *st = state_of(m);

	TABLE_FREE(st->tallies, struct tally, free);
	TABLE_FREE(st->holders, struct holder, free);
	TABLE_FREE(st->links, struct link, free);
	TABLE_FREE(st->objects, struct object, object_free);
	TABLE_FREE(st->processes, struct process, process_free);
	TABLE_FREE(st->containers, struct container, containers_free);
	TABLE_FREE(st->runtimes, struct runtime, runtime_free);
	windows_free(st->active);
	windows_free(st->spare);
	graves_free(st);
	arena_free(&st->arena);
	head_free(m);
}
