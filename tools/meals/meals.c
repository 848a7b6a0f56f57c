/* Tools of the family meals: saving and finding recipes. */
#include "tools/meals/meals.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/url.h"
#include "store/keys.h"
#include "tools/engine/registry.h"
#include "tools/kit/ask.h"
#include "tools/kit/keep.h"
#include "tools/kit/match.h"
#include "tools/meals/recipe_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOREVER (INT64_C(1) << 52)
#define SHARED_LOOK 200
#define QUERY_WORDS 12
#define LOOK_MAX 100 /* own recipes that a search looks at */

/* --- save_recipe --- */

static int no_recipe(struct tools_run *run)
{
    return run_fail(run, "not_found", "The page carries no recipe that can be read. Another page "
        "of the same dish may.");
}

static int save(struct tools_run *run, jdoc *recipe)
{
    char id[IDENT_UUID_SIZE], now[CLOCK_RFC3339_SIZE];
    const char *name = jdoc_string(jdoc_get(run->args, "recipe_name"), NULL);
    ident_uuid7(id);
    clock_rfc3339(run->context->now_ms, now);
    int failed = jdoc_set_string(recipe, "id", id);
    failed |= jdoc_set_string(recipe, "name", name); /* NULL: as the page says */
    failed |= jdoc_set_string(recipe, "url", jdoc_text_or(run->args, "url", ""));
    failed |= jdoc_set_string(recipe, "visibility", "private");
    failed |= jdoc_set_string(recipe, "created_at", now);
    name = arena_strdup(run->arena, jdoc_text_or(recipe, "name", ""));
    size_t count = jdoc_length(jdoc_get(recipe, "ingredients"));
    struct diet *diet = arena_array(run->arena, 1, sizeof *diet);
    int error = diet != NULL ? diet_read(run, diet) : ERR_NOMEM;
    const char *rule = error == 0 ? diet_refuses(diet, recipe, NULL) : NULL;
    const char *against = rule == NULL ? "" : arena_printf(run->arena,
        " It goes against the diet (%.60s): it is never shown among what the user may eat.", rule);
    const char *note = error == 0 ? diet_note(diet) : NULL;
    if (error != 0 && error != ERR_NOMEM) {
        jdoc_free(recipe);
        return error;
    }
    if (failed != 0 || name == NULL || note == NULL || against == NULL
        || run_succeed(run, "\"%s\" is saved, with %zu ingredient%s.%s%s", name, count,
               count == 1 ? "" : "s", against, note) == NULL) {
        jdoc_free(recipe);
        return ERR_NOMEM;
    }
    if (jdoc_set(run->result, "recipe", recipe) != 0)
        return ERR_NOMEM;
    struct keep_item item = { .family = "recipe", .id = id, .document = recipe,
        .time_ms = run->context->now_ms };
    return keep_commit(run, &item, 1, false);
}

static void page_came(struct tools_run *run, void *arg, int error, const char *body, size_t len)
{
    jdoc *recipe = NULL;
    (void)arg;
    if (error == 0)
        error = recipe_page_read(body, len, &recipe);
    if (error == 0)
        run->error = save(run, recipe);
    else if (error == ERR_NOT_FOUND)
        run->error = no_recipe(run);
    else if (error == ERR_NOMEM)
        run->error = error;
    else if (error == ERR_FORBIDDEN)
        run->error = run_fail_at(run, "/url", "the address of a public web page",
            "this address cannot be read from here");
    else if (error == ERR_LIMIT)
        run->error = run_fail(run, "provider_failed", "The page is too large to be read.");
    else
        run->error = run_fail(run, "provider_failed", "The page could not be read.");
    run_finished(run);
}

/* More than the records take. Returns 0, ERR_INVALID (said) or a fault. */
static int check_room(struct tools_run *run, const char *family, int64_t most, const char *noun)
{
    char key[KEYS_MAX];
    struct link_reply *reply = NULL;
    keys_records(key, run->context->uid, family);
    int result = link_command(run->context->store->link, &reply, "HLEN %s", key);
    bool full = result == 0 && link_reply_int(reply) >= most;
    link_reply_free(reply);
    if (!full)
        return result;
    result = run_fail(run, "limit_reached", "No more than %lld %s can be kept.",
        (long long)most, noun);
    return result != 0 ? result : ERR_INVALID;
}

int meals_tool_save_recipe(struct tools_run *run)
{
    const char *url = jdoc_text_or(run->args, "url", "");
    char why[URL_WHY_SIZE];
    if (url_check(url, strlen(url), URL_INTERNATIONAL, NULL, why) != 0)
        return run_fail_at(run, "/url", "the address of a public web page", "The address %s.",
            why);
    int result = check_room(run, "recipe", MEALS_RECIPES_MAX, "recipes");
    if (result != 0)
        return result == ERR_INVALID ? 0 : result;
    result = ask_bytes(run, &(struct ask){ .url = url,
        .service = "recipe page", .page = true }, page_came, NULL);
    if (result == ERR_FORBIDDEN || result == ERR_INVALID)
        return run_fail_at(run, "/url", "the address of a public web page",
            "this address cannot be read from here");
    return result;
}

/* --- collecting --- */

static void free_doc(void *arg)
{
    jdoc_free(arg);
}

/* Takes the document. */
static int add(struct meals_recipes *out, const struct diet *diet, jdoc *doc, const char *source)
{
    if (doc == NULL)
        return ERR_NOMEM;
    bool disliked;
    const char *rule = diet_refuses(diet, doc, &disliked);
    if (rule != NULL) {
        out->refused++;
        out->refused_by = out->refused_by != NULL ? out->refused_by : rule;
        out->unknown += jdoc_length(jdoc_get(doc, "ingredients")) == 0;
    }
    if (rule != NULL || out->count == out->max) {
        jdoc_free(doc);
        return 0;
    }
    int result = arena_on_free(diet->arena, free_doc, doc);
    if (result != 0)
        return result;
    out->all[out->count++] = (struct meals_recipe){ .doc = doc, .source = source,
        .disliked = disliked };
    return 0;
}

struct own {
    struct meals_recipes *out;
    const struct diet *diet;
};

static int add_own(void *arg, const jdoc *doc)
{
    struct own *o = arg;
    return add(o->out, o->diet, jdoc_dup(doc), "own");
}

static bool holds(const struct records_list *list, const char *json)
{
    for (size_t i = 0; list->json != NULL && i < list->count; i++)
        if (strcmp(list->json[i], json) == 0)
            return true;
    return false;
}

static void merge(struct records_list *to, const struct records_list *from, size_t max)
{
    for (size_t i = 0; i < from->count && to->count < max; i++)
        if (!holds(to, from->json[i]))
            to->json[to->count++] = from->json[i];
}

/* Of very many the best by the words said, then the newest of each kind of meal. */
static int choose_own(struct tools_run *run, const struct meals_wish *wish,
    struct records_list *list)
{
    struct store *store = run->context->store;
    struct records_list found = { 0 }, chosen = { .json = arena_array(run->arena, wish->max + 1,
                                               sizeof *chosen.json) };
    int result = chosen.json != NULL ? 0 : ERR_NOMEM;
    if (result == 0 && wish->said != NULL && wish->said[0] != '\0') {
        result = match_find(run, "recipe", "w:", wish->said, wish->max, &found);
        if (result == 0)
            merge(&chosen, &found, wish->max);
    }
    for (size_t i = 0; result == 0 && i < wish->type_count; i++) {
        struct records_page page = { .family = "recipe", .from = 0, .to = FOREVER,
            .highest_first = true, .max = wish->max / wish->type_count,
            .tag = arena_printf(run->arena, "m:%s", wish->types[i]) };
        result = page.tag == NULL ? ERR_NOMEM
            : records_tagged(store, run->context->uid, &page, run->arena, &found);
        if (result == 0)
            merge(&chosen, &found, wish->max);
    }
    if (result == 0) {
        merge(&chosen, list, wish->max);
        *list = chosen;
    }
    return result;
}

/* The oldest first. */
static int collect_own(struct tools_run *run, const struct diet *diet,
    const struct meals_wish *wish, struct meals_recipes *out)
{
    struct own own = { .out = out, .diet = diet };
    struct records_list list;
    int result = records_range(run->context->store, run->context->uid, "recipe", 0, FOREVER, true, 0,
        wish->max, run->arena, &list);
    out->more = result == 0 && list.more;
    if (out->more)
        result = choose_own(run, wish, &list);
    for (size_t i = 0; result == 0 && i < list.count / 2; i++) {
        const char *swap = list.json[i];
        list.json[i] = list.json[list.count - 1 - i];
        list.json[list.count - 1 - i] = swap;
    }
    return result == 0 ? keep_list(&list, add_own, &own) : result;
}

static bool is_there(const struct meals_recipes *out, const char *id)
{
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(jdoc_text_or(out->all[i].doc, "id", ""), id) == 0)
            return true;
    return false;
}

static int add_shared(struct tools_run *run, const struct diet *diet, const char *family,
    const struct words *terms, const char *source, struct meals_recipes *out)
{
    struct shared_list found = { 0 };
    struct shared_query query = { .family = family, .viewer = run->context->uid,
        .limit = SHARED_LOOK };
    if (terms != NULL) {
        query.terms = terms->list;
        query.term_count = terms->count < SHARED_TERMS_MAX ? terms->count : SHARED_TERMS_MAX;
    }
    int result = shared_search(run->context->store, &query, run->arena, &found);
    for (size_t i = 0; result == 0 && i < found.count; i++) {
        jdoc *doc = NULL;
        result = jdoc_parse(found.items[i].json, strlen(found.items[i].json), &doc, NULL, 0);
        if (result == 0 && is_there(out, jdoc_text_or(doc, "id", "")))
            jdoc_free(doc);
        else if (result == 0)
            result = add(out, diet, doc, source);
    }
    return result;
}

int meals_collect(struct tools_run *run, const struct diet *diet, const struct meals_wish *wish,
    const struct words *shared_terms, struct meals_recipes *out)
{
    *out = (struct meals_recipes){ .max = wish->max + 2 * SHARED_LOOK };
    out->all = arena_array(run->arena, out->max, sizeof *out->all);
    const char *given = arena_printf(run->arena, "recipe-for:%s", run->context->uid);
    int result = out->all != NULL && given != NULL ? 0 : ERR_NOMEM;
    if (result == 0)
        result = collect_own(run, diet, wish, out);
    if (result == 0)
        result = add_shared(run, diet, given, NULL, "friend", out);
    if (result == 0 && shared_terms != NULL)
        result = add_shared(run, diet, "recipe", shared_terms, "community", out);
    return result;
}

int64_t meals_minutes(const jdoc *recipe)
{
    int64_t minutes = -1;
    if (jdoc_get_int(recipe, "total_minutes", &minutes) != 0)
        jdoc_get_int(recipe, "prep_minutes", &minutes);
    return minutes;
}

/* --- search_recipes --- */

struct found {
    const struct meals_recipe *recipe;
    int score;
    bool disliked;
    size_t order;
};

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->score != y->score)
        return y->score - x->score;
    if (x->disliked != y->disliked)
        return x->disliked ? 1 : -1;
    return x->order > y->order ? -1 : x->order < y->order; /* the newest of the user's first */
}

static int index_recipe(struct tools_run *run, const jdoc *doc, struct words *name,
    struct words *ingredients)
{
    const jdoc *lines = jdoc_get(doc, "ingredients");
    if (words_init(name, run->arena, 60) != 0 || words_init(ingredients, run->arena, 200) != 0)
        return ERR_NOMEM;
    words_add(name, "", jdoc_string(jdoc_get(doc, "name"), NULL));
    words_add(name, "", jdoc_string(jdoc_get(doc, "cuisine"), NULL));
    words_add(name, "", jdoc_string(jdoc_get(doc, "meal_type"), NULL));
    for (size_t i = 0; i < jdoc_length(lines); i++)
        words_add(ingredients, "", jdoc_string(jdoc_at(lines, i), NULL));
    return name->failed || ingredients->failed ? ERR_NOMEM : 0;
}

const char *meals_left_out(struct tools_run *run, const struct meals_recipes *all)
{
    const char *unknown = "";
    if (all->refused == 0)
        return "";
    if (all->unknown > 0)
        unknown = arena_printf(run->arena, " Of %zu of them the ingredients are not known, so they "
            "cannot be checked.", all->unknown);
    return unknown == NULL ? NULL : arena_printf(run->arena,
        " %zu %s left out because of the diet (%.60s%s).%s", all->refused,
        all->refused == 1 ? "was" : "were", all->refused_by, all->refused > 1 ? " and such" : "",
        unknown);
}

/* How well it fits; 0 = not at all. Without words and ingredients everything fits. */
static int rate(struct tools_run *run, const jdoc *doc, const struct words *query, int *score)
{
    struct words name, ingredients, one;
    const jdoc *wanted = jdoc_get(run->args, "ingredients");
    int words = 0, things = 0;
    int result = index_recipe(run, doc, &name, &ingredients);
    for (size_t i = 0; result == 0 && i < query->count; i++)
        words += words_has(&name, query->list[i]) ? 3 : words_has(&ingredients, query->list[i]);
    for (size_t i = 0; result == 0 && i < jdoc_length(wanted); i++) {
        result = words_init(&one, run->arena, 8);
        if (result == 0) {
            words_add(&one, "", jdoc_string(jdoc_at(wanted, i), NULL));
            things += one.count > 0 && words_within(&one, &ingredients);
        }
    }
    bool missed = (query->count > 0 && words == 0) || (jdoc_length(wanted) > 0 && things == 0);
    *score = missed ? 0 : 1 + words + 4 * things;
    return result;
}

static bool passes_filters(const struct tools_run *run, const jdoc *doc)
{
    int64_t most;
    const char *type = jdoc_string(jdoc_get(run->args, "meal_type"), NULL);
    if (type != NULL && strcmp(jdoc_text_or(doc, "meal_type", ""), type) != 0)
        return false;
    if (jdoc_get_int(run->args, "max_prep_time", &most) == 0) {
        int64_t minutes = meals_minutes(doc);
        return minutes >= 0 && minutes <= most;
    }
    return true;
}

const char *meals_ask(struct tools_run *run, size_t unclear)
{
    return unclear == 0 ? "" : arena_printf(run->arena, " In %zu of them is something of which no "
        "rule knows what it holds, named in not_checked: ask the user about it before it is eaten.",
        unclear);
}

static jdoc *show(const struct diet *diet, const struct meals_recipe *r)
{
    static const char *const keys[] = { "id", "name", "url", "author", "meal_type", "cuisine",
        "servings", "prep_minutes", "cook_minutes", "total_minutes", "dietary_tags", "ingredients",
        NULL };
    jdoc *doc = jdoc_new_object(), *unclear = NULL;
    if (doc != NULL && keep_copy(doc, r->doc, keys) == 0
        && jdoc_set_string(doc, "source", r->source) == 0
        && diet_unclear(diet, r->doc, &unclear) == 0
        && (unclear == NULL || jdoc_set(doc, "not_checked", unclear) == 0))
        return doc;
    jdoc_free(doc);
    return NULL;
}

static int answer(struct tools_run *run, const struct diet *diet, const struct meals_recipes *all,
    struct found *found, size_t count)
{
    int64_t limit = 10;
    size_t unclear = 0;
    const char *left_out = meals_left_out(run, all), *note = diet_note(diet);
    jdoc_get_int(run->args, "limit", &limit);
    qsort(found, count, sizeof *found, compare_found);
    size_t shown = count < (size_t)limit ? count : (size_t)limit;
    jdoc *list = jdoc_new_array();
    int result = list != NULL && left_out != NULL && note != NULL ? 0 : ERR_NOMEM;
    for (size_t i = 0; result == 0 && i < shown; i++) {
        jdoc *doc = show(diet, found[i].recipe);
        unclear += jdoc_has(doc, "not_checked");
        result = jdoc_push(list, doc);
    }
    const char *ask = meals_ask(run, unclear);
    if (ask == NULL && result == 0)
        result = ERR_NOMEM;
    if (result == 0 && run_succeed(run, "%zu recipe%s found.%s%s%s%s", count, count == 1 ? "" : "s",
            left_out, ask, note, all->more ? " Of the many saved ones those with these words and the newest "
            "were looked at." : "") == NULL)
        result = ERR_NOMEM;
    if (result != 0) {
        jdoc_free(list);
        return result;
    }
    int failed = jdoc_set(run->result, "recipes", list);
    failed |= jdoc_set_int(run->result, "count", (int64_t)shown);
    failed |= jdoc_set_int(run->result, "total", (int64_t)count);
    failed |= jdoc_set_int(run->result, "left_out_by_diet", (int64_t)all->refused);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* What the call asks for, in words. */
static int wish_of(struct tools_run *run, struct meals_wish *wish)
{
    const jdoc *things = jdoc_get(run->args, "ingredients");
    const char *type = jdoc_string(jdoc_get(run->args, "meal_type"), NULL);
    const char **types = arena_array(run->arena, 1, sizeof *types);
    *wish = (struct meals_wish){ .max = LOOK_MAX, .types = types, .type_count = type != NULL,
        .said = jdoc_text_or(run->args, "query", "") };
    if (types != NULL)
        types[0] = type;
    for (size_t i = 0; wish->said != NULL && i < jdoc_length(things); i++)
        wish->said = arena_printf(run->arena, "%s %s", wish->said,
            jdoc_string(jdoc_at(things, i), NULL));
    return types != NULL && wish->said != NULL ? 0 : ERR_NOMEM;
}

int meals_tool_search_recipes(struct tools_run *run)
{
    struct diet *diet = arena_array(run->arena, 1, sizeof *diet);
    struct words query;
    struct meals_recipes all = { 0 };
    struct meals_wish wish;
    bool public = false;
    size_t count = 0;
    int result = diet != NULL ? diet_read(run, diet) : ERR_NOMEM;
    if (result == 0)
        result = diet_add(diet, jdoc_get(run->args, "dietary_tags"), DIET_RESTRICTION);
    if (result == ERR_LIMIT)
        return run_fail_at(run, "/dietary_tags", "fewer tags", "there are too many rules");
    if (result == 0)
        result = words_init(&query, run->arena, QUERY_WORDS);
    if (result != 0)
        return result;
    words_add(&query, "", jdoc_string(jdoc_get(run->args, "query"), NULL));
    jdoc_get_bool(run->args, "include_public", &public);
    result = wish_of(run, &wish);
    if (result == 0)
        result = meals_collect(run, diet, &wish, public ? &query : NULL, &all);
    struct found *found = result == 0 ? arena_array(run->arena, all.count + 1, sizeof *found) : NULL;
    if (result == 0 && found == NULL)
        result = ERR_NOMEM;
    for (size_t i = 0; result == 0 && i < all.count; i++) {
        struct found one = { .recipe = &all.all[i], .order = i, .disliked = all.all[i].disliked };
        if (!passes_filters(run, all.all[i].doc))
            continue;
        result = rate(run, all.all[i].doc, &query, &one.score);
        if (result == 0 && one.score > 0)
            found[count++] = one;
    }
    return result == 0 ? answer(run, diet, &all, found, count) : result;
}
