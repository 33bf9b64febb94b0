// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a running containerd's sockets and directories are: its command line overrides its
 * configuration, that overrides the defaults built into it. k3s and rke2 blank their containerd's
 * command line out, so where nothing is said, the sockets that the process listens on are asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/internal.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * How containerd is set up by those who bring their own. The first is what is built into
 * containerd.
 */
static const struct layout {
	const char *address, *state, *root, *config;
} layouts[] = {
	{ "/run/containerd/containerd.sock", "/run/containerd", "/var/lib/containerd",
	  "/etc/containerd/config.toml" },
	{ "/run/k3s/containerd/containerd.sock", "/run/k3s/containerd",
	  "/var/lib/rancher/k3s/agent/containerd", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml" },
	{ "/run/k3s/containerd/containerd.sock", "/run/k3s/containerd",
	  "/var/lib/rancher/rke2/agent/containerd",
	  "/var/lib/rancher/rke2/agent/etc/containerd/config.toml" },
	{ "/run/docker/containerd/containerd.sock", "/run/docker/containerd/daemon",
	  "/var/lib/docker/containerd/daemon", "/run/docker/containerd/containerd.toml" },
	{ "/var/run/docker/containerd/containerd.sock", "/var/run/docker/containerd/daemon",
	  "/var/lib/docker/containerd/daemon", "/var/run/docker/containerd/containerd.toml" },
};

struct given {
	const char *config, *address, *state, *root;
};

static bool parse_args(const struct node_args *args, struct given *g)
{
	bool asked = false;
	const struct node_flag flags[] = {
		{ .name = "config", .value = &g->config },
		{ .name = "c", .value = &g->config },
		{ .name = "address", .value = &g->address },
		{ .name = "a", .value = &g->address },
		{ .name = "state", .value = &g->state },
		{ .name = "root", .value = &g->root },
		{ .name = "log-level" },
		{ .name = "l" },
		{ .name = "version", .is_switch = true, .set = &asked },
		{ .name = "v", .is_switch = true, .set = &asked },
		{ .name = "help", .is_switch = true, .set = &asked },
		{ .name = "h", .is_switch = true, .set = &asked },
	};
	size_t first = node_args_parse(args, flags, ARRAY_SIZE(flags));

	/*
	 * A word is a subcommand: `config dump`, `publish`, `oci-hook`. An empty one starts the
	 * daemon.
	 */
	return !asked && (first >= args->n || !*args->v[first]);
}

/* A path as the process would resolve it: relative ones from its working directory. */
static char *absolute(int procfd, const char *path)
{
	char *cwd, *ret;

	if (*path == '/')
		return strdup(path);
	cwd = node_readlink(procfd, "cwd");
	if (!cwd || asprintf(&ret, "%s/%s", strcmp(cwd, "/") ? cwd : "", path) < 0)
		ret = NULL;
	free(cwd);
	return ret;
}

static bool is_dir(int rootfd, const char *path)
{
	int fd = node_open_in_root(rootfd, path, O_PATH | O_DIRECTORY);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/*
 * What the process listens on, when that is not what its configuration says: then that
 * configuration is not what it runs with. NULL when it is, or cannot be seen.
 */
static char *other_address(int procfd, const char *configured)
{
	const char *grpc;
	char **paths, *ret = NULL;
	size_t n, i;

	if (node_listening(procfd, &paths, &n))
		return NULL;
	grpc = node_listening_grpc(paths, n);
	for (i = 0; i < n; i++)
		if (!strcmp(paths[i], configured))
			grpc = NULL;
	if (grpc)
		ret = strdup(grpc);
	node_listening_free(paths, n);
	return ret;
}

/* The state directory that holds an address's socket, as containerd's own layout has it. */
static char *state_beside(int rootfd, const char *address)
{
	char *dir = strdup(address), *tasks = NULL, *slash = dir ? strrchr(dir, '/') : NULL;
	bool found = false;

	if (slash)
		*slash = '\0';
	if (slash && asprintf(&tasks, "%s" NODE_BUNDLE_DIR, dir) >= 0) {
		found = is_dir(rootfd, tasks);
		free(tasks);
	}
	if (!found)
		node_take(&dir, NULL);
	return dir;
}

/* Without a configuration that is known: the layout that the address belongs to. */
static void settle_by_address(int rootfd, struct node_settings *s)
{
	const struct layout *found = NULL;
	size_t i;

	node_config_free(&s->config);
	node_take(&s->config_path, NULL);
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		if (strcmp(layouts[i].address, s->address) != 0)
			continue;
		if (!found)
			found = &layouts[i];
		if (!node_config_load(rootfd, layouts[i].config, &s->config)) {
			found = &layouts[i];
			s->config_path = strdup(found->config);
			break;
		}
	}
	if (s->config.state || found)
		s->state = node_strdup(s->config.state ? s->config.state : found->state);
	else
		s->state = state_beside(rootfd, s->address);
	if (s->config.root || found)
		s->root = node_strdup(s->config.root ? s->config.root : found->root);
}

int node_settings_read(int procfd, const struct node_args *args, struct node_settings *ret)
{
	struct given g = { 0 };
	const char *address;
	char *config_path = NULL, *other = NULL;
	int rootfd, err = 0;

	memset(ret, 0, sizeof(*ret));
	ret->serves = parse_args(args, &g);
	if (!ret->serves)
		return 0;
	/* Fails without the right to trace the process; then what its arguments say must do. */
	rootfd = openat(procfd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	config_path = absolute(procfd, g.config && *g.config ? g.config : layouts[0].config);
	if (rootfd >= 0 && config_path)
		err = node_config_load(rootfd, config_path, &ret->config);
	if (err == -ENOMEM)
		goto out;
	/* Only a file that was asked for must be there. */
	if ((g.config && *g.config) || ret->config.n_files) {
		ret->config_path = config_path;
		config_path = NULL;
	}
	err = 0;
	address = g.address && *g.address ? g.address : ret->config.grpc_address;
	ret->address = strdup(address ? address : layouts[0].address);
	if (!ret->address) {
		err = -ENOMEM;
		goto out;
	}
	if (!(g.address && *g.address) && !(address && g.config))
		other = other_address(procfd, ret->address);
	if (other)
		node_take(&ret->address, other);
	if (other && !g.config) {
		settle_by_address(rootfd, ret);
	} else {
		ret->state = node_strdup(ret->config.state ? ret->config.state : layouts[0].state);
		ret->root = node_strdup(ret->config.root ? ret->config.root : layouts[0].root);
	}
	if (g.state && *g.state)
		node_take(&ret->state, absolute(procfd, g.state));
	if (g.root && *g.root)
		node_take(&ret->root, absolute(procfd, g.root));
	ret->debug_address = node_strdup(ret->config.debug_address);
	if (ret->config.ttrpc_address)
		ret->ttrpc_address = strdup(ret->config.ttrpc_address);
	else if (ret->config.version >= 4 && !(g.address && *g.address))
		/*
		 * From configuration version 4 on it does not follow the gRPC address of the file.
		 */
		ret->ttrpc_address = strdup("/run/containerd/containerd.sock.ttrpc");
	else if (asprintf(&ret->ttrpc_address, "%s.ttrpc", ret->address) < 0)
		ret->ttrpc_address = NULL;
out:
	if (rootfd >= 0)
		close(rootfd);
	free(config_path);
	if (err)
		node_settings_free(ret);
	return err;
}

void node_settings_free(struct node_settings *s)
{
	free(s->address);
	free(s->ttrpc_address);
	free(s->debug_address);
	free(s->state);
	free(s->root);
	free(s->config_path);
	node_config_free(&s->config);
	memset(s, 0, sizeof(*s));
}

char *node_settings_state(int64_t pid, const char *address)
{
	char *ret = NULL;
	size_t i;
	int rootfd;

	if (!address)
		return NULL;
	rootfd = node_root_open(pid);
	if (rootfd >= 0) {
		ret = state_beside(rootfd, address);
		close(rootfd);
	}
	for (i = 0; !ret && i < ARRAY_SIZE(layouts); i++)
		if (!strcmp(layouts[i].address, address))
			ret = strdup(layouts[i].state);
	return ret;
}
