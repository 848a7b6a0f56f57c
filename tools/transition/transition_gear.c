/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family transition: the gear to buy. */
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/cost.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/transition/transition.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

static const char *const item_fields[] = {"name", "category", "is_essential", "vendor_url", "notes",
    "priority", NULL};

static bool transition_is_purchased(const jdoc *item)
{
    return jdoc_is_true(item, "is_purchased");
}

static bool transition_is_to_buy(const jdoc *item)
{
    return !transition_is_purchased(item);
}

/* The money argument `key` into the item. Returns 0; ERR_INVALID (the failure is set); a fault. */
static int transition_set_cost(struct tools_run *run, jdoc *item, const char *key)
{
    int64_t minor;
    const char *currency = cost_currency(run), *old = jdoc_string(jdoc_get(item, "currency"), NULL);
    if (old && !jdoc_has(run->args, "currency")) /* what was paid is in the estimate's */
        currency = arena_strdup(run->arena, old);
    if (!currency)
        return ERR_NOMEM;
    int error = cost_argument(run, key, currency, &minor);
    if (error != 0)
        return error == ERR_NOT_FOUND ? 0 : error;
    if (old && strcmp(old, currency) != 0) { /* never two currencies in one record */
        jdoc_remove(item, "estimated_cost");
        jdoc_remove(item, "estimated_cost_minor");
    }
    return cost_set(item, key, minor, currency) | jdoc_set_string(item, "currency", currency) ?
        ERR_NOMEM :
        0;
}

int transition_preview_add_equipment_item(struct tools_run *run)
{
    int error = preview_title(run, run->args, "name", "put ", " on the equipment list");
    return error != 0 ? error : about_title(run, "equipment", run->args, "name");
}

int transition_tool_add_equipment_item(struct tools_run *run)
{
    jdoc *item = transition_new(run, item_fields);
    int error = item ? transition_set_cost(run, item, "estimated_cost") : ERR_NOMEM;
    if (error == 0)
        error = jdoc_set_bool(item, "is_purchased", false);
    if (error == 0) {
        run_succeed(run, "\"%s\" is on the equipment list.", jdoc_text_or(item, "name", ""));
        error =
            transition_commit(run, TRANSITION_EQUIPMENT, "item", item, run->context->now_ms, NULL);
    }
    jdoc_free(item);
    return error == ERR_INVALID ? 0 : error;
}

/* --- mark_equipment_purchased --- */

static const struct record_match_query to_buy_by_name = {.family = TRANSITION_EQUIPMENT,
    .name_key = "name",
    .is_wanted = transition_is_to_buy,
    .argument = "item_name",
    .id_argument = "item_id",
    .noun = "item to buy",
    .list_tool = "get_equipment_list"};

static int transition_no_such_item(struct tools_run *run)
{
    int error = run_fail(run, "not_found",
        "There is no such item. get_equipment_list lists those there are.");
    return error != 0 ? error : ERR_INVALID;
}

static int transition_choose_item(struct tools_run *run, jdoc **item, const char **seen)
{
    const char *id = jdoc_string(jdoc_get(run->args, "item_id"), NULL);
    const char *name = jdoc_string(jdoc_get(run->args, "item_name"), NULL);
    int error = 0;
    if (!id && !name) {
        error = run_fail_at(run, "", "item_id or item_name",
            "Say which item: item_id or item_name is needed.");
        return error != 0 ? error : ERR_INVALID;
    }
    if (!id)
        error = record_match_pick(run, &to_buy_by_name, name, &id);
    if (error == 0)
        error = record_get(run, TRANSITION_EQUIPMENT, id, item, seen);
    return error == ERR_NOT_FOUND ? transition_no_such_item(run) : error;
}

static int transition_set_purchase(struct tools_run *run, jdoc *item)
{
    const struct zone *z;
    struct timestamp when = {.ms = run->context->now_ms};
    char date[TIMESTAMP_SIZE];
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = timestamp_argument(run, "purchase_date", z, &when);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    if (when.ms > run->context->now_ms) {
        error = run_fail_at(run, "/purchase_date", "a day that is not in the future",
            "A purchase cannot be in the future.");
        return error != 0 ? error : ERR_INVALID;
    }
    error = transition_set_cost(run, item, "actual_cost");
    if (error != 0)
        return error;
    timestamp_date(when.ms, z, date);
    return jdoc_set_bool(item, "is_purchased", true) |
            jdoc_set_string(item, "purchase_date", date) | record_stamp(run, item) ?
        ERR_NOMEM :
        0;
}

static int transition_purchase_once(struct tools_run *run, void *arg)
{
    jdoc *item = NULL;
    const char *seen = NULL;
    int64_t created = run->context->now_ms;
    (void)arg;
    int error = transition_choose_item(run, &item, &seen);
    bool again = error == 0 && transition_is_purchased(item);
    if (error == 0)
        error = transition_set_purchase(run, item);
    if (error == 0) {
        err_ignore(clock_parse_rfc3339(jdoc_text_or(item, "created_at", ""), &created)); /* now */
        run_succeed(run,
            again ? "\"%s\" was bought already; the entry is changed." : "\"%s\" is bought.",
            jdoc_text_or(item, "name", ""));
        error = transition_commit(run, TRANSITION_EQUIPMENT, "item", item, created, seen);
    }
    jdoc_free(item);
    return error == ERR_NOT_FOUND ? transition_no_such_item(run) : error;
}

int transition_tool_mark_equipment_purchased(struct tools_run *run)
{
    return record_retry(run, transition_purchase_once, NULL);
}

/* --- get_equipment_list --- */

struct listing {
    struct transition_list list;
    int64_t to_buy, essential_to_buy, purchased;
    struct cost_sums estimated, spent; /* of what is to buy; of what was bought */
};

static int transition_list_item(void *arg, const jdoc *item)
{
    return transition_push(arg, jdoc_dup(item));
}

/* The sums stand beside the records; of the items a page is read. */
static int transition_read_list(struct tools_run *run, struct listing *l, bool with_purchased)
{
    const struct tools_context *context = run->context;
    const char *category = jdoc_string(jdoc_get(run->args, "category"), NULL);
    const char *bucket = category ? category : "*";
    struct records_numbers sums;
    struct records_page page = {.family = TRANSITION_EQUIPMENT,
        .from = -RECORD_FOREVER,
        .to = RECORD_FOREVER,
        .max = TRANSITION_SHOWN_MAX,
        .tag = arena_printf(run->arena, "%s %s", with_purchased ? "all" : "buy", bucket)};
    int error = !page.tag ? ERR_NOMEM :
                            records_numbers(context->store, context->uid, TRANSITION_EQUIPMENT,
                                &(struct records_texts){&bucket, 1}, run->arena, &sums);
    if (error == 0)
        error = record_tagged(run, &page, transition_list_item, &l->list, NULL);
    if (error != 0)
        return error;
    l->to_buy = cost_number(&sums, "buy");
    l->essential_to_buy = cost_number(&sums, "essential buy");
    l->purchased = cost_number(&sums, "bought");
    cost_add_numbers(&l->estimated, &sums, "buy ");
    cost_add_numbers(&l->spent, &sums, "bought ");
    l->list.total = (size_t)(l->to_buy + (with_purchased ? l->purchased : 0));
    return 0;
}

static int transition_set_budget(jdoc *result, const struct listing *l)
{
    jdoc *budget = jdoc_new_object();
    if (!budget || jdoc_set(result, "budget", budget) != 0)
        return ERR_NOMEM;
    int failed = jdoc_set_int(budget, "to_buy", l->to_buy);
    failed |= jdoc_set_int(budget, "essential_to_buy", l->essential_to_buy);
    failed |= jdoc_set_int(budget, "purchased", l->purchased);
    failed |= cost_set_sums(budget, "estimated_to_spend", &l->estimated);
    failed |= cost_set_sums(budget, "spent", &l->spent);
    return failed != 0 ? ERR_NOMEM : 0;
}

int transition_tool_get_equipment_list(struct tools_run *run)
{
    struct listing l = {.list.items = jdoc_new_array()};
    char estimated[COST_TEXT_SIZE];
    bool with_purchased = jdoc_is_true(run->args, "show_purchased");
    int error = l.list.items ? transition_read_list(run, &l, with_purchased) : ERR_NOMEM;
    if (error != 0) {
        jdoc_free(l.list.items);
        return error;
    }
    cost_sums_text(&l.estimated, estimated);
    if (l.to_buy + l.purchased == 0)
        run_succeed(run, "There is no such equipment on the list.");
    else
        run_succeed(run, "%lld to buy (%lld essential), estimated at %s; %lld bought.",
            (long long)l.to_buy, (long long)l.essential_to_buy, estimated, (long long)l.purchased);
    error = transition_answer(run, "items", &l.list);
    return error == 0 ? transition_set_budget(run->result, &l) : error;
}
