/* SPDX-License-Identifier: BSD-2-Clause */
/* track_savings. Records: "saving", by day. */
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/money/money.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "tools/kit/amount.h"
#include "tools/kit/record.h"

#include <string.h>

jdoc *money_new_saving(struct tools_run *run, int64_t minor, const char *currency,
    const char *category, const char *event_type, const struct zone *z)
{
    static const char *const fields[] = {"description", NULL};
    char id[IDENT_UUID_SIZE], now[CLOCK_RFC3339_SIZE], date[TIMESTAMP_SIZE];
    jdoc *saving = jdoc_new_object();
    if (!saving)
        return NULL;
    ident_uuid7(id);
    clock_rfc3339(run->context->now_ms, now);
    timestamp_date(run->context->now_ms, z, date);
    int failed = jdoc_set_string(saving, "id", id);
    failed |= money_set(saving, minor, currency);
    failed |= jdoc_set_string(saving, "category", category);
    failed |= jdoc_set_string(saving, "event_type", event_type);
    failed |= record_copy(saving, run->args, fields);
    failed |= jdoc_set_string(saving, "date", date);
    failed |= jdoc_set_string(saving, "timezone", zone_name(z));
    failed |= jdoc_set_int(saving, "time_ms", run->context->now_ms);
    failed |= jdoc_set_string(saving, "created_at", now);
    if (failed == 0)
        return saving;
    jdoc_free(saving);
    return NULL;
}

/* This one counted: `before` is what stood there. */
static int money_set_total(struct tools_run *run, const struct money_tally *before, int64_t minor)
{
    jdoc *total = jdoc_new_object();
    if (!total || jdoc_set(run->result, "this_month", total) != 0)
        return ERR_NOMEM;
    int failed = money_set(total, before->minor + minor, before->currency);
    failed |= jdoc_set_int(total, "count", before->count + 1);
    return failed != 0 ? ERR_NOMEM : 0;
}

int money_tool_track_savings(struct tools_run *run)
{
    struct money_tally t = {.currency = cost_currency(run)};
    struct money_period p;
    char amount[AMOUNT_TEXT_SIZE], total[AMOUNT_TEXT_SIZE];
    int64_t minor = 0;
    int error = money_amount(run, t.currency, &minor);
    if (error == 0)
        error = money_period(run, "month", &p);
    if (error == 0)
        error = money_tally(run, MONEY_SAVING, &p, &t);
    if (error != 0)
        return error == ERR_INVALID && run->result ? 0 : error;
    jdoc *saving =
        money_new_saving(run, minor, t.currency, jdoc_text_or(run->args, "category", "other"),
            jdoc_text_or(run->args, "event_type", "other"), p.zone);
    if (!saving)
        return ERR_NOMEM;
    amount_text(minor, t.currency, amount);
    amount_text(t.minor + minor, t.currency, total);
    if (!run_succeed(run, "Saved %s; %s this month.", amount, total)) {
        jdoc_free(saving);
        return ERR_NOMEM;
    }
    error = jdoc_set(run->result, "saving", saving);
    if (error == 0)
        error = money_set_total(run, &t, minor);
    if (error != 0)
        return error;
    struct record_item item = {.family = MONEY_SAVING,
        .id = jdoc_text_or(saving, "id", ""),
        .document = saving,
        .time_ms = run->context->now_ms};
    return record_commit(run, &item, 1, false);
}
