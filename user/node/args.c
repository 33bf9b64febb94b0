// SPDX-License-Identifier: GPL-2.0-only
/* Command lines of Go programs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/internal.h"

/*
 * A longer command line is cut: containerd's and a shim's are a few hundred bytes, and what a
 * stranger calls itself is of no interest.
 */
#define CMDLINE_MAX ((size_t)64 * 1024)

int node_args_split(char *buf, size_t len, struct node_args *ret)
{
	size_t n = 0, i = 0, k;

	memset(ret, 0, sizeof(*ret));
	for (k = 0; k < len; k++)
		if (!buf[k] || k == len - 1)
			n++;
	ret->v = calloc(n ? n : 1, sizeof(*ret->v));
	if (!ret->v) {
		free(buf);
		return -ENOMEM;
	}
	ret->buf = buf;
	for (k = 0; k < n; k++) {
		ret->v[k] = buf + i;
		i += strlen(buf + i) + 1;
	}
	ret->n = n;
	return 0;
}

int node_args_read(int procfd, struct node_args *ret)
{
	size_t size = 4096;
	ssize_t n;
	char *buf;

	memset(ret, 0, sizeof(*ret));
	for (;;) {
		buf = malloc(size);
		if (!buf)
			return -ENOMEM;
		n = node_read_small(procfd, "cmdline", buf, size);
		if (n < 0) {
			free(buf);
			return (int)n;
		}
		if ((size_t)n < size - 1 || size >= CMDLINE_MAX)
			break;
		free(buf);
		size *= 4;
	}
	/*
	 * What follows the last NUL of a command line that was cut is only a part of an argument.
	 */
	if ((size_t)n == size - 1)
		while (n > 0 && buf[n - 1])
			buf[--n] = '\0';
	return node_args_split(buf, (size_t)n, ret);
}

void node_args_free(struct node_args *args)
{
	free(args->buf);
	free(args->v);
	memset(args, 0, sizeof(*args));
}

bool node_args_equal(const struct node_args *a, const struct node_args *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

static const struct node_flag *find_flag(const struct node_flag *flags, size_t n_flags, const char *name,
					 size_t len)
{
	size_t i;

	for (i = 0; i < n_flags; i++)
		if (strlen(flags[i].name) == len && !memcmp(flags[i].name, name, len))
			return &flags[i];
	return NULL;
}

size_t node_args_parse(const struct node_args *args, const struct node_flag *flags, size_t n_flags)
{
	size_t i = 1;

	while (i < args->n) {
		const struct node_flag *flag;
		const char *name = args->v[i], *value;
		size_t len;

		/* "-" alone is an argument, not a flag. */
		if (name[0] != '-' || !name[1])
			return i;
		name += name[1] == '-' ? 2 : 1;
		if (!*name) /* "--" */
			return i + 1;
		len = strcspn(name, "=");
		value = name[len] ? name + len + 1 : NULL;
		flag = find_flag(flags, n_flags, name, len);
		i++;
		/* A flag that is not known here: whether it takes a value can only be guessed. */
		if (!value && (flag ? !flag->is_switch : i < args->n && args->v[i][0] != '-') && i < args->n)
			value = args->v[i++];
		if (!flag)
			continue;
		if (flag->set)
			*flag->set = true;
		if (flag->value && value)
			*flag->value = value;
	}
	return args->n;
}
