/* SPDX-License-Identifier: BSD-2-Clause */
/* The profile, its settings and privacy, vehicles, figures and the export. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <string.h>

static void changes_only_what_is_named(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "update_profile", "{\"username\":\"red_dust\",\"rv_year\":2027}");
    assert_null(jdoc_get(at(r, "/profile"), "bio"));
    jdoc_free(r);
    r = tool_ok(&bench, "update_profile", "{\"bio\":\"On the road\"}");
    assert_string_equal(text_at(r, "/profile/username"), "red_dust");
    jdoc_free(r);
    r = tool_ok(&bench, "update_settings",
        "{\"theme\":\"Dark\",\"email_notifications\":\"false\"}");
    assert_string_equal(text_at(r, "/settings/theme"), "dark");
    assert_string_equal(text_at(r, "/settings/language"), "en");
    jdoc_free(r);
    r = tool_ok(&bench, "manage_privacy", "{\"location_sharing\":true}");
    assert_string_equal(text_at(r, "/privacy/profile_visibility"), "friends");
    jdoc_free(r);
    r = tool_ok(&bench, "manage_privacy", "{\"allow_messages\":\"none\"}");
    bool sharing = false;
    assert_int_equal(jdoc_get_bool(at(r, "/privacy"), "location_sharing", &sharing), 0);
    assert_true(sharing);
    jdoc_free(r);
    bench.context.uid = "bob";
    r = tool_ok(&bench, "update_profile", "{\"location\":\"Perth\"}");
    assert_null(jdoc_get(at(r, "/profile"), "username"));
    jdoc_free(r);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    static const char *const wrong[][3] = {
        {"update_profile", "{}", ""},
        {"update_profile", "{\"username\":\"ab\"}", "/username"},
        {"update_profile", "{\"username\":\"a b c\"}", "/username"},
        {"update_profile", "{\"username\":\"a123456789012345678901234567890\"}", "/username"},
        {"update_profile", "{\"rv_year\":2028}", "/rv_year"},
        {"update_profile", "{\"rv_year\":1899}", "/rv_year"},
        {"update_profile", "{\"avatar_url\":\"javascript:x\"}", "/avatar_url"},
        {"update_profile", "{\"bio\":{\"a\":1}}", "/bio"},
        {"update_settings", "{}", ""},
        {"update_settings", "{\"theme\":\"pink\"}", "/theme"},
        {"update_settings", "{\"language\":\"english\"}", "/language"},
        {"update_settings", "{\"budget_alerts\":\"maybe\"}", "/budget_alerts"},
        {"manage_privacy", "{\"allow_messages\":\"all\"}", "/allow_messages"},
        {"create_vehicle", "{}", "/name"},
        {"create_vehicle", "{\"name\":\"\"}", "/name"},
        {"create_vehicle", "{\"name\":\"x\",\"year\":2028}", "/year"},
        {"create_vehicle", "{\"name\":\"x\",\"vehicle_type\":\"plane\"}", "/vehicle_type"},
        {"update_vehicle_fuel_consumption", "{}", ""},
        {"update_vehicle_fuel_consumption", "{\"mpg\":0}", "/mpg"},
        {"update_vehicle_fuel_consumption", "{\"mpg\":10,\"l_per_100km\":10}", "/mpg"},
        {"get_user_stats", "{\"period\":\"decade\"}", "/period"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        tool_refused(&bench, wrong[i][0], wrong[i][1], "invalid_argument", wrong[i][2]);
}

static void has_one_primary_vehicle(void **state)
{
    (void)state;
    char van[64], args[128];
    bool primary = false;
    tool_refused(&bench, "update_vehicle_fuel_consumption", "{\"mpg\":10}", "not_found", NULL);
    jdoc *r = tool_ok(&bench, "create_vehicle", "{\"name\":\"Van\"}");
    snprintf(van, sizeof van, "%s", text_at(r, "/vehicle/id"));
    assert_int_equal(jdoc_get_bool(at(r, "/vehicle"), "is_primary", &primary), 0);
    assert_true(primary);
    jdoc_free(r);
    r = tool_ok(&bench, "create_vehicle", "{\"name\":\"Car\"}");
    jdoc_get_bool(at(r, "/vehicle"), "is_primary", &primary);
    assert_false(primary);
    jdoc_free(r);
    r = tool_ok(&bench, "update_vehicle_fuel_consumption", "{\"mpg\":10}");
    assert_string_equal(text_at(r, "/vehicle/name"), "Van");
    assert_true(number_at(r, "/vehicle/l_per_100km") == 23.52);
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "create_vehicle", "{\"name\":\"Truck\",\"set_as_primary\":true}"));
    r = tool_ok(&bench, "update_vehicle_fuel_consumption", "{\"l_per_100km\":12.5}");
    assert_string_equal(text_at(r, "/vehicle/name"), "Truck");
    jdoc_free(r);
    snprintf(args, sizeof args, "{\"l_per_100km\":9,\"vehicle_id\":\"%s\"}", van);
    r = tool_ok(&bench, "update_vehicle_fuel_consumption", args);
    jdoc_get_bool(at(r, "/vehicle"), "is_primary", &primary);
    assert_false(primary);
    jdoc_free(r);
    bench.context.uid = "bob";
    tool_refused(&bench, "update_vehicle_fuel_consumption", args, "not_found", NULL);
}

static void counts(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "get_user_stats", "{}");
    assert_int_equal(number_at(r, "/stats/total"), 0);
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "create_maintenance_record",
        "{\"task\":\"Oil\",\"service_date\":\"2026-01-05\"}"));
    jdoc_free(tool_ok(&bench, "add_fuel_entry", "{\"odometer\":10,\"volume\":10,\"total\":20}"));
    r = tool_ok(&bench, "get_user_stats", "{\"period\":\"week\"}");
    assert_int_equal(number_at(r, "/stats/total"), 1);
    assert_int_equal(number_at(r, "/stats/counts/fuel_entries"), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "get_user_stats", "{\"period\":\"year\"}");
    assert_int_equal(number_at(r, "/stats/total"), 2);
    jdoc_free(r);
}

static void seed_session(const char *id, int messages)
{
    struct link *link = bench.context.store->link;
    assert_int_equal(link_command(link, NULL,
                         "HSET tp:{ann}:s:%s title Trip created 1795312800000 "
                         "updated 1795312800000 count %d",
                         id, messages),
        0);
    assert_int_equal(link_command(link, NULL, "ZADD tp:{ann}:sessions 1795312800000 %s", id), 0);
    for (int i = 0; i < messages; i++)
        assert_int_equal(link_command(link, NULL, "RPUSH tp:{ann}:s:%s:msgs %s", id,
                             i == 0 ?
                                 "{\"id\":\"m0\",\"role\":\"user\",\"content\":\"first\"}" :
                                 "{\"id\":\"m1\",\"role\":\"assistant\",\"content\":\"next\"}"),
            0);
}

static void exports_everything(void **state)
{
    (void)state;
    bool complete = true;
    jdoc *r = tool_ok(&bench, "export_data", "{}");
    assert_int_equal(jdoc_length(at(r, "/export/records")), 0);
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "update_profile", "{\"username\":\"red_dust\"}"));
    jdoc_free(tool_ok(&bench, "create_vehicle", "{\"name\":\"Van\"}"));
    seed_session("main", 3);
    r = tool_ok(&bench, "export_data", "{}");
    jdoc_get_bool(at(r, "/export"), "complete", &complete);
    assert_true(complete);
    assert_string_equal(text_at(r, "/export/records/profile/0/username"), "red_dust");
    assert_string_equal(text_at(r, "/export/records/vehicle/0/name"), "Van");
    assert_string_equal(text_at(r, "/export/sessions/0/messages/0/content"), "first");
    assert_int_equal(number_at(r, "/export/included/messages"), 3);
    jdoc_free(r);
    bench.context.uid = "bob";
    r = tool_ok(&bench, "export_data", "{}");
    assert_int_equal(jdoc_length(at(r, "/export/records")) + jdoc_length(at(r, "/export/sessions")),
        0);
    jdoc_free(r);
}

static void says_when_the_export_is_cut(void **state)
{
    (void)state;
    bool complete = true;
    char id[16], json[600];
    for (int i = 0; i < 500; i++) {
        snprintf(id, sizeof id, "n%d", i);
        snprintf(json, sizeof json, "{\"id\":\"%s\",\"notes\":\"%0500d\"}", id, i);
        tool_seed(&bench, "maintenance", id, i, json);
    }
    seed_session("main", 150);
    jdoc_free(tool_ok(&bench, "create_vehicle", "{\"name\":\"Van\"}"));
    jdoc *r = tool_ok(&bench, "export_data", "{}");
    jdoc_get_bool(at(r, "/export"), "complete", &complete);
    assert_false(complete);
    assert_int_equal(number_at(r, "/export/counts/maintenance"), 500);
    assert_true(number_at(r, "/export/included/maintenance") > 20);
    assert_true(number_at(r, "/export/included/maintenance") < 500);
    assert_string_equal(text_at(r, "/export/records/maintenance/0/id"), "n499");
    assert_int_equal(number_at(r, "/export/included/vehicle"), 1);
    assert_int_equal(number_at(r, "/export/included/messages"), 150);
    jdoc_free(r);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(changes_only_what_is_named),
        T(refuses_what_cannot_be),
        T(has_one_primary_vehicle),
        T(counts),
        T(exports_everything),
        T(says_when_the_export_is_cut),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
