/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts when an expense takes its category to the limit that the user has set. */
#include "tools/money/money.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/records.h"
#include "tools/kit/amount.h"
#include "tools/kit/period.h"
#include "tools/kit/record.h"

#include <string.h>

static const int64_t percents[RECORDS_THRESHOLDS] = {100, 80}; /* the highest first */

/* The user wants them unless the settings say no. */
static int money_is_wanted(struct tools_run *run, bool *wanted)
{
    jdoc *settings = NULL;
    *wanted = true;
    int error = record_get(run, "settings", "me", &settings, NULL);
    if (error == 0)
        jdoc_get_bool(settings, "budget_alerts", wanted);
    jdoc_free(settings);
    return error == ERR_NOT_FOUND ? 0 : error;
}

/* {"type":"proactive_alert","message","timestamp","alert":{...: open for what the script adds. */
static int money_write_event(struct tools_run *run, const struct money_limit *limit,
    const char *currency, const char *from, int64_t percent, const char **event)
{
    char amount[AMOUNT_TEXT_SIZE], id[IDENT_UUID_SIZE];
    struct buf b = {0};
    jdoc *alert = jdoc_new_object();
    bool over = percent >= 100;
    amount_text(limit->minor, currency, amount);
    ident_uuid7(id);
    const char *message = arena_printf(run->arena,
        over ? "The %s budget for %s is exceeded: it is %s." :
               "80 %% or more of the %s budget for %s is spent: it is %s.",
        limit->period, limit->category, amount);
    int failed = !alert || !message;
    failed = failed || jdoc_set_string(alert, "id", id) != 0 ||
        jdoc_set_string(alert, "type", "budget_alert") != 0 ||
        jdoc_set_string(alert, "message", message) != 0 ||
        jdoc_set_string(alert, "category", limit->category) != 0 ||
        jdoc_set_string(alert, "priority", over ? "high" : "medium") != 0 ||
        jdoc_set_string(alert, "period", limit->period) != 0 ||
        jdoc_set_string(alert, "from", from) != 0 ||
        jdoc_set_int(alert, "threshold", percent) != 0 ||
        jdoc_set_double(alert, "limit", amount_to_number(limit->minor, currency)) != 0 ||
        jdoc_set_int(alert, "limit_minor", limit->minor) != 0 ||
        jdoc_set_string(alert, "currency", currency) != 0;
    if (!failed) {
        buf_puts(&b, "{\"type\":\"proactive_alert\",\"message\":");
        buf_json_string(&b, message, strlen(message));
        buf_printf(&b, ",\"timestamp\":%lld,\"alert\":", (long long)run->context->now_ms);
        jdoc_write(alert, &b);
    }
    jdoc_free(alert);
    *event = !failed && buf_error(&b) == 0 ? arena_memdup(run->arena, buf_text(&b), b.len - 1) :
                                             NULL; /* without its brace */
    buf_free(&b);
    return *event ? 0 : ERR_NOMEM;
}

int money_alert(struct tools_run *run, const struct money_limit *limit, const char *currency,
    const struct money_period *p, const struct records_alert **alert)
{
    struct records_alert *a = arena_alloc(run->arena, sizeof *a);
    const char **spans;
    char from[TIMESTAMP_SIZE];
    bool wanted;
    *alert = NULL;
    int error = money_is_wanted(run, &wanted);
    if (error != 0 || !wanted)
        return error;
    timestamp_date(p->from_ms, p->zone, from);
    if (!a)
        return ERR_NOMEM;
    *a = (struct records_alert){.limit_minor = limit->minor,
        .currency = arena_strdup(run->arena, currency),
        .category = arena_strdup(run->arena, limit->category),
        .mark = arena_printf(run->arena, "budget/%s/%s/%s", limit->category, limit->period, from)};
    error = a->mark && a->currency && a->category ?
        period_list(run, p->from_ms, p->to_ms, p->zone, &spans, &a->span_count) :
        ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < RECORDS_THRESHOLDS; i++) {
        a->thresholds[i].percent = percents[i];
        error = money_write_event(run, limit, currency, from, percents[i], &a->thresholds[i].event);
    }
    if (error != 0)
        return error;
    a->spans = spans;
    *alert = a;
    return 0;
}
