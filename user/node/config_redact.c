// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes the secrets out of a containerd configuration, which goes into captures and reports.
 *
 * It errs on the side of taking too much: a key is judged by its name, a whole table by its name,
 * any string by what it looks like, comments too (a password that is commented out is still one),
 * and a text that is not TOML is dropped from the statement on that cannot be read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/internal.h"

#define REDACTED "<redacted>"

struct redactor {
	const char *doc;
	char *out;
	size_t used, size;
	size_t copied;	      /* of doc */
	bool secret_comments; /* a commented-out table of secrets is open */
};

/* A name that makes a secret of its value. */
static bool is_secret_key(const char *name, size_t len)
{
	static const char *const whole[] = { "auth", "username", "user", "pass", "key", "pat", "cookie" };
	static const char *const ends[] = { "_key", "-key", "key_file", "keyfile", "key_path", "key_data" };
	static const char *const parts[] = { "password",   "passwd",	    "passphrase", "secret", "token",
					     "credential", "authorization", "apikey",	  "private" };
	char low[128];
	size_t i;

	if (len >= sizeof(low)) {
		name += len - sizeof(low) + 1;
		len = sizeof(low) - 1;
	}
	for (i = 0; i < len; i++)
		low[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 'a' - 'A' : name[i]);
	low[len] = '\0';
	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (!strcmp(low, whole[i]))
			return true;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len >= strlen(ends[i]) && !strcmp(low + len - strlen(ends[i]), ends[i]))
			return true;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(low, parts[i]))
			return true;
	return false;
}

/* A table (or a key with a table or array for its value) that holds secrets under any name. */
static bool is_secret_table(const char *name, size_t len)
{
	static const char *const tables[] = { "auth",	    "auths",	   "header",  "headers",
					      "credential", "credentials", "secrets", "env" };
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strlen(tables[i]) == len && !strncasecmp(tables[i], name, len))
			return true;
	return false;
}

/* user:password in scheme://user:password@host: its place in s. */
static bool find_userinfo(const char *s, size_t len, size_t *begin, size_t *end)
{
	const char *p = s, *stop = s + len;

	while ((p = memmem(p, (size_t)(stop - p), "://", 3))) {
		const char *start = p + 3, *q, *last = NULL;

		for (q = start; q < stop && !strchr("/?#\"' \t\r\n", *q); q++)
			if (*q == '@')
				last = q;
		if (last) {
			*begin = (size_t)(start - s);
			*end = (size_t)(last - s);
			return true;
		}
		p = start;
	}
	return false;
}

static bool looks_secret(const char *s, size_t len)
{
	return memmem(s, len, "-----BEGIN", 10) || (len > 7 && !strncasecmp(s, "Bearer ", 7)) ||
	       (len > 6 && !strncasecmp(s, "Basic ", 6));
}

static int put(struct redactor *r, const char *s, size_t len)
{
	if (r->size - r->used <= len) {
		size_t size = (r->used + len + 1) * 2;
		char *out = realloc(r->out, size);

		if (!out)
			return -ENOMEM;
		r->out = out;
		r->size = size;
	}
	memcpy(r->out + r->used, s, len);
	r->used += len;
	r->out[r->used] = '\0';
	return 0;
}

/* Replaces doc[begin, end) in what goes out. */
static int replace(struct redactor *r, size_t begin, size_t end, const char *by)
{
	int err = put(r, r->doc + r->copied, begin - r->copied);

	if (!err)
		err = put(r, by, strlen(by));
	r->copied = end;
	return err;
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

/* Does the commented-out table header name a table of secrets? */
static bool is_secret_header(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = 0;

		while (i + n < len && is_name(s[i + n]))
			n++;
		if (n && is_secret_table(s + i, n))
			return true;
		i += n + 1;
	}
	return false;
}

/*
 * Where the value begins when a comment holds `secret = value` or `secret: value`; len when it does
 * not.
 */
static size_t find_secret_in_comment(const struct redactor *r, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		size_t name_end, name;

		if (s[i] != '=' && s[i] != ':')
			continue;
		for (name_end = i; name_end && strchr(" \t\"'", s[name_end - 1]); name_end--)
			;
		for (name = name_end; name && is_name(s[name - 1]); name--)
			;
		if (name == name_end)
			continue;
		if ((r->secret_comments && s[i] == '=') || is_secret_key(s + name, name_end - name) ||
		    is_secret_table(s + name, name_end - name))
			return i + 1;
	}
	return len;
}

static int redact_comment(struct redactor *r, const struct node_toml_item *item)
{
	const char *s = item->text;
	size_t len = item->len, text = item->begin + 1, first, value, begin, end;

	for (first = 0; first < len && (s[first] == ' ' || s[first] == '\t' || s[first] == '#'); first++)
		;
	if (first < len && s[first] == '[')
		r->secret_comments = is_secret_header(s + first, len - first);
	if (looks_secret(s + first, len - first))
		return replace(r, text, item->end, " " REDACTED);
	value = find_secret_in_comment(r, s, len);
	if (value < len)
		return replace(r, text + value, item->end, " " REDACTED);
	if (find_userinfo(s, len, &begin, &end))
		/*
		 * Comments are delivered as they are: places in the text are places in the
		 * document.
		 */
		return replace(r, text + begin, item->end, REDACTED);
	return 0;
}

static int redact_item(void *ctx, const struct node_toml_item *item)
{
	struct redactor *r = ctx;
	const char *key;
	size_t i, begin, end;

	if (item->type == NODE_TOML_COMMENT)
		return redact_comment(r, item);
	if (!item->depth || !item->len)
		return 0;
	key = item->path[item->depth - 1];
	if (item->type == NODE_TOML_BARE && (!strcmp(item->text, "true") || !strcmp(item->text, "false")))
		return 0;
	if (is_secret_key(key, strlen(key)))
		return replace(r, item->begin, item->end, "\"" REDACTED "\"");
	for (i = 0; i < item->depth; i++)
		if (is_secret_table(item->path[i], strlen(item->path[i])))
			return replace(r, item->begin, item->end, "\"" REDACTED "\"");
	if (item->type != NODE_TOML_STRING)
		return 0;
	if (looks_secret(item->text, item->len))
		return replace(r, item->begin, item->end, "\"" REDACTED "\"");
	if (find_userinfo(item->text, item->len, &begin, &end)) {
		size_t more_begin, more_end;
		bool several = find_userinfo(item->text + end, item->len - end, &more_begin, &more_end);

		/*
		 * Written with escapes, the places in the decoded text are not those in the
		 * document.
		 */
		if (!several && item->end - item->begin == item->len + 2)
			return replace(r, item->begin + 1 + begin, item->begin + 1 + end, REDACTED);
		return replace(r, item->begin, item->end, "\"" REDACTED "\"");
	}
	return 0;
}

char *node_config_redact_text(const char *text, size_t len)
{
	struct redactor r = { .doc = text };
	size_t error_at;
	int err;

	err = node_toml_read(text, len, redact_item, &r, &error_at);
	if (err == -EINVAL) {
		/*
		 * Nothing of the statement that could not be read may stay, so begin again and stop
		 * there.
		 */
		size_t good = error_at, line = 1, i;
		char note[96];

		r.used = 0;
		r.copied = 0;
		r.secret_comments = false;
		err = node_toml_read(text, good, redact_item, &r, &error_at);
		if (!err)
			err = put(&r, text + r.copied, good - r.copied);
		for (i = 0; i < good; i++)
			line += text[i] == '\n';
		snprintf(note, sizeof(note), "# " REDACTED ": not valid TOML from line %zu on\n", line);
		if (!err)
			err = put(&r, note, strlen(note));
	} else if (!err) {
		err = put(&r, text + r.copied, len - r.copied);
	}
	if (err) {
		free(r.out);
		return NULL;
	}
	return r.out;
}

char *node_config_redact(const char *toml)
{
	return node_config_redact_text(toml, strlen(toml));
}
