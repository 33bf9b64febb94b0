// SPDX-License-Identifier: GPL-2.0-only
/* Two traces fed by hand, compared. */
#include "test_model.h"

#include <math.h>

#include "diff/compare.h"
#include "view/diff_view.h"

enum { PIPE = 10, FIFO = 11, FILE_ = 12, RPC = 20 };

struct side {
	struct feed f;
	struct series *s;
};

struct shape {
	const char *kernel, *config, *name;
	uint64_t calls; /* for each of the shim's reads and writes */
	uint64_t windows;
	bool writers, rpc;
};

static const struct shape usual = {
	.kernel = "6.1", .config = "a\nb\nc\n", .name = "app", .calls = 10, .windows = 12
};

/* 1 MB a window, in 100 records; 1 ms of CPU a call. */
static void feed_windows(struct side *side, const struct shape *shape)
{
	struct feed *f = &side->f;
	uint64_t i;

	for (i = 0; i < shape->windows; i++) {
		FEED(f, usage, .process = SHIM, .ns = START + (int64_t)(i + 1) * SECOND,
		     .cpu_ns = (int64_t)(i + 1) * 50 * MS, .user_ns = FACT_UNKNOWN, .system_ns = FACT_UNKNOWN,
		     .rss_bytes = FACT_UNKNOWN, .pss_bytes = i == 5 ? FACT_UNKNOWN : 4000000,
		     .anon_bytes = FACT_UNKNOWN);
		feed_second(f, i);
		feed_read(f, PIPE, SHIM, shape->calls, 1000000, shape->calls * MS);
		if (shape->writers)
			feed_write(f, PIPE, WRITER, 1000, 1000000, 1);
		feed_write(f, FIFO, SHIM, shape->calls, 1000000, shape->calls * MS);
		feed_read(f, FIFO, CONTAINERD, 20, 1000000, 20 * MS);
		feed_write(f, FILE_, CONTAINERD, 100, 1004000, 100 * MS);
		if (shape->rpc)
			feed_write(f, RPC, CONTAINERD, 3, 300, 5);
	}
}

static struct side side_new(const struct shape *shape)
{
	struct side side = { .f = feed_node() };
	struct feed *f = &side.f;

	side.s = series_new(f->m);
	assert_non_null(side.s);
	f->s = series_sink(side.s);
	FEED(f, host, .hostname = "node", .kernel = shape->kernel, .arch = "x86_64", .cpus = 2);
	FEED(f, trace, .tool_version = "0.1", .backend = "fentry", .start_realtime_ns = START_REALTIME,
	     .start_ns = START, .interval_ns = SECOND, .writers = shape->writers);
	FEED(f, runtime, .pid = 100, .config_path = "/etc/c.toml", .config_text = shape->config,
	     .config_sha256 = "1");
	feed_pod(f);
	FEED(f, container, .id = CID_A, .namespace = "k8s.io", .sandbox = CID_S, .name = shape->name,
	     .pod = "web", .pod_namespace = "shop", .bundle = BUNDLES "k8s.io/" CID_A, .shim_pid = 200,
	     .init_pid = 300, .log_directory = "/var/log/pods/shop_web_u-1");
	feed_object(f, PIPE, TRANSPORT_PIPE, NULL);
	feed_object(f, FIFO, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stdout");
	FEED(f, channel, .id = FILE_, .transport = TRANSPORT_FILE, .dev = 24, .ino = 12000,
	     .path = "/var/log/pods/shop_web_u-1/app/0.log");
	FEED(f, channel, .id = RPC, .transport = TRANSPORT_UNIX_STREAM, .ino = 20, .peer_ino = 21,
	     .path = "/run/containerd/s/" SHA);
	FEED(f, link, .from = PIPE, .to = FIFO, .process = SHIM, .votes = 50);
	FEED(f, link, .from = FIFO, .to = FILE_, .process = CONTAINERD, .votes = 50);
	feed_windows(&side, shape);
	FEED(f, loss, .ring_dropped = 0, .folded = 0);
	FEED(f, finish, .end_ns = START + (int64_t)shape->windows * SECOND);
	resolve(f, MODEL_TOTAL);
	return side;
}

static void side_free(struct side *side)
{
	series_free(side->s);
	model_free(side->f.m);
}

struct pair {
	struct side before, after;
	struct diff *d;
};

static struct pair pair_new(const struct shape *before, const struct shape *after)
{
	struct pair p = { .before = side_new(before), .after = side_new(after) };

	assert_int_equal(diff_new(&(struct diff_input){ "one", p.before.f.m, p.before.s },
				  &(struct diff_input){ "two", p.after.f.m, p.after.s }, &p.d),
			 0);
	return p;
}

static void pair_free(struct pair *p)
{
	diff_free(p->d);
	side_free(&p->before);
	side_free(&p->after);
}

static void is(const struct pair *p, enum diff_metric metric, double before, double after,
	       enum diff_verdict verdict)
{
	const struct diff_figure *f = diff_node_figure(p->d, metric);

	assert_int_equal(f->metric, metric);
	if (fabs(f->before - before) > 1e-9 * before || fabs(f->after - after) > 1e-9 * after ||
	    f->verdict != verdict)
		fail_msg("%s: %.12g, %.12g, %s", diff_metrics[metric].name, f->before, f->after,
			 diff_verdict_name(f->verdict));
}

static const struct diff_difference *difference(const struct pair *p, const char *what)
{
	size_t i;

	for (i = 0; i < p->d->n_differences; i++) {
		if (!strcmp(p->d->differences[i].what, what))
			return &p->d->differences[i];
	}
	return NULL;
}

/* Each figure from what was fed: 140 ms in 140 calls for 1 MB in 100 records each second. */
static void the_same(void **state)
{
	struct pair p = pair_new(&usual, &usual);
	size_t i, containers = 0;

	(void)state;
	is(&p, METRIC_CPU_PER_MB, 140e6, 140e6, VERDICT_NO_CHANGE);
	is(&p, METRIC_CPU_PER_RECORD, 1.4e6, 1.4e6, VERDICT_NO_CHANGE);
	is(&p, METRIC_CPU_PER_S, 140e6, 140e6, VERDICT_NO_CHANGE);
	is(&p, METRIC_CALLS_PER_RECORD, 1.4, 1.4, VERDICT_NO_CHANGE);
	is(&p, METRIC_BYTES_PER_RECORD, 40040, 40040, VERDICT_NO_CHANGE);
	is(&p, METRIC_COPIED_PER_LOGGED, 4.004, 4.004, VERDICT_NO_CHANGE);
	is(&p, METRIC_EAGAIN_SHARE, 0, 0, VERDICT_NO_CHANGE);
	/* The first sample tells where the clock stood. */
	is(&p, METRIC_SHIM_CPU, 50e6 * 11 / 12, 50e6 * 11 / 12, VERDICT_NO_CHANGE);
	is(&p, METRIC_SHIM_PSS, 4e6, 4e6, VERDICT_NO_CHANGE);
	assert_int_equal(diff_node_figure(p.d, METRIC_CONTAINERD_PSS)->verdict, VERDICT_TOO_LITTLE);
	assert_true(isnan(diff_node_figure(p.d, METRIC_CONTAINERD_PSS)->before));
	assert_int_equal(p.d->n_differences, 0);
	assert_int_equal(p.d->before.n_only + p.d->after.n_only, 0);
	assert_int_equal(p.d->n_configs, 1);
	assert_string_equal(p.d->configs[0].lines, "");
	for (i = 0; i < p.d->n_scopes; i++) {
		if (p.d->scopes[i].kind != DIFF_CONTAINER)
			continue;
		containers++;
		assert_string_equal(p.d->scopes[i].name, "shop/web/app");
		assert_true(fabs(p.d->scopes[i].figures[0].before - 140e6) < 1);
	}
	assert_int_equal(containers, 1);
	pair_free(&p);
}

static void worse_and_better(void **state)
{
	struct shape more = usual;
	struct pair p;

	(void)state;
	more.calls = 100;
	p = pair_new(&usual, &more);
	is(&p, METRIC_CPU_PER_MB, 140e6, 320e6, VERDICT_WORSE);
	is(&p, METRIC_CALLS_PER_RECORD, 1.4, 3.2, VERDICT_WORSE);
	is(&p, METRIC_COPIED_PER_LOGGED, 4.004, 4.004, VERDICT_NO_CHANGE);
	pair_free(&p);
	p = pair_new(&more, &usual);
	is(&p, METRIC_CPU_PER_MB, 320e6, 140e6, VERDICT_BETTER);
	pair_free(&p);
	/* Certain, but below the floor. */
	more.calls = 11;
	p = pair_new(&usual, &more);
	is(&p, METRIC_CPU_PER_MB, 140e6, 142e6, VERDICT_NO_CHANGE);
	assert_true(diff_node_figure(p.d, METRIC_CPU_PER_MB)->low > 0);
	pair_free(&p);
}

static void few_windows(void **state)
{
	struct shape few = usual;
	struct pair p;

	(void)state;
	few.windows = DIFF_WINDOWS_LEAST - 1;
	p = pair_new(&usual, &few);
	is(&p, METRIC_CPU_PER_MB, 140e6, 140e6, VERDICT_TOO_LITTLE);
	assert_true(isnan(diff_node_figure(p.d, METRIC_CPU_PER_MB)->low));
	pair_free(&p);
	few.windows = 0;
	p = pair_new(&few, &few);
	assert_int_equal(diff_node_figure(p.d, METRIC_CPU_PER_S)->verdict, VERDICT_TOO_LITTLE);
	pair_free(&p);
}

/* Windows are put together, their sums stay. */
static void many_windows(void **state)
{
	struct shape many = usual;
	struct pair p;

	(void)state;
	many.windows = 1001;
	p = pair_new(&usual, &many);
	assert_true(p.d->after.sums->n <= SUMS_WINDOWS);
	is(&p, METRIC_CPU_PER_MB, 140e6, 140e6, VERDICT_NO_CHANGE);
	is(&p, METRIC_CPU_PER_S, 140e6, 140e6, VERDICT_NO_CHANGE);
	pair_free(&p);
}

static void what_differed(void **state)
{
	struct shape other = usual;
	struct pair p;

	(void)state;
	other.kernel = "6.12";
	other.config = "a\nB\nc\n";
	p = pair_new(&usual, &other);
	assert_true(p.d->across_kernels);
	assert_false(p.d->across_backends);
	assert_non_null(difference(&p, "kernel"));
	assert_string_equal(difference(&p, "kernel")->after, "6.12");
	assert_null(difference(&p, "backend"));
	assert_string_equal(p.d->configs[0].lines, "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
	pair_free(&p);
}

/* What only one side traced would seem to be new. */
static void writers(void **state)
{
	struct shape own = usual;
	struct pair p;

	(void)state;
	own.writers = true;
	p = pair_new(&usual, &own);
	assert_true(p.d->writers_left_out);
	is(&p, METRIC_CALLS_PER_RECORD, 1.4, 1.4, VERDICT_NO_CHANGE);
	pair_free(&p);
	p = pair_new(&own, &own);
	assert_false(p.d->writers_left_out);
	is(&p, METRIC_CALLS_PER_RECORD, 11.4, 11.4, VERDICT_NO_CHANGE);
	is(&p, METRIC_CPU_PER_MB, 140000001, 140000001, VERDICT_NO_CHANGE);
	pair_free(&p);
}

static void one_side_only(void **state)
{
	struct shape other = usual;
	struct pair p;
	size_t i, rpc = 0, containers = 0;

	(void)state;
	other.rpc = true;
	other.name = "db";
	p = pair_new(&usual, &other);
	is(&p, METRIC_RPC_CALLS, 0, 3, VERDICT_WORSE);
	is(&p, METRIC_RPC_BYTES, 0, 300, VERDICT_WORSE);
	assert_true(isinf(diff_node_figure(p.d, METRIC_RPC_CALLS)->change));
	for (i = 0; i < p.d->after.n_only; i++) {
		const struct diff_missing *x = &p.d->after.only[i];

		rpc += x->kind == DIFF_CHANNEL &&
		       !strcmp(x->name, "unix-stream ttrpc-task at /run/containerd/s/<id>");
		containers += x->kind == DIFF_CONTAINER && !strcmp(x->name, "shop/web/db");
	}
	assert_int_equal(rpc, 1);
	assert_int_equal(containers, 1);
	assert_string_equal(p.d->before.only[0].name, "shop/web/app");
	pair_free(&p);
}

static char *text_of(const struct diff *d, int (*json)(FILE *, const struct diff *))
{
	struct view_options o = { .width = 100 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(json ? json(out, d) : view_diff_text(out, d, &o), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text);
}

/* Names and configurations are a stranger's: a terminal is not theirs to command. */
static void views(void **state)
{
	struct shape hostile = usual;
	struct pair p;
	char *text;

	(void)state;
	hostile.kernel = "6.12\033[2J";
	hostile.config = "a\n\033[31mred\nc\n";
	hostile.name = "\033]0;x\a";
	hostile.calls = 100;
	p = pair_new(&usual, &hostile);
	text = text_of(p.d, NULL);
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\a'));
	has(text, "What else differed");
	has(text, "+129%");
	has(text, "worse");
	has(text, "across");
	has(text, "kernel");
	has(text, "+\\x1b[31mred");
	has(text, "Only before");
	has(text, "shop/web/app");
	free(text);
	text = text_of(p.d, view_diff_json);
	assert_null(strchr(text, '\033'));
	has(text, "\"metric\": \"cpu_per_mb\"");
	has(text, "\"verdict\": \"worse\"");
	has(text, "\"across\": [");
	free(text);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same),	 cmocka_unit_test(worse_and_better),
		cmocka_unit_test(few_windows),	 cmocka_unit_test(many_windows),
		cmocka_unit_test(what_differed), cmocka_unit_test(writers),
		cmocka_unit_test(one_side_only), cmocka_unit_test(views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
