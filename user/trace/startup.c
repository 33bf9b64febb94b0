// SPDX-License-Identifier: GPL-2.0-only
/* What the open files of the node tell: at the start, and of channels whose announcement was lost. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "probe/openfiles.h"
#include "probe/path.h"
#include "trace/state.h"

/* Copies of the records: which of them matter is known when all have been seen. */
struct file_list {
	struct file_entry {
		struct ss_open_file f; /* head only */
		char *path;
	} * list;
	size_t n, room;
};

static int file_collect(void *ctx, const struct ss_open_file *f, const char *path)
{
	struct file_list *l = ctx;
	struct file_entry *e;

	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 256;
		struct file_entry *list = realloc(l->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		l->list = list;
		l->room = room;
	}
	e = &l->list[l->n];
	memcpy(&e->f, f, offsetof(struct ss_open_file, path));
	e->path = path ? strdup(path) : NULL;
	l->n++;
	return 0;
}

static void holder_emit(struct session *s, const struct file_entry *e, const struct trace_channel *c,
			const struct trace_process *p)
{
	bool pipe = e->f.transport == SS_TRANSPORT_PIPE || e->f.transport == SS_TRANSPORT_FIFO;
	struct fact_holder fact = {
		.channel = c->id,
		.process = p->id,
		.fd = (int)e->f.fd,
		.f_flags = e->f.f_flags,
		.pipe_bytes = pipe ? e->f.pipe_bytes : FACT_UNKNOWN,
		.pipe_size = pipe ? e->f.pipe_size : FACT_UNKNOWN,
	};

	SESSION_EMIT(s, holder, &fact);
}

/* Is the other socket of this one a target's, or is the channel itself known? */
static bool entry_matters(struct session *s, const struct file_entry *e)
{
	struct trace_channel *c;

	HASH_FIND(hh, s->channels, &e->f.key, sizeof(e->f.key), c);
	if (c)
		return true;
	if (e->f.peer_ino) {
		struct ss_channel_key peer = { e->f.peer_ino, e->f.key.dev, 0 };

		HASH_FIND(hh, s->channels, &peer, sizeof(peer), c);
	}
	return c != NULL;
}

/* What a process is that shares a channel with a target: pipes lead to containers, the rest to clients. */
static enum process_role holder_role(const struct file_entry *e)
{
	return e->f.transport == SS_TRANSPORT_PIPE || e->f.transport == SS_TRANSPORT_PTY ? PROCESS_WRITER
											 : PROCESS_CLIENT;
}

static void entry_take(struct session *s, const struct file_entry *e, struct trace_process *p)
{
	struct trace_channel *c = channel_get(s, &e->f.key, e->f.transport);

	if (!c)
		return;
	process_tell(s, p);
	c->append = c->append || e->f.f_flags & O_APPEND;
	channel_named(s, c, e->path, e->f.flags, e->f.peer_ino, e->f.mode);
	holder_emit(s, e, c, p);
}

static int file_watch(void *ctx, const struct ss_open_file *f, const char *path)
{
	struct session *s = ctx;
	struct trace_process *p;

	(void)path;
	if (f->transport != SS_TRANSPORT_PIPE || (f->f_flags & O_ACCMODE) != O_RDONLY)
		return 0;
	HASH_FIND(hh, s->processes, &f->tgid, sizeof(f->tgid), p);
	if (p && p->role == PROCESS_SHIM)
		tracer_channel_watch(s->tracer, &f->key);
	return 0;
}

/* With --writers: the pipes that shims read already. */
int open_files_watch(struct session *s, char *err, size_t err_size)
{
	return openfiles_read(s->files, NULL, 0, file_watch, s, err, err_size);
}

int open_files_read(struct session *s, char *err, size_t err_size)
{
	struct file_list files = {};
	struct trace_process *p, *next;
	uint32_t *owners;
	size_t n = 0;
	int ret;

	if (!s->files)
		return -EOPNOTSUPP;
	owners = calloc(HASH_COUNT(s->processes) + 1, sizeof(*owners));
	if (!owners)
		return -ENOMEM;
	HASH_ITER (hh, s->processes, p, next)
		if (p->target && !p->ended)
			owners[n++] = p->pid;
	ret = openfiles_read(s->files, owners, n, file_collect, &files, err, err_size);
	if (ret)
		goto out;
	for (size_t i = 0; i < files.n; i++) {
		struct file_entry *e = &files.list[i];

		HASH_FIND(hh, s->processes, &e->f.tgid, sizeof(e->f.tgid), p);
		if (!p || !p->target || p->unwanted)
			continue;
		entry_take(s, e, p);
	}
	for (size_t i = 0; i < files.n; i++) {
		struct file_entry *e = &files.list[i];

		HASH_FIND(hh, s->processes, &e->f.tgid, sizeof(e->f.tgid), p);
		if ((!p || (!p->target && !p->unwanted)) && e->f.transport != SS_TRANSPORT_FILE &&
		    entry_matters(s, e)) {
			p = process_get_as(s, e->f.tgid, holder_role(e));
			if (p)
				entry_take(s, e, p);
		}
	}
out:
	for (size_t i = 0; i < files.n; i++)
		free(files.list[i].path);
	free(files.list);
	free(owners);
	return ret;
}
