// SPDX-License-Identifier: GPL-2.0-only
/*
 * The UNIX sockets that a process listens on: those of its open files that /proc/PID/net/unix lists
 * as listening. That works for a process in another network namespace too, which sock_diag would
 * not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/internal.h"

/*
 * include/uapi/linux/net.h, and net/unix/af_unix.c: unix_seq_show() prints it as the flags' only
 * bit.
 */
#define SO_ACCEPTCON_FLAG (1u << 16)
#define LISTENERS_MAX	  4096

struct listener {
	uint64_t ino;
	char *path; /* NULL: listed twice, which the kernel never does */
	bool held;
};

struct listeners {
	struct listener *list;
	size_t n;
};

int node_unix_line(char *line, uint64_t *ino, const char **path)
{
	unsigned int flags, type;
	int used = 0;

	/* Num RefCount Protocol Flags Type St Inode Path */
	if (sscanf(line, "%*[0-9a-fA-F]: %*x %*x %x %x %*x %" SCNu64 " %n", &flags, &type, ino, &used) != 3 ||
	    !used)
		return 0;
	if (!(flags & SO_ACCEPTCON_FLAG) || type != SOCK_STREAM || !line[used])
		return 0;
	line[strcspn(line, "\n")] = '\0';
	*path = line + used;
	return 1;
}

static int by_ino(const void *a, const void *b)
{
	const struct listener *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static void listeners_free(struct listeners *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->list[i].path);
	free(l->list);
}

static int read_listeners(int procfd, struct listeners *ret)
{
	int fd = openat(procfd, "net/unix", O_RDONLY | O_CLOEXEC);
	size_t line_size = 0, i;
	char *line = NULL;
	int err = 0;
	FILE *f;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	ret->list = calloc(LISTENERS_MAX, sizeof(*ret->list));
	if (!ret->list)
		err = -ENOMEM;
	while (!err && ret->n < LISTENERS_MAX && getline(&line, &line_size, f) > 0) {
		struct listener *l = &ret->list[ret->n];
		const char *path;

		if (node_unix_line(line, &l->ino, &path) != 1)
			continue;
		l->path = strdup(path);
		if (!l->path)
			err = -ENOMEM;
		else
			ret->n++;
	}
	free(line);
	fclose(f);
	if (err) {
		listeners_free(ret);
		return err;
	}
	qsort(ret->list, ret->n, sizeof(*ret->list), by_ino);
	/*
	 * A socket's name may hold newlines: whoever binds one can put lines of his own among the
	 * kernel's. An inode that is listed twice is such a forgery, and which line is the true one
	 * cannot be told.
	 */
	for (i = 1; i < ret->n; i++) {
		if (ret->list[i].ino == ret->list[i - 1].ino) {
			node_take(&ret->list[i].path, NULL);
			node_take(&ret->list[i - 1].path, NULL);
		}
	}
	return 0;
}

static int mark_held(int procfd, struct listeners *l)
{
	struct dirent *e;
	DIR *d;
	int fd;

	if (!l->n)
		return 0;
	fd = openat(procfd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -ENOMEM;
	}
	while ((e = readdir(d))) {
		struct listener want = { 0 }, *found;
		char target[64];
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (sscanf(target, "socket:[%" SCNu64 "]", &want.ino) != 1)
			continue;
		found = bsearch(&want, l->list, l->n, sizeof(*l->list), by_ino);
		if (found)
			found->held = true;
	}
	closedir(d);
	return 0;
}

int node_listening(int procfd, char ***paths, size_t *n)
{
	struct listeners l;
	size_t i;
	int err;

	*paths = NULL;
	*n = 0;
	err = read_listeners(procfd, &l);
	if (err)
		return err;
	err = mark_held(procfd, &l);
	if (!err) {
		*paths = calloc(l.n + 1, sizeof(**paths));
		if (!*paths)
			err = -ENOMEM;
	}
	for (i = 0; !err && i < l.n; i++) {
		if (l.list[i].held && l.list[i].path) {
			(*paths)[(*n)++] = l.list[i].path;
			l.list[i].path = NULL;
		}
	}
	listeners_free(&l);
	return err;
}

void node_listening_free(char **paths, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
}

static bool ends_with(const char *s, const char *end)
{
	size_t a = strlen(s), b = strlen(end);

	return a >= b && !strcmp(s + a - b, end);
}

/*
 * containerd listens on its gRPC socket, that name with ".ttrpc" added (unless it is configured),
 * and perhaps a debug and an NRI socket.
 */
const char *node_listening_grpc(char *const *paths, size_t n)
{
	const char *other = NULL;
	size_t i, k, others = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++)
			if (strlen(paths[k]) == strlen(paths[i]) + strlen(".ttrpc") &&
			    !strncmp(paths[k], paths[i], strlen(paths[i])) && ends_with(paths[k], ".ttrpc"))
				return paths[i];
	for (i = 0; i < n; i++) {
		if (ends_with(paths[i], "/containerd.sock"))
			return paths[i];
		if (ends_with(paths[i], ".ttrpc") || ends_with(paths[i], "debug.sock") ||
		    ends_with(paths[i], "nri.sock"))
			continue;
		other = paths[i];
		others++;
	}
	return others == 1 ? other : NULL;
}
