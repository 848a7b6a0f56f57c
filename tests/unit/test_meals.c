/* SPDX-License-Identifier: BSD-2-Clause */
/* Recipes from pages, diets that are kept strictly, the pantry in the user's zone, plans, lists. */
#include "base/err.h"
#include "store/shared.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tests/unit/web_double.h"
#include "tools/meals/ingredient.h"
#include "tools/meals/recipe_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct web_double web;

#define HTML "200 OK\r\nContent-Type: text/html"
static char large[2200 * 1024];
static const struct web_page pages[] = {
    {"GET /damper", NULL, HTML,
        "<html><script>var x = '<';</script><SCRIPT type=\"application/ld+json\">{\"@type\":\"WebSite\"}</script>"
        "<script type='application/ld+json'>{\"@context\":\"https://schema.org\",\"@graph\":[{\"@type\":\"Person\"},"
        "{\"@type\":[\"Recipe\",\"Article\"],\"name\":\"Damper &amp; <b>jam</b>\",\"recipeIngredient\":[\"2 cups flour\","
        "\"&frac12; cup milk\",7],\"recipeInstructions\":[{\"@type\":\"HowToSection\",\"itemListElement\":[{\"@type\":"
        "\"HowToStep\",\"text\":\"Mix\nwell.\"}]},\"Bake.\"],\"recipeYield\":[\"Serves 4\"],\"prepTime\":\"PT10M\","
        "\"totalTime\":\"PT1H5M\",\"recipeCategory\":\"Main course\",\"suitableForDiet\":"
        "\"https://schema.org/VegetarianDiet\"}]}</script></html>"},
    {"GET /hop", NULL, "302 Found\r\nLocation: $BASE/damper", ""},
    {"GET /loop", NULL, "302 Found\r\nLocation: $BASE/loop", ""},
    {"GET /none", NULL, HTML,
        "<html><script type='application/ld+json'>{\"@type\":\"Recipe\",\"name\":\"X\"}</script>"},
    {"GET /bad", NULL, HTML, "<html><script type='application/ld+json'>{\"@type\":"},
    {"GET /large", NULL, HTML, large},
    {NULL, NULL, NULL, NULL},
};

static void set(const char *name, const char *value)
{
    char why[CONF_WHY_SIZE];
    assert_int_equal(conf_set(&bench.conf, name, value, why), 0);
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
    web_double_stop(&web);
    return tool_fixture_stop(state);
}

static int fresh(void **state)
{
    set("tools.allow_private", "on");
    return tool_fixture_empty(state);
}

static const char *page(const char *path)
{
    static char args[160];
    snprintf(args, sizeof args, "{\"url\":\"%s%s\"}", web.base, path);
    return args;
}

static void saves_pages(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "save_recipe", page("/hop"));
    assert_string_equal(text_at(r, "/recipe/name"), "Damper & jam");
    assert_string_equal(text_at(r, "/recipe/ingredients/1"), "\xc2\xbd cup milk");
    assert_string_equal(text_at(r, "/recipe/instructions/0"), "Mix well.");
    assert_int_equal(number_at(r, "/recipe/servings"), 4);
    assert_int_equal(number_at(r, "/recipe/total_minutes"), 65);
    assert_string_equal(text_at(r, "/recipe/meal_type"), "dinner");
    assert_string_equal(text_at(r, "/recipe/dietary_tags/0"), "vegetarian");
    jdoc_free(r);
    r = tool_call(&bench, "save_recipe", "c1", page("/damper"));
    jdoc *again = tool_call(&bench, "save_recipe", "c1", page("/damper"));
    assert_string_equal(text_at(r, "/recipe/id"), text_at(again, "/recipe/id"));
    jdoc_free(r);
    jdoc_free(again);
    r = tool_ok(&bench, "search_recipes", "{}");
    assert_int_equal(number_at(r, "/total"), 2);
    jdoc_free(r);
    tool_refused(&bench, "save_recipe", page("/none"), "not_found", NULL);
    tool_refused(&bench, "save_recipe", page("/bad"), "not_found", NULL);
    tool_refused(&bench, "save_recipe", page("/missing"), "not_found", NULL);
    tool_refused(&bench, "save_recipe", page("/loop"), "provider_failed", NULL);
    tool_refused(&bench, "save_recipe", page("/large"), "provider_failed", NULL);
    tool_refused(&bench, "save_recipe", "{\"url\":\"file:///etc/passwd\"}", "invalid_argument",
        "/url");
    set("tools.allow_private", "off");
    tool_refused(&bench, "save_recipe", page("/damper"), "invalid_argument", "/url");
}

static void reads_forms(void **state)
{
    static const struct {
        const char *text, *unit, *name;
        double amount;
    } lines[] = {
        {"1 1/2 cups plain flour, sifted", "ml", "plain flour", 375},
        {"200g butter", "g", "butter", 200},
        {"2-3 cloves garlic (crushed)", "clove", "garlic", 3},
        {"\xc2\xbd tsp. salt", "ml", "salt", 2.5},
        {"4 eggs", "", "eggs", 4},
        {"1kg potatoes", "g", "potatoes", 1000},
        {"salt to taste", "", "salt to taste", 0},
        {"1\xc2\xbc l of stock", "ml", "stock", 1250},
        {"1/0 cup x", "ml", "x", 250},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct ingredient in;
        assert_int_equal(ingredient_read(lines[i].text, arena, &in), 0);
        if (strcmp(in.unit, lines[i].unit) != 0 || strcmp(in.name, lines[i].name) != 0 ||
            fabs(in.amount - lines[i].amount) > 0.01)
            fail_msg("\"%s\": %g \"%s\" \"%s\"", lines[i].text, in.amount, in.unit, in.name);
    }
    arena_free(arena);
    assert_int_equal(recipe_page_minutes("P1DT2H"), 1560);
    assert_int_equal(recipe_page_minutes("PT90M"), 90);
    assert_int_equal(recipe_page_minutes("90 minutes"), -1);
    assert_int_equal(recipe_page_minutes("PT99999999999999999999M"), -1);
    assert_int_equal(recipe_page_minutes("P"), -1);
    assert_int_equal(recipe_page_minutes(NULL), -1);
}

static void recipe(const char *id, const char *type, const char *ingredients)
{
    char json[1024];
    snprintf(json, sizeof json,
        "{\"id\":\"%s\",\"name\":\"Dish %s\",\"meal_type\":\"%s\",\"ingredients\":[%s],"
        "\"instructions\":[],\"dietary_tags\":[],\"total_minutes\":20,\"created_at\":\"2026-11-01T00:00:00Z\"}",
        id, id, type, ingredients);
    tool_seed(&bench, "recipe", id, 1, json);
}

static void allergies_are_strict(void **state)
{
    static const struct {
        const char *field, *rule, *line;
        bool refused;
    } cases[] = {
        {"allergies", "nuts", "50 g almonds", true},
        {"allergies", "peanuts", "satay sauce", true},
        {"allergies", "dairy", "peanut butter and butter", true},
        {"allergies", "dairy", "coconut milk", false},
        {"allergies", "dairy", "coconut or cream", true},
        {"allergies", "milk", "200 ml Milk", true},
        {"allergies", "kiwi fruit", "2 kiwi fruits", true},
        {"allergies", "shellfish", "prawns", true},
        {"allergies", "eggs", "1 egg", true},
        {"allergies", "gluten", "gluten free flour", false},
        {"allergies", "gluten", "gluten-free flour and wheat bran", true},
        {"allergies", "gluten", "rice noodles", false},
        {"dietary_restrictions", "vegan", "1 tbsp honey", true},
        {"dietary_restrictions", "Vegetarian", "chicken stock", true},
        {"dietary_restrictions", "vegetarian", "vegetable stock", false},
        {"dietary_restrictions", "gluten-free", "breadcrumbs", true},
        {"dietary_restrictions", "keto", "lettuce", true}, /* not marked: not shown */
        {"disliked_ingredients", "mushrooms", "mushrooms", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char args[200], line[100];
        assert_int_equal(link_command(bench.context.store->link, NULL, "FLUSHALL"), 0);
        snprintf(line, sizeof line, "\"%s\"", cases[i].line);
        recipe("r", "dinner", line);
        snprintf(args, sizeof args, "{\"action\":\"add\",\"%s\":\"%s\"}", cases[i].field,
            cases[i].rule);
        jdoc_free(tool_ok(&bench, "manage_dietary_prefs", args));
        jdoc *r = tool_ok(&bench, "search_recipes", "{}");
        if ((number_at(r, "/total") == 0) != cases[i].refused)
            fail_msg("%s against \"%s\"", cases[i].rule, cases[i].line);
        jdoc_free(r);
        r = tool_call(&bench, "plan_meals", NULL, "{\"days\":1,\"meal_types\":[\"dinner\"]}");
        assert_true((jdoc_get(r, "error") != NULL) == cases[i].refused);
        jdoc_free(r);
    }
    recipe("unknown", "dinner", ""); /* nothing known of what is in it */
    jdoc_free(
        tool_ok(&bench, "manage_dietary_prefs", "{\"action\":\"set\",\"allergies\":[\"nuts\"]}"));
    jdoc *r = tool_ok(&bench, "search_recipes", "{\"query\":\"unknown\"}");
    assert_int_equal(number_at(r, "/total"), 0);
    jdoc_free(r);
}

static void preferences(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "manage_dietary_prefs",
        "{\"action\":\"set\",\"allergies\":[\"nuts\",\"Milk\"],\"daily_calorie_goal\":2000}"));
    jdoc_free(
        tool_ok(&bench, "manage_dietary_prefs", "{\"action\":\"remove\",\"allergies\":\"milk\"}"));
    jdoc *r = tool_ok(&bench, "manage_dietary_prefs",
        "{\"action\":\"add\",\"allergies\":[\"NUTS\",\"egg\"]}");
    assert_int_equal(jdoc_length(at(r, "/preferences/allergies")), 2);
    assert_int_equal(number_at(r, "/preferences/daily_calorie_goal"), 2000);
    jdoc_free(r);
    bench.context.uid = "bob";
    r = tool_ok(&bench, "manage_dietary_prefs", "{\"action\":\"get\"}");
    assert_int_equal(jdoc_length(at(r, "/preferences/allergies")), 0);
    jdoc_free(r);
    tool_refused(&bench, "manage_dietary_prefs", "{\"action\":\"set\"}", "invalid_argument", NULL);
    tool_refused(&bench, "manage_dietary_prefs", "{\"action\":\"eat\"}", "invalid_argument",
        "/action");
}

static void pantry(void **state)
{
    char args[200];
    (void)state;
    jdoc *milk = tool_ok(&bench, "manage_pantry",
        "{\"action\":\"add\",\"ingredient_name\":\"milk\",\"quantity\":"
        "\"1\",\"unit\":\"l\",\"expiry_date\":\"2026-11-22\"}");
    jdoc_free(
        tool_ok(&bench, "manage_pantry", "{\"action\":\"add\",\"ingredient_name\":\"rice\"}"));
    jdoc_free(tool_ok(&bench, "manage_pantry",
        "{\"action\":\"add\",\"ingredient_name\":\"ham\",\"expiry_date\":"
        "\"2026-11-21\"}"));
    /* 13:00 in Sydney on the 22nd: good to the end of that day there. */
    jdoc *r = tool_ok(&bench, "manage_pantry", "{\"action\":\"check_expiry\"}");
    assert_int_equal(number_at(r, "/count"), 2);
    assert_string_equal(text_at(r, "/pantry/0/status"), "expired"); /* the first to expire first */
    assert_int_equal(number_at(r, "/pantry/0/days_left"), -1);
    assert_string_equal(text_at(r, "/pantry/1/status"), "soon");
    assert_int_equal(number_at(r, "/pantry/1/days_left"), 0);
    jdoc_free(r);
    bench.context.zone = "Pacific/Kiritimati"; /* there it is the 22nd, 16:00; in Samoa the 21st */
    bench.context.now_ms += 10 * 3600000LL;
    r = tool_ok(&bench, "manage_pantry", "{\"action\":\"check_expiry\"}");
    assert_string_equal(text_at(r, "/pantry/0/status"), "expired");
    jdoc_free(r);
    bench.context.zone = "Australia/Sydney";
    bench.context.now_ms -= 10 * 3600000LL;
    snprintf(args, sizeof args, "{\"action\":\"update\",\"item_id\":\"%s\",\"quantity\":2}",
        text_at(milk, "/pantry/0/id"));
    bench.context.uid = "bob";
    tool_refused(&bench, "manage_pantry", args, "not_found", NULL);
    bench.context.uid = "ann";
    r = tool_ok(&bench, "manage_pantry", args);
    assert_int_equal(number_at(r, "/pantry/0/quantity"), 2);
    jdoc_free(r);
    jdoc_free(
        tool_ok(&bench, "manage_pantry", "{\"action\":\"remove\",\"ingredient_name\":\"ham\"}"));
    r = tool_ok(&bench, "manage_pantry", "{\"action\":\"list\"}");
    assert_int_equal(number_at(r, "/count"), 2);
    jdoc_free(r);
    jdoc_free(milk);
    tool_refused(&bench, "manage_pantry", "{\"action\":\"add\"}", "invalid_argument",
        "/ingredient_name");
    tool_refused(&bench, "manage_pantry", "{\"action\":\"remove\"}", "invalid_argument",
        "/item_id");
    tool_refused(&bench, "manage_pantry", "{\"action\":\"remove\",\"item_id\":\"{x}\"}",
        "not_found", NULL);
    tool_refused(&bench, "manage_pantry",
        "{\"action\":\"add\",\"ingredient_name\":\"x\",\"quantity\":-1}", "invalid_argument",
        "/quantity");
    tool_refused(&bench, "manage_pantry",
        "{\"action\":\"add\",\"ingredient_name\":\"x\",\"expiry_date\":"
        "\"2026-02-30\"}",
        "invalid_argument", "/expiry_date");
}

static const jdoc *bought(const jdoc *r, const char *list, const char *name)
{
    const jdoc *items = jdoc_get(jdoc_get(r, "shopping_list"), list);
    for (size_t i = 0; i < jdoc_length(items); i++)
        if (strcmp(jdoc_text_or(jdoc_at(items, i), "name", ""), name) == 0)
            return jdoc_at(items, i);
    return NULL;
}

static void plans_and_lists(void **state)
{
    char args[200];
    double quantity = 0;
    (void)state;
    tool_refused(&bench, "plan_meals", "{}", "not_found", NULL);
    tool_refused(&bench, "generate_shopping_list", "{}", "not_found", NULL);
    tool_refused(&bench, "plan_meals", "{\"days\":31}", "invalid_argument", "/days");
    recipe("a", "dinner", "\"500 g flour\",\"2 eggs\",\"salt\"");
    recipe("b", "dinner", "\"0.5 kg flour\",\"1 can beans\",\"3 onions\"");
    recipe("c", "breakfast", "\"2 eggs\"");
    jdoc_free(tool_ok(&bench, "manage_pantry",
        "{\"action\":\"add\",\"ingredient_name\":\"flour\",\"quantity\":0.4,"
        "\"unit\":\"kg\"}"));
    jdoc_free(
        tool_ok(&bench, "manage_pantry", "{\"action\":\"add\",\"ingredient_name\":\"salt\"}"));
    jdoc_free(tool_ok(&bench, "manage_pantry",
        "{\"action\":\"add\",\"ingredient_name\":\"eggs\",\"quantity\":12,"
        "\"expiry_date\":\"2026-11-20\"}")); /* expired: does not count */
    jdoc *plan =
        tool_ok(&bench, "plan_meals", "{\"days\":2,\"meal_types\":[\"dinner\",\"snack\"]}");
    assert_int_equal(number_at(plan, "/unfilled"), 2);
    assert_string_not_equal(text_at(plan, "/meal_plan/days/0/meals/0/recipe_id"),
        text_at(plan, "/meal_plan/days/1/meals/0/recipe_id"));
    jdoc *r = tool_ok(&bench, "generate_shopping_list", "{}");
    assert_int_equal(jdoc_get_double(bought(r, "items", "flour"), "quantity", &quantity), 0);
    assert_true(fabs(quantity - 600) < 0.01);
    assert_int_equal(jdoc_get_double(bought(r, "items", "eggs"), "quantity", &quantity), 0);
    assert_true(quantity == 2);
    assert_non_null(bought(r, "from_pantry", "salt"));
    assert_non_null(bought(r, "items", "beans"));
    jdoc_free(r);
    snprintf(args, sizeof args, "{\"meal_plan_ids\":[\"%s\"]}", text_at(plan, "/meal_plan/id"));
    jdoc_free(tool_ok(&bench, "generate_shopping_list", args));
    bench.context.uid = "bob";
    tool_refused(&bench, "generate_shopping_list", args, "invalid_argument", "/meal_plan_ids/0");
    jdoc_free(plan);
    bench.context.uid = "ann";
    tool_refused(&bench, "generate_shopping_list",
        "{\"start_date\":\"2026-12-02\",\"end_date\":\"2026-12-01\"}", "invalid_argument",
        "/end_date");
    jdoc_free(tool_ok(&bench, "plan_meals", "{\"days\":30}"));
}

static size_t others_find(const char *uid, bool public)
{
    bench.context.uid = uid;
    jdoc *r = tool_ok(&bench, "search_recipes",
        public ? "{\"query\":\"flour\",\"include_public\":true}" : "{}");
    size_t n = (size_t)number_at(r, "/total");
    jdoc_free(r);
    bench.context.uid = "ann";
    return n;
}

static void shares(void **state)
{
    struct shared_follow f;
    (void)state;
    recipe("a", "dinner", "\"500 g flour\"");
    tool_refused(&bench, "share_recipe", "{\"recipe_id\":\"a\",\"action\":\"share_with_friends\"}",
        "not_found", NULL);
    tool_refused(&bench, "share_recipe",
        "{\"recipe_id\":\"a\",\"action\":\"share_with_friends\",\"friend_ids\":"
        "[\"bob\"]}",
        "invalid_argument", "/friend_ids");
    assert_int_equal(shared_follow(bench.context.store, NULL, "ann", "bob", true, &f), 0);
    assert_int_equal(shared_follow(bench.context.store, NULL, "bob", "ann", true, &f), 0);
    jdoc_free(
        tool_ok(&bench, "share_recipe", "{\"recipe_id\":\"a\",\"action\":\"share_with_friends\"}"));
    assert_int_equal(others_find("bob", false), 1);
    assert_int_equal(others_find("cid", true), 0);
    jdoc_free(tool_ok(&bench, "share_recipe", "{\"recipe_id\":\"a\",\"action\":\"make_public\"}"));
    assert_int_equal(others_find("cid", true), 1);
    assert_int_equal(others_find("cid", false), 0);
    assert_int_equal(others_find("ann", true), 1); /* her own, once */
    jdoc_free(tool_ok(&bench, "share_recipe", "{\"recipe_id\":\"a\",\"action\":\"make_private\"}"));
    assert_int_equal(others_find("bob", true), 0);
    assert_int_equal(others_find("cid", true), 0);
    bench.context.uid = "bob";
    tool_refused(&bench, "share_recipe", "{\"recipe_id\":\"a\",\"action\":\"make_public\"}",
        "not_found", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(saves_pages, fresh),
        cmocka_unit_test_setup(reads_forms, fresh),
        cmocka_unit_test_setup(allergies_are_strict, fresh),
        cmocka_unit_test_setup(preferences, fresh),
        cmocka_unit_test_setup(pantry, fresh),
        cmocka_unit_test_setup(plans_and_lists, fresh),
        cmocka_unit_test_setup(shares, fresh),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
