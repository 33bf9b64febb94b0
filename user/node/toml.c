// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reader of TOML 1.0 that calls back for each value and comment with its place in the document:
 * enough to look up keys of containerd's configuration and to blank out secrets without disturbing
 * the rest.
 *
 * It knows the whole lexical side (tables, arrays of tables, dotted and quoted keys, the four kinds
 * of strings, nested arrays and inline tables over several lines, comments). It does not check what
 * does not matter for that: numbers and dates are handed over as text, a key set twice is delivered
 * twice, and the elements of an array of tables are not told apart.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/internal.h"

struct toml {
	const char *doc;
	size_t len, pos;
	int (*fn)(void *ctx, const struct node_toml_item *item);
	void *ctx;
	char *path[NODE_TOML_DEPTH];
	size_t depth;	    /* of path */
	size_t table_depth; /* how much of it is the table's name */
	char *text;	    /* decoded string; no longer than the document */
	size_t text_len;
	int err; /* why reading stopped */
};

static bool fail(struct toml *t, int err)
{
	t->err = err;
	return false;
}

static bool at(const struct toml *t, const char *s)
{
	size_t n = strlen(s);

	return t->len - t->pos >= n && !memcmp(t->doc + t->pos, s, n);
}

/* The next character; -1 at the end. */
static int peek(const struct toml *t)
{
	return t->pos < t->len ? (unsigned char)t->doc[t->pos] : -1;
}

static void skip_blanks(struct toml *t)
{
	while (peek(t) == ' ' || peek(t) == '\t')
		t->pos++;
}

static void pop_path(struct toml *t, size_t depth)
{
	while (t->depth > depth)
		free(t->path[--t->depth]);
}

static bool deliver(struct toml *t, enum node_toml_type type, size_t begin)
{
	struct node_toml_item item = {
		.type = type,
		.path = (const char *const *)t->path,
		.depth = type == NODE_TOML_COMMENT ? t->table_depth : t->depth,
		.text = t->text,
		.len = t->text_len,
		.begin = begin,
		.end = t->pos,
	};
	int err;

	t->text[t->text_len] = '\0';
	err = t->fn(t->ctx, &item);
	return err ? fail(t, err) : true;
}

static bool read_newline(struct toml *t)
{
	if (at(t, "\r\n"))
		t->pos += 2;
	else if (peek(t) == '\n')
		t->pos++;
	else
		return false;
	return true;
}

static bool read_comment(struct toml *t)
{
	size_t begin = t->pos++;
	const char *start = t->doc + t->pos, *end = memchr(start, '\n', t->len - t->pos);
	size_t n = end ? (size_t)(end - start) : t->len - t->pos;

	if (n && start[n - 1] == '\r')
		n--;
	if (memchr(start, '\0', n))
		return fail(t, -EINVAL);
	memcpy(t->text, start, n);
	t->text_len = n;
	t->pos += n;
	return deliver(t, NODE_TOML_COMMENT, begin);
}

/* Blanks, newlines and comments between the parts of a statement that may span lines. */
static bool skip_space(struct toml *t)
{
	for (;;) {
		skip_blanks(t);
		if (peek(t) == '#') {
			if (!read_comment(t))
				return false;
		} else if (!read_newline(t)) {
			return true;
		}
	}
}

static bool end_of_statement(struct toml *t)
{
	skip_blanks(t);
	if (peek(t) == '#' && !read_comment(t))
		return false;
	if (peek(t) >= 0 && !read_newline(t))
		return fail(t, -EINVAL);
	return true;
}

static void put(struct toml *t, char c)
{
	t->text[t->text_len++] = c;
}

static bool put_utf8(struct toml *t, uint32_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return fail(t, -EINVAL);
	if (c < 0x80) {
		put(t, (char)c);
	} else if (c < 0x800) {
		put(t, (char)(0xc0 | c >> 6));
		put(t, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		put(t, (char)(0xe0 | c >> 12));
		put(t, (char)(0x80 | (c >> 6 & 0x3f)));
		put(t, (char)(0x80 | (c & 0x3f)));
	} else {
		put(t, (char)(0xf0 | c >> 18));
		put(t, (char)(0x80 | (c >> 12 & 0x3f)));
		put(t, (char)(0x80 | (c >> 6 & 0x3f)));
		put(t, (char)(0x80 | (c & 0x3f)));
	}
	return true;
}

static bool read_hex(struct toml *t, int digits)
{
	uint32_t c = 0;

	while (digits--) {
		int d = peek(t);

		if (d >= '0' && d <= '9')
			d -= '0';
		else if (d >= 'a' && d <= 'f')
			d -= 'a' - 10;
		else if (d >= 'A' && d <= 'F')
			d -= 'A' - 10;
		else
			return fail(t, -EINVAL);
		c = c << 4 | (uint32_t)d;
		t->pos++;
	}
	return put_utf8(t, c);
}

/* After a backslash. */
static bool read_escape(struct toml *t, bool multi_line)
{
	static const char from[] = "btnfre\"\\", to[] = "\b\t\n\f\r\033\"\\";
	int c = peek(t);
	const char *p;

	if (c < 0)
		return fail(t, -EINVAL);
	if (c == 'x' || c == 'u' || c == 'U') {
		t->pos++;
		return read_hex(t, c == 'x' ? 2 : c == 'u' ? 4 : 8);
	}
	p = c ? strchr(from, c) : NULL;
	if (p) {
		put(t, to[p - from]);
		t->pos++;
		return true;
	}
	/* A backslash at the end of a line takes all white space after it away. */
	if (multi_line) {
		size_t start = t->pos;

		skip_blanks(t);
		if (!read_newline(t)) {
			t->pos = start;
			return fail(t, -EINVAL);
		}
		do {
			skip_blanks(t);
		} while (read_newline(t));
		return true;
	}
	return fail(t, -EINVAL);
}

static bool read_single_line(struct toml *t, char quote)
{
	t->text_len = 0;
	t->pos++;
	for (;;) {
		int c = peek(t);

		if (c < 0 || c == '\n' || c == '\r' || c == '\0')
			return fail(t, -EINVAL);
		t->pos++;
		if (c == quote)
			return true;
		if (c == '\\' && quote == '"') {
			if (!read_escape(t, false))
				return false;
		} else {
			put(t, (char)c);
		}
	}
}

static bool read_multi_line(struct toml *t, char quote)
{
	t->text_len = 0;
	t->pos += 3;
	read_newline(t); /* one right after the opening quotes does not count */
	for (;;) {
		int c = peek(t);

		if (c < 0 || c == '\0')
			return fail(t, -EINVAL);
		if (c == quote) {
			size_t run = 0;

			while (peek(t) == quote && run < 5) {
				t->pos++;
				run++;
			}
			/* Up to two quotes may stand right before the closing three. */
			for (size_t i = run >= 3 ? 3 : 0; i < run; i++)
				put(t, quote);
			if (run >= 3)
				return true;
			continue;
		}
		t->pos++;
		if (c == '\\' && quote == '"') {
			if (!read_escape(t, true))
				return false;
		} else {
			put(t, (char)c);
		}
	}
}

static bool is_bare_key(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

static bool push_key(struct toml *t)
{
	char *name;

	if (t->depth == NODE_TOML_DEPTH)
		return fail(t, -EINVAL);
	t->text[t->text_len] = '\0';
	name = strdup(t->text);
	if (!name)
		return fail(t, -ENOMEM);
	t->path[t->depth++] = name;
	return true;
}

/* key, "key", a."b".c */
static bool read_key(struct toml *t)
{
	for (;;) {
		skip_blanks(t);
		if (peek(t) == '"' || peek(t) == '\'') {
			if (!read_single_line(t, (char)peek(t)))
				return false;
		} else {
			t->text_len = 0;
			while (is_bare_key(peek(t)))
				put(t, t->doc[t->pos++]);
			if (!t->text_len)
				return fail(t, -EINVAL);
		}
		if (!push_key(t))
			return false;
		skip_blanks(t);
		if (peek(t) != '.')
			return true;
		t->pos++;
	}
}

static bool read_value(struct toml *t, int nesting);

static bool read_array(struct toml *t, int nesting)
{
	t->pos++;
	for (;;) {
		if (!skip_space(t))
			return false;
		if (peek(t) == ']')
			break;
		if (!read_value(t, nesting) || !skip_space(t))
			return false;
		if (peek(t) == ',')
			t->pos++;
		else if (peek(t) != ']')
			return fail(t, -EINVAL);
	}
	t->pos++;
	return true;
}

static bool read_pair(struct toml *t, int nesting)
{
	size_t depth = t->depth;

	if (!read_key(t))
		return false;
	if (peek(t) != '=')
		return fail(t, -EINVAL);
	t->pos++;
	skip_blanks(t);
	if (!read_value(t, nesting))
		return false;
	pop_path(t, depth);
	return true;
}

/* TOML 1.0 wants it on one line, 1.1 does not. */
static bool read_inline_table(struct toml *t, int nesting)
{
	t->pos++;
	for (;;) {
		if (!skip_space(t))
			return false;
		if (peek(t) == '}')
			break;
		if (!read_pair(t, nesting) || !skip_space(t))
			return false;
		if (peek(t) == ',')
			t->pos++;
		else if (peek(t) != '}')
			return fail(t, -EINVAL);
	}
	t->pos++;
	return true;
}

static bool is_bare_value(int c)
{
	return is_bare_key(c) || c == '+' || c == '.' || c == ':';
}

static bool read_bare(struct toml *t)
{
	size_t begin = t->pos;

	t->text_len = 0;
	while (is_bare_value(peek(t)))
		put(t, t->doc[t->pos++]);
	/* 1979-05-27 07:32:00 is one value. */
	if (t->text_len == 10 && t->text[4] == '-' && t->text[7] == '-' && peek(t) == ' ' &&
	    t->pos + 1 < t->len && t->doc[t->pos + 1] >= '0' && t->doc[t->pos + 1] <= '9')
		do {
			put(t, t->doc[t->pos++]);
		} while (is_bare_value(peek(t)));
	if (!t->text_len)
		return fail(t, -EINVAL);
	return deliver(t, NODE_TOML_BARE, begin);
}

static bool read_value(struct toml *t, int nesting)
{
	size_t begin = t->pos;
	int c = peek(t);

	if (nesting >= NODE_TOML_DEPTH)
		return fail(t, -EINVAL);
	if (c == '[')
		return read_array(t, nesting + 1);
	if (c == '{')
		return read_inline_table(t, nesting + 1);
	if (c != '"' && c != '\'')
		return read_bare(t);
	if (at(t, "\"\"\"") || at(t, "'''")) {
		if (!read_multi_line(t, (char)c))
			return false;
	} else if (!read_single_line(t, (char)c)) {
		return false;
	}
	return deliver(t, NODE_TOML_STRING, begin);
}

static bool read_header(struct toml *t)
{
	bool array = at(t, "[[");

	pop_path(t, 0);
	t->table_depth = 0;
	t->pos += array ? 2 : 1;
	if (!read_key(t))
		return false;
	if (!at(t, array ? "]]" : "]"))
		return fail(t, -EINVAL);
	t->pos += array ? 2 : 1;
	t->table_depth = t->depth;
	return end_of_statement(t);
}

static bool read_statement(struct toml *t)
{
	skip_blanks(t);
	if (peek(t) == '[')
		return read_header(t);
	if (peek(t) < 0 || peek(t) == '#' || peek(t) == '\n' || peek(t) == '\r')
		return end_of_statement(t);
	return read_pair(t, 0) && end_of_statement(t);
}

int node_toml_read(const char *doc, size_t len, int (*fn)(void *ctx, const struct node_toml_item *item),
		   void *ctx, size_t *error_at)
{
	struct toml t = { .doc = doc, .len = len, .fn = fn, .ctx = ctx };
	size_t start = 0;

	*error_at = len;
	t.text = malloc(len + 1);
	if (!t.text)
		return -ENOMEM;
	if (at(&t, "\xef\xbb\xbf")) /* a byte order mark */
		t.pos += 3;
	while (t.pos < t.len) {
		start = t.pos;
		if (!read_statement(&t))
			break;
	}
	if (t.err)
		*error_at = start;
	pop_path(&t, 0);
	free(t.text);
	return t.err;
}
