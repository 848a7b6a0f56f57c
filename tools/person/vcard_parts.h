/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_VCARD_PARTS_H
#define TURNPIKE_TOOLS_PERSON_VCARD_PARTS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* vcard -- what its two files share: the lines of a text as properties. */
#define VCARD_NAME_SIZE 32

/* One property: NAME;PARAMETERS:VALUE. */
struct vcard_line {
    char name[VCARD_NAME_SIZE];
    bool quoted, base64; /* its encoding */
    struct buf value;    /* decoded, UTF-8, still with backslashes */
};
struct vcard_source {
    const char *at, *end;
    size_t line; /* of the file, from 1 on */
};

/* The whole text as UTF-8 when a mark says that it is another, else as bytes that each value
 * decides about. own: storage of it, which outlives the source. */
void vcard_open_text(const char *text, size_t len, struct buf *own, struct vcard_source *out);
/* The next property with its folds. line: zeroed before the first one; its value is freed by the
 * caller. Returns 1; 0 at the end; ERR_NOMEM. */
MUST_CHECK int vcard_next(struct vcard_source *r, struct vcard_line *line);

#endif
