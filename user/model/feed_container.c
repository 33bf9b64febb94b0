// SPDX-License-Identifier: GPL-2.0-only
/* Facts about containers. */
#include <errno.h>
#include <string.h>

#include "model/tables.h"

/* Different containerds or namespaces that may have a container of the same id. */
#define SAME_ID_MAX 256

static bool may_be_same(const char *a, const char *b)
{
	return !a || !b || !strcmp(a, b);
}

int feed_container(void *ctx, const struct fact_container *f)
{
	struct model *m = ctx;
	struct state *st = state_of(m);
	struct container *head, *c;
	size_t n = 0;

	if (!f->id || !f->id[0])
		return -EINVAL;
	st->changed = true;
	head = state_find_container(st, f->id, strlen(f->id));
	for (c = head; c; c = c->same_id, n++) {
		if (may_be_same(c->pub.namespace, f->namespace) && may_be_same(c->pub.address, f->address))
			break;
	}
	if (!c) {
		if (n == SAME_ID_MAX)
			return -EINVAL;
		c = tables_add_container(st, head, f->id);
		if (!c)
			return -ENOMEM;
	}
	c->seen_ns = st->now_ns;
	c->pub.is_sandbox = c->pub.is_sandbox || f->is_sandbox;
	c->pub.tty = c->pub.tty || f->tty;
	positive_set(&c->pub.shim_pid, f->shim_pid);
	positive_set(&c->pub.init_pid, f->init_pid);
	return TEXTS_SET({ &c->pub.namespace, f->namespace }, { &c->pub.sandbox, f->sandbox },
			 { &c->pub.pod, f->pod }, { &c->pub.pod_namespace, f->pod_namespace },
			 { &c->pub.pod_uid, f->pod_uid }, { &c->pub.name, f->name },
			 { &c->pub.image, f->image }, { &c->pub.bundle, f->bundle },
			 { &c->pub.log_directory, f->log_directory }, { &c->pub.address, f->address });
}
