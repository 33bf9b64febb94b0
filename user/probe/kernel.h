/* SPDX-License-Identifier: GPL-2.0-only */
/* What this kernel can do, found by looking and trying, not from its version. */
#ifndef SHIMSCOPE_PROBE_KERNEL_H
#define SHIMSCOPE_PROBE_KERNEL_H

#include <stdbool.h>

struct btf;

struct kernel {
	struct btf *btf;    /* of vmlinux, NULL without */
	char lockdown[32];  /* "none", "integrity", "confidentiality", "" unknown */
	bool kprobes;	    /* the kernel has kprobes */
	bool task_storage;  /* BPF task storage (Linux 5.11) */
	bool rdonly_cast;   /* bpf_rdonly_cast (Linux 6.2) */
	bool kprobe_missed; /* links of kprobes tell how often they were skipped (Linux 6.7) */
	bool anon_pipe;	    /* pipes' functions are anon_pipe_* (Linux 6.15) */
};

/*
 * Look at the running kernel. btf_path: a BTF file in place of /sys/kernel/btf/vmlinux, or NULL.
 * Returns 0; -ENOENT without BTF (the rest is filled).
 */
int kernel_open(struct kernel *k, const char *btf_path);
void kernel_close(struct kernel *k);

/* Does the kernel have this function (BTF's view)? */
bool kernel_has_function(const struct kernel *k, const char *name);

#endif
