// SPDX-License-Identifier: GPL-2.0-only
/* Roles and protocols that names tell. */
#include "test_model.h"

static const struct model_channel *one_socket(struct feed *f, uint32_t id, const char *path)
{
	char text[64];

	FEED(f, channel, .id = id, .transport = TRANSPORT_UNIX_STREAM, .ino = id, .path = path);
	resolve(f, MODEL_TOTAL);
	snprintf(text, sizeof(text), "unix-stream:0:%u", id);
	return channel_of(f->m, text);
}

/* What a runtime says of its addresses goes before what their names look like. */
static void addresses_of_runtimes(void **state)
{
	static const struct {
		const char *path;
		enum channel_role role;
		enum protocol protocol;
	} cases[] = {
		{ "/srv/cd/api", ROLE_GRPC_API, PROTOCOL_GRPC },
		{ "/srv/cd/events", ROLE_TTRPC_EVENTS, PROTOCOL_TTRPC },
		{ "/srv/cd/profile", ROLE_DEBUG, PROTOCOL_HTTP },
		{ "/srv/cd/api.ttrpc", ROLE_TTRPC_EVENTS, PROTOCOL_TTRPC },
		{ "/srv/shims/address", ROLE_GRPC_API, PROTOCOL_GRPC },
		{ "/srv/shims/address.ttrpc", ROLE_TTRPC_EVENTS, PROTOCOL_TTRPC },
		{ "/srv/containers/address", ROLE_GRPC_API, PROTOCOL_GRPC },
		{ "/srv/debug.sock", ROLE_GRPC_API, PROTOCOL_GRPC }, /* whatever it is called */
		{ "/run/run.sock", ROLE_GRPC_API, PROTOCOL_GRPC },
		{ "/var/run/run.sock", ROLE_GRPC_API, PROTOCOL_GRPC },
		{ "/srv/cd/ap", ROLE_OTHER, PROTOCOL_UNKNOWN },
		{ "/srv/of/a/client", ROLE_OTHER, PROTOCOL_UNKNOWN },
		{ "/dev/log", ROLE_OTHER, PROTOCOL_SYSLOG },
		{ NULL, ROLE_OTHER, PROTOCOL_UNKNOWN },
	};
	struct feed f = feed_node();
	size_t i;

	(void)state;
	FEED(&f, runtime, .pid = 101, .address = "/srv/cd/api", .ttrpc_address = "/srv/cd/events",
	     .debug_address = "/srv/cd/profile");
	FEED(&f, runtime, .pid = 102, .address = "/srv/debug.sock");
	FEED(&f, runtime, .pid = 103, .address = "unix:///var/run/run.sock");
	FEED(&f, process, .id = 9, .pid = 900, .role = PROCESS_SHIM, .address = "/srv/shims/address");
	FEED(&f, process, .id = 10, .pid = 901, .role = PROCESS_CLIENT, .address = "/srv/of/a/client");
	FEED(&f, container, .id = "c", .address = "/srv/containers/address");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct model_channel *ch = one_socket(&f, 50 + (uint32_t)i, cases[i].path);

		if (ch->role != cases[i].role || ch->protocol != cases[i].protocol)
			fail_msg("%s: %s %s", cases[i].path, channel_role_name(ch->role),
				 protocol_name(ch->protocol));
		assert_text(ch->path, cases[i].path);
	}
	model_free(f.m);
}

/* containerd 2.3 can be told where its shims' sockets are: then a shim must be there. */
static void task_sockets_elsewhere(void **state)
{
	struct feed f = feed_node();

	(void)state;
	assert_int_equal(one_socket(&f, 50, "/srv/sockets/" SHA)->role, ROLE_OTHER);
	feed_second(&f, 0);
	feed_read(&f, 50, SHIM, 1, 2, 3);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->channels[0]->role, ROLE_TTRPC_TASK);
	assert_int_equal(f.m->channels[0]->protocol, PROTOCOL_TTRPC);
	model_free(f.m);
}

/* A client's socket may have an address of its own: the one that says what it is for counts. */
static void the_address_of_either_socket(void **state)
{
	struct feed f = feed_node();

	(void)state;
	FEED(&f, channel, .id = 1, .transport = TRANSPORT_UNIX_STREAM, .ino = 11, .peer_ino = 13,
	     .path = "@00012");
	FEED(&f, channel, .id = 2, .transport = TRANSPORT_UNIX_STREAM, .ino = 13,
	     .path = "/x/containerd.sock");
	FEED(&f, channel, .id = 3, .transport = TRANSPORT_UNIX_STREAM, .ino = 17, .peer_ino = 19,
	     .path = "@00013");
	FEED(&f, channel, .id = 4, .transport = TRANSPORT_UNIX_STREAM, .ino = 19, .path = "/x/other.sock");
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 2);
	assert_int_equal(f.m->channels[0]->role, ROLE_GRPC_API);
	assert_string_equal(f.m->channels[0]->path, "/x/containerd.sock");
	assert_int_equal(f.m->channels[1]->role, ROLE_OTHER);
	assert_string_equal(f.m->channels[1]->path, "@00013");
	model_free(f.m);
}

static const struct model_channel *one_fifo(struct feed *f, uint32_t id, const char *path)
{
	feed_object(f, id, TRANSPORT_FIFO, path);
	resolve(f, MODEL_TOTAL);
	return object_channel(f->m, TRANSPORT_FIFO, id);
}

static void assert_fifo(const struct model_channel *ch, enum channel_role role, const char *container,
			const char *stream, const char *exec)
{
	assert_string_equal(channel_role_name(ch->role), channel_role_name(role));
	assert_text(ch->container, container);
	assert_text(ch->stream, stream);
	assert_text(ch->exec, exec);
	assert_int_equal(ch->protocol, PROTOCOL_RAW);
}

static void fifos_whose_directory_names_the_container(void **state)
{
	struct feed f = feed_node();

	(void)state;
	feed_pod(&f);
	feed_container(&f, CID_A, "app", 300);
	assert_fifo(one_fifo(&f, 10, CRI_IO CID_A "/io/1/" CID_A "-stdout"), ROLE_CONTAINER_LOG, CID_A,
		    "stdout", NULL);
	assert_fifo(one_fifo(&f, 11, CRI_IO CID_A "/io/1/" CID_A "-stderr"), ROLE_CONTAINER_LOG, CID_A,
		    "stderr", NULL);
	assert_fifo(one_fifo(&f, 12, CRI_IO CID_A "/io/1/" CID_A "-stdin"), ROLE_CONTAINER_STDIN, CID_A,
		    "stdin", NULL);
	assert_fifo(one_fifo(&f, 13, CRI_IO CID_A "/io/2/" SHA "-stderr"), ROLE_CONTAINER_LOG, CID_A,
		    "stderr", SHA);
	assert_fifo(one_fifo(&f, 14, BUNDLES "k8s.io/" CID_S "/log"), ROLE_SHIM_LOG, CID_S, NULL, NULL);
	assert_fifo(one_fifo(&f, 15, BUNDLES "k8s.io/" CID_B "/log"), ROLE_SHIM_LOG, CID_B, NULL, NULL);
	assert_fifo(one_fifo(&f, 16, BUNDLES "k8s.io/" CID_A "/exec.fifo"), ROLE_OTHER, NULL, NULL, NULL);
	assert_int_equal(f.m->n_containers, 2);
	/* a bundle that is nowhere usual is known from its container */
	FEED(&f, container, .id = "x", .namespace = "default", .bundle = "/srv/b/x/");
	assert_fifo(one_fifo(&f, 17, "/srv/b/x/log"), ROLE_SHIM_LOG, "x", NULL, NULL);
	assert_fifo(one_fifo(&f, 18, "/srv/b/y/log"), ROLE_OTHER, NULL, NULL, NULL);
	/* nothing but the FIFO told of these: k3s, Docker */
	assert_fifo(one_fifo(&f, 19,
			     "/run/k3s/containerd/io.containerd.grpc.v1.cri/containers/" CID_B "/io/1/" CID_B
			     "-stdout"),
		    ROLE_CONTAINER_LOG, CID_B, "stdout", NULL);
	assert_fifo(one_fifo(&f, 20, "/run/docker/containerd/" SHA "/init-stdout"), ROLE_CONTAINER_LOG, SHA,
		    "stdout", NULL);
	assert_fifo(one_fifo(&f, 21, "/run/docker/containerd/" SHA "/" CID_A "-stdout"), ROLE_CONTAINER_LOG,
		    SHA, "stdout", CID_A);
	assert_int_equal(f.m->n_containers, 5);
	assert_null(container_of_id(f.m, SHA)->namespace);
	assert_true(container_of_id(f.m, SHA)->shim_pid == FACT_UNKNOWN);
	model_free(f.m);
}

/* ctr: the name is the container's, or that of an exec of the only one that the shim serves. */
static void fifos_whose_name_is_all(void **state)
{
	struct feed f = feed_node();
	const struct model_channel *ch;

	(void)state;
	FEED(&f, process, .id = SHIM2, .pid = 500, .role = PROCESS_SHIM, .namespace = "default",
	     .shim_id = "late");
	FEED(&f, container, .id = "web", .namespace = "default", .shim_pid = 200);
	assert_fifo(one_fifo(&f, 10, "/run/containerd/fifo/1/web-stdout"), ROLE_CONTAINER_LOG, "web",
		    "stdout", NULL);
	/* nobody knows it */
	assert_fifo(one_fifo(&f, 11, "/run/containerd/fifo/2/sh1-stdout"), ROLE_CONTAINER_LOG, NULL, "stdout",
		    NULL);
	/* its shim serves one container only */
	FEED(&f, holder, .channel = 11, .process = SHIM, .fd = 20, .f_flags = O_WRONLY);
	resolve(&f, MODEL_TOTAL);
	assert_fifo(object_channel(f.m, TRANSPORT_FIFO, 11), ROLE_CONTAINER_LOG, "web", "stdout", "sh1");
	/* a shim's own id: a container that came and went before its bundle was read */
	feed_object(&f, 12, TRANSPORT_FIFO, "/run/containerd/fifo/3/late-stderr");
	feed_second(&f, 0);
	feed_write(&f, 12, SHIM2, 3, 5, 7);
	resolve(&f, MODEL_TOTAL);
	assert_fifo(object_channel(f.m, TRANSPORT_FIFO, 12), ROLE_CONTAINER_LOG, "late", "stderr", NULL);
	assert_string_equal(container_of_id(f.m, "late")->namespace, "default");
	assert_int_equal(container_of_id(f.m, "late")->shim_pid, 500);
	/* an exec that is named like another shim's container */
	FEED(&f, container, .id = "late", .namespace = "default", .shim_pid = 500);
	feed_object(&f, 13, TRANSPORT_FIFO, "/run/containerd/fifo/4/late-stdout");
	feed_write(&f, 13, SHIM, 3, 5, 7);
	resolve(&f, MODEL_TOTAL);
	assert_fifo(object_channel(f.m, TRANSPORT_FIFO, 13), ROLE_CONTAINER_LOG, "web", "stdout", "late");
	/* a container whose shim nobody told: not an exec of the one that this shim serves */
	FEED(&f, container, .id = "new", .namespace = "default");
	feed_object(&f, 16, TRANSPORT_FIFO, "/run/containerd/fifo/5/new-stdout");
	feed_write(&f, 16, SHIM, 3, 5, 7);
	resolve(&f, MODEL_TOTAL);
	assert_fifo(object_channel(f.m, TRANSPORT_FIFO, 16), ROLE_CONTAINER_LOG, "new", "stdout", NULL);
	assert_int_equal(container_of_id(f.m, "new")->shim_pid, 200);
	/* not the customs of anybody: a shim must be there */
	assert_fifo(one_fifo(&f, 14, "/tmp/x-stdout"), ROLE_OTHER, NULL, NULL, NULL);
	FEED(&f, holder, .channel = 14, .process = SHIM, .fd = 21, .f_flags = O_RDWR);
	resolve(&f, MODEL_TOTAL);
	ch = object_channel(f.m, TRANSPORT_FIFO, 14);
	assert_int_equal(ch->role, ROLE_CONTAINER_LOG);
	assert_fifo(one_fifo(&f, 15, "/tmp/web-stdout"), ROLE_CONTAINER_LOG, "web", "stdout", NULL);
	model_free(f.m);
}

/* Of two containers with one id, the one of the channel's shim, else of the path's state directory. */
static void the_right_one_of_the_same_id(void **state)
{
	struct feed f = feed_node();
	const struct model_container *a, *b;

	(void)state;
	FEED(&f, container, .id = "web", .namespace = "default", .address = "/a.sock", .shim_pid = 200,
	     .bundle = "/srv/a/io.containerd.runtime.v2.task/default/web");
	FEED(&f, container, .id = "web", .namespace = "default", .address = "/b.sock", .shim_pid = 500,
	     .bundle = "/srv/b/io.containerd.runtime.v2.task/default/web");
	FEED(&f, process, .id = SHIM2, .pid = 500, .role = PROCESS_SHIM);
	feed_object(&f, 10, TRANSPORT_FIFO, "/run/containerd/fifo/1/web-stdout");
	feed_object(&f, 11, TRANSPORT_FIFO, "/srv/b/fifo/1/web-stderr");
	feed_second(&f, 0);
	feed_write(&f, 10, SHIM2, 3, 31, 7);
	resolve(&f, MODEL_TOTAL);
	a = f.m->containers[0];
	b = f.m->containers[1];
	assert_string_equal(a->address, "/a.sock");
	assert_int_equal(a->n_streams, 0);
	assert_int_equal(b->n_streams, 2);
	assert_int_equal(own_stream(b, "stdout")->copied_bytes, 31);
	model_free(f.m);
}

static void hostile_names(void **state)
{
	size_t len = 1 << 16, i;
	char *path = malloc(len + 1);
	static const enum transport transports[] = { TRANSPORT_FIFO, TRANSPORT_FILE, TRANSPORT_UNIX_STREAM,
						     TRANSPORT_PTY, TRANSPORT_PIPE };
	static const char *const names[] = {
		"/",   "//",   "@",	  "\n",	      "\033[31m",   "\xff\xfe",
		"a b", "%s%n", "-stdout", "/-stdout", " (deleted)", "/ (deleted)"
	};
	struct feed f = feed_node();
	uint32_t id = 100;
	size_t t;

	(void)state;
	assert_non_null(path);
	memset(path, 'a', len);
	path[len] = '\0';
	feed_pod(&f);
	FEED(&f, container, .id = "\033[2J", .name = "", .bundle = "", .log_directory = "", .address = "");
	FEED(&f, container, .id = "c", .name = "/", .bundle = "/", .log_directory = "/", .address = "/");
	FEED(&f, container, .id = path, .name = path, .bundle = path, .log_directory = path, .address = path);
	FEED(&f, runtime, .pid = 104, .address = "", .ttrpc_address = path);
	for (t = 0; t < sizeof(transports) / sizeof(transports[0]); t++) {
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			feed_object(&f, id++, transports[t], names[i]);
		memset(path, 'a', len);
		feed_object(&f, id++, transports[t], path);
		for (i = 0; i < len; i += 2)
			path[i] = '/';
		feed_object(&f, id++, transports[t], path);
		memset(path, '-', len);
		feed_object(&f, id++, transports[t], path);
	}
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, id - 100);
	for (i = 0; i < f.m->n_channels; i++) {
		if (f.m->channels[i]->transport == TRANSPORT_FIFO)
			assert_int_equal(f.m->channels[i]->role, ROLE_OTHER);
	}
	/* names are kept as they are: who prints them makes them printable */
	assert_string_equal(object_channel(f.m, TRANSPORT_FIFO, 104)->path, "\033[31m");
	free(path);
	model_free(f.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_runtimes),
		cmocka_unit_test(task_sockets_elsewhere),
		cmocka_unit_test(the_address_of_either_socket),
		cmocka_unit_test(fifos_whose_directory_names_the_container),
		cmocka_unit_test(fifos_whose_name_is_all),
		cmocka_unit_test(the_right_one_of_the_same_id),
		cmocka_unit_test(hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
