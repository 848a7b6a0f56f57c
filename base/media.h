/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_MEDIA_H
#define TURNPIKE_BASE_MEDIA_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * media -- what a file is, told by its bytes, and how large the picture in it is. Reads headers and
 * the chain of blocks to its end; decodes nothing. So a file that was cut is refused, and one whose
 * compressed data are broken is not. Pure, linear in the file's length. Any process.
 */
enum media_kind { MEDIA_IMAGE, MEDIA_PDF, MEDIA_TEXT, MEDIA_KINDS };

struct media {
    enum media_kind kind;
    const char *type;       /* "image/jpeg"; of a text "text/plain": see media_type */
    unsigned width, height; /* of an image, pixels, as stored (no rotation); else 0 */
    bool animated;          /* an image with more than one frame */
    unsigned pages;         /* of a PDF, as far as it can be seen without decoding; at least 1 */
};

#define MEDIA_WHY_SIZE 160
/* A side of an image, pixels; all of its pixels. What is larger costs each reader too much. */
#define MEDIA_SIDE_MAX 16384
#define MEDIA_PIXELS_MAX 100000000

/*
 * media_look -- PNG (W3C PNG 3rd edition), JPEG (ITU T.81), WebP (RFC 9649), GIF89a, PDF (ISO
 * 32000-1, 7.5), else text in UTF-8.
 *   why  out on error: what is wrong, to be put behind "The file"
 * Returns 0; ERR_NOT_FOUND (none of these); ERR_INVALID (broken, encrypted, empty); ERR_LIMIT (too
 * many pixels).
 */
MUST_CHECK int media_look(const void *bytes, size_t len, struct media *out,
    char why[MEDIA_WHY_SIZE]);

/*
 * media_agrees -- may a file that is `found` be declared as this type? Parameters, case and the
 * usual other spellings do not count; "", application/octet-stream and "binary/octet-stream" say
 * nothing. A text may be declared as any text/..., and as the types of application/... that are
 * texts. An image that is none of ours (SVG) is no text.
 */
bool media_agrees(const struct media *found, const char *declared);
/* Is it declared as a table or as cards, which older programs write in their own character set? */
bool media_is_table(const char *declared);
/* What it is called from now on: the type found; of a text the declared one without parameters, in
 * small letters, when that is one of a text. At most MEDIA_TYPE_SIZE - 1 characters. */
#define MEDIA_TYPE_SIZE 80
void media_type(const struct media *found, const char *declared, char out[MEDIA_TYPE_SIZE]);

#endif
