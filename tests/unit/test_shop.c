/* SPDX-License-Identifier: BSD-2-Clause */
/* The operator's catalogue, and services outside with what they may do wrong. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/shared_seeds.h"
#include "tests/unit/tool_fixture.h"
#include "tests/unit/web_double.h"
#include "tools/shop/shop.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct web_double web;

#define JSON "200 OK\r\nContent-Type: application/json"
static char large[700 * 1024];
static const struct web_page pages[] = {
    {"GET /s?q=bad%20json", NULL, JSON, "{\"results\":["},
    {"GET /s?q=no%20list", NULL, JSON, "{\"results\":{}}"},
    {"GET /s?q=large", NULL, JSON, large},
    {"GET /s?q=moved", NULL, "302 Found\r\nLocation: $BASE/s?q=tents", ""},
    {"GET /s?q=broken", NULL, "500 Internal Server Error", "{\"results\":[]}"},
    {"GET /s?q=tents", "Authorization: Bearer k3y", JSON,
        "{\"results\":[{\"title\":\"A\",\"url\":\"https://a.example/\",\"extra\":[1]},{\"title\":\"no url\"},"
        "{\"title\":\"B\",\"url\":\"javascript:alert(1)\"},5,{\"title\":\"C\",\"url\":\"http://c.example/ x\"},"
        "{\"title\":\"D\",\"url\":\"http://d.example/\",\"snippet\":7}]}"},
    {"GET /s?q=tyres%20for%202019%20Toyota%20HiAce&type=product&count=8&location=Dubbo", NULL, JSON,
        "{\"results\":[{\"title\":\"T\",\"url\":\"https://t.example/\"}]}"},
    {"GET /s?", NULL, JSON, "{\"results\":[]}"},
    {"GET /p?q=down", NULL, "503 Busy", ""},
    {"GET /p?", "country=au", JSON,
        "{\"offers\":[{\"shop\":\"Dear\",\"price\":99.5,\"currency\":\"AUD\"},{\"shop\":\"Cheap\",\"price\":80,"
        "\"currency\":\"AUD\"},{\"shop\":\"US\",\"price\":10,\"currency\":\"USD\"},{\"shop\":\"X\",\"price\":-1,"
        "\"currency\":\"AUD\"},{\"shop\":\"Y\",\"price\":\"9\",\"currency\":\"AUD\"},{\"price\":1,\"currency\":"
        "\"AUD\"}]}"},
    {NULL, NULL, NULL, NULL},
};

static void set(const char *name, const char *value)
{
    char why[CONF_WHY_SIZE];
    assert_int_equal(conf_set(&bench.conf, name, value, why), 0);
}

static void set_url(const char *name, const char *path)
{
    char url[128];
    snprintf(url, sizeof url, "%s%s", web.base, path);
    set(name, url);
}

static int start(void **state)
{
    memset(large, ' ', sizeof large - 1);
    tool_fixture_start(state);
    web_double_start(&web, pages);
    return 0;
}

static int stop(void **state)
{
    char path[160];
    snprintf(path, sizeof path, "%s/shop.json", bench.redis.dir);
    unlink(path);
    web_double_stop(&web);
    shop_close();
    return tool_fixture_stop(state);
}

static void without_providers(void **state)
{
    static const char *const calls[][2] = {{"search_products", "{\"query\":\"x\"}"},
        {"get_product_details", "{\"product_id\":\"x\"}"}, {"recommend_products", "{}"},
        {"compare_prices", "{\"product_name\":\"x\"}"}, {"web_search", "{\"query\":\"x\"}"},
        {"enhanced_search", "{\"query\":\"x\"}"}};
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        tool_refused(&bench, calls[i][0], calls[i][1], "provider_not_configured", NULL);
    set("shop.catalogue", "/nonexistent/shop.json");
    tool_refused(&bench, "recommend_products", "{}", "provider_not_configured", NULL);
}

static void catalogue(void **state)
{
    (void)state;
    shared_seeds_shop(&bench, shared_seeds_products);
    jdoc *r = tool_ok(&bench, "search_products", "{\"query\":\"water filters\"}");
    assert_string_equal(text_at(r, "/products/0/id"), "wat-01"); /* in stock first */
    assert_int_equal(number_at(r, "/products/0/price_minor"), 8995);
    assert_int_equal(number_at(r, "/total"), 2);
    jdoc_free(r);
    r = tool_ok(&bench, "search_products", "{\"query\":\"filter\",\"max_price\":\"100\"}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "search_products", "{\"query\":\"price\"}"); /* the bad one is left out */
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
    tool_refused(&bench, "search_products", "{\"query\":\"x\",\"min_price\":9,\"max_price\":1}",
        "invalid_argument", "/min_price");
    tool_refused(&bench, "search_products", "{\"query\":\"x\",\"limit\":101}", "invalid_argument",
        "/limit");
    tool_refused(&bench, "get_product_details", "{\"product_id\":\"other\"}", "not_found", NULL);
    /* A file that changed is read again; one that went bad leaves the last good one. */
    shared_seeds_shop(&bench,
        "{\"currency\":\"AUD\",\"products\":[{\"id\":\"n\",\"name\":\"New thing\","
        "\"category\":\"electronics\",\"price\":1}]}");
    jdoc_free(tool_ok(&bench, "get_product_details", "{\"product_id\":\"n\"}"));
    shared_seeds_shop(&bench, "{\"products\":[");
    jdoc_free(tool_ok(&bench, "get_product_details", "{\"product_id\":\"n\"}"));
}

static void recommends(void **state)
{
    (void)state;
    shared_seeds_shop(&bench, shared_seeds_products);
    jdoc *r = tool_ok(&bench, "recommend_products", "{}");
    assert_non_null(strstr(text_at(r, "/message"), "no vehicle or trip"));
    jdoc_free(r);
    tool_seed(&bench, "vehicle", "v", 1,
        "{\"id\":\"v\",\"name\":\"Rosie\",\"vehicle_type\":\"motorhome\","
        "\"year\":2019,\"make\":\"Toyota\",\"model\":\"HiAce\"}");
    tool_seed(&bench, "vehicle_primary", "me", 1, "{\"id\":\"me\",\"vehicle_id\":\"v\"}");
    tool_seed(&bench, "trip", "t", bench.context.now_ms + 86400000,
        "{\"id\":\"t\",\"destination\":{\"name\":\"Brisbane\",\"region\":\"Queensland\"}}");
    r = tool_ok(&bench, "recommend_products", "{}");
    assert_string_equal(text_at(r, "/products/0/id"), "rec-01");
    assert_string_equal(text_at(r, "/products/0/reason"), "made for a motorhome");
    assert_string_equal(text_at(r, "/products/1/reason"), "suits the trip to Brisbane");
    for (size_t i = 0; i < jdoc_length(at(r, "/products")); i++)
        assert_string_not_equal(jdoc_text_or(jdoc_at(at(r, "/products"), i), "id", ""), "boat-1");
    jdoc_free(r);
}

static void replace_catalogue(void)
{
    shared_seeds_shop(&bench,
        "{\"currency\":\"AUD\",\"products\":[{\"id\":\"n\",\"name\":\"New thing\","
        "\"category\":\"electronics\",\"price\":1}]}");
}

/* One call waits for the user's records while another takes in a new catalogue. */
static void the_catalogue_may_change_meanwhile(void **state)
{
    static const char *const calls[2][2] = {{"recommend_products", "{}"},
        {"get_product_details", "{\"product_id\":\"n\"}"}};
    jdoc *results[2];
    bool success = false;
    (void)state;
    shared_seeds_shop(&bench, shared_seeds_products);
    jdoc_free(tool_ok(&bench, "recommend_products", "{}"));
    tool_calls_overlap(&bench, calls, replace_catalogue, results);
    for (int i = 0; i < 2; i++) {
        jdoc_get_bool(results[i], "success", &success);
        assert_true(success);
        jdoc_free(results[i]);
    }
}

static void searches(void **state)
{
    static const char *const failing[] = {"bad json", "no list", "large", "moved", "broken"};
    (void)state;
    set_url("search.url", "/s");
    set("search.key", "k3y");
    jdoc *r = tool_ok(&bench, "web_search", "{\"query\":\"tents\",\"num_results\":20}");
    assert_int_equal(number_at(r, "/count"), 2);
    assert_int_equal(number_at(r, "/left_out"), 4);
    jdoc_free(r);
    r = tool_ok(&bench, "web_search", "{\"query\":\"tents\",\"num_results\":1}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        char args[64];
        snprintf(args, sizeof args, "{\"query\":\"%s\"}", failing[i]);
        tool_refused(&bench, "web_search", args, "provider_failed", NULL);
    }
    set("search.key", "wrong");
    tool_refused(&bench, "web_search", "{\"query\":\"tents\"}", "provider_failed", NULL);
    tool_refused(&bench, "web_search", "{\"query\":\"x\",\"num_results\":21}", "invalid_argument",
        "/num_results");
    tool_refused(&bench, "web_search", "{}", "invalid_argument", NULL);
    set("search.url", "http://127.0.0.1:1/");
    tool_refused(&bench, "web_search", "{\"query\":\"x\"}", "provider_failed", NULL);
}

static void prices(void **state)
{
    (void)state;
    set_url("prices.url", "/p");
    jdoc *r = tool_ok(&bench, "compare_prices", "{\"product_name\":\"MaxTrax\"}");
    assert_string_equal(text_at(r, "/offers/0/shop"), "Cheap");
    assert_string_equal(text_at(r, "/offers/2/currency"), "USD");
    assert_int_equal(number_at(r, "/left_out"), 3);
    jdoc_free(r);
    tool_refused(&bench, "compare_prices", "{\"product_name\":\"down\"}", "provider_failed", NULL);
    tool_refused(&bench, "compare_prices", "{\"product_name\":\"x\",\"country\":\"de\"}",
        "invalid_argument", "/country");
}

static void advises(void **state)
{
    (void)state;
    set_url("search.url", "/s");
    set_url("prices.url", "/p");
    jdoc *r = tool_ok(&bench, "enhanced_search", "{\"query\":\"tyres\",\"location\":\"Dubbo\"}");
    assert_string_equal(text_at(r, "/context/vehicle"), "2019 Toyota HiAce");
    assert_int_equal(number_at(r, "/count"), 1);
    assert_string_equal(text_at(r, "/offers/0/shop"), "Cheap");
    jdoc_free(r);
    r = tool_ok(&bench, "enhanced_search",
        "{\"query\":\"down\"}"); /* prices fail, the search stands */
    assert_non_null(jdoc_get(r, "note"));
    assert_null(jdoc_get(r, "offers"));
    jdoc_free(r);
    set("prices.url", "");
    r = tool_ok(&bench, "enhanced_search", "{\"query\":\"fridge\"}");
    assert_non_null(strstr(text_at(r, "/note"), "prices.url"));
    jdoc_free(r);
}

static void no_tool_is_left_out(void **state)
{
    (void)state;
    tool_all_succeeded("shop", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_providers),
        cmocka_unit_test(catalogue),
        cmocka_unit_test(recommends),
        cmocka_unit_test(the_catalogue_may_change_meanwhile),
        cmocka_unit_test(searches),
        cmocka_unit_test(prices),
        cmocka_unit_test(advises),
        cmocka_unit_test(no_tool_is_left_out),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
