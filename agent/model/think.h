/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_THINK_H
#define TURNPIKE_AGENT_MODEL_THINK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * think -- tells the thoughts of an answer from its text where a server sends both as text: a
 * local model writes `<think>...</think>` in front of its answer. Only the beginning of an answer
 * is looked at, so a text about such tags stays as it is. Used by turn workers; pure computation.
 */
enum think_state { THINK_BEFORE, THINK_INSIDE, THINK_AFTER, THINK_TEXT };

#define THINK_HELD_MAX 32

struct think { /* zeroed = at the beginning of an answer */
    enum think_state state;
    unsigned tag;                  /* row of the table of tags; set from THINK_INSIDE on */
    char held[THINK_HELD_MAX + 3]; /* blanks, or the beginning of a tag; the rest of a character */
    size_t count;
    bool thought; /* something was thought */
};

/* thought: reasoning, else text. Non-zero ends the feed and is returned by it. */
typedef int think_fn(void *arg, bool thought, const char *s, size_t len);
/*
 * think_feed -- Of valid UTF-8. Passes on what can be told; holds at most what may become a tag.
 * Text of one call stays one piece, unless a tag parts it.
 */
MUST_CHECK int think_feed(struct think *t, const char *s, size_t len, think_fn *out, void *arg);
/* The answer's text ended: what is held is passed on as what it is. Blanks alone are dropped. */
MUST_CHECK int think_end(struct think *t, think_fn *out, void *arg);

#endif
