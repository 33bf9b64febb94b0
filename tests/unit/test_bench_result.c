// SPDX-License-Identifier: GPL-2.0-only
/* A result written as JSON and text, and read back; files that are no result, or mean harm. */
#include "test_view.h"

#include <jansson.h>
#include <unistd.h>

#include "bench/bench.h"
#include "view/bench_view.h"

static struct bench_spread spread(double median)
{
	return (struct bench_spread){ median, median * 0.75, median * 1.5 };
}

static void fill(struct bench_size *s, uint32_t size, double fifo, double stream)
{
	s->size = size;
	for (enum bench_transport t = 0; t < BENCH_TRANSPORTS; t++) {
		double cost = t == BENCH_FIFO ? fifo : t == BENCH_UNIX_STREAM ? stream : 100.0 * (t + 1);

		s->cells[t] = (struct bench_cell){
			.measured = true,
			.messages = 1009 + t,
			.cpu = spread(cost),
			.producer = spread(cost / 4),
			.consumer = spread(cost / 2),
			.wall = spread(cost * 2),
			.writes = spread(1),
			.reads = spread(0.25),
		};
	}
}

/* Two sizes and one on the way to the crossover. */
static struct bench_result *sample(void)
{
	struct bench_result *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	strcpy(r->tool_version, "9.8.7");
	strcpy(r->hostname, "host-a");
	strcpy(r->kernel, "6.12.0");
	strcpy(r->arch, "x86_64");
	strcpy(r->boot_id, "b-1");
	strcpy(r->fifo_filesystem, "tmpfs");
	r->cpus = 4;
	r->start_realtime_ns = INT64_C(1700000000123456789);
	r->duration_ns = INT64_C(12000000000);
	r->producer_cpu = r->consumer_cpu = 3;
	r->repetitions = r->wanted = 7;
	fill(&r->sizes[0], 100, 800, 2000);
	fill(&r->sizes[1], 1100, 1800, 1800 + 1000);
	r->sizes[1].origin = BENCH_CROSSOVER;
	for (enum bench_transport t = 0; t < BENCH_TRANSPORTS; t++) {
		if (t != BENCH_FIFO && t != BENCH_UNIX_STREAM)
			memset(&r->sizes[1].cells[t], 0, sizeof(r->sizes[1].cells[t]));
	}
	fill(&r->sizes[2], 2100, 5000, 4000);
	r->n_sizes = 3;
	r->crossover = bench_crossover_of(r->sizes, r->n_sizes);
	strcpy(r->load.file, "a.capture");
	r->load.calls = 30;
	r->load.bytes = 12000;
	r->load.n = 2;
	r->load.parts[0].size = 100;
	r->load.parts[0].messages = 20;
	r->load.parts[1].size = 2100;
	r->load.parts[1].messages = 4.5;
	return r;
}

static char *as_json(const struct bench_result *r)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(view_bench_json(out, r), 0);
	fclose(out);
	return text;
}

static char *as_text(const struct bench_result *r, int width)
{
	struct view_options o = { .width = width };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(view_bench_text(out, r, &o), 0);
	fclose(out);
	return text;
}

static void there_and_back(void **state)
{
	struct bench_result *r = sample(), *back = calloc(1, sizeof(*back));
	char *text = as_json(r), *again, err[256] = "";

	(void)state;
	assert_int_equal(bench_result_parse(text, strlen(text), "x", back, err, sizeof(err)), 0);
	assert_string_equal(err, "");
	assert_string_equal(back->hostname, "host-a");
	assert_int_equal(back->n_sizes, 3);
	assert_int_equal(back->sizes[1].origin, BENCH_CROSSOVER);
	assert_false(back->sizes[1].cells[BENCH_TTRPC].measured);
	assert_int_equal(back->sizes[2].cells[BENCH_TTRPC].messages, 1009 + BENCH_TTRPC);
	assert_true(back->sizes[2].cells[BENCH_FIFO].cpu.median == 5000);
	assert_true(back->crossover.found);
	assert_true(back->crossover.bytes == r->crossover.bytes);
	assert_int_equal(back->load.n, 2);
	assert_true(bench_load_cpu_ns(back, &back->load, BENCH_FIFO) == 20 * 800 + 4.5 * 5000);
	/* Nothing at all is lost. */
	again = as_json(back);
	assert_string_equal(again, text);
	free(again);
	free(text);
	/* Neither what is not known. */
	r->load.n = 0;
	r->boot_id[0] = r->fifo_filesystem[0] = '\0';
	r->cpus = r->start_realtime_ns = r->duration_ns = FACT_UNKNOWN;
	r->n_sizes = 1;
	r->crossover = (struct bench_crossover){ 0 };
	r->separate = true;
	r->producer_cpu = 0;
	r->repetitions = 2;
	text = as_json(r);
	assert_int_equal(bench_result_parse(text, strlen(text), "x", back, err, sizeof(err)), 0);
	assert_true(back->separate);
	assert_int_equal(back->producer_cpu, 0);
	assert_int_equal(back->cpus, FACT_UNKNOWN);
	again = as_json(back);
	assert_string_equal(again, text);
	free(again);
	free(text);
	free(back);
	free(r);
}

static void members(void **state)
{
	struct bench_result *r = sample();
	char *text = as_json(r);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *size, *cell;

	(void)state;
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "shimscope/1");
	assert_string_equal(json_string_value(json_object_get(root, "kind")), "bench");
	assert_true(json_is_true(json_object_get(root, "synthetic")));
	assert_true(json_is_true(json_object_get(root, "complete")));
	/* 1000 apart at 1100 B, 1000 the other way at 2100 B. */
	assert_int_equal(json_integer_value(json_object_get(root, "crossover_bytes")), 1600);
	size = json_array_get(json_object_get(root, "sizes"), 2);
	assert_int_equal(json_array_size(json_object_get(size, "transports")), BENCH_TRANSPORTS);
	cell = json_array_get(json_object_get(size, "transports"), BENCH_FIFO);
	assert_string_equal(json_string_value(json_object_get(cell, "transport")), "fifo");
	assert_int_equal(json_integer_value(json_object_get(cell, "bytes")), 2100 * 1010);
	assert_true(json_real_value(json_object_get(json_object_get(cell, "wall_ns_per_message"),
						    "median")) == 10000);
	cell = json_array_get(json_object_get(size, "transports"), BENCH_TTRPC);
	assert_string_equal(json_string_value(json_object_get(cell, "transport")), "unix-stream");
	assert_string_equal(json_string_value(json_object_get(cell, "protocol")), "ttrpc");
	json_decref(root);
	free(text);
	free(r);
}

static void words(void **state)
{
	struct bench_result *r = sample();
	char *text = as_text(r, 0);

	(void)state;
	assert_memory_equal(text, "SYNTHETIC", 9);
	assert_non_null(strstr(text, "both pinned to CPU 3"));
	assert_non_null(strstr(text, "cross over at about 1,600 B per message: below, the FIFO costs less"));
	assert_non_null(strstr(text, "interpolated between 1,100 B and 2,100 B"));
	assert_non_null(strstr(text, "unix-stream ttrpc"));
	/* 20 · 800 ns + 4.5 · 5 µs = 38.5 µs; the same over the UNIX stream: 58 µs. */
	assert_non_null(strstr(text, "38.5 µs"));
	assert_non_null(strstr(text, "58.0 µs"));
	assert_non_null(strstr(text, "x1.51"));
	assert_null(strstr(text, "INTERRUPTED"));
	free(text);
	text = as_text(r, 60);
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		assert_true(columns_of(line) <= 60);
	free(text);
	r->repetitions = 2;
	r->separate = true;
	r->producer_cpu = 0;
	r->n_sizes = 2;
	r->crossover = bench_crossover_of(r->sizes, 2);
	strcpy(r->hostname, "evil\033[2J");
	text = as_text(r, 0);
	assert_non_null(strstr(text, "INTERRUPTED: 7 were asked for"));
	assert_non_null(strstr(text, "pinned to CPU 0 and a consumer pinned to CPU 3"));
	assert_non_null(strstr(text, "do not cross over: the FIFO costs less"));
	assert_null(strchr(text, '\033'));
	free(text);
	free(r);
}

/* Replace the first from in text. The caller frees. */
static char *with(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	size_t size = strlen(text) + strlen(to) + 1;
	char *ret = malloc(size);

	assert_non_null(at);
	assert_non_null(ret);
	snprintf(ret, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return ret;
}

static void refused(void **state)
{
	static const struct {
		const char *from, *to;
		int err;
	} cases[] = {
		{ "shimscope/1", "shimscope/2", -EPROTONOSUPPORT },
		{ "shimscope/1", "elsewhere/1", -EPROTO },
		{ "\"bench\"", "\"report\"", -EPROTO },
		{ "\"synthetic\": true", "\"synthetic\": false", -EPROTO },
		{ "\"repetitions\": 7", "\"repetitions\": 0", -EPROTO },
		{ "\"repetitions\": 7", "\"repetitions\": 8", -EPROTO },
		{ "\"repetitions\": 7", "\"repetitions\": 7, \"repetitions\": 7", -EPROTO },
		{ "\"same\"", "\"some\"", -EPROTO },
		{ "\"producer\": 3", "\"producer\": -1", -EPROTO },
		{ "\"sizes\": [", "\"sizes\": [1, ", -EPROTO },
		{ "\"sizes\": [", "\"sizes\": [], \"not\": [", -EPROTO },
		{ "\"size\": 100", "\"size\": 0", -EPROTO },
		{ "\"size\": 100", "\"size\": 32769", -EPROTO },
		{ "\"size\": 100", "\"size\": 1100", -EPROTO },
		{ "\"size\": 100", "\"size\": 99999999999999999999", -EPROTO },
		{ "\"messages\": 1009", "\"messages\": 0", -EPROTO },
		{ "\"messages\": 1009", "\"messages\": \"1009\"", -EPROTO },
		{ "\"transport\": \"fifo\"", "\"transport\": \"pipe\"", -EPROTO }, /* a second time */
		{ "\"median\": 800.0", "\"median\": -1.0", -EPROTO },
		{ "\"median\": 800.0", "\"median\": 1e300", -EPROTO },
		{ "\"median\": 800.0", "\"median\": 1e999", -EPROTO },
		{ "\"median\": 800.0", "\"median\": NaN", -EPROTO },
		{ "\"median\": 800.0", "\"median\": null", -EPROTO },
		{ "\"median\": 800.0", "\"median\": 8000.0", -EPROTO }, /* above the largest */
		{ "\"calls\": 30", "\"calls\": 0", -EPROTO },
		{ "\"messages\": 4.5", "\"messages\": -4.5", -EPROTO },
		{ "\"from\": {", "\"from\": {\"sizes\": [], \"not\": ", -EPROTO },
	};
	struct bench_result *r = sample(), *back = calloc(1, sizeof(*back));
	char *text = as_json(r), err[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *bad = with(text, cases[i].from, cases[i].to);

		err[0] = '\0';
		assert_int_equal(bench_result_parse(bad, strlen(bad), "b.json", back, err, sizeof(err)),
				 cases[i].err);
		assert_memory_equal(err, "b.json: ", 8);
		assert_null(strchr(err, '\n'));
		free(bad);
	}
	free(text);
	free(back);
	free(r);
}

/* What a later version adds is no fault. */
static void newer(void **state)
{
	struct bench_result *r = sample(), *back = calloc(1, sizeof(*back));
	char *text = as_json(r), *more, err[256];

	(void)state;
	more = with(text, "\"transport\": \"pipe\"", "\"transport\": \"vsock\", \"gain\": [1, {}]");
	assert_int_equal(bench_result_parse(more, strlen(more), "x", back, err, sizeof(err)), 0);
	assert_false(back->sizes[0].cells[BENCH_PIPE].measured);
	assert_true(back->sizes[0].cells[BENCH_FIFO].measured);
	assert_true(bench_cpu_ns(back, BENCH_PIPE, 100) >= 0); /* from 2100 B, an upper bound */
	free(more);
	more = with(text, "\"chosen\"", "\"guessed\"");
	assert_int_equal(bench_result_parse(more, strlen(more), "x", back, err, sizeof(err)), 0);
	assert_int_equal(back->sizes[0].origin, BENCH_CHOSEN);
	free(more);
	free(text);
	free(back);
	free(r);
}

/* Cut anywhere, changed anywhere: an error or a result, never harm. */
static void damage(void **state)
{
	struct bench_result *r = sample(), *back = calloc(1, sizeof(*back));
	char *text = as_json(r), err[256];
	size_t len = strlen(text), accepted = 0;

	(void)state;
	for (size_t i = 0; i + 2 < len; i += 7)
		assert_int_equal(bench_result_parse(text, i, "x", back, err, sizeof(err)), -EPROTO);
	for (size_t i = 0; i < len; i++) {
		static const char put[] = "9-\"}\xff";
		char old = text[i];

		text[i] = put[i % (sizeof(put) - 1)];
		if (bench_result_parse(text, len, "x", back, err, sizeof(err)) == 0) {
			char *shown = as_text(back, 80);

			accepted++;
			free(shown);
		}
		text[i] = old;
	}
	assert_true(accepted > 0);
	free(text);
	free(back);
	free(r);
}

static void files(void **state)
{
	struct bench_result *r = sample(), *back = calloc(1, sizeof(*back));
	char path[] = "/tmp/test-bench-result-XXXXXX", err[256], *deep;
	int fd = mkstemp(path);
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_int_equal(view_bench_json(f, r), 0);
	fclose(f);
	assert_int_equal(bench_result_read(path, back, err, sizeof(err)), 0);
	assert_int_equal(back->n_sizes, 3);
	assert_int_equal(truncate(path, (1 << 20) + 1), 0);
	assert_int_equal(bench_result_read(path, back, err, sizeof(err)), -EFBIG);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(bench_result_read(path, back, err, sizeof(err)), -EPROTO);
	assert_int_equal(bench_result_read("/", back, err, sizeof(err)), -EISDIR);
	assert_int_equal(bench_result_read("/nonexistent/x", back, err, sizeof(err)), -ENOENT);
	assert_non_null(strstr(err, "/nonexistent/x"));
	assert_int_equal(bench_result_read("/dev/zero", back, err, sizeof(err)), -EFBIG);
	unlink(path);
	/* Nested beyond reason. */
	deep = malloc(500000);
	assert_non_null(deep);
	memset(deep, '[', 500000);
	assert_int_equal(bench_result_parse(deep, 500000, "x", back, err, sizeof(err)), -EPROTO);
	free(deep);
	f = fopen("/dev/full", "w");
	assert_int_equal(view_bench_json(f, r), -ENOSPC);
	fclose(f);
	free(back);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(members),
		cmocka_unit_test_setup(words, utf8_locale),
		cmocka_unit_test(refused),
		cmocka_unit_test(newer),
		cmocka_unit_test(damage),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
