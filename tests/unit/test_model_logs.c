// SPDX-License-Identifier: GPL-2.0-only
/* Whose log file it is. */
#include "test_model.h"

#define PODS "/var/log/pods/shop_web_u-1"

enum { LOG_A = 20, LOG_B = 21 };

static struct feed feed_logs(void)
{
	struct feed f = feed_node();

	feed_pod(&f);
	feed_container(&f, CID_A, "app", 0);
	feed_container(&f, CID_B, "app-side", 0);
	feed_object(&f, LOG_A, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stdout");
	feed_object(&f, LOG_B, TRANSPORT_FIFO, CRI_IO CID_B "/io/1/" CID_B "-stdout");
	feed_second(&f, 0);
	return f;
}

static void vote(struct feed *f, uint32_t from, uint32_t to, uint64_t votes)
{
	FEED(f, link, .from = from, .to = to, .process = CONTAINERD, .votes = votes);
}

static void assert_file(const struct feed *f, uint32_t id, enum channel_role role, const char *container)
{
	const struct model_channel *ch = object_channel(f->m, TRANSPORT_FILE, id);

	if (ch->role != role)
		fail_msg("%s: %s", ch->path, channel_role_name(ch->role));
	assert_text(ch->container, container);
	assert_int_equal(ch->protocol, PROTOCOL_RAW);
}

static void by_directory_and_name(void **state)
{
	static const struct {
		const char *path;
		enum channel_role role;
		const char *container;
	} cases[] = {
		{ PODS "/app/0.log", ROLE_LOG_FILE, CID_A },
		{ PODS "/app/0.log.20260131-100000", ROLE_LOG_FILE, CID_A },
		{ PODS "/app/deeper/0.log", ROLE_LOG_FILE, CID_A },
		{ PODS "/app-side/0.log", ROLE_LOG_FILE, CID_B },
		{ PODS "/app_0.log", ROLE_LOG_FILE, CID_A },
		{ PODS "/app.log", ROLE_LOG_FILE, CID_A },
		{ PODS "/app", ROLE_LOG_FILE, CID_A },
		{ PODS "/app-side_0.log", ROLE_LOG_FILE, CID_B },
		{ PODS "/app-side.log", ROLE_LOG_FILE, CID_B },
		{ PODS "//app/0.log", ROLE_LOG_FILE, NULL },
		{ PODS "/app-other/0.log", ROLE_LOG_FILE, NULL },
		{ PODS "/apple.log", ROLE_LOG_FILE, NULL },
		{ PODS "/x.log", ROLE_LOG_FILE, NULL },
		{ PODS "x/app/0.log", ROLE_OTHER, NULL },
		{ PODS, ROLE_OTHER, NULL },
		{ "/var/lib/docker/containers/" CID_B "/" CID_B "-json.log", ROLE_LOG_FILE, CID_B },
		{ "/var/lib/docker/containers/x/" SHA "-json.log", ROLE_OTHER, NULL },
		{ "/var/lib/containerd/meta.db", ROLE_OTHER, NULL },
		{ "app/0.log", ROLE_OTHER, NULL },
		{ NULL, ROLE_OTHER, NULL },
	};
	struct feed f = feed_logs();
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		feed_object(&f, 50 + i, TRANSPORT_FILE, cases[i].path);
	resolve(&f, MODEL_TOTAL);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_file(&f, 50 + i, cases[i].role, cases[i].container);
	model_free(f.m);
}

/* The directory is told with the sandbox, or with the container; with a slash at its end or without. */
static void where_the_directory_is_told(void **state)
{
	struct feed f = feed_node();

	(void)state;
	FEED(&f, container, .id = "c1", .name = "one", .log_directory = "/logs/p1/");
	FEED(&f, container, .id = "s2", .is_sandbox = true, .pod = "p", .pod_namespace = "n", .pod_uid = "u");
	FEED(&f, container, .id = "c2", .name = "two", .sandbox = "s2");
	FEED(&f, container, .id = "c3", .name = "three", .sandbox = "s3");
	FEED(&f, container, .id = "s3", .is_sandbox = true, .log_directory = "/logs/p3");
	feed_object(&f, 50, TRANSPORT_FILE, "/logs/p1/one/0.log");
	feed_object(&f, 51, TRANSPORT_FILE, "/var/log/pods/n_p_u/two/0.log");
	feed_object(&f, 52, TRANSPORT_FILE, "/logs/p3/three/0.log");
	feed_object(&f, 53, TRANSPORT_FILE, "/logs/p3/x.log"); /* the only container there */
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 50, ROLE_LOG_FILE, "c1");
	assert_file(&f, 51, ROLE_LOG_FILE, "c2");
	assert_file(&f, 52, ROLE_LOG_FILE, "c3");
	assert_file(&f, 53, ROLE_LOG_FILE, "c3");
	assert_string_equal(container_of_id(f.m, "c3")->log_directory, "/logs/p3");
	assert_string_equal(container_of_id(f.m, "c2")->pod, "p");
	assert_string_equal(container_of_id(f.m, "c2")->pod_uid, "u");
	assert_string_equal(container_of_id(f.m, "c2")->log_path, "/var/log/pods/n_p_u/two/0.log");
	assert_null(container_of_id(f.m, "s3")->log_path);
	model_free(f.m);
}

/* A file in the directory of a name that is not the only container's: it may be one that is gone. */
static void another_name_in_the_only_containers_pod(void **state)
{
	struct feed f = feed_node();

	(void)state;
	feed_pod(&f);
	feed_container(&f, CID_A, "app", 0);
	feed_object(&f, LOG_B, TRANSPORT_FIFO, CRI_IO CID_B "/io/1/" CID_B "-stdout");
	feed_object(&f, 50, TRANSPORT_FILE, PODS "/init/0.log");
	feed_second(&f, 0);
	feed_read(&f, LOG_B, CONTAINERD, 3, 5, 7);
	feed_write(&f, 50, CONTAINERD, 3, 5, 7);
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 50, ROLE_LOG_FILE, CID_A);
	/* the FIFO of a container that no fact told of says so */
	vote(&f, LOG_B, 50, 3);
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 50, ROLE_LOG_FILE, CID_B);
	assert_string_equal(container_of_id(f.m, CID_B)->log_path, PODS "/init/0.log");
	model_free(f.m);
}

/* A container that was restarted: two have the name. */
static void two_containers_of_one_name(void **state)
{
	struct feed f = feed_node();

	(void)state;
	feed_pod(&f);
	feed_container(&f, CID_A, "app", 0);
	feed_object(&f, 50, TRANSPORT_FILE, PODS "/app/0.log");
	feed_container(&f, CID_B, "app", 0);
	feed_object(&f, 51, TRANSPORT_FILE, PODS "/app/1.log");
	feed_object(&f, LOG_A, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stdout");
	feed_object(&f, LOG_B, TRANSPORT_FIFO, CRI_IO CID_B "/io/1/" CID_B "-stdout");
	resolve(&f, MODEL_TOTAL);
	/* by age: the file of the container that was there when it was seen first */
	assert_file(&f, 50, ROLE_LOG_FILE, CID_A);
	assert_file(&f, 51, ROLE_LOG_FILE, CID_B);
	/* links know better */
	vote(&f, LOG_A, 50, 3);
	vote(&f, LOG_B, 50, 31);
	vote(&f, LOG_A, 51, 29);
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 50, ROLE_LOG_FILE, CID_B);
	assert_file(&f, 51, ROLE_LOG_FILE, CID_A);
	model_free(f.m);
}

static void by_links_alone(void **state)
{
	struct feed f = feed_logs();

	(void)state;
	/* a pod's log in a directory that nobody told of: containerd must write it */
	feed_object(&f, 50, TRANSPORT_FILE, "/var/log/pods/a_b_c/d/0.log");
	feed_object(&f, 51, TRANSPORT_FILE, "/var/log/pods/e_f_g/h/0.log");
	FEED(&f, holder, .channel = 51, .process = CONTAINERD, .fd = 40, .f_flags = O_WRONLY | O_APPEND);
	feed_object(&f, 52, TRANSPORT_FILE, "/var/log/pods/i_j_k/l/0.log");
	feed_write(&f, 52, CLIENT, 3, 5, 7);
	/* a client's file */
	feed_object(&f, 53, TRANSPORT_FILE, "/home/me/out.txt");
	vote(&f, LOG_A, 51, 31);
	vote(&f, LOG_B, 53, 37);
	vote(&f, LOG_A, 53, 5);
	vote(&f, LOG_B, 51, 7);
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 50, ROLE_OTHER, NULL);
	assert_file(&f, 51, ROLE_LOG_FILE, CID_A);
	assert_file(&f, 52, ROLE_OTHER, NULL);
	assert_file(&f, 53, ROLE_LOG_FILE, CID_B);
	model_free(f.m);
}

/* containerd's own log is written between two reads of anything: votes for it are no evidence. */
static void containerds_own_log(void **state)
{
	struct feed f = feed_logs();

	(void)state;
	feed_object(&f, 50, TRANSPORT_FILE, PODS "/app/0.log");
	feed_object(&f, 51, TRANSPORT_FILE, "/var/log/containerd.log");
	feed_object(&f, 52, TRANSPORT_FILE, BUNDLES "k8s.io/" CID_B "/init.pid");
	vote(&f, LOG_A, 51, 31); /* A has a log by name */
	vote(&f, LOG_A, 50, 29);
	vote(&f, LOG_B, 52, 31); /* a file of a bundle is no log */
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 50, ROLE_LOG_FILE, CID_A);
	assert_file(&f, 51, ROLE_OTHER, NULL);
	assert_file(&f, 52, ROLE_OTHER, NULL);
	model_free(f.m);

	/* what goes to several files, or comes from several containers, tells nothing */
	f = feed_logs();
	feed_object(&f, 51, TRANSPORT_FILE, "/var/log/containerd.log");
	feed_object(&f, 52, TRANSPORT_FILE, "/var/log/other.log");
	vote(&f, LOG_A, 51, 31);
	vote(&f, LOG_A, 52, 31);
	vote(&f, LOG_B, 51, 31);
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 51, ROLE_OTHER, NULL);
	assert_file(&f, 52, ROLE_OTHER, NULL);
	model_free(f.m);
}

/* Its name never came: the links still tell whose it is. */
static void a_log_without_a_name(void **state)
{
	struct feed f = feed_logs();

	(void)state;
	feed_object(&f, 50, TRANSPORT_FILE, NULL);
	feed_write(&f, 50, CONTAINERD, 31, 1009, 7);
	feed_read(&f, LOG_A, CONTAINERD, 3, 1000, 7);
	vote(&f, LOG_A, 50, 31);
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 50, ROLE_LOG_FILE, CID_A);
	assert_null(container_of_id(f.m, CID_A)->log_path);
	assert_int_equal(container_of_id(f.m, CID_A)->log_records, 31);
	model_free(f.m);
}

/* What an exec puts out goes to no log. */
static void an_exec_has_no_log(void **state)
{
	struct feed f = feed_logs();

	(void)state;
	feed_object(&f, 22, TRANSPORT_FIFO, CRI_IO CID_A "/io/2/probe-stdout");
	feed_object(&f, 50, TRANSPORT_FILE, "/home/me/out.txt");
	vote(&f, 22, 50, 31);
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 50, ROLE_OTHER, NULL);
	model_free(f.m);
}

/* --log-uri file://: the shim writes the log itself, raw. */
static void a_shim_that_writes_the_log(void **state)
{
	struct feed f = feed_node();
	const struct model_container *c;
	const struct model_stream *s;

	(void)state;
	FEED(&f, container, .id = "web", .namespace = "default", .shim_pid = 200, .init_pid = 300);
	feed_object(&f, 10, TRANSPORT_PIPE, NULL);
	feed_object(&f, 11, TRANSPORT_PIPE, NULL);
	feed_object(&f, 50, TRANSPORT_FILE, "/var/log/web.log");
	FEED(&f, holder, .channel = 10, .process = WRITER, .fd = 1, .f_flags = O_WRONLY);
	feed_second(&f, 0);
	feed_read(&f, 10, SHIM, 31, 1009, 7);
	feed_write(&f, 50, SHIM, 31, 1009, 11);
	FEED(&f, link, .from = 10, .to = 50, .process = SHIM, .votes = 31);
	resolve(&f, MODEL_TOTAL);
	assert_file(&f, 50, ROLE_LOG_FILE, "web");
	c = container_of_id(f.m, "web");
	s = own_stream(c, "stdout");
	assert_int_equal(s->n_hops, 2);
	assert_int_equal(s->hops[1].from, PROCESS_SHIM);
	assert_int_equal(s->log_bytes, 1009);
	assert_int_equal(s->file_bytes, 1009);
	assert_int_equal(s->copied_bytes, 2018);
	assert_string_equal(c->log_path, "/var/log/web.log");
	/* without any descriptor: the container is the shim's only one, the stream is not known */
	FEED(&f, holder, .channel = 11, .process = WRITER, .fd = 1, .f_flags = O_WRONLY);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(object_channel(f.m, TRANSPORT_PIPE, 10)->role, ROLE_CONTAINER_OUTPUT);
	assert_text(object_channel(f.m, TRANSPORT_PIPE, 10)->container, "web");
	assert_text(object_channel(f.m, TRANSPORT_PIPE, 10)->stream, NULL);
	assert_file(&f, 50, ROLE_LOG_FILE, "web");
	c = container_of_id(f.m, "web");
	assert_int_equal(c->n_streams, 0);
	assert_int_equal(c->log_bytes, 1009);
	assert_int_equal(c->log_records, 31);
	assert_int_equal(c->copied_bytes, 2018);
	assert_int_equal(c->cpu_ns, 18);
	model_free(f.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_directory_and_name),
		cmocka_unit_test(where_the_directory_is_told),
		cmocka_unit_test(another_name_in_the_only_containers_pod),
		cmocka_unit_test(two_containers_of_one_name),
		cmocka_unit_test(by_links_alone),
		cmocka_unit_test(containerds_own_log),
		cmocka_unit_test(a_log_without_a_name),
		cmocka_unit_test(an_exec_has_no_log),
		cmocka_unit_test(a_shim_that_writes_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
