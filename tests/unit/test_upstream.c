/* SPDX-License-Identifier: BSD-2-Clause */
/* What the log says of an answer that its model's vendor keeps: the mark that is kept with the
 * turn as its entries are, and the answer that the next worker makes of them. */
#include "agent/answer.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/keys.h"
#include "store/turns.h"
#include "tests/unit/cm.h"
#include "tests/unit/store_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER "ann"

static struct eventlog *events; /* of worker one; worker two looks on */
static struct turns_start turn;
static char mark[64];
static int whole_calls, part_calls;

static void write_mark(void *arg, bool whole, struct buf *text)
{
    (void)arg;
    whole_calls += whole;
    part_calls += !whole;
    buf_puts(text, whole ? mark : "part");
}

static int set_up_all(void **state)
{
    store_bench_open(state);
    return eventlog_new(&events, one);
}

static int tear_down_all(void **state)
{
    eventlog_free(events);
    return store_bench_close(state);
}

static int set_up(void **state)
{
    char id[IDENT_UUID_SIZE];
    struct turns_request q = {.uid = USER,
        .session = session,
        .turn = id,
        .body_hash = "h",
        .first_event = "{\"type\":\"RUN_STARTED\"}",
        .input = "{}",
        .may_run = true};

    store_bench_begin(state);
    ident_uuid7(id);
    assert_int_equal(turns_begin(one, &q, arena, &turn), 0);
    whole_calls = part_calls = 0;
    *mark = '\0';
    return eventlog_begin(events, &turn);
}

static int tear_down(void **state)
{
    eventlog_end(events);
    return store_bench_end(state);
}

static const char *kept(void)
{
    static char text[64];
    struct link_reply *r = NULL;
    char prefix[KEYS_MAX];

    keys_prefix(prefix, turn.uid);
    assert_int_equal(link_command(two->link, &r, "HGET %sturn:%s upstream", prefix, turn.turn), 0);
    snprintf(text, sizeof text, "%s", link_reply_text(r, NULL));
    link_reply_free(r);
    return text;
}

static size_t entries(void)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];
    size_t count;

    keys_session_log(key, turn.uid, turn.session);
    assert_int_equal(link_command(two->link, &r, "XLEN %s", key), 0);
    count = (size_t)link_reply_int(r);
    link_reply_free(r);
    return count;
}

static void event(void)
{
    assert_int_equal(eventlog_event(events, LOGENTRY_NONE, "{\"a\":1}", 7), 0);
}

static void flush(void)
{
    assert_int_equal(eventlog_flush(events, clock_mono_ms() + 5000), 0);
}

static void a_mark_comes_with_the_entries(void **state)
{
    (void)state;
    event();
    flush();
    assert_string_equal(kept(), "");
    eventlog_mark(events, write_mark, NULL);
    snprintf(mark, sizeof mark, "first \"one\"");
    assert_string_equal(kept(), "");
    event();
    flush();
    assert_string_equal(kept(), "first \"one\"");
    snprintf(mark, sizeof mark, "second");
    assert_string_equal(kept(), "first \"one\"");
    assert_int_equal(eventlog_text(events, EVENTLOG_TEXT, "m", "x", 1), 0);
    flush();
    assert_string_equal(kept(), "second");
    *mark = '\0';
    event();
    flush();
    assert_string_equal(kept(), "");
    assert_int_equal(part_calls, 0);
}

static void held_together_they_come_at_once(void **state)
{
    size_t before = entries();

    (void)state;
    eventlog_mark(events, write_mark, NULL);
    snprintf(mark, sizeof mark, "all");
    eventlog_together(events, true);
    for (int i = 0; i < 5; i++)
        event();
    assert_int_equal(eventlog_text(events, EVENTLOG_TEXT, "m", "x", 1), 0);
    assert_int_equal(entries(), before);
    assert_int_equal(whole_calls, 0);
    eventlog_together(events, false);
    flush();
    assert_int_equal(entries(), before + 6);
    assert_int_equal(whole_calls, 1);
    assert_string_equal(kept(), "all");
}

/* More than one append takes: until the last one has come the mark says so. */
static void a_part_of_them_is_no_whole(void **state)
{
    (void)state;
    eventlog_mark(events, write_mark, NULL);
    snprintf(mark, sizeof mark, "all");
    eventlog_together(events, true);
    for (int i = 0; i < 300; i++)
        event();
    eventlog_together(events, false);
    assert_int_equal(part_calls, 1);
    assert_int_equal(whole_calls, 0);
    flush();
    assert_int_equal(whole_calls, 1);
    assert_string_equal(kept(), "all");
}

static void the_next_worker_reads_it_and_a_checkpoint_drops_it(void **state)
{
    const struct turns_loss loss = {.how = TURNS_DEAD};
    char next[IDENT_UUID_SIZE];
    struct turns_start start;

    (void)state;
    eventlog_mark(events, write_mark, NULL);
    snprintf(mark, sizeof mark, "{\"id\":\"r\"}");
    event();
    flush();
    assert_int_equal(turns_abandon(two, turn.uid, turn.turn, &loss, next, NULL), 0);
    assert_int_equal(turns_claim(one, turn.uid, next, 50, arena, &start), 0);
    assert_string_equal(start.upstream, "{\"id\":\"r\"}");
    turn = start;
    assert_int_equal(turns_checkpoint(one, &turn, "{}", 2), 0);
    assert_string_equal(kept(), "");
}

/* ---- the answer ---- */

static void begin_answer(struct answer *a, struct chat *chat)
{
    *a = (struct answer){.log = events, .arena = arena, .chat = chat, .bytes_left = 1 << 20};
    answer_init(a);
}

static void same(const struct answer *a, const struct answer *b)
{
    assert_string_equal(a->id, b->id);
    assert_string_equal(buf_text(&a->text), buf_text(&b->text));
    assert_string_equal(buf_text(&a->order), buf_text(&b->order));
    assert_int_equal(a->text_run, b->text_run);
    assert_int_equal(a->text_open, b->text_open);
    assert_int_equal(a->emitted, b->emitted);
    assert_int_equal(a->call_count, b->call_count);
    assert_int_equal(a->thought_count, b->thought_count);
    for (size_t i = 0; i < a->call_count; i++) {
        assert_string_equal(a->calls[i].id, b->calls[i].id);
        assert_string_equal(a->calls[i].name, b->calls[i].name);
        assert_string_equal(buf_text(&a->calls[i].args), buf_text(&b->calls[i].args));
        assert_int_equal(a->calls[i].open, b->calls[i].open);
    }
    for (size_t i = 0; i < a->thought_count; i++) {
        assert_string_equal(a->thoughts[i].id, b->thoughts[i].id);
        assert_string_equal(buf_text(&a->thoughts[i].text), buf_text(&b->thoughts[i].text));
        assert_int_equal(a->thoughts[i].open, b->thoughts[i].open);
        assert_int_equal(!a->thoughts[i].sealed, !b->thoughts[i].sealed);
    }
}

/* What the log has, as another worker reads it. */
static void read_again(const struct answer *a, struct chat *chat)
{
    struct answer b;
    size_t calls = a->call_count;

    flush();
    begin_answer(&b, chat);
    answer_restore_begin(&b, a->id);
    assert_int_equal(turns_log_read(two, &turn, answer_restore_entry, &b), 0);
    assert_true(answer_restore_is(&b, answer_bytes(a), calls));
    assert_false(answer_restore_is(&b, answer_bytes(a) + 1, calls));
    assert_false(answer_restore_is(&b, answer_bytes(a), calls + 1));
    same(a, &b);
    answer_fini(&b);
}

static void an_answer_is_what_its_events_say(void **state)
{
    const struct provider_sink *s;
    struct answer a;
    struct chat chat;

    (void)state;
    chat_init(&chat, arena);
    begin_answer(&a, &chat);
    s = &a.sink;
    read_again(&a, &chat);
    assert_int_equal(s->status(s->arg, "queued"), 0);
    read_again(&a, &chat);
    assert_int_equal(s->reasoning(s->arg, "h\"m\n", 4), 0);
    read_again(&a, &chat);
    assert_int_equal(s->reasoning_end(s->arg, "responses-0:item:{}"), 0);
    assert_int_equal(s->text(s->arg, "Hello \xf0\x9f\x98\x80", 10), 0);
    read_again(&a, &chat);
    assert_int_equal(s->call_start(s->arg, 0, "call_1", "f"), 0);
    assert_int_equal(s->call_args(s->arg, 0, "{\"a\"", 4), 0);
    read_again(&a, &chat);
    assert_int_equal(s->call_args(s->arg, 0, ":1}", 3), 0);
    assert_int_equal(s->call_end(s->arg, 0), 0);
    assert_int_equal(s->reasoning_end(s->arg, "responses-0:item:{}"), 0);
    assert_int_equal(s->text(s->arg, "More", 4), 0);
    assert_int_equal(s->call_start(s->arg, 1, "not good", "g"), 0);
    read_again(&a, &chat);
    assert_int_equal(answer_close(&a), 0);
    read_again(&a, &chat);
    answer_fini(&a);
}

/* What a checkpoint has, and what an earlier worker dropped, is not of this answer. */
static void an_earlier_answer_is_another_one(void **state)
{
    static const char result[] =
        "{\"type\":\"TOOL_CALL_RESULT\",\"messageId\":\"r\",\"toolCallId\":"
        "\"c\",\"content\":\"x\"}";
    static const char dropped[] = "{\"type\":\"MESSAGES_SNAPSHOT\",\"messages\":[]}";
    const struct provider_sink *s;
    struct answer a;
    struct chat chat;

    (void)state;
    chat_init(&chat, arena);
    begin_answer(&a, &chat);
    s = &a.sink;
    assert_int_equal(s->reasoning(s->arg, "torn", 4), 0);
    assert_int_equal(answer_close(&a), 0);
    assert_int_equal(eventlog_event(events, LOGENTRY_NONE, dropped, sizeof dropped - 1), 0);
    answer_reset(&a);
    assert_int_equal(s->reasoning(s->arg, "kept", 4), 0);
    assert_int_equal(s->text(s->arg, "Yes", 3), 0);
    assert_int_equal(s->call_start(s->arg, 0, "c", "f"), 0);
    assert_int_equal(answer_close(&a), 0);
    assert_int_equal(answer_store(&a, &chat), 0);
    answer_reset(&a);
    assert_int_equal(eventlog_event(events, LOGENTRY_NONE, result, sizeof result - 1), 0);
    read_again(&a, &chat);
    assert_int_equal(s->text(s->arg, "Next", 4), 0);
    read_again(&a, &chat);
    answer_fini(&a);
}

int main(void)
{
#define FRESH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {FRESH(a_mark_comes_with_the_entries),
        FRESH(held_together_they_come_at_once), FRESH(a_part_of_them_is_no_whole),
        FRESH(the_next_worker_reads_it_and_a_checkpoint_drops_it),
        FRESH(an_answer_is_what_its_events_say), FRESH(an_earlier_answer_is_another_one)};

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
