// SPDX-License-Identifier: GPL-2.0-only
/* Unified diffs: the form of diff -U3, and random texts put together again from shortest scripts. */
#include "test_model.h"

#include "diff/lines.h"

static void check(const char *before, const char *after, const char *want)
{
	char *got;

	assert_int_equal(lines_diff(before, after, &got), 0);
	assert_string_equal(got, want);
	free(got);
}

static void hunks(void **state)
{
	(void)state;
	check("", "", "");
	check("a\nb\n", "a\nb\n", "");
	check("a\nb", "a\nb\n", "");
	check("", "a\n", "@@ -0,0 +1 @@\n+a\n");
	check("a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n");
	check("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nV\n6\n7\n8\n9\n",
	      "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+V\n 6\n 7\n 8\n");
	check("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n",
	      "@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n");
}

/* Six equal lines between two differences are one hunk, seven are two. */
static void context(void **state)
{
	(void)state;
	check("x\n1\n2\n3\n4\n5\n6\ny\n", "X\n1\n2\n3\n4\n5\n6\nY\n",
	      "@@ -1,8 +1,8 @@\n-x\n+X\n 1\n 2\n 3\n 4\n 5\n 6\n-y\n+Y\n");
	check("x\n1\n2\n3\n4\n5\n6\n7\ny\n", "X\n1\n2\n3\n4\n5\n6\n7\nY\n",
	      "@@ -1,4 +1,4 @@\n-x\n+X\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-y\n+Y\n");
}

#define LINES 40

struct lines {
	char text[3 * LINES + 1];
	const char *at[LINES];
	size_t n;
};

static void make(struct lines *l, unsigned int *seed)
{
	size_t i;

	l->n = (size_t)rand_r(seed) % LINES;
	for (i = 0; i < l->n; i++) {
		l->at[i] = l->text + 2 * i;
		l->text[2 * i] = (char)('a' + rand_r(seed) % 4);
		l->text[2 * i + 1] = '\n';
	}
	l->text[2 * l->n] = '\0';
}

/* The fewest lines that differ, by the textbook's table. */
static size_t fewest(const struct lines *a, const struct lines *b)
{
	size_t common[LINES + 1][LINES + 1] = { { 0 } }, i, j;

	for (i = 1; i <= a->n; i++) {
		for (j = 1; j <= b->n; j++) {
			size_t up = common[i - 1][j], left = common[i][j - 1];

			common[i][j] = *a->at[i - 1] == *b->at[j - 1] ? common[i - 1][j - 1] + 1
				       : up > left		      ? up
								      : left;
		}
	}
	return a->n + b->n - 2 * common[a->n][b->n];
}

/* Apply a diff to a text; returns how many lines it changes. */
static size_t apply(const char *diff, const struct lines *a, char *result)
{
	size_t at = 0, changes = 0;

	*result = '\0';
	for (; *diff; diff = strchr(diff, '\n') + 1) {
		unsigned long from, count = 1;
		char *rest;

		if (*diff == '@') {
			from = strtoul(diff + 4, &rest, 10);
			if (*rest == ',')
				count = strtoul(rest + 1, NULL, 10);
			for (from = count ? from - 1 : from; at < from; at++)
				strncat(result, a->at[at], 2);
			continue;
		}
		changes += *diff != ' ';
		if (*diff != '+') {
			assert_true(at < a->n);
			assert_int_equal(*a->at[at], diff[1]);
			at++;
		}
		if (*diff != '-')
			strncat(result, diff + 1, 2);
	}
	for (; at < a->n; at++)
		strncat(result, a->at[at], 2);
	return changes;
}

static void random_texts(void **state)
{
	unsigned int seed = 1;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct lines a, b;
		char result[3 * LINES + 1], *diff;

		make(&a, &seed);
		make(&b, &seed);
		assert_int_equal(lines_diff(a.text, b.text, &diff), 0);
		assert_int_equal(apply(diff, &a, result), fewest(&a, &b));
		assert_string_equal(result, b.text);
		free(diff);
	}
}

/* Texts without anything in common, too long for the shortest script, are replaced as a whole. */
static void huge(void **state)
{
	size_t n = 3 * LINES_MOST, i, minus = 0, plus = 0;
	char *a = calloc(n, 16), *b = calloc(n, 16), *diff, *p;

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	for (i = 0, p = a; i < n; i++)
		p += sprintf(p, "a%zu\n", i);
	for (i = 0, p = b; i < n; i++)
		p += sprintf(p, "b%zu\n", i);
	assert_int_equal(lines_diff(a, b, &diff), 0);
	for (p = strchr(diff, '\n') + 1; *p; p = strchr(p, '\n') + 1) {
		minus += *p == '-';
		plus += *p == '+';
	}
	assert_int_equal(minus, n);
	assert_int_equal(plus, n);
	free(diff);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hunks),
		cmocka_unit_test(context),
		cmocka_unit_test(random_texts),
		cmocka_unit_test(huge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
