/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The capture file: facts of a recorded trace, in checksummed zlib blocks, append-only and
 * self-describing. user/capture/FORMAT.md tells the layout.
 */
#ifndef SHIMSCOPE_CAPTURE_CAPTURE_H
#define SHIMSCOPE_CAPTURE_CAPTURE_H

#include "model/fact.h"

struct capture_writer;

/*
 * Create a capture at path (mode 0600, symbolic links not followed, an existing regular file is
 * replaced; it must be the caller's own, have one name and not be locked by another writer). A FIFO that
 * is being read and a character device are taken as they are. *ret is the caller's, to end with
 * capture_close(). Returns 0 or a negative errno with a message in err. The program must ignore SIGPIPE
 * and SIGXFSZ to get -EPIPE and -EFBIG instead.
 */
int capture_create(const char *path, struct capture_writer **ret, char *err, size_t err_size);

/*
 * The sink that writes facts. They are buffered into a block; a block is written when it is large
 * enough or by capture_flush(). The functions return 0 or a negative errno; after a failed write
 * (-ENOSPC…) the file is cut back to its last whole block and every later call returns the same error.
 * A fact that cannot be in a capture is refused and the capture goes on without it: -EMSGSIZE for one of
 * 1 MiB or more, -EINVAL for an enum value out of range or a fact after the end mark.
 */
struct fact_sink capture_sink(struct capture_writer *w);

/* Write what is buffered as one block: everything before is safe from a killed tracer. */
int capture_flush(struct capture_writer *w);

/* Bytes written to the file so far. */
uint64_t capture_size(const struct capture_writer *w);

/* Flush, close and free. Returns the first error of the writer's life, or 0. */
int capture_close(struct capture_writer *w);

/* What reading came to. */
struct capture_status {
	bool complete;	     /* the end mark was read */
	uint64_t blocks;     /* whole blocks read */
	uint64_t facts;	     /* delivered, or passed over by the sink */
	uint64_t skipped;    /* facts and blocks of a newer minor version, which this one does not know */
	uint64_t good_bytes; /* up to the last whole block */
	uint64_t file_bytes;
	/*
	 * Not empty: why reading stopped early ("block 17 at byte 40960: its checksum does not match: it is
	 * damaged"); with complete: that something follows the end mark.
	 */
	char warning[256];
};

/*
 * Read a capture into a sink. A cut or damaged tail is not an error: everything before it is
 * delivered and *status says so. Returns 0, or a negative errno with a message in err: -ENOENT and
 * kin, -EPROTO for a file that is not a capture, -EPROTONOSUPPORT for a newer version, or what the
 * sink returned. The file is not trusted: every length is checked before it is used.
 */
int capture_read(const char *path, const struct fact_sink *sink, struct capture_status *status, char *err,
		 size_t err_size);

/* The same from an open file, pipe or socket, from where it stands; name is for messages. fd stays open. */
int capture_read_fd(int fd, const char *name, const struct fact_sink *sink, struct capture_status *status,
		    char *err, size_t err_size);

#endif
