/* SPDX-License-Identifier: BSD-2-Clause */
/* What a user is asked before a call runs: title and date of what it touches; nobody is asked for
 * what cannot be done; what has changed since is not done. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/preview.h"

#include <stdio.h>
#include <string.h>

/* The preview of a call; fails the test when the call would be refused. */
static void previews(const char *name, const char *args, const char *expected)
{
    struct tools_run run = {.context = &bench.context,
        .spec = tools_find(name),
        .arena = arena_new()};
    assert_int_equal(tools_preview(&run, args, strlen(args)), 0);
    if (run.result)
        fail_msg("%s %s: %s", name, args, jdoc_text_or(run.result, "message", ""));
    assert_non_null(run.preview);
    assert_string_equal(run.preview, expected);
    tools_fini(&run);
    arena_free(run.arena);
}

/* Nobody is asked about it: the failure that the tool itself would give. */
static void cannot(const char *name, const char *args, const char *code)
{
    struct tools_run run = {.context = &bench.context,
        .spec = tools_find(name),
        .arena = arena_new()};
    assert_int_equal(tools_preview(&run, args, strlen(args)), 0);
    if (!run.result)
        fail_msg("%s %s would be asked: %s", name, args, run.preview);
    assert_string_equal(text_at(run.result, "/error/code"), code);
    tools_fini(&run);
    arena_free(run.arena);
    tool_refused(&bench, name, args, code, NULL);
}

/* The call as it runs after the user said yes to `question`; the result's error code or "". */
static void runs_as(const char *name, const char *args, const char *question, const char *code)
{
    struct tools_run run = {.context = &bench.context,
        .spec = tools_find(name),
        .arena = arena_new(),
        .approved = question};
    assert_int_equal(tools_start(&run, args, strlen(args)), 0);
    assert_string_equal(jdoc_text_or(jdoc_get(run.result, "error"), "code", ""), code);
    tools_fini(&run);
    arena_free(run.arena);
}

static void as(const char *uid)
{
    bench.context.uid = uid;
}

static char id[64];
static const char *with_id(const char *format)
{
    static char args[512];
    snprintf(args, sizeof args, format, id);
    return args;
}

static void make(const char *tool, const char *args, const char *pointer)
{
    jdoc *r = tool_ok(&bench, tool, args);
    snprintf(id, sizeof id, "%s", text_at(r, pointer));
    jdoc_free(r);
}

static void events_by_title_and_time(void **state)
{
    (void)state;
    make("create_calendar_event", "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T14:00\"}",
        "/event/id");
    previews("delete_calendar_event", with_id("{\"event_id\":\"%s\"}"),
        "delete the event \"Dentist\" on Tuesday 1 December 2026, 14:00");
    bench.context.zone = "Australia/Perth";
    previews("delete_calendar_event", with_id("{\"event_id\":\"%s\"}"),
        "delete the event \"Dentist\" on Tuesday 1 December 2026, 11:00");
    bench.context.zone = "Australia/Sydney";
    make("create_calendar_event", "{\"title\":\"Easter\",\"start_date\":\"2027-03-28\"}",
        "/event/id");
    previews("delete_calendar_event", with_id("{\"event_id\":\"%s\"}"),
        "delete the event \"Easter\" on Sunday 28 March 2027");
    make("create_calendar_event",
        "{\"title\":\"Bins\",\"start_date\":\"2026-12-01T19:00\",\"repeat\":\"weekly\"}",
        "/event/id");
    previews("delete_calendar_event", with_id("{\"event_id\":\"%s\"}"),
        "delete the event \"Bins\", which repeats, every time of it, the first on Tuesday 1 December 2026, 19:00");
    previews("delete_calendar_event",
        with_id("{\"event_id\":\"%s\",\"occurrence\":\"2026-12-08\"}"),
        "delete the event \"Bins\" on Tuesday 8 December 2026, 19:00, and none of its other days");
    previews("delete_calendar_event",
        with_id("{\"event_id\":\"%s\",\"occurrence\":\"2026-12-08\",\"scope\":\"following\"}"),
        "delete the event \"Bins\" on Tuesday 8 December 2026, 19:00, and every later one");
    cannot("delete_calendar_event", with_id("{\"event_id\":\"%s\",\"occurrence\":\"2026-12-09\"}"),
        "invalid_argument");
    cannot("delete_calendar_event", "{\"event_id\":\"nothing\"}", "not_found");
    cannot("delete_calendar_event", "{}", "invalid_argument");
}

static void records_by_title_and_date(void **state)
{
    (void)state;
    cannot("delete_fuel_entry", "{\"confirm\":true}", "not_found");
    make("add_fuel_entry",
        "{\"odometer\":84000,\"volume\":40,\"total\":80,\"entry_date\":\"2026-11-20\"}",
        "/entry/id");
    previews("delete_fuel_entry", "{\"confirm\":true}",
        "remove the fill-up of 2026-11-20, 40.00 L for 80.00 AUD, from the fuel log");
    cannot("delete_fuel_entry", "{\"confirm\":false}", "invalid_argument");
    cannot("delete_fuel_entry", "{\"entry_id\":\"7\",\"confirm\":true}", "not_found");
    jdoc_free(tool_ok(&bench, "create_maintenance_record",
        "{\"task\":\"Oil change\",\"service_date\":\"2026-11-20\"}"));
    previews("delete_maintenance_record", "{\"task_name\":\"oil\",\"confirm\":true}",
        "remove the maintenance record \"Oil change\" of 2026-11-20");
    cannot("delete_maintenance_record", "{\"task_name\":\"brakes\",\"confirm\":true}", "not_found");
    cannot("delete_maintenance_record", "{\"confirm\":true}", "invalid_argument");
    jdoc_free(tool_ok(&bench, "manage_pantry",
        "{\"action\":\"add\",\"ingredient_name\":\"Oat milk\",\"expiry_date\":\"2026-12-05\"}"));
    previews("manage_pantry", "{\"action\":\"remove\",\"ingredient_name\":\"oat milk\"}",
        "remove \"Oat milk\", good until 2026-12-05, from the pantry");
    cannot("manage_pantry", "{\"action\":\"remove\",\"ingredient_name\":\"rice\"}", "not_found");
}

static void addresses_word_for_word(void **state)
{
    (void)state;
    previews("save_recipe", "{\"url\":\"https://a.example/?q=home\"}",
        "read the page \"https://a.example/?q=home\" and keep its recipe");
    cannot("save_recipe", "{\"url\":\"https://a b/\"}", "invalid_argument");
    previews("update_profile", "{\"avatar_url\":\"https://a.example/x\"}",
        "change your profile, with the picture at \"https://a.example/x\"");
    cannot("update_profile", "{\"rv_year\":2199,\"avatar_url\":\"https://a.example/x\"}",
        "invalid_argument");
    previews("add_equipment_item",
        "{\"name\":\"Jack\",\"category\":\"recovery\",\"vendor_url\":\"https://a.example/j\"}",
        "put \"Jack\" on the equipment list");
    previews("scan_fuel_receipt_with_confidence",
        "{\"ocr_text\":\"ULP 40 L\",\"receipt_url\":\"https://a.example/r\"}",
        "read the receipt with the address \"https://a.example/r\"");
    cannot("scan_fuel_receipt_with_confidence", "{\"receipt_url\":\"https://a.example/r\"}",
        "provider_not_configured");
}

static void writings_by_title(void **state)
{
    (void)state;
    as("bob");
    make("create_post", "{\"title\":\"Dusty road\",\"content\":\"Closed.\"}", "/post/id");
    as("ann");
    jdoc_free(tool_ok(&bench, "get_feed", "{}"));
    previews("create_post", "{\"content\":\"Hello all\"}",
        "publish the post \"Hello all\" for everyone");
    previews("comment_on_post", with_id("{\"post_id\":\"%s\",\"content\":\"Thanks!\"}"),
        "publish the comment \"Thanks!\" on the post \"Dusty road\" by \"bob\"");
    previews("like_post", with_id("{\"post_id\":\"%s\"}"),
        "like the post \"Dusty road\" by \"bob\", or take your like back");
    cannot("comment_on_post", "{\"post_id\":\"x\",\"content\":\"Thanks!\"}", "not_found");
    cannot("comment_on_post", with_id("{\"post_id\":\"%s\"}"), "invalid_argument");
    cannot("like_post", "{\"post_id\":\"x\"}", "not_found");
    previews("create_event",
        "{\"title\":\"Barbecue\",\"description\":\"All welcome\",\"event_date\":\"2026-12-24T18:00\","
        "\"location\":\"Broome\"}",
        "announce the meetup \"Barbecue\" on Thursday 24 December 2026, 18:00 at \"Broome\" to everyone");
    cannot("create_event",
        "{\"title\":\"Barbecue\",\"description\":\"All welcome\",\"event_date\":\"2026-01-24T18:00\","
        "\"location\":\"Broome\"}",
        "invalid_argument");
    previews("submit_community_tip",
        "{\"title\":\"Free camp\",\"content\":\"By the river\",\"category\":\"camping\"}",
        "publish the tip \"Free camp\" for everyone");
    cannot("submit_community_tip",
        "{\"title\":\"x\",\"content\":\"y\",\"category\":\"camping\",\"latitude\":1}",
        "invalid_argument");
    static const char article[] =
        "{\"title\":\"Ferries\",\"content\":\"x\",\"knowledge_type\":\"location_tip\",\"category\":\"travel\"}";
    cannot("add_knowledge", article, "forbidden");
    bench.context.role = "admin";
    previews("add_knowledge", article, "add the article \"Ferries\" to everyone's knowledge base");
    bench.context.role = NULL;
}

static void people_by_name(void **state)
{
    (void)state;
    cannot("message_friend", "{\"recipient_id\":\"nobody\",\"message\":\"Hi\"}", "not_found");
    cannot("message_friend", "{\"recipient_id\":\"ann\",\"message\":\"Hi\"}", "invalid_argument");
    cannot("follow_user", "{\"target_user_id\":\"nobody\"}", "not_found");
    as("bob");
    jdoc_free(tool_ok(&bench, "manage_privacy", "{\"allow_messages\":\"friends\"}"));
    as("ann");
    previews("follow_user", "{\"target_user_id\":\"bob\"}", "follow \"bob\"");
    cannot("message_friend", "{\"recipient_id\":\"bob\",\"message\":\"Hi\"}", "forbidden");
    as("bob");
    jdoc_free(tool_ok(&bench, "manage_privacy", "{\"allow_messages\":\"everyone\"}"));
    as("ann");
    previews("message_friend", "{\"recipient_id\":\"bob\",\"message\":\"See you\\nat eight\"}",
        "send \"bob\" the message \"See you at eight\"");
    as("bob");
    jdoc_free(tool_ok(&bench, "update_profile", "{\"username\":\"Bobby\"}"));
    as("ann");
    previews("message_friend", "{\"recipient_id\":\"bob\",\"message\":\"Hi\"}",
        "send the user \"bob\", who goes by the name \"Bobby\", the message \"Hi\"");
    jdoc_free(tool_ok(&bench, "add_contact", "{\"name\":\"Robert\",\"user_id\":\"bob\"}"));
    previews("message_friend", "{\"recipient_id\":\"robert\",\"message\":\"Hi\"}",
        "send \"Robert\" (your contact, the user \"bob\") the message \"Hi\"");
    previews("share_location",
        "{\"location_name\":\"Dubbo\",\"latitude\":-32,\"longitude\":148,\"is_public\":true}",
        "share where you are, \"Dubbo\", with everyone for 24 hours");
    previews("manage_privacy", "{\"location_sharing\":false,\"allow_messages\":\"none\"}",
        "change your privacy settings: location sharing to off, allow messages to none");
    jdoc_free(tool_ok(&bench, "manage_privacy", "{\"location_sharing\":false}"));
    cannot("share_location", "{\"location_name\":\"Dubbo\",\"latitude\":-32,\"longitude\":148}",
        "forbidden");
}

static void recipes_by_name(void **state)
{
    (void)state;
    tool_seed(&bench, "recipe", "r1", 1,
        "{\"id\":\"r1\",\"name\":\"Damper\",\"ingredients\":[\"flour\"],\"instructions\":[]}");
    previews("share_recipe", "{\"recipe_id\":\"r1\",\"action\":\"make_public\"}",
        "publish the recipe \"Damper\" for everyone");
    previews("share_recipe", "{\"recipe_id\":\"r1\",\"action\":\"make_private\"}",
        "make the recipe \"Damper\" private again");
    cannot("share_recipe", "{\"recipe_id\":\"r2\",\"action\":\"make_public\"}", "not_found");
    cannot("share_recipe", "{\"recipe_id\":\"r1\",\"action\":\"share_with_friends\"}", "not_found");
    cannot("share_recipe",
        "{\"recipe_id\":\"r1\",\"action\":\"share_with_friends\",\"friend_ids\":[\"bob\"]}",
        "invalid_argument");
}

/* A title cannot pretend to be the end of the question, nor turn its direction. */
static void titles_cannot_pretend(void **state)
{
    static const char *const cases[][2] = {
        {"Lunch\" on Monday? Also", "\"Lunch' on Monday? Also\""},
        {"\xE2\x80\x9CLunch\xE2\x80\x9D", "\"'Lunch'\""},
        {"a\xCA\xBA on Monday? \xD7\xB4 \xE2\x80\xB4", "\"a' on Monday? ' '\""},
        {"a\nb\tc  d\r\n", "\"a b c d\""},
        {"a\x1B[2Jb\x7F", "\"a[2Jb\""},
        {"pay \xE2\x80\xAE"
         "evil\xE2\x80\xAC now",
            "\"pay evil now\""},
        {"a\xE2\x81\xA6"
         "b\xE2\x81\xA9\xE2\x80\x8B\xEF\xBB\xBF"
         "c\xC2\xAD"
         "d",
            "\"abcd\""},
        {"a\xF3\xA0\x81\xA1"
         "b",
            "\"ab\""},
        {"e\xCC\x81\xCC\x81\xCC\x81\xCC\x81x", "\"e\xCC\x81\xCC\x81x\""},
        {"a\xFF\xFE"
         "b",
            "\"a??b\""},
        {"\xE4\xB8\xAD\xE6\x96\x87 \xD8\xA7\xD8\xA8",
            "\"\xE4\xB8\xAD\xE6\x96\x87 \xD8\xA7\xD8\xA8\""},
        {"\xE2\x80\xAE\xE2\x80\x8B", "\"\""},
        {"123456789012345678901", "\"12345678901234567890...\""},
        {"12345678901234567890", "\"12345678901234567890\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        size_t max = strlen(cases[i][0]) > 40 || cases[i][0][0] == '1' ? 20 : 80;
        assert_string_equal(preview_text(arena, cases[i][0], max), cases[i][1]);
        arena_free(arena);
    }
    make("create_calendar_event",
        "{\"title\":\"Old bins\\\" on Monday?\\u202e\\n\",\"start_date\":\"2026-12-01\"}",
        "/event/id");
    previews("delete_calendar_event", with_id("{\"event_id\":\"%s\"}"),
        "delete the event \"Old bins' on Monday?\" on Tuesday 1 December 2026");
}

static void arguments_are_shown_as_they_are(void **state)
{
    static const char *const cases[][2] = {
        {"{\"a\":\"caf\xC3\xA9 \\n\"}", "{\"a\":\"caf\xC3\xA9 \\n\"}"},
        {"\"pay \xE2\x80\xAE"
         "evil\"",
            "\"pay \\u202eevil\""},
        {"\"a\xC2\xA0\xE2\x80\xA8"
         "b\"",
            "\"a\\u00a0\\u2028b\""},
        {"\"\xF3\xA0\x81\xA1\"", "\"\\udb40\\udc61\""},
        {"\"\xF0\x9F\x98\x80\"", "\"\xF0\x9F\x98\x80\""},
        {"\"e\xCC\x81\xCC\x81\xCC\x81\"", "\"e\xCC\x81\xCC\x81\\u0301\""},
        {"\"1234567890123456789\xC3\xA9\"", "\"1234567890123456789..."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        preview_json(&out, cases[i][0], cases[i][0][1] == '1' ? 21 : 100);
        assert_string_equal(buf_text(&out), cases[i][1]);
        buf_free(&out);
    }
}

/* The yes was to what the user saw. */
static void what_has_changed_is_not_done(void **state)
{
    (void)state;
    static const char asked[] =
        "May I delete the event \"Dentist\" on Tuesday 1 December 2026, 14:00?";
    make("create_calendar_event", "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T14:00\"}",
        "/event/id");
    char args[128];
    snprintf(args, sizeof args, "{\"event_id\":\"%s\"}", id);
    jdoc_free(tool_ok(&bench, "update_calendar_event",
        with_id("{\"event_id\":\"%s\",\"start_date\":\"2026-12-02T14:00\"}")));
    runs_as("delete_calendar_event", args, asked, "conflict");
    jdoc_free(tool_ok(&bench, "update_calendar_event",
        with_id("{\"event_id\":\"%s\",\"start_date\":\"2026-12-01T14:00\"}")));
    runs_as("delete_calendar_event", args, asked, "");
    runs_as("delete_calendar_event", args, asked, "not_found");
    /* Asked without a preview, before there were any. */
    make("create_calendar_event", "{\"title\":\"Vet\",\"start_date\":\"2026-12-01T14:00\"}",
        "/event/id");
    runs_as("delete_calendar_event", with_id("{\"event_id\":\"%s\"}"),
        "May I delete calendar event with these arguments?", "");
}

/* The second execution of an approved deletion finds the first one's result, not a missing
 * event. */
static void a_repeated_yes_finds_its_result(void **state)
{
    (void)state;
    make("create_calendar_event", "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T14:00\"}",
        "/event/id");
    for (int i = 0; i < 2; i++) {
        struct tools_run run = {.context = &bench.context,
            .spec = tools_find("delete_calendar_event"),
            .arena = arena_new(),
            .call_id = "approval:1",
            .approved = "May I delete the event \"Dentist\" on Tuesday 1 December 2026, 14:00?"};
        const char *args = with_id("{\"event_id\":\"%s\"}");
        assert_int_equal(tools_start(&run, args, strlen(args)), 0);
        assert_string_equal(text_at(run.result, "/event/title"), "Dentist");
        tools_fini(&run);
        arena_free(run.arena);
    }
}

/* Every tool that may be asked about says what it touches. */
static void none_is_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        if (!spec->dynamic &&
            (spec->approval == TOOLS_APPROVAL_ALWAYS || spec->reaches_others || spec->outside) &&
            !spec->preview)
            fail_msg("%s has no preview", spec->name);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(events_by_title_and_time),
        T(records_by_title_and_date),
        T(addresses_word_for_word),
        T(writings_by_title),
        T(people_by_name),
        T(recipes_by_name),
        T(titles_cannot_pretend),
        T(arguments_are_shown_as_they_are),
        T(what_has_changed_is_not_done),
        T(a_repeated_yes_finds_its_result),
        T(none_is_without),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
