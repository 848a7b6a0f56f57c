/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools of the family medical that read: "medical_record", "medication" and "emergency_info"
 * (id "me") may be filled from elsewhere, in the form that docs/tools.md gives, so nothing in them
 * is taken for granted: a field of another type is left out.
 */
#include "tools/person/medical.h"

#include "base/utf8.h"
#include "tools/engine/registry.h"
#include "tools/kit/civil.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"
#include "tools/person/medication_schedule.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

#define SNIPPET_BYTES 240
#define REFILL_DAYS 7
#define MEDICATIONS_MAX 100
#define FOUND_MAX 50
#define FAMILY MEDICAL_RECORDS
/* Looked at in one search: the newest by all that is in them, others by the index of words. */
#define NEWEST_LOOK 100
#define NAMED_LOOK 60

static const struct medical_field record_fields[] = {
    {"id", JDOC_STRING},
    {"title", JDOC_STRING},
    {"record_type", JDOC_STRING},
    {"date", JDOC_STRING},
    {"provider", JDOC_STRING},
    {"summary", JDOC_STRING},
    {"tags", JDOC_ARRAY},
    {NULL, JDOC_NULL},
};
static const struct medical_field medication_fields[] = {
    {"id", JDOC_STRING},
    {"name", JDOC_STRING},
    {"dosage", JDOC_STRING},
    {"frequency", JDOC_STRING},
    {"instructions", JDOC_STRING},
    {"prescriber", JDOC_STRING},
    {"pharmacy", JDOC_STRING},
    {"start_date", JDOC_STRING},
    {"end_date", JDOC_STRING},
    {"refill_date", JDOC_STRING},
    {"refills_left", JDOC_INT},
    {"dose_amount", JDOC_DOUBLE},
    {"dose_unit", JDOC_STRING},
    {"form", JDOC_STRING},
    {"food", JDOC_STRING},
    {"times", JDOC_ARRAY},
    {"every_hours", JDOC_INT},
    {"every_days", JDOC_INT},
    {"weekdays", JDOC_ARRAY},
    {"as_needed", JDOC_BOOL},
    {"max_per_day", JDOC_INT},
    {"min_hours_between", JDOC_DOUBLE},
    {"stock", JDOC_DOUBLE},
    {"timezone", JDOC_STRING},
    {NULL, JDOC_NULL},
};
/* Texts of an array, or members of an object that are texts. NULL on no memory. */
static jdoc *medical_texts_of(const jdoc *value)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *one, *copy = jdoc_type(value) == JDOC_ARRAY ? jdoc_new_array() : jdoc_new_object();
    bool list = jdoc_type(value) == JDOC_ARRAY;
    int error = copy ? 0 : ERR_NOMEM;
    for (size_t i = 0; list && !error && i < jdoc_length(value); i++)
        if (jdoc_string(jdoc_at(value, i), NULL))
            error = jdoc_push(copy, jdoc_dup(jdoc_at(value, i)));
    while (!list && !error && jdoc_next(value, &it, &key, &one))
        if (jdoc_string(one, NULL))
            error = jdoc_set(copy, key, jdoc_dup(one));
    if (!error)
        return copy;
    jdoc_free(copy);
    return NULL;
}

jdoc *medical_view_of(const jdoc *document, const struct medical_field *fields)
{
    jdoc *view = jdoc_new_object();
    for (; view && fields->name; fields++) {
        jdoc *value = jdoc_get(document, fields->name);
        bool whole = fields->type == JDOC_DOUBLE && jdoc_type(value) == JDOC_INT;
        if (!value || (jdoc_type(value) != fields->type && !whole))
            continue;
        jdoc *copy = fields->type == JDOC_ARRAY || fields->type == JDOC_OBJECT ?
            medical_texts_of(value) :
            jdoc_dup(value);
        if (!copy || jdoc_set(view, fields->name, copy) != 0) {
            jdoc_free(view);
            return NULL;
        }
    }
    return view;
}

/* --- get_medical_records, search_medical_records --- */

jdoc *medical_record_view(const jdoc *record, bool with_snippet)
{
    char snippet[SNIPPET_BYTES];
    jdoc *view = medical_view_of(record, record_fields);
    if (!view)
        return NULL;
    const char *text = jdoc_string(jdoc_get(record, "text"), NULL);
    int failed = jdoc_set_bool(view, "has_text", text && text[0] != '\0');
    if (with_snippet && text && text[0] != '\0') {
        snprintf(snippet, sizeof snippet, "%s", text);
        utf8_mend_end(snippet);
        failed |= jdoc_set_string(view, "snippet", snippet);
    }
    if (failed == 0)
        return view;
    jdoc_free(view);
    return NULL;
}

struct listing {
    jdoc *records;
    const char *type;
    size_t limit;
    bool more;
};

static int medical_list_record(void *arg, const jdoc *record)
{
    struct listing *l = arg;
    if (jdoc_length(l->records) == l->limit) {
        l->more = true;
        return ERR_LIMIT;
    }
    return jdoc_push(l->records, medical_record_view(record, false));
}

static int medical_list_records(struct tools_run *run, struct listing *l)
{
    if (!l->type)
        return record_newest(run, FAMILY, -RECORD_FOREVER, RECORD_FOREVER, medical_list_record, l);
    struct records_page page = {.family = FAMILY,
        .from = -RECORD_FOREVER,
        .to = RECORD_FOREVER,
        .highest_first = true,
        .max = l->limit,
        .tag = arena_printf(run->arena, "t:%s", l->type)};
    return page.tag ? record_tagged(run, &page, medical_list_record, l, &l->more) : ERR_NOMEM;
}

/* Records (taken), their number and whether there are more into run->result. */
static int medical_answer_records(struct tools_run *run, jdoc *records, bool more)
{
    int64_t count = (int64_t)jdoc_length(records);
    if (!run->result) {
        jdoc_free(records);
        return ERR_NOMEM;
    }
    int failed = jdoc_set(run->result, "records", records);
    failed |= jdoc_set_int(run->result, "count", count);
    failed |= jdoc_set_bool(run->result, "more", more);
    return failed != 0 ? ERR_NOMEM : 0;
}

int medical_tool_get_medical_records(struct tools_run *run)
{
    struct listing l = {.records = jdoc_new_array(),
        .type = jdoc_string(jdoc_get(run->args, "record_type"), NULL)};
    int64_t limit = jdoc_int_or(run->args, "limit", 20);
    l.limit = (size_t)limit;
    int error = !l.records ? ERR_NOMEM : medical_list_records(run, &l);
    if (error != 0) {
        jdoc_free(l.records);
        return error;
    }
    size_t count = jdoc_length(l.records);
    if (count == 0)
        run_succeed(run, "No such medical records are stored.");
    else
        run_succeed(run, "%zu medical record%s, newest first%s.", count, count == 1 ? "" : "s",
            l.more ? "; there are more" : "");
    return medical_answer_records(run, l.records, l.more);
}

struct hit {
    jdoc *view;
    int score;
};

struct search {
    const char *query;
    struct hit hits[FOUND_MAX + 1]; /* the last one is dropped */
    size_t count, limit, total;
    struct records_list before; /* looked at already */
    bool complete;
};

/* The title counts twice; words may be spread over the fields. */
static int medical_score_record(const jdoc *record, const char *query, struct buf *all)
{
    const jdoc *tags = jdoc_get(record, "tags");
    static const char *const fields[] = {"title", "record_type", "provider", "summary", "text"};
    buf_reset(all);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        buf_puts(all, jdoc_text_or(record, fields[i], ""));
        buf_putc(all, '\n');
    }
    for (size_t i = 0; i < jdoc_length(tags); i++) {
        const char *tag = jdoc_string(jdoc_at(tags, i), NULL);
        buf_puts(all, tag ? tag : "");
        buf_putc(all, '\n');
    }
    return record_match_words(jdoc_text_or(record, "title", ""), query) +
        record_match_words(buf_text(all), query);
}

static int medical_look(void *arg, const jdoc *record)
{
    struct search *s = arg;
    struct buf all = {0};
    int score = medical_score_record(record, s->query, &all);
    buf_free(&all);
    if (score == 0)
        return 0;
    s->total++;
    size_t i = s->count;
    if (i == s->limit && s->hits[i - 1].score >= score)
        return 0;
    jdoc *view = medical_record_view(record, true);
    if (!view)
        return ERR_NOMEM;
    for (; i > 0 && s->hits[i - 1].score < score; i--)
        s->hits[i] = s->hits[i - 1];
    s->hits[i] = (struct hit){view, score};
    if (s->count < s->limit)
        s->count++;
    else
        jdoc_free(s->hits[s->limit].view);
    return 0;
}

static bool medical_was_seen(const struct search *s, const char *json)
{
    for (size_t i = 0; i < s->before.count; i++)
        if (strcmp(s->before.json[i], json) == 0)
            return true;
    return false;
}

/* The newest by their whole text, older ones by the index of words (the first 60 of each part):
 * bounded, however many there are. */
static int medical_look_around(struct tools_run *run, struct search *s)
{
    const struct tools_context *context = run->context;
    struct records_list newest, named = {0}, rest = {0};
    int error = records_range(context->store, context->uid,
        &(struct records_page){.family = FAMILY,
            .from = -RECORD_FOREVER,
            .to = RECORD_FOREVER,
            .highest_first = true,
            .max = NEWEST_LOOK},
        run->arena, &newest);
    s->complete = error == 0 && !newest.more;
    if (error == 0)
        error = record_list(&newest, medical_look, s);
    if (error != 0 || s->complete)
        return error;
    error = record_match_find(run, FAMILY, "w:", s->query, NAMED_LOOK, &named);
    s->before = newest; /* its texts live in the arena */
    rest.json = arena_array(run->arena, named.count + 1, sizeof *rest.json);
    if (error == 0 && !rest.json)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < named.count; i++)
        if (!medical_was_seen(s, named.json[i]))
            rest.json[rest.count++] = named.json[i];
    return error == 0 ? record_list(&rest, medical_look, s) : error;
}

int medical_tool_search_medical_records(struct tools_run *run)
{
    struct search s = {.query = jdoc_text_or(run->args, "query", "")};
    int64_t limit = jdoc_int_or(run->args, "limit", 10);
    s.limit = (size_t)(limit < FOUND_MAX ? limit : FOUND_MAX);
    jdoc *records = jdoc_new_array();
    int error = !records ? ERR_NOMEM : medical_look_around(run, &s);
    for (size_t i = 0; i < s.count; i++) {
        if (error == 0)
            error = jdoc_push(records, s.hits[i].view);
        else
            jdoc_free(s.hits[i].view);
    }
    if (error != 0) {
        jdoc_free(records);
        return error;
    }
    const char *limits = s.complete ? "" :
                                      " Of older records only the first 60 words of each "
                                      "part were searched.";
    if (s.total == 0)
        run_succeed(run, "No medical record has these words.%s", limits);
    else
        run_succeed(run, "%zu medical record%s found, the best first.%s", s.total,
            s.total == 1 ? "" : "s", limits);
    error = medical_answer_records(run, records, s.total > s.count);
    return error == 0 ? jdoc_set_bool(run->result, "complete", s.complete) : error;
}

/* --- get_medications --- */

struct medications {
    jdoc *list, *warnings;
    const struct zone *zone;
    int64_t now_ms;
    bool active_only, more;
    const char *elsewhere; /* the zone of doses that is not the user's, now; arena */
    struct arena *arena;
};

static bool medical_has_passed(const struct medications *m, const char *date)
{
    struct timestamp when;
    return date && timestamp_parse(date, m->zone, &when) == 0 &&
        timestamp_day(when.ms, 1, m->zone) <= m->now_ms;
}

static int medical_push_warning(struct medications *m, const jdoc *view, const char *date,
    int64_t days, const char *status)
{
    jdoc *warning = jdoc_new_object();
    int failed = !warning ||
        jdoc_set_string(warning, "name", jdoc_text_or(view, "name", "")) != 0 ||
        jdoc_set_string(warning, "refill_date", date) != 0 ||
        jdoc_set_int(warning, "days_left", days) != 0 ||
        jdoc_set_string(warning, "status", status) != 0;
    return jdoc_push_made(m->warnings, warning, failed);
}

static int medical_warn(struct medications *m, const jdoc *view)
{
    struct timestamp when;
    const char *date = jdoc_string(jdoc_get(view, "refill_date"), NULL);
    if (!date || timestamp_parse(date, m->zone, &when) != 0)
        return 0;
    int days = timestamp_days(m->now_ms, when.ms, m->zone) - 1;
    if (days > REFILL_DAYS)
        return 0;
    return medical_push_warning(m, view, date, days, days < 0 ? "overdue" : "due_soon");
}

/* next_dose_at, stock_days, and a warning when these are few. */
static int medical_set_doses(struct medications *m, const jdoc *medication, jdoc *view)
{
    struct medication_schedule s;
    char at[TIMESTAMP_SIZE];
    double stock, units = jdoc_double_or(medication, "units_per_dose", 1);
    int64_t due;

    if (!medication_schedule_read(medication, &s))
        return 0;
    if (strcmp(zone_name(s.zone), zone_name(m->zone)) != 0 &&
        !(m->elsewhere = arena_strdup(m->arena, zone_name(s.zone))))
        return ERR_NOMEM;
    if (medication_schedule_next(&s, m->now_ms - 1, &due) == 0) {
        timestamp_format(due, s.zone, at);
        if (jdoc_set_string(view, "next_dose_at", at) != 0)
            return ERR_NOMEM;
    }
    if (jdoc_get_double(medication, "stock", &stock) != 0 || stock < 0 || stock > 1e6 || units <= 0)
        return 0;
    int64_t days = (int64_t)(stock / units / medication_schedule_daily(&s));
    int error = jdoc_set_int(view, "stock_days", days);
    if (error != 0 || days > jdoc_int_or(medication, "refill_warn_days", REFILL_DAYS) ||
        jdoc_get(view, "refill_date"))
        return error;
    timestamp_date(timestamp_day(m->now_ms, (int)days, m->zone), m->zone, at);
    return medical_push_warning(m, view, at, days, "running_out");
}

static int medical_list_medication(void *arg, const jdoc *medication)
{
    struct medications *m = arg;
    bool active = true;
    jdoc_get_bool(medication, "active", &active);
    active = active && !medical_has_passed(m, jdoc_string(jdoc_get(medication, "end_date"), NULL));
    if (m->active_only && !active)
        return 0;
    jdoc *view = medical_view_of(medication, medication_fields);
    if (!view || jdoc_set_bool(view, "active", active) != 0) {
        jdoc_free(view);
        return ERR_NOMEM;
    }
    int error = active ? medical_warn(m, view) : 0;
    if (error == 0 && active)
        error = medical_set_doses(m, medication, view);
    if (error == 0)
        return jdoc_push(m->list, view);
    jdoc_free(view);
    return error;
}

/* The current ones are those whose last day has not passed; the rule of the tag is in
 * lib_rules.lua. */
static int medical_list_medications(struct tools_run *run, struct medications *m)
{
    char today[TIMESTAMP_SIZE];
    struct civil day;
    struct records_page page = {.family = "medication",
        .tag = "until",
        .to = RECORD_FOREVER,
        .highest_first = true,
        .max = MEDICATIONS_MAX};
    timestamp_date(m->now_ms, m->zone, today);
    if (m->active_only && civil_parse(today, &day) == 0)
        page.from = day.year * 10000 + day.month * 100 + day.day;
    return record_tagged(run, &page, medical_list_medication, m, &m->more);
}

int medical_tool_get_medications(struct tools_run *run)
{
    struct medications m = {.list = jdoc_new_array(),
        .warnings = jdoc_new_array(),
        .now_ms = run->context->now_ms,
        .arena = run->arena,
        .active_only = true};
    jdoc_get_bool(run->args, "active_only", &m.active_only);
    int error = !m.list || !m.warnings ? ERR_NOMEM : timestamp_zone(run, &m.zone);
    if (error == 0)
        error = medical_list_medications(run, &m);
    size_t count = jdoc_length(m.list), warnings = jdoc_length(m.warnings);
    jdoc *out = error != 0 ?
        NULL :
        count == 0 ?
        run_succeed(run, "No %smedication is stored.", m.active_only ? "current " : "") :
        run_succeed(run, "%zu medication%s, %zu to refill within %d days or late.", count,
            count == 1 ? "" : "s", warnings, REFILL_DAYS);
    if (!out) {
        jdoc_free(m.list);
        jdoc_free(m.warnings);
        return error != 0 ? error : ERR_NOMEM;
    }
    int failed = jdoc_set(out, "medications", m.list);
    failed |= jdoc_set(out, "refill_warnings", m.warnings);
    failed |= jdoc_set_int(out, "count", (int64_t)count);
    failed |= jdoc_set_bool(out, "more", m.more);
    if (m.elsewhere)
        failed |= jdoc_set_string(out, "note",
            arena_printf(run->arena,
                "Some doses are due by the clocks of %s, not by those where the user is now. Ask "
                "whether they shall move: update_medication with use_my_zone.",
                m.elsewhere));
    return failed != 0 ? ERR_NOMEM : 0;
}
