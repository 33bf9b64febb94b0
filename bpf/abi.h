/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records and keys shared by the BPF programs (bpf/) and the loader (user/probe/).
 * The only header that both worlds include: fixed-width members, no pointers, no padding holes.
 */
#ifndef SHIMSCOPE_ABI_H
#define SHIMSCOPE_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define SS_COMM_LEN	16
/*
 * Room for a channel's path in a record. File paths are NUL-terminated components, leaf first (the way
 * the kernel's dentries lead); a socket's address is its sun_path as it is. What does not fit is cut at
 * the root's side and flagged.
 */
#define SS_PATH_LEN	1024
#define SS_NAME_LEN	256
/* log2 histogram sizes: call sizes stop at MAX_RW_COUNT (< 2^31), CPU times at 2^40 ns (18 min). */
#define SS_SIZE_BUCKETS 32
#define SS_CPU_BUCKETS	40

/* The kind of kernel object that bytes pass through. Values are on disk: append only. */
enum ss_transport {
	SS_TRANSPORT_NONE = 0,
	SS_TRANSPORT_PIPE = 1,
	SS_TRANSPORT_FIFO = 2,
	SS_TRANSPORT_UNIX_STREAM = 3,
	SS_TRANSPORT_UNIX_DGRAM = 4,
	SS_TRANSPORT_UNIX_SEQPACKET = 5,
	SS_TRANSPORT_PTY = 6,
	SS_TRANSPORT_FILE = 7,
	SS_TRANSPORT_COUNT
};

enum ss_direction {
	SS_READ = 0,
	SS_WRITE = 1,
};

/*
 * What a channel is, for as long as it exists. ino and dev as stat(2) reports them (dev in the
 * kernel's major << 20 | minor form); gen is i_generation where the file system reuses inode numbers
 * (ext4, xfs), the mount namespace's sequence for a pty, 0 otherwise. A UNIX socket's key is that of
 * one socket: its pair is found through the peer's inode.
 */
struct ss_channel_key {
	__u64 ino;
	__u32 dev;
	__u32 gen;
};

/* One process using one channel in one direction. */
struct ss_end_key {
	struct ss_channel_key channel;
	__u32 tgid;
	__u8 transport; /* enum ss_transport */
	__u8 direction; /* enum ss_direction */
	__u16 pad;
};

enum ss_record_type {
	SS_RECORD_OP = 1,
	SS_RECORD_CHANNEL = 2,
	SS_RECORD_PROCESS = 3,
};

enum ss_op_flags {
	SS_OP_MOVED = 1 << 0,	/* bytes passed by reference (splice and kin), not copied */
	SS_OP_PEEK = 1 << 1,	/* MSG_PEEK: copied, but the same bytes are read again later */
	SS_OP_UNTIMED = 1 << 2, /* its times are not known (it began before the trace did) */
	SS_OP_STAY = 1 << 3,	/* tee's source: the bytes stay where they are */
};

/* One completed operation. 64 bytes, 72 in the ring buffer. */
struct ss_op {
	__u8 type;	/* SS_RECORD_OP */
	__u8 transport; /* enum ss_transport */
	__u8 direction; /* enum ss_direction */
	__u8 flags;	/* enum ss_op_flags */
	__u32 tgid;
	__u32 tid;
	__s32 error;  /* 0, or the negative errno that the call returned */
	__u64 bytes;  /* what the call returned, 0 on error */
	__u64 end_ns; /* CLOCK_MONOTONIC when the operation ended */
	__u64 cpu_ns; /* time on the CPU inside the operation */
	__u64 off_ns; /* time off the CPU inside the operation: asleep or waiting for a CPU */
	struct ss_channel_key channel;
};

enum ss_channel_flags {
	SS_CHANNEL_PATH_TRUNCATED = 1 << 0,
	SS_CHANNEL_PATH_OF_PEER = 1 << 1, /* the socket address belongs to the other socket */
	SS_CHANNEL_ABSTRACT = 1 << 2,	  /* an abstract socket address: path lacks the leading NUL */
};

/* A channel is announced with the first operation on it, and again when its peer becomes known. */
struct ss_channel {
	__u8 type;	/* SS_RECORD_CHANNEL */
	__u8 transport; /* enum ss_transport */
	__u8 direction; /* of the operation that announced it */
	__u8 flags;	/* enum ss_channel_flags */
	__u32 tgid;	/* process that announced it */
	struct ss_channel_key key;
	__u64 peer_ino; /* UNIX socket: inode of the peer, 0 when there is none yet */
	__u32 mode;	/* S_IFMT and permission bits */
	__u32 path_len; /* bytes of path used */
	__u32 f_flags;	/* open(2) flags of the file that announced it */
	__u32 pad;
	__u64 ns; /* CLOCK_MONOTONIC */
	char path[SS_PATH_LEN];
};

enum ss_process_event {
	SS_PROCESS_FORK = 1,
	SS_PROCESS_EXEC = 2,
	SS_PROCESS_EXIT = 3,
};

/* Why a process is traced; a bit set. */
enum ss_target_flags {
	SS_TARGET_TRACED = 1 << 0,     /* its operations are recorded */
	SS_TARGET_CONTAINERD = 1 << 1, /* a containerd */
	SS_TARGET_SHIM = 1 << 2,       /* a shim */
	SS_TARGET_CANDIDATE = 1 << 3,  /* forked by a target, has not called exec yet */
	SS_TARGET_WRITER = 1 << 4,     /* descends from a shim: only its writes into watched channels count */
	SS_TARGET_FOLLOW = 1 << 5,     /* added by pid: its children are targets as well */
};

struct ss_process {
	__u8 type;  /* SS_RECORD_PROCESS */
	__u8 event; /* enum ss_process_event */
	__u16 pad;
	__u32 flags; /* enum ss_target_flags, after the event */
	__u32 tgid;
	__u32 ppid;
	__u64 ns;	  /* CLOCK_MONOTONIC */
	__u64 start_ns;	  /* CLOCK_BOOTTIME at which the process started */
	__u64 runtime_ns; /* exit: CPU time of all its threads, living and gone */
	char comm[SS_COMM_LEN];
};

/* What the ring buffer could not take, folded by end. Times in ns, sizes in bytes. */
struct ss_fold {
	__u64 calls;
	__u64 bytes;
	__u64 moved_bytes;
	__u64 peek_bytes;
	__u64 eagain;
	__u64 errors;
	__u64 cpu_ns;
	__u64 off_ns;
	__u64 untimed;
	__u32 size_log2[SS_SIZE_BUCKETS];
	__u32 cpu_log2[SS_CPU_BUCKETS];
};

/* Counters of everything that did not go as planned; all cumulative. */
struct ss_stats {
	__u64 folded;	 /* operations folded because the ring was full */
	__u64 fold_full; /* operations lost: ring and overflow map both full */
	__u64 fold_full_bytes;
	__u64 channel_full;    /* channel table full: the channel is counted, its name may be unknown */
	__u64 channel_dropped; /* announcements that the ring did not take (retried) */
	__u64 process_dropped; /* fork, exec or exit records that the ring did not take */
	__u64 target_full;     /* a process could not be added to the targets */
	__u64 state_full;      /* no state for an operation: counted, its times unknown */
	__u64 missed_end;      /* a begin without its end: an operation was not seen ending */
	__u64 missed_begin;    /* an end without its begin: counted, its times unknown */
	__u64 unseen_iouring;  /* io_uring_enter calls of targets: operations that this backend cannot see */
};

enum ss_mode {
	SS_MODE_OFF = 0,
	SS_MODE_SELFTEST = 1, /* only the tool's own process */
	SS_MODE_ON = 2,
};

/* One open file of one process, as the task_file iterator emits them (fixed size, back to back). */
struct ss_open_file {
	struct ss_channel_key key;
	__u64 peer_ino;
	__u32 tgid;
	__u32 fd;
	__u32 f_flags;	  /* open flags: O_ACCMODE, O_PATH, O_NONBLOCK, O_APPEND */
	__u32 mode;	  /* S_IFMT and permission bits */
	__u32 pipe_bytes; /* pipe or FIFO: bytes waiting in it */
	__u32 pipe_size;  /* pipe or FIFO: its capacity in bytes */
	__u8 transport;	  /* enum ss_transport */
	__u8 flags;	  /* enum ss_channel_flags */
	__u16 pad;
	__u32 path_len;
	char path[SS_PATH_LEN];
};

/* An entry of the channel table in the kernel. */
struct ss_channel_state {
	__u64 peer_ino;	 /* as announced */
	__u32 announced; /* user space has been told */
	__u32 watched;	 /* a pipe that a shim made: its writers' calls count */
};

struct ss_target {
	__u64 runtime_ns; /* CPU time of its threads that ended */
	__u32 flags;	  /* enum ss_target_flags */
	__u32 pad;
};

#endif
