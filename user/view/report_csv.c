// SPDX-License-Identifier: GPL-2.0-only
/* The report as CSV (RFC 4180): one row per end. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "view/names.h"
#include "view/number.h"
#include "view/text.h"
#include "view/view.h"

static const char header_row[] = "source,channel,transport,role,protocol,path,container,container_"
				 "name,pod,pod_namespace,namespace,"
				 "stream,exec,pid,process,comm,direction,calls,bytes,moved_bytes,"
				 "peek_bytes,eagain,errors,cpu_ns,"
				 "blocked_ns,untimed\r\n";

/*
 * A text field. What a spreadsheet would take for a formula gets an apostrophe before it; what a
 * terminal would take for a command, and what is not UTF-8, is written as \xNN. Line ends stay,
 * quoted.
 */
static void text_field(FILE *out, const char *s)
{
	bool formula = s && *s && strchr("=+-@\t\r\n", *s);
	bool quoted = s && (formula || strpbrk(s, ",\"\r\n"));
	size_t left, len, i;
	uint32_t c;

	if (quoted)
		fputc('"', out);
	if (formula)
		fputc('\'', out);
	for (left = s ? strlen(s) : 0; left; left -= len, s += len) {
		bool control;

		c = 0;
		len = text_decode(s, left, &c);
		control = (c < 0x20 && !strchr("\r\n\t", (int)c)) || (c >= 0x7f && c < 0xa0);
		if (len && !control) {
			if (*s == '"')
				fputc('"', out);
			fwrite(s, 1, len, out);
			continue;
		}
		len = len ? len : 1;
		for (i = 0; i < len; i++)
			fprintf(out, "\\x%02x", (unsigned char)s[i]);
	}
	if (quoted)
		fputc('"', out);
}

static void number_field(FILE *out, int64_t n)
{
	fputc(',', out);
	if (n != FACT_UNKNOWN)
		fprintf(out, "%" PRId64, n);
}

static void next_text(FILE *out, const char *s)
{
	fputc(',', out);
	text_field(out, s);
}

static void end_row(FILE *out, const struct model_end *e, const struct model_channel *ch,
		    const struct model_container *c, const char *source)
{
	const struct model_process *p = e->process;
	struct figures n = { 0 };

	figures_add(&n, &e->n);
	text_field(out, source);
	next_text(out, ch->id);
	next_text(out, transport_name(ch->transport));
	next_text(out, channel_role_name(ch->role));
	next_text(out, protocol_name(ch->protocol));
	next_text(out, ch->path);
	next_text(out, ch->container);
	next_text(out, c ? c->name : NULL);
	next_text(out, c ? c->pod : NULL);
	next_text(out, c ? c->pod_namespace : NULL);
	next_text(out, c ? c->namespace : NULL);
	next_text(out, ch->stream);
	next_text(out, ch->exec);
	number_field(out, p ? p->pid : FACT_UNKNOWN);
	next_text(out, p ? process_role_name(p->role) : NULL);
	next_text(out, p ? p->comm : NULL);
	next_text(out, direction_name(e->direction));
	number_field(out, number_signed(n.calls));
	number_field(out, number_signed(n.bytes));
	number_field(out, number_signed(n.moved_bytes));
	number_field(out, number_signed(e->n.peek_bytes));
	number_field(out, number_signed(n.eagain));
	number_field(out, number_signed(n.errors));
	number_field(out, figures_cpu(&n));
	number_field(out, figures_blocked(&n));
	number_field(out, number_signed(n.untimed));
	fputs("\r\n", out);
}

int view_report_csv(FILE *out, const struct model *m, const char *source, bool header)
{
	struct names *names = names_new(m);
	size_t i, j;

	if (!names)
		return -ENOMEM;
	if (header)
		fputs(header_row, out);
	for (i = 0; i < m->n_channels; i++) {
		const struct model_channel *ch = m->channels[i];
		const struct model_container *c = names_find(names, ch->container);

		for (j = 0; j < ch->n_ends; j++)
			end_row(out, ch->ends[j], ch, c, source);
	}
	names_free(names);
	return text_finish(out);
}
