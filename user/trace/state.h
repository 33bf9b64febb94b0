/* SPDX-License-Identifier: GPL-2.0-only */
/* The session's inside: tables of what is alive, and the functions by which its files serve each other. */
#ifndef SHIMSCOPE_TRACE_STATE_H
#define SHIMSCOPE_TRACE_STATE_H

#include "node/node.h"
#include "trace/hash.h"
#include "trace/session.h"

/* Channels without an operation for this long are forgotten; they come back with their next operation. */
#define CHANNEL_IDLE_NS (10LL * 1000000000)

struct trace_process {
	uint32_t id;
	uint32_t pid;
	int64_t start_ns;
	enum process_role role;
	bool told;     /* the sinks know it */
	bool target;   /* its resource use is followed */
	bool unwanted; /* a shim that the selection rules out */
	bool ended;
	int64_t ended_ns;
	char *shim_id, *namespace, *address;
	char comm[SS_COMM_LEN];		 /* from the kernel, "" if it did not tell */
	struct trace_channel *last_fifo; /* what a containerd read last */
	UT_hash_handle hh;		 /* by pid */
};

struct trace_channel {
	struct ss_channel_key key;
	uint32_t id;
	uint8_t transport;
	bool announced; /* the kernel told its name, or the open files did */
	bool append;	/* opened with O_APPEND, as log files are */
	bool bundle;	/* a file right in a bundle: what is written there describes a container */
	uint64_t peer_ino;
	char *path;
	uint8_t flags; /* enum ss_channel_flags */
	uint32_t mode;
	int64_t used_ns;
	uint32_t ends;
	UT_hash_handle hh; /* by key */
};

struct trace_link {
	struct {
		uint32_t from, to, process;
	} key;
	uint64_t votes; /* since the last window */
	UT_hash_handle hh;
};

struct trace_end {
	struct ss_end_key key;
	struct trace_channel *channel;
	struct trace_process *process;
	struct trace_link *link; /* voted for last */
	bool dirty;
	struct trace_end *next_dirty;
	struct counters n; /* of the open window */
	UT_hash_handle hh; /* by key */
};

struct trace_container {
	char *id;
	char *bundle;
	int64_t root_pid;
	int64_t shim_pid;
	bool complete;	   /* its init process and shim are known as well */
	UT_hash_handle hh; /* by id */
};

/* A bundle whose configuration was being written when it was looked at. */
struct trace_pending {
	char *bundle;
	int64_t root_pid;
	int tries;
	struct trace_pending *next;
};

/* Where bundles lie. */
struct trace_state_dir {
	char *path;
	int64_t root_pid; /* a containerd or shim that sees it */
	struct trace_state_dir *next;
};

struct thread_read {
	uint32_t tid;
	struct trace_channel *channel;
	uint64_t bytes;
};
#define THREAD_READS 4096 /* a power of two; a collision loses one vote */

struct session {
	struct session_options o;
	struct tracer *tracer;
	struct fact_sink sinks[SESSION_SINKS];
	size_t n_sinks;
	int sink_error;

	struct trace_process *processes;
	struct trace_channel *channels;
	struct trace_end *ends;
	struct trace_end *dirty;
	struct trace_link *links;
	struct trace_container *containers;
	struct trace_pending *pending;
	struct trace_state_dir *state_dirs;
	struct thread_read reads[THREAD_READS];

	uint32_t next_process, next_channel;
	size_t unannounced; /* channels whose name is not known yet */
	size_t n_targets;
	int64_t start_ns, start_realtime_ns;
	int64_t window_start_ns;
	uint64_t windows;
	uint64_t swept, processes_dropped;
	bool stopping;
	bool hurry;	     /* the ring fills, or a name is missing */
	int64_t named_ns;    /* open files were asked for names */
	bool versions_known; /* of the binaries seen at the start: a new process's is soon told */
	struct trace_details *details;
	struct openfiles *files;
	size_t memory_next; /* whose memory is looked at next */
};

int64_t clock_ns(int clock);

/* Tell the sinks. Errors are kept in s->sink_error; a session with one goes on silently until asked. */
#define SESSION_EMIT(s, kind, fact)                                                     \
	do {                                                                            \
		for (size_t i_ = 0; i_ < (s)->n_sinks; i_++) {                          \
			int err_ = 0;                                                   \
			if ((s)->sinks[i_].kind)                                        \
				err_ = (s)->sinks[i_].kind((s)->sinks[i_].ctx, (fact)); \
			if (err_ && !(s)->sink_error)                                   \
				(s)->sink_error = err_;                                 \
		}                                                                       \
	} while (0)

/* processes.c */
struct trace_process *process_get(struct session *s, uint32_t pid);
struct trace_process *process_get_as(struct session *s, uint32_t pid, enum process_role hint);
void process_add_found(struct session *s, const struct node_process *found);
void process_add_unwanted(struct session *s, const struct node_process *found);
void process_event(struct session *s, const struct ss_process *rec);
void process_describe(struct session *s, struct trace_process *p);
/* Make sure that the sinks know it: before facts that name it. */
void process_tell(struct session *s, struct trace_process *p);
void processes_rescan(struct session *s);
void processes_usage(struct session *s, bool memory_of_all);
void processes_evict(struct session *s);
void processes_free(struct session *s);

/* selection.c */
bool selection_wants_containerd(const struct session_selection *sel, const char *address);
bool selection_wants_shim(const struct session *s, const struct node_process *shim);

/* channels.c */
struct trace_channel *channel_get(struct session *s, const struct ss_channel_key *key, uint8_t transport);
void channel_announced(struct session *s, const struct ss_channel *rec);
/* path may be NULL. */
void channel_named(struct session *s, struct trace_channel *c, const char *path, uint8_t flags,
		   uint64_t peer_ino, uint32_t mode);
void channel_used(struct session *s, struct trace_channel *c, int64_t ns);
struct trace_end *end_get(struct session *s, const struct ss_end_key *key);
void channels_evict(struct session *s);
void ends_of_process_drop(struct session *s, struct trace_process *p);
void channels_free(struct session *s);

/* ops.c */
void op_record(struct session *s, const struct ss_op *op);
void fold_record(struct session *s, const struct ss_end_key *key, const struct ss_fold *fold);

/* windows.c */
void window_close(struct session *s, int64_t end_ns);
void loss_emit(struct session *s);

/* containers.c */
void container_of_bundle(struct session *s, int64_t root_pid, const char *bundle);
/* A FIFO's name was seen: make the container that it belongs to known. */
void container_of_fifo(struct session *s, const char *path, struct trace_process *by);
void containers_of_state(struct session *s, const char *state, int64_t root_pid);
void containers_retry(struct session *s);
void containers_free(struct session *s);

/* details.c */
void details_start(struct session *s);
/* Hand on what has been found; wait: until it has. */
void details_take(struct session *s, bool wait);

/* startup.c */
int open_files_watch(struct session *s, char *err, size_t err_size);
/* Holders, names and peers, by the open files. The caller may go on without: names come with operations. */
int open_files_read(struct session *s, char *err, size_t err_size);

#endif
