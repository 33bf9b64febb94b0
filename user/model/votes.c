// SPDX-License-Identifier: GPL-2.0-only
/* Links between objects, added up to votes between channels. */
#include <errno.h>
#include <stdlib.h>

#include "model/state.h"

static int by_channels(const void *a, const void *b)
{
	const struct vote *va = a, *vb = b;

	if (va->from != vb->from)
		return va->from->order < vb->from->order ? -1 : 1;
	return va->to->order < vb->to->order ? -1 : va->to->order > vb->to->order;
}

int votes_resolve(struct resolve *r)
{
	struct link *l;
	size_t i, n = 0;

	r->votes = arena_alloc(r->arena, HASH_COUNT(r->st->links), sizeof(*r->votes));
	if (!r->votes)
		return -ENOMEM;
	for (l = r->st->links; l; l = l->hh.next) {
		if (l->from->channel == l->to->channel || !l->votes)
			continue;
		r->votes[n++] = (struct vote){
			.from = l->from->channel,
			.to = l->to->channel,
			.processes = ROLE_BIT(l->process->pub.role),
			.votes = l->votes,
		};
	}
	qsort(r->votes, n, sizeof(*r->votes), by_channels);
	for (i = 0; i < n; i++) {
		struct vote *last = r->n_votes ? &r->votes[r->n_votes - 1] : NULL;

		if (last && last->from == r->votes[i].from && last->to == r->votes[i].to) {
			last->votes += r->votes[i].votes;
			last->processes |= r->votes[i].processes;
		} else {
			r->votes[r->n_votes++] = r->votes[i];
		}
	}
	return 0;
}
