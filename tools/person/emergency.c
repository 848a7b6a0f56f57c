/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emergency information: record "emergency_info"/"me". It may be filled from elsewhere, so nothing
 * in it is taken for granted. The allergies of the diet's settings (record "diet"/"prefs") are shown
 * beside it; tools of meals read the allergies and conditions that are noted here.
 */
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/person/emergency_numbers.h"
#include "tools/person/emergency_parts.h"
#include "tools/person/medical.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define EMERGENCY_LIST_MAX 100

static const struct medical_field emergency_fields[] = {
    {"name", JDOC_STRING},
    {"date_of_birth", JDOC_STRING},
    {"blood_type", JDOC_STRING},
    {"allergies", JDOC_ARRAY},
    {"conditions", JDOC_ARRAY},
    {"implants", JDOC_ARRAY},
    {"doctor", JDOC_OBJECT},
    {"insurance", JDOC_OBJECT},
    {"notes", JDOC_STRING},
    {"updated_at", JDOC_STRING},
    {NULL, JDOC_NULL},
};
static const struct medical_field emergency_contact_fields[] = {
    {"name", JDOC_STRING},
    {"relationship", JDOC_STRING},
    {"phone", JDOC_STRING},
    {"email", JDOC_STRING},
    {"phone_e164", JDOC_STRING},
    {"priority", JDOC_INT},
    {NULL, JDOC_NULL},
};

/* --- get_emergency_info --- */

/* By priority, then as they were added. */
static int emergency_set_contacts(jdoc *info, const jdoc *contacts)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;

    for (int64_t priority = 1; priority <= EMERGENCY_CONTACTS_MAX + 1; priority++)
        for (size_t i = 0; !failed && i < jdoc_length(contacts); i++) {
            const jdoc *one = jdoc_at(contacts, i);
            int64_t its = jdoc_int_or(one, "priority", EMERGENCY_CONTACTS_MAX + 1);
            if (its < 1 || its > EMERGENCY_CONTACTS_MAX)
                its = EMERGENCY_CONTACTS_MAX + 1;
            if (jdoc_type(one) == JDOC_OBJECT && its == priority)
                failed |= jdoc_push(list, medical_view_of(one, emergency_contact_fields));
        }
    if (!failed)
        return jdoc_set(info, "contacts", list);
    jdoc_free(list);
    return ERR_NOMEM;
}

/* The allergies of the diet's settings that are not among these. */
static int emergency_set_diet(struct tools_run *run, jdoc *info)
{
    jdoc *diet = NULL, *list;
    int error = record_get(run, "diet", "prefs", &diet, NULL);
    const jdoc *all = jdoc_get(diet, "allergies"), *own = jdoc_get(info, "allergies");

    if (error)
        return error == ERR_NOT_FOUND ? 0 : error;
    list = jdoc_new_array();
    error = list ? 0 : ERR_NOMEM;
    for (size_t i = 0; !error && i < jdoc_length(all); i++) {
        const char *text = jdoc_string(jdoc_at(all, i), NULL);
        bool known = !text;
        for (size_t k = 0; !known && k < jdoc_length(own); k++)
            known = strcasecmp(text, jdoc_string(jdoc_at(own, k), NULL)) == 0;
        if (!known)
            error = jdoc_push(list, jdoc_dup(jdoc_at(all, i)));
    }
    jdoc_free(diet);
    if (!error && jdoc_length(list) > 0)
        return jdoc_set(info, "allergies_of_diet", list);
    jdoc_free(list);
    return error;
}

/* The numbers of the country where the user's clock is. */
static const char *emergency_set_numbers(struct tools_run *run)
{
    char country[3];
    const char *zone = run->context->zone ? run->context->zone : "";
    const char *numbers = zone_country(zone, country) ? emergency_numbers(country) : NULL;

    if (!numbers)
        return "The local emergency number is not known here; 112 works from most mobile phones.";
    int failed = jdoc_set_string(run->result, "emergency_numbers", numbers);
    failed |= jdoc_set_string(run->result, "country", country);
    return failed ? NULL : "";
}

static int emergency_answer(struct tools_run *run, jdoc *info, const char *text)
{
    int error = run_succeed(run, "%s", text) ? 0 : ERR_NOMEM;
    const char *more = error ? NULL : emergency_set_numbers(run);

    if (!error && more && more[0] != '\0')
        error = jdoc_set_string(run->result, "note", more);
    if (!error && !more)
        error = ERR_NOMEM;
    if (!error)
        return jdoc_set(run->result, "emergency_info", info);
    jdoc_free(info);
    return error;
}

/* The record as it is shown (caller's). NULL: no memory. */
static jdoc *emergency_view(const jdoc *stored)
{
    jdoc *info = stored ? medical_view_of(stored, emergency_fields) : jdoc_new_object();

    if (info && jdoc_type(jdoc_get(stored, "contacts")) == JDOC_ARRAY &&
        emergency_set_contacts(info, jdoc_get(stored, "contacts")) != 0) {
        jdoc_free(info);
        return NULL;
    }
    return info;
}

int medical_tool_get_emergency_info(struct tools_run *run)
{
    jdoc *stored = NULL;
    int error = record_get(run, EMERGENCY_FAMILY, EMERGENCY_ID, &stored, NULL);

    if (error && error != ERR_NOT_FOUND)
        return error;
    bool known = !error;
    jdoc *info = emergency_view(stored);
    jdoc_free(stored);
    error = info ? emergency_set_diet(run, info) : ERR_NOMEM;
    if (!error)
        return emergency_answer(run, info,
            known ? "The emergency information that is stored." :
                    "No emergency information is stored.");
    jdoc_free(info);
    return error;
}

/* --- changing it --- */

int emergency_open(struct tools_run *run, jdoc **record, const char **seen)
{
    int error = record_get(run, EMERGENCY_FAMILY, EMERGENCY_ID, record, seen);

    if (error != ERR_NOT_FOUND)
        return error;
    *seen = RECORDS_SEEN_NONE; /* two first writes: the later one reads again */
    *record = jdoc_new_object();
    return *record ? jdoc_set_string(*record, "id", EMERGENCY_ID) : ERR_NOMEM;
}

int emergency_write(struct tools_run *run, const jdoc *record, const char *seen, const char *text)
{
    struct record_item item = {.family = EMERGENCY_FAMILY,
        .id = EMERGENCY_ID,
        .document = record,
        .time_ms = run->context->now_ms,
        .seen = seen};
    jdoc *info = emergency_view(record);
    int error = info && text ? emergency_set_diet(run, info) : ERR_NOMEM;

    if (error) {
        jdoc_free(info);
        return error;
    }
    error = emergency_answer(run, info, text);
    return error ? error : record_commit(run, &item, 1, false);
}

static bool emergency_has(const jdoc *list, const char *text, size_t *at)
{
    for (size_t i = 0; i < jdoc_length(list); i++) {
        const char *one = jdoc_string(jdoc_at(list, i), NULL);
        if (one && strcasecmp(one, text) == 0) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* The list `key`: the arguments with "add_" and "remove_" before that name. Returns 0, ERR_INVALID
 * (said) or ERR_NOMEM. */
static int emergency_change_list(struct tools_run *run, jdoc *record, const char *key)
{
    char add_key[40], remove_key[40], path[48];
    size_t at;
    const jdoc *old = jdoc_get(record, key);

    snprintf(add_key, sizeof add_key, "add_%s", key);
    snprintf(remove_key, sizeof remove_key, "remove_%s", key);
    snprintf(path, sizeof path, "/%s", remove_key);
    const jdoc *add = jdoc_get(run->args, add_key), *gone = jdoc_get(run->args, remove_key);
    if (!add && !gone)
        return 0;
    for (size_t i = 0; i < jdoc_length(gone); i++)
        if (!emergency_has(old, jdoc_string(jdoc_at(gone, i), NULL), &at)) {
            int error = run_fail_at(run, path, "an entry as get_emergency_info shows it",
                "\"%.80s\" is not noted.", jdoc_string(jdoc_at(gone, i), NULL));
            return error ? error : ERR_INVALID;
        }
    jdoc *list = jdoc_new_array();
    int error = list ? 0 : ERR_NOMEM;
    for (size_t i = 0; !error && i < jdoc_length(old); i++) {
        const char *text = jdoc_string(jdoc_at(old, i), NULL);
        if (!text || !emergency_has(gone, text, &at))
            error = jdoc_push(list, jdoc_dup(jdoc_at(old, i)));
    }
    for (size_t i = 0; !error && i < jdoc_length(add); i++)
        if (!emergency_has(list, jdoc_string(jdoc_at(add, i), NULL), &at) &&
            jdoc_length(list) < EMERGENCY_LIST_MAX)
            error = jdoc_push(list, jdoc_dup(jdoc_at(add, i)));
    if (!error)
        return jdoc_set(record, key, list);
    jdoc_free(list);
    return error;
}

/* A blood type as people write it: "0 negative", "O-", "ab+". Returns 0 or ERR_INVALID. */
static int emergency_blood(const char *text, char out[8])
{
    const char *p = text;
    size_t n = 0;

    for (; *p == ' '; p++)
        ;
    for (; strchr("aAbBoO0", *p) && *p != '\0' && n < 2; p++)
        out[n++] = *p == '0' || *p == 'o' || *p == 'O' ? 'O' : *p == 'a' || *p == 'A' ? 'A' : 'B';
    bool group = (n == 1) || (n == 2 && out[0] == 'A' && out[1] == 'B');
    while (*p == ' ')
        p++;
    bool plus = strcmp(p, "+") == 0 || strncasecmp(p, "pos", 3) == 0 || strcasecmp(p, "rh+") == 0;
    bool minus = strcmp(p, "-") == 0 || strncasecmp(p, "neg", 3) == 0 || strcasecmp(p, "rh-") == 0;
    if (!group || (!plus && !minus && *p != '\0'))
        return ERR_INVALID;
    if (plus || minus)
        out[n++] = plus ? '+' : '-';
    out[n] = '\0';
    return 0;
}

static int emergency_set_blood(struct tools_run *run, jdoc *record)
{
    const char *text = jdoc_string(jdoc_get(run->args, "blood_type"), NULL);
    char blood[8];

    if (!text)
        return 0;
    if (emergency_blood(text, blood) == 0)
        return jdoc_set_string(record, "blood_type", blood);
    int error = run_fail_at(run, "/blood_type", "A, B, AB or O with + or -",
        "\"%.40s\" is no blood type.", text);
    return error ? error : ERR_INVALID;
}

static int emergency_set_birth(struct tools_run *run, jdoc *record)
{
    const struct zone *z;
    struct timestamp when;
    char day[TIMESTAMP_SIZE];
    int error = timestamp_zone(run, &z);

    if (!error)
        error = timestamp_argument(run, "date_of_birth", z, &when);
    if (error)
        return error == ERR_NOT_FOUND ? 0 : error;
    if (when.ms > run->context->now_ms) {
        error = run_fail_at(run, "/date_of_birth", "a day in the past",
            "That day of birth lies in the future.");
        return error ? error : ERR_INVALID;
    }
    timestamp_date(when.ms, z, day);
    return jdoc_set_string(record, "date_of_birth", day);
}

static int emergency_update_once(struct tools_run *run, void *arg)
{
    static const char *const copied[] = {"name", "notes", "doctor", "insurance", NULL};
    static const char *const lists[] = {"allergies", "conditions", "implants"};
    jdoc *record = NULL;
    const char *seen = NULL;
    int error = emergency_open(run, &record, &seen);

    (void)arg;
    for (size_t i = 0; !error && i < sizeof lists / sizeof *lists; i++)
        error = emergency_change_list(run, record, lists[i]);
    if (!error)
        error = emergency_set_blood(run, record);
    if (!error)
        error = emergency_set_birth(run, record);
    if (!error)
        error = record_copy(record, run->args, copied);
    if (!error)
        error = record_stamp(run, record);
    if (!error)
        error = emergency_write(run, record, seen,
            jdoc_has(run->args, "add_allergies") ?
                "The emergency information is changed. Allergies to food count in meals, too." :
                "The emergency information is changed.");
    jdoc_free(record);
    return error;
}

int medical_tool_update_emergency_info(struct tools_run *run)
{
    if (jdoc_length(run->args) == 0)
        return run_fail_at(run, "", "at least one field", "There is nothing to change.");
    return record_retry(run, emergency_update_once, NULL);
}
