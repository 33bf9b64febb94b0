// SPDX-License-Identifier: GPL-2.0-only
/* The map as JSON: channels with their holders, and the answers that follow from them. */
#include <errno.h>
#include <fcntl.h>

#include "view/json_out.h"
#include "view/map.h"
#include "view/view.h"

static json_t *holder(const struct model_channel *ch, const struct model_holder *h)
{
	static const char *const access[MAP_ACCESS_COUNT] = {
		[MAP_READ] = "read",   [MAP_WRITE] = "write", [MAP_READ_WRITE] = "read-write",
		[MAP_HANDLE] = "path", [MAP_KEEPER] = "read",
	};
	const struct model_process *p = h->process;
	enum map_access how = map_access(ch, h);
	json_t *v = json_object();

	json_set_number(&v, "pid", p ? p->pid : FACT_UNKNOWN);
	json_set_string(&v, "process", p ? process_role_name(p->role) : NULL);
	json_set_string(&v, "comm", p ? p->comm : NULL);
	json_set_number(&v, "fd", h->fd);
	json_set_string(&v, "access", access[how]);
	json_set_flag(&v, "keeps_open", how == MAP_KEEPER);
	json_set_flag(&v, "nonblock", h->f_flags & O_NONBLOCK);
	json_set_flag(&v, "append", h->f_flags & O_APPEND);
	json_set_counter(&v, "f_flags", h->f_flags);
	json_set_number(&v, "socket_ino", h->socket_ino ? number_signed(h->socket_ino) : FACT_UNKNOWN);
	return v;
}

static void put_channels(struct json_out *o, const struct model *m)
{
	int64_t bytes, size;
	size_t i, j;

	json_out_open(o, "channels", '[');
	for (i = 0; i < m->n_channels; i++) {
		const struct model_channel *ch = m->channels[i];
		json_t *v = json_channel(ch), *holders = json_array();

		map_occupancy(ch, &bytes, &size);
		json_set_number(&v, "pipe_bytes", bytes);
		json_set_number(&v, "pipe_size", size);
		if (map_is_unix(ch->transport))
			json_set_flag(&v, "has_peer", map_has_peer(ch));
		for (j = 0; j < ch->n_holders && holders; j++) {
			if (json_array_append_new(holders, holder(ch, &ch->holders[j]))) {
				json_decref(holders);
				holders = NULL;
			}
		}
		json_set(&v, "holders", holders);
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
}

static void put_processes(struct json_out *o, const struct model *m)
{
	size_t i;

	json_out_open(o, "processes", '[');
	for (i = 0; i < m->n_processes; i++) {
		const struct model_process *p = m->processes[i];
		json_t *v = json_object();

		json_set_number(&v, "pid", p->pid);
		json_set_number(&v, "ppid", p->ppid);
		json_set_string(&v, "role", process_role_name(p->role));
		json_set_string(&v, "comm", p->comm);
		json_set_string(&v, "exe", p->exe);
		json_set_string(&v, "version", p->version);
		json_set_string(&v, "go_version", p->go_version);
		json_set_string(&v, "namespace", p->namespace);
		json_set_string(&v, "address", p->address);
		json_set_string(&v, "shim_id", p->shim_id);
		json_set_string(&v, "container", p->container);
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
}

static int put_answers(struct json_out *o, const struct model *m)
{
	json_t *v = json_object(), *sentences = json_array();
	struct map_answers a;
	int err = map_answer(&a, m);
	size_t i;

	json_set_number(&v, "containers", a.containers);
	json_set_number(&v, "shim_log_fifos", a.shim_log_fifos);
	json_set_number(&v, "container_output_pipes", a.container_output_pipes);
	json_set_number(&v, "container_output_ptys", a.container_output_ptys);
	json_set_number(&v, "container_log_fifos", a.container_log_fifos);
	json_set_number(&v, "container_log_fifos_without_reader", a.container_log_unread);
	json_set_number(&v, "container_log_fifos_kept_open", a.container_log_kept_open);
	json_set_number(&v, "log_files", a.log_files);
	json_set_number(&v, "stream_channels", a.container_channels);
	/* Without a channel to look at there is no answer. */
	json_set_number(&v, "stream_channels_on_unix_sockets",
			a.container_channels ? a.container_streams_on_unix : FACT_UNKNOWN);
	json_set_number(&v, "rpc_connections", a.rpc_connections);
	json_set_number(&v, "rpc_listeners", a.rpc_listeners);
	json_set_number(&v, "descriptors", a.holders);
	json_set_number(&v, "path_handles", a.path_handles);
	for (i = 0; i < a.n_sentences && sentences; i++) {
		if (json_array_append_new(sentences, json_text(a.sentences[i]))) {
			json_decref(sentences);
			sentences = NULL;
		}
	}
	json_set(&v, "sentences", sentences);
	json_out_put(o, "answers", v);
	map_answers_free(&a);
	return err;
}

int view_map_json(FILE *out, const struct model *m)
{
	struct json_out o = { .out = out };
	size_t i;
	int err;

	json_out_open(&o, NULL, '{');
	json_out_head(&o, m);
	json_out_runtimes(&o, m);
	json_out_open(&o, "containers", '[');
	for (i = 0; i < m->n_containers; i++)
		json_out_put(&o, NULL, json_container(m->containers[i]));
	json_out_close(&o, ']');
	put_channels(&o, m);
	put_processes(&o, m);
	err = put_answers(&o, m);
	json_out_close(&o, '}');
	if (err && !o.err)
		o.err = err;
	return json_out_finish(&o);
}
