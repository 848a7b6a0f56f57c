/* SPDX-License-Identifier: BSD-2-Clause */
/* Routing services in Valhalla's form and OSRM's: what they are asked, the size of the vehicle,
 * ferries, tolls, borders, and what a traveller reads when they fail. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/provider_double.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/route_rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WAY "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}"
#define ANSWER(more) \
    "{\"trip\":{\"legs\":[{\"summary\":{\"length\":916.5,\"time\":34000" more "}]}}"

static int start(void **state)
{
    tool_fixture_start(state);
    return 0;
}

static jdoc *asked(const char *setting, const char *status, const char *answer, const char *tool,
    const char *args, struct provider_double *d)
{
    provider_double_start(d, &bench, setting, status, answer);
    jdoc *r = tool_call(&bench, tool, NULL, args);
    return r;
}

static bool noted(const jdoc *r, const char *words)
{
    const jdoc *notes = at(r, "/notes");
    for (size_t i = 0; i < jdoc_length(notes); i++)
        if (strstr(jdoc_string(jdoc_at(notes, i), NULL), words))
            return true;
    return false;
}

static void a_car_goes_by_valhalla(void **state)
{
    struct provider_double d;
    (void)state;
    jdoc *r = asked("valhalla.url", "200 OK",
        ANSWER(",\"has_toll\":true},\"maneuvers\":[{\"type\":1,\"instruction\":\"Go\"},"
               "{\"type\":28,\"street_names\":[\"Manly Ferry\"],\"instruction\":\"Take it\"}]"),
        "calculate_distance",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"avoid\":[\"tolls\",\"unpaved\"]}",
        &d);
    assert_true(number_at(r, "/route/distance_km") == 916.5);
    assert_string_equal(text_at(r, "/route/method"), "routing service");
    assert_non_null(strstr(d.seen, "POST /base/route HTTP"));
    assert_non_null(strstr(d.seen, "\"costing\":\"auto\""));
    assert_non_null(strstr(d.seen, "\"use_tolls\":0"));
    assert_non_null(strstr(d.seen, "\"exclude_unpaved\":true"));
    assert_non_null(strstr(d.seen, "\"locations\":[{\"lat\":-33.86785,\"lon\":151.20732}"));
    assert_true(noted(r, "By ferry: Manly Ferry."));
    assert_true(noted(r, "There are tolls on the way"));
    jdoc_free(r);
    provider_double_stop(&d);
}

#define CELL(km) "{\"distance\":" km ",\"time\":3600}"
#define ROW(a, b, c) "[" CELL(a) "," CELL(b) "," CELL(c) "]"

/* The best order by Valhalla's matrix, for the vehicle's size. */
static void an_order_goes_by_valhalla(void **state)
{
    struct provider_double d;
    bool estimate = false;
    const char *stops = "{\"waypoints\":[\"Sydney\",\"Perth\",\"Brisbane\"],\"avoid\":[\"tolls\"]}";
    (void)state;
    jdoc_free(tool_ok(&bench, "create_vehicle", "{\"name\":\"Rig\",\"height_m\":3.2}"));
    jdoc *r = asked("valhalla.url", "200 OK",
        "{\"sources_to_targets\":[" ROW("0", "880", "290") "," ROW("880", "0", "670") "," ROW("290",
            "670", "0") "]}",
        "optimize_route", stops, &d);
    assert_true(number_at(r, "/route/optimized/distance_km") == 960);
    assert_true(number_at(r, "/route/as_given/distance_km") == 1550);
    assert_non_null(strstr(text_at(r, "/route/note"), "taken as a large truck's"));
    assert_non_null(strstr(text_at(r, "/route/method"), "for a vehicle of this size"));
    assert_non_null(strstr(d.seen, "POST /base/sources_to_targets HTTP"));
    assert_non_null(strstr(d.seen, "\"sources\":[{\"lat\":-33.86785"));
    assert_non_null(strstr(d.seen, "\"height\":3.2"));
    assert_non_null(strstr(d.seen, "\"use_tolls\":0"));
    jdoc_free(r);
    provider_double_stop(&d);
    /* what it does not answer is estimated, and said */
    static const struct {
        const char *status, *answer, *note;
    } rows[] = {{"200 OK",
                    "{\"sources_to_targets\":[" ROW("0", "880", "290") "," ROW("880", "0",
                        "670") "," ROW("290", "null", "0") "]}",
                    "told no way from Brisbane"},
        {"200 OK", "{\"sources_to_targets\":[[]]}", "gave no distances"},
        {"400 Bad Request",
            "{\"error_code\":154,\"error\":\"Path distance exceeds the max distance limit\"}",
            "gave no distances"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        r = asked("valhalla.url", rows[i].status, rows[i].answer, "optimize_route", stops, &d);
        assert_true(jdoc_get_bool(at(r, "/route"), "estimate", &estimate) == 0 && estimate);
        assert_non_null(strstr(text_at(r, "/route/note"), rows[i].note));
        assert_non_null(strstr(text_at(r, "/route/note"), "3.20 m) was not considered"));
        jdoc_free(r);
        provider_double_stop(&d);
    }
}

/* The size is kept with the vehicle and goes to the service; what is no size is refused. */
static void the_vehicles_size_counts(void **state)
{
    struct provider_double d;
    (void)state;
    tool_refused(&bench, "create_vehicle", "{\"name\":\"Rig\",\"height_m\":32}", "invalid_argument",
        "/height_m");
    jdoc_free(tool_ok(&bench, "create_vehicle", "{\"name\":\"Rig\",\"height_m\":3.2}"));
    tool_refused(&bench, "update_vehicle_size", "{}", "invalid_argument", "");
    jdoc *r = tool_ok(&bench, "update_vehicle_size",
        "{\"weight_t\":4.5,\"length_m\":7.5,\"carries_propane\":true}");
    assert_true(number_at(r, "/vehicle/height_m") == 3.2);
    assert_true(number_at(r, "/vehicle/weight_t") == 4.5);
    jdoc_free(r);
    r = asked("valhalla.url", "200 OK", ANSWER("}"), "estimate_travel_time", WAY, &d);
    assert_non_null(strstr(d.seen, "\"costing\":\"truck\""));
    assert_non_null(strstr(d.seen,
        "\"truck\":{\"height\":3.2,\"length\":7.5,\"weight\":4.5,"
        "\"hazmat\":true}"));
    assert_true(noted(r,
        "The way suits the vehicle (height 3.20 m, length 7.50 m, weight 4.50 t, "
        "propane on board)"));
    jdoc_free(r);
    provider_double_stop(&d);
    r = asked("osrm.url", "200 OK",
        "{\"code\":\"Ok\",\"routes\":[{\"legs\":[{\"distance\":900000,\"duration\":33000}]}]}",
        "calculate_distance",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"avoid\":[\"ferries\",\"unpaved\"]}",
        &d);
    assert_non_null(strstr(d.seen, "?overview=false&exclude=ferry "));
    assert_true(noted(r, "The vehicle's size (height 3.20 m"));
    assert_true(noted(r, "Unpaved roads could not be avoided"));
    jdoc_free(r);
    provider_double_stop(&d);
    r = tool_ok(&bench, "plan_trip", WAY);
    assert_true(noted(r, "was not considered: low bridges"));
    jdoc_free(r);
}

/* No way is said; anything else falls back to the estimate, which says so. */
static void failures_are_said(void **state)
{
    static const struct {
        const char *status, *answer;
    } cases[] = {{"500 Oops", "{}"}, {"200 OK", "<html>"}, {"200 OK", "{\"trip\":{\"legs\":[]}}"},
        {"200 OK", "{\"trip\":{\"legs\":[{\"summary\":{\"length\":-1,\"time\":1}}]}}"},
        {"200 OK", "{\"trip\":{\"legs\":[{\"summary\":{\"length\":\"1\",\"time\":1}}]}}"},
        {"400 Bad Request", "{\"error_code\":154,\"error\":\"too far\"}"}};
    struct provider_double d;
    bool estimate;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jdoc *r =
            asked("valhalla.url", cases[i].status, cases[i].answer, "calculate_distance", WAY, &d);
        estimate = false;
        assert_int_equal(jdoc_get_bool(at(r, "/route"), "estimate", &estimate), 0);
        assert_true(estimate && noted(r, "could not be asked; this is an estimate"));
        jdoc_free(r);
        provider_double_stop(&d);
    }
    jdoc *r = asked("valhalla.url", "400 Bad Request",
        "{\"error_code\":442,\"error\":\"No path could be found for input\"}", "calculate_distance",
        WAY, &d);
    assert_string_equal(text_at(r, "/error/code"), "no_route");
    jdoc_free(r);
    provider_double_stop(&d);
}

static void borders_and_sides_are_said(void **state)
{
    (void)state;
    assert_true(route_rules_left("GB") && route_rules_left("AU") && route_rules_left("ZW"));
    assert_false(route_rules_left("FR") || route_rules_left("US") || route_rules_left(""));
    jdoc *r = tool_ok(&bench, "calculate_distance",
        "{\"origin\":\"Z\xc3\xbcrich\",\"destination\":\"Birmingham, England\"}");
    assert_true(noted(r, "crosses at least one border (CH to United Kingdom)"));
    assert_true(noted(r, "In United Kingdom people drive on the left."));
    jdoc_free(r);
    r = tool_ok(&bench, "calculate_distance", WAY);
    assert_false(noted(r, "border") || noted(r, "people drive"));
    jdoc_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_car_goes_by_valhalla),
        cmocka_unit_test(an_order_goes_by_valhalla), cmocka_unit_test(failures_are_said),
        cmocka_unit_test(borders_and_sides_are_said), cmocka_unit_test(the_vehicles_size_counts)};
    return cmocka_run_group_tests(tests, start, tool_fixture_stop);
}
