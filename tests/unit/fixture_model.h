/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Models built by hand for the tests of the views: what model_resolve() would leave, without a
 * trace. Everything belongs to the fixture and goes with fixture_free(). A failed allocation
 * aborts.
 */
#ifndef SHIMSCOPE_FIXTURE_MODEL_H
#define SHIMSCOPE_FIXTURE_MODEL_H

#include "model/model.h"

struct fixture {
	struct model m;
	void **owned;
	size_t n_owned;
};

/* An empty model with a host and a trace that is complete and exact. */
struct fixture *fixture_new(void);
void fixture_free(struct fixture *f);

void *fixture_alloc(struct fixture *f, size_t size);
char *fixture_string(struct fixture *f, const char *s);

struct model_process *fixture_process(struct fixture *f, enum process_role role, int64_t pid,
				      const char *comm);
/* CPU (half of it user, half system), RSS and what belongs to it. */
void fixture_usage(struct model_process *p, int64_t cpu_ns, int64_t rss_bytes);

struct model_channel *fixture_channel(struct fixture *f, const char *id, enum transport t,
				      enum channel_role role, enum protocol p, const char *path);
struct model_end *fixture_end(struct fixture *f, struct model_channel *ch, struct model_process *p,
			      enum direction d, uint64_t calls, uint64_t eagain, uint64_t bytes,
			      uint64_t cpu_ns);
void fixture_holder(struct fixture *f, struct model_channel *ch, struct model_process *p, int fd,
		    uint32_t f_flags, uint64_t socket_ino);

struct model_container *fixture_container(struct fixture *f, const char *id, const char *pod,
					  const char *name, const struct model_process *shim);
/* exec NULL: one of the container's own. */
struct model_stream *fixture_stream(struct fixture *f, struct model_container *c, const char *stream,
				    const char *exec, int64_t log_bytes);
void fixture_hop(struct fixture *f, struct model_stream *s, struct model_channel *ch, enum process_role from,
		 enum process_role to, const struct model_end *in, const struct model_end *out);

/* Add up the transports, streams, containers and processes. */
void fixture_resolve(struct fixture *f);

/*
 * A small node: containerd, two shims, a pod with two containers (one writing to stdout and
 * stderr), a tty container, a ctr container with an exec, ttrpc, events, gRPC, journald, shim log.
 * The figures are in fixture_model.c.
 */
struct fixture *fixture_node(void);

/* A node with many containers, each with a stream over three channels. */
struct fixture *fixture_crowd(size_t containers);

/* Names meant to harm, of which fixture_hostile() is full. */
extern const char fixture_hostile_name[];
struct fixture *fixture_hostile(void);

#endif
