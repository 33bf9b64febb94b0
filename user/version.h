/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIMSCOPE_VERSION_H
#define SHIMSCOPE_VERSION_H

#define SHIMSCOPE_VERSION "0.1.0"

#endif
