/* SPDX-License-Identifier: BSD-2-Clause */
/* Which place is meant, what the geocoder is asked, and that seas are no roads. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/provider_double.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/land.h"
#include "tools/kit/place_choose.h"
#include "tools/kit/road.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int start(void **state)
{
    tool_fixture_start(state);
    return 0;
}

static int stop(void **state)
{
    land_close();
    return tool_fixture_stop(state);
}

static void set(const char *key, const char *value)
{
    char why[CONF_WHY_SIZE];
    assert_int_equal(conf_set(&bench.conf, key, value, why), 0);
}

/* --- the build's own files, when they are in the folder that the tests run in --- */

static bool real_files(void)
{
    if (access("gazetteer.tsv", R_OK) != 0 || access("landmass.bin", R_OK) != 0)
        return false;
    set("gazetteer.file", "gazetteer.tsv");
    assert_int_equal(gazetteer_open("gazetteer.tsv"), 0);
    assert_int_equal(land_open("", "gazetteer.tsv"), 0);
    road_open(&bench.conf);
    return true;
}

static void test_files(void)
{
    set("gazetteer.file", bench.gazetteer);
    land_close();
}

struct chosen {
    struct gazetteer_candidates lists[2];
    size_t at[2];
    int unclear;
};

static void choose(const char *a, const char *b, const char *country, struct chosen *c)
{
    const struct gazetteer_candidates *lists[] = {&c->lists[0], &c->lists[1]};
    struct gazetteer_bias bias = {0};
    snprintf(bias.country_code, sizeof bias.country_code, "%s", country);
    if (gazetteer_candidates(a, &bias, &c->lists[0]) != 0)
        fail_msg("\"%s\" is not known", a);
    if (b && gazetteer_candidates(b, &bias, &c->lists[1]) != 0)
        fail_msg("\"%s\" is not known", b);
    place_choose(lists, b ? 2 : 1, c->at, &c->unclear);
}

static void expect(const char *text, const struct gazetteer_place *p, const char *country,
    const char *region)
{
    if (strcmp(p->country_code, country) != 0 || (region && strcmp(p->region, region) != 0))
        fail_msg("\"%s\" was taken as %s, %s, %s", text, p->name, p->region, p->country_code);
}

static void knows_well_known_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *country;
    } cases[] = {{"Broome", "AU"}, {"Byron Bay", "AU"}, {"Moab", "US"}, {"Banff", "CA"},
        {"W\xc4\x81naka", "NZ"}, {"Uluru", "AU"}, {"ayers rock", "AU"}, {"Yellowstone", "US"},
        {"Kakadu National Park", "AU"}, {"Florida", "US"}, {"NSW", "AU"}, {"Scotland", "GB"},
        {"K\xc3\xb6ln", "DE"}, {"Cologne", "DE"}, {"Muenchen", "DE"}, {"Z\xc3\xbcrich", "CH"},
        {"Mt Cook", "NZ"}, {"St Petersburg", "RU"}, {"Milford Sound", "NZ"},
        {"the Nullarbor", "AU"}, {"Tuscany", "IT"}, {"K'gari", "AU"}, {"New York", "US"},
        {"Isle of Skye", "GB"}, {"Queenstown", "NZ"}, {"Naples", "IT"}, {"Athens", "GR"},
        {"London", "GB"}, {"Hobart", "AU"}, {"Coober Pedy", "AU"}, {"Spain", "ES"},
        {"Eden, NSW", "AU"}, {"Portland OR", "US"}, {"Perth Scotland", "GB"},
        {"Perth, Scotland", "GB"}, {"Newport, Isle of Wight", "GB"}, {"Georgia, USA", "US"},
        {"La Paz, Mexico", "MX"}, {"St. John's, Newfoundland", "CA"},
        {"Espa\xc3\xb1"
         "a",
            "ES"},
        {"Deutschland", "DE"}, {"\xc3\x96sterreich", "AT"}, {"Polska", "PL"}, {"Brasil", "BR"},
        {"Bayern", "DE"},
        {"Catalu\xc3\xb1"
         "a",
            "ES"},
        {"Coromandel", "NZ"}, {"Franz Josef", "NZ"}, {"Florence", "IT"}, {"Valencia", "ES"},
        {"Granada", "ES"}, {"York", "GB"}, {"Cornwall", "GB"}, {"Dunedin", "NZ"},
        {"Portland", "US"}, {"Port Hardy", "CA"}, {"Block Island", "US"},
        {"Stratford-upon-Avon", "GB"}, {"Paris", "FR"}, {"Rome", "IT"}, {"Berlin", "DE"},
        {"Perth", "AU"}, {"Dublin", "IE"}, {"California", "US"}, {"Tasmania", "AU"}};
    struct chosen c;
    if (!real_files())
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        choose(cases[i].text, NULL, "", &c);
        expect(cases[i].text, &c.lists[0].all[c.at[0]].place, cases[i].country, NULL);
        if (c.unclear >= 0)
            fail_msg("\"%s\" is asked about", cases[i].text);
    }
    test_files();
}

static void near_goes_with_near(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *user, *first, *second;
    } cases[] = {{"Christchurch", "Queenstown", "", "NZ", "NZ"}, {"Eden", "Sydney", "", "AU", "AU"},
        {"Perth", "Dundee", "", "GB", "GB"}, {"Melbourne", "Hobart", "", "AU", "AU"},
        {"Birmingham", "Atlanta", "AU", "US", "US"}, {"Halifax", "Sydney", "", "CA", "CA"},
        {"Cambridge", "Hamilton", "NZ", "NZ", "NZ"}, {"Panama City", "Bogota", "", "PA", "CO"},
        {"Cherbourg", "Rosslare", "", "FR", "IE"}, {"Boston", "Portland", "", "US", "US"},
        {"Frankfurt", "Rothenburg", "", "DE", "DE"},
        {"Buenos Aires", "Mexico City", "", "AR", "MX"}, {"Boston", "Portland", "US", "US", "US"}};
    struct chosen c;
    if (!real_files())
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        choose(cases[i].a, cases[i].b, cases[i].user, &c);
        expect(cases[i].a, &c.lists[0].all[c.at[0]].place, cases[i].first, NULL);
        expect(cases[i].b, &c.lists[1].all[c.at[1]].place, cases[i].second, NULL);
        if (c.unclear >= 0)
            fail_msg("%s to %s is asked about", cases[i].a, cases[i].b);
    }
    test_files();
}

static void asks_what_nothing_decides(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *user;
    } cases[] = {{"Christchurch", NULL, ""}, {"Georgia", NULL, ""}, {"Birmingham", NULL, ""},
        {"Springfield", NULL, "US"}, {"Cordoba", NULL, ""}, {"Stratford", NULL, ""},
        {"Perth", "Dundee", "AU"}, {"Victoria", NULL, ""}};
    struct chosen c;
    size_t choices[5];
    if (!real_files())
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        choose(cases[i].a, cases[i].b, cases[i].user, &c);
        if (c.unclear != 0)
            fail_msg("%s is guessed: %s", cases[i].a, c.lists[0].all[c.at[0]].place.country);
        size_t count = place_choices(&c.lists[0], choices, 5);
        assert_true(count >= 2 && count <= 5);
    }
    test_files();
}

/* --- through the tools --- */

static void the_question_names_the_places(void **state)
{
    (void)state;
    jdoc *r = tool_call(&bench, "calculate_distance", NULL,
        "{\"origin\":\"-27.47,153.02\",\"destination\":\"Birmingham\"}");
    assert_string_equal(text_at(r, "/error/code"), "ambiguous");
    assert_string_equal(text_at(r, "/error/path"), "/destination");
    assert_non_null(strstr(text_at(r, "/message"), "Birmingham, England, United Kingdom"));
    assert_non_null(strstr(text_at(r, "/message"), "Birmingham, Alabama, United States"));
    jdoc_free(r);
    tool_refused(&bench, "optimize_route", "{\"waypoints\":[\"-27.47,153.02\",\"Birmingham\"]}",
        "ambiguous", "/waypoints/1");
    tool_refused(&bench, "plan_trip",
        "{\"origin\":\"Birmingham\",\"destination\":\"-27.47,153.02\"}", "ambiguous", "/origin");
    jdoc_free(tool_ok(&bench, "calculate_distance",
        "{\"origin\":\"Birmingham, Alabama\",\"destination\":\"33,-87\"}"));
}

/* Every tool asks the geocoder for what the gazetteer does not know, once; and guards its
 * answers. */
static void every_tool_asks_the_geocoder(void **state)
{
    (void)state;
    static const struct {
        const char *tool, *args;
    } calls[] = {{"calculate_distance", "{\"origin\":\"Sydney\",\"destination\":\"Byron Bay\"}"},
        {"plan_trip", "{\"origin\":\"Byron Bay\",\"destination\":\"Brisbane\"}"},
        {"estimate_travel_time", "{\"origin\":\"Byron Bay\",\"destination\":\"Sydney\"}"},
        {"optimize_route", "{\"waypoints\":[\"Sydney\",\"Byron Bay\",\"Brisbane\"]}"},
        {"mapbox_navigator",
            "{\"action\":\"calculate_costs\",\"origin\":\"Byron Bay\",\"destination\":\"Sydney\"}"},
        {"suggest_seasonal_route", "{\"origin\":\"Sydney\",\"destination_region\":\"Byron Bay\"}"},
        {"seasonal_weather_check", "{\"region\":\"Byron Bay\",\"month\":\"july\"}"}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct provider_double d;
        provider_double_start(&d, &bench, "geocode.url", "200 OK",
            "[{\"lat\":\"-28.65\",\"lon\":\"153.61\",\"display_name\":\"Byron Bay\",\"importance\":0.5}]");
        jdoc_free(tool_ok(&bench, calls[i].tool, calls[i].args));
        assert_non_null(strstr(d.seen, "GET /base/search?q=Byron%20Bay"));
        d.seen[0] = '\0'; /* remembered: the geocoder is not asked again */
        jdoc_free(tool_ok(&bench, calls[i].tool, calls[i].args));
        assert_string_equal(d.seen, "");
        provider_double_stop(&d);
    }
    struct provider_double d;
    provider_double_start(&d, &bench, "geocode.url", "200 OK",
        "[{\"lat\":\"59.93\",\"lon\":\"30.33\",\"display_name\":\"There\",\"importance\":0.5}]");
    for (int i = 0; i < 2; i++) { /* two names of which Latin letters are the same */
        d.seen[0] = '\0';
        jdoc_free(tool_ok(&bench, "seasonal_weather_check",
            i == 0 ? "{\"region\":\"Невский проспект 10\",\"month\":\"may\"}" :
                     "{\"region\":\"улица Ленина 10\",\"month\":\"may\"}"));
        assert_non_null(strstr(d.seen, "GET /base/search?q="));
    }
    provider_double_stop(&d);
    provider_double_start(&d, &bench, "geocode.url", "200 OK",
        "[{\"lat\":\"-43.5\",\"lon\":\"172.6\",\"display_name\":\"Avon, NZ\",\"importance\":0.5},"
        "{\"lat\":\"50.7\",\"lon\":\"-1.8\",\"display_name\":\"Avon, UK\",\"importance\":0.48}]");
    jdoc *r = tool_call(&bench, "seasonal_weather_check", NULL,
        "{\"region\":\"Avon\",\"month\":\"may\"}");
    assert_string_equal(text_at(r, "/error/code"), "ambiguous");
    assert_non_null(strstr(text_at(r, "/message"), "Avon, NZ or Avon, UK"));
    jdoc_free(r);
    provider_double_stop(&d);
    set("geocode.url", "");
}

/* The site's turn to ask is waited for, some of them long; then the tool says so and asks
 * nobody. */
static void the_geocoder_is_asked_in_turn(void **state)
{
    (void)state;
    struct provider_double d;
    provider_double_start(&d, &bench, "geocode.url", "200 OK",
        "[{\"lat\":\"-28.65\",\"lon\":\"153.61\",\"display_name\":\"Here\",\"importance\":0.5}]");
    set("geocode.interval", "20ms");
    jdoc_free(tool_ok(&bench, "calculate_distance",
        "{\"origin\":\"Firstplace\",\"destination\":\"Secondplace\"}"));
    d.seen[0] = '\0';
    struct link *link = bench.context.store->link;
    assert_int_equal(link_command(link, NULL, "SET tp:geocode:turn 1 PX 60000"), 0);
    jdoc *r = tool_call(&bench, "seasonal_weather_check", NULL,
        "{\"region\":\"Thirdplace\",\"month\":\"may\"}");
    assert_string_equal(text_at(r, "/error/code"), "provider_unavailable");
    assert_string_equal(d.seen, "");
    jdoc_free(r);
    assert_int_equal(link_command(link, NULL, "DEL tp:geocode:turn"), 0);
    jdoc_free(
        tool_ok(&bench, "seasonal_weather_check", "{\"region\":\"Thirdplace\",\"month\":\"may\"}"));
    set("geocode.interval", "0");
    provider_double_stop(&d);
    set("geocode.url", "");
}

/* A slip of the finger is asked about, never guessed. */
static void misspelt_names_are_asked_about(void **state)
{
    (void)state;
    static const struct {
        const char *text, *meant;
    } cases[] = {{"Melborne", "Melbourne"}, {"Pheonix", "Phoenix"}, {"Phonix Arizona", "Phoenix"},
        {"Albequerque", "Albuquerque"}, {"Philidelphia", "Philadelphia"},
        {"Reykavik", "Reykjav\xc3\xadk"}, {"Amsterdm, Netherlands", "Amsterdam"},
        {"Massachusets", "Massachusetts"}};
    static const char *const nothing[] = {"xq", "", "zzzzzzzzzz", "Qwx, Australia", "a,b,c,d,e,f",
        "a name that is so long that nobody ever called a place by it, nor will"};
    struct gazetteer_bias bias = {0};
    struct gazetteer_place like;
    jdoc *r = tool_call(&bench, "calculate_distance", NULL,
        "{\"origin\":\"Sydny\",\"destination\":\"Brisbane\"}");
    assert_string_equal(text_at(r, "/error/path"), "/origin");
    assert_non_null(strstr(text_at(r, "/message"), "is Sydney, New South Wales, Australia meant?"));
    jdoc_free(r);
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        assert_int_equal(gazetteer_spelled_like(nothing[i], &bias, &like), ERR_NOT_FOUND);
    if (!real_files())
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (gazetteer_spelled_like(cases[i].text, &bias, &like) != 0)
            fail_msg("nothing is like %s", cases[i].text);
        assert_string_equal(like.name, cases[i].meant);
    }
    test_files();
}

/* --- the sea --- */

static void the_sea_is_no_road(void **state)
{
    (void)state;
    /* D: on wheels; F: with a ferry (its name has `ferry`); N: no road. km: at the wheel, 0 = not
     * checked */
    static const struct {
        char kind;
        const char *what, *ferry;
        double lat1, lon1, lat2, lon2, km;
    } cases[] = {{'N', "Sydney-Auckland", "", -33.87, 151.21, -36.85, 174.76, 0},
        {'N', "Los Angeles-Honolulu", "", 34.05, -118.24, 21.31, -157.86, 0},
        {'N', "Chennai-Colombo", "", 13.08, 80.27, 6.93, 79.86, 0},
        {'N', "Miami-Nassau", "", 25.77, -80.19, 25.06, -77.35, 0},
        {'N', "Miami-Havana", "", 25.77, -80.19, 23.13, -82.38, 0},
        {'N', "London-New York", "", 51.51, -0.13, 40.71, -74.01, 0},
        {'N', "Perth-Rottnest", "", -31.95, 115.86, -32.00, 115.52, 0},
        {'N', "Panama-Bogota", "", 8.99, -79.52, 4.61, -74.08, 0},
        {'N', "Haines-Cordova", "", 59.24, -135.45, 60.54, -145.76, 0},
        {'N', "Nassau-Freeport", "", 25.06, -77.35, 26.53, -78.70, 0},
        {'N', "Port Moresby-Lae", "", -9.44, 147.18, -6.72, 146.99, 0},
        {'N', "Seoul-Beijing", "", 37.57, 126.98, 39.91, 116.40, 0},
        {'D', "Seoul-Busan", "", 37.57, 126.98, 35.10, 129.04, 400},
        {'N', "Juneau-Angoon", "", 58.30, -134.42, 57.50, -134.58, 0},
        {'F', "Anchorage-Juneau", "Juneau", 61.22, -149.90, 58.30, -134.42, 0},
        {'F', "Haines-Juneau", "Juneau", 59.24, -135.45, 58.30, -134.42, 0},
        {'F', "Hobart-Bruny Island", "Bruny", -42.88, 147.33, -43.30, 147.30, 0},
        {'F', "Salvador-Itaparica", "Itaparica", -12.97, -38.51, -12.89, -38.67, 0},
        {'F', "Horta-Madalena", "Pico", 38.53, -28.63, 38.53, -28.52, 0},
        {'F', "Krabi-Koh Lanta", "Lanta", 8.07, 98.92, 7.60, 99.05, 0},
        {'F', "Manila-Puerto Princesa", "Palawan", 14.60, 120.98, 9.74, 118.74, 0},
        {'F', "Piraeus-Salamina", "Salamina", 37.94, 23.65, 37.96, 23.50, 0},
        {'D', "Nanaimo-Tofino", "", 49.17, -123.94, 49.15, -125.91, 205},
        {'D', "Tromso-Hammerfest", "", 69.65, 18.96, 70.66, 23.68, 0},
        {'D', "Torshavn-Klaksvik", "", 62.01, -6.77, 62.23, -6.58, 0},
        {'D', "Providence-Jamestown", "", 41.82, -71.41, 41.50, -71.37, 0},
        {'D', "London-Hayling Island", "", 51.51, -0.13, 50.79, -0.98, 0},
        {'D', "Miami-Key Biscayne", "", 25.77, -80.19, 25.69, -80.16, 0},
        {'N', "Nome-Anchorage", "", 64.50, -165.41, 61.22, -149.90, 0},
        {'N', "Iquitos-Lima", "", -3.75, -73.25, -12.05, -77.04, 0},
        {'N', "Nuuk-Ilulissat", "", 64.18, -51.72, 69.22, -51.10, 0},
        {'N', "Honolulu-Hilo", "", 21.31, -157.86, 19.73, -155.09, 0},
        {'N', "Sorrento-Capri", "", 40.63, 14.37, 40.55, 14.24, 0},
        {'N', "Perth-Lord Howe", "", -31.95, 115.86, -31.55, 159.08, 0},
        {'N', "Taipei-Xiamen", "", 25.05, 121.53, 24.48, 118.09, 0},
        {'F', "Melbourne-Hobart", "Spirit of Tasmania", -37.81, 144.96, -42.88, 147.33, 330},
        {'F', "Wellington-Nelson", "Interislander", -41.29, 174.78, -41.27, 173.28, 0},
        {'F', "Helsinki-Tallinn", "Tallinn", 60.17, 24.94, 59.44, 24.75, 0},
        {'F', "Naples-Split", "Split", 40.85, 14.25, 43.51, 16.44, 0},
        {'F', "Stockholm-Turku", "Turku", 59.33, 18.06, 60.45, 22.27, 0},
        {'F', "Stockholm-Visby", "Gotland", 59.33, 18.06, 57.64, 18.30, 0},
        {'F', "Dublin-Liverpool", "Holyhead", 53.33, -6.25, 53.41, -2.98, 0},
        {'F', "Barcelona-Palma", "Mallorca", 41.39, 2.16, 39.57, 2.65, 0},
        {'F', "Malaga-Tangier", "Tangier", 36.72, -4.42, 35.77, -5.80, 0},
        {'F', "Rome-Cagliari", "Olbia", 41.89, 12.51, 39.22, 9.12, 0},
        {'F', "Nice-Bastia", "Bastia", 43.70, 7.27, 42.70, 9.45, 0},
        {'F', "Reggio-Messina", "Messina", 38.11, 15.65, 38.19, 15.55, 0},
        {'F', "Athens-Heraklion", "Heraklion", 37.98, 23.73, 35.33, 25.14, 0},
        {'F', "Las Palmas-Tenerife", "Tenerife", 28.10, -15.41, 28.47, -16.25, 0},
        {'F', "Halifax-St John's", "Marine Atlantic", 44.65, -63.57, 47.56, -52.71, 0},
        {'F', "Vancouver-Victoria", "BC Ferries", 49.25, -123.12, 48.43, -123.37, 0},
        {'F', "Tokyo-Sapporo", "ferry", 35.69, 139.69, 43.06, 141.35, 0},
        {'F', "Surabaya-Denpasar", "Gilimanuk", -7.25, 112.75, -8.65, 115.22, 0},
        {'F', "Jakarta-Medan", "Bakauheni", -6.21, 106.85, 3.58, 98.67, 0},
        {'F', "Manila-Cebu", "RoRo", 14.60, 120.98, 10.32, 123.89, 0},
        {'F', "Liverpool-Douglas", "Isle of Man", 53.41, -2.98, 54.15, -4.48, 0},
        {'F', "Inverness-Kirkwall", "Pentland", 57.48, -4.22, 58.98, -2.96, 0},
        {'F', "Aberdeen-Lerwick", "NorthLink", 57.14, -2.10, 60.16, -1.15, 0},
        {'F', "Hamburg-Reykjavik", "Smyril", 53.55, 10.00, 64.14, -21.90, 0},
        {'F', "Haikou-Guangzhou", "Hainan", 20.05, 110.34, 23.12, 113.25, 0},
        {'F', "Boston-Nantucket", "Nantucket", 42.36, -71.06, 41.28, -70.10, 0},
        {'F', "Dar es Salaam-Zanzibar", "Zanzibar", -6.82, 39.27, -6.16, 39.20, 0},
        {'F', "Adelaide-Kangaroo Island", "SeaLink", -34.93, 138.60, -35.66, 137.63, 0},
        {'F', "Hervey Bay-K'gari", "K'gari", -25.30, 152.85, -25.25, 153.17, 0},
        {'F', "Auckland-Waiheke", "Waiheke", -36.85, 174.76, -36.80, 175.05, 0},
        {'F', "Punta Arenas-Ushuaia", "Tierra del Fuego", -53.15, -70.92, -54.80, -68.30, 0},
        {'D', "Calais-Dover", "", 50.95, 1.86, 51.13, 1.31, 0},
        {'D', "London-Paris", "", 51.51, -0.13, 48.85, 2.35, 458},
        {'D', "Copenhagen-Malmo", "", 55.68, 12.57, 55.61, 13.00, 0},
        {'D', "Aarhus-Copenhagen", "", 56.16, 10.21, 55.68, 12.57, 310},
        {'D', "Cairo-Cape Town", "", 30.06, 31.25, -33.93, 18.42, 0},
        {'D', "Cairo-Tel Aviv", "", 30.06, 31.25, 32.08, 34.78, 0},
        {'D', "Istanbul over the Bosphorus", "", 41.04, 28.98, 40.99, 29.10, 0},
        {'D', "Singapore-Kuala Lumpur", "", 1.29, 103.85, 3.14, 101.69, 355},
        {'D', "Seattle-Vancouver", "", 47.61, -122.33, 49.25, -123.12, 230},
        {'D', "Halifax-Charlottetown", "", 44.65, -63.57, 46.24, -63.13, 325},
        {'D', "Miami-Key West", "", 25.77, -80.19, 24.56, -81.78, 265},
        {'D', "Tokyo-Fukuoka", "", 35.69, 139.69, 33.60, 130.42, 1090},
        {'D', "Osaka-Takamatsu", "", 34.69, 135.50, 34.34, 134.05, 180},
        {'D', "New York-Montauk", "", 40.71, -74.01, 41.04, -71.95, 190},
        {'D', "Athens-Patras", "", 37.98, 23.73, 38.24, 21.73, 210},
        {'D', "Manama-Riyadh", "", 26.22, 50.58, 24.69, 46.72, 490},
        {'D', "Hong Kong-Guangzhou", "", 22.28, 114.16, 23.12, 113.25, 0},
        {'D', "Phuket-Bangkok", "", 7.88, 98.39, 13.75, 100.50, 845},
        {'D', "Inverness-Portree", "", 57.48, -4.22, 57.41, -6.19, 180},
        {'D', "Venice-Milan", "", 45.44, 12.33, 45.46, 9.19, 270},
        {'D', "Kristiansund-Trondheim", "", 63.11, 7.73, 63.43, 10.40, 195},
        {'D', "Svolvaer-Oslo", "", 68.23, 14.57, 59.91, 10.75, 0},
        {'D', "Reykjavik-Akureyri", "", 64.14, -21.90, 65.68, -18.10, 390},
        {'D', "Perth-Sydney", "", -31.95, 115.86, -33.87, 151.21, 3930},
        {'D', "Melbourne-Adelaide", "", -37.81, 144.96, -34.93, 138.60, 725},
        {'D', "Cairns-Adelaide", "", -16.92, 145.77, -34.93, 138.60, 0},
        {'D', "Moscow-Vladivostok", "", 55.75, 37.62, 43.11, 131.87, 9100},
        {'F', "Milwaukee-Muskegon", "Lake Express", 43.04, -87.91, 43.23, -86.25, 0},
        {'F', "Green Bay-Traverse City", "SS Badger", 44.52, -88.02, 44.76, -85.62, 0},
        {'F', "Managua-Ometepe", "Ometepe", 12.13, -86.25, 11.54, -85.70, 0},
        {'F', "Poros-Athens", "Poros", 37.50, 23.46, 37.98, 23.72, 0},
        {'F', "Groix-Lorient", "Groix", 47.63, -3.46, 47.75, -3.37, 0},
        {'N', "Mackinac Island-Detroit", "", 45.85, -84.62, 42.33, -83.05, 0},
        {'N', "Isle Royale-Duluth", "", 48.00, -88.83, 46.78, -92.10, 0},
        {'N', "Murano-Venice", "", 45.458, 12.352, 45.438, 12.327, 0},
        {'D', "St Ignace-Detroit", "", 45.87, -84.73, 42.33, -83.05, 475},
        {'D', "Cleveland-London, Ontario", "", 41.50, -81.69, 42.98, -81.23, 440},
        {'D', "Erie-Toronto", "", 42.13, -80.08, 43.70, -79.42, 300},
        {'D', "Toronto-Rochester", "", 43.70, -79.42, 43.15, -77.61, 275},
        {'D', "Chicago-Detroit", "", 41.85, -87.65, 42.33, -83.05, 455},
        {'D', "Galatas-Athens", "", 37.495, 23.445, 37.98, 23.72, 0},
        {'D', "Adelaide-Port Lincoln", "", -34.93, 138.60, -34.73, 135.86, 650}};
    if (!real_files())
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct road r;
        road_between(cases[i].lat1, cases[i].lon1, cases[i].lat2, cases[i].lon2, true, &r);
        bool named = cases[i].ferry[0] == '\0';
        for (size_t k = 0; k < r.ferry_count; k++)
            named |= strstr(r.ferries[k].name, cases[i].ferry) ||
                strstr(r.ferries[k].from, cases[i].ferry) ||
                strstr(r.ferries[k].to, cases[i].ferry);
        if ("DFN"[r.kind] != cases[i].kind || !named)
            fail_msg("%s: %c, %.0f km, %s", cases[i].what, "DFN"[r.kind], r.metres / 1000,
                r.ferry_count > 0 ? r.ferries[0].name : "no ferry");
        if (cases[i].km > 0 && fabs(r.metres / 1000 / cases[i].km - 1) > 0.3)
            fail_msg("%s: %.0f km, not %.0f", cases[i].what, r.metres / 1000, cases[i].km);
        if ((r.kind == ROAD_NONE) != (r.seconds == 0))
            fail_msg("%s: %.0f seconds", cases[i].what, r.seconds);
    }
    test_files();
}

/* A train that takes vehicles is named, though it is counted as driven; a bridge is not. */
static void car_trains_are_named(void **state)
{
    (void)state;
    struct road r;
    if (!real_files())
        skip();
    road_between(51.13, 1.31, 50.95, 1.86, true, &r);
    assert_int_equal(r.train_count, 1);
    assert_string_equal(r.trains[0].to, "Calais (Coquelles)");
    road_between(53.55, 10.00, 54.91, 8.31, true, &r);
    assert_int_equal(r.train_count, 1);
    assert_string_equal(r.trains[0].name, "Sylt car train");
    road_between(55.68, 12.57, 55.61, 13.00, true, &r);
    assert_int_equal(r.train_count, 0);
    for (const char *const *name = crossing_trains; *name; name++) {
        size_t rows = 0;
        for (size_t i = 0; i < crossing_count; i++)
            rows += !crossing_all[i].ferry && strcmp(crossing_all[i].name, *name) == 0;
        if (rows != 1)
            fail_msg("%zu rows for %s", rows, *name);
    }
    test_files();
}

/* Every crossing joins two landmasses or shortens the way around one sea; the ports are on land. */
static void crossings_land_on_land(void **state)
{
    (void)state;
    if (!real_files())
        skip();
    for (size_t i = 0; i < crossing_count; i++) {
        const struct crossing *c = &crossing_all[i];
        bool from = land_at(c->from_latitude, c->from_longitude, 12000) != LAND_NONE;
        bool to = land_at(c->to_latitude, c->to_longitude, 12000) != LAND_NONE;
        double km = gazetteer_distance(c->from_latitude, c->from_longitude, c->to_latitude,
                        c->to_longitude) /
            1000;
        if (!from || !to || km <= 0.3 || km > (c->ferry ? 1500 : 170))
            fail_msg("%s, %s to %s: %d %d %.1f km", c->name, c->from, c->to, from, to, km);
    }
    test_files();
}

/* The only place of a name, small, abroad and far off, is said to be what was taken. */
static void a_remote_place_is_told(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "calculate_distance",
        "{\"origin\":\"Perth, Western Australia\",\"destination\":\"Coeur d'Alene\"}");
    assert_non_null(strstr(text_at(r, "/notes/0"),
        "was taken as Coeur d'Alene, Idaho, United States, far from"));
    jdoc_free(r);
    r = tool_ok(&bench, "calculate_distance",
        "{\"origin\":\"Birmingham, Alabama\",\"destination\":\"Coeur d'Alene\"}");
    assert_false(jdoc_has(r, "notes"));
    jdoc_free(r);
}

/* --- through the tools, over a mask of two squares --- */

static const char *mask_path(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/landmass.bin", bench.redis.dir);
    return path;
}

/* Two squares of 4 degrees: around Sydney and around Brisbane, the sea between them. */
static size_t mask_make(unsigned char *out)
{
    static const int squares[2][4] = {{149, -36, 153, -32}, {151, -30, 155, -26}};
    int32_t *w = (int32_t *)(out + 8);
    size_t n = 0;
    memcpy(out, "TPLAND1\n", 8);
    const int32_t head[] = {2, 2, 10, 3600, 1800, 48};
    memcpy(w, head, sizeof head);
    n = 6;
    for (int table = 0; table < 2; table++)
        for (int i = 0; i < 2; i++) {
            for (int k = 0; k < 4; k++)
                w[n++] = squares[i][k] * 100000;
            w[n++] = table == 0 ? i : 5 * i;
            w[n++] = table == 0 ? 1 : 4;
        }
    for (int i = 0; i < 2; i++) {
        const int *s = squares[i],
                  corners[5][2] = {{s[0], s[1]}, {s[2], s[1]}, {s[2], s[3]}, {s[0], s[3]},
                      {s[0], s[1]}};
        for (int k = 0; k < 10; k++)
            w[n++] = corners[k / 2][k % 2] * 100000;
    }
    unsigned char *cells = out + 8 + n * 4;
    memset(cells, 0, 3600 * 1800 / 8);
    for (int i = 0; i < 2; i++)
        for (int row = (90 - squares[i][3]) * 10; row < (90 - squares[i][1]) * 10; row++)
            for (int col = (squares[i][0] + 180) * 10; col < (squares[i][2] + 180) * 10; col++)
                cells[(row * 3600 + col) / 8] |= (unsigned char)(1 << ((row * 3600 + col) & 7));
    return 8 + n * 4 + 3600 * 1800 / 8;
}

/* By rename, as make-gazetteer does. */
static void mask_put(const unsigned char *bytes, size_t size)
{
    char fresh[220];
    snprintf(fresh, sizeof fresh, "%s.new", mask_path());
    FILE *f = fopen(fresh, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    assert_int_equal(rename(fresh, mask_path()), 0);
}

static void mask_write(const unsigned char *bytes, size_t size)
{
    mask_put(bytes, size);
    land_close();
}

static void no_tool_drives_over_the_sea(void **state)
{
    (void)state;
    static const struct {
        const char *tool, *args;
    } calls[] = {{"calculate_distance", "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}"},
        {"plan_trip", "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}"},
        {"estimate_travel_time", "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}"},
        {"optimize_route", "{\"waypoints\":[\"Sydney\",\"Brisbane\"]}"},
        {"mapbox_navigator",
            "{\"action\":\"plan_route\",\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}"},
        {"mapbox_navigator",
            "{\"action\":\"calculate_costs\",\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}"},
        {"suggest_seasonal_route", "{\"origin\":\"Sydney\",\"destination_region\":\"Brisbane\"}"}};
    unsigned char *bytes = malloc(1000000);
    mask_write(bytes, mask_make(bytes));
    road_open(&bench.conf);
    assert_true(land_known());
    assert_int_equal(land_at(-34, 151, 0), 0);
    assert_int_equal(land_at(-28, 153, 0), 1);
    assert_int_equal(land_at(-31, 152, 0), LAND_NONE);
    assert_int_equal(land_at(-31.99, 152, 5000), 0); /* a town off the outline */
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        jdoc *r = tool_call(&bench, calls[i].tool, NULL, calls[i].args);
        assert_string_equal(text_at(r, "/error/code"), "no_route");
        assert_non_null(strstr(text_at(r, "/message"), "There is no road from Sydney"));
        assert_non_null(strstr(text_at(r, "/message"), "km in a straight line"));
        jdoc_free(r);
    }
    struct link_reply *reply = NULL;
    assert_int_equal(link_command(bench.context.store->link, &reply, "EXISTS tp:{ann}:r:trip"), 0);
    assert_int_equal(link_reply_int(reply), 1); /* that of every_tool_asks_the_geocoder, no more */
    link_reply_free(reply);
    jdoc_free(tool_ok(&bench, "calculate_distance",
        "{\"origin\":\"Gold Coast\",\"destination\":\"Brisbane\"}"));
    free(bytes);
    unlink(mask_path());
    land_close();
}

/* The service's word counts where it answers; "no route" is passed on with the ferry or the
 * flight. */
static void the_services_no_route_is_said(void **state)
{
    (void)state;
    struct provider_double d;
    provider_double_start(&d, &bench, "osrm.url", "200 OK", "{\"code\":\"NoRoute\"}");
    jdoc *r = tool_call(&bench, "calculate_distance", NULL,
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}");
    assert_string_equal(text_at(r, "/error/code"), "no_route");
    assert_non_null(strstr(text_at(r, "/message"), "ferry or a flight"));
    jdoc_free(r);
    provider_double_stop(&d);
    set("osrm.url", "");
}

static void a_ferry_is_named_and_not_counted(void **state)
{
    (void)state;
    static const char ends[] = "{\"origin\":\"-37.81,144.96\",\"destination\":\"-42.88,147.33\"}";
    if (!real_files())
        skip();
    jdoc *r = tool_ok(&bench, "estimate_travel_time", ends);
    assert_string_equal(text_at(r, "/travel_time/crossings/0/name"), "Spirit of Tasmania");
    assert_string_equal(text_at(r, "/travel_time/crossings/0/from"), "Geelong");
    assert_null(jdoc_get(at(r, "/travel_time"), "total_hours"));
    assert_null(jdoc_get(at(r, "/travel_time"), "arrival"));
    assert_true(number_at(r, "/travel_time/distance_km") < 400);
    assert_non_null(
        strstr(text_at(r, "/message"), "ferry that is not counted: Spirit of Tasmania"));
    jdoc_free(r);
    r = tool_ok(&bench, "plan_trip", ends);
    assert_string_equal(text_at(r, "/trip/crossings/0/name"), "Spirit of Tasmania");
    jdoc_free(r);
    r = tool_ok(&bench, "optimize_route",
        "{\"waypoints\":[\"-37.81,144.96\",\"-42.88,147.33\",\"-41.44,147.14\"]}");
    assert_string_equal(text_at(r, "/route/crossings/0/name"), "Spirit of Tasmania");
    jdoc_free(r);
    tool_refused(&bench, "optimize_route",
        "{\"waypoints\":[\"-37.81,144.96\",\"-42.88,147.33\"],\"avoid\":[\"ferries\"]}", "no_route",
        NULL);
    test_files();
}

/* --- damaged files --- */

static void damaged_files_are_refused(void **state)
{
    (void)state;
    unsigned char *bytes = malloc(1000000);
    size_t size = mask_make(bytes);
    static const size_t cuts[] = {1, 7, 8, 31, 32, 33, 100, 300, 100000};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        mask_write(bytes, cuts[i] < 1000 ? cuts[i] : size - 1);
        assert_int_equal(land_open("", bench.gazetteer), ERR_INVALID);
        assert_false(land_known());
    }
    mask_write(bytes, 0); /* a package built without it */
    assert_int_equal(land_open("", bench.gazetteer), ERR_NOT_CONFIGURED);
    for (size_t word = 0; word < 6 + 24; word++) { /* counts, boxes, first and count out of range */
        int32_t kept, wrong = INT32_MAX;
        memcpy(&kept, bytes + 8 + 4 * word, 4);
        memcpy(bytes + 8 + 4 * word, &wrong, 4);
        mask_write(bytes, size);
        assert_int_equal(land_open("", bench.gazetteer), ERR_INVALID);
        memcpy(bytes + 8 + 4 * word, &kept, 4);
    }
    unlink(mask_path());
    assert_int_equal(land_open("", bench.gazetteer), ERR_NOT_CONFIGURED);
    free(bytes);
    /* Without a mask an estimate says that the sea was not looked at. */
    jdoc *r = tool_ok(&bench, "calculate_distance",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}");
    assert_non_null(strstr(text_at(r, "/route/method"), "no land mask"));
    jdoc_free(r);
}

/* A file that is put in the place of an open one by rename is taken; a damaged one is not. */
static void a_replaced_file_is_taken(void **state)
{
    (void)state;
    unsigned char *bytes = malloc(1000000);
    size_t size = mask_make(bytes);
    mask_write(bytes, size);
    assert_int_equal(land_open("", bench.gazetteer), 0);
    unsigned first = land_generation();
    assert_int_equal(land_open("", bench.gazetteer), 0);
    assert_int_equal(land_generation(), first);
    unlink(mask_path());
    assert_int_equal(land_open("", bench.gazetteer), 0); /* still mapped */
    mask_put(bytes, size - 1);
    assert_int_equal(land_open("", bench.gazetteer), ERR_INVALID);
    assert_true(land_known());
    assert_true(land_at(-34, 151, 0) != LAND_NONE);
    mask_put(bytes, size);
    assert_int_equal(land_open("", bench.gazetteer), 0);
    assert_int_not_equal(land_generation(), first);
    unlink(mask_path());
    free(bytes);

    struct gazetteer_candidates found;
    struct gazetteer_bias bias = {0};
    char path[300], fresh[320];
    snprintf(path, sizeof path, "%s/replaced.tsv", bench.redis.dir);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    static const struct {
        const char *town;
        int error;
    } steps[] = {{"Alpha", 0}, {"Beta", 0}, {NULL, ERR_INVALID}, {"Gamma", 0}};
    const char *known = NULL;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        FILE *f = fopen(fresh, "w");
        assert_non_null(f);
        if (steps[i].town)
            fprintf(f, "!!turnpike-gazetteer 2\ttest\n%c%s\tp\t%s\tAU\t\t\t-30\t150\t9000\t\n",
                steps[i].town[0] + 32, steps[i].town + 1, steps[i].town);
        else
            fputs("no place names, whatever else it may be\n", f);
        fclose(f);
        assert_int_equal(rename(fresh, path), 0);
        assert_int_equal(gazetteer_open(path), steps[i].error);
        known = steps[i].town ? steps[i].town : known;
        assert_int_equal(gazetteer_candidates(known, &bias, &found), 0);
        assert_string_equal(found.all[0].place.name, known);
    }
    unlink(path);
    assert_int_equal(gazetteer_open(bench.gazetteer), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_well_known_places),
        cmocka_unit_test(near_goes_with_near),
        cmocka_unit_test(asks_what_nothing_decides),
        cmocka_unit_test(the_question_names_the_places),
        cmocka_unit_test(every_tool_asks_the_geocoder),
        cmocka_unit_test(the_geocoder_is_asked_in_turn),
        cmocka_unit_test(the_sea_is_no_road),
        cmocka_unit_test(car_trains_are_named),
        cmocka_unit_test(a_remote_place_is_told),
        cmocka_unit_test(crossings_land_on_land),
        cmocka_unit_test(no_tool_drives_over_the_sea),
        cmocka_unit_test(the_services_no_route_is_said),
        cmocka_unit_test(a_ferry_is_named_and_not_counted),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(a_replaced_file_is_taken),
        cmocka_unit_test(misspelt_names_are_asked_about),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
