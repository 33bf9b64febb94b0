// SPDX-License-Identifier: GPL-2.0-only
/* What open files say about channels: nothing is claimed here that no holder shows. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/map.h"
#include "view/text.h"

bool map_is_unix(enum transport t)
{
	return t == TRANSPORT_UNIX_STREAM || t == TRANSPORT_UNIX_DGRAM || t == TRANSPORT_UNIX_SEQPACKET;
}

/* Was this process seen reading from the channel? A map alone sees nobody read. */
static bool has_read(const struct model_channel *ch, const struct model_process *p)
{
	size_t i;

	for (i = 0; i < ch->n_ends; i++) {
		if (ch->ends[i]->process == p && ch->ends[i]->direction == DIRECTION_READ &&
		    ch->ends[i]->n.calls)
			return true;
	}
	return false;
}

static bool also_writes(const struct model_channel *ch, const struct model_process *p)
{
	size_t i;

	for (i = 0; i < ch->n_holders; i++) {
		const struct model_holder *h = &ch->holders[i];

		if (h->process == p && !(h->f_flags & O_PATH) && (h->f_flags & O_ACCMODE) == O_WRONLY)
			return true;
	}
	return false;
}

enum map_access map_access(const struct model_channel *ch, const struct model_holder *h)
{
	if (h->f_flags & O_PATH)
		return MAP_HANDLE;
	if ((h->f_flags & O_ACCMODE) == O_WRONLY)
		return MAP_WRITE;
	if ((h->f_flags & O_ACCMODE) == O_RDWR)
		return MAP_READ_WRITE;
	if (ch->transport == TRANSPORT_FIFO && also_writes(ch, h->process) && !has_read(ch, h->process))
		return MAP_KEEPER;
	return MAP_READ;
}

bool map_has_peer(const struct model_channel *ch)
{
	const char *inos = ch->id ? strchr(ch->id, ':') : NULL;

	/* "unix-stream:INO:PEERINO", the lower one first and 0 for none. */
	return !inos || strncmp(inos, ":0:", 3) != 0;
}

void map_occupancy(const struct model_channel *ch, int64_t *bytes, int64_t *size)
{
	size_t i;

	*bytes = *size = FACT_UNKNOWN;
	for (i = 0; i < ch->n_holders; i++) {
		if (ch->holders[i].pipe_bytes != FACT_UNKNOWN)
			*bytes = ch->holders[i].pipe_bytes;
		if (ch->holders[i].pipe_size != FACT_UNKNOWN)
			*size = ch->holders[i].pipe_size;
	}
}

/* Bit set of the roles of the processes that have a channel open in one of these ways. */
static unsigned int holders_of(const struct model_channel *ch, unsigned int access)
{
	unsigned int roles = 0;
	size_t i;

	for (i = 0; i < ch->n_holders; i++) {
		const struct model_holder *h = &ch->holders[i];

		if (h->process && access & 1U << map_access(ch, h))
			roles |= 1U << h->process->role;
	}
	return roles;
}

#define READING (1U << MAP_READ | 1U << MAP_READ_WRITE)
#define WRITING (1U << MAP_WRITE | 1U << MAP_READ_WRITE)

/* In how many channels of a role and transport processes of each role do something. */
struct tally {
	size_t channels, nobody;
	size_t by[PROCESS_ROLE_COUNT];
};

static struct tally count(const struct model *m, enum channel_role role, enum transport t,
			  unsigned int access)
{
	struct tally ret = { 0 };
	size_t i, r;

	for (i = 0; i < m->n_channels; i++) {
		const struct model_channel *ch = m->channels[i];
		unsigned int roles;

		if (ch->role != role || ch->transport != t || !ch->n_holders)
			continue;
		ret.channels++;
		roles = holders_of(ch, access);
		ret.nobody += !roles;
		for (r = 0; r < PROCESS_ROLE_COUNT; r++)
			ret.by[r] += (roles & 1U << r) != 0;
	}
	return ret;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* "containerd in 7, client in 1, nobody seen in 2" */
static void say_who(FILE *out, const struct tally *t)
{
	const char *between = "";
	size_t r;

	for (r = 0; r < PROCESS_ROLE_COUNT; r++) {
		if (!t->by[r])
			continue;
		fprintf(out, "%s%s in %zu", between, process_role_name((enum process_role)r), t->by[r]);
		between = ", ";
	}
	if (t->nobody)
		fprintf(out, "%snobody seen in %zu", between, t->nobody);
}

static void say_shim_log(FILE *out, const struct model *m, struct map_answers *a)
{
	struct tally writers = count(m, ROLE_SHIM_LOG, TRANSPORT_FIFO, WRITING & ~(1U << MAP_READ_WRITE));
	struct tally readers = count(m, ROLE_SHIM_LOG, TRANSPORT_FIFO, READING);

	a->shim_log_fifos = (int64_t)writers.channels;
	if (!writers.channels) {
		fprintf(out, "No shim's `log` FIFO was found open.");
		return;
	}
	fprintf(out,
		"The shims' own messages, and no container's output, go by %zu `log` FIFO%s (role "
		"shim-log): "
		"held for writing by ",
		writers.channels, plural(writers.channels));
	say_who(out, &writers);
	fprintf(out, "; for reading by ");
	say_who(out, &readers);
	fputc('.', out);
}

static void say_container_log(FILE *out, const struct model *m, struct map_answers *a)
{
	struct tally writers = count(m, ROLE_CONTAINER_LOG, TRANSPORT_FIFO, WRITING);
	struct tally readers = count(m, ROLE_CONTAINER_LOG, TRANSPORT_FIFO, READING);
	struct tally keepers = count(m, ROLE_CONTAINER_LOG, TRANSPORT_FIFO, 1U << MAP_KEEPER);

	a->container_log_fifos = (int64_t)readers.channels;
	a->container_log_unread = (int64_t)readers.nobody;
	a->container_log_kept_open = (int64_t)(keepers.channels - keepers.nobody);
	if (!readers.channels) {
		fprintf(out, "No FIFO with container output was found open.");
		return;
	}
	fprintf(out,
		"Container output goes on from the shims by %zu FIFO%s (role container-log): held "
		"for writing by ",
		readers.channels, plural(readers.channels));
	say_who(out, &writers);
	fprintf(out, "; for reading by ");
	say_who(out, &readers);
	fputc('.', out);
	if (a->container_log_kept_open)
		fprintf(out,
			" In %" PRId64
			" of them a writer holds a read end as well, which only keeps the FIFO "
			"open while its reader is away.",
			a->container_log_kept_open);
}

static void say_output(FILE *out, const struct model *m, struct map_answers *a)
{
	struct tally pipes = count(m, ROLE_CONTAINER_OUTPUT, TRANSPORT_PIPE, READING);
	struct tally ptys = count(m, ROLE_CONTAINER_OUTPUT, TRANSPORT_PTY, READING);

	a->container_output_pipes = (int64_t)pipes.channels;
	a->container_output_ptys = (int64_t)ptys.channels;
	if (!pipes.channels && !ptys.channels) {
		fprintf(out, "No container's output pipe or terminal was found open.");
		return;
	}
	fprintf(out, "Containers write into %zu pipe%s and %zu terminal%s (role container-output)",
		pipes.channels, plural(pipes.channels), ptys.channels, plural(ptys.channels));
	if (pipes.channels) {
		fprintf(out, "; the pipes are held for reading by ");
		say_who(out, &pipes);
	}
	fputc('.', out);
}

/* Does a container's stream use a UNIX socket anywhere? */
static void say_sockets(FILE *out, const struct model *m, struct map_answers *a)
{
	size_t i;

	for (i = 0; i < m->n_channels; i++) {
		const struct model_channel *ch = m->channels[i];

		if (!ch->n_holders || (ch->role != ROLE_CONTAINER_OUTPUT && ch->role != ROLE_CONTAINER_LOG &&
				       ch->role != ROLE_LOG_FILE))
			continue;
		a->container_channels++;
		a->container_streams_on_unix += map_is_unix(ch->transport);
	}
	if (!a->container_channels)
		fprintf(out, "No channel of a container's stream was found open, so whether one "
			     "uses a UNIX socket "
			     "is not known.");
	else if (!a->container_streams_on_unix)
		fprintf(out,
			"No container stream uses a UNIX socket: none of the %" PRId64
			" open channels of streams is one.",
			a->container_channels);
	else
		fprintf(out,
			"%" PRId64 " of the %" PRId64 " open channels of container streams are UNIX sockets.",
			a->container_streams_on_unix, a->container_channels);
}

static void say_rpc(FILE *out, const struct model *m, struct map_answers *a)
{
	static const enum channel_role roles[] = { ROLE_TTRPC_TASK, ROLE_TTRPC_EVENTS, ROLE_GRPC_API,
						   ROLE_NRI };
	const size_t n_roles = sizeof(roles) / sizeof(roles[0]);
	size_t n[sizeof(roles) / sizeof(roles[0])] = { 0 }, journald = 0, i, r;
	const char *between = "";

	for (i = 0; i < m->n_channels; i++) {
		const struct model_channel *ch = m->channels[i];

		if (!map_is_unix(ch->transport) || !ch->n_holders)
			continue;
		journald += ch->role == ROLE_JOURNALD;
		for (r = 0; r < n_roles; r++) {
			if (ch->role != roles[r])
				continue;
			n[r] += map_has_peer(ch);
			a->rpc_connections += map_has_peer(ch);
			a->rpc_listeners += !map_has_peer(ch);
		}
	}
	if (!a->rpc_connections) {
		fprintf(out, "No UNIX socket connection for RPC was found open.");
	} else {
		fprintf(out, "RPC goes over %" PRId64 " UNIX socket connection%s: ", a->rpc_connections,
			plural((size_t)a->rpc_connections));
		for (r = 0; r < n_roles; r++) {
			if (!n[r])
				continue;
			fprintf(out, "%s%zu %s", between, n[r], channel_role_name(roles[r]));
			between = ", ";
		}
		fputc('.', out);
	}
	if (a->rpc_listeners)
		fprintf(out, " %" PRId64 " more socket%s for RPC %s without a peer: listening.",
			a->rpc_listeners, plural((size_t)a->rpc_listeners),
			a->rpc_listeners == 1 ? "is" : "are");
	if (journald)
		fprintf(out, " %zu more connection%s go%s to journald: log messages, no RPC.", journald,
			plural(journald), journald == 1 ? "es" : "");
}

static void say_files(FILE *out, const struct model *m, struct map_answers *a)
{
	struct tally files = count(m, ROLE_LOG_FILE, TRANSPORT_FILE, WRITING);

	a->log_files = (int64_t)files.channels;
	if (!files.channels) {
		fprintf(out, "No log file was found open.");
		return;
	}
	fprintf(out, "%zu log file%s open, for writing by ", files.channels,
		files.channels == 1 ? " is" : "s are");
	say_who(out, &files);
	fputc('.', out);
}

static void say_handles(FILE *out, const struct model *m, struct map_answers *a)
{
	size_t i, h;

	for (i = 0; i < m->n_channels; i++) {
		for (h = 0; h < m->channels[i]->n_holders; h++) {
			a->holders++;
			a->path_handles +=
				map_access(m->channels[i], &m->channels[i]->holders[h]) == MAP_HANDLE;
		}
	}
	if (a->path_handles)
		fprintf(out,
			"%" PRId64 " of the %" PRId64
			" descriptors are O_PATH handles: they name a file, and can "
			"neither read nor write.",
			a->path_handles, a->holders);
}

static int answer(struct map_answers *a, const struct model *m,
		  void (*say)(FILE *out, const struct model *m, struct map_answers *a))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	say(out, m, a);
	if (fclose(out)) {
		free(text);
		return -ENOMEM;
	}
	if (!*text) {
		free(text);
		return 0;
	}
	a->sentences[a->n_sentences++] = text;
	return 0;
}

int map_answer(struct map_answers *a, const struct model *m)
{
	void (*const all[MAP_SENTENCES])(FILE *, const struct model *, struct map_answers *) = {
		say_shim_log, say_output, say_container_log, say_files, say_sockets, say_rpc, say_handles,
	};
	size_t i;
	int err = 0;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < m->n_containers; i++)
		a->containers += !m->containers[i]->is_sandbox;
	for (i = 0; i < MAP_SENTENCES && all[i] && !err; i++)
		err = answer(a, m, all[i]);
	return err;
}

void map_answers_free(struct map_answers *a)
{
	size_t i;

	for (i = 0; i < a->n_sentences; i++)
		free(a->sentences[i]);
	memset(a, 0, sizeof(*a));
}
