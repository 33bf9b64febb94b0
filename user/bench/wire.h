/* SPDX-License-Identifier: GPL-2.0-only */
/* A transport between two processes: opening it, sending and receiving messages of one size. */
#ifndef SHIMSCOPE_BENCH_WIRE_H
#define SHIMSCOPE_BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/bench.h"

/* ttrpc's channel: header, and the size of Go's bufio on both sides. */
#define TTRPC_HEADER 10
#define TTRPC_BUFFER 4096

/* One side. Zero but for transport and fd before its first use. */
struct wire {
	enum bench_transport transport;
	int fd;
	uint64_t calls;	 /* system calls that carried bytes */
	uint64_t bytes;	 /* of messages, without frames */
	uint32_t stream; /* ttrpc: of the last frame */
	size_t from, to; /* ttrpc: what is waiting in the receiver's buffer */
	unsigned char buffer[TTRPC_BUFFER];
	unsigned char message[BENCH_READ_SIZE];
};

/*
 * Open a channel: *reader and *writer are the caller's to close. directory is where a FIFO is made, in a
 * private directory that is gone before this returns. Returns 0 or a negative errno.
 */
int wire_open(enum bench_transport t, const char *directory, int *reader, int *writer);

/* Send w->message, size bytes of it. Returns 0 or a negative errno: -EMSGSIZE above BENCH_READ_SIZE. */
int wire_send(struct wire *w, size_t size);

/*
 * Receive so many messages, no byte less. Returns 0 or a negative errno: -ENODATA when the channel
 * ended before, -EBADMSG when a message, frame or the sum is not of the size expected.
 */
int wire_receive(struct wire *w, uint64_t messages, size_t size);

/* Returns 0 when nothing follows and the writer has closed, -EBADMSG when something does. */
int wire_receive_end(struct wire *w);

#endif
