// SPDX-License-Identifier: GPL-2.0-only
/* A model's life, and the order in which it is resolved. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/state.h"

struct model *model_new(void)
{
	struct model *m = calloc(1, sizeof(*m));
	struct state *st = calloc(1, sizeof(*st));

	if (!m || !st) {
		free(m);
		free(st);
		return NULL;
	}
	hash_seed();
	m->priv = st;
	m->host.cpus = FACT_UNKNOWN;
	m->trace.start_realtime_ns = FACT_UNKNOWN;
	m->trace.start_ns = FACT_UNKNOWN;
	m->trace.interval_ns = FACT_UNKNOWN;
	m->trace.duration_ns = FACT_UNKNOWN;
	m->trace.scope_realtime_ns = FACT_UNKNOWN;
	m->trace.now_ns = FACT_UNKNOWN;
	m->loss = (struct fact_loss){
		.ring_dropped = FACT_UNKNOWN,
		.folded = FACT_UNKNOWN,
		.map_full = FACT_UNKNOWN,
		.hook_missed = FACT_UNKNOWN,
		.unseen = FACT_UNKNOWN,
		.untimed = FACT_UNKNOWN,
	};
	st->end_ns = FACT_UNKNOWN;
	st->now_ns = FACT_UNKNOWN;
	return m;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	state_free(m);
	free(m->priv);
	free(m);
}

void model_blank(struct model *m)
{
	struct state *st = state_of(m);
	struct container *head, *c;

	for (head = st->containers; head; head = head->hh.next) {
		for (c = head; c; c = c->same_id) {
			c->pub.streams = c->pub.execs = NULL;
			c->pub.n_streams = c->pub.n_execs = 0;
			c->pub.log_path = NULL;
		}
	}
	m->runtimes = NULL;
	m->processes = NULL;
	m->channels = NULL;
	m->containers = NULL;
	m->transports = NULL;
	m->n_runtimes = m->n_processes = m->n_channels = m->n_containers = m->n_transports = 0;
	st->channels = NULL;
	st->n_channels = 0;
	st->changed = true;
	arena_reset(&st->arena);
}

int model_resolve(struct model *m, enum model_scope scope)
{
	static int (*const steps[])(struct resolve *) = {
		pairing_resolve,  evidence_resolve,  identity_resolve, votes_resolve,
		matching_resolve, log_files_resolve, streams_resolve,  rows_resolve,
	};
	struct state *st = state_of(m);
	struct resolve r = { .m = m, .st = st, .arena = &st->arena, .scope = scope };
	size_t i;
	int err = 0;

	model_blank(m);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !err; i++)
		err = steps[i](&r);
	index_clear(&r.keys);
	index_clear(&r.ids);
	index_clear(&r.addresses);
	index_clear(&r.bundles);
	index_clear(&r.pids);
	index_clear(&r.dirs);
	index_clear(&r.names);
	index_clear(&r.found);
	if (err) {
		model_blank(m);
		return err;
	}
	st->channels = r.channels;
	st->n_channels = r.n_channels;
	st->scope = scope;
	st->changed = false;
	arena_trim(&st->arena);
	return 0;
}
