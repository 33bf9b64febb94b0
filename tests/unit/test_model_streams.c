// SPDX-License-Identifier: GPL-2.0-only
/* Streams over their hops, and what they cost. */
#include "test_model.h"

#define LOG_DIR "/var/log/pods/shop_web_u-1/app/"

enum {
	OUT = 10,
	ERR,
	FIFO_OUT = 20,
	FIFO_ERR,
	LOG_FILE = 30,
	LOG_FILE2,
	EXEC_PIPE = 40,
	EXEC_FIFO,
	TTY = 50
};

/* A pod with one container, whose pipes are linked to its FIFOs. */
static struct feed feed_container_a(void)
{
	struct feed f = feed_node();

	feed_pod(&f);
	feed_container(&f, CID_A, "app", 300);
	feed_object(&f, OUT, TRANSPORT_PIPE, NULL);
	feed_object(&f, ERR, TRANSPORT_PIPE, NULL);
	feed_object(&f, FIFO_OUT, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stdout");
	feed_object(&f, FIFO_ERR, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stderr");
	feed_object(&f, LOG_FILE, TRANSPORT_FILE, LOG_DIR "0.log");
	FEED(&f, link, .from = OUT, .to = FIFO_OUT, .process = SHIM, .votes = 3);
	FEED(&f, link, .from = ERR, .to = FIFO_ERR, .process = SHIM, .votes = 3);
	return f;
}

static void feed_counters(struct feed *f, uint32_t channel, uint32_t process, enum direction d,
			  const struct counters *n)
{
	FEED(f, end, .channel = channel, .process = process, .direction = d, .counters = n);
}

/* One stream, all the way; every number its own prime. */
static void feed_stdout(struct feed *f)
{
	feed_counters(f, OUT, SHIM, DIRECTION_READ,
		      &(struct counters){
			      .calls = 211, .bytes = 10007, .eagain = 101, .cpu_ns = 307, .blocked_ns = 2 });
	feed_counters(f, FIFO_OUT, SHIM, DIRECTION_WRITE,
		      &(struct counters){ .calls = 103, .bytes = 10007, .cpu_ns = 311, .blocked_ns = 3 });
	feed_counters(f, FIFO_OUT, CONTAINERD, DIRECTION_READ,
		      &(struct counters){
			      .calls = 107, .bytes = 10007, .eagain = 53, .cpu_ns = 313, .blocked_ns = 5 });
	feed_counters(f, LOG_FILE, CONTAINERD, DIRECTION_WRITE,
		      &(struct counters){ .calls = 113,
					  .bytes = 14009,
					  .errors = 2,
					  .cpu_ns = 317,
					  .blocked_ns = 7,
					  .moved_bytes = 11 });
}

static void assert_hop(const struct model_hop *hop, const char *channel, enum process_role from,
		       enum process_role to, int64_t in, int64_t out)
{
	assert_string_equal(hop->channel->id, channel);
	assert_int_equal(hop->from, from);
	assert_int_equal(hop->to, to);
	if (in < 0)
		assert_null(hop->in);
	else
		assert_int_equal(hop->in->n.bytes, in);
	if (out < 0)
		assert_null(hop->out);
	else
		assert_int_equal(hop->out->n.bytes, out);
}

static void the_whole_way(void **state)
{
	struct feed f = feed_container_a();
	const struct model_container *c;
	const struct model_stream *s;

	(void)state;
	feed_second(&f, 0);
	feed_stdout(&f);
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, CID_A);
	assert_string_equal(c->pod, "web");
	assert_string_equal(c->log_path, LOG_DIR "0.log");
	assert_int_equal(c->n_streams, 2);
	assert_int_equal(c->n_execs, 0);
	assert_string_equal(c->streams[0].stream, "stdout");
	assert_string_equal(c->streams[1].stream, "stderr");
	s = &c->streams[0];
	assert_null(s->exec);
	assert_int_equal(s->n_hops, 3);
	assert_hop(&s->hops[0], "pipe:0:24:10000", PROCESS_WRITER, PROCESS_SHIM, -1, 10007);
	assert_hop(&s->hops[1], "fifo:0:24:20000", PROCESS_SHIM, PROCESS_CONTAINERD, 10007, 10007);
	assert_hop(&s->hops[2], "file:0:24:30000", PROCESS_CONTAINERD, PROCESS_OTHER, 14009, -1);
	assert_false(s->hops[2].shared);
	assert_int_equal(s->hops[1].out->process->id, CONTAINERD);
	assert_int_equal(s->log_bytes, 10007);
	assert_int_equal(s->log_records, 111); /* two of the writes failed */
	assert_int_equal(s->file_bytes, 14020);
	assert_int_equal(s->copied_bytes, 10007 * 3 + 14009);
	assert_int_equal(s->moved_bytes, 11);
	assert_int_equal(s->calls, 211 + 103 + 107 + 113);
	assert_int_equal(s->cpu_ns, 307 + 311 + 313 + 317);
	assert_int_equal(s->blocked_ns, 17);
	assert_int_equal(s->eagain, 154);
	/* what its silent sister knows: nothing was written, by it */
	s = &c->streams[1];
	assert_int_equal(s->n_hops, 1); /* its pipe was not used: nobody knows that it is one */
	assert_int_equal(s->log_bytes, 0);
	assert_int_equal(s->log_records, 0);
	assert_int_equal(s->file_bytes, 0);
	assert_int_equal(s->calls, 0);
	assert_int_equal(c->log_bytes, 10007);
	assert_int_equal(c->log_records, 111);
	assert_int_equal(c->file_bytes, 14020);
	assert_int_equal(c->copied_bytes, 10007 * 3 + 14009);
	assert_int_equal(c->calls, 534);
	assert_int_equal(c->cpu_ns, 1248);
	/* the sandbox */
	c = container_of_id(f.m, CID_S);
	assert_int_equal(c->n_streams, 0);
	assert_true(c->log_bytes == FACT_UNKNOWN);
	assert_null(c->log_path);
	model_free(f.m);
}

static void both_streams_in_one_file(void **state)
{
	struct feed f = feed_container_a();
	const struct model_container *c;
	const struct model_stream *out, *err;

	(void)state;
	feed_second(&f, 0);
	feed_stdout(&f);
	feed_read(&f, ERR, SHIM, 5, 409, 11);
	feed_write(&f, FIFO_ERR, SHIM, 7, 409, 13);
	feed_read(&f, FIFO_ERR, CONTAINERD, 3, 401, 17); /* the rest was lost */
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, CID_A);
	out = own_stream(c, "stdout");
	err = own_stream(c, "stderr");
	assert_int_equal(out->n_hops, 3);
	assert_int_equal(err->n_hops, 3);
	assert_true(out->hops[2].shared);
	assert_true(err->hops[2].shared);
	assert_ptr_equal(out->hops[2].channel, err->hops[2].channel);
	assert_true(out->log_records == FACT_UNKNOWN);
	assert_true(out->file_bytes == FACT_UNKNOWN);
	assert_true(err->log_records == FACT_UNKNOWN);
	assert_true(err->file_bytes == FACT_UNKNOWN);
	assert_int_equal(out->log_bytes, 10007);
	assert_int_equal(err->log_bytes, 409);
	assert_int_equal(err->copied_bytes, 409 + 409 + 401 + 14009);
	/* the container counts the file once */
	assert_int_equal(c->log_bytes, 10416);
	assert_int_equal(c->log_records, 111);
	assert_int_equal(c->file_bytes, 14020);
	assert_int_equal(c->copied_bytes, 10007 * 3 + 14009 + 409 + 409 + 401);
	assert_int_equal(c->calls, 534 + 15);
	assert_int_equal(c->cpu_ns, 1248 + 41);
	model_free(f.m);
}

static void rotation(void **state)
{
	struct feed f = feed_container_a();
	const struct model_container *c;
	const struct model_stream *s;

	(void)state;
	feed_second(&f, 0);
	feed_stdout(&f);
	feed_object(&f, LOG_FILE2, TRANSPORT_FILE, LOG_DIR "0.log");
	feed_object(&f, LOG_FILE, TRANSPORT_FILE, LOG_DIR "0.log.20260131-100000");
	feed_second(&f, 1);
	feed_write(&f, LOG_FILE2, CONTAINERD, 17, 2003, 19);
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, CID_A);
	assert_string_equal(c->log_path, LOG_DIR "0.log");
	s = own_stream(c, "stdout");
	assert_int_equal(s->n_hops, 4);
	assert_string_equal(s->hops[2].channel->path, LOG_DIR "0.log.20260131-100000");
	assert_string_equal(s->hops[3].channel->path, LOG_DIR "0.log");
	assert_int_equal(s->log_records, 128);
	assert_int_equal(s->file_bytes, 16023);
	assert_int_equal(c->file_bytes, 16023);
	assert_int_equal(c->log_records, 128);
	/* the window's numbers are the window's */
	resolve(&f, MODEL_WINDOW);
	c = container_of_id(f.m, CID_A);
	s = own_stream(c, "stdout");
	assert_int_equal(s->n_hops, 4);
	assert_int_equal(s->log_records, 17);
	assert_int_equal(s->file_bytes, 2003);
	assert_int_equal(s->log_bytes, 0);
	assert_int_equal(s->copied_bytes, 2003);
	assert_int_equal(c->cpu_ns, 19);
	model_free(f.m);
}

static void with_writers(void **state)
{
	struct feed f = feed_container_a();
	const struct model_stream *s;

	(void)state;
	feed_second(&f, 0);
	feed_stdout(&f);
	FEED(&f, process, .id = 9, .pid = 301, .role = PROCESS_WRITER);
	feed_counters(&f, OUT, WRITER, DIRECTION_WRITE,
		      &(struct counters){ .calls = 61, .bytes = 10000, .moved_bytes = 9, .cpu_ns = 67 });
	feed_write(&f, OUT, 9, 2, 7, 71);
	resolve(&f, MODEL_TOTAL);
	/* only a trace of the writers saw all of their calls */
	s = own_stream(container_of_id(f.m, CID_A), "stdout");
	assert_int_equal(s->log_bytes, 10007);
	FEED(&f, trace, .start_ns = START, .start_realtime_ns = START_REALTIME, .interval_ns = SECOND,
	     .writers = true);
	resolve(&f, MODEL_TOTAL);
	s = own_stream(container_of_id(f.m, CID_A), "stdout");
	assert_int_equal(s->log_bytes, 10016);
	assert_int_equal(s->hops[0].in->n.calls, 63);
	assert_int_equal(s->hops[0].in->n.bytes, 10007);
	assert_int_equal(s->hops[0].in->process->id, WRITER); /* the one of the most bytes */
	assert_int_equal(s->hops[0].in->direction, DIRECTION_WRITE);
	assert_ptr_equal(s->hops[0].in->channel, s->hops[0].channel);
	assert_int_equal(s->copied_bytes, 10007 * 4 + 14009);
	assert_int_equal(s->moved_bytes, 20);
	assert_int_equal(s->cpu_ns, 1248 + 67 + 71);
	/* the channel itself still shows both ends apart */
	assert_int_equal(end_of(s->hops[0].channel, 9, DIRECTION_WRITE)->n.bytes, 7);
	assert_int_equal(end_of(s->hops[0].channel, WRITER, DIRECTION_WRITE)->n.bytes, 10000);
	model_free(f.m);
}

static void what_nobody_knows(void **state)
{
	struct feed f = feed_node();
	const struct model_container *c;
	const struct model_stream *s;

	(void)state;
	feed_pod(&f);
	feed_container(&f, CID_A, "app", 300);
	feed_object(&f, FIFO_OUT, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stdout");
	resolve(&f, MODEL_TOTAL);
	/* nothing was traced: nothing is known */
	c = container_of_id(f.m, CID_A);
	s = own_stream(c, "stdout");
	assert_true(s->log_bytes == FACT_UNKNOWN);
	assert_true(s->log_records == FACT_UNKNOWN);
	assert_true(s->file_bytes == FACT_UNKNOWN);
	assert_true(c->log_bytes == FACT_UNKNOWN);
	assert_true(c->log_records == FACT_UNKNOWN);
	/* a FIFO that nothing went through: no output */
	feed_second(&f, 0);
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, CID_A);
	s = own_stream(c, "stdout");
	assert_int_equal(s->log_bytes, 0);
	assert_int_equal(s->log_records, 0);
	assert_int_equal(s->file_bytes, 0);
	assert_int_equal(s->calls, 0);
	assert_int_equal(c->log_bytes, 0);
	assert_int_equal(c->log_records, 0);
	/* output whose pipe and file were not seen */
	feed_write(&f, FIFO_OUT, SHIM, 3, 1009, 7);
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, CID_A);
	assert_true(own_stream(c, "stdout")->log_bytes == FACT_UNKNOWN);
	assert_true(c->log_records == FACT_UNKNOWN);
	feed_read(&f, FIFO_OUT, CLIENT, 3, 1009, 7);
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, CID_A);
	s = own_stream(c, "stdout");
	assert_int_equal(s->n_hops, 1);
	assert_int_equal(s->hops[0].to, PROCESS_CLIENT);
	assert_true(s->log_bytes == FACT_UNKNOWN);
	assert_true(s->log_records == FACT_UNKNOWN);
	assert_true(s->file_bytes == FACT_UNKNOWN);
	assert_true(c->log_bytes == FACT_UNKNOWN);
	assert_true(c->log_records == FACT_UNKNOWN);
	assert_int_equal(c->copied_bytes, 2018);
	/* a file that nobody was seen writing */
	feed_object(&f, LOG_FILE, TRANSPORT_FILE, LOG_DIR "0.log");
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, CID_A);
	assert_true(own_stream(c, "stdout")->file_bytes == FACT_UNKNOWN);
	assert_true(c->file_bytes == FACT_UNKNOWN);
	assert_string_equal(c->log_path, LOG_DIR "0.log");
	model_free(f.m);
}

/* Where the ends are missing, holders tell who reads; without them, where the FIFO lies. */
static void who_reads_a_log(void **state)
{
	struct feed f = feed_node();

	(void)state;
	FEED(&f, container, .id = "c1", .shim_pid = 200);
	feed_object(&f, 1, TRANSPORT_FIFO, "/run/containerd/fifo/1/c1-stdout");
	feed_object(&f, 2, TRANSPORT_FIFO, CRI_IO "c2/io/1/c2-stdout");
	feed_object(&f, 3, TRANSPORT_FIFO, CRI_IO "c3/io/1/c3-stdout");
	FEED(&f, holder, .channel = 3, .process = SHIM, .fd = 9, .f_flags = O_RDONLY);
	FEED(&f, holder, .channel = 3, .process = CLIENT, .fd = 9, .f_flags = O_RDONLY);
	/* an O_PATH descriptor reads nothing */
	FEED(&f, holder, .channel = 3, .process = CONTAINERD, .fd = 9, .f_flags = 010000000);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(own_stream(container_of_id(f.m, "c1"), "stdout")->hops[0].to, PROCESS_CLIENT);
	assert_int_equal(own_stream(container_of_id(f.m, "c2"), "stdout")->hops[0].to, PROCESS_CONTAINERD);
	assert_int_equal(own_stream(container_of_id(f.m, "c3"), "stdout")->hops[0].to, PROCESS_CLIENT);
	model_free(f.m);
}

static void execs_stand_apart(void **state)
{
	struct feed f = feed_container_a();
	const struct model_container *c;
	const struct model_stream *s;

	(void)state;
	feed_second(&f, 0);
	feed_stdout(&f);
	feed_object(&f, EXEC_PIPE, TRANSPORT_PIPE, NULL);
	feed_object(&f, EXEC_FIFO, TRANSPORT_FIFO, CRI_IO CID_A "/io/2/zz-stderr");
	feed_object(&f, EXEC_FIFO + 1, TRANSPORT_FIFO, CRI_IO CID_A "/io/3/aa-stdout");
	feed_object(&f, EXEC_FIFO + 2, TRANSPORT_FIFO, CRI_IO CID_A "/io/2/zz-stdout");
	feed_read(&f, EXEC_PIPE, SHIM, 3, 400000, 5);
	feed_write(&f, EXEC_FIFO + 2, SHIM, 7, 400000, 11);
	feed_read(&f, EXEC_FIFO + 2, CONTAINERD, 13, 400000, 17);
	FEED(&f, link, .from = EXEC_PIPE, .to = EXEC_FIFO + 2, .process = SHIM, .votes = 3);
	FEED(&f, link, .from = EXEC_FIFO + 2, .to = LOG_FILE, .process = CONTAINERD, .votes = 31);
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, CID_A);
	assert_int_equal(c->n_streams, 2);
	assert_int_equal(c->n_execs, 3);
	assert_string_equal(c->execs[0].exec, "aa");
	assert_string_equal(c->execs[1].exec, "zz");
	assert_string_equal(c->execs[1].stream, "stdout");
	assert_string_equal(c->execs[2].stream, "stderr");
	s = stream_named(c->execs, c->n_execs, "stdout", "zz");
	assert_int_equal(s->n_hops, 2);
	assert_int_equal(s->log_bytes, 400000);
	assert_int_equal(s->copied_bytes, 1200000);
	assert_int_equal(s->cpu_ns, 33);
	assert_true(s->log_records == FACT_UNKNOWN); /* it goes to no log */
	assert_int_equal(c->execs[0].log_bytes, 0);
	/* the container's own are as they were */
	assert_int_equal(c->log_bytes, 10007);
	assert_int_equal(c->cpu_ns, 1248);
	assert_int_equal(own_stream(c, "stdout")->log_records, 111);
	model_free(f.m);
}

/* A terminal: the shim writes the container's input into it and the container reads it there. */
static void a_terminal(void **state)
{
	struct feed f = feed_node();
	const struct model_container *c;
	const struct model_stream *s;

	(void)state;
	feed_pod(&f);
	feed_container(&f, CID_A, "app", 300);
	FEED(&f, container, .id = CID_A, .tty = true);
	FEED(&f, trace, .start_ns = START, .writers = true);
	feed_object(&f, TTY, TRANSPORT_PTY, "/dev/ptmx");
	feed_object(&f, FIFO_OUT, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stdout");
	feed_second(&f, 0);
	feed_write(&f, TTY, WRITER, 31, 1000, 2);
	feed_read(&f, TTY, SHIM, 37, 1031, 3); /* a newline becomes two bytes */
	feed_write(&f, TTY, SHIM, 41, 53, 5);
	feed_read(&f, TTY, WRITER, 43, 53, 7);
	feed_write(&f, FIFO_OUT, SHIM, 47, 1031, 11);
	FEED(&f, link, .from = TTY, .to = FIFO_OUT, .process = SHIM, .votes = 37);
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, CID_A);
	assert_int_equal(c->n_streams, 1);
	s = own_stream(c, "stdout");
	assert_hop(&s->hops[0], "pty:0:24:50000", PROCESS_WRITER, PROCESS_SHIM, 1000, 1031);
	assert_int_equal(s->log_bytes, 1000);
	assert_int_equal(s->copied_bytes, 1000 + 1031 + 1031);
	assert_int_equal(s->calls, 31 + 37 + 47);
	assert_int_equal(c->cpu_ns, 16);
	assert_int_equal(s->hops[0].channel->n_ends, 4);
	model_free(f.m);
}

/* A container that was started again under its id: all of its channels are its. */
static void the_same_container_again(void **state)
{
	struct feed f = feed_node();
	const struct model_stream *s;

	(void)state;
	FEED(&f, container, .id = "web", .shim_pid = 200);
	feed_object(&f, 1, TRANSPORT_PIPE, NULL);
	feed_object(&f, 2, TRANSPORT_PIPE, NULL);
	feed_object(&f, 3, TRANSPORT_FIFO, "/run/containerd/fifo/1/web-stdout");
	feed_object(&f, 4, TRANSPORT_FIFO, "/run/containerd/fifo/2/web-stdout");
	feed_second(&f, 0);
	feed_read(&f, 1, SHIM, 3, 31, 1);
	feed_write(&f, 3, SHIM, 3, 31, 1);
	feed_read(&f, 2, SHIM, 5, 37, 1);
	feed_write(&f, 4, SHIM, 5, 37, 1);
	resolve(&f, MODEL_TOTAL);
	s = own_stream(container_of_id(f.m, "web"), "stdout");
	assert_int_equal(s->n_hops, 4);
	assert_string_equal(s->hops[0].channel->id, "pipe:0:24:1000");
	assert_string_equal(s->hops[1].channel->id, "pipe:0:24:2000");
	assert_string_equal(s->hops[2].channel->id, "fifo:0:24:3000");
	assert_int_equal(s->log_bytes, 68);
	assert_int_equal(s->copied_bytes, 136);
	model_free(f.m);
}

static void numbers_from_a_stranger(void **state)
{
	struct feed f = feed_container_a();
	const struct counters huge = { .calls = UINT64_MAX - 1,
				       .bytes = UINT64_MAX,
				       .moved_bytes = UINT64_MAX / 2,
				       .eagain = 7,
				       .errors = UINT64_MAX,
				       .cpu_ns = UINT64_MAX };
	const struct model_stream *s;
	int i;

	(void)state;
	feed_second(&f, 0);
	for (i = 0; i < 3; i++) {
		feed_counters(&f, OUT, SHIM, DIRECTION_READ, &huge);
		feed_counters(&f, FIFO_OUT, SHIM, DIRECTION_WRITE, &huge);
		feed_counters(&f, FIFO_OUT, SHIM2 - 1, DIRECTION_WRITE, &huge);
		feed_counters(&f, LOG_FILE, CONTAINERD, DIRECTION_WRITE, &huge);
		resolve(&f, i % 2 ? MODEL_WINDOW : MODEL_TOTAL);
		s = own_stream(container_of_id(f.m, CID_A), "stdout");
		assert_true(s->log_bytes >= 0);
		assert_true(s->file_bytes >= 0);
		assert_true(s->log_records >= 0);
	}
	model_free(f.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_way),
		cmocka_unit_test(both_streams_in_one_file),
		cmocka_unit_test(rotation),
		cmocka_unit_test(with_writers),
		cmocka_unit_test(what_nobody_knows),
		cmocka_unit_test(who_reads_a_log),
		cmocka_unit_test(execs_stand_apart),
		cmocka_unit_test(a_terminal),
		cmocka_unit_test(the_same_container_again),
		cmocka_unit_test(numbers_from_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
