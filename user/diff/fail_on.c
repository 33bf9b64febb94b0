// SPDX-License-Identifier: GPL-2.0-only
/* Bounds of a diff, for use in scripts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "diff/fail_on.h"

#define BLANKS " \t"
#define DIGITS "0123456789"

/* Digits with at most one point, so that no locale and no "inf" gets in. NULL: not a number. */
static const char *number(const char *s, double *ret)
{
	size_t whole = strspn(s, DIGITS), part = 0, i;
	double v = 0, unit = 1;

	if (s[whole] == '.')
		part = strspn(s + whole + 1, DIGITS);
	if (!whole || whole + part > 12 || (s[whole] == '.' && !part))
		return NULL;
	for (i = 0; i < whole; i++)
		v = v * 10 + (s[i] - '0');
	for (i = 0; i < part; i++)
		v += (s[whole + 1 + i] - '0') * (unit /= 10);
	*ret = v;
	return s + whole + (part ? part + 1 : 0);
}

int fail_on_parse(const char *text, struct fail_on *ret, char *err, size_t err_size)
{
	const char *name = text + strspn(text, BLANKS), *s;
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
	char names[512];
	double percent;

	ret->metric = diff_metric_find(name, len);
	if (ret->metric == METRIC_COUNT) {
		snprintf(err, err_size, "'%.*s' is no metric; there are %s", (int)(len > 64 ? 64 : len), name,
			 diff_metric_names(names, sizeof(names)));
		return -EINVAL;
	}
	s = name + len;
	s += strspn(s, BLANKS);
	if (*s != '>') {
		snprintf(err, err_size, "after %s comes >, as in '%s>5%%'", diff_metrics[ret->metric].name,
			 diff_metrics[ret->metric].name);
		return -EINVAL;
	}
	s++;
	s = number(s + strspn(s, BLANKS), &percent);
	if (s)
		s += strspn(s, BLANKS);
	if (!s || *s != '%' || s[1 + strspn(s + 1, BLANKS)]) {
		snprintf(err, err_size, "after %s> comes a percentage, as in '%s>5%%'",
			 diff_metrics[ret->metric].name, diff_metrics[ret->metric].name);
		return -EINVAL;
	}
	ret->bound = percent / 100;
	return 0;
}
