/* SPDX-License-Identifier: BSD-2-Clause */
/* GPX files in and out: what they add up to, what is kept, and what is refused. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/tracks/gpx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int start(void **state)
{
    tool_fixture_start(state);
    return 0;
}

static struct gpx g;
static char why[GPX_WHY_SIZE];

static int read_text(const char *text)
{
    return gpx_read(text, strlen(text), &g, why);
}

static void adds_up(void **state)
{
    (void)state;
    assert_int_equal(read_text(
                         "<?xml version='1.0'?><gpx version='1.1'><metadata><name>File</name>"
                         "</metadata><trk><name>Up &amp; down</name><trkseg>"
                         "<trkpt lat='0' lon='0'><ele>10</ele><time>2026-11-29T20:00:00Z</time>"
                         "</trkpt><trkpt lat='0' lon='0.01'><ele>110</ele></trkpt>"
                         "<trkpt lat='0' lon='0.02'><ele>60</ele><time>2026-11-29T23:30:00+02:00"
                         "</time></trkpt></trkseg><trkseg><trkpt lat='1' lon='0'/></trkseg></trk>"
                         "</gpx>"),
        0);
    assert_string_equal(g.name, "Up & down");
    assert_string_equal(g.version, "1.1");
    assert_true(fabs(g.metres - 2223.9) < 1); /* the gap between segments is no way */
    assert_true(g.has_heights && g.lowest == 10 && g.highest == 110);
    assert_true(g.ascent > 50 && g.ascent < 100 && g.descent > 0);
    assert_int_equal(g.last_ms - g.first_ms, 90 * 60 * 1000);
    assert_int_equal(g.points, 4);
    assert_int_equal(g.line_count, 5);
    assert_true(g.south == 0 && g.north == 1 && g.east == 0.02);
}

static void refuses_with_a_reason(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {{"", "no GPX"}, {"hello", "no GPX"}, {"<kml></kml>", "no GPX"},
        {"<gpx></gpx>", "no track"}, {"<gpx>", "ends before"}, {"<gpx", "does not end"},
        {"<gpx><trk></gpx>", "close in order"}, {"</gpx>", "close in order"},
        {"<!DOCTYPE x [<!ENTITY a \"b\">]><gpx/>", "document type"}, {"<gpx><!-- ", "comment"},
        {"<gpx><![CDATA[ ", "CDATA"}, {"<gpx><?x ", "instruction"},
        {"<gpx><wpt lat='91' lon='0'/></gpx>", "latitude"},
        {"<gpx><wpt lat='nan' lon='0'/></gpx>", "latitude"},
        {"<gpx><wpt lat='1' lon='1e400'/></gpx>", "latitude"},
        {"<gpx><wpt lat='1'/></gpx>", "latitude"},
        {"<gpx><trkpt lat='1' lon='1'><ele>high</ele></trkpt></gpx>", "height"},
        {"<gpx><wpt lat='1' lon='1'><wpt lat='1' lon='1'/></wpt></gpx>", "inside"},
        {"<gpx><wpt lat='1' lon='1'><name>\xff</name></wpt></gpx>", "UTF-8"}};
    char deep[2000] = "";
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_text(cases[i].text), ERR_INVALID);
        if (!strstr(why, cases[i].why))
            fail_msg("\"%s\": %s", cases[i].text, why);
    }
    strcpy(deep, "<gpx>");
    for (int i = 0; i < 100; i++)
        strcat(deep, "<a>");
    assert_int_equal(read_text(deep), ERR_INVALID);
    assert_non_null(strstr(why, "nested"));
    static char large[1];
    assert_int_equal(gpx_read(large, GPX_BYTES_MAX + 1, &g, why), ERR_LIMIT);
}

/* Many points: the line for the map stays short and keeps both ends; a flood of them is refused. */
static void many_points_stay_few(void **state)
{
    size_t count = 20000, at = 0, size = count * 40 + 100;
    char *text = malloc(size);
    (void)state;
    assert_non_null(text);
    at += (size_t)snprintf(text, size, "<gpx><trk><trkseg>");
    for (size_t i = 0; i < count; i++)
        at +=
            (size_t)snprintf(text + at, size - at, "<trkpt lat='%.4f' lon='1'/>", (double)i / 1e4);
    at += (size_t)snprintf(text + at, size - at, "</trkseg></trk></gpx>");
    assert_int_equal(gpx_read(text, at, &g, why), 0);
    assert_int_equal(g.points, count);
    assert_true(g.line_count > 50 && g.line_count <= GPX_LINE_MAX);
    assert_true(g.line[0][0] == 0 && fabs(g.line[g.line_count - 1][0] - 1.9999) < 1e-9);
    for (size_t i = 1; i < g.line_count; i++)
        assert_true(g.line[i][0] >= g.line[i - 1][0]);
    free(text);
}

#define TRACK \
    "<gpx><trk><name>Hike</name><trkseg><trkpt lat=\\\"-28.64\\\" lon=\\\"153.62\\\"><ele>5</ele>" \
    "</trkpt><trkpt lat=\\\"-28.65\\\" lon=\\\"153.63\\\"><ele>90</ele></trkpt></trkseg></trk>" \
    "<wpt lat=\\\"-28.7\\\" lon=\\\"153.6\\\"><name>Camp &lt;1&gt;</name><desc>Shade</desc></wpt></gpx>"

static int64_t records(const char *key)
{
    char command[80];
    snprintf(command, sizeof command, "HLEN tp:{ann}:r:%s", key);
    return tool_fixture_number(command);
}

static void keeps_what_it_is_told(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "import_gpx", "{\"gpx\":\"" TRACK "\"}");
    assert_true(fabs(number_at(r, "/track/distance_km") - 1.48) < 0.02);
    assert_true(number_at(r, "/track/ascent_m") == 85);
    assert_string_equal(text_at(r, "/track/waypoints/0/name"), "Camp <1>");
    jdoc_free(r);
    assert_int_equal(records("track") + records("favorite"), 0);
    jdoc_free(tool_ok(&bench, "import_gpx", "{\"gpx\":\"" TRACK "\",\"store\":\"track\"}"));
    assert_int_equal(records("track"), 1);
    r = tool_ok(&bench, "import_gpx", "{\"gpx\":\"" TRACK "\",\"store\":\"favorites\"}");
    assert_true(number_at(r, "/favorites_saved") == 1);
    assert_int_equal(records("favorite"), 1);
    jdoc_free(r);
    tool_refused(&bench, "import_gpx", "{}", "invalid_argument", "/attachment_id");
    tool_refused(&bench, "import_gpx", "{\"gpx\":\"<kml/>\"}", "invalid_argument", "/gpx");
    tool_refused(&bench, "import_gpx",
        "{\"gpx\":\"<gpx><trkpt lat='1' lon='1'/></gpx>\",\"store\":\"favorites\"}",
        "invalid_argument", "/store");
    r = tool_call(&bench, "import_gpx", NULL,
        "{\"attachment_id\":\"att-0123456789abcdef0123456789abcdef\"}");
    assert_string_equal(text_at(r, "/error/code"), "not_found");
    jdoc_free(r);
    assert_int_equal(records("track"), 1);
}

/* What goes out comes in again. */
static void a_trip_goes_out(void **state)
{
    (void)state;
    jdoc *r = tool_call(&bench, "export_trip_gpx", NULL, "{}");
    assert_string_equal(text_at(r, "/error/code"), "not_found");
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "plan_trip",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"waypoints\":[\"Gold Coast\"]}"));
    r = tool_ok(&bench, "export_trip_gpx", "{}");
    assert_int_equal(read_text(text_at(r, "/file/text")), 0);
    assert_int_equal(g.waypoints, 3);
    assert_int_equal(g.routes, 1);
    assert_string_equal(g.all[1].name, "Gold Coast");
    assert_true(g.route_metres > 700000 && g.route_metres < 800000);
    jdoc_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(adds_up),
        cmocka_unit_test(refuses_with_a_reason), cmocka_unit_test(many_points_stay_few),
        cmocka_unit_test_setup(keeps_what_it_is_told, tool_fixture_empty),
        cmocka_unit_test_setup(a_trip_goes_out, tool_fixture_empty)};
    return cmocka_run_group_tests(tests, start, tool_fixture_stop);
}
