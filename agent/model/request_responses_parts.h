/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_REQUEST_RESPONSES_PARTS_H
#define TURNPIKE_AGENT_MODEL_REQUEST_RESPONSES_PARTS_H

#include "agent/model/abilities.h"
#include "agent/model/deferred.h"
#include "agent/model/provider.h"
#include "base/err.h"

/*
 * request_responses_parts -- what the files of a request of OpenAI's Responses share:
 *
 *   request_responses        tools, parameters and headers; a response that the vendor keeps
 *   request_responses_items  the conversation, item by item
 *
 * Process: turn worker.
 */
struct responses_writer {
    struct provider_http *out;
    struct buf *json; /* its body */
    const struct provider_request *q;
    struct abilities abilities;
    struct deferred deferred;
    char maker[PROVIDER_MAKER_SIZE];
    uint64_t flags; /* of the quirks */
    uint64_t sent;
    bool background;
    bool any;    /* an item is written */
    bool failed; /* no memory */
};

/* Appends `,"input":[...]`. Returns 0 or ERR_NOMEM. */
MUST_CHECK int request_responses_input(struct responses_writer *w);

#endif
