#include "agent/offline.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/turn_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sunday 22 November 2026, 13:05 */
static const struct daytime now = {2026, 11, 22, 13, 5, 0, 0, 660};

static void test_when(void **state)
{
    static const struct {
        const char *text, *when, *rest;
    } cases[] = {
        {"dentist tomorrow at 3pm", "2026-11-23T15:00", "dentist"},
        {"dentist at 15:30 on Tuesday", "2026-11-24T15:30", "dentist"},
        {"dentist next Monday at 3:15 pm", "2026-11-23T15:15", "dentist"},
        {"call mum today at 9am", "2026-11-22T09:00", "call mum"},
        {"walk at 9am", "2026-11-23T09:00", "walk"},
        {"walk at noon", "2026-11-23T12:00", "walk"},
        {"service on 2026-12-01", "2026-12-01", "service"},
        {"service 2026-12-01 10:00", "2026-12-01T10:00", "service"},
        {"rego on the 15th", "2026-12-15", "rego"},
        {"party on December 24th, 2027 at 7 pm", "2027-12-24T19:00", "party"},
        {"party 3 March", "2027-03-03", "party"},
        {"check tyres in 3 days", "2026-11-25", "check tyres"},
        {"check in two weeks", "", "check in two weeks"},
        {"check in a week", "2026-11-29", "check"},
        {"meet at 3", "2026-11-22T15:00", "meet"},
        {"read 1984", "", "read 1984"},
        {"day after tomorrow lunch", "2026-11-24", "lunch"},
        {"dinner tonight", "2026-11-22T19:00", "dinner"},
        {"sunday roast on sunday", "2026-11-29", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300], got[20] = "";
        struct offline_when when;
        snprintf(text, sizeof text, "%s", cases[i].text);
        offline_when_find(text, &now, &when);
        if (when.has_date)
            offline_when_write(&when, got);
        if (strcmp(got, cases[i].when))
            fail_msg("\"%s\": %s instead of %s", cases[i].text, got, cases[i].when);
    }
}

static void test_understanding(void **state)
{
    static const struct {
        const char *text;
        enum offline_kind kind;
        const char *a, *b;
    } cases[] = {
        {"Hello!", OFFLINE_GREETING, "", ""},
        {"hi PAM", OFFLINE_GREETING, "", ""},
        {"Thanks a lot", OFFLINE_THANKS, "", ""},
        {"What can you do?", OFFLINE_HELP, "", ""},
        {"help", OFFLINE_HELP, "", ""},
        {"What time is it?", OFFLINE_TIME, "", ""},
        {"Plan a trip from Sydney to Brisbane", OFFLINE_PLAN_TRIP, "Sydney", "Brisbane"},
        {"please plan a trip from Alice Springs to Port Augusta with my van", OFFLINE_PLAN_TRIP,
            "Alice Springs", "Port Augusta"},
        {"Plan a road trip Sydney to Byron Bay next week", OFFLINE_PLAN_TRIP, "Sydney", "Byron Bay"},
        {"Plan a trip to Perth", OFFLINE_PLAN_TRIP, "", "Perth"},
        {"How far is it from Perth to Broome?", OFFLINE_DISTANCE, "Perth", "Broome"},
        {"What's the distance between Melbourne and Adelaide?", OFFLINE_DISTANCE, "Melbourne", "Adelaide"},
        {"How long does it take to drive from Cairns to Darwin?", OFFLINE_TRAVEL_TIME, "Cairns", "Darwin"},
        {"I spent 45.50 on fuel", OFFLINE_ADD_EXPENSE, "gas", "fuel"},
        {"Add an expense of $1,200.50 for groceries", OFFLINE_ADD_EXPENSE, "groceries", "groceries"},
        {"I paid 20 dollars for parking yesterday", OFFLINE_ADD_EXPENSE, "parking", "parking"},
        {"How much did I spend this month?", OFFLINE_SPENDING, "", "month"},
        {"Spending summary for the week", OFFLINE_SPENDING, "", "week"},
        {"Set my fuel budget to 300", OFFLINE_SET_BUDGET, "gas", "monthly"},
        {"How is my budget?", OFFLINE_BUDGET, "", "month"},
        {"Am I over budget this year?", OFFLINE_BUDGET, "", "year"},
        {"Add dentist tomorrow at 3pm to my calendar", OFFLINE_ADD_EVENT, "Dentist", ""},
        {"Remind me to renew the rego on the 15th", OFFLINE_ADD_EVENT, "Renew the rego", ""},
        {"Schedule a meeting with Bob on Friday at 10am", OFFLINE_ADD_EVENT, "Meeting with Bob", ""},
        {"What is on my calendar this week?", OFFLINE_LIST_EVENTS, "", ""},
        {"Show my appointments", OFFLINE_LIST_EVENTS, "", ""},
        {"Move dentist to Friday at 10am", OFFLINE_MOVE_EVENT, "Dentist", ""},
        {"Delete dentist from my calendar", OFFLINE_DELETE_EVENT, "Dentist", ""},
        {"Cancel my dentist appointment", OFFLINE_DELETE_EVENT, "Dentist appointment", ""},
        {"Set a timer for 10 minutes", OFFLINE_SET_TIMER, "10 minutes", ""},
        {"start a 5-minute timer please", OFFLINE_SET_TIMER, "5 minute", ""},
        {"Timer: 1 hour and 30 min", OFFLINE_SET_TIMER, "1 hour and 30 min", ""},
        {"Set a timer", OFFLINE_SET_TIMER, "", ""},
        {"Write me a poem about the sea", OFFLINE_UNKNOWN, "", ""},
        {"", OFFLINE_UNKNOWN, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct offline_ask ask;
        const char *a = "", *b = "";
        offline_understand(cases[i].text, &now, &ask);
        if (ask.kind != cases[i].kind)
            fail_msg("\"%s\" is %d, not %d", cases[i].text, ask.kind, cases[i].kind);
        if (*ask.to) {
            a = ask.from;
            b = ask.to;
        } else if (*ask.category || *ask.period) {
            a = ask.category;
            b = ask.kind == OFFLINE_ADD_EXPENSE ? ask.title : ask.period;
        } else if (*ask.title) {
            a = ask.title;
        }
        if (strcmp(a, cases[i].a) || strcmp(b, cases[i].b))
            fail_msg("\"%s\": \"%s\", \"%s\"", cases[i].text, a, b);
    }
}

static void test_amounts(void **state)
{
    struct offline_ask ask;

    (void)state;
    offline_understand("Add an expense of $1,200.50 for groceries", &now, &ask);
    assert_true(ask.amount == 1200.5);
    offline_understand("I spent 45.50 on fuel", &now, &ask);
    assert_true(ask.amount == 45.5);
    offline_understand("I spent money on fuel", &now, &ask);
    assert_non_null(ask.missing);
    offline_understand("Plan a trip to Perth", &now, &ask);
    assert_non_null(ask.missing);
}

static struct turn_bench bench;

static int set_up_all(void **state)
{
    (void)state;
    http_global_init();
    turn_bench_start(&bench);
    turn_bench_set(&bench, "model.chain", "offline");
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    turn_bench_stop(&bench);
    return 0;
}

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
    expect("Move dentist to Friday at 10am", "is changed");
    expect("Move haircut to Friday at 10am", "no coming event");
    expect("Delete dentist from my calendar", "approval");
    expect("Set a timer for 10 minutes", "timer");
    expect("I spent 45.50 on fuel", "Logged");
    expect("Set my fuel budget to 300 a month", "budget for gas");
    expect("How is my budget?", "gas: 45.50 of 300.00");
    expect("How much did I spend this month?", "gas: 45.50");
    expect("What time is it?", "Australia/Sydney");
    expect("Plan a trip to Perth", "Where do you start");
    turn_bench_places(&bench);
    expect("Plan a trip from Sydney to Brisbane", "- Distance: ");
    expect("Plan a trip from Sydney to Brisbane next Friday", "an estimate");
    expect("How far is it from Sydney to Brisbane?", "estimate");
    expect("How long is the drive from Sydney to Brisbane?", "Brisbane");
    expect("How far is it from Sydney to Nowhere Town?", "did not work");
}

static void test_words_come_one_by_one(void **state)
{
    (void)state;
    bench.conf.offline_word_ms = 1;
    assert_int_equal(turn_bench_run(&bench, "hello"), 0);
    bench.conf.offline_word_ms = 0;
    jdoc *events = turn_bench_events(&bench);
    assert_true(jdoc_length(events) > 8);
    jdoc_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when),
        cmocka_unit_test(test_understanding),
        cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_a_conversation),
        cmocka_unit_test(test_words_come_one_by_one),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
