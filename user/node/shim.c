// SPDX-License-Identifier: GPL-2.0-only
/* A shim's command line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/internal.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct given {
	const char *namespace, *id, *address;
};

/*
 * containerd-shim-runc-v2 -namespace NS -id ID -address SOCK [-debug]: the shim that serves
 * (containerd, pkg/shim/shim.go, the same flags from 1.4 to 2.4). With the argument `start` or
 * `delete` it is a helper that ends within milliseconds, as with -v or -info. Returns true for one
 * that serves.
 */
static bool parse_args(const struct node_args *args, struct given *g)
{
	bool asked = false;
	const struct node_flag flags[] = {
		{ .name = "namespace", .value = &g->namespace },
		{ .name = "id", .value = &g->id },
		{ .name = "address", .value = &g->address },
		{ .name = "bundle" },
		{ .name = "socket" },
		{ .name = "debug-socket" },
		{ .name = "publish-binary" },
		{ .name = "debug", .is_switch = true },
		{ .name = "v", .is_switch = true, .set = &asked },
		{ .name = "version", .is_switch = true, .set = &asked },
		{ .name = "info", .is_switch = true, .set = &asked },
		{ .name = "h", .is_switch = true, .set = &asked },
		{ .name = "help", .is_switch = true, .set = &asked },
	};

	return node_args_parse(args, flags, ARRAY_SIZE(flags)) >= args->n && !asked;
}

static int take(char **to, const char *value)
{
	if (!value || !*value)
		return 0;
	node_take(to, strdup(value));
	return *to ? 0 : -ENOMEM;
}

int node_shim_parse(const struct node_args *args, struct node_process *p)
{
	struct given g = { 0 };
	bool serves = parse_args(args, &g);
	int err = take(&p->namespace, g.namespace);

	if (!err)
		err = take(&p->shim_id, g.id);
	if (!err && serves)
		err = take(&p->address, g.address);
	return err;
}
