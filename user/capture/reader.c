/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a capture block by block. The memory that it takes is that of one block, whatever the file
 * says, and a block's facts are delivered only when all of the block is right.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/capture.h"
#include "capture/check.h"
#include "capture/decode.h"
#include "capture/format.h"

struct buffer {
	uint8_t *data;
	size_t size;
};

struct reader {
	int fd;
	const char *name;
	const struct fact_sink *sink;
	struct capture_status *status;
	uint64_t offset; /* bytes read */
	bool regular;
	struct buffer packed, raw;
	char *err;
	size_t err_size;
};

/*
 * What a step of reading returns besides 0 (go on) and a negative errno (with its message in err): the
 * facts end here, and the status says why unless they are complete.
 */
#define STOP 1

static int __attribute__((format(printf, 3, 4))) fail(struct reader *r, int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->err, r->err_size, fmt, args);
	va_end(args);
	return error;
}

/* Say why reading stopped, at the block that begins where the last whole one ended. Returns STOP. */
static int __attribute__((format(printf, 2, 3))) stop(struct reader *r, const char *fmt, ...)
{
	struct capture_status *s = r->status;
	va_list args;
	int n;

	n = snprintf(s->warning, sizeof(s->warning), "block %" PRIu64 " at byte %" PRIu64 ": ", s->blocks,
		     s->good_bytes);
	va_start(args, fmt);
	vsnprintf(s->warning + n, sizeof(s->warning) - (size_t)n, fmt, args);
	va_end(args);
	return STOP;
}

static int no_memory(struct reader *r)
{
	return fail(r, -ENOMEM, "cannot read %s: out of memory", r->name);
}

/* Room for size bytes; what was in the buffer is lost. Pages are only used as they are filled. */
static int make_room(struct buffer *b, size_t size)
{
	if (size <= b->size)
		return 0;
	free(b->data);
	b->data = malloc(size);
	b->size = b->data ? size : 0;
	return b->data ? 0 : -ENOMEM;
}

/* Fill buf as far as the file goes. Returns the number of bytes or a negative errno. */
static int64_t fill(struct reader *r, void *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(r->fd, (char *)buf + got, len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
		r->offset += (size_t)n;
	}
	return (int64_t)got;
}

static int read_header(struct reader *r)
{
	uint8_t header[CAPTURE_HEADER_LEN];
	int64_t got = fill(r, header, sizeof(header));
	uint16_t major, minor;

	if (got < 0)
		return fail(r, (int)got, "cannot read %s: %s", r->name, strerror((int)-got));
	if (got == 0)
		return fail(r, -EPROTO, "%s is not a capture: it is empty", r->name);
	if (got < CAPTURE_HEADER_LEN) {
		size_t len = (size_t)(got < CAPTURE_MAGIC_LEN ? got : CAPTURE_MAGIC_LEN);

		if (memcmp(header, CAPTURE_MAGIC, len) != 0)
			return fail(r, -EPROTO, "%s is not a capture", r->name);
		return fail(r, -EPROTO, "%s is a capture cut off within its header: nothing is left",
			    r->name);
	}
	if (memcmp(header, CAPTURE_MAGIC, CAPTURE_MAGIC_LEN) != 0)
		return fail(r, -EPROTO, "%s is not a capture", r->name);
	if (capture_header_parse(header, &major, &minor))
		return fail(r, -EPROTO, "%s is a capture with a damaged header", r->name);
	if (major > CAPTURE_MAJOR)
		return fail(r, -EPROTONOSUPPORT,
			    "%s is of capture format %u.%u, newer than %u.%u which this version reads",
			    r->name, (unsigned int)major, (unsigned int)minor, CAPTURE_MAJOR, CAPTURE_MINOR);
	if (major < CAPTURE_MAJOR)
		return fail(r, -EPROTO, "%s is of capture format %u.%u, which never was", r->name,
			    (unsigned int)major, (unsigned int)minor);
	r->status->good_bytes = r->offset;
	return 0;
}

/* Is this frame one that a capture can have here? */
static int check_frame(struct reader *r, const struct capture_block *b)
{
	if (b->sequence != r->status->blocks)
		return stop(r, "it is numbered %" PRIu32 ": blocks are missing or out of order", b->sequence);
	if (b->flags)
		return stop(r, "it has flags 0x%x, which this version does not know", (unsigned int)b->flags);
	if (b->raw_len == 0 || b->raw_len > CAPTURE_RAW_MAX)
		return stop(r, "its size of %" PRIu32 " bytes is not between 1 and %u", b->raw_len,
			    CAPTURE_RAW_MAX);
	if (b->packed_len == 0 || b->packed_len > CAPTURE_PACKED_MAX)
		return stop(r, "its compressed size of %" PRIu32 " bytes is not between 1 and %u",
			    b->packed_len, CAPTURE_PACKED_MAX);
	return 0;
}

/* Decompress the payload into raw: exactly as much as the frame says. */
static int unpack(struct reader *r, const struct capture_block *b)
{
	uLong packed_len = b->packed_len;
	uLongf raw_len = b->raw_len;

	if (make_room(&r->raw, b->raw_len))
		return no_memory(r);
	switch (uncompress2(r->raw.data, &raw_len, r->packed.data, &packed_len)) {
	case Z_OK:
		if (raw_len == b->raw_len && packed_len == b->packed_len)
			return 0;
		return stop(r, "its size is not what it says");
	case Z_BUF_ERROR:
		return stop(r, "its size is not what it says");
	case Z_MEM_ERROR:
		return no_memory(r);
	default:
		return stop(r, "it does not decompress");
	}
}

/* The facts of a block: all are checked before the first is delivered. */
static int deliver(struct reader *r, const struct capture_block *b)
{
	const uint8_t *p = r->raw.data, *end = p + b->raw_len;
	struct capture_check check;

	if (!capture_check_facts(p, b->raw_len, &check))
		return stop(r, "%s", check.why);
	while (p < end) {
		const uint8_t *fact;
		size_t len = capture_next_fact(&p, end, &fact);
		int ret = capture_decode_fact(fact, len, r->sink);

		if (ret)
			return fail(r, ret, "cannot take in block %" PRIu64 " of %s: %s", r->status->blocks,
				    r->name, strerror(-ret));
	}
	r->status->facts += check.facts;
	r->status->skipped += check.skipped;
	r->status->complete = check.finished;
	return 0;
}

/* Read the block that begins here. */
static int read_block(struct reader *r)
{
	struct capture_status *s = r->status;
	uint8_t frame[CAPTURE_BLOCK_HEADER_LEN];
	struct capture_block b;
	int64_t got;
	int ret;

	got = fill(r, frame, sizeof(frame));
	if (got < 0)
		return fail(r, (int)got, "cannot read %s: %s", r->name, strerror((int)-got));
	if (got == 0)
		return stop(r, "there is none, and no end mark before it: the trace was cut off");
	if (got < CAPTURE_BLOCK_HEADER_LEN)
		return stop(r, "it is cut off after %d bytes", (int)got);
	if (!capture_block_parse(frame, &b))
		return stop(r, "no block begins here");
	ret = check_frame(r, &b);
	if (ret)
		return ret;

	if (r->regular && r->offset + b.packed_len > s->file_bytes) {
		/* Asked before memory is, as far as the file's size is known. */
		return stop(r, "it is cut off after %" PRIu64 " of %zu bytes", s->file_bytes - s->good_bytes,
			    sizeof(frame) + b.packed_len);
	}
	if (make_room(&r->packed, b.packed_len))
		return no_memory(r);
	got = fill(r, r->packed.data, b.packed_len);
	if (got < 0)
		return fail(r, (int)got, "cannot read %s: %s", r->name, strerror((int)-got));
	if (got < b.packed_len)
		return stop(r, "it is cut off after %" PRIu64 " of %zu bytes", r->offset - s->good_bytes,
			    sizeof(frame) + b.packed_len);
	if (capture_block_crc(frame, r->packed.data, b.packed_len) != b.crc)
		return stop(r, "its checksum does not match: it is damaged");

	if (b.type == CAPTURE_BLOCK_FACTS) {
		ret = unpack(r, &b);
		if (!ret)
			ret = deliver(r, &b);
		if (ret)
			return ret;
	} else if (b.type != CAPTURE_BLOCK_SCHEMA) {
		s->skipped++;
	}
	s->blocks++;
	s->good_bytes = r->offset;
	return s->complete ? STOP : 0;
}

/* What lies behind the end mark is none of the trace's. */
static void check_rest(struct reader *r)
{
	char byte;

	if (fill(r, &byte, 1) == 1)
		snprintf(r->status->warning, sizeof(r->status->warning),
			 "what follows the end mark at byte %" PRIu64 " was passed over",
			 r->status->good_bytes);
}

int capture_read_fd(int fd, const char *name, const struct fact_sink *sink, struct capture_status *status,
		    char *err, size_t err_size)
{
	struct reader r = {
		.fd = fd, .name = name, .sink = sink, .status = status, .err = err, .err_size = err_size
	};
	struct stat st;
	int ret;

	memset(status, 0, sizeof(*status));
	if (fstat(fd, &st))
		return fail(&r, -errno, "cannot read %s: %s", name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(&r, -EISDIR, "cannot read %s: it is a directory", name);
	if (S_ISREG(st.st_mode)) {
		r.regular = true;
		status->file_bytes = (uint64_t)st.st_size;
	}

	ret = read_header(&r);
	while (!ret)
		ret = read_block(&r);
	if (ret == STOP && status->complete)
		check_rest(&r);
	/* A file that is still being written has grown meanwhile; a pipe has no size. */
	if (r.offset > status->file_bytes)
		status->file_bytes = r.offset;
	free(r.packed.data);
	free(r.raw.data);
	return ret < 0 ? ret : 0;
}

int capture_read(const char *path, const struct fact_sink *sink, struct capture_status *status, char *err,
		 size_t err_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int ret;

	if (fd < 0) {
		ret = -errno;
		memset(status, 0, sizeof(*status));
		snprintf(err, err_size, "cannot read %s: %s", path, strerror(-ret));
		return ret;
	}
	ret = capture_read_fd(fd, path, sink, status, err, err_size);
	close(fd);
	return ret;
}
