/* SPDX-License-Identifier: GPL-2.0-only */
/* What open files say about channels, and the answers that follow from it. */
#ifndef SHIMSCOPE_VIEW_MAP_H
#define SHIMSCOPE_VIEW_MAP_H

#include "model/model.h"

enum map_access {
	MAP_READ,
	MAP_WRITE,
	MAP_READ_WRITE,
	MAP_HANDLE, /* O_PATH: names the file, can neither read nor write */
	/* A read end beside a write end of the same process, which never read. */
	MAP_KEEPER,
	MAP_ACCESS_COUNT
};

/* How a holder has its channel open. */
enum map_access map_access(const struct model_channel *ch, const struct model_holder *h);

bool map_is_unix(enum transport t);
/* Of a UNIX socket: is there another one at its other end? A listening socket has none. */
bool map_has_peer(const struct model_channel *ch);

/* Bytes waiting in a pipe or FIFO and its size; FACT_UNKNOWN. */
void map_occupancy(const struct model_channel *ch, int64_t *bytes, int64_t *size);

#define MAP_SENTENCES 8

struct map_answers {
	int64_t shim_log_fifos, container_log_fifos, container_log_unread, container_log_kept_open;
	int64_t container_output_pipes, container_output_ptys, container_streams_on_unix, container_channels;
	int64_t log_files, rpc_connections, rpc_listeners, path_handles, holders, containers;
	char *sentences[MAP_SENTENCES];
	size_t n_sentences;
};

/* Returns 0 or -ENOMEM; free in either case. */
int map_answer(struct map_answers *a, const struct model *m);
void map_answers_free(struct map_answers *a);

#endif
