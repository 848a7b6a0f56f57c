/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_SCAN_H
#define TURNPIKE_AGENT_MODEL_SCAN_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * scan -- the path of a token: reads the usual shapes of a model's delta event without
 * building a document. It accepts less than jdoc does and never anything that jdoc refuses; what
 * it does not know at once is left to the slow path. Used by turn workers; pure computation.
 */
enum scan_kind { SCAN_TEXT, SCAN_ARGS };
struct scan_delta {
    enum scan_kind kind;
    int64_t index;    /* of the content block or the choice */
    const char *text; /* into the event, or into scratch when something was escaped */
    size_t len;
    /* Of the Responses API: the part of that item, the event's number, the item's id. */
    int64_t part, sequence;
    const char *item;
    size_t item_len;
};
/* {"type":"content_block_delta","index":N,"delta":{"type":"text_delta","text":"..."}} */
bool scan_anthropic(const char *data, size_t len, struct buf *scratch, struct scan_delta *out);
/* {...,"choices":[{"index":0,"delta":{"content":"..."},"finish_reason":null}]} */
bool scan_openai(const char *data, size_t len, struct buf *scratch, struct scan_delta *out);
/* {"type":"response.output_text.delta","sequence_number":N,"item_id":"...","output_index":N,
 * "content_index":N,"delta":"...","logprobs":[],"obfuscation":"..."} */
bool scan_responses(const char *data, size_t len, struct buf *scratch, struct scan_delta *out);

#endif
