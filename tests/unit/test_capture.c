// SPDX-License-Identifier: GPL-2.0-only
/* What is written into a capture comes out again, member by member, and unknown stays unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "capture/capture.h"
#include "capture/format.h"
#include "test_capture.h"

static char dir[] = "/tmp/shimscope-test-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/capture", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct capture_writer *create(void)
{
	struct capture_writer *w;
	char err[256] = "";

	if (capture_create(path, &w, err, sizeof(err)))
		fail_msg("%s", err);
	return w;
}

/* Read all of the capture, which must be in order. */
static struct capture_status read_all(const struct fact_sink *sink)
{
	struct capture_status status;
	char err[256] = "";

	if (capture_read(path, sink, &status, err, sizeof(err)))
		fail_msg("%s", err);
	return status;
}

/* Write what produce() says, read it back, and compare with what it says to the dump directly. */
static void round_trip(int (*produce)(const struct fact_sink *s))
{
	struct dump want = { 0 }, got = { 0 };
	struct fact_sink direct = dump_sink(&want), back = dump_sink(&got);
	struct capture_writer *w = create();
	struct fact_sink sink = capture_sink(w);
	struct capture_status status;
	struct stat st;

	assert_int_equal(produce(&direct), 0);
	assert_int_equal(produce(&sink), 0);
	assert_int_equal(sample_finish(&direct), 0);
	assert_int_equal(sample_finish(&sink), 0);
	assert_int_equal(capture_close(w), 0);

	status = read_all(&back);
	assert_string_equal(got.text, want.text);
	assert_true(status.complete);
	assert_string_equal(status.warning, "");
	assert_int_equal(status.facts, want.facts);
	assert_int_equal(status.skipped, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(status.file_bytes, st.st_size);
	assert_int_equal(status.good_bytes, st.st_size);
	dump_reset(&want);
	dump_reset(&got);
}

static void test_every_member(void **state)
{
	(void)state;
	round_trip(sample_full);
}

static void test_unknowns(void **state)
{
	(void)state;
	round_trip(sample_bare);
}

/* 0 and "" are known values; a negative number is one as well. And each of two booleans alone. */
static int produce_zeros(const struct fact_sink *s)
{
	struct fact_host host = { .hostname = "", .cpus = 0 };
	struct fact_runtime runtime = { .pid = 0, .config_text = "" };
	struct fact_usage usage = { .ns = -1, .cpu_ns = 0, .rss_bytes = INT64_MIN + 1 };
	struct fact_holder holder = { .fd = INT32_MIN };
	struct fact_loss loss = { 0 };
	struct fact_channel truncated = { .id = 1, .path_truncated = true };
	struct fact_channel of_peer = { .id = 2, .path_of_peer = true };
	struct fact_container sandbox = { .is_sandbox = true }, terminal = { .tty = true };
	int ret;

	(void)((ret = s->host(s->ctx, &host)) || (ret = s->runtime(s->ctx, &runtime)) ||
	       (ret = s->usage(s->ctx, &usage)) || (ret = s->holder(s->ctx, &holder)) ||
	       (ret = s->loss(s->ctx, &loss)) || (ret = s->channel(s->ctx, &truncated)) ||
	       (ret = s->channel(s->ctx, &of_peer)) || (ret = s->container(s->ctx, &sandbox)) ||
	       (ret = s->container(s->ctx, &terminal)));
	return ret;
}

static void test_zero_is_not_unknown(void **state)
{
	(void)state;
	round_trip(produce_zeros);
}

/* Every value of every enum. */
static int produce_enums(const struct fact_sink *s)
{
	static const struct counters idle = { .calls = 0 };
	int ret = 0;

	for (int t = 0; t < TRANSPORT_COUNT && !ret; t++)
		ret = s->channel(s->ctx, &(struct fact_channel){ .id = 1, .transport = (enum transport)t });
	for (int r = 0; r < PROCESS_ROLE_COUNT && !ret; r++)
		ret = s->process(s->ctx, &(struct fact_process){ .id = 1, .role = (enum process_role)r });
	for (int d = DIRECTION_READ; d <= DIRECTION_WRITE && !ret; d++)
		ret = s->end(s->ctx, &(struct fact_end){ 1, 1, (enum direction)d, &idle });
	return ret;
}

static void test_every_enum_value(void **state)
{
	(void)state;
	round_trip(produce_enums);
}

/* Each bucket of both histograms, alone and all together. */
static int produce_buckets(const struct fact_sink *s)
{
	struct counters all = { 0 };
	int ret = 0;

	for (size_t i = 0; i < FACT_CPU_BUCKETS && !ret; i++) {
		struct counters one = { 0 };

		if (i < FACT_SIZE_BUCKETS)
			all.size_log2[i] = one.size_log2[i] = i + 1;
		all.cpu_log2[i] = one.cpu_log2[i] = 1ULL << i;
		ret = s->end(s->ctx, &(struct fact_end){ 1, 2, DIRECTION_READ, &one });
	}
	return ret ? ret : s->end(s->ctx, &(struct fact_end){ 1, 2, DIRECTION_READ, &all });
}

static void test_every_bucket(void **state)
{
	(void)state;
	round_trip(produce_buckets);
}

/* More than fits one block, and texts of all lengths around the changes of a varint's size. */
static int produce_much(const struct fact_sink *s)
{
	static const size_t lengths[] = { 1, 126, 127, 128, 129, 16382, 16383, 16384, 16385, 600000, 600001 };
	int ret = 0;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]) && !ret; i++) {
		char *note = malloc(lengths[i] + 1);

		assert_non_null(note);
		memset(note, 'a' + (int)i, lengths[i]);
		note[lengths[i]] = '\0';
		ret = s->trace(s->ctx, &(struct fact_trace){ .note = note });
		free(note);
	}
	for (uint32_t i = 0; i < 60000 && !ret; i++)
		ret = sample_end(s, i, i / 2, i);
	return ret;
}

static void test_many_blocks(void **state)
{
	(void)state;
	round_trip(produce_much);
	assert_true(read_all(&(struct fact_sink){ .ctx = NULL }).blocks > 4);
}

/* A sink without members passes over facts; each member alone gets its own kind only. */
static void test_sinks_with_gaps(void **state)
{
	struct capture_writer *w = create();
	struct fact_sink sink = capture_sink(w), all, one;
	struct dump d = { 0 };

	(void)state;
	assert_int_equal(sample_full(&sink), 0);
	assert_int_equal(sample_bare(&sink), 0);
	assert_int_equal(sample_finish(&sink), 0);
	assert_int_equal(capture_close(w), 0);

	assert_true(read_all(&(struct fact_sink){ .ctx = NULL }).complete);
	all = dump_sink(&d);
#define ONLY(member)                                                               \
	do {                                                                       \
		one = (struct fact_sink){ .ctx = &d, .member = all.member };       \
		assert_true(read_all(&one).complete);                              \
		assert_int_equal(d.facts, strcmp(#member, "finish") == 0 ? 1 : 2); \
		assert_memory_equal(d.text, #member " ", sizeof(#member));         \
		dump_reset(&d);                                                    \
	} while (0)
	ONLY(host);
	ONLY(trace);
	ONLY(runtime);
	ONLY(process);
	ONLY(usage);
	ONLY(channel);
	ONLY(holder);
	ONLY(container);
	ONLY(link);
	ONLY(window);
	ONLY(end);
	ONLY(loss);
	ONLY(finish);
}

/* What the sink returns ends the reading and is returned. */
static void test_sink_error(void **state)
{
	struct capture_writer *w = create();
	struct fact_sink sink = capture_sink(w);

	(void)state;
	assert_int_equal(sample_full(&sink), 0);
	assert_int_equal(sample_finish(&sink), 0);
	assert_int_equal(capture_close(w), 0);
	for (int at = 1; at <= 13; at++) {
		struct dump d = { .fail_at = at, .fail_with = -EOVERFLOW };
		struct fact_sink back = dump_sink(&d);
		struct capture_status status;
		char err[256] = "";

		assert_int_equal(capture_read(path, &back, &status, err, sizeof(err)), -EOVERFLOW);
		assert_int_equal(d.facts, at);
		assert_false(status.complete);
		assert_non_null(strstr(err, path));
		assert_non_null(strstr(err, strerror(EOVERFLOW)));
		dump_reset(&d);
	}
}

/* The largest fact there can be is read back; one byte more is refused, and the capture goes on. */
static void test_largest_fact(void **state)
{
	/* Before the text: tag and length of the fact's kind, then those of the text. */
	size_t most = CAPTURE_FACT_MAX - 4 - 4;
	char *note = malloc(most + 2);
	struct capture_writer *w = create();
	struct fact_sink sink = capture_sink(w);
	struct fact_trace f = {
		.note = note,
		.start_realtime_ns = FACT_UNKNOWN,
		.start_ns = FACT_UNKNOWN,
		.interval_ns = FACT_UNKNOWN,
	};
	struct dump d = { 0 };
	struct fact_sink back = dump_sink(&d);

	(void)state;
	assert_non_null(note);
	memset(note, 'x', most + 1);
	note[most + 1] = '\0';
	assert_int_equal(sink.trace(sink.ctx, &f), -EMSGSIZE);
	note[most] = '\0';
	assert_int_equal(sink.trace(sink.ctx, &f), 0);
	assert_int_equal(sink.trace(sink.ctx, &f), 0);
	assert_int_equal(sample_finish(&sink), 0);
	assert_int_equal(capture_close(w), 0);
	assert_true(read_all(&back).complete);
	assert_int_equal(d.facts, 3);
	assert_true(d.len > 2 * most);
	dump_reset(&d);
	free(note);
}

/* What a reader would have to refuse is not written. */
static void test_refused_facts(void **state)
{
	static const struct counters idle = { .calls = 0 };
	struct capture_writer *w = create();
	struct fact_sink s = capture_sink(w);
	struct capture_status status;

	(void)state;
	assert_int_equal(s.channel(s.ctx, &(struct fact_channel){ .transport = TRANSPORT_COUNT }), -EINVAL);
	assert_int_equal(s.channel(s.ctx, &(struct fact_channel){ .transport = (enum transport) - 1 }),
			 -EINVAL);
	assert_int_equal(s.process(s.ctx, &(struct fact_process){ .role = PROCESS_ROLE_COUNT }), -EINVAL);
	assert_int_equal(s.end(s.ctx, &(struct fact_end){ 1, 1, (enum direction)2, &idle }), -EINVAL);
	assert_int_equal(s.end(s.ctx, &(struct fact_end){ .counters = NULL }), -EINVAL);
	assert_int_equal(sample_finish(&s), 0);
	assert_int_equal(sample_finish(&s), -EINVAL);
	assert_int_equal(sample_bare(&s), -EINVAL);
	assert_int_equal(capture_close(w), 0);
	status = read_all(&(struct fact_sink){ .ctx = NULL });
	assert_true(status.complete);
	assert_int_equal(status.facts, 1);
}

/* Without the end mark nothing is missing but the mark, and the status says so. */
static void test_without_end_mark(void **state)
{
	struct capture_writer *w = create();
	struct fact_sink sink = capture_sink(w);
	struct dump d = { 0 };
	struct fact_sink back = dump_sink(&d);
	struct capture_status status;

	(void)state;
	assert_int_equal(sample_full(&sink), 0);
	assert_int_equal(capture_close(w), 0);
	status = read_all(&back);
	assert_false(status.complete);
	assert_int_equal(d.facts, 12);
	assert_non_null(strstr(status.warning, "no end mark"));
	dump_reset(&d);
}

/* After capture_flush() all is in the file; without facts it writes nothing. */
static void test_flush(void **state)
{
	struct capture_writer *w = create();
	struct fact_sink sink = capture_sink(w);
	uint64_t before = capture_size(w);
	struct stat st;

	(void)state;
	assert_int_equal(capture_flush(w), 0);
	assert_int_equal(capture_size(w), before);
	for (uint64_t blocks = 2; blocks < 6; blocks++) {
		struct dump d = { 0 };
		struct fact_sink back = dump_sink(&d);
		struct capture_status status;

		assert_int_equal(sample_full(&sink), 0);
		assert_int_equal(capture_flush(w), 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, capture_size(w));
		status = read_all(&back);
		assert_int_equal(status.blocks, blocks);
		assert_int_equal(d.facts, 12 * (blocks - 1));
		dump_reset(&d);
	}
	assert_int_equal(capture_close(w), 0);
}

/*
 * The ends of a window are in one block with it, so that a cut takes a window whole: 20 windows of
 * 1,000 ends are more than one block, and no block ends within a window.
 */
static void test_windows_stay_whole(void **state)
{
	struct capture_writer *w = create();
	struct fact_sink sink = capture_sink(w);
	uint64_t size = capture_size(w), in_window = 0, blocks = 0;

	(void)state;
	for (uint64_t i = 0; i < 20; i++) {
		struct fact_window window = { i, (int64_t)i, 1 };

		assert_int_equal(sink.window(sink.ctx, &window), 0);
		if (capture_size(w) != size)
			blocks++;
		size = capture_size(w);
		for (uint32_t e = 0; e < 1000; e++)
			assert_int_equal(sample_end(&sink, e, e, e), 0);
		if (capture_size(w) != size)
			in_window++;
		size = capture_size(w);
	}
	assert_int_equal(capture_close(w), 0);
	assert_true(blocks >= 2);
	assert_int_equal(in_window, 0);
}

/* An end takes 20 to 40 bytes before compression. */
static void test_size_of_an_end(void **state)
{
	struct capture_writer *w = create();
	struct fact_sink sink = capture_sink(w);
	uint8_t frame[CAPTURE_BLOCK_HEADER_LEN];
	uint64_t at = capture_size(w);
	struct capture_block b;
	FILE *f;

	(void)state;
	for (uint32_t i = 1; i <= 1000; i++)
		assert_int_equal(sample_end(&sink, i, i / 4, 20 + i % 50), 0);
	assert_int_equal(capture_close(w), 0);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fseek(f, (long)at, SEEK_SET), 0);
	assert_int_equal(fread(frame, sizeof(frame), 1, f), 1);
	fclose(f);
	assert_true(capture_block_parse(frame, &b));
	assert_in_range(b.raw_len / 1000, 20, 40);
	assert_true(b.packed_len < b.raw_len / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_member),	    cmocka_unit_test(test_unknowns),
		cmocka_unit_test(test_zero_is_not_unknown), cmocka_unit_test(test_every_enum_value),
		cmocka_unit_test(test_every_bucket),	    cmocka_unit_test(test_many_blocks),
		cmocka_unit_test(test_sinks_with_gaps),	    cmocka_unit_test(test_sink_error),
		cmocka_unit_test(test_largest_fact),	    cmocka_unit_test(test_refused_facts),
		cmocka_unit_test(test_without_end_mark),    cmocka_unit_test(test_flush),
		cmocka_unit_test(test_windows_stay_whole),  cmocka_unit_test(test_size_of_an_end),
	};

	return cmocka_run_group_tests_name("capture", tests, make_dir, remove_dir);
}
