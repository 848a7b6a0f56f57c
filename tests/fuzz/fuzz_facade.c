/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_facade -- OpenAI's requests from bytes to a submit, and a run's log in OpenAI's words. The
 * first byte chooses; a log is one event a line. Whatever is said, frames are whole and are JSON.
 */
#include "base/err.h"
#include "fcgi-app/facade.h"
#include "fcgi-app/submit.h"
#include "workers/stream/stream_openai.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TURN "01234567-89ab-7def-8123-456789abcdef"

static struct conf conf;

static void check_json(const char *text, size_t len)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(text, len, &doc, NULL, 0);
    if (error && error != ERR_LIMIT) /* a log may be as deep as jdoc goes */
        abort();
    jdoc_free(doc);
}

static void read_request(enum submit_kind kind, const char *text, size_t len)
{
    struct arena *arena = arena_new();
    struct problem problem = {.set = false};
    struct submit submit;
    jdoc *doc = NULL;

    if (!arena)
        abort();
    if (jdoc_parse(text, len, &doc, NULL, 0) == 0) {
        const struct submit_source from = {.kind = kind, .body = doc, .retry = "1"};
        int error = submit_parse(&from, &conf, arena, &submit, &problem);
        if (error != 0 && (error != ERR_INVALID || !problem.set))
            abort();
        for (size_t i = 0; error == 0 && i < submit.message_count; i++)
            check_json(submit.messages[i], strlen(submit.messages[i]));
        if (error == 0 && submit.facade->tail >= submit.message_count)
            abort();
    }
    jdoc_free(doc);
    arena_free(arena);
}

static void check_frames(const struct buf *out)
{
    const char *at = buf_text(out), *end;

    while (*at && (end = strstr(at, "\n\n"))) {
        const char *json = strstr(at, "data: ");
        if (!json || json > end)
            abort();
        json += 6;
        if (strncmp(json, "[DONE]", 6) != 0)
            check_json(json, (size_t)(end - json));
        at = end + 2;
    }
    if (*at)
        abort();
}

static bool is_event(const char *line, size_t len)
{
    jdoc *doc = NULL;
    bool good = jdoc_parse(line, len, &doc, NULL, 0) == 0 && jdoc_type(doc) == JDOC_OBJECT;

    jdoc_free(doc);
    return good;
}

static void read_log(const struct stream_render *render, const char *text, size_t len)
{
    void *state = render->new ("response=1&usage=1&after=-1&model=pam&base=%2Fapi");
    struct buf out = {0};
    uint64_t n = 0;

    if (!state)
        abort();
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t line = end ? (size_t)(end - text) : len;
        struct logentry e = {.id = {1, ++n},
            .run = TURN,
            .run_len = sizeof TURN - 1,
            .json = text,
            .json_len = line,
            .flag = LOGENTRY_NONE};
        const char *type;
        size_t type_len;
        if (is_event(text, line)) { /* a log holds nothing else */
            if (logentry_type(&e, &type, &type_len) && type_len == 20 &&
                memcmp(type, "TEXT_MESSAGE_CONTENT", 20) == 0)
                e.flag = LOGENTRY_TEXT;
            buf_reset(&out);
            render->event(state, &e, &out);
            check_frames(&out);
        }
        line += end != NULL;
        text += line;
        len -= line;
    }
    buf_reset(&out);
    render->ended(state, &out);
    check_frames(&out);
    render->free(state);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;

    if (!conf.run_dir && conf_init(&conf) < 0)
        abort();
    if (size == 0)
        return 0;
    switch (data[0] % 4) {
    case 0:
        read_request(SUBMIT_COMPLETION, text, size - 1);
        break;
    case 1:
        read_request(SUBMIT_RESPONSE, text, size - 1);
        break;
    case 2:
        read_log(&stream_openai_chat_render, text, size - 1);
        break;
    default:
        read_log(&stream_openai_response_render, text, size - 1);
        break;
    }
    return 0;
}
