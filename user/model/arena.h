/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that is given back all at once: what one model_resolve() makes lives until the next. And maps
 * from bytes to pointers whose entries lie in such memory.
 */
#ifndef SHIMSCOPE_MODEL_ARENA_H
#define SHIMSCOPE_MODEL_ARENA_H

#include <stddef.h>

struct arena_block;

/* Zeroed is empty. */
struct arena {
	struct arena_block *first, *current;
};

/* n members of size bytes, zeroed, aligned for any type; not NULL for none. NULL: out of memory. */
void *arena_alloc(struct arena *a, size_t n, size_t size);

/* A NUL-terminated copy of len bytes; NULL when out of memory. */
char *arena_text(struct arena *a, const char *s, size_t len);

/* A formatted string; NULL when out of memory. */
__attribute__((format(printf, 2, 3))) char *arena_format(struct arena *a, const char *format, ...);

/* Forget all that was allocated; the blocks are kept for the next round. */
void arena_reset(struct arena *a);

/* Free the blocks that were not needed since the last reset. */
void arena_trim(struct arena *a);

/* Free everything. */
void arena_free(struct arena *a);

struct index_entry;

/* Zeroed is empty. */
struct index {
	struct index_entry *head;
};

/* The value under this key, NULL when there is none. */
void *index_find(const struct index *ix, const void *key, size_t len);

/*
 * Add a value under a key that is not there yet. The key is borrowed and must live as long as the index;
 * the entry is taken from the arena. Returns 0 or -ENOMEM.
 */
int index_add(struct index *ix, struct arena *a, const void *key, size_t len, void *value);

/* Free the index, before its arena is reset. */
void index_clear(struct index *ix);

#endif
