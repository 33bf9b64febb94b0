/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of user/node share among themselves; nobody else includes it.
 *
 * Everything read here belongs to somebody else: a process can vanish or change between two reads,
 * a file can be a device, a symbolic link out of its directory, or endless. So all reads are
 * bounded, and a process's files are opened relative to one handle on its /proc directory or on its
 * root.
 */
#ifndef SHIMSCOPE_NODE_INTERNAL_H
#define SHIMSCOPE_NODE_INTERNAL_H

#include <sys/stat.h>
#include <sys/types.h>

#include "node/node.h"

#define NODE_BUNDLE_DIR "/io.containerd.runtime.v2.task/"

/* ---- file.c: bounded reads, and paths of another process ---- */

/*
 * Reads a whole file from an open descriptor. *ret is the caller's, NUL-terminated after *len bytes
 * (which may hold NULs themselves). Returns 0, -EFBIG when the file is longer than limit, or
 * another negative errno.
 */
int node_read_fd(int fd, size_t limit, char **ret, size_t *len);

/*
 * Reads a small file of procfs into a buffer: at most size - 1 bytes, then a NUL. Returns the
 * number of bytes, or a negative errno.
 */
ssize_t node_read_small(int dirfd, const char *name, char *buf, size_t size);

/*
 * The target of a symbolic link, the caller's. NULL when unknown: unreadable or PATH_MAX or longer.
 */
char *node_readlink(int dirfd, const char *name);

/* The root directory (O_PATH) that a process sees; of this process with 0. Negative errno. */
int node_root_open(int64_t root_pid);

/*
 * Opens path (absolute or not) below a root directory: symbolic links, absolute ones as well, never
 * lead out of it, and magic links (/proc/PID/fd/N) are refused. Where the kernel or a seccomp
 * filter refuses openat2(2), every symbolic link is (-ELOOP, -ENOTDIR). Returns a descriptor or a
 * negative errno; -ENAMETOOLONG from PATH_MAX on.
 */
int node_open_in_root(int rootfd, const char *path, int flags);

/* Opens a plain file directly in a directory: no symbolic link, no device, no FIFO (-EINVAL). */
int node_open_plain(int dirfd, const char *name);

/* strdup() and strndup() that pass NULL on. */
char *node_strdup(const char *s);

/* Frees *to and replaces it by s, which becomes *to's. */
void node_take(char **to, char *s);

/* ---- args.c: command lines ---- */

struct node_args {
	char *buf;
	const char **v;
	size_t n;
};

struct node_flag {
	const char *name;   /* without dashes */
	bool is_switch;	    /* takes no value, unless "-name=value" */
	bool *set;	    /* becomes true when the flag is given; may be NULL */
	const char **value; /* the last value given (borrowed from the arguments); may be NULL */
};

/* Reads the command line of the process whose /proc directory is open. */
int node_args_read(int procfd, struct node_args *ret);
/* Splits len bytes at NULs; what has no NUL at its end is an argument as well. Takes buf over. */
int node_args_split(char *buf, size_t len, struct node_args *ret);
void node_args_free(struct node_args *args);
bool node_args_equal(const struct node_args *a, const struct node_args *b);

/*
 * Parses flags as Go's flag package and urfave/cli do: "-x v", "-x=v", "--x v", "--x=v", up to the
 * first argument that is no flag, or "--". Returns the index of that argument, or args->n when
 * there is none.
 */
size_t node_args_parse(const struct node_args *args, const struct node_flag *flags, size_t n_flags);

/* ---- procfs.c ---- */

struct node_stat {
	char comm[64];
	char state;
	int64_t ppid;
	int64_t threads;
	int64_t utime_ns, stime_ns; /* of living and exited threads, in clock ticks converted */
	int64_t start_ns;	    /* CLOCK_BOOTTIME, in clock ticks converted */
};

/*
 * A handle on /proc/PID. What is opened through it is that process's or nothing: it keeps naming
 * the process when that is gone and its pid is used again. -ESRCH when there is none.
 */
int node_proc_open(int64_t pid);
/* -ESRCH when gone. */
int node_stat_read(int procfd, struct node_stat *ret);
/* Parses the text of /proc/PID/stat; -EINVAL. */
int node_stat_parse(const char *text, struct node_stat *ret);
/* Has ended: a zombie, or being reaped. Not so a leader that ended before its other threads. */
bool node_stat_ended(const struct node_stat *st);
/* As node_process_read(), and the arguments with it (the caller's; may be NULL). */
int node_process_read_args(int64_t pid, struct node_process *ret, struct node_args *args);

/* ---- shim.c ---- */

/* Fills in what a shim's arguments say. The address only for a shim that serves. -ENOMEM. */
int node_shim_parse(const struct node_args *args, struct node_process *p);

/* ---- toml.c ---- */

#define NODE_TOML_DEPTH 32

enum node_toml_type {
	NODE_TOML_STRING,
	NODE_TOML_BARE,	   /* number, boolean, date: text as written */
	NODE_TOML_COMMENT, /* text after '#' */
};

struct node_toml_item {
	enum node_toml_type type;
	const char *const *path; /* table and key names; those of the table for a comment */
	size_t depth;
	const char *text;  /* decoded, NUL-terminated */
	size_t len;	   /* of text, which may hold a NUL ("\u0000") */
	size_t begin, end; /* byte range in the document, quotes included */
};

/*
 * Calls fn for every value (each element of an array, each value of an inline table) and comment of
 * a TOML document, in order. Stops at fn's first non-zero result and returns it; returns -EINVAL
 * for a document that is not TOML as far as this reader checks it, with *error_at set to where the
 * statement begins that it could not read (everything before was delivered); -ENOMEM.
 */
int node_toml_read(const char *doc, size_t len, int (*fn)(void *ctx, const struct node_toml_item *item),
		   void *ctx, size_t *error_at);

/* ---- json.c ---- */

struct node_member {
	const char *key;
	const char *value; /* in the text; NULL when the object has no such member */
	size_t len;
};

/*
 * Finds members of the JSON object that text is (the last one of those with the same key). Returns
 * 0; -EINVAL when it is not JSON or nests deeper than 64; -ENODATA when it ends before its end.
 */
int node_json_members(const char *text, size_t len, struct node_member *members, size_t n);

/* ---- config.c: containerd's configuration with its imports ---- */

struct node_config_file {
	char *path;
	char *text;
	size_t len;
};

struct node_config {
	char *root, *state, *grpc_address, *ttrpc_address, *debug_address; /* NULL: not set */
	int64_t version;						   /* 0: not set */
	struct node_config_file *files; /* the configuration file, then its imports in their order */
	size_t n_files;
};

/*
 * Reads path, as seen below rootfd, and what it imports. Negative errno when path cannot be read.
 */
int node_config_load(int rootfd, const char *path, struct node_config *ret);
void node_config_free(struct node_config *c);

/* node_config_redact() for a text of len bytes. */
char *node_config_redact_text(const char *text, size_t len);

/* ---- listen.c ---- */

/*
 * The UNIX socket paths that a process listens on, the caller's (each and the array). Negative
 * errno, -EACCES for want of privileges.
 */
int node_listening(int procfd, char ***paths, size_t *n);
void node_listening_free(char **paths, size_t n);
/* The one among them that is containerd's gRPC socket, or NULL. */
const char *node_listening_grpc(char *const *paths, size_t n);
/* Parses one line of /proc/PID/net/unix: 1 when it is a listening stream socket with a path. */
int node_unix_line(char *line, uint64_t *ino, const char **path);

/* ---- settings.c: what a containerd runs with ---- */

struct node_settings {
	bool serves; /* false: a helper such as `containerd config dump` */
	char *address, *ttrpc_address, *debug_address, *state, *root;
	char *config_path; /* NULL: it runs without a configuration file */
	struct node_config config;
};

int node_settings_read(int procfd, const struct node_args *args, struct node_settings *ret);
void node_settings_free(struct node_settings *s);
/*
 * The state directory that usually goes with an address, as the process pid sees files; NULL:
 * unknown.
 */
char *node_settings_state(int64_t pid, const char *address);

/* ---- buildinfo.c ---- */

struct node_buildinfo {
	char *go_version;	  /* "go1.19.8" */
	char *path;		  /* of the main package */
	char *module_version;	  /* of the main module, NULL for "(devel)" */
	char *linked_version;	  /* -ldflags "-X ….Version=" */
	char *containerd_version; /* of the containerd module among the dependencies */
};

/* Reads the build information of an open ELF file. -ENOENT when it has none. */
int node_buildinfo_read(int fd, struct node_buildinfo *ret);
void node_buildinfo_free(struct node_buildinfo *b);
/* The best version in it (borrowed), or NULL. */
const char *node_buildinfo_version(const struct node_buildinfo *b, enum process_role role);

/* ---- version.c ---- */

/*
 * Runs a binary with its version flag, for at most limit_ms, in the mount namespace that mnt_fd
 * names (its libraries are there; -1: in this process's). Both strings are the caller's, NULL where
 * it did not say. Returns 0, or a negative errno when it could not be run (-ETIMEDOUT).
 */
int node_version_run(int exe_fd, int mnt_fd, enum process_role role, int limit_ms, char **version,
		     char **go_version);
/* Parses what containerd --version or a shim's -v prints. */
void node_version_parse(const char *text, enum process_role role, char **version, char **go_version);

#endif
