/* SPDX-License-Identifier: BSD-2-Clause */
/* The vehicle's own consumption in every fuel cost: said, measured, stored or assumed. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void expect_cost(const char *args, double total, const char *source)
{
    jdoc *r = tool_ok(&bench, "calculate_gas_cost", args);
    if (fabs(number_at(r, "/cost/total") - total) > 1)
        fail_msg("%s: %.2f, not %.2f", args, number_at(r, "/cost/total"), total);
    assert_string_equal(text_at(r, "/cost/consumption_source"), source);
    jdoc_free(r);
}

static void expect_source(const char *tool, const char *args, const char *path, const char *source)
{
    jdoc *r = tool_ok(&bench, tool, args);
    assert_string_equal(text_at(r, path), source);
    jdoc_free(r);
}

static void everywhere(const char *source)
{
    expect_source("plan_trip", "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}",
        "/trip/cost_estimate/consumption_source", source);
    expect_source("optimize_route", "{\"waypoints\":[\"Sydney\",\"Brisbane\",\"Gold Coast\"]}",
        "/route/consumption_source", source);
    expect_source("mapbox_navigator",
        "{\"action\":\"calculate_costs\",\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}",
        "/cost/consumption_source", source);
}

static void assumes_without_a_vehicle(void **state)
{
    (void)state;
    expect_cost("{\"distance_km\":1000}", 470, "assumed");
    everywhere("assumed");
}

static void takes_what_is_stored(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "create_vehicle", "{\"name\":\"Bessie\"}"));
    expect_cost("{\"distance_km\":1000}", 470, "assumed");
    jdoc_free(tool_ok(&bench, "update_vehicle_fuel_consumption", "{\"mpg\":20}"));
    expect_cost("{\"distance_km\":1000}", 235.2, "vehicle");
    everywhere("vehicle");
    jdoc_free(tool_ok(&bench, "update_vehicle_fuel_consumption", "{\"l_per_100km\":10}"));
    expect_cost("{\"distance_km\":1000}", 200, "vehicle");
    expect_cost("{\"distance_km\":1000,\"mpg\":10}", 470.4, "argument");
    expect_cost("{\"distance_km\":1000,\"l_per_100km\":5}", 100, "argument");
    jdoc *r = tool_ok(&bench, "plan_trip", "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}");
    double km = number_at(r, "/trip/distance_km");
    assert_true(fabs(number_at(r, "/trip/cost_estimate/fuel_litres") - km / 10) < 1);
    assert_non_null(strstr(text_at(r, "/trip/cost_estimate/assumptions/0"), "stored with Bessie"));
    jdoc_free(r);
}

static void fill(double odometer, double litres, const char *date)
{
    char args[200];
    snprintf(args, sizeof args,
        "{\"odometer\":%.0f,\"volume\":%.1f,\"price\":2,\"entry_date\":\"%s\","
        "\"filled_to_top\":true}",
        odometer, litres, date);
    jdoc_free(tool_ok(&bench, "add_fuel_entry", args));
}

static void takes_what_was_measured(void **state)
{
    (void)state;
    fill(10000, 50, "2026-11-01");
    fill(10200, 30, "2026-11-02"); /* 15 l/100 km, but over one tank only */
    expect_cost("{\"distance_km\":1000}", 200, "vehicle");
    fill(10600, 60, "2026-11-03");
    expect_cost("{\"distance_km\":1000}", 300, "measured");
    everywhere("measured");
    expect_cost("{\"distance_km\":1000,\"l_per_100km\":5}", 100, "argument");
}

static void contradictions_are_asked_back(void **state)
{
    (void)state;
    static const struct {
        const char *args, *path;
    } cases[] = {{"{\"distance_km\":1000,\"distance_miles\":1000}", "/distance_km"},
        {"{\"distance_km\":1000,\"gas_price\":4,\"gas_price_per_litre\":2}",
            "/gas_price_per_litre"},
        {"{\"distance_km\":1000,\"mpg\":20,\"l_per_100km\":20}", "/mpg"},
        {"{\"distance_km\":1000,\"mpg\":20,\"mpg_imperial\":20}", "/mpg_imperial"},
        {"{\"distance_km\":1000,\"km_per_l\":20,\"l_per_100km\":20}", "/km_per_l"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        tool_refused(&bench, "calculate_gas_cost", cases[i].args, "invalid_argument",
            cases[i].path);
    /* The same said twice is no contradiction. */
    jdoc_free(tool_ok(&bench, "calculate_gas_cost",
        "{\"distance_km\":1000,\"distance_miles\":621.4,"
        "\"gas_price\":7.57,\"gas_price_per_litre\":2,\"mpg\":23.5,\"l_per_100km\":10}"));
}

/* A user with two vehicles asks about the other one; a thrifty one is no error. */
static void another_vehicle_is_asked_about(void **state)
{
    (void)state;
    char args[200];
    jdoc *r = tool_ok(&bench, "create_vehicle", "{\"name\":\"Vespa\"}");
    const char *id = text_at(r, "/vehicle/id");
    snprintf(args, sizeof args, "{\"vehicle_id\":\"%s\",\"mpg\":100}", id);
    jdoc_free(tool_ok(&bench, "update_vehicle_fuel_consumption", args));
    snprintf(args, sizeof args, "{\"vehicle_id\":\"%s\",\"distance_km\":1000}", id);
    expect_cost(args, 47, "vehicle");
    expect_cost("{\"distance_km\":1000,\"mpg\":100}", 47, "argument");
    expect_cost("{\"distance_km\":1000}", 300, "measured");
    jdoc_free(r);
    r = tool_call(&bench, "calculate_gas_cost", NULL,
        "{\"distance_km\":1000,\"vehicle_id\":\"none\"}");
    assert_string_equal(text_at(r, "/error/code"), "not_found");
    jdoc_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assumes_without_a_vehicle),
        cmocka_unit_test(takes_what_is_stored),
        cmocka_unit_test(takes_what_was_measured),
        cmocka_unit_test(contradictions_are_asked_back),
        cmocka_unit_test(another_vehicle_is_asked_about),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
