/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON written piece by piece: the frame is printed as it comes, each element is built with
 * jansson, printed and freed, so that a large model never stands in memory twice.
 *
 * Strings from the model may be any bytes: what is not UTF-8 becomes \xNN in the string, as in
 * text.
 */
#ifndef SHIMSCOPE_VIEW_JSON_OUT_H
#define SHIMSCOPE_VIEW_JSON_OUT_H

#include <jansson.h>
#include <stdio.h>

#include "model/model.h"
#include "view/names.h"
#include "view/number.h"

struct json_out {
	FILE *out;
	bool lines; /* everything on one line */
	int depth;
	bool filled; /* the innermost frame has an element */
	int err;     /* the first error: -ENOMEM, -EIO */
};

/* Frames: key is NULL within an array and at the top. open is '{' or '['. */
void json_out_open(struct json_out *o, const char *key, char open);
void json_out_close(struct json_out *o, char close);
/* One element; v is freed. A NULL v is an element that could not be built: -ENOMEM. */
void json_out_put(struct json_out *o, const char *key, json_t *v);
/* The newline at the end. Returns the first error or what text_finish() says. */
int json_out_finish(struct json_out *o);

/*
 * Members of an object under construction. A failed allocation empties *obj to NULL, which the
 * other calls pass over and json_out_put() reports.
 */
void json_set(json_t **obj, const char *key, json_t *v);
void json_set_string(json_t **obj, const char *key, const char *s); /* NULL: null */
void json_set_number(json_t **obj, const char *key, int64_t n);	    /* FACT_UNKNOWN: null */
void json_set_counter(json_t **obj, const char *key, uint64_t n);
void json_set_real(json_t **obj, const char *key, double n); /* negative: null */
void json_set_flag(json_t **obj, const char *key, bool flag);

json_t *json_text(const char *s); /* a string or null, of any bytes */

/* What report and map have in common: schema, tool, host, runtimes. */
void json_out_head(struct json_out *o, const struct model *m);
void json_out_runtimes(struct json_out *o, const struct model *m);
/* Identity of a container: id, namespace, sandbox, pod, name, shim … */
json_t *json_container(const struct model_container *c);
/* Identity of a channel: id, transport, role, protocol, path, container, stream, exec. */
json_t *json_channel(const struct model_channel *ch);

#endif
