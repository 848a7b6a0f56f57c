/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_FACADE_ITEMS_H
#define TURNPIKE_FCGI_APP_FACADE_ITEMS_H

#include "base/buf.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * facade_items -- the parts of an answer in OpenAI's words, which a stream and a whole answer have
 * alike. Pure; appends JSON. Turn, api and stream workers.
 *
 * Texts come escaped as JSON strings want them, without the quotes: so a stream passes on what the
 * log has. The id of an item is made of its turn and its place in the output: so it is the same in
 * a stream, in its repetition and in what is stored.
 */
struct facade_text {
    const char *escaped;
    size_t len;
};
#define FACADE_TEXT_NONE ((struct facade_text){"", 0})

enum facade_item { FACADE_MESSAGE, FACADE_REASONING, FACADE_CALL };
void facade_item_id(enum facade_item kind, const char *turn, unsigned place, struct buf *json);

struct facade_output {
    enum facade_item kind;
    const char *turn;
    unsigned place;
    bool done;               /* false: it has just been begun, and is empty */
    struct facade_text text; /* or the arguments of a call */
    const char *call, *name; /* of a call, not escaped */
};
void facade_item_write(const struct facade_output *item, struct buf *json);

/* When a turn was accepted, in seconds: by its id (UUID version 7). */
int64_t facade_created(const char *turn);

/* The usage of a turn, a list of AG-UI's TokenUsage, as one object. NULL = nothing was used. */
void facade_usage_write(const jdoc *usage, bool response, struct buf *json);

/*
 * What the user is asked for, in words: the effect of each call, and how it is approved. No text
 * that comes back counts as an approval. Plain text.
 */
void facade_asks(const jdoc *interrupts, const char *base, struct buf *text);

/* finish_reason of a chat completion. calls: it ends with calls of the client's tools. */
const char *facade_finish(const char *stop_reason, bool calls);

/* A kept answer: docs/openai.md. Nothing when it is none. seconds: of its age, or below 0. */
void facade_cached_write(int64_t seconds, struct buf *json);

struct facade_response_form {
    bool cached; /* a kept answer, of so many seconds */
    int64_t cached_s;
    const char *turn, *session, *model;
    const char *status; /* queued, in_progress, completed, incomplete, failed, cancelled */
    const jdoc *echo;   /* what the request said: submit.echo; or NULL */
    const char *output; /* items with commas between them; "" = none */
    const char *error_code, *error; /* of a failed one, or NULL */
    const char *incomplete;         /* reason, or NULL */
    const jdoc *usage;
    bool over;           /* it has ended: usage counts */
    int64_t completed_s; /* 0 = not yet */
};
void facade_response_write(const struct facade_response_form *r, struct buf *json);

#endif
