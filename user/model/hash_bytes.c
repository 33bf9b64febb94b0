// SPDX-License-Identifier: GPL-2.0-only
/*
 * A seeded hash: words are folded in by multiplication to 128 bits, high half xor low half, the way of
 * wyhash (Wang Yi). The order of a table is that of insertion, so the seed changes nothing that is shown.
 */
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "model/hash.h"

static uint64_t seeds[2];

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

void hash_seed(void)
{
	struct timespec now = { 0 };

	if (seeds[0])
		return;
	if (getrandom(seeds, sizeof(seeds), GRND_NONBLOCK) != sizeof(seeds)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		seeds[0] = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15ULL;
		seeds[1] = (uint64_t)(uintptr_t)&now;
	}
	/* Odd: a zero would fold everything to zero. */
	seeds[0] |= 1;
	seeds[1] |= 1;
}

unsigned int hash_bytes(const void *key, size_t len)
{
	const unsigned char *at = key;
	uint64_t hash = seeds[0] ^ len, word;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = fold(hash ^ word, seeds[1] ^ 0xa0761d6478bd642fULL);
	}
	word = 0;
	if (len)
		memcpy(&word, at, len);
	hash = fold(hash ^ word, seeds[1] ^ 0xe7037ed1a0b428dbULL);
	return (unsigned int)(hash ^ hash >> 32);
}
