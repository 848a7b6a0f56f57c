/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_BASE64_H
#define TURNPIKE_BASE_BASE64_H

#include "base/err.h"

#include <stddef.h>

/*
 * base64 -- bytes out of base64 (RFC 4648). buf_put_base64 (base/buf.h) writes it. Pure.
 */
enum base64_form {
    BASE64_LINES, /* section 4; line breaks may stand anywhere (RFC 2045), padding may be missing */
    BASE64_URL    /* section 5, as RFC 7515 wants it: no padding, no other characters */
};
/* Bytes that a text of so many characters may become. */
#define BASE64_MAX(len) ((len) / 4 * 3 + 3)
/*
 * base64_decode -- strict: any other character, or padding in the middle, is refused.
 *   out  room for BASE64_MAX(len) bytes; may be `text` itself
 * Returns the number of bytes, or ERR_INVALID.
 */
MUST_CHECK long base64_decode(const char *text, size_t len, enum base64_form form, void *out);

#endif
