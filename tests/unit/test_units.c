/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's units: chosen, told, and in which tools take and show; conversions by name. */
#include "agent/wishes.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/unit_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct wishes wishes_of(const char *stored, const char *locale)
{
    static struct arena *arena;
    struct wishes w;
    if (arena)
        arena_free(arena);
    arena = arena_new();
    assert_non_null(arena);
    assert_int_equal(
        wishes_read(&(struct wishes_from){.stored = stored, .locale = locale, .conf = &bench.conf},
            arena, &w),
        0);
    return w;
}

static void takes_the_country_at_first(void **state)
{
    (void)state;
    struct wishes w = wishes_of(NULL, "en-US");
    assert_string_equal(w.currency, "USD");
    assert_int_equal(w.units.fuel, UNITS_MPG_US);
    assert_int_equal(w.units.temperature, UNITS_FAHRENHEIT);
    assert_int_equal(w.units.week_start, UNITS_SUNDAY);
    w = wishes_of(NULL, "en-GB");
    assert_string_equal(w.currency, "GBP");
    assert_int_equal(w.units.distance, UNITS_MI);
    assert_int_equal(w.units.fuel, UNITS_MPG_UK);
    assert_int_equal(w.units.temperature, UNITS_CELSIUS);
    w = wishes_of(NULL, "de");
    assert_string_equal(w.currency, "AUD");
    assert_int_equal(w.units.distance, UNITS_KM);
}

static void the_users_choice_counts_more(void **state)
{
    (void)state;
    struct wishes w =
        wishes_of("{\"currency\":\"EUR\",\"units\":\"imperial\",\"week_start\":\"saturday\"}",
            "en-US");
    assert_string_equal(w.currency, "EUR");
    assert_int_equal(w.units.volume, UNITS_GALLON_UK);
    assert_int_equal(w.units.week_start, UNITS_SATURDAY);
    w = wishes_of("{\"units\":{\"distance\":\"mi\",\"temperature\":\"F\"}}", "");
    assert_int_equal(w.units.fuel, UNITS_MPG_US);
    w = wishes_of("{\"units\":{\"system\":\"us\",\"fuel\":\"km_per_l\"}}", "");
    assert_int_equal(w.units.fuel, UNITS_KM_PER_L);
    assert_int_equal(w.units.distance, UNITS_MI);
    w = wishes_of("{\"currency\":\"XXX\",\"units\":[],\"week_start\":5}", "en-AU");
    assert_string_equal(w.currency, "AUD");
    assert_int_equal(w.units.distance, UNITS_KM);
}

static void refuses_wrong_choices(void **state)
{
    static const struct {
        const char *patch, *field;
    } rows[] = {
        {"{\"currency\":\"DEM\"}", "currency"},
        {"{\"currency\":5}", "currency"},
        {"{\"units\":\"old\"}", "units"},
        {"{\"units\":{\"fuel\":\"mpg\"}}", "units/fuel"},
        {"{\"timezone\":\"No/Such\"}", "timezone"},
        {"{\"week_start\":\"tuesday\"}", "week_start"},
        {"{\"date_order\":\"dym\"}", "date_order"},
        {"{\"language\":\"!\"}", "language"},
    };
    char field[WISHES_FIELD_SIZE], why[WISHES_WHY_SIZE];
    jdoc *doc;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(jdoc_parse(rows[i].patch, strlen(rows[i].patch), &doc, NULL, 0), 0);
        assert_int_equal(wishes_check(doc, field, why), ERR_INVALID);
        assert_string_equal(field, rows[i].field);
        jdoc_free(doc);
    }
    static const char good[] =
        "{\"currency\":null,\"units\":{\"distance\":\"mi\"},\"timezone\":\"\",\"pets\":[1]}";
    assert_int_equal(jdoc_parse(good, sizeof good - 1, &doc, NULL, 0), 0);
    assert_int_equal(wishes_check(doc, field, why), 0);
    jdoc_free(doc);
}

static void pack_and_back(void **state)
{
    char text[UNITS_PACKED_SIZE];
    struct units u = {UNITS_MI, UNITS_FAHRENHEIT, UNITS_GALLON_UK, UNITS_MPG_UK, UNITS_LB,
                     UNITS_SATURDAY, UNITS_YMD},
                 v;
    (void)state;
    units_pack(&u, text);
    units_unpack(text, &v);
    assert_memory_equal(&u, &v, sizeof u);
    units_unpack("9999999", &v);
    assert_int_equal(v.distance, UNITS_KM);
    units_unpack(NULL, &v);
    assert_int_equal(v.fuel, UNITS_L_PER_100KM);
}

static struct tools_wishes told;
static char told_currency[4];
static void on_wishes(void *arg, const struct tools_wishes *w)
{
    (void)arg;
    told = *w;
    snprintf(told_currency, sizeof told_currency, "%.3s", w->currency);
}

static void settings_are_one_value(void **state)
{
    (void)state;
    bench.context.on_wishes = on_wishes;
    jdoc *r = tool_ok(&bench, "update_settings",
        "{\"currency\":\"usd\",\"units\":\"us\",\"temperature_unit\":\"C\",\"week_start\":"
        "\"sunday\",\"language\":\"en-US\",\"theme\":\"dark\"}");
    bench.context.on_wishes = NULL;
    assert_string_equal(text_at(r, "/settings/currency"), "USD");
    assert_string_equal(text_at(r, "/settings/units/fuel"), "mpg_us");
    assert_string_equal(text_at(r, "/settings/units/temperature"), "C");
    assert_string_equal(text_at(r, "/settings/week_start"), "sunday");
    assert_string_equal(text_at(r, "/settings/language"), "en-US");
    assert_string_equal(text_at(r, "/settings/theme"), "dark");
    jdoc_free(r);
    assert_string_equal(told_currency, "USD");
    assert_int_equal(told.units.volume, UNITS_GALLON_US);
    tool_refused(&bench, "update_settings", "{\"timezone\":\"Mars/Base\"}", "invalid_argument",
        "/timezone");
    tool_refused(&bench, "update_settings", "{\"currency\":\"XAU\"}", "invalid_argument",
        "/currency");
    r = tool_ok(&bench, "update_settings", "{\"theme\":\"light\"}");
    assert_string_equal(text_at(r, "/settings/currency"), "USD");
    jdoc_free(r);
}

static void an_odometer(int miles, bool fits)
{
    char args[160];

    snprintf(args, sizeof args,
        "{\"odometer\":%d,\"volume\":12,\"price\":3.5,\"currency\":\"USD\","
        "\"entry_date\":\"2026-11-10\"}",
        miles);
    if (fits)
        jdoc_free(tool_ok(&bench, "add_fuel_entry", args));
    else
        tool_refused(&bench, "add_fuel_entry", args, "invalid_argument", "/odometer");
}

/* The bounds that a refusal names are taken: 80467.5 km are 50000.2 miles, 80900 are 50268.9. */
static void bounds_of_the_odometer_can_be_entered(void **state)
{
    (void)state;
    units_of_country("US", &bench.context.units);
    jdoc_free(tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":80467.5,\"odometer_unit\":\"km\",\"volume\":12,\"price\":3.5,"
        "\"currency\":\"USD\",\"entry_date\":\"2026-11-01\"}"));
    jdoc_free(tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":80900,\"odometer_unit\":\"km\",\"volume\":12,\"price\":3.5,"
        "\"currency\":\"USD\",\"entry_date\":\"2026-11-20\"}"));
    an_odometer(50000, false);
    an_odometer(50269, false);
    jdoc *r = tool_call(&bench, "add_fuel_entry", NULL,
        "{\"odometer\":100,\"volume\":12,\"price\":3.5,\"currency\":\"USD\","
        "\"entry_date\":\"2026-11-10\"}");
    assert_non_null(strstr(text_at(r, "/error/expected"), "from 50001 "));
    assert_non_null(strstr(text_at(r, "/error/expected"), "to 50268 "));
    jdoc_free(r);
    an_odometer(50001, true);
    an_odometer(50268, true);
    bench.context.units = (struct units){0};
}

/* A total that is changed changes the price: what was said of it holds no more. */
static void what_was_said_goes_with_the_bill(void **state)
{
    (void)state;
    units_of_country("US", &bench.context.units);
    jdoc_free(tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":50000,\"volume\":12,\"price\":3.5,\"currency\":\"USD\"}"));
    jdoc *r = tool_ok(&bench, "update_fuel_entry", "{\"total\":48}");
    assert_true(number_at(r, "/entry/said/odometer") == 50000);
    assert_null(jdoc_get(at(r, "/entry/said"), "price"));
    assert_null(jdoc_get(at(r, "/entry/said"), "volume"));
    assert_null(jdoc_get(at(r, "/entry/said"), "volume_unit"));
    jdoc_free(r);
    r = tool_ok(&bench, "update_fuel_entry", "{\"volume\":13}");
    assert_true(number_at(r, "/entry/said/volume") == 13);
    assert_string_equal(text_at(r, "/entry/said/volume_unit"), "gal_us");
    jdoc_free(r);
    bench.context.units = (struct units){0};
}

/* A consumption in any of its forms is one number, and is said in the user's own. */
static void consumption_in_every_form(void **state)
{
    static const struct {
        const char *args, *country, *said;
        double litres;
    } rows[] = {{"{\"mpg\":20}", "US", "20.0 mpg (US)", 11.76},
        {"{\"mpg_imperial\":28}", "GB", "28.0 mpg (imperial)", 10.09},
        {"{\"mpg_imperial\":28}", "DE", "10.1 L/100 km", 10.09},
        {"{\"km_per_l\":8}", "DE", "12.5 L/100 km", 12.5},
        {"{\"l_per_100km\":10}", "GB", "28.2 mpg (imperial)", 10}};

    (void)state;
    jdoc_free(tool_ok(&bench, "create_vehicle", "{\"name\":\"Bessie\"}"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        units_of_country(rows[i].country, &bench.context.units);
        jdoc *r = tool_ok(&bench, "update_vehicle_fuel_consumption", rows[i].args);
        assert_true(fabs(number_at(r, "/vehicle/l_per_100km") - rows[i].litres) < 0.006);
        assert_non_null(strstr(text_at(r, "/message"), rows[i].said));
        jdoc_free(r);
    }
    bench.context.units = (struct units){0};
}

/* Distances and fuel of messages; the data stay in kilometres. */
static void ways_are_said_in_the_users_units(void **state)
{
    (void)state;
    for (int us = 0; us < 2; us++) {
        units_of_country(us ? "US" : "AU", &bench.context.units);
        jdoc *r = tool_ok(&bench, "calculate_distance",
            "{\"origin\":\"Sydney\",\"destination\":\"Melbourne\"}");
        assert_non_null(strstr(text_at(r, "/message"), us ? " mi by road" : " km by road"));
        assert_true(number_at(r, "/route/distance_km") > 700);
        jdoc_free(r);
        r = tool_ok(&bench, "calculate_gas_cost", "{\"distance_km\":1000,\"l_per_100km\":10}");
        assert_non_null(strstr(text_at(r, "/message"),
            us ? "for 621 mi: 26.42 US gal" : "for 1000 km: 100.00 L"));
        jdoc_free(r);
    }
    bench.context.units = (struct units){0};
}

static void fuel_in_gallons_and_miles(void **state)
{
    (void)state;
    units_of_country("US", &bench.context.units);
    jdoc *r = tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":50000,\"volume\":12,\"price\":3.5,\"currency\":\"USD\","
        "\"entry_date\":\"2026-11-01\"}");
    assert_true(fabs(number_at(r, "/entry/odometer") - 80467.2) < 0.001);
    assert_true(fabs(number_at(r, "/entry/volume") - 45.4249) < 0.001);
    assert_int_equal(number_at(r, "/entry/total_minor"), 4200);
    assert_true(number_at(r, "/entry/said/volume") == 12);
    assert_true(number_at(r, "/entry/said/price") == 3.5);
    assert_string_equal(text_at(r, "/entry/said/volume_unit"), "gal_us");
    assert_true(number_at(r, "/entry/said/odometer") == 50000);
    assert_non_null(strstr(text_at(r, "/message"), "12.00 US gal"));
    jdoc_free(r);
    r = tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":50240,\"volume\":12,\"price\":3.5,\"currency\":\"USD\"}");
    assert_true(fabs(number_at(r, "/entry/consumption_l_per_100km") - 11.76) < 0.01);
    jdoc_free(r);
    r = tool_ok(&bench, "get_fuel_stats", "{\"period\":\"all\",\"currency\":\"USD\"}");
    assert_non_null(strstr(text_at(r, "/message"), "20.0 mpg (US)"));
    jdoc_free(r);
    /* a unit that is said counts more than the user's own */
    r = tool_ok(&bench, "update_fuel_entry", "{\"volume\":50,\"volume_unit\":\"l\"}");
    assert_true(number_at(r, "/entry/volume") == 50);
    assert_null(jdoc_get(at(r, "/entry/said"), "volume"));
    assert_true(number_at(r, "/entry/said/odometer") == 50240);
    jdoc_free(r);
    tool_refused(&bench, "add_fuel_entry", "{\"odometer\":100,\"volume\":10,\"total\":40}",
        "invalid_argument", "/odometer");
    bench.context.units = (struct units){0};
}

static void weeks_begin_as_chosen(void **state)
{
    (void)state; /* it is Sunday 22 November */
    jdoc_free(tool_ok(&bench, "create_expense",
        "{\"amount\":5,\"category\":\"food\",\"date\":\"2026-11-20\"}"));
    jdoc *r = tool_ok(&bench, "get_spending_summary", "{\"period\":\"week\"}");
    assert_string_equal(text_at(r, "/summary/from"), "2026-11-16");
    jdoc_free(r);
    bench.context.units.week_start = UNITS_SUNDAY;
    r = tool_ok(&bench, "get_spending_summary", "{\"period\":\"week\"}");
    assert_string_equal(text_at(r, "/summary/from"), "2026-11-22");
    assert_true(number_at(r, "/summary/total") == 0);
    jdoc_free(r);
    bench.context.units.week_start = UNITS_MONDAY;
}

static void convert(const char *args, double expected, const char *to)
{
    jdoc *r = tool_ok(&bench, "convert_units", args);
    double result = number_at(r, "/conversion/result");
    if (fabs(result - expected) > 1e-6 * fabs(expected) + 1e-9)
        fail_msg("%s is %.10g, not %.10g", args, result, expected);
    assert_string_equal(text_at(r, "/conversion/to"), to);
    jdoc_free(r);
}

static void converts_what_people_type(void **state)
{
    static const struct {
        const char *args;
        double result;
        const char *to;
    } rows[] = {
        {"{\"value\":250,\"from\":\"miles\",\"to\":\"km\"}", 402.336, "kilometre"},
        {"{\"value\":1,\"from\":\"US gallons\",\"to\":\"litres\"}", 3.785411784, "litre"},
        {"{\"value\":1,\"from\":\"imperial gallon\",\"to\":\"Liter\"}", 4.54609, "litre"},
        {"{\"value\":36,\"from\":\"PSI\",\"to\":\"bar\"}", 2.482112625, "bar"},
        {"{\"value\":-40,\"from\":\"\xc2\xb0"
         "C\",\"to\":\"Fahrenheit\"}",
            -40, "fahrenheit"},
        {"{\"value\":350,\"from\":\"F\",\"to\":\"C\"}", 176.666666667, "celsius"},
        {"{\"value\":20,\"from\":\"us mpg\",\"to\":\"L/100 km\"}", 11.7607291667,
            "litre_per_100_km"},
        {"{\"value\":10,\"from\":\"l/100km\",\"to\":\"imperial mpg\"}", 28.2480936,
            "mile_per_gallon_uk"},
        {"{\"value\":10,\"from\":\"km/l\",\"to\":\"litres per 100 km\"}", 10, "litre_per_100_km"},
        {"{\"value\":100,\"from\":\"Meilen pro Stunde\",\"to\":\"km/h\"}", 160.9344,
            "kilometre_per_hour"},
        {"{\"value\":2,\"from\":\"Esslöffel\",\"to\":\"ml\"}", 30, "millilitre"},
        {"{\"value\":100,\"from\":\"pieds carrés\",\"to\":\"metros cuadrados\"}", 9.290304,
            "square_metre"},
        {"{\"value\":8,\"from\":\"oz\",\"to\":\"ml\"}", 236.5882365, "millilitre"},
        {"{\"value\":8,\"from\":\"oz\",\"to\":\"g\"}", 226.796185, "gram"},
        {"{\"value\":1,\"from\":\"TB\",\"to\":\"GB\"}", 1000, "gigabyte"},
        {"{\"value\":8,\"from\":\"Mb\",\"to\":\"MB\"}", 1, "megabyte"},
        {"{\"value\":100,\"from\":\"km/h\",\"to\":\"knots\"}", 53.9956803456, "knot"},
        {"{\"value\":90,\"from\":\"minutos\",\"to\":\"Stunden\"}", 1.5, "hour"},
        {"{\"value\":\"1,000\",\"from\":\"Pfund\",\"to\":\"kilos\"}", 453.59237, "kilogram"},
        {"{\"value\":200,\"from\":\"kcal\",\"to\":\"kJ\"}", 836.8, "kilojoule"},
        {"{\"value\":1,\"from\":\"hp\",\"to\":\"kW\"}", 0.745699872, "kilowatt"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        convert(rows[i].args, rows[i].result, rows[i].to);
}

static void asks_which_gallon(void **state)
{
    static const char gallon[] = "{\"value\":10,\"from\":\"gallons\",\"to\":\"litres\"}";
    (void)state;
    tool_refused(&bench, "convert_units", gallon, "ambiguous", "/from");
    units_of_country("US", &bench.context.units);
    convert(gallon, 37.85411784, "litre");
    units_of_country("GB", &bench.context.units);
    convert(gallon, 45.4609, "litre");
    bench.context.units = (struct units){0};
    tool_refused(&bench, "convert_units", "{\"value\":1,\"from\":\"cup\",\"to\":\"grams\"}",
        "invalid_argument", "/to");
    tool_refused(&bench, "convert_units", "{\"value\":1,\"from\":\"parsnip\",\"to\":\"grams\"}",
        "invalid_argument", "/from");
    tool_refused(&bench, "convert_units", "{\"value\":0,\"from\":\"us mpg\",\"to\":\"l/100km\"}",
        "invalid_argument", "/value");
    tool_refused(&bench, "convert_units", "{\"value\":-300,\"from\":\"C\",\"to\":\"F\"}",
        "invalid_argument", "/value");
}

static void numbers_for_people(void **state)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0, "0"}, {1.5, "1.5"}, {402.336, "402.336"}, {1234567.8, "1,234,568"},
        {0.000123456, "0.000123456"}, {-40, "-40"}, {1e20, "1e+20"}, {99999.96, "100,000"}};
    char text[UNIT_NUMBER_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unit_number(rows[i].value, text);
        assert_string_equal(text, rows[i].text);
    }
}

/* Each alias leads to its own unit, so none is there twice. */
static void no_alias_is_ambiguous(void **state)
{
    static const struct units us = {.volume = UNITS_GALLON_US};
    char why[UNIT_WHY_SIZE], word[64];
    (void)state;
    for (size_t i = 0; i < unit_table_count; i++)
        for (const char *at = unit_table[i].aliases + 1; *at; at += strcspn(at, "|") + 1) {
            const struct unit *found = NULL;
            snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "|"), at);
            int error = unit_find(word, &us, NULL, &found, why);
            if (error != 0 || found != &unit_table[i])
                fail_msg("%s of %s leads to %s", word, unit_table[i].name,
                    found ? found->name : "nothing");
        }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(takes_the_country_at_first),
        T(the_users_choice_counts_more),
        T(refuses_wrong_choices),
        T(pack_and_back),
        T(settings_are_one_value),
        T(consumption_in_every_form),
        T(ways_are_said_in_the_users_units),
        T(fuel_in_gallons_and_miles),
        T(bounds_of_the_odometer_can_be_entered),
        T(what_was_said_goes_with_the_bill),
        T(weeks_begin_as_chosen),
        T(converts_what_people_type),
        T(asks_which_gallon),
        T(numbers_for_people),
        T(no_alias_is_ambiguous),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
