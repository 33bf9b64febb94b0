// SPDX-License-Identifier: GPL-2.0-only
/* Who holds which end: the tree, the access modes, the answers, and the same as JSON. */
#include "test_view.h"

#include <fcntl.h>
#include <jansson.h>

static struct model_channel *channel(struct fixture *f, const char *id)
{
	size_t i;

	for (i = 0; i < f->m.n_channels; i++) {
		if (!strcmp(f->m.channels[i]->id, id))
			return f->m.channels[i];
	}
	fail_msg("no channel %s", id);
	return NULL;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

static void tree(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_width(view_map_text, &f->m, 0);
	const char *pod, *app, *part, *own, *daemon;
	size_t i;

	(void)state;
	line_of(text, "Who holds which end on node-1: 1 containerd, 2 shims, 4 containers\n");
	line_of(text, "containerd 1.6.20~ds1, pid 812, at /run/containerd/containerd.sock\n");
	pod = line_of(text, "Pod shop/web-0, shim 1201\n");
	app = line_of(pod, "  container app (8c1d77e0aa02)\n");
	part = next_line(app);
	assert_ptr_equal(part, line_of(app, "    stdout\n"));
	part = next_line(part);
	assert_ptr_equal(part, line_of(app, "      pipe (1.2 KiB of 64.0 KiB waiting) pipe:0:14:7000\n"));
	part = next_line(part);
	assert_ptr_equal(part, line_of(app, "          writer nginx 1302: fd 1 O_WRONLY\n"));
	part = next_line(part);
	assert_ptr_equal(part, line_of(app, "          shim 1201: fd 11 O_RDONLY\n"));
	part = next_line(part);
	assert_ptr_equal(part, line_of(app, "      fifo (1.2 KiB of 64.0 KiB waiting) /run/containerd/"
					    "io.containerd.grpc.v1.cri/containers/8c1d"));
	part = next_line(part);
	/* The shim's read end only keeps the FIFO open; O_PATH can do nothing at all. */
	assert_ptr_equal(part,
			 line_of(app,
				 "          shim 1201: fd 21 O_WRONLY; fd 23 O_RDONLY (beside its own write "
				 "end: only keeps it open); fd 20, 22 O_PATH\n"));
	part = next_line(part);
	assert_ptr_equal(part, line_of(app, "          containerd 812: fd 41 O_RDONLY; fd 40 O_PATH\n"));
	assert_ptr_equal(next_line(part), line_of(app, "    stderr\n"));
	part = line_of(app, "    all streams\n");
	assert_int_equal(strncmp(next_line(part), "      file /var/log/pods/shop_web-0_0b1/app/0.log\n", 50),
			 0);
	line_of(part, "          containerd 812: fd 31 O_WRONLY O_APPEND\n");
	line_of(pod, "  container shell (001122334455), with a terminal\n");
	own = line_of(pod, "  the shim's own\n");
	part = line_of(own, "    shim-log: fifo (1.2 KiB of 64.0 KiB waiting) "
			    "/run/containerd/io.containerd.runtime.v2.task/k8s.io/3f9a1c52");
	part = next_line(part);
	assert_ptr_equal(part, line_of(own, "        shim 1201: fd 3, 2 O_WRONLY\n"));
	assert_ptr_equal(next_line(part), line_of(own, "        containerd 812: fd 24 O_RDWR\n"));
	part = line_of(own, "    ttrpc-task: unix-stream /run/containerd/s/5a1f\n");
	assert_non_null(strstr(next_line(part), "shim 1201 fd 76 ↔ containerd 812 fd 106\n"));
	line_of(own, "    ttrpc-events: unix-stream ");
	daemon = line_of(own, "containerd 812's own\n");
	line_of(daemon, "  grpc-api: unix-stream /run/containerd/containerd.sock\n");
	part = line_of(daemon, "  journald: unix-stream /run/systemd/journal/stdout\n");
	assert_non_null(strstr(next_line(part), "containerd 812 fd 110 ↔ systemd-journal 210 fd 44\n"));
	part = line_of(daemon, "  grpc-api: unix-stream /run/containerd/containerd.sock.listening\n");
	assert_non_null(strstr(next_line(part),
			       "containerd 812 fd 8, without a peer (it listens, or is not connected)\n"));
	line_of(daemon, "Held by others\n");
	assert_true(line_of(text, "Container default/job-1, shim 1377\n") < pod); /* by name */
	/* Each channel is told once, below the headings. */
	pod = line_of(text, "Container default/job-1, shim 1377\n");
	for (i = 0; i < f->m.n_channels; i++) {
		const struct model_channel *ch = f->m.channels[i];
		char line[1024];

		snprintf(line, sizeof(line), " %s\n", ch->path ? ch->path : ch->id);
		assert_int_equal(count(pod, line), 1);
	}
	free(text);
	fixture_free(f);
}

static void answers(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_width(view_map_text, &f->m, 0);
	const char *part = line_of(text, "Answers\n");

	(void)state;
	line_of(part, "- The shims' own messages, and no container's output, go by 1 `log` FIFO "
		      "(role shim-log): held for "
		      "writing by shim in 1; for reading by containerd in 1.\n");
	line_of(part, "- Containers write into 4 pipes and 0 terminals (role container-output); "
		      "the pipes are held for "
		      "reading by shim in 4.\n");
	line_of(part, "- Container output goes on from the shims by 6 FIFOs (role container-log): "
		      "held for writing by shim "
		      "in 6; for reading by containerd in 5, client in 1. In 4 of them a writer "
		      "holds a read end as well, "
		      "which only keeps the FIFO open while its reader is away.\n");
	line_of(part, "- 2 log files are open, for writing by containerd in 2.\n");
	line_of(part, "- No container stream uses a UNIX socket: none of the 12 open channels of "
		      "streams is one.\n");
	line_of(part, "- RPC goes over 4 UNIX socket connections: 2 ttrpc-task, 1 ttrpc-events, 1 "
		      "grpc-api. 1 more socket for "
		      "RPC is without a peer: listening. 1 more connection goes to journald: log "
		      "messages, "
		      "no RPC.\n");
	line_of(part, "- 12 of the 50 descriptors are O_PATH handles: they name a file, and can "
		      "neither read nor write.\n");
	free(text);
	fixture_free(f);
}

/* Without data nothing is claimed. */
static void no_answers(void **state)
{
	struct model m = { 0 };
	char *text = render_width(view_map_text, &m, 0);

	(void)state;
	line_of(text, "- No shim's `log` FIFO was found open.\n");
	line_of(text, "- No FIFO with container output was found open.\n");
	line_of(text, "- No channel of a container's stream was found open, so whether one uses a "
		      "UNIX socket is not "
		      "known.\n");
	line_of(text, "- No UNIX socket connection for RPC was found open.\n");
	assert_null(strstr(text, "No container stream uses"));
	free(text);
}

/* A stream over a socket, a FIFO that nobody reads: the answers follow the data. */
static void other_answers(void **state)
{
	struct fixture *f = fixture_node();
	struct model_channel *ch = channel(f, "fifo:0:24:8200"), *socket;
	char *text;

	(void)state;
	ch->n_holders = 1; /* only the shim */
	socket = fixture_channel(f, "unix-stream:1:2", TRANSPORT_UNIX_STREAM, ROLE_CONTAINER_LOG,
				 PROTOCOL_TTRPC, NULL);
	fixture_holder(f, socket, f->m.processes[1], 5, O_RDWR, 1);
	text = render_width(view_map_text, &f->m, 0);
	assert_non_null(strstr(text, "for reading by containerd in 5, nobody seen in 1."));
	line_of(text, "- 1 of the 13 open channels of container streams are UNIX sockets.\n");
	assert_non_null(strstr(text, "shim 1201 fd 5 ↔ ?\n"));
	free(text);
	fixture_free(f);
}

/* A read end beside a write end is a reader if it was seen reading. */
static void readers(void **state)
{
	struct fixture *f = fixture_new();
	struct model_process *shim = fixture_process(f, PROCESS_SHIM, 7, "shim");
	struct model_channel *ch =
		fixture_channel(f, "fifo:0:1:1", TRANSPORT_FIFO, ROLE_CONTAINER_LOG, PROTOCOL_RAW, "/x");
	char *text;

	(void)state;
	fixture_holder(f, ch, shim, 3, O_WRONLY, 0);
	fixture_holder(f, ch, shim, 4, O_RDONLY, 0);
	text = render_width(view_map_text, &f->m, 0);
	assert_non_null(strstr(
		text, "fd 3 O_WRONLY; fd 4 O_RDONLY (beside its own write end: only keeps it open)\n"));
	assert_non_null(strstr(text, "for reading by nobody seen in 1."));
	free(text);
	fixture_end(f, ch, shim, DIRECTION_READ, 1, 0, 1, 1);
	text = render_width(view_map_text, &f->m, 0);
	assert_non_null(strstr(text, "fd 3 O_WRONLY; fd 4 O_RDONLY\n"));
	assert_non_null(strstr(text, "for reading by shim in 1."));
	free(text);
	fixture_free(f);
}

/* Several containerds: each with what is its own; a shim of none is told as well. */
static void runtimes(void **state)
{
	struct fixture *f = fixture_node();
	struct model_runtime *second = fixture_alloc(f, sizeof(*second));
	const char *first_head, *second_head, *pod, *job;
	char *text;

	(void)state;
	*second = *f->m.runtimes[0];
	second->pid = 900;
	second->address = fixture_string(f, "/run/k3s/containerd/containerd.sock");
	f->m.runtimes = (struct model_runtime *[]){ f->m.runtimes[0], second };
	f->m.n_runtimes = 2;
	f->m.processes[1]->address = fixture_string(f, "/run/k3s/containerd/containerd.sock");
	f->m.processes[2]->address = fixture_string(f, "/run/gone.sock");
	text = render_width(view_map_text, &f->m, 0);
	first_head = line_of(text, "containerd 1.6.20~ds1, pid 812, at /run/containerd/containerd.sock\n");
	second_head =
		line_of(text, "containerd 1.6.20~ds1, pid 900, at /run/k3s/containerd/containerd.sock\n");
	pod = line_of(text, "Pod shop/web-0, shim 1201\n");
	job = line_of(text, "Container default/job-1, shim 1377\n");
	assert_true(first_head < second_head && second_head < pod && pod < job);
	free(text);
	fixture_free(f);
}

static const json_t *with(const json_t *array, const char *key, const char *value)
{
	const char *got;
	size_t i;

	for (i = 0; i < json_array_size(array); i++) {
		got = json_string_value(json_object_get(json_array_get(array, i), key));
		if (got && !strcmp(got, value))
			return json_array_get(array, i);
	}
	fail_msg("no element with %s = %s", key, value);
	return NULL;
}

static const json_t *holder_of(const json_t *channel_object, int fd)
{
	const json_t *list = json_object_get(channel_object, "holders");
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		if (json_integer_value(json_object_get(json_array_get(list, i), "fd")) == fd)
			return json_array_get(list, i);
	}
	fail_msg("no holder with fd %d", fd);
	return NULL;
}

static void assert_access(const json_t *ch, int fd, const char *access, bool keeps_open)
{
	const json_t *h = holder_of(ch, fd);

	assert_string_equal(json_string_value(json_object_get(h, "access")), access);
	assert_int_equal(json_is_true(json_object_get(h, "keeps_open")), keeps_open);
}

static void json(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_json(view_map_json, &f->m);
	json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list, *ch, *a;

	(void)state;
	assert_non_null(v);
	assert_string_equal(json_string_value(json_object_get(v, "schema")), "shimscope/1");
	list = json_object_get(v, "channels");
	assert_int_equal(json_array_size(list), f->m.n_channels);
	assert_int_equal(json_array_size(json_object_get(v, "containers")), 5);
	assert_int_equal(json_array_size(json_object_get(v, "processes")), f->m.n_processes);
	ch = with(list, "id", "fifo:0:24:8000");
	assert_int_equal(json_integer_value(json_object_get(ch, "pipe_bytes")), 1200);
	assert_int_equal(json_integer_value(json_object_get(ch, "pipe_size")), 65536);
	assert_access(ch, 20, "path", false);
	assert_access(ch, 21, "write", false);
	assert_access(ch, 23, "read", true);
	assert_access(ch, 41, "read", false);
	assert_int_equal(json_integer_value(json_object_get(holder_of(ch, 41), "pid")), 812);
	assert_true(json_is_null(json_object_get(holder_of(ch, 41), "socket_ino")));
	ch = with(list, "role", "shim-log");
	assert_access(ch, 24, "read-write", false);
	ch = with(list, "role", "journald");
	assert_true(json_is_null(json_object_get(ch, "pipe_bytes")));
	assert_int_equal(json_integer_value(json_object_get(holder_of(ch, 44), "socket_ino")), 500231);
	a = json_object_get(v, "answers");
	assert_int_equal(json_integer_value(json_object_get(a, "containers")), 4);
	assert_int_equal(json_integer_value(json_object_get(a, "shim_log_fifos")), 1);
	assert_int_equal(json_integer_value(json_object_get(a, "container_log_fifos")), 6);
	assert_int_equal(json_integer_value(json_object_get(a, "container_log_fifos_kept_open")), 4);
	assert_int_equal(json_integer_value(json_object_get(a, "stream_channels_on_unix_sockets")), 0);
	assert_int_equal(json_integer_value(json_object_get(a, "rpc_connections")), 4);
	assert_int_equal(json_integer_value(json_object_get(a, "rpc_listeners")), 1);
	assert_true(json_is_true(json_object_get(with(list, "id", "unix-stream:500181:500182"), "has_peer")));
	assert_true(json_is_false(json_object_get(with(list, "id", "unix-stream:0:500241"), "has_peer")));
	assert_null(json_object_get(with(list, "id", "fifo:0:24:8000"), "has_peer"));
	assert_int_equal(json_integer_value(json_object_get(a, "log_files")), 2);
	assert_int_equal(json_integer_value(json_object_get(a, "path_handles")), 12);
	assert_int_equal(json_array_size(json_object_get(a, "sentences")), 7);
	json_decref(v);
	free(text);
	fixture_free(f);
}

static void json_unknown(void **state)
{
	struct fixture *hostile = fixture_hostile();
	struct model m = { 0 };
	char *text = render_json(view_map_json, &m);
	json_t *v = json_loads(text, 0, NULL);
	const json_t *a = json_object_get(v, "answers");

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(a, "rpc_connections")), 0);
	assert_true(json_is_null(json_object_get(a, "stream_channels_on_unix_sockets")));
	json_decref(v);
	free(text);
	text = render_json(view_map_json, &hostile->m);
	v = json_loads(text, 0, NULL);
	assert_non_null(v);
	json_decref(v);
	free(text);
	fixture_free(hostile);
}

static void fits(void **state)
{
	static const int widths[] = { 40, 60, 80, 120, 0 };
	struct fixture *nodes[] = { fixture_node(), fixture_hostile(), fixture_crowd(12) };
	size_t i, n;

	(void)state;
	for (n = 0; n < sizeof(nodes) / sizeof(nodes[0]); n++) {
		for (i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
			char *text = render_width(view_map_text, &nodes[n]->m, widths[i]);

			assert_fits(text, widths[i]);
			free(text);
		}
		fixture_free(nodes[n]);
	}
}

static int map_80(FILE *out, const struct model *m)
{
	return view_map_text(out, m, &(struct view_options){ .width = 80 });
}

static void disk_full(void **state)
{
	struct fixture *f = fixture_node();

	(void)state;
	assert_int_equal(full_disk(map_80, &f->m), -ENOSPC);
	assert_int_equal(full_disk(view_map_json, &f->m), -ENOSPC);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tree, utf8_locale),
		cmocka_unit_test_setup(answers, utf8_locale),
		cmocka_unit_test_setup(no_answers, utf8_locale),
		cmocka_unit_test_setup(other_answers, utf8_locale),
		cmocka_unit_test_setup(readers, utf8_locale),
		cmocka_unit_test_setup(runtimes, utf8_locale),
		cmocka_unit_test_setup(json, utf8_locale),
		cmocka_unit_test_setup(json_unknown, utf8_locale),
		cmocka_unit_test_setup(fits, utf8_locale),
		cmocka_unit_test_setup(fits, ascii_locale),
		cmocka_unit_test_setup(disk_full, utf8_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
