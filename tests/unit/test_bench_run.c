// SPDX-License-Identifier: GPL-2.0-only
/* Transports and runs: bytes on the wire, system calls as Go makes them, what goes wrong, what is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/pair.h"
#include "bench/wire.h"

#define SECOND INT64_C(1000000000)

static struct wire sender, receiver;

static void begin(enum bench_transport t)
{
	memset(&sender, 0, sizeof(sender));
	memset(&receiver, 0, sizeof(receiver));
	sender.transport = receiver.transport = t;
	memset(sender.message, 'm', sizeof(sender.message));
	assert_int_equal(wire_open(t, "/tmp", &receiver.fd, &sender.fd), 0);
}

static void end(void)
{
	close(sender.fd);
	close(receiver.fd);
}

static int entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int any_cpu(void)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set))
			return cpu;
	}
	fail();
	return -1;
}

/* Every transport is what it says, and every message arrives whole. */
static void messages(void **state)
{
	static const mode_t kinds[BENCH_TRANSPORTS] = { S_IFIFO, S_IFIFO, S_IFSOCK, S_IFSOCK, S_IFSOCK };
	static const int types[BENCH_TRANSPORTS] = { 0, 0, SOCK_STREAM, SOCK_SEQPACKET, SOCK_STREAM };
	static const size_t sizes[] = { 1, 100, 4085, 4086, 4087, 4096, 8182, 8183, 32768 };
	struct stat st;
	socklen_t len;
	int type;

	(void)state;
	for (enum bench_transport t = 0; t < BENCH_TRANSPORTS; t++) {
		begin(t);
		assert_int_equal(fstat(sender.fd, &st), 0);
		assert_int_equal(st.st_mode & S_IFMT, kinds[t]);
		len = sizeof(type);
		if (kinds[t] == S_IFSOCK) {
			assert_int_equal(getsockopt(sender.fd, SOL_SOCKET, SO_TYPE, &type, &len), 0);
			assert_int_equal(type, types[t]);
		}
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			uint64_t bytes = receiver.bytes;

			assert_int_equal(wire_send(&sender, sizes[i]), 0);
			assert_int_equal(wire_receive(&receiver, 1, sizes[i]), 0);
			assert_int_equal(receiver.bytes - bytes, sizes[i]);
		}
		assert_int_equal(sender.bytes, receiver.bytes);
		close(sender.fd);
		sender.fd = -1;
		assert_int_equal(wire_receive_end(&receiver), 0);
		end();
	}
}

/* A FIFO is an inode of a filesystem, unlike a pipe; nothing of it is left in the directory. */
static void fifo(void **state)
{
	char dir[] = "/tmp/test-bench-XXXXXX";
	struct stat pipe_stat, fifo_stat;
	int reader, writer;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(wire_open(BENCH_FIFO, dir, &reader, &writer), 0);
	assert_int_equal(entries(dir), 2);
	assert_int_equal(fstat(reader, &fifo_stat), 0);
	assert_int_equal(fifo_stat.st_nlink, 0);
	close(reader);
	close(writer);
	assert_int_equal(wire_open(BENCH_PIPE, dir, &reader, &writer), 0);
	assert_int_equal(fstat(reader, &pipe_stat), 0);
	assert_true(pipe_stat.st_dev != fifo_stat.st_dev);
	close(reader);
	close(writer);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(wire_open(BENCH_FIFO, dir, &reader, &writer), -ENOENT);
}

/* Header and payload as ttrpc has them, in the writes that Go's bufio makes of them. */
static void frames(void **state)
{
	static const struct {
		size_t size;
		unsigned int writes;
		ssize_t first, second;
	} cases[] = {
		{ 1, 1, 11, 0 },	 { 4086, 1, 4096, 0 },	    { 4087, 2, 4096, 1 },
		{ 8182, 2, 4096, 4096 }, { 32768, 2, 4096, 28682 },
	};
	unsigned char got[BENCH_READ_SIZE];
	const unsigned char header[] = { 0, 0, 0, 1, 0, 0, 0, 1, 3, 0, 'm' };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Boundaries of writes are kept by seqpacket only. */
		begin(BENCH_UNIX_SEQPACKET);
		sender.transport = BENCH_TTRPC;
		assert_int_equal(wire_send(&sender, cases[i].size), 0);
		assert_int_equal(sender.calls, cases[i].writes);
		assert_int_equal(read(receiver.fd, got, sizeof(got)), cases[i].first);
		if (i == 0)
			assert_memory_equal(got, header, sizeof(header));
		if (cases[i].second)
			assert_int_equal(read(receiver.fd, got, sizeof(got)), cases[i].second);
		end();
	}
}

/* Small frames come many at a time; a large one is read past the buffer. */
static void frame_reads(void **state)
{
	(void)state;
	begin(BENCH_TTRPC);
	for (int i = 0; i < 37; i++)
		assert_int_equal(wire_send(&sender, 100), 0);
	assert_int_equal(wire_receive(&receiver, 37, 100), 0);
	/* 37 · 110 B = 4070 B fit into one buffer. */
	assert_int_equal(receiver.calls, 1);
	assert_int_equal(wire_send(&sender, 32768), 0);
	assert_int_equal(wire_receive(&receiver, 1, 32768), 0);
	assert_int_equal(receiver.calls, 3);
	end();
}

static void wrong_bytes(void **state)
{
	static const unsigned char frame[] = { 0, 0, 0, 3, 0, 0, 0, 1, 3, 0, 'a', 'b', 'c' };
	unsigned char damaged[sizeof(frame)];

	(void)state;
	/* Every member of the header is looked at. */
	for (size_t i = 0; i < TTRPC_HEADER; i++) {
		begin(BENCH_TTRPC);
		memcpy(damaged, frame, sizeof(frame));
		damaged[i] ^= 0x10;
		assert_int_equal(write(sender.fd, damaged, sizeof(damaged)), sizeof(damaged));
		assert_int_equal(wire_receive(&receiver, 1, 3), -EBADMSG);
		end();
	}
	begin(BENCH_TTRPC);
	assert_int_equal(write(sender.fd, frame, sizeof(frame) - 1), sizeof(frame) - 1);
	close(sender.fd);
	assert_int_equal(wire_receive(&receiver, 1, 3), -ENODATA);
	close(receiver.fd);
	/* A stream that ends early, or goes on. */
	begin(BENCH_UNIX_STREAM);
	assert_int_equal(wire_send(&sender, 99), 0);
	close(sender.fd);
	assert_int_equal(wire_receive(&receiver, 1, 100), -ENODATA);
	close(receiver.fd);
	begin(BENCH_PIPE);
	assert_int_equal(wire_send(&sender, 101), 0);
	assert_int_equal(wire_receive(&receiver, 1, 100), -EBADMSG);
	end();
	begin(BENCH_FIFO);
	assert_int_equal(wire_send(&sender, 100), 0);
	assert_int_equal(wire_send(&sender, 1), 0);
	assert_int_equal(wire_receive_end(&receiver), -EBADMSG);
	end();
	/* The sum is right, the messages are not. */
	begin(BENCH_UNIX_SEQPACKET);
	assert_int_equal(wire_send(&sender, 50), 0);
	assert_int_equal(wire_send(&sender, 150), 0);
	assert_int_equal(wire_receive(&receiver, 2, 100), -EBADMSG);
	end();
}

static void no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static struct pair_job job_of(enum bench_transport t, uint32_t size, uint64_t n)
{
	return (struct pair_job){ .transport = t,
				  .size = size,
				  .messages = n,
				  .warm_up = 13,
				  .producer_cpu = any_cpu(),
				  .consumer_cpu = any_cpu(),
				  .directory = "/tmp",
				  .timeout_ns = 60 * SECOND };
}

static void pairs(void **state)
{
	int before = entries("/proc/self/fd");
	struct pair_sample s;
	char err[256];

	(void)state;
	for (enum bench_transport t = 0; t < BENCH_TRANSPORTS; t++) {
		struct pair_job job = job_of(t, 4096, 1009);

		assert_int_equal(pair_run(&job, &s, err, sizeof(err)), 0);
		assert_true(s.producer_ns > 0 && s.consumer_ns > 0);
		assert_true(s.wall_ns > 0);
		/* On one CPU there is no more CPU time than wall time, but for the edges. */
		assert_true(s.producer_ns + s.consumer_ns < s.wall_ns + SECOND / 100);
		assert_int_equal(s.writes, t == BENCH_TTRPC ? 2 * 1009 : 1009);
		/* 32 KiB at most are had at once; seqpacket keeps messages apart. */
		assert_true(s.reads >= 1009 / 8);
		if (t == BENCH_UNIX_SEQPACKET)
			assert_int_equal(s.reads, 1009);
	}
	no_children();
	assert_int_equal(entries("/proc/self/fd"), before);
}

static bool stop_now(void)
{
	return true;
}

static void pair_failures(void **state)
{
	int before = entries("/proc/self/fd");
	struct pair_job job = job_of(BENCH_PIPE, 100, UINT64_C(1) << 40);
	struct pair_sample s;
	char err[256];

	(void)state;
	job.timeout_ns = SECOND / 10;
	assert_int_equal(pair_run(&job, &s, err, sizeof(err)), -ETIMEDOUT);
	assert_string_equal(err, "timed out");
	no_children();
	job.stop = stop_now;
	job.timeout_ns = 60 * SECOND;
	assert_int_equal(pair_run(&job, &s, err, sizeof(err)), -EINTR);
	no_children();
	job = job_of(BENCH_FIFO, 100, 101);
	job.directory = "/nonexistent";
	assert_int_equal(pair_run(&job, &s, err, sizeof(err)), -ENOENT);
	assert_non_null(strstr(err, "No such file"));
	/* The consumer cannot go where it is sent; the producer, waiting for it, ends as well. */
	job = job_of(BENCH_UNIX_STREAM, 100, 101);
	job.consumer_cpu = CPU_SETSIZE - 1;
	assert_int_equal(pair_run(&job, &s, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "the consumer, going to its CPU"));
	/* Larger than what is read at once. */
	job = job_of(BENCH_UNIX_SEQPACKET, 1, 101);
	job.size = BENCH_READ_SIZE + 1;
	assert_int_equal(pair_run(&job, &s, err, sizeof(err)), -EMSGSIZE);
	no_children();
	assert_int_equal(entries("/proc/self/fd"), before);
}

static struct bench_result result;

static void whole(void **state)
{
	static const struct bench_load load = {
		.file = "capture", .calls = 10, .bytes = 3000, .n = 1, .parts = { { 300, 10 } }
	};
	struct bench_options o;
	char err[256] = "";

	(void)state;
	bench_options_init(&o);
	o.run_ns = SECOND / 500;
	o.load = &load;
	o.sizes[3] = 100; /* a second time */
	o.n_sizes = 4;
	assert_int_equal(bench_run(&o, &result, err, sizeof(err)), 0);
	assert_int_equal(result.repetitions, 7);
	assert_int_equal(result.wanted, 7);
	assert_true(result.n_sizes >= 4);
	assert_true(result.duration_ns > 0);
	assert_int_equal(result.producer_cpu, result.consumer_cpu);
	for (size_t i = 0; i < result.n_sizes; i++) {
		const struct bench_size *s = &result.sizes[i];

		assert_true(i == 0 || s->size > s[-1].size);
		assert_int_equal(s->origin == BENCH_CAPTURE, s->size == 300);
		for (enum bench_transport t = 0; t < BENCH_TRANSPORTS; t++) {
			const struct bench_cell *c = &s->cells[t];

			if (s->origin == BENCH_CROSSOVER && t != BENCH_FIFO && t != BENCH_UNIX_STREAM) {
				assert_false(c->measured);
				continue;
			}
			assert_true(c->measured);
			assert_true(c->messages >= 101);
			for (uint64_t d = 2; d * d <= c->messages; d++)
				assert_true(c->messages % d != 0);
			assert_true(c->cpu.min > 0 && c->cpu.min <= c->cpu.median);
			assert_true(c->cpu.median <= c->cpu.max);
			assert_true(c->producer.min + c->consumer.min <= c->cpu.min + 1e-6);
		}
	}
	assert_true(bench_load_cpu_ns(&result, &result.load, BENCH_PIPE) > 0);
	no_children();
}

static int stops_left;

static bool stop_later(void)
{
	return stops_left-- <= 0;
}

static void interrupted(void **state)
{
	struct bench_options o;
	char err[256] = "";

	(void)state;
	bench_options_init(&o);
	o.run_ns = SECOND / 1000;
	o.n_sizes = 1;
	o.repetitions = 500;
	o.stop = stop_later;
	/* Asked at least once a run; the calibrations come first, then five runs a repetition. */
	stops_left = 3;
	assert_int_equal(bench_run(&o, &result, err, sizeof(err)), -EINTR);
	assert_non_null(strstr(err, "interrupted"));
	stops_left = 300;
	assert_int_equal(bench_run(&o, &result, err, sizeof(err)), 0);
	assert_in_range(result.repetitions, 1, 100);
	assert_int_equal(result.wanted, 500);
	assert_true(result.sizes[0].cells[BENCH_TTRPC].cpu.median > 0);
	no_children();
}

static void not_possible(void **state)
{
	cpu_set_t old, one;
	struct bench_options o;
	char err[256] = "";

	(void)state;
	bench_options_init(&o);
	o.sizes[1] = BENCH_READ_SIZE + 1;
	assert_int_equal(bench_run(&o, &result, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "32769"));
	o.n_sizes = 0;
	assert_int_equal(bench_run(&o, &result, err, sizeof(err)), -EINVAL);
	bench_options_init(&o);
	o.separate = true;
	assert_int_equal(sched_getaffinity(0, sizeof(old), &old), 0);
	CPU_ZERO(&one);
	CPU_SET(any_cpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(bench_run(&o, &result, err, sizeof(err)), -ERANGE);
	assert_non_null(strstr(err, "--cpus separate"));
	assert_int_equal(sched_setaffinity(0, sizeof(old), &old), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),	 cmocka_unit_test(fifo),	cmocka_unit_test(frames),
		cmocka_unit_test(frame_reads),	 cmocka_unit_test(wrong_bytes), cmocka_unit_test(pairs),
		cmocka_unit_test(pair_failures), cmocka_unit_test(whole),	cmocka_unit_test(interrupted),
		cmocka_unit_test(not_possible),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
