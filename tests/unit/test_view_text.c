// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, names and paragraphs as people read them. */
#include "test_view.h"

#include "view/number.h"
#include "view/text.h"

struct number_case {
	int64_t n;
	const char *text;
};

static void check_numbers(char *(*number)(char *buf, size_t size, int64_t n), const struct number_case *cases,
			  size_t n)
{
	char buf[NUMBER_SIZE];
	size_t i;

	for (i = 0; i < n; i++) {
		assert_ptr_equal(number(buf, sizeof(buf), cases[i].n), buf);
		assert_string_equal(buf, cases[i].text);
	}
}

#define CHECK(number, ...)                                                 \
	check_numbers(number, (const struct number_case[]){ __VA_ARGS__ }, \
		      sizeof((const struct number_case[]){ __VA_ARGS__ }) / sizeof(struct number_case))

static void bytes(void **state)
{
	(void)state;
	CHECK(view_bytes, { 0, "0 B" }, { 1, "1 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" },
	      { 1536, "1.5 KiB" }, { 102400, "100 KiB" }, { 1048575, "1.0 MiB" }, { 1258291, "1.2 MiB" },
	      { INT64_C(5) << 30, "5.0 GiB" }, { INT64_MAX, "8.0 EiB" }, { -5, "-5 B" },
	      { FACT_UNKNOWN, "?" });
}

static void times(void **state)
{
	(void)state;
	CHECK(view_ns, { 0, "0 ns" }, { 1, "1 ns" }, { 830, "830 ns" }, { 999, "999 ns" },
	      { 1000, "1.00 µs" }, { 9995, "10.0 µs" }, { 999400, "999 µs" }, { 999600, "1.00 ms" },
	      { 1240000, "1.24 ms" }, { 12400000, "12.4 ms" }, { INT64_C(59900000000), "59.9 s" },
	      { INT64_C(1234000000000), "1,234 s" }, { INT64_MAX, "9,223,372,037 s" }, { -830, "-830 ns" },
	      { -1240000, "-1.24 ms" }, { FACT_UNKNOWN, "?" });
	CHECK(number_duration, { 0, "0 ns" }, { INT64_C(59900000000), "59.9 s" },
	      { INT64_C(123000000000), "2 min 3 s" }, { INT64_C(7260000000000), "2 h 1 min" },
	      { FACT_UNKNOWN, "?" });
}

static void counts(void **state)
{
	(void)state;
	CHECK(view_count, { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 12345, "12,345" },
	      { 1234567, "1,234,567" }, { INT64_MAX, "9,223,372,036,854,775,807" }, { -1000, "-1,000" },
	      { FACT_UNKNOWN, "?" });
}

static void small_buffers(void **state)
{
	char buf[8];

	(void)state;
	memset(buf, 'x', sizeof(buf));
	view_count(buf, 4, 1234567);
	assert_string_equal(buf, "1,2");
	assert_int_equal(buf[4], 'x');
	view_bytes(buf, 3, 1048576);
	assert_string_equal(buf, "1.");
	view_ns(buf, 1, 5);
	assert_string_equal(buf, "");
}

static void shares(void **state)
{
	char buf[NUMBER_SIZE];

	(void)state;
	assert_string_equal(number_percent(buf, sizeof(buf), 0, 0), "0%");
	assert_string_equal(number_percent(buf, sizeof(buf), 0, 7), "0%");
	assert_string_equal(number_percent(buf, sizeof(buf), 7, 7), "100%");
	/* Some is never none, most is never all. */
	assert_string_equal(number_percent(buf, sizeof(buf), 1, 1000000), "<0.1%");
	assert_string_equal(number_percent(buf, sizeof(buf), 999999, 1000000), ">99%");
	assert_string_equal(number_percent(buf, sizeof(buf), 1, 3), "33%");
	assert_string_equal(number_percent(buf, sizeof(buf), 1, 16), "6.2%");
	assert_string_equal(number_percent(buf, sizeof(buf), 5, 2), "250%");
}

static void unknown_times(void **state)
{
	struct figures timed = { .calls = 4, .untimed = 1, .bytes = 100, .cpu_ns = 300, .blocked_ns = 40 };
	struct figures untimed = { .calls = 4, .untimed = 4, .bytes = 100 };
	struct figures idle = { 0 };

	(void)state;
	assert_int_equal(figures_cpu(&timed), 300);
	assert_true(figures_cpu_per_call(&timed) == 100.0); /* by the three whose time is known */
	assert_true(figures_cpu_per_byte(&timed) == 3.0);
	assert_true(figures_bytes_per_call(&timed) == 25.0);
	assert_true(figures_cpu(&untimed) == FACT_UNKNOWN);
	assert_true(figures_blocked(&untimed) == FACT_UNKNOWN);
	assert_true(figures_cpu_per_call(&untimed) < 0);
	assert_true(figures_cpu_per_byte(&untimed) < 0);
	assert_int_equal(figures_cpu(&idle), 0);
	assert_true(figures_cpu_per_call(&idle) < 0);
	assert_true(figures_bytes_per_call(&idle) < 0);
}

static void moments(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(number_time(buf, sizeof(buf), INT64_C(1767323045123456789)),
			    "2026-01-02T03:04:05.123456789Z");
	assert_string_equal(number_time(buf, sizeof(buf), INT64_C(1767323045000000001)),
			    "2026-01-02T03:04:05.000000001Z");
	assert_null(number_time(buf, sizeof(buf), 0));
	assert_null(number_time(buf, sizeof(buf), FACT_UNKNOWN));
}

static void decoding(void **state)
{
	static const char *const bad[] = { "\x80",
					   "\xc0\xaf",
					   "\xc1\xbf",
					   "\xe0\x80\x80",
					   "\xed\xa0\x80",
					   "\xf0\x80\x80\x80",
					   "\xf4\x90\x80\x80",
					   "\xf5\x80\x80\x80",
					   "\xff",
					   "\xe2\x82",
					   "\xc3(" };
	uint32_t c = 0;
	size_t i;

	(void)state;
	assert_int_equal(text_decode("a", 1, &c), 1);
	assert_int_equal(c, 'a');
	assert_int_equal(text_decode("\xc3\xa9", 2, &c), 2);
	assert_int_equal(c, 0xe9);
	assert_int_equal(text_decode("\xe6\xbc\xa2", 3, &c), 3);
	assert_int_equal(c, 0x6f22);
	assert_int_equal(text_decode("\xf0\x9f\x98\x80", 4, &c), 4);
	assert_int_equal(c, 0x1f600);
	assert_int_equal(text_decode("\xe6\xbc\xa2", 2, &c), 0);
	assert_int_equal(text_decode("", 0, &c), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_decode(bad[i], strlen(bad[i]), &c), 0);
}

static void cleaning(void **state)
{
	char buf[256];

	(void)state;
	assert_string_equal(view_clean(buf, sizeof(buf), "web-0", 40), "web-0");
	assert_string_equal(view_clean(buf, sizeof(buf), NULL, 40), "?");
	assert_string_equal(view_clean(buf, sizeof(buf), "a\nb\033[2Jc\x7f", 40), "a\\x0ab\\x1b[2Jc\\x7f");
	assert_string_equal(view_clean(buf, sizeof(buf), "x\xffy", 40), "x\\xffy");
	/*
	 * A C1 control is one to a terminal, though it is valid UTF-8; so are the ones that turn
	 * text around.
	 */
	assert_string_equal(view_clean(buf, sizeof(buf), "\xc2\x9b", 40), "\\xc2\\x9b");
	assert_string_equal(view_clean(buf, sizeof(buf), "\xe2\x80\xae", 40), "\\xe2\\x80\\xae");
	assert_string_equal(view_clean(buf, sizeof(buf), "漢字é", 40), "漢字é");
	assert_string_equal(view_clean(buf, sizeof(buf), "abcdef", 6), "abcdef");
	assert_string_equal(view_clean(buf, sizeof(buf), "abcdefg", 6), "abcde…");
	/* Wide characters are two columns; an odd width leaves one free. */
	assert_string_equal(view_clean(buf, sizeof(buf), "漢字漢字", 6), "漢字…");
	assert_string_equal(view_clean(buf, sizeof(buf), "漢字漢字", 8), "漢字漢字");
	/* Combining marks take no column and stay with their letter. */
	assert_string_equal(view_clean(buf, sizeof(buf),
				       "e\xcc\x81"
				       "e\xcc\x81",
				       2),
			    "e\xcc\x81"
			    "e\xcc\x81");
	/* An escape is cut as a whole. */
	assert_string_equal(view_clean(buf, sizeof(buf), "abc\ndef", 6), "abc…");
	assert_string_equal(view_clean(buf, sizeof(buf), "abc", 0), "abc");
}

static void cleaning_ascii(void **state)
{
	char buf[256];

	(void)state;
	assert_string_equal(view_clean(buf, sizeof(buf), "é漢", 40), "\\xc3\\xa9\\xe6\\xbc\\xa2");
	assert_string_equal(view_clean(buf, sizeof(buf), "abcdefg", 6), "abcde~");
	assert_string_equal(text_arrow(), "->");
	assert_string_equal(view_ns(buf, sizeof(buf), 1240), "1.24 us");
}

/* Whatever the sizes: terminated, within the buffer, within the columns, valid. */
static void cleaning_anything(void **state)
{
	char buf[64], cut[64], *clean = text_clean_dup(fixture_hostile_name);
	size_t size;
	int columns;

	(void)state;
	assert_non_null(clean);
	for (size = 1; size <= 40; size++) {
		for (columns = 1; columns < 48; columns++) {
			memset(buf, 0x55, sizeof(buf));
			assert_ptr_equal(view_clean(buf, size, fixture_hostile_name, columns), buf);
			assert_true(strlen(buf) < size);
			assert_true(columns_of(buf) <= columns);
			assert_int_equal(buf[size], 0x55);
			memset(cut, 0x55, sizeof(cut));
			text_cut(cut, size, clean, columns, columns & 1 ? TEXT_CUT_START : TEXT_CUT_END);
			assert_true(strlen(cut) < size);
			assert_true(columns_of(cut) <= columns);
			assert_int_equal(cut[size], 0x55);
		}
	}
	free(clean);
}

static void cutting(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(text_cut(buf, sizeof(buf), "/run/containerd/x-stdout", 10, TEXT_CUT_START),
			    "…/x-stdout");
	assert_string_equal(text_cut(buf, sizeof(buf), "/run/containerd", 6, TEXT_CUT_END), "/run/…");
	assert_string_equal(text_cut(buf, sizeof(buf), "short", 5, TEXT_CUT_START), "short");
	assert_string_equal(text_cut(buf, sizeof(buf), "漢字漢字", 4, TEXT_CUT_START), "…字");
	assert_string_equal(text_cut(buf, sizeof(buf), "abc", 1, TEXT_CUT_END), "…");
	assert_string_equal(text_cut(buf, sizeof(buf), "abc", 0, TEXT_CUT_END), "");
}

static char *wrapped(const char *text, int width, int first, int rest)
{
	char *ret = NULL;
	size_t size;
	FILE *out = open_memstream(&ret, &size);

	assert_non_null(out);
	assert_int_equal(text_wrap(out, text, width, first, rest), 0);
	fputc('\n', out);
	assert_int_equal(fclose(out), 0);
	return ret;
}

static void check_wrap(const char *text, int width, int first, int rest, const char *want)
{
	char *got = wrapped(text, width, first, rest);

	assert_string_equal(got, want);
	free(got);
}

static void wrapping(void **state)
{
	int width;

	(void)state;
	check_wrap("one two three", 0, 2, 4, "  one two three\n");
	check_wrap("one two three", 8, 0, 2, "one two\n  three\n");
	check_wrap("one two three", 7, 0, 0, "one two\nthree\n");
	check_wrap("a\nb", 20, 0, 0, "a\\x0ab\n");
	/* A word that a line takes is not split, whatever room is left. */
	check_wrap("a sentence considerable", 20, 0, 0, "a sentence\nconsiderable\n");
	check_wrap("", 20, 0, 0, "\n");
	/* A word that no line takes is split, from where it stands. */
	check_wrap("at /0123456789abcdefghij", 16, 0, 2, "at /0123456789ab\n  cdefghij\n");
	for (width = 1; width < 60; width++) {
		char *text = wrapped(fixture_hostile_name, width, 2, 4);

		/* A wide character, or an escape of four, needs its columns. */
		assert_fits(text, width < 2 ? 2 : width);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bytes, utf8_locale),
		cmocka_unit_test_setup(times, utf8_locale),
		cmocka_unit_test_setup(counts, utf8_locale),
		cmocka_unit_test_setup(small_buffers, utf8_locale),
		cmocka_unit_test_setup(shares, utf8_locale),
		cmocka_unit_test_setup(unknown_times, utf8_locale),
		cmocka_unit_test_setup(moments, utf8_locale),
		cmocka_unit_test_setup(decoding, ascii_locale),
		cmocka_unit_test_setup(cleaning, utf8_locale),
		cmocka_unit_test_setup(cleaning_ascii, ascii_locale),
		cmocka_unit_test_setup(cleaning_anything, utf8_locale),
		cmocka_unit_test_setup(cleaning_anything, ascii_locale),
		cmocka_unit_test_setup(cutting, utf8_locale),
		cmocka_unit_test_setup(wrapping, utf8_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
