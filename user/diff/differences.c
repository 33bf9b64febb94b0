// SPDX-License-Identifier: GPL-2.0-only
/* What else was not the same: whoever reads figures must know. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/compare.h"

/* Words about a trace: NULL for what is not known; *err is set when out of memory. */
typedef char *(*describe)(const struct diff_side *side, int *err);

static char *text(const char *s, int *err)
{
	char *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		*err = -ENOMEM;
	return copy;
}

static char *number(int64_t n, int *err)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%" PRId64, n);
	return n < 0 ? NULL : text(buf, err);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The different ones among texts, sorted, separated by ", ". */
static char *set_of(const char **list, size_t n, int *err)
{
	char *joined = NULL;
	size_t size, i;
	FILE *out;

	if (!n)
		return NULL;
	qsort(list, n, sizeof(*list), by_text);
	out = open_memstream(&joined, &size);
	for (i = 0; out && i < n; i++) {
		if (!i || strcmp(list[i], list[i - 1]) != 0)
			fprintf(out, "%s%s", i ? ", " : "", list[i]);
	}
	if (!out || fclose(out)) {
		free(joined);
		*err = -ENOMEM;
		return NULL;
	}
	return joined;
}

enum word { WORD_VERSION, WORD_GO };

static char *of_processes(const struct diff_side *side, enum process_role role, enum word word, int *err)
{
	const struct model *m = side->m;
	const char **list = calloc(m->n_processes + m->n_runtimes + 1, sizeof(*list));
	size_t i, n = 0;
	char *joined;

	if (!list) {
		*err = -ENOMEM;
		return NULL;
	}
	for (i = 0; i < m->n_runtimes && role == PROCESS_CONTAINERD; i++) {
		list[n] = word == WORD_GO ? m->runtimes[i]->go_version : m->runtimes[i]->version;
		n += list[n] != NULL;
	}
	for (i = 0; i < m->n_processes; i++) {
		if (m->processes[i]->role != role || (role == PROCESS_CONTAINERD && m->n_runtimes))
			continue;
		list[n] = word == WORD_GO ? m->processes[i]->go_version : m->processes[i]->version;
		n += list[n] != NULL;
	}
	joined = set_of(list, n, err);
	free(list);
	return joined;
}

static char *kernel(const struct diff_side *side, int *err)
{
	return text(side->m->host.kernel, err);
}

static char *backend(const struct diff_side *side, int *err)
{
	return text(side->m->trace.backend, err);
}

static char *containerd_version(const struct diff_side *side, int *err)
{
	return of_processes(side, PROCESS_CONTAINERD, WORD_VERSION, err);
}

static char *containerd_go(const struct diff_side *side, int *err)
{
	return of_processes(side, PROCESS_CONTAINERD, WORD_GO, err);
}

static char *shim_version(const struct diff_side *side, int *err)
{
	return of_processes(side, PROCESS_SHIM, WORD_VERSION, err);
}

static char *shim_go(const struct diff_side *side, int *err)
{
	return of_processes(side, PROCESS_SHIM, WORD_GO, err);
}

static char *host(const struct diff_side *side, int *err)
{
	return text(side->m->host.hostname, err);
}

static char *arch(const struct diff_side *side, int *err)
{
	return text(side->m->host.arch, err);
}

static char *boot(const struct diff_side *side, int *err)
{
	return text(side->m->host.boot_id, err);
}

static char *cpus(const struct diff_side *side, int *err)
{
	return number(side->m->host.cpus > 0 ? side->m->host.cpus : -1, err);
}

static char *selection(const struct diff_side *side, int *err)
{
	return text(side->m->trace.selection ? side->m->trace.selection : "everything", err);
}

static char *writers(const struct diff_side *side, int *err)
{
	return text(side->m->trace.writers ? "yes" : "no", err);
}

static char *interval(const struct diff_side *side, int *err)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%g s", (double)side->m->trace.interval_ns / 1e9);
	return side->m->trace.interval_ns > 0 ? text(buf, err) : NULL;
}

static char *tool(const struct diff_side *side, int *err)
{
	return text(side->m->trace.tool_version, err);
}

static char *complete(const struct diff_side *side, int *err)
{
	return text(!side->m->trace.complete ? "no, its end is missing"
		    : !side->m->exact	     ? "yes, but not every total is exact"
					     : "yes",
		    err);
}

static int64_t count_containers(const struct model *m, bool sandboxes)
{
	int64_t n = 0;
	size_t i;

	for (i = 0; i < m->n_containers; i++)
		n += m->containers[i]->is_sandbox == sandboxes;
	return n;
}

static char *pods(const struct diff_side *side, int *err)
{
	return number(count_containers(side->m, true), err);
}

static char *containers(const struct diff_side *side, int *err)
{
	return number(count_containers(side->m, false), err);
}

static double total(const struct diff_side *side, enum diff_column column)
{
	const double *v = side->sums->scopes[0]->columns[column];
	double sum = 0;
	size_t i;

	for (i = 0; i < side->sums->n; i++)
		sum += v[i];
	return sum;
}

/* To two digits: what is about the same is the same here. */
static char *about(double v, const char *unit, int *err)
{
	double step = 1;
	char buf[64];

	while (v / step >= 100)
		step *= 10;
	v = (double)(int64_t)(v / step + 0.5) * step;
	snprintf(buf, sizeof(buf), "about %.0f %s", v, unit);
	return text(buf, err);
}

static char *record_size(const struct diff_side *side, int *err)
{
	double records = total(side, COLUMN_RECORDS);

	return records > 0 ? about(total(side, COLUMN_LOG_MB) * 1e6 / records, "B", err) : NULL;
}

static char *log_rate(const struct diff_side *side, int *err)
{
	double s = total(side, COLUMN_SECONDS);

	return s > 0 && side->sums->logged ? about(total(side, COLUMN_LOG_MB) * 1e6 / s, "B/s", err) : NULL;
}

/* The bucket of log2 sizes in which the median of a role's calls in one direction lies. */
static char *median_size(const struct model *m, enum channel_role role, enum direction direction,
			 enum process_role process, int *err)
{
	uint64_t sizes[FACT_SIZE_BUCKETS] = { 0 }, sum = 0, below = 0;
	size_t i, j, k;
	char buf[64];

	for (i = 0; i < m->n_channels; i++) {
		for (j = 0; j < m->channels[i]->n_ends; j++) {
			const struct model_end *end = m->channels[i]->ends[j];

			if (m->channels[i]->role != role || end->direction != direction ||
			    end->process->role != process)
				continue;
			for (k = 0; k < FACT_SIZE_BUCKETS; k++) {
				sizes[k] += end->n.size_log2[k];
				sum += end->n.size_log2[k];
			}
		}
	}
	if (!sum)
		return NULL;
	for (k = 0; k + 1 < FACT_SIZE_BUCKETS && (below += sizes[k]) < sum - sum / 2; k++)
		;
	snprintf(buf, sizeof(buf), "%" PRIu64 " to %" PRIu64 " B", k ? UINT64_C(1) << k : 0,
		 (UINT64_C(2) << k) - 1);
	return text(buf, err);
}

static char *write_size(const struct diff_side *side, int *err)
{
	return median_size(side->m, ROLE_CONTAINER_OUTPUT, DIRECTION_WRITE, PROCESS_WRITER, err);
}

static char *read_size(const struct diff_side *side, int *err)
{
	return median_size(side->m, ROLE_CONTAINER_OUTPUT, DIRECTION_READ, PROCESS_SHIM, err);
}

static char *log_write_size(const struct diff_side *side, int *err)
{
	return median_size(side->m, ROLE_LOG_FILE, DIRECTION_WRITE, PROCESS_CONTAINERD, err);
}

static const struct {
	const char *what;
	describe of;
} subjects[] = {
	{ "complete", complete },
	{ "kernel", kernel },
	{ "backend", backend },
	{ "containerd", containerd_version },
	{ "containerd's Go", containerd_go },
	{ "shims", shim_version },
	{ "shims' Go", shim_go },
	{ "host", host },
	{ "architecture", arch },
	{ "CPUs", cpus },
	{ "boot", boot },
	{ "selection", selection },
	{ "writers traced", writers },
	{ "window", interval },
	{ "shimscope", tool },
	{ "pods", pods },
	{ "containers", containers },
	{ "logged", log_rate },
	{ "logged per record", record_size },
	{ "median write of the containers", write_size },
	{ "median read of the shims", read_size },
	{ "median write to log files", log_write_size },
};
#define N_SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

static bool differ(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

/* Incompleteness is told even when both sides have it. */
static bool worth_telling(size_t subject, const char *before, const char *after)
{
	return differ(before, after) ||
	       (subjects[subject].of == complete && before && strcmp(before, "yes") != 0);
}

int diff_differences(struct diff *d)
{
	size_t i;
	int err = 0;

	d->differences = calloc(N_SUBJECTS, sizeof(*d->differences));
	if (!d->differences)
		return -ENOMEM;
	for (i = 0; i < N_SUBJECTS && !err; i++) {
		char *before = subjects[i].of(&d->before, &err);
		char *after = err ? NULL : subjects[i].of(&d->after, &err);

		if (err || !worth_telling(i, before, after)) {
			free(before);
			free(after);
			continue;
		}
		d->differences[d->n_differences++] =
			(struct diff_difference){ subjects[i].what, before, after };
		d->across_kernels = d->across_kernels || subjects[i].of == kernel;
		d->across_backends = d->across_backends || subjects[i].of == backend;
	}
	return err;
}
