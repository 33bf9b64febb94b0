// SPDX-License-Identifier: GPL-2.0-only
/* JSON written piece by piece. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/json_out.h"
#include "view/text.h"

#define INDENT 2

/*
 * Print what jansson makes, indented to where it stands: a newline in JSON is never part of a
 * string.
 */
static int dump(const char *buffer, size_t size, void *data)
{
	struct json_out *o = data;

	while (size) {
		const char *newline = memchr(buffer, '\n', size);
		size_t len = newline ? (size_t)(newline - buffer) + 1 : size;

		if (fwrite(buffer, 1, len, o->out) != len)
			return -1;
		if (newline)
			fprintf(o->out, "%*s", INDENT * o->depth, "");
		buffer += len;
		size -= len;
	}
	return 0;
}

static void begin(struct json_out *o, const char *key)
{
	if (o->filled)
		fputs(o->lines ? ", " : ",", o->out);
	if (!o->lines && o->depth)
		fprintf(o->out, "\n%*s", INDENT * o->depth, "");
	if (key)
		fprintf(o->out, "\"%s\": ", key);
	o->filled = true;
}

void json_out_open(struct json_out *o, const char *key, char open)
{
	begin(o, key);
	fputc(open, o->out);
	o->depth++;
	o->filled = false;
}

void json_out_close(struct json_out *o, char close)
{
	o->depth--;
	if (o->filled && !o->lines)
		fprintf(o->out, "\n%*s", INDENT * o->depth, "");
	fputc(close, o->out);
	o->filled = true;
}

void json_out_put(struct json_out *o, const char *key, json_t *v)
{
	size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(12) | (o->lines ? 0 : JSON_INDENT(INDENT));

	if (!v && !o->err)
		o->err = -ENOMEM;
	if (v && !o->err) {
		begin(o, key);
		errno = 0;
		if (json_dump_callback(v, dump, o, flags))
			o->err = ferror(o->out) ? errno ? -errno : -EIO : -ENOMEM;
	}
	json_decref(v);
}

int json_out_finish(struct json_out *o)
{
	fputc('\n', o->out);
	return o->err ? o->err : text_finish(o->out);
}

void json_set(json_t **obj, const char *key, json_t *v)
{
	if (!*obj) {
		json_decref(v);
		return;
	}
	/* Takes v, also when it fails; v may be NULL. */
	if (json_object_set_new(*obj, key, v)) {
		json_decref(*obj);
		*obj = NULL;
	}
}

/* Bytes that are no UTF-8 as \xNN; JSON itself escapes control characters. */
static json_t *escaped(const char *s)
{
	size_t left = strlen(s), at = 0;
	char *text = malloc(4 * left + TEXT_PIECE);
	json_t *ret;

	if (!text)
		return NULL;
	while (left) {
		uint32_t c;
		size_t len = text_decode(s, left, &c);

		if (len) {
			memcpy(text + at, s, len);
			at += len;
		} else {
			at += (size_t)snprintf(text + at, TEXT_PIECE, "\\x%02x", (unsigned char)*s);
			len = 1;
		}
		s += len;
		left -= len;
	}
	ret = json_stringn(text, at);
	free(text);
	return ret;
}

json_t *json_text(const char *s)
{
	json_t *v;

	if (!s)
		return json_null();
	v = json_string(s);
	return v ? v : escaped(s);
}

void json_set_string(json_t **obj, const char *key, const char *s)
{
	json_set(obj, key, json_text(s));
}

void json_set_number(json_t **obj, const char *key, int64_t n)
{
	json_set(obj, key, n == FACT_UNKNOWN ? json_null() : json_integer(n));
}

void json_set_counter(json_t **obj, const char *key, uint64_t n)
{
	json_set(obj, key, json_integer(number_signed(n)));
}

void json_set_real(json_t **obj, const char *key, double n)
{
	json_set(obj, key, n < 0 ? json_null() : json_real(n));
}

void json_set_flag(json_t **obj, const char *key, bool flag)
{
	json_set(obj, key, json_boolean(flag));
}

void json_out_head(struct json_out *o, const struct model *m)
{
	json_t *tool = json_object(), *host = json_object();

	json_out_put(o, "schema", json_string("shimscope/1"));
	json_set_string(&tool, "version", m->trace.tool_version);
	json_out_put(o, "tool", tool);
	json_set_string(&host, "hostname", m->host.hostname);
	json_set_string(&host, "kernel", m->host.kernel);
	json_set_string(&host, "arch", m->host.arch);
	/* No machine has no CPU: 0 is what a model says that was not told. */
	json_set_number(&host, "cpus", m->host.cpus > 0 ? m->host.cpus : FACT_UNKNOWN);
	json_set_string(&host, "boot_id", m->host.boot_id);
	json_out_put(o, "host", host);
}

void json_out_runtimes(struct json_out *o, const struct model *m)
{
	size_t i;

	json_out_open(o, "runtimes", '[');
	for (i = 0; i < m->n_runtimes; i++) {
		const struct model_runtime *r = m->runtimes[i];
		json_t *v = json_object();

		json_set_number(&v, "pid", r->pid);
		json_set_string(&v, "version", r->version);
		json_set_string(&v, "go_version", r->go_version);
		json_set_string(&v, "exe", r->exe);
		json_set_string(&v, "address", r->address);
		json_set_string(&v, "ttrpc_address", r->ttrpc_address);
		json_set_string(&v, "debug_address", r->debug_address);
		json_set_string(&v, "state", r->state);
		json_set_string(&v, "root", r->root);
		json_set_string(&v, "config_path", r->config_path);
		json_set_string(&v, "config_sha256", r->config_sha256);
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
}

json_t *json_container(const struct model_container *c)
{
	json_t *v = json_object();

	json_set_string(&v, "id", c->id);
	json_set_string(&v, "namespace", c->namespace);
	json_set_string(&v, "sandbox", c->sandbox);
	json_set_flag(&v, "is_sandbox", c->is_sandbox);
	json_set_string(&v, "pod", c->pod);
	json_set_string(&v, "pod_namespace", c->pod_namespace);
	json_set_string(&v, "pod_uid", c->pod_uid);
	json_set_string(&v, "name", c->name);
	json_set_string(&v, "image", c->image);
	json_set_flag(&v, "tty", c->tty);
	json_set_number(&v, "shim_pid", c->shim_pid);
	json_set_number(&v, "init_pid", c->init_pid);
	json_set_string(&v, "address", c->address);
	json_set_string(&v, "bundle", c->bundle);
	json_set_string(&v, "log_path", c->log_path);
	return v;
}

json_t *json_channel(const struct model_channel *ch)
{
	json_t *v = json_object();

	json_set_string(&v, "id", ch->id);
	json_set_string(&v, "transport", transport_name(ch->transport));
	json_set_string(&v, "role", channel_role_name(ch->role));
	json_set_string(&v, "protocol", protocol_name(ch->protocol));
	json_set_string(&v, "path", ch->path);
	json_set_flag(&v, "path_truncated", ch->path_truncated);
	json_set_string(&v, "container", ch->container);
	json_set_string(&v, "stream", ch->stream);
	json_set_string(&v, "exec", ch->exec);
	return v;
}
