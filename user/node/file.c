// SPDX-License-Identifier: GPL-2.0-only
/* Bounded reads, and paths as another process sees them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "node/internal.h"

char *node_strdup(const char *s)
{
	return s ? strdup(s) : NULL;
}

void node_take(char **to, char *s)
{
	free(*to);
	*to = s;
}

static ssize_t read_some(int fd, char *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buf, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int node_read_fd(int fd, size_t limit, char **ret, size_t *len)
{
	/* One byte more than the file, so that its end is seen without another allocation. */
	size_t size = 4096, used = 0;
	struct stat st;
	char *buf;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISREG(st.st_mode) && st.st_size > 0) {
		if ((uint64_t)st.st_size > limit)
			return -EFBIG;
		size = (size_t)st.st_size + 2;
	}
	buf = malloc(size);
	if (!buf)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read_some(fd, buf + used, size - used - 1);

		if (n < 0) {
			free(buf);
			return (int)n;
		}
		used += (size_t)n;
		if (used > limit) {
			free(buf);
			return -EFBIG;
		}
		if (!n)
			break;
		if (used == size - 1) {
			char *more = realloc(buf, size * 2);

			if (!more) {
				free(buf);
				return -ENOMEM;
			}
			buf = more;
			size *= 2;
		}
	}
	buf[used] = '\0';
	*ret = buf;
	*len = used;
	return 0;
}

ssize_t node_read_small(int dirfd, const char *name, char *buf, size_t size)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read_some(fd, buf + used, size - 1 - used);
		if (n > 0)
			used += (size_t)n;
	} while (n > 0 && used < size - 1);
	close(fd);
	if (n < 0)
		return n;
	buf[used] = '\0';
	return (ssize_t)used;
}

char *node_readlink(int dirfd, const char *name)
{
	char buf[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, buf, sizeof(buf));

	if (n <= 0 || (size_t)n >= sizeof(buf))
		return NULL;
	return strndup(buf, (size_t)n);
}

int node_root_open(int64_t root_pid)
{
	char path[64];
	int fd;

	if (root_pid < 0)
		return -ESRCH;
	if (root_pid == 0)
		snprintf(path, sizeof(path), "/");
	else
		snprintf(path, sizeof(path), "/proc/%lld/root", (long long)root_pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return root_pid && errno == ENOENT ? -ESRCH : -errno;
}

/* Walks a path without openat2(2): one component at a time, no symbolic link, no way up. */
static int open_step_by_step(int rootfd, const char *path, int flags)
{
	int dir = rootfd, fd = -ENOENT;
	const char *p = path;

	for (;;) {
		char name[NAME_MAX + 1];
		size_t n;
		bool last;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		last = p[n + strspn(p + n, "/")] == '\0';
		if (n > NAME_MAX) {
			fd = -ENAMETOOLONG;
			break;
		}
		memcpy(name, p, n);
		name[n] = '\0';
		p += n;
		if (n == 0)
			name[0] = '.', name[1] = '\0';
		else if (!strcmp(name, "..")) {
			fd = -EXDEV;
			break;
		}
		if (last)
			fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
		else
			fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
		if (dir != rootfd)
			close(dir);
		if (fd < 0 || last)
			return fd;
		dir = fd;
	}
	if (dir != rootfd)
		close(dir);
	return fd;
}

int node_open_in_root(int rootfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!*path)
		return -ENOENT;
	do {
		fd = syscall(SYS_openat2, rootfd, path, &how, sizeof(how));
		/*
		 * EAGAIN: something was renamed meanwhile and the kernel cannot tell where ".."
		 * leads.
		 */
	} while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd >= 0)
		return (int)fd;
	/* EPERM: how container engines' seccomp filters answer to system calls they do not know. */
	if (errno == ENOSYS || errno == EPERM)
		return open_step_by_step(rootfd, path, flags);
	return -errno;
}

int node_open_plain(int dirfd, const char *name)
{
	struct stat st;
	int fd;

	if (!*name || strchr(name, '/'))
		return -EINVAL;
	/* O_NONBLOCK: the file may have become a FIFO, whose open would wait for a writer. */
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EINVAL : -errno;
	if (fstat(fd, &st)) {
		int err = -errno;

		close(fd);
		return err;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}
