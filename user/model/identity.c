// SPDX-License-Identifier: GPL-2.0-only
/*
 * The roles of channels that names tell: FIFOs, sockets and log files. Pipes and ptys have none
 * (matching.c).
 */
#include <errno.h>
#include <string.h>

#include "model/evidence.h"
#include "model/log_files.h"
#include "model/path_parse.h"
#include "model/state.h"

static bool shim_takes_part(const struct channel *ch)
{
	unsigned int all = ch->writers | ch->readers | ch->holding_writers | ch->holding_readers;

	return all & ROLE_BIT(PROCESS_SHIM);
}

static enum channel_role role_of_address(const struct resolve *r, const struct channel *ch,
					 const char *address, enum protocol *protocol)
{
	const char *plain = path_plain_address(address);
	const struct address_use *use = index_find(&r->addresses, plain, strlen(plain));
	enum channel_role role;

	if (use) {
		*protocol = path_role_protocol(use->role);
		return use->role;
	}
	role = path_parse_socket(address, protocol);
	/* containerd 2.3 can be told where the shims' sockets are. */
	if (role == ROLE_OTHER && shim_takes_part(ch) && span_is_hex64(path_base(plain))) {
		*protocol = PROTOCOL_TTRPC;
		return ROLE_TTRPC_TASK;
	}
	return role;
}

static void identify_socket(const struct resolve *r, struct channel *ch)
{
	char *addresses[] = { ch->pub.path, ch->other_path };
	size_t i;

	for (i = 0; i < 2 && ch->pub.role == ROLE_OTHER && ch->pub.protocol == PROTOCOL_UNKNOWN; i++) {
		if (!addresses[i])
			continue;
		ch->pub.role = role_of_address(r, ch, addresses[i], &ch->pub.protocol);
		if (ch->pub.role != ROLE_OTHER)
			ch->pub.path = addresses[i];
	}
}

/* A bundle's "log", by its directory's name or by what a container says of its bundle. */
static int identify_shim_log(struct resolve *r, struct channel *ch, const struct fifo_name *f)
{
	struct span base = path_base(ch->pub.path), dir = path_dir(ch->pub.path);
	struct container *ct = NULL;
	int err = 0;

	if (span_is(base, "log"))
		ct = index_find(&r->bundles, dir.at, dir.len);
	if (!ct && f->role != ROLE_SHIM_LOG)
		return 0;
	ch->pub.role = ROLE_SHIM_LOG;
	if (!ct)
		ct = container_named(r, ch, f->container.at, f->container.len, false, &err);
	if (ct) {
		channel_give(ch, ct);
		return err;
	}
	ch->pub.container = arena_text(r->arena, f->container.at, f->container.len);
	return ch->pub.container ? 0 : -ENOMEM;
}

/*
 * The container of a FIFO whose directory does not name it. Its own name is the container's or that of an
 * exec in one; then the shim tells which. *exec is set when it is an exec's.
 */
static struct container *container_of_name(struct resolve *r, const struct channel *ch,
					   const struct fifo_name *f, const struct process *shim, bool *exec,
					   int *err)
{
	struct container *ct = container_named(r, ch, f->name.at, f->name.len, false, err);
	struct container *only = shim_only_container(r, shim);
	bool of_shim = shim && shim->pub.shim_id && span_is(f->name, shim->pub.shim_id);

	*exec = false;
	if (ct && (!shim || !only || ct->pub.shim_pid == FACT_UNKNOWN || ct->pub.shim_pid == shim->pub.pid))
		return ct;
	if (of_shim)
		return ct ? ct : container_named(r, ch, f->name.at, f->name.len, true, err);
	*exec = only != NULL;
	return only;
}

static void note_log(struct channel *ch, struct container *ct)
{
	ct->waiting_logs++;
	if (!ch->pub.exec)
		ct->logs[!strcmp(ch->pub.stream, "stderr")] = ch;
}

static int identify_stream(struct resolve *r, struct channel *ch, const struct fifo_name *f)
{
	const struct process *shim = f->role == ROLE_CONTAINER_LOG ? ch->shim_writer : ch->shim_reader;
	struct span exec = f->exec;
	struct container *ct;
	bool is_exec;
	int err = 0;

	if (f->container.len) {
		ct = container_named(r, ch, f->container.at, f->container.len, true, &err);
	} else {
		ct = container_of_name(r, ch, f, shim, &is_exec, &err);
		if (is_exec)
			exec = f->name;
	}
	if (err)
		return err;
	if (!ct && f->place == FIFO_ELSEWHERE && !shim)
		return 0;
	ch->pub.role = f->role;
	ch->pub.stream = f->stream;
	if (exec.len) {
		ch->pub.exec = arena_text(r->arena, exec.at, exec.len);
		if (!ch->pub.exec)
			return -ENOMEM;
	}
	if (!ct)
		return 0;
	channel_give(ch, ct);
	if (ct->pub.shim_pid == FACT_UNKNOWN && shim)
		ct->pub.shim_pid = shim->pub.pid;
	if (f->role == ROLE_CONTAINER_LOG)
		note_log(ch, ct);
	return 0;
}

static int identify_fifo(struct resolve *r, struct channel *ch)
{
	struct fifo_name f;

	if (!ch->pub.path)
		return 0;
	path_parse_fifo(ch->pub.path, ch->pub.path_truncated, &f);
	if (f.role == ROLE_CONTAINER_LOG || f.role == ROLE_CONTAINER_STDIN)
		return identify_stream(r, ch, &f);
	return identify_shim_log(r, ch, &f);
}

int identity_resolve(struct resolve *r)
{
	size_t i;
	int err = 0;

	for (i = 0; i < r->n_channels && !err; i++) {
		struct channel *ch = r->channels[i];

		switch (ch->pub.transport) {
		case TRANSPORT_UNIX_STREAM:
		case TRANSPORT_UNIX_DGRAM:
		case TRANSPORT_UNIX_SEQPACKET:
			identify_socket(r, ch);
			continue;
		case TRANSPORT_FIFO:
			err = identify_fifo(r, ch);
			break;
		case TRANSPORT_FILE:
			err = log_file_by_name(r, ch);
			break;
		default:
			break;
		}
		ch->pub.protocol = PROTOCOL_RAW;
	}
	return err;
}
