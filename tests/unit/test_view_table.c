// SPDX-License-Identifier: GPL-2.0-only
/* Tables: columns, alignment, what gives way in a narrow one. */
#include "test_view.h"

#include "view/table.h"

static const struct table_column columns[] = {
	{ .title = "name", .align = TABLE_NAME, .least = 8, .most = 30 },
	{ .title = "path", .align = TABLE_PATH, .least = 6, .drop = 2 },
	{ .title = "calls", .align = TABLE_RIGHT },
	{ .title = "spare", .align = TABLE_RIGHT, .quiet = true },
	{ .title = "blocked", .align = TABLE_RIGHT, .least = 9, .drop = 3 },
	{ .title = "note", .align = TABLE_LEFT, .drop = 1 },
};

static struct table *filled(void)
{
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	assert_non_null(t);
	table_row(t, TABLE_PLAIN);
	table_cell(t, "container one");
	table_cell(t, "/run/containerd/fifo");
	table_cell(t, "1,234");
	table_cell(t, "");
	table_cell(t, "5");
	table_cell(t, "left");
	table_row(t, TABLE_STRONG);
	table_cell(t, "漢字");
	table_cell(t, NULL);
	table_cellf(t, "%d", 7);
	return t;
}

static char *print(struct table *t, int width, bool colour)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(table_print(out, t, width, colour), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check(struct table *t, int width, const char *want)
{
	char *got = print(t, width, false);

	assert_string_equal(got, want);
	free(got);
}

static void layout(void **state)
{
	struct table *t = filled();

	(void)state;
	/* The empty quiet column is left out; the last cell has no trailing spaces. */
	check(t, 0,
	      "name           path                  calls    blocked  note\n"
	      "container one  /run/containerd/fifo  1,234          5  left\n"
	      "漢字                                     7\n");
	/* The widest elastic column gives first; a name loses its end, a path its beginning. */
	check(t, 56,
	      "name           path               calls    blocked  note\n"
	      "container one  …/containerd/fifo  1,234          5  left\n"
	      "漢字                                  7\n");
	check(t, 50,
	      "name          path          calls    blocked  note\n"
	      "container o…  …ainerd/fifo  1,234          5  left\n"
	      "漢字                            7\n");
	table_free(t);
}

static void giving_way(void **state)
{
	struct table *t = filled();
	char *text;
	int width;

	(void)state;
	/* First out is the column with the highest number, then the next: blocked, path, note. */
	text = print(t, 36, false);
	assert_null(strstr(text, "blocked"));
	assert_non_null(strstr(text, "path"));
	free(text);
	text = print(t, 24, false);
	assert_null(strstr(text, "path"));
	assert_non_null(strstr(text, "note"));
	free(text);
	text = print(t, 16, false);
	assert_null(strstr(text, "note"));
	assert_non_null(strstr(text, "calls"));
	assert_non_null(strstr(text, "1,234"));
	free(text);
	for (width = 1; width < 80; width++) {
		text = print(t, width, false);
		assert_fits(text, width);
		free(text);
	}
	table_free(t);
}

static void most(void **state)
{
	struct table *t = filled();
	char name[4097], *text;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	table_row(t, TABLE_PLAIN);
	table_cell(t, name);
	text = print(t, 0, false);
	/* Cut to 30 columns even where there is room. */
	assert_int_equal(columns_of(line_of(text, "nnn")), 30);
	free(text);
	table_free(t);
}

static void unsafe(void **state)
{
	struct table *t = filled();
	char *text;

	(void)state;
	table_row(t, TABLE_WARN);
	table_cell(t, fixture_hostile_name);
	table_cell(t, fixture_hostile_name);
	table_span(t, TABLE_DIM, 2, "%s", fixture_hostile_name);
	text = print(t, 70, false);
	assert_fits(text, 70);
	free(text);
	table_free(t);
}

static void spans_and_lines(void **state)
{
	struct table *t = filled();
	char *line;

	(void)state;
	table_span(t, TABLE_DIM, 4, "a sentence across all of the columns, %s", "which is long");
	assert_int_equal(table_rows(t), 3);
	assert_int_equal(table_fit(t, 30), 0);
	assert_int_equal(table_style_of(t, -1), TABLE_HEAD);
	assert_int_equal(table_style_of(t, 1), TABLE_STRONG);
	line = table_line(t, 2);
	assert_string_equal(line, "    a sentence across all of …");
	free(line);
	line = table_line(t, -1);
	assert_int_equal(strncmp(line, "name", 4), 0);
	free(line);
	check(t, 30,
	      "name      path     calls  note\n"
	      "contain…  …d/fifo  1,234  left\n"
	      "漢字                   7\n"
	      "    a sentence across all of\n"
	      "    the columns, which is long\n");
	table_free(t);
}

static void colours(void **state)
{
	struct table *t = filled();
	char *text = print(t, 0, true);

	(void)state;
	/* Only where asked for, and always switched off again before the line ends. */
	assert_non_null(strstr(text, "\033[1m漢字"));
	assert_non_null(strstr(text, "7\033[0m\n"));
	assert_non_null(strstr(text, "left\n"));
	free(text);
	text = print(t, 0, false);
	assert_null(strchr(text, '\033'));
	free(text);
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(layout, utf8_locale),
		cmocka_unit_test_setup(giving_way, utf8_locale),
		cmocka_unit_test_setup(most, utf8_locale),
		cmocka_unit_test_setup(unsafe, utf8_locale),
		cmocka_unit_test_setup(unsafe, ascii_locale),
		cmocka_unit_test_setup(spans_and_lines, utf8_locale),
		cmocka_unit_test_setup(colours, utf8_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
