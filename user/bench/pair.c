// SPDX-License-Identifier: GPL-2.0-only
/* One run: fork a producer and a consumer, pin them, let them warm up, measure, check, reap. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/pair.h"
#include "bench/wire.h"

/* How long the parent may be unaware of a signal that came just before it went to wait. */
#define POLL_MS 100

/* What a child leaves behind, in memory shared with its parent. */
struct side {
	bool done;
	int err;
	int64_t err_ns; /* CLOCK_MONOTONIC: the first failure is the cause of the other's */
	char what[64];
	int64_t cpu_ns, start_ns, end_ns;
	uint64_t bytes, calls;
};

struct sides {
	struct side producer, consumer;
};

/* Descriptors: [0] reads, [1] writes. */
struct run {
	const struct pair_job *job;
	struct sides *sides;
	int channel[2];
	int warm[2];  /* the consumer has had the warm-up */
	int ended[2]; /* held by both children: its end is theirs */
	pid_t pids[2];
};

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void side_fail(struct side *s, int err, const char *what)
{
	s->err = err;
	s->err_ns = now(CLOCK_MONOTONIC);
	snprintf(s->what, sizeof(s->what), "%s", what);
}

/* The terminal's signals go to the whole group: the parent alone decides, and takes its children along. */
static int child_prepare(pid_t parent, int cpu, struct side *s)
{
	cpu_set_t set;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent) {
		side_fail(s, -ECHILD, "its parent is gone");
		return -ECHILD;
	}
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		int err = -errno;

		side_fail(s, err, "going to its CPU");
		return err;
	}
	return 0;
}

static void produce(const struct run *r, struct wire *w, struct side *s)
{
	const struct pair_job *job = r->job;
	uint64_t i, calls;
	int64_t cpu;
	ssize_t n;
	int err = 0;
	char c;

	for (i = 0; i < job->warm_up && !err; i++)
		err = wire_send(w, job->size);
	if (err) {
		side_fail(s, err, "writing the warm-up");
		return;
	}
	do
		n = read(r->warm[0], &c, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1) {
		side_fail(s, -EPIPE, "waiting for the consumer");
		return;
	}
	calls = w->calls;
	s->start_ns = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	for (i = 0; i < job->messages && !err; i++)
		err = wire_send(w, job->size);
	s->cpu_ns = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	s->end_ns = now(CLOCK_MONOTONIC);
	s->calls = w->calls - calls;
	s->bytes = w->bytes;
	if (err)
		side_fail(s, err, "writing");
	else
		s->done = true;
}

static void consume(const struct run *r, struct wire *w, struct side *s)
{
	const struct pair_job *job = r->job;
	uint64_t calls;
	int64_t cpu;
	int err;

	err = wire_receive(w, job->warm_up, job->size);
	if (err) {
		side_fail(s, err, "reading the warm-up");
		return;
	}
	if (write(r->warm[1], "", 1) != 1) {
		side_fail(s, -EPIPE, "telling the producer to begin");
		return;
	}
	calls = w->calls;
	s->start_ns = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	err = wire_receive(w, job->messages, job->size);
	s->cpu_ns = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	s->end_ns = now(CLOCK_MONOTONIC);
	s->calls = w->calls - calls;
	s->bytes = w->bytes;
	if (!err)
		err = wire_receive_end(w);
	if (err)
		side_fail(s, err, "reading");
	else
		s->done = true;
}

/* Does not return. */
static void child(struct run *r, bool producer, pid_t parent, struct wire *w)
{
	struct side *s = producer ? &r->sides->producer : &r->sides->consumer;
	int cpu = producer ? r->job->producer_cpu : r->job->consumer_cpu;

	/* What the other side holds must end when it ends. */
	close_one(&r->channel[producer ? 0 : 1]);
	close_one(&r->warm[producer ? 1 : 0]);
	close_one(&r->ended[0]);
	w->fd = r->channel[producer ? 1 : 0];
	if (!child_prepare(parent, cpu, s)) {
		if (producer)
			produce(r, w, s);
		else
			consume(r, w, s);
	}
	_exit(s->done ? 0 : 1);
}

/* Wait until both children have ended. Returns 0, -EINTR or -ETIMEDOUT. */
static int wait_ended(const struct run *r)
{
	int64_t deadline = now(CLOCK_MONOTONIC) + r->job->timeout_ns;
	struct pollfd p = { .fd = r->ended[0], .events = POLLIN };

	for (;;) {
		if (r->job->stop && r->job->stop())
			return -EINTR;
		if (now(CLOCK_MONOTONIC) > deadline)
			return -ETIMEDOUT;
		if (poll(&p, 1, POLL_MS) > 0)
			return 0;
	}
}

static void reap(struct run *r, bool kill_them)
{
	for (int i = 0; i < 2; i++) {
		if (r->pids[i] <= 0)
			continue;
		if (kill_them)
			kill(r->pids[i], SIGKILL);
		while (waitpid(r->pids[i], NULL, 0) < 0 && errno == EINTR)
			;
		r->pids[i] = 0;
	}
}

static int start(struct run *r, struct wire *w)
{
	const struct pair_job *job = r->job;
	pid_t parent = getpid();

	for (int i = 0; i < 2; i++) {
		/* The consumer first: a writer without a reader would be told so. */
		r->pids[i] = fork();
		if (r->pids[i] < 0)
			return -errno;
		if (r->pids[i] == 0) {
			memset(w, 0, sizeof(*w));
			memset(w->message, 'x', sizeof(w->message));
			w->transport = job->transport;
			child(r, i == 1, parent, w);
		}
	}
	for (int i = 0; i < 2; i++) {
		close_one(&r->channel[i]);
		close_one(&r->warm[i]);
	}
	close_one(&r->ended[1]);
	return 0;
}

static const char *reason(int err)
{
	switch (err) {
	case -ENODATA:
		return "the channel ended early";
	case -EBADMSG:
		return "other bytes came than were sent";
	default:
		return strerror(-err);
	}
}

static int check(const struct run *r, struct pair_sample *ret, char *err, size_t err_size)
{
	const struct side *p = &r->sides->producer, *c = &r->sides->consumer, *s = p;
	uint64_t bytes = (r->job->messages + r->job->warm_up) * r->job->size;

	if (c->err && (!p->err || c->err_ns < p->err_ns))
		s = c;
	if (s->err) {
		snprintf(err, err_size, "the %s, %s: %s", s == p ? "producer" : "consumer", s->what,
			 reason(s->err));
		return s->err;
	}
	if (!p->done || !c->done) {
		snprintf(err, err_size, "the %s was killed", p->done ? "consumer" : "producer");
		return -ECHILD;
	}
	if (p->bytes != bytes || c->bytes != bytes) {
		snprintf(err, err_size, "%llu B written and %llu B read instead of %llu B",
			 (unsigned long long)p->bytes, (unsigned long long)c->bytes,
			 (unsigned long long)bytes);
		return -EBADMSG;
	}
	*ret = (struct pair_sample){
		.producer_ns = p->cpu_ns,
		.consumer_ns = c->cpu_ns,
		.wall_ns = c->end_ns - p->start_ns,
		.writes = p->calls,
		.reads = c->calls,
	};
	return 0;
}

int pair_run(const struct pair_job *job, struct pair_sample *ret, char *err, size_t err_size)
{
	struct run r = { .job = job, .channel = { -1, -1 }, .warm = { -1, -1 }, .ended = { -1, -1 } };
	struct wire *w = malloc(sizeof(*w));
	int ret_err;

	r.sides = mmap(NULL, sizeof(*r.sides), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!w || r.sides == MAP_FAILED) {
		snprintf(err, err_size, "out of memory");
		ret_err = -ENOMEM;
		goto out;
	}
	ret_err = wire_open(job->transport, job->directory, &r.channel[0], &r.channel[1]);
	if (!ret_err && (pipe2(r.warm, O_CLOEXEC) || pipe2(r.ended, O_CLOEXEC)))
		ret_err = -errno;
	if (ret_err) {
		snprintf(err, err_size, "opening it: %s", strerror(-ret_err));
		goto out;
	}
	ret_err = start(&r, w);
	if (ret_err) {
		snprintf(err, err_size, "starting a process: %s", strerror(-ret_err));
		goto out;
	}
	ret_err = wait_ended(&r);
	if (ret_err) {
		snprintf(err, err_size, "%s", ret_err == -EINTR ? "interrupted" : "timed out");
		goto out;
	}
	reap(&r, false);
	ret_err = check(&r, ret, err, err_size);
out:
	reap(&r, true);
	for (int i = 0; i < 2; i++) {
		close_one(&r.channel[i]);
		close_one(&r.warm[i]);
		close_one(&r.ended[i]);
	}
	if (r.sides != MAP_FAILED)
		munmap(r.sides, sizeof(*r.sides));
	free(w);
	return ret_err;
}
