// SPDX-License-Identifier: GPL-2.0-only
/* All containerds and shims, found quickly. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/internal.h"

struct found {
	struct node_process *list;
	struct node_args *args;
	size_t n, size;
};

static bool is_candidate(int proc, const char *pid)
{
	char name[32], comm[64];
	ssize_t n;

	snprintf(name, sizeof(name), "%.20s/comm", pid);
	n = node_read_small(proc, name, comm, sizeof(comm));
	if (n <= 0)
		return false;
	if (comm[n - 1] == '\n')
		comm[n - 1] = '\0';
	return !strcmp(comm, "containerd") || !strcmp(comm, "containerd-shim");
}

static int add(struct found *f, int64_t pid)
{
	int err;

	if (f->n == f->size) {
		size_t size = f->size ? f->size * 2 : 64;
		struct node_process *list = realloc(f->list, size * sizeof(*list));
		struct node_args *args;

		if (!list)
			return -ENOMEM;
		f->list = list;
		args = realloc(f->args, size * sizeof(*args));
		if (!args)
			return -ENOMEM;
		f->args = args;
		f->size = size;
	}
	err = node_process_read_args(pid, &f->list[f->n], &f->args[f->n]);
	if (err == -ENOMEM)
		return err;
	if (err) /* gone, or hidden from this user */
		return 0;
	if (f->list[f->n].role == PROCESS_OTHER) {
		node_process_free(&f->list[f->n]);
		node_args_free(&f->args[f->n]);
		return 0;
	}
	f->n++;
	return 0;
}

/*
 * A child between fork(2) and exec(2) still carries its parent's name and arguments: a containerd
 * that is starting a shim, a shim that is starting runc. It is neither.
 */
static bool is_unborn(const struct found *f, size_t i)
{
	size_t k;

	for (k = 0; k < f->n; k++)
		if (f->list[k].pid == f->list[i].ppid)
			return f->list[k].role == f->list[i].role &&
			       node_args_equal(&f->args[k], &f->args[i]);
	return false;
}

int node_scan(struct node_process **ret, size_t *n)
{
	struct found f = { 0 };
	struct dirent *e;
	size_t i, kept = 0;
	bool *unborn = NULL;
	int err = 0;
	DIR *dir;

	*ret = NULL;
	*n = 0;
	dir = opendir("/proc");
	if (!dir)
		return -errno;
	while (!err && (errno = 0, e = readdir(dir))) {
		char *end;
		long pid;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		pid = strtol(e->d_name, &end, 10);
		if (!*end && is_candidate(dirfd(dir), e->d_name))
			err = add(&f, pid);
	}
	if (!err)
		err = -errno;
	closedir(dir);
	if (!err && f.n) {
		unborn = calloc(f.n, sizeof(*unborn));
		if (!unborn)
			err = -ENOMEM;
	}
	if (err) {
		for (i = 0; i < f.n; i++)
			node_args_free(&f.args[i]);
		free(f.args);
		node_scan_free(f.list, f.n);
		return err;
	}
	for (i = 0; i < f.n; i++)
		unborn[i] = is_unborn(&f, i);
	for (i = 0; i < f.n; i++) {
		node_args_free(&f.args[i]);
		if (unborn[i])
			node_process_free(&f.list[i]);
		else
			f.list[kept++] = f.list[i];
	}
	free(unborn);
	free(f.args);
	*ret = f.list;
	*n = kept;
	return 0;
}

void node_scan_free(struct node_process *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		node_process_free(&list[i]);
	free(list);
}
