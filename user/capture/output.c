/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FLAGS (O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)

/* A file can go away between "it exists" and opening it: try this often before giving up. */
#define OPEN_TRIES 3

/*
 * Open a file that exists already. Without O_CREAT, so that nothing is made, and O_NONBLOCK, so that a
 * FIFO that nobody reads is an error and not a wait.
 */
static int open_existing(const char *path, char *err, size_t err_size)
{
	int fd = open(path, OPEN_FLAGS | O_NONBLOCK);
	const char *why;
	int ret;

	if (fd >= 0)
		return fd;
	ret = -errno;
	switch (ret) {
	case -ELOOP:
		why = "it is a symbolic link (/dev/stdout is one, too); name the file itself";
		break;
	case -ENXIO:
		why = "it is a FIFO that nobody reads, or a socket";
		break;
	default:
		why = strerror(-ret);
	}
	snprintf(err, err_size, "cannot write the capture %s: %s", path, why);
	return ret;
}

/* May this regular file be emptied and written? All is asked of the open file, not of its name. */
static int take_regular(int fd, const struct stat *st, const char *path, char *err, size_t err_size)
{
	if (st->st_uid != geteuid()) {
		snprintf(err, err_size,
			 "cannot replace %s: it belongs to user %u; remove it or take another name", path,
			 st->st_uid);
		return -EPERM;
	}
	if (st->st_nlink > 1) {
		snprintf(err, err_size,
			 "cannot replace %s: the file has %lu names; remove this one or take another", path,
			 (unsigned long)st->st_nlink);
		return -EMLINK;
	}
	/* File systems without locks have no second writer to tell of. */
	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		snprintf(err, err_size, "cannot write the capture %s: another process is writing it", path);
		return -EBUSY;
	}
	if (fchmod(fd, 0600) || ftruncate(fd, 0)) {
		int ret = -errno;

		snprintf(err, err_size, "cannot replace %s: %s", path, strerror(-ret));
		return ret;
	}
	return 0;
}

static int take_other(int fd, const struct stat *st, const char *path, char *err, size_t err_size)
{
	int flags;

	if (!S_ISCHR(st->st_mode) && !S_ISFIFO(st->st_mode)) {
		snprintf(err, err_size, "cannot write the capture %s: it is not a regular file", path);
		return -EINVAL;
	}
	if (isatty(fd)) {
		snprintf(err, err_size, "cannot write the capture %s: it is a terminal", path);
		return -EINVAL;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		int ret = -errno;

		snprintf(err, err_size, "cannot write the capture %s: %s", path, strerror(-ret));
		return ret;
	}
	return 0;
}

int capture_output_open(struct capture_output *o, const char *path, char *err, size_t err_size)
{
	struct stat st;
	int fd = -1, ret = 0;

	for (int i = 0; i < OPEN_TRIES; i++) {
		fd = open(path, OPEN_FLAGS | O_CREAT | O_EXCL, 0600);
		if (fd >= 0)
			break;
		ret = -errno;
		if (ret != -EEXIST) {
			snprintf(err, err_size, "cannot create the capture %s: %s", path, strerror(-ret));
			return ret;
		}
		ret = fd = open_existing(path, err, err_size);
		if (ret != -ENOENT)
			break;
	}
	if (fd < 0)
		return ret;

	if (fstat(fd, &st)) {
		ret = -errno;
		snprintf(err, err_size, "cannot write the capture %s: %s", path, strerror(-ret));
	} else if (S_ISREG(st.st_mode)) {
		ret = take_regular(fd, &st, path, err, err_size);
	} else {
		ret = take_other(fd, &st, path, err, err_size);
	}
	if (ret) {
		close(fd);
		return ret;
	}
	o->fd = fd;
	o->regular = S_ISREG(st.st_mode);
	o->size = 0;
	return 0;
}

static void cut_back(const struct capture_output *o)
{
	if (!o->regular)
		return;
	/* When even this fails there is nothing left to do: a reader stops before the broken block. */
	while (ftruncate(o->fd, (off_t)o->size) && errno == EINTR)
		;
}

int capture_output_write(struct capture_output *o, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t left = len;

	while (left) {
		ssize_t n = write(o->fd, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int ret = n < 0 ? -errno : -EIO;

			cut_back(o);
			return ret;
		}
		p += n;
		left -= (size_t)n;
	}
	o->size += len;
	return 0;
}

int capture_output_close(struct capture_output *o)
{
	int ret = 0;

	/* Some file systems tell of a full disk only now; those that cannot sync say EINVAL. */
	if (o->regular && fsync(o->fd) && errno != EINVAL)
		ret = -errno;
	if (close(o->fd) && !ret && errno != EINTR)
		ret = -errno;
	o->fd = -1;
	return ret;
}
