// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks a binary for its version by running it: for those whose build information does not tell
 * (Debian builds with -trimpath, which leaves the linker's flags out). It runs as nobody, without
 * this process's environment, files or privileges, and not for long.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "node/internal.h"

#define NOBODY	   65534
#define OUTPUT_MAX 4096
#define PRINTABLE  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:+-_~"

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/* True when s (len bytes) can be shown as a version: "1.6.20~ds1", "v2.1.9+unknown". */
static bool is_version(const char *s, size_t len)
{
	size_t i;

	if (!len || len > 128)
		return false;
	if (s[0] == 'v' ? len < 2 || s[1] < '0' || s[1] > '9' : s[0] < '0' || s[0] > '9')
		return false;
	for (i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return true;
}

/* The rest of a line that begins with label, without blanks around either. */
static const char *find_labelled(const char *text, const char *label, size_t *len)
{
	const char *line = text;

	while (line) {
		const char *p = line + strspn(line, " \t");

		if (!strncmp(p, label, strlen(label))) {
			p += strlen(label);
			p += strspn(p, " \t");
			*len = strcspn(p, "\r\n");
			while (*len && (p[*len - 1] == ' ' || p[*len - 1] == '\t'))
				--*len;
			return p;
		}
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return NULL;
}

void node_version_parse(const char *text, enum process_role role, char **version, char **go_version)
{
	const char *p;
	size_t len;

	*version = NULL;
	*go_version = NULL;
	if (role == PROCESS_CONTAINERD) {
		/* containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3 */
		p = text + strspn(text, " \t");
		for (int i = 0; i < 2; i++) {
			p += strcspn(p, " \t\r\n");
			p += strspn(p, " \t");
		}
		len = strcspn(p, " \t\r\n");
		if (is_version(p, len))
			*version = strndup(p, len);
		return;
	}
	/*
	 * containerd-shim-runc-v2:\n  Version:  1.6.20~ds1\n  Revision: ...\n  Go version: go1.19.8\n
	 */
	p = find_labelled(text, "Version:", &len);
	if (p && is_version(p, len))
		*version = strndup(p, len);
	p = find_labelled(text, "Go version:", &len);
	/* With experiments switched on it is more than a word: "go1.20.5 X:strictfipsruntime". */
	if (p && len > 2 && len <= 128 && !strncmp(p, "go", 2) &&
	    is_version(p + 2, strcspn(p + 2, " \r\n")) && strspn(p, PRINTABLE) >= len)
		*go_version = strndup(p, len);
}

/* Between fork and exec of a program with threads: system calls only. */
static void __attribute__((noreturn))
run_child(int exe_fd, int mnt_fd, int out_fd, int null_fd, const char *const argv[])
{
	static const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "GOMAXPROCS=1", NULL };
	const struct rlimit none = { 0, 0 }, cpu = { 2, 2 };
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t empty;
	int sig;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mnt_fd >= 0 && setns(mnt_fd, CLONE_NEWNS))
		_exit(127);
	for (sig = 1; sig < 32; sig++)
		sigaction(sig, &sa, NULL);
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	if (dup2(null_fd, 0) < 0 || dup2(out_fd, 1) < 0 || dup2(null_fd, 2) < 0)
		_exit(127);
	/* Everything else is closed; the binary's own descriptor by exec. */
	if (dup3(exe_fd, 3, O_CLOEXEC) < 0)
		_exit(127);
	if (syscall(SYS_close_range, 4, ~0U, 0)) {
		int fd;

		for (fd = 4; fd < 4096; fd++)
			close(fd);
	}
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_FSIZE, &none);
	setpgid(0, 0);
	if (chdir("/") || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(127);
	if (geteuid() == 0) {
		/*
		 * The system calls, not glibc's functions: those would wait for threads that were
		 * not forked.
		 */
		if (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) ||
		    syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
			_exit(127);
	}
	syscall(SYS_execveat, 3, "", argv, env, AT_EMPTY_PATH);
	_exit(127);
}

/* Reads until the end of output, the bound or the deadline. */
static int read_output(int fd, char *buf, size_t size, int64_t deadline)
{
	size_t used = 0;

	while (used < size - 1) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now_ms();
		ssize_t n;
		int ready;

		if (left <= 0)
			return -ETIMEDOUT;
		ready = poll(&p, 1, (int)left);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return -errno;
		if (!ready)
			return -ETIMEDOUT;
		n = read(fd, buf + used, size - 1 - used);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		used += (size_t)n;
	}
	buf[used] = '\0';
	return 0;
}

/* Waits until the deadline, then kills. */
static void end_child(pid_t pid, int64_t deadline)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	pid_t got;

	while (now_ms() < deadline) {
		got = waitpid(pid, NULL, WNOHANG);
		if (got == pid || (got < 0 && errno != EINTR))
			return;
		nanosleep(&pause, NULL);
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	do {
		got = waitpid(pid, NULL, 0);
	} while (got < 0 && errno == EINTR);
}

int node_version_run(int exe_fd, int mnt_fd, enum process_role role, int limit_ms, char **version,
		     char **go_version)
{
	const char *const containerd[] = { "containerd", "--version", NULL };
	const char *const shim[] = { "containerd-shim-runc-v2", "-v", NULL };
	int64_t deadline = now_ms() + limit_ms;
	int out[2] = { -1, -1 }, null_fd, high_fd = -1, err = 0;
	char buf[OUTPUT_MAX];
	pid_t pid;

	*version = NULL;
	*go_version = NULL;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* Above those that the child takes for its own use. */
	if (null_fd >= 0 && null_fd < 4) {
		int fd = fcntl(null_fd, F_DUPFD_CLOEXEC, 4);

		close(null_fd);
		null_fd = fd;
	}
	if (null_fd < 0)
		return -errno;
	high_fd = fcntl(exe_fd, F_DUPFD_CLOEXEC, 4);
	if (high_fd < 0 || pipe2(out, O_CLOEXEC)) {
		err = -errno;
		goto out;
	}
	if (out[1] < 4) {
		int fd = fcntl(out[1], F_DUPFD_CLOEXEC, 4);

		if (fd < 0) {
			err = -errno;
			goto out;
		}
		close(out[1]);
		out[1] = fd;
	}
	pid = fork();
	if (pid < 0) {
		err = -errno;
		goto out;
	}
	if (!pid)
		run_child(high_fd, mnt_fd, out[1], null_fd, role == PROCESS_CONTAINERD ? containerd : shim);
	close(out[1]);
	out[1] = -1;
	err = read_output(out[0], buf, sizeof(buf), deadline);
	close(out[0]);
	out[0] = -1;
	end_child(pid, err ? 0 : deadline);
	if (!err)
		node_version_parse(buf, role, version, go_version);
out:
	if (out[0] >= 0)
		close(out[0]);
	if (out[1] >= 0)
		close(out[1]);
	if (high_fd >= 0)
		close(high_fd);
	close(null_fd);
	return err;
}
