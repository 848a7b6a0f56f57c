/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/turns_asked.h"

#include "tests/unit/turn_actors.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define USER ACTORS_USER

struct turns_start turns_asked_begin(struct store *s, struct turns_asked a)
{
    char turn[IDENT_UUID_SIZE];
    const char *message = a.message ? a.message : NULL;
    struct turns_start start;
    struct turns_request q = {.uid = USER,
        .session = a.in ? a.in : session,
        .client_message_id = a.cmid,
        .body_hash = a.hash ? a.hash : "h",
        .messages = &message,
        .message_count = message ? 1 : 0,
        .rewinds = a.rewinds,
        .naming = a.naming,
        .first_event = "{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r1\"}",
        .input = "{\"text\":\"hi\"}",
        .title = "A title",
        .on_busy = a.on_busy,
        .may_run = !a.reserved,
        .may_pend = a.may_pend,
        .history_limit = 50};

    ident_uuid7(turn);
    q.turn = arena_strdup(arena, turn);
    assert_int_equal(turns_begin(s, &q, arena, &start), 0);
    return start;
}

int turns_asked_finish(struct store *s, const struct turns_start *t, bool take,
    struct turns_start *next)
{
    char *entry = arena_printf(arena, "%s F {\"type\":\"RUN_FINISHED\"}", t->turn);
    char *message =
        arena_printf(arena, "{\"id\":\"a-%s\",\"role\":\"assistant\",\"content\":\"x\"}", t->turn);
    size_t len = strlen(entry);
    const char *events[] = {entry}, *messages[] = {message};
    struct turns_end end = {.state = "done",
        .messages = messages,
        .message_count = 1,
        .events = events,
        .event_len = &len,
        .event_count = 1,
        .first_n = t->next_n,
        .usage = "[]",
        .http_status = 200,
        .reply = "{\"response\":\"x\"}",
        .context_updates = "{\"seen\":true,\"gone\":null}",
        .take_next = take,
        .history_limit = 50};

    return turns_finish(s, t, &end, arena, next);
}
