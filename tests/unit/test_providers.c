/* SPDX-License-Identifier: BSD-2-Clause */
/* Weather, places, fuel prices, roads, videos and the geocoder: what is asked, what is made of the
 * answer, and that nothing is made up when there is none. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/provider_double.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One call with one answer of the provider; the request must hold `asked`. */
static jdoc *with(const char *setting, const char *answer, const char *tool, const char *args,
    const char *asked)
{
    struct provider_double d;
    provider_double_start(&d, &bench, setting, "200 OK", answer);
    jdoc *r = tool_call(&bench, tool, NULL, args);
    if (!strstr(d.seen, asked))
        fail_msg("%s was asked: %s", setting, d.seen);
    provider_double_stop(&d);
    return r;
}

static void expect_error(jdoc *r, const char *code)
{
    assert_string_equal(text_at(r, "/error/code"), code);
    jdoc_free(r);
}

static const char forecast[] =
    "{\"timezone\":\"Australia/Sydney\",\"daily\":{\"time\":[\"2026-11-22\","
    "\"2026-11-23\"],\"weather_code\":[1,95],\"temperature_2m_max\":[26.44,null],"
    "\"temperature_2m_min\":[17,16],\"wind_gusts_10m_max\":[30,90]},\"current\":{\"time\":"
    "\"2026-11-22T13:00\",\"weather_code\":61,\"temperature_2m\":22.5,\"wind_speed_10m\":45}}";

static void reads_a_forecast(void **state)
{
    (void)state;
    jdoc *r = with("weather.url", forecast, "get_weather_forecast",
        "{\"location\":\"Sydney\",\"days\":2}",
        "GET /base/v1/forecast?latitude=-33.86785&longitude=151.20732&daily=weather_code,");
    assert_true(number_at(r, "/weather/days/0/high_c") == 26.4);
    assert_string_equal(text_at(r, "/weather/days/1/conditions"), "thunderstorm");
    assert_null(jdoc_get(at(r, "/weather/days/1"), "high_c")); /* unknown stays unknown */
    assert_memory_equal(text_at(r, "/weather/source"), "127.0.0.1:", 10);
    assert_non_null(text_at(r, "/weather/retrieved_at"));
    jdoc_free(r);
    r = with("weather.url", forecast, "weather_advisor",
        "{\"action\":\"check_travel_conditions\",\"location\":\"Gold Coast\",\"days\":\"2\"}",
        "forecast_days=2");
    assert_string_equal(text_at(r, "/weather/days/1/travel"), "poor");
    assert_string_equal(text_at(r, "/weather/days/0/travel"), "good");
    assert_string_equal(text_at(r, "/weather/current/travel"), "caution");
    jdoc_free(r);
}

static void takes_the_users_place(void **state)
{
    (void)state;
    tool_refused(&bench, "get_weather_forecast", "{}", "provider_not_configured", NULL);
    expect_error(with("weather.url", forecast, "get_weather_forecast", "{}", ""),
        "invalid_argument");
    bench.context.has_location = true;
    bench.context.latitude = -27.5;
    bench.context.longitude = 153;
    jdoc_free(with("weather.url", forecast, "get_weather_forecast", "{\"location\":null}",
        "latitude=-27.50000&longitude=153.00000"));
    bench.context.has_location = false;
    bench.context.location_text = "Perth";
    jdoc_free(with("weather.url", forecast, "get_weather_forecast", "{}", "latitude=-31.95224"));
    bench.context.location_text = NULL;
}

static void follows_a_route(void **state)
{
    (void)state;
    char two[2 * sizeof forecast + 8];
    snprintf(two, sizeof two, "[%s,%s]", forecast, forecast);
    static const char args[] =
        "{\"action\":\"get_route_weather\",\"location\":\"Sydney\",\"route_points\":"
        "[\"Sydney\",\"Brisbane\"]}";
    jdoc *r = with("weather.url", two, "weather_advisor", args,
        "latitude=-33.86785,-27.46794&longitude=151.20732,153.02809");
    assert_int_equal(jdoc_length(at(r, "/weather/along_route")), 2);
    jdoc_free(r);
    expect_error(with("weather.url", forecast, "weather_advisor", args, ""), "provider_failed");
    expect_error(with("weather.url", forecast, "weather_advisor",
                     "{\"action\":\"get_route_weather\",\"location\":\"Sydney\"}", ""),
        "invalid_argument");
}

static void never_invents(void **state)
{
    (void)state;
    static const char *const broken[] = {"<html>", "{}", "{\"error\":true}", "[]",
        "{\"daily\":{\"time\":[5]}}", "{\"daily\":{\"time\":[\"2026-11-22\"]}} x", "null"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        expect_error(with("weather.url", broken[i], "get_weather_forecast",
                         "{\"location\":\"Sydney\"}", ""),
            "provider_failed");
    static const struct {
        const char *setting, *tool, *args;
    } others[] = {{"places.url", "find_rv_parks", "{\"location\":\"Sydney\"}"},
        {"fuel.url", "find_cheap_gas", "{\"location\":\"Sydney\"}"},
        {"roads.url", "get_road_conditions", "{\"route\":\"M1\"}"},
        {"videos.url", "search_travel_videos", "{\"query\":\"x\"}"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct provider_double d;
        tool_refused(&bench, others[i].tool, others[i].args, "provider_not_configured", NULL);
        expect_error(with(others[i].setting, "{}", others[i].tool, others[i].args, ""),
            "provider_failed");
        expect_error(with(others[i].setting, "<", others[i].tool, others[i].args, ""),
            "provider_failed");
        provider_double_start(&d, &bench, others[i].setting, "429 Too Many", "{}");
        expect_error(tool_call(&bench, others[i].tool, NULL, others[i].args), "provider_failed");
        provider_double_stop(&d);
    }
}

static void stops_when_told(void **state)
{
    (void)state;
    struct provider_double d;
    provider_double_start(&d, &bench, "weather.url", "200 OK", "");
    struct tools_run run = {.context = &bench.context,
        .spec = tools_find("get_weather_forecast"),
        .arena = arena_new()};
    static const char args[] = "{\"location\":\"Sydney\"}";
    assert_int_equal(tools_start(&run, args, strlen(args)), ERR_PENDING);
    reactor_step(bench.reactor, 0, NULL);
    tools_cancel(&run);
    assert_string_equal(text_at(run.result, "/error/code"), "cancelled");
    tools_fini(&run);
    arena_free(run.arena);
    provider_double_stop(&d);
}

static void caps_what_is_read(void **state)
{
    (void)state;
    size_t size = 3 * 1024 * 1024;
    char *large = malloc(size + 1);
    assert_non_null(large);
    memset(large, ' ', size);
    large[size] = '\0';
    expect_error(with("weather.url", large, "get_weather_forecast", "{\"location\":\"Sydney\"}",
                     ""),
        "provider_failed");
    free(large);
}

static void asks_the_geocoder(void **state)
{
    (void)state;
    struct provider_double d;
    char why[CONF_WHY_SIZE];
    provider_double_start(&d, &bench, "weather.url", "200 OK", forecast);
    jdoc *r = with("geocode.url",
        "[{\"lat\":\"-16.48\",\"lon\":\"145.46\",\"display_name\":\"Port Douglas\"}]",
        "get_weather_forecast", "{\"location\":\"Port Douglas & more\"}",
        "GET /base/search?q=Port%20Douglas%20%26%20more&format=jsonv2");
    assert_string_equal(text_at(r, "/weather/place/name"), "Port Douglas");
    assert_non_null(strstr(d.seen, "latitude=-16.48"));
    jdoc_free(r);
    conf_set(&bench.conf, "geocode.form", "photon", why);
    r = with("geocode.url",
        "{\"features\":[{\"geometry\":{\"coordinates\":[145.46,-16.48]},\"properties\":"
        "{\"name\":\"Port Douglas\",\"country\":\"Australia\"}}]}",
        "get_weather_forecast", "{\"location\":\"Port Douglas\"}",
        "GET /base/api?q=Port%20Douglas");
    assert_string_equal(text_at(r, "/weather/place/name"), "Port Douglas, Australia");
    jdoc_free(r);
    conf_set(&bench.conf, "geocode.form", "nominatim", why);
    expect_error(with("geocode.url", "[]", "get_weather_forecast", "{\"location\":\"Nowhere\"}",
                     ""),
        "invalid_argument");
    expect_error(with("geocode.url", "[{\"lat\":\"x\",\"lon\":\"1\",\"display_name\":\"X\"}]",
                     "get_weather_forecast", "{\"location\":\"Nowhere\"}", ""),
        "provider_failed");
    expect_error(with("geocode.url", "[{\"lat\":\"99\",\"lon\":\"1\",\"display_name\":\"X\"}]",
                     "get_weather_forecast", "{\"location\":\"Nowhere\"}", ""),
        "provider_failed");
    provider_double_stop(&d);
    /* Regions are known by their largest town. */
    r = tool_ok(&bench, "seasonal_weather_check", "{\"region\":\"Queensland\",\"month\":\"Jul\"}");
    assert_string_equal(text_at(r, "/place/name"), "Queensland, Australia");
    assert_non_null(strstr(text_at(r, "/place/note"), "largest town, Brisbane"));
    jdoc_free(r);
}

static void finds_places(void **state)
{
    (void)state;
    static const char answer[] =
        "{\"elements\":["
        "{\"type\":\"way\",\"center\":{\"lat\":-33.9,\"lon\":151.2},\"tags\":{\"name\":\"Far\\nPark\",\"tourism\":"
        "\"caravan_site\",\"power_supply\":\"yes\",\"charge\":\"60 AUD\"}},"
        "{\"type\":\"node\",\"lat\":-33.87,\"lon\":151.2,\"tags\":{\"name\":\"Near\",\"shower\":\"no\",\"maxstay\":"
        "\"2 days\"}},{\"type\":\"node\",\"lat\":-33.88,\"lon\":151.2,\"tags\":{\"name\":\"Middle\"}},"
        "{\"type\":\"node\",\"lat\":-33.88,\"lon\":151.2,\"tags\":{}},{\"type\":\"node\",\"lat\":\"x\"},7]}";
    jdoc *r = with("places.url", answer, "find_rv_parks",
        "{\"location\":\"Sydney\",\"radius_miles\":10}", "caravan_site");
    assert_int_equal(number_at(r, "/found"), 3);
    assert_string_equal(text_at(r, "/parks/0/name"), "Near");
    assert_string_equal(text_at(r, "/parks/2/name"), "Far Park");
    assert_string_equal(text_at(r, "/parks/2/amenities/0"), "electric");
    jdoc_free(r);
    r = with("places.url", answer, "find_rv_parks",
        "{\"location\":\"Sydney\",\"amenities\":\"shower\",\"max_price\":50}", "around");
    assert_int_equal(number_at(r, "/found"), 1);
    jdoc_free(r);
    r = with("places.url", answer, "find_longstay_parks", "{\"region\":\"Sydney\"}", "around");
    assert_int_equal(number_at(r, "/found"), 2);
    jdoc_free(r);
    r = with("places.url", "{\"elements\":[]}", "find_attractions",
        "{\"latitude\":-33.9,\"longitude\":151.2,\"types\":[\"waterfall\"]}", "waterway");
    assert_int_equal(jdoc_length(at(r, "/attractions")), 0);
    jdoc_free(r);
    r = with("places.url", answer, "mapbox_navigator",
        "{\"action\":\"find_fuel_stops\",\"destination\":\"Sydney\"}", "fuel");
    assert_int_equal(jdoc_length(at(r, "/fuel_stops")), 3);
    jdoc_free(r);
    tool_refused(&bench, "mapbox_navigator", "{\"action\":\"find_campgrounds\"}",
        "provider_not_configured", NULL);
}

static void finds_prices_roads_and_videos(void **state)
{
    (void)state;
    char why[CONF_WHY_SIZE];
    conf_set(&bench.conf, "fuel.key", "s3cret", why);
    jdoc *r = with("fuel.url",
        "{\"stations\":[{\"name\":\"Dear\",\"latitude\":-33.9,\"longitude\":151.2,\"price\":2.1},"
        "{\"name\":\"Cheap\",\"latitude\":-33.9,\"longitude\":151.2,\"price\":1.7,\"currency\":\"AUD\",\"unit\":\"litre\"},"
        "{\"name\":\"Perth\",\"latitude\":-31.9,\"longitude\":115.8,\"price\":1.0},{\"name\":\"Free\",\"latitude\":-33.9,"
        "\"longitude\":151.2,\"price\":-1}]}",
        "find_cheap_gas", "{\"location\":\"Sydney\",\"fuel_type\":\"Diesel\"}", "fuel=diesel");
    assert_int_equal(jdoc_length(at(r, "/stations")), 2);
    assert_string_equal(text_at(r, "/stations/0/name"), "Cheap");
    jdoc_free(r);
    r = with("fuel.url", "{\"stations\":[]}", "find_cheap_gas", "{\"location\":\"Sydney\"}",
        "Authorization: Bearer s3cret");
    jdoc_free(r);
    static const char events[] =
        "{\"events\":[{\"id\":\"1\",\"headline\":\"Flooding\",\"severity\":\"MAJOR\",\"roads\":"
        "[{\"name\":\"Bruce Highway\"}]},{\"id\":\"2\",\"headline\":\"Works\",\"roads\":[{\"name\":\"M1\"}]}]}";
    r = with("roads.url", events, "get_road_conditions", "{\"route\":\"bruce highway\"}",
        "road_name=bruce%20highway");
    assert_int_equal(number_at(r, "/found"), 1);
    jdoc_free(r);
    r = with("roads.url", events, "get_road_conditions",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}",
        "bbox=150.7073,-34.3678,153.5281,-26.9679");
    assert_int_equal(number_at(r, "/found"), 2);
    jdoc_free(r);
    r = with("videos.url",
        "{\"items\":[{\"id\":{\"videoId\":\"abc_-1\"},\"snippet\":{\"title\":\"Tips\"}},{\"id\":"
        "{\"videoId\":\"a b\\\"\"},\"snippet\":{\"title\":\"Bad\"}},{\"id\":\"x\"}]}",
        "search_travel_videos", "{\"query\":\"towing\",\"video_type\":\"rv_tips\"}",
        "q=towing%20RV%20tips&maxResults=5");
    assert_int_equal(jdoc_length(at(r, "/videos")), 1);
    assert_string_equal(text_at(r, "/videos/0/url"), "https://www.youtube.com/watch?v=abc_-1");
    jdoc_free(r);
}

static void orders_stops(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "optimize_route",
        "{\"waypoints\":[\"Sydney\",\"Perth\",\"Brisbane\",\"Melbourne\",\"Gold Coast\"]}");
    assert_string_equal(text_at(r, "/route/stops/0/name"), "Sydney, New South Wales, Australia");
    assert_string_equal(text_at(r, "/route/stops/4/name"), "Perth, Western Australia, Australia");
    assert_true(number_at(r, "/route/saved_km") > 1000);
    jdoc_free(r);
    /* One-way distances: the way back counts as the service says. */
    r = with("osrm.url",
        "{\"code\":\"Ok\",\"distances\":[[0,9000,1000],[1,0,1000],[5,2000,0]],\"durations\":"
        "[[0,1,99],[1,0,1],[1,99,0]]}",
        "optimize_route", "{\"waypoints\":[\"Sydney\",\"Brisbane\",\"Perth\"],\"avoid\":\"tolls\"}",
        "exclude=toll");
    assert_memory_equal(text_at(r, "/route/stops/1/name"), "Perth", 5);
    assert_true(number_at(r, "/route/optimized/distance_km") == 3);
    jdoc_free(r);
    tool_refused(&bench, "optimize_route", "{\"waypoints\":[\"Sydney\",\"Atlantis\"]}",
        "invalid_argument", "/waypoints/1");
    tool_refused(&bench, "optimize_route", "{\"waypoints\":\"Sydney\"}", "invalid_argument",
        "/waypoints");
}

static void knows_seasons_and_costs(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "seasonal_weather_check",
        "{\"region\":\"Melbourne\",\"month\":\"December\"}");
    assert_string_equal(text_at(r, "/weather/season"), "summer");
    assert_true(number_at(r, "/weather/daylight_hours") > 14.4 &&
        number_at(r, "/weather/daylight_hours") < 15);
    jdoc_free(r);
    r = tool_ok(&bench, "seasonal_weather_check", "{\"region\":\"Zurich\",\"month\":\"dec\"}");
    assert_string_equal(text_at(r, "/weather/season"), "winter");
    jdoc_free(r);
    tool_refused(&bench, "seasonal_weather_check", "{\"region\":\"Zurich\",\"month\":\"Smarch\"}",
        "invalid_argument", "/month");
    r = tool_ok(&bench, "suggest_seasonal_route",
        "{\"origin\":\"Melbourne\",\"destination_region\":\"Queensland\",\"travel_month\":\"June\",\"duration_weeks\":8,"
        "\"budget\":4000}");
    double nights = 0;
    for (size_t i = 0; i < jdoc_length(at(r, "/route/stops")); i++) {
        double n = 0;
        jdoc_get_double(jdoc_at(at(r, "/route/stops"), i), "nights", &n);
        nights += n;
    }
    assert_true(nights == 56);
    assert_true(number_at(r, "/route/budget_per_week") == 500);
    jdoc_free(r);
    r = tool_ok(&bench, "calculate_gas_cost",
        "{\"distance_miles\":500,\"mpg\":12.5,\"gas_price\":4}");
    assert_int_equal(number_at(r, "/cost/total_minor"), 16000);
    assert_int_equal(jdoc_length(at(r, "/cost/assumptions")), 0);
    jdoc_free(r);
    tool_refused(&bench, "calculate_gas_cost", "{}", "invalid_argument", "/distance_miles");
    tool_refused(&bench, "calculate_gas_cost", "{\"distance_miles\":10000}", "invalid_argument",
        "/distance_miles");
    r = tool_ok(&bench, "save_favorite_spot",
        "{\"location_name\":\"Camp\",\"location_address\":\"Perth\",\"rating\":\"5\"}");
    assert_true(number_at(r, "/favorite/latitude") < -31);
    jdoc_free(r);
    tool_refused(&bench, "save_favorite_spot",
        "{\"location_name\":\"Camp\",\"location_address\":\"Perth\",\"rating\":6}",
        "invalid_argument", "/rating");
}

static void no_tool_is_left_out(void **state)
{
    (void)state;
    tool_all_succeeded("travel", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_forecast),
        cmocka_unit_test(takes_the_users_place),
        cmocka_unit_test(follows_a_route),
        cmocka_unit_test(never_invents),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(caps_what_is_read),
        cmocka_unit_test(asks_the_geocoder),
        cmocka_unit_test(finds_places),
        cmocka_unit_test(finds_prices_roads_and_videos),
        cmocka_unit_test(orders_stops),
        cmocka_unit_test(knows_seasons_and_costs),
        cmocka_unit_test(no_tool_is_left_out),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
