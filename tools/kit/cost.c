/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/cost.h"

#include "base/err.h"
#include "tools/kit/plausible.h"

#include <stdio.h>
#include <string.h>

const char *cost_currency(const struct tools_run *run)
{
    const char *c = jdoc_string(jdoc_get(run->args, "currency"), NULL);
    if (!c)
        c = run->context->currency;
    if (!c || strlen(c) != 3)
        c = run->context->conf->default_currency;
    return strlen(c) == 3 ? c : "AUD";
}

int cost_argument(struct tools_run *run, const char *key, const char *currency, int64_t *minor)
{
    double value = 0;
    char expected[96], path[64];
    double most = plausible_most(currency);
    if (jdoc_get_double(run->args, key, &value) != 0)
        return ERR_NOT_FOUND;
    if (amount_from_number(value, currency, minor) == 0 && value < most)
        return 0;
    snprintf(path, sizeof path, "/%s", key);
    snprintf(expected, sizeof expected, "an amount below %.0f with at most %d decimals", most,
        amount_decimals(currency));
    int error = run_fail_at(run, path, expected, "%s is not possible in %s", key, currency);
    return error != 0 ? error : ERR_INVALID;
}

int cost_set(jdoc *object, const char *key, int64_t minor, const char *currency)
{
    char name[64];
    snprintf(name, sizeof name, "%s_minor", key);
    int error = jdoc_set_double(object, key, amount_to_number(minor, currency));
    return error == 0 ? jdoc_set_int(object, name, minor) : error;
}

/* NULL when there are too many. */
static struct cost_sum *cost_sum_of(struct cost_sums *sums, const char *currency)
{
    size_t i = 0;
    while (i < sums->count && strcmp(sums->all[i].currency, currency) != 0)
        i++;
    if (i == COST_CURRENCIES_MAX)
        return NULL;
    if (i == sums->count)
        snprintf(sums->all[sums->count++].currency, sizeof sums->all[i].currency, "%s", currency);
    return &sums->all[i];
}

void cost_add(struct cost_sums *sums, int64_t minor, const char *currency)
{
    struct cost_sum *sum = cost_sum_of(sums, currency);
    if (!sum)
        return;
    sum->minor += minor;
    sum->count++;
}

void cost_add_numbers(struct cost_sums *sums, const struct records_numbers *numbers,
    const char *prefix)
{
    size_t len = strlen(prefix);
    for (size_t i = 0; i < numbers->count; i++) {
        const struct records_number *n = &numbers->all[i];
        bool count = strncmp(n->field, "c ", 2) == 0;
        if ((!count && strncmp(n->field, "s ", 2) != 0) ||
            strncmp(n->field + 2, prefix, len) != 0 || strlen(n->field + 2 + len) != 3)
            continue;
        struct cost_sum *sum = cost_sum_of(sums, n->field + 2 + len);
        if (sum)
            *(count ? &sum->count : &sum->minor) += n->value;
    }
}

int64_t cost_number(const struct records_numbers *numbers, const char *field)
{
    for (size_t i = 0; i < numbers->count; i++)
        if (strcmp(numbers->all[i].field, field) == 0)
            return numbers->all[i].value;
    return 0;
}

void cost_add_record(struct cost_sums *sums, const jdoc *record, const char *key)
{
    char name[64];
    int64_t minor;
    const char *currency = jdoc_text_or(record, "currency", "");
    snprintf(name, sizeof name, "%s_minor", key);
    if (strlen(currency) == 3 && jdoc_get_int(record, name, &minor) == 0)
        cost_add(sums, minor, currency);
}

int cost_set_sums(jdoc *object, const char *key, const struct cost_sums *sums)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < sums->count; i++) {
        const struct cost_sum *s = &sums->all[i];
        jdoc *item = jdoc_new_object();
        failed |= !item || jdoc_set_string(item, "currency", s->currency) != 0 ||
            cost_set(item, "total", s->minor, s->currency) != 0 ||
            jdoc_set_int(item, "count", s->count) != 0;
        failed |= jdoc_push(list, item);
    }
    if (failed == 0)
        return jdoc_set(object, key, list);
    jdoc_free(list);
    return ERR_NOMEM;
}

void cost_sums_text(const struct cost_sums *sums, char out[COST_TEXT_SIZE])
{
    size_t len = 0;
    snprintf(out, COST_TEXT_SIZE, "nothing");
    for (size_t i = 0; i < sums->count && len + AMOUNT_TEXT_SIZE + 8 < COST_TEXT_SIZE; i++) {
        char one[AMOUNT_TEXT_SIZE];
        amount_text(sums->all[i].minor, sums->all[i].currency, one);
        len += (size_t)snprintf(out + len, COST_TEXT_SIZE - len, "%s%s",
            i == 0                   ? "" :
                i + 1 == sums->count ? " and " :
                                       ", ",
            one);
    }
}
