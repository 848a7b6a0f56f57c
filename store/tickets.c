/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tickets.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"

#include <stdio.h>
#include <string.h>

#define TICKETS_SCAN 2000

/* Appends the text that the command answers. Returns 0; ERR_NOT_FOUND; a fault. */
static int tickets_take_text(struct store *s, const struct link_arg *args, size_t count,
    struct buf *value)
{
    struct link_reply *r = NULL;
    size_t len = 0;
    int error = link_call(s->link, args, count, &r);

    if (!error && link_reply_type(r) != LINK_STRING)
        error = ERR_NOT_FOUND;
    if (!error) {
        const char *text = link_reply_text(r, &len);
        buf_put(value, text, len);
        error = buf_error(value);
    }
    link_reply_free(r);
    return error;
}

static int tickets_read(struct store *s, const char *command, const char *key, struct buf *value)
{
    const struct link_arg args[2] = {link_text(command), link_text(key)};

    return tickets_take_text(s, args, 2, value);
}

int tickets_take(struct store *s, const char *ticket, struct buf *value)
{
    char key[KEYS_MAX];

    keys_ticket(key, ticket);
    return tickets_read(s, "GETDEL", key, value);
}

int tickets_granted(struct store *s, const char *ticket, struct buf *value)
{
    char key[KEYS_MAX];

    keys_grant(key, ticket);
    return tickets_read(s, "GET", key, value);
}

int tickets_grant(struct store *s, const char *ticket, const char *session, const char *value,
    int64_t life_ms)
{
    char key[KEYS_MAX], life[24];
    struct buf text = {0};
    int error;

    keys_grant(key, ticket);
    snprintf(life, sizeof life, "%lld", (long long)life_ms);
    buf_printf(&text, "%s %s", session, value);
    error = buf_error(&text);
    if (!error) {
        const struct link_arg args[5] = {link_text("SET"), link_text(key), {text.data, text.len},
            link_text("PX"), link_text(life)};
        error = link_call(s->link, args, 5, NULL);
    }
    buf_free(&text);
    return error;
}

/* value: "UID ...", of a grant "SESSION UID ...". */
static bool tickets_is_of(const char *key, const char *value, const char *uid)
{
    size_t len = strlen(uid);

    if (keys_is_grant(key)) {
        value += strcspn(value, " ");
        value += *value == ' ';
    }
    return strncmp(value, uid, len) == 0 && value[len] == ' ';
}

static int tickets_erase_one(struct store *s, const char *key, const char *uid, int64_t *erased)
{
    struct link_reply *r = NULL;
    int error = link_command(s->link, &r, "GET %s", key);
    bool theirs = !error && tickets_is_of(key, link_reply_text(r, NULL), uid);

    link_reply_free(r);
    if (!theirs)
        return error;
    ++*erased;
    return link_command(s->link, NULL, "UNLINK %s", key);
}

int tickets_erase(struct store *s, struct link *server, const char *uid,
    char cursor[TICKETS_CURSOR_SIZE], int64_t *erased)
{
    struct link_reply *r = NULL;
    const struct link_reply *keys;
    /* One pattern for both: a step looks at all kinds of keys anyway. */
    int error = link_command(server, &r, "SCAN %s MATCH " KEYS_TICKETS_PATTERN " COUNT %d", cursor,
        TICKETS_SCAN);

    keys = link_reply_at(r, 1);
    for (size_t i = 0; !error && i < link_reply_count(keys); i++)
        error = tickets_erase_one(s, link_reply_text(link_reply_at(keys, i), NULL), uid, erased);
    if (!error)
        snprintf(cursor, TICKETS_CURSOR_SIZE, "%s", link_reply_text(link_reply_at(r, 0), NULL));
    link_reply_free(r);
    return error;
}

/* SET of what the owner's credential is, under the key. */
static int tickets_put(struct store *s, const struct tickets_owner *of, const char *origin,
    const char *key, int64_t life_ms)
{
    char life[TICKETS_CURSOR_SIZE];
    struct buf value = {0};
    int error;

    snprintf(life, sizeof life, "%lld", (long long)life_ms);
    buf_printf(&value, "%s %s %s %lld %s %u %s", of->uid, of->role, origin,
        (long long)of->expires_ms, of->mark, of->scopes, *of->class ? of->class : "-");
    error = buf_error(&value);
    if (!error) {
        const struct link_arg args[5] = {link_text("SET"), link_text(key), {value.data, value.len},
            link_text("PX"), link_text(life)};
        error = link_call(s->link, args, 5, NULL);
    }
    buf_free(&value);
    return error;
}

int tickets_new(struct store *s, const struct tickets_owner *of, const char *origin,
    char ticket[TICKETS_SIZE])
{
    char key[KEYS_MAX];

    ident_token(32, ticket);
    keys_ticket(key, ticket);
    return tickets_put(s, of, origin ? origin : "-", key, s->conf->ticket_ms);
}

/* ---- sign-ins of the page ---- */

/* The oldest beyond TICKETS_PAGES_MAX end. */
static int tickets_page_crowd(struct store *s, const char *sign_ins)
{
    struct link_reply *r = NULL;
    int error = link_command(s->link, &r, "ZRANGE %s 0 %d", sign_ins, -TICKETS_PAGES_MAX - 1);

    for (size_t i = 0; !error && i < link_reply_count(r); i++) {
        const char *key = link_reply_text(link_reply_at(r, i), NULL);
        error = link_command(s->link, NULL, "UNLINK %s", key);
        if (!error)
            error = link_command(s->link, NULL, "ZREM %s %s", sign_ins, key);
    }
    link_reply_free(r);
    return error;
}

static int tickets_page_count_in(struct store *s, const char *uid, const char *key)
{
    const int64_t now = clock_real_ms(), life = s->conf->page_session_life_ms;
    char sign_ins[KEYS_MAX];
    int error;

    keys_sign_ins(sign_ins, uid);
    error = link_command(s->link, NULL, "ZADD %s %lld %s", sign_ins, (long long)now, key);
    if (!error)
        error = link_command(s->link, NULL, "PEXPIRE %s %lld", sign_ins, (long long)life);
    if (!error)
        error = link_command(s->link, NULL, "ZREMRANGEBYSCORE %s -inf %lld", sign_ins,
            (long long)(now - life));
    return error ? error : tickets_page_crowd(s, sign_ins);
}

int tickets_page_new(struct store *s, const struct tickets_owner *of, char token[TICKETS_SIZE])
{
    char key[KEYS_MAX];
    int error;

    ident_token(32, token);
    keys_ticket_page(key, token);
    /* First, so that none is there that is not counted. */
    error = tickets_page_count_in(s, of->uid, key);
    return error ? error : tickets_put(s, of, "-", key, s->conf->page_session_idle_ms);
}

void tickets_page_command(const struct conf *conf, const char *token, char key[KEYS_MAX],
    char idle[TICKETS_CURSOR_SIZE], struct link_arg args[TICKETS_PAGE_ARGS])
{
    keys_ticket_page(key, token);
    snprintf(idle, TICKETS_CURSOR_SIZE, "%lld", (long long)conf->page_session_idle_ms);
    args[0] = link_text("GETEX");
    args[1] = link_text(key);
    args[2] = link_text("PX");
    args[3] = link_text(idle);
}

int tickets_page_use(struct store *s, const char *token, struct buf *value)
{
    char key[KEYS_MAX], idle[TICKETS_CURSOR_SIZE];
    struct link_arg args[TICKETS_PAGE_ARGS];

    tickets_page_command(s->conf, token, key, idle, args);
    return tickets_take_text(s, args, TICKETS_PAGE_ARGS, value);
}

int tickets_page_end(struct store *s, const char *token)
{
    char key[KEYS_MAX], sign_ins[KEYS_MAX], uid[IDENT_USER_MAX + 1];
    struct buf value = {0};
    int error;

    keys_ticket_page(key, token);
    error = tickets_read(s, "GETDEL", key, &value);
    if (!error) {
        snprintf(uid, sizeof uid, "%.*s", (int)strcspn(buf_text(&value), " "), buf_text(&value));
        keys_sign_ins(sign_ins, uid);
        error = link_command(s->link, NULL, "ZREM %s %s", sign_ins, key);
    }
    buf_free(&value);
    return error == ERR_NOT_FOUND ? 0 : error;
}
