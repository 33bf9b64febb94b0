// SPDX-License-Identifier: GPL-2.0-only
/*
 * Feeds the capture reader with whatever the fuzzer makes, and demands of what it delivers that it can
 * be written and read again to the same facts.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iuser -I$(OUTPUT) \
 *       tests/fuzz/fuzz_capture.c user/capture/[a-z]*.c $(OUTPUT)/capture/capture.pb-c.c \
 *       -lprotobuf-c -lz -o fuzz_capture
 *   ./fuzz_capture -malloc_limit_mb=20 tests/fuzz/corpus/capture
 *
 * The input's first byte says what the rest is, since a fuzzer does not find checksums by itself:
 *   0  a file as it is
 *   1  the decompressed content of a block of facts
 *   2  a file whose header, block magics, sequence numbers and checksums are put right first
 *
 * Built with -DFUZZ_CAPTURE_SEEDS (and without -fsanitize=fuzzer) it is a program that writes the seeds
 * into the directory that it is given.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/capture.h"
#include "capture/format.h"
#include "../unit/test_capture.h"

enum input { INPUT_FILE = 0, INPUT_FACTS = 1, INPUT_REPAIRED = 2, INPUT_COUNT };

static void demand(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz_capture: not so: %s\n", what);
	abort();
}

/* A temporary file, for the time of the process. */
static const char *temp_path(void)
{
	static char path[] = "/dev/shm/shimscope-fuzz-XXXXXX";
	static bool made;
	int fd;

	if (made)
		return path;
	fd = mkstemp(path);
	demand(fd >= 0, "a temporary file can be made");
	close(fd);
	made = true;
	return path;
}

#ifndef FUZZ_CAPTURE_SEEDS

static void remove_temp(void)
{
	unlink(temp_path());
}

/* A file of one block, with the given content. */
static uint8_t *wrap_facts(const uint8_t *raw, size_t len, size_t *ret_len)
{
	struct capture_block b = { .type = CAPTURE_BLOCK_FACTS, .raw_len = (uint32_t)len };
	uLongf packed_len = compressBound(len);
	uint8_t *file, *frame, *payload;

	file = malloc(CAPTURE_HEADER_LEN + CAPTURE_BLOCK_HEADER_LEN + packed_len);
	if (!file)
		abort();
	frame = file + CAPTURE_HEADER_LEN;
	payload = frame + CAPTURE_BLOCK_HEADER_LEN;
	demand(compress2(payload, &packed_len, raw, len, 1) == Z_OK, "a block can be compressed");
	b.packed_len = (uint32_t)packed_len;
	capture_header_pack(file);
	capture_block_pack(frame, &b, payload);
	*ret_len = CAPTURE_HEADER_LEN + CAPTURE_BLOCK_HEADER_LEN + packed_len;
	return file;
}

/* Make all right that lets the reader stop early, as far as blocks can be told apart. */
static uint8_t *repair(const uint8_t *data, size_t len, size_t *ret_len)
{
	uint8_t *file = malloc(len ? len : 1);
	size_t at = CAPTURE_HEADER_LEN;

	demand(file, "there is memory");
	memcpy(file, data, len);
	if (len >= CAPTURE_HEADER_LEN)
		capture_header_pack(file);
	for (uint32_t i = 0; at < len && len - at >= CAPTURE_BLOCK_HEADER_LEN; i++) {
		struct capture_block b;

		memcpy(file + at, CAPTURE_BLOCK_MAGIC, CAPTURE_BLOCK_MAGIC_LEN);
		capture_block_parse(file + at, &b);
		b.sequence = i;
		if (b.packed_len > len - at - CAPTURE_BLOCK_HEADER_LEN)
			break;
		capture_block_pack(file + at, &b, file + at + CAPTURE_BLOCK_HEADER_LEN);
		at += CAPTURE_BLOCK_HEADER_LEN + b.packed_len;
	}
	*ret_len = len;
	return file;
}

/* A sink that writes into a dump and a capture. */
struct both {
	struct dump dump;
	struct fact_sink to_dump, to_capture;
};

#define BOTH(kind)                                                                                     \
	static int both_##kind(void *ctx, const struct fact_##kind *f)                                 \
	{                                                                                              \
		struct both *b = ctx;                                                                  \
		int ret = b->to_dump.kind(b->to_dump.ctx, f);                                          \
                                                                                                       \
		demand(b->to_capture.kind(b->to_capture.ctx, f) == 0, "what was read can be written"); \
		return ret;                                                                            \
	}

BOTH(host)
BOTH(trace)
BOTH(runtime)
BOTH(process)
BOTH(usage)
BOTH(channel)
BOTH(holder)
BOTH(container)
BOTH(link)
BOTH(window)
BOTH(end)
BOTH(loss)
BOTH(finish)

static const struct fact_sink both_sink = {
	.host = both_host,
	.trace = both_trace,
	.runtime = both_runtime,
	.process = both_process,
	.usage = both_usage,
	.channel = both_channel,
	.holder = both_holder,
	.container = both_container,
	.link = both_link,
	.window = both_window,
	.end = both_end,
	.loss = both_loss,
	.finish = both_finish,
};

static void check_file(const uint8_t *file, size_t len)
{
	static int fd = -1;
	struct both both = { .dump = { 0 } };
	struct fact_sink sink = both_sink;
	struct capture_status status, again;
	struct dump second = { 0 };
	struct capture_writer *w;
	char err[256] = "";
	int ret;

	if (fd < 0) {
		fd = memfd_create("capture", MFD_CLOEXEC);
		atexit(remove_temp);
	}
	demand(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, file, len, 0) == (ssize_t)len &&
		       lseek(fd, 0, SEEK_SET) == 0,
	       "a file can be made in memory");
	demand(capture_create(temp_path(), &w, err, sizeof(err)) == 0, "a capture can be created");
	both.to_dump = dump_sink(&both.dump);
	both.to_capture = capture_sink(w);
	sink.ctx = &both;

	ret = capture_read_fd(fd, "FILE", &sink, &status, err, sizeof(err));
	demand(ret == 0 || ret == -EPROTO || ret == -EPROTONOSUPPORT,
	       "a file is read, is no capture or is newer");
	demand((ret != 0) == (err[0] != '\0'), "an error has its message, and only that");
	demand(!ret || !both.dump.facts, "what is no capture has no facts");
	demand(status.facts == both.dump.facts, "facts are counted right");
	demand(status.file_bytes == len && status.good_bytes <= len, "sizes are right");
	demand(!both.dump.after_finish, "the end mark is the last fact");
	demand(status.complete == (both.dump.finishes == 1), "complete is what has its end mark");
	demand(ret || status.complete || status.warning[0], "what is not complete says why");

	demand(capture_close(w) == 0, "the facts can be written");
	if (both.dump.facts) {
		sink = dump_sink(&second);
		demand(capture_read(temp_path(), &sink, &again, err, sizeof(err)) == 0, "and be read again");
		demand(again.complete == status.complete, "as complete as before");
		demand(second.len == both.dump.len && memcmp(second.text, both.dump.text, second.len) == 0,
		       "to the same facts");
	}
	dump_reset(&second);
	dump_reset(&both.dump);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *made = NULL;

	if (!len)
		return 0;
	switch (data[0] % INPUT_COUNT) {
	case INPUT_FILE:
		check_file(data + 1, len - 1);
		break;
	case INPUT_FACTS:
		made = wrap_facts(data + 1, len - 1, &len);
		check_file(made, len);
		break;
	default:
		made = repair(data + 1, len - 1, &len);
		check_file(made, len);
	}
	free(made);
	return 0;
}

#else

static void write_seed(const char *dir, const char *name, enum input type, const uint8_t *data, size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	demand(f && fputc(type, f) != EOF && fwrite(data, len, 1, f) == 1 && fclose(f) == 0,
	       "a seed can be written");
}

/* The decompressed content of the block at data. */
static void write_content(const char *dir, const char *name, const uint8_t *data)
{
	struct capture_block b;
	uint8_t *raw;
	uLongf len;

	demand(capture_block_parse(data, &b), "a block is where it was written");
	len = b.raw_len;
	raw = malloc(len);
	demand(raw && uncompress(raw, &len, data + CAPTURE_BLOCK_HEADER_LEN, b.packed_len) == Z_OK,
	       "a block can be decompressed");
	write_seed(dir, name, INPUT_FACTS, raw, len);
	free(raw);
}

int main(int argc, char **argv)
{
	uint64_t full, bare, finish, size;
	struct capture_writer *w;
	struct fact_sink sink;
	char err[256];
	uint8_t *file;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	demand(capture_create(temp_path(), &w, err, sizeof(err)) == 0, "a capture can be created");
	sink = capture_sink(w);
	full = capture_size(w);
	demand(sample_full(&sink) == 0 && capture_flush(w) == 0, "a sample can be written");
	bare = capture_size(w);
	demand(sample_bare(&sink) == 0 && capture_flush(w) == 0, "a sample can be written");
	finish = capture_size(w);
	demand(sample_finish(&sink) == 0 && capture_flush(w) == 0, "an end mark can be written");
	size = capture_size(w);
	demand(capture_close(w) == 0, "a capture can be closed");

	file = malloc(size);
	fd = open(temp_path(), O_RDONLY | O_CLOEXEC);
	demand(file && fd >= 0 && read(fd, file, size) == (ssize_t)size, "a capture can be read");
	close(fd);
	unlink(temp_path());
	write_seed(argv[1], "file", INPUT_FILE, file, size);
	write_content(argv[1], "facts-full", file + full);
	write_content(argv[1], "facts-bare", file + bare);
	write_content(argv[1], "facts-finish", file + finish);
	/* Without the schema, which is most of a small file and of no interest to a fuzzer. */
	memmove(file + CAPTURE_HEADER_LEN, file + full, size - full);
	write_seed(argv[1], "repaired", INPUT_REPAIRED, file, CAPTURE_HEADER_LEN + size - full);
	free(file);
	return 0;
}

#endif
