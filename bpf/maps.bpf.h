/* SPDX-License-Identifier: GPL-2.0 */
/* Maps and variables that the tracer's programs share. */
#ifndef SHIMSCOPE_MAPS_BPF_H
#define SHIMSCOPE_MAPS_BPF_H

#include "config.bpf.h"

/* What an operation's hook is; a begin and its end carry the same. */
enum hook {
	HOOK_NONE = 0,
	HOOK_SYSCALL,
	HOOK_PIPE,
	HOOK_UNIX,
	HOOK_VFS,
	HOOK_SPLICE, /* from here on: functions that call other hooked ones */
	HOOK_TEE,
	HOOK_VMSPLICE,
	HOOK_SENDFILE,
	HOOK_COPY,
	HOOK_SEQPACKET, /* calls the datagram socket's function on some kernels */
};

/* One side of an operation that is under way. */
struct op_side {
	struct ss_channel_key channel;
	__u8 transport;
	__u8 direction;
	__u8 flags; /* enum ss_op_flags */
	__u8 pad[5];
};

/* The operation that a thread is in; start_ns 0: none. */
struct op_state {
	__u64 start_ns;
	__u64 off_ns;  /* off the CPU so far */
	__u64 out_ns;  /* off the CPU since; 0: on it */
	__u64 arg;     /* what the end needs of the arguments */
	__u32 hook;    /* enum hook */
	__u32 depth;   /* hooks entered inside this operation: part of it */
	__u32 n;       /* sides in use */
	__u32 kind;    /* syscall backend: enum call_kind */
	__u64 file[2]; /* addresses of the sides' files while op_side_init() looks at them */
	struct op_side side[2];
};

/* Read and written by the loader at run time (mapped). */
__u32 mode = SS_MODE_OFF; /* enum ss_mode */
struct ss_stats stats = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20); /* set by the loader */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32); /* tgid */
	__type(value, struct ss_target);
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768); /* set by the loader */
	__type(key, struct ss_channel_key);
	__type(value, struct ss_channel_state);
} channels SEC(".maps");

/*
 * Overflow. The loader sweeps it in turns: it puts the other map in place (the kernel waits in that update
 * until no program still uses the old one: maybe_wait_bpf_programs, kernel/bpf/syscall.c) and empties the
 * old. Values are added to atomically instead of per CPU: since Linux 5.12 a program can be preempted by
 * another one on its CPU, so per-CPU values are not exact.
 */
struct fold_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct ss_end_key);
	__type(value, struct ss_fold);
} folds_a SEC(".maps"), folds_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct fold_map);
} folds SEC(".maps") = { .values = { &folds_a } };

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct op_state);
} ops_task SEC(".maps");

/* In place of task storage before Linux 5.11. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32); /* tid */
	__type(value, struct op_state);
} ops_hash SEC(".maps");

#define STAT_ADD(field, n) __sync_fetch_and_add(&stats.field, (n))
#define STAT_INC(field)	   STAT_ADD(field, 1)

#endif
