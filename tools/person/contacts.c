/* SPDX-License-Identifier: BSD-2-Clause */
/* contacts, first part: adding, changing, finding and deleting one; birthdays. */
#include "tools/person/contacts.h"

#include "base/buf.h"
#include "base/ident.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/alarm.h"
#include "tools/kit/civil.h"
#include "tools/kit/phone.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"

#include <stdio.h>
#include <string.h>

#define MORNING_S (9 * 3600)
#define DAY_S 86400
#define YEARS_LOOKED_AT 9 /* one born on 29 February waits for 8 years at most */

static const struct record_match_query contacts_by_name = {.family = PEOPLE_CONTACTS,
    .name_key = "name",
    .argument = "contact",
    .id_argument = "contact_id",
    .noun = "contact",
    .list_tool = "find_contacts"};

int contacts_choose(struct tools_run *run, jdoc **record, const char **seen)
{
    return record_match_choose(run, &contacts_by_name, record, seen);
}

/* --- birthdays --- */

/* 09:00 of the birthday in that year; false when the year has no such day. */
static bool contacts_birthday_in(const jdoc *record, int year, const struct zone *z, int64_t *ms)
{
    const char *day = jdoc_text_or(record, "birthday", "");
    size_t len = strlen(day);
    char text[TIMESTAMP_SIZE];
    struct civil c;
    int64_t utc_s;

    if (len < 5)
        return false;
    snprintf(text, sizeof text, "%04d-%.5s", year, day + len - 5);
    if (civil_parse(text, &c) != 0)
        return false;
    zone_to_utc(z, civil_days(c.year, c.month, c.day) * DAY_S + MORNING_S, &utc_s);
    *ms = utc_s * 1000;
    return true;
}

static int contacts_year(int64_t ms, const struct zone *z)
{
    char day[TIMESTAMP_SIZE];
    struct civil c;

    timestamp_date(ms, z, day);
    return civil_parse(day, &c) == 0 ? c.year : 1970;
}

static int contacts_next(const jdoc *record, int64_t after_ms, int64_t *due_ms)
{
    const struct zone *z;
    int year;

    if (!jdoc_is_true(record, "remind_birthday") ||
        zone_get(jdoc_text_or(record, "timezone", ""), &z) != 0)
        return ERR_NOT_FOUND;
    year = contacts_year(after_ms, z);
    for (int i = 0; i < YEARS_LOOKED_AT; i++)
        if (contacts_birthday_in(record, year + i, z, due_ms) && *due_ms > after_ms)
            return 0;
    return ERR_NOT_FOUND;
}

static jdoc *contacts_tell(const jdoc *record, int64_t due_ms)
{
    const struct zone *z;
    struct buf message = {0};
    char at[TIMESTAMP_SIZE] = "";
    const char *name = jdoc_text_or(record, "name", ""),
               *birthday = jdoc_text_or(record, "birthday", "");
    jdoc *said = jdoc_new_object();
    struct civil born;

    buf_printf(&message, "%.200s has a birthday today", name);
    if (zone_get(jdoc_text_or(record, "timezone", ""), &z) == 0) {
        timestamp_date(due_ms, z, at);
        if (civil_parse(birthday, &born) == 0 && contacts_year(due_ms, z) > born.year)
            buf_printf(&message, ": %d", contacts_year(due_ms, z) - born.year);
    }
    bool failed = !said || buf_error(&message) || jdoc_set_string(said, "event_type", "birthday") ||
        jdoc_set_string(said, "title", name) ||
        jdoc_set_string(said, "message", buf_text(&message)) ||
        jdoc_set_string(said, "start_date", at) ||
        jdoc_set_string(said, "timezone", jdoc_text_or(record, "timezone", ""));
    buf_free(&message);
    if (!failed)
        return said;
    jdoc_free(said);
    return NULL;
}

const struct module_alarm contacts_alarm = {PEOPLE_CONTACTS, contacts_next, contacts_tell};

static const struct module_alarm contacts_alarms[] = {
    {PEOPLE_CONTACTS, contacts_next, contacts_tell},
    {NULL, NULL, NULL},
};
const struct module contacts_module = {.alarms = contacts_alarms};

/* --- the arguments --- */

static int contacts_check_phones(struct tools_run *run)
{
    const jdoc *phones = jdoc_get(run->args, "phones");
    char e164[PHONE_E164_SIZE];

    for (size_t i = 0; i < jdoc_length(phones); i++) {
        const char *typed = jdoc_string(jdoc_at(phones, i), NULL);
        if (phone_read(typed ? typed : "", "", e164) == 0)
            continue;
        int error = run_fail_at(run, "/phones", "numbers of 3 to 15 digits, as +61 400 123 456",
            "\"%.60s\" is no telephone number.", typed ? typed : "");
        return error ? error : ERR_INVALID;
    }
    return 0;
}

static int contacts_check_birthday(struct tools_run *run, const struct zone *z)
{
    const char *day = jdoc_string(jdoc_get(run->args, "birthday"), NULL);
    char text[TIMESTAMP_SIZE];
    struct timestamp when;

    if (!day)
        return 0;
    bool no_year = strncmp(day, "--", 2) == 0;
    snprintf(text, sizeof text, "%s%.10s", no_year ? "2000-" : "", no_year ? day + 2 : day);
    if (timestamp_parse(text, z, &when) == 0 && !when.has_time &&
        (no_year || when.ms <= run->context->now_ms))
        return 0;
    int error = run_fail_at(run, "/birthday", "a day in the past, as 1985-04-12, or --04-12",
        "\"%.40s\" is no birthday.", day);
    return error ? error : ERR_INVALID;
}

static int contacts_fill(struct tools_run *run, jdoc *record)
{
    static const char *const copied[] = {"nickname", "phones", "emails", "address", "organization",
        "birthday", "notes", "user_id", "remind_birthday", NULL};
    const struct zone *z;
    int error = timestamp_zone(run, &z);

    if (!error)
        error = contacts_check_phones(run);
    if (!error)
        error = contacts_check_birthday(run, z);
    if (!error)
        error = record_copy(record, run->args, copied);
    if (!error && jdoc_is_true(record, "remind_birthday") && !jdoc_get(record, "birthday")) {
        error = run_fail_at(run, "/birthday", "the birthday", "On which day is the birthday?");
        return error ? error : ERR_INVALID;
    }
    if (!error)
        error = jdoc_set_string(record, "timezone", zone_name(z));
    return error ? error : record_stamp(run, record);
}

/* record: the caller's; old: what was there, or NULL. */
static int contacts_write(struct tools_run *run, const jdoc *record, const jdoc *old,
    const char *seen, const char *done)
{
    struct record_item item = {.family = PEOPLE_CONTACTS,
        .id = jdoc_text_or(record, "id", ""),
        .document = record,
        .time_ms = run->context->now_ms,
        .seen = seen};
    int error =
        run_succeed(run, "%s is %s.", jdoc_text_or(record, "name", ""), done) ? 0 : ERR_NOMEM;

    if (!error)
        error = jdoc_set(run->result, "contact", jdoc_dup(record));
    if (!error)
        error = alarm_plan(run->context, &contacts_alarm, record);
    if (!error)
        error = record_commit(run, &item, 1, seen != NULL);
    if (!error && old)
        alarm_tidy(run->context, &contacts_alarm, old, record);
    return error;
}

int contacts_tool_add_contact(struct tools_run *run)
{
    char id[IDENT_UUID_SIZE];
    int64_t count = 0;
    int error = records_count(run->context->store, run->context->uid, PEOPLE_CONTACTS,
        -RECORD_FOREVER, RECORD_FOREVER, &count);

    if (!error && count >= CONTACTS_MAX)
        return run_fail(run, "limit_reached", "There are %d contacts already; delete some.",
            CONTACTS_MAX);
    jdoc *record = jdoc_new_object();
    ident_uuid7(id);
    if (!error &&
        (!record || jdoc_set_string(record, "id", id) ||
            jdoc_set_string(record, "name", jdoc_text_or(run->args, "name", ""))))
        error = ERR_NOMEM;
    if (!error)
        error = contacts_fill(run, record);
    if (!error)
        error = contacts_write(run, record, NULL, NULL, "among the contacts");
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}

static int contacts_update_once(struct tools_run *run, void *arg)
{
    jdoc *record, *old = NULL;
    const char *seen = NULL;
    int error = contacts_choose(run, &record, &seen);

    (void)arg;
    if (!error && !(old = jdoc_dup(record)))
        error = ERR_NOMEM;
    if (!error)
        error = jdoc_set_string(record, "name", jdoc_string(jdoc_get(run->args, "new_name"), NULL));
    if (!error)
        error = contacts_fill(run, record);
    if (!error)
        error = contacts_write(run, record, old, seen, "changed");
    jdoc_free(old);
    jdoc_free(record);
    return error;
}

int contacts_tool_update_contact(struct tools_run *run)
{
    size_t named = jdoc_has(run->args, "contact") + jdoc_has(run->args, "contact_id");

    if (jdoc_length(run->args) <= named)
        return run_fail_at(run, "", "at least one field to change",
            "There is nothing to change: name at least one new value.");
    return record_retry(run, contacts_update_once, NULL);
}

/* --- find_contacts --- */

struct contacts_listing {
    jdoc *list;
    const char *said;
    size_t limit;
    bool more;
};

static int contacts_list_one(void *arg, const jdoc *record)
{
    struct contacts_listing *l = arg;

    if (l->said && record_match_score(jdoc_text_or(record, "name", ""), l->said) == 0 &&
        record_match_score(jdoc_text_or(record, "nickname", ""), l->said) == 0 &&
        record_match_score(jdoc_text_or(record, "organization", ""), l->said) == 0)
        return 0;
    if (jdoc_length(l->list) == l->limit) {
        l->more = true;
        return ERR_LIMIT;
    }
    return jdoc_push(l->list, jdoc_dup(record));
}

int contacts_tool_find_contacts(struct tools_run *run)
{
    struct contacts_listing l = {.list = jdoc_new_array(),
        .said = jdoc_string(jdoc_get(run->args, "name"), NULL),
        .limit = (size_t)jdoc_int_or(run->args, "limit", 20)};
    struct records_list found = {0};
    int error = l.list ? 0 : ERR_NOMEM;

    if (!error && l.said)
        error = record_match_find(run, PEOPLE_CONTACTS, "w:", l.said, 100, &found);
    if (!error)
        error = l.said ? record_list(&found, contacts_list_one, &l) :
                         record_newest(run, PEOPLE_CONTACTS, -RECORD_FOREVER, RECORD_FOREVER,
                             contacts_list_one, &l);
    size_t count = jdoc_length(l.list);
    if (!error &&
        !(count == 0 ? run_succeed(run, "There is no such contact.") :
                       run_succeed(run, "%zu contact%s%s.", count, count == 1 ? "" : "s",
                           l.more ? "; there are more" : "")))
        error = ERR_NOMEM;
    if (error) {
        jdoc_free(l.list);
        return error;
    }
    int failed = jdoc_set(run->result, "contacts", l.list);
    failed |= jdoc_set_int(run->result, "count", (int64_t)count);
    failed |= jdoc_set_bool(run->result, "more", l.more);
    return failed ? ERR_NOMEM : 0;
}

/* --- delete_contact --- */

static int contacts_delete_once(struct tools_run *run, void *arg)
{
    jdoc *record, *old;
    const char *seen = NULL;
    int error = contacts_choose(run, &record, &seen);

    (void)arg;
    if (error)
        return error;
    old = jdoc_dup(record);
    run_succeed(run, "%s is deleted from the contacts.", jdoc_text_or(record, "name", ""));
    error = record_remove(run, PEOPLE_CONTACTS, seen, "contact", record);
    if (!error && old)
        alarm_tidy(run->context, &contacts_alarm, old, NULL);
    jdoc_free(old);
    return error;
}

int contacts_tool_delete_contact(struct tools_run *run)
{
    int error = record_confirmed(run);

    if (error)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, contacts_delete_once, NULL);
}

int contacts_preview_delete_contact(struct tools_run *run)
{
    static const char *const fields[] = {"organization", "address", "birthday", "notes", NULL};
    jdoc *record = NULL;
    int error = record_confirmed(run);

    if (!error)
        error = contacts_choose(run, &record, NULL);
    if (!error)
        error = preview_title(run, record, "name", "delete the contact ", "");
    if (!error)
        error = about_title(run, "contact", record, "name");
    if (!error)
        error = about_lost(run, record, fields);
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}
