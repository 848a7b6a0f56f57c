/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stored messages, one JSON text a line, as a turn reads them: each is read and written again as
 * what it was, a context of them has every call directly before its results, and the requests made
 * of it break no rule of a vendor. The first byte chooses the budget; its lowest bit, whether the
 * models are told to think.
 */
#include "agent/model/request.h"
#include "base/err.h"
#include "tests/unit/request_strict.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct conf conf, thinking; /* the settings of a site, and those of one that thinks */

/* What is written is read as the same. */
static void write_and_read(const struct chat_message *m, struct arena *arena)
{
    struct buf json = {0}, again = {0};
    struct chat copy;

    chat_init(&copy, arena);
    chat_write(m, &json);
    if (buf_error(&json) || chat_parse(&copy, buf_text(&json), json.len) != 0 || copy.count != 1)
        abort();
    chat_write(&copy.items[0], &again);
    if (again.len != json.len || memcmp(buf_text(&again), buf_text(&json), json.len) != 0)
        abort();
    buf_free(&json);
    buf_free(&again);
}

static void check_pairs(const struct context *c)
{
    for (size_t i = 0; i < c->count;) {
        const struct chat_message *m = &c->items[i++];
        if (m->role == CHAT_TOOL)
            abort();
        for (size_t k = 0; k < m->call_count; k++, i++)
            if (i >= c->count || c->items[i].role != CHAT_TOOL ||
                strcmp(c->items[i].call_id, m->calls[k].id) != 0)
                abort();
    }
    if (c->count && c->items[0].role != CHAT_USER)
        abort();
}

static void begin(void)
{
    static const char *const settings[] = {"anthropic.model", "claude-sonnet-4-5",
        "anthropic.thinking", "2048", "openai.thinking", "high"};
    char why[CONF_WHY_SIZE];

    if (conf.run_dir)
        return;
    if (conf_init(&conf) < 0 || conf_init(&thinking) < 0)
        abort();
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i += 2)
        if (conf_set(&thinking, settings[i], settings[i + 1], why))
            abort();
}

static void check_request(const struct context *c, const struct provider *p, bool thinks,
    const char *(*refuses)(const jdoc *body))
{
    const struct provider_request q = {.conf = thinks ? &thinking : &conf,
        .context = c,
        .max_tokens = 100};
    const struct buf none = {0};
    struct provider_http http = {0};
    jdoc *body = NULL;

    if (p->request(&q, &none, &http))
        abort();
    int error = jdoc_parse(buf_text(&http.body), http.body.len, &body, NULL, 0);
    if (error ? error != ERR_LIMIT :
                refuses(body) != NULL) /* arguments may be as deep as jdoc goes */
        abort();
    jdoc_free(body);
    buf_free(&http.url);
    buf_free(&http.body);
    buf_free(&http.header_text);
}

/* As attached_load would: those that go along have their bytes. */
static void give_bytes(const struct context *c)
{
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < c->items[i].file_count; k++) {
            struct chat_file *f = &c->items[i].files[k];
            if (f->label > f->at || f->at > c->items[i].len)
                abort();
            if (!f->why && k % 3 < 2) { /* some have expired */
                f->data = "Ynl0ZXM=";
                f->len = 8;
            }
        }
}

static void check_requests(const struct context *c, bool thinks)
{
    give_bytes(c);
    check_request(c, &provider_anthropic, thinks, request_strict_anthropic);
    check_request(c, &provider_openai, thinks, request_strict_openai);
    check_request(c, &provider_responses, thinks, request_strict_responses);
}

static void read_lines(struct chat *chat, const char *text, size_t size)
{
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t len = end ? (size_t)(end - text) : size;
        int error = chat_parse(chat, text, len);
        if (error && error != ERR_INVALID)
            abort();
        len += end != NULL;
        text += len;
        size -= len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct input input = {.run_id = "r", .text = "", .zone = "", .locale = ""};
    struct arena *arena = arena_new();
    struct context_frame frame;
    struct context context;
    struct chat chat;

    if (!arena)
        abort();
    begin();
    if (size > 0) {
        chat_init(&chat, arena);
        read_lines(&chat, (const char *)data + 1, size - 1);
        for (size_t i = 0; i < chat.count; i++)
            write_and_read(&chat.items[i], arena);
        conf.model_context_tokens = 1 + data[0] * 8;
        if (context_frame_init(&frame, &conf, &input, NULL, 1795313100000, arena) < 0 ||
            context_build(&frame, &chat, NULL, arena, &context) < 0)
            abort();
        check_pairs(&context);
        check_requests(&context, data[0] & 1);
    }
    arena_free(arena);
    return 0;
}
