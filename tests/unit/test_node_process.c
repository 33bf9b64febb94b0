// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes: the texts of procfs, command lines, and living children under containerd's and shims'
 * names.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>

#include "test_node.h"

#define SHIM "containerd-shim-runc-v2"

/* ---- texts ---- */

static void test_stat(void **state)
{
	/* A real line; its comm made as bad as prctl(PR_SET_NAME) allows. */
	static const char text[] =
		"4711 (a) R 1 (\n2) S 42 4711 4711 0 -1 4194560 1 2 3 4 150 25 7 8 20 0 9 0 "
		"86400123 1000 200 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0\n";
	int64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
	struct node_stat st;

	(void)state;
	assert_int_equal(node_stat_parse(text, &st), 0);
	assert_string_equal(st.comm, "a) R 1 (\n2");
	assert_int_equal(st.state, 'S');
	assert_int_equal(st.ppid, 42);
	assert_int_equal(st.utime_ns, 150 * tick);
	assert_int_equal(st.stime_ns, 25 * tick);
	assert_int_equal(st.threads, 9);
	assert_int_equal(st.start_ns, 86400123 * tick);
	assert_int_equal(node_stat_parse("", &st), -EINVAL);
	assert_int_equal(node_stat_parse("1 (x", &st), -EINVAL);
	assert_int_equal(node_stat_parse("1 )x(", &st), -EINVAL);
	assert_int_equal(node_stat_parse("1 (x) S 1 2 3", &st), -EINVAL);
}

static void test_ended(void **state)
{
	struct node_stat st = { .state = 'Z', .threads = 1 };

	(void)state;
	assert_true(node_stat_ended(&st));
	/* The leader has ended, other threads have not. */
	st.threads = 2;
	assert_false(node_stat_ended(&st));
	st = (struct node_stat){ .state = 'S', .threads = 1 };
	assert_false(node_stat_ended(&st));
}

static struct node_args args_of(const char *text, size_t len)
{
	struct node_args args;
	char *copy = malloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	assert_int_equal(node_args_split(copy, len, &args), 0);
	return args;
}

#define ARGS(text) args_of(text, sizeof(text) - 1)

static void test_split(void **state)
{
	struct node_args args = ARGS("a\0\0b c\0");

	(void)state;
	assert_int_equal(args.n, 3);
	assert_string_equal(args.v[0], "a");
	assert_string_equal(args.v[1], "");
	assert_string_equal(args.v[2], "b c");
	node_args_free(&args);
	/* No NUL at the end: a program that wrote over its arguments. */
	args = ARGS("containerd \0x");
	assert_int_equal(args.n, 2);
	assert_string_equal(args.v[0], "containerd ");
	assert_string_equal(args.v[1], "x");
	node_args_free(&args);
	args = ARGS("");
	assert_int_equal(args.n, 0);
	node_args_free(&args);
}

static void expect_shim(struct node_args args, const char *namespace, const char *id, const char *address)
{
	struct node_process p = { .role = PROCESS_SHIM };

	assert_int_equal(node_shim_parse(&args, &p), 0);
	if (namespace)
		assert_string_equal(p.namespace, namespace);
	else
		assert_null(p.namespace);
	if (id)
		assert_string_equal(p.shim_id, id);
	else
		assert_null(p.shim_id);
	if (address)
		assert_string_equal(p.address, address);
	else
		assert_null(p.address);
	node_process_free(&p);
	node_args_free(&args);
}

static void test_shim_arguments(void **state)
{
	(void)state;
	expect_shim(ARGS("/usr/bin/" SHIM "\0-namespace\0k8s.io\0-id\0abc\0-address\0/run/c.sock\0"),
		    "k8s.io", "abc", "/run/c.sock");
	expect_shim(ARGS(SHIM "\0-namespace=k8s.io\0--id=abc\0--address\0/run/c.sock\0-debug"), "k8s.io",
		    "abc", "/run/c.sock");
	expect_shim(ARGS(SHIM "\0-debug\0-debug=true\0-namespace\0n\0-id\0i\0-address\0a=b\0"), "n", "i",
		    "a=b");
	/* Helpers: start, delete, -v, -info. */
	expect_shim(ARGS(SHIM "\0-namespace\0n\0-address\0/s\0-publish-binary\0/usr/bin/"
			      "containerd\0-id\0i\0start\0"),
		    "n", "i", NULL);
	expect_shim(ARGS(SHIM "\0-namespace\0n\0-address\0/s\0-publish-binary\0\0-id\0i\0-bundle\0/"
			      "b\0delete\0"),
		    "n", "i", NULL);
	expect_shim(ARGS(SHIM "\0-v\0"), NULL, NULL, NULL);
	expect_shim(ARGS(SHIM "\0-info\0-address\0/s\0"), NULL, NULL, NULL);
	/* Flags of other shims, with and without a value, and a value that looks like a flag. */
	expect_shim(ARGS(SHIM "\0-socket\0/"
			      "x\0-fancy\0-other\0value\0-id\0-1\0-namespace\0n\0-address\0/s\0"),
		    "n", "-1", "/s");
	/* After "--" there are no flags; the last value counts; a flag without its value. */
	expect_shim(ARGS(SHIM "\0-id\0a\0-id\0b\0--\0-id\0c\0-address\0/s\0"), NULL, "b", NULL);
	expect_shim(ARGS(SHIM "\0-id"), NULL, NULL, NULL);
	expect_shim(ARGS(SHIM "\0-id\0\0-namespace=\0"), NULL, NULL, NULL);
	expect_shim(ARGS(""), NULL, NULL, NULL);
}

static void test_unix_lines(void **state)
{
	static const struct {
		const char *line;
		int want;
		uint64_t ino;
		const char *path;
	} lines[] = {
		{ "Num       RefCount Protocol Flags    Type St Inode Path\n", 0, 0, NULL },
		{ "00000000a1b2c3d4: 00000002 00000000 00010000 0001 01 18446744073709551615 "
		  "/run/containerd/containerd.sock\n",
		  1, UINT64_MAX, "/run/containerd/containerd.sock" },
		{ "0000000000000000: 00000002 00000000 00010000 0001 01 23456 "
		  "@/containerd-shim/x.sock@\n",
		  1, 23456, "@/containerd-shim/x.sock@" },
		/* Connected, a datagram socket, no name. */
		{ "0000000000000000: 00000003 00000000 00000000 0001 03 23457 "
		  "/run/containerd/containerd.sock\n",
		  0, 0, NULL },
		{ "0000000000000000: 00000002 00000000 00010000 0002 01 23458 /run/systemd/notify\n", 0, 0,
		  NULL },
		{ "0000000000000000: 00000002 00000000 00010000 0001 01 23459\n", 0, 0, NULL },
		{ "0000000000000000: 00000002 00000000 00010000 0001 01 23460 /a name with blanks "
		  "\n",
		  1, 23460, "/a name with blanks " },
		{ "", 0, 0, NULL },
		{ "/run/x\n", 0, 0, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *line = strdup(lines[i].line);
		const char *path;
		uint64_t ino;

		assert_int_equal(node_unix_line(line, &ino, &path), lines[i].want);
		if (lines[i].want) {
			assert_true(ino == lines[i].ino);
			assert_string_equal(path, lines[i].path);
		}
		free(line);
	}
}

static void expect_grpc(const char *want, size_t n, const char *const *given)
{
	char *paths[8];
	const char *got;
	size_t i;

	for (i = 0; i < n; i++)
		paths[i] = strdup(given[i]);
	got = node_listening_grpc(paths, n);
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	for (i = 0; i < n; i++)
		free(paths[i]);
}

static void test_which_socket_is_grpc(void **state)
{
	(void)state;
	expect_grpc("/x/api", 4,
		    (const char *const[]){ "/run/nri/nri.sock", "/x/api.ttrpc", "/x/debug.sock", "/x/api" });
	expect_grpc("/x/containerd.sock", 3,
		    (const char *const[]){ "/x/other", "/x/containerd.sock", "/x/debug.sock" });
	expect_grpc("/x/only", 3, (const char *const[]){ "/x/only", "/y.ttrpc", "/x/debug.sock" });
	expect_grpc(NULL, 2, (const char *const[]){ "/x/one", "/x/two" });
	expect_grpc(NULL, 0, NULL);
}

/* ---- children ---- */

static int listen_on(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 1);
}

static void *burn(void *arg)
{
	struct timespec ts;

	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	} while (ts.tv_sec * 1000 + ts.tv_nsec / 1000000 < (intptr_t)arg);
	return NULL;
}

static int child_main(const char *mode)
{
	pid_t parent = getpid();
	pthread_t t;

	if (!strcmp(mode, "listen") && (listen_on("containerd.sock") || listen_on("containerd.sock.ttrpc")))
		return 1;
	/* A process that has forked and will call exec only later. */
	if (!strcmp(mode, "fork") && !fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0); /* it was gone before the signal was asked for */
	}
	/* 40 ms of CPU time by a thread that is gone then, 20 ms by one that stays. */
	if (!strcmp(mode, "burn")) {
		if (pthread_create(&t, NULL, burn, (void *)40) || pthread_join(t, NULL))
			return 1;
		burn((void *)20);
	}
	child_wait();
}

static const struct node_process *find(const struct node_process *list, size_t n, int64_t pid)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].pid == pid)
			return &list[i];
	return NULL;
}

static void test_scan(void **state)
{
	static const char *const shim[] = { SHIM,	 "-namespace", "k8s.io",      "-id",
					    "sandbox-1", "-address",   "/run/t.sock", NULL };
	static const char *const helper[] = { "containerd-shim-kata-v2",
					      "-namespace",
					      "n",
					      "-id",
					      "i",
					      "-address",
					      "/run/t.sock",
					      "start",
					      NULL };
	static const char *const daemon[] = { "containerd", "-a", "/run/t.sock", "--state=/run/t", NULL };
	static const char *const dump[] = { "containerd", "config", "dump", NULL };
	static const char *const stress[] = { "containerd-stress", NULL };
	char *dir = tmp_new(), bundle[PATH_MAX], self[PATH_MAX];
	const struct node_process *p;
	struct node_process *list;
	pid_t pids[5], zombie;
	struct timespec boot;
	size_t n, i;

	(void)state;
	tmp_mkdir(dir, "io.containerd.runtime.v2.task/k8s.io/sandbox-1");
	snprintf(bundle, sizeof(bundle), "%s/io.containerd.runtime.v2.task/k8s.io/sandbox-1", dir);
	pids[0] = child_start(dir, bundle, "wait", shim);
	pids[1] = child_start(dir, NULL, "wait", helper);
	pids[2] = child_start(dir, NULL, "wait", daemon);
	pids[3] = child_start(dir, NULL, "wait", dump);
	pids[4] = child_start(dir, NULL, "wait", stress);
	zombie = child_start(dir, NULL, "wait", shim);
	for (i = 0; i < 5; i++)
		assert_true(pids[i] > 0);
	kill(zombie, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)zombie, NULL, WEXITED | WNOWAIT), 0);
	self[readlink("/proc/self/exe", self, sizeof(self) - 1)] = '\0';

	assert_int_equal(node_scan(&list, &n), 0);
	p = find(list, n, pids[0]);
	assert_non_null(p);
	assert_int_equal(p->role, PROCESS_SHIM);
	assert_int_equal(p->ppid, getpid());
	assert_string_equal(p->comm, "containerd-shim");
	assert_string_equal(p->exe, self);
	assert_string_equal(p->namespace, "k8s.io");
	assert_string_equal(p->shim_id, "sandbox-1");
	assert_string_equal(p->address, "/run/t.sock");
	assert_string_equal(p->cwd, bundle);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	assert_in_range(boot.tv_sec - p->start_ns / 1000000000, 0, 60);
	p = find(list, n, pids[1]);
	assert_non_null(p);
	assert_int_equal(p->role, PROCESS_SHIM);
	assert_string_equal(p->shim_id, "i");
	assert_null(p->address);
	p = find(list, n, pids[2]);
	assert_non_null(p);
	assert_int_equal(p->role, PROCESS_CONTAINERD);
	assert_string_equal(p->comm, "containerd");
	assert_string_equal(p->address, "/run/t.sock");
	assert_null(p->namespace);
	p = find(list, n, pids[3]);
	assert_non_null(p);
	assert_int_equal(p->role, PROCESS_CONTAINERD);
	assert_null(p->address);
	assert_null(find(list, n, pids[4]));
	assert_null(find(list, n, zombie));
	assert_null(find(list, n, getpid()));
	node_scan_free(list, n);
	for (i = 0; i < 5; i++)
		child_stop(pids[i]);
	child_stop(zombie);
	tmp_free(dir);
}

static void test_scan_leaves_out_what_has_only_forked(void **state)
{
	static const char *const shim[] = { SHIM, "-namespace", "k8s.io",      "-id",
					    "x",  "-address",	"/run/t.sock", NULL };
	struct node_process *list;
	char *dir = tmp_new();
	size_t n, i;
	pid_t pid;

	(void)state;
	pid = child_start(dir, NULL, "fork", shim);
	assert_true(pid > 0);
	assert_int_equal(node_scan(&list, &n), 0);
	assert_non_null(find(list, n, pid));
	for (i = 0; i < n; i++)
		assert_int_not_equal(list[i].ppid, pid);
	node_scan_free(list, n);
	child_stop(pid);
	tmp_free(dir);
}

static void *hold(void *arg)
{
	pid_t *tid = arg;

	__atomic_store_n(tid, (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	while (__atomic_load_n(tid, __ATOMIC_SEQ_CST))
		usleep(1000);
	return NULL;
}

static void test_process(void **state)
{
	static const char *const argv[] = { "o) S 1 (\nx", NULL };
	struct fact_usage usage;
	struct node_process p;
	char *dir = tmp_new();
	pid_t pid, tid = 0;
	pthread_t t;

	(void)state;
	pid = child_start(dir, dir, "wait", argv);
	assert_true(pid > 0);
	assert_int_equal(node_process_read(pid, &p), 0);
	assert_int_equal(p.pid, pid);
	assert_int_equal(p.role, PROCESS_OTHER);
	assert_string_equal(p.comm, argv[0]);
	assert_string_equal(p.cwd, dir);
	assert_null(p.address);
	node_process_free(&p);
	/* Its working directory is gone. */
	tmp_free(strdup(dir));
	assert_int_equal(node_process_read(pid, &p), 0);
	assert_string_equal(p.cwd, dir);
	node_process_free(&p);
	free(dir);
	/* A zombie runs no more, though its times can still be had. */
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	assert_int_equal(node_process_read(pid, &p), -ESRCH);
	assert_int_equal(node_usage_read(pid, true, &usage), 0);
	assert_true(usage.final);
	assert_true(usage.cpu_ns > 0);
	assert_int_equal(usage.rss_bytes, FACT_UNKNOWN);
	assert_int_equal(usage.pss_bytes, FACT_UNKNOWN);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(node_process_read(pid, &p), -ESRCH);
	assert_null(p.comm);
	assert_int_equal(node_usage_read(pid, true, &usage), -ESRCH);
	assert_int_equal(node_process_read(0, &p), -ESRCH);
	assert_int_equal(node_process_read(-1, &p), -ESRCH);
	assert_int_equal(node_process_read(INT64_C(1) << 40, &p), -ESRCH);
	/* A thread's id is no process's. */
	assert_int_equal(pthread_create(&t, NULL, hold, &tid), 0);
	while (!__atomic_load_n(&tid, __ATOMIC_SEQ_CST))
		usleep(1000);
	assert_int_equal(node_process_read(tid, &p), -ESRCH);
	__atomic_store_n(&tid, 0, __ATOMIC_SEQ_CST);
	pthread_join(t, NULL);
}

/* A handle never shows the process that has the pid afterwards. */
static void test_handle_outlives_process(void **state)
{
	static const char *const argv[] = { "x", NULL };
	char *dir = tmp_new();
	struct node_stat st;
	pid_t pid;
	int fd;

	(void)state;
	pid = child_start(dir, NULL, "wait", argv);
	assert_true(pid > 0);
	fd = node_proc_open(pid);
	assert_true(fd >= 0);
	assert_int_equal(node_stat_read(fd, &st), 0);
	child_stop(pid);
	assert_int_equal(node_stat_read(fd, &st), -ESRCH);
	close(fd);
	assert_int_equal(node_proc_open(pid), -ESRCH);
	tmp_free(dir);
}

static void test_containerd_by_its_sockets(void **state)
{
	static const char *const bare[] = { "containerd", NULL };
	static const char *const blanked[] = { "containerd", "", NULL };
	char *dir = tmp_new(), cwd[PATH_MAX];
	const char *const *argv[] = { bare, blanked };
	struct node_runtime r;
	struct node_process p;
	char **paths;
	size_t n, i;

	(void)state;
	for (i = 0; i < 2; i++) {
		pid_t pid;
		int fd;

		/* The name in the socket is what the process bound: a relative one here. */
		snprintf(cwd, sizeof(cwd), "%s/%zu", dir, i);
		assert_int_equal(mkdir(cwd, 0755), 0);
		pid = child_start(dir, cwd, "listen", argv[i]);
		assert_true(pid > 0);
		fd = node_proc_open(pid);
		assert_int_equal(node_listening(fd, &paths, &n), 0);
		close(fd);
		assert_int_equal(n, 2);
		node_listening_free(paths, n);
		assert_int_equal(node_process_read(pid, &p), 0);
		assert_int_equal(p.role, PROCESS_CONTAINERD);
		assert_string_equal(p.address, "containerd.sock");
		node_process_free(&p);
		assert_int_equal(node_runtime_read(pid, &r), 0);
		assert_string_equal(r.address, "containerd.sock");
		assert_string_equal(r.ttrpc_address, "containerd.sock.ttrpc");
		assert_null(r.state);
		node_runtime_free(&r);
		child_stop(pid);
	}
	tmp_free(dir);
}

static void test_runtime(void **state)
{
	/* Of "version = 2\n…" below: sha256sum(1). */
	static const char config[] =
		"version = 2\nstate = '/run/x'\nroot = '/var/lib/x'\nimports = ['more.toml']\n"
		"[grpc]\naddress = '/run/x/x.sock'\n[debug]\naddress = '/run/x/debug.sock'\n";
	char *dir = tmp_new(), path[PATH_MAX], text[1024];
	const char *argv[] = { "containerd", "--log-level", "debug", "--config", "config.toml",
			       NULL,	     NULL,	    NULL,    NULL };
	struct node_process p;
	struct node_runtime r;
	char *got;
	pid_t pid;

	(void)state;
	tmp_text(dir, "config.toml", config);
	tmp_text(dir, "more.toml", "[plugins.x]\ntoken = 'secret'");
	/* Relative to the process's directory. */
	pid = child_start(dir, dir, "wait", argv);
	assert_true(pid > 0);
	assert_int_equal(node_runtime_read(pid, &r), 0);
	assert_int_equal(r.pid, pid);
	assert_string_equal(r.address, "/run/x/x.sock");
	assert_string_equal(r.ttrpc_address, "/run/x/x.sock.ttrpc");
	assert_string_equal(r.debug_address, "/run/x/debug.sock");
	assert_string_equal(r.state, "/run/x");
	assert_string_equal(r.root, "/var/lib/x");
	snprintf(path, sizeof(path), "%s/config.toml", dir);
	assert_string_equal(r.config_path, path);
	snprintf(text, sizeof(text), "%s# imported: %s/more.toml\n[plugins.x]\ntoken = \"<redacted>\"",
		 config, dir);
	assert_string_equal(r.config_text, text);
	assert_string_equal(r.config_sha256,
			    "7b3bb16d3b14dfe0046283d3f06b0af5e5e61e5cc983956a55d3e2d3c53f15b6");
	assert_null(r.go_version);
	node_runtime_free(&r);
	assert_int_equal(node_process_read(pid, &p), 0);
	assert_string_equal(p.address, "/run/x/x.sock");
	got = node_state_dir(&p);
	assert_string_equal(got, "/run/x");
	free(got);
	/* The pid is another process's by now. */
	p.start_ns -= 1000000000;
	assert_null(node_state_dir(&p));
	node_process_free(&p);
	child_stop(pid);

	/* What the command line says goes before what the file says. */
	argv[5] = "-a=/run/y.sock";
	argv[6] = "--state=y";
	argv[7] = "--root=/r";
	pid = child_start(dir, dir, "wait", argv);
	assert_true(pid > 0);
	assert_int_equal(node_runtime_read(pid, &r), 0);
	assert_string_equal(r.address, "/run/y.sock");
	assert_string_equal(r.ttrpc_address, "/run/y.sock.ttrpc");
	assert_string_equal(r.debug_address, "/run/x/debug.sock");
	snprintf(path, sizeof(path), "%s/y", dir);
	assert_string_equal(r.state, path);
	assert_string_equal(r.root, "/r");
	node_runtime_free(&r);
	child_stop(pid);

	/* The file that was asked for is not there any more. */
	argv[4] = "gone.toml";
	pid = child_start(dir, dir, "wait", argv);
	assert_true(pid > 0);
	assert_int_equal(node_runtime_read(pid, &r), 0);
	snprintf(path, sizeof(path), "%s/gone.toml", dir);
	assert_string_equal(r.config_path, path);
	assert_null(r.config_text);
	assert_null(r.config_sha256);
	assert_string_equal(r.address, "/run/y.sock");
	node_runtime_free(&r);
	child_stop(pid);
	assert_int_equal(node_runtime_read(pid, &r), -ESRCH);
	/* No containerd at all. */
	assert_int_equal(node_runtime_read(getpid(), &r), -EINVAL);
	tmp_free(dir);
}

/* The sum of the run times of a process's living threads. */
static int64_t schedstat_sum(pid_t pid)
{
	char path[64];
	unsigned long long ns = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return (int64_t)ns;
}

static void test_usage(void **state)
{
	static const char *const argv[] = { "burner", NULL };
	struct fact_usage u, later;
	char *dir = tmp_new();
	struct timespec now;
	pid_t pid;

	(void)state;
	pid = child_start(dir, NULL, "burn", argv);
	assert_true(pid > 0);
	usleep(20000); /* until it sleeps */
	assert_int_equal(node_usage_read(pid, true, &u), 0);
	/* The thread that is gone counts. */
	assert_true(u.cpu_ns >= schedstat_sum(pid) + 40000000);
	assert_true(u.cpu_ns < schedstat_sum(pid) + 60000000);
	assert_in_range(u.user_ns + u.system_ns, 30000000, u.cpu_ns + 10000000);
	assert_false(u.final);
	assert_int_equal(u.process, 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	assert_in_range(now.tv_sec - u.ns / 1000000000, 0, 10);
	assert_true(u.rss_bytes > 100000);
	assert_true(u.pss_bytes > 0 && u.anon_bytes > 0);
	assert_true(u.anon_bytes <= u.rss_bytes * 2);
	assert_int_equal(u.rss_bytes % sysconf(_SC_PAGESIZE), 0);
	assert_int_equal(node_usage_read(pid, false, &later), 0);
	assert_int_equal(later.cpu_ns, u.cpu_ns);
	assert_int_equal(later.pss_bytes, FACT_UNKNOWN);
	assert_int_equal(later.anon_bytes, FACT_UNKNOWN);
	assert_true(later.rss_bytes > 100000);
	child_stop(pid);
	tmp_free(dir);
}

static void test_host(void **state)
{
	struct node_host h;
	struct utsname u;
	size_t i;

	(void)state;
	assert_int_equal(node_host_read(&h), 0);
	uname(&u);
	assert_string_equal(h.hostname, u.nodename);
	assert_string_equal(h.kernel, u.release);
	assert_string_equal(h.arch, u.machine);
	assert_true(h.cpus >= 1);
	assert_int_equal(strlen(h.boot_id), 36);
	for (i = 0; i < 36; i++)
		assert_non_null(strchr("0123456789abcdef-", h.boot_id[i]));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_shim_arguments),
		cmocka_unit_test(test_unix_lines),
		cmocka_unit_test(test_which_socket_is_grpc),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_scan_leaves_out_what_has_only_forked),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_handle_outlives_process),
		cmocka_unit_test(test_containerd_by_its_sockets),
		cmocka_unit_test(test_runtime),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_host),
	};
	const char *mode = getenv(CHILD_ENV);

	(void)argv;
	if (mode)
		return child_main(mode);
	/* Asked for its version, as a containerd without one in its build information is. */
	if (argc > 1)
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
