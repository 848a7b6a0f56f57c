/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"
#include "redis_bench.h"
#include "store/feedback.h"
#include "store/find.h"
#include "store/sessions.h"
#include "store/tickets.h"
#include "store/turns.h"
#include "store/userdata_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct store *store;
static struct buf json;

static int set_up_all(void **state)
{
    redis_bench_start(state);
    assert_int_equal(store_open(&store, &conf, NULL, "m/api/1/1"), 0);
    return 0;
}

static int tear_down_all(void **state)
{
    buf_free(&json);
    store_close(store);
    return redis_bench_stop(state);
}

static int fresh(void **state)
{
    (void)state;
    buf_reset(&json);
    return link_command(store->link, NULL, "FLUSHALL");
}

/* A whole turn with a question and an answer. */
static void talk(const char *uid, const char *session, int i)
{
    struct arena *arena = arena_new();
    char id[IDENT_UUID_SIZE];
    char *question = arena_printf(arena, "{\"id\":\"q%d\",\"role\":\"user\"}", i);
    char *answer = arena_printf(arena, "{\"id\":\"a%d\",\"role\":\"assistant\"}", i), *entry;
    const char *messages[] = {question}, *answers[] = {answer}, *events[1];
    struct turns_start t, next;
    size_t len;
    struct turns_request q = {.uid = uid,
        .session = session,
        .turn = id,
        .body_hash = "",
        .messages = messages,
        .message_count = 1,
        .first_event = "{\"type\":\"RUN_STARTED\"}",
        .input = "{}",
        .title = "First words",
        .may_run = true};
    struct turns_end end = {.state = "done",
        .messages = answers,
        .message_count = 1,
        .events = events,
        .event_len = &len,
        .event_count = 1,
        .first_n = 2,
        .http_status = 200,
        .reply = "{}"};

    ident_uuid7(id);
    assert_int_equal(turns_begin(store, &q, arena, &t), 0);
    assert_int_equal(t.outcome, TURNS_STARTED);
    entry = arena_printf(arena, "%s F {\"type\":\"RUN_FINISHED\"}", id);
    events[0] = entry;
    len = strlen(entry);
    assert_int_equal(turns_finish(store, &t, &end, arena, &next), 0);
    arena_free(arena);
}

static void has(const char *part)
{
    if (!strstr(buf_text(&json), part))
        fail_msg("%s is not in %s", part, buf_text(&json));
}

static int list(const char *uid, const char *cursor, size_t limit)
{
    return sessions_list(store, uid, &(struct sessions_page){.cursor = cursor, .limit = limit},
        &json);
}

static int rename_it(const char *uid, const char *session, const char *title)
{
    return sessions_change(store, uid, session, &(struct sessions_change){.title = title}, &json);
}

/* However many have ended by themselves, no page holds Redis for long. */
static void a_page_without_a_row_ends_too(void **state)
{
    char cursor[64] = "";

    (void)state;
    talk("pat", "kept", 1);
    assert_int_equal(link_command(store->link, NULL, "ZADD tp:{pat}:sessions 1 kept"), 0);
    assert_int_equal(link_command(store->link, NULL, "EVAL %s 1 tp:{pat}:sessions",
                         "for i = 2, 25002 do redis.call('ZADD', KEYS[1], i, 'g' .. i) end"),
        0);
    buf_reset(&json);
    assert_int_equal(list("pat", NULL, 3), 0);
    has("{\"sessions\":[],\"next_cursor\":\"4503-g4503\"}");
    sscanf(strstr(buf_text(&json), "\"next_cursor\":"), "\"next_cursor\":\"%60[^\"]", cursor);
    buf_reset(&json);
    assert_int_equal(list("pat", cursor, 3), 0);
    has("{\"id\":\"kept\"");
    has("\"next_cursor\":null");
}

static void pages_of_sessions_are_whole_and_in_order(void **state)
{
    char name[32], cursor[64] = "", seen[16] = "";
    int pages = 0, i;

    (void)state;
    for (i = 0; i < 7; i++) {
        snprintf(name, sizeof name, "s%d", i);
        talk("ann", name, i);
    }
    /* All in one millisecond: the cursor must not lose any. */
    for (i = 0; i < 7; i++)
        assert_int_equal(link_command(store->link, NULL, "ZADD tp:{ann}:sessions %d s%d", 5, i), 0);
    do {
        const char *p, *next;

        buf_reset(&json);
        assert_int_equal(list("ann", cursor, 3), 0);
        for (p = buf_text(&json); (p = strstr(p, "{\"id\":\"s")); p += 8)
            strncat(seen, p + 8, 1);
        next = strstr(buf_text(&json), "\"next_cursor\":");
        cursor[0] = '\0';
        sscanf(next, "\"next_cursor\":\"%60[^\"]", cursor);
        assert_true(++pages < 5);
    } while (*cursor);
    assert_string_equal(seen, "6543210");
    assert_int_equal(pages, 3);
    buf_reset(&json);
    assert_int_equal(list("bob", NULL, 3), 0);
    assert_string_equal(buf_text(&json), "{\"sessions\":[],\"next_cursor\":null}");
    assert_int_equal(list("ann", "x", 3), ERR_INVALID);
    assert_int_equal(list("ann", "1-{", 3), ERR_INVALID);
    /* An expired one leaves the list. */
    assert_int_equal(link_command(store->link, NULL, "DEL tp:{ann}:s:s6"), 0);
    buf_reset(&json);
    assert_int_equal(list("ann", NULL, 100), 0);
    assert_null(strstr(buf_text(&json), "\"s6\""));
    has("\"s5\"");
    has("\"next_cursor\":null");
}

static void a_session_is_shown_renamed_and_deleted(void **state)
{
    char session[IDENT_SESSION_MAX + 1], cursor[48];

    (void)state;
    assert_int_equal(sessions_latest(store, "ann", session), ERR_NOT_FOUND);
    assert_int_equal(sessions_get(store, "ann", "main", &json), ERR_NOT_FOUND);
    assert_int_equal(sessions_cursor(store, "ann", "main", cursor), ERR_NOT_FOUND);
    talk("ann", "main", 1);
    talk("ann", "other", 2);
    assert_int_equal(sessions_latest(store, "ann", session), 0);
    assert_string_equal(session, "other");
    assert_int_equal(sessions_get(store, "ann", "main", &json), 0);
    has("\"title\":\"First words\"");
    has("\"message_count\":2");
    has("\"running_turn\":null");
    assert_int_equal(sessions_cursor(store, "ann", "main", cursor), 0);
    assert_non_null(strstr(cursor, "-2"));
    assert_int_equal(sessions_get(store, "bob", "main", &json), ERR_NOT_FOUND);
    assert_int_equal(rename_it("bob", "main", "x"), ERR_NOT_FOUND);
    buf_reset(&json);
    assert_int_equal(rename_it("ann", "main", "N\"ew"), 0);
    has("\"title\":\"N\\\"ew\"");
    talk("ann", "main", 3);
    buf_reset(&json);
    assert_int_equal(sessions_get(store, "ann", "main", &json), 0);
    has("N\\\"ew"); /* a turn does not take the title back */
    assert_int_equal(sessions_delete(store, "ann", "main", 0, NULL), 0);
    assert_int_equal(sessions_delete(store, "ann", "main", 0, NULL), ERR_NOT_FOUND);
    assert_int_equal(sessions_messages(store, "ann", "main", NULL, 5, &json), ERR_NOT_FOUND);
    assert_int_equal(feedback_give(store, "ann", "a1", &(struct feedback_said){5, NULL, NULL}),
        ERR_NOT_FOUND);
    assert_int_equal(feedback_give(store, "ann", "a2", &(struct feedback_said){5, NULL, NULL}), 0);
}

/* The page before that cursor; behind it stands where its session's log ends. */
static void page_is(const char *before, const char *wanted)
{
    char end[TURNS_CURSOR_SIZE];
    struct buf page;

    buf_init(&page, 0);
    buf_printf(&page, "%s,\"events_cursor\":\"", wanted);
    buf_reset(&json);
    assert_int_equal(sessions_messages(store, "ann", "main", before, 4, &json), 0);
    assert_int_equal(sessions_cursor(store, "ann", "main", end), 0);
    buf_printf(&page, "%s\",\"branch_count\":0,\"feedback\":{}}", end);
    assert_string_equal(buf_text(&json), buf_text(&page));
    buf_free(&page);
}

static void pages_of_messages_stay_put(void **state)
{
    (void)state;
    conf.session_messages_max = 10;
    for (int i = 0; i < 7; i++) /* 14 messages, of which 10 are kept: q2 ... a6 */
        talk("ann", "main", i);
    page_is(NULL,
        "{\"messages\":[{\"id\":\"q5\",\"role\":\"user\"},{\"id\":\"a5\",\"role\":\"assistant\"},"
        "{\"id\":\"q6\",\"role\":\"user\"},{\"id\":\"a6\",\"role\":\"assistant\"}],"
        "\"has_more\":true,\"next_cursor\":\"10\"");
    talk("ann", "main", 7); /* the page before is the same though the list has moved */
    page_is("10",
        "{\"messages\":[{\"id\":\"q3\",\"role\":\"user\"},{\"id\":\"a3\",\"role\":\"assistant\"},"
        "{\"id\":\"q4\",\"role\":\"user\"},{\"id\":\"a4\",\"role\":\"assistant\"}],"
        "\"has_more\":false,\"next_cursor\":null");
    page_is("1", "{\"messages\":[],\"has_more\":false,\"next_cursor\":null");
    assert_int_equal(sessions_messages(store, "ann", "main", "-1", 4, &json), ERR_INVALID);
    assert_int_equal(sessions_messages(store, "ann", "main", "99999999999999999999", 4, &json),
        ERR_INVALID);
    conf.session_messages_max = 2000;
}

static int merge(const char *patch)
{
    buf_reset(&json);
    return sessions_context_merge(store, "ann", patch, strlen(patch), &json);
}

static void the_context_keeps_values_as_they_were_written(void **state)
{
    (void)state;
    assert_int_equal(sessions_context_get(store, "ann", &json), 0);
    assert_string_equal(buf_text(&json), "{}");
    assert_int_equal(merge("{\"a\":[],\"b\":{},\"n\":9007199254740993,\"q\\\"\":\"\\u00e4\"}"), 0);
    assert_string_equal(buf_text(&json),
        "{\"a\":[],\"b\":{},\"n\":9007199254740993,\"q\\\"\":\"\xc3\xa4\"}");
    assert_int_equal(merge("{\"b\":null,\"a\":1,\"new\":true,\"never\":null}"), 0);
    has("\"a\":1");
    has("\"new\":true");
    assert_null(strstr(buf_text(&json), "\"b\""));
    assert_null(strstr(buf_text(&json), "never"));
    assert_int_equal(merge("[]"), ERR_INVALID);
    assert_int_equal(merge("{"), ERR_INVALID);
    buf_reset(&json);
    assert_int_equal(sessions_context_get(store, "bob", &json), 0);
    assert_string_equal(buf_text(&json), "{}");
}

static void the_context_is_bounded(void **state)
{
    struct buf patch = {0};
    char key[32];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "{\"k%d\":1}", i);
        assert_int_equal(merge(key), 0);
    }
    assert_int_equal(merge("{\"one\":1}"), ERR_LIMIT);
    assert_int_equal(merge("{\"k1\":null,\"one\":1}"), 0);
    buf_puts(&patch, "{\"one\":\"");
    for (int i = 0; i < 70000; i++)
        buf_putc(&patch, 'x');
    buf_puts(&patch, "\"}");
    assert_int_equal(merge(buf_text(&patch)), ERR_LIMIT);
    buf_reset(&json);
    assert_int_equal(sessions_context_get(store, "ann", &json), 0);
    has("\"one\":1");
    buf_free(&patch);
}

static void feedback_needs_a_message_of_the_user(void **state)
{
    (void)state;
    talk("ann", "main", 1);
    assert_int_equal(feedback_give(store, "ann", "a1",
                         &(struct feedback_said){4, "helpful", "Good \"one\""}),
        0);
    assert_int_equal(feedback_give(store, "ann", "a1", &(struct feedback_said){1, NULL, NULL}), 0);
    buf_reset(&json);
    assert_int_equal(sessions_messages(store, "ann", "main", NULL, 5, &json), 0);
    assert_non_null(strstr(buf_text(&json), "\"feedback\":{\"a1\":{\"rating\":1,\"at\":\""));
    assert_int_equal(feedback_give(store, "ann", "nope", &(struct feedback_said){4, NULL, NULL}),
        ERR_NOT_FOUND);
    assert_int_equal(feedback_give(store, "bob", "a1", &(struct feedback_said){4, NULL, NULL}),
        ERR_NOT_FOUND);
}

static void a_ticket_is_stored_hashed_and_expires(void **state)
{
    char ticket[65], hash[IDENT_SHA256_SIZE];
    const struct tickets_owner of =
        {.uid = "ann", .role = "user", .mark = "-", .class = "", .scopes = 3, .expires_ms = 7};
    struct link_reply *r = NULL;

    (void)state;
    assert_int_equal(tickets_new(store, &of, "https://x.example", ticket), 0);
    assert_int_equal(strlen(ticket), 64);
    ident_sha256_hex(ticket, 64, hash);
    assert_int_equal(link_command(store->link, &r, "PTTL tp:ticket:%s", hash), 0);
    assert_in_range(link_reply_int(r), 1, conf.ticket_ms);
    link_reply_free(r);
    assert_int_equal(link_command(store->link, &r, "GETDEL tp:ticket:%s", hash), 0);
    assert_string_equal(link_reply_text(r, NULL), "ann user https://x.example 7 - 3 -");
    link_reply_free(r);
}

static void a_rate_is_counted_in_its_window(void **state)
{
    const struct sessions_limit chat = {"chat", 2, 60000}, api = {"api", 2, 60000},
                                none = {"chat", 0, 60000};
    int64_t left, retry;

    (void)state;
    assert_int_equal(sessions_rate(store, "ann", &chat, &left, &retry), 0);
    assert_int_equal(left, 1);
    assert_int_equal(sessions_rate(store, "ann", &chat, &left, &retry), 0);
    assert_int_equal(left, 0);
    assert_int_equal(sessions_rate(store, "ann", &chat, &left, &retry), ERR_RATE);
    assert_in_range(retry, 1, 60000);
    assert_int_equal(sessions_rate(store, "bob", &chat, &left, &retry), 0);
    assert_int_equal(sessions_rate(store, "ann", &api, &left, &retry), 0);
    assert_int_equal(sessions_rate(store, "ann", &none, &left, &retry), 0);
}

/* Answers what a command says; a text as a number. */
static long asked(const char *command)
{
    struct link_reply *r = NULL;
    long value;

    assert_int_equal(link_command(store->link, &r, command), 0);
    value = link_reply_type(r) == LINK_STRING ? atol(link_reply_text(r, NULL)) :
                                                (long)link_reply_int(r);
    link_reply_free(r);
    return value;
}

static void search(const char *query)
{
    buf_reset(&json);
    assert_int_equal(find_sessions(store, "ann",
                         &(struct find_page){.query = query, .limit = 100, .pinned = ""}, &json),
        0);
}

static void an_index_forgets_a_session_whose_words_have_expired(void **state)
{
    (void)state;
    talk("ann", "s1", 1);
    talk("ann", "s2", 2);
    search("words");
    has("\"id\":\"s1\"");
    assert_int_equal(asked("HGET tp:{ann}:find count"), 4);
    assert_int_equal(asked("HGET tp:{ann}:find:counts s1"), 2);
    assert_int_equal(asked("DEL tp:{ann}:s:s1 tp:{ann}:find:s:s1"), 2);
    search("words");
    assert_null(strstr(buf_text(&json), "\"id\":\"s1\""));
    has("\"id\":\"s2\"");
    assert_int_equal(asked("ZCARD tp:{ann}:find:w:words"), 1);
    search("words");
    assert_int_equal(asked("HGET tp:{ann}:find count"), 2);
    assert_int_equal(asked("SCARD tp:{ann}:find:due"), 0);
    assert_int_equal(asked("HLEN tp:{ann}:find:counts"), 1);
}

/* An answer of 60 KB; so many letters stand behind a word in its middle. */
static void write_long(char *text, int letters)
{
    size_t n = 0;

    for (int i = 0; i < 2000; i++)
        n += (size_t)sprintf(text + n, "%s%.*s \\\"a\\\" \\\\ \xc3\xa9\\ud83d\\ude00\\n",
            i == 1200 ? "Otter " : "word", i == 1200 ? letters : 0,
            "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
    assert_int_equal(link_command(store->link, NULL,
                         "LSET tp:{ann}:s:s1:msgs -1 "
                         "{\"id\":\"a1\",\"role\":\"assistant\",\"content\":\"%b\"}",
                         text, n),
        0);
}

static void a_search_shows_a_part_of_a_long_message(void **state)
{
    char *text = malloc(90000);

    (void)state;
    talk("ann", "s1", 1);
    for (int letters = 0; letters < 40; letters++) { /* wherever the part ends */
        write_long(text, letters);
        search("otter");
        has("\"match\":{\"message_id\":\"a1\",\"role\":\"assistant\",\"snippet\":\"");
        has("Otter");
    }
    free(text);
    search("word"); /* also from its beginning */
    has("\"snippet\":\"word \\\"a\\\"");
}

static void erasure_takes_many_keys_at_once(void **state)
{
    int64_t keys;

    (void)state;
    for (int i = 0; i < 600; i++) {
        assert_int_equal(link_command(store->link, NULL, "SET tp:{ann}:x%d 1", i), 0);
        assert_int_equal(link_command(store->link, NULL, "SET tp:{anna}:x%d 1", i), 0);
    }
    assert_int_equal(asked("CONFIG RESETSTAT"), 0);
    assert_int_equal(userdata_erase(store, "ann", 60000, NULL, NULL, &keys), 0);
    assert_true(keys >= 600);
    assert_int_equal(asked("EXISTS tp:{ann}:x0 tp:{ann}:x300 tp:{ann}:x599"), 0);
    assert_int_equal(asked("EXISTS tp:{anna}:x0 tp:{anna}:x300 tp:{anna}:x599"), 3);
    struct link_reply *r = NULL;
    const char *calls;
    assert_int_equal(link_command(store->link, &r, "INFO commandstats"), 0);
    calls = strstr(link_reply_text(r, NULL), "cmdstat_unlink:calls=");
    assert_non_null(calls);
    assert_in_range(atoi(calls + strlen("cmdstat_unlink:calls=")), 1, 12);
    link_reply_free(r);
}

static void erasure_leaves_what_was_used_and_its_end(void **state)
{
    int64_t keys;

    (void)state;
    assert_int_equal(link_command(store->link, NULL, "FLUSHDB"), 0);
    assert_int_equal(link_command(store->link, NULL, "HSET tp:{ann}:usage:2026-11 tokens 5"), 0);
    assert_int_equal(link_command(store->link, NULL, "HSET tp:{ann}:limits turns 4"), 0);
    assert_int_equal(link_command(store->link, NULL, "SET tp:{ann}:rate:chat 4"), 0);
    assert_int_equal(userdata_erase(store, "ann", 60000, NULL, NULL, &keys), 0);
    assert_int_equal(asked("DBSIZE"), 2);
    assert_int_equal(asked("EXISTS tp:{ann}:usage:2026-11 tp:{ann}:limits"), 2);
    assert_in_range(asked("TTL tp:{ann}:limits"), 61 * 86400, 62 * 86400);
}

/* Posts number first to last with so many comments; every third of either is ann's. */
static void post(int first, int last, int comments)
{
    static const char script[] =
        "local function record(id, i) return '{\"id\":\"' .. id .. '\",\"author\":\"' .. "
        "(i % 3 == 0 and 'ann' or 'bob') .. '\",\"content\":\"' .. string.rep('x', 80) .. '\"}' end "
        "local P = KEYS[1] "
        "for i = ARGV[1], ARGV[2] do "
        "redis.call('HSET', P .. 'r:post', 'p' .. i, record('p' .. i, i)) "
        "redis.call('SADD', P .. 'members', 'ann') "
        "for k = 1, ARGV[3] do "
        "redis.call('HSET', P .. 'r:comment:p' .. i, 'c' .. k, record('c' .. k, k)) end end";

    assert_int_equal(link_command(store->link, NULL, "EVAL %s 1 tp:{community}: %d %d %d", script,
                         first, last, comments),
        0);
}

static int64_t posts_of(const char *author)
{
    struct link_reply *r = NULL;

    assert_int_equal(
        link_command(store->link, &r, "EVAL %s 1 tp:{community}:r:post %s",
            "local n = 0 for _, v in ipairs(redis.call('HVALS', KEYS[1])) do "
            "if string.find(v, '\"' .. ARGV[1] .. '\"', 1, true) then n = n + 1 end end return n",
            author),
        0);
    int64_t count = link_reply_int(r);
    link_reply_free(r);
    return count;
}

struct clerk { /* has time for some steps */
    struct erasure erasure;
    int steps;
};

static void take_a_step(void *arg)
{
    struct clerk *c = arg;

    if (--c->steps <= 0)
        c->erasure.until_ms = 0;
}

static int some_steps(struct clerk *c)
{
    c->steps = 5;
    c->erasure = (struct erasure){.store = store,
        .uid = "ann",
        .until_ms = INT64_MAX,
        .beat = take_a_step,
        .arg = c};
    return userdata_erase_shared(&c->erasure);
}

/* However little time each call has, and how many posts of others there are. */
static void erasure_of_what_was_written_goes_on_where_it_stopped(void **state)
{
    struct clerk clerk;
    int calls = 1;

    (void)state;
    assert_int_equal(link_command(store->link, NULL, "FLUSHDB"), 0);
    post(1, 400, 0);
    while (some_steps(&clerk) == ERR_MORE)
        assert_true(++calls < 20);
    assert_in_range(calls, 3, 10);
    assert_int_equal(posts_of("ann"), 0);
    assert_int_equal(posts_of("bob"), 267);
    assert_int_equal(some_steps(&clerk), 0); /* it is over, until something is written */
    post(401, 600, 0);
    for (calls = 1; some_steps(&clerk) == ERR_MORE; calls++) {
        if (calls == 2)
            post(601, 700, 0);
        assert_true(calls < 30);
    }
    assert_int_equal(posts_of("ann"), 0);
    assert_int_equal(asked("EXISTS tp:erasing-written:ann"), 1);
    assert_int_equal(userdata_erased_written(&clerk.erasure), 0);
    assert_int_equal(asked("EXISTS tp:erasing-written:ann"), 0);
}

/* Parts in which a listing comes, and how many records they have. */
static int parts_of(const char *family, size_t *records)
{
    struct userdata_walk walk;
    int parts = 0;

    *records = 0;
    userdata_walk_init(&walk);
    while (!walk.done) {
        struct arena *arena = arena_new();
        struct records_list page;

        assert_int_equal(userdata_written(store, "ann", family, &walk, arena, &page), 0);
        *records += page.count;
        parts++;
        arena_free(arena);
    }
    userdata_walk_free(&walk);
    return parts;
}

static void what_was_written_is_read_in_parts_of_some_work(void **state)
{
    size_t records;

    (void)state;
    assert_int_equal(link_command(store->link, NULL, "FLUSHDB"), 0);
    post(1, 9, 10);
    assert_int_equal(parts_of("post", &records), 1);
    assert_int_equal(records, 3 + 9 * 3);
    post(1, 4, 600);
    assert_in_range(parts_of("post", &records), 4, 5);
    assert_int_equal(records, 3 + 4 * 200 + 5 * 3);
    struct erasure e = {.store = store, .uid = "ann", .until_ms = INT64_MAX};
    assert_int_equal(userdata_erase_shared(&e), 0);
    parts_of("post", &records);
    assert_int_equal(records, 0);
    assert_int_equal(posts_of("bob"), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_page_without_a_row_ends_too, fresh),
        cmocka_unit_test_setup(pages_of_sessions_are_whole_and_in_order, fresh),
        cmocka_unit_test_setup(a_session_is_shown_renamed_and_deleted, fresh),
        cmocka_unit_test_setup(pages_of_messages_stay_put, fresh),
        cmocka_unit_test_setup(the_context_keeps_values_as_they_were_written, fresh),
        cmocka_unit_test_setup(the_context_is_bounded, fresh),
        cmocka_unit_test_setup(feedback_needs_a_message_of_the_user, fresh),
        cmocka_unit_test_setup(a_ticket_is_stored_hashed_and_expires, fresh),
        cmocka_unit_test_setup(a_rate_is_counted_in_its_window, fresh),
        cmocka_unit_test_setup(an_index_forgets_a_session_whose_words_have_expired, fresh),
        cmocka_unit_test_setup(a_search_shows_a_part_of_a_long_message, fresh),
        cmocka_unit_test_setup(erasure_takes_many_keys_at_once, fresh),
        cmocka_unit_test_setup(erasure_leaves_what_was_used_and_its_end, fresh),
        cmocka_unit_test_setup(erasure_of_what_was_written_goes_on_where_it_stopped, fresh),
        cmocka_unit_test_setup(what_was_written_is_read_in_parts_of_some_work, fresh),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
