// SPDX-License-Identifier: GPL-2.0
/*
 * The tracer's one object: every backend's entry points over the same bodies and maps. The loader loads
 * the programs of one backend. One translation unit, because libbpf's static linker (1.1) does not
 * resolve a kernel function that two objects refer to.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "sched.bpf.c"
#include "hook_fentry.bpf.c"
#include "hook_kprobe.bpf.c"
#include "hook_syscall.bpf.c"

char LICENSE[] SEC("license") = "GPL";
