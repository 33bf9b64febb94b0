/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the names of FIFOs, sockets and log files say, by the customs of containerd, its clients and
 * Docker. A name is only a hint: what a runtime or a bundle says about itself goes before it (identity.c).
 */
#ifndef SHIMSCOPE_MODEL_PATH_PARSE_H
#define SHIMSCOPE_MODEL_PATH_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/model.h"

/* A piece of a string; len 0 is none. */
struct span {
	const char *at;
	size_t len;
};

bool span_is(struct span s, const char *text);
/* 64 hexadecimal digits: an id that containerd or Docker generated, or a SHA-256. */
bool span_is_hex64(struct span s);

/* The last component of a path, and what stands before its slash; both empty when there is none. */
struct span path_base(const char *path);
struct span path_dir(const char *path);

/* Where a FIFO lies, which tells who made it. */
enum fifo_place {
	FIFO_ELSEWHERE = 0,
	FIFO_OF_CRI,	/* <state>/io.containerd.grpc.v1.cri/containers/<container>/io/<random>/ */
	FIFO_OF_CLIENT, /* /run/containerd/fifo/<random>/: ctr and others with containerd's Go client */
	FIFO_OF_DOCKER, /* /run/docker/containerd/<container>/ */
	FIFO_OF_BUNDLE, /* <state>/io.containerd.runtime.v2.task/<namespace>/<container>/ */
};

struct fifo_name {
	enum channel_role role; /* container-log, container-stdin, shim-log or other */
	enum fifo_place place;
	const char *stream;    /* "stdout", "stderr", "stdin", NULL for others */
	struct span container; /* named by the directory, none for FIFO_OF_CLIENT and FIFO_ELSEWHERE */
	struct span name;      /* before "-stdout": a container or an exec of one */
	struct span exec;      /* the exec, where the directory names the container and name is not it */
};

/* truncated: only the end of the path is known, so that its first component may be a part of one. */
void path_parse_fifo(const char *path, bool truncated, struct fifo_name *ret);

/*
 * The service behind a socket's address (a path, or "@name" if abstract) by custom alone; ROLE_OTHER
 * when it is not known. *ret_protocol is what is spoken there.
 */
enum channel_role path_parse_socket(const char *address, enum protocol *ret_protocol);

/* The protocol that belongs to a role of a socket. */
enum protocol path_role_protocol(enum channel_role role);

/*
 * A socket's address for comparison: without the "unix://" of an endpoint and without the /var of
 * /var/run, which is /run. Points into address.
 */
const char *path_plain_address(const char *address);

/* The container whose json-file log this is (".../<id>-json.log", also rotated), none for others. */
struct span path_json_log(const char *path);

/* Does this path lie under a directory (given without a slash at its end)? */
bool path_is_under(const char *path, const char *dir);

/* Is this a file of a bundle ("…/io.containerd.runtime.v2.task/…")? */
bool path_in_bundle(const char *path);

/* The length of a path without the " (deleted)" that the kernel adds when its file has no name any more. */
size_t path_len_named(const char *path);

#endif
