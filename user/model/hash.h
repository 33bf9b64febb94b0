/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uthash as the model uses it: a full memory is an error to return, not the end of the process; and whoever
 * wrote a capture cannot know which keys collide.
 */
#ifndef SHIMSCOPE_MODEL_HASH_H
#define SHIMSCOPE_MODEL_HASH_H

#include <stddef.h>

/* Choose the hash function's seed, once in the process's life; before any table is filled. */
void hash_seed(void);
/* The hash of len bytes. */
unsigned int hash_bytes(const void *key, size_t len);

#define HASH_NONFATAL_OOM	       1
#define HASH_FUNCTION(key, len, value) ((value) = hash_bytes(key, len))
#include <uthash.h>

/* Did the last HASH_ADD of this item succeed? (uthash leaves it without a table when it did not.) */
#define HASH_ADDED(item) ((item)->hh.tbl != NULL)

#endif
