/* SPDX-License-Identifier: BSD-2-Clause */
/* What a screen shows of a call before the user says yes: title, time, amount, old beside new, what
 * goes away, who sees it, which host. */
#include "agent/approval.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/about.h"

#include <stdio.h>
#include <string.h>

/* The data of a call, as compact JSON. */
static void shows(const char *name, const char *args, const char *expected)
{
    struct tools_run run = {.context = &bench.context,
        .spec = tools_find(name),
        .arena = arena_new()};
    struct buf json = {0};
    assert_int_equal(tools_preview(&run, args, strlen(args)), 0);
    if (run.result)
        fail_msg("%s %s: %s", name, args, jdoc_text_or(run.result, "message", ""));
    jdoc_write(run.about, &json);
    assert_string_equal(buf_text(&json), expected);
    buf_free(&json);
    tools_fini(&run);
    arena_free(run.arena);
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

#define DELETED "\"effects\":[{\"type\":\"deletion\",\"text\":\"It is deleted.\"}]}"
#define FOR_ALL \
    "\"effects\":[{\"audience\":\"everyone\",\"type\":\"audience\",\"text\":\"Everyone can see " \
    "it.\"}]"

static void an_event(void **state)
{
    (void)state;
    make("create_calendar_event",
        "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T14:00\",\"end_date\":"
        "\"2026-12-01T15:00\",\"location_name\":\"Main St\"}",
        "/event/id");
    shows("delete_calendar_event", with_id("{\"event_id\":\"%s\"}"),
        "{\"kind\":\"event\",\"title\":\"Dentist\",\"when\":{\"start\":\"2026-12-01T14:00:00+11:00\","
        "\"end\":\"2026-12-01T15:00:00+11:00\",\"all_day\":false,\"timezone\":\"Australia/Sydney\"},"
        "\"changes\":[{\"field\":\"/location_name\",\"label\":\"Location name\",\"old\":\"Main "
        "St\"}]," DELETED);
    make("create_calendar_event", "{\"title\":\"Fair\",\"start_date\":\"2027-03-28\"}",
        "/event/id");
    shows("delete_calendar_event", with_id("{\"event_id\":\"%s\"}"),
        "{\"kind\":\"event\",\"title\":\"Fair\",\"when\":{\"start\":\"2027-03-28\",\"end\":"
        "\"2027-03-28\",\"all_day\":true,\"timezone\":\"Australia/Sydney\"},\"changes\":[]," DELETED);
}

static void a_day_of_a_series(void **state)
{
    (void)state;
    make("create_calendar_event",
        "{\"title\":\"Bins\",\"start_date\":\"2026-12-01T19:00\",\"repeat\":\"weekly\"}",
        "/event/id");
    shows("delete_calendar_event", with_id("{\"event_id\":\"%s\",\"occurrence\":\"2026-12-08\"}"),
        "{\"kind\":\"event\",\"title\":\"Bins\",\"when\":{\"start\":\"2026-12-08T19:00:00+11:00\","
        "\"all_day\":false,\"timezone\":\"Australia/Sydney\"},\"changes\":[],\"effects\":[{\"scope\":"
        "\"this\",\"type\":\"deletion\",\"text\":\"Only this day of the series is deleted.\"}]}");
}

static void records(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":84000,\"volume\":40,\"total\":80.5,\"entry_date\":\"2026-11-20\",\"station\":"
        "\"BP\"}"));
    shows("delete_fuel_entry", "{\"confirm\":true}",
        "{\"kind\":\"fuel_entry\",\"title\":\"BP\",\"when\":{\"start\":\"2026-11-20\",\"all_day\":"
        "true},\"amount\":{\"value\":80.5,\"currency\":\"AUD\"},\"changes\":[{\"field\":\"/volume\","
        "\"label\":\"Volume\",\"old\":40},{\"field\":\"/odometer\",\"label\":\"Odometer\",\"old\":"
        "84000}]," DELETED);
    jdoc_free(tool_ok(&bench, "create_maintenance_record",
        "{\"task\":\"Oil change\",\"service_date\":\"2026-11-20\",\"cost\":120,\"mileage\":84000}"));
    shows("delete_maintenance_record", "{\"task_name\":\"oil\",\"confirm\":true}",
        "{\"kind\":\"maintenance_record\",\"title\":\"Oil change\",\"when\":{\"start\":\"2026-11-20\","
        "\"all_day\":true},\"amount\":{\"value\":120,\"currency\":\"AUD\"},\"changes\":[{\"field\":"
        "\"/mileage\",\"label\":\"Mileage\",\"old\":84000},{\"field\":\"/status\",\"label\":"
        "\"Status\",\"old\":\"completed\"}]," DELETED);
    jdoc_free(tool_ok(&bench, "manage_pantry",
        "{\"action\":\"add\",\"ingredient_name\":\"Oat milk\",\"quantity\":2,\"unit\":\"l\"}"));
    shows("manage_pantry", "{\"action\":\"remove\",\"ingredient_name\":\"oat milk\"}",
        "{\"kind\":\"pantry_item\",\"title\":\"Oat milk\",\"changes\":[{\"field\":\"/quantity\","
        "\"label\":\"Quantity\",\"old\":2},{\"field\":\"/unit\",\"label\":\"Unit\",\"old\":\"l\"}]," DELETED);
}

/* What the user changes: old beside new, and the default where nothing was said. */
static void old_beside_new(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "manage_privacy", "{\"allow_messages\":\"none\"}"));
    shows("manage_privacy", "{\"allow_messages\":\"everyone\",\"location_sharing\":true}",
        "{\"kind\":\"privacy\",\"changes\":[{\"field\":\"/location_sharing\",\"label\":\"Location "
        "sharing\",\"old\":false,\"new\":true},{\"field\":\"/allow_messages\",\"label\":\"Allow "
        "messages\",\"old\":\"none\",\"new\":\"everyone\"}],\"effects\":[{\"audience\":\"others\","
        "\"type\":\"audience\",\"text\":\"Other people can notice it.\"}]}");
    jdoc_free(tool_ok(&bench, "update_profile", "{\"bio\":\"On the road\"}"));
    shows("update_profile", "{\"bio\":\"At home\",\"avatar_url\":\"https://pics.example/a.jpg\"}",
        "{\"kind\":\"profile\",\"changes\":[{\"field\":\"/bio\",\"label\":\"Bio\",\"old\":\"On the "
        "road\",\"new\":\"At home\"},{\"field\":\"/avatar_url\",\"label\":\"Avatar URL\",\"new\":"
        "\"https://pics.example/a.jpg\"}],\"effects\":[{\"host\":\"pics.example\",\"type\":\"host\","
        "\"text\":\"It reaches the host pics.example.\"}]}");
}

static void writings(void **state)
{
    (void)state;
    bench.context.uid = "bob";
    make("create_post", "{\"title\":\"Dusty road\",\"content\":\"Closed.\"}", "/post/id");
    bench.context.uid = "ann";
    shows("create_post", "{\"title\":\"Hello\",\"content\":\"Hi\",\"tags\":[\"camp\"]}",
        "{\"kind\":\"post\",\"title\":\"Hello\"," FOR_ALL
        ",\"changes\":[{\"field\":\"/title\",\"label\":\"Title\",\"new\":\"Hello\"},{\"field\":"
        "\"/content\",\"label\":\"Content\",\"new\":\"Hi\"},{\"field\":\"/tags\",\"label\":"
        "\"Tags\",\"new\":[\"camp\"]}]}");
    shows("comment_on_post", with_id("{\"post_id\":\"%s\",\"content\":\"Thanks!\"}"),
        "{\"kind\":\"comment\",\"title\":\"Dusty road\"," FOR_ALL
        ",\"changes\":[{\"field\":\"/content\",\"label\":\"Content\",\"new\":\"Thanks!\"}]}");
    shows("like_post", with_id("{\"post_id\":\"%s\"}"),
        "{\"kind\":\"like\",\"title\":\"Dusty road\"," FOR_ALL ",\"changes\":[]}");
    shows("create_event",
        "{\"title\":\"Barbecue\",\"description\":\"All "
        "welcome\",\"event_date\":\"2026-12-24T18:00\",\"location\":\"Broome\"}",
        "{\"kind\":\"meetup\",\"title\":\"Barbecue\",\"when\":{\"start\":\"2026-12-24T18:00:00+11:00\""
        ",\"all_day\":false,\"timezone\":\"Australia/Sydney\"}," FOR_ALL
        ",\"changes\":[{\"field\":\"/title\",\"label\":\"Title\",\"new\":\"Barbecue\"},{\"field\":"
        "\"/description\",\"label\":\"Description\",\"new\":\"All welcome\"},{\"field\":"
        "\"/event_date\",\"label\":\"Event date\",\"new\":\"2026-12-24T18:00\"},{\"field\":"
        "\"/location\",\"label\":\"Location\",\"new\":\"Broome\"}]}");
    shows("submit_community_tip",
        "{\"title\":\"Free camp\",\"content\":\"By the river\",\"category\":\"camping\"}",
        "{\"kind\":\"tip\",\"title\":\"Free camp\"," FOR_ALL
        ",\"changes\":[{\"field\":\"/title\",\"label\":\"Title\",\"new\":\"Free camp\"},{\"field\":"
        "\"/content\",\"label\":\"Content\",\"new\":\"By the river\"},{\"field\":\"/category\","
        "\"label\":\"Category\",\"new\":\"camping\"}]}");
}

static void people(void **state)
{
    (void)state;
    bench.context.uid = "bob";
    jdoc_free(tool_ok(&bench, "manage_privacy", "{\"allow_messages\":\"everyone\"}"));
    bench.context.uid = "ann";
    jdoc_free(tool_ok(&bench, "manage_privacy", "{\"location_sharing\":true}"));
    shows("message_friend", "{\"recipient_id\":\"bob\",\"message\":\"See you\"}",
        "{\"kind\":\"message\",\"title\":\"bob\",\"effects\":[{\"people\":[\"bob\"],\"type\":"
        "\"audience\",\"text\":\"The people named see it.\",\"audience\":\"people\"}],\"changes\":[{"
        "\"field\":\"/message\",\"label\":\"Message\",\"new\":\"See you\"}]}");
    shows("follow_user", "{\"target_user_id\":\"bob\"}",
        "{\"kind\":\"follow\",\"title\":\"bob\",\"changes\":[{\"field\":\"/unfollow\",\"label\":"
        "\"Unfollow\",\"new\":false}],\"effects\":[{\"audience\":\"others\",\"type\":\"audience\","
        "\"text\":\"Other people can notice it.\"}]}");
    shows("share_location", "{\"location_name\":\"Dubbo\",\"latitude\":-32,\"longitude\":148}",
        "{\"kind\":\"location\",\"title\":\"Dubbo\",\"effects\":[{\"audience\":\"friends\",\"type\":"
        "\"audience\",\"text\":\"Your friends can see it.\"}],\"changes\":[{\"field\":"
        "\"/location_name\",\"label\":\"Location name\",\"new\":\"Dubbo\"},{\"field\":\"/latitude\","
        "\"label\":\"Latitude\",\"new\":-32},{\"field\":\"/longitude\",\"label\":\"Longitude\","
        "\"new\":148},{\"field\":\"/is_public\",\"label\":\"Is public\",\"new\":false},{\"field\":"
        "\"/duration_hours\",\"label\":\"Duration hours\",\"new\":24}]}");
    tool_seed(&bench, "recipe", "r1", 1,
        "{\"id\":\"r1\",\"name\":\"Damper\",\"ingredients\":[\"flour\"],\"instructions\":[]}");
    shows("share_recipe", "{\"recipe_id\":\"r1\",\"action\":\"make_private\"}",
        "{\"kind\":\"recipe\",\"title\":\"Damper\",\"effects\":[{\"audience\":\"you\",\"type\":"
        "\"audience\",\"text\":\"Only you can see it then.\"}],\"changes\":[{\"field\":\"/action\","
        "\"label\":\"Action\",\"new\":\"make_private\"}]}");
}

static void hosts(void **state)
{
    (void)state;
    shows("save_recipe", "{\"url\":\"https://cook.example:8443/a?q=home\"}",
        "{\"kind\":\"recipe\",\"changes\":[{\"field\":\"/url\",\"label\":\"URL\",\"new\":"
        "\"https://cook.example:8443/a?q=home\"}],\"effects\":[{\"host\":\"cook.example\",\"type\":"
        "\"host\",\"text\":\"It reaches the host cook.example.\"}]}");
    shows("add_equipment_item",
        "{\"name\":\"Jack\",\"category\":\"recovery\",\"priority\":\"low\",\"is_essential\":true,"
        "\"vendor_url\":\"https://shop.example/j\"}",
        "{\"kind\":\"equipment\",\"title\":\"Jack\",\"changes\":[{\"field\":\"/name\",\"label\":"
        "\"Name\",\"new\":\"Jack\"},{\"field\":\"/category\",\"label\":\"Category\",\"new\":"
        "\"recovery\"},{\"field\":\"/priority\",\"label\":\"Priority\",\"new\":\"low\"},{\"field\":"
        "\"/is_essential\",\"label\":\"Is essential\",\"new\":true},{\"field\":\"/vendor_url\","
        "\"label\":\"Vendor URL\",\"new\":\"https://shop.example/j\"}],\"effects\":[{\"host\":"
        "\"shop.example\",\"type\":\"host\",\"text\":\"It reaches the host shop.example.\"}]}");
}

/* A tool that no build made has no preview: its schema's titles name its arguments. */
static void any_other_tool(void **state)
{
    static char schema[] =
        "{\"type\":\"object\",\"properties\":{\"to\":{\"title\":\"Recipient\"},\"a/b~c\":{}}}";
    struct tools_spec spec = {.name = "any", .arguments_schema = schema};
    struct tools_run run = {.context = &bench.context, .spec = &spec, .arena = arena_new()};
    struct buf json = {0};
    static const char args[] =
        "{\"to\":\"Ann\",\"a/b~c\":{\"x\":[1]},\"some_url\":null,\"confirm\":true}";
    (void)state;
    assert_int_equal(jdoc_parse(args, strlen(args), &run.args, NULL, 0), 0);
    assert_int_equal(about_arguments(&run), 0);
    jdoc_write(run.about, &json);
    assert_string_equal(buf_text(&json),
        "{\"changes\":[{\"field\":\"/to\",\"label\":\"Recipient\",\"new\":\"Ann\"},{\"field\":"
        "\"/a~1b~0c\",\"label\":\"A/b~c\",\"new\":{\"x\":[1]}}]}");
    buf_free(&json);
    tools_fini(&run);
    arena_free(run.arena);
}

/* Values are cut, and so is their number. */
static void bounded(void **state)
{
    struct tools_spec spec = {.name = "any"};
    struct tools_run run = {.context = &bench.context, .spec = &spec, .arena = arena_new()};
    char long_text[ABOUT_TEXT + 10];
    (void)state;
    run.args = jdoc_new_object();
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    memcpy(long_text + ABOUT_TEXT - 1, "\xC3\xA9", 2); /* cut in front of it, not within */
    assert_int_equal(jdoc_set_string(run.args, "a", long_text), 0);
    for (int i = 0; i < ABOUT_CHANGES + 2; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(jdoc_set_int(run.args, key, i), 0);
    }
    assert_int_equal(about_arguments(&run), 0);
    const jdoc *changes = jdoc_get(run.about, "changes");
    assert_int_equal(jdoc_length(changes), ABOUT_CHANGES);
    assert_int_equal(jdoc_int_or(run.about, "changes_more", 0), 3);
    const char *text = jdoc_text_or(jdoc_at(changes, 0), "new", "");
    assert_int_equal(strlen(text), ABOUT_TEXT - 1 + 3);
    assert_string_equal(text + ABOUT_TEXT - 1, "...");
    const char *names[ABOUT_PEOPLE + 5];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        names[i] = "ann";
    assert_int_equal(about_people(&run, names, sizeof names / sizeof *names), 0);
    const jdoc *effect = jdoc_at(jdoc_get(run.about, "effects"), 0);
    assert_int_equal(jdoc_length(jdoc_get(effect, "people")), ABOUT_PEOPLE);
    assert_int_equal(jdoc_int_or(effect, "people_more", 0), 5);
    assert_int_equal(about_host(&run, "no address"), 0);
    assert_false(about_has(&run, "host"));
    tools_fini(&run);
    arena_free(run.arena);
}

/* A title cannot turn its direction or break its line. */
static void titles_are_clean(void **state)
{
    (void)state;
    make("create_calendar_event",
        "{\"title\":\"Old\\u202e bins\\n\\\"now\\\"\",\"start_date\":\"2026-12-01\"}", "/event/id");
    struct tools_run run = {.context = &bench.context,
        .spec = tools_find("delete_calendar_event"),
        .arena = arena_new()};
    const char *args = with_id("{\"event_id\":\"%s\"}");
    assert_int_equal(tools_preview(&run, args, strlen(args)), 0);
    assert_string_equal(jdoc_text_or(run.about, "title", ""), "Old bins 'now'");
    tools_fini(&run);
    arena_free(run.arena);
}

/* What the user reads goes into the interrupt as it is. */
static void an_interrupt_has_it(void **state)
{
    struct approvals_ask ask = {.call = "c1",
        .tool = "delete_calendar_event",
        .args = "{}",
        .hash = "h",
        .why = "policy"};
    struct tools_run run = {.preview = "do it", .arena = arena_new()};
    struct buf json = {0};
    jdoc *doc;
    (void)state;
    run.about = jdoc_new_object();
    assert_int_equal(jdoc_set_string(run.about, "title", "a\"b"), 0);
    assert_int_equal(approval_question(&ask, &run, run.arena), 0);
    assert_string_equal(ask.message, "May I do it?");
    approval_interrupt(&ask, &json);
    assert_int_equal(jdoc_parse(buf_text(&json), json.len, &doc, NULL, 0), 0);
    const jdoc *preview = jdoc_get(jdoc_get(doc, "metadata"), "preview");
    assert_string_equal(jdoc_text_or(preview, "title", ""), "a\"b");
    jdoc_free(doc);
    buf_free(&json);
    tools_fini(&run);
    arena_free(run.arena);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(an_event),
        T(a_day_of_a_series),
        T(records),
        T(old_beside_new),
        T(writings),
        T(people),
        T(hosts),
        T(any_other_tool),
        T(bounded),
        T(titles_are_clean),
        T(an_interrupt_has_it),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
