/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts: what a trace learns, in the order it learns it. A trace session and a capture reader produce
 * facts, a capture writer and the model consume them, so that a report from the kernel and a report
 * from a file are the same report.
 *
 * Every string and array in a fact is borrowed: valid during the call, copied by who keeps it. A NULL
 * string means unknown. A number that can be unknown is FACT_UNKNOWN then. Times in ns, sizes in bytes.
 */
#ifndef SHIMSCOPE_MODEL_FACT_H
#define SHIMSCOPE_MODEL_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FACT_UNKNOWN	  INT64_MIN
#define FACT_SIZE_BUCKETS 32
#define FACT_CPU_BUCKETS  40

/* The same values as enum ss_transport in bpf/abi.h; on disk: append only. */
enum transport {
	TRANSPORT_NONE = 0,
	TRANSPORT_PIPE,
	TRANSPORT_FIFO,
	TRANSPORT_UNIX_STREAM,
	TRANSPORT_UNIX_DGRAM,
	TRANSPORT_UNIX_SEQPACKET,
	TRANSPORT_PTY,
	TRANSPORT_FILE,
	TRANSPORT_COUNT
};

enum direction {
	DIRECTION_READ = 0,
	DIRECTION_WRITE = 1,
};

/* On disk: append only. */
enum process_role {
	PROCESS_OTHER = 0,
	PROCESS_CONTAINERD,
	PROCESS_SHIM,
	PROCESS_WRITER,
	PROCESS_CLIENT,
	PROCESS_ROLE_COUNT
};

struct fact_host {
	const char *hostname;
	const char *kernel; /* uname -r */
	const char *arch;   /* uname -m */
	const char *boot_id;
	int64_t cpus; /* online */
};

/* How the trace was taken. */
struct fact_trace {
	const char *tool_version;
	const char *backend;	   /* "fsession", "fentry", "kprobe", "syscall" */
	const char *note;	   /* of --note, NULL without */
	const char *selection;	   /* the selecting options as given, NULL for everything */
	int64_t start_realtime_ns; /* CLOCK_REALTIME at start_ns */
	int64_t start_ns;	   /* CLOCK_MONOTONIC: the first window begins */
	int64_t interval_ns;
	bool writers; /* --writers */
};

/* One containerd. */
struct fact_runtime {
	int64_t pid;
	const char *version;	/* "1.6.20~ds1" as the binary says it */
	const char *go_version; /* "go1.19.8" */
	const char *exe;
	const char *address; /* gRPC socket */
	const char *ttrpc_address;
	const char *debug_address;
	const char *state;
	const char *root;
	const char *config_path;
	const char *config_text;   /* secrets redacted */
	const char *config_sha256; /* hex, of the file as it is on disk */
};

/* id: numbered by the trace from 1 on; a later fact with the same id completes the earlier one. */
struct fact_process {
	uint32_t id;
	int64_t pid;
	int64_t ppid;
	int64_t start_ns; /* CLOCK_MONOTONIC; negative: before the machine was last suspended */
	enum process_role role;
	const char *comm;
	const char *exe;
	const char *go_version;
	const char *version;   /* containerd, shim */
	const char *namespace; /* shim: -namespace */
	const char *address;   /* containerd: its own; shim: of the containerd it serves (-address) */
	const char *container; /* writer: container id */
	const char *shim_id;   /* shim: -id (a sandbox or container id) */
};

/* Resource use of a process: cumulative CPU, current memory. */
struct fact_usage {
	uint32_t process;
	int64_t ns; /* CLOCK_MONOTONIC */
	int64_t cpu_ns;
	int64_t user_ns;
	int64_t system_ns;
	int64_t rss_bytes;
	int64_t pss_bytes;
	int64_t anon_bytes;
	bool final; /* the process has ended: cpu_ns is its last word */
};

/*
 * One channel, or one socket of a UNIX pair. id: numbered by the trace from 1 on; a later fact with the
 * same id completes the earlier one (a peer becomes known, a name is resolved).
 */
struct fact_channel {
	uint32_t id;
	enum transport transport;
	uint32_t dev;
	uint64_t ino;
	uint32_t gen;
	uint32_t mode;	     /* S_IFMT and permission bits, 0 unknown */
	uint64_t peer_ino;   /* UNIX: inode of the peer socket, 0 unknown */
	const char *path;    /* file name; socket address ("@name" if abstract); NULL for none or unknown */
	bool path_truncated; /* only the end of the path is known */
	bool path_of_peer;   /* the address is bound to the peer socket */
};

/* Who holds a channel open, from the open files. */
struct fact_holder {
	uint32_t channel;
	uint32_t process;
	int fd;
	uint32_t f_flags;   /* open(2) flags: access mode, O_PATH, O_NONBLOCK, O_APPEND */
	int64_t pipe_bytes; /* waiting in the pipe or FIFO, FACT_UNKNOWN for others */
	int64_t pipe_size;
};

/* One container or sandbox, from its bundle. */
struct fact_container {
	const char *id;
	const char *namespace; /* containerd namespace */
	const char *sandbox;   /* sandbox id, NULL without CRI */
	bool is_sandbox;
	const char *pod;
	const char *pod_namespace;
	const char *pod_uid;
	const char *name;
	const char *image;
	const char *bundle;	   /* directory */
	const char *log_directory; /* of the pod */
	bool tty;
	int64_t shim_pid;
	int64_t init_pid;
	const char *address; /* gRPC socket of its containerd */
};

/*
 * Evidence that bytes read from one channel are written to another by one process: how often a read
 * was followed by a write of no more bytes (votes since the last fact about this pair).
 */
struct fact_link {
	uint32_t from; /* channel read */
	uint32_t to;   /* channel written */
	uint32_t process;
	uint64_t votes;
};

/* Counters of an end; of one window when in a fact. */
struct counters {
	uint64_t calls;	      /* completed operations, EAGAIN and errors among them */
	uint64_t bytes;	      /* returned: copied between user and kernel, peeked ones excluded */
	uint64_t moved_bytes; /* splice and kin */
	uint64_t peek_bytes;  /* MSG_PEEK */
	uint64_t eagain;
	uint64_t errors; /* other than EAGAIN */
	uint64_t cpu_ns;
	uint64_t blocked_ns;		       /* off the CPU inside the operation */
	uint64_t untimed;		       /* calls whose times are unknown (begun before the trace) */
	uint64_t size_log2[FACT_SIZE_BUCKETS]; /* of calls that did not fail */
	uint64_t cpu_log2[FACT_CPU_BUCKETS];   /* of timed calls */
};

struct fact_window {
	uint64_t index;
	int64_t start_ns; /* CLOCK_MONOTONIC */
	int64_t duration_ns;
};

/* What an end did in the window announced last. */
struct fact_end {
	uint32_t channel;
	uint32_t process;
	enum direction direction;
	const struct counters *counters;
};

/* Everything that did not go as planned; cumulative; FACT_UNKNOWN where this kernel cannot tell. */
struct fact_loss {
	int64_t ring_dropped; /* operations lost: neither the ring nor the overflow map took them */
	int64_t folded;	      /* operations folded in the kernel: counted, but without their moment */
	int64_t map_full;     /* times that a kernel table was full */
	int64_t hook_missed;  /* hooks that the kernel skipped, begins without an end */
	int64_t unseen;	      /* calls that carry data which the backend cannot see (io_uring) */
	int64_t untimed;      /* operations counted without times */
};

/* The trace ended by itself: nothing is missing after this. */
struct fact_finish {
	int64_t end_ns; /* CLOCK_MONOTONIC */
};

/*
 * A consumer of facts. Any member may be NULL: such facts are passed over. Each returns 0 or a negative
 * errno, which ends the producer. Order: host and trace first; a process, channel or container before
 * facts that name it; window before its ends.
 */
struct fact_sink {
	void *ctx;
	int (*host)(void *ctx, const struct fact_host *f);
	int (*trace)(void *ctx, const struct fact_trace *f);
	int (*runtime)(void *ctx, const struct fact_runtime *f);
	int (*process)(void *ctx, const struct fact_process *f);
	int (*usage)(void *ctx, const struct fact_usage *f);
	int (*channel)(void *ctx, const struct fact_channel *f);
	int (*holder)(void *ctx, const struct fact_holder *f);
	int (*container)(void *ctx, const struct fact_container *f);
	int (*link)(void *ctx, const struct fact_link *f);
	int (*window)(void *ctx, const struct fact_window *f);
	int (*end)(void *ctx, const struct fact_end *f);
	int (*loss)(void *ctx, const struct fact_loss *f);
	int (*finish)(void *ctx, const struct fact_finish *f);
};

#endif
