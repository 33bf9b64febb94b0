// SPDX-License-Identifier: GPL-2.0-only
/* Facts about processes and what they use. */
#include <errno.h>
#include <string.h>

#include "model/tables.h"

int feed_process(void *ctx, const struct fact_process *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);
	struct process *p;

	if (!f->id || (unsigned int)f->role >= PROCESS_ROLE_COUNT)
		return -EINVAL;
	st->changed = true;
	p = tables_find_process(st, f->id);
	if (p && f->pid > 0 && p->pub.pid != FACT_UNKNOWN && p->pub.pid != f->pid)
		return -EINVAL;
	if (!p)
		p = tables_add_process(st, f->id);
	if (!p)
		return -ENOMEM;
	positive_set(&p->pub.pid, f->pid);
	positive_set(&p->pub.ppid, f->ppid);
	positive_set(&p->pub.start_ns, f->start_ns);
	if (f->role != PROCESS_OTHER)
		p->pub.role = f->role;
	return TEXTS_SET({ &p->pub.comm, f->comm }, { &p->pub.exe, f->exe },
			 { &p->pub.go_version, f->go_version }, { &p->pub.version, f->version },
			 { &p->pub.namespace, f->namespace }, { &p->pub.address, f->address },
			 { &p->pub.container, f->container }, { &p->pub.shim_id, f->shim_id });
}

/* Samples come in the order of time; what comes late is of no use, except a process's last word. */
static void add_sample(struct process *p, const struct fact_usage *f)
{
	struct usage_sample s = { f->ns, quantity_of(f->cpu_ns), quantity_of(f->user_ns),
				  quantity_of(f->system_ns) };
	struct usage_sample *last = p->n_recent ? &p->recent[p->n_recent - 1] : NULL;

	if (s.cpu_ns == FACT_UNKNOWN && s.user_ns == FACT_UNKNOWN && s.system_ns == FACT_UNKNOWN)
		return;
	if (!p->used)
		p->first = s;
	p->used = true;
	if (last && s.ns <= last->ns) {
		if (s.ns == last->ns || f->final)
			*last = s;
		return;
	}
	if (p->n_recent == USAGE_RECENT)
		memmove(p->recent, p->recent + 1, sizeof(p->recent[0]) * --p->n_recent);
	p->recent[p->n_recent++] = s;
}

int feed_usage(void *ctx, const struct fact_usage *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);
	struct process *p = tables_find_process(st, f->process);

	if (!p || f->ns < 0)
		return -EINVAL;
	st->changed = true;
	if (p->pub.ended && !f->final)
		return 0;
	add_sample(p, f);
	number_set(&p->pub.rss_bytes, quantity_of(f->rss_bytes));
	number_set(&p->pub.pss_bytes, quantity_of(f->pss_bytes));
	number_set(&p->pub.anon_bytes, quantity_of(f->anon_bytes));
	if (f->final) {
		p->pub.ended = true;
		p->ended_ns = f->ns;
	}
	return 0;
}
