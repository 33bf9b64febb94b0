/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "capture/format.h"
#include "capture/output.h"

/*
 * A block is written once it has reached this size, but not between the ends of a window: a window is
 * then whole or missing after a cut, unless it alone is larger than a block may be. Compressing this
 * much takes a few ms: it must not keep the ring's consumer for long.
 */
#define BLOCK_TARGET (256U << 10)

/* Repetition is so plain in these messages that higher levels only cost time. */
#define DEFLATE_LEVEL 1

struct capture_writer {
	struct capture_output out;
	z_stream z;
	uint8_t *raw; /* facts of the block being filled */
	size_t raw_len, raw_size;
	uint8_t *packed; /* a block's frame and payload, so that one write(2) takes both */
	size_t packed_size;
	uint32_t sequence;
	int error; /* the first one: nothing is written any more */
	bool finished;
};

static int reserve(uint8_t **buf, size_t *size, size_t need)
{
	size_t grown = *size ? *size : 4096;
	uint8_t *p;

	if (need <= *size)
		return 0;
	while (grown < need)
		grown *= 2;
	p = realloc(*buf, grown);
	if (!p)
		return -ENOMEM;
	*buf = p;
	*size = grown;
	return 0;
}

static int write_block(struct capture_writer *w, uint16_t type, const uint8_t *raw, size_t len)
{
	struct capture_block block = { .type = type, .sequence = w->sequence, .raw_len = (uint32_t)len };
	size_t bound = deflateBound(&w->z, len);
	uint8_t *payload;
	int ret;

	ret = reserve(&w->packed, &w->packed_size, CAPTURE_BLOCK_HEADER_LEN + bound);
	if (ret)
		return ret;
	payload = w->packed + CAPTURE_BLOCK_HEADER_LEN;
	w->z.next_in = (Bytef *)raw;
	w->z.avail_in = (uInt)len;
	w->z.next_out = payload;
	w->z.avail_out = (uInt)bound;
	if (deflateReset(&w->z) != Z_OK || deflate(&w->z, Z_FINISH) != Z_STREAM_END)
		return -EIO;
	block.packed_len = (uint32_t)(bound - w->z.avail_out);
	capture_block_pack(w->packed, &block, payload);
	ret = capture_output_write(&w->out, w->packed, CAPTURE_BLOCK_HEADER_LEN + block.packed_len);
	if (ret)
		return ret;
	w->sequence++;
	return 0;
}

/* The header, then the schema: a file that holds these can be decoded without this program. */
static int begin(struct capture_writer *w)
{
	uint8_t header[CAPTURE_HEADER_LEN];
	int ret;

	capture_header_pack(header);
	ret = capture_output_write(&w->out, header, sizeof(header));
	if (ret)
		return ret;
	return write_block(w, CAPTURE_BLOCK_SCHEMA, (const uint8_t *)capture_schema, capture_schema_len);
}

static void free_writer(struct capture_writer *w)
{
	deflateEnd(&w->z);
	free(w->raw);
	free(w->packed);
	free(w);
}

int capture_create(const char *path, struct capture_writer **ret, char *err, size_t err_size)
{
	struct capture_writer *w = calloc(1, sizeof(*w));
	int error;

	*ret = NULL;
	if (!w || deflateInit(&w->z, DEFLATE_LEVEL) != Z_OK) {
		snprintf(err, err_size, "cannot write the capture %s: out of memory", path);
		free(w);
		return -ENOMEM;
	}
	error = capture_output_open(&w->out, path, err, err_size);
	if (error) {
		free_writer(w);
		return error;
	}
	error = begin(w);
	if (error) {
		snprintf(err, err_size, "cannot write the capture %s: %s", path, strerror(-error));
		capture_output_close(&w->out);
		free_writer(w);
		return error;
	}
	*ret = w;
	return 0;
}

static size_t varint_put(uint8_t *p, size_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	return n;
}

int capture_put(struct capture_writer *w, const Shimscope__Fact *fact)
{
	bool in_window = fact->kind_case == SHIMSCOPE__FACT__KIND_END;
	size_t len, frame;
	uint8_t head[1 + 10];
	int ret;

	if (w->error)
		return w->error;
	if (w->finished)
		return -EINVAL;
	len = shimscope__fact__get_packed_size(fact);
	if (len > CAPTURE_FACT_MAX)
		return -EMSGSIZE;
	head[0] = CAPTURE_FACT_TAG;
	frame = 1 + varint_put(head + 1, len);

	if (w->raw_len + frame + len > CAPTURE_RAW_WRITTEN_MAX ||
	    (w->raw_len >= BLOCK_TARGET && !in_window)) {
		ret = capture_flush(w);
		if (ret)
			return ret;
	}
	ret = reserve(&w->raw, &w->raw_size, w->raw_len + frame + len);
	if (ret) {
		/* A capture with a hole must not get an end mark. */
		w->error = ret;
		return ret;
	}
	memcpy(w->raw + w->raw_len, head, frame);
	shimscope__fact__pack(fact, w->raw + w->raw_len + frame);
	w->raw_len += frame + len;
	w->finished = fact->kind_case == SHIMSCOPE__FACT__KIND_FINISH;
	return 0;
}

int capture_flush(struct capture_writer *w)
{
	if (w->error || !w->raw_len)
		return w->error;
	w->error = write_block(w, CAPTURE_BLOCK_FACTS, w->raw, w->raw_len);
	w->raw_len = 0;
	return w->error;
}

uint64_t capture_size(const struct capture_writer *w)
{
	return w->out.size;
}

int capture_close(struct capture_writer *w)
{
	int ret, closed;

	if (!w)
		return 0;
	ret = capture_flush(w);
	closed = capture_output_close(&w->out);
	free_writer(w);
	return ret ? ret : closed;
}
