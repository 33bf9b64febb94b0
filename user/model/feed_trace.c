// SPDX-License-Identifier: GPL-2.0-only
/* Facts about the node and the trace as a whole. */
#include <errno.h>

#include "model/tables.h"

int feed_host(void *ctx, const struct fact_host *f)
{
	struct model *m = ctx;

	number_set(&m->host.cpus, quantity_of(f->cpus));
	return TEXTS_SET({ &m->host.hostname, f->hostname }, { &m->host.kernel, f->kernel },
			 { &m->host.arch, f->arch }, { &m->host.boot_id, f->boot_id });
}

int feed_trace(void *ctx, const struct fact_trace *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);

	if (!is_quantity(f->start_ns) || !is_quantity(f->interval_ns))
		return -EINVAL;
	st->changed = true;
	number_set(&m->trace.start_realtime_ns, f->start_realtime_ns);
	number_set(&m->trace.start_ns, f->start_ns);
	number_set(&m->trace.interval_ns, f->interval_ns);
	m->trace.writers = m->trace.writers || f->writers;
	if (st->now_ns == FACT_UNKNOWN)
		st->now_ns = m->trace.start_ns;
	return TEXTS_SET({ &m->trace.tool_version, f->tool_version }, { &m->trace.backend, f->backend },
			 { &m->trace.note, f->note }, { &m->trace.selection, f->selection });
}

int feed_runtime(void *ctx, const struct fact_runtime *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);
	struct runtime *r;

	if (f->pid <= 0)
		return -EINVAL;
	st->changed = true;
	r = tables_runtime(st, f->pid);
	if (!r)
		return -ENOMEM;
	return TEXTS_SET({ &r->pub.version, f->version }, { &r->pub.go_version, f->go_version },
			 { &r->pub.exe, f->exe }, { &r->pub.address, f->address },
			 { &r->pub.ttrpc_address, f->ttrpc_address },
			 { &r->pub.debug_address, f->debug_address }, { &r->pub.state, f->state },
			 { &r->pub.root, f->root }, { &r->pub.config_path, f->config_path },
			 { &r->pub.config_text, f->config_text },
			 { &r->pub.config_sha256, f->config_sha256 });
}

int feed_loss(void *ctx, const struct fact_loss *f)
{
	struct model *m = ctx;

	state_of(m)->changed = true;
	m->loss = (struct fact_loss){
		.ring_dropped = quantity_of(f->ring_dropped),
		.folded = quantity_of(f->folded),
		.map_full = quantity_of(f->map_full),
		.hook_missed = quantity_of(f->hook_missed),
		.unseen = quantity_of(f->unseen),
		.untimed = quantity_of(f->untimed),
	};
	return 0;
}

int feed_finish(void *ctx, const struct fact_finish *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);

	if (!is_quantity(f->end_ns))
		return -EINVAL;
	st->changed = true;
	st->end_ns = f->end_ns;
	m->trace.complete = true;
	return 0;
}
