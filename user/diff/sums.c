// SPDX-License-Identifier: GPL-2.0-only
/* From cells to columns. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/sums.h"
#include "model/hash.h"

/* A scope while it is filled. */
struct entry {
	struct sums_scope pub;
	bool read; /* a shim's read from its output was traced */
	UT_hash_handle hh;
};

/* Where an end's numbers go. */
struct route {
	const struct model_channel *channel;
	const struct model_process *process;
	struct entry *transport, *role, *container, *place; /* place: its id's, for what is logged */
	bool skip, output_read, log_write, rpc, record;
};

struct work {
	const struct model *m;
	const struct series *s;
	struct sums *sums;
	struct entry *entries, *channels, *places;
	struct sums_scope *node;
	struct route *routes;
};

static void entries_free(struct entry *list)
{
	struct entry *e = list, *next;

	HASH_CLEAR(hh, list);
	for (; e; e = next) {
		next = e->hh.next;
		free(e->pub.name);
		free(e->pub.owned);
		free(e);
	}
}

/* name: the kind's letter, then the scope's name. NULL when out of memory. */
static struct entry *entry_get(struct entry **list, enum diff_kind kind, const char *name, size_t n)
{
	char *key = NULL;
	struct entry *e;
	size_t c;

	if (asprintf(&key, "%c%s", 'a' + (int)kind, name) < 0)
		return NULL;
	HASH_FIND(hh, *list, key, strlen(key), e);
	if (e) {
		free(key);
		return e;
	}
	e = calloc(1, sizeof(*e));
	if (!e) {
		free(key);
		return NULL;
	}
	e->pub.kind = kind;
	e->pub.name = key;
	if (n) {
		e->pub.owned = calloc(n * COLUMN_COUNT, sizeof(double));
		for (c = 0; c < COLUMN_COUNT && e->pub.owned; c++)
			e->pub.columns[c] = e->pub.owned + c * n;
	}
	if (!n || e->pub.owned)
		HASH_ADD_KEYPTR(hh, *list, e->pub.name, strlen(e->pub.name), e);
	if ((n && !e->pub.owned) || !HASH_ADDED(e)) {
		free(e->pub.owned);
		free(key);
		free(e);
		return NULL;
	}
	return e;
}

static const struct model_container *container_find(const struct model *m, const char *id)
{
	size_t i;

	for (i = 0; i < m->n_containers; i++) {
		if (m->containers[i]->id && !strcmp(m->containers[i]->id, id))
			return m->containers[i];
	}
	return NULL;
}

char *diff_container_name(const struct model_container *c)
{
	char *name = NULL;
	int n;

	if (c->pod)
		n = asprintf(&name, "%s/%s%s%s", c->pod_namespace ? c->pod_namespace : "", c->pod,
			     c->is_sandbox ? " sandbox" : "/",
			     c->is_sandbox ? ""
			     : c->name	   ? c->name
					   : c->id);
	else
		n = asprintf(&name, "%s/%s", c->namespace ? c->namespace : "", c->name ? c->name : c->id);
	return n < 0 ? NULL : name;
}

/* The path with what is made anew each time, ids of 32 hexadecimal digits and more, left out. */
static void print_path(FILE *out, const char *path)
{
	while (*path) {
		size_t hex = strspn(path, "0123456789abcdef");

		if (hex >= 32)
			fputs("<id>", out);
		else if (hex)
			fwrite(path, 1, hex, out);
		else
			fputc(*path++, out);
		path += hex;
	}
}

/* Returns NULL when out of memory. */
static char *channel_words(const struct model_channel *ch, const char *container)
{
	char *words = NULL;
	size_t size;
	FILE *out = open_memstream(&words, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s %s", transport_name(ch->transport), channel_role_name(ch->role));
	if (container) {
		fprintf(out, " of %s", container);
		if (ch->exec)
			fputs(" (exec)", out);
		if (ch->stream)
			fprintf(out, " %s", ch->stream);
	} else if (ch->path) {
		fputs(" at ", out);
		print_path(out, ch->path);
	}
	if (fclose(out)) {
		free(words);
		return NULL;
	}
	return words;
}

static int route_container(struct work *w, struct route *r)
{
	const struct model_channel *ch = r->channel;
	const struct model_container *c = ch->container ? container_find(w->m, ch->container) : NULL;
	char *name = c ? diff_container_name(c) : NULL, *words;
	int err = c && !name ? -ENOMEM : 0;

	if (name && !c->is_sandbox) {
		r->container = entry_get(&w->entries, DIFF_CONTAINER, name, w->sums->n);
		err = r->container ? 0 : -ENOMEM;
	}
	words = err ? NULL : channel_words(ch, name);
	if (!words || !entry_get(&w->channels, DIFF_CHANNEL, words, 0))
		err = -ENOMEM;
	free(words);
	free(name);
	return err;
}

static int route_end(struct work *w, const struct series_end *end, struct route *r, bool writers)
{
	const struct model_channel *ch = model_channel_of(w->m, end->channel);
	const struct model_process *p = model_process_of(w->m, end->process);
	char row[64];
	int err;

	if (!ch || !p || (!writers && p->role == PROCESS_WRITER)) {
		r->skip = true;
		return 0;
	}
	r->channel = ch;
	r->process = p;
	r->rpc = ch->protocol == PROTOCOL_TTRPC || ch->protocol == PROTOCOL_GRPC;
	r->record = ch->role == ROLE_LOG_FILE && end->direction == DIRECTION_WRITE;
	if (!ch->exec && ch->role == ROLE_CONTAINER_OUTPUT)
		r->output_read = end->direction == DIRECTION_READ && p->role == PROCESS_SHIM;
	if (!ch->exec && ch->role == ROLE_CONTAINER_LOG)
		r->log_write = end->direction == DIRECTION_WRITE;
	if (ch->protocol == PROTOCOL_RAW)
		snprintf(row, sizeof(row), "%s", transport_name(ch->transport));
	else
		snprintf(row, sizeof(row), "%s %s", transport_name(ch->transport),
			 protocol_name(ch->protocol));
	r->transport = entry_get(&w->entries, DIFF_TRANSPORT, row, w->sums->n);
	r->role = entry_get(&w->entries, DIFF_ROLE, channel_role_name(ch->role), w->sums->n);
	r->place = entry_get(&w->places, DIFF_CONTAINER, ch->container ? ch->container : "", 0);
	if (!r->transport || !r->role || !r->place)
		return -ENOMEM;
	err = route_container(w, r);
	r->place->read = r->place->read || r->output_read;
	return err;
}

static void add_cell(const struct series_cell *n, struct sums_scope *scope, size_t at)
{
	scope->columns[COLUMN_CPU_NS][at] += (double)n->cpu_ns;
	scope->columns[COLUMN_CALLS][at] += (double)n->calls;
	scope->columns[COLUMN_COPIED_MB][at] += (double)n->copied / 1e6;
	scope->columns[COLUMN_EAGAIN][at] += (double)n->eagain;
	scope->calls += (double)n->calls;
	scope->untimed += (double)n->untimed;
}

static void add_logged(const struct route *r, const struct series_cell *n, struct sums_scope *scope,
		       size_t at)
{
	if (r->output_read || (r->log_write && !r->place->read))
		scope->columns[COLUMN_LOG_MB][at] += (double)n->passed / 1e6;
	if (r->record && n->failed < n->calls)
		scope->columns[COLUMN_RECORDS][at] += (double)(n->calls - n->failed);
}

static void add(struct work *w, const struct series_cell *n, size_t at)
{
	const struct route *r = &w->routes[n->end];

	if (r->skip)
		return;
	add_cell(n, w->node, at);
	add_cell(n, &r->transport->pub, at);
	add_cell(n, &r->role->pub, at);
	add_logged(r, n, w->node, at);
	if (r->container) {
		add_cell(n, &r->container->pub, at);
		add_logged(r, n, &r->container->pub, at);
	}
	w->sums->logged = w->sums->logged || r->output_read || r->log_write;
	if (r->rpc) {
		w->node->columns[COLUMN_RPC_CALLS][at] += (double)n->calls;
		w->node->columns[COLUMN_RPC_MB][at] += (double)n->copied / 1e6;
	}
}

/* The last that is known of a process. */
struct memory {
	uint32_t id;
	const struct model_process *process;
	bool known, ended;
	int64_t cpu_ns, pss_bytes;
	UT_hash_handle hh;
};

static int add_use(struct work *w, struct memory **list, const struct series_use *use, size_t at)
{
	struct memory *p;
	double *column;

	HASH_FIND(hh, *list, &use->process, sizeof(use->process), p);
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return -ENOMEM;
		p->id = use->process;
		p->process = model_process_of(w->m, use->process);
		p->pss_bytes = FACT_UNKNOWN;
		/* Started under the trace: all that it used is of the trace. */
		p->known = p->process && p->process->start_ns != FACT_UNKNOWN &&
			   w->m->trace.start_ns != FACT_UNKNOWN &&
			   p->process->start_ns >= w->m->trace.start_ns;
		HASH_ADD(hh, *list, id, sizeof(p->id), p);
		if (!HASH_ADDED(p)) {
			free(p);
			return -ENOMEM;
		}
	}
	if (!p->process)
		return 0;
	column = p->process->role == PROCESS_CONTAINERD ? w->node->columns[COLUMN_CONTAINERD_NS]
		 : p->process->role == PROCESS_SHIM	? w->node->columns[COLUMN_SHIM_NS]
							: NULL;
	if (use->cpu_ns >= 0) {
		if (column && p->known && use->cpu_ns > p->cpu_ns)
			column[at] += (double)(use->cpu_ns - p->cpu_ns);
		p->cpu_ns = use->cpu_ns;
		p->known = true;
	}
	if (use->pss_bytes >= 0)
		p->pss_bytes = use->pss_bytes;
	p->ended = p->ended || use->final;
	return 0;
}

static void add_memory(struct work *w, const struct memory *list, double seconds, size_t at)
{
	const struct memory *p;

	for (p = list; p; p = p->hh.next) {
		bool shim = p->process && p->process->role == PROCESS_SHIM;

		if (p->ended || p->pss_bytes < 0 ||
		    (!shim && (!p->process || p->process->role != PROCESS_CONTAINERD)))
			continue;
		w->node->columns[shim ? COLUMN_SHIM_PSS : COLUMN_CONTAINERD_PSS][at] +=
			(double)p->pss_bytes * seconds;
		w->node->columns[shim ? COLUMN_SHIM_PSS_SECONDS : COLUMN_CONTAINERD_PSS_SECONDS][at] +=
			seconds;
	}
}

/* together: windows that make one. */
static int add_windows(struct work *w, size_t together)
{
	struct memory *list = NULL, *p, *next;
	size_t i, cell = 0, use = 0;
	int err = 0;

	for (i = 0; i < w->s->n_windows && !err; i++) {
		const struct series_window *win = &w->s->windows[i];
		double seconds = (double)win->duration_ns / 1e9;
		size_t at = i / together;

		for (; cell < win->cells; cell++)
			add(w, &w->s->cells[cell], at);
		for (; use < win->uses && !err; use++)
			err = add_use(w, &list, &w->s->uses[use], at);
		add_memory(w, list, seconds, at);
		w->node->columns[COLUMN_SECONDS][at] += seconds;
	}
	p = list;
	HASH_CLEAR(hh, list);
	for (; p; p = next) {
		next = p->hh.next;
		free(p);
	}
	return err;
}

static int by_name(const void *a, const void *b)
{
	const struct sums_scope *const *sa = a, *const *sb = b;

	if ((*sa)->kind != (*sb)->kind)
		return (*sa)->kind < (*sb)->kind ? -1 : 1;
	return strcmp((*sa)->name, (*sb)->name);
}

/* Moves entries to a sorted list; their keys become names. */
static int list_entries(struct entry **entries, struct sums_scope ***ret, size_t *n)
{
	struct sums_scope **list = calloc(HASH_COUNT(*entries) + 1, sizeof(struct sums_scope *));
	struct entry *e, *next;

	if (!list)
		return -ENOMEM;
	e = *entries;
	HASH_CLEAR(hh, *entries);
	for (; e; e = next) {
		next = e->hh.next;
		memmove(e->pub.name, e->pub.name + 1, strlen(e->pub.name));
		list[(*n)++] = &e->pub;
	}
	qsort(list, *n, sizeof(struct sums_scope *), by_name);
	*ret = list;
	return 0;
}

/* What a scope has not of its own is the node's. */
static void share(struct sums *s)
{
	const struct sums_scope *node = s->scopes[0];
	size_t i;

	for (i = 1; i < s->n_scopes; i++) {
		struct sums_scope *scope = s->scopes[i];

		scope->columns[COLUMN_SECONDS] = node->columns[COLUMN_SECONDS];
		if (scope->kind == DIFF_CONTAINER)
			continue;
		scope->columns[COLUMN_LOG_MB] = node->columns[COLUMN_LOG_MB];
		scope->columns[COLUMN_RECORDS] = node->columns[COLUMN_RECORDS];
	}
	for (i = 0; i < s->n_scopes; i++) {
		if (s->scopes[i]->calls > 0 && s->scopes[i]->untimed >= s->scopes[i]->calls)
			s->scopes[i]->columns[COLUMN_CPU_NS] = NULL;
	}
}

int sums_new(const struct model *m, const struct series *s, bool writers, struct sums **ret)
{
	struct work w = { .m = m, .s = s };
	size_t together = 1, i;
	struct entry *node;
	int err = -ENOMEM;

	while (s->n_windows / together > SUMS_WINDOWS)
		together *= 2;
	w.sums = calloc(1, sizeof(*w.sums));
	w.routes = calloc(s->n_ends + 1, sizeof(*w.routes));
	if (!w.sums || !w.routes)
		goto out;
	w.sums->n = (s->n_windows + together - 1) / together;
	node = entry_get(&w.entries, DIFF_NODE, "node", w.sums->n ? w.sums->n : 1);
	if (!node)
		goto out;
	w.node = &node->pub;
	err = 0;
	for (i = 0; i < s->n_ends && !err; i++)
		err = route_end(&w, &s->ends[i], &w.routes[i], writers);
	if (!err)
		err = add_windows(&w, together);
	if (!err)
		err = list_entries(&w.entries, &w.sums->scopes, &w.sums->n_scopes);
	if (!err) {
		share(w.sums);
		err = list_entries(&w.channels, &w.sums->channels, &w.sums->n_channels);
	}
out:
	entries_free(w.entries);
	entries_free(w.channels);
	entries_free(w.places);
	free(w.routes);
	if (err) {
		sums_free(w.sums);
		w.sums = NULL;
	}
	*ret = w.sums;
	return err;
}

static void scopes_free(struct sums_scope **list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(list[i]->name);
		free(list[i]->owned);
		free(list[i]); /* the first member of its entry */
	}
	free(list);
}

void sums_free(struct sums *s)
{
	if (!s)
		return;
	scopes_free(s->scopes, s->n_scopes);
	scopes_free(s->channels, s->n_channels);
	free(s);
}

const struct sums_scope *sums_find(const struct sums *s, enum diff_kind kind, const char *name)
{
	const struct sums_scope key = { .kind = kind, .name = (char *)name }, *wanted = &key, **found;
	bool channel = kind == DIFF_CHANNEL;

	found = bsearch(&wanted, channel ? s->channels : s->scopes, channel ? s->n_channels : s->n_scopes,
			sizeof(struct sums_scope *), by_name);
	return found ? *found : NULL;
}
