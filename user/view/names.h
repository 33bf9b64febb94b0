/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What things are called in front of people, and which container a channel or process belongs to.
 * The names are as the model has them: whoever prints them makes them printable.
 */
#ifndef SHIMSCOPE_VIEW_NAMES_H
#define SHIMSCOPE_VIEW_NAMES_H

#include "model/model.h"

/* Enough for every name here: longer ones are cut. */
#define NAME_SIZE 512

/* Containers by id. */
struct names;

/* The model must outlive it. NULL when out of memory. */
struct names *names_new(const struct model *m);
void names_free(struct names *n);

/*
 * Is this one of the short-lived processes that a containerd or shim starts beside the daemons that
 * serve: a fork before its exec, `shim start`, `shim delete`? They ended and serve no container.
 */
bool names_helper(const struct names *n, const struct model_process *p);

/* How many containerds, shims and containers (without sandboxes) there are; helpers are none. */
struct names_census {
	size_t containerds, shims, containers, others, helpers;
};
struct names_census names_count(const struct names *n);

/* NULL for an unknown id (or NULL). */
const struct model_container *names_find(const struct names *n, const char *id);

/* A generated id (64 hex digits) as its first 12, another as it is; "?" for NULL. */
char *name_id(char *buf, size_t size, const char *id);
/*
 * "NAMESPACE/POD/NAME", "NAMESPACE/POD sandbox"; without a pod "NAMESPACE/ID" (containerd's
 * namespace).
 */
char *name_container(char *buf, size_t size, const struct model_container *c);
/* "NAMESPACE/POD"; what name_container() says where there is no pod. */
char *name_pod(char *buf, size_t size, const struct model_container *c);
/* By its role: "containerd 1.6.20", "shim default/web-0", "writer sh", else its comm. */
char *name_process(char *buf, size_t size, const struct names *n, const struct model_process *p);
/* "shim 1201", "writer sh 1302": short, with the pid. */
char *name_holder(char *buf, size_t size, const struct model_process *p);
/* "1201", "?" */
char *name_pid(char *buf, size_t size, int64_t pid);
/* The file name of a path. */
const char *name_base(const char *path);

#endif
