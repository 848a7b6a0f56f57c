/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family meals: saving and finding recipes. */
#include "tools/meals/meals.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/url.h"
#include "store/keys.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/fetch.h"
#include "tools/kit/page.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/meals/recipe_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOREVER (INT64_C(1) << 52)
#define SHARED_LOOK 200
#define QUERY_WORDS 12
#define MEALS_PAGE_ANSWER ((size_t)256 << 10) /* bytes of what a page says of a recipe */
#define LOOK_MAX 100                          /* own recipes that a search looks at */

/* --- save_recipe --- */

static int meals_no_recipe(struct tools_run *run)
{
    return run_fail(run, "not_found",
        "The page carries no recipe that can be read. Another page "
        "of the same dish may.");
}

static int meals_save(struct tools_run *run, jdoc *recipe)
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
    int error = diet ? diet_read(run, diet) : ERR_NOMEM;
    const char *rule = error == 0 ? diet_refuses(diet, recipe, NULL) : NULL;
    const char *against = !rule ?
        "" :
        arena_printf(run->arena,
            " It goes against the diet (%.60s): it is never shown among what the user may eat.",
            rule);
    const char *note = error == 0 ? diet_note(diet) : NULL;
    if (error != 0 && error != ERR_NOMEM) {
        jdoc_free(recipe);
        return error;
    }
    if (failed != 0 || !name || !note || !against ||
        !run_succeed(run, "\"%s\" is saved, with %zu ingredient%s.%s%s", name, count,
            count == 1 ? "" : "s", against, note)) {
        jdoc_free(recipe);
        return ERR_NOMEM;
    }
    if (jdoc_set(run->result, "recipe", recipe) != 0)
        return ERR_NOMEM;
    struct record_item item = {.family = "recipe",
        .id = id,
        .document = recipe,
        .time_ms = run->context->now_ms};
    return record_commit(run, &item, 1, false);
}

/* In a child: a page is HTML of a stranger. */
static int meals_read_page(void *arg, const char *in, size_t len, struct buf *out)
{
    jdoc *recipe = NULL;
    int error = recipe_page_read(in, len, &recipe);
    (void)arg;
    if (error == 0)
        jdoc_write(recipe, out);
    jdoc_free(recipe);
    return error;
}

static void meals_page_read(struct tools_run *run, int error, const char *answer, size_t len)
{
    jdoc *recipe = NULL;
    if (error == 0)
        error = jdoc_parse(answer, len, &recipe, NULL, 0);
    if (error == 0)
        run->error = meals_save(run, recipe);
    else if (error == ERR_NOT_FOUND)
        run->error = meals_no_recipe(run);
    else if (error == ERR_NOMEM)
        run->error = error;
    else
        run->error = run_fail(run, "provider_failed", "The page could not be read.");
    run_finished(run);
}

static void meals_page_came(struct tools_run *run, void *arg, int error, const char *body,
    size_t len)
{
    static const struct page recipe_page = {.name = "a recipe's page",
        .read = meals_read_page,
        .done = meals_page_read,
        .out_max = MEALS_PAGE_ANSWER};
    (void)arg;
    if (error == 0) {
        run->error = page_read(run, &recipe_page, body, len);
        if (run->error == 0)
            return; /* meals_page_read goes on */
    } else if (error == ERR_NOT_FOUND) {
        run->error = meals_no_recipe(run);
    } else if (error == ERR_NOMEM) {
        run->error = error;
    } else if (error == ERR_FORBIDDEN) {
        run->error = run_fail_at(run, "/url", "the address of a public web page",
            "this address cannot be read from here");
    } else if (error == ERR_LIMIT) {
        run->error = run_fail(run, "provider_failed", "The page is too large to be read.");
    } else {
        run->error = run_fail(run, "provider_failed", "The page could not be read.");
    }
    run_finished(run);
}

/* More than the records take. Returns 0, ERR_INVALID (said) or a fault. */
static int meals_check_room(struct tools_run *run, const char *family, int64_t most,
    const char *noun)
{
    char key[KEYS_MAX];
    struct link_reply *reply = NULL;
    keys_records(key, run->context->uid, family);
    int error = link_command(run->context->store->link, &reply, "HLEN %s", key);
    bool full = error == 0 && link_reply_int(reply) >= most;
    link_reply_free(reply);
    if (!full)
        return error;
    error =
        run_fail(run, "limit_reached", "No more than %lld %s can be kept.", (long long)most, noun);
    return error != 0 ? error : ERR_INVALID;
}

/* Returns 0, ERR_INVALID (said) or a fault. */
static int meals_check_page(struct tools_run *run, const char *url)
{
    char why[URL_WHY_SIZE];
    int error;
    if (url_check(url, strlen(url), URL_INTERNATIONAL, NULL, why) == 0)
        return meals_check_room(run, "recipe", MEALS_RECIPES_MAX, "recipes");
    error = run_fail_at(run, "/url", "the address of a public web page", "The address %s.", why);
    return error != 0 ? error : ERR_INVALID;
}

int meals_preview_save_recipe(struct tools_run *run)
{
    int error = meals_check_page(run, jdoc_text_or(run->args, "url", ""));
    if (error == 0)
        error = preview_title(run, run->args, "url", "read the page ", " and keep its recipe");
    if (error == 0)
        error = about_title(run, "recipe", run->args, "recipe_name");
    return error == ERR_INVALID ? 0 : error;
}

int meals_tool_save_recipe(struct tools_run *run)
{
    const char *url = jdoc_text_or(run->args, "url", "");
    int error = meals_check_page(run, url);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    error = fetch_bytes(run, &(struct fetch){.url = url, .service = "recipe page", .page = true},
        meals_page_came, NULL);
    if (error == ERR_FORBIDDEN || error == ERR_INVALID)
        return run_fail_at(run, "/url", "the address of a public web page",
            "this address cannot be read from here");
    return error;
}

/* --- collecting --- */

static void meals_free_doc(void *arg)
{
    jdoc_free(arg);
}

/* Takes the document. */
static int meals_add(struct meals_recipes *out, const struct diet *diet, jdoc *doc,
    const char *source)
{
    if (!doc)
        return ERR_NOMEM;
    bool disliked;
    const char *rule = diet_refuses(diet, doc, &disliked);
    if (rule) {
        out->refused++;
        out->refused_by = out->refused_by ? out->refused_by : rule;
        out->unknown += jdoc_length(jdoc_get(doc, "ingredients")) == 0;
    }
    if (rule || out->count == out->max) {
        jdoc_free(doc);
        return 0;
    }
    int error = arena_on_free(diet->arena, meals_free_doc, doc);
    if (error != 0)
        return error;
    out->all[out->count++] =
        (struct meals_recipe){.doc = doc, .source = source, .disliked = disliked};
    return 0;
}

struct own {
    struct meals_recipes *out;
    const struct diet *diet;
};

static int meals_add_own(void *arg, const jdoc *doc)
{
    struct own *o = arg;
    return meals_add(o->out, o->diet, jdoc_dup(doc), "own");
}

static bool meals_holds(const struct records_list *list, const char *json)
{
    for (size_t i = 0; list->json && i < list->count; i++)
        if (strcmp(list->json[i], json) == 0)
            return true;
    return false;
}

static void meals_merge(struct records_list *to, const struct records_list *from, size_t max)
{
    for (size_t i = 0; i < from->count && to->count < max; i++)
        if (!meals_holds(to, from->json[i]))
            to->json[to->count++] = from->json[i];
}

/* Of very many the best by the words said, then the newest of each kind of meal. */
static int meals_choose_own(struct tools_run *run, const struct meals_wish *wish,
    struct records_list *list)
{
    struct store *store = run->context->store;
    struct records_list found = {0},
                        chosen = {
                            .json = arena_array(run->arena, wish->max + 1, sizeof *chosen.json)};
    int error = chosen.json ? 0 : ERR_NOMEM;
    if (error == 0 && wish->said && wish->said[0] != '\0') {
        error = record_match_find(run, "recipe", "w:", wish->said, wish->max, &found);
        if (error == 0)
            meals_merge(&chosen, &found, wish->max);
    }
    for (size_t i = 0; error == 0 && i < wish->type_count; i++) {
        struct records_page page = {.family = "recipe",
            .from = 0,
            .to = FOREVER,
            .highest_first = true,
            .max = wish->max / wish->type_count,
            .tag = arena_printf(run->arena, "m:%s", wish->types[i])};
        error = !page.tag ? ERR_NOMEM :
                            records_tagged(store, run->context->uid, &page, run->arena, &found);
        if (error == 0)
            meals_merge(&chosen, &found, wish->max);
    }
    if (error == 0) {
        meals_merge(&chosen, list, wish->max);
        *list = chosen;
    }
    return error;
}

/* The oldest first. */
static int meals_collect_own(struct tools_run *run, const struct diet *diet,
    const struct meals_wish *wish, struct meals_recipes *out)
{
    struct own own = {.out = out, .diet = diet};
    struct records_list list;
    int error = records_range(run->context->store, run->context->uid,
        &(struct records_page){.family = "recipe",
            .to = FOREVER,
            .highest_first = true,
            .max = wish->max},
        run->arena, &list);
    out->more = error == 0 && list.more;
    if (out->more)
        error = meals_choose_own(run, wish, &list);
    for (size_t i = 0; error == 0 && i < list.count / 2; i++) {
        const char *swap = list.json[i];
        list.json[i] = list.json[list.count - 1 - i];
        list.json[list.count - 1 - i] = swap;
    }
    return error == 0 ? record_list(&list, meals_add_own, &own) : error;
}

static bool meals_is_there(const struct meals_recipes *out, const char *id)
{
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(jdoc_text_or(out->all[i].doc, "id", ""), id) == 0)
            return true;
    return false;
}

static int meals_add_shared(struct tools_run *run, const struct diet *diet, const char *family,
    const struct word_set *terms, const char *source, struct meals_recipes *out)
{
    struct shared_list found = {0};
    struct shared_query query = {.family = family,
        .viewer = run->context->uid,
        .limit = SHARED_LOOK};
    if (terms) {
        query.terms = terms->list;
        query.term_count = terms->count < SHARED_TERMS_MAX ? terms->count : SHARED_TERMS_MAX;
    }
    int error = shared_search(run->context->store, &query, run->arena, &found);
    for (size_t i = 0; error == 0 && i < found.count; i++) {
        jdoc *doc = NULL;
        error = jdoc_parse(found.items[i].json, strlen(found.items[i].json), &doc, NULL, 0);
        if (error == 0 && meals_is_there(out, jdoc_text_or(doc, "id", "")))
            jdoc_free(doc);
        else if (error == 0)
            error = meals_add(out, diet, doc, source);
    }
    return error;
}

int meals_collect(struct tools_run *run, const struct diet *diet, const struct meals_wish *wish,
    const struct word_set *shared_terms, struct meals_recipes *out)
{
    *out = (struct meals_recipes){.max = wish->max + 2 * SHARED_LOOK};
    out->all = arena_array(run->arena, out->max, sizeof *out->all);
    const char *given = arena_printf(run->arena, "recipe-for:%s", run->context->uid);
    int error = out->all && given ? 0 : ERR_NOMEM;
    if (error == 0)
        error = meals_collect_own(run, diet, wish, out);
    if (error == 0)
        error = meals_add_shared(run, diet, given, NULL, "friend", out);
    if (error == 0 && shared_terms)
        error = meals_add_shared(run, diet, "recipe", shared_terms, "community", out);
    return error;
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

static int meals_compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->score != y->score)
        return y->score - x->score;
    if (x->disliked != y->disliked)
        return x->disliked ? 1 : -1;
    return x->order > y->order ? -1 : x->order < y->order; /* the newest of the user's first */
}

static int meals_index_recipe(struct tools_run *run, const jdoc *doc, struct word_set *name,
    struct word_set *ingredients)
{
    const jdoc *lines = jdoc_get(doc, "ingredients");
    if (word_set_init(name, run->arena, 60) != 0 ||
        word_set_init(ingredients, run->arena, 200) != 0)
        return ERR_NOMEM;
    word_set_add(name, "", jdoc_string(jdoc_get(doc, "name"), NULL));
    word_set_add(name, "", jdoc_string(jdoc_get(doc, "cuisine"), NULL));
    word_set_add(name, "", jdoc_string(jdoc_get(doc, "meal_type"), NULL));
    for (size_t i = 0; i < jdoc_length(lines); i++)
        word_set_add(ingredients, "", jdoc_string(jdoc_at(lines, i), NULL));
    return name->failed || ingredients->failed ? ERR_NOMEM : 0;
}

const char *meals_left_out(struct tools_run *run, const struct meals_recipes *all)
{
    const char *unknown = "";
    if (all->refused == 0)
        return "";
    if (all->unknown > 0)
        unknown = arena_printf(run->arena,
            " Of %zu of them the ingredients are not known, so they "
            "cannot be checked.",
            all->unknown);
    return !unknown ? NULL :
                      arena_printf(run->arena, " %zu %s left out because of the diet (%.60s%s).%s",
                          all->refused, all->refused == 1 ? "was" : "were", all->refused_by,
                          all->refused > 1 ? " and such" : "", unknown);
}

/* How well it fits; 0 = not at all. Without words and ingredients everything fits. */
static int meals_rate(struct tools_run *run, const jdoc *doc, const struct word_set *query,
    int *score)
{
    struct word_set name, ingredients, one;
    const jdoc *wanted = jdoc_get(run->args, "ingredients");
    int words = 0, things = 0;
    int error = meals_index_recipe(run, doc, &name, &ingredients);
    for (size_t i = 0; error == 0 && i < query->count; i++)
        words +=
            word_set_has(&name, query->list[i]) ? 3 : word_set_has(&ingredients, query->list[i]);
    for (size_t i = 0; error == 0 && i < jdoc_length(wanted); i++) {
        error = word_set_init(&one, run->arena, 8);
        if (error == 0) {
            word_set_add(&one, "", jdoc_string(jdoc_at(wanted, i), NULL));
            things += one.count > 0 && word_set_within(&one, &ingredients);
        }
    }
    bool missed = (query->count > 0 && words == 0) || (jdoc_length(wanted) > 0 && things == 0);
    *score = missed ? 0 : 1 + words + 4 * things;
    return error;
}

static bool meals_passes_filters(const struct tools_run *run, const jdoc *doc)
{
    int64_t most;
    const char *type = jdoc_string(jdoc_get(run->args, "meal_type"), NULL);
    if (type && strcmp(jdoc_text_or(doc, "meal_type", ""), type) != 0)
        return false;
    if (jdoc_get_int(run->args, "max_prep_time", &most) == 0) {
        int64_t minutes = meals_minutes(doc);
        return minutes >= 0 && minutes <= most;
    }
    return true;
}

const char *meals_ask(struct tools_run *run, size_t unclear)
{
    return unclear == 0 ?
        "" :
        arena_printf(run->arena,
            " In %zu of them is something of which no "
            "rule knows what it holds, named in not_checked: ask the user about it before it is eaten.",
            unclear);
}

static jdoc *meals_show(const struct diet *diet, const struct meals_recipe *r)
{
    static const char *const keys[] = {"id", "name", "url", "author", "meal_type", "cuisine",
        "servings", "prep_minutes", "cook_minutes", "total_minutes", "dietary_tags", "ingredients",
        NULL};
    jdoc *doc = jdoc_new_object(), *unclear = NULL;
    if (doc && record_copy(doc, r->doc, keys) == 0 &&
        jdoc_set_string(doc, "source", r->source) == 0 &&
        diet_unclear(diet, r->doc, &unclear) == 0 &&
        (!unclear || jdoc_set(doc, "not_checked", unclear) == 0))
        return doc;
    jdoc_free(doc);
    return NULL;
}

static int meals_answer(struct tools_run *run, const struct diet *diet,
    const struct meals_recipes *all, struct found *found, size_t count)
{
    int64_t limit = 10;
    size_t unclear = 0;
    const char *left_out = meals_left_out(run, all), *note = diet_note(diet);
    jdoc_get_int(run->args, "limit", &limit);
    qsort(found, count, sizeof *found, meals_compare_found);
    size_t shown = count < (size_t)limit ? count : (size_t)limit;
    jdoc *list = jdoc_new_array();
    int error = list && left_out && note ? 0 : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < shown; i++) {
        jdoc *doc = meals_show(diet, found[i].recipe);
        unclear += jdoc_has(doc, "not_checked");
        error = jdoc_push(list, doc);
    }
    const char *ask = meals_ask(run, unclear);
    if (!ask && error == 0)
        error = ERR_NOMEM;
    if (error == 0 &&
        !run_succeed(run, "%zu recipe%s found.%s%s%s%s", count, count == 1 ? "" : "s", left_out,
            ask, note,
            all->more ? " Of the many saved ones those with these words and the newest "
                        "were looked at." :
                        ""))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(list);
        return error;
    }
    int failed = jdoc_set(run->result, "recipes", list);
    failed |= jdoc_set_int(run->result, "count", (int64_t)shown);
    failed |= jdoc_set_int(run->result, "total", (int64_t)count);
    failed |= jdoc_set_int(run->result, "left_out_by_diet", (int64_t)all->refused);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* What the call asks for, in words. */
static int meals_wish_of(struct tools_run *run, struct meals_wish *wish)
{
    const jdoc *things = jdoc_get(run->args, "ingredients");
    const char *type = jdoc_string(jdoc_get(run->args, "meal_type"), NULL);
    const char **types = arena_array(run->arena, 1, sizeof *types);
    *wish = (struct meals_wish){.max = LOOK_MAX,
        .types = types,
        .type_count = type != NULL,
        .said = jdoc_text_or(run->args, "query", "")};
    if (types)
        types[0] = type;
    for (size_t i = 0; wish->said && i < jdoc_length(things); i++)
        wish->said =
            arena_printf(run->arena, "%s %s", wish->said, jdoc_string(jdoc_at(things, i), NULL));
    return types && wish->said ? 0 : ERR_NOMEM;
}

int meals_tool_search_recipes(struct tools_run *run)
{
    struct diet *diet = arena_array(run->arena, 1, sizeof *diet);
    struct word_set query;
    struct meals_recipes all = {0};
    struct meals_wish wish;
    bool public = false;
    size_t count = 0;
    int error = diet ? diet_read(run, diet) : ERR_NOMEM;
    if (error == 0)
        error = diet_add(diet, jdoc_get(run->args, "dietary_tags"), DIET_RESTRICTION);
    if (error == ERR_LIMIT)
        return run_fail_at(run, "/dietary_tags", "fewer tags", "there are too many rules");
    if (error == 0)
        error = word_set_init(&query, run->arena, QUERY_WORDS);
    if (error != 0)
        return error;
    word_set_add(&query, "", jdoc_string(jdoc_get(run->args, "query"), NULL));
    jdoc_get_bool(run->args, "include_public", &public);
    error = meals_wish_of(run, &wish);
    if (error == 0)
        error = meals_collect(run, diet, &wish, public ? &query : NULL, &all);
    struct found *found = error == 0 ? arena_array(run->arena, all.count + 1, sizeof *found) : NULL;
    if (error == 0 && !found)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < all.count; i++) {
        struct found one = {.recipe = &all.all[i], .order = i, .disliked = all.all[i].disliked};
        if (!meals_passes_filters(run, all.all[i].doc))
            continue;
        error = meals_rate(run, all.all[i].doc, &query, &one.score);
        if (error == 0 && one.score > 0)
            found[count++] = one;
    }
    return error == 0 ? meals_answer(run, diet, &all, found, count) : error;
}
