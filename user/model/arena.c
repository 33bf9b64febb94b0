// SPDX-License-Identifier: GPL-2.0-only
/* Memory that is given back all at once, and maps within it. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/arena.h"
#include "model/hash.h"

#define BLOCK_SIZE ((size_t)1024 * 1024)
#define ALIGNMENT  16

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(ALIGNMENT) unsigned char data[];
};

struct index_entry {
	void *value;
	UT_hash_handle hh;
};

/* Make a block with room for size bytes the current one. */
static int advance(struct arena *a, size_t size)
{
	struct arena_block **at = a->current ? &a->current->next : &a->first;
	struct arena_block *block = *at;

	if (!block || block->size < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		if (room > SIZE_MAX - sizeof(*block))
			return -ENOMEM;
		block = malloc(sizeof(*block) + room);
		if (!block)
			return -ENOMEM;
		block->size = room;
		block->next = *at;
		*at = block;
	}
	block->used = 0;
	a->current = block;
	return 0;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - ALIGNMENT)
		return NULL;
	bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if ((!a->current || a->current->size - a->current->used < bytes) && advance(a, bytes))
		return NULL;
	p = a->current->data + a->current->used;
	a->current->used += bytes;
	memset(p, 0, bytes);
	return p;
}

char *arena_text(struct arena *a, const char *s, size_t len)
{
	char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1, 1) : NULL;

	if (copy && len)
		memcpy(copy, s, len);
	return copy;
}

char *arena_format(struct arena *a, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return NULL;
	text = arena_alloc(a, (size_t)len + 1, 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void arena_reset(struct arena *a)
{
	a->current = NULL;
}

void arena_trim(struct arena *a)
{
	struct arena_block **at = a->current ? &a->current->next : &a->first;

	while (*at) {
		struct arena_block *block = *at;

		*at = block->next;
		free(block);
	}
}

void arena_free(struct arena *a)
{
	arena_reset(a);
	arena_trim(a);
}

void *index_find(const struct index *ix, const void *key, size_t len)
{
	struct index_entry *e;

	HASH_FIND(hh, ix->head, key, len, e);
	return e ? e->value : NULL;
}

int index_add(struct index *ix, struct arena *a, const void *key, size_t len, void *value)
{
	struct index_entry *e = arena_alloc(a, 1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->value = value;
	HASH_ADD_KEYPTR(hh, ix->head, key, len, e);
	return HASH_ADDED(e) ? 0 : -ENOMEM;
}

void index_clear(struct index *ix)
{
	HASH_CLEAR(hh, ix->head);
}
