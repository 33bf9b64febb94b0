/* SPDX-License-Identifier: GPL-2.0-only */
/* Names as the BPF programs send them, made into strings. */
#ifndef SHIMSCOPE_PROBE_PATH_H
#define SHIMSCOPE_PROBE_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#define PATH_TEXT_SIZE (SS_PATH_LEN + 64)

/*
 * The name in path[len]: for a file the components, leaf first, become "/a/b/c" (".../b/c" when the root's
 * side was cut); a socket's address is taken as it is, "@name" if abstract. Returns ret, or NULL for no name.
 */
const char *path_text(char ret[PATH_TEXT_SIZE], uint8_t transport, uint8_t flags, const char *path,
		      uint32_t len);

#endif
