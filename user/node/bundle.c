// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bundles: the directory STATE/io.containerd.runtime.v2.task/NAMESPACE/ID that containerd makes for
 * each task. Its config.json is the OCI specification, whose annotations name the pod and container
 * (containerd, pkg/cri/annotations); init.pid holds the container's first process; address (1.x) or
 * bootstrap.json (2.x) the socket of the shim that serves it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/internal.h"

#define CONFIG_MAX ((size_t)4 * 1024 * 1024)
#define CRI	   "io.kubernetes.cri."

/* -ENOENT: not there, or not written to its end yet. */
static int read_text(int dir, const char *name, size_t limit, char **text, size_t *len)
{
	int fd, err;

	fd = node_open_plain(dir, name);
	if (fd < 0)
		return fd;
	err = node_read_fd(fd, limit, text, len);
	close(fd);
	return err == -EFBIG ? -EINVAL : err;
}

/* A member's text, the caller's. NULL when there is none, or nothing that a C string can hold. */
static char *copy_text(const json_t *object, const char *key)
{
	const json_t *s = json_object_get(object, key);
	const char *text = json_string_value(s);

	if (!text || !*text || strlen(text) != json_string_length(s))
		return NULL;
	return strdup(text);
}

/*
 * The kubelet's log directory of a pod is named NAMESPACE_POD_UID. None of them can hold an
 * underscore. containerd 1.4 gives the pod's name nowhere else.
 */
static void name_from_log_directory(struct node_container *c)
{
	const char *start, *first, *second, *end;

	if (!c->log_directory)
		return;
	end = c->log_directory + strlen(c->log_directory);
	while (end > c->log_directory && end[-1] == '/')
		end--;
	for (start = end; start > c->log_directory && start[-1] != '/'; start--)
		;
	first = memchr(start, '_', (size_t)(end - start));
	second = first ? memchr(first + 1, '_', (size_t)(end - first - 1)) : NULL;
	if (!second || first == start || second == first + 1 || second + 1 == end ||
	    memchr(second + 1, '_', (size_t)(end - second - 1)))
		return;
	if (!c->pod_namespace)
		c->pod_namespace = strndup(start, (size_t)(first - start));
	if (!c->pod)
		c->pod = strndup(first + 1, (size_t)(second - first - 1));
	if (!c->pod_uid)
		c->pod_uid = strndup(second + 1, (size_t)(end - second - 1));
}

static void take_annotations(const json_t *annotations, struct node_container *c)
{
	char *type = copy_text(annotations, CRI "container-type");

	c->is_sandbox = type && !strcmp(type, "sandbox");
	free(type);
	c->sandbox = copy_text(annotations, CRI "sandbox-id");
	c->pod = copy_text(annotations, CRI "sandbox-name");
	c->pod_namespace = copy_text(annotations, CRI "sandbox-namespace");
	c->pod_uid = copy_text(annotations, CRI "sandbox-uid");
	c->name = copy_text(annotations, CRI "container-name");
	c->image = copy_text(annotations, CRI "image-name");
	if (!c->image && c->is_sandbox)
		c->image = copy_text(annotations, CRI "podsandbox.image-name");
	c->log_directory = copy_text(annotations, CRI "sandbox-log-directory");
	name_from_log_directory(c);
	/* nerdctl copies its labels into the annotations. */
	if (!c->name)
		c->name = copy_text(annotations, "nerdctl/name");
}

/* -ENOENT: not there, or not written to its end yet. */
static int read_config(int dir, struct node_container *c)
{
	struct node_member top[] = { { .key = "annotations" }, { .key = "process" } },
			   terminal = { .key = "terminal" };
	json_t *annotations = NULL;
	json_error_t error;
	size_t len;
	char *text;
	int err;

	err = read_text(dir, "config.json", CONFIG_MAX, &text, &len);
	if (err)
		return err;
	err = node_json_members(text, len, top, sizeof(top) / sizeof(top[0]));
	if (!err && top[1].value && *top[1].value == '{')
		err = node_json_members(top[1].value, top[1].len, &terminal, 1);
	if (!err && top[0].value && *top[0].value == '{') {
		/* JSON_ALLOW_NUL: a string with a NUL in it must not hide the others. */
		annotations = json_loadb(top[0].value, top[0].len, JSON_ALLOW_NUL, &error);
		if (!annotations)
			err = json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	}
	if (!err) {
		c->tty = terminal.len == 4 && !memcmp(terminal.value, "true", 4);
		take_annotations(annotations, c);
	}
	json_decref(annotations);
	free(text);
	return err == -ENODATA ? -ENOENT : err;
}

/* A whole small file of the bundle as one word; NULL when it is not that. */
static char *read_word(int dir, const char *name)
{
	int fd = node_open_plain(dir, name);
	char *text;
	size_t len;

	if (fd < 0)
		return NULL;
	if (node_read_fd(fd, PATH_MAX, &text, &len)) {
		close(fd);
		return NULL;
	}
	close(fd);
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	if (!len || strlen(text) != len) {
		free(text);
		return NULL;
	}
	return text;
}

static int64_t read_pid(int dir)
{
	char *word = read_word(dir, "init.pid"), *end;
	int64_t pid = FACT_UNKNOWN;

	if (word && *word >= '1' && *word <= '9') {
		long long v = strtoll(word, &end, 10);

		if (!*end && v <= INT32_MAX)
			pid = v;
	}
	free(word);
	return pid;
}

static char *read_shim_address(int dir)
{
	json_error_t error;
	json_t *bootstrap;
	char *text, *ret;
	size_t len;

	if (read_text(dir, "bootstrap.json", CONFIG_MAX, &text, &len))
		return read_word(dir, "address");
	/* Only for its bound on the depth: the parser recurses. */
	bootstrap =
		node_json_members(text, len, NULL, 0) ? NULL : json_loadb(text, len, JSON_ALLOW_NUL, &error);
	free(text);
	ret = copy_text(bootstrap, "address");
	json_decref(bootstrap);
	return ret;
}

/* The names that the directory's place tells. */
static int take_path(const char *bundle, struct node_container *c)
{
	const char *end = bundle + strlen(bundle), *id;

	while (end > bundle && end[-1] == '/')
		end--;
	for (id = end; id > bundle && id[-1] != '/'; id--)
		;
	c->bundle = strndup(bundle, (size_t)(end - bundle));
	/* containerd renames a bundle to ".ID" before it removes it. */
	c->id = strndup(*id == '.' ? id + 1 : id, (size_t)(end - (*id == '.' ? id + 1 : id)));
	if (!c->bundle || !c->id)
		return -ENOMEM;
	if (id > bundle) {
		const char *ns;

		for (ns = id - 1; ns > bundle && ns[-1] != '/'; ns--)
			;
		if (ns - bundle >= (ptrdiff_t)strlen(NODE_BUNDLE_DIR) &&
		    !memcmp(ns - strlen(NODE_BUNDLE_DIR), NODE_BUNDLE_DIR, strlen(NODE_BUNDLE_DIR)))
			c->namespace = strndup(ns, (size_t)(id - 1 - ns));
	}
	return *c->id ? 0 : -EINVAL;
}

/*
 * A bundle whose directory is open. With a malformed config.json (-EINVAL) *ret is filled all the
 * same: with what the rest of the bundle tells.
 */
static int read_bundle(int dir, const char *bundle, struct node_container *ret)
{
	int err;

	memset(ret, 0, sizeof(*ret));
	ret->init_pid = FACT_UNKNOWN;
	err = take_path(bundle, ret);
	if (err) {
		node_container_free(ret);
		return err;
	}
	err = read_config(dir, ret);
	if (err && err != -EINVAL) {
		node_container_free(ret);
		return err;
	}
	ret->init_pid = read_pid(dir);
	ret->shim_address = read_shim_address(dir);
	return err;
}

int node_bundle_read(int64_t root_pid, const char *bundle, struct node_container *ret)
{
	int root, dir, err;

	memset(ret, 0, sizeof(*ret));
	root = node_root_open(root_pid);
	if (root < 0)
		return root == -ESRCH ? -ENOENT : root;
	dir = node_open_in_root(root, bundle, O_RDONLY | O_DIRECTORY);
	close(root);
	if (dir < 0)
		return dir == -ENOTDIR ? -ENOENT : dir;
	err = read_bundle(dir, bundle, ret);
	close(dir);
	if (err)
		node_container_free(ret);
	return err;
}

static void inherit(char **to, const char *from)
{
	if (!*to)
		*to = node_strdup(from);
}

void node_container_inherit(struct node_container *c, const struct node_container *sandbox)
{
	inherit(&c->pod, sandbox->pod);
	inherit(&c->pod_namespace, sandbox->pod_namespace);
	inherit(&c->pod_uid, sandbox->pod_uid);
	inherit(&c->log_directory, sandbox->log_directory);
}

static bool needs_sandbox(const struct node_container *c)
{
	return !c->is_sandbox && c->sandbox && c->bundle &&
	       (!c->pod || !c->pod_namespace || !c->pod_uid || !c->log_directory);
}

int node_bundle_complete(int64_t root_pid, struct node_container *c)
{
	struct node_container sandbox;
	const char *slash;
	char *path;
	int err;

	if (!needs_sandbox(c))
		return 0;
	/* The sandbox's id is the bundle's word: it may name a neighbour, nothing else. */
	slash = strrchr(c->bundle, '/');
	if (!slash || strchr(c->sandbox, '/') || c->sandbox[0] == '.')
		return -EINVAL;
	if (asprintf(&path, "%.*s/%s", (int)(slash - c->bundle), c->bundle, c->sandbox) < 0)
		return -ENOMEM;
	err = node_bundle_read(root_pid, path, &sandbox);
	free(path);
	if (err)
		return err;
	if (sandbox.is_sandbox)
		node_container_inherit(c, &sandbox);
	node_container_free(&sandbox);
	return 0;
}

void node_container_free(struct node_container *c)
{
	free(c->id);
	free(c->namespace);
	free(c->sandbox);
	free(c->pod);
	free(c->pod_namespace);
	free(c->pod_uid);
	free(c->name);
	free(c->image);
	free(c->bundle);
	free(c->log_directory);
	free(c->address);
	free(c->shim_address);
	memset(c, 0, sizeof(*c));
}

struct container_list {
	struct node_container *list;
	size_t n, size;
};

static int add_bundle(int ns_dir, const char *name, const char *path, struct container_list *l)
{
	int dir, err;

	if (l->n == l->size) {
		size_t size = l->size ? l->size * 2 : 64;
		struct node_container *list = realloc(l->list, size * sizeof(*list));

		if (!list)
			return -ENOMEM;
		l->list = list;
		l->size = size;
	}
	dir = openat(ns_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : 0;
	err = read_bundle(dir, path, &l->list[l->n]);
	close(dir);
	/* Gone or not complete yet is passed over; a malformed one is still a container. */
	if (!err || (err == -EINVAL && l->list[l->n].id))
		l->n++;
	return err == -ENOMEM ? err : 0;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct node_container *)a)->id, ((const struct node_container *)b)->id);
}

/* Completes each from its sandbox, which is in the same list. */
static void complete_all(struct container_list *l)
{
	size_t i;

	if (l->n)
		qsort(l->list, l->n, sizeof(*l->list), by_id);
	for (i = 0; i < l->n; i++) {
		struct node_container *c = &l->list[i], *sandbox;
		struct node_container key = { .id = c->sandbox };

		if (!needs_sandbox(c))
			continue;
		sandbox = bsearch(&key, l->list, l->n, sizeof(*l->list), by_id);
		if (sandbox && sandbox->is_sandbox)
			node_container_inherit(c, sandbox);
	}
}

/* Calls visit for each directory in an open directory, which is closed. */
static int each_directory(int fd, int (*visit)(void *ctx, int dir, const char *name), void *ctx)
{
	struct dirent *e;
	DIR *d = fdopendir(fd);
	int err = 0;

	if (!d) {
		close(fd);
		return -ENOMEM;
	}
	while (!err && (e = readdir(d)))
		if (e->d_name[0] != '.' && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN))
			err = visit(ctx, dirfd(d), e->d_name);
	closedir(d);
	return err;
}

struct walk {
	const char *tasks; /* directory of the namespaces, with a slash at its end */
	const char *namespace;
	struct container_list containers;
	int (*fn)(void *ctx, const struct node_container *c);
	void *ctx;
};

static int visit_bundle(void *ctx, int dir, const char *name)
{
	struct walk *w = ctx;
	char *path;
	int err;

	if (asprintf(&path, "%s%s/%s", w->tasks, w->namespace, name) < 0)
		return -ENOMEM;
	err = add_bundle(dir, name, path, &w->containers);
	free(path);
	return err;
}

static int visit_namespace(void *ctx, int dir, const char *name)
{
	struct walk *w = ctx;
	size_t i;
	int fd, err;

	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0;
	w->namespace = name;
	err = each_directory(fd, visit_bundle, w);
	if (!err)
		complete_all(&w->containers);
	for (i = 0; i < w->containers.n; i++) {
		if (!err)
			err = w->fn(w->ctx, &w->containers.list[i]);
		node_container_free(&w->containers.list[i]);
	}
	w->containers.n = 0;
	return err;
}

int node_bundles(int64_t root_pid, const char *state, int (*fn)(void *ctx, const struct node_container *c),
		 void *ctx)
{
	struct walk w = { .fn = fn, .ctx = ctx };
	size_t len = strlen(state);
	int root, fd, err;
	char *tasks;

	while (len && state[len - 1] == '/')
		len--;
	if (asprintf(&tasks, "%.*s" NODE_BUNDLE_DIR, (int)len, state) < 0)
		return -ENOMEM;
	w.tasks = tasks;
	root = node_root_open(root_pid);
	fd = root < 0 ? root : node_open_in_root(root, tasks, O_RDONLY | O_DIRECTORY);
	if (root >= 0)
		close(root);
	if (fd < 0)
		err = fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
	else
		err = each_directory(fd, visit_namespace, &w);
	free(w.containers.list);
	free(tasks);
	return err;
}

int node_bundle_of_path(const char *path, char *dir, size_t dir_size)
{
	const char *tasks = strstr(path, NODE_BUNDLE_DIR), *ns, *id, *file;
	size_t len;

	if (!tasks)
		return 0;
	ns = tasks + strlen(NODE_BUNDLE_DIR);
	id = strchr(ns, '/');
	file = id ? strchr(id + 1, '/') : NULL;
	if (!file || id == ns || file == id + 1 || !file[1] || strchr(file + 1, '/'))
		return 0;
	len = (size_t)(file - path);
	if (len >= dir_size)
		return 0;
	memcpy(dir, path, len);
	dir[len] = '\0';
	return 1;
}
