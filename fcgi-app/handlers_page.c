/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/voice.h"
#include "process/webpush.h"

#include <string.h>

/*
 * handlers_page -- what the page and <turnpike-chat> ask of their site before anybody has signed
 * in: GET /page. Nothing here is secret, and nothing is of one user. Each member of the answer is
 * one function of handlers_page_members: it appends the member's value. Api workers.
 */

typedef void handlers_page_fn(const struct conf *conf, struct buf *b);

/* A list of words between blanks, as settings have them. */
static void handlers_page_words(struct buf *b, const char *words)
{
    const char *comma = "";

    buf_putc(b, '[');
    while (*(words += strspn(words, " \t"))) {
        size_t len = strcspn(words, " \t");
        buf_puts(b, comma);
        buf_json_string(b, words, len);
        comma = ",";
        words += len;
    }
    buf_putc(b, ']');
}

static void handlers_page_name(const struct conf *conf, struct buf *b)
{
    buf_json_text(b, conf->page_name);
}

static void handlers_page_development(const struct conf *conf, struct buf *b)
{
    buf_puts(b, conf->development ? "true" : "false");
}

static void handlers_page_sign_in(const struct conf *conf, struct buf *b)
{
    buf_puts(b, "{\"form\":true,\"fragment\":true,\"post_message\":");
    handlers_page_words(b, conf->page_post_message);
    buf_printf(b, ",\"cookie\":%s", *conf->auth_cookie ? "true" : "false");
    buf_printf(b, ",\"session\":%s", *conf->page_session ? "true" : "false");
    if (*conf->page_sign_in_url)
        buf_json_member(b, "url", conf->page_sign_in_url);
    if (*conf->page_sign_out_url)
        buf_json_member(b, "out_url", conf->page_sign_out_url);
    buf_putc(b, '}');
}

static void handlers_page_images(const struct conf *conf, struct buf *b)
{
    handlers_page_words(b, conf->page_images);
}

static void handlers_page_tiles(const struct conf *conf, struct buf *b)
{
    if (!*conf->page_tiles_url) {
        buf_puts(b, "null");
        return;
    }
    buf_puts(b, "{\"url\":");
    buf_json_text(b, conf->page_tiles_url);
    buf_json_member(b, "attribution", conf->page_tiles_attribution);
    buf_putc(b, '}');
}

static void handlers_page_limits(const struct conf *conf, struct buf *b)
{
    buf_printf(b, "{\"message\":%lld,\"attachments\":{\"count\":%lld,\"bytes\":%lld,\"kinds\":",
        (long long)conf->message_max, (long long)conf->attachments_message,
        (long long)conf->attachments_bytes);
    handlers_page_words(b, conf->attachments_kinds);
    buf_puts(b, "}}");
}

static void handlers_page_push(const struct conf *conf, struct buf *b)
{
    struct webpush_key *key = NULL;

    if (!*conf->push_key || webpush_key_read(conf->push_key, &key) != 0)
        buf_puts(b, "null");
    else
        buf_printf(b, "{\"public_key\":\"%s\"}", webpush_key_public(key));
    webpush_key_free(key);
}

/* Those of web/client/chat/words/. */
static void handlers_page_languages(const struct conf *conf, struct buf *b)
{
    (void)conf;
    buf_puts(b, "[\"en\",\"de\",\"es\",\"fr\"]");
}

static const struct {
    const char *name;
    handlers_page_fn *put;
} handlers_page_members[] = {
    {"name", handlers_page_name},
    {"development", handlers_page_development},
    {"sign_in", handlers_page_sign_in},
    {"images", handlers_page_images},
    {"tiles", handlers_page_tiles},
    {"limits", handlers_page_limits},
    {"push", handlers_page_push},
    {"voice", voice_write_site},
    {"languages", handlers_page_languages},
};

int handlers_page(struct exchange *x)
{
    struct buf *b = &x->reply.body;

    exchange_json(x, 200);
    x->reply.kept = true;
    for (size_t i = 0; i < sizeof handlers_page_members / sizeof *handlers_page_members; i++) {
        buf_putc(b, i == 0 ? '{' : ',');
        buf_json_text(b, handlers_page_members[i].name);
        buf_putc(b, ':');
        handlers_page_members[i].put(x->app->conf, b);
    }
    buf_putc(b, '}');
    return 0;
}
