// SPDX-License-Identifier: GPL-2.0-only
/* What a process has used of CPU and memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/internal.h"

static int64_t to_ns(const struct timespec *ts)
{
	return ts->tv_sec * INT64_C(1000000000) + ts->tv_nsec;
}

/*
 * The process's CPU clock: the run time of all its threads, exited ones included, as the scheduler
 * counts it (kernel/time/posix-cpu-timers.c: thread_group_cputime(), sum_exec_runtime). The sum of
 * /proc/PID/task/TID/schedstat is the same figure without the threads that exited, and one file
 * each.
 */
static int64_t cpu_clock(int64_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid((pid_t)pid, &clock) || clock_gettime(clock, &ts))
		return FACT_UNKNOWN;
	return to_ns(&ts);
}

/* "Pss:          12345 kB" in smaps_rollup. */
static int64_t find_kib(const char *text, const char *name)
{
	const char *line = text;

	while (line) {
		if (!strncmp(line, name, strlen(name)))
			return strtoll(line + strlen(name), NULL, 10) * 1024;
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return FACT_UNKNOWN;
}

static void read_memory(int procfd, bool rollup, struct fact_usage *ret)
{
	char buf[4096], *end;

	if (node_read_small(procfd, "statm", buf, sizeof(buf)) > 0) {
		/* size resident shared …, in pages */
		long long size = strtoll(buf, &end, 10);

		/*
		 * Of a process that is just exiting, or a kernel thread, there is no memory to
		 * tell.
		 */
		if (size > 0 && *end == ' ')
			ret->rss_bytes = strtoll(end, NULL, 10) * sysconf(_SC_PAGESIZE);
	}
	if (rollup && node_read_small(procfd, "smaps_rollup", buf, sizeof(buf)) > 0) {
		ret->pss_bytes = find_kib(buf, "Pss:");
		ret->anon_bytes = find_kib(buf, "Anonymous:");
	}
}

int node_usage_read(int64_t pid, bool memory, struct fact_usage *ret)
{
	struct node_stat st;
	struct timespec now;
	int procfd, err;

	memset(ret, 0, sizeof(*ret));
	ret->cpu_ns = ret->rss_bytes = ret->pss_bytes = ret->anon_bytes = FACT_UNKNOWN;
	procfd = node_proc_open(pid);
	if (procfd < 0)
		return procfd == -ENOMEM || procfd == -EMFILE ? procfd : -ESRCH;
	ret->cpu_ns = cpu_clock(pid);
	clock_gettime(CLOCK_MONOTONIC, &now);
	ret->ns = to_ns(&now);
	err = node_stat_read(procfd, &st);
	if (!err) {
		ret->user_ns = st.utime_ns;
		ret->system_ns = st.stime_ns;
		if (ret->cpu_ns == FACT_UNKNOWN)
			ret->cpu_ns = st.utime_ns + st.stime_ns;
		ret->final = node_stat_ended(&st);
		if (!ret->final)
			read_memory(procfd, memory, ret);
	}
	close(procfd);
	return err ? -ESRCH : 0;
}
