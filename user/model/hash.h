/* SPDX-License-Identifier: GPL-2.0-only */
/* uthash as the model uses it: a full memory is an error to return, not the end of the process. */
#ifndef SHIMSCOPE_MODEL_HASH_H
#define SHIMSCOPE_MODEL_HASH_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Did the last HASH_ADD of this item succeed? (uthash leaves it without a table when it did not.) */
#define HASH_ADDED(item) ((item)->hh.tbl != NULL)

#endif
