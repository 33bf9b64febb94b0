// SPDX-License-Identifier: GPL-2.0-only
/* Transports: opened, written and read with plain blocking read(2) and write(2). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/wire.h"

/* ttrpc's message type of streamed data, which has no service and method around the bytes. */
#define TTRPC_DATA 3

enum transport bench_transport_kind(enum bench_transport t)
{
	static const enum transport kinds[BENCH_TRANSPORTS] = {
		[BENCH_PIPE] = TRANSPORT_PIPE,
		[BENCH_FIFO] = TRANSPORT_FIFO,
		[BENCH_UNIX_STREAM] = TRANSPORT_UNIX_STREAM,
		[BENCH_UNIX_SEQPACKET] = TRANSPORT_UNIX_SEQPACKET,
		[BENCH_TTRPC] = TRANSPORT_UNIX_STREAM,
	};

	return kinds[t];
}

enum protocol bench_transport_protocol(enum bench_transport t)
{
	return t == BENCH_TTRPC ? PROTOCOL_TTRPC : PROTOCOL_RAW;
}

/* The name is gone before anyone else could open it: no third process changes what is measured. */
static int fifo_open(const char *directory, int *reader, int *writer)
{
	char dir[PATH_MAX], path[PATH_MAX + 8];
	int flags, err = 0;

	if (snprintf(dir, sizeof(dir), "%s/shimscope-bench-XXXXXX", directory) >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	if (!mkdtemp(dir))
		return -errno;
	snprintf(path, sizeof(path), "%s/fifo", dir);
	*reader = *writer = -1;
	if (mkfifo(path, 0600)) {
		err = -errno;
		goto out;
	}
	/* A reader that does not wait for a writer, then a writer that finds it. */
	*reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (*reader >= 0)
		*writer = open(path, O_WRONLY | O_CLOEXEC);
	if (*reader < 0 || *writer < 0) {
		err = -errno;
	} else {
		flags = fcntl(*reader, F_GETFL);
		if (flags < 0 || fcntl(*reader, F_SETFL, flags & ~O_NONBLOCK))
			err = -errno;
	}
	unlink(path);
out:
	rmdir(dir);
	if (err) {
		if (*reader >= 0)
			close(*reader);
		if (*writer >= 0)
			close(*writer);
	}
	return err;
}

int wire_open(enum bench_transport t, const char *directory, int *reader, int *writer)
{
	int fds[2], type = t == BENCH_UNIX_SEQPACKET ? SOCK_SEQPACKET : SOCK_STREAM;

	if (t == BENCH_FIFO)
		return fifo_open(directory, reader, writer);
	if (t == BENCH_PIPE ? pipe2(fds, O_CLOEXEC) : socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds))
		return -errno;
	*reader = fds[0];
	*writer = fds[1];
	return 0;
}

static int write_whole(struct wire *w, const unsigned char *p, size_t left)
{
	while (left) {
		ssize_t n = write(w->fd, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		w->calls++;
		p += n;
		left -= (size_t)n;
	}
	return 0;
}

static ssize_t read_some(struct wire *w, unsigned char *p, size_t size)
{
	ssize_t n;

	do
		n = read(w->fd, p, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENODATA;
	w->calls++;
	return n;
}

/*
 * A frame through Go's bufio.Writer and its Flush, as ttrpc's channel.send does: what does not fit fills
 * the buffer up, the buffer is written, and the rest goes from where it is unless it fits in.
 */
static int ttrpc_send(struct wire *w, size_t size)
{
	uint32_t length = htonl((uint32_t)size), stream;
	size_t part = size < TTRPC_BUFFER - TTRPC_HEADER ? size : TTRPC_BUFFER - TTRPC_HEADER;
	size_t rest = size - part;
	int err;

	w->stream += w->stream ? 2 : 1; /* a client's are odd */
	stream = htonl(w->stream);
	memcpy(w->buffer, &length, sizeof(length));
	memcpy(w->buffer + 4, &stream, sizeof(stream));
	w->buffer[8] = TTRPC_DATA;
	w->buffer[9] = 0;
	memcpy(w->buffer + TTRPC_HEADER, w->message, part);
	err = write_whole(w, w->buffer, TTRPC_HEADER + part);
	if (err || !rest)
		return err;
	if (rest > TTRPC_BUFFER)
		return write_whole(w, w->message + part, rest);
	memcpy(w->buffer, w->message + part, rest);
	return write_whole(w, w->buffer, rest);
}

int wire_send(struct wire *w, size_t size)
{
	int err;

	if (size > BENCH_READ_SIZE)
		return -EMSGSIZE;
	err = w->transport == BENCH_TTRPC ? ttrpc_send(w, size) : write_whole(w, w->message, size);
	if (!err)
		w->bytes += size;
	return err;
}

/*
 * io.ReadFull() from Go's bufio.Reader: one read(2) fills an empty buffer; what is as large as the
 * buffer is read past it.
 */
static int buffered_read(struct wire *w, unsigned char *p, size_t left)
{
	while (left) {
		size_t n = w->to - w->from;
		ssize_t got;

		if (n) {
			n = n < left ? n : left;
			memcpy(p, w->buffer + w->from, n);
			w->from += n;
		} else if (left >= TTRPC_BUFFER) {
			got = read_some(w, p, left);
			if (got < 0)
				return (int)got;
			n = (size_t)got;
		} else {
			got = read_some(w, w->buffer, TTRPC_BUFFER);
			if (got < 0)
				return (int)got;
			w->from = 0;
			w->to = (size_t)got;
			continue;
		}
		p += n;
		left -= n;
	}
	return 0;
}

static int ttrpc_receive(struct wire *w, size_t size)
{
	unsigned char header[TTRPC_HEADER];
	uint32_t length, stream;
	int err;

	err = buffered_read(w, header, sizeof(header));
	if (err)
		return err;
	memcpy(&length, header, sizeof(length));
	memcpy(&stream, header + 4, sizeof(stream));
	w->stream += w->stream ? 2 : 1;
	if (ntohl(length) != size || ntohl(stream) != w->stream || header[8] != TTRPC_DATA || header[9])
		return -EBADMSG;
	err = buffered_read(w, w->message, size);
	if (!err)
		w->bytes += size;
	return err;
}

int wire_receive(struct wire *w, uint64_t messages, size_t size)
{
	uint64_t left = messages * size;

	if (size > BENCH_READ_SIZE)
		return -EMSGSIZE;
	if (w->transport == BENCH_TTRPC) {
		for (; messages; messages--) {
			int err = ttrpc_receive(w, size);

			if (err)
				return err;
		}
		return 0;
	}
	while (left) {
		ssize_t n = read_some(w, w->message, sizeof(w->message));

		if (n < 0)
			return (int)n;
		if ((uint64_t)n > left || (w->transport == BENCH_UNIX_SEQPACKET && (size_t)n != size))
			return -EBADMSG;
		left -= (uint64_t)n;
		w->bytes += (uint64_t)n;
	}
	return 0;
}

int wire_receive_end(struct wire *w)
{
	ssize_t n;

	if (w->from != w->to)
		return -EBADMSG;
	n = read_some(w, w->message, sizeof(w->message));
	return n == -ENODATA ? 0 : n < 0 ? (int)n : -EBADMSG;
}
