/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/push_letter.h"

#include "base/ident.h"
#include "base/jdoc.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PUSH_LETTER_TITLE 200 /* bytes, before JSON */
#define PUSH_LETTER_BODY 1000
#define PUSH_LETTER_BODY_LEAST 150
#define PUSH_LETTER_ACT_MS (24 * INT64_C(3600000)) /* how long a notification's buttons work */
#define PUSH_LETTER_ID 64                          /* most bytes of a subscription's id */
#define HOUR_S 3600

/* What of an item the letter needs; borrowed. */
struct push_letter_words {
    const char *type, *title, *body, *from, *session, *entry;
    const char *urgency;
    int ttl_s;
};

/* ---- an entry of the inbox ---- */

static void push_letter_read_message(const jdoc *event, struct push_letter_words *w)
{
    const jdoc *value = jdoc_get(event, "value");

    w->type = "message";
    w->title = "A message";
    w->from = jdoc_text_or(value, "from", NULL);
    w->body = jdoc_text_or(value, "text", jdoc_text_or(value, "message", ""));
}

static void push_letter_read_entry(const jdoc *event, struct push_letter_words *w)
{
    const char *type = jdoc_text_or(event, "type", "");

    w->entry = jdoc_text_or(event, "id", "");
    w->type = "alert";
    w->title = "Turnpike";
    w->urgency = "normal";
    w->ttl_s = 24 * HOUR_S;
    w->body = jdoc_text_or(event, "message",
        jdoc_text_or(event, "label", jdoc_text_or(event, "title", "")));
    if (strcmp(type, "CUSTOM") == 0)
        push_letter_read_message(event, w);
    if (strcmp(type, "timer_expired") != 0 && strcmp(type, "reminder") != 0)
        return;
    w->type = *type == 't' ? "timer" : "reminder";
    w->title = *type == 't' ? "Timer" : "Reminder";
    w->urgency = "high";
    w->ttl_s = 4 * HOUR_S; /* later it is in the inbox, and no news */
}

/* ---- the end of a turn ---- */

static void push_letter_read_turn(const jdoc *item, struct push_letter_words *w)
{
    bool asks = strcmp(jdoc_text_or(item, "kind", ""), "approval") == 0;
    const char *title = jdoc_text_or(item, "title", "");

    w->type = asks ? "approval" : "answer";
    w->title = *title ? title : asks ? "Your approval is needed" : "The answer is there";
    w->body = jdoc_text_or(item, "text", "");
    w->session = jdoc_text_or(item, "session", "");
    w->urgency = asks ? "high" : "normal";
    w->ttl_s = 24 * HOUR_S;
}

/* ---- both ---- */

static void push_letter_put_text(struct buf *b, const char *name, const char *text, size_t most)
{
    size_t len = strlen(text);

    buf_printf(b, ",\"%s\":", name);
    buf_json_string(b, text, len > most ? utf8_cut(text, most) : len);
}

static void push_letter_put_act(const struct push_letter_of *of, const char *entry, struct buf *b)
{
    struct buf token = {0};

    if (webpush_act_make(of->key, of->uid, entry, of->now_ms + PUSH_LETTER_ACT_MS, &token) == 0)
        buf_json_member(b, "act", buf_text(&token));
    buf_free(&token);
}

static int push_letter_compose(const struct push_letter_of *of, const struct push_letter_words *w,
    size_t body, struct push_letter *out)
{
    const char *blank = strchr(of->member, ' ');
    char tag[IDENT_SESSION_MAX + 16], digest[IDENT_SHA256_SIZE];

    if (w->entry)
        snprintf(tag, sizeof tag, "%.60s", w->entry);
    else
        snprintf(tag, sizeof tag, "%.10s:%.*s", w->type, IDENT_SESSION_MAX, w->session);
    ident_sha256_hex(tag, strlen(tag), digest);
    snprintf(out->topic, sizeof out->topic, "%.32s", digest);
    buf_reset(&out->text);
    buf_printf(&out->text, "{\"v\":1,\"to\":\"%.*s\",\"at\":%" PRId64, PUSH_LETTER_ID,
        blank ? blank + 1 : "", of->now_ms);
    buf_json_member(&out->text, "id", tag);
    buf_json_member(&out->text, "type", w->type);
    push_letter_put_text(&out->text, "title", w->title, PUSH_LETTER_TITLE);
    push_letter_put_text(&out->text, "body", w->body, body);
    if (w->from)
        push_letter_put_text(&out->text, "from", w->from, PUSH_LETTER_TITLE);
    buf_printf(&out->text, ",\"url\":\"%s%s\"", w->session ? "#/c/" : "./",
        w->session ? w->session : "");
    if (w->entry) {
        buf_json_member(&out->text, "entry", w->entry);
        buf_puts(&out->text, ",\"actions\":[\"ack\",\"snooze\"]");
        push_letter_put_act(of, w->entry, &out->text);
    } else {
        buf_json_member(&out->text, "session", w->session);
        buf_puts(&out->text, ",\"actions\":[]");
    }
    buf_putc(&out->text, '}');
    return buf_error(&out->text);
}

int push_letter_write(const struct push_letter_of *of, struct push_letter *out)
{
    struct push_letter_words words = {.type = NULL};
    jdoc *item = NULL;
    int error = jdoc_parse(of->item, strlen(of->item), &item, NULL, 0);

    *out = (struct push_letter){.topic = ""};
    buf_init(&out->text, PUSH_LETTER_MAX);
    if (error)
        return error == ERR_NOMEM ? error : ERR_INVALID;
    if (strcmp(jdoc_text_or(item, "kind", ""), "inbox") == 0)
        push_letter_read_entry(jdoc_get(item, "event"), &words);
    else
        push_letter_read_turn(item, &words);
    out->urgency = words.urgency;
    out->ttl_s = words.ttl_s;
    error = push_letter_compose(of, &words, PUSH_LETTER_BODY, out);
    if (error == ERR_LIMIT) /* of characters that are long in JSON */
        error = push_letter_compose(of, &words, PUSH_LETTER_BODY_LEAST, out);
    jdoc_free(item);
    return error == ERR_LIMIT ? ERR_INVALID : error;
}

void push_letter_free(struct push_letter *letter)
{
    buf_free(&letter->text);
}
