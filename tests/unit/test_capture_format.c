// SPDX-License-Identifier: GPL-2.0-only
/*
 * FORMAT.md promises strangers that Python and protoc are enough to decode a capture: do what it says,
 * with the program that it holds. Runs in the top directory, as all unit tests do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "capture/capture.h"
#include "test_capture.h"

#define FORMAT_MD "user/capture/FORMAT.md"
#define SCHEMA	  "user/capture/capture.proto"

static char dir[] = "/tmp/shimscope-test-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "capture", "decode.py", "capture.proto", "facts.bin", "text" };
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

/* A file's content as a string, the caller's to free. */
static char *read_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long size;

	if (!f)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size >= 0);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, f), size);
	fclose(f);
	return text;
}

static char *read_made(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return read_text(path);
}

/* Run a shell command in the directory of this test. */
static int run(const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), "cd %s && %s", dir, command);
	return system(line);
}

static void write_script(void)
{
	char *text = read_text(FORMAT_MD);
	char *begin = strstr(text, "```python\n"), *end;
	char path[64];
	FILE *f;

	assert_non_null(begin);
	begin += strlen("```python\n");
	end = strstr(begin, "```\n");
	assert_non_null(end);
	snprintf(path, sizeof(path), "%s/decode.py", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(begin, (size_t)(end - begin), 1, f), 1);
	assert_int_equal(fclose(f), 0);
	free(text);
}

static void write_capture(void)
{
	struct capture_writer *w;
	struct fact_sink sink;
	char path[64], err[256] = "";

	snprintf(path, sizeof(path), "%s/capture", dir);
	if (capture_create(path, &w, err, sizeof(err)))
		fail_msg("%s", err);
	sink = capture_sink(w);
	assert_int_equal(sample_full(&sink), 0);
	assert_int_equal(capture_flush(w), 0);
	assert_int_equal(sample_bare(&sink), 0);
	assert_int_equal(sample_finish(&sink), 0);
	assert_int_equal(capture_close(w), 0);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

static void test_decode_without_shimscope(void **state)
{
	static const char *const expected[] = {
		"hostname: \"node-7\"",
		"config_text: \"version = 2\\n[debug]\\n  level = \\\"info\\\"\\n\"",
		"path: \"@/containerd-shim/\\377\\376.sock\"",
		"transport: TRANSPORT_UNIX_STREAM",
		"role: PROCESS_SHIM",
		"start_ns: 9223372036854775807",
		"fd: 17\n",
		"fd: -1\n",
		"    moved_bytes: 4099\n",
		"    size_log2: 5\n    size_log2: 300\n",
		"    cpu_log2: 39\n    cpu_log2: 18446744073709551615\n",
		"fact {\n  finish {\n    end_ns: 1234999999999\n  }\n}\n",
	};
	char *schema, *made, *text;

	(void)state;
	if (system("command -v /usr/bin/python3 protoc >/dev/null 2>&1"))
		skip();
	write_capture();
	write_script();
	assert_int_equal(run("/usr/bin/python3 decode.py capture capture.proto facts.bin > /dev/null"), 0);
	assert_int_equal(run("protoc --decode=shimscope.Capture capture.proto < facts.bin > text"), 0);

	schema = read_text(SCHEMA);
	made = read_made("capture.proto");
	assert_string_equal(made, schema);
	text = read_made("text");
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		if (!strstr(text, expected[i]))
			fail_msg("not decoded: %s", expected[i]);
	}
	assert_int_equal(count(text, "fact {\n"), 25);
	assert_int_equal(count(text, "hostname"), 1); /* the unknown one is absent */
	/* Nothing that protoc had no name for. */
	for (const char *p = text; *p; p = strchr(p, '\n') + 1)
		assert_false(p[strspn(p, " ")] >= '0' && p[strspn(p, " ")] <= '9');
	free(schema);
	free(made);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_without_shimscope),
	};

	return cmocka_run_group_tests_name("capture_format", tests, make_dir, remove_dir);
}
