// SPDX-License-Identifier: GPL-2.0-only
/* Whose output a pipe or pty is: by links, by descriptors, by equal bytes. */
#include "test_model.h"

/* Channels of these tests: two pipes and two FIFOs of container A, one of each of container B. */
enum { OUT_A = 10, ERR_A, OUT_B, LOG_OUT_A = 20, LOG_ERR_A, LOG_OUT_B };

static struct feed feed_two(int64_t init_a, int64_t init_b)
{
	struct feed f = feed_node();

	feed_pod(&f);
	feed_container(&f, CID_A, "app", init_a);
	feed_container(&f, CID_B, "side", init_b);
	feed_object(&f, OUT_A, TRANSPORT_PIPE, NULL);
	feed_object(&f, ERR_A, TRANSPORT_PIPE, NULL);
	feed_object(&f, OUT_B, TRANSPORT_PIPE, NULL);
	feed_object(&f, LOG_OUT_A, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stdout");
	feed_object(&f, LOG_ERR_A, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stderr");
	feed_object(&f, LOG_OUT_B, TRANSPORT_FIFO, CRI_IO CID_B "/io/2/" CID_B "-stdout");
	feed_second(&f, 0);
	return f;
}

static void copy(struct feed *f, uint32_t from, uint32_t to, uint64_t bytes)
{
	feed_read(f, from, SHIM, 3, bytes, 7);
	feed_write(f, to, SHIM, 3, bytes, 7);
}

static void vote(struct feed *f, uint32_t from, uint32_t to, uint64_t votes)
{
	FEED(f, link, .from = from, .to = to, .process = SHIM, .votes = votes);
}

static void assert_output(const struct feed *f, uint32_t id, const char *container, const char *stream)
{
	const struct model_channel *ch = object_channel(f->m, TRANSPORT_PIPE, id);

	assert_string_equal(channel_role_name(ch->role), container ? "container-output" : "other");
	assert_text(ch->container, container);
	assert_text(ch->stream, stream);
	assert_int_equal(ch->protocol, PROTOCOL_RAW);
}

static void most_votes_win(void **state)
{
	struct feed f = feed_two(0, 0);

	(void)state;
	copy(&f, OUT_A, LOG_OUT_A, 1009);
	copy(&f, ERR_A, LOG_ERR_A, 1009);
	copy(&f, OUT_B, LOG_OUT_B, 1009);
	/* goroutines interleave: a read is followed by another stream's write, too */
	vote(&f, OUT_A, LOG_OUT_A, 31);
	vote(&f, OUT_A, LOG_ERR_A, 23);
	vote(&f, OUT_A, LOG_OUT_B, 29);
	vote(&f, ERR_A, LOG_OUT_A, 13);
	vote(&f, ERR_A, LOG_ERR_A, 11);
	vote(&f, OUT_B, LOG_OUT_A, 19);
	vote(&f, OUT_B, LOG_OUT_B, 17);
	vote(&f, OUT_A, LOG_OUT_A, 2); /* votes add up */
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, CID_A, "stdout");
	assert_output(&f, ERR_A, CID_A, "stderr");
	assert_output(&f, OUT_B, CID_B, "stdout");
	model_free(f.m);
}

/* Votes of several processes, and for an object that was announced again, add up. */
static void votes_add_up(void **state)
{
	struct feed f = feed_two(0, 0);

	(void)state;
	FEED(&f, channel, .id = 30, .transport = TRANSPORT_PIPE, .dev = 24, .ino = OUT_A * 1000);
	FEED(&f, process, .id = SHIM2, .pid = 500, .role = PROCESS_SHIM);
	copy(&f, OUT_A, LOG_OUT_A, 1009);
	copy(&f, OUT_B, LOG_OUT_B, 1009);
	vote(&f, OUT_A, LOG_OUT_B, 7);
	vote(&f, OUT_A, LOG_OUT_A, 3);
	vote(&f, 30, LOG_OUT_A, 2);
	FEED(&f, link, .from = OUT_A, .to = LOG_OUT_A, .process = SHIM2, .votes = 3);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, CID_A, "stdout");
	assert_output(&f, OUT_B, CID_B, "stdout"); /* what is left, by its bytes */
	model_free(f.m);
}

/* What is no log, and what was matched already, makes no tie; nor do no votes at all make a vote. */
static void only_what_fits_ties(void **state)
{
	struct feed f = feed_two(0, 0);

	(void)state;
	copy(&f, OUT_A, LOG_OUT_A, 1009);
	copy(&f, ERR_A, LOG_ERR_A, 1013);
	copy(&f, OUT_B, LOG_OUT_B, 1019);
	feed_read(&f, OUT_A, SHIM, 1, 1, 1);
	feed_read(&f, ERR_A, SHIM, 1, 1, 1);
	feed_read(&f, OUT_B, SHIM, 1, 1, 1);
	vote(&f, OUT_A, ERR_A, 7);
	vote(&f, OUT_A, OUT_A, 7);
	vote(&f, OUT_A, LOG_OUT_A, 7);
	vote(&f, ERR_A, LOG_OUT_A, 5);
	vote(&f, ERR_A, LOG_ERR_A, 5);
	vote(&f, OUT_B, LOG_OUT_B, 0);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, CID_A, "stdout");
	assert_output(&f, ERR_A, CID_A, "stderr");
	assert_output(&f, OUT_B, NULL, NULL);
	model_free(f.m);
}

static void a_tie_decides_nothing(void **state)
{
	struct feed f = feed_two(0, 0);

	(void)state;
	copy(&f, OUT_A, LOG_OUT_A, 1009);
	copy(&f, ERR_A, LOG_ERR_A, 1013);
	vote(&f, OUT_A, LOG_OUT_A, 7);
	vote(&f, OUT_A, LOG_ERR_A, 7);
	vote(&f, OUT_A, LOG_OUT_B, 5); /* fewer votes are no better */
	resolve(&f, MODEL_TOTAL);
	/* but equal bytes are */
	assert_output(&f, OUT_A, CID_A, "stdout");
	assert_output(&f, ERR_A, CID_A, "stderr");
	assert_output(&f, OUT_B, NULL, NULL);
	feed_read(&f, OUT_A, SHIM, 1, 1, 1);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, NULL, NULL);
	model_free(f.m);
}

static void equal_bytes_must_be_alone(void **state)
{
	struct feed f = feed_two(0, 0);

	(void)state;
	copy(&f, OUT_A, LOG_OUT_A, 1009);
	copy(&f, ERR_A, LOG_ERR_A, 1009);
	copy(&f, OUT_B, LOG_OUT_B, 1013);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, NULL, NULL);
	assert_output(&f, ERR_A, NULL, NULL);
	assert_output(&f, OUT_B, CID_B, "stdout");
	model_free(f.m);

	/* and of one shim */
	f = feed_two(0, 0);
	FEED(&f, process, .id = SHIM2, .pid = 500, .role = PROCESS_SHIM);
	feed_read(&f, OUT_A, SHIM2, 3, 1009, 1);
	feed_write(&f, LOG_OUT_A, SHIM, 3, 1009, 1);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, NULL, NULL);
	model_free(f.m);

	/* nothing equals nothing, but says nothing */
	f = feed_two(0, 0);
	feed_read(&f, OUT_A, SHIM, 3, 0, 1);
	feed_write(&f, LOG_OUT_A, SHIM, 3, 0, 1);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, NULL, NULL);
	model_free(f.m);
}

/* The window's bytes differ from the trace's: what a channel is must not depend on the scope. */
static void roles_do_not_depend_on_the_scope(void **state)
{
	struct feed f = feed_two(0, 0);

	(void)state;
	copy(&f, OUT_A, LOG_OUT_A, 1009);
	feed_second(&f, 1);
	feed_read(&f, OUT_A, SHIM, 1, 31, 1);
	feed_second(&f, 2);
	feed_write(&f, LOG_OUT_A, SHIM, 1, 31, 1);
	resolve(&f, MODEL_WINDOW);
	assert_output(&f, OUT_A, CID_A, "stdout");
	model_free(f.m);
}

static void descriptors_of_the_first_process(void **state)
{
	struct feed f = feed_two(300, 0);

	(void)state;
	FEED(&f, holder, .channel = OUT_A, .process = SHIM, .fd = 14, .f_flags = O_RDONLY);
	FEED(&f, holder, .channel = ERR_A, .process = SHIM, .fd = 16, .f_flags = O_RDONLY);
	FEED(&f, holder, .channel = OUT_A, .process = WRITER, .fd = 1, .f_flags = O_WRONLY);
	FEED(&f, holder, .channel = ERR_A, .process = WRITER, .fd = 2, .f_flags = O_WRONLY);
	/* the container's own pipe, which no shim reads; a descriptor that is no stream */
	feed_object(&f, 40, TRANSPORT_PIPE, NULL);
	FEED(&f, holder, .channel = 40, .process = WRITER, .fd = 5, .f_flags = O_WRONLY);
	FEED(&f, holder, .channel = OUT_B, .process = SHIM, .fd = 18, .f_flags = O_RDONLY);
	FEED(&f, holder, .channel = OUT_B, .process = WRITER, .fd = 7, .f_flags = O_WRONLY);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, CID_A, "stdout");
	assert_output(&f, ERR_A, CID_A, "stderr");
	assert_output(&f, OUT_B, NULL, NULL);
	assert_int_equal(object_channel(f.m, TRANSPORT_PIPE, 40)->role, ROLE_OTHER);
	model_free(f.m);
}

static void descriptors_go_before_wrong_votes(void **state)
{
	struct feed f = feed_two(300, 0);

	(void)state;
	FEED(&f, holder, .channel = OUT_A, .process = WRITER, .fd = 1, .f_flags = O_WRONLY);
	copy(&f, OUT_A, LOG_OUT_A, 1009);
	copy(&f, OUT_B, LOG_OUT_B, 2003);
	vote(&f, OUT_A, LOG_OUT_B, 31); /* another container's: cannot be */
	vote(&f, OUT_B, LOG_OUT_B, 13);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, CID_A, "stdout");
	assert_output(&f, OUT_B, CID_B, "stdout");
	model_free(f.m);
}

/* "2>&1": the pipe is on both descriptors. Links or bytes tell which it is, else it is stdout. */
static void one_pipe_on_both_descriptors(void **state)
{
	struct feed f = feed_two(300, 0);

	(void)state;
	FEED(&f, holder, .channel = ERR_A, .process = SHIM, .fd = 16, .f_flags = O_RDONLY);
	FEED(&f, holder, .channel = ERR_A, .process = WRITER, .fd = 1, .f_flags = O_WRONLY);
	FEED(&f, holder, .channel = ERR_A, .process = WRITER, .fd = 2, .f_flags = O_WRONLY);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, ERR_A, CID_A, "stdout");
	copy(&f, ERR_A, LOG_ERR_A, 1009);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, ERR_A, CID_A, "stderr");
	model_free(f.m);
}

/* The Go runtime wakes itself through a pipe that it reads and writes. */
static void a_shims_own_pipe(void **state)
{
	struct feed f = feed_two(0, 0);

	(void)state;
	feed_read(&f, OUT_A, SHIM, 31, 31, 1);
	feed_write(&f, OUT_A, SHIM, 31, 31, 1);
	feed_write(&f, LOG_OUT_A, SHIM, 31, 31, 1);
	vote(&f, OUT_A, LOG_OUT_A, 31);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_A, NULL, NULL);
	model_free(f.m);
}

/* With --writers a container's process tells whose pipe it is, though not which stream. */
static void what_a_writer_says(void **state)
{
	struct feed f = feed_two(0, 0);

	(void)state;
	FEED(&f, process, .id = WRITER, .container = CID_B);
	feed_write(&f, OUT_B, WRITER, 3, 1009, 1);
	feed_read(&f, OUT_B, SHIM, 3, 1009, 1);
	feed_write(&f, LOG_OUT_B, SHIM, 3, 1000, 1); /* some is still on its way */
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_B, CID_B, "stdout"); /* there is but one log to go to */
	FEED(&f, process, .id = WRITER, .container = CID_A);
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_B, CID_A, NULL);
	/* a container that nobody knows is not made up from it */
	FEED(&f, process, .id = WRITER, .container = "nobody");
	resolve(&f, MODEL_TOTAL);
	assert_output(&f, OUT_B, NULL, NULL);
	assert_int_equal(f.m->n_containers, 3);
	model_free(f.m);
}

static void execs(void **state)
{
	struct feed f = feed_two(0, 0);
	const struct model_channel *ch;

	(void)state;
	feed_object(&f, 30, TRANSPORT_FIFO, CRI_IO CID_A "/io/3/probe-stdout");
	copy(&f, ERR_A, 30, 1009);
	vote(&f, ERR_A, 30, 3);
	resolve(&f, MODEL_TOTAL);
	ch = object_channel(f.m, TRANSPORT_PIPE, ERR_A);
	assert_output(&f, ERR_A, CID_A, "stdout");
	assert_string_equal(ch->exec, "probe");
	model_free(f.m);
}

static void ptys(void **state)
{
	struct feed f = feed_two(0, 300);
	const struct model_channel *ch;

	(void)state;
	feed_object(&f, 30, TRANSPORT_PTY, "/dev/ptmx");
	feed_read(&f, 30, SHIM, 5, 1013, 1);
	resolve(&f, MODEL_TOTAL);
	ch = object_channel(f.m, TRANSPORT_PTY, 30);
	assert_int_equal(ch->role, ROLE_CONTAINER_OUTPUT);
	assert_text(ch->container, NULL);
	assert_text(ch->stream, "stdout");
	vote(&f, 30, LOG_OUT_A, 5);
	feed_write(&f, 30, SHIM, 5, 17, 1); /* its input */
	resolve(&f, MODEL_TOTAL);
	assert_text(object_channel(f.m, TRANSPORT_PTY, 30)->container, CID_A);
	/* on a descriptor of the other's first process */
	feed_object(&f, 31, TRANSPORT_PTY, "/dev/ptmx");
	FEED(&f, holder, .channel = 31, .process = SHIM, .fd = 19, .f_flags = O_RDWR);
	FEED(&f, holder, .channel = 31, .process = WRITER, .fd = 2, .f_flags = O_RDWR);
	resolve(&f, MODEL_TOTAL);
	ch = object_channel(f.m, TRANSPORT_PTY, 31);
	assert_text(ch->container, CID_B);
	assert_text(ch->stream, "stdout");
	/* one that no shim reads */
	feed_object(&f, 32, TRANSPORT_PTY, "/dev/pts/1");
	feed_read(&f, 32, CLIENT, 5, 1013, 1);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(object_channel(f.m, TRANSPORT_PTY, 32)->role, ROLE_OTHER);
	model_free(f.m);
}

static void standard_input(void **state)
{
	struct feed f = feed_two(300, 0);
	const struct model_channel *ch;

	(void)state;
	feed_object(&f, 30, TRANSPORT_FIFO, CRI_IO CID_B "/io/2/" CID_B "-stdin");
	feed_object(&f, 31, TRANSPORT_PIPE, NULL);
	feed_read(&f, 30, SHIM, 3, 37, 1);
	feed_write(&f, 31, SHIM, 3, 37, 1);
	vote(&f, 30, 31, 3);
	/* the other's is known from its first process */
	feed_object(&f, 32, TRANSPORT_PIPE, NULL);
	FEED(&f, holder, .channel = 32, .process = SHIM, .fd = 22, .f_flags = O_WRONLY);
	FEED(&f, holder, .channel = 32, .process = WRITER, .fd = 0, .f_flags = O_RDONLY);
	resolve(&f, MODEL_TOTAL);
	ch = object_channel(f.m, TRANSPORT_PIPE, 31);
	assert_int_equal(ch->role, ROLE_CONTAINER_STDIN);
	assert_text(ch->container, CID_B);
	assert_text(ch->stream, "stdin");
	ch = object_channel(f.m, TRANSPORT_PIPE, 32);
	assert_int_equal(ch->role, ROLE_CONTAINER_STDIN);
	assert_text(ch->container, CID_A);
	assert_int_equal(container_of_id(f.m, CID_B)->n_streams, 1);
	model_free(f.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_votes_win),
		cmocka_unit_test(votes_add_up),
		cmocka_unit_test(only_what_fits_ties),
		cmocka_unit_test(a_tie_decides_nothing),
		cmocka_unit_test(equal_bytes_must_be_alone),
		cmocka_unit_test(roles_do_not_depend_on_the_scope),
		cmocka_unit_test(descriptors_of_the_first_process),
		cmocka_unit_test(descriptors_go_before_wrong_votes),
		cmocka_unit_test(one_pipe_on_both_descriptors),
		cmocka_unit_test(a_shims_own_pipe),
		cmocka_unit_test(what_a_writer_says),
		cmocka_unit_test(execs),
		cmocka_unit_test(ptys),
		cmocka_unit_test(standard_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
