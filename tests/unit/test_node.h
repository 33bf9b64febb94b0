/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of user/node share: fixtures, temporary directories, children under other names.
 */
#ifndef SHIMSCOPE_TESTS_TEST_NODE_H
#define SHIMSCOPE_TESTS_TEST_NODE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/internal.h"

/* What the test program does instead of testing when it is started as a child. */
#define CHILD_ENV "SHIMSCOPE_TEST_CHILD"

/* The path of a fixture in data/node, the caller's. */
static inline char *data_path(const char *name)
{
	const char *slash = strrchr(__FILE__, '/');
	char relative[PATH_MAX], *path;

	snprintf(relative, sizeof(relative), "%.*s/data/node/%s", slash ? (int)(slash - __FILE__) : 1,
		 slash ? __FILE__ : ".", name);
	path = realpath(relative, NULL);
	if (!path)
		fail_msg("no fixture %s", relative);
	return path;
}

/* The content of a fixture, the caller's. */
static inline char *data_read(const char *name, size_t *len)
{
	char *path = data_path(name), *text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	free(path);
	assert_true(fd >= 0);
	assert_int_equal(node_read_fd(fd, 1 << 20, &text, len), 0);
	close(fd);
	return text;
}

static inline char *tmp_new(void)
{
	char *dir = strdup("/tmp/shimscope-node-XXXXXX");

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	return dir;
}

static inline int tmp_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

/* Removes the directory and frees its name. */
static inline void tmp_free(char *dir)
{
	nftw(dir, tmp_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

/* Creates all directories of a path below dir; the last name is created too. */
static inline void tmp_mkdir(const char *dir, const char *path)
{
	char full[2 * PATH_MAX], *p;

	snprintf(full, sizeof(full), "%s/%s/", dir, path);
	for (p = full + strlen(dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(full, 0755))
			assert_int_equal(errno, EEXIST);
		*p = '/';
	}
}

static inline void tmp_write(const char *dir, const char *name, const void *data, size_t len)
{
	char path[2 * PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static inline void tmp_text(const char *dir, const char *name, const char *text)
{
	tmp_write(dir, name, text, strlen(text));
}

/*
 * Starts this test program under another name: dir/name becomes a symbolic link to it, which is
 * what the kernel takes a process's comm from. Its main() must call child_main() first. Returns the
 * pid once the child says that it is ready. cwd may be NULL.
 */
static inline pid_t child_start(const char *dir, const char *cwd, const char *mode, const char *const argv[])
{
	char path[PATH_MAX], self[PATH_MAX], ready;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int out[2];
	pid_t pid;

	assert_true(n > 0);
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, argv[0]);
	if (symlink(self, path))
		assert_int_equal(errno, EEXIST);
	assert_int_equal(pipe(out), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv(CHILD_ENV, mode, 1);
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		if (!cwd || !chdir(cwd))
			execv(path, (char *const *)argv);
		_exit(127);
	}
	close(out[1]);
	n = read(out[0], &ready, 1);
	close(out[0]);
	if (n != 1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -1;
	}
	return pid;
}

static inline void child_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Tells the parent that the child is ready, and stays. */
static inline void __attribute__((noreturn)) child_wait(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(1, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

#endif
