// SPDX-License-Identifier: GPL-2.0-only
/* What the names of FIFOs, sockets and log files say. */
#include "test_model.h"

#include "model/path_parse.h"

static void assert_span(struct span s, const char *should)
{
	char text[512];

	snprintf(text, sizeof(text), "%.*s", (int)s.len, s.len ? s.at : "");
	assert_string_equal(text, should);
}

static const struct {
	const char *path;
	bool truncated;
	enum channel_role role;
	enum fifo_place place;
	const char *stream, *container, *name, *exec;
} fifos[] = {
	/* CRI, also below another state directory */
	{ CRI_IO CID_A "/io/1234/" CID_A "-stdout", false, ROLE_CONTAINER_LOG, FIFO_OF_CRI, "stdout", CID_A,
	  CID_A, "" },
	{ CRI_IO CID_A "/io/1234/" CID_A "-stderr", false, ROLE_CONTAINER_LOG, FIFO_OF_CRI, "stderr", CID_A,
	  CID_A, "" },
	{ CRI_IO CID_A "/io/1234/" CID_A "-stdin", false, ROLE_CONTAINER_STDIN, FIFO_OF_CRI, "stdin", CID_A,
	  CID_A, "" },
	{ "/run/k3s/containerd/io.containerd.grpc.v1.cri/containers/x/io/9/x-stdout", false,
	  ROLE_CONTAINER_LOG, FIFO_OF_CRI, "stdout", "x", "x", "" },
	{ CRI_IO CID_A "/io/77/" CID_B "-stdout", false, ROLE_CONTAINER_LOG, FIFO_OF_CRI, "stdout", CID_A,
	  CID_B, CID_B },
	{ CRI_IO CID_A "/io/77/probe-stdout-stderr", false, ROLE_CONTAINER_LOG, FIFO_OF_CRI, "stderr", CID_A,
	  "probe-stdout", "probe-stdout" },
	/* without the random directory */
	{ CRI_IO CID_A "/io/" CID_A "-stdout", false, ROLE_CONTAINER_LOG, FIFO_OF_CRI, "stdout", CID_A, CID_A,
	  "" },
	/* ctr, nerdctl: the directory does not tell */
	{ "/run/containerd/fifo/3312/web-1-stdout", false, ROLE_CONTAINER_LOG, FIFO_OF_CLIENT, "stdout", "",
	  "web-1", "" },
	{ "/run/containerd/fifo/3312/web-1-stdin", false, ROLE_CONTAINER_STDIN, FIFO_OF_CLIENT, "stdin", "",
	  "web-1", "" },
	/* Docker */
	{ "/run/docker/containerd/" CID_B "/init-stdout", false, ROLE_CONTAINER_LOG, FIFO_OF_DOCKER, "stdout",
	  CID_B, "init", "" },
	{ "/run/docker/containerd/" CID_B "/init-stdin", false, ROLE_CONTAINER_STDIN, FIFO_OF_DOCKER, "stdin",
	  CID_B, "init", "" },
	{ "/run/docker/containerd/" CID_B "/" CID_A "-stderr", false, ROLE_CONTAINER_LOG, FIFO_OF_DOCKER,
	  "stderr", CID_B, CID_A, CID_A },
	/* the shim's own log, v2 and v1 */
	{ BUNDLES "k8s.io/" CID_S "/log", false, ROLE_SHIM_LOG, FIFO_OF_BUNDLE, NULL, CID_S, "", "" },
	{ "/x/io.containerd.runtime.v1.linux/moby/c/log", false, ROLE_SHIM_LOG, FIFO_OF_BUNDLE, NULL, "c", "",
	  "" },
	/* somewhere else */
	{ "/tmp/c-stdout", false, ROLE_CONTAINER_LOG, FIFO_ELSEWHERE, "stdout", "", "c", "" },
	{ "c-stdout", false, ROLE_CONTAINER_LOG, FIFO_ELSEWHERE, "stdout", "", "c", "" },
	/* no log */
	{ BUNDLES "k8s.io/" CID_S "/exec.fifo", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ BUNDLES "k8s.io/" CID_S "/sub/log", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ "/var/log", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ "/run/x/-stdout", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ "-stdout", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ "/run/x/stdout", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ "/run/x/c-stdout.old", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ "/run/x/c-stdout/", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ "", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ "/", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ "////", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	/* only the end is known: the first component may be a part */
	{ "iners/" CID_A "/io/1/" CID_A "-stdout", true, ROLE_CONTAINER_LOG, FIFO_ELSEWHERE, "stdout", "",
	  CID_A, "" },
	{ "x/containers/" CID_A "/io/1/" CID_A "-stdout", true, ROLE_CONTAINER_LOG, FIFO_OF_CRI, "stdout",
	  CID_A, CID_A, "" },
	{ "containers/" CID_A "/io/1/" CID_A "-stdout", true, ROLE_CONTAINER_LOG, FIFO_ELSEWHERE, "stdout",
	  "", CID_A, "" },
	{ "-stdout", true, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	/* what no one would do but a stranger */
	{ CRI_IO "/io/1/-stdout", false, ROLE_OTHER, FIFO_ELSEWHERE, NULL, "", "", "" },
	{ CRI_IO "/io/1/x-stdout", false, ROLE_CONTAINER_LOG, FIFO_ELSEWHERE, "stdout", "", "x", "" },
	{ CRI_IO "a\033[2J\n/io/1/b\r-stdout", false, ROLE_CONTAINER_LOG, FIFO_OF_CRI, "stdout", "a\033[2J\n",
	  "b\r", "b\r" },
	{ "/run/docker/containerd//init-stdout", false, ROLE_CONTAINER_LOG, FIFO_ELSEWHERE, "stdout", "",
	  "init", "" },
};

static void fifo_names(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(fifos) / sizeof(fifos[0]); i++) {
		struct fifo_name f;

		path_parse_fifo(fifos[i].path, fifos[i].truncated, &f);
		if (f.role != fifos[i].role || f.place != fifos[i].place)
			fail_msg("%s: %s, place %d", fifos[i].path, channel_role_name(f.role), (int)f.place);
		assert_text(f.stream, fifos[i].stream);
		assert_span(f.container, fifos[i].container);
		assert_span(f.name, fifos[i].name);
		assert_span(f.exec, fifos[i].exec);
	}
}

static const struct {
	const char *address;
	enum channel_role role;
	enum protocol protocol;
} sockets[] = {
	{ "/run/containerd/s/" SHA, ROLE_TTRPC_TASK, PROTOCOL_TTRPC },
	{ "/var/run/containerd/s/" SHA, ROLE_TTRPC_TASK, PROTOCOL_TTRPC },
	{ "unix:///run/containerd/s/" SHA, ROLE_TTRPC_TASK, PROTOCOL_TTRPC },
	{ "@/containerd-shim/" SHA ".sock", ROLE_TTRPC_TASK, PROTOCOL_TTRPC },
	{ "@containerd-shim/" SHA ".sock", ROLE_TTRPC_TASK, PROTOCOL_TTRPC },
	{ "@/containerd-shim/moby/" CID_A "/shim.sock", ROLE_TTRPC_TASK, PROTOCOL_TTRPC },
	{ "/run/containerd/containerd.sock.ttrpc", ROLE_TTRPC_EVENTS, PROTOCOL_TTRPC },
	{ "/run/k3s/containerd/containerd.sock.ttrpc", ROLE_TTRPC_EVENTS, PROTOCOL_TTRPC },
	{ "/run/containerd/containerd.sock", ROLE_GRPC_API, PROTOCOL_GRPC },
	{ "/run/docker/containerd/containerd.sock", ROLE_GRPC_API, PROTOCOL_GRPC },
	{ "/run/k3s/containerd/containerd.sock", ROLE_GRPC_API, PROTOCOL_GRPC },
	{ "/run/containerd/debug.sock", ROLE_DEBUG, PROTOCOL_HTTP },
	{ "/var/run/docker/containerd/containerd-debug.sock", ROLE_DEBUG, PROTOCOL_HTTP },
	{ "/var/run/nri/nri.sock", ROLE_NRI, PROTOCOL_TTRPC },
	{ "/run/systemd/journal/stdout", ROLE_JOURNALD, PROTOCOL_SYSLOG },
	{ "/run/systemd/journal/socket", ROLE_JOURNALD, PROTOCOL_SYSLOG },
	{ "/run/systemd/journal/dev-log", ROLE_JOURNALD, PROTOCOL_SYSLOG },
	{ "/dev/log", ROLE_OTHER, PROTOCOL_SYSLOG },
	{ "/run/systemd/journal", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "/run/systemd/journalx/stdout", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "/run/systemd/notify", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "/run/" SHA, ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "/run/containerd/s/" SHA "0", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "/run/containerd/s/0123", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "/containerd-shim/" SHA ".sock", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "@", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "@/", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "/", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ ".sock.ttrpc", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "/var/run/docker.sock", ROLE_OTHER, PROTOCOL_UNKNOWN },
	{ "/run/\033]0;x\007/containerd.sock\n", ROLE_OTHER, PROTOCOL_UNKNOWN },
};

static void socket_addresses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		enum protocol p;
		enum channel_role role = path_parse_socket(sockets[i].address, &p);

		if (role != sockets[i].role || p != sockets[i].protocol)
			fail_msg("%s: %s %s", sockets[i].address, channel_role_name(role), protocol_name(p));
	}
}

static void json_logs(void **state)
{
	static const struct {
		const char *path, *id;
	} logs[] = {
		{ "/var/lib/docker/containers/" CID_A "/" CID_A "-json.log", CID_A },
		{ "/var/lib/nerdctl/1935db59/containers/default/x/x-json.log", "x" },
		{ "/d/x-json.log.1", "x" },
		{ "/d/x-json.log.2.gz", "x" },
		{ "/d/x-json.log2", "" },
		{ "/d/-json.log", "" },
		{ "/d/x-json.lo", "" },
		{ "-json.log", "" },
		{ "", "" },
		{ "/", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(logs) / sizeof(logs[0]); i++)
		assert_span(path_json_log(logs[i].path), logs[i].id);
}

static void pieces(void **state)
{
	(void)state;
	assert_span(path_base("/a/b"), "b");
	assert_span(path_dir("/a/b"), "/a");
	assert_span(path_base("/a/"), "");
	assert_span(path_base("a"), "a");
	assert_span(path_dir("a"), "");
	assert_span(path_dir("/a"), "");
	assert_span(path_base(""), "");
	assert_true(path_is_under("/a/b", "/a"));
	assert_false(path_is_under("/ab", "/a"));
	assert_false(path_is_under("/a", "/a"));
	assert_true(path_in_bundle(BUNDLES "k8s.io/x/address"));
	assert_false(path_in_bundle("/var/log/pods/x"));
	assert_int_equal(path_len_named("/a (deleted)"), 2);
	assert_int_equal(path_len_named("/a (deleted) "), 13);
	assert_int_equal(path_len_named("@a (deleted)"), 12);
	assert_int_equal(path_len_named(""), 0);
	assert_string_equal(path_plain_address("unix:///var/run/x"), "/run/x");
	assert_string_equal(path_plain_address("/var/runx"), "/var/runx");
	assert_true(span_is_hex64((struct span){ SHA, 64 }));
	assert_false(span_is_hex64((struct span){ SHA, 63 }));
	assert_false(span_is_hex64(
		(struct span){ "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", 64 }));
}

static void very_long_names(void **state)
{
	size_t len = 1 << 20;
	char *path = malloc(len + 64);
	struct fifo_name f;
	enum protocol p;

	(void)state;
	assert_non_null(path);
	memset(path, '/', len);
	snprintf(path + len, 64, "x-stdout");
	path_parse_fifo(path, false, &f);
	assert_int_equal(f.role, ROLE_CONTAINER_LOG);
	assert_int_equal(f.container.len, 0);
	memset(path, 'x', len);
	snprintf(path + len, 64, "-stdout");
	path_parse_fifo(path, false, &f);
	assert_int_equal(f.name.len, len);
	assert_int_equal(path_parse_socket(path, &p), ROLE_OTHER);
	assert_int_equal(path_json_log(path).len, 0);
	assert_int_equal(path_base(path).len, len + 7);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fifo_names), cmocka_unit_test(socket_addresses), cmocka_unit_test(json_logs),
		cmocka_unit_test(pieces),     cmocka_unit_test(very_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
