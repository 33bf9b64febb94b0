// SPDX-License-Identifier: GPL-2.0-only
#include "probe/backend.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

static const struct {
	const char *name, *prefix, *return_prefix, *description;
} backends[BACKEND_COUNT] = {
	[BACKEND_FENTRY] = { "fentry", "fentry_", "fexit_", "trampolines at the kernel's functions" },
	[BACKEND_KPROBE] = { "kprobe", "kprobe_", "kretprobe_", "breakpoints at the kernel's functions" },
	[BACKEND_SYSCALL] = { "syscall", "syscall_", "syscall_",
			      "tracepoints at all system calls; measures whole calls, does not see "
			      "io_uring" },
};

/* A function without which a backend would miss bytes silently. */
static const char *const needed[] = { "unix_stream_sendmsg", "unix_stream_recvmsg", "unix_dgram_sendmsg",
				      "unix_dgram_recvmsg",  "vfs_write",	    "vfs_read" };

const char *backend_name(enum backend b)
{
	return b < BACKEND_COUNT ? backends[b].name : "auto";
}

const char *backend_description(enum backend b)
{
	return b < BACKEND_COUNT ? backends[b].description : "the best that works here";
}

int backend_parse(const char *name, enum backend *ret)
{
	if (strcmp(name, "auto") == 0) {
		*ret = BACKEND_AUTO;
		return 0;
	}
	for (int b = 0; b < BACKEND_COUNT; b++) {
		if (strcmp(name, backends[b].name) == 0) {
			*ret = b;
			return 0;
		}
	}
	return -EINVAL;
}

/* The kernel function behind a program's section: "fentry/pipe_write" → "pipe_write". */
static const char *program_function(const struct bpf_program *prog)
{
	const char *slash = strchr(bpf_program__section_name(prog), '/');

	return slash ? slash + 1 : "";
}

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_backend_program(const char *name)
{
	for (int b = 0; b < BACKEND_COUNT; b++)
		if (has_prefix(name, backends[b].prefix) || has_prefix(name, backends[b].return_prefix))
			return true;
	return false;
}

int backend_select(enum backend b, const struct kernel *k, struct bpf_object *obj, char *why, size_t why_size)
{
	struct bpf_program *prog;
	bool functions = b != BACKEND_SYSCALL;

	if (functions) {
		const char *pipe = k->anon_pipe ? "anon_pipe_write" : "pipe_write";

		if (!kernel_has_function(k, pipe)) {
			snprintf(why, why_size, "the kernel has no function pipe_write or anon_pipe_write");
			return -EOPNOTSUPP;
		}
		for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
			if (!kernel_has_function(k, needed[i])) {
				snprintf(why, why_size, "the kernel has no function %s", needed[i]);
				return -EOPNOTSUPP;
			}
		}
	}
	if (b == BACKEND_KPROBE && !k->kprobes) {
		snprintf(why, why_size, "the kernel has no kprobes (CONFIG_KPROBE_EVENTS)");
		return -EOPNOTSUPP;
	}
	bpf_object__for_each_program (prog, obj) {
		const char *name = bpf_program__name(prog);
		bool load = true;

		if (is_backend_program(name)) {
			load = has_prefix(name, backends[b].prefix) ||
			       has_prefix(name, backends[b].return_prefix);
			if (load && functions)
				load = kernel_has_function(k, program_function(prog));
		}
		bpf_program__set_autoload(prog, load);
	}
	return 0;
}
