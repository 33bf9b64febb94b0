// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds members of a large JSON object without parsing the rest of it. A container's specification
 * is 30 KiB of seccomp rules and environment around a few hundred bytes of annotations: building
 * all of it in memory took half of a millisecond each.
 *
 * What is passed over is checked for its brackets, strings and depth only.
 */
#include <errno.h>
#include <string.h>

#include "node/internal.h"

/* Real ones nest 7 deep. */
#define DEPTH_MAX 64

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* *p at the opening quote, then behind the closing one. */
static int skip_string(const char **p, const char *end)
{
	const char *q = *p + 1;

	for (; q < end; q++) {
		if (*q == '"') {
			*p = q + 1;
			return 0;
		}
		if ((unsigned char)*q < ' ')
			return -EINVAL;
		if (*q == '\\')
			q++;
	}
	return -ENODATA;
}

static int skip_brackets(const char **p, const char *end)
{
	bool is_array[DEPTH_MAX];
	size_t depth = 0;
	const char *q = *p;
	int err;

	while (q < end) {
		switch (*q) {
		case '"':
			err = skip_string(&q, end);
			if (err)
				return err;
			continue;
		case '{':
		case '[':
			if (depth == DEPTH_MAX)
				return -EINVAL;
			is_array[depth++] = *q == '[';
			break;
		case '}':
		case ']':
			if (is_array[--depth] != (*q == ']'))
				return -EINVAL;
			if (!depth) {
				*p = q + 1;
				return 0;
			}
			break;
		case '\0':
			return -EINVAL;
		default:
			break;
		}
		q++;
	}
	return -ENODATA;
}

static int skip_value(const char **p, const char *end)
{
	const char *q = *p;

	if (q == end)
		return -ENODATA;
	if (*q == '"')
		return skip_string(p, end);
	if (*q == '{' || *q == '[')
		return skip_brackets(p, end);
	/* A number, true, false, null. */
	while (q < end && ((*q >= '0' && *q <= '9') || (*q >= 'a' && *q <= 'z') || *q == '-' || *q == '+' ||
			   *q == '.' || *q == 'E'))
		q++;
	if (q == *p)
		return -EINVAL;
	*p = q;
	return 0;
}

static int read_member(const char **p, const char *end, struct node_member *members, size_t n)
{
	const char *key = *p, *value;
	size_t key_len, i;
	int err;

	if (key == end)
		return -ENODATA;
	if (*key != '"')
		return -EINVAL;
	err = skip_string(p, end);
	if (err)
		return err;
	key_len = (size_t)(*p - key - 2);
	*p = skip_space(*p, end);
	if (*p == end)
		return -ENODATA;
	if (**p != ':')
		return -EINVAL;
	value = *p = skip_space(*p + 1, end);
	err = skip_value(p, end);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		if (strlen(members[i].key) == key_len && !memcmp(members[i].key, key + 1, key_len)) {
			members[i].value = value;
			members[i].len = (size_t)(*p - value);
		}
	}
	return 0;
}

int node_json_members(const char *text, size_t len, struct node_member *members, size_t n)
{
	const char *end = text + len, *p = skip_space(text, end);
	size_t i;

	for (i = 0; i < n; i++) {
		members[i].value = NULL;
		members[i].len = 0;
	}
	if (p == end)
		return -ENODATA;
	if (*p != '{')
		return -EINVAL;
	p = skip_space(p + 1, end);
	if (p < end && *p == '}')
		return skip_space(p + 1, end) == end ? 0 : -EINVAL;
	for (;;) {
		int err = read_member(&p, end, members, n);

		if (err)
			return err;
		p = skip_space(p, end);
		if (p == end)
			return -ENODATA;
		if (*p == '}')
			return skip_space(p + 1, end) == end ? 0 : -EINVAL;
		if (*p != ',')
			return -EINVAL;
		p = skip_space(p + 1, end);
	}
}
