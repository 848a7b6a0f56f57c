/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/provider.h"
#include "agent/offline/offline.h"
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/turn_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct turn_bench bench;

static char *ask(const char *text)
{
    assert_int_equal(turn_bench_run(&bench, text), 0);
    assert_int_equal(bench.result.http_status, 200);
    char *types = turn_bench_types(&bench);
    free(types);
    jdoc *reply = turn_bench_reply(&bench);
    char *answer = strdup(jdoc_text_or(reply, "response", ""));
    jdoc_free(reply);
    return answer;
}

static void expect(const char *text, const char *part)
{
    char *answer = ask(text);
    if (getenv("OFFLINE_SHOW"))
        print_message("> %s\n%s\n\n", text, answer);
    if (!strstr(answer, part))
        fail_msg("\"%s\" was answered \"%s\", without \"%s\"", text, answer, part);
    free(answer);
}

static void test_a_conversation(void **state)
{
    (void)state;
    expect("hello", "Offline mode");
    expect("write a poem", "did not recognise");
    expect("Add dentist tomorrow at 3pm to my calendar", "Dentist");
    expect("What is on my calendar?", "- Dentist: ");
    expect("Move dentist to 4pm", ", 16:00");                        /* of its own day */
    expect("Move dentist to 2031-03-01", "Saturday 1 March, 16:00"); /* at its own time */
    expect("Move haircut to 2031-03-01 at 10am", "no coming event");
    expect("Remind me to call mum in 20 minutes", "Call mum");
    expect("log 45 on fuel and 12 for coffee", "Logged 12.00");
    expect("Delete dentist from my calendar", "approval");
    expect("Set a timer for 10 minutes", "timer");
    expect("I spent 45.50 on fuel", "Logged");
    expect("Set my fuel budget to 300 a month", "budget for gas");
    expect("How is my budget?", "gas: 90.50 of 300.00");
    expect("How much did I spend this month?", "gas: 90.50");
    expect("What time is it?", "Australia/Sydney");
    expect("Plan a trip to Perth", "Where do you start");
    turn_bench_places(&bench);
    expect("Plan a trip from Sydney to Brisbane", "- Distance: ");
    expect("Plan a trip from Sydney to Brisbane on 1 March 2031", "an estimate");
    expect("How far is Sydney from Brisbane?", "estimate");
    expect("What time is it in Brisbane?", "Australia/Brisbane");
    expect("How far is it from Sydney to Brisbane?", "estimate");
    expect("How long is the drive from Sydney to Brisbane?", "Brisbane");
    expect("How far is it from Sydney to Nowhere Town?", "did not work");
}

/* What means something only behind what was said before. */
static void test_follow_ups(void **state)
{
    (void)state;
    turn_bench_places(&bench);
    expect("Remind me to water the plants tomorrow at 5pm", "Water the plants");
    expect("no, at 6pm", "18:00");
    expect("What is on my calendar tomorrow?", "18:00");
    expect("and the day after?", "0 events");
    expect("Set my propane budget to 300 a month", "300.00");
    expect("make it 350", "350.00");
    expect("How far is it from Sydney to Brisbane?", "Brisbane");
    expect("How much did I spend on propane this month?", "propane");
    expect("and on tolls?", "tolls");
    expect("I spent 8 on tolls", "8.00");
    expect("and 12 for coffee", "12.00");
    expect("write a poem", "did not recognise");
    expect("make it 50", "written nothing"); /* of what? */
    expect("Set a timer for 9 minutes", "timer");
    expect("delete that", "ancel");
    expect("I spent 45 on parking", "45.00");
    expect("make it 50 euros", "written nothing"); /* other money is no other number */
    expect("I spent 20 on tolls and 9 for coffee", "9.00");
    expect("make it 12", "which of them"); /* there were two */
}

static void test_other_languages(void **state)
{
    (void)state;
    expect("Ich habe 45,50 f\xc3\xbcr Benzin ausgegeben", "Erledigt.");
    expect("Wie viel habe ich diesen Monat ausgegeben?", "Summe: ");
    expect("Erinnere mich morgen an den Zahnarzt", "Um wie viel Uhr");
    expect("um 17 Uhr", "Zahnarzt");
    expect("Gast\xc3\xa9 20 en peajes", "Hecho.");
    expect("J'ai d\xc3\xa9pens\xc3\xa9 9 pour un caf\xc3\xa9", "C'est fait.");
    expect("Schreib mir ein Gedicht", "Offline-Modus");
    expect("Set my fuel budjet to 400", "Shall I do that?");
    expect("yes", "400.00");
}

static size_t content_events(void)
{
    jdoc *events = turn_bench_events(&bench);
    size_t count = 0;

    for (size_t i = 0; i < jdoc_length(events); i++)
        count += !strcmp(jdoc_text_or(jdoc_at(events, i), "type", ""), "TEXT_MESSAGE_CONTENT");
    jdoc_free(events);
    return count;
}

static void test_words_come_one_by_one(void **state)
{
    (void)state;
    bench.conf.offline_word_ms = 1;
    assert_int_equal(turn_bench_run(&bench, "hello"), 0);
    bench.conf.offline_word_ms = 0;
    assert_true(content_events() > 1);
}

/* Where the reply is JSON nobody reads along: one piece, whatever the pause between words. */
static void test_a_whole_answer_comes_at_once(void **state)
{
    (void)state;
    bench.conf.offline_word_ms = 60000; /* a paced answer would end by its time limit */
    turn_bench_begin(&bench, "What can you do?", NULL, NULL, 0);
    bench.start.input = "{\"v\":1,\"run_id\":\"r\",\"text\":\"What can you do?\",\"whole\":true}";
    assert_int_equal(turn_bench_run_begun(&bench), 0);
    bench.conf.offline_word_ms = 0;
    assert_int_equal(bench.result.http_status, 200);
    assert_int_equal(content_events(), 1);
}

struct spoken {
    size_t count;
    bool done;
    struct buf text;
};

static int on_piece(void *arg, const char *s, size_t len)
{
    struct spoken *p = arg;
    p->count++;
    buf_put(&p->text, s, len);
    return 0;
}

static void on_done(void *arg, int error)
{
    struct spoken *p = arg;
    assert_int_equal(error, 0);
    p->done = true;
}

/* A timer that comes late says all the words that are due, joined. */
static void test_a_late_timer_catches_up(void **state)
{
    struct spoken pieces = {0};
    const struct provider_sink sink = {.arg = &pieces, .text = on_piece};
    struct input input = {.run_id = "r", .text = "", .zone = "", .locale = ""};
    struct arena *arena = arena_new();
    struct context_frame frame;
    struct context context;
    struct provider_stream stream = {0};
    struct provider_local *local;
    struct chat chat;
    struct chat_message hello = {.role = CHAT_USER, .id = "u", .text = "hello", .len = 5};
    const struct provider_request request = {.conf = &bench.conf, .context = &context};
    int64_t from;

    (void)state;
    chat_init(&chat, arena);
    assert_int_equal(chat_add(&chat, &hello), 0);
    assert_int_equal(context_frame_init(&frame, &bench.conf, &input, NULL, clock_real_ms(), arena),
        0);
    assert_int_equal(context_build(&frame, &chat, NULL, arena, &context), 0);
    provider_stream_init(&stream, &sink);
    bench.conf.offline_word_ms = 1;
    assert_int_equal(provider_offline.start(&request, bench.reactor, &stream, on_done, &pieces,
                         &local),
        0);
    bench.conf.offline_word_ms = 0;
    for (from = clock_mono_ms(); clock_mono_ms() < from + 200;)
        ; /* the machine is busy elsewhere: more than a millisecond for each word */
    for (size_t steps = 0; !pieces.done; steps++) {
        assert_true(steps < 8);
        (void)reactor_step(bench.reactor, clock_mono_ms() + 1000, NULL);
    }
    assert_int_equal(pieces.count, 1);
    assert_non_null(strstr(buf_text(&pieces.text), "Hello! I am PAM"));
    provider_offline.cancel(local);
    provider_stream_fini(&stream);
    buf_free(&pieces.text);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_conversation),
        cmocka_unit_test(test_follow_ups),
        cmocka_unit_test(test_other_languages),
        cmocka_unit_test(test_words_come_one_by_one),
        cmocka_unit_test(test_a_whole_answer_comes_at_once),
        cmocka_unit_test(test_a_late_timer_catches_up),
    };
    return cmocka_run_group_tests(tests, turn_fixture_start_offline, turn_fixture_stop);
}
