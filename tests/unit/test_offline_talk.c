/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the offline mode makes of what people say (offline_talk.tsv): the very calls that are
 * wanted, or none. A call with other arguments is a wrong record, and none may be.
 */
#include "agent/offline/offline.h"
#include "base/err.h"
#include "base/ident.h"
#include "tests/unit/cm.h"
#include "tools/engine/tools.h"
#include "tools/kit/gazetteer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW_MS 1795562100000 /* Wednesday 25 November 2026, 10:15 in Sydney */

struct talk {
    struct conf conf;
    struct arena *arena;
    struct input input;
    struct context_frame frame;
    struct chat chat;
    const char *stored;
    char places[64];
};
static struct talk talk;

static int set_up(void **state)
{
    static const char places[] =
        "!!turnpike-gazetteer 2\ttest\n!au\tAU\tAustralia\n"
        "brisbane\tp\tBrisbane\tAU\tQueensland\tqueensland|qld\t-27.46794\t153.02809\t2189878\t"
        "Australia/Brisbane\n"
        "london\tp\tLondon\tGB\tEngland\tengland\t51.50853\t-0.12574\t8961989\tEurope/London\n";
    FILE *f;

    (void)state;
    memset(&talk, 0, sizeof talk);
    assert_int_equal(conf_init(&talk.conf), 0);
    strcpy(talk.places, "/tmp/offline-places-XXXXXX");
    f = fdopen(mkstemp(talk.places), "w");
    assert_non_null(f);
    fputs(places, f);
    fclose(f);
    char why[CONF_WHY_SIZE];
    assert_int_equal(conf_set(&talk.conf, "gazetteer.file", talk.places, why), 0);
    assert_int_equal(conf_set(&talk.conf, "default_currency", "AUD", why), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(talk.places);
    gazetteer_close();
    conf_fini(&talk.conf);
    return 0;
}

static void begin(void)
{
    talk.arena = arena_new();
    talk.input =
        (struct input){.run_id = "r", .text = "", .zone = "Australia/Sydney", .locale = "en-AU"};
    talk.stored = NULL;
    chat_init(&talk.chat, talk.arena);
}

static void say(enum chat_role role, const char *id, const char *text)
{
    struct chat_message m = {.role = role, .id = id, .text = text, .len = strlen(text)};
    assert_int_equal(chat_add(&talk.chat, &m), 0);
}

/* What comes of the conversation: "TOOL ARGS + TOOL ARGS", or "" and what is said in text. */
static char *decide(char **text)
{
    struct context context;
    struct offline_step step;
    struct buf calls = {0};

    assert_int_equal(context_frame_init(&talk.frame, &talk.conf, &talk.input, talk.stored, NOW_MS,
                         talk.arena),
        0);
    assert_int_equal(context_build(&talk.frame, &talk.chat, NULL, talk.arena, &context), 0);
    assert_int_equal(offline_decide(&context, false, &step), 0);
    for (size_t i = 0; i < step.call_count; i++)
        buf_printf(&calls, "%s%s %s", i ? " + " : "", step.calls[i].name,
            buf_text(&step.calls[i].args));
    if (text)
        *text = strdup(buf_text(&step.text));
    offline_step_fini(&step);
    arena_free(talk.arena);
    return calls.len ? buf_take(&calls, NULL) : strdup("");
}

static char *one(const char *message, char **text)
{
    begin();
    say(CHAT_USER, "u1", message);
    return decide(text);
}

static bool writes(const char *calls)
{
    static const char *const tools[] = {"create_", "update_", "delete_", "set_timer", "plan_trip"};

    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (strstr(calls, tools[i]))
            return true;
    return false;
}

/* ---- the list ---- */

typedef void each_fn(const char *message, const char *wanted);

static void each(each_fn *fn)
{
    const char *root = getenv("srcdir");
    char path[512], line[1024];

    snprintf(path, sizeof path, "%s/tests/unit/offline_talk.tsv", root ? root : ".");
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("%s cannot be read (srcdir is not set?)", path);
    while (fgets(line, sizeof line, in)) {
        char *tab = strchr(line, '\t');
        line[strcspn(line, "\n")] = 0;
        if (*line == '#' || !tab)
            continue;
        *tab = 0;
        fn(line, tab + 1);
    }
    fclose(in);
}

static struct {
    int right, asked, wrong;
} count;

static const char *verdict(const char *calls, const char *text, const char *wanted)
{
    bool refused = strstr(text, "did not recognise") || strstr(text, "Hello!") ||
        strstr(text, "welcome") || strstr(text, "things that I can do");

    if (!strcmp(calls, wanted))
        return "right";
    if (*calls)
        return "wrong";
    if (!strcmp(wanted, "none") || !strcmp(wanted, refused ? "refuse" : "ask"))
        return "right";
    return "asked";
}

static void judge(const char *message, const char *wanted)
{
    char *text, *calls = one(message, &text);
    const char *found = verdict(calls, text, wanted);

    count.right += !strcmp(found, "right");
    count.asked += !strcmp(found, "asked");
    count.wrong += !strcmp(found, "wrong");
    if (strcmp(found, "right") || getenv("OFFLINE_SHOW"))
        print_message("%s: \"%s\": %s%s, wanted %s\n", found, message, calls, *calls ? "" : text,
            wanted);
    free(calls);
    free(text);
}

static void test_no_record_is_wrong(void **state)
{
    (void)state;
    memset(&count, 0, sizeof count);
    each(judge);
    print_message("%d right, %d asked, %d wrong\n", count.right, count.asked, count.wrong);
    assert_int_equal(count.wrong, 0);
    assert_true(count.right >= 250);
    assert_true(count.asked * 50 <= count.right);
}

/* ---- what is added to a good sentence is never passed over ---- */

static void expect_nothing(const char *message)
{
    char *calls = one(message, NULL);

    bool repeats = strstr(message, "every day") && strstr(calls, "\"repeat\":");
    if (writes(calls) && !repeats)
        print_message("\"%s\" is written: %s\n", message, calls);
    count.wrong += writes(calls) && !repeats;
    free(calls);
    count.right++;
}

static void add_behind(const char *message, const char *wanted)
{
    static const char *const more[] = {" 30", " for 7 people", " and delete dentist", " every day",
        " on 5/12", " or 50", " but not today", " 40-50", ", no, 60", " if Bob agrees",
        " and tomorrow at 9am", " $12", " 98000 km", " at 25:00", " except Sundays", " twice",
        " and again on Friday", " 10%", ". Then call Bob", " unless it rains", " (maybe)",
        " \xe2\x82\xac 5", " for two hours", " und so weiter"};
    char text[512];

    if (!writes(wanted))
        return;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        size_t len = strlen(message);
        while (len && strchr(".?!", message[len - 1]))
            len--;
        if (strpbrk(more[i], "0123456789") && strlen(more[i]) < 8 && strstr(message, " and "))
            continue;
        if (strpbrk(more[i], "$k") && strstr(wanted, "maintenance"))
            continue; /* what it cost */
                      /* "on bread and milk 30" is two records */
        snprintf(text, sizeof text, "%.*s%s", (int)len, message, more[i]);
        expect_nothing(text);
    }
}

/* A second order in the same message: it is carried out too, or neither is. */
static void add_order(const char *message, const char *wanted)
{
    static const char *const more[] = {" and log 12 for coffee", "; log 5 for tea",
        "\nlog 5 for tea", ". Set a timer for 10 minutes"};
    char text[512];

    if (!writes(wanted) || strstr(wanted, " + "))
        return;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        size_t len = strlen(message);
        while (len && strchr(".?!", message[len - 1]))
            len--;
        snprintf(text, sizeof text, "%.*s%s", (int)len, message, more[i]);
        char *calls = one(text, NULL);
        if (writes(calls) && !strstr(calls, " + "))
            fail_msg("\"%s\" is written in part: %s", text, calls);
        free(calls);
        count.right++;
    }
}

static void add_before(const char *message, const char *wanted)
{
    static const char *const more[] = {"don't ", "do not ", "never ", "if ", "did ", "maybe ",
        "should I ", "Bob said ", "what if ", "I will not ", "not ", "12 ", "every day "};
    char text[512];

    if (!writes(wanted))
        return;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        snprintf(text, sizeof text, "%s%s", more[i], message);
        expect_nothing(text);
    }
}

/* A number between any two words, but where it counts the goods. */
static void add_between(const char *message, const char *wanted)
{
    char text[512];

    if (!writes(wanted) || strstr(message, "ought ") || strchr(message, '"'))
        return;
    for (const char *p = strchr(message, ' '); p; p = strchr(p + 1, ' ')) {
        snprintf(text, sizeof text, "%.*s 77 %s", (int)(p - message), message, p + 1);
        expect_nothing(text);
    }
}

static void test_what_is_added_makes_a_question(void **state)
{
    (void)state;
    memset(&count, 0, sizeof count);
    each(add_behind);
    each(add_before);
    each(add_between);
    each(add_order);
    assert_int_equal(count.wrong, 0);
    assert_true(count.right > 2000);
}

/* ---- what is known of the user ---- */

static void expect(const char *wanted)
{
    char *calls = decide(NULL);
    assert_string_equal(calls, wanted);
    free(calls);
}

/* Money's name is read where it is said: dollars in New York are hardly Australian ones. */
static void test_shared_names_of_money_are_asked_about(void **state)
{
    static const struct {
        const char *zone, *message;
        bool asked;
    } rows[] = {{"America/New_York", "I spent 30 dollars on lunch", true},
        {"America/New_York", "I spent $30 on lunch", true},
        {"Pacific/Auckland", "log $30 for lunch", true},
        {"America/Toronto", "budget $400 a month for fuel", true},
        {"America/Mexico_City", "log $30 for lunch", true},
        {"Pacific/Auckland", "log A$30 for lunch", false},
        {"America/New_York", "log 30 for lunch", false},
        {"Australia/Perth", "log $30 for lunch", false},
        {"Europe/Paris", "log $30 for lunch", false}, {"UTC", "log $30 for lunch", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text;
        begin();
        talk.input.zone = rows[i].zone;
        say(CHAT_USER, "u1", rows[i].message);
        char *calls = decide(&text);
        if (writes(calls) == rows[i].asked || (rows[i].asked && !strstr(text, "kept in AUD")))
            fail_msg("%s, \"%s\": %s %s", rows[i].zone, rows[i].message, calls, text);
        free(calls);
        free(text);
    }
}

static void test_the_stored_place_is_the_start(void **state)
{
    jdoc *context = NULL;
    static const char json[] =
        "{\"user_location\":{\"lat\":-33.8,\"lng\":151.2,\"city\":\"Sydney\"}}";

    (void)state;
    begin();
    talk.stored = "{\"home\":\"Cairns\"}";
    say(CHAT_USER, "u1", "How far is it to Perth?");
    expect("calculate_distance {\"origin\":\"Cairns\",\"destination\":\"Perth\"}");
    begin();
    assert_int_equal(jdoc_parse(json, strlen(json), &context, NULL, 0), 0);
    talk.stored = "{\"home\":\"Cairns\"}";
    talk.input.context = context;
    say(CHAT_USER, "u1", "How far is it to Perth?");
    expect("calculate_distance {\"origin\":\"-33.80000,151.20000\",\"destination\":\"Perth\"}");
    jdoc_free(context);
}

static void test_the_users_currency_counts(void **state)
{
    (void)state;
    begin();
    talk.stored = "{\"currency\":\"EUR\"}";
    say(CHAT_USER, "u1",
        "I spent \xe2\x82\xac"
        "30 on fuel");
    /* The tools know the user's currency (agent/wishes.h): it need not be said. */
    expect("create_expense {\"amount\":30.00,\"category\":\"gas\",\"description\":\"fuel\"}");
    begin();
    talk.stored = "{\"currency\":\"EUR\"}";
    say(CHAT_USER, "u1", "I spent $30 on fuel");
    expect("");
}

static void test_the_users_zone_counts(void **state)
{
    (void)state;
    begin();
    talk.input.zone = "";
    talk.stored = "{\"timezone\":\"Europe/London\"}"; /* there it is Tuesday evening */
    say(CHAT_USER, "u1", "Add dentist tomorrow at 3pm to my calendar");
    expect("create_calendar_event {\"title\":\"Dentist\",\"start_date\":\"2026-11-25T15:00\"}");
}

/* "1,50" is one and a half where people write so; "1,000" may be one or a thousand there. */
static void test_the_locale_decides_over_commas(void **state)
{
    (void)state;
    begin();
    talk.input.locale = "de-DE";
    say(CHAT_USER, "u1", "I spent 1,50 on fuel");
    expect("create_expense {\"amount\":1.50,\"category\":\"gas\",\"description\":\"fuel\"}");
    begin();
    talk.input.locale = "de-DE";
    say(CHAT_USER, "u1", "I spent 1,000 on fuel");
    expect("");
}

/* ---- answers to our questions ---- */

/* first, what is answered to it, and second so much later. */
static void converse(const char *first, int64_t age_ms, const char *second)
{
    uint64_t made = (uint64_t)(NOW_MS - age_ms);
    char id[IDENT_UUID_SIZE], *text, *calls = one(first, &text);

    snprintf(id, sizeof id, "%08x-%04x-7000-8000-000000000000", (unsigned)(made >> 16),
        (unsigned)(made & 0xffff));
    begin();
    say(CHAT_USER, "u1", first);
    say(CHAT_ASSISTANT, arena_strdup(talk.arena, id), arena_strdup(talk.arena, text));
    say(CHAT_USER, "u2", second);
    free(calls);
    free(text);
}

static void test_an_answer_completes_the_message(void **state)
{
    (void)state;
    converse("Remind me to call mum tomorrow", 5000, "at 5pm");
    expect("create_calendar_event {\"title\":\"Call mum\",\"start_date\":\"2026-11-26T17:00\","
           "\"event_type\":\"reminder\",\"reminder_minutes\":0}");
    converse("I spent 45", 5000, "on fuel");
    expect("create_expense {\"amount\":45.00,\"category\":\"gas\",\"description\":\"fuel\"}");
    converse("Plan a trip to Perth", 5000, "from Sydney");
    expect("plan_trip {\"origin\":\"Sydney\",\"destination\":\"Perth\"} + "
           "estimate_travel_time {\"origin\":\"Sydney\",\"destination\":\"Perth\"}");
    converse("Add dentist tomorrow at 3 to my calendar", 5000, "in the afternoon");
    expect("create_calendar_event {\"title\":\"Dentist\",\"start_date\":\"2026-11-26T15:00\"}");
}

/* A correction of what is written, and an answer on another day, are no records. */
/* What is told of an entry that is there is changed after a "yes" only. */
static void test_a_told_fact_is_confirmed(void **state)
{
    (void)state;
    converse("my last fill up was 45 litres", 5000, "yes");
    expect("update_fuel_entry {\"volume_unit\":\"l\",\"volume\":45}");
    converse("my last fill up was 45 litres", 5000, "no");
    expect("");
}

static void test_other_follow_ups_write_nothing(void **state)
{
    static const char *const pairs[][2] = {
        {"I spent 45 on fuel", "make it 50"},
        {"I spent 45 on fuel", "no, 60"},
        {"I spent 45 on fuel", "and 12 for coffee"},
        {"I spent 45 on fuel", "yesterday"},
        {"I spent 45 on fuel", "same again"},
        {"Remind me to call mum tomorrow", "no"},
        {"Remind me to call mum tomorrow", "never mind"},
        {"Remind me to call mum tomorrow", "5"},
        {"What is on my calendar tomorrow?", "and the day after?"},
        {"log 45 on fuel and 12 for coffee", "yes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        converse(pairs[i][0], 5000, pairs[i][1]);
        char *calls = decide(NULL);
        if (writes(calls))
            fail_msg("\"%s\", \"%s\": %s", pairs[i][0], pairs[i][1], calls);
        free(calls);
    }
    converse("Remind me to call mum tomorrow", 20 * 60 * 1000, "at 5pm");
    expect("");
    begin(); /* a model answered, and may have done it */
    say(CHAT_USER, "u1", "Remind me to call mum tomorrow");
    say(CHAT_ASSISTANT, "01a20fd7-4198-7000-8000-000000000000", "Done.");
    say(CHAT_USER, "u2", "at 5pm");
    expect("");
}

/* Moving: the list has been read, and this is in it. */
static void after_list(const char *message, const char *events)
{
    static struct chat_call call = {.id = "c1",
        .name = "get_calendar_events",
        .args = "{}",
        .args_len = 2};
    struct chat_message calls = {.role = CHAT_ASSISTANT,
        .id = "a1",
        .text = "",
        .calls = &call,
        .call_count = 1};
    struct chat_message result = {.role = CHAT_TOOL, .id = "t1", .call_id = "c1"};

    begin();
    say(CHAT_USER, "u1", message);
    assert_int_equal(chat_add(&talk.chat, &calls), 0);
    result.text =
        arena_printf(talk.arena, "{\"success\":true,\"message\":\"\",\"events\":[%s]}", events);
    result.len = strlen(result.text);
    assert_int_equal(chat_add(&talk.chat, &result), 0);
}

#define EVENT(id, title, start, more) \
    "{\"id\":\"" id "\",\"title\":\"" title "\",\"start_date\":\"" start "\"" more "}"
#define DENTIST \
    EVENT("e1", "Dentist", "2026-11-26T15:00:00+11:00", ",\"timezone\":\"Australia/Sydney\"")

static void test_an_event_keeps_what_is_not_moved(void **state)
{
    static const struct {
        const char *message, *events, *wanted;
    } cases[] = {
        {"Move dentist to 4pm", DENTIST,
            "update_calendar_event {\"event_id\":\"e1\",\"start_date\":\"2026-11-26T16:00\"}"},
        {"Move dentist to Friday", DENTIST,
            "update_calendar_event {\"event_id\":\"e1\",\"start_date\":\"2026-11-27T15:00\"}"},
        {"Move dentist to Friday at 10am", DENTIST,
            "update_calendar_event {\"event_id\":\"e1\",\"start_date\":\"2026-11-27T10:00\"}"},
        {"Move den to Friday", DENTIST, ""}, /* a part of a word is no name */
        {"Move my dentist appointment to Friday", DENTIST,
            "update_calendar_event {\"event_id\":\"e1\",\"start_date\":\"2026-11-27T15:00\"}"},
        {"Move dentist to Friday",
            DENTIST "," EVENT("e2", "Dentist", "2026-11-30T15:00:00+11:00", ""), ""},
        {"Move dentist to 4pm",
            EVENT("e3", "Dentist", "2026-11-26T15:00:00+00:00", ",\"timezone\":\"Europe/London\""),
            ""},
        {"Move dentist to Friday",
            EVENT("e4", "Dentist", "2026-11-26T15:00:00+11:00", ",\"repeat\":\"FREQ=WEEKLY\""), ""},
        {"Move dentist to 9am", EVENT("e5", "Dentist", "2026-11-25T15:00:00+11:00", ""),
            ""}, /* over */
        {"Move holiday to Friday", EVENT("e6", "Holiday", "2026-12-01", ""),
            "update_calendar_event {\"event_id\":\"e6\",\"start_date\":\"2026-11-27\"}"},
        {"Delete dentist from my calendar", DENTIST, "delete_calendar_event {\"event_id\":\"e1\"}"},
        {"Cancel the dentist appointment on Friday", DENTIST, ""}, /* it is on Thursday */
        {"Cancel the dentist appointment tomorrow", DENTIST,
            "delete_calendar_event {\"event_id\":\"e1\"}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        after_list(cases[i].message, cases[i].events);
        char *calls = decide(NULL);
        if (strcmp(calls, cases[i].wanted))
            fail_msg("\"%s\": %s, not %s", cases[i].message, calls, cases[i].wanted);
        free(calls);
    }
}

/* The question says what was understood and what was not. */
static void test_the_question_is_precise(void **state)
{
    char *text, *calls = one("log 45 on fuel and about 12 for coffee", &text);

    (void)state;
    assert_string_equal(calls, "");
    assert_non_null(strstr(text, "I understood \"log 45 on fuel and about"));
    assert_non_null(strstr(text, "but not \"12 for coffee\""));
    assert_non_null(strstr(text, "I have written nothing"));
    free(calls);
    free(text);
    calls = one("I spent \xe2\x82\xac"
                "30 on lunch",
        &text);
    assert_non_null(strstr(text, "EUR"));
    free(calls);
    free(text);
    calls = one("I spent 45 on fuel for 3 \xe2\x80\x9c"
                "friends\xe2\x80\x9d",
        &text);
    assert_non_null(strstr(text,
        "but not \"3 \xe2\x80\x9c"
        "friends\xe2\x80\x9d\""));
    free(calls);
    free(text);
    calls = one("Set a timer \xe2\x80\x9c"
                "for eggs\xe2\x80\x9d",
        &text);
    assert_non_null(strstr(text,
        "but not \"\xe2\x80\x9c"
        "for eggs"));
    free(calls);
    free(text);
    calls = one("I spent \xe2\x82\xac"
                "30 on lunch",
        &text);
    assert_non_null(strstr(text, "AUD"));
    free(calls);
    free(text);
}

/* What the help names as examples works. */
static void test_the_examples_are_true(void **state)
{
    char *text, *calls = one("help", &text), example[200];
    size_t examples = 0;

    (void)state;
    free(calls);
    for (char *p = text; (p = strchr(p, '"')); p += strcspn(p, "\"") + 1) {
        size_t len = strcspn(++p, "\"");
        snprintf(example, sizeof example, "%.*s", (int)len, p);
        calls = one(example, NULL);
        if (!*calls)
            fail_msg("the help names \"%s\"", example);
        free(calls);
        examples++;
    }
    free(text);
    assert_true(examples > 10);
}

/* No length and no byte is too much. */
static void test_odd_messages_are_survived(void **state)
{
    static const char *const odd[] = {"", " ", "\"", "\"\"", "\xff\xfe", "$", "1", "\xe2\x82",
        "((((", "'", "-", "99999999999999999999", "1:2:3:4", "a.m.", "in", "at", "the",
        "the 99th of", "on", "\xc2\xab x", "12/12/12/12", "0000-00-00", "2026-13-45",
        "2026-02-31T25:61", "1e999", "half a", "a hundred and", "remind me to", "spent on",
        "\xe2\x80\x9c\xe2\x80\x9d", "I spent 1.1.1.1 on fuel"};
    struct buf long_text = {0};

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        expect_nothing(odd[i]);
    buf_puts(&long_text, "I spent 45 on fuel");
    for (int i = 0; i < 4000; i++)
        buf_puts(&long_text, " and coffee");
    expect_nothing(buf_text(&long_text));
    buf_reset(&long_text); /* what many patterns try in many ways */
    for (int i = 0; i < 13; i++)
        buf_puts(&long_text, "add a reminder to my calendar for ");
    expect_nothing(buf_text(&long_text));
    buf_free(&long_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_record_is_wrong),
        cmocka_unit_test(test_what_is_added_makes_a_question),
        cmocka_unit_test(test_shared_names_of_money_are_asked_about),
        cmocka_unit_test(test_the_stored_place_is_the_start),
        cmocka_unit_test(test_the_users_currency_counts),
        cmocka_unit_test(test_the_users_zone_counts),
        cmocka_unit_test(test_the_locale_decides_over_commas),
        cmocka_unit_test(test_an_answer_completes_the_message),
        cmocka_unit_test(test_a_told_fact_is_confirmed),
        cmocka_unit_test(test_other_follow_ups_write_nothing),
        cmocka_unit_test(test_an_event_keeps_what_is_not_moved),
        cmocka_unit_test(test_the_question_is_precise),
        cmocka_unit_test(test_the_examples_are_true),
        cmocka_unit_test(test_odd_messages_are_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
