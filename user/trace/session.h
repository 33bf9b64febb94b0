/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace session: finds the targets, runs the tracer, and turns its records and what the node says into
 * facts for sinks. It keeps the live channels and processes only; what a sink wants to remember is the
 * sink's business.
 */
#ifndef SHIMSCOPE_TRACE_SESSION_H
#define SHIMSCOPE_TRACE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/fact.h"
#include "probe/tracer.h"

#define SESSION_SINKS 4

/* What is traced. Strings are borrowed for the session's life. */
struct session_selection {
	const char *const *addresses; /* containerds by gRPC socket; none: every one found */
	size_t n_addresses;
	const int64_t *pids; /* more processes, with their children */
	size_t n_pids;
	const char *container; /* id prefix */
	const char *pod;       /* "NAMESPACE/NAME" or "NAME" */
	const char *namespace; /* of containerd */
};

struct session_options {
	struct tracer_options tracer; /* follow_all is set by the session */
	struct session_selection selection;
	int64_t interval_ns;
	const char *note;
	const char *selection_text; /* the selecting options as given, NULL for none */
};

struct session;

/*
 * Find the targets, load, attach, self-test and start. Everything that targets complete from here on is
 * recorded. Returns 0; -ESRCH (no containerd, no such process), or as tracer_open(), with one line in err.
 */
int session_open(const struct session_options *o, struct session **ret, char *err, size_t err_size);

/* Add a consumer of facts (its functions are copied). Before session_describe(); -ENOSPC past SESSION_SINKS.
 */
int session_sink(struct session *s, const struct fact_sink *sink);

size_t session_targets(const struct session *s);
enum backend session_backend(const struct session *s);

/* Hand the facts known at the start to the sinks: the first call after the sinks are added. */
int session_describe(struct session *s);

/*
 * Take in what the tracer has, waiting for at most timeout_ms. Returns the number of windows that were
 * closed meanwhile, or a negative errno (what a sink returned).
 */
int session_poll(struct session *s, int timeout_ms);

/* Stop the tracer, close the last window and tell the sinks that the trace is whole. */
int session_finish(struct session *s);

void session_close(struct session *s);

/*
 * Who holds what now, without tracing: hands host, processes, containers, channels and holders to the
 * sink. Returns 0 or a negative errno with one line in err, as session_open().
 */
int session_snapshot(const struct session_selection *selection, const char *btf_path,
		     const struct fact_sink *sink, char *err, size_t err_size);

#endif
