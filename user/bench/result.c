// SPDX-License-Identifier: GPL-2.0-only
/* A result read back: JSON from a file that may be anyone's. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"

/* Ours are of 100 KiB at most. */
#define FILE_MOST   ((size_t)1 << 20)
/* Beyond any cost that is one, and sums of them stay finite. */
#define FIGURE_MOST 1e15
#define COUNT_MOST  (INT64_C(1) << 53)

/* What is being read, for messages. */
struct in {
	const char *name;
	char *err;
	size_t err_size;
};

static int bad(const struct in *in, const char *what)
{
	snprintf(in->err, in->err_size, "%s: no usable result of a bench: %s", in->name, what);
	return -EPROTO;
}

static void get_text(char ret[BENCH_TEXT], const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	snprintf(ret, BENCH_TEXT, "%s", s ? s : "");
}

/* An integer of low to high, or -EPROTO. */
static int get_count(const json_t *object, const char *key, int64_t low, int64_t high, int64_t *ret)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_integer(v) || json_integer_value(v) < low || json_integer_value(v) > high)
		return -EPROTO;
	*ret = json_integer_value(v);
	return 0;
}

static int64_t get_count_or_unknown(const json_t *object, const char *key)
{
	int64_t v;

	return get_count(object, key, 0, INT64_MAX, &v) ? FACT_UNKNOWN : v;
}

static int get_figure(const json_t *object, const char *key, double *ret)
{
	const json_t *v = json_object_get(object, key);
	double n = json_number_value(v);

	if (!json_is_number(v) || !(n >= 0 && n <= FIGURE_MOST))
		return -EPROTO;
	*ret = n;
	return 0;
}

static int get_spread(const json_t *object, const char *key, struct bench_spread *ret)
{
	const json_t *v = json_object_get(object, key);

	if (get_figure(v, "median", &ret->median) || get_figure(v, "min", &ret->min) ||
	    get_figure(v, "max", &ret->max))
		return -EPROTO;
	return ret->min <= ret->median && ret->median <= ret->max ? 0 : -EPROTO;
}

/* BENCH_TRANSPORTS for one that is not known here. */
static enum bench_transport find_transport(const char *transport, const char *protocol)
{
	enum bench_transport t = 0;

	while (t < BENCH_TRANSPORTS &&
	       !(transport && strcmp(transport, transport_name(bench_transport_kind(t))) == 0 && protocol &&
		 strcmp(protocol, protocol_name(bench_transport_protocol(t))) == 0))
		t++;
	return t;
}

static int read_cell(const struct in *in, const json_t *v, struct bench_size *size)
{
	enum bench_transport t = find_transport(json_string_value(json_object_get(v, "transport")),
						json_string_value(json_object_get(v, "protocol")));
	struct bench_cell *c;
	int64_t messages;

	if (t == BENCH_TRANSPORTS)
		return 0;
	c = &size->cells[t];
	if (c->measured)
		return bad(in, "a transport twice at one size");
	if (get_count(v, "messages", 1, COUNT_MOST, &messages) ||
	    get_spread(v, "cpu_ns_per_message", &c->cpu) ||
	    get_spread(v, "producer_cpu_ns_per_message", &c->producer) ||
	    get_spread(v, "consumer_cpu_ns_per_message", &c->consumer) ||
	    get_spread(v, "wall_ns_per_message", &c->wall) ||
	    get_spread(v, "writes_per_message", &c->writes) || get_spread(v, "reads_per_message", &c->reads))
		return bad(in, "a transport's figures");
	c->messages = (uint64_t)messages;
	c->measured = true;
	return 0;
}

static int read_size(const struct in *in, const json_t *v, struct bench_result *ret)
{
	const char *origin = json_string_value(json_object_get(v, "origin"));
	const json_t *transports = json_object_get(v, "transports");
	struct bench_size *s = &ret->sizes[ret->n_sizes];
	int64_t size;
	int err = 0;

	if (get_count(v, "size", 1, BENCH_READ_SIZE, &size))
		return bad(in, "a size");
	if (ret->n_sizes && s[-1].size >= size)
		return bad(in, "the sizes are not in order");
	if (!json_is_array(transports))
		return bad(in, "the transports of a size");
	s->size = (uint32_t)size;
	s->origin = BENCH_CHOSEN;
	for (enum bench_origin o = 0; o < BENCH_ORIGINS; o++) {
		if (origin && strcmp(origin, bench_origin_name(o)) == 0)
			s->origin = o;
	}
	for (size_t i = 0; i < json_array_size(transports) && !err; i++)
		err = read_cell(in, json_array_get(transports, i), s);
	ret->n_sizes++;
	return err;
}

static int read_load(const struct in *in, const json_t *v, struct bench_load *ret)
{
	const json_t *sizes = json_object_get(v, "sizes");
	int64_t calls, bytes, size;

	if (!v || json_is_null(v))
		return 0;
	if (get_count(v, "calls", 1, COUNT_MOST, &calls) || get_count(v, "bytes", 1, INT64_MAX, &bytes) ||
	    json_array_size(sizes) < 1 || json_array_size(sizes) > FACT_SIZE_BUCKETS)
		return bad(in, "what it took from a capture");
	get_text(ret->file, v, "file");
	ret->calls = (uint64_t)calls;
	ret->bytes = (uint64_t)bytes;
	for (; ret->n < json_array_size(sizes); ret->n++) {
		const json_t *part = json_array_get(sizes, ret->n);

		if (get_count(part, "size", 1, BENCH_READ_SIZE, &size) ||
		    get_figure(part, "messages", &ret->parts[ret->n].messages))
			return bad(in, "a size of a capture");
		ret->parts[ret->n].size = (uint32_t)size;
	}
	return 0;
}

static int read_head(const struct in *in, const json_t *root, struct bench_result *ret)
{
	const json_t *pinned = json_object_get(root, "pinned"), *host = json_object_get(root, "host");
	const char *cpus = json_string_value(json_object_get(pinned, "cpus"));
	int64_t producer, consumer, repetitions, wanted;

	if (get_count(root, "repetitions", 1, BENCH_REPETITIONS_MOST, &repetitions) ||
	    get_count(root, "repetitions_wanted", repetitions, BENCH_REPETITIONS_MOST, &wanted))
		return bad(in, "its repetitions");
	if (!cpus || (strcmp(cpus, "same") != 0 && strcmp(cpus, "separate") != 0) ||
	    get_count(pinned, "producer", 0, INT32_MAX, &producer) ||
	    get_count(pinned, "consumer", 0, INT32_MAX, &consumer))
		return bad(in, "where it was pinned");
	ret->separate = strcmp(cpus, "separate") == 0;
	ret->producer_cpu = (int)producer;
	ret->consumer_cpu = (int)consumer;
	ret->repetitions = (unsigned int)repetitions;
	ret->wanted = (unsigned int)wanted;
	get_text(ret->tool_version, json_object_get(root, "tool"), "version");
	get_text(ret->hostname, host, "hostname");
	get_text(ret->kernel, host, "kernel");
	get_text(ret->arch, host, "arch");
	get_text(ret->boot_id, host, "boot_id");
	get_text(ret->fifo_filesystem, root, "fifo_filesystem");
	ret->cpus = get_count_or_unknown(host, "cpus");
	ret->start_realtime_ns = get_count_or_unknown(root, "start_realtime_ns");
	ret->duration_ns = get_count_or_unknown(root, "duration_ns");
	return 0;
}

static int read_root(const struct in *in, const json_t *root, struct bench_result *ret)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const char *kind = json_string_value(json_object_get(root, "kind"));
	const json_t *sizes = json_object_get(root, "sizes");
	size_t i;
	int err;

	if (!schema || strncmp(schema, "shimscope/", 10) != 0 || !kind || strcmp(kind, "bench") != 0)
		return bad(in, "it says it is something else");
	if (strcmp(schema, "shimscope/1") != 0) {
		snprintf(in->err, in->err_size, "%s: written in another schema than shimscope/1", in->name);
		return -EPROTONOSUPPORT;
	}
	if (!json_is_true(json_object_get(root, "synthetic")))
		return bad(in, "it does not say that it is synthetic");
	err = read_head(in, root, ret);
	if (err)
		return err;
	if (json_array_size(sizes) < 1 || json_array_size(sizes) > BENCH_SIZES_MAX)
		return bad(in, "its sizes");
	for (i = 0; i < json_array_size(sizes) && !err; i++)
		err = read_size(in, json_array_get(sizes, i), ret);
	if (!err)
		err = read_load(in, json_object_get(root, "from"), &ret->load);
	if (!err)
		ret->crossover = bench_crossover_of(ret->sizes, ret->n_sizes);
	return err;
}

int bench_result_parse(const char *text, size_t len, const char *name, struct bench_result *ret, char *err,
		       size_t err_size)
{
	struct in in = { name, err, err_size };
	json_error_t why;
	json_t *root;
	int failed;

	memset(ret, 0, sizeof(*ret));
	if (len > FILE_MOST) {
		snprintf(err, err_size, "%s: too large for a result of a bench", name);
		return -EFBIG;
	}
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!root) {
		snprintf(err, err_size, "%s: no usable result of a bench: not JSON (line %d)", name,
			 why.line);
		return -EPROTO;
	}
	failed = read_root(&in, root, ret);
	json_decref(root);
	return failed;
}

int bench_result_read(const char *path, struct bench_result *ret, char *err, size_t err_size)
{
	char *text = malloc(FILE_MOST + 1);
	size_t len = 0;
	ssize_t n = 1;
	int fd = -1, failed;

	if (!text) {
		snprintf(err, err_size, "%s: out of memory", path);
		return -ENOMEM;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		goto fail;
	while (n && len <= FILE_MOST) {
		n = read(fd, text + len, FILE_MOST + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto fail;
		len += (size_t)n;
	}
	failed = bench_result_parse(text, len, path, ret, err, err_size);
	goto out;
fail:
	failed = -errno;
	snprintf(err, err_size, "%s: %s", path, strerror(-failed));
out:
	if (fd >= 0)
		close(fd);
	free(text);
	return failed;
}
