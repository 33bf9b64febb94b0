/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the node says about itself without tracing: containerds, shims, bundles, resource use; from
 * procfs and the bundle directories. Pids and paths are those of this process's namespaces; a target's
 * files are reached through /proc/PID/root.
 *
 * Every function that fills a struct of node_* strings gives them to the caller, who frees them with the
 * struct's own free function.
 */
#ifndef SHIMSCOPE_NODE_NODE_H
#define SHIMSCOPE_NODE_NODE_H

#include "model/fact.h"

/* A process, as far as it matters here. */
struct node_process {
	int64_t pid, ppid;
	int64_t start_ns;	/* CLOCK_BOOTTIME, as in /proc/PID/stat (clock ticks, converted) */
	enum process_role role; /* containerd, shim or other, from comm and argv */
	char *comm;
	char *exe;	 /* target of /proc/PID/exe without " (deleted)", NULL unknown */
	char *namespace; /* shim argv: -namespace */
	char *shim_id;	 /* shim argv: -id */
	char *address;	 /* shim argv: -address; containerd: -a/--address, else its configuration, else its
			    listening socket */
	char *cwd;	 /* shim: its bundle */
};

/*
 * One process. Returns 0, -ESRCH when it is gone (a zombie is; a thread's id is no process's), other
 * negative errno. Everything is of the same process, even if its pid is used again meanwhile.
 */
int node_process_read(int64_t pid, struct node_process *ret);
void node_process_free(struct node_process *p);

/*
 * All containerds and shims running now (a cheap scan: comm first). *ret is an array of *n. A zombie
 * is not running. A `containerd` that is a client helper (e.g. `containerd config dump`, `containerd
 * publish`) or a shim's short `start`/`delete` helper is still reported, with its role, but with
 * address NULL if it serves none. Their children that have forked but not called exec yet are left out.
 */
int node_scan(struct node_process **ret, size_t *n);
void node_scan_free(struct node_process *list, size_t n);

/*
 * The pids of all descendants of the shims among of[n]: what runs in their containers. *ret is the
 * caller's, an array of *ret_n. Returns 0 or a negative errno.
 */
int node_descendants(const struct node_process *of, size_t n, uint32_t **ret, size_t *ret_n);

/*
 * Everything about one containerd, for the capture's head; may run its binary with --version (see
 * node_binary_read()). config_text is the configuration file, secrets taken out, and after it each file
 * that it imports under a line "# imported: PATH"; config_sha256 is of the configuration file alone.
 */
struct node_runtime {
	int64_t pid;
	char *version, *go_version, *exe, *address, *ttrpc_address, *debug_address, *state, *root;
	char *config_path, *config_text, *config_sha256;
};
/* Returns 0; -ESRCH when it is gone; -EINVAL for a process that is no containerd; -ENOMEM. */
int node_runtime_read(int64_t pid, struct node_runtime *ret);
void node_runtime_free(struct node_runtime *r);

/*
 * Copy of a containerd configuration (TOML) with the values of secret-bearing keys replaced by
 * "<redacted>": registry auth (auth, username, password, identitytoken, token…), TLS keys, header
 * values, environments, anything in *.auth tables, users and passwords in URLs, and the like in comments.
 * From the first statement on that is not TOML nothing is copied. Returned string is the caller's; NULL
 * when out of memory.
 */
char *node_config_redact(const char *toml);

/*
 * The containerd state directory that serves an address or shim: from a shim's bundle (cwd), its
 * containerd's configuration, or the usual defaults. Used to find bundles.
 */
char *node_state_dir(const struct node_process *p);

/* One bundle (its directory as seen through root_pid's root; 0: this process's root). */
struct node_container {
	char *id, *namespace, *sandbox, *pod, *pod_namespace, *pod_uid, *name, *image, *bundle,
		*log_directory;
	char *address;	    /* left NULL: a bundle does not tell; of the shim that serves it */
	char *shim_address; /* the shim's ttrpc socket as the bundle has it: "unix:///run/containerd/s/…" */
	bool is_sandbox, tty;
	int64_t init_pid; /* FACT_UNKNOWN when the bundle has none (yet) */
};
/*
 * What the bundle itself says. Returns 0; -ENOENT when there is no (complete) bundle; -EINVAL with a
 * malformed config.json (deeper than 64, longer than 4 MiB, no plain file); another negative errno.
 */
int node_bundle_read(int64_t root_pid, const char *bundle, struct node_container *ret);

/*
 * Fills in what only the sandbox's bundle says of a container: the log directory, with containerd 1.4
 * the pod's names. Does nothing when nothing is missing or there is no sandbox. Returns 0, or as
 * node_bundle_read() for the sandbox's bundle.
 */
int node_bundle_complete(int64_t root_pid, struct node_container *c);
/* The same from a sandbox that was read already. */
void node_container_inherit(struct node_container *c, const struct node_container *sandbox);
void node_container_free(struct node_container *c);

/*
 * Call fn for every bundle under a state directory (all runtimes v2 namespaces), completed from its
 * sandbox's; stops at its first non-zero result and returns it. A bundle that vanishes meanwhile is passed
 * over; of one with a malformed config.json only id, namespace, bundle, init_pid and shim_address are
 * known. No bundles, or no such directory, is 0.
 */
int node_bundles(int64_t root_pid, const char *state, int (*fn)(void *ctx, const struct node_container *c),
		 void *ctx);

/*
 * Is this path a file right inside a bundle (".../io.containerd.runtime.v2.task/NS/ID/FILE")? Then 1, with
 * the bundle's directory copied to dir. Otherwise 0, also when dir is too small.
 */
int node_bundle_of_path(const char *path, char *dir, size_t dir_size);

/*
 * Resource use now. memory: also PSS and anon (smaps_rollup, dear: walks the page tables). Unknown
 * members are FACT_UNKNOWN. cpu_ns is the process's CPU clock: the exact run time of all its threads,
 * living and exited; user_ns and system_ns have the resolution of a clock tick. A zombie's are its last
 * word (final is true, no memory). The member process is left 0. Returns 0 or -ESRCH.
 */
int node_usage_read(int64_t pid, bool memory, struct fact_usage *ret);

/*
 * Versions of a running process's binary, read once for each file. role tells what it is asked as: a
 * containerd or shim whose build information does not hold its version is run with its version flag (as
 * nobody, for at most 2 s), provided that its process is no container's and nobody but root or this user
 * can have written the file. Both strings are the caller's; NULL unknown. Returns 0, -ESRCH, other
 * negative errno.
 */
int node_binary_read(int64_t pid, enum process_role role, char **version, char **go_version);

/* Go version of a binary ("go1.19.8") from its .go.buildinfo section (libelf); NULL when it is no Go binary.
 */
char *node_go_version(const char *exe_path);
/* Module or -X ldflags version found in the build information, NULL when there is none. */
char *node_go_module_version(const char *exe_path);

struct node_host {
	char hostname[256], kernel[256], arch[64];
	char boot_id[64]; /* "" unknown */
	int64_t cpus;
};
int node_host_read(struct node_host *ret);

#endif
