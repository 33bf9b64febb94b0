// SPDX-License-Identifier: GPL-2.0-only
/* CSV: read back by the rules of RFC 4180 and compared with the model. */
#include "test_view.h"

#define MOST_FIELDS 40

static const char *csv_source;

static int csv(FILE *out, const struct model *m)
{
	return view_report_csv(out, m, csv_source, true);
}

/* One record, unquoted in place. Returns what follows it, NULL at the end. */
static char *read_record(char *at, char *fields[MOST_FIELDS], size_t *n)
{
	*n = 0;
	for (;;) {
		char *to = at;

		assert_true(*n < MOST_FIELDS);
		fields[(*n)++] = at;
		if (*at == '"') {
			for (at++;; at++) {
				assert_true(*at != '\0');
				if (*at == '"' && *++at != '"')
					break;
				*to++ = *at;
			}
		} else {
			/* Outside of quotes there are neither quotes nor line ends. */
			to = at += strcspn(at, ",\"\r\n");
		}
		if (*at == ',') {
			*to = '\0';
			at++;
			continue;
		}
		assert_int_equal(strncmp(at, "\r\n", 2), 0);
		*to = '\0';
		return at[2] ? at + 2 : NULL;
	}
}

struct sheet {
	char *text;
	char *names[MOST_FIELDS];
	size_t n_names;
	char *rest;
	char *fields[MOST_FIELDS];
};

static struct sheet sheet_open(const struct model *m)
{
	struct sheet s = { .text = render_json(csv, m) };

	s.rest = read_record(s.text, s.names, &s.n_names);
	return s;
}

static bool sheet_next(struct sheet *s)
{
	size_t n;

	if (!s->rest)
		return false;
	s->rest = read_record(s->rest, s->fields, &n);
	assert_int_equal(n, s->n_names);
	return true;
}

static const char *field(const struct sheet *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_names; i++) {
		if (!strcmp(s->names[i], name))
			return s->fields[i];
	}
	fail_msg("no column %s", name);
	return NULL;
}

static void assert_count(const struct sheet *s, const char *name, uint64_t want)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, want);
	assert_string_equal(field(s, name), text);
}

static void ends(void **state)
{
	struct fixture *f = fixture_node();
	struct sheet s;
	size_t i, j;

	(void)state;
	csv_source = "node-1.cap";
	s = sheet_open(&f->m);
	for (i = 0; i < f->m.n_channels; i++) {
		const struct model_channel *ch = f->m.channels[i];

		for (j = 0; j < ch->n_ends; j++) {
			const struct model_end *e = ch->ends[j];

			assert_true(sheet_next(&s));
			assert_string_equal(field(&s, "source"), "node-1.cap");
			assert_string_equal(field(&s, "channel"), ch->id);
			assert_string_equal(field(&s, "transport"), transport_name(ch->transport));
			assert_string_equal(field(&s, "role"), channel_role_name(ch->role));
			assert_string_equal(field(&s, "protocol"), protocol_name(ch->protocol));
			assert_string_equal(field(&s, "path"), ch->path ? ch->path : "");
			assert_string_equal(field(&s, "container"), ch->container ? ch->container : "");
			assert_string_equal(field(&s, "stream"), ch->stream ? ch->stream : "");
			assert_string_equal(field(&s, "exec"), ch->exec ? ch->exec : "");
			assert_count(&s, "pid", (uint64_t)e->process->pid);
			assert_string_equal(field(&s, "process"), process_role_name(e->process->role));
			assert_string_equal(field(&s, "comm"), e->process->comm);
			assert_string_equal(field(&s, "direction"), direction_name(e->direction));
			assert_count(&s, "calls", e->n.calls);
			assert_count(&s, "bytes", e->n.bytes);
			assert_count(&s, "moved_bytes", e->n.moved_bytes);
			assert_count(&s, "eagain", e->n.eagain);
			assert_count(&s, "errors", e->n.errors);
			assert_count(&s, "untimed", e->n.untimed);
			if (e->n.untimed) {
				/* Unknown is empty, not 0. */
				assert_string_equal(field(&s, "cpu_ns"), "");
				assert_string_equal(field(&s, "blocked_ns"), "");
				continue;
			}
			assert_count(&s, "cpu_ns", e->n.cpu_ns);
			assert_count(&s, "blocked_ns", e->n.blocked_ns);
		}
	}
	assert_false(sheet_next(&s));
	free(s.text);
	fixture_free(f);
}

static void names(void **state)
{
	struct fixture *f = fixture_node();
	struct sheet s;
	size_t app = 0;

	(void)state;
	csv_source = NULL;
	s = sheet_open(&f->m);
	while (sheet_next(&s)) {
		assert_string_equal(field(&s, "source"), "");
		if (strcmp(field(&s, "container_name"), "app") != 0)
			continue;
		app++;
		assert_string_equal(field(&s, "pod"), "web-0");
		assert_string_equal(field(&s, "pod_namespace"), "shop");
		assert_string_equal(field(&s, "namespace"), "k8s.io");
	}
	assert_int_equal(app, 9); /* 2 pipes and 2 FIFOs with 2 ends each, and the file */
	free(s.text);
	fixture_free(f);
}

static void header(void **state)
{
	struct fixture *f = fixture_node();
	char *text = NULL, *with;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(view_report_csv(out, &f->m, "s", false), 0);
	assert_int_equal(fclose(out), 0);
	csv_source = "s";
	with = render_json(csv, &f->m);
	assert_int_equal(strncmp(with, "source,channel,transport,role,", 30), 0);
	assert_string_equal(strstr(with, "\r\n") + 2, text);
	free(with);
	free(text);
	fixture_free(f);
}

static void formulas(void **state)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "=1+1", "'=1+1" },
		{ "+1", "'+1" },
		{ "-1", "'-1" },
		{ "@SUM(A1)", "'@SUM(A1)" },
		{ "\t=1", "'\t=1" },
		{ "\r=1", "'\r=1" },
		{ "a=1", "a=1" },
		{ "web-0", "web-0" },
		{ "a,b", "a,b" },
		{ "say \"hi\"", "say \"hi\"" },
		{ "two\r\nlines", "two\r\nlines" },
		{ "\033[2J", "\\x1b[2J" },
		{ "\xff", "\\xff" },
		{ "漢", "漢" },
		{ "\xc2\x9b"
		  "1m",
		  "\\xc2\\x9b1m" },
	};
	size_t i;

	(void)state;
	csv_source = "s";
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *f = fixture_new();
		struct model_process *p = fixture_process(f, PROCESS_OTHER, 1, cases[i].name);
		struct model_channel *ch = fixture_channel(f, "fifo:0:1:1", TRANSPORT_FIFO, ROLE_OTHER,
							   PROTOCOL_RAW, cases[i].name);
		struct sheet s;

		fixture_end(f, ch, p, DIRECTION_READ, 1, 0, 1, 1);
		s = sheet_open(&f->m);
		assert_true(sheet_next(&s));
		assert_string_equal(field(&s, "comm"), cases[i].want);
		assert_string_equal(field(&s, "path"), cases[i].want);
		assert_string_equal(field(&s, "calls"), "1");
		assert_false(sheet_next(&s));
		free(s.text);
		fixture_free(f);
	}
}

static void hostile(void **state)
{
	struct fixture *f = fixture_hostile();
	struct sheet s;
	size_t rows = 0, want = 0, i;
	const char *c;

	(void)state;
	csv_source = fixture_hostile_name;
	s = sheet_open(&f->m);
	while (sheet_next(&s)) {
		rows++;
		assert_int_equal(field(&s, "source")[0], '\'');
		for (i = 0; i < s.n_names; i++) {
			assert_null(strchr("=+-@", s.fields[i][0] ? s.fields[i][0] : 'x'));
			for (c = s.fields[i]; *c; c++)
				assert_true((unsigned char)*c >= 0x20 || strchr("\r\n\t", *c));
		}
	}
	for (i = 0; i < f->m.n_channels; i++)
		want += f->m.channels[i]->n_ends;
	assert_int_equal(rows, want);
	free(s.text);
	fixture_free(f);
}

static void disk_full(void **state)
{
	struct fixture *f = fixture_node();

	(void)state;
	csv_source = "s";
	assert_int_equal(full_disk(csv, &f->m), -ENOSPC);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ends, utf8_locale),	cmocka_unit_test_setup(names, utf8_locale),
		cmocka_unit_test_setup(header, utf8_locale),	cmocka_unit_test_setup(formulas, utf8_locale),
		cmocka_unit_test_setup(hostile, utf8_locale),	cmocka_unit_test_setup(hostile, ascii_locale),
		cmocka_unit_test_setup(disk_full, utf8_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
