/* SPDX-License-Identifier: BSD-2-Clause */
/* documents, first part: what is shown, and what rings. */
#include "tools/person/documents.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MORNING_S (9 * 3600) /* of the day: when a reminder rings */
#define SOON_DAYS 60
#define SHOWN_MAX 100

void documents_mask(const char *number, char out[DOCUMENTS_MASK_SIZE])
{
    size_t len = strlen(number), keep = len >= 8 ? 4 : len >= 6 ? 2 : 0;
    const char *tail = number + len - keep;

    while (((unsigned char)*tail & 0xC0) == 0x80) /* no half character */
        tail++;
    snprintf(out, DOCUMENTS_MASK_SIZE, "...%.8s", tail);
}

static bool documents_expiry(const jdoc *record, const struct zone *z, int64_t *ms)
{
    struct timestamp when;

    if (timestamp_parse(jdoc_text_or(record, "expiry_date", ""), z, &when) != 0)
        return false;
    *ms = timestamp_day(when.ms, 0, z);
    return true;
}

int64_t documents_time(const struct tools_run *run, const jdoc *record, const struct zone *z)
{
    int64_t ms;

    return documents_expiry(record, z, &ms) ? ms : run->context->now_ms;
}

jdoc *documents_view(const struct tools_run *run, const jdoc *record, const struct zone *z,
    bool whole_number)
{
    static const char *const fields[] = {"id", "name", "kind", "country", "issuer", "holder",
        "issue_date", "expiry_date", "remind_days", "notes", "created_at", "updated_at", NULL};
    const char *number = jdoc_string(jdoc_get(record, "number"), NULL);
    char masked[DOCUMENTS_MASK_SIZE];
    jdoc *view = jdoc_new_object();
    int64_t ms;
    int failed = !view || record_copy(view, record, fields);

    if (!failed && number) {
        documents_mask(number, masked);
        failed = jdoc_set_string(view, "number", whole_number ? number : masked);
    }
    if (!failed && documents_expiry(record, z, &ms)) {
        int days = timestamp_days(run->context->now_ms, ms, z) - 1;
        failed = jdoc_set_int(view, "days_left", days) ||
            jdoc_set_string(view, "status",
                days < 0              ? "expired" :
                    days <= SOON_DAYS ? "expires_soon" :
                                        "valid");
    }
    if (!failed)
        return view;
    jdoc_free(view);
    return NULL;
}

static const struct record_match_query documents_by_name = {.family = DOCUMENTS_FAMILY,
    .name_key = "name",
    .date_key = "expiry_date",
    .argument = "document",
    .id_argument = "document_id",
    .noun = "document",
    .list_tool = "get_documents"};

int documents_choose(struct tools_run *run, jdoc **record, const char **seen)
{
    return record_match_choose(run, &documents_by_name, record, seen);
}

/* --- what rings --- */

/* 09:00 of the day that is so many days before the expiry. */
static int64_t documents_ring(const struct zone *z, int64_t expiry_ms, int64_t days)
{
    struct zone_offset offset;
    int64_t utc_s, day = timestamp_day(expiry_ms, -(int)days, z);

    zone_at(z, day / 1000, &offset);
    zone_to_utc(z, day / 1000 + offset.seconds + MORNING_S, &utc_s);
    return utc_s * 1000;
}

static int documents_next(const jdoc *record, int64_t after_ms, int64_t *due_ms)
{
    const jdoc *list = jdoc_get(record, "remind_days");
    const struct zone *z;
    int64_t expiry, days;
    bool found = false;

    if (zone_get(jdoc_text_or(record, "timezone", ""), &z) != 0 ||
        !documents_expiry(record, z, &expiry))
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < jdoc_length(list) && i < DOCUMENTS_REMINDERS_MAX; i++) {
        if (jdoc_int(jdoc_at(list, i), &days) != 0 || days < 0 || days > 366)
            continue;
        int64_t at = documents_ring(z, expiry, days);
        if (at > after_ms && (!found || at < *due_ms)) {
            *due_ms = at;
            found = true;
        }
    }
    return found ? 0 : ERR_NOT_FOUND;
}

/* "Passport: expires in 30 days, on Tuesday 12 January 2027". */
static jdoc *documents_tell(const jdoc *record, int64_t due_ms)
{
    const struct zone *z;
    struct buf message = {0};
    char day[TIMESTAMP_TEXT_SIZE];
    int64_t expiry;
    jdoc *said = jdoc_new_object();
    bool failed = !said || zone_get(jdoc_text_or(record, "timezone", ""), &z) != 0 ||
        !documents_expiry(record, z, &expiry);

    if (!failed) {
        int days = timestamp_days(due_ms, expiry, z) - 1;
        timestamp_text(expiry, z, false, day);
        buf_printf(&message, "%.200s: expires ", jdoc_text_or(record, "name", "Document"));
        if (days > 0)
            buf_printf(&message, "in %d day%s, on %s", days, days == 1 ? "" : "s", day);
        else
            buf_puts(&message, "today");
    }
    failed = failed || buf_error(&message) || jdoc_set_string(said, "event_type", "document") ||
        jdoc_set_string(said, "title", jdoc_text_or(record, "name", "")) ||
        jdoc_set_string(said, "message", buf_text(&message)) ||
        jdoc_set_string(said, "start_date", jdoc_text_or(record, "expiry_date", "")) ||
        jdoc_set_string(said, "timezone", jdoc_text_or(record, "timezone", ""));
    buf_free(&message);
    if (!failed)
        return said;
    jdoc_free(said);
    return NULL;
}

const struct module_alarm documents_alarm = {DOCUMENTS_FAMILY, documents_next, documents_tell};

static const struct module_alarm documents_alarms[] = {
    {DOCUMENTS_FAMILY, documents_next, documents_tell},
    {NULL, NULL, NULL},
};
const struct module documents_module = {.alarms = documents_alarms};

/* --- get_documents --- */

struct documents_listing {
    struct tools_run *run;
    const struct zone *zone;
    const char *kind;
    int64_t within; /* days; below 0: all */
    jdoc *list;
    int64_t expired;
    bool more;
};

static int documents_list_one(void *arg, const jdoc *record)
{
    struct documents_listing *l = arg;
    jdoc *view;
    int64_t days = INT64_MAX;

    if (l->kind && strcmp(l->kind, jdoc_text_or(record, "kind", "other")) != 0)
        return 0;
    view = documents_view(l->run, record, l->zone, false);
    jdoc_get_int(view, "days_left", &days);
    if (view && l->within >= 0 && days > l->within) {
        jdoc_free(view);
        return 0;
    }
    if (view && jdoc_length(l->list) == SHOWN_MAX) {
        l->more = true;
        jdoc_free(view);
        return ERR_LIMIT;
    }
    l->expired += view && days < 0;
    return jdoc_push_made(l->list, view, !view);
}

/* One that was named: its number whole when the user asks for it. */
static int documents_list_named(struct documents_listing *l)
{
    jdoc *record, *view;
    int error = documents_choose(l->run, &record, NULL);

    if (error)
        return error;
    view = documents_view(l->run, record, l->zone, jdoc_is_true(l->run->args, "show_number"));
    jdoc_free(record);
    return jdoc_push_made(l->list, view, !view);
}

static int documents_list_answer(struct documents_listing *l)
{
    struct tools_run *run = l->run;
    size_t count = jdoc_length(l->list);
    const char *within = l->within >= 0 ?
        arena_printf(run->arena, " that expire within %" PRId64 " days or have expired",
            l->within) :
        "";

    if (!within ||
        !(count == 0 ? run_succeed(run, "No documents are noted%s.", within) :
                       run_succeed(run, "%zu document%s%s; %" PRId64 " of them expired.", count,
                           count == 1 ? "" : "s", within, l->expired)))
        return ERR_NOMEM;
    jdoc *list = l->list;
    l->list = NULL;
    int failed = jdoc_set(run->result, "documents", list);
    failed |= jdoc_set_int(run->result, "count", (int64_t)count);
    failed |= jdoc_set_bool(run->result, "more", l->more);
    return failed ? ERR_NOMEM : 0;
}

int documents_tool_get_documents(struct tools_run *run)
{
    struct documents_listing l = {.run = run,
        .kind = jdoc_string(jdoc_get(run->args, "kind"), NULL),
        .within = jdoc_int_or(run->args, "within_days", -1),
        .list = jdoc_new_array()};
    bool named = jdoc_has(run->args, "document") || jdoc_has(run->args, "document_id");
    int error = l.list ? timestamp_zone(run, &l.zone) : ERR_NOMEM;

    if (!error)
        error = named ? documents_list_named(&l) :
                        record_each(run, DOCUMENTS_FAMILY, -RECORD_FOREVER, RECORD_FOREVER,
                            documents_list_one, &l);
    if (!error)
        error = documents_list_answer(&l);
    jdoc_free(l.list);
    return error == ERR_INVALID ? 0 : error;
}
