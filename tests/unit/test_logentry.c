/* SPDX-License-Identifier: BSD-2-Clause */
/* logentry: both writers make one form of an entry; anything else is refused; deltas are joined. */
#include "base/err.h"
#include "store/eventlog.h"
#include "store/keys.h"
#include "store/logentry.h"
#include "tests/unit/cm.h"
#include "tests/unit/store_bench.h"
#include "turn_actors.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RUN "0192f0c0-0001-7000-8000-000000000000"

static int parse_value(const char *value, struct logentry *e)
{
    return logentry_parse_value("7-1", 3, value, strlen(value), e);
}

static void a_written_value_is_read_again(void **state)
{
    static const char json[] = "{\"type\":\"X\",\"text\":\"a b {} \\\" S F\"}";
    static const char flags[] = {LOGENTRY_NONE, LOGENTRY_START, LOGENTRY_FINAL, LOGENTRY_TEXT};
    struct buf out = {0};
    struct logentry e;

    (void)state;
    for (size_t i = 0; i < sizeof flags; i++) {
        buf_reset(&out);
        logentry_put(&out, RUN, flags[i], json, strlen(json));
        assert_int_equal(buf_error(&out), 0);
        assert_int_equal(out.len, logentry_head_len(RUN) + strlen(json));
        assert_int_equal(logentry_parse_value("7-1", 3, out.data, out.len, &e), 0);
        assert_int_equal(e.flag, flags[i]);
        assert_true(logentry_is_run(&e, RUN));
        assert_false(logentry_is_run(&e, "0192f0c0"));
        assert_int_equal(e.json_len, strlen(json));
        assert_memory_equal(e.json, json, e.json_len);
        assert_true(e.id.epoch == 7 && e.id.n == 1 && e.prev.epoch == 0 && e.prev.n == 0);
    }
    buf_free(&out);
}

static void what_is_no_entry_is_refused(void **state)
{
    static const char *const values[] = {"", " ", RUN, RUN " S", RUN " S ", RUN " S {", RUN " S []",
        RUN " SF {}", RUN "  {}", " S {}", "{}", RUN " - {} "};
    static const char *const messages[] = {"", "7-1", "7-1 7-0", "7-1 7-0 " RUN " S",
        "7-1 " RUN " S {}", "7 7-0 " RUN " S {}", "7-1 x " RUN " S {}", "-1 7-0 " RUN " S {}",
        "7- 7-0 " RUN " S {}", "1234567890123456789-1 7-0 " RUN " S {}"};
    static const char *const ids[] = {"", "7", "7-", "-7", "7-1-1", "7-x", " 7-1", "7-1 "};
    struct logentry_id id;
    struct logentry e;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_int_equal(parse_value(values[i], &e), ERR_INVALID);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        assert_int_equal(logentry_parse_message(messages[i], strlen(messages[i]), &e), ERR_INVALID);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_int_equal(logentry_id_parse(ids[i], strlen(ids[i]), &id), ERR_INVALID);
}

static void ids_are_ordered(void **state)
{
    static const struct logentry_id in_order[] = {{0, 0}, {0, 1}, {1, 0}, {1, 2}, {1, 10}, {2, 0}};
    char text[LOGENTRY_ID_SIZE];
    struct logentry_id back;

    (void)state;
    for (size_t i = 0; i < sizeof in_order / sizeof *in_order; i++) {
        size_t len = logentry_id_format(in_order[i], text);

        assert_int_equal(logentry_id_parse(text, len, &back), 0);
        assert_int_equal(logentry_id_compare(back, in_order[i]), 0);
        if (i > 0)
            assert_true(logentry_id_compare(in_order[i - 1], in_order[i]) < 0);
    }
}

static void an_event_begins_with_its_type(void **state)
{
    static const struct {
        const char *json, *type;
    } rows[] = {{"{\"type\":\"T\",\"a\":1}", "T"}, {"{\"type\":\"RUN_ERROR\"}", "RUN_ERROR"},
        {"{\"type\":\"\"}", ""}, {"{\"a\":1,\"type\":\"T\"}", NULL}, {"{}", NULL},
        {"{\"type\":\"}", NULL}, {"{\"type\":1}", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct logentry e = {.json = rows[i].json, .json_len = strlen(rows[i].json)};
        const char *type = NULL;
        size_t len = 0;
        assert_int_equal(logentry_type(&e, &type, &len), rows[i].type != NULL);
        if (rows[i].type) {
            assert_int_equal(len, strlen(rows[i].type));
            assert_memory_equal(type, rows[i].type, len);
        }
    }
}

static void deltas_of_one_message_are_joined(void **state)
{
    static const char first[] = "{\"type\":\"T\",\"messageId\":\"m\",\"delta\":\"a\"}";
    struct buf joined = {0};
    struct logentry e;

    (void)state;
    buf_puts(&joined, first);
    assert_int_equal(
        parse_value(RUN " T {\"type\":\"T\",\"messageId\":\"m\",\"delta\":\"\\u00fc\"}", &e), 0);
    assert_true(logentry_join(&joined, &e));
    assert_string_equal(buf_text(&joined),
        "{\"type\":\"T\",\"messageId\":\"m\",\"delta\":\"a\\u00fc\"}");
    assert_int_equal(parse_value(RUN " T {\"type\":\"T\",\"messageId\":\"n\",\"delta\":\"b\"}", &e),
        0);
    assert_false(logentry_join(&joined, &e)); /* another message */
    assert_int_equal(
        parse_value(RUN " T {\"type\":\"T\",\"messageId\":\"m\",\"delta\":\"b\",\"x\":1}", &e), 0);
    assert_false(logentry_join(&joined, &e)); /* a member behind it */
    buf_free(&joined);
}

/* ---- both writers ---- */

#define EVENT "{\"type\":\"CUSTOM\"}"
#define LAST 4

/* A turn's whole log: its start by a script, events by C, its end through a script. */
static void write_a_turn(struct turns_start *turn)
{
    struct turns_start next;
    struct eventlog *events;

    *turn = actors_begin(one, arena, session, NULL);
    assert_int_equal(eventlog_new(&events, one), 0);
    assert_int_equal(eventlog_begin(events, turn), 0);
    assert_int_equal(eventlog_event(events, LOGENTRY_NONE, EVENT, strlen(EVENT)), 0);
    assert_int_equal(eventlog_text(events, EVENTLOG_TEXT, "m", "hello", 5), 0);
    assert_int_equal(eventlog_flush(events, INT64_MAX), 0);
    assert_int_equal(actors_finish(one, arena, turn, LAST, false, &next), 0);
    eventlog_free(events);
}

static void check_entry(const struct logentry *e, const struct turns_start *turn, unsigned n)
{
    static const char flags[] = {LOGENTRY_START, LOGENTRY_NONE, LOGENTRY_TEXT, LOGENTRY_FINAL};

    assert_true(e->id.epoch == (uint64_t)turn->epoch && e->id.n == n);
    assert_int_equal(e->flag, flags[n - 1]);
    assert_true(logentry_is_run(e, turn->turn));
}

/* The payload of the next message in `at`, a line of its own behind its length. */
static char *next_message(char *at, const struct turns_start *turn)
{
    char mark[64];

    snprintf(mark, sizeof mark, "\r\n%lld-", (long long)turn->epoch);
    at = strstr(at, mark);
    return at ? at + 2 : NULL;
}

static void both_writers_are_read_alike(void **state)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX], bytes[8192] = "", *at = bytes;
    struct turns_start turn;
    struct logentry e;
    int fd;

    (void)state;
    keys_session(key, ACTORS_USER, session);
    fd = own_redis_hear(&redis, key);
    write_a_turn(&turn);
    keys_session_log(key, ACTORS_USER, session);
    assert_int_equal(link_command(one->link, &r, "XRANGE %s - +", key), 0);
    assert_int_equal(link_reply_count(r), LAST);
    for (unsigned n = 1; n <= LAST; n++) {
        assert_int_equal(logentry_read(link_reply_at(r, n - 1), &e), 0);
        check_entry(&e, &turn, n);
    }
    assert_int_equal(logentry_read(r, &e), ERR_INVALID);
    link_reply_free(r);
    own_redis_heard(fd, bytes, sizeof bytes, "RUN_FINISHED");
    for (unsigned n = 1; n <= LAST; n++) {
        at = next_message(at, &turn);
        assert_non_null(at);
        assert_int_equal(logentry_parse_message(at, strcspn(at, "\r"), &e), 0);
        check_entry(&e, &turn, n);
        assert_true(n == 1 ? e.prev.epoch == 0 && e.prev.n == 0 :
                             e.prev.epoch == e.id.epoch && e.prev.n == n - 1);
    }
    close(fd);
}

static void a_run_error_is_one_event(void **state)
{
    struct buf json = {0};

    (void)state;
    logentry_put_run_error(&json, "It said \"no\"", "model_failed");
    assert_string_equal(buf_text(&json),
        "{\"type\":\"RUN_ERROR\",\"message\":\"It said \\\"no\\\"\",\"code\":\"model_failed\"}");
    buf_reset(&json);
    logentry_open_run_error(&json, "Stopped", "failed");
    buf_json_member(&json, "more", "x");
    buf_putc(&json, '}');
    assert_string_equal(buf_text(&json),
        "{\"type\":\"RUN_ERROR\",\"message\":\"Stopped\",\"code\":\"failed\",\"more\":\"x\"}");
    assert_int_equal(buf_error(&json), 0);
    buf_free(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_value_is_read_again),
        cmocka_unit_test(what_is_no_entry_is_refused),
        cmocka_unit_test(ids_are_ordered),
        cmocka_unit_test(an_event_begins_with_its_type),
        cmocka_unit_test(deltas_of_one_message_are_joined),
        cmocka_unit_test_setup_teardown(both_writers_are_read_alike, store_bench_begin,
            store_bench_end),
        cmocka_unit_test(a_run_error_is_one_event),
    };

    return cmocka_run_group_tests(tests, store_bench_open, store_bench_close);
}
