// SPDX-License-Identifier: GPL-2.0-only
#include "probe/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/tracer.h"

enum { CASE_PIPE = 0, CASE_FIFO, CASE_UNIX, CASE_COUNT };

/* Primes, so that a wrong count cannot be a multiple of a right one. */
static const struct {
	const char *name;
	__u8 transport;
	unsigned ops, size;
} cases[CASE_COUNT] = {
	[CASE_PIPE] = { "pipe", SS_TRANSPORT_PIPE, 23, 37 },
	[CASE_FIFO] = { "FIFO", SS_TRANSPORT_FIFO, 19, 41 },
	[CASE_UNIX] = { "UNIX socket", SS_TRANSPORT_UNIX_STREAM, 29, 43 },
};

struct tally {
	__u64 calls, bytes, eagain;
};

struct selftest_case {
	int read_fd, write_fd;
	struct ss_channel_key read_key, write_key; /* as the kernel reports them */
	__u64 read_ino, write_ino;
	struct tally read, write;
};

struct selftest {
	struct selftest_case cases[CASE_COUNT];
};

static struct tally *tally_of(struct selftest *s, const struct ss_channel_key *key, __u8 transport,
			      __u8 direction)
{
	for (int i = 0; i < CASE_COUNT; i++) {
		struct selftest_case *c = &s->cases[i];

		if (cases[i].transport != transport)
			continue;
		if (direction == SS_READ && key->ino == c->read_ino) {
			c->read_key = *key;
			return &c->read;
		}
		if (direction == SS_WRITE && key->ino == c->write_ino) {
			c->write_key = *key;
			return &c->write;
		}
	}
	return NULL;
}

static void on_op(void *ctx, const struct ss_op *op)
{
	struct tally *n = tally_of(ctx, &op->channel, op->transport, op->direction);

	if (!n)
		return;
	n->calls++;
	n->bytes += op->bytes;
	n->eagain += op->error == -EAGAIN;
}

static void on_fold(void *ctx, const struct ss_end_key *end, const struct ss_fold *fold)
{
	struct tally *n = tally_of(ctx, &end->channel, end->transport, end->direction);

	if (!n)
		return;
	n->calls += fold->calls;
	n->bytes += fold->bytes;
	n->eagain += fold->eagain;
}

static void on_channel(void *ctx, const struct ss_channel *c)
{
	(void)ctx;
	(void)c;
}

static void on_process(void *ctx, const struct ss_process *p)
{
	(void)ctx;
	(void)p;
}

/* A FIFO needs a name to be made; it loses it again at once. */
static int fifo_open(int fds[2])
{
	const char *base = getenv("TMPDIR");
	char dir[256], path[300];
	int err = 0;

	snprintf(dir, sizeof(dir), "%.200s/shimscope-XXXXXX", base && base[0] == '/' ? base : "/tmp");
	if (!mkdtemp(dir))
		return -errno;
	snprintf(path, sizeof(path), "%s/fifo", dir);
	if (mkfifo(path, 0600)) {
		err = -errno;
		goto out;
	}
	fds[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fds[0] < 0)
		err = -errno;
	fds[1] = err ? -1 : open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (!err && fds[1] < 0)
		err = -errno;
	unlink(path);
out:
	rmdir(dir);
	return err;
}

static int case_open(struct selftest_case *c, int which)
{
	int fds[2] = { -1, -1 }, err = 0;
	struct stat r, w;

	switch (which) {
	case CASE_PIPE:
		err = pipe2(fds, O_NONBLOCK | O_CLOEXEC) ? -errno : 0;
		break;
	case CASE_FIFO:
		err = fifo_open(fds);
		break;
	case CASE_UNIX:
		err = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) ? -errno : 0;
		break;
	}
	c->read_fd = fds[0];
	c->write_fd = fds[1];
	if (err)
		return err;
	if (fstat(fds[0], &r) || fstat(fds[1], &w))
		return -errno;
	c->read_ino = r.st_ino;
	c->write_ino = w.st_ino;
	return 0;
}

int selftest_new(struct selftest **ret, struct tracer_handler *handler)
{
	struct selftest *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	for (int i = 0; i < CASE_COUNT; i++)
		s->cases[i].read_fd = s->cases[i].write_fd = -1;
	for (int i = 0; i < CASE_COUNT; i++) {
		err = case_open(&s->cases[i], i);
		if (err) {
			selftest_free(s);
			return err;
		}
	}
	handler->ctx = s;
	handler->op = on_op;
	handler->fold = on_fold;
	handler->channel = on_channel;
	handler->process = on_process;
	*ret = s;
	return 0;
}

static int case_run(struct selftest_case *c, int which, struct tracer *t)
{
	char buf[64] = {};

	for (unsigned i = 0; i < cases[which].ops; i++) {
		if (write(c->write_fd, buf, cases[which].size) != (ssize_t)cases[which].size ||
		    read(c->read_fd, buf, sizeof(buf)) != (ssize_t)cases[which].size)
			return -EIO;
		/* So that the smallest ring does. */
		tracer_poll(t, 0);
	}
	/* One read that finds nothing. */
	if (read(c->read_fd, buf, sizeof(buf)) != -1 || errno != EAGAIN)
		return -EIO;
	tracer_poll(t, 0);
	return 0;
}

int selftest_run(struct selftest *s, struct tracer *t, char *why, size_t why_size)
{
	int err;

	for (int i = 0; i < CASE_COUNT; i++) {
		err = case_run(&s->cases[i], i, t);
		if (err) {
			snprintf(why, why_size, "self-test: own %s does not work", cases[i].name);
			return err;
		}
	}
	tracer_sweep(t);
	tracer_poll(t, 0);
	for (int i = 0; i < CASE_COUNT; i++) {
		const struct selftest_case *c = &s->cases[i];
		__u64 ops = cases[i].ops, bytes = ops * cases[i].size;

		if (c->write.calls == ops && c->write.bytes == bytes && c->read.calls == ops + 1 &&
		    c->read.bytes == bytes && c->read.eagain == 1)
			continue;
		snprintf(why, why_size,
			 "self-test: attached, but of %llu writes and %llu reads on an own %s it saw %llu "
			 "and %llu "
			 "(%llu and %llu of %llu B)",
			 ops, ops + 1, cases[i].name, c->write.calls, c->read.calls, c->write.bytes,
			 c->read.bytes, bytes);
		return -EIO;
	}
	return 0;
}

void selftest_forget(struct selftest *s, struct tracer *t)
{
	for (int i = 0; i < CASE_COUNT; i++) {
		tracer_channel_forget(t, &s->cases[i].read_key);
		tracer_channel_forget(t, &s->cases[i].write_key);
	}
}

void selftest_free(struct selftest *s)
{
	if (!s)
		return;
	for (int i = 0; i < CASE_COUNT; i++) {
		if (s->cases[i].read_fd >= 0)
			close(s->cases[i].read_fd);
		if (s->cases[i].write_fd >= 0)
			close(s->cases[i].write_fd);
	}
	free(s);
}
