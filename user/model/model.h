/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model: what a trace says about channels, containers and processes. It is fed with facts
 * (model_sink) by a live trace or a capture reader and read by the views; it knows neither the kernel
 * nor any output.
 *
 * Feed facts, then call model_resolve() before reading: it pairs sockets, gives channels their roles,
 * follows each stream over its hops and adds up the rows. Feeding and resolving may alternate (live).
 * All pointers read from the model are owned by it and valid until the next feed, resolve or free.
 */
#ifndef SHIMSCOPE_MODEL_MODEL_H
#define SHIMSCOPE_MODEL_MODEL_H

#include "model/fact.h"

/* The roles of interface.md, in its order. */
enum channel_role {
	ROLE_OTHER = 0,
	ROLE_CONTAINER_OUTPUT,
	ROLE_CONTAINER_LOG,
	ROLE_CONTAINER_STDIN,
	ROLE_SHIM_LOG,
	ROLE_LOG_FILE,
	ROLE_TTRPC_TASK,
	ROLE_TTRPC_EVENTS,
	ROLE_GRPC_API,
	ROLE_JOURNALD,
	ROLE_NRI,
	ROLE_DEBUG,
	ROLE_COUNT
};

enum protocol {
	PROTOCOL_UNKNOWN = 0,
	PROTOCOL_RAW,
	PROTOCOL_TTRPC,
	PROTOCOL_GRPC,
	PROTOCOL_HTTP,
	PROTOCOL_SYSLOG,
	PROTOCOL_COUNT
};

/* What rows cover: everything since the trace began, or the last window only. */
enum model_scope {
	MODEL_TOTAL = 0,
	MODEL_WINDOW,
};

struct model_process {
	uint32_t id;
	int64_t pid, ppid, start_ns;
	enum process_role role;
	char *comm, *exe, *go_version, *version, *namespace, *address, *container, *shim_id;
	/* Within the scope: differences; memory is the latest seen. FACT_UNKNOWN where not known. */
	int64_t cpu_ns, user_ns, system_ns, rss_bytes, pss_bytes, anon_bytes;
	uint64_t traced_cpu_ns; /* inside recorded operations */
	bool ended;
	void *priv;
};

struct model_channel;
struct model_container;

struct model_end {
	struct model_channel *channel;
	struct model_process *process;
	enum direction direction;
	struct counters n; /* within the resolved scope */
	void *priv;
};

struct model_holder {
	struct model_process *process;
	int fd;
	uint32_t f_flags;
	int64_t pipe_bytes, pipe_size;
	uint64_t socket_ino; /* UNIX: which of the two sockets */
};

struct model_channel {
	char *id; /* "fifo:DEV_MAJOR:DEV_MINOR:INO[:GEN]", "unix-stream:INO:PEERINO" (lower first, 0 unknown)
		   */
	enum transport transport;
	enum channel_role role;
	enum protocol protocol;
	char *path;	     /* NULL: none or unknown */
	bool path_truncated; /* only the end of the path is known */
	char *container;     /* container id whose bytes these are, NULL: none or unknown */
	const char *stream;  /* "stdout", "stderr", "stdin" or NULL */
	char *exec;	     /* exec id when the stream is an exec's, not the container's own */
	struct model_end **ends;
	size_t n_ends;
	struct model_holder *holders; /* from the open files */
	size_t n_holders;
	void *priv;
};

/*
 * One channel within a stream. in is what is written into it, out what is read from it, each the sum
 * over all ends of that direction; NULL where no such end was seen (then the bytes are unknown).
 */
struct model_hop {
	struct model_channel *channel;
	bool shared; /* another stream of the container goes here as well: the numbers are of both */
	enum process_role from, to;
	const struct model_end *in, *out;
};

struct model_stream {
	const char *stream;  /* "stdout", "stderr" */
	const char *exec;    /* NULL: the container's own */
	int64_t log_bytes;   /* what the container wrote (or the shim read from it, without --writers) */
	int64_t log_records; /* FACT_UNKNOWN when both streams of a container go to one file */
	int64_t file_bytes;  /* likewise */
	uint64_t copied_bytes, moved_bytes, calls, cpu_ns, blocked_ns, eagain;
	struct model_hop *hops; /* in the order of the way */
	size_t n_hops;
};

struct model_container {
	char *id, *namespace, *sandbox, *pod, *pod_namespace, *pod_uid, *name, *image, *bundle;
	char *log_directory, *log_path, *address;
	bool is_sandbox, tty;
	int64_t shim_pid, init_pid;
	struct model_stream *streams; /* stdout, stderr */
	size_t n_streams;
	struct model_stream *execs; /* streams of execs in this container */
	size_t n_execs;
	/* Over stdout and stderr: */
	int64_t log_records, file_bytes, log_bytes;
	uint64_t copied_bytes, calls, cpu_ns;
	void *priv;
};

/* A row of the side by side: all channels of one transport and protocol. */
struct model_transport {
	enum transport transport;
	enum protocol protocol;
	uint64_t channels; /* with at least one call in the scope */
	struct counters n;
};

struct model_runtime {
	int64_t pid;
	char *version, *go_version, *exe, *address, *ttrpc_address, *debug_address, *state, *root;
	char *config_path, *config_text, *config_sha256;
};

struct model {
	struct {
		char *hostname, *kernel, *arch, *boot_id;
		int64_t cpus;
	} host;
	struct {
		char *tool_version, *backend, *note, *selection;
		int64_t start_realtime_ns, start_ns, interval_ns;
		int64_t duration_ns;	   /* of the scope */
		int64_t scope_realtime_ns; /* CLOCK_REALTIME at which the scope begins */
		int64_t now_ns; /* CLOCK_MONOTONIC: how far the facts have come, the last window's end */
		uint64_t windows;
		bool writers;
		bool complete; /* the end mark was seen */
	} trace;
	struct fact_loss loss;
	bool exact; /* every total is known to be complete */

	/* Arrays of pointers in order of appearance; rows below are filled by model_resolve(). */
	struct model_runtime **runtimes;
	size_t n_runtimes;
	struct model_process **processes;
	size_t n_processes;
	struct model_channel **channels;
	size_t n_channels;
	struct model_container **containers;
	size_t n_containers;
	struct model_transport *transports; /* by CPU time, dearest first */
	size_t n_transports;
	void *priv;
};

/* A new, empty model; NULL when out of memory. Free with model_free(). */
struct model *model_new(void);
void model_free(struct model *m);

/* The sink that feeds the model; its functions return -ENOMEM, or -EINVAL for facts that contradict. */
struct fact_sink model_sink(struct model *m);

/*
 * Resolve everything fed so far for a scope. May be called again after more facts.
 * Returns 0 or -ENOMEM.
 */
int model_resolve(struct model *m, enum model_scope scope);

/*
 * Forget channels without a holder or call since before_ns (CLOCK_MONOTONIC), adding their counters to
 * the transports' rows: keeps a long live trace's memory flat. With them go processes that ended before
 * that and containers whose shim did. A channel is kept while a living process holds it, as far as the
 * process's latest holder facts tell. Ends, holders and links may still name a forgotten channel: their
 * counters go to its row, until the channel is announced anew.
 *
 * Resolves (for the scope of the last time) before, and again after anything was forgotten; pointers
 * read before are not valid then. Returns the number of channels forgotten.
 */
size_t model_evict(struct model *m, int64_t before_ns);

const char *transport_name(enum transport t);	    /* "unix-stream" */
const char *channel_role_name(enum channel_role r); /* "container-log" */
const char *protocol_name(enum protocol p);	    /* "ttrpc" */
const char *process_role_name(enum process_role r); /* "shim" */
const char *direction_name(enum direction d);	    /* "read" */

/*
 * What facts of this id are about; NULL when it is unknown or forgotten, and of a channel when nothing was
 * resolved since the last feed.
 */
const struct model_channel *model_channel_of(const struct model *m, uint32_t id);
const struct model_process *model_process_of(const struct model *m, uint32_t id);

void counters_add(struct counters *to, const struct counters *n);

#endif
