/* SPDX-License-Identifier: BSD-2-Clause */
/* Approvals in the store: every state by every event, over the real scripts. */
#include "base/err.h"
#include "store/approvals.h"
#include "store/keys.h"
#include "store/sessions.h"
#include "tests/unit/store_bench.h"
#include "turn_actors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    conf.approval_ms = 600000;
    return store_bench_begin(state);
}

/* ---- the words of a test ---- */

static struct approvals_ask ask_for(const char *call)
{
    struct approvals_ask ask = {.call = call,
        .tool = "delete_it",
        .args = "{\"id\":\"7\"}",
        .hash = "h-args",
        .message = "May I?",
        .why = "policy",
        .zone = "Australia/Perth"};

    ident_token(APPROVALS_ID_BYTES, ask.id);
    return ask;
}

static void end_turn(struct store *s, const struct turns_start *t, const char *state)
{
    const char *entry = arena_printf(arena, "%s F {\"type\":\"RUN_FINISHED\"}", t->turn);
    const size_t len = strlen(entry);
    struct turns_end end = {.state = state,
        .events = &entry,
        .event_len = &len,
        .event_count = 1,
        .first_n = 2,
        .http_status = 200,
        .reply = "{}"};
    struct turns_start next;

    assert_int_equal(turns_finish(s, t, &end, arena, &next), 0);
}

/* A turn of the session that has asked and ended `state`; NULL = it still runs. */
static struct turns_start asked(struct approvals_ask *asks, size_t count, const char *state)
{
    struct turns_start t = actors_begin(one, arena, session, "please");

    assert_int_equal(t.outcome, TURNS_STARTED);
    assert_int_equal(approvals_open(one, ACTORS_USER, &t, "{\"in\":1}", asks, count), 0);
    if (state)
        end_turn(one, &t, state);
    return t;
}

static struct approvals_verdict say(const char *id, enum approvals_event event, const char *args)
{
    struct approvals_answer answer = {.id = id, .event = event, .args = args};
    struct approvals_verdict verdict;
    char turn[IDENT_UUID_SIZE];
    const char *const said = "{\"id\":\"m1\",\"role\":\"user\",\"content\":\"go\"}";
    const struct turns_request next = {.turn = turn,
        .first_event = "{}",
        .input = "{\"in\":2}",
        .messages = &said,
        .message_count = 1};

    snprintf(answer.digest, sizeof answer.digest, "%d %s", event, args ? args : "");
    snprintf(answer.hash, sizeof answer.hash, "%s", args ? "h-edited" : "");
    ident_uuid7(turn);
    assert_int_equal(approvals_answer(two, ACTORS_USER, &next,
                         &(struct approvals_answers){.all = &answer, .count = 1}, &verdict),
        0);
    return verdict;
}

/* What the session's next turn gets to hear. */
static struct approvals_taken *take(size_t *count, struct turns_start *turn)
{
    struct approvals_taken *taken;

    *turn = actors_begin(two, arena, session, "next");
    assert_int_equal(turn->outcome, TURNS_STARTED);
    assert_int_equal(approvals_take(two, turn, arena, &taken, count), 0);
    return taken;
}

static size_t listed(void)
{
    struct buf json = {0};
    size_t n = 0;

    assert_int_equal(approvals_list(one, ACTORS_USER, session, &json), 0);
    for (const char *p = buf_text(&json); (p = strstr(p, "\"tool\":")); p++)
        n++;
    buf_free(&json);
    return n;
}

static void lapse(const char *id)
{
    assert_int_equal(link_command(one->link, NULL,
                         "HSET tp:{" ACTORS_USER "}:approval:%s expires 1", id),
        0);
}

static int use(const char *uid, const char *id, const char *tool, const char *hash, bool *again)
{
    return approvals_use(one, uid,
        &(struct approvals_use){.id = id, .tool = tool, .hash = hash, .zone = "Australia/Perth"},
        again);
}

/* ---- the table ---- */

enum state_name {
    ASKED,
    OPEN,
    LAPSED,
    VOID,
    APPROVED,
    DENIED,
    DECLINED,
    CANCELLED,
    EXPIRED,
    STATES
};

/* Brings one approval into the state; its id is written into ask. */
static void bring(enum state_name state, struct approvals_ask *ask)
{
    struct turns_start t;
    size_t n;

    *ask = ask_for("c1");
    asked(ask, 1, state == ASKED ? NULL : state == VOID ? "failed" : "interrupted");
    if (state == LAPSED || state == EXPIRED)
        lapse(ask->id);
    if (state == APPROVED || state == DENIED || state == DECLINED)
        assert_int_equal(say(ask->id,
                             state == APPROVED   ? APPROVALS_APPROVE :
                                 state == DENIED ? APPROVALS_DENY :
                                                   APPROVALS_DECLINE,
                             NULL)
                             .outcome,
            APPROVALS_DONE);
    if (state == CANCELLED || state == EXPIRED) {
        take(&n, &t);
        end_turn(two, &t, "done");
    }
}

static void every_answer_in_every_state(void **state)
{
    enum {
        DONE = APPROVALS_DONE,
        MISS = APPROVALS_MISSING,
        LATE = APPROVALS_EXPIRED,
        USED = APPROVALS_USED,
        GONE = APPROVALS_CANCELLED
    };
    static const int expected[STATES][3] = {
        /* approve, deny, decline */
        [ASKED] = {MISS, MISS, MISS},
        [OPEN] = {DONE, DONE, DONE},
        [LAPSED] = {LATE, LATE, DONE},
        [VOID] = {GONE, GONE, GONE},
        [APPROVED] = {DONE, USED, USED},
        [DENIED] = {USED, DONE, USED},
        [DECLINED] = {USED, USED, DONE},
        [CANCELLED] = {GONE, GONE, GONE},
        [EXPIRED] = {LATE, LATE, LATE},
    };
    char whole[64];

    (void)state;
    snprintf(whole, sizeof whole, "%s", session);
    for (int s = 0; s < STATES; s++) {
        for (int event = 0; event < 3; event++) {
            struct approvals_ask ask;
            snprintf(session, sizeof session, "%.38s-%d-%d", whole, s, event);
            bring((enum state_name)s, &ask);
            int got = (int)say(ask.id, (enum approvals_event)event, NULL).outcome;
            if (got != expected[s][event])
                fail_msg("state %d, event %d: %d, not %d", s, event, got, expected[s][event]);
        }
    }
}

static void every_state_when_the_next_turn_comes(void **state)
{
    static const int expected[STATES] = {[OPEN] = APPROVALS_ABANDONED,
        [LAPSED] = APPROVALS_LAPSED,
        [VOID] = -1,
        [APPROVED] = APPROVALS_RUN,
        [DENIED] = APPROVALS_DENIED,
        [DECLINED] = APPROVALS_ABANDONED,
        [CANCELLED] = -1,
        [EXPIRED] = -1};
    char whole[64];

    (void)state;
    snprintf(whole, sizeof whole, "%s", session);
    for (int s = OPEN; s < STATES; s++) { /* while its turn runs there is no other one */
        struct approvals_ask ask;
        struct turns_start t;
        size_t n;
        snprintf(session, sizeof session, "%.40s-%d", whole, s);
        bring((enum state_name)s, &ask);
        struct approvals_taken *taken = take(&n, &t);
        int got = n == 1 ? (int)taken[0].decision : -1;
        if (got != expected[s])
            fail_msg("state %d: %d (%zu), not %d", s, got, n, expected[s]);
        assert_int_equal(listed(), 0);
    }
}

/* ---- the rest ---- */

static void an_answer_is_used_once_by_one_turn(void **state)
{
    struct approvals_ask ask = ask_for("c1");
    struct approvals_taken *taken;
    struct turns_start t;
    size_t n;

    (void)state;
    asked(&ask, 1, "interrupted");
    assert_int_equal(listed(), 1);
    struct approvals_verdict first = say(ask.id, APPROVALS_APPROVE, NULL);
    assert_int_equal(first.left, 0);
    assert_string_equal(first.session, session);
    assert_string_equal(say(ask.id, APPROVALS_APPROVE, NULL).turn, first.turn);
    assert_int_equal(say(ask.id, APPROVALS_APPROVE, "{}").outcome, APPROVALS_USED);
    taken = take(&n, &t);
    assert_int_equal(n, 1);
    assert_string_equal(taken[0].args, "{\"id\":\"7\"}");
    assert_string_equal(taken[0].hash, "h-args");
    assert_string_equal(taken[0].tool, "delete_it");
    assert_string_equal(taken[0].call, "c1");
    assert_string_equal(taken[0].zone, "Australia/Perth");
    assert_int_equal(approvals_take(two, &t, arena, &taken, &n), 0); /* after a takeover */
    assert_int_equal(n, 1);
    assert_int_equal(taken[0].decision, APPROVALS_RUN);
    t.epoch--;
    assert_int_equal(approvals_take(one, &t, arena, &taken, &n), ERR_FENCED);
    t.epoch++;
    end_turn(two, &t, "done");
    taken = take(&n, &t);
    assert_int_equal(n, 0);
}

static void edited_arguments_replace_the_asked_ones(void **state)
{
    struct approvals_ask ask = ask_for("c1");
    struct turns_start t;
    size_t n;

    (void)state;
    asked(&ask, 1, "interrupted");
    assert_int_equal(say(ask.id, APPROVALS_APPROVE, "{\"id\":\"8\"}").outcome, APPROVALS_DONE);
    struct approvals_taken *taken = take(&n, &t);
    assert_string_equal(taken[0].args, "{\"id\":\"8\"}");
    assert_string_equal(taken[0].hash, "h-edited");
    assert_true(taken[0].edited);
}

static void all_or_none(void **state)
{
    struct approvals_ask asks[2] = {ask_for("c1"), ask_for("c2")};
    struct approvals_answer answers[2] = {{.id = asks[0].id}, {.id = asks[1].id}};
    struct approvals_verdict v;
    char turn[IDENT_UUID_SIZE];
    const struct turns_request next = {.turn = turn};

    (void)state;
    ident_uuid7(turn);
    asked(asks, 2, "interrupted");
    assert_int_equal(
        approvals_answer(one, ACTORS_USER, &next,
            &(struct approvals_answers){.session = session, .all = answers, .count = 1}, &v),
        0);
    assert_int_equal(v.outcome, APPROVALS_UNCOVERED);
    assert_string_equal(v.id, asks[1].id);
    assert_int_equal(
        approvals_answer(one, ACTORS_USER, &next,
            &(struct approvals_answers){.session = "another", .all = answers, .count = 2}, &v),
        0);
    assert_int_equal(v.outcome, APPROVALS_MISSING);
    assert_int_equal(
        approvals_answer(one, "bob", &next,
            &(struct approvals_answers){.session = session, .all = answers, .count = 2}, &v),
        0);
    assert_int_equal(v.outcome, APPROVALS_MISSING);
    assert_int_equal(listed(), 2);
    assert_int_equal(
        approvals_answer(one, ACTORS_USER, &next,
            &(struct approvals_answers){.session = session, .all = answers, .count = 2}, &v),
        0);
    assert_int_equal(v.outcome, APPROVALS_DONE);
    assert_string_equal(v.turn, turn);
    assert_int_equal(listed(), 0);
}

/* One after the other: the last open one makes the turn, and all of them have it then. */
static void the_last_answer_makes_the_turn(void **state)
{
    struct approvals_ask asks[2] = {ask_for("c1"), ask_for("c2")};

    (void)state;
    asked(asks, 2, "interrupted");
    struct approvals_verdict v = say(asks[0].id, APPROVALS_APPROVE, NULL);
    assert_string_equal(v.turn, "");
    assert_int_equal(v.left, 1);
    v = say(asks[0].id, APPROVALS_APPROVE, NULL);
    assert_string_equal(v.turn, "");
    v = say(asks[1].id, APPROVALS_DENY, NULL);
    assert_int_not_equal(*v.turn, 0);
    assert_string_equal(say(asks[0].id, APPROVALS_APPROVE, NULL).turn, v.turn);
}

/* The asking worker died between the question and the end: its follower asks the same. */
static void the_same_call_keeps_its_id(void **state)
{
    struct approvals_ask first = ask_for("c1"), second = ask_for("c1");
    struct turns_start t = asked(&first, 1, NULL);

    (void)state;
    assert_int_equal(listed(), 0); /* not before the turn's end */
    assert_int_equal(approvals_open(two, ACTORS_USER, &t, "{}", &second, 1), 0);
    assert_string_equal(first.id, second.id);
    t.epoch--;
    assert_int_equal(approvals_open(two, ACTORS_USER, &t, "{}", &second, 1), ERR_FENCED);
    t.epoch++;
    end_turn(one, &t, "interrupted");
    assert_int_equal(listed(), 1);
}

static int64_t pttl(const char *rest)
{
    char key[KEYS_MAX];

    snprintf(key, sizeof key, "tp:{" ACTORS_USER "}:%s", rest);
    return actors_number(one, "PTTL %s", key);
}

static void everything_of_it_ends_some_day(void **state)
{
    struct approvals_ask ask = ask_for("c1");
    char rest[200];
    bool waiting;

    (void)state;
    asked(&ask, 1, "interrupted");
    snprintf(rest, sizeof rest, "approval:%s", ask.id);
    assert_in_range(pttl(rest), 1, conf.approval_ms + conf.turn_keep_ms);
    snprintf(rest, sizeof rest, "approvals:%s", session);
    assert_in_range(pttl(rest), 1, conf.approval_ms + conf.turn_keep_ms);
    assert_in_range(pttl("approvals"), 1, conf.approval_ms + conf.turn_keep_ms);
    assert_int_equal(approvals_waiting(one, ACTORS_USER, session, &waiting), 0);
    assert_true(waiting);
    assert_int_equal(sessions_delete(one, ACTORS_USER, session, 0, NULL), 0);
    assert_int_equal(approvals_waiting(one, ACTORS_USER, session, &waiting), 0);
    assert_false(waiting);
    assert_int_equal(pttl(rest), -2);
    snprintf(rest, sizeof rest, "approval:%s", ask.id);
    assert_int_equal(pttl(rest), -2);
    assert_int_equal(say(ask.id, APPROVALS_APPROVE, NULL).outcome, APPROVALS_MISSING);
}

static void a_direct_call(void **state)
{
    struct approvals_ask ask = ask_for("");
    struct approvals_record record;
    bool again;

    (void)state;
    assert_int_equal(approvals_open(one, ACTORS_USER, NULL, NULL, &ask, 1), 0);
    assert_int_equal(approvals_get(two, ACTORS_USER, ask.id, arena, &record), 0);
    assert_string_equal(record.tool, "delete_it");
    assert_string_equal(record.session, "");
    assert_int_equal(approvals_get(two, "bob", ask.id, arena, &record), ERR_NOT_FOUND);
    assert_int_equal(use(ACTORS_USER, ask.id, "delete_it", "h-args", &again), ERR_NOT_YET);
    assert_string_equal(say(ask.id, APPROVALS_APPROVE, NULL).session, "");
    assert_int_equal(use(ACTORS_USER, ask.id, "delete_it", "other", &again), ERR_CONFLICT);
    assert_int_equal(use(ACTORS_USER, ask.id, "other", "h-args", &again), ERR_CONFLICT);
    assert_int_equal(approvals_use(one, ACTORS_USER,
                         &(struct approvals_use){.id = ask.id,
                             .tool = "delete_it",
                             .hash = "h-args",
                             .zone = "UTC"},
                         &again),
        ERR_CONFLICT);
    assert_int_equal(use("bob", ask.id, "delete_it", "h-args", &again), ERR_NOT_FOUND);
    assert_int_equal(use(ACTORS_USER, ask.id, "delete_it", "h-args", &again), 0);
    assert_false(again);
    assert_int_equal(use(ACTORS_USER, ask.id, "delete_it", "h-args", &again), 0);
    assert_true(again);
    ask = ask_for("");
    assert_int_equal(approvals_open(one, ACTORS_USER, NULL, NULL, &ask, 1), 0);
    say(ask.id, APPROVALS_DENY, NULL);
    assert_int_equal(use(ACTORS_USER, ask.id, "delete_it", "h-args", &again), ERR_FORBIDDEN);
    ask = ask_for("");
    assert_int_equal(approvals_open(one, ACTORS_USER, NULL, NULL, &ask, 1), 0);
    lapse(ask.id);
    assert_int_equal(use(ACTORS_USER, ask.id, "delete_it", "h-args", &again), ERR_DEADLINE);
}

static void direct_calls_cannot_pile_up(void **state)
{
    struct approvals_ask ask;

    (void)state;
    for (int i = 0; i < APPROVALS_DIRECT_MAX; i++) {
        ask = ask_for("");
        assert_int_equal(approvals_open(one, "carl", NULL, NULL, &ask, 1), 0);
    }
    ask = ask_for("");
    assert_int_equal(approvals_open(one, "carl", NULL, NULL, &ask, 1), ERR_FULL);
}

static void calls_are_counted_by_minute_and_day(void **state)
{
    int64_t limit = 0, retry = 0;

    (void)state;
    conf.rate_tools_minute = 2;
    conf.rate_tools_day = 3;
    assert_int_equal(approvals_tool_rate(one, "dora", &limit, &retry), 0);
    assert_int_equal(approvals_tool_rate(two, "dora", &limit, &retry), 0);
    assert_int_equal(approvals_tool_rate(one, "dora", &limit, &retry), ERR_RATE);
    assert_int_equal(limit, 2);
    assert_in_range(retry, 1, 60000);
    assert_int_equal(link_command(one->link, NULL, "DEL tp:{dora}:rate:tools:minute"), 0);
    assert_int_equal(approvals_tool_rate(one, "dora", &limit, &retry), 0);
    assert_int_equal(approvals_tool_rate(one, "dora", &limit, &retry), ERR_RATE);
    assert_int_equal(limit, 3);
    assert_int_equal(approvals_tool_rate(one, "eve", &limit, &retry), 0);
    conf.rate_tools_minute = conf.rate_tools_day = 0;
    for (int i = 0; i < 5; i++)
        assert_int_equal(approvals_tool_rate(one, "dora", &limit, &retry), 0);
}

/* The worker that took the answer is gone before it began the turn: a housekeeper has it
 * claimed. */
static void nobody_begins_its_turn(void **state)
{
    struct approvals_ask ask = ask_for("c1");
    struct approvals_taken *taken;
    struct turns_start t;
    char found[16];
    int64_t left;
    size_t n;

    (void)state;
    asked(&ask, 1, "interrupted");
    struct approvals_verdict v = say(ask.id, APPROVALS_APPROVE, NULL);
    assert_int_equal(turns_state(one, ACTORS_USER, v.turn, found, &left), 0);
    assert_string_equal(found, "answered");
    assert_int_equal(turns_claim(one, ACTORS_USER, v.turn, 100, arena, &t), 0);
    assert_int_equal(t.outcome, TURNS_STARTED);
    assert_string_equal(t.input, "{\"in\":2}");
    assert_non_null(strstr(t.history[t.history_count - 1], "\"m1\""));
    assert_int_equal(approvals_take(one, &t, arena, &taken, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(taken[0].decision, APPROVALS_RUN);
    assert_string_equal(say(ask.id, APPROVALS_APPROVE, NULL).turn, v.turn);
    assert_int_equal(turns_claim(two, ACTORS_USER, v.turn, 100, arena, &t), ERR_CONFLICT);
    end_turn(one, &t, "done");
}

static void its_turn_comes_behind_another_one(void **state)
{
    struct approvals_ask ask = ask_for("c1");
    struct turns_start t, first;
    char found[16];
    int64_t left;

    (void)state;
    asked(&ask, 1, "interrupted");
    struct approvals_verdict v = say(ask.id, APPROVALS_APPROVE, NULL);
    first = actors_begin(one, arena, session, "meanwhile");
    assert_int_equal(first.outcome, TURNS_STARTED);
    assert_int_equal(turns_claim(two, ACTORS_USER, v.turn, 100, arena, &t), ERR_CONFLICT);
    assert_int_equal(turns_state(one, ACTORS_USER, v.turn, found, &left), 0);
    assert_string_equal(found, "queued");
    end_turn(one, &first, "done");
    assert_int_equal(turns_claim(two, ACTORS_USER, v.turn, 100, arena, &t), 0);
    assert_int_equal(t.outcome, TURNS_STARTED);
    end_turn(two, &t, "done");
}

static void its_turn_goes_with_its_session(void **state)
{
    struct approvals_ask ask = ask_for("c1");
    struct turns_start t;

    (void)state;
    asked(&ask, 1, "interrupted");
    struct approvals_verdict v = say(ask.id, APPROVALS_APPROVE, NULL);
    assert_int_equal(sessions_delete(one, ACTORS_USER, session, 0, NULL), 0);
    assert_int_equal(turns_claim(two, ACTORS_USER, v.turn, 100, arena, &t), ERR_NOT_FOUND);
}

static void what_others_wrote_is_kept_in_mind(void **state)
{
    struct turns_end end = {.state = "done", .first_n = 2, .http_status = 200, .reply = "{}"};
    struct turns_start t = actors_begin(one, arena, session, "read"), next;
    bool untrusted = true;

    (void)state;
    assert_int_equal(approvals_untrusted(one, ACTORS_USER, session, &untrusted), 0);
    assert_false(untrusted);
    end.untrusted = true;
    assert_int_equal(turns_finish(one, &t, &end, arena, &next), 0);
    t = actors_begin(one, arena, session, "much later");
    end.untrusted = false;
    assert_int_equal(turns_finish(one, &t, &end, arena, &next), 0);
    assert_int_equal(approvals_untrusted(two, ACTORS_USER, session, &untrusted), 0);
    assert_true(untrusted);
    assert_int_equal(approvals_untrusted(two, ACTORS_USER, "another", &untrusted), 0);
    assert_false(untrusted);
}

/* ---- questions of services ---- */

static struct approvals_ask question_for(const char *call, int64_t live_ms)
{
    struct approvals_ask ask = ask_for(call);

    ask.why = APPROVALS_ELICITATION;
    ask.form = "{\"from\":\"sea\",\"message\":\"x\",\"schema\":{}}";
    ask.resume = live_ms ? "" : "{\"asked\":1}";
    ask.live_ms = live_ms;
    return ask;
}

static struct approvals_verdict fill(const char *id, enum approvals_event event,
    const char *content)
{
    struct approvals_answer answer = {.id = id, .event = event, .content = content};
    struct approvals_verdict verdict;
    char turn[IDENT_UUID_SIZE];

    snprintf(answer.digest, sizeof answer.digest, "%d %s", event, content ? content : "");
    ident_uuid7(turn);
    assert_int_equal(approvals_answer(two, ACTORS_USER,
                         &(struct turns_request){.turn = turn, .first_event = "{}", .input = "{}"},
                         &(struct approvals_answers){.all = &answer, .count = 1}, &verdict),
        0);
    return verdict;
}

static struct approvals_state look(const char *id, bool close)
{
    struct approvals_state state;

    assert_int_equal(approvals_live(one, ACTORS_USER, id, close, arena, &state), 0);
    return state;
}

static void a_call_goes_on_with_what_was_filled_in(void **state)
{
    static const struct {
        enum approvals_event event;
        enum approvals_decision decision;
        const char *content;
    } rows[] = {{APPROVALS_APPROVE, APPROVALS_RUN, "{\"a\":1}"},
        {APPROVALS_DENY, APPROVALS_DENIED, ""}, {APPROVALS_DECLINE, APPROVALS_DISMISSED, ""}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct approvals_ask ask = question_for("c1", 0);
        struct turns_start next;
        size_t count;
        asked(&ask, 1, "interrupted");
        assert_int_equal(
            fill(ask.id, rows[i].event, *rows[i].content ? rows[i].content : NULL).outcome,
            APPROVALS_DONE);
        struct approvals_taken *taken = take(&count, &next);
        assert_int_equal(count, 1);
        assert_int_equal(taken->decision, rows[i].decision);
        assert_string_equal(taken->content, rows[i].content);
        assert_string_equal(taken->resume, "{\"asked\":1}");
        assert_string_equal(taken->args, "{\"id\":\"7\"}");
        assert_false(taken->edited);
        end_turn(two, &next, "done");
    }
}

static void a_call_waits_for_its_question(void **state)
{
    struct approvals_ask ask = question_for("c1", 60000);
    struct turns_start t = asked(&ask, 1, NULL), next;
    struct approvals_verdict v;
    bool waiting;
    size_t count;

    (void)state;
    assert_int_equal(listed(), 1); /* while its turn runs */
    assert_int_equal(approvals_waiting(one, ACTORS_USER, session, &waiting), 0);
    assert_false(waiting); /* it hinders no new message */
    assert_int_equal(look(ask.id, false).look, APPROVALS_LOOK_OPEN);
    v = fill(ask.id, APPROVALS_APPROVE, "{\"a\":1}");
    assert_int_equal(v.outcome, APPROVALS_DONE);
    assert_true(v.live);
    assert_string_equal(v.turn, ""); /* no other turn goes on with it */
    assert_int_equal(fill(ask.id, APPROVALS_APPROVE, "{\"a\":1}").outcome, APPROVALS_DONE);
    assert_int_equal(fill(ask.id, APPROVALS_APPROVE, "{\"a\":2}").outcome, APPROVALS_USED);
    assert_int_equal(look(ask.id, false).look, APPROVALS_LOOK_ACCEPTED);
    assert_string_equal(look(ask.id, true).content, "{\"a\":1}");
    assert_string_equal(look(ask.id, false).content, ""); /* told, and gone */
    end_turn(one, &t, "done");
    take(&count, &next);
    assert_int_equal(count, 0);
    assert_int_equal(listed(), 0);
}

static void a_question_ends_with_its_attempt(void **state)
{
    struct approvals_ask ask = question_for("c1", 60000), late = question_for("c2", 60000);
    struct turns_start t = asked(&ask, 1, NULL);

    (void)state;
    assert_int_equal(approvals_open(one, ACTORS_USER, &t, "{}", &late, 1), 0);
    lapse(late.id);
    assert_int_equal(fill(late.id, APPROVALS_APPROVE, "{}").outcome, APPROVALS_EXPIRED);
    assert_int_equal(look(late.id, true).look, APPROVALS_LOOK_OVER);
    assert_int_equal(link_command(one->link, NULL, "HINCRBY tp:{" ACTORS_USER "}:s:%s epoch 1",
                         session),
        0); /* as a takeover does */
    assert_int_equal(fill(ask.id, APPROVALS_APPROVE, "{}").outcome, APPROVALS_CANCELLED);
    assert_int_equal(look(ask.id, false).look, APPROVALS_LOOK_OVER);
    assert_int_equal(listed(), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(every_answer_in_every_state),
        TEST(every_state_when_the_next_turn_comes),
        TEST(an_answer_is_used_once_by_one_turn),
        TEST(edited_arguments_replace_the_asked_ones),
        TEST(all_or_none),
        TEST(the_last_answer_makes_the_turn),
        TEST(nobody_begins_its_turn),
        TEST(its_turn_comes_behind_another_one),
        TEST(its_turn_goes_with_its_session),
        TEST(what_others_wrote_is_kept_in_mind),
        TEST(the_same_call_keeps_its_id),
        TEST(everything_of_it_ends_some_day),
        TEST(a_direct_call),
        TEST(direct_calls_cannot_pile_up),
        TEST(calls_are_counted_by_minute_and_day),
        TEST(a_call_goes_on_with_what_was_filled_in),
        TEST(a_call_waits_for_its_question),
        TEST(a_question_ends_with_its_attempt),
    };
    return cmocka_run_group_tests(tests, store_bench_open, store_bench_close);
}
