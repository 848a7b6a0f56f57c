/* SPDX-License-Identifier: BSD-2-Clause */
/* stream_openai_state -- what a stream in OpenAI's words remembers, and its end. */
#include "workers/stream/stream_openai.h"

#include <stdlib.h>
#include <string.h>

struct stream_openai *stream_openai_new(const char *detail, const struct stream_openai_form *form)
{
    struct stream_openai *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->form = form;
    if (facade_view_read(detail, &s->view) < 0) {
        free(s);
        return NULL;
    }
    return s;
}

void stream_openai_cut_messages(struct stream_openai *s, size_t count)
{
    while (s->message_count > count)
        free(s->messages[--s->message_count].id);
}

void stream_openai_cut_calls(struct stream_openai *s)
{
    while (s->call_count > 0) {
        struct stream_openai_call *call = &s->calls[--s->call_count];
        free(call->id);
        free(call->name);
        buf_free(&call->args);
    }
}

void stream_openai_free(void *state)
{
    struct stream_openai *s = state;

    stream_openai_cut_messages(s, 0);
    stream_openai_cut_calls(s);
    free(s->messages);
    free(s->calls);
    free(s->message);
    free(s->session);
    jdoc_free(s->echo_of);
    buf_free(&s->sent);
    buf_free(&s->held);
    buf_free(&s->thought);
    buf_free(&s->thoughts);
    buf_free(&s->items);
    free(s);
}

const jdoc *stream_openai_echo(const struct stream_openai *s)
{
    return jdoc_get(jdoc_get(jdoc_get(s->echo_of, "input"), "forwardedProps"), "openai");
}

bool stream_openai_room(void **list, size_t count, size_t *room, size_t size)
{
    size_t more = *room > 0 ? *room * 2 : 4;
    void *grown;

    if (count < *room)
        return true;
    grown = realloc(*list, more * size);
    if (!grown)
        return false;
    *list = grown;
    *room = more;
    return true;
}

void stream_openai_break(struct stream_openai *s, const char *code, const char *message)
{
    if (!s->over)
        s->form->broken(s, code, message);
    s->over = true;
}

void stream_openai_no_memory(struct stream_openai *s)
{
    stream_openai_break(s, "internal_error", "There is no memory for this stream.");
}
