/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family meals: the pantry, and what the user eats. */
#include "tools/meals/meals.h"

#include "base/err.h"
#include "base/ident.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/civil.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"
#include "tools/meals/ingredient.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOON_DAYS 7
#define SHOWN_MAX 100
#define LIST_MAX 20 /* entries of one list of preferences */

/* --- the pantry --- */

struct shelf { /* what a look at the pantry gathers */
    struct tools_run *run;
    const struct zone *zone;
    const struct diet *diet;
    jdoc *list;
    int64_t today; /* 20261122, as the scores of the tag are */
    int64_t week;  /* the same, SOON_DAYS later */
};

/* The last moment of the day at which it expires; INT64_MAX = never. */
static int64_t meals_expiry_of(const jdoc *item, const struct zone *z)
{
    struct timestamp day;
    const char *text = jdoc_string(jdoc_get(item, "expiry_date"), NULL);
    if (!text || timestamp_parse(text, z, &day) != 0)
        return INT64_MAX;
    return timestamp_day(day.ms, 1, z) - 1;
}

/* Adds days_left and status. */
static int meals_set_status(jdoc *item, int64_t now_ms, const struct zone *z)
{
    int64_t expiry = meals_expiry_of(item, z);
    if (expiry == INT64_MAX)
        return 0;
    int days = expiry >= now_ms ? timestamp_days(now_ms, expiry, z) - 1 :
                                  1 - timestamp_days(expiry, now_ms, z);
    int failed = jdoc_set_int(item, "days_left", days);
    failed |= jdoc_set_string(item, "status",
        days < 0              ? "expired" :
            days <= SOON_DAYS ? "soon" :
                                "good");
    return failed != 0 ? ERR_NOMEM : 0;
}

/* Marks what goes against the diet. */
static int meals_set_against(const struct diet *diet, jdoc *item)
{
    return jdoc_set_string(item, "against_diet",
        diet_refuses_line(diet, jdoc_text_or(item, "ingredient_name", "")));
}

static int meals_list_item(void *arg, const jdoc *doc)
{
    struct shelf *s = arg;
    jdoc *item = jdoc_dup(doc);
    int error = item ? meals_set_status(item, s->run->context->now_ms, s->zone) : ERR_NOMEM;
    if (error == 0)
        error = meals_set_against(s->diet, item);
    if (error == 0)
        return jdoc_push(s->list, item);
    jdoc_free(item);
    return error;
}

/* A local day as a number. */
static int64_t meals_day_number(int64_t ms, const struct zone *z)
{
    char text[TIMESTAMP_SIZE];
    struct civil day = {0};
    timestamp_date(ms, z, text);
    return civil_parse(text, &day) == 0 ? day.year * 10000 + day.month * 100 + day.day : 0;
}

/* Everything in the order in which it was put in, or what expires, the first to expire first. */
static int meals_read_shelf(struct shelf *s, bool expiry_only)
{
    const struct tools_context *context = s->run->context;
    struct records_list list;
    if (expiry_only)
        return record_tagged(s->run,
            &(struct records_page){.family = "pantry",
                .tag = "expiry",
                .to = s->week,
                .max = SHOWN_MAX},
            meals_list_item, s, NULL);
    int error = records_range(context->store, context->uid,
        &(struct records_page){.family = "pantry", .to = RECORD_FOREVER, .max = SHOWN_MAX},
        s->run->arena, &list);
    return error == 0 ? record_list(&list, meals_list_item, s) : error;
}

static int meals_list_pantry(struct tools_run *run, const struct zone *z, bool expiry_only)
{
    struct diet *diet = arena_array(run->arena, 1, sizeof *diet);
    int error = diet ? diet_read(run, diet) : ERR_NOMEM;
    const char *note = error == 0 ? diet_note(diet) : NULL;
    if (!note)
        return error != 0 ? error : ERR_NOMEM;
    int64_t now = run->context->now_ms;
    struct shelf s = {.run = run,
        .zone = z,
        .diet = diet,
        .list = jdoc_new_array(),
        .today = meals_day_number(now, z),
        .week = meals_day_number(timestamp_day(now, SOON_DAYS, z), z)};
    struct records_tag tags[] = {{"expiry", 0, RECORD_FOREVER, 0}, {"expiry", 0, s.today - 1, 0},
        {"expiry", s.today, s.week, 0}};
    int result = s.list ?
        records_tags(run->context->store, run->context->uid, "pantry", tags, 3, run->arena) :
        ERR_NOMEM;
    if (result == 0)
        result = meals_read_shelf(&s, expiry_only);
    long long count = (long long)tags[0].count, over = (long long)tags[1].count,
              soon = (long long)tags[2].count;
    int64_t shown = (int64_t)jdoc_length(s.list), all = expiry_only ? over + soon : count;
    const char *part = shown < all ? " Not all of them are listed." : "";
    if (result == 0 &&
        !(expiry_only ? run_succeed(run, "%lld expired, %lld within %d days.%s%s", over, soon,
                            SOON_DAYS, part, note) :
                        run_succeed(run, "%lld thing%s in the pantry; %lld expired, %lld soon.%s%s",
                            count, count == 1 ? "" : "s", over, soon, part, note)))
        result = ERR_NOMEM;
    if (result != 0) {
        jdoc_free(s.list);
        return result;
    }
    int failed = jdoc_set(run->result, "pantry", s.list);
    failed |= jdoc_set_int(run->result, "count", shown);
    return failed != 0 ? ERR_NOMEM : 0;
}

struct stocktaking {
    struct tools_run *run;
    const struct zone *zone;
    struct meals_stock *all;
    size_t count;
};

static int meals_take_stock(void *arg, const jdoc *doc)
{
    struct stocktaking *s = arg;
    struct meals_stock *item = &s->all[s->count++];
    *item = (struct meals_stock){.expiry_ms = meals_expiry_of(doc, s->zone)};
    item->id = arena_strdup(s->run->arena, jdoc_text_or(doc, "id", ""));
    item->name = arena_strdup(s->run->arena, jdoc_text_or(doc, "ingredient_name", ""));
    item->has_amount = jdoc_get_double(doc, "quantity", &item->amount) == 0;
    ingredient_convert(&item->amount, jdoc_text_or(doc, "unit", ""), item->unit);
    return item->id && item->name ? 0 : ERR_NOMEM;
}

int meals_pantry(struct tools_run *run, struct meals_stock **out, size_t *count, bool *more)
{
    struct stocktaking s = {.run = run};
    struct records_page page = {.family = "pantry",
        .tag = "expiry",
        .to = RECORD_FOREVER,
        .max = MEALS_STOCK_MAX};
    s.all = arena_array(run->arena, MEALS_STOCK_MAX + 1, sizeof *s.all);
    int error = s.all ? timestamp_zone(run, &s.zone) : ERR_NOMEM;
    if (error == 0) {
        page.from = meals_day_number(run->context->now_ms, s.zone);
        error = record_tagged(run, &page, meals_take_stock, &s, more);
    }
    *out = s.all;
    *count = s.count;
    return error;
}

/* The item as the pantry's one entry of the answer (a copy). */
static int meals_answer_item(struct tools_run *run, const jdoc *item, const struct zone *z,
    const char *what)
{
    jdoc *list = jdoc_new_array(), *copy = jdoc_dup(item);
    struct diet *diet = arena_array(run->arena, 1, sizeof *diet);
    int error = list && copy && diet ? meals_set_status(copy, run->context->now_ms, z) : ERR_NOMEM;
    if (error == 0)
        error = diet_read(run, diet);
    const char *note = error == 0 ? diet_note(diet) : NULL;
    if (error == 0)
        error = note ? meals_set_against(diet, copy) : ERR_NOMEM;
    bool against = jdoc_has(copy, "against_diet");
    if (error == 0) {
        error = jdoc_push(list, copy);
        copy = NULL;
    }
    if (error == 0 &&
        !run_succeed(run, "%.100s is %s.%s%s", jdoc_text_or(item, "ingredient_name", ""), what,
            against ? " It goes against the diet: the user must not eat it." : "", note))
        error = ERR_NOMEM;
    jdoc_free(copy);
    if (error != 0) {
        jdoc_free(list);
        return error;
    }
    int failed = jdoc_set(run->result, "pantry", list);
    failed |= jdoc_set_int(run->result, "count", 1);
    return failed != 0 ? ERR_NOMEM : 0;
}

static const char *const item_fields[] = {"ingredient_name", "quantity", "unit", "location", NULL};

/* The fields given. Returns 0, ERR_INVALID (said) or a fault. */
static int meals_fill_item(struct tools_run *run, jdoc *item, const struct zone *z)
{
    struct timestamp day;
    char text[TIMESTAMP_SIZE];
    int error = timestamp_argument(run, "expiry_date", z, &day);
    if (error == 0) {
        timestamp_date(day.ms, z, text);
        error = jdoc_set_string(item, "expiry_date", text);
    } else if (error == ERR_NOT_FOUND) {
        error = 0;
    }
    if (error == 0)
        error = record_copy(item, run->args, item_fields);
    return error == 0 ? record_stamp(run, item) : error;
}

static int meals_add_item(struct tools_run *run, const struct zone *z)
{
    char id[IDENT_UUID_SIZE];
    int64_t count = 0;
    if (!jdoc_has(run->args, "ingredient_name"))
        return run_fail_at(run, "/ingredient_name", "what is put into the pantry",
            "ingredient_name is missing");
    int error =
        records_count(run->context->store, run->context->uid, "pantry", 0, RECORD_FOREVER, &count);
    if (error == 0 && count >= MEALS_PANTRY_MAX)
        return run_fail(run, "limit_reached", "The pantry is full: %d things.", MEALS_PANTRY_MAX);
    jdoc *item = jdoc_new_object();
    ident_uuid7(id);
    if (error == 0)
        error = item ? jdoc_set_string(item, "id", id) : ERR_NOMEM;
    if (error == 0)
        error = meals_fill_item(run, item, z);
    if (error == 0)
        error = meals_answer_item(run, item, z, "in the pantry");
    if (error == 0) {
        struct record_item write = {.family = "pantry",
            .id = id,
            .document = item,
            .time_ms = run->context->now_ms};
        error = record_commit(run, &write, 1, false);
    }
    jdoc_free(item);
    return error == ERR_INVALID ? 0 : error;
}

/* By item_id, else by name. Returns 0, ERR_INVALID (said) or a fault. */
static int meals_find_item(struct tools_run *run, jdoc **item, const char **id, const char **seen)
{
    static const struct record_match_query query = {.family = "pantry",
        .name_key = "ingredient_name",
        .date_key = "expiry_date",
        .argument = "ingredient_name",
        .id_argument = "item_id",
        .noun = "thing in the pantry",
        .list_tool = "manage_pantry"};
    int error = 0;
    *id = jdoc_string(jdoc_get(run->args, "item_id"), NULL);
    const char *name = jdoc_string(jdoc_get(run->args, "ingredient_name"), NULL);
    if (!*id && !name)
        error = run_fail_at(run, "/item_id", "item_id or ingredient_name",
            "neither item_id nor ingredient_name is given");
    else if (!*id)
        error = record_match_pick(run, &query, name, id);
    if (error != 0 || !*id)
        return error != 0 ? error : ERR_INVALID;
    error = record_get(run, "pantry", *id, item, seen);
    if (error != ERR_NOT_FOUND)
        return error;
    error = run_fail(run, "not_found",
        "There is no such thing in the pantry. The action `list` "
        "shows what is there.");
    return error != 0 ? error : ERR_INVALID;
}

static int meals_update_once(struct tools_run *run, void *arg)
{
    const struct zone *z = arg;
    jdoc *item = NULL;
    const char *id = NULL, *seen = NULL;
    int error = meals_find_item(run, &item, &id, &seen);
    bool by_name = !jdoc_has(run->args, "item_id");
    char *name =
        error == 0 ? arena_strdup(run->arena, jdoc_text_or(item, "ingredient_name", "")) : NULL;
    if (error == 0)
        error = meals_fill_item(run, item, z);
    if (error == 0 && by_name) /* a name that only found it does not rename it */
        error = jdoc_set_string(item, "ingredient_name", name);
    if (error == 0)
        error = meals_answer_item(run, item, z, "changed");
    if (error == 0) {
        struct record_item write = {.family = "pantry",
            .id = id,
            .document = item,
            .time_ms = run->context->now_ms,
            .seen = seen};
        error = record_commit(run, &write, 1, true);
    }
    jdoc_free(item);
    return error;
}

static int meals_remove_once(struct tools_run *run, void *arg)
{
    const struct zone *z = arg;
    jdoc *item = NULL;
    const char *id = NULL, *seen = NULL;
    int error = meals_find_item(run, &item, &id, &seen);
    if (error == 0)
        error = meals_answer_item(run, item, z, "taken out of the pantry");
    jdoc_free(item);
    if (error != 0)
        return error;
    struct record_item write = {.family = "pantry", .id = id, .seen = seen};
    return record_commit(run, &write, 1, true);
}

static int meals_show_removal(struct tools_run *run, const jdoc *item)
{
    static const char *const fields[] = {"quantity", "unit", "location", "expiry_date", NULL};
    int error = about_title(run, "pantry_item", item, "ingredient_name");

    if (error == 0)
        error = about_lost(run, item, fields);
    return error != 0 ? error : about_deletion(run, NULL);
}

/* Only of the action remove: nobody is asked about the others. */
int meals_preview_manage_pantry(struct tools_run *run)
{
    char after[96] = " from the pantry";
    jdoc *item = NULL;
    const char *id = NULL, *seen = NULL;
    int error = meals_find_item(run, &item, &id, &seen);
    if (error == 0 && jdoc_has(item, "expiry_date"))
        snprintf(after, sizeof after, ", good until %.10s, from the pantry",
            jdoc_text_or(item, "expiry_date", ""));
    if (error == 0)
        error = preview_title(run, item, "ingredient_name", "remove ", after);
    if (error == 0)
        error = meals_show_removal(run, item);
    jdoc_free(item);
    return error == ERR_INVALID ? 0 : error;
}

int meals_tool_manage_pantry(struct tools_run *run)
{
    const char *action = jdoc_text_or(run->args, "action", "");
    const struct zone *z;
    int error = timestamp_zone(run, &z);
    if (error != 0)
        return error;
    if (strcmp(action, "list") == 0 || strcmp(action, "check_expiry") == 0)
        return meals_list_pantry(run, z, action[0] == 'c');
    if (strcmp(action, "add") == 0)
        return meals_add_item(run, z);
    error = record_retry(run, strcmp(action, "update") == 0 ? meals_update_once : meals_remove_once,
        (void *)z);
    return error == ERR_NOT_FOUND ?
        run_fail(run, "not_found", "There is no such thing in the pantry.") :
        error;
}

/* --- manage_dietary_prefs --- */

static const char *const list_fields[] = {"dietary_restrictions", "allergies", "preferred_cuisines",
    "disliked_ingredients"};
static const char *const goal_fields[] = {"daily_calorie_goal", "daily_protein_goal",
    "daily_carb_goal", "daily_fat_goal", NULL};
#define LIST_FIELDS (sizeof list_fields / sizeof *list_fields)

static bool meals_same_text(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if ((*a | 0x20) != (*b | 0x20))
            return false;
    return *a == *b;
}

static bool meals_has(const jdoc *list, const char *text)
{
    for (size_t i = 0; i < jdoc_length(list); i++)
        if (meals_same_text(jdoc_string(jdoc_at(list, i), NULL), text))
            return true;
    return false;
}

static int meals_push_all(jdoc *to, const jdoc *from, const jdoc *without)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(from); i++) {
        const char *text = jdoc_string(jdoc_at(from, i), NULL);
        if (text[0] != '\0' && !meals_has(to, text) && !meals_has(without, text))
            error = jdoc_push(to, jdoc_new_string(text, strlen(text)));
    }
    return error;
}

/* What is to go must be there: nobody thinks that a restriction is off while it is kept. Returns 0,
 * ERR_INVALID (said) or a fault. */
static int meals_check_removed(struct tools_run *run, const jdoc *old, const char *key)
{
    const jdoc *given = jdoc_get(run->args, key);
    const char *missing = NULL, *there = "none is there";
    char path[48];
    for (size_t i = 0; !missing && i < jdoc_length(given); i++)
        if (!meals_has(old, jdoc_string(jdoc_at(given, i), NULL)))
            missing = jdoc_string(jdoc_at(given, i), NULL);
    if (!missing)
        return 0;
    for (size_t i = 0; there && i < jdoc_length(old); i++)
        there = arena_printf(run->arena, "%s%s\"%.60s\"",
            i > 0 ? there : "one of: ", i > 0 ? ", " : "", jdoc_string(jdoc_at(old, i), NULL));
    if (!there)
        return ERR_NOMEM;
    snprintf(path, sizeof path, "/%s", key);
    int error = run_fail_at(run, path, there,
        "\"%.60s\" is not among the %s as they are "
        "written: nothing was removed",
        missing, key);
    return error != 0 ? error : ERR_INVALID;
}

/* Returns 0, ERR_INVALID (said) or a fault. */
static int meals_change_list(struct tools_run *run, jdoc *prefs, const char *key,
    const char *action)
{
    char path[48];
    const jdoc *given = jdoc_get(run->args, key), *old = jdoc_get(prefs, key);
    bool removes = strcmp(action, "remove") == 0, sets = strcmp(action, "set") == 0;
    jdoc *list = jdoc_new_array();
    int error = list ? 0 : ERR_NOMEM;
    if (error == 0 && !(sets && given))
        error = meals_push_all(list, old, removes ? given : NULL);
    if (error == 0 && !removes)
        error = meals_push_all(list, given, NULL);
    if (error == 0 && jdoc_length(list) > LIST_MAX) {
        snprintf(path, sizeof path, "/%s", key);
        error = run_fail_at(run, path, "at most 20 entries in all", "%s would grow too long", key);
        error = error != 0 ? error : ERR_INVALID;
    }
    if (error == 0)
        return jdoc_set(prefs, key, list);
    jdoc_free(list);
    return error;
}

static int meals_change_prefs(struct tools_run *run, jdoc *prefs, const char *action)
{
    int error = jdoc_set_string(prefs, "id", "prefs");
    bool removes = strcmp(action, "remove") == 0;
    for (size_t i = 0; error == 0 && removes && i < LIST_FIELDS; i++)
        error = meals_check_removed(run, jdoc_get(prefs, list_fields[i]), list_fields[i]);
    for (size_t i = 0; error == 0 && i < LIST_FIELDS; i++)
        error = meals_change_list(run, prefs, list_fields[i], action);
    if (error == 0 && removes)
        for (size_t i = 0; goal_fields[i]; i++)
            if (jdoc_has(run->args, goal_fields[i]))
                jdoc_remove(prefs, goal_fields[i]);
    if (error == 0 && (strcmp(action, "set") == 0 || strcmp(action, "add") == 0))
        error = record_copy(prefs, run->args, goal_fields);
    return error;
}

/* The preferences, and what becomes of the allergies among them. */
static int meals_answer_prefs(struct tools_run *run, const jdoc *prefs, bool reads)
{
    struct diet *diet = arena_array(run->arena, 1, sizeof *diet);
    jdoc *copy = jdoc_dup(prefs), *watched = NULL, *not_watched = NULL;
    int error = diet && copy ? diet_of(diet, run->arena, prefs) : ERR_NOMEM;
    const char *note = error == 0 ? diet_note(diet) : NULL;
    const char *no_foods = error == 0 ? diet_no_foods(diet) : NULL;
    if (error == 0)
        error = diet_lists(diet, &watched, &not_watched);
    if (error == 0 &&
        (!note || !no_foods ||
            !run_succeed(run, "%zu allergies and %zu restrictions%s.%s%s",
                jdoc_length(jdoc_get(prefs, "allergies")),
                jdoc_length(jdoc_get(prefs, "dietary_restrictions")),
                reads ? "" : ", as changed now", note, no_foods)))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(copy);
        jdoc_free(watched);
        jdoc_free(not_watched);
        return error;
    }
    error = jdoc_set(run->result, "preferences", copy);
    error |= jdoc_set(run->result, "watched", watched);
    error |= jdoc_set(run->result, "not_watched", not_watched);
    return error != 0 ? ERR_NOMEM : 0;
}

static int meals_prefs_once(struct tools_run *run, void *arg)
{
    const char *action = arg, *seen = NULL;
    jdoc *prefs = NULL;
    bool reads = strcmp(action, "get") == 0;
    int error = record_get(run, "diet", "prefs", &prefs, &seen);
    if (error == ERR_NOT_FOUND) {
        prefs = jdoc_new_object();
        error = prefs ? 0 : ERR_NOMEM;
    }
    if (error == 0)
        error = meals_change_prefs(run, prefs, action); /* `get`: brings the empty lists in */
    if (error == 0 && !reads)
        error = record_stamp(run, prefs);
    if (error == 0)
        error = meals_answer_prefs(run, prefs, reads);
    if (error == 0 && !reads) {
        struct record_item item = {.family = "diet",
            .id = "prefs",
            .document = prefs,
            .time_ms = run->context->now_ms,
            .seen = seen};
        error = record_commit(run, &item, 1, false);
    }
    jdoc_free(prefs);
    return error;
}

int meals_tool_manage_dietary_prefs(struct tools_run *run)
{
    const char *action = jdoc_text_or(run->args, "action", "");
    if (strcmp(action, "get") != 0 && jdoc_length(run->args) < 2)
        return run_fail_at(run, "", "at least one field beside action",
            "There is nothing to change: name what to %s.", action);
    return record_retry(run, meals_prefs_once, (void *)action);
}
