// SPDX-License-Identifier: GPL-2.0-only
/*
 * Log files: by the log directory of a pod and the name of a container, else by what was copied there.
 * Nothing but the file's name tells which container it is; after a restart two containers have one name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/evidence.h"
#include "model/log_files.h"
#include "model/path_parse.h"

/* Directories above a log file that may be a pod's log directory. */
#define LEVELS	     4
#define PATH_LONGEST 4096

static void give_file(struct channel *ch, struct container *ct)
{
	ch->pub.role = ROLE_LOG_FILE;
	channel_give(ch, ct);
	ct->log_files++;
}

/*
 * "<dir>/<name>/" with a container's name, or "<dir>/<file>" with a file name that begins with it:
 * "app_0.log", "app.log".
 */
static struct place *place_of_name(const struct resolve *r, const char *path, size_t dir_len)
{
	size_t start = dir_len + 1, end = start + strcspn(path + start, "/");
	struct place *place = index_find(&r->names, path, end);

	if (path[end] == '/')
		return place;
	while (!place && --end > start) {
		if (strchr("._-", path[end]))
			place = index_find(&r->names, path, end);
	}
	return place;
}

/* A file below a pod's log directory, which is dir_len bytes of its path. */
static void give_by_directory(const struct resolve *r, struct channel *ch, struct place *dir, size_t dir_len)
{
	struct place *named = place_of_name(r, ch->pub.path, dir_len);
	bool other_name = strchr(ch->pub.path + dir_len + 1, '/') != NULL;

	ch->pub.role = ROLE_LOG_FILE;
	if (named && named->n == 1) {
		give_file(ch, named->first);
	} else if (named) {
		ch->place = named;
		ch->place_named = true;
	} else if (dir->n == 1 && !(other_name && dir->first->pub.name)) {
		give_file(ch, dir->first);
	} else {
		ch->place = dir;
	}
}

/* Is this where containerd keeps the logs of pods, though nothing said so? */
static bool is_pod_log(const struct channel *ch)
{
	unsigned int writers = ch->writers | ch->holding_writers;

	return (writers & ROLE_BIT(PROCESS_CONTAINERD)) && path_is_under(ch->pub.path, POD_LOGS);
}

int log_file_by_name(struct resolve *r, struct channel *ch)
{
	const char *path = ch->pub.path;
	struct span json;
	size_t len, level;
	int err = 0;

	if (!path || strlen(path) > PATH_LONGEST)
		return 0;
	json = path_json_log(path);
	if (json.len) {
		struct container *ct = container_named(r, ch, json.at, json.len, false, &err);

		if (ct) {
			give_file(ch, ct);
			return err;
		}
	}
	len = strlen(path);
	for (level = 0; level < LEVELS && len; level++) {
		struct place *dir;

		while (len && path[len - 1] != '/')
			len--;
		while (len && path[len - 1] == '/')
			len--;
		if (!len)
			break;
		dir = index_find(&r->dirs, path, len);
		if (!dir)
			continue;
		give_by_directory(r, ch, dir, len);
		return 0;
	}
	if (is_pod_log(ch))
		ch->pub.role = ROLE_LOG_FILE;
	return 0;
}

/* What was copied from one container's channels to one file. */
struct claim {
	struct channel *file;
	struct container *ct;
	uint64_t votes;
	uint64_t sure;	  /* from channels that most of went to this file */
	uint64_t carried; /* bytes read from those channels */
};

static int by_file(const void *a, const void *b)
{
	const struct claim *ca = a, *cb = b;

	if (ca->file != cb->file)
		return ca->file->order < cb->file->order ? -1 : 1;
	return ca->ct->order < cb->ct->order ? -1 : ca->ct->order > cb->ct->order;
}

/* Does this channel carry a container's own log towards a file? What an exec puts out is logged nowhere. */
static bool carries_log(const struct channel *ch)
{
	if (!ch->ct || ch->pub.exec)
		return false;
	return ch->pub.role == ROLE_CONTAINER_LOG || ch->pub.role == ROLE_CONTAINER_OUTPUT;
}

static size_t list_claims(struct resolve *r, struct claim *list)
{
	size_t start, end, i, n = 0;

	for (start = 0; start < r->n_votes; start = end) {
		struct channel *from = r->votes[start].from;
		uint64_t all = 0;

		for (end = start; end < r->n_votes && r->votes[end].from == from; end++) {
			if (r->votes[end].to->pub.transport == TRANSPORT_FILE)
				all += r->votes[end].votes;
		}
		if (!carries_log(from))
			continue;
		for (i = start; i < end; i++) {
			const struct vote *v = &r->votes[i];

			if (v->to->pub.transport != TRANSPORT_FILE)
				continue;
			list[n++] = (struct claim){
				.file = v->to,
				.ct = from->ct,
				.votes = v->votes,
				.sure = v->votes > all / 2 ? v->votes : 0,
				.carried = v->votes > all / 2 ? from->bytes_out : 0,
			};
		}
	}
	return n;
}

static size_t merge_claims(struct claim *list, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		struct claim *last = kept ? &list[kept - 1] : NULL;

		if (last && last->file == list[i].file && last->ct == list[i].ct) {
			last->votes += list[i].votes;
			last->sure += list[i].sure;
			last->carried += list[i].carried;
		} else {
			list[kept++] = list[i];
		}
	}
	return kept;
}

/* Of a container that no fact told of, the name is not known: it may be any. */
static bool is_candidate(const struct channel *file, const struct container *ct)
{
	const struct container *c;

	if (!file->place || !ct->pub.name)
		return true;
	for (c = file->place->first; c; c = file->place_named ? c->next_of_name : c->next_of_dir) {
		if (c == ct)
			return true;
	}
	return false;
}

/*
 * A file that no name makes a log must be the target of most of what its container's channels carry, and
 * of a container without a log by name: containerd's own log is written between two reads of anything. And
 * it must have taken what they carried: a log has all of a line but the end of it, and more.
 */
static bool may_be_log(const struct channel *file, const struct claim *c)
{
	if (file->pub.role == ROLE_LOG_FILE)
		return true;
	if (file->pub.path && path_in_bundle(file->pub.path))
		return false;
	if (file->bytes_in < c->carried - c->carried / 8)
		return false;
	return c->sure && !c->ct->log_files;
}

/* The claims of one file: the most votes win, alone; without names they must be more than all others. */
static void decide(struct claim *c, size_t n)
{
	struct channel *file = c->file;
	struct claim *best = NULL;
	uint64_t all = 0;
	bool tie = false;
	size_t i;

	if (file->ct)
		return;
	for (i = 0; i < n; i++) {
		all += c[i].votes;
		if (!is_candidate(file, c[i].ct) || (best && c[i].votes < best->votes))
			continue;
		tie = best && c[i].votes == best->votes;
		best = &c[i];
	}
	if (!best || tie || !may_be_log(file, best) || (!file->place && best->votes <= all / 2))
		return;
	give_file(file, best->ct);
}

/* Of containers with one name: the youngest that was there when the file was seen first. */
static void decide_by_age(struct channel *file)
{
	struct container *c, *best = NULL;

	for (c = file->place->first; c; c = c->next_of_name) {
		bool was_there = c->seq < file->seq;

		if (!best || (was_there && (best->seq > file->seq || c->seq > best->seq)) ||
		    (!was_there && best->seq > file->seq && c->seq < best->seq))
			best = c;
	}
	if (best)
		give_file(file, best);
}

int log_files_resolve(struct resolve *r)
{
	struct claim *list = arena_alloc(r->arena, r->n_votes, sizeof(*list));
	size_t n, start, end, i;

	if (!list)
		return -ENOMEM;
	n = list_claims(r, list);
	qsort(list, n, sizeof(*list), by_file);
	n = merge_claims(list, n);
	for (start = 0; start < n; start = end) {
		for (end = start + 1; end < n && list[end].file == list[start].file; end++)
			;
		decide(&list[start], end - start);
	}
	for (i = 0; i < r->n_channels; i++) {
		struct channel *ch = r->channels[i];

		if (!ch->place || ch->ct)
			continue;
		if (ch->place_named)
			decide_by_age(ch);
		else if (ch->place->n == 1)
			give_file(ch, ch->place->first);
	}
	return 0;
}
