/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_CHARSET_H
#define TURNPIKE_BASE_CHARSET_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* charset -- texts of other programs as UTF-8: which of four they are in, told by their bytes.
 * Pure. */
enum charset { CHARSET_UTF8, CHARSET_UTF16LE, CHARSET_UTF16BE, CHARSET_1252, CHARSET_KINDS };

/* "utf-8", "utf-16le", "utf-16be", "windows-1252" */
const char *charset_name(enum charset c);
/* Returns CHARSET_KINDS for another name. */
enum charset charset_named(const char *name);
/*
 * charset_guess -- by its mark; UTF-16 without one by its zero bytes; UTF-8 when it is well formed;
 * else Windows-1252, which holds Latin-1.
 */
enum charset charset_guess(const char *text, size_t len);
/* Appends the text as UTF-8, without its mark. What is no character becomes U+FFFD. */
void charset_put(struct buf *out, enum charset c, const char *text, size_t len);

#endif
