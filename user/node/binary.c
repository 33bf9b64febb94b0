// SPDX-License-Identifier: GPL-2.0-only
/* Versions of binaries, each looked at once: all shims of a node run the same file. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/internal.h"

#define RUN_LIMIT_MS 2000
#define CACHE_SIZE   32

struct binary {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	bool used, ran;
	struct node_buildinfo info;	    /* all NULL: no Go binary */
	char *run_version, *run_go_version; /* what it printed */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct binary cache[CACHE_SIZE];
static size_t next_slot;

static bool is_same(const struct binary *b, const struct stat *st)
{
	return b->used && b->dev == st->st_dev && b->ino == st->st_ino && b->size == st->st_size &&
	       b->mtime.tv_sec == st->st_mtim.tv_sec && b->mtime.tv_nsec == st->st_mtim.tv_nsec;
}

/* With the lock held. */
static struct binary *look_up(int fd, const struct stat *st)
{
	struct binary *b;
	size_t i;

	for (i = 0; i < CACHE_SIZE; i++)
		if (is_same(&cache[i], st))
			return &cache[i];
	b = &cache[next_slot];
	next_slot = (next_slot + 1) % CACHE_SIZE;
	node_buildinfo_free(&b->info);
	free(b->run_version);
	free(b->run_go_version);
	memset(b, 0, sizeof(*b));
	b->dev = st->st_dev;
	b->ino = st->st_ino;
	b->size = st->st_size;
	b->mtime = st->st_mtim;
	b->used = true;
	node_buildinfo_read(fd, &b->info);
	return b;
}

static int open_binary(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) || !S_ISREG(st->st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

char *node_go_version(const char *exe_path)
{
	struct stat st;
	int fd = open_binary(exe_path, &st);
	char *ret;

	if (fd < 0)
		return NULL;
	pthread_mutex_lock(&lock);
	ret = node_strdup(look_up(fd, &st)->info.go_version);
	pthread_mutex_unlock(&lock);
	close(fd);
	return ret;
}

char *node_go_module_version(const char *exe_path)
{
	struct stat st;
	int fd = open_binary(exe_path, &st);
	char *ret;

	if (fd < 0)
		return NULL;
	pthread_mutex_lock(&lock);
	ret = node_strdup(node_buildinfo_version(&look_up(fd, &st)->info, PROCESS_OTHER));
	pthread_mutex_unlock(&lock);
	close(fd);
	return ret;
}

static bool same_file(int a_dir, const char *a, int b_dir, const char *b)
{
	struct stat x, y;

	return !fstatat(a_dir, a, &x, 0) && !fstatat(b_dir, b, &y, 0) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/*
 * May this binary be run? A process in a container can call itself containerd and bring its own
 * binary: to run that, even as nobody, would be its way out. So the process must see the files that
 * this one or the first process sees, in the same user namespace, and only root or this user can
 * have written it.
 */
static bool may_run(int procfd, const struct stat *st)
{
	if (st->st_mode & (S_IWGRP | S_IWOTH) || (st->st_uid != 0 && st->st_uid != geteuid()))
		return false;
	if (!same_file(procfd, "ns/user", AT_FDCWD, "/proc/self/ns/user"))
		return false;
	return same_file(procfd, "ns/mnt", AT_FDCWD, "/proc/self/ns/mnt") ||
	       same_file(procfd, "ns/mnt", AT_FDCWD, "/proc/1/ns/mnt");
}

static void run(int procfd, int fd, enum process_role role, struct binary *b)
{
	int mnt_fd = -1;

	/* This process may be in a container of its own (a DaemonSet). */
	if (!same_file(procfd, "ns/mnt", AT_FDCWD, "/proc/self/ns/mnt")) {
		mnt_fd = openat(procfd, "ns/mnt", O_RDONLY | O_CLOEXEC);
		if (mnt_fd < 0)
			return;
	}
	node_version_run(fd, mnt_fd, role, RUN_LIMIT_MS, &b->run_version, &b->run_go_version);
	if (mnt_fd >= 0)
		close(mnt_fd);
}

int node_binary_read(int64_t pid, enum process_role role, char **version, char **go_version)
{
	int procfd, fd, err = 0;
	struct binary *b;
	struct stat st;
	const char *v;

	*version = NULL;
	*go_version = NULL;
	procfd = node_proc_open(pid);
	if (procfd < 0)
		return procfd;
	fd = openat(procfd, "exe", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		err = errno == ENOENT ? -ESRCH : -errno;
		goto out;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		err = -EINVAL;
		goto out;
	}
	pthread_mutex_lock(&lock);
	b = look_up(fd, &st);
	v = node_buildinfo_version(&b->info, role);
	if (!v && (role == PROCESS_CONTAINERD || role == PROCESS_SHIM) && !b->ran && may_run(procfd, &st)) {
		b->ran = true;
		run(procfd, fd, role, b);
	}
	*version = node_strdup(v ? v : b->run_version);
	*go_version = node_strdup(b->info.go_version ? b->info.go_version : b->run_go_version);
	pthread_mutex_unlock(&lock);
out:
	if (fd >= 0)
		close(fd);
	close(procfd);
	return err;
}
