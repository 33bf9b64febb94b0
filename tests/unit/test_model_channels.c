// SPDX-License-Identifier: GPL-2.0-only
/* Objects become channels: pairs of sockets, objects announced again, their ends and holders. */
#include "test_model.h"

static void feed_socket(struct feed *f, uint32_t id, enum transport t, uint64_t ino, uint64_t peer,
			const char *path)
{
	FEED(f, channel, .id = id, .transport = t, .dev = 8, .ino = ino, .peer_ino = peer, .path = path);
}

static void sockets_that_name_each_other(void **state)
{
	/* whose peer is known: both, the first one's, the second one's */
	static const bool known[][2] = { { true, true }, { true, false }, { false, true } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct feed f = feed_node();
		const struct model_channel *ch;

		feed_socket(&f, 11, TRANSPORT_UNIX_STREAM, 907, known[i][0] ? 503 : 0, NULL);
		feed_socket(&f, 12, TRANSPORT_UNIX_STREAM, 503, known[i][1] ? 907 : 0,
			    "/run/containerd/s/" SHA);
		FEED(&f, holder, .channel = 11, .process = CONTAINERD, .fd = 31, .f_flags = O_RDWR);
		FEED(&f, holder, .channel = 12, .process = SHIM, .fd = 7, .f_flags = O_RDWR);
		feed_second(&f, 0);
		feed_write(&f, 11, CONTAINERD, 13, 2711, 101);
		feed_read(&f, 12, SHIM, 17, 2711, 103);
		feed_write(&f, 12, SHIM, 5, 409, 107);
		feed_read(&f, 11, CONTAINERD, 7, 409, 109);
		resolve(&f, MODEL_TOTAL);
		assert_int_equal(f.m->n_channels, 1);
		ch = f.m->channels[0];
		assert_string_equal(ch->id, "unix-stream:503:907");
		assert_string_equal(ch->path, "/run/containerd/s/" SHA);
		assert_int_equal(ch->role, ROLE_TTRPC_TASK);
		assert_int_equal(ch->protocol, PROTOCOL_TTRPC);
		assert_int_equal(ch->n_ends, 4);
		assert_int_equal(ch->ends[0]->process->id, CONTAINERD);
		assert_int_equal(ch->ends[0]->direction, DIRECTION_READ);
		assert_int_equal(ch->ends[0]->n.bytes, 409);
		assert_int_equal(ch->ends[1]->n.calls, 13);
		assert_int_equal(ch->ends[2]->process->id, SHIM);
		assert_int_equal(ch->ends[2]->n.calls, 17);
		assert_int_equal(ch->ends[3]->n.cpu_ns, 107);
		assert_ptr_equal(ch->ends[3]->channel, ch);
		assert_int_equal(ch->n_holders, 2);
		assert_int_equal(ch->holders[0].process->pid, 100);
		assert_int_equal(ch->holders[0].socket_ino, 907);
		assert_int_equal(ch->holders[1].fd, 7);
		assert_int_equal(ch->holders[1].socket_ino, 503);
		model_free(f.m);
	}
}

static void a_peer_that_becomes_known_later(void **state)
{
	struct feed f = feed_node();

	(void)state;
	feed_socket(&f, 11, TRANSPORT_UNIX_STREAM, 907, 0, NULL);
	resolve(&f, MODEL_TOTAL);
	assert_string_equal(f.m->channels[0]->id, "unix-stream:0:907");
	feed_socket(&f, 11, TRANSPORT_UNIX_STREAM, 907, 503, NULL);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 1);
	assert_string_equal(f.m->channels[0]->id, "unix-stream:503:907");
	feed_socket(&f, 12, TRANSPORT_UNIX_STREAM, 503, 0, NULL);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 1);
	assert_string_equal(f.m->channels[0]->id, "unix-stream:503:907");
	model_free(f.m);
}

static void what_is_no_pair(void **state)
{
	struct feed f = feed_node();

	(void)state;
	/* not the same transport */
	feed_socket(&f, 11, TRANSPORT_UNIX_STREAM, 11, 12, NULL);
	feed_socket(&f, 12, TRANSPORT_UNIX_SEQPACKET, 12, 11, NULL);
	/* the other has a different peer */
	feed_socket(&f, 13, TRANSPORT_UNIX_STREAM, 13, 14, NULL);
	feed_socket(&f, 14, TRANSPORT_UNIX_STREAM, 14, 99, NULL);
	/* itself */
	feed_socket(&f, 15, TRANSPORT_UNIX_STREAM, 15, 15, NULL);
	/* a datagram server with two clients */
	feed_socket(&f, 16, TRANSPORT_UNIX_DGRAM, 16, 0, "/run/systemd/journal/dev-log");
	feed_socket(&f, 17, TRANSPORT_UNIX_DGRAM, 17, 16, "/run/systemd/journal/dev-log");
	feed_socket(&f, 18, TRANSPORT_UNIX_DGRAM, 18, 16, "/run/systemd/journal/dev-log");
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 8);
	channel_of(f.m, "unix-stream:11:12");
	channel_of(f.m, "unix-seqpacket:11:12");
	channel_of(f.m, "unix-stream:13:14");
	channel_of(f.m, "unix-stream:14:99");
	channel_of(f.m, "unix-stream:15:15");
	channel_of(f.m, "unix-dgram:0:16");
	assert_int_equal(channel_of(f.m, "unix-dgram:16:17")->role, ROLE_JOURNALD);
	assert_int_equal(channel_of(f.m, "unix-dgram:16:18")->protocol, PROTOCOL_SYSLOG);
	model_free(f.m);
}

/* A third socket wants the place of a pair's half: the two that agree are the pair. */
static void mutual_knowledge_goes_first(void **state)
{
	struct feed f = feed_node();

	(void)state;
	feed_socket(&f, 13, TRANSPORT_UNIX_STREAM, 13, 12, NULL);
	feed_socket(&f, 11, TRANSPORT_UNIX_STREAM, 11, 12, NULL);
	feed_socket(&f, 12, TRANSPORT_UNIX_STREAM, 12, 11, NULL);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 2);
	assert_string_equal(f.m->channels[0]->id, "unix-stream:12:13");
	assert_string_equal(f.m->channels[1]->id, "unix-stream:11:12");
	model_free(f.m);
}

static void announced_again(void **state)
{
	struct feed f = feed_node();
	const struct model_channel *ch;

	(void)state;
	FEED(&f, channel, .id = 21, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .path = "/run/a");
	FEED(&f, channel, .id = 22, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187,
	     .path = "/run/a (deleted)");
	FEED(&f, channel, .id = 23, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187);
	FEED(&f, channel, .id = 24, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .path = "un/a",
	     .path_truncated = true);
	FEED(&f, channel, .id = 25, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .path = "/run/b");
	FEED(&f, channel, .id = 26, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .path = "/run/a");
	FEED(&f, channel, .id = 27, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .gen = 3,
	     .path = "/run/a");
	FEED(&f, channel, .id = 28, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .path = "/run/c");
	feed_second(&f, 0);
	feed_write(&f, 21, SHIM, 3, 31, 1);
	feed_write(&f, 22, SHIM, 5, 37, 1);
	feed_write(&f, 23, SHIM, 7, 41, 1);
	feed_write(&f, 24, SHIM, 11, 43, 1);
	feed_write(&f, 25, SHIM, 13, 47, 1);
	feed_write(&f, 26, SHIM, 17, 53, 1);
	feed_write(&f, 27, SHIM, 19, 59, 1);
	feed_read(&f, 26, CONTAINERD, 2, 3, 1);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 4);
	ch = channel_of(f.m, "fifo:0:24:1187");
	assert_string_equal(ch->path, "/run/a");
	assert_int_equal(ch->n_ends, 2);
	assert_int_equal(end_of(ch, SHIM, DIRECTION_WRITE)->n.calls, 3 + 5 + 7 + 11 + 17);
	assert_int_equal(end_of(ch, SHIM, DIRECTION_WRITE)->n.bytes, 31 + 37 + 41 + 43 + 53);
	assert_int_equal(end_of(ch, CONTAINERD, DIRECTION_READ)->n.bytes, 3);
	ch = channel_of(f.m, "fifo:0:24:1187#2");
	assert_string_equal(ch->path, "/run/b");
	assert_int_equal(end_of(ch, SHIM, DIRECTION_WRITE)->n.calls, 13);
	assert_string_equal(channel_of(f.m, "fifo:0:24:1187#3")->path, "/run/c");
	assert_int_equal(end_of(channel_of(f.m, "fifo:0:24:1187:3"), SHIM, DIRECTION_WRITE)->n.bytes, 59);
	model_free(f.m);
}

static void a_whole_name_after_its_end(void **state)
{
	struct feed f = feed_node();

	(void)state;
	FEED(&f, channel, .id = 1, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .path = "b/c",
	     .path_truncated = true);
	resolve(&f, MODEL_TOTAL);
	assert_string_equal(f.m->channels[0]->path, "b/c");
	assert_true(f.m->channels[0]->path_truncated);
	FEED(&f, channel, .id = 2, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .path = "/a/b/c");
	FEED(&f, channel, .id = 3, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .path = "c",
	     .path_truncated = true);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 1);
	assert_string_equal(f.m->channels[0]->path, "/a/b/c");
	assert_false(f.m->channels[0]->path_truncated);
	FEED(&f, channel, .id = 4, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 1187, .path = "x/c",
	     .path_truncated = true);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 2);
	model_free(f.m);
}

/* A pty's two ends have different names, and a socket's pair may be announced again as well. */
static void announced_again_with_other_names(void **state)
{
	struct feed f = feed_node();

	(void)state;
	FEED(&f, channel, .id = 1, .transport = TRANSPORT_PTY, .dev = 30, .ino = 3, .gen = 71,
	     .path = "/dev/ptmx");
	FEED(&f, channel, .id = 2, .transport = TRANSPORT_PTY, .dev = 30, .ino = 3, .gen = 71,
	     .path = "/dev/pts/0");
	FEED(&f, channel, .id = 3, .transport = TRANSPORT_PTY, .dev = 30, .ino = 3, .gen = 73,
	     .path = "/dev/ptmx");
	feed_socket(&f, 4, TRANSPORT_UNIX_STREAM, 41, 43, "/run/x.sock");
	feed_socket(&f, 5, TRANSPORT_UNIX_STREAM, 43, 41, NULL);
	feed_socket(&f, 6, TRANSPORT_UNIX_STREAM, 43, 0, "/run/x.sock");
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 3);
	assert_string_equal(f.m->channels[0]->id, "pty:0:30:3:71");
	assert_string_equal(f.m->channels[1]->id, "pty:0:30:3:73");
	assert_string_equal(f.m->channels[2]->id, "unix-stream:41:43");
	assert_string_equal(f.m->channels[2]->path, "/run/x.sock");
	model_free(f.m);
}

static void a_descriptor_has_one_file(void **state)
{
	struct feed f = feed_node();
	const struct model_channel *a, *b;

	(void)state;
	feed_object(&f, 1, TRANSPORT_PIPE, NULL);
	feed_object(&f, 2, TRANSPORT_PIPE, NULL);
	FEED(&f, holder, .channel = 1, .process = SHIM, .fd = 9, .f_flags = O_RDONLY, .pipe_bytes = 31,
	     .pipe_size = 65536);
	FEED(&f, holder, .channel = 1, .process = SHIM, .fd = 3, .f_flags = O_WRONLY, .pipe_bytes = 31,
	     .pipe_size = 65536);
	FEED(&f, holder, .channel = 2, .process = SHIM, .fd = 9, .f_flags = O_RDONLY,
	     .pipe_bytes = FACT_UNKNOWN, .pipe_size = -7);
	FEED(&f, holder, .channel = 1, .process = CONTAINERD, .fd = 12, .f_flags = O_RDONLY, .pipe_bytes = 37,
	     .pipe_size = 4096);
	resolve(&f, MODEL_TOTAL);
	a = object_channel(f.m, TRANSPORT_PIPE, 1);
	b = object_channel(f.m, TRANSPORT_PIPE, 2);
	assert_int_equal(a->n_holders, 2);
	assert_int_equal(a->holders[0].process->id, CONTAINERD);
	assert_int_equal(a->holders[0].pipe_bytes, 37);
	assert_int_equal(a->holders[0].pipe_size, 4096);
	assert_int_equal(a->holders[0].socket_ino, 0);
	assert_int_equal(a->holders[1].fd, 3);
	assert_int_equal(b->n_holders, 1);
	assert_int_equal(b->holders[0].fd, 9);
	assert_true(b->holders[0].pipe_bytes == FACT_UNKNOWN);
	assert_true(b->holders[0].pipe_size == FACT_UNKNOWN);
	/* who has ended holds nothing */
	FEED(&f, usage, .process = SHIM, .ns = START, .cpu_ns = 1, .user_ns = FACT_UNKNOWN,
	     .system_ns = FACT_UNKNOWN, .rss_bytes = FACT_UNKNOWN, .pss_bytes = FACT_UNKNOWN,
	     .anon_bytes = FACT_UNKNOWN, .final = true);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(object_channel(f.m, TRANSPORT_PIPE, 1)->n_holders, 1);
	assert_int_equal(object_channel(f.m, TRANSPORT_PIPE, 2)->n_holders, 0);
	model_free(f.m);
}

static void in_the_order_of_appearance(void **state)
{
	static const uint32_t ids[] = { 41, 7, 1000000007, 3, 4294967295 };
	struct feed f = feed_node();
	char id[64];
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		FEED(&f, channel, .id = ids[i], .transport = TRANSPORT_PIPE, .dev = 13, .ino = ids[i]);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 5);
	for (i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "pipe:0:13:%u", ids[i]);
		assert_string_equal(f.m->channels[i]->id, id);
		assert_int_equal(f.m->channels[i]->protocol, PROTOCOL_RAW);
		assert_int_equal(f.m->channels[i]->role, ROLE_OTHER);
	}
	model_free(f.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_that_name_each_other),
		cmocka_unit_test(a_peer_that_becomes_known_later),
		cmocka_unit_test(what_is_no_pair),
		cmocka_unit_test(mutual_knowledge_goes_first),
		cmocka_unit_test(announced_again),
		cmocka_unit_test(a_whole_name_after_its_end),
		cmocka_unit_test(announced_again_with_other_names),
		cmocka_unit_test(a_descriptor_has_one_file),
		cmocka_unit_test(in_the_order_of_appearance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
