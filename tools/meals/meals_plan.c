/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family meals: planning from saved recipes by rules, and shopping for the plan. */
#include "tools/meals/meals.h"

#include "base/err.h"
#include "base/ident.h"
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/meals/ingredient.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOON_MS (7LL * 86400000)
#define RECIPES_LOOK 60 /* own ones that a plan is made from */
#define PLANS_LOOK 60   /* that a shopping list looks at */
#define NEEDS_MAX 600
#define MEALS_MAX 400 /* of one shopping list */
#define DAY_MS 86400000LL

/* --- plan_meals --- */

struct candidate {
    const struct meals_recipe *recipe;
    const char *type; /* "" = the recipe does not say */
    int pantry;       /* what it uses of the pantry; more when that expires soon */
    int used;
    bool disliked;
};

/* Words of a line of a recipe, or of a thing; mask: a bit for each, so that most are told apart
 * fast. */
struct line {
    struct word_set words;
    uint64_t mask;
};

static int meals_read_line(struct arena *arena, const char *text, size_t max, struct line *l)
{
    if (word_set_init(&l->words, arena, max) != 0)
        return ERR_NOMEM;
    word_set_add(&l->words, "", text);
    l->mask = 0;
    for (size_t i = 0; i < l->words.count; i++) {
        uint32_t hash = 2166136261u;
        for (const char *c = l->words.list[i]; *c != '\0'; c++)
            hash = (hash ^ (unsigned char)*c) * 16777619u;
        l->mask |= UINT64_C(1) << (hash % 64);
    }
    return l->words.failed ? ERR_NOMEM : 0;
}

/* Is what the pantry holds named by the line of the recipe? */
static bool meals_names(const struct line *line, const struct line *thing)
{
    return thing->words.count > 0 && (thing->mask & ~line->mask) == 0 &&
        word_set_within(&thing->words, &line->words);
}

struct larder { /* the pantry, ready to be compared with many lines */
    struct meals_stock *stock;
    struct line *things;
    size_t count;
    bool more;
};

static int meals_read_larder(struct tools_run *run, struct larder *l)
{
    int error = meals_pantry(run, &l->stock, &l->count, &l->more);
    l->things = arena_array(run->arena, l->count + 1, sizeof *l->things);
    if (error == 0 && !l->things)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < l->count; i++)
        error = meals_read_line(run->arena, l->stock[i].name, 8, &l->things[i]);
    return error;
}

/* What a recipe uses of the larder; more when that expires soon. */
static int meals_pantry_score(struct tools_run *run, const jdoc *recipe,
    const struct larder *larder, int *score)
{
    const jdoc *lines = jdoc_get(recipe, "ingredients");
    bool *used = arena_array(run->arena, larder->count + 1, sizeof *used);
    struct line line;
    int error = used ? 0 : ERR_NOMEM;
    for (size_t i = 0; error == 0 && larder->count > 0 && i < jdoc_length(lines); i++) {
        error = meals_read_line(run->arena, jdoc_string(jdoc_at(lines, i), NULL), 30, &line);
        for (size_t k = 0; error == 0 && k < larder->count; k++) {
            if (used[k] || !meals_names(&line, &larder->things[k]))
                continue;
            used[k] = true;
            *score += larder->stock[k].expiry_ms < run->context->now_ms + SOON_MS ? 4 : 2;
        }
    }
    return error;
}

/* How well a recipe suits a meal; below 0: not at all. */
static int meals_suits(const struct candidate *c, const char *type)
{
    int score = 0;
    if (strcmp(c->type, type) == 0)
        score = 12;
    else if (c->type[0] == '\0')
        score = strcmp(type, "lunch") == 0 || strcmp(type, "dinner") == 0 ? 6 : -1;
    else
        score = (strcmp(c->type, "dinner") == 0 && strcmp(type, "lunch") == 0) ||
                (strcmp(c->type, "lunch") == 0 && strcmp(type, "dinner") == 0) ?
            4 :
            -1;
    if (score < 0)
        return -1;
    score += 1000 + (c->pantry < 20 ? c->pantry : 20) - 15 * c->used - (c->disliked ? 40 : 0);
    return score;
}

static struct candidate *meals_choose(struct candidate *all, size_t count, const char *type)
{
    struct candidate *best = NULL;
    int most = -1;
    for (size_t i = 0; i < count; i++) {
        int score = meals_suits(&all[i], type);
        if (score > most) {
            most = score;
            best = &all[i];
        }
    }
    return best;
}

struct planning {
    struct tools_run *run;
    const struct zone *zone;
    struct candidate *all;
    size_t count;
    int64_t start_ms, days;
    int unfilled, filled;
    size_t unclear; /* meals of which something is not known */
    const struct diet *diet;
    bool more;        /* recipes or things that were not looked at */
    const char *note; /* on the diet */
};

static int meals_add_meal(struct planning *p, jdoc *meals, const char *type, struct candidate *c)
{
    jdoc *meal = jdoc_new_object(), *unclear = NULL;
    if (diet_unclear(p->diet, c->recipe->doc, &unclear) != 0) {
        jdoc_free(meal);
        return ERR_NOMEM;
    }
    p->unclear += unclear != NULL;
    int failed = !meal || jdoc_set_string(meal, "meal_type", type) != 0 ||
        jdoc_set_string(meal, "recipe_id", jdoc_text_or(c->recipe->doc, "id", "")) != 0 ||
        jdoc_set_string(meal, "name", jdoc_text_or(c->recipe->doc, "name", "")) != 0 ||
        jdoc_set_string(meal, "source", c->recipe->source) != 0;
    c->used++;
    if (failed == 0 && unclear)
        failed = jdoc_set(meal, "not_checked", unclear) != 0;
    else
        jdoc_free(unclear);
    return jdoc_push_made(meals, meal, failed);
}

static int meals_plan_day(struct planning *p, const jdoc *types, int64_t day_ms, jdoc *days)
{
    static const char *const standard[] = {"breakfast", "lunch", "dinner"};
    char date[TIMESTAMP_SIZE];
    jdoc *day = jdoc_new_object(), *meals = jdoc_new_array();
    size_t asked = jdoc_length(types), count = asked > 0 ? asked : 3;
    timestamp_date(day_ms, p->zone, date);
    int error = day && meals ? jdoc_set_string(day, "date", date) : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < count; i++) {
        const char *type = asked > 0 ? jdoc_string(jdoc_at(types, i), NULL) : standard[i % 3];
        struct candidate *c = meals_choose(p->all, p->count, type);
        if (!c)
            p->unfilled++;
        else
            error = meals_add_meal(p, meals, type, c);
        p->filled += c != NULL;
    }
    if (error == 0) {
        error = jdoc_set(day, "meals", meals);
        meals = NULL;
    }
    jdoc_free(meals);
    if (error == 0)
        return jdoc_push(days, day);
    jdoc_free(day);
    return error;
}

static jdoc *meals_make_plan(struct planning *p)
{
    char id[IDENT_UUID_SIZE], from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE];
    jdoc *plan = jdoc_new_object(), *days = jdoc_new_array();
    int error = plan && days ? 0 : ERR_NOMEM;
    for (int i = 0; error == 0 && i < p->days; i++)
        error = meals_plan_day(p, jdoc_get(p->run->args, "meal_types"),
            timestamp_day(p->start_ms, i, p->zone), days);
    ident_uuid7(id);
    timestamp_date(p->start_ms, p->zone, from);
    timestamp_date(timestamp_day(p->start_ms, (int)p->days - 1, p->zone), p->zone, to);
    int failed = error != 0 || jdoc_set_string(plan, "id", id) != 0 ||
        jdoc_set_string(plan, "start_date", from) != 0 ||
        jdoc_set_string(plan, "end_date", to) != 0 ||
        jdoc_set_string(plan, "timezone", zone_name(p->zone)) != 0 ||
        jdoc_set_string(plan, "method", "rules over the saved recipes") != 0 ||
        record_stamp(p->run, plan) != 0;
    if (failed == 0 && jdoc_set(plan, "days", days) == 0)
        return plan;
    if (failed != 0)
        jdoc_free(days);
    jdoc_free(plan);
    return NULL;
}

static int meals_commit_plan(struct planning *p)
{
    struct tools_run *run = p->run;
    char gaps[100] = "";
    jdoc *plan = meals_make_plan(p);
    if (p->unfilled > 0)
        snprintf(gaps, sizeof gaps, " %d meal%s stay%s open: no saved recipe suits.", p->unfilled,
            p->unfilled == 1 ? "" : "s", p->unfilled == 1 ? "s" : "");
    if (plan && p->filled == 0) {
        jdoc_free(plan);
        return run_fail(run, "not_found",
            "No saved recipe suits these meals. save_recipe and "
            "search_recipes bring more in.");
    }
    const char *ask = meals_ask(run, p->unclear);
    if (!plan || !ask ||
        !run_succeed(run,
            "%d meal%s for %lld day%s planned from "
            "the %ssaved recipes.%s%s%s",
            p->filled, p->filled == 1 ? "" : "s", (long long)p->days, p->days == 1 ? "" : "s",
            p->more ? "newest " : "", gaps, ask, p->note)) {
        jdoc_free(plan);
        return ERR_NOMEM;
    }
    const char *id = arena_strdup(run->arena, jdoc_text_or(plan, "id", ""));
    int failed = jdoc_set(run->result, "meal_plan", plan);
    failed |= jdoc_set_int(run->result, "unfilled", p->unfilled);
    if (failed != 0 || !id)
        return ERR_NOMEM;
    struct record_item item = {.family = "meal_plan",
        .id = id,
        .document = plan,
        .time_ms = p->start_ms};
    return record_commit(run, &item, 1, false);
}

/* What may be eaten, with what the pantry gives to each. */
static int meals_gather(struct planning *p)
{
    static const char *const types[] = {"breakfast", "lunch", "dinner", "snack", ""};
    const struct meals_wish wish = {.max = RECIPES_LOOK, .types = types, .type_count = 5};
    struct tools_run *run = p->run;
    struct diet *diet = arena_array(run->arena, 1, sizeof *diet);
    struct meals_recipes all;
    struct larder larder = {0};
    bool use_pantry = true;
    jdoc_get_bool(run->args, "use_pantry_items", &use_pantry);
    int error = diet ? diet_read(run, diet) : ERR_NOMEM;
    p->diet = diet;
    if (error == 0)
        error = diet_add(diet, jdoc_get(run->args, "dietary_preferences"), DIET_RESTRICTION);
    if (error == 0)
        error = meals_collect(run, diet, &wish, NULL, &all);
    if (error == 0 && use_pantry)
        error = meals_read_larder(run, &larder);
    if (error != 0)
        return error;
    const char *left_out = meals_left_out(run, &all), *note = diet_note(diet);
    if (!left_out || !note)
        return ERR_NOMEM;
    p->note = arena_printf(run->arena, "%s%s", left_out, note);
    if (!p->note)
        return ERR_NOMEM;
    p->more = all.more || larder.more;
    p->all = arena_array(run->arena, all.count + 1, sizeof *p->all);
    if (!p->all)
        return ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < all.count; i++) {
        struct candidate *c = &p->all[p->count++];
        *c = (struct candidate){.recipe = &all.all[i],
            .disliked = all.all[i].disliked,
            .type = jdoc_text_or(all.all[i].doc, "meal_type", "")};
        error = meals_pantry_score(run, all.all[i].doc, &larder, &c->pantry);
    }
    if (all.count > 0 || error != 0)
        return error;
    error = all.refused > 0 ?
        run_fail(run, "not_found", "None of the %zu saved recipes suits the diet (%.60s).%s",
            all.refused, all.refused_by, p->note) :
        run_fail(run, "not_found",
            "No recipes are saved yet, and none are invented. "
            "save_recipe takes one from a web page.");
    return error != 0 ? error : ERR_INVALID;
}

int meals_tool_plan_meals(struct tools_run *run)
{
    struct planning p = {.run = run, .days = 7};
    struct timestamp start;
    int error = timestamp_zone(run, &p.zone);
    if (error != 0)
        return error;
    p.start_ms = timestamp_day(run->context->now_ms, 0, p.zone);
    error = timestamp_argument(run, "start_date", p.zone, &start);
    if (error == 0)
        p.start_ms = timestamp_day(start.ms, 0, p.zone);
    jdoc_get_int(run->args, "days", &p.days);
    if (error == 0 || error == ERR_NOT_FOUND)
        error = meals_gather(&p);
    if (error == ERR_LIMIT)
        return run_fail_at(run, "/dietary_preferences", "fewer of them",
            "there are too many rules");
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    return meals_commit_plan(&p);
}

/* --- generate_shopping_list --- */

struct need {
    const char *name, *key; /* key: its words, by which two are the same */
    struct ingredient what;
    int recipes;
    const char *note;
};

struct shopping {
    struct tools_run *run;
    const struct zone *zone;
    const char *from, *to; /* dates, both counted; NULL = by plan ids */
    struct meal {
        const char *slot, *recipe, *name, *made;
    } * meals;
    size_t meal_count;
    struct need *needs;
    size_t need_count;
    int lost; /* recipes that are gone */
    bool any_plan;
    const char *plan; /* plan ids: the one looked at */
    struct diet diet;
    int against; /* things that go against it */
    bool more;   /* plans or things of the pantry that were not looked at */
};

/* Of two plans for one meal of one day the later made counts. */
static int meals_add_slot(struct shopping *s, const char *slot, const jdoc *meal, const char *made)
{
    struct arena *arena = s->run->arena;
    size_t i = 0;
    while (i < s->meal_count && strcmp(s->meals[i].slot, slot) != 0)
        i++;
    if (i == MEALS_MAX || (i < s->meal_count && strcmp(s->meals[i].made, made) >= 0))
        return 0;
    s->meal_count += i == s->meal_count;
    s->meals[i] = (struct meal){.slot = arena_strdup(arena, slot),
        .recipe = arena_strdup(arena, jdoc_text_or(meal, "recipe_id", "")),
        .name = arena_strdup(arena, jdoc_text_or(meal, "name", "")),
        .made = arena_strdup(arena, made)};
    struct meal *m = &s->meals[i];
    return m->slot && m->recipe && m->name && m->made ? 0 : ERR_NOMEM;
}

static int meals_add_plan(void *arg, const jdoc *plan)
{
    struct shopping *s = arg;
    const jdoc *days = jdoc_get(plan, "days");
    int error = 0;
    for (size_t d = 0; error == 0 && d < jdoc_length(days); d++) {
        const char *date = jdoc_text_or(jdoc_at(days, d), "date", "");
        const jdoc *meals = jdoc_get(jdoc_at(days, d), "meals");
        if (s->from && (strcmp(date, s->from) < 0 || strcmp(date, s->to) > 0))
            continue;
        s->any_plan = true;
        for (size_t m = 0; error == 0 && m < jdoc_length(meals); m++) {
            char slot[128];
            snprintf(slot, sizeof slot, "%s %s", date,
                jdoc_text_or(jdoc_at(meals, m), "meal_type", ""));
            error =
                meals_add_slot(s, slot, jdoc_at(meals, m), jdoc_text_or(plan, "created_at", ""));
        }
    }
    return error;
}

/* The plans that reach into the days from start to s->to; one has at most 30 days. */
static int meals_read_range(struct shopping *s, int64_t start)
{
    const struct tools_context *context = s->run->context;
    struct records_list list;
    struct timestamp last;
    int64_t end = timestamp_parse(s->to, s->zone, &last) == 0 ? last.ms : RECORD_FOREVER;
    int error = records_range(context->store, context->uid,
        &(struct records_page){.family = "meal_plan",
            .from = start - 31 * DAY_MS,
            .to = end,
            .highest_first = true,
            .max = PLANS_LOOK},
        s->run->arena, &list);
    s->more |= error == 0 && list.more;
    return error == 0 ? record_list(&list, meals_add_plan, s) : error;
}

static int meals_read_dates(struct shopping *s)
{
    struct timestamp day;
    char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE];
    int64_t start = timestamp_day(s->run->context->now_ms, 0, s->zone);
    int error = timestamp_argument(s->run, "start_date", s->zone, &day);
    if (error == ERR_INVALID)
        return error;
    if (error == 0)
        start = timestamp_day(day.ms, 0, s->zone);
    timestamp_date(start, s->zone, from);
    timestamp_date(timestamp_day(start, 6, s->zone), s->zone, to);
    error = timestamp_argument(s->run, "end_date", s->zone, &day);
    if (error == 0)
        timestamp_date(day.ms, s->zone, to);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    if (strcmp(to, from) < 0) {
        error = run_fail_at(s->run, "/end_date", "a day that is not before start_date",
            "end_date is before start_date");
        return error != 0 ? error : ERR_INVALID;
    }
    s->from = arena_strdup(s->run->arena, from);
    s->to = arena_strdup(s->run->arena, to);
    if (!s->from || !s->to)
        return ERR_NOMEM;
    return meals_read_range(s, start);
}

/* Returns 0, ERR_INVALID (said) or a fault. */
static int meals_read_plans(struct shopping *s)
{
    const jdoc *ids = jdoc_get(s->run->args, "meal_plan_ids");
    if (jdoc_length(ids) == 0)
        return meals_read_dates(s);
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(ids); i++) {
        jdoc *plan = NULL;
        char path[40];
        error = record_get(s->run, "meal_plan", jdoc_string(jdoc_at(ids, i), NULL), &plan, NULL);
        if (error == 0)
            error = meals_add_plan(s, plan);
        jdoc_free(plan);
        if (error == ERR_NOT_FOUND) {
            snprintf(path, sizeof path, "/meal_plan_ids/%zu", i);
            error = run_fail_at(s->run, path, "the id of a meal plan of the user",
                "there is no such meal plan");
            error = error != 0 ? error : ERR_INVALID;
        }
    }
    return error;
}

static int meals_add_line(struct shopping *s, const char *line)
{
    struct ingredient what;
    struct word_set words;
    int error = ingredient_read(line, s->run->arena, &what);
    if (error == 0)
        error = word_set_init(&words, s->run->arena, 12);
    if (error != 0)
        return error;
    word_set_add(&words, "", what.name);
    const char *key = word_set_joined(&words);
    if (!key)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->need_count; i++) {
        struct need *n = &s->needs[i];
        if (strcmp(n->key, key) != 0 || strcmp(n->what.unit, what.unit) != 0 ||
            n->what.has_amount != what.has_amount)
            continue;
        n->what.amount += what.amount;
        n->recipes++;
        return 0;
    }
    if (s->need_count < NEEDS_MAX && key[0] != '\0')
        s->needs[s->need_count++] =
            (struct need){.name = what.name, .key = key, .what = what, .recipes = 1};
    return 0;
}

static int meals_add_recipe(struct shopping *s, const char *id)
{
    struct tools_run *run = s->run;
    jdoc *recipe = NULL;
    const char *json = NULL;
    int error = record_get(run, "recipe", id, &recipe, NULL);
    if (error == ERR_NOT_FOUND) {
        const char *given = arena_printf(run->arena, "recipe-for:%s", run->context->uid);
        error = given ? shared_get(run->context->store, given, id, run->arena, &json) : ERR_NOMEM;
        if (error == 0)
            error = jdoc_parse(json, strlen(json), &recipe, NULL, 0);
    }
    if (error == ERR_NOT_FOUND) {
        s->lost++;
        return 0;
    }
    const jdoc *lines = jdoc_get(recipe, "ingredients");
    for (size_t i = 0; error == 0 && i < jdoc_length(lines); i++) {
        const char *line = arena_strdup(run->arena, jdoc_string(jdoc_at(lines, i), NULL));
        error = line ? meals_add_line(s, line) : ERR_NOMEM;
    }
    jdoc_free(recipe);
    return error;
}

/* Adds to the note of a thing that the user must not eat: the plan may be older than the diet. */
static int meals_warn_of_diet(struct shopping *s, struct need *n)
{
    const char *rule = diet_refuses_line(&s->diet, n->name);
    if (!rule)
        return 0;
    s->against++;
    n->note = arena_printf(s->run->arena, "against the diet: %.60s%s%s", rule, n->note ? "; " : "",
        n->note ? n->note : "");
    return n->note ? 0 : ERR_NOMEM;
}

static jdoc *meals_show_need(const struct need *n, double amount)
{
    char unit[16];
    jdoc *item = jdoc_new_object();
    memcpy(unit, n->what.unit, sizeof unit);
    ingredient_show(&amount, unit);
    int failed = !item || jdoc_set_string(item, "name", n->name) != 0;
    if (failed == 0 && n->what.has_amount)
        failed |= jdoc_set_double(item, "quantity", amount) |
            jdoc_set_string(item, "unit", unit[0] != '\0' ? unit : NULL);
    if (failed == 0)
        failed |=
            jdoc_set_int(item, "recipes", n->recipes) | jdoc_set_string(item, "note", n->note);
    if (failed == 0)
        return item;
    jdoc_free(item);
    return NULL;
}

/* What the pantry gives; the rest stays in *amount. Returns true when nothing need be bought. */
static bool meals_take_from_pantry(struct shopping *s, struct need *n, const struct larder *larder,
    double *amount)
{
    struct meals_stock *stock = larder->stock;
    struct line line;
    if (meals_read_line(s->run->arena, n->name, 30, &line) != 0)
        return false;
    for (size_t i = 0; i < larder->count; i++) {
        if (!meals_names(&line, &larder->things[i]))
            continue;
        if (!stock[i].has_amount || !n->what.has_amount)
            return true;
        if (strcmp(stock[i].unit, n->what.unit) != 0) {
            double have = stock[i].amount;
            char unit[16];
            memcpy(unit, stock[i].unit, sizeof unit);
            ingredient_show(&have, unit);
            if (have > 0)
                n->note = arena_printf(s->run->arena, "in the pantry: %g %s", have, unit);
            continue;
        }
        double taken = stock[i].amount < *amount ? stock[i].amount : *amount;
        stock[i].amount -= taken;
        *amount -= taken;
        if (*amount <= 1e-9)
            return true;
    }
    return false;
}

static int meals_split(struct shopping *s, jdoc *buy, jdoc *have)
{
    struct larder larder = {0};
    int error = meals_read_larder(s->run, &larder);
    s->more |= larder.more;
    for (size_t i = 0; error == 0 && i < s->need_count; i++) {
        struct need *n = &s->needs[i];
        double amount = n->what.amount;
        bool there = meals_take_from_pantry(s, n, &larder, &amount);
        error = meals_warn_of_diet(s, n);
        if (error == 0)
            error =
                jdoc_push(there ? have : buy, meals_show_need(n, there ? n->what.amount : amount));
    }
    return error;
}

static int meals_commit_list(struct shopping *s)
{
    struct tools_run *run = s->run;
    char id[IDENT_UUID_SIZE];
    jdoc *list = jdoc_new_object(), *buy = jdoc_new_array(), *have = jdoc_new_array();
    const char *note = diet_note(&s->diet), *against = "";
    int error = list && buy && have && note ? meals_split(s, buy, have) : ERR_NOMEM;
    if (error == 0 && s->against > 0)
        against = arena_printf(run->arena,
            " %d of them go%s against the diet, as their notes say: the "
            "plan holds meals that the user must not eat.",
            s->against, s->against == 1 ? "es" : "");
    if (!against)
        error = ERR_NOMEM;
    size_t count = jdoc_length(buy);
    ident_uuid7(id);
    if (error == 0 &&
        (!run_succeed(run,
             "%zu thing%s to buy for %zu meal%s; %zu are in the "
             "pantry.%s%s%s%s",
             count, count == 1 ? "" : "s", s->meal_count, s->meal_count == 1 ? "" : "s",
             jdoc_length(have), s->lost > 0 ? " Some recipes of the plan are gone." : "",
             s->more ? " Not all plans and all of the pantry were looked at." : "", against,
             note) ||
            jdoc_set_string(list, "id", id) != 0 ||
            jdoc_set_string(list, "name", jdoc_text_or(run->args, "list_name", "Shopping list")) !=
                0 ||
            jdoc_set_string(list, "start_date", s->from) != 0 ||
            jdoc_set_string(list, "end_date", s->to) != 0 || record_stamp(run, list) != 0))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(list);
        jdoc_free(buy);
        jdoc_free(have);
        return error;
    }
    int failed = jdoc_set(list, "items", buy);
    failed |= jdoc_set(list, "from_pantry", have);
    failed |= jdoc_set(run->result, "shopping_list", list);
    failed |= jdoc_set_int(run->result, "missing_recipes", s->lost);
    if (failed != 0)
        return ERR_NOMEM;
    struct record_item item = {.family = "shopping_list",
        .id = id,
        .document = list,
        .time_ms = run->context->now_ms};
    return record_commit(run, &item, 1, false);
}

int meals_tool_generate_shopping_list(struct tools_run *run)
{
    struct shopping *s = arena_array(run->arena, 1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    *s = (struct shopping){.run = run};
    s->meals = arena_array(run->arena, MEALS_MAX + 1, sizeof *s->meals);
    s->needs = arena_array(run->arena, NEEDS_MAX + 1, sizeof *s->needs);
    int error = s->meals && s->needs ? timestamp_zone(run, &s->zone) : ERR_NOMEM;
    if (error == 0)
        error = diet_read(run, &s->diet);
    if (error == 0)
        error = meals_read_plans(s);
    for (size_t i = 0; error == 0 && i < s->meal_count; i++)
        error = meals_add_recipe(s, s->meals[i].recipe);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    if (!s->any_plan)
        return run_fail(run, "not_found",
            "No meals are planned in that time. plan_meals makes a "
            "plan.");
    return meals_commit_list(s);
}
