// SPDX-License-Identifier: GPL-2.0-only
/* Which containerds and shims are wanted. */
#include <string.h>

#include "model/path_parse.h"
#include "trace/state.h"

bool selection_wants_containerd(const struct session_selection *sel, const char *address)
{
	if (!sel->n_addresses)
		return true;
	for (size_t i = 0; address && i < sel->n_addresses; i++)
		if (strcmp(path_plain_address(sel->addresses[i]), path_plain_address(address)) == 0)
			return true;
	return false;
}

static bool pod_is(const char *wanted, const struct node_container *c)
{
	const char *slash = strchr(wanted, '/');

	if (!c->pod)
		return false;
	if (!slash)
		return strcmp(wanted, c->pod) == 0;
	return c->pod_namespace && strlen(c->pod_namespace) == (size_t)(slash - wanted) &&
	       strncmp(wanted, c->pod_namespace, (size_t)(slash - wanted)) == 0 &&
	       strcmp(slash + 1, c->pod) == 0;
}

struct wanted {
	const struct session_selection *sel;
	const char *shim_id;
};

/* Is this a container that is selected and that the shim serves? */
static int wanted_container(void *ctx, const struct node_container *c)
{
	const struct wanted *w = ctx;

	if (strcmp(c->id, w->shim_id) != 0 && (!c->sandbox || strcmp(c->sandbox, w->shim_id) != 0))
		return 0;
	if (w->sel->container && strncmp(c->id, w->sel->container, strlen(w->sel->container)) != 0)
		return 0;
	if (w->sel->pod && !pod_is(w->sel->pod, c))
		return 0;
	return 1;
}

/*
 * A shim is the grain of selection: a pod's containers share one. A --container that is created later in
 * a pod of which nothing was selected is found when its shim starts.
 */
bool selection_wants_shim(const struct session *s, const struct node_process *shim)
{
	const struct session_selection *sel = &s->o.selection;
	struct wanted w = { .sel = sel, .shim_id = shim->shim_id };
	char *state;
	bool ret;

	if (!selection_wants_containerd(sel, shim->address))
		return false;
	if (sel->namespace && (!shim->namespace || strcmp(sel->namespace, shim->namespace) != 0))
		return false;
	if (!sel->container && !sel->pod)
		return true;
	if (!shim->shim_id)
		return false;
	state = node_state_dir(shim);
	if (!state)
		return false;
	ret = node_bundles(shim->pid, state, wanted_container, &w) == 1;
	free(state);
	return ret;
}
