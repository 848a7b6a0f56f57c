/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/feedback.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FEEDBACK_BATCH 200       /* entries of one reply */
#define FEEDBACK_MONTHS_LEAST 14 /* that are told: feedback.keep may have been longer before */
#define FEEDBACK_MONTH_MS (INT64_C(31) * 86400000)

/* ---- months ---- */

/* The year and month of a time, counted in months. */
static int64_t feedback_month_of(int64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm;

    if (at_ms < 0 || !gmtime_r(&seconds, &tm))
        return 0;
    return ((int64_t)tm.tm_year + 1900) * 12 + tm.tm_mon;
}

static void feedback_key(char out[64], int64_t month)
{
    char name[16];

    snprintf(name, sizeof name, "%04d%02d", (int)(month / 12 % 10000), (int)(month % 12) + 1);
    keys_feedback_month(out, name);
}

/* The first month that may still be there. */
static int64_t feedback_first_month(const struct store *s, int64_t now_ms)
{
    int64_t from = now_ms - s->conf->feedback_keep_ms - FEEDBACK_MONTH_MS;

    return feedback_month_of(from > 0 ? from : 0);
}

bool feedback_month(const struct store *s, size_t index, char key[64])
{
    int64_t now = clock_real_ms(), month = feedback_month_of(now) + 1 - (int64_t)index;

    feedback_key(key, month); /* the next month too: other machines' clocks may be ahead */
    return index < FEEDBACK_MONTHS_LEAST || month >= feedback_first_month(s, now);
}

/* ---- writing ---- */

static void feedback_put_said(struct buf *json, const struct feedback_said *said, int64_t at_ms)
{
    char at[CLOCK_RFC3339_SIZE];

    buf_printf(json, "{\"rating\":%d", said->rating);
    if (said->type && *said->type)
        buf_json_member(json, "type", said->type);
    if (said->text && *said->text)
        buf_json_member(json, "text", said->text);
    clock_rfc3339(at_ms, at);
    buf_printf(json, ",\"at\":\"%s\"}", at);
}

/* When the user said it before, real time; 0 = never. */
static int64_t feedback_time_before(const char *text, size_t len)
{
    jdoc *doc = NULL;
    int64_t at = 0;

    if (len == 0 || jdoc_parse(text, len, &doc, NULL, 0))
        return 0;
    if (clock_parse_rfc3339(jdoc_text_or(doc, "at", ""), &at))
        at = 0;
    jdoc_free(doc);
    return at;
}

struct feedback_note {
    const char *uid, *message;
    const struct feedback_said *said;
    const char *session, *turn;
    int64_t at_ms, before_ms;
};

static int feedback_change_month(struct store *s, const struct feedback_note *n, int64_t month,
    const char *member)
{
    char key_text[64], begin[IDENT_USER_MAX + IDENT_CLIENT_MESSAGE_MAX + 3];
    char at[24], before[24] = "", most[24], until[24];
    struct link_arg key;

    feedback_key(key_text, month);
    key = link_text(key_text);
    snprintf(begin, sizeof begin, "%s %s ", n->uid, n->message);
    snprintf(at, sizeof at, "%" PRId64, n->at_ms);
    if (n->before_ms && feedback_month_of(n->before_ms) == month)
        snprintf(before, sizeof before, "%" PRId64, n->before_ms);
    snprintf(most, sizeof most, "%" PRId64, s->conf->feedback_max);
    snprintf(until, sizeof until, "%" PRId64,
        n->at_ms + s->conf->feedback_keep_ms + FEEDBACK_MONTH_MS);
    struct link_arg args[] = {link_text(at), link_text(member), link_text(begin), link_text(before),
        link_text(most), link_text(until)};
    return link_script_call(s->link, &script_feedback_note,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 6}, NULL);
}

/* The new entry first: a process that dies between the two leaves one too many, not one too few. */
static int feedback_note(struct store *s, const struct feedback_note *n)
{
    struct buf member = {0};
    int64_t month = feedback_month_of(n->at_ms), old = feedback_month_of(n->before_ms);
    int error;

    buf_printf(&member, "%s %s {\"rating\":%d", n->uid, n->message, n->said->rating);
    if (*n->session)
        buf_json_member(&member, "session", n->session);
    if (*n->turn)
        buf_json_member(&member, "turn", n->turn);
    if (n->said->type && *n->said->type)
        buf_json_member(&member, "type", n->said->type);
    if (n->said->text && *n->said->text)
        buf_json_member(&member, "text", n->said->text);
    buf_putc(&member, '}');
    error = buf_error(&member);
    if (!error)
        error = feedback_change_month(s, n, month, buf_text(&member));
    if (!error && n->before_ms && old != month)
        error = feedback_change_month(s, n, old, "");
    buf_free(&member);
    return error;
}

static int feedback_give_user(struct store *s, const char *uid, const char *message_id,
    const struct buf *json, struct link_reply **reply)
{
    struct args args;
    int error = buf_error(json);

    if (error)
        return error;
    args_init(&args);
    args_text(&args, message_id);
    args_bytes(&args, json->data, json->len);
    args_int(&args, s->conf->session_keep_ms);
    error = args_call(&args, s, &script_feedback, uid, reply);
    return !error && link_reply_count(*reply) == 0 ? ERR_NOT_FOUND : error;
}

int feedback_give(struct store *s, const char *uid, const char *message_id,
    const struct feedback_said *said)
{
    char turn[IDENT_UUID_SIZE];

    return feedback_give_turn(s, uid, message_id, said, turn);
}

int feedback_give_turn(struct store *s, const char *uid, const char *message_id,
    const struct feedback_said *said, char turn[IDENT_UUID_SIZE])
{
    struct link_reply *r = NULL;
    struct buf json = {0};
    struct feedback_note note = {.uid = uid,
        .message = message_id,
        .said = said,
        .at_ms = clock_real_ms()};
    const char *before;
    size_t len;
    int error;

    feedback_put_said(&json, said, note.at_ms);
    error = feedback_give_user(s, uid, message_id, &json, &r);
    buf_free(&json);
    snprintf(turn, IDENT_UUID_SIZE, "%s", error ? "" : link_reply_text(link_reply_at(r, 2), NULL));
    if (!error && s->conf->feedback_max > 0) {
        before = link_reply_text(link_reply_at(r, 0), &len);
        note.before_ms = feedback_time_before(before, len);
        note.session = link_reply_text(link_reply_at(r, 1), NULL);
        note.turn = link_reply_text(link_reply_at(r, 2), NULL);
        int failed = feedback_note(s, &note);
        if (failed)
            log_limited(LOG_LEVEL_WARN, "feedback is missing in the site's index: %s",
                err_text(failed));
    }
    link_reply_free(r);
    return error;
}

/* ---- reading ---- */

struct feedback_place { /* behind `skip` entries of this time, going back in time */
    int64_t ms, skip;
};

struct feedback_reading {
    struct store *store;
    const struct feedback_query *query;
    struct feedback_place at;
    size_t told, looked;
    feedback_fn *fn;
    void *arg;
};

static int feedback_place_read(const char *cursor, struct feedback_place *out)
{
    char *end;

    out->ms = strtoll(cursor, &end, 10);
    if (end == cursor || *end != '.' || out->ms < 0)
        return ERR_INVALID;
    cursor = end + 1;
    out->skip = strtoll(cursor, &end, 10);
    return end == cursor || *end != '\0' || out->skip < 0 || out->skip > 1000000 ? ERR_INVALID : 0;
}

bool feedback_is_cursor(const char *cursor)
{
    struct feedback_place place;

    return feedback_place_read(cursor, &place) == 0;
}

/* A word in front of a blank. Returns what is behind the blank, or NULL. */
static const char *feedback_take_word(const char *text, char *out, size_t size)
{
    size_t len = strcspn(text, " ");

    if (text[len] == '\0' || len >= size)
        return NULL;
    memcpy(out, text, len);
    out[len] = '\0';
    return text + len + 1;
}

/* Returns whether the member is one of ours; doc then holds its text. */
static bool feedback_entry_read(const char *member, struct feedback_entry *e, jdoc **doc)
{
    const char *rest = feedback_take_word(member, e->uid, sizeof e->uid);

    *doc = NULL;
    rest = rest ? feedback_take_word(rest, e->message, sizeof e->message) : NULL;
    if (!rest || jdoc_parse(rest, strlen(rest), doc, NULL, 0))
        return false;
    snprintf(e->session, sizeof e->session, "%s", jdoc_text_or(*doc, "session", ""));
    snprintf(e->turn, sizeof e->turn, "%s", jdoc_text_or(*doc, "turn", ""));
    snprintf(e->type, sizeof e->type, "%s", jdoc_text_or(*doc, "type", ""));
    e->text = jdoc_text_or(*doc, "text", "");
    e->rating = (int)jdoc_int_or(*doc, "rating", 0);
    return true;
}

static bool feedback_fits(const struct feedback_query *q, const struct feedback_entry *e)
{
    return e->rating >= q->rating_min && e->rating <= q->rating_max &&
        (!q->with_text || *e->text != '\0') && (!q->uid || strcmp(q->uid, e->uid) == 0);
}

static bool feedback_is_full(const struct feedback_reading *r)
{
    return r->told == r->query->limit || r->looked == FEEDBACK_LOOK_MAX;
}

static int feedback_take(struct feedback_reading *r, const char *member, int64_t ms)
{
    struct feedback_entry e = {.at_ms = ms};
    jdoc *doc;
    int error = 0;

    r->at.skip = ms == r->at.ms ? r->at.skip + 1 : 1;
    r->at.ms = ms;
    r->looked++;
    if (feedback_entry_read(member, &e, &doc) && feedback_fits(r->query, &e)) {
        r->told++;
        error = r->fn(r->arg, &e);
    }
    jdoc_free(doc);
    return error;
}

/* One month, from r->at on. */
static int feedback_read_month(struct feedback_reading *r, int64_t month)
{
    char key[64];
    size_t count = FEEDBACK_BATCH * 2;
    int error = 0;

    feedback_key(key, month);
    while (!error && count == (size_t)FEEDBACK_BATCH * 2 && !feedback_is_full(r)) {
        bool here = feedback_month_of(r->at.ms) == month; /* else its entries are of a later one */
        struct link_reply *reply = NULL;

        error = link_command(r->store->link, &reply,
            "ZREVRANGEBYSCORE %s %lld %lld WITHSCORES LIMIT %lld %d", key, (long long)r->at.ms,
            (long long)r->query->from_ms, (long long)(here ? r->at.skip : 0), FEEDBACK_BATCH);
        count = link_reply_count(reply);
        for (size_t i = 0; !error && i + 1 < count && !feedback_is_full(r); i += 2)
            error = feedback_take(r, link_reply_text(link_reply_at(reply, i), NULL),
                link_reply_int(link_reply_at(reply, i + 1)));
        link_reply_free(reply);
    }
    return error;
}

int feedback_read(struct store *s, const struct feedback_query *query,
    char next[FEEDBACK_CURSOR_SIZE], feedback_fn *fn, void *arg)
{
    struct feedback_reading r = {.store = s,
        .query = query,
        .at = {query->to_ms, 0},
        .fn = fn,
        .arg = arg};
    int64_t now = clock_real_ms(), first = feedback_first_month(s, now), month;
    int error = query->cursor ? feedback_place_read(query->cursor, &r.at) : 0;

    *next = '\0';
    if (error)
        return error;
    if (feedback_month_of(query->from_ms) > first)
        first = feedback_month_of(query->from_ms);
    month = feedback_month_of(now) + 1;
    if (feedback_month_of(r.at.ms) < month)
        month = feedback_month_of(r.at.ms);
    for (; !error && month >= first && !feedback_is_full(&r); month--)
        error = feedback_read_month(&r, month);
    if (!error && feedback_is_full(&r))
        snprintf(next, FEEDBACK_CURSOR_SIZE, "%" PRId64 ".%" PRId64, r.at.ms, r.at.skip);
    return error;
}

static int feedback_add(void *arg, const struct feedback_entry *entry)
{
    struct feedback_sums *sums = arg;

    sums->count++;
    sums->good += entry->rating >= FEEDBACK_GOOD;
    return 0;
}

int feedback_count(struct store *s, const struct feedback_query *query, struct feedback_sums *out)
{
    char next[FEEDBACK_CURSOR_SIZE] = "", here[FEEDBACK_CURSOR_SIZE];
    struct feedback_query page = *query;
    int error;

    *out = (struct feedback_sums){0};
    page.limit = FEEDBACK_LOOK_MAX;
    do {
        error = feedback_read(s, &page, next, feedback_add, out);
        memcpy(here, next, sizeof here);
        page.cursor = here;
    } while (!error && *next);
    return error;
}
