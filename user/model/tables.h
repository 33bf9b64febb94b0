/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables that facts are copied into: finding, adding, freeing. All by id, which is never given twice. */
#ifndef SHIMSCOPE_MODEL_TABLES_H
#define SHIMSCOPE_MODEL_TABLES_H

#include "model/state.h"

struct text_pair {
	char **to;
	const char *from;
};

/* text_set() for several. */
int texts_set(const struct text_pair *pairs, size_t n);

#define TEXTS_SET(...)                                       \
	texts_set((const struct text_pair[]){ __VA_ARGS__ }, \
		  sizeof((const struct text_pair[]){ __VA_ARGS__ }) / sizeof(struct text_pair))

/* What is known goes over what was. */
void number_set(int64_t *to, int64_t from);
/* A number that 0 leaves unknown: a pid, the start of a process. */
void positive_set(int64_t *to, int64_t from);
/* Not known, or not negative. */
bool is_quantity(int64_t n);
/* What is said of a quantity; a negative one is none, so not known. */
int64_t quantity_of(int64_t n);

/* NULL when there is none. */
struct process *tables_find_process(const struct state *st, uint32_t id);
struct object *tables_find_object(const struct state *st, uint32_t id);

/* NULL when out of memory. */
struct process *tables_add_process(struct state *st, uint32_t id);
struct object *tables_add_object(struct state *st, uint32_t id);
struct runtime *tables_runtime(struct state *st, int64_t pid);
struct tally *tables_tally(struct state *st, struct object *o, struct process *p, enum direction direction);
struct holder *tables_holder(struct state *st, struct process *p, int fd);
struct link *tables_link(struct state *st, struct object *from, struct object *to, struct process *p);
/* head: the first of the same id, NULL if this is. */
struct container *tables_add_container(struct state *st, struct container *head, const char *id);

/* Remove and free one; what names a process is taken off its references. */
void tables_remove_tally(struct state *st, struct tally *t);
void tables_remove_link(struct state *st, struct link *l);
void tables_remove_holder(struct state *st, struct holder *h);
void tables_remove_object(struct state *st, struct object *o);
void tables_remove_process(struct state *st, struct process *p);
void tables_remove_container(struct state *st, struct container *c);

/* The tables of facts (feed_*.c); 0, -EINVAL or -ENOMEM. */
int feed_host(void *ctx, const struct fact_host *f);
int feed_trace(void *ctx, const struct fact_trace *f);
int feed_runtime(void *ctx, const struct fact_runtime *f);
int feed_loss(void *ctx, const struct fact_loss *f);
int feed_finish(void *ctx, const struct fact_finish *f);
int feed_process(void *ctx, const struct fact_process *f);
int feed_usage(void *ctx, const struct fact_usage *f);
int feed_container(void *ctx, const struct fact_container *f);

#endif
