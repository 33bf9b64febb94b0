// SPDX-License-Identifier: GPL-2.0-only
/* Everything about one containerd. */
#include <errno.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/internal.h"

static char *sha256_hex(const char *data, size_t len)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA256_CTX ctx;
	char *hex = malloc(sizeof(digest) * 2 + 1);
	size_t i;

	if (!hex)
		return NULL;
	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)data, len);
	SHA256Final(digest, &ctx);
	for (i = 0; i < sizeof(digest); i++)
		snprintf(hex + i * 2, 3, "%02x", digest[i]);
	return hex;
}

/* The file and its imports, secrets taken out, each import under a comment line that names it. */
static int join_config(const struct node_config *c, char **ret)
{
	size_t len = 0, i;
	char *out = NULL;

	for (i = 0; i < c->n_files; i++) {
		char *text = node_config_redact_text(c->files[i].text, c->files[i].len), *more;
		size_t path_len = strlen(c->files[i].path), text_len;

		if (!text)
			goto no_memory;
		text_len = strlen(text);
		more = realloc(out, len + text_len + path_len + 32);
		if (!more) {
			free(text);
			goto no_memory;
		}
		out = more;
		if (i) {
			const char *newline = len && out[len - 1] != '\n' ? "\n" : "";
			size_t k;

			len += (size_t)sprintf(out + len, "%s# imported: ", newline);
			/* A file's name may hold newlines. */
			for (k = 0; k < path_len; k++, len++) {
				out[len] = c->files[i].path[k];
				if ((unsigned char)out[len] < ' ')
					out[len] = '?';
			}
			out[len++] = '\n';
		}
		memcpy(out + len, text, text_len + 1);
		len += text_len;
		free(text);
	}
	*ret = out;
	return 0;

no_memory:
	free(out);
	return -ENOMEM;
}

static int take_settings(struct node_settings *s, struct node_runtime *ret)
{
	ret->address = s->address;
	ret->ttrpc_address = s->ttrpc_address;
	ret->debug_address = s->debug_address;
	ret->state = s->state;
	ret->root = s->root;
	ret->config_path = s->config_path;
	s->address = s->ttrpc_address = s->debug_address = s->state = s->root = s->config_path = NULL;
	if (!s->config.n_files)
		return 0;
	ret->config_sha256 = sha256_hex(s->config.files[0].text, s->config.files[0].len);
	if (!ret->config_sha256)
		return -ENOMEM;
	return join_config(&s->config, &ret->config_text);
}

int node_runtime_read(int64_t pid, struct node_runtime *ret)
{
	struct node_settings settings = { 0 };
	struct node_process process;
	struct node_args args;
	int procfd, err;

	memset(ret, 0, sizeof(*ret));
	err = node_process_read_args(pid, &process, &args);
	if (err)
		return err;
	if (process.role != PROCESS_CONTAINERD) {
		err = -EINVAL;
		goto out;
	}
	ret->pid = pid;
	ret->exe = process.exe;
	process.exe = NULL;
	procfd = node_proc_open(pid);
	if (procfd < 0) {
		err = procfd;
		goto out;
	}
	err = node_settings_read(procfd, &args, &settings);
	close(procfd);
	if (!err)
		err = take_settings(&settings, ret);
	if (!err)
		err = node_binary_read(pid, PROCESS_CONTAINERD, &ret->version, &ret->go_version);
	/*
	 * The binary cannot be read without the right to trace the process: the rest is known all
	 * the same.
	 */
	if (err != -ESRCH && err != -ENOMEM)
		err = 0;
out:
	node_settings_free(&settings);
	node_process_free(&process);
	node_args_free(&args);
	if (err)
		node_runtime_free(ret);
	return err;
}

void node_runtime_free(struct node_runtime *r)
{
	free(r->version);
	free(r->go_version);
	free(r->exe);
	free(r->address);
	free(r->ttrpc_address);
	free(r->debug_address);
	free(r->state);
	free(r->root);
	free(r->config_path);
	free(r->config_text);
	free(r->config_sha256);
	memset(r, 0, sizeof(*r));
}

/* A shim's bundle lies in its containerd's state directory. */
static char *state_of_bundle(const char *bundle)
{
	const char *tasks = strstr(bundle, NODE_BUNDLE_DIR);

	return tasks && tasks != bundle ? strndup(bundle, (size_t)(tasks - bundle)) : NULL;
}

char *node_state_dir(const struct node_process *p)
{
	struct node_settings settings;
	struct node_process now;
	struct node_args args;
	char *ret = NULL;
	int procfd;

	if (p->role == PROCESS_SHIM) {
		if (p->cwd)
			ret = state_of_bundle(p->cwd);
		return ret ? ret : node_settings_state(p->pid, p->address);
	}
	if (p->role != PROCESS_CONTAINERD || node_process_read_args(p->pid, &now, &args))
		return NULL;
	procfd = now.start_ns == p->start_ns ? node_proc_open(p->pid) : -ESRCH;
	if (procfd >= 0) {
		if (!node_settings_read(procfd, &args, &settings)) {
			ret = node_strdup(settings.state);
			node_settings_free(&settings);
		}
		close(procfd);
	}
	node_process_free(&now);
	node_args_free(&args);
	return ret;
}
