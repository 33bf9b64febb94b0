// SPDX-License-Identifier: GPL-2.0-only
/* One process, from procfs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "node/internal.h"

#define DELETED " (deleted)"

int node_proc_open(int64_t pid)
{
	char path[32];
	int fd;
	long pidfd;

	if (pid <= 0 || pid > INT32_MAX)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%" PRId64, pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	/*
	 * /proc/TID exists for every thread, though it is not listed: pidfd_open(2) takes only the
	 * leader of a thread group (EINVAL, from Linux 6.15 on ENOENT). Other errors mean that it
	 * is not to be had.
	 */
	pidfd = syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (pidfd >= 0) {
		close((int)pidfd);
	} else if (errno == EINVAL || errno == ENOENT || errno == ESRCH) {
		close(fd);
		return -ESRCH;
	}
	return fd;
}

static int64_t ticks_to_ns(uint64_t ticks)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t per_tick;

	if (hz <= 0)
		hz = 100;
	per_tick = UINT64_C(1000000000) / (uint64_t)hz;
	if (ticks > INT64_MAX / per_tick)
		return INT64_MAX;
	return (int64_t)(ticks * per_tick);
}

int node_stat_parse(const char *text, struct node_stat *ret)
{
	uint64_t utime, stime, start;
	const char *open, *close;
	size_t len;

	memset(ret, 0, sizeof(*ret));
	/* comm may hold anything, parentheses, blanks and newlines too: it ends at the last one. */
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open)
		return -EINVAL;
	len = (size_t)(close - open - 1);
	if (len >= sizeof(ret->comm))
		len = sizeof(ret->comm) - 1;
	memcpy(ret->comm, open + 1, len);
	/* proc(5): state is field 3, ppid 4, utime 14, stime 15, num_threads 20, starttime 22. */
	if (sscanf(close + 1,
		   " %c %" SCNd64 " %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
		   " %*d %*d %*d %*d %" SCNd64 " %*d %" SCNu64,
		   &ret->state, &ret->ppid, &utime, &stime, &ret->threads, &start) != 6)
		return -EINVAL;
	ret->utime_ns = ticks_to_ns(utime);
	ret->stime_ns = ticks_to_ns(stime);
	ret->start_ns = ticks_to_ns(start);
	return 0;
}

int node_stat_read(int procfd, struct node_stat *ret)
{
	char buf[1024];
	ssize_t n = node_read_small(procfd, "stat", buf, sizeof(buf));

	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	return node_stat_parse(buf, ret);
}

bool node_stat_ended(const struct node_stat *st)
{
	return (st->state == 'Z' || st->state == 'X' || st->state == 'x') && st->threads <= 1;
}

static char *link_target(int procfd, const char *name)
{
	char *s = node_readlink(procfd, name);
	size_t len;

	if (!s)
		return NULL;
	len = strlen(s);
	if (len > strlen(DELETED) && !strcmp(s + len - strlen(DELETED), DELETED))
		s[len - strlen(DELETED)] = '\0';
	return s;
}

static enum process_role role_of_comm(const char *comm)
{
	if (!strcmp(comm, "containerd"))
		return PROCESS_CONTAINERD;
	/* The kernel keeps 15 bytes of "containerd-shim-runc-v2" and its kin. */
	if (!strcmp(comm, "containerd-shim"))
		return PROCESS_SHIM;
	return PROCESS_OTHER;
}

/* What the arguments say. */
static int read_role(int procfd, const struct node_args *args, struct node_process *p)
{
	struct node_settings settings;
	int err;

	switch (p->role) {
	case PROCESS_SHIM:
		return node_shim_parse(args, p);
	case PROCESS_CONTAINERD:
		err = node_settings_read(procfd, args, &settings);
		if (err)
			return err;
		if (settings.serves)
			node_take(&p->address, node_strdup(settings.address));
		node_settings_free(&settings);
		return 0;
	default:
		return 0;
	}
}

static int read_once(int procfd, struct node_process *ret, struct node_args *args, bool *changed)
{
	struct node_stat before, after;
	int err;

	err = node_stat_read(procfd, &before);
	if (err)
		return err;
	if (node_stat_ended(&before))
		return -ESRCH;
	ret->ppid = before.ppid;
	ret->start_ns = before.start_ns;
	ret->role = role_of_comm(before.comm);
	ret->comm = strdup(before.comm);
	if (!ret->comm)
		return -ENOMEM;
	err = node_args_read(procfd, args);
	if (err)
		return err;
	ret->exe = link_target(procfd, "exe");
	ret->cwd = link_target(procfd, "cwd");
	err = read_role(procfd, args, ret);
	if (err)
		return err;
	/* An exec(2) meanwhile mixed two programs: the same process, but another name. */
	err = node_stat_read(procfd, &after);
	if (err)
		return err;
	if (node_stat_ended(&after))
		return -ESRCH;
	*changed = strcmp(before.comm, after.comm) != 0;
	return 0;
}

int node_process_read_args(int64_t pid, struct node_process *ret, struct node_args *args)
{
	struct node_args own = { 0 };
	int procfd, err, tries;

	memset(ret, 0, sizeof(*ret));
	procfd = node_proc_open(pid);
	if (procfd < 0)
		return procfd;
	for (tries = 0;; tries++) {
		bool changed = false;

		err = read_once(procfd, ret, &own, &changed);
		ret->pid = pid;
		if (!err && (!changed || tries == 3))
			break;
		node_process_free(ret);
		node_args_free(&own);
		if (err)
			break;
	}
	close(procfd);
	if (err)
		return err == -ENOENT ? -ESRCH : err;
	if (args)
		*args = own;
	else
		node_args_free(&own);
	return 0;
}

int node_process_read(int64_t pid, struct node_process *ret)
{
	return node_process_read_args(pid, ret, NULL);
}

void node_process_free(struct node_process *p)
{
	free(p->comm);
	free(p->exe);
	free(p->namespace);
	free(p->shim_id);
	free(p->address);
	free(p->cwd);
	memset(p, 0, sizeof(*p));
}
