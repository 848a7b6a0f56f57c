/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies of the AI SDK's client, and pages of stored messages as its messages: what is taken of a
 * body is JSON and within its limits; a page is JSON whatever is stored.
 */
#include "base/err.h"
#include "fcgi-app/submit.h"
#include "fcgi-app/uichat.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct conf conf;

static void must_be_json(const char *text, size_t len)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(text, len, &doc, NULL, 0);
    if (error && error != ERR_LIMIT) /* as deep as jdoc goes, and in a message besides */
        abort();
    jdoc_free(doc);
}

static void submit(const jdoc *body, struct arena *arena)
{
    const struct submit_source from = {.kind = SUBMIT_AISDK, .body = body};
    struct submit *s = arena_alloc(arena, sizeof *s);
    struct problem problem = {.set = false};
    int error = s ? submit_parse(&from, &conf, arena, s, &problem) : ERR_NOMEM;

    if (error == ERR_INVALID && !problem.set)
        abort();
    if (error)
        return;
    if (s->message_count > SUBMIT_MESSAGES_MAX || s->resume_count > SUBMIT_RESUME_MAX ||
        !ident_is_session(s->session, strlen(s->session)))
        abort();
    for (size_t i = 0; i < s->message_count; i++) {
        must_be_json(s->messages[i], strlen(s->messages[i]));
        if (s->goes_on && !s->results[i])
            abort();
    }
}

static void page(jdoc *doc)
{
    const jdoc *messages = jdoc_get(doc, "messages");
    const struct uichat chat = {.page = doc,
        .messages = jdoc_type(messages) == JDOC_ARRAY ? messages : NULL,
        .user = "",
        .last = "",
        .approvals = jdoc_get(doc, "approvals")};
    struct buf json = {0};

    if (uichat_write(&chat, &json) == 0)
        must_be_json(json.data, json.len);
    uichat_waits_for(&chat, "c1");
    buf_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    jdoc *doc = NULL;

    if (!arena || (!conf.run_dir && conf_init(&conf) < 0))
        abort();
    if (jdoc_parse((const char *)data, size, &doc, NULL, 0) == 0) {
        submit(doc, arena);
        page(doc);
    }
    arena_free(arena);
    jdoc_free(doc);
    return 0;
}
