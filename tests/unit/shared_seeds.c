/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/shared_seeds.h"

#include "base/err.h"
#include "store/shared.h"
#include "tests/unit/cm.h"
#include "tests/unit/web_double.h"
#include "tools/shop/shop.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char shared_seeds_products[] =
    "{\"currency\":\"AUD\",\"products\":["
    "{\"id\":\"rec-01\",\"name\":\"Recovery tracks, pair\",\"category\":\"recovery_gear\",\"price\":189,"
    "\"description\":\"For sand and mud.\",\"tags\":[\"sand\"],\"vehicle_types\":[\"motorhome\",\"truck\"]},"
    "{\"id\":\"wat-01\",\"name\":\"Water filter\",\"category\":\"camping_expedition\",\"price\":89.95,"
    "\"url\":\"https://shop.example.org/wat-01\"},"
    "{\"id\":\"wat-02\",\"name\":\"Inline water filter\",\"category\":\"camping_expedition\",\"price\":149,"
    "\"in_stock\":false},"
    "{\"id\":\"tyr-01\",\"name\":\"Tyre repair kit\",\"category\":\"tools_maintenance\",\"price\":45.5,"
    "\"tags\":[\"Queensland\",\"outback\"]},"
    "{\"id\":\"boat-1\",\"name\":\"Bilge pump\",\"category\":\"parts_upgrades\",\"price\":60,"
    "\"vehicle_types\":[\"boat\"]},"
    "{\"id\":\"bad\",\"name\":\"No price\",\"category\":\"electronics\"}]}";

static const struct web_page pages[] = {
    {"GET /search?q=", NULL, "200 OK\r\nContent-Type: application/json",
        "{\"results\":[{\"title\":\"Dump points\",\"url\":\"https://example.org/d\",\"snippet\":\"A list.\"}]}"},
    {"GET /prices?q=", "country=", "200 OK\r\nContent-Type: application/json",
        "{\"offers\":[{\"shop\":\"Outfitters\",\"price\":299.0,\"currency\":\"AUD\"}]}"},
    {"GET /damper", NULL, "200 OK\r\nContent-Type: text/html",
        "<script type=\"application/ld+json\">{\"@type\":\"Recipe\",\"name\":\"Page\",\"recipeIngredient\":"
        "[\"1 cup rice\"]}</script>"},
    {"GET /curry", NULL, "200 OK\r\nContent-Type: text/html",
        "<script type=\"application/ld+json\">{\"@type\":\"Recipe\",\"name\":\"Page\",\"recipeIngredient\":"
        "[\"1 cup rice\"]}</script>"},
    {NULL, NULL, NULL, NULL},
};
static struct web_double services;

const char *shared_seeds_args(const char *args)
{
    static const char host[] = "https://recipes.example.org";
    static char text[512];
    const char *at = strstr(args, host);
    if (!at)
        return args;
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - args), args, services.base,
        at + sizeof host - 1);
    return text;
}

void shared_seeds_shop(struct tool_bench *b, const char *json)
{
    char path[128], part[136], why[CONF_WHY_SIZE];
    snprintf(path, sizeof path, "%s/shop.json", b->redis.dir);
    snprintf(part, sizeof part, "%s.new", path);
    FILE *out = fopen(part, "w");
    assert_non_null(out);
    fputs(json, out);
    fclose(out);
    assert_int_equal(rename(part, path), 0);
    assert_int_equal(conf_set(&b->conf, "shop.catalogue", path, why), 0);
}

void shared_seeds_start(struct tool_bench *b)
{
    char url[96], why[CONF_WHY_SIZE];
    web_double_start(&services, pages);
    snprintf(url, sizeof url, "%s/search", services.base);
    assert_int_equal(conf_set(&b->conf, "search.url", url, why), 0);
    snprintf(url, sizeof url, "%s/prices", services.base);
    assert_int_equal(conf_set(&b->conf, "prices.url", url, why), 0);
    assert_int_equal(conf_set(&b->conf, "tools.allow_private", "on", why), 0);
    shared_seeds_shop(b, shared_seeds_products);
    b->context.role = "admin";
}

void shared_seeds_stop(struct tool_bench *b)
{
    char path[128];
    snprintf(path, sizeof path, "%s/shop.json", b->redis.dir);
    unlink(path);
    web_double_stop(&services);
    shop_close();
}

static void put(struct tool_bench *b, const char *family, const char *id, const char *json,
    const char *terms)
{
    const char *stored;
    struct arena *arena = arena_new();
    assert_int_equal(shared_put(b->context.store, NULL,
                         &(struct shared_record){.family = family,
                             .id = id,
                             .json = json,
                             .time_ms = 1,
                             .terms = terms,
                             .keep = 100,
                             .author = "bob"},
                         arena, &stored),
        0);
    arena_free(arena);
}

void shared_seeds_put(struct tool_bench *b)
{
    struct shared_follow follow;
    struct store *s = b->context.store;
    assert_int_equal(
        link_command(s->link, NULL, "HSET tp:{bob}:r:privacy me %s",
            "{\"id\":\"me\",\"allow_messages\":\"everyone\",\"location_sharing\":true}"),
        0);
    assert_int_equal(shared_follow(s, NULL, "ann", "bob", true, &follow), 0);
    assert_int_equal(shared_follow(s, NULL, "bob", "ann", true, &follow), 0);
    assert_true(follow.friends);
    put(b, "post", SEED_POST,
        "{\"id\":\"" SEED_POST "\",\"author\":\"bob\",\"content\":\"Is the road "
        "open?\",\"created_at\":\"2026-11-20T01:00:00Z\"}",
        "road open");
    put(b, "knowledge", SEED_ARTICLE,
        "{\"id\":\"" SEED_ARTICLE "\",\"author\":\"bob\",\"title\":"
        "\"Shipping\",\"content\":\"Book early.\",\"category\":\"travel\",\"topic\":\"shipping\","
        "\"created_at\":\"2026-11-20T01:00:00Z\"}",
        "shipping book early =topic:shipping");
    tool_seed(b, "recipe", SEED_RECIPE, 1,
        "{\"id\":\"" SEED_RECIPE "\",\"name\":\"Damper\",\"ingredients\":"
        "[\"2 cups flour\",\"1/2 cup milk\"],\"instructions\":[\"Mix.\",\"Bake.\"],\"meal_type\":\"dinner\","
        "\"dietary_tags\":[],\"created_at\":\"2026-11-20T01:00:00Z\"}");
    tool_seed(b, "meal_plan", "plan-1", 1795266000000,
        "{\"id\":\"plan-1\",\"start_date\":\"2026-11-22\","
        "\"end_date\":\"2026-11-22\",\"days\":[{\"date\":\"2026-11-22\",\"meals\":[{\"meal_type\":"
        "\"dinner\",\"recipe_id\":\"" SEED_RECIPE "\",\"name\":\"Damper\",\"source\":\"own\"}]}],"
        "\"created_at\":\"2026-11-20T01:00:00Z\"}");
}
