/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PREVIEW_H
#define TURNPIKE_TOOLS_KIT_PREVIEW_H

#include "base/err.h"
#include "tools/kit/run.h"

#include <stdbool.h>

/*
 * preview -- the words in which a user is asked whether a call may run (tools_preview). Titles and
 * texts of records may be written by others, so they go through preview_text first. Pure
 * computation.
 */
#define PREVIEW_TITLE 80 /* characters of a title or a name */
#define PREVIEW_BODY 200 /* of a longer text */

/*
 * preview_text -- text in one line and in double quotes, cut at `max` characters. Left out is what
 * could make it look like something else: control and format characters (changes of direction,
 * invisible ones), and combining marks beyond two on one character; a double quote becomes single.
 * Returns it, in the arena; NULL on no memory. text NULL: as "".
 */
const char *preview_text(struct arena *arena, const char *text, size_t max);

/* A control or format character, a filler, one of private use: what a reader does not see. */
bool preview_is_hidden(unsigned code);
/*
 * preview_json -- appends a JSON text as it is, but each character that is not shown, or changes
 * how others are shown, as its \u escape: the same value, and a user reads what it is. At most
 * `max` bytes of it, then "...".
 */
void preview_json(struct buf *out, const char *json, size_t max);

/* Sets run->preview, which goes on behind "May I ". Returns 0 or ERR_NOMEM. */
MUST_CHECK int preview_say(struct tools_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * preview_title -- preview_say of the words before, the title `key` of the arguments or of a
 * record, and the words after it.
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int preview_title(struct tools_run *run, const jdoc *from, const char *key,
    const char *before, const char *after);

#endif
