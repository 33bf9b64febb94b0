// SPDX-License-Identifier: GPL-2.0-only
/* A large node: 500 containers, 20,000 channels. */
#include <time.h>

#include "test_model.h"

#define PODS	 250 /* of two containers */
#define CHANNELS 20000
#define WINDOWS	 3

/* CPU time, which the load of the machine does not change as much. */
static int64_t cpu_now(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static void feed_stream(struct feed *f, uint32_t *id, uint32_t shim, const char *cid, const char *stream)
{
	uint32_t pipe = ++*id, fifo = ++*id;
	char path[512];

	snprintf(path, sizeof(path), CRI_IO "%s/io/17/%s-%s", cid, cid, stream);
	feed_object(f, pipe, TRANSPORT_PIPE, NULL);
	feed_object(f, fifo, TRANSPORT_FIFO, path);
	feed_read(f, pipe, shim, 31, 3000 + *id, 100);
	feed_write(f, fifo, shim, 31, 3000 + *id, 100);
	feed_read(f, fifo, CONTAINERD, 37, 3000 + *id, 100);
	FEED(f, holder, .channel = pipe, .process = shim, .fd = (int)*id, .f_flags = O_RDONLY);
	FEED(f, holder, .channel = fifo, .process = shim, .fd = (int)*id + 1, .f_flags = O_WRONLY);
	FEED(f, link, .from = pipe, .to = fifo, .process = shim, .votes = 31);
}

static void feed_pod_of_two(struct feed *f, uint32_t *id, uint32_t pod)
{
	char sandbox[80], cid[80], dir[128], path[256];
	uint32_t shim = 1000 + pod;
	int i;

	snprintf(sandbox, sizeof(sandbox), "%064x", pod);
	snprintf(dir, sizeof(dir), "/var/log/pods/ns_pod-%u_uid-%u", pod, pod);
	FEED(f, process, .id = shim, .pid = 10000 + pod, .role = PROCESS_SHIM, .shim_id = sandbox);
	FEED(f, container, .id = sandbox, .namespace = "k8s.io", .is_sandbox = true, .log_directory = dir,
	     .shim_pid = 10000 + pod, .pod = "p");
	for (i = 0; i < 2; i++) {
		uint32_t file = ++*id;

		snprintf(cid, sizeof(cid), "%d%063x", i + 1, pod);
		FEED(f, container, .id = cid, .namespace = "k8s.io", .sandbox = sandbox,
		     .name = i ? "side" : "app", .shim_pid = 10000 + pod);
		feed_stream(f, id, shim, cid, "stdout");
		feed_stream(f, id, shim, cid, "stderr");
		snprintf(path, sizeof(path), "%s/%s/0.log", dir, i ? "side" : "app");
		feed_object(f, file, TRANSPORT_FILE, path);
		feed_write(f, file, CONTAINERD, 41, 4003, 100);
		FEED(f, link, .from = file + 2, .to = file, .process = CONTAINERD, .votes = 31);
	}
}

static struct feed feed_large(void)
{
	struct feed f = feed_node();
	uint32_t id = 0, pod;

	feed_second(&f, 0);
	for (pod = 0; pod < PODS; pod++)
		feed_pod_of_two(&f, &id, pod);
	for (; id < CHANNELS; id += 2) {
		FEED(&f, channel, .id = id + 1, .transport = TRANSPORT_UNIX_STREAM, .ino = 5000000 + id,
		     .peer_ino = 5000001 + id, .path = "/run/containerd/s/" SHA);
		FEED(&f, channel, .id = id + 2, .transport = TRANSPORT_UNIX_STREAM, .ino = 5000001 + id);
		feed_read(&f, id + 1, 1000 + id % PODS, 3, 31, 100);
		feed_write(&f, id + 2, CONTAINERD, 3, 31, 100);
	}
	return f;
}

static void a_large_node(void **state)
{
	struct feed f = feed_large();
	const struct model_container *c;
	int64_t best = INT64_MAX;
	size_t i, found = 0;
	int w;

	(void)state;
	for (w = 1; w <= WINDOWS; w++) {
		int64_t start;

		feed_second(&f, (uint64_t)w);
		start = cpu_now();
		resolve(&f, w % 2 ? MODEL_TOTAL : MODEL_WINDOW);
		if (cpu_now() - start < best)
			best = cpu_now() - start;
	}
	resolve(&f, MODEL_TOTAL);
	print_message("%zu channels, %zu containers: %" PRId64 " us\n", f.m->n_channels, f.m->n_containers,
		      best / 1000);
	for (i = 0; i < f.m->n_containers; i++) {
		c = f.m->containers[i];
		if (c->is_sandbox)
			continue;
		found++;
		assert_int_equal(c->n_streams, 2);
		assert_int_equal(c->streams[0].n_hops, 3);
		assert_int_equal(c->log_records, 41);
		assert_int_equal(c->calls, 2 * (31 + 31 + 37) + 41);
		assert_non_null(c->log_path);
	}
	assert_int_equal(found, 2 * PODS);
	/* objects, of which pairs of sockets make one channel */
	assert_int_equal(f.m->n_channels, PODS * 10 + (CHANNELS - PODS * 10) / 2);
	/* the address sanitizer makes everything slower */
#ifdef __SANITIZE_ADDRESS__
	assert_true(best < 2 * SECOND);
#else
	assert_true(best < 100 * MS);
#endif
	model_free(f.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
