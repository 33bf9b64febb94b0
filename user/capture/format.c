/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/format.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

/* Offsets in the file header. */
enum { HEADER_MAJOR = 8, HEADER_MINOR = 10, HEADER_CRC = 12 };

/* Offsets in a block's frame. */
enum {
	BLOCK_TYPE = 4,
	BLOCK_FLAGS = 6,
	BLOCK_SEQUENCE = 8,
	BLOCK_RAW = 12,
	BLOCK_PACKED = 16,
	BLOCK_CRC = 20,
};

const char capture_schema[] =
#include "capture/capture.proto.inc"
	;
const size_t capture_schema_len = sizeof(capture_schema) - 1;

static void put16(uint8_t *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

void capture_header_pack(uint8_t out[CAPTURE_HEADER_LEN])
{
	memcpy(out, CAPTURE_MAGIC, CAPTURE_MAGIC_LEN);
	put16(out + HEADER_MAJOR, CAPTURE_MAJOR);
	put16(out + HEADER_MINOR, CAPTURE_MINOR);
	put32(out + HEADER_CRC, (uint32_t)crc32(0, out, HEADER_CRC));
}

int capture_header_parse(const uint8_t in[CAPTURE_HEADER_LEN], uint16_t *major, uint16_t *minor)
{
	if (memcmp(in, CAPTURE_MAGIC, CAPTURE_MAGIC_LEN) != 0)
		return -EPROTO;
	if (get32(in + HEADER_CRC) != (uint32_t)crc32(0, in, HEADER_CRC))
		return -EPROTO;
	*major = get16(in + HEADER_MAJOR);
	*minor = get16(in + HEADER_MINOR);
	return 0;
}

uint32_t capture_block_crc(const uint8_t frame[CAPTURE_BLOCK_HEADER_LEN], const uint8_t *payload,
			   uint32_t packed_len)
{
	return (uint32_t)crc32(crc32(0, frame, BLOCK_CRC), payload, packed_len);
}

void capture_block_pack(uint8_t out[CAPTURE_BLOCK_HEADER_LEN], struct capture_block *b,
			const uint8_t *payload)
{
	memcpy(out, CAPTURE_BLOCK_MAGIC, CAPTURE_BLOCK_MAGIC_LEN);
	put16(out + BLOCK_TYPE, b->type);
	put16(out + BLOCK_FLAGS, b->flags);
	put32(out + BLOCK_SEQUENCE, b->sequence);
	put32(out + BLOCK_RAW, b->raw_len);
	put32(out + BLOCK_PACKED, b->packed_len);
	b->crc = capture_block_crc(out, payload, b->packed_len);
	put32(out + BLOCK_CRC, b->crc);
}

bool capture_block_parse(const uint8_t in[CAPTURE_BLOCK_HEADER_LEN], struct capture_block *b)
{
	if (memcmp(in, CAPTURE_BLOCK_MAGIC, CAPTURE_BLOCK_MAGIC_LEN) != 0)
		return false;
	b->type = get16(in + BLOCK_TYPE);
	b->flags = get16(in + BLOCK_FLAGS);
	b->sequence = get32(in + BLOCK_SEQUENCE);
	b->raw_len = get32(in + BLOCK_RAW);
	b->packed_len = get32(in + BLOCK_PACKED);
	b->crc = get32(in + BLOCK_CRC);
	return true;
}
