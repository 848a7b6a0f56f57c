/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The offline mode on messages that were written before it had been tried on them, in four
 * languages: at least 70 % right, at most 2 % wrong, the rest asked about. Wrong is a call that is
 * not what was asked for. OFFLINE_SET=FILE judges another set, OFFLINE_SHOW=1 prints each answer.
 */
#include "agent/offline/offline.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tools/engine/tools.h"
#include "tools/kit/gazetteer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define NOW_MS 1795562100000 /* Wednesday 25 November 2026, 10:15 in Sydney */

static struct conf conf;
static char places[64];

static int set_up(void **state)
{
    static const char rows[] =
        "!!turnpike-gazetteer 2\ttest\n!au\tAU\tAustralia\n"
        "brisbane\tp\tBrisbane\tAU\tQueensland\tqueensland|qld\t-27.46794\t153.02809\t2189878\t"
        "Australia/Brisbane\n";
    char why[CONF_WHY_SIZE];
    FILE *f;

    (void)state;
    assert_int_equal(conf_init(&conf), 0);
    strcpy(places, "/tmp/offline-places-XXXXXX");
    f = fdopen(mkstemp(places), "w");
    assert_non_null(f);
    fputs(rows, f);
    fclose(f);
    assert_int_equal(conf_set(&conf, "gazetteer.file", places, why), 0);
    assert_int_equal(conf_set(&conf, "default_currency", "AUD", why), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(places);
    gazetteer_close();
    conf_fini(&conf);
    return 0;
}

/* What the offline mode does with a conversation of `count` messages, the last one the user's. */
static void decide(const struct chat_message *messages, size_t count, struct offline_step *out)
{
    struct input input = {.run_id = "r", .text = "", .zone = "Australia/Sydney", .locale = "en-AU"};
    struct arena *arena = arena_new();
    struct context_frame frame;
    struct context context;
    struct chat chat;

    chat_init(&chat, arena);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(chat_add(&chat, &messages[i]), 0);
    assert_int_equal(context_frame_init(&frame, &conf, &input, NULL, NOW_MS, arena), 0);
    assert_int_equal(context_build(&frame, &chat, NULL, arena, &context), 0);
    assert_int_equal(offline_decide(&context, false, out), 0);
    arena_free(arena);
}

static void say(const char *text, struct offline_step *out)
{
    const struct chat_message m = {.role = CHAT_USER, .id = "u", .text = text, .len = strlen(text)};

    decide(&m, 1, out);
}

/* ---- judging ---- */

/* What may be there without having been asked for. */
static bool harmless(const char *key)
{
    static const char *const keys[] = {"description", "event_type", "reminder_minutes", "end_date",
        "is_essential", "category", "period", "days", "start_date"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp(key, keys[i]))
            return true;
    return false;
}

static bool same(const jdoc *a, const jdoc *b)
{
    struct buf one = {0}, two = {0};
    double x, y;

    if (!jdoc_double(a, &x) && !jdoc_double(b, &y))
        return x == y;
    jdoc_write(a, &one);
    jdoc_write(b, &two);
    bool equal = !strcasecmp(buf_text(&one), buf_text(&two));
    buf_free(&one);
    buf_free(&two);
    return equal;
}

static bool fits(const char *wanted, size_t len, const char *tool, const char *args)
{
    const char *blank = memchr(wanted, ' ', len);
    jdoc *want = NULL, *have = NULL;
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    bool right;

    assert_non_null(blank);
    right = strlen(tool) == (size_t)(blank - wanted) && !strncmp(wanted, tool, strlen(tool));
    if (jdoc_parse(blank + 1, len - (size_t)(blank + 1 - wanted), &want, NULL, 0))
        fail_msg("the set has \"%.*s\"", (int)len, wanted);
    assert_int_equal(jdoc_parse(args, strlen(args), &have, NULL, 0), 0);
    while (right && jdoc_next(want, &it, &key, &value))
        right = same(value, jdoc_get(have, key));
    it = (struct jdoc_iter){0};
    while (right && jdoc_next(have, &it, &key, &value))
        right = jdoc_has(want, key) || harmless(key);
    jdoc_free(want);
    jdoc_free(have);
    return right;
}

static bool right(const struct offline_step *step, const char *wanted)
{
    size_t count = 0;

    for (const char *p = wanted; *p; count++) {
        const char *end = strstr(p, " + ");
        size_t len = end ? (size_t)(end - p) : strlen(p);
        if (count >= step->call_count ||
            !fits(p, len, step->calls[count].name, buf_text(&step->calls[count].args)))
            return false;
        p += len + (end ? 3 : 0);
    }
    /* a plan comes with its travel time */
    return count == step->call_count ||
        (count == 1 && step->call_count == 2 && !strncmp(wanted, "plan_trip", 9));
}

struct count {
    int right, asked, wrong;
};

static void judge(const char *message, const char *wanted, struct count *count)
{
    struct offline_step step;
    bool nothing = !strcmp(wanted, "ask"), good;
    const char *verdict;

    say(message, &step);
    good = nothing ? !step.call_count : right(&step, wanted);
    verdict = good ? "right" : step.call_count ? "WRONG" : "asked";
    count->right += good;
    count->wrong += !good && step.call_count;
    count->asked += !good && !step.call_count;
    if (!good || getenv("OFFLINE_SHOW")) {
        print_message("%s: \"%s\":", verdict, message);
        for (size_t i = 0; i < step.call_count; i++)
            print_message(" %s %s", step.calls[i].name, buf_text(&step.calls[i].args));
        if (!step.call_count)
            print_message(" %.90s", buf_text(&step.text));
        print_message("%s%s\n", good ? "" : " -- wanted ", good ? "" : wanted);
    }
    offline_step_fini(&step);
}

static FILE *open_set(const char *name, bool other)
{
    const char *root = getenv("srcdir");
    char path[512];

    snprintf(path, sizeof path, "%s/tests/unit/%s", root ? root : ".", name);
    FILE *in = fopen(other ? getenv("OFFLINE_SET") : path, "r");
    if (!in)
        fail_msg("%s cannot be read (srcdir is not set?)", path);
    return in;
}

static void judge_file(const char *name, struct count *count)
{
    char line[1024];
    FILE *in = open_set(name, getenv("OFFLINE_SET") != NULL);

    while (fgets(line, sizeof line, in)) {
        char *tab = strchr(line, '\t');
        line[strcspn(line, "\n")] = 0;
        if (*line == '#' || !tab)
            continue;
        *tab = 0;
        judge(line, tab + 1, count);
    }
    fclose(in);
    int all = count->right + count->asked + count->wrong;
    print_message("%s: %d messages, %d right (%d %%), %d asked, %d wrong\n", name, all,
        count->right, count->right * 100 / (all ? all : 1), count->asked, count->wrong);
}

static void test_messages_that_nobody_tuned_it_by(void **state)
{
    struct count count = {0};

    (void)state;
    judge_file("offline_held_out.tsv", &count);
    if (!getenv("OFFLINE_SET")) {
        judge_file("offline_held_out_2.tsv", &count);
        judge_file("offline_held_out_3.tsv", &count);
        judge_file("offline_held_out_4.tsv", &count);
    }
    int all = count.right + count.asked + count.wrong;
    assert_true(count.right * 100 >= all * 70);
    assert_true(count.wrong * 100 <= all * 2);
}

static bool writes(const struct offline_step *step)
{
    for (size_t i = 0; i < step->call_count; i++)
        if (tools_find(step->calls[i].name)->effect != TOOLS_READ &&
            !strstr(buf_text(&step->calls[i].args), "\"action\":\"list\""))
            return true;
    return false;
}

/* Denied, wished, asked, nearly done, done by others: nothing of it is written down. */
static void test_what_must_not_be_written(void **state)
{
    FILE *in = open_set("offline_doubts.tsv", false);
    char line[1024];
    size_t all = 0, wrong = 0;

    (void)state;
    while (fgets(line, sizeof line, in)) {
        char *tab = strchr(line, '\t');
        struct offline_step step;
        line[strcspn(line, "\n")] = 0;
        if (*line == '#' || !tab)
            continue;
        say(tab + 1, &step);
        all++;
        if (writes(&step)) {
            wrong++;
            print_message("WRITTEN: \"%s\": %s %s\n", tab + 1, step.calls[0].name,
                buf_text(&step.calls[0].args));
        }
        offline_step_fini(&step);
    }
    fclose(in);
    print_message("%zu doubtful messages, %zu written\n", all, wrong);
    assert_int_equal(wrong, 0);
}

/* "midi et demi", "3 horas y media": an hour without its fraction would ring early or late. */
static void test_fractions_are_read_whole(void **state)
{
    FILE *in = open_set("offline_fractions.tsv", false);
    struct count count = {0};
    char line[1024];

    (void)state;
    while (fgets(line, sizeof line, in)) {
        char *tab = strchr(line, '\t');
        line[strcspn(line, "\n")] = 0;
        if (*line == '#' || !tab)
            continue;
        *tab = 0;
        judge(line, tab + 1, &count);
    }
    fclose(in);
    assert_true(count.right > 10);
    assert_int_equal(count.wrong + count.asked, 0);
}

/* ---- reach ---- */

/* Tools that the offline mode does not call by one sentence, and why. */
static const struct {
    const char *tool, *why;
} unreached[] = {
    {"find_tools", "finds tools for a model"},
    {"read_result", "reads on for a model"},
    {"update_calendar_event", "second step: the event is looked for first"},
    {"delete_calendar_event", "second step: the event is looked for first"},
    {"comment_on_post", "needs a post's id"},
    {"like_post", "needs a post's id"},
    {"get_knowledge_article", "needs an article's id"},
    {"delete_own_entry", "needs an entry's id"},
    {"share_recipe", "needs a recipe's id, and publishes"},
    {"find_nearby_rvers", "needs coordinates"},
    {"share_location", "needs coordinates, and tells others where the user is"},
    {"create_event", "invites the public: title, text, time and place are not guessed"},
    {"add_knowledge", "for administrators, with a kind and a category that are not guessed"},
    {"import_contacts", "needs a file"},
    {"preview_expense_import", "needs a file: offline_files.c"},
    {"import_expenses", "needs a file: offline_files.c"},
    {"subscribe_calendar", "an address is copied, not said"},
    {"unsubscribe_calendar", "ends what others wrote for good: asked for with its name in a list"},
    {"open_trip_chat", "needs a trip's id, and tells its members"},
    {"import_gpx", "needs a file"},
    {"scan_fuel_receipt_with_confidence", "needs a file: offline_files.c"},
    {"update_medical_record", "what is medical is not changed on a guess"},
    {"update_medication", "a wrong dose could hurt"},
    {"change_record", "follows what was written: offline_follow.c"},
    {"update_maintenance_record", "what was done is not told from what it cost"},
    {"add_shakedown_issue", "how bad it is, is not guessed"},
    {"complete_launch_task", "needs the id of a task of the launch week"},
    {"invite_to_trip", "needs a trip's id, and invites others"},
    {"leave_trip", "needs a trip's id"},
    {"list_trip_members", "needs a trip's id"},
    {"change_trip_member", "needs the ids of a trip and a member"},
    {"revoke_trip_invitation", "needs an invitation's id"},
    {"get_trip", "needs a trip's id"},
    {"change_trip", "needs a trip's id"},
    {"start_live_trip", "needs a trip's id, and shows where the user is"},
    {"stop_live_trip", "needs a trip's id"},
    {"live_trip_status", "needs a trip's id"},
};

static const char *why_unreached(const char *tool)
{
    for (size_t i = 0; i < sizeof unreached / sizeof *unreached; i++)
        if (!strcmp(unreached[i].tool, tool))
            return unreached[i].why;
    return NULL;
}

/* Whether the sentence of the set for this tool leads to the call that is named there. */
static bool reached(const char *tool)
{
    FILE *in = open_set("offline_reach.tsv", false);
    char line[1024];
    size_t n = strlen(tool);
    bool found = false;

    while (!found && fgets(line, sizeof line, in)) {
        char *tab = strchr(line, '\t');
        struct offline_step step;
        line[strcspn(line, "\n")] = 0;
        if (*line == '#' || !tab || strncmp(tab + 1, tool, n) != 0 || tab[1 + n] != ' ')
            continue;
        *tab = 0;
        say(line, &step);
        found = right(&step, tab + 1);
        if (!found)
            print_message("\"%s\" leads to %s %s\n", line,
                step.call_count ? step.calls[0].name : "a question",
                step.call_count ? buf_text(&step.calls[0].args) : buf_text(&step.text));
        offline_step_fini(&step);
    }
    fclose(in);
    return found;
}

/* Each tool that needs no provider is reached, or it is said here why not. */
static void test_each_tool_is_reached(void **state)
{
    size_t all = 0, there = 0, missing = 0;

    (void)state;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        if (spec->provider && *spec->provider)
            continue;
        bool found = reached(spec->name);
        const char *why = why_unreached(spec->name);
        all++;
        there += found;
        if (found == (why != NULL)) {
            missing++;
            print_message("%s: %s\n", spec->name, found ? "is reached after all" : "not reached");
        }
    }
    print_message("%zu of %zu tools without a provider are reached by one sentence\n", there, all);
    assert_int_equal(missing, 0);
}

/* What a tool's entry has as an example of reading is no wrong call, and is mostly understood. */
static void test_examples_of_tools(void **state)
{
    size_t all = 0, understood = 0;

    (void)state;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        for (size_t k = 0; spec->effect == TOOLS_READ && spec->examples[k]; k++) {
            struct offline_step step;
            if (strpbrk(spec->example_arguments[k], "0123456789"))
                continue;
            say(spec->examples[k], &step);
            all++;
            understood += step.call_count > 0;
            offline_step_fini(&step);
        }
    }
    print_message("%zu of %zu examples are understood\n", understood, all);
    assert_true(understood * 10 >= all * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_that_nobody_tuned_it_by),
        cmocka_unit_test(test_what_must_not_be_written),
        cmocka_unit_test(test_fractions_are_read_whole),
        cmocka_unit_test(test_each_tool_is_reached),
        cmocka_unit_test(test_examples_of_tools),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
