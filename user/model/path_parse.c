// SPDX-License-Identifier: GPL-2.0-only
/* What the names of FIFOs, sockets and log files say. */
#include <string.h>

#include "model/path_parse.h"

#define HEX64 64

bool span_is(struct span s, const char *text)
{
	size_t len = strlen(text);

	return s.len == len && !memcmp(s.at, text, len);
}

static bool span_same(struct span a, struct span b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

bool span_is_hex64(struct span s)
{
	size_t i;

	if (s.len != HEX64)
		return false;
	for (i = 0; i < HEX64; i++) {
		if (!strchr("0123456789abcdef", s.at[i]) || !s.at[i])
			return false;
	}
	return true;
}

static bool span_cut_suffix(struct span *s, const char *suffix)
{
	size_t len = strlen(suffix);

	if (s->len < len || memcmp(s->at + s->len - len, suffix, len) != 0)
		return false;
	s->len -= len;
	return true;
}

/*
 * Take the last component off a path. Returns an empty span when there is none, or when it may be a part
 * of one: the first component of a truncated path.
 */
static struct span pop(struct span *path, bool truncated)
{
	struct span last = { path->at, 0 };
	size_t start = path->len;

	while (start && path->at[start - 1] != '/')
		start--;
	if (!start && truncated)
		return last;
	last.at = path->at + start;
	last.len = path->len - start;
	path->len = start ? start - 1 : 0;
	return last;
}

struct span path_base(const char *path)
{
	struct span rest = { path, strlen(path) };

	return pop(&rest, false);
}

struct span path_dir(const char *path)
{
	struct span rest = { path, strlen(path) };

	pop(&rest, false);
	return rest;
}

/* The directories above the FIFO, nearest first. */
#define DEPTH 4

static void parse_place(struct fifo_name *f, const struct span dir[DEPTH])
{
	bool exec_like = f->name.len && !span_same(f->name, dir[0]);

	if (span_is(dir[1], "io") && span_is(dir[3], "containers") && dir[2].len) {
		f->place = FIFO_OF_CRI;
		f->container = dir[2];
	} else if (span_is(dir[0], "io") && span_is(dir[2], "containers") && dir[1].len) {
		f->place = FIFO_OF_CRI;
		f->container = dir[1];
	} else if (span_is(dir[1], "fifo")) {
		f->place = FIFO_OF_CLIENT;
	} else if (dir[0].len && (span_is(f->name, "init") || span_is_hex64(dir[0])) && exec_like &&
		   span_is(dir[1], "containerd")) {
		f->place = FIFO_OF_DOCKER;
		f->container = dir[0];
	}
	if (f->place == FIFO_OF_DOCKER && !span_is(f->name, "init"))
		f->exec = f->name;
	else if (f->place == FIFO_OF_CRI && !span_same(f->name, f->container))
		f->exec = f->name;
}

void path_parse_fifo(const char *path, bool truncated, struct fifo_name *ret)
{
	static const struct {
		const char *suffix;
		enum channel_role role;
	} streams[] = {
		{ "-stdout", ROLE_CONTAINER_LOG },
		{ "-stderr", ROLE_CONTAINER_LOG },
		{ "-stdin", ROLE_CONTAINER_STDIN },
	};
	struct span rest = { path, strlen(path) }, base, dir[DEPTH];
	size_t i;

	memset(ret, 0, sizeof(*ret));
	base = pop(&rest, truncated);
	for (i = 0; i < DEPTH; i++)
		dir[i] = pop(&rest, truncated);
	if (span_is(base, "log") && dir[0].len && dir[1].len &&
	    (span_is(dir[2], "io.containerd.runtime.v2.task") ||
	     span_is(dir[2], "io.containerd.runtime.v1.linux"))) {
		ret->role = ROLE_SHIM_LOG;
		ret->place = FIFO_OF_BUNDLE;
		ret->container = dir[0];
		return;
	}
	for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct span name = base;

		if (!span_cut_suffix(&name, streams[i].suffix) || !name.len)
			continue;
		ret->role = streams[i].role;
		ret->stream = streams[i].suffix + 1;
		ret->name = name;
		parse_place(ret, dir);
		return;
	}
}

const char *path_plain_address(const char *address)
{
	if (!strncmp(address, "unix://", strlen("unix://")))
		address += strlen("unix://");
	if (!strncmp(address, "/var/run/", strlen("/var/run/")))
		address += strlen("/var");
	return address;
}

/*
 * containerd before 1.4.3: "/containerd-shim/<SHA-256>.sock"; shim v1:
 * "/containerd-shim/<namespace>/<id>/shim.sock".
 */
static bool is_abstract_shim(const char *address)
{
	if (address[0] != '@')
		return false;
	address++;
	if (address[0] == '/')
		address++;
	return !strncmp(address, "containerd-shim/", strlen("containerd-shim/"));
}

enum protocol path_role_protocol(enum channel_role role)
{
	switch (role) {
	case ROLE_TTRPC_TASK:
	case ROLE_TTRPC_EVENTS:
	case ROLE_NRI: /* ttrpc, several of them on one connection */
		return PROTOCOL_TTRPC;
	case ROLE_GRPC_API:
		return PROTOCOL_GRPC;
	case ROLE_DEBUG:
		return PROTOCOL_HTTP;
	case ROLE_JOURNALD:
		return PROTOCOL_SYSLOG;
	default:
		return PROTOCOL_UNKNOWN;
	}
}

static enum channel_role socket_role(const char *address)
{
	struct span base = path_base(address), dir = path_dir(address), parent = pop(&dir, false),
		    name = base;

	if (is_abstract_shim(address) || (span_is_hex64(base) && span_is(parent, "s")))
		return ROLE_TTRPC_TASK;
	if (span_cut_suffix(&name, ".sock.ttrpc") && name.len)
		return ROLE_TTRPC_EVENTS;
	if (span_is(base, "containerd.sock"))
		return ROLE_GRPC_API;
	if (span_is(base, "debug.sock") || span_is(base, "containerd-debug.sock"))
		return ROLE_DEBUG;
	if (span_is(base, "nri.sock"))
		return ROLE_NRI;
	if (path_is_under(address, "/run/systemd/journal"))
		return ROLE_JOURNALD;
	return ROLE_OTHER;
}

enum channel_role path_parse_socket(const char *address, enum protocol *ret_protocol)
{
	const char *plain = path_plain_address(address);
	enum channel_role role = socket_role(plain);

	/* Without systemd something else listens there; what is said to it is the same. */
	*ret_protocol = strcmp(plain, "/dev/log") != 0 ? path_role_protocol(role) : PROTOCOL_SYSLOG;
	return role;
}

struct span path_json_log(const char *path)
{
	static const char suffix[] = "-json.log";
	struct span base = path_base(path), none = { path, 0 };
	size_t i;

	/* Rotated: "-json.log.1", "-json.log.2.gz". */
	for (i = 1; i + strlen(suffix) <= base.len; i++) {
		if (memcmp(base.at + i, suffix, strlen(suffix)) != 0)
			continue;
		if (i + strlen(suffix) == base.len || base.at[i + strlen(suffix)] == '.')
			return (struct span){ base.at, i };
	}
	return none;
}

bool path_is_under(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && path[len] == '/';
}

bool path_in_bundle(const char *path)
{
	return strstr(path, "/io.containerd.runtime.v2.task/") ||
	       strstr(path, "/io.containerd.runtime.v1.linux/");
}

size_t path_len_named(const char *path)
{
	struct span s = { path, strlen(path) };

	if (path[0] == '/')
		span_cut_suffix(&s, " (deleted)");
	return s.len;
}
