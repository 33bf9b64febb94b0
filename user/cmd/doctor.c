// SPDX-License-Identifier: GPL-2.0-only
/* shimscope doctor: what this kernel and user can do, which backend would be used and why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <jansson.h>

#include "cmd/cmd.h"
#include "node/node.h"
#include "probe/openfiles.h"
#include "probe/privileges.h"
#include "probe/tracer.h"
#include "version.h"

enum verdict { VERDICT_OK = 0, VERDICT_NOTE, VERDICT_BAD };
static const char *const verdict_names[] = { "ok", "note", "bad" };

struct check {
	char name[48];
	enum verdict verdict;
	char finding[320];
	char remedy[256]; /* "" when there is nothing to do */
};

#define CHECKS_MAX 96

struct diagnosis {
	struct check checks[CHECKS_MAX];
	size_t n;
	struct tracer_attempt attempts[BACKEND_COUNT];
	int backend; /* that auto would take, -1: none */
	struct node_process *containerds;
	size_t n_processes;
};

static struct check *check_add(struct diagnosis *d, const char *name, enum verdict v)
{
	struct check *c = &d->checks[d->n < CHECKS_MAX - 1 ? d->n++ : d->n];

	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->verdict = v;
	return c;
}

static void check_capabilities(struct diagnosis *d)
{
	struct privilege list[PRIVILEGES];

	privileges_read(list);
	for (size_t i = 0; i < PRIVILEGES; i++) {
		struct check *c = check_add(d, list[i].name, list[i].have ? VERDICT_OK : VERDICT_BAD);

		snprintf(c->finding, sizeof(c->finding), "%s (%s)",
			 list[i].own	? "held"
			 : list[i].have ? "covered by CAP_SYS_ADMIN"
					: "missing",
			 list[i].use);
		if (!list[i].have)
			snprintf(c->remedy, sizeof(c->remedy),
				 "run as root, or give the capability to shimscope");
	}
}

static void check_kernel(struct diagnosis *d, const char *btf_path)
{
	struct kernel k;
	struct utsname u;
	struct check *c;
	int err = kernel_open(&k, btf_path);

	uname(&u);
	c = check_add(d, "kernel", VERDICT_OK);
	snprintf(c->finding, sizeof(c->finding), "Linux %s %s", u.release, u.machine);
	c = check_add(d, "BTF", err ? VERDICT_BAD : VERDICT_OK);
	snprintf(c->finding, sizeof(c->finding),
		 err ? "no %s: programs cannot be fitted to this kernel" : "%s",
		 btf_path ? btf_path : "/sys/kernel/btf/vmlinux");
	if (err)
		snprintf(c->remedy, sizeof(c->remedy),
			 "boot a kernel with CONFIG_DEBUG_INFO_BTF, or name its BTF file with --btf");
	c = check_add(d, "lockdown", strcmp(k.lockdown, "confidentiality") == 0 ? VERDICT_BAD : VERDICT_OK);
	snprintf(c->finding, sizeof(c->finding), "%s",
		 k.lockdown[0] ? k.lockdown
			       : "not told (no /sys/kernel/security/lockdown): none, or not mounted");
	if (c->verdict == VERDICT_BAD)
		snprintf(c->remedy, sizeof(c->remedy),
			 "lockdown=confidentiality forbids reading kernel memory; lockdown=integrity does "
			 "not");
	if (!err) {
		c = check_add(d, "task storage", k.task_storage ? VERDICT_OK : VERDICT_NOTE);
		snprintf(c->finding, sizeof(c->finding),
			 k.task_storage ? "available"
					: "not available (Linux 5.11): a hash of threads serves instead");
		c = check_add(d, "bpf_rdonly_cast", k.rdonly_cast ? VERDICT_OK : VERDICT_NOTE);
		snprintf(c->finding, sizeof(c->finding),
			 k.rdonly_cast ? "available"
				       : "not available (Linux 6.2): slower reads serve instead");
		c = check_add(d, "kprobes", k.kprobes ? VERDICT_OK : VERDICT_NOTE);
		snprintf(c->finding, sizeof(c->finding),
			 k.kprobes ? "available" : "the kernel has none (CONFIG_KPROBE_EVENTS)");
		c = check_add(d, "pipe functions", VERDICT_OK);
		snprintf(c->finding, sizeof(c->finding), "%s_write, %s_read",
			 k.anon_pipe ? "anon_pipe" : "pipe", k.anon_pipe ? "anon_pipe" : "pipe");
	}
	kernel_close(&k);
}

static void ignore_op(void *ctx, const struct ss_op *op)
{
	(void)ctx;
	(void)op;
}

static void ignore_channel(void *ctx, const struct ss_channel *c)
{
	(void)ctx;
	(void)c;
}

static void ignore_process(void *ctx, const struct ss_process *p)
{
	(void)ctx;
	(void)p;
}

static void ignore_fold(void *ctx, const struct ss_end_key *end, const struct ss_fold *fold)
{
	(void)ctx;
	(void)end;
	(void)fold;
}

/* Each backend is really loaded, attached and self-tested. */
static void check_backends(struct diagnosis *d, const struct tracer_options *options)
{
	const struct tracer_handler handler = { NULL, ignore_op, ignore_channel, ignore_process,
						ignore_fold };

	d->backend = -1;
	for (int b = 0; b < BACKEND_COUNT; b++) {
		struct tracer_attempt attempts[BACKEND_COUNT];
		struct tracer_options o = *options;
		struct tracer *t;
		struct check *c;
		char name[48], err[512];
		int failed;

		o.backend = b;
		failed = tracer_open(&o, &handler, &t, attempts, err, sizeof(err));
		d->attempts[b] = attempts[b];
		if (failed && !attempts[b].tried) {
			d->attempts[b].error = failed;
			snprintf(d->attempts[b].why, sizeof(d->attempts[b].why), "%.250s", err);
		}
		snprintf(name, sizeof(name), "backend %s", backend_name(b));
		c = check_add(d, name, failed ? VERDICT_NOTE : VERDICT_OK);
		if (failed) {
			snprintf(c->finding, sizeof(c->finding), "does not work: %s", d->attempts[b].why);
			continue;
		}
		tracer_close(t);
		snprintf(c->finding, sizeof(c->finding), "works, self-tested (%s)%s", backend_description(b),
			 d->backend < 0 ? "; auto takes it" : "");
		if (d->backend < 0)
			d->backend = b;
	}
	if (d->backend < 0) {
		struct check *c = check_add(d, "tracing", VERDICT_BAD);

		snprintf(c->finding, sizeof(c->finding), "no backend works here");
		snprintf(c->remedy, sizeof(c->remedy), "see what is marked bad above");
	}
}

static int file_ignore(void *ctx, const struct ss_open_file *f, const char *path)
{
	size_t *n = ctx;

	(void)f;
	(void)path;
	(*n)++;
	return 0;
}

static void check_open_files(struct diagnosis *d, const char *btf_path)
{
	char err[256];
	size_t n = 0;
	struct openfiles *o = NULL;
	struct check *c;
	int failed = openfiles_open(btf_path, &o, err, sizeof(err));

	if (!failed) {
		failed = openfiles_read(o, NULL, 0, file_ignore, &n, err, sizeof(err));
		openfiles_close(o);
	}
	c = check_add(d, "open files", failed ? VERDICT_NOTE : VERDICT_OK);
	if (failed) {
		snprintf(c->finding, sizeof(c->finding), "%s", err);
		snprintf(c->remedy, sizeof(c->remedy),
			 "map does not work; names come with the first operation");
	} else {
		snprintf(c->finding, sizeof(c->finding),
			 "the task_file iterator works (%zu channel ends open)", n);
	}
}

static void check_containerd(struct diagnosis *d)
{
	size_t found = 0, shims = 0;
	struct check *c;

	if (node_scan(&d->containerds, &d->n_processes))
		d->n_processes = 0;
	for (size_t i = 0; i < d->n_processes; i++)
		shims += d->containerds[i].role == PROCESS_SHIM;
	for (size_t i = 0; i < d->n_processes; i++) {
		const struct node_process *p = &d->containerds[i];

		if (p->role != PROCESS_CONTAINERD || !p->address)
			continue;
		found++;
		c = check_add(d, "containerd", VERDICT_OK);
		snprintf(c->finding, sizeof(c->finding), "pid %lld serves %s", (long long)p->pid, p->address);
	}
	c = check_add(d, found ? "shims" : "containerd", found ? VERDICT_OK : VERDICT_NOTE);
	if (found) {
		snprintf(c->finding, sizeof(c->finding), "%zu running", shims);
	} else {
		snprintf(c->finding, sizeof(c->finding), "none is running here");
		snprintf(c->remedy, sizeof(c->remedy),
			 "start containerd; in a container, share the host's pid namespace (hostPID)");
	}
}

static int print_json(const struct diagnosis *d)
{
	json_t *root = json_object(), *checks = json_array(), *backends = json_array(),
	       *runtimes = json_array();

	json_object_set_new(root, "schema", json_string("shimscope/1"));
	json_object_set_new(root, "tool", json_pack("{s:s}", "version", SHIMSCOPE_VERSION));
	json_object_set_new(root, "backend",
			    d->backend < 0 ? json_null()
					   : json_string(backend_name((enum backend)d->backend)));
	for (int b = 0; b < BACKEND_COUNT; b++)
		json_array_append_new(
			backends,
			json_pack("{s:s, s:b, s:o}", "name", backend_name(b), "works",
				  d->attempts[b].error == 0, "why",
				  d->attempts[b].error ? json_string(d->attempts[b].why) : json_null()));
	json_object_set_new(root, "backends", backends);
	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(
			checks,
			json_pack("{s:s, s:s, s:s, s:o}", "name", d->checks[i].name, "verdict",
				  verdict_names[d->checks[i].verdict], "finding", d->checks[i].finding,
				  "remedy",
				  d->checks[i].remedy[0] ? json_string(d->checks[i].remedy) : json_null()));
	json_object_set_new(root, "checks", checks);
	for (size_t i = 0; i < d->n_processes; i++)
		if (d->containerds[i].role == PROCESS_CONTAINERD && d->containerds[i].address)
			json_array_append_new(runtimes, json_pack("{s:I, s:s}", "pid",
								  (json_int_t)d->containerds[i].pid,
								  "address", d->containerds[i].address));
	json_object_set_new(root, "runtimes", runtimes);
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return output_finish(stdout, "standard output");
}

static int print_text(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct check *c = &d->checks[i];
		char clean[1400];

		printf("%-4s  %-20s  %s\n", verdict_names[c->verdict], c->name,
		       view_clean(clean, sizeof(clean), c->finding, 320));
		if (c->remedy[0])
			printf("      %-20s  -> %s\n", "", c->remedy);
	}
	if (d->backend >= 0)
		printf("\nTracing works here with backend %s.\n", backend_name((enum backend)d->backend));
	else
		printf("\nTracing does not work here.\n");
	return output_finish(stdout, "standard output");
}

struct doctor_args {
	enum format format;
	const char *btf_path;
};

enum { OPT_FORMAT = 512, OPT_BTF };

static const struct argp_option options[] = {
	{ "format", OPT_FORMAT, "FORMAT", 0, "text or json (default: text)", 0 },
	{ "btf", OPT_BTF, "FILE", 0, "The kernel's BTF, where the kernel has none of its own", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct doctor_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		cmd_quiet(state);
		return 0;
	case OPT_FORMAT:
		if (format_parse(arg, false, &a->format))
			cmd_usage_error(state, "--format takes text or json, not '%s'", arg);
		return 0;
	case OPT_BTF:
		a->btf_path = arg;
		return 0;
	case ARGP_KEY_ARG:
		cmd_usage_error(state, "'%s' is too much: doctor takes options only", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Tell what this kernel and user can do, which backend would be used and why, and what to do "
	       "about "
	       "what is missing. Exit status 3 when tracing does not work here.",
};

int cmd_doctor(int argc, char **argv)
{
	static struct diagnosis d;
	struct doctor_args a = {};
	struct tracer_options o = {
		.ring_bytes = TRACER_RING_DEFAULT,
		.channels_max = TRACER_CHANNELS_DEFAULT,
	};
	int ret = cmd_parse(&argp, argc, argv, &a);

	if (ret)
		return ret;
	o.btf_path = a.btf_path;
	check_kernel(&d, a.btf_path);
	check_capabilities(&d);
	check_backends(&d, &o);
	check_open_files(&d, a.btf_path);
	check_containerd(&d);
	ret = a.format == FORMAT_JSON ? print_json(&d) : print_text(&d);
	node_scan_free(d.containerds, d.n_processes);
	if (ret)
		return ret;
	return d.backend >= 0 ? EXIT_OK : EXIT_UNSUPPORTED;
}
