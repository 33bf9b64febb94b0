// SPDX-License-Identifier: GPL-2.0-only
/* Bundles: those of real containerds, incomplete ones and hostile ones. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "test_node.h"

#define SANDBOX	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CONTAINER "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define TASKS	  "io.containerd.runtime.v2.task"
#define POD_ANNOTATIONS                                                                       \
	"\"io.kubernetes.cri.sandbox-name\":\"web\",\"io.kubernetes.cri.sandbox-namespace\":" \
	"\"prod\","                                                                           \
	"\"io.kubernetes.cri.sandbox-uid\":\"u-1\""

/* A state directory as that containerd leaves it. */
struct version {
	const char *state, *container_image, *sandbox_image;
	const char *shim, *ctr_shim;
	int64_t sandbox_pid, container_pid, ctr_pid;
	bool names_in_container;
};

static const struct version versions[] = {
	{ "state-1.4", NULL, NULL,
	  "unix:///run/containerd/s/"
	  "0365c5185bbabc8a3ae7561208f7a97aa3280527a0f7ea2c39b78caf8fc26d64",
	  "unix:///run/containerd/s/"
	  "e40e084f6eb225b27d0c2184a5c0d78becb55d85084dedc612d8e631fa827c56",
	  10635, 10667, 10733, false },
	{ "state-1.6", "docker.io/local/bb:1", NULL,
	  "unix:///run/containerd/s/"
	  "76e77552e494ebfdcad89850b37f0794846f7907d276b7f7a6ab84c1d6975796",
	  "unix:///run/containerd/s/"
	  "fa3a31626e280da5d84eab08c20b879714aef902ee1f20cf7757e4a9e2362482",
	  13280, 13311, 13380, true },
	{ "state-1.7", "docker.io/local/bb:1", NULL,
	  "unix:///run/containerd/s/"
	  "a58d3cff0bb0603e14abd6feac45d982c8c4b085f3eccc1ff2850630e6734a04",
	  "unix:///run/containerd/s/"
	  "f66be0762c9f8b9e32e150a211336dee3dbe9831d5b9eb9d0a3d0e5e36c525d5",
	  11093, 11130, 11212, true },
	{ "state-2.1", "docker.io/local/bb:1", "docker.io/local/bb:1",
	  "unix:///run/containerd/s/"
	  "f43063597f3c063e5a46f2aefd59be94b16e9181862eff37b2e06621cbd8b599",
	  "unix:///run/containerd/s/"
	  "620bfd461a5a185a1c359db1a2ed035f905bdbc199946a3a2f0d5f24422ab2b7",
	  11625, 11648, 11715, true },
};

static void expect(const char *got, const char *want)
{
	if (want)
		assert_non_null(got);
	if (got && want)
		assert_string_equal(got, want);
	else
		assert_true(got == want);
}

static void check_sandbox(const struct version *v, const struct node_container *c)
{
	expect(c->id, SANDBOX);
	expect(c->namespace, "k8s.io");
	expect(c->sandbox, SANDBOX);
	expect(c->pod, "tty");
	expect(c->pod_namespace, "shimscope");
	expect(c->pod_uid, "uid-tty");
	expect(c->name, NULL);
	expect(c->image, v->sandbox_image);
	expect(c->log_directory, "/var/log/pods/shimscope_tty_uid-tty");
	expect(c->shim_address, v->shim);
	expect(c->address, NULL);
	assert_true(c->is_sandbox);
	assert_false(c->tty);
	assert_int_equal(c->init_pid, v->sandbox_pid);
}

static void check_container(const struct version *v, const struct node_container *c, bool complete)
{
	bool names = complete || v->names_in_container;

	expect(c->id, CONTAINER);
	expect(c->namespace, "k8s.io");
	expect(c->sandbox, SANDBOX);
	expect(c->pod, names ? "tty" : NULL);
	expect(c->pod_namespace, names ? "shimscope" : NULL);
	expect(c->pod_uid, names ? "uid-tty" : NULL);
	expect(c->name, "c0");
	expect(c->image, v->container_image);
	expect(c->log_directory, complete ? "/var/log/pods/shimscope_tty_uid-tty" : NULL);
	expect(c->shim_address, v->shim);
	assert_false(c->is_sandbox);
	assert_true(c->tty);
	assert_int_equal(c->init_pid, v->container_pid);
}

static void check_ctr(const struct version *v, const struct node_container *c)
{
	expect(c->id, "ctr-ctr-run");
	expect(c->namespace, "default");
	expect(c->sandbox, NULL);
	expect(c->pod, NULL);
	expect(c->name, NULL);
	expect(c->image, NULL);
	expect(c->shim_address, v->ctr_shim);
	assert_false(c->is_sandbox);
	assert_false(c->tty);
	assert_int_equal(c->init_pid, v->ctr_pid);
}

static char *join(const char *a, const char *b)
{
	char *s;

	assert_true(asprintf(&s, "%s/%s", a, b) > 0);
	return s;
}

static void test_real_bundles(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct version *v = &versions[i];
		char *dir = data_path(v->state), *bundle = join(dir, TASKS "/k8s.io/" SANDBOX "//");
		struct node_container c;

		assert_int_equal(node_bundle_read(0, bundle, &c), 0);
		check_sandbox(v, &c);
		bundle[strlen(bundle) - 2] = '\0';
		expect(c.bundle, bundle);
		assert_int_equal(node_bundle_complete(0, &c), 0);
		check_sandbox(v, &c);
		node_container_free(&c);
		free(bundle);
		bundle = join(dir, TASKS "/k8s.io/" CONTAINER);
		/* Through a process's root as well as through this one's. */
		assert_int_equal(node_bundle_read(getpid(), bundle, &c), 0);
		check_container(v, &c, false);
		assert_int_equal(node_bundle_complete(getpid(), &c), 0);
		check_container(v, &c, true);
		node_container_free(&c);
		free(bundle);
		bundle = join(dir, TASKS "/default/ctr-ctr-run");
		assert_int_equal(node_bundle_read(0, bundle, &c), 0);
		check_ctr(v, &c);
		assert_int_equal(node_bundle_complete(0, &c), 0);
		check_ctr(v, &c);
		node_container_free(&c);
		free(bundle);
		free(dir);
	}
}

struct seen {
	const struct version *v;
	int sandboxes, containers, others, stop_at;
};

static int see(void *ctx, const struct node_container *c)
{
	struct seen *s = ctx;

	if (!strcmp(c->id, SANDBOX)) {
		check_sandbox(s->v, c);
		s->sandboxes++;
	} else if (!strcmp(c->id, CONTAINER)) {
		check_container(s->v, c, true);
		s->containers++;
	} else {
		check_ctr(s->v, c);
		s->others++;
	}
	return s->stop_at == s->sandboxes + s->containers + s->others ? -ECANCELED : 0;
}

static void test_all_bundles(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct seen s = { .v = &versions[i] };
		char *dir = data_path(versions[i].state);

		assert_int_equal(node_bundles(0, dir, see, &s), 0);
		assert_int_equal(s.sandboxes, 1);
		assert_int_equal(s.containers, 1);
		assert_int_equal(s.others, 1);
		s = (struct seen){ .v = &versions[i], .stop_at = 2 };
		assert_int_equal(node_bundles(0, dir, see, &s), -ECANCELED);
		assert_int_equal(s.sandboxes + s.containers + s.others, 2);
		free(dir);
	}
}

static int count(void *ctx, const struct node_container *c)
{
	(void)c;
	++*(int *)ctx;
	return 0;
}

static void bundle_write(const char *dir, const char *ns, const char *id, const char *config)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), TASKS "/%s/%s", ns, id);
	tmp_mkdir(dir, path);
	if (config) {
		snprintf(path, sizeof(path), TASKS "/%s/%s/config.json", ns, id);
		tmp_text(dir, path, config);
	}
}

/* Reads the bundle NS/ID below a state directory. */
static int bundle_get(const char *dir, const char *ns, const char *id, struct node_container *c)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" TASKS "/%s/%s", dir, ns, id);
	return node_bundle_read(0, path, c);
}

static void test_what_is_no_bundle(void **state)
{
	char *dir = tmp_new(), path[PATH_MAX];
	struct node_container c;
	int n = 0;

	(void)state;
	/* No state directory, none of tasks, no namespace, none in it. */
	assert_int_equal(node_bundles(0, "/nowhere/at/all", count, &n), 0);
	assert_int_equal(node_bundles(0, dir, count, &n), 0);
	tmp_mkdir(dir, TASKS "/k8s.io");
	assert_int_equal(node_bundles(0, dir, count, &n), 0);
	/*
	 * Made, but nothing in it yet; an empty and a half-written config.json; one being removed.
	 */
	bundle_write(dir, "k8s.io", "new", NULL);
	bundle_write(dir, "k8s.io", "empty", "");
	bundle_write(dir, "k8s.io", "half", "{\"ociVersion\":\"1.0.2\",\"annotations\":{\"a\":\"b");
	bundle_write(dir, "k8s.io", ".gone", "{}");
	tmp_text(dir, TASKS "/k8s.io/file", "{}");
	snprintf(path, sizeof(path), "%s/" TASKS "/k8s.io/link", dir);
	assert_int_equal(symlink(".gone", path), 0);
	assert_int_equal(node_bundles(0, dir, count, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(bundle_get(dir, "k8s.io", "new", &c), -ENOENT);
	assert_int_equal(bundle_get(dir, "k8s.io", "empty", &c), -ENOENT);
	assert_int_equal(bundle_get(dir, "k8s.io", "half", &c), -ENOENT);
	assert_int_equal(bundle_get(dir, "k8s.io", "file", &c), -ENOENT);
	assert_int_equal(bundle_get(dir, "k8s.io", "nothing", &c), -ENOENT);
	assert_null(c.id);
	/* Its files are still open when a bundle is being removed: its name tells whose it was. */
	assert_int_equal(bundle_get(dir, "k8s.io", ".gone", &c), 0);
	expect(c.id, "gone");
	expect(c.namespace, "k8s.io");
	assert_int_equal(c.init_pid, FACT_UNKNOWN);
	expect(c.shim_address, NULL);
	node_container_free(&c);
	/* Elsewhere the namespace is not known. */
	tmp_mkdir(dir, "other/k8s.io/x");
	tmp_text(dir, "other/k8s.io/x/config.json", "{}");
	snprintf(path, sizeof(path), "%s/other/k8s.io/x", dir);
	assert_int_equal(node_bundle_read(0, path, &c), 0);
	expect(c.id, "x");
	expect(c.namespace, NULL);
	node_container_free(&c);
	assert_int_equal(node_bundle_read(INT32_MAX, path, &c), -ENOENT);
	tmp_free(dir);
}

static int check_malformed(void *ctx, const struct node_container *c)
{
	expect(c->id, "bad");
	expect(c->namespace, "ns");
	expect(c->pod, NULL);
	assert_int_equal(c->init_pid, 77);
	++*(int *)ctx;
	return 0;
}

static void test_malformed_configs(void **state)
{
	static const char *const bad[] = {
		"[]",
		"1",
		"\"x\"",
		"{}{}",
		"{\"a\":1,}",
		"{\"a\" 1}",
		"{a:1}",
		"{\"a\":[1}",
		"{\"a\":}",
		"{\"annotations\":{\"a\":nonsense}}",
		"{\"a\":\"line\nbreak\"}",
		"{\"process\":{]}}",
	};
	char *dir = tmp_new(), deep[512];
	struct node_container c;
	size_t i;
	int n = 0;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bundle_write(dir, "ns", "bad", bad[i]);
		if (bundle_get(dir, "ns", "bad", &c) != -EINVAL)
			fail_msg("%s", bad[i]);
		assert_null(c.id);
	}
	/* 64 deep is read, 65 is not. */
	for (i = 64; i <= 65; i++) {
		memset(deep, 0, sizeof(deep));
		strcpy(deep, "{\"x\":");
		memset(deep + 5, '[', i);
		memset(deep + 5 + i, ']', i);
		deep[5 + 2 * i] = '}';
		bundle_write(dir, "ns", "bad", deep);
		assert_int_equal(bundle_get(dir, "ns", "bad", &c), i == 64 ? 0 : -EINVAL);
		node_container_free(&c);
	}
	tmp_text(dir, TASKS "/ns/bad/init.pid", "77");
	assert_int_equal(node_bundles(0, dir, check_malformed, &n), 0);
	assert_int_equal(n, 1);
	tmp_free(dir);
}

static void test_sizes(void **state)
{
	size_t limit = (size_t)4 * 1024 * 1024;
	char *dir = tmp_new(), *big = malloc(limit + 2);
	struct node_container c;

	(void)state;
	bundle_write(dir, "ns", "big", "");
	memset(big, ' ', limit + 2);
	memcpy(big, "{}", 2);
	tmp_write(dir, TASKS "/ns/big/config.json", big, limit);
	assert_int_equal(bundle_get(dir, "ns", "big", &c), 0);
	node_container_free(&c);
	tmp_write(dir, TASKS "/ns/big/config.json", big, limit + 1);
	assert_int_equal(bundle_get(dir, "ns", "big", &c), -EINVAL);
	free(big);
	tmp_free(dir);
}

static void test_annotations_are_kept_as_they_are(void **state)
{
	char *dir = tmp_new(), *config, *value = malloc(4097);
	struct node_container c;

	(void)state;
	memset(value, 'v', 4096);
	value[4096] = '\0';
	assert_true(asprintf(&config,
			     "{\"process\":{\"terminal\":true,\"terminal\":false},\n"
			     " \"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"%s\","
			     "\"io.kubernetes.cri.sandbox-namespace\":\"a\\nb\\u001b["
			     "2J\\\"\\\\\\u00e9\","
			     "\"io.kubernetes.cri.container-name\":\"x\\u0000y\","
			     "\"io.kubernetes.cri.image-name\":[\"no string\"],"
			     "\"io.kubernetes.cri.sandbox-uid\":\"\","
			     "\"io.kubernetes.cri.container-type\":\"container\","
			     "\"io.kubernetes.cri.sandbox-id\":\"../../etc\"}}",
			     value) > 0);
	bundle_write(dir, "ns", "c", config);
	assert_int_equal(bundle_get(dir, "ns", "c", &c), 0);
	expect(c.pod, value);
	expect(c.pod_namespace, "a\nb\033[2J\"\\\xc3\xa9");
	/* What a C string cannot hold, is no string or empty is not known. */
	expect(c.name, NULL);
	expect(c.image, NULL);
	expect(c.pod_uid, NULL);
	expect(c.sandbox, "../../etc");
	assert_false(c.tty);
	/* A sandbox is a neighbour, not a path. */
	assert_int_equal(node_bundle_complete(0, &c), -EINVAL);
	expect(c.pod_uid, NULL);
	node_container_free(&c);
	free(config);
	free(value);
	tmp_free(dir);
}

static void expect_names(const char *log_directory, const char *namespace, const char *pod, const char *uid)
{
	char *dir = tmp_new(), *config;
	struct node_container c;

	assert_true(asprintf(&config,
			     "{\"annotations\":{\"io.kubernetes.cri.sandbox-log-directory\":\"%s\","
			     "\"io.kubernetes.cri.container-type\":\"sandbox\"}}",
			     log_directory) > 0);
	bundle_write(dir, "ns", "c", config);
	assert_int_equal(bundle_get(dir, "ns", "c", &c), 0);
	expect(c.log_directory, log_directory);
	expect(c.pod_namespace, namespace);
	expect(c.pod, pod);
	expect(c.pod_uid, uid);
	node_container_free(&c);
	free(config);
	tmp_free(dir);
}

static void test_names_from_log_directory(void **state)
{
	(void)state;
	expect_names("/var/log/pods/ns_pod-1_uid", "ns", "pod-1", "uid");
	expect_names("/var/log/pods/ns_pod_uid///", "ns", "pod", "uid");
	expect_names("ns_pod_uid", "ns", "pod", "uid");
	expect_names("/a_b_c/logs", NULL, NULL, NULL);
	expect_names("/var/log/pods/ns_pod", NULL, NULL, NULL);
	expect_names("/var/log/pods/a_b_c_d", NULL, NULL, NULL);
	expect_names("/var/log/pods/_b_c", NULL, NULL, NULL);
	expect_names("/var/log/pods/a__c", NULL, NULL, NULL);
	expect_names("/var/log/pods/a_b_", NULL, NULL, NULL);
	expect_names("///", NULL, NULL, NULL);
}

static void test_completion(void **state)
{
	char *dir = tmp_new();
	struct node_container c;

	(void)state;
	bundle_write(dir, "ns", "sb",
		     "{\"annotations\":{\"io.kubernetes.cri.container-type\":"
		     "\"sandbox\"," POD_ANNOTATIONS
		     ",\"io.kubernetes.cri.sandbox-log-directory\":\"/logs/prod_web_u-1\"}}");
	bundle_write(dir, "ns", "c",
		     "{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"sb\","
		     "\"io.kubernetes.cri.sandbox-name\":\"own\"}}");
	bundle_write(dir, "ns", "orphan", "{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"none\"}}");
	/* Another container is not a sandbox, whatever it is called. */
	bundle_write(dir, "ns", "liar", "{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"c\"}}");
	assert_int_equal(bundle_get(dir, "ns", "c", &c), 0);
	assert_int_equal(node_bundle_complete(0, &c), 0);
	expect(c.pod, "own");
	expect(c.pod_namespace, "prod");
	expect(c.pod_uid, "u-1");
	expect(c.log_directory, "/logs/prod_web_u-1");
	node_container_free(&c);
	assert_int_equal(bundle_get(dir, "ns", "orphan", &c), 0);
	assert_int_equal(node_bundle_complete(0, &c), -ENOENT);
	expect(c.pod, NULL);
	node_container_free(&c);
	assert_int_equal(bundle_get(dir, "ns", "liar", &c), 0);
	assert_int_equal(node_bundle_complete(0, &c), 0);
	expect(c.pod, NULL);
	node_container_free(&c);
	tmp_free(dir);
}

/* Files of a bundle that are not what they should be; no read waits for a writer. */
static void test_hostile_files(void **state)
{
	char *dir = tmp_new(), path[PATH_MAX], target[PATH_MAX];
	struct node_container c;
	size_t i;
	static const struct {
		const char *text;
		int64_t pid;
	} pids[] = {
		{ "1", 1 },
		{ "4194304\n", 4194304 },
		{ "0", FACT_UNKNOWN },
		{ "-5", FACT_UNKNOWN },
		{ "12x", FACT_UNKNOWN },
		{ "99999999999", FACT_UNKNOWN },
		{ "", FACT_UNKNOWN },
		{ " 12", FACT_UNKNOWN },
	};

	(void)state;
	bundle_write(dir, "ns", "c", NULL);
	snprintf(path, sizeof(path), "%s/" TASKS "/ns/c/config.json", dir);
	snprintf(target, sizeof(target), "%s/outside.json", dir);
	tmp_text(dir, "outside.json", "{}");
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(bundle_get(dir, "ns", "c", &c), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(bundle_get(dir, "ns", "c", &c), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(bundle_get(dir, "ns", "c", &c), -EINVAL);
	assert_int_equal(rmdir(path), 0);
	tmp_text(dir, TASKS "/ns/c/config.json", "{}");
	for (i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		tmp_text(dir, TASKS "/ns/c/init.pid", pids[i].text);
		assert_int_equal(bundle_get(dir, "ns", "c", &c), 0);
		assert_int_equal(c.init_pid, pids[i].pid);
		node_container_free(&c);
	}
	/* The newer file has the word; a broken one says nothing. */
	tmp_text(dir, TASKS "/ns/c/address", "unix:///old\n");
	assert_int_equal(bundle_get(dir, "ns", "c", &c), 0);
	expect(c.shim_address, "unix:///old");
	node_container_free(&c);
	tmp_text(dir, TASKS "/ns/c/bootstrap.json",
		 "{\"version\":3,\"address\":\"unix:///new\",\"protocol\":\"ttrpc\"}");
	assert_int_equal(bundle_get(dir, "ns", "c", &c), 0);
	expect(c.shim_address, "unix:///new");
	node_container_free(&c);
	tmp_text(dir, TASKS "/ns/c/bootstrap.json", "[[[");
	assert_int_equal(bundle_get(dir, "ns", "c", &c), 0);
	expect(c.shim_address, NULL);
	node_container_free(&c);
	tmp_free(dir);
}

/*
 * What node_open_in_root() must do with and without openat2(2). Returns a number for what it does
 * not.
 */
static int check_paths(const char *dir, bool openat2)
{
	char longest[PATH_MAX + 8], fd_path[64];
	int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, own;
	struct stat a, b;

	fd = node_open_in_root(root, "/sub//inner/", O_RDONLY | O_DIRECTORY);
	if (fd < 0 || fstat(fd, &a))
		return 1;
	close(fd);
	fd = node_open_in_root(root, "sub/inner/file", O_RDONLY);
	if (fd < 0)
		return 2;
	close(fd);
	/* Absolute links lead into this root, or are refused. */
	fd = node_open_in_root(root, "/link/inner/file", O_RDONLY);
	if (openat2 ? fd < 0 : fd != -ELOOP && fd != -ENOTDIR)
		return 3;
	if (fd >= 0)
		close(fd);
	fd = node_open_in_root(root, "/escape/passwd", O_RDONLY);
	if (fd != (openat2 ? -ENOENT : -ENOTDIR) && fd != -ELOOP)
		return 4;
	fd = node_open_in_root(root, "/../../../../../../../../etc/passwd", O_RDONLY);
	if (fd != (openat2 ? -ENOENT : -EXDEV))
		return 5;
	fd = node_open_in_root(root, "/sub/nothing", O_RDONLY);
	if (fd != -ENOENT)
		return 6;
	memset(longest, 'a', sizeof(longest));
	longest[PATH_MAX] = '\0';
	if (node_open_in_root(root, longest, O_RDONLY) != -ENAMETOOLONG)
		return 7;
	if (node_open_in_root(root, "", O_RDONLY) != -ENOENT)
		return 8;
	close(root);
	/* Magic links would lead anywhere. */
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(fd_path, sizeof(fd_path), "/proc/%d/fd/%d", getpid(), own);
	if (stat(fd_path, &b) || !S_ISDIR(b.st_mode))
		return 9;
	fd = node_open_in_root(root, fd_path, O_RDONLY);
	if (fd != -ELOOP)
		return 10;
	close(own);
	close(root);
	return 0;
}

static void test_paths(void **state)
{
	char *dir = tmp_new(), path[PATH_MAX];
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };
	int status;
	pid_t pid;

	(void)state;
	tmp_mkdir(dir, "sub/inner");
	tmp_text(dir, "sub/inner/file", "x");
	snprintf(path, sizeof(path), "%s/link", dir);
	assert_int_equal(symlink("/sub", path), 0);
	snprintf(path, sizeof(path), "%s/escape", dir);
	assert_int_equal(symlink("/etc", path), 0);
	assert_int_equal(check_paths(dir, true), 0);
	/* Again where a filter says that there is no openat2(2). */
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
			_exit(99);
		_exit(check_paths(dir, false));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	tmp_free(dir);
	if (WEXITSTATUS(status) == 99)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void expect_bundle_of(const char *path, const char *want)
{
	char dir[256] = "untouched";

	assert_int_equal(node_bundle_of_path(path, dir, sizeof(dir)), want ? 1 : 0);
	assert_string_equal(dir, want ? want : "untouched");
}

static void test_bundle_of_path(void **state)
{
	char dir[64];

	(void)state;
	expect_bundle_of("/run/containerd/" TASKS "/k8s.io/abc/log", "/run/containerd/" TASKS "/k8s.io/abc");
	expect_bundle_of("/x/" TASKS "/ns/.abc/log", "/x/" TASKS "/ns/.abc");
	expect_bundle_of("/run/containerd/" TASKS "/k8s.io/abc", NULL);
	expect_bundle_of("/run/containerd/" TASKS "/k8s.io/abc/", NULL);
	expect_bundle_of("/run/containerd/" TASKS "/k8s.io//log", NULL);
	expect_bundle_of("/run/containerd/" TASKS "//abc/log", NULL);
	expect_bundle_of("/run/containerd/" TASKS "/k8s.io/abc/rootfs/var/log/x", NULL);
	expect_bundle_of("/var/log/pods/a_b_c/d/0.log", NULL);
	expect_bundle_of("", NULL);
	assert_int_equal(node_bundle_of_path("/" TASKS "/n/i/f", dir, strlen("/" TASKS "/n/i")), 0);
	assert_int_equal(node_bundle_of_path("/" TASKS "/n/i/f", dir, strlen("/" TASKS "/n/i") + 1), 1);
	assert_string_equal(dir, "/" TASKS "/n/i");
}

static void test_state_dir(void **state)
{
	struct node_process shim = { .role = PROCESS_SHIM, .pid = getpid() };
	char *dir = tmp_new(), *address = join(dir, "containerd.sock"), *got;

	(void)state;
	shim.cwd = (char *)"/run/k3s/containerd/" TASKS "/k8s.io/" SANDBOX;
	got = node_state_dir(&shim);
	assert_string_equal(got, "/run/k3s/containerd");
	free(got);
	/* Its bundle is not known: by the address. */
	shim.cwd = NULL;
	shim.address = (char *)"/run/docker/containerd/containerd.sock";
	got = node_state_dir(&shim);
	assert_string_equal(got, "/run/docker/containerd/daemon");
	free(got);
	shim.cwd = (char *)"/";
	shim.address = address;
	assert_null(node_state_dir(&shim));
	tmp_mkdir(dir, TASKS);
	got = node_state_dir(&shim);
	assert_string_equal(got, dir);
	free(got);
	shim.address = NULL;
	assert_null(node_state_dir(&shim));
	shim.role = PROCESS_OTHER;
	assert_null(node_state_dir(&shim));
	free(address);
	tmp_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_bundles),
		cmocka_unit_test(test_all_bundles),
		cmocka_unit_test(test_what_is_no_bundle),
		cmocka_unit_test(test_malformed_configs),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_annotations_are_kept_as_they_are),
		cmocka_unit_test(test_names_from_log_directory),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_hostile_files),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_bundle_of_path),
		cmocka_unit_test(test_state_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
