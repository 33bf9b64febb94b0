// SPDX-License-Identifier: GPL-2.0-only
/* What a resolve made of the ids in facts. */
#include "model/tables.h"

const struct model_channel *model_channel_of(const struct model *m, uint32_t id)
{
	const struct object *o = tables_find_object(state_of(m), id);

	return o && m->n_channels && o->channel ? &o->channel->pub : NULL;
}

const struct model_process *model_process_of(const struct model *m, uint32_t id)
{
	const struct process *p = tables_find_process(state_of(m), id);

	return p ? &p->pub : NULL;
}
