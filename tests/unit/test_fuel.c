/* SPDX-License-Identifier: BSD-2-Clause */
/* The fuel log: any two of three numbers, consumption, the odometer, receipts. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/vehicle/receipt.h"

#include <stdio.h>
#include <string.h>

static void add(const char *args, char id[64])
{
    jdoc *r = tool_ok(&bench, "add_fuel_entry", args);
    snprintf(id, 64, "%s", text_at(r, "/entry/id"));
    jdoc_free(r);
}

static void refused(const char *args, const char *path)
{
    tool_refused(&bench, "add_fuel_entry", args, "invalid_argument", path);
}

static void two_give_the_third(void **state)
{
    (void)state;
    jdoc *r =
        tool_ok(&bench, "add_fuel_entry", "{\"odometer\":1000,\"volume\":60,\"price\":1.899}");
    assert_int_equal(number_at(r, "/entry/total_minor"), 11394);
    assert_int_equal(number_at(r, "/entry/price_millis"), 1899);
    assert_string_equal(text_at(r, "/entry/currency"), "AUD");
    assert_string_equal(text_at(r, "/entry/entry_date"), "2026-11-22T13:00:00+11:00");
    jdoc_free(r);
    r = tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":\"1500\",\"volume\":\"50\",\"total\":\"95\"}");
    assert_true(number_at(r, "/entry/price") == 1.9);
    jdoc_free(r);
    r = tool_ok(&bench, "add_fuel_entry", "{\"odometer\":2000,\"price\":2,\"total\":90}");
    assert_true(number_at(r, "/entry/volume") == 45);
    jdoc_free(r);
    r = tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":2500,\"volume\":50,\"price\":170,\"currency\":\"JPY\"}");
    assert_int_equal(number_at(r, "/entry/total_minor"), 8500);
    jdoc_free(r);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    refused("{\"volume\":60,\"price\":1.9}", "/odometer");
    refused("{\"odometer\":1000,\"volume\":60}", "");
    refused("{\"odometer\":1000}", "");
    refused("{\"odometer\":1000,\"volume\":60,\"price\":1.9,\"total\":50}", "/total");
    refused("{\"odometer\":1000,\"volume\":2001,\"price\":1.9}", "/volume");
    refused("{\"odometer\":1000,\"volume\":0,\"price\":1.9}", "/volume");
    refused("{\"odometer\":1000,\"volume\":1e300,\"price\":1.9}", "/volume");
    refused("{\"odometer\":1000,\"volume\":2000,\"price\":99999}", "/total");
    refused("{\"odometer\":1000,\"price\":0.001,\"total\":99999}", "/volume");
    refused("{\"odometer\":10000000,\"volume\":60,\"price\":1.9}", "/odometer");
    refused("{\"odometer\":-1,\"volume\":60,\"price\":1.9}", "/odometer");
    refused("{\"odometer\":1000,\"volume\":[60],\"price\":1.9}", "/volume");
    refused("{\"odometer\":1000,\"volume\":60,\"total\":90.123}", "/total");
    refused("{\"odometer\":1000,\"volume\":60,\"total\":90,\"entry_date\":\"2026-11-23\"}",
        "/entry_date");
    refused("{\"odometer\":1000,\"volume\":60,\"total\":90,\"entry_date\":\"2026-02-30\"}",
        "/entry_date");
    tool_refused(&bench, "add_fuel_entry",
        "{\"odometer\":1000,\"volume\":60,\"total\":90,\"vehicle_id\":\"nope\"}", "not_found",
        NULL);
}

/* A pump shows 189.9: cents. */
static void asks_about_cents(void **state)
{
    (void)state;
    tool_refused(&bench, "add_fuel_entry", "{\"odometer\":1000,\"volume\":60,\"price\":189.9}",
        "ambiguous", "/price");
    tool_refused(&bench, "add_fuel_entry", "{\"odometer\":1000,\"volume\":60,\"total\":11394}",
        "ambiguous", "/price");
    jdoc *r = tool_ok(&bench, "get_fuel_log", "{}");
    assert_int_equal(jdoc_length(at(r, "/entries")), 0);
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":1000,\"volume\":60,\"price\":189.9,\"currency\":\"JPY\"}"));
    jdoc_free(tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":1100,\"volume\":10,\"price\":15,\"confirmed\":true}"));
}

static void measures_from_full_to_full(void **state)
{
    (void)state;
    char id[64];
    add("{\"odometer\":1000,\"volume\":60,\"total\":100,\"entry_date\":\"2026-11-01\"}", id);
    add("{\"odometer\":1200,\"volume\":20,\"total\":40,\"entry_date\":\"2026-11-05\","
        "\"filled_to_top\":false}",
        id);
    jdoc *r = tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":1500,\"volume\":40,\"total\":80,\"entry_date\":\"2026-11-10\"}");
    assert_true(number_at(r, "/entry/distance_km") == 500);
    assert_true(number_at(r, "/entry/consumption_l_per_100km") == 12);
    jdoc_free(r);
    r = tool_ok(&bench, "get_fuel_log", "{\"limit\":1}");
    assert_int_equal(number_at(r, "/count"), 1);
    assert_true(number_at(r, "/entries/0/consumption_l_per_100km") == 12);
    assert_true(jdoc_length(r) == 5);
    jdoc_free(r);
    r = tool_ok(&bench, "get_fuel_log",
        "{\"start_date\":\"2026-11-02\",\"end_date\":\"2026-11-05\"}");
    assert_int_equal(number_at(r, "/count"), 1);
    assert_null(jdoc_get(at(r, "/entries/0"), "consumption_l_per_100km"));
    jdoc_free(r);
    r = tool_ok(&bench, "get_fuel_stats", "{\"period\":\"all\"}");
    assert_int_equal(number_at(r, "/stats/fills"), 3);
    assert_true(number_at(r, "/stats/consumption_l_per_100km") == 12);
    assert_true(number_at(r, "/stats/distance_km") == 500);
    assert_int_equal(number_at(r, "/stats/spent/0/total_minor"), 22000);
    jdoc_free(r);
    r = tool_ok(&bench, "get_fuel_stats", "{\"period\":\"week\"}");
    assert_int_equal(number_at(r, "/stats/fills"), 0);
    jdoc_free(r);
    bench.context.uid = "bob";
    r = tool_ok(&bench, "get_fuel_log", "{}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
}

static void keeps_vehicles_apart(void **state)
{
    (void)state;
    char args[200], car[64];
    jdoc_free(tool_ok(&bench, "create_vehicle", "{\"name\":\"Van\"}"));
    jdoc *r = tool_ok(&bench, "create_vehicle", "{\"name\":\"Car\"}");
    snprintf(car, sizeof car, "%s", text_at(r, "/vehicle/id"));
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":90000,\"volume\":60,\"total\":100,\"entry_date\":\"2026-11-01\"}"));
    snprintf(args, sizeof args,
        "{\"odometer\":500,\"volume\":30,\"total\":50,\"entry_date\":"
        "\"2026-11-03\",\"vehicle_id\":\"%s\"}",
        car);
    r = tool_ok(&bench, "add_fuel_entry", args);
    assert_null(jdoc_get(at(r, "/entry"), "distance_km"));
    jdoc_free(r);
    r = tool_ok(&bench, "add_fuel_entry",
        "{\"odometer\":90500,\"volume\":50,\"total\":90,\"entry_date\":\"2026-11-04\"}");
    assert_true(number_at(r, "/entry/consumption_l_per_100km") == 10);
    jdoc_free(r);
    snprintf(args, sizeof args, "{\"vehicle_id\":\"%s\"}", car);
    r = tool_ok(&bench, "get_fuel_log", args);
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
}

static void watches_the_odometer(void **state)
{
    (void)state;
    char id[64];
    add("{\"odometer\":1000,\"volume\":60,\"total\":100,\"entry_date\":\"2026-11-01\"}", id);
    add("{\"odometer\":2000,\"volume\":60,\"total\":100,\"entry_date\":\"2026-11-10\"}", id);
    refused("{\"odometer\":900,\"volume\":60,\"total\":100,\"entry_date\":\"2026-11-05\"}",
        "/odometer");
    refused("{\"odometer\":2100,\"volume\":60,\"total\":100,\"entry_date\":\"2026-11-05\"}",
        "/odometer");
    refused("{\"odometer\":1999,\"volume\":60,\"total\":100}", "/odometer");
    add("{\"odometer\":1500,\"volume\":60,\"total\":100,\"entry_date\":\"2026-11-05\"}", id);
    tool_refused(&bench, "update_fuel_entry", "{\"odometer\":1400}", "invalid_argument",
        "/odometer");
}

static void changes_the_latest(void **state)
{
    (void)state;
    char first[64], id[64], args[200];
    tool_refused(&bench, "update_fuel_entry", "{\"volume\":50}", "not_found", NULL);
    add("{\"odometer\":1000,\"volume\":60,\"price\":2,\"entry_date\":\"2026-11-01\"}", first);
    add("{\"odometer\":2000,\"volume\":60,\"price\":2,\"entry_date\":\"2026-11-10\"}", id);
    jdoc *r = tool_ok(&bench, "update_fuel_entry", "{\"volume\":50}");
    assert_string_equal(text_at(r, "/entry/id"), id);
    assert_int_equal(number_at(r, "/entry/total_minor"), 10000);
    jdoc_free(r);
    r = tool_ok(&bench, "update_fuel_entry", "{\"total\":110,\"station\":\"BP\"}");
    assert_true(number_at(r, "/entry/price") == 2.2);
    assert_string_equal(text_at(r, "/entry/entry_date"), "2026-11-10");
    jdoc_free(r);
    snprintf(args, sizeof args, "{\"entry_id\":\"%s\",\"notes\":\"x\"}", first);
    r = tool_ok(&bench, "update_fuel_entry", args);
    assert_string_equal(text_at(r, "/entry/id"), first);
    jdoc_free(r);
    tool_refused(&bench, "update_fuel_entry", "{}", "invalid_argument", "");
    bench.context.uid = "bob";
    tool_refused(&bench, "update_fuel_entry", args, "not_found", NULL);
}

static void removes_once(void **state)
{
    (void)state;
    char first[64], id[64];
    add("{\"odometer\":1000,\"volume\":60,\"price\":2,\"entry_date\":\"2026-11-01\"}", first);
    add("{\"odometer\":2000,\"volume\":60,\"price\":2,\"entry_date\":\"2026-11-10\"}", id);
    tool_refused(&bench, "delete_fuel_entry", "{\"confirm\":false}", "invalid_argument",
        "/confirm");
    tool_refused(&bench, "delete_fuel_entry", "{}", "invalid_argument", "/confirm");
    tool_refused(&bench, "delete_fuel_entry", "{\"entry_id\":\"nope\",\"confirm\":true}",
        "not_found", NULL);
    for (int i = 0; i < 2; i++) {
        jdoc *r = tool_call(&bench, "delete_fuel_entry", "call-1", "{\"confirm\":true}");
        assert_string_equal(text_at(r, "/entry/id"), id);
        jdoc_free(r);
    }
    jdoc *r = tool_ok(&bench, "get_fuel_log", "{}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
    assert_int_equal(tools_find("delete_fuel_entry")->approval, TOOLS_APPROVAL_ALWAYS);
}

static jdoc *scan(const char *text)
{
    struct buf args = {0};
    buf_puts(&args, "{\"receipt_url\":\"https://example.com/r.jpg\",\"ocr_text\":");
    buf_json_string(&args, text, strlen(text));
    buf_putc(&args, '}');
    jdoc *r = tool_ok(&bench, "scan_fuel_receipt_with_confidence", buf_text(&args));
    buf_free(&args);
    return r;
}

static void reads_receipts(void **state)
{
    (void)state;
    tool_refused(&bench, "scan_fuel_receipt_with_confidence",
        "{\"receipt_url\":\"https://example.com/r.jpg\"}", "provider_not_configured", NULL);
    jdoc *r = scan("BP GOULBURN\nTAX INVOICE ABN 12 345 678 901\n21/11/2026 16:02\nPump 4\n"
                   "Diesel 45.20 L @ $1.899/L\nSUBTOTAL $78.03\nGST $7.80\nTOTAL $85.83\n");
    assert_true(number_at(r, "/receipt/total/value") == 85.83);
    assert_true(number_at(r, "/receipt/volume/value") == 45.2);
    assert_true(number_at(r, "/receipt/price/value") == 1.899);
    assert_true(number_at(r, "/receipt/total/confidence") > 0.95);
    assert_string_equal(text_at(r, "/receipt/date/value"), "2026-11-21");
    assert_string_equal(text_at(r, "/receipt/station/value"), "BP GOULBURN");
    jdoc_free(r);
    r = scan("Shell\nULP91 185.9 c/L\nVolume 40.00\nTotal 74.36\n03/04/2026");
    assert_true(number_at(r, "/receipt/price/value") == 1.859);
    assert_true(number_at(r, "/receipt/total/confidence") > 0.95);
    assert_string_equal(text_at(r, "/receipt/date/value"), "2026-04-03");
    assert_true(number_at(r, "/receipt/date/confidence") < 0.7);
    jdoc_free(r);
    r = scan("Love's\n11/21/26\nGALLONS 10.000\nPRICE/GAL $3.500\nFUEL TOTAL $35.00");
    assert_true(number_at(r, "/receipt/volume/value") == 37.854);
    assert_string_equal(text_at(r, "/receipt/date/value"), "2026-11-21");
    jdoc_free(r);
    r = scan("Diesel 45.20 L @ 1.899/L\nTOTAL $99.00");
    assert_true(number_at(r, "/receipt/total/confidence") < 0.7);
    jdoc_free(r);
    r = scan("Dear customer, thank you.");
    assert_null(jdoc_get(at(r, "/receipt/total"), "value"));
    jdoc_free(r);
    jdoc_free(scan(
        "\xc3\xa9 $ . , 1,2,3,4.5.6.7 //// 99/99/9999 32-13-2026 1,000,000,000,000,000,000.00\n\n"
        "999999999999999999999999999999999999999999999999.99 L TOTAL"));
}

static void survives_any_text(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789.,$/-@ \n\r\tLlGalcPRICETOTALBPNovMay\xc3\xa9'";
    char text[400];
    unsigned seed = 1;
    for (int round = 0; round < 10000; round++) {
        struct receipt r;
        size_t len = (size_t)(round % (int)(sizeof text - 1));
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[len] = '\0';
        receipt_read(text, round % 2 == 0, &r);
        assert_true(r.total.confidence >= 0 && r.total.confidence <= 1);
        assert_true(strlen(r.date) == 0 || strlen(r.date) == 10);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(two_give_the_third),
        T(refuses_what_cannot_be),
        T(asks_about_cents),
        T(measures_from_full_to_full),
        T(keeps_vehicles_apart),
        T(watches_the_odometer),
        T(changes_the_latest),
        T(removes_once),
        T(reads_receipts),
        T(survives_any_text),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
