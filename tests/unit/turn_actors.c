/* SPDX-License-Identifier: BSD-2-Clause */
#include "turn_actors.h"

#include "base/buf.h"
#include "base/err.h"
#include "store/keys.h"
#include "store/records.h"
#include "store/scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct turns_start actors_begin(struct store *s, struct arena *arena, const char *session,
    const char *message)
{
    struct turns_start start;
    struct turns_request q = {.uid = ACTORS_USER,
        .session = session,
        .body_hash = "h",
        .messages = &message,
        .message_count = message ? 1 : 0,
        .first_event = "{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r1\"}",
        .input = "{\"text\":\"hi\"}",
        .may_run = true,
        .history_limit = 50};
    char *turn = arena_alloc(arena, IDENT_UUID_SIZE);

    assert_non_null(turn);
    ident_uuid7(turn);
    q.turn = turn;
    assert_int_equal(turns_begin(s, &q, arena, &start), 0);
    return start;
}

int actors_finish(struct store *s, struct arena *arena, const struct turns_start *t,
    int64_t first_n, bool take, struct turns_start *next)
{
    char *entry = arena_printf(arena, "%s F {\"type\":\"RUN_FINISHED\"}", t->turn);
    char *message = arena_printf(arena,
        "{\"id\":\"a-%s-%s\",\"role\":\"assistant\",\"content\":\"x\"}", t->turn, s->owner);
    size_t len = strlen(entry);
    const char *events[] = {entry}, *messages[] = {message};
    struct turns_end end = {.state = "done",
        .messages = messages,
        .message_count = 1,
        .events = events,
        .event_len = &len,
        .event_count = 1,
        .first_n = first_n,
        .usage = "[]",
        .http_status = 200,
        .reply = "{}",
        .take_next = take,
        .history_limit = 50};

    return turns_finish(s, t, &end, arena, next);
}

int actors_append(struct store *s, struct arena *arena, const struct turns_start *t, int64_t n,
    const char *type)
{
    char log[KEYS_MAX], channel[KEYS_MAX], epoch[24], at[24];
    struct link_reply *r = NULL;
    int64_t top;

    keys_session_log(log, t->uid, t->session);
    keys_session(channel, t->uid, t->session);
    snprintf(epoch, sizeof epoch, "%lld", (long long)t->epoch);
    snprintf(at, sizeof at, "%lld", (long long)n);
    struct link_arg key = link_text(log),
                    args[4] = {link_text(channel), link_text(epoch), link_text(at),
                        link_text(arena_printf(arena, "%s - {\"type\":\"%s\"}", t->turn, type))};
    assert_int_equal(link_script_call(s->link, &script_append,
                         &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 4},
                         &r),
        0);
    top = link_reply_int(r);
    link_reply_free(r);
    return top < 0 ? ERR_FENCED : 0;
}

int actors_effect(struct store *s, struct arena *arena, const struct turns_start *t, const char *id,
    const char *effect, bool *prior)
{
    struct records_fence fence = {.uid = t->uid,
        .session = t->session,
        .epoch = t->epoch,
        .effect = effect};
    struct records_write write = {.family = "ledger", .id = id, .json = "{}", .time_ms = 1};
    const char *before = NULL;
    int error = records_commit(s, &fence,
        &(struct records_batch){.writes = &write, .count = 1, .result = "{\"ok\":true}"}, arena,
        &before);

    *prior = before != NULL;
    return error;
}

int actors_abandon(struct store *s, const char *turn, enum turns_loss_kind how, const char *owner,
    int64_t epoch, char next[IDENT_UUID_SIZE])
{
    struct turns_loss loss = {how, owner, epoch};

    return turns_abandon(s, ACTORS_USER, turn, &loss, next, NULL);
}

char *actors_transcript(struct store *s, struct arena *arena, const char *session)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    struct buf out = {0};
    char *text;

    keys_session_log(key, ACTORS_USER, session);
    assert_int_equal(link_command(s->link, &r, "XRANGE %s - +", key), 0);
    for (size_t i = 0; i < link_reply_count(r); i++) {
        const struct link_reply *fields = link_reply_at(link_reply_at(r, i), 1);
        const char *value = link_reply_text(link_reply_at(fields, 1), NULL);
        const char *type = strstr(value, "\"type\":\"");

        assert_non_null(type);
        buf_put(&out, value + 37, 2);
        buf_put(&out, type + 8, strcspn(type + 8, "\""));
        buf_putc(&out, '\n');
    }
    link_reply_free(r);
    text = arena_strdup(arena, buf_text(&out));
    buf_free(&out);
    return text;
}

int64_t actors_number(struct store *s, const char *format, const char *a)
{
    struct link_reply *r = NULL;
    int64_t value;

    assert_int_equal(link_command(s->link, &r, format, a), 0);
    value = link_reply_type(r) == LINK_ARRAY ? (int64_t)link_reply_count(r) : link_reply_int(r);
    link_reply_free(r);
    return value;
}
