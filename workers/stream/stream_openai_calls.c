/* SPDX-License-Identifier: BSD-2-Clause */
/* stream_openai_calls -- calls that have no result yet; at the end some are the client's. */
#include "workers/stream/stream_openai.h"

#include <stdlib.h>
#include <string.h>

struct stream_openai_call *stream_openai_call(struct stream_openai *s, const char *id)
{
    for (size_t i = 0; i < s->call_count; i++)
        if (!strcmp(s->calls[i].id, id))
            return &s->calls[i];
    return NULL;
}

struct stream_openai_call *stream_openai_add_call(struct stream_openai *s, const char *id,
    const char *name)
{
    struct stream_openai_call *call = stream_openai_call(s, id);

    if (call) {
        buf_reset(&call->args);
        return call;
    }
    if (!stream_openai_room((void **)&s->calls, s->call_count, &s->call_room, sizeof *s->calls)) {
        stream_openai_no_memory(s);
        return NULL;
    }
    call = &s->calls[s->call_count];
    *call = (struct stream_openai_call){.id = strdup(id), .name = strdup(name)};
    if (!call->id || !call->name) {
        free(call->id);
        free(call->name);
        stream_openai_no_memory(s);
        return NULL;
    }
    s->call_count++;
    return call;
}

void stream_openai_drop_call(struct stream_openai *s, const char *id)
{
    struct stream_openai_call *call = stream_openai_call(s, id);

    if (!call)
        return;
    free(call->id);
    free(call->name);
    buf_free(&call->args);
    memmove(call, call + 1, (size_t)(&s->calls[--s->call_count] - call) * sizeof *call);
}

void stream_openai_tell_calls(struct stream_openai *s, const jdoc *pending)
{
    unsigned index = 0;

    for (size_t i = 0; i < jdoc_length(pending); i++) {
        const char *id = jdoc_string(jdoc_at(pending, i), NULL);
        const struct stream_openai_call *call = id ? stream_openai_call(s, id) : NULL;
        if (!call)
            continue;
        const struct facade_output item = {.kind = FACADE_CALL,
            .turn = s->turn,
            .done = true,
            .text = call->args.len > 0 ? (struct facade_text){call->args.data, call->args.len} :
                                         (struct facade_text){"{}", 2},
            .call = call->id,
            .name = call->name};
        s->form->call(s, &item, index++);
    }
}
