// SPDX-License-Identifier: GPL-2.0-only
/*
 * Captures that were cut, damaged or made to do harm: what is read is always a prefix of what was
 * written, never called complete, and says where and why it ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "capture/capture.h"
#include "capture/format.h"
#include "test_capture.h"

/* A file in memory, and where its blocks end. */
struct file {
	uint8_t *data;
	size_t len;
	size_t ends[16]; /* of the header, then of each block */
	size_t n_ends;
};

/* What reading a file came to. */
struct result {
	int ret;
	struct capture_status status;
	struct dump dump;
	char err[256];
};

static struct file good; /* a small capture: schema and four blocks of facts */
static struct dump good_dump;

static struct result read_bytes(const uint8_t *data, size_t len)
{
	struct result r = { .ret = 0 };
	struct fact_sink sink = dump_sink(&r.dump);
	int fd = memfd_create("capture", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r.ret = capture_read_fd(fd, "FILE", &sink, &r.status, r.err, sizeof(r.err));
	close(fd);
	if (!r.dump.text)
		dump_add(&r.dump, "%s", "");
	assert_int_equal(r.dump.after_finish, 0);
	assert_int_equal(r.ret != 0, r.err[0] != '\0');
	if (r.status.complete)
		assert_int_equal(r.dump.finishes, 1);
	return r;
}

static void add_bytes(struct file *f, const void *data, size_t len)
{
	f->data = realloc(f->data, f->len + len);
	assert_non_null(f->data);
	memcpy(f->data + f->len, data, len);
	f->len += len;
}

static void add_header(struct file *f)
{
	uint8_t header[CAPTURE_HEADER_LEN];

	capture_header_pack(header);
	add_bytes(f, header, sizeof(header));
}

/*
 * Add a block whose frame is as given, but for the checksum, which is right, and lengths of 0, for which
 * the real ones are put. A larger payload than the real one ends with zeros.
 */
static void add_block(struct file *f, struct capture_block b, const void *raw, size_t len)
{
	uLongf packed_len = compressBound(len);
	uint8_t *packed = calloc(1, packed_len + b.packed_len);
	uint8_t frame[CAPTURE_BLOCK_HEADER_LEN];

	assert_non_null(packed);
	assert_int_equal(compress2(packed, &packed_len, raw, len, 9), Z_OK);
	if (!b.type)
		b.type = CAPTURE_BLOCK_FACTS;
	if (!b.raw_len)
		b.raw_len = (uint32_t)len;
	if (!b.packed_len)
		b.packed_len = (uint32_t)packed_len;
	capture_block_pack(frame, &b, packed);
	add_bytes(f, frame, sizeof(frame));
	add_bytes(f, packed, b.packed_len);
	free(packed);
}

static void free_file(struct file *f)
{
	free(f->data);
	memset(f, 0, sizeof(*f));
}

static int make_good(void **state)
{
	char path[] = "/tmp/shimscope-test-XXXXXX";
	struct fact_sink direct = dump_sink(&good_dump), sink;
	struct capture_writer *w;
	char err[256];
	int fd = mkstemp(path);
	struct stat st;

	(void)state;
	if (fd < 0 || capture_create(path, &w, err, sizeof(err)))
		return -1;
	good.ends[good.n_ends++] = CAPTURE_HEADER_LEN;
	good.ends[good.n_ends++] = capture_size(w);
	sink = capture_sink(w);
	for (int i = 0; i < 3; i++) {
		if (sample_full(&direct) || sample_full(&sink) || sample_bare(&direct) ||
		    sample_bare(&sink) || capture_flush(w))
			return -1;
		good.ends[good.n_ends++] = capture_size(w);
	}
	if (sample_finish(&direct) || sample_finish(&sink) || capture_flush(w))
		return -1;
	good.ends[good.n_ends++] = capture_size(w);
	if (capture_close(w) || fstat(fd, &st))
		return -1;
	good.len = (size_t)st.st_size;
	good.data = malloc(good.len);
	if (!good.data || read(fd, good.data, good.len) != st.st_size)
		return -1;
	close(fd);
	return unlink(path);
}

static int free_good(void **state)
{
	(void)state;
	free_file(&good);
	dump_reset(&good_dump);
	return 0;
}

static void assert_prefix(const struct dump *part, const struct dump *whole)
{
	assert_true(part->len <= whole->len);
	assert_memory_equal(part->text, whole->text, part->len);
	assert_true(part->len == 0 || part->text[part->len - 1] == '\n');
}

/* Cut at every byte: what is left of the blocks is read, and it is complete at full length only. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t len = 0; len <= good.len; len++) {
		struct result r = read_bytes(good.data, len);
		size_t whole = 0;

		while (whole < good.n_ends && good.ends[whole] <= len)
			whole++;
		if (!whole) {
			assert_int_equal(r.ret, -EPROTO);
		} else {
			assert_int_equal(r.ret, 0);
			assert_int_equal(r.status.blocks, whole - 1);
			assert_int_equal(r.status.good_bytes, good.ends[whole - 1]);
		}
		assert_int_equal(r.status.file_bytes, len);
		assert_int_equal(r.status.complete, len == good.len);
		assert_int_equal(r.ret == 0 && r.status.warning[0] == '\0', len == good.len);
		assert_prefix(&r.dump, &good_dump);
		assert_int_equal(r.dump.facts, whole < 3 ? 0 : whole < 6 ? 24 * (whole - 2) : 73);
		dump_reset(&r.dump);
	}
}

/* One byte changed, anywhere, in several ways: never complete, what is delivered is right. */
static void test_every_byte_damaged(void **state)
{
	static const uint8_t change[] = { 0x01, 0x10, 0x80, 0xff };
	uint8_t *data = malloc(good.len);

	(void)state;
	assert_non_null(data);
	memcpy(data, good.data, good.len);
	for (size_t at = 0; at < good.len; at++) {
		for (size_t i = 0; i < sizeof(change); i++) {
			struct result r;
			size_t whole = 0;

			data[at] ^= change[i];
			r = read_bytes(data, good.len);
			while (good.ends[whole] <= at)
				whole++;
			if (!whole) {
				assert_int_equal(r.ret, -EPROTO);
			} else {
				assert_int_equal(r.ret, 0);
				assert_int_equal(r.status.blocks, whole - 1);
				assert_int_equal(r.status.good_bytes, good.ends[whole - 1]);
				assert_string_not_equal(r.status.warning, "");
			}
			assert_false(r.status.complete);
			assert_prefix(&r.dump, &good_dump);
			dump_reset(&r.dump);
			data[at] ^= change[i];
		}
	}
	free(data);
}

/* A byte taken out or put in anywhere. */
static void test_every_byte_lost_or_doubled(void **state)
{
	uint8_t *data = malloc(good.len + 1);

	(void)state;
	assert_non_null(data);
	for (size_t at = 0; at < good.len; at++) {
		struct result r;

		memcpy(data, good.data, at);
		memcpy(data + at, good.data + at + 1, good.len - at - 1);
		r = read_bytes(data, good.len - 1);
		assert_false(r.status.complete);
		assert_prefix(&r.dump, &good_dump);
		dump_reset(&r.dump);

		data[at] = good.data[at];
		memcpy(data + at + 1, good.data + at, good.len - at);
		r = read_bytes(data, good.len + 1);
		/* The last byte doubled is one byte after the end mark: nothing is missing. */
		assert_int_equal(r.status.complete, at == good.len - 1);
		assert_prefix(&r.dump, &good_dump);
		dump_reset(&r.dump);
	}
	free(data);
}

static void test_not_a_capture(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *says;
	} files[] = {
		{ "", 0, "empty" },
		{ "x", 1, "not a capture" },
		{ "\x89S", 2, "cut off within its header" },
		{ "\x89SSC\r\n\x1a\n\1\0\0\0\0\0\0", 15, "cut off within its header" },
		{ "\x89SSC\n\x1a\n\1\0\0\0\0\0\0\0\0", 16, "not a capture" }, /* line ends changed */
		{ "\x89SSC\r\n\x1a\n\1\0\0\0\0\0\0\0", 16, "damaged header" },
		{ "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16, "not a capture" },
		{ "#!/bin/sh\necho this is not a capture at all\n", 44, "not a capture" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct result r = read_bytes((const uint8_t *)files[i].data, files[i].len);

		assert_int_equal(r.ret, -EPROTO);
		assert_non_null(strstr(r.err, files[i].says));
		assert_non_null(strstr(r.err, "FILE"));
		assert_int_equal(r.status.good_bytes, 0);
		dump_reset(&r.dump);
	}
}

/* Names that cannot be read. */
static void test_unreadable(void **state)
{
	struct fact_sink sink = { .ctx = NULL };
	struct capture_status status;
	char err[256] = "";
	int fd;

	(void)state;
	assert_int_equal(capture_read("/tmp/shimscope-no-such-file", &sink, &status, err, sizeof(err)),
			 -ENOENT);
	assert_string_equal(err, "cannot read /tmp/shimscope-no-such-file: No such file or directory");
	assert_int_equal(capture_read("/tmp", &sink, &status, err, sizeof(err)), -EISDIR);
	assert_string_equal(err, "cannot read /tmp: it is a directory");
	assert_int_equal(capture_read("/dev/null", &sink, &status, err, sizeof(err)), -EPROTO);
	assert_string_equal(err, "/dev/null is not a capture: it is empty");
	assert_int_equal(capture_read("/dev/zero", &sink, &status, err, sizeof(err)), -EPROTO);
	assert_string_equal(err, "/dev/zero is not a capture");
	/* An error of read(2), as of a bad disk. */
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_int_equal(capture_read_fd(fd, "NAME", &sink, &status, err, sizeof(err)), -EBADF);
	assert_string_equal(err, "cannot read NAME: Bad file descriptor");
	close(fd);
	assert_int_equal(capture_read_fd(-1, "NAME", &sink, &status, err, sizeof(err)), -EBADF);
	assert_string_equal(err, "cannot read NAME: Bad file descriptor");
	assert_false(status.complete);
}

/* The header of another version, with a checksum that is right. */
static struct result read_version(uint16_t major, uint16_t minor)
{
	struct file f = { 0 };
	struct result r;
	uint32_t crc;

	add_bytes(&f, good.data, good.len);
	f.data[8] = (uint8_t)major;
	f.data[9] = (uint8_t)(major >> 8);
	f.data[10] = (uint8_t)minor;
	f.data[11] = (uint8_t)(minor >> 8);
	crc = (uint32_t)crc32(0, f.data, 12);
	for (int i = 0; i < 4; i++)
		f.data[12 + i] = (uint8_t)(crc >> (8 * i));
	r = read_bytes(f.data, f.len);
	free_file(&f);
	return r;
}

static void test_versions(void **state)
{
	struct result r = read_version(CAPTURE_MAJOR, CAPTURE_MINOR + 1);

	(void)state;
	assert_int_equal(r.ret, 0);
	assert_true(r.status.complete);
	assert_string_equal(r.dump.text, good_dump.text);
	dump_reset(&r.dump);

	r = read_version(CAPTURE_MAJOR + 1, 0);
	assert_int_equal(r.ret, -EPROTONOSUPPORT);
	assert_non_null(strstr(r.err, "FILE is of capture format 2.0, newer than 1.0"));
	assert_int_equal(r.dump.facts, 0);
	dump_reset(&r.dump);

	r = read_version(0, 9);
	assert_int_equal(r.ret, -EPROTO);
	assert_int_equal(r.dump.facts, 0);
	dump_reset(&r.dump);
}

/* Facts as bytes: {length, bytes}, each framed as a fact of a block by add_fact(). */
static void add_fact(struct file *block, const void *fact, size_t len)
{
	uint8_t head[3] = { CAPTURE_FACT_TAG, (uint8_t)len };

	assert_true(len < 0x4000);
	if (len >= 0x80) {
		head[1] = (uint8_t)(len | 0x80);
		head[2] = (uint8_t)(len >> 7);
	}
	add_bytes(block, head, len >= 0x80 ? 3 : 2);
	add_bytes(block, fact, len);
}

#define ADD_FACT(block, bytes) add_fact(block, bytes, sizeof(bytes) - 1)

#define FINISH	    "\x6a\x00"		 /* Fact.finish, empty */
#define HOST	    "\x0a\x04\x0a\x02hi" /* Fact.host with hostname "hi" */
#define HOST_LINE   "host hostname=\"hi\" kernel=null arch=null boot_id=null cpus=null\n"
#define FINISH_LINE "finish end_ns=null\n"

/* A capture of two blocks: a host, then the given content; read it. */
static struct result read_content(const void *raw, size_t len)
{
	struct file f = { 0 }, host = { 0 };
	struct result r;

	ADD_FACT(&host, HOST);
	add_header(&f);
	add_block(&f, (struct capture_block){ .sequence = 0 }, host.data, host.len);
	add_block(&f, (struct capture_block){ .sequence = 1 }, raw, len);
	r = read_bytes(f.data, f.len);
	assert_int_equal(r.ret, 0);
	free_file(&f);
	free_file(&host);
	return r;
}

/* The block is refused as a whole, with a reason; what was before it is delivered. */
static void assert_refused(const void *fact, size_t len, const char *why)
{
	struct file block = { 0 };
	struct result r;

	ADD_FACT(&block, HOST);
	add_fact(&block, fact, len);
	ADD_FACT(&block, FINISH);
	r = read_content(block.data, block.len);
	assert_false(r.status.complete);
	assert_int_equal(r.status.blocks, 1);
	assert_string_equal(r.dump.text, HOST_LINE);
	if (!strstr(r.status.warning, why) || !strstr(r.status.warning, ": fact 2"))
		fail_msg("\"%s\" is not in: %s", why, r.status.warning);
	dump_reset(&r.dump);
	free_file(&block);
}

#define REFUSED(bytes, why) assert_refused(bytes, sizeof(bytes) - 1, why)

/* The block is read; the fact itself gives this line. */
static void assert_taken(const void *fact, size_t len, const char *line, uint64_t skipped)
{
	struct file block = { 0 };
	struct dump want = { 0 };
	struct result r;

	add_fact(&block, fact, len);
	ADD_FACT(&block, FINISH);
	r = read_content(block.data, block.len);
	dump_add(&want, "%s%s%s", HOST_LINE, line, FINISH_LINE);
	assert_string_equal(r.status.warning, "");
	assert_true(r.status.complete);
	assert_string_equal(r.dump.text, want.text);
	assert_int_equal(r.status.skipped, skipped);
	dump_reset(&r.dump);
	dump_reset(&want);
	free_file(&block);
}

#define TAKEN(bytes, line, skipped) assert_taken(bytes, sizeof(bytes) - 1, line, skipped)

#define END_LINE(rest)                                                                             \
	"end channel=0 process=0 direction=0 calls=0 bytes=0 moved_bytes=0 peek_bytes=0 eagain=0 " \
	"errors=0 cpu_ns=0 blocked_ns=0 untimed=0 " rest "\n"

/* Field by field, what only a broken or hostile writer makes. */
static void test_refused_content(void **state)
{
	(void)state;
	REFUSED("", "is empty");
	REFUSED("\x0a", "host is longer than what holds it");
	REFUSED("\x0a\x05\x0a\x02hi", "host is longer than what holds it");
	REFUSED("\x0a\x04\x0a\x03hi", "hostname is longer than what holds it");
	REFUSED("\x0a\x04\x0a\x02h\0", "hostname has a NUL in it");
	REFUSED("\x0a\x04\x0a\x02\0h", "hostname has a NUL in it");
	REFUSED("\x0a\x08\x0a\x02hi\x0a\x02ho", "hostname is there twice");
	REFUSED("\x0a\x00\x0a\x00", "host is there twice");
	REFUSED("\x0a\x00\x12\x00", "is of two kinds");
	REFUSED("\x08\x01", "host has the wrong wire type");
	REFUSED("\x0a\x02\x08\x01", "hostname has the wrong wire type");
	REFUSED("\x0a\x02\x2a\x00", "cpus has the wrong wire type");
	REFUSED("\x0a\x09\x29\0\0\0\0\0\0\0\0", "cpus has the wrong wire type");
	REFUSED("\x0a\x01\x28", "cpus is malformed");
	REFUSED("\x0a\x03\x28\x80\x00", "cpus is malformed"); /* longer than needed */
	REFUSED("\x0a\x0c\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cpus is malformed");
	REFUSED("\x0a\x0b\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "cpus is malformed"); /* 65 bits */
	REFUSED("\x0a\x01\x00", "malformed");						      /* field 0 */
	REFUSED("\x0a\x01\x80", "malformed");
	REFUSED("\x0a\x06\xf8\xff\xff\xff\x1f\x00", "malformed");      /* more than 29 bits */
	REFUSED("\x0a\x02\xa3\x06", "unknown field 100 is malformed"); /* group */
	REFUSED("\x0a\x02\xa7\x06", "unknown field 100 is malformed"); /* no wire type */
	REFUSED("\x0a\x05\xa5\x06\0\0\0", "unknown field 100 is malformed");
	REFUSED("\x0a\x09\xa1\x06\0\0\0\0\0\0\0", "unknown field 100 is malformed");
	REFUSED("\x0a\x03\xa2\x06\x01", "unknown field 100 is malformed");
	REFUSED("\x12\x02\x40\x02", "writers is 2, not a boolean");
	REFUSED("\x32\x02\x10\x08", "channel: unknown transport 8");
	REFUSED("\x32\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "unknown transport");
	REFUSED("\x22\x02\x28\x05", "process: unknown role 5");
	REFUSED("\x5a\x02\x18\x02", "end: unknown direction 2");
	REFUSED("\x32\x06\x08\x80\x80\x80\x80\x10", "id is out of range"); /* 2^32 */
	REFUSED("\x3a\x06\x18\x80\x80\x80\x80\x10", "fd is out of range");
	REFUSED("\x5a\x03\x6a\x01\x00", "size_log2 is not pairs");
	REFUSED("\x5a\x04\x6a\x02\x00\x80", "size_log2 is not pairs");
	REFUSED("\x5a\x04\x6a\x02\x20\x01", "size_log2 has no bucket 32");
	REFUSED("\x5a\x04\x72\x02\x28\x01", "cpu_log2 has no bucket 40");
	REFUSED("\x5a\x0d\x72\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01",
		"cpu_log2 has no bucket 184467");
	REFUSED("\x5a\x06\x72\x04\x01\x01\x01\x01", "cpu_log2: bucket 1 is out of order");
	REFUSED("\x5a\x06\x72\x04\x02\x01\x01\x01", "cpu_log2: bucket 1 is out of order");
	REFUSED("\x5a\x02\x68\x01", "size_log2 has the wrong wire type"); /* not packed */
	REFUSED("\x5a\x04\x6a\x00\x6a\x00", "size_log2 is there twice");
}

/* What a newer minor version may add is passed over, and the limits themselves are within. */
static void test_taken_content(void **state)
{
	(void)state;
	TAKEN("\x0a\x00", "host hostname=null kernel=null arch=null boot_id=null cpus=null\n", 0);
	TAKEN("\x0a\x02\x0a\x00", "host hostname=\"\" kernel=null arch=null boot_id=null cpus=null\n", 0);
	TAKEN("\x72\x00", "", 1);	      /* a kind that this version does not know */
	TAKEN("\x72\x03\x01\x02\x03", "", 1); /* whatever is in it */
	TAKEN("\xc0\x3e\x05", "", 1);
	TAKEN("\x0a\x07\x0a\x02hi\xa0\x06\x07", HOST_LINE, 0); /* a field that it does not know */
	TAKEN("\x0a\x09\xa2\x06\x02zz\x0a\x02hi", HOST_LINE, 0);
	TAKEN("\x0a\x0a\xa5\x06\x01\x02\x03\x04\x0a\x02hi", HOST_LINE, 0);
	TAKEN("\x0a\x0e\xa1\x06\x01\x02\x03\x04\x05\x06\x07\x08\x0a\x02hi", HOST_LINE, 0);
	TAKEN("\x0a\x04\x0a\x02hi\x72\x00", HOST_LINE, 0);
	TAKEN("\x5a\x04\x6a\x02\x1f\x01", END_LINE("size_log2=[31:1] cpu_log2="), 0);
	TAKEN("\x5a\x06\x72\x04\x00\x05\x27\x01", END_LINE("size_log2= cpu_log2=[0:5][39:1]"), 0);
	TAKEN("\x5a\x04\x6a\x00\x72\x00", END_LINE("size_log2= cpu_log2="), 0);
}

/* Unknown fields cost memory: there may be some, not any number. */
static void test_many_unknown_fields(void **state)
{
	(void)state;
	for (size_t n = 63; n <= 66; n++) {
		/* Fact.host, of a length of two bytes; it holds n times field 100 as a varint of 1. */
		struct file fact = { 0 };
		uint8_t head[] = { 0x0a, (uint8_t)(0x80 | (3 * n & 0x7f)), (uint8_t)(3 * n >> 7) };

		add_bytes(&fact, head, sizeof(head));
		for (size_t i = 0; i < n; i++)
			add_bytes(&fact, "\xa0\x06\x01", 3);
		if (n <= 64)
			assert_taken(fact.data, fact.len,
				     "host hostname=null kernel=null arch=null boot_id=null cpus=null\n", 0);
		else
			assert_refused(fact.data, fact.len, "too many unknown fields");
		free_file(&fact);
	}
}

/* A fact of the largest size there may be, and one byte more. */
static void test_too_large_fact(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t len = CAPTURE_FACT_MAX + more, note = len - 8;
		/* Lengths of three bytes each; Fact.trace with a note. */
		uint8_t head[] = { CAPTURE_FACT_TAG,
				   (uint8_t)(len | 0x80),
				   (uint8_t)(len >> 7 | 0x80),
				   (uint8_t)(len >> 14),
				   0x12,
				   (uint8_t)((len - 4) | 0x80),
				   (uint8_t)((len - 4) >> 7 | 0x80),
				   (uint8_t)((len - 4) >> 14),
				   0x1a,
				   (uint8_t)(note | 0x80),
				   (uint8_t)(note >> 7 | 0x80),
				   (uint8_t)(note >> 14) };
		struct file block = { 0 };
		char *text = malloc(note);
		struct result r;

		assert_non_null(text);
		memset(text, 'x', note);
		add_bytes(&block, head, sizeof(head));
		add_bytes(&block, text, note);
		ADD_FACT(&block, FINISH);
		r = read_content(block.data, block.len);
		assert_int_equal(r.status.complete, !more);
		assert_int_equal(r.dump.facts, more ? 1 : 3);
		assert_int_equal(strstr(r.status.warning, "fact 1: larger than a fact may be") != NULL, more);
		dump_reset(&r.dump);
		free_file(&block);
		free(text);
	}
}

/* What a block holds is facts and nothing else, and the end mark is the last one. */
static void test_refused_blocks(void **state)
{
	static const struct {
		const char *raw;
		size_t len;
		const char *why;
	} blocks[] = {
		{ "\x0a\x06" HOST "\x12\x00", 10, "fact 2: no fact begins here" },
		{ "\x0a\x06" HOST "\x0a", 9, "fact 2: is longer than its block" },
		{ "\x0a\x06" HOST "\x0a\x01", 10, "fact 2: is longer than its block" },
		{ "\x0a\x06" HOST "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 19,
		  "fact 2: is longer than its block" },
		{ "\x0a\x06" HOST "\x0a\x80\x00", 11, "fact 2: is longer than its block" },
		{ "\x0a\x02" FINISH "\x0a\x06" HOST, 12, "fact 2: comes after the end mark" },
		{ "\x0a\x02" FINISH "\x0a\x02" FINISH, 8, "fact 2: comes after the end mark" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct result r = read_content(blocks[i].raw, blocks[i].len);

		assert_false(r.status.complete);
		assert_int_equal(r.status.blocks, 1);
		assert_string_equal(r.dump.text, HOST_LINE);
		if (!strstr(r.status.warning, blocks[i].why))
			fail_msg("\"%s\" is not in: %s", blocks[i].why, r.status.warning);
		dump_reset(&r.dump);
	}
}

/* The second block of facts has this frame; what does the reader say of it? */
static void assert_frame_refused(struct capture_block b, const char *why)
{
	struct file f = { 0 }, host = { 0 };
	struct result r;

	ADD_FACT(&host, HOST);
	add_header(&f);
	add_block(&f, (struct capture_block){ .sequence = 0 }, host.data, host.len);
	add_block(&f, b, host.data, host.len);
	ADD_FACT(&host, FINISH);
	add_block(&f, (struct capture_block){ .sequence = 2 }, host.data, host.len);
	r = read_bytes(f.data, f.len);
	assert_int_equal(r.ret, 0);
	assert_false(r.status.complete);
	assert_int_equal(r.status.blocks, 1);
	assert_string_equal(r.dump.text, HOST_LINE);
	if (!strstr(r.status.warning, why) || strncmp(r.status.warning, "block 1 at byte ", 16) != 0)
		fail_msg("\"%s\" is not in: %s", why, r.status.warning);
	dump_reset(&r.dump);
	free_file(&host);
	free_file(&f);
}

static void test_refused_frames(void **state)
{
	(void)state;
	assert_frame_refused((struct capture_block){ .sequence = 0 },
			     "numbered 0: blocks are missing or out of");
	assert_frame_refused((struct capture_block){ .sequence = 2 },
			     "numbered 2: blocks are missing or out of");
	assert_frame_refused((struct capture_block){ .sequence = UINT32_MAX }, "numbered 4294967295");
	assert_frame_refused((struct capture_block){ .sequence = 1, .flags = 0x8000 }, "it has flags 0x8000");
	assert_frame_refused((struct capture_block){ .sequence = 1, .raw_len = 7 },
			     "size is not what it says");
	assert_frame_refused((struct capture_block){ .sequence = 1, .raw_len = 9 },
			     "size is not what it says");
	assert_frame_refused((struct capture_block){ .sequence = 1, .raw_len = CAPTURE_RAW_MAX },
			     "size is not what it says");
	assert_frame_refused((struct capture_block){ .sequence = 1, .raw_len = CAPTURE_RAW_MAX + 1 },
			     "size of 16777217 bytes is not between");
	assert_frame_refused((struct capture_block){ .sequence = 1, .raw_len = UINT32_MAX },
			     "size of 4294967295 bytes is not between");
	assert_frame_refused((struct capture_block){ .sequence = 1, .packed_len = 5 }, "does not decompress");
	assert_frame_refused((struct capture_block){ .sequence = 1, .packed_len = 50 },
			     "size is not what it says");
}

/* A length in a frame that the file cannot hold is refused before anything is allocated for it. */
static void test_lengths_that_lie(void **state)
{
	struct file f = { 0 };

	(void)state;
	add_header(&f);
	add_block(&f, (struct capture_block){ .sequence = 0 }, "\x0a\x06" HOST, 8);
	for (uint32_t packed = 0; packed < 4; packed++) {
		static const uint32_t lengths[] = { 0, 200, CAPTURE_PACKED_MAX, CAPTURE_PACKED_MAX + 1 };
		static const char *const why[] = { "compressed size of 0 bytes",
						   "cut off after 40 of 224 bytes", "cut off after 40 of",
						   "compressed size of 16842753 bytes" };
		struct result r;

		for (int i = 0; i < 4; i++)
			f.data[CAPTURE_HEADER_LEN + 16 + i] = (uint8_t)(lengths[packed] >> (8 * i));
		r = read_bytes(f.data, f.len);
		assert_int_equal(r.ret, 0);
		assert_int_equal(r.status.blocks, 0);
		if (!strstr(r.status.warning, why[packed]))
			fail_msg("\"%s\" is not in: %s", why[packed], r.status.warning);
		dump_reset(&r.dump);
	}
	free_file(&f);
}

/* A block type of a newer minor version is passed over; so is the schema. */
static void test_unknown_block_type(void **state)
{
	struct file f = { 0 }, end = { 0 };
	struct result r;

	(void)state;
	ADD_FACT(&end, HOST);
	ADD_FACT(&end, FINISH);
	add_header(&f);
	add_block(&f, (struct capture_block){ .sequence = 0, .type = CAPTURE_BLOCK_SCHEMA }, "anything", 8);
	add_block(&f, (struct capture_block){ .sequence = 1, .type = 77 }, "\xff\xff", 2);
	add_block(&f, (struct capture_block){ .sequence = 2 }, end.data, end.len);
	r = read_bytes(f.data, f.len);
	assert_true(r.status.complete);
	assert_int_equal(r.status.blocks, 3);
	assert_int_equal(r.status.skipped, 1);
	assert_string_equal(r.dump.text, HOST_LINE FINISH_LINE);
	dump_reset(&r.dump);
	free_file(&f);
	free_file(&end);
}

/* What follows the end mark is not the trace's, but is told of. */
static void test_bytes_after_end(void **state)
{
	struct file f = { 0 };
	struct result r;

	(void)state;
	add_bytes(&f, good.data, good.len);
	add_bytes(&f, good.data, good.len);
	r = read_bytes(f.data, f.len);
	assert_int_equal(r.ret, 0);
	assert_true(r.status.complete);
	assert_string_equal(r.dump.text, good_dump.text);
	assert_int_equal(r.status.good_bytes, good.len);
	assert_int_equal(r.status.file_bytes, 2 * good.len);
	assert_non_null(strstr(r.status.warning, "follows the end mark"));
	dump_reset(&r.dump);
	free_file(&f);
}

/* Through a pipe, which has no size and gives few bytes at a time. */
static void test_from_a_pipe(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < 2; cut++) {
		struct result r = { .ret = 0 };
		struct fact_sink sink = dump_sink(&r.dump);
		int fds[2], child_status;
		pid_t child;

		assert_int_equal(pipe(fds), 0);
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			close(fds[0]);
			for (size_t i = 0; i < good.len - cut; i += 7) {
				size_t n = good.len - cut - i < 7 ? good.len - cut - i : 7;

				if (write(fds[1], good.data + i, n) != (ssize_t)n)
					_exit(1);
			}
			_exit(0);
		}
		close(fds[1]);
		assert_int_equal(capture_read_fd(fds[0], "PIPE", &sink, &r.status, r.err, sizeof(r.err)), 0);
		close(fds[0]);
		assert_int_equal(waitpid(child, &child_status, 0), child);
		assert_int_equal(child_status, 0);
		assert_int_equal(r.status.complete, !cut);
		assert_int_equal(r.status.file_bytes, good.len - cut);
		assert_prefix(&r.dump, &good_dump);
		dump_reset(&r.dump);
	}
}

/* An address sanitizer keeps what was freed for a while; here it must not keep much. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8";
}

/*
 * 24 blocks that unpack to 16 MiB each, from 16 KiB: the reader takes the memory of one, and of one
 * fact. Counted by the kernel, in a child of its own.
 */
static void test_memory_is_one_block(void **state)
{
	size_t fact_len = 1000000, len = 0;
	uint8_t *raw = malloc(CAPTURE_RAW_MAX);
	struct file f = { 0 };
	int status;
	pid_t child;

	(void)state;
	assert_non_null(raw);
	/* Facts of one long note each. */
	while (len + fact_len + 12 < CAPTURE_RAW_MAX) {
		const size_t lengths[] = { fact_len + 8, fact_len + 4, fact_len };
		const uint8_t tags[] = { 0x0a, 0x12, 0x1a };

		for (size_t i = 0; i < 3; i++) {
			raw[len++] = tags[i];
			raw[len++] = (uint8_t)(lengths[i] | 0x80);
			raw[len++] = (uint8_t)(lengths[i] >> 7 | 0x80);
			raw[len++] = (uint8_t)(lengths[i] >> 14);
		}
		memset(raw + len, 'x', fact_len);
		len += fact_len;
	}
	add_header(&f);
	for (uint32_t i = 0; i < 24; i++)
		add_block(&f, (struct capture_block){ .sequence = i }, raw, len);
	free(raw);
	assert_true(f.len < (1U << 20));

	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct fact_sink sink = { .ctx = NULL };
		struct capture_status s;
		struct rusage before, after;
		char err[256];
		int fd = memfd_create("bomb", MFD_CLOEXEC);

		if (fd < 0 || write(fd, f.data, f.len) != (ssize_t)f.len || lseek(fd, 0, SEEK_SET) ||
		    getrusage(RUSAGE_SELF, &before))
			_exit(2);
		if (capture_read_fd(fd, "BOMB", &sink, &s, err, sizeof(err)) || s.blocks != 24 ||
		    s.facts != 24 * (len / (fact_len + 12)) || getrusage(RUSAGE_SELF, &after))
			_exit(3);
		_exit(after.ru_maxrss - before.ru_maxrss < 40 << 10 ? 0 : 4);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free_file(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_every_byte_damaged),
		cmocka_unit_test(test_every_byte_lost_or_doubled),
		cmocka_unit_test(test_not_a_capture),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_refused_content),
		cmocka_unit_test(test_taken_content),
		cmocka_unit_test(test_many_unknown_fields),
		cmocka_unit_test(test_too_large_fact),
		cmocka_unit_test(test_refused_blocks),
		cmocka_unit_test(test_refused_frames),
		cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_unknown_block_type),
		cmocka_unit_test(test_bytes_after_end),
		cmocka_unit_test(test_from_a_pipe),
		cmocka_unit_test(test_memory_is_one_block),
	};

	return cmocka_run_group_tests_name("capture_damage", tests, make_good, free_good);
}
