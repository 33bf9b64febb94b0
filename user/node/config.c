// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys of containerd's configuration that tell where its sockets and directories are.
 *
 * As containerd does it (cmd/containerd/server/config/config.go, the same from 1.4 to 2.4): the
 * file is loaded first, then its imports in their order, then theirs; a later file's value
 * overrides an earlier one's unless it is empty. Relative imports are relative to the importing
 * file, a `*` makes a pattern. From configuration version 4 on the addresses are those of the
 * server plugins.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/internal.h"

#define FILE_MAX_BYTES ((size_t)1024 * 1024)
#define FILES_MAX      64
/* Names looked at in all directories of all patterns. */
#define NAMES_MAX      4096

struct loader {
	int rootfd;
	size_t names; /* looked at */
	/* Its files are those still to be read too: they have no text yet. */
	struct node_config *config;
};

struct parsed {
	char *root, *state, *grpc, *ttrpc, *debug;
	char *plugin_grpc, *plugin_ttrpc, *plugin_debug;
	char *imports[FILES_MAX];
	size_t n_imports;
	int64_t version;
};

static void parsed_free(struct parsed *p)
{
	size_t i;

	free(p->root);
	free(p->state);
	free(p->grpc);
	free(p->ttrpc);
	free(p->debug);
	free(p->plugin_grpc);
	free(p->plugin_ttrpc);
	free(p->plugin_debug);
	for (i = 0; i < p->n_imports; i++)
		free(p->imports[i]);
}

static bool is_path(const struct node_toml_item *item, const char *a, const char *b, const char *c)
{
	const char *want[] = { a, b, c };
	size_t n = c ? 3 : b ? 2 : 1, i;

	if (item->depth != n)
		return false;
	for (i = 0; i < n; i++)
		if (strcmp(item->path[i], want[i]) != 0)
			return false;
	return true;
}

static int take_item(void *ctx, const struct node_toml_item *item)
{
	struct parsed *p = ctx;
	const struct {
		const char *a, *b, *c;
		char **to;
	} keys[] = {
		{ "root", NULL, NULL, &p->root },
		{ "state", NULL, NULL, &p->state },
		{ "grpc", "address", NULL, &p->grpc },
		{ "ttrpc", "address", NULL, &p->ttrpc },
		{ "debug", "address", NULL, &p->debug },
		{ "plugins", "io.containerd.server.v1.grpc", "address", &p->plugin_grpc },
		{ "plugins", "io.containerd.server.v1.ttrpc", "address", &p->plugin_ttrpc },
		{ "plugins", "io.containerd.server.v1.debug", "address", &p->plugin_debug },
	};
	char *copy;
	size_t i;

	if (item->type == NODE_TOML_BARE && is_path(item, "version", NULL, NULL))
		p->version = strtoll(item->text, NULL, 0);
	if (item->type != NODE_TOML_STRING || !item->len || strlen(item->text) != item->len)
		return 0;
	if (is_path(item, "imports", NULL, NULL)) {
		if (p->n_imports == FILES_MAX)
			return 0;
		copy = strdup(item->text);
		if (!copy)
			return -ENOMEM;
		p->imports[p->n_imports++] = copy;
		return 0;
	}
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!is_path(item, keys[i].a, keys[i].b, keys[i].c))
			continue;
		copy = strdup(item->text);
		if (!copy)
			return -ENOMEM;
		node_take(keys[i].to, copy);
	}
	return 0;
}

static void override(char **to, char **first, char **second)
{
	char **from = first && *first ? first : second;

	if (from && *from) {
		node_take(to, *from);
		*from = NULL;
	}
}

static int read_file(int rootfd, const char *path, char **text, size_t *len)
{
	int fd = node_open_in_root(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int err;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else
		err = node_read_fd(fd, FILE_MAX_BYTES, text, len);
	close(fd);
	return err;
}

/* Takes path over; one that is there already is passed over, as are those beyond the bound. */
static void add_file(struct loader *l, char *path)
{
	struct node_config *c = l->config;
	size_t i;

	for (i = 0; i < c->n_files; i++)
		if (!strcmp(c->files[i].path, path))
			break;
	if (i < c->n_files || c->n_files == FILES_MAX)
		free(path);
	else
		c->files[c->n_files++].path = path;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory that match one component of a pattern, sorted. */
static int list_matching(struct loader *l, const char *dir, const char *pattern, char ***ret, size_t *n)
{
	char **names = NULL;
	size_t size = 0;
	struct dirent *e;
	int fd = node_open_in_root(l->rootfd, *dir ? dir : "/", O_RDONLY | O_DIRECTORY);
	DIR *d;

	*ret = NULL;
	*n = 0;
	if (fd < 0)
		return 0;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return 0;
	}
	while ((e = readdir(d)) && l->names < NAMES_MAX) {
		l->names++;
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || fnmatch(pattern, e->d_name, 0))
			continue;
		if (*n == size) {
			char **more = realloc(names, (size + 16) * sizeof(*names));

			if (!more)
				goto no_memory;
			names = more;
			size += 16;
		}
		names[*n] = strdup(e->d_name);
		if (!names[*n])
			goto no_memory;
		++*n;
	}
	closedir(d);
	if (*n)
		qsort(names, *n, sizeof(*names), by_name);
	*ret = names;
	return 0;

no_memory:
	closedir(d);
	while (*n)
		free(names[--*n]);
	free(names);
	return -ENOMEM;
}

/* Adds the files that match dir followed by pattern ("/a*" + "/b"…), component by component. */
static int expand(struct loader *l, const char *dir, const char *pattern)
{
	char component[NAME_MAX + 1], **names, *path;
	size_t len, n, i;
	int err = 0;

	pattern += strspn(pattern, "/");
	len = strcspn(pattern, "/");
	if (!len) {
		path = strdup(dir);
		if (!path)
			return -ENOMEM;
		add_file(l, path);
		return 0;
	}
	if (len > NAME_MAX || strlen(dir) >= PATH_MAX)
		return 0;
	memcpy(component, pattern, len);
	component[len] = '\0';
	if (!strpbrk(component, "*?[\\")) {
		if (asprintf(&path, "%s/%s", dir, component) < 0)
			return -ENOMEM;
		err = expand(l, path, pattern + len);
		free(path);
		return err;
	}
	err = list_matching(l, dir, component, &names, &n);
	for (i = 0; i < n; i++) {
		if (!err && asprintf(&path, "%s/%s", dir, names[i]) < 0)
			err = -ENOMEM;
		if (!err) {
			err = expand(l, path, pattern + len);
			free(path);
		}
		free(names[i]);
	}
	free(names);
	return err;
}

static int add_imports(struct loader *l, const char *parent, const struct parsed *parsed)
{
	const char *slash = strrchr(parent, '/');
	size_t i;

	for (i = 0; i < parsed->n_imports; i++) {
		const char *import = parsed->imports[i];
		char *path;
		int err;

		if (*import == '/')
			path = strdup(import);
		else if (asprintf(&path, "%.*s/%s", slash ? (int)(slash - parent) : 0, parent, import) < 0)
			path = NULL;
		if (!path)
			return -ENOMEM;
		if (!strchr(path, '*')) {
			add_file(l, path);
			continue;
		}
		err = expand(l, "", path);
		free(path);
		if (err)
			return err;
	}
	return 0;
}

static int load_file(struct loader *l, struct node_config_file *file)
{
	struct node_config *c = l->config;
	struct parsed parsed = { 0 };
	size_t error_at;
	int err;

	err = read_file(l->rootfd, file->path, &file->text, &file->len);
	if (err)
		return err;
	err = node_toml_read(file->text, file->len, take_item, &parsed, &error_at);
	/*
	 * containerd does not start with a file that is no TOML; it was changed since. Take what is
	 * clear.
	 */
	if (err == -EINVAL)
		err = 0;
	if (!err) {
		override(&c->root, &parsed.root, NULL);
		override(&c->state, &parsed.state, NULL);
		override(&c->grpc_address, &parsed.plugin_grpc, &parsed.grpc);
		override(&c->ttrpc_address, &parsed.plugin_ttrpc, &parsed.ttrpc);
		override(&c->debug_address, &parsed.plugin_debug, &parsed.debug);
		if (parsed.version)
			c->version = parsed.version;
		err = add_imports(l, file->path, &parsed);
	}
	parsed_free(&parsed);
	return err;
}

int node_config_load(int rootfd, const char *path, struct node_config *ret)
{
	struct loader l = { .rootfd = rootfd, .config = ret };
	size_t i, n = 0;
	char *first;
	int err = 0;

	*ret = (struct node_config){ 0 };
	first = strdup(path);
	if (!first)
		return -ENOMEM;
	ret->files = calloc(FILES_MAX, sizeof(*ret->files));
	if (!ret->files) {
		free(first);
		return -ENOMEM;
	}
	ret->files[0].path = first;
	ret->n_files = 1;
	for (i = 0; !err && i < ret->n_files; i++) {
		err = load_file(&l, &ret->files[i]);
		/* An import that is not there any more: the others still say what they say. */
		if (i > 0 && err != -ENOMEM)
			err = 0;
	}
	if (err) {
		node_config_free(ret);
		return err;
	}
	for (i = 0; i < ret->n_files; i++) {
		if (ret->files[i].text)
			ret->files[n++] = ret->files[i];
		else
			free(ret->files[i].path);
	}
	ret->n_files = n;
	return 0;
}

void node_config_free(struct node_config *c)
{
	size_t i;

	free(c->root);
	free(c->state);
	free(c->grpc_address);
	free(c->ttrpc_address);
	free(c->debug_address);
	for (i = 0; c->files && i < c->n_files; i++) {
		free(c->files[i].path);
		free(c->files[i].text);
	}
	free(c->files);
	memset(c, 0, sizeof(*c));
}
