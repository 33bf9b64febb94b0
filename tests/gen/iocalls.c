// SPDX-License-Identifier: GPL-2.0
/*
 * iocalls: do a known number of every data-moving call on channels of its own, and say what was
 * done.
 *
 * The oracle for whoever observes the calls. Each case has channels of its own, so that each end's
 * counts stem from one kind of call. Two lines of JSON on standard output:
 *
 *   {"pid": N, "ends": [...]}   all channels are open, nothing was moved yet (all counts are 0)
 *   {"pid": N, "ends": [...]}   all is done, the channels are still open
 *
 * After the first it waits for a line on --go FD (default 0), after the second for a further one.
 *
 * Of an end: "calls" are the system calls that returned, failed ones included; "messages" the
 * messages that sendmmsg and recvmmsg moved (for other calls: the calls that succeeded);
 * "bytes" what was copied between user and kernel; "moved_bytes" what passed by splice and its kin;
 * "eagain" and "errors" the failed calls; "peeks" and "peek_bytes" what was looked at and left
 * there (MSG_PEEK, and tee's source), in neither "bytes" nor "moved_bytes". "blocked_ns" is how
 * long the calls slept at least.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_ENDS      256
#define MAX_SIZE      8192
#define SLEEP_MS      20
#define MSGS_PER_CALL 3

enum kind { PIPE, FIFO, STREAM, DGRAM, SEQPACKET, PTY, FILE_, KINDS };

static const char *const kind_names[KINDS] = {
	"pipe", "fifo", "unix-stream", "unix-dgram", "unix-seqpacket", "pty", "file",
};

struct end {
	const char *test;
	const char *transport;
	const char *direction;
	unsigned long long dev, ino;
	unsigned long long calls, messages, bytes, moved, eagain, errors, peeks, peek_bytes;
	unsigned long long blocked_ns;
};

struct chan {
	enum kind kind;
	int rd, wr;
	struct end *r, *w;
};

struct test {
	const char *name;
	unsigned int kinds; /* bit mask: one instance of the test for each kind */
	int other;	    /* the kind of a second channel, or -1 */
	unsigned int count; /* prime */
	size_t size;	    /* prime, or a page where the call wants whole pages */
	void (*run)(const struct test *t, struct chan *a, struct chan *b);
};

struct instance {
	const struct test *test;
	char name[64];
	struct chan a, b;
};

static struct end ends[MAX_ENDS];
static size_t nr_ends;
static char work_dir[256];
static char data[MAX_SIZE] __attribute__((aligned(4096)));
static char scratch[MAX_SIZE * MSGS_PER_CALL];
static const char *current = "setup";

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fprintf(stderr, "iocalls: %s: ", current);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (errno: %s)\n", strerror(err));
	exit(1);
}

static struct end *end_new(const char *test, enum kind kind, int fd, const char *direction)
{
	struct end *e;
	struct stat st;

	if (nr_ends == MAX_ENDS)
		die("more than %d ends", MAX_ENDS);
	if (fstat(fd, &st) != 0)
		die("fstat");
	e = &ends[nr_ends++];
	e->test = test;
	e->transport = kind_names[kind];
	e->direction = direction;
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	return e;
}

static void set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) != 0)
		die("fcntl");
}

static void open_pty(struct chan *c)
{
	int master = -1, slave = -1;
	struct termios raw;

	if (openpty(&master, &slave, NULL, NULL, NULL) != 0 || tcgetattr(slave, &raw) != 0)
		die("openpty");
	cfmakeraw(&raw);
	if (tcsetattr(slave, TCSANOW, &raw) != 0)
		die("tcsetattr");
	c->rd = master;
	c->wr = slave;
}

static void chan_open(struct chan *c, enum kind kind, const char *test)
{
	static unsigned int serial;
	char path[sizeof(work_dir) + 32] = "";
	int fds[2] = { -1, -1 };
	int type = kind == STREAM ? SOCK_STREAM : kind == DGRAM ? SOCK_DGRAM : SOCK_SEQPACKET;

	snprintf(path, sizeof(path), "%s/%u", work_dir, serial++);
	c->kind = kind;
	switch (kind) {
	case PIPE:
		if (pipe2(fds, O_CLOEXEC) != 0)
			die("pipe2");
		break;
	case FIFO:
		if (mkfifo(path, 0600) != 0)
			die("mkfifo %s", path);
		fds[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		fds[1] = open(path, O_WRONLY | O_CLOEXEC);
		break;
	case STREAM:
	case DGRAM:
	case SEQPACKET:
		if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0)
			die("socketpair");
		break;
	case PTY:
		open_pty(c);
		fds[0] = c->rd;
		fds[1] = c->wr;
		break;
	case FILE_:
		fds[1] = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		fds[0] = open(path, O_RDONLY | O_CLOEXEC);
		break;
	case KINDS:
		die("no such kind of channel");
	}
	if (fds[0] < 0 || fds[1] < 0)
		die("%s: %s", kind_names[kind], path);
	c->rd = fds[0];
	c->wr = fds[1];
	/* A terminal's data arrive a little after the write: its reader must be able to wait. */
	set_nonblock(c->rd, kind != PTY && kind != FILE_);
	c->r = end_new(test, kind, c->rd, "read");
	c->w = end_new(test, kind, c->wr, "write");
}

/* Accounts a call that copies; returns what the call returned. */
static ssize_t copied(struct end *e, ssize_t ret)
{
	e->calls++;
	if (ret >= 0) {
		e->bytes += (unsigned long long)ret;
		e->messages++;
	} else if (errno == EAGAIN) {
		e->eagain++;
	} else {
		e->errors++;
	}
	return ret;
}

/* Accounts a call that moves bytes from one channel to another. Either end may be absent. */
static void moved(struct end *from, struct end *to, ssize_t ret, size_t want)
{
	struct end *both[] = { from, to };

	if (ret != (ssize_t)want)
		die("moved %zd of %zu", ret, want);
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		if (!both[i])
			continue;
		both[i]->calls++;
		both[i]->messages++;
		both[i]->moved += want;
	}
}

static void want_bytes(ssize_t got, size_t want)
{
	if (got != (ssize_t)want)
		die("%zd of %zu bytes", got, want);
}

static void want_error(ssize_t got, int err)
{
	if (got >= 0 || errno != err)
		die("%zd instead of %s", got, strerror(err));
}

static void fill(struct chan *c, size_t size)
{
	want_bytes(copied(c->w, write(c->wr, data, size)), size);
}

/* Reads size bytes with as many calls as it takes. */
static void drain(struct chan *c, size_t size)
{
	while (size > 0) {
		ssize_t n = copied(c->r, read(c->rd, scratch, size));

		if (n <= 0)
			die("read %zd with %zu left", n, size);
		size -= (size_t)n;
	}
}

static void run_read_write(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		fill(a, t->size);
		drain(a, t->size);
	}
}

/* One buffer in three pieces. */
static int split(struct iovec iov[3], char *buf, size_t size)
{
	size_t first = size / 5, second = size / 3;

	iov[0] = (struct iovec){ buf, first };
	iov[1] = (struct iovec){ buf + first, second };
	iov[2] = (struct iovec){ buf + first + second, size - first - second };
	return 3;
}

static void run_readv_writev(const struct test *t, struct chan *a, struct chan *b)
{
	struct iovec iov[3];

	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		size_t left = t->size;

		want_bytes(copied(a->w, writev(a->wr, iov, split(iov, data, t->size))), t->size);
		while (left > 0) {
			ssize_t n = copied(a->r, readv(a->rd, iov, split(iov, scratch, left)));

			if (n <= 0)
				die("readv %zd with %zu left", n, left);
			left -= (size_t)n;
		}
	}
}

static void run_preadv2_pwritev2(const struct test *t, struct chan *a, struct chan *b)
{
	struct iovec iov[3];

	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		/* Offset -1 means the current one, and is the only one that a pipe takes. */
		off_t off = a->kind == FILE_ ? (off_t)(i * t->size) : -1;

		want_bytes(copied(a->w, pwritev2(a->wr, iov, split(iov, data, t->size), off, 0)), t->size);
		want_bytes(copied(a->r, preadv2(a->rd, iov, split(iov, scratch, t->size), off, 0)), t->size);
	}
}

static void run_pread_pwrite(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		off_t off = (off_t)(i * t->size);

		want_bytes(copied(a->w, pwrite(a->wr, data, t->size, off)), t->size);
		want_bytes(copied(a->r, pread(a->rd, scratch, t->size, off)), t->size);
	}
}

static void run_eof(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	fill(a, t->size);
	drain(a, t->size);
	if (a->kind != FILE_)
		close(a->wr);
	for (unsigned int i = 0; i < t->count; i++)
		want_bytes(copied(a->r, read(a->rd, scratch, t->size)), 0);
}

static void run_eagain_read(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	for (unsigned int i = 0; i < t->count; i++)
		want_error(copied(a->r, read(a->rd, scratch, t->size)), EAGAIN);
	fill(a, t->size);
	drain(a, t->size);
}

static void run_eagain_write(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	set_nonblock(a->wr, true);
	while (copied(a->w, write(a->wr, data, MAX_SIZE)) > 0)
		;
	want_error(-1, EAGAIN);
	for (unsigned int i = 1; i < t->count; i++)
		want_error(copied(a->w, write(a->wr, data, t->size)), EAGAIN);
}

static void run_epipe(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	fill(a, t->size);
	drain(a, t->size);
	close(a->rd);
	for (unsigned int i = 0; i < t->count; i++) {
		/* A datagram socket says that nobody listens, then that it has no peer. */
		int err = a->kind != DGRAM ? EPIPE : i == 0 ? ECONNREFUSED : ENOTCONN;

		want_error(copied(a->w, write(a->wr, data, t->size)), err);
	}
}

static void run_efault(const struct test *t, struct chan *a, struct chan *b)
{
	char *nowhere = (char *)8;

	(void)b;
	for (unsigned int i = 0; i < t->count; i++)
		want_error(copied(a->w, write(a->wr, nowhere, t->size)), EFAULT);
	fill(a, t->size);
	drain(a, t->size);
}

static void run_send_recv(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		want_bytes(copied(a->w, send(a->wr, data, t->size, 0)), t->size);
		want_bytes(copied(a->r, recv(a->rd, scratch, t->size, 0)), t->size);
	}
}

static void run_sendto_recvfrom(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);

		want_bytes(copied(a->w, sendto(a->wr, data, t->size, 0, NULL, 0)), t->size);
		want_bytes(copied(a->r, recvfrom(a->rd, scratch, t->size, 0, (struct sockaddr *)&from, &len)),
			   t->size);
	}
}

static void run_sendmsg_recvmsg(const struct test *t, struct chan *a, struct chan *b)
{
	struct iovec iov[3];
	struct msghdr msg = { .msg_iov = iov };

	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		msg.msg_iovlen = (size_t)split(iov, data, t->size);
		want_bytes(copied(a->w, sendmsg(a->wr, &msg, 0)), t->size);
		msg.msg_iovlen = (size_t)split(iov, scratch, t->size);
		want_bytes(copied(a->r, recvmsg(a->rd, &msg, 0)), t->size);
	}
}

static void count_messages(struct end *e, const struct mmsghdr *msgs, int n, size_t size)
{
	if (n != MSGS_PER_CALL)
		die("%d of %d messages", n, MSGS_PER_CALL);
	e->calls++;
	for (int i = 0; i < n; i++) {
		if (msgs[i].msg_len != size)
			die("message of %u bytes instead of %zu", msgs[i].msg_len, size);
		e->messages++;
		e->bytes += msgs[i].msg_len;
	}
}

static void run_sendmmsg_recvmmsg(const struct test *t, struct chan *a, struct chan *b)
{
	struct mmsghdr msgs[MSGS_PER_CALL];
	struct iovec iov[MSGS_PER_CALL];

	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		memset(msgs, 0, sizeof(msgs));
		for (unsigned int m = 0; m < MSGS_PER_CALL; m++) {
			iov[m] = (struct iovec){ data, t->size };
			msgs[m].msg_hdr.msg_iov = &iov[m];
			msgs[m].msg_hdr.msg_iovlen = 1;
		}
		count_messages(a->w, msgs, sendmmsg(a->wr, msgs, MSGS_PER_CALL, 0), t->size);
		for (unsigned int m = 0; m < MSGS_PER_CALL; m++)
			iov[m].iov_base = scratch + m * t->size;
		count_messages(a->r, msgs, recvmmsg(a->rd, msgs, MSGS_PER_CALL, 0, NULL), t->size);
	}
}

static void run_peek(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	fill(a, t->size);
	for (unsigned int i = 0; i < t->count; i++) {
		want_bytes(recv(a->rd, scratch, t->size, MSG_PEEK), t->size);
		a->r->calls++;
		a->r->peeks++;
		a->r->peek_bytes += t->size;
	}
	drain(a, t->size);
}

/* From a to b; at least one of the two is a pipe. Neither a terminal nor a datagram socket. */
static void run_splice(const struct test *t, struct chan *a, struct chan *b)
{
	for (unsigned int i = 0; i < t->count; i++) {
		fill(a, t->size);
		moved(a->r, b->w, splice(a->rd, NULL, b->wr, NULL, t->size, 0), t->size);
		drain(b, t->size);
	}
}

static void run_tee(const struct test *t, struct chan *a, struct chan *b)
{
	for (unsigned int i = 0; i < t->count; i++) {
		fill(a, t->size);
		moved(NULL, b->w, tee(a->rd, b->wr, t->size, 0), t->size);
		a->r->calls++;
		a->r->peeks++;
		a->r->peek_bytes += t->size;
		drain(b, t->size);
		drain(a, t->size);
	}
}

static void run_vmsplice_in(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		struct iovec iov = { data, t->size };

		moved(NULL, a->w, vmsplice(a->wr, &iov, 1, 0), t->size);
		drain(a, t->size);
	}
}

/* On the reading end, vmsplice copies: it is a read by another name. */
static void run_vmsplice_out(const struct test *t, struct chan *a, struct chan *b)
{
	(void)b;
	for (unsigned int i = 0; i < t->count; i++) {
		struct iovec iov = { scratch, t->size };

		fill(a, t->size);
		want_bytes(copied(a->r, vmsplice(a->rd, &iov, 1, 0)), t->size);
	}
}

static void run_sendfile(const struct test *t, struct chan *a, struct chan *b)
{
	for (unsigned int i = 0; i < t->count; i++) {
		fill(a, t->size);
		moved(a->r, b->w, sendfile(b->wr, a->rd, NULL, t->size), t->size);
		drain(b, t->size);
	}
}

static void run_copy_file_range(const struct test *t, struct chan *a, struct chan *b)
{
	for (unsigned int i = 0; i < t->count; i++) {
		fill(a, t->size);
		moved(a->r, b->w, copy_file_range(a->rd, NULL, b->wr, NULL, t->size, 0), t->size);
		drain(b, t->size);
	}
}

struct later {
	struct chan *chan;
	size_t size;
	unsigned int count;
	pthread_barrier_t barrier;
};

static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000ULL + (unsigned long long)ts.tv_nsec;
}

static void *write_later(void *arg)
{
	struct later *l = arg;
	struct timespec pause = { .tv_nsec = SLEEP_MS * 1000000L };

	for (unsigned int i = 0; i < l->count; i++) {
		pthread_barrier_wait(&l->barrier);
		nanosleep(&pause, NULL);
		fill(l->chan, l->size);
	}
	return NULL;
}

/* Reads that sleep until another thread writes. */
static void run_blocked_read(const struct test *t, struct chan *a, struct chan *b)
{
	struct later later = { .chan = a, .size = t->size, .count = t->count };
	pthread_t thread;

	(void)b;
	set_nonblock(a->rd, false);
	if (pthread_barrier_init(&later.barrier, NULL, 2) != 0 ||
	    pthread_create(&thread, NULL, write_later, &later) != 0)
		die("pthread_create");
	for (unsigned int i = 0; i < t->count; i++) {
		unsigned long long start;

		pthread_barrier_wait(&later.barrier);
		start = now_ns();
		want_bytes(copied(a->r, read(a->rd, scratch, t->size)), t->size);
		/* Half of it, for this thread may have been late. */
		if (now_ns() - start > SLEEP_MS * 500000ULL)
			a->r->blocked_ns += SLEEP_MS * 500000ULL;
	}
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&later.barrier);
}

#define BIT(k)	(1U << (k))
#define PIPES	(BIT(PIPE) | BIT(FIFO))
#define SOCKETS (BIT(STREAM) | BIT(DGRAM) | BIT(SEQPACKET))
#define ALL	(BIT(KINDS) - 1)

static const struct test tests[] = {
	{ "read-write", ALL, -1, 13, 101, run_read_write },
	{ "readv-writev", ALL, -1, 17, 103, run_readv_writev },
	{ "preadv2-pwritev2", ALL & ~BIT(PTY), -1, 19, 107, run_preadv2_pwritev2 },
	{ "pread-pwrite", BIT(FILE_), -1, 23, 109, run_pread_pwrite },
	{ "eof", (PIPES | BIT(STREAM) | BIT(SEQPACKET) | BIT(FILE_)), -1, 5, 113, run_eof },
	{ "eagain-read", PIPES | SOCKETS, -1, 29, 127, run_eagain_read },
	{ "eagain-write", PIPES | SOCKETS, -1, 31, 131, run_eagain_write },
	{ "epipe", PIPES | SOCKETS, -1, 7, 137, run_epipe },
	{ "efault", PIPES | SOCKETS, -1, 11, 139, run_efault },
	{ "send-recv", SOCKETS, -1, 37, 149, run_send_recv },
	{ "sendto-recvfrom", SOCKETS, -1, 41, 151, run_sendto_recvfrom },
	{ "sendmsg-recvmsg", SOCKETS, -1, 43, 157, run_sendmsg_recvmsg },
	{ "sendmmsg-recvmmsg", BIT(DGRAM) | BIT(SEQPACKET), -1, 47, 163, run_sendmmsg_recvmmsg },
	{ "peek", SOCKETS, -1, 53, 167, run_peek },
	{ "splice-to-file", PIPES, FILE_, 59, 173, run_splice },
	{ "splice-to-pipe", BIT(FIFO) | BIT(STREAM) | BIT(FILE_), PIPE, 61, 179, run_splice },
	{ "splice-to-fifo", BIT(PIPE), FIFO, 67, 181, run_splice },
	{ "splice-to-socket", PIPES, STREAM, 71, 191, run_splice },
	{ "tee", PIPES, PIPE, 73, 193, run_tee },
	{ "vmsplice-in", PIPES, -1, 79, 197, run_vmsplice_in },
	{ "vmsplice-out", PIPES, -1, 83, 199, run_vmsplice_out },
	{ "sendfile-to-pipe", BIT(FILE_), PIPE, 89, 211, run_sendfile },
	{ "sendfile-to-socket", BIT(FILE_), STREAM, 97, 223, run_sendfile },
	{ "copy_file_range", BIT(FILE_), FILE_, 101, 227, run_copy_file_range },
	{ "blocked-read", PIPES | SOCKETS, -1, 3, 229, run_blocked_read },
};

static struct instance instances[MAX_ENDS];
static size_t nr_instances;

static void set_up(const char *only)
{
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		const struct test *t = &tests[i];

		if (only && strcmp(only, t->name) != 0)
			continue;
		for (int kind = 0; kind < KINDS; kind++) {
			struct instance *in;

			if (!(t->kinds & BIT(kind)))
				continue;
			if (nr_instances == MAX_ENDS)
				die("more than %d cases", MAX_ENDS);
			in = &instances[nr_instances++];
			in->test = t;
			snprintf(in->name, sizeof(in->name), "%s:%s", t->name, kind_names[kind]);
			current = in->name;
			chan_open(&in->a, (enum kind)kind, in->name);
			if (t->other >= 0)
				chan_open(&in->b, (enum kind)t->other, in->name);
		}
	}
}

static void print_ends(void)
{
	printf("{\"pid\": %d, \"ends\": [", getpid());
	for (size_t i = 0; i < nr_ends; i++) {
		const struct end *e = &ends[i];

		printf("%s{\"test\": \"%s\", \"transport\": \"%s\", \"direction\": \"%s\", "
		       "\"dev\": %llu, \"inode\": %llu, \"calls\": %llu, \"messages\": %llu, "
		       "\"bytes\": %llu, "
		       "\"moved_bytes\": %llu, \"eagain\": %llu, \"errors\": %llu, \"peeks\": "
		       "%llu, "
		       "\"peek_bytes\": %llu, \"blocked_ns\": %llu}",
		       i ? ", " : "", e->test, e->transport, e->direction, e->dev, e->ino, e->calls,
		       e->messages, e->bytes, e->moved, e->eagain, e->errors, e->peeks, e->peek_bytes,
		       e->blocked_ns);
	}
	printf("]}\n");
	if (fflush(stdout) != 0)
		exit(1);
}

/* Returns at a newline, or when the other side is gone. */
static void wait_line(int fd)
{
	char c;

	while (read(fd, &c, 1) == 1 && c != '\n')
		;
}

static const char usage_text[] =
	"usage: iocalls [option...]\n"
	"  --go FD       wait there for a line before the calls and before the end (default 0)\n"
	"  --dir DIR     where files and FIFOs are made, and removed (default /tmp)\n"
	"  --only TEST   one test instead of all\n"
	"  --list        print the tests\n";

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "go", required_argument, NULL, 'g' },	  { "dir", required_argument, NULL, 'd' },
		{ "only", required_argument, NULL, 'o' }, { "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },	  { NULL, 0, NULL, 0 },
	};
	const char *dir = "/tmp", *only = NULL;
	int go = STDIN_FILENO, c;
	char path[sizeof(work_dir) + 32];

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 'g':
			go = atoi(optarg);
			break;
		case 'd':
			dir = optarg;
			break;
		case 'o':
			only = optarg;
			break;
		case 'l':
			for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
				puts(tests[i].name);
			return 0;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			fputs(usage_text, stderr);
			return 2;
		}
	}

	signal(SIGPIPE, SIG_IGN);
	memset(data, 'x', sizeof(data));
	if ((size_t)snprintf(work_dir, sizeof(work_dir), "%s/iocalls-XXXXXX", dir) >= sizeof(work_dir) ||
	    !mkdtemp(work_dir))
		die("%s", work_dir);
	set_up(only);
	if (nr_instances == 0) {
		rmdir(work_dir);
		fprintf(stderr, "iocalls: no test is called '%s'\n", only);
		return 2;
	}
	print_ends();
	wait_line(go);

	for (size_t i = 0; i < nr_instances; i++) {
		struct instance *in = &instances[i];

		current = in->name;
		in->test->run(in->test, &in->a, &in->b);
	}
	print_ends();
	wait_line(go);

	for (unsigned int i = 0; i < nr_ends; i++) {
		snprintf(path, sizeof(path), "%s/%u", work_dir, i);
		unlink(path);
	}
	rmdir(work_dir);
	return 0;
}
