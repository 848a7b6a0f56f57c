/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_MEDIA_PARTS_H
#define TURNPIKE_BASE_MEDIA_PARTS_H

#include "base/media.h"

#include <stdint.h>

/*
 * media_parts -- what the files of media share with each other:
 *
 *   media        which kind it is, and what it is called
 *   media_image  the four formats of images
 *
 * Each look_* is for bytes that begin as its format does. Returns as media_look; out->width and the
 * rest are set on 0.
 */
struct media_bytes {
    const uint8_t *at;
    size_t len;
};
typedef int media_fn(struct media_bytes b, struct media *out, char why[MEDIA_WHY_SIZE]);

media_fn media_png, media_jpeg, media_webp, media_gif;

/* Says why, and returns ERR_INVALID: media_image, for both. */
MUST_CHECK int media_broken(char why[MEDIA_WHY_SIZE], const char *text);

#endif
