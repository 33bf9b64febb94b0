// SPDX-License-Identifier: GPL-2.0-only
/* Who holds which end of which channel, by containerd, shim, container and stream. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "view/map.h"
#include "view/names.h"
#include "view/number.h"
#include "view/report.h"
#include "view/table.h"
#include "view/text.h"
#include "view/view.h"

/* A channel and whose it is: a container, a shim or containerd process, or NULL. */
struct item {
	const void *owner;
	const struct model_channel *channel;
};

struct map {
	FILE *out;
	const struct model *m;
	const struct view_options *o;
	struct names *names;
	const struct model_process **shims; /* by pid */
	size_t n_shims;
	struct item *items; /* by owner, then stream and role */
	size_t n_items;
	int err;
};

/* Print a line (wrapped, its continuation 2 columns deeper). */
__attribute__((format(printf, 4, 5))) static void say(struct map *p, enum table_style style, int indent,
						      const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0) {
		p->err = -ENOMEM;
		return;
	}
	style_begin(p->out, style, p->o->colour);
	if (text_wrap(p->out, text, p->o->width, indent, indent + 2))
		p->err = -ENOMEM;
	style_end(p->out, style, p->o->colour);
	fputc('\n', p->out);
	free(text);
}

/* "fd 20, 22 O_PATH": one process's descriptors with one kind of access. Was there any? */
static bool say_fds(FILE *t, const struct model_channel *ch, const struct model_process *process,
		    enum map_access access, const char *between)
{
	static const char *const how[MAP_ACCESS_COUNT] = {
		[MAP_READ] = "O_RDONLY",
		[MAP_WRITE] = "O_WRONLY",
		[MAP_READ_WRITE] = "O_RDWR",
		[MAP_HANDLE] = "O_PATH",
		[MAP_KEEPER] = "O_RDONLY (beside its own write end: only keeps it open)",
	};
	bool append = false;
	size_t n = 0, i;

	for (i = 0; i < ch->n_holders; i++) {
		const struct model_holder *h = &ch->holders[i];

		if (h->process != process || map_access(ch, h) != access)
			continue;
		fprintf(t, "%s%d", n ? ", " : between, h->fd);
		append |= h->f_flags & O_APPEND;
		n++;
	}
	if (n)
		fprintf(t, " %s%s", how[access], append ? " O_APPEND" : "");
	return n != 0;
}

static bool seen_before(const struct model_channel *ch, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++) {
		if (ch->holders[j].process == ch->holders[i].process)
			return true;
	}
	return false;
}

/* "shim 1201: fd 21 O_WRONLY; fd 20, 22 O_PATH" */
static void say_holders(struct map *p, int indent, const struct model_channel *ch)
{
	static const enum map_access order[] = { MAP_WRITE, MAP_READ_WRITE, MAP_READ, MAP_KEEPER,
						 MAP_HANDLE };
	char name[NAME_SIZE];
	size_t i, a;

	for (i = 0; i < ch->n_holders; i++) {
		const char *between = ": fd ";
		char *text = NULL;
		size_t size;
		FILE *t;

		if (seen_before(ch, i))
			continue;
		t = open_memstream(&text, &size);
		if (!t) {
			p->err = -ENOMEM;
			return;
		}
		fprintf(t, "%s", name_holder(name, sizeof(name), ch->holders[i].process));
		for (a = 0; a < sizeof(order) / sizeof(order[0]); a++) {
			if (say_fds(t, ch, ch->holders[i].process, order[a], between))
				between = "; fd ";
		}
		if (!fclose(t))
			say(p, TABLE_PLAIN, indent, "%s", text);
		free(text);
	}
}

/* One socket's holders: "containerd 812 fd 91" */
static void say_side(FILE *t, const struct model_channel *ch, uint64_t ino)
{
	const char *between = "";
	char name[NAME_SIZE];
	size_t i;

	for (i = 0; i < ch->n_holders; i++) {
		const struct model_holder *h = &ch->holders[i];

		if (h->socket_ino != ino)
			continue;
		fprintf(t, "%s%s fd %d", between, name_holder(name, sizeof(name), h->process), h->fd);
		between = ", ";
	}
}

/* "containerd 812 fd 91 <-> shim 1201 fd 60" */
static void say_pair(struct map *p, int indent, const struct model_channel *ch)
{
	uint64_t first = ch->holders[0].socket_ino, second = first;
	char *text = NULL;
	size_t size, i;
	FILE *t = open_memstream(&text, &size);

	if (!t) {
		p->err = -ENOMEM;
		return;
	}
	for (i = 0; i < ch->n_holders; i++) {
		if (ch->holders[i].socket_ino != first)
			second = ch->holders[i].socket_ino;
	}
	say_side(t, ch, first);
	if (!map_has_peer(ch)) {
		fprintf(t, ", without a peer (it listens, or is not connected)");
	} else {
		fprintf(t, " %s ", text_both());
		if (second != first)
			say_side(t, ch, second);
		else
			fprintf(t, "?");
	}
	if (!fclose(t))
		say(p, TABLE_PLAIN, indent, "%s", text);
	free(text);
}

static void say_channel(struct map *p, int indent, const struct model_channel *ch, bool role)
{
	char waiting[2 * NUMBER_SIZE] = "", b[NUMBER_SIZE], s[NUMBER_SIZE];
	int64_t bytes, size;

	map_occupancy(ch, &bytes, &size);
	if (bytes != FACT_UNKNOWN && size != FACT_UNKNOWN)
		snprintf(waiting, sizeof(waiting), "(%s of %s waiting) ", view_bytes(b, sizeof(b), bytes),
			 view_bytes(s, sizeof(s), size));
	say(p, TABLE_PLAIN, indent, "%s%s%s %s%s%s", role ? channel_role_name(ch->role) : "",
	    role ? ": " : "", transport_name(ch->transport), waiting,
	    ch->path && ch->path_truncated ? text_ellipsis() : "",
	    ch->path ? ch->path
	    : ch->id ? ch->id
		     : "?");
	if (!ch->n_holders)
		say(p, TABLE_DIM, indent + 4, "nobody seen holding it");
	else if (map_is_unix(ch->transport))
		say_pair(p, indent + 4, ch);
	else
		say_holders(p, indent + 4, ch);
}

/* The first process of a role that has more of a channel than a handle. */
static const struct model_process *held_by(const struct model_channel *ch, enum process_role role)
{
	size_t i;

	for (i = 0; i < ch->n_holders; i++) {
		const struct model_process *p = ch->holders[i].process;

		if (p && p->role == role && !(ch->holders[i].f_flags & O_PATH))
			return p;
	}
	return NULL;
}

static int by_pid(const void *a, const void *b)
{
	const struct model_process *const *pa = a, *const *pb = b;

	return (*pa)->pid < (*pb)->pid ? -1 : (*pa)->pid > (*pb)->pid;
}

static int pid_of(const void *key, const void *item)
{
	const int64_t *pid = key;
	const struct model_process *const *p = item;

	return *pid < (*p)->pid ? -1 : *pid > (*p)->pid;
}

static const struct model_process *shim_of(const struct map *p, const struct model_container *c)
{
	const struct model_process **found = NULL;

	if (c && c->shim_pid != FACT_UNKNOWN)
		found = bsearch(&c->shim_pid, p->shims, p->n_shims, sizeof(struct model_process *), pid_of);
	return found ? *found : NULL;
}

static const void *owner_of(const struct map *p, const struct model_channel *ch)
{
	const struct model_container *c = names_find(p->names, ch->container);
	const struct model_process *shim = held_by(ch, PROCESS_SHIM);
	bool shims_own = ch->role == ROLE_SHIM_LOG || ch->role == ROLE_TTRPC_TASK ||
			 ch->role == ROLE_TTRPC_EVENTS || ch->role == ROLE_DEBUG;

	if (shims_own && !shim)
		shim = shim_of(p, c);
	if (c && !(shims_own && shim))
		return c;
	return shim ? (const void *)shim : held_by(ch, PROCESS_CONTAINERD);
}

/* The container's own stdout, stderr, stdin, then execs, then what has no stream. */
static int stream_rank(const struct model_channel *ch)
{
	if (!ch->stream)
		return 100;
	return (ch->exec ? 10 : 0) + (!strcmp(ch->stream, "stdout")   ? 0
				      : !strcmp(ch->stream, "stderr") ? 1
								      : 2);
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static int item_order(const void *a, const void *b)
{
	const struct item *ia = a, *ib = b;
	uintptr_t oa = (uintptr_t)ia->owner, ob = (uintptr_t)ib->owner;
	const struct model_channel *ca = ia->channel, *cb = ib->channel;
	int order;

	if (oa != ob)
		return oa < ob ? -1 : 1;
	order = strcmp(or_empty(ca->exec), or_empty(cb->exec));
	if (order && ca->stream && cb->stream)
		return order;
	order = stream_rank(ca) - stream_rank(cb);
	if (!order)
		order = (int)ca->role - (int)cb->role;
	return order ? order : strcmp(or_empty(ca->id), or_empty(cb->id));
}

/* The first item of an owner; the others follow it. */
static size_t first_item(const struct map *p, const void *owner)
{
	size_t low = 0, high = p->n_items;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((uintptr_t)p->items[mid].owner < (uintptr_t)owner)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool owns(const struct map *p, const void *owner)
{
	size_t i = first_item(p, owner);

	return i < p->n_items && p->items[i].owner == owner;
}

static void say_owned(struct map *p, int indent, const void *owner)
{
	size_t i;

	for (i = first_item(p, owner); i < p->n_items && p->items[i].owner == owner; i++)
		say_channel(p, indent, p->items[i].channel, true);
}

static void say_container(struct map *p, const struct model_container *c)
{
	char name[NAME_SIZE], id[NAME_SIZE];
	const char *stream = NULL, *exec = NULL;
	size_t i;

	if (!owns(p, c)) {
		if (!c->is_sandbox)
			say(p, TABLE_DIM, 2, "container %s (%s): no channel is open",
			    c->name ? c->name : name_container(name, sizeof(name), c),
			    name_id(id, sizeof(id), c->id));
		return;
	}
	say(p, TABLE_PLAIN, 2, "container %s (%s)%s",
	    c->name ? c->name : name_container(name, sizeof(name), c), name_id(id, sizeof(id), c->id),
	    c->tty ? ", with a terminal" : "");
	for (i = first_item(p, c); i < p->n_items && p->items[i].owner == c; i++) {
		const struct model_channel *ch = p->items[i].channel;

		if (ch->stream && (!stream || strcmp(stream, ch->stream) != 0 ||
				   strcmp(or_empty(exec), or_empty(ch->exec)) != 0))
			say(p, TABLE_DIM, 4, "%s%s%s%s", ch->exec ? "exec " : "", or_empty(ch->exec),
			    ch->exec ? " " : "", ch->stream);
		else if (!ch->stream && (stream || i == first_item(p, c)))
			say(p, TABLE_DIM, 4, "all streams");
		stream = ch->stream;
		exec = ch->exec;
		say_channel(p, 6, ch, false);
	}
}

/* A container and its shim. */
struct deal {
	const struct model_process *shim; /* NULL: not known */
	const struct model_container *container;
};

/* By shim; a shim's containers in the order of their names, the sandbox first. */
static int deal_order(const void *a, const void *b)
{
	const struct deal *da = a, *db = b;
	uintptr_t sa = (uintptr_t)da->shim, sb = (uintptr_t)db->shim;
	char na[NAME_SIZE], nb[NAME_SIZE];

	if (sa != sb)
		return sa < sb ? -1 : 1;
	if (da->container->is_sandbox != db->container->is_sandbox)
		return da->container->is_sandbox ? -1 : 1;
	return strcmp(name_container(na, sizeof(na), da->container),
		      name_container(nb, sizeof(nb), db->container));
}

/* A shim and its containers. */
struct shim {
	const struct model_process *process; /* NULL: containers whose shim is not known */
	const struct model_runtime *runtime;
	const struct deal *containers; /* within the list of all */
	size_t n;
	char title[NAME_SIZE];
};

static void say_shim(struct map *p, const struct shim *s)
{
	char pid[NUMBER_SIZE];
	size_t i;

	fputc('\n', p->out);
	say(p, TABLE_STRONG, 0, "%s, shim %s", s->title,
	    name_pid(pid, sizeof(pid), s->process ? s->process->pid : FACT_UNKNOWN));
	for (i = 0; i < s->n; i++)
		say_container(p, s->containers[i].container);
	if (s->process && owns(p, s->process)) {
		say(p, TABLE_PLAIN, 2, "the shim's own");
		say_owned(p, 4, s->process);
	}
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static const struct model_runtime *runtime_of(const struct model *m, const char *address)
{
	size_t i;

	for (i = 0; i < m->n_runtimes; i++) {
		if (same(m->runtimes[i]->address, address))
			return m->runtimes[i];
	}
	/* With one containerd only there is nothing to tell apart. */
	return m->n_runtimes == 1 && !address ? m->runtimes[0] : NULL;
}

static int shim_order(const void *a, const void *b)
{
	const struct shim *sa = a, *sb = b;
	int order = strcmp(sa->title, sb->title);

	if (order)
		return order;
	return (sa->process ? sa->process->id : 0) < (sb->process ? sb->process->id : 0) ? -1 : 1;
}

static void fill_shim(const struct map *p, struct shim *s, const struct model_process *process,
		      const struct deal *containers, size_t n)
{
	const struct model_container *first = n ? containers[0].container : NULL;
	const char *address = process ? process->address : NULL;
	char pod[NAME_SIZE];

	*s = (struct shim){ .process = process, .containers = containers, .n = n };
	if (!address && first)
		address = first->address;
	s->runtime = runtime_of(p->m, address);
	if (!process)
		snprintf(s->title, sizeof(s->title), "Containers");
	else if (!first)
		snprintf(s->title, sizeof(s->title), "Nothing known");
	else
		snprintf(s->title, sizeof(s->title), "%s %s", first->pod ? "Pod" : "Container",
			 name_pod(pod, sizeof(pod), first));
}

/* Where the containers of a shim begin in the list of all. */
static size_t first_deal(const struct deal *deals, size_t n, const struct model_process *shim)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((uintptr_t)deals[mid].shim < (uintptr_t)shim)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The shims that have containers or channels, and one for the containers whose shim is not known. */
static size_t collect_shims(const struct map *p, struct shim *shims, struct deal *deals)
{
	const struct model *m = p->m;
	size_t n_shims = 0, start, end, i;

	for (i = 0; i < m->n_containers; i++)
		deals[i] = (struct deal){ shim_of(p, m->containers[i]), m->containers[i] };
	qsort(deals, m->n_containers, sizeof(*deals), deal_order);
	for (i = 0; i <= p->n_shims; i++) {
		const struct model_process *process = i < p->n_shims ? p->shims[i] : NULL;

		start = end = first_deal(deals, m->n_containers, process);
		while (end < m->n_containers && deals[end].shim == process)
			end++;
		if (start < end || (process && owns(p, process)))
			fill_shim(p, &shims[n_shims++], process, &deals[start], end - start);
	}
	qsort(shims, n_shims, sizeof(*shims), shim_order);
	return n_shims;
}

/* One containerd (NULL: none known): its shims, then what it holds besides. */
static void say_runtime(struct map *p, const struct model_runtime *r, const struct shim *shims,
			size_t n_shims)
{
	char pid[NUMBER_SIZE];
	size_t i;

	for (i = 0; i < n_shims; i++) {
		if (shims[i].runtime == r)
			say_shim(p, &shims[i]);
	}
	for (i = 0; i < p->m->n_processes; i++) {
		const struct model_process *cd = p->m->processes[i];
		bool mine = cd->role == PROCESS_CONTAINERD && (r ? cd->pid == r->pid : true);
		size_t j;

		for (j = 0; !r && mine && j < p->m->n_runtimes; j++)
			mine = p->m->runtimes[j]->pid != cd->pid;
		if (!mine || !owns(p, cd))
			continue;
		fputc('\n', p->out);
		say(p, TABLE_STRONG, 0, "containerd %s's own", name_pid(pid, sizeof(pid), cd->pid));
		say_owned(p, 2, cd);
	}
}

static void say_answers(struct map *p)
{
	struct map_answers a;
	size_t i;

	if (map_answer(&a, p->m))
		p->err = -ENOMEM;
	fputc('\n', p->out);
	say(p, TABLE_STRONG, 0, "Answers");
	for (i = 0; i < a.n_sentences; i++)
		say(p, TABLE_PLAIN, 0, "- %s", a.sentences[i]);
	map_answers_free(&a);
}

static void say_head(struct map *p)
{
	struct names_census n = names_count(p->names);
	char shims[NUMBER_SIZE], containers[NUMBER_SIZE], name[NAME_SIZE];

	say(p, TABLE_STRONG, 0, "Who holds which end on %s: %zu containerd%s, %s shim%s, %s container%s",
	    view_clean(name, sizeof(name), p->m->host.hostname, 200), n.containerds,
	    n.containerds == 1 ? "" : "s", view_count(shims, sizeof(shims), (int64_t)n.shims),
	    n.shims == 1 ? "" : "s", view_count(containers, sizeof(containers), (int64_t)n.containers),
	    n.containers == 1 ? "" : "s");
}

/* What the map is made from: the shims by pid, the channels by owner. */
static int map_open(struct map *p)
{
	const struct model *m = p->m;
	size_t i;

	p->names = names_new(m);
	p->shims = calloc(m->n_processes + 1, sizeof(struct model_process *));
	p->items = calloc(m->n_channels + 1, sizeof(*p->items));
	if (!p->names || !p->shims || !p->items)
		return -ENOMEM;
	for (i = 0; i < m->n_processes; i++) {
		if (m->processes[i]->role == PROCESS_SHIM)
			p->shims[p->n_shims++] = m->processes[i];
	}
	qsort(p->shims, p->n_shims, sizeof(struct model_process *), by_pid);
	for (i = 0; i < m->n_channels; i++)
		p->items[p->n_items++] = (struct item){ owner_of(p, m->channels[i]), m->channels[i] };
	qsort(p->items, p->n_items, sizeof(*p->items), item_order);
	return 0;
}

static int say_tree(struct map *p)
{
	struct shim *shims = calloc(p->n_shims + 1, sizeof(*shims));
	struct deal *deals = calloc(p->m->n_containers + 1, sizeof(*deals));
	char name[NAME_SIZE], pid[NUMBER_SIZE];
	size_t n_shims, i;

	if (!shims || !deals) {
		free(shims);
		free(deals);
		return -ENOMEM;
	}
	n_shims = collect_shims(p, shims, deals);
	for (i = 0; i < p->m->n_runtimes; i++) {
		const struct model_runtime *r = p->m->runtimes[i];

		fputc('\n', p->out);
		say(p, TABLE_STRONG, 0, "containerd %s, pid %s, at %s",
		    view_clean(name, sizeof(name), r->version, 100), name_pid(pid, sizeof(pid), r->pid),
		    r->address ? r->address : "?");
		say_runtime(p, r, shims, n_shims);
	}
	say_runtime(p, NULL, shims, n_shims);
	if (owns(p, NULL)) {
		fputc('\n', p->out);
		say(p, TABLE_STRONG, 0, "Held by others");
		say_owned(p, 2, NULL);
	}
	free(shims);
	free(deals);
	return 0;
}

int view_map_text(FILE *out, const struct model *m, const struct view_options *o)
{
	struct map p = { .out = out, .m = m, .o = o };
	int err = map_open(&p);

	if (!err) {
		say_head(&p);
		err = say_tree(&p);
	}
	if (!err)
		say_answers(&p);
	free(p.items);
	free(p.shims);
	names_free(p.names);
	if (!err)
		err = p.err;
	return err ? err : text_finish(out);
}
