/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model's inside. What facts said lives in tables until it is evicted (struct object, process, tally,
 * holder, link, container); what a resolve concluded from them lives in an arena until the next one
 * (struct channel and all that model.h shows).
 */
#ifndef SHIMSCOPE_MODEL_STATE_H
#define SHIMSCOPE_MODEL_STATE_H

#include "model/arena.h"
#include "model/hash.h"
#include "model/model.h"

/* Samples of resource use kept to find those at a window's borders. */
#define USAGE_RECENT 8

struct usage_sample {
	int64_t ns, cpu_ns, user_ns, system_ns;
};

struct process {
	struct model_process pub;
	bool used;					 /* first is set */
	struct usage_sample first, recent[USAGE_RECENT]; /* oldest first */
	size_t n_recent;
	int64_t ended_ns;
	int64_t held_ns;				/* when its open files were told last */
	size_t references;				/* tallies, holders and links that name it */
	uint64_t evicted_cpu_ns, evicted_window_cpu_ns; /* of its ends on evicted channels */
	UT_hash_handle hh;
};

/* A channel as the trace announced it: one kernel object, so of a UNIX pair one socket. */
struct object {
	uint32_t id, dev, gen, mode;
	enum transport transport;
	uint64_t ino, peer_ino;
	char *path;
	bool path_truncated;
	uint64_t seq;		 /* when it appeared, among all facts */
	int64_t seen_ns;	 /* last announced or used */
	struct channel *channel; /* of the last resolve */
	struct object *next_of_channel;
	struct grave *grave; /* while it is evicted */
	UT_hash_handle hh;
};

struct window_counters {
	struct counters n;
	struct tally *tally; /* NULL: evicted */
	struct window_counters *next;
};

struct tally_key {
	uint32_t object, process, direction;
};

/* What one process did with one object in one direction. */
struct tally {
	struct tally_key key;
	struct object *object;
	struct process *process;
	struct counters total;
	struct window_counters *window; /* NULL: nothing in this window */
	UT_hash_handle hh;
};

struct holder_key {
	uint32_t process;
	int32_t fd;
};

/* A descriptor has one file at a time: a later fact moves it. */
struct holder {
	struct holder_key key;
	struct object *object;
	struct process *process;
	uint32_t f_flags;
	int64_t pipe_bytes, pipe_size;
	int64_t ns; /* when it was told last */
	UT_hash_handle hh;
};

struct link_key {
	uint32_t from, to, process;
};

struct link {
	struct link_key key;
	struct object *from, *to;
	struct process *process;
	uint64_t votes;
	UT_hash_handle hh;
};

/* Container ids are unique on a node's one containerd, but a node can have several, and namespaces. */
struct container {
	struct model_container pub;
	struct container *same_id;
	uint64_t seq;	 /* when it appeared, among all facts */
	int64_t seen_ns; /* last fact */
	bool shim_seen;	 /* among the processes */
	/* Of a resolve: */
	size_t order;
	struct container *next_of_name, *next_of_dir; /* in a struct place */
	struct channel *logs[2];		      /* its stdout and stderr FIFOs */
	size_t waiting_logs; /* container-log FIFOs, those of execs as well, without their container-output */
	size_t channels, log_files;
	UT_hash_handle hh;
};

struct runtime {
	struct model_runtime pub;
	UT_hash_handle hh;
};

/* Where the numbers of ends go that name an evicted channel. */
struct grave {
	uint8_t transport, protocol; /* transport 0: not evicted */
	bool counted;		     /* among its row's channels */
	uint32_t window;	     /* the last in which it was used, of the trace's windows */
};

#define GRAVES_PER_PAGE 1024

struct grave_page {
	uint32_t number;
	struct grave graves[GRAVES_PER_PAGE];
	UT_hash_handle hh;
};

/* A row's share of evicted channels. */
struct evicted_row {
	struct counters total, window;
	uint64_t channels, window_channels;
};

struct state {
	struct process *processes;
	struct object *objects;
	struct tally *tallies;
	struct holder *holders;
	struct link *links;
	struct container *containers;
	struct runtime *runtimes;
	struct window_counters *active, *spare;
	struct grave_page *graves;
	struct evicted_row evicted[TRANSPORT_COUNT][PROTOCOL_COUNT];
	struct fact_window window; /* the last, once m->trace.windows is not 0 */
	int64_t end_ns;		   /* the trace's, FACT_UNKNOWN before its end */
	int64_t now_ns;		   /* how far the facts have come */
	uint64_t seq;
	bool changed; /* since the last resolve */
	enum model_scope scope;
	struct arena arena;
	struct channel **channels;
	size_t n_channels;
};

/* A set of process roles. */
#define ROLE_BIT(role) (1U << (role))

/* What the holders say: which of a container's descriptors a channel is. */
#define FD_STDIN  (1U << 0)
#define FD_STDOUT (1U << 1)
#define FD_STDERR (1U << 2)

/* One of a model's channels while it is resolved. */
struct channel {
	struct model_channel pub;
	uint32_t dev, gen;
	uint64_t ino, peer_ino;
	size_t order; /* in m->channels */
	uint64_t seq; /* of its first object */
	struct object *objects;
	bool forgotten;	       /* evicted just now */
	struct channel *older; /* the same key under another name */
	struct channel *pair;  /* UNIX: what the other socket was taken for */
	bool absorbed;	       /* it is part of pair */
	unsigned int n_naming; /* sockets that name this one as their peer */
	char *other_path;      /* the other socket's, where both have one */
	struct tally **tallies;
	size_t n_tallies;
	/* From its ends since the trace began, in whatever scope: */
	uint64_t bytes_in, bytes_out;
	struct process *top_writer, *top_reader;       /* of the most bytes */
	struct process *shim_writer, *shim_reader;     /* ends, else holders */
	unsigned int writers, readers;		       /* ROLE_BITs of its ends */
	unsigned int holding_writers, holding_readers; /* and of its holders */
	/* Whose it is: */
	struct container *ct;
	struct container *fd_ct; /* whose first process holds it, on these descriptors: */
	unsigned int fds;
	struct container *writer_ct; /* whose process writes it */
	struct channel *mate;	     /* container-output and container-log of one stream; stdin's likewise */
	struct place *place;	     /* a log file that may be any of these containers' */
	bool place_named;	     /* they are those of its name, not all of its directory */
	unsigned int tie;	     /* while links are matched */
	size_t tie_round;
	bool ambiguous;
};

/* Containers that log to files under one directory or with one name there. */
struct place {
	struct container *first;
	size_t n;
};

/* Votes between two channels, all objects and processes added up. */
struct vote {
	struct channel *from, *to;
	unsigned int processes; /* ROLE_BITs */
	uint64_t votes;
};

/* What one model_resolve() works with. */
struct resolve {
	struct model *m;
	struct state *st;
	struct arena *arena;
	enum model_scope scope;
	struct channel **channels;
	size_t n_channels;
	struct container **containers;
	size_t n_containers;
	struct vote *votes; /* from, to in the order of channels */
	size_t n_votes;
	size_t rounds;		/* of matching links */
	struct index keys;	/* struct channel_key: the youngest channel */
	struct index ids;	/* channel id: struct id_use */
	struct index addresses; /* socket address: struct address_use */
	struct index bundles;	/* directory: struct container */
	struct index pids;	/* int64_t: struct pid_use */
	struct index dirs;	/* log directory: struct place */
	struct index names;	/* "<log directory>/<container name>": struct place */
	struct index found;	/* id of a container that only its FIFOs told of: struct container */
};

/* What containers say about a pid. */
struct pid_use {
	int64_t pid;
	struct container *init; /* its first process */
	struct container *only; /* of the containers that this shim serves, sandboxes aside */
	size_t served;
};

static inline struct state *state_of(const struct model *m)
{
	return m->priv;
}

/* Move what a pointer says to a copy of its own; NULL says nothing. Returns 0 or -ENOMEM. */
int text_set(char **to, const char *from);

/* Forget what was resolved, so that nothing points to what is freed or changed next. */
void model_blank(struct model *m);

/* Free what is fed. */
void state_free(struct model *m);
/* The first container of an id, NULL when there is none; others follow by same_id. */
struct container *state_find_container(const struct state *st, const char *id, size_t len);

/* evict.c: what facts about an evicted channel come to. NULL when it is not evicted. */
struct grave *grave_find(struct state *st, uint32_t object);
void grave_count(struct model *m, struct grave *g, struct process *p, const struct counters *n);
void graves_free(struct state *st);

/* The steps of a resolve, in their order. Each returns 0 or -ENOMEM. */
int pairing_resolve(struct resolve *r);	 /* objects to channels with ends and holders */
int evidence_resolve(struct resolve *r); /* indexes over containers and runtimes, what ends and holders say */
int identity_resolve(struct resolve *r); /* roles that names tell */
int votes_resolve(struct resolve *r);	 /* links */
int matching_resolve(struct resolve *r); /* container-output and -stdin, by links and holders */
int log_files_resolve(struct resolve *r); /* whose log file */
int streams_resolve(struct resolve *r);
int rows_resolve(struct resolve *r); /* transports, processes, losses */

/* A tally's counters in a scope; NULL when it counted nothing there. */
const struct counters *tally_counters(const struct tally *t, enum model_scope scope);

/*
 * The container of an id that a name gave, NULL when none is known. Where several have it: the one that
 * the channel's shim or path belongs to. add: a container unknown to the facts is made up from its id.
 * *err is set to -ENOMEM when that fails.
 */
struct container *container_named(struct resolve *r, const struct channel *ch, const char *id, size_t len,
				  bool add, int *err);

/* What containers say about a pid; NULL: nothing. */
const struct pid_use *pid_find(const struct resolve *r, int64_t pid);

/* The only container that this shim serves; NULL: none or several. */
struct container *shim_only_container(const struct resolve *r, const struct process *shim);

/* Say whose bytes a channel's are. */
void channel_give(struct channel *ch, struct container *ct);

#endif
