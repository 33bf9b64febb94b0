/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a capture lies in its file: the header, and the frame around each block. FORMAT.md is the
 * description for people. All integers are little endian.
 */
#ifndef SHIMSCOPE_CAPTURE_FORMAT_H
#define SHIMSCOPE_CAPTURE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Of the PNG kind: the first byte is not ASCII, and line ends that a text-mode transfer would change
 * are part of it.
 */
#define CAPTURE_MAGIC		"\x89SSC\r\n\x1a\n"
#define CAPTURE_MAGIC_LEN	8
#define CAPTURE_BLOCK_MAGIC	"SSCB"
#define CAPTURE_BLOCK_MAGIC_LEN 4

/* A reader refuses a newer major and reads a newer minor, passing over what it does not know. */
#define CAPTURE_MAJOR 1U
#define CAPTURE_MINOR 0U

#define CAPTURE_HEADER_LEN	 16
#define CAPTURE_BLOCK_HEADER_LEN 24

/* Block types. On disk: append only. */
#define CAPTURE_BLOCK_FACTS  1
#define CAPTURE_BLOCK_SCHEMA 2

/*
 * Limits, in bytes. A fact with its frame fits the largest block that is written. What deflate adds to
 * bytes that do not compress is far below 64 KiB for 16 MiB (5 bytes per 16 KiB).
 */
#define CAPTURE_RAW_WRITTEN_MAX (1U << 20)
#define CAPTURE_RAW_MAX		(16U << 20)
#define CAPTURE_PACKED_MAX	(CAPTURE_RAW_MAX + (64U << 10))
#define CAPTURE_FACT_MAX	(CAPTURE_RAW_WRITTEN_MAX - 16)

/* Each fact in a block is field 1, length-delimited, of a Capture message. */
#define CAPTURE_FACT_TAG 0x0a

/* The frame of a block, in host order. crc covers the frame up to itself, then the payload. */
struct capture_block {
	uint16_t type;
	uint16_t flags; /* none are defined: a reader must not pass over one that it does not know */
	uint32_t sequence;
	uint32_t raw_len;
	uint32_t packed_len;
	uint32_t crc;
};

/* Write the file header of this version to out. */
void capture_header_pack(uint8_t out[CAPTURE_HEADER_LEN]);

/* Read a file header. Returns 0, or -EPROTO when it is none or is damaged. */
int capture_header_parse(const uint8_t in[CAPTURE_HEADER_LEN], uint16_t *major, uint16_t *minor);

/* Write a block's frame to out; b->crc is computed over it and the packed payload, and set. */
void capture_block_pack(uint8_t out[CAPTURE_BLOCK_HEADER_LEN], struct capture_block *b,
			const uint8_t *payload);

/* Read a block's frame. Returns false when the block magic is not there. Nothing else is checked. */
bool capture_block_parse(const uint8_t in[CAPTURE_BLOCK_HEADER_LEN], struct capture_block *b);

/* The checksum that a block with this frame and payload must carry. */
uint32_t capture_block_crc(const uint8_t frame[CAPTURE_BLOCK_HEADER_LEN], const uint8_t *payload,
			   uint32_t packed_len);

/* The text of capture.proto, as built in. */
extern const char capture_schema[];
extern const size_t capture_schema_len;

#endif
