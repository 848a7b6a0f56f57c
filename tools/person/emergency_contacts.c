/* SPDX-License-Identifier: BSD-2-Clause */
/* The people to call in an emergency: a list in the record of emergency.c. */
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/phone.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/person/emergency_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- people to call --- */

/* Of the contact by that name. Returns 0; ERR_NOT_FOUND; ERR_INVALID: several, said. */
static int emergency_contacts_find(struct tools_run *run, const jdoc *contacts, const char *name,
    size_t *at)
{
    size_t fits = 0;
    int best = RECORD_MATCH_SURE - 1;

    for (size_t i = 0; i < jdoc_length(contacts); i++) {
        const jdoc *one = jdoc_at(contacts, i);
        int score = record_match_score(jdoc_text_or(one, "name", ""), name);
        int kin = record_match_score(jdoc_text_or(one, "relationship", ""), name);
        score = kin > score ? kin : score;
        if (score < RECORD_MATCH_SURE || score < best)
            continue;
        fits = score > best ? 1 : fits + 1;
        best = score;
        *at = i;
    }
    if (fits <= 1)
        return fits == 1 ? 0 : ERR_NOT_FOUND;
    int error = run_ask_back(run, "/name", "the whole name",
        "%zu contacts fit \"%.80s\". Which one?", fits, name);
    return error ? error : ERR_INVALID;
}

/* Is that person named, and not one of a like name? Maria is not Mario. */
static bool emergency_contacts_is_named(const jdoc *contact, const char *name)
{
    return record_match_named(jdoc_text_or(contact, "name", ""), name) ||
        record_match_named(jdoc_text_or(contact, "relationship", ""), name);
}

static int emergency_contacts_set_phone(struct tools_run *run, jdoc *contact)
{
    const char *typed = jdoc_string(jdoc_get(run->args, "phone"), NULL);
    char e164[PHONE_E164_SIZE];

    if (!typed)
        return 0;
    /* Not by the country where the user is now: a traveller's people live elsewhere. */
    if (phone_read(typed, "", e164) != 0) {
        int error = run_fail_at(run, "/phone", "a number of 3 to 15 digits, as +61 400 123 456",
            "\"%.60s\" is no telephone number.", typed);
        return error ? error : ERR_INVALID;
    }
    jdoc_remove(contact, "phone_e164");
    int failed = jdoc_set_string(contact, "phone", typed);
    if (e164[0] != '\0')
        failed |= jdoc_set_string(contact, "phone_e164", e164);
    return failed ? ERR_NOMEM : 0;
}

static int emergency_contacts_fill(struct tools_run *run, jdoc *contact, bool is_new)
{
    static const char *const copied[] = {"relationship", "email", "priority", NULL};
    const char *name = jdoc_string(jdoc_get(run->args, is_new ? "name" : "new_name"), NULL);
    int error = jdoc_set_string(contact, "name", name);

    if (!error)
        error = record_copy(contact, run->args, copied);
    if (!error)
        error = emergency_contacts_set_phone(run, contact);
    if (error || jdoc_get(contact, "phone") || jdoc_get(contact, "email"))
        return error;
    error = run_fail_at(run, "/phone", "a telephone number",
        "How can they be called? A number is needed.");
    return error ? error : ERR_INVALID;
}

static int emergency_contacts_add(struct tools_run *run, jdoc *record)
{
    jdoc *contacts = jdoc_get(record, "contacts"), *contact;
    int error = 0;

    if (jdoc_type(contacts) != JDOC_ARRAY)
        error = jdoc_set(record, "contacts", jdoc_new_array());
    contacts = jdoc_get(record, "contacts");
    if (!error && jdoc_length(contacts) >= EMERGENCY_CONTACTS_MAX) {
        error = run_fail(run, "limit_reached", "%d people are noted already; remove one.",
            EMERGENCY_CONTACTS_MAX);
        return error ? error : ERR_INVALID;
    }
    contact = jdoc_new_object();
    if (!error)
        error = contact ? emergency_contacts_fill(run, contact, true) : ERR_NOMEM;
    if (!error)
        return jdoc_push(contacts, contact);
    jdoc_free(contact);
    return error;
}

/* Is the entry at `at` surely meant? One that is only alike may be another person, whose number
 * would be lost. Returns 0; ERR_NOT_FOUND: another one is to be added; ERR_INVALID: asked. */
static int emergency_contacts_sure(struct tools_run *run, const jdoc *contacts, size_t at)
{
    const char *name = jdoc_text_or(run->args, "name", "");
    const char *noted = jdoc_text_or(jdoc_at(contacts, at), "name", "");

    if (strcasecmp(noted, name) == 0 ||
        (jdoc_has(run->args, "new_name") &&
            emergency_contacts_is_named(jdoc_at(contacts, at), name)))
        return 0;
    int error = run_ask_back(run, "/name",
        "the whole name as it is noted, or another=true to add a second person",
        "%.100s is noted already. Is that the one to change, or is %.100s somebody else?", noted,
        name);
    return error ? error : ERR_INVALID;
}

/* Which entry is to be changed. Returns 0; ERR_NOT_FOUND: a new one; ERR_INVALID: asked. */
static int emergency_contacts_meant(struct tools_run *run, const jdoc *contacts, size_t *at)
{
    if (jdoc_is_true(run->args, "another"))
        return ERR_NOT_FOUND;
    int error = emergency_contacts_find(run, contacts, jdoc_text_or(run->args, "name", ""), at);
    return error ? error : emergency_contacts_sure(run, contacts, *at);
}

static int emergency_contacts_once(struct tools_run *run, void *arg)
{
    jdoc *record = NULL;
    const char *seen = NULL, *name = jdoc_text_or(run->args, "name", "");
    size_t at = 0;
    int error = emergency_open(run, &record, &seen);

    (void)arg;
    if (!error)
        error = emergency_contacts_meant(run, jdoc_get(record, "contacts"), &at);
    bool is_new = error == ERR_NOT_FOUND;
    if (is_new)
        error = emergency_contacts_add(run, record);
    else if (!error)
        error = emergency_contacts_fill(run, jdoc_at(jdoc_get(record, "contacts"), at), false);
    if (!error && !is_new)
        name = jdoc_text_or(jdoc_at(jdoc_get(record, "contacts"), at), "name", name);
    if (!error)
        error = record_stamp(run, record);
    if (!error)
        error = emergency_write(run, record, seen,
            arena_printf(run->arena, "%s is %s the people to call in an emergency.", name,
                is_new ? "among" : "changed among"));
    jdoc_free(record);
    return error;
}

int medical_tool_set_emergency_contact(struct tools_run *run)
{
    return record_retry(run, emergency_contacts_once, NULL);
}

/* --- remove_emergency_contact --- */

/* Returns 0; ERR_INVALID (said); a fault. */
static int emergency_contacts_choose(struct tools_run *run, jdoc **record, const char **seen,
    size_t *at)
{
    const char *name = jdoc_text_or(run->args, "name", "");
    int error = emergency_open(run, record, seen);
    const jdoc *contacts = jdoc_get(*record, "contacts"), *one;

    if (!error)
        error = emergency_contacts_find(run, contacts, name, at);
    one = error ? NULL : jdoc_at(contacts, *at);
    if (one && !emergency_contacts_is_named(one, name)) {
        error = run_ask_back(run, "/name", "the name as it is noted",
            "%.100s is not noted. Is %.100s meant?", name, jdoc_text_or(one, "name", ""));
        return error ? error : ERR_INVALID;
    }
    if (error != ERR_NOT_FOUND)
        return error;
    error = run_fail(run, "not_found",
        "There is no such emergency contact. get_emergency_info shows those there are.");
    return error ? error : ERR_INVALID;
}

static int emergency_contacts_remove_once(struct tools_run *run, void *arg)
{
    jdoc *record = NULL, *kept = NULL;
    const char *seen = NULL, *name = NULL;
    size_t at = 0;
    int error = emergency_contacts_choose(run, &record, &seen, &at);
    const jdoc *contacts = jdoc_get(record, "contacts");

    (void)arg;
    if (!error) {
        name = arena_strdup(run->arena, jdoc_text_or(jdoc_at(contacts, at), "name", ""));
        kept = jdoc_new_array();
        error = kept && name ? 0 : ERR_NOMEM;
    }
    for (size_t i = 0; !error && i < jdoc_length(contacts); i++)
        if (i != at)
            error = jdoc_push(kept, jdoc_dup(jdoc_at(contacts, i)));
    if (!error)
        error = jdoc_set(record, "contacts", kept);
    else
        jdoc_free(kept);
    if (!error)
        error = record_stamp(run, record);
    if (!error)
        error = emergency_write(run, record, seen,
            arena_printf(run->arena, "%s is no longer among the people to call in an emergency.",
                name));
    jdoc_free(record);
    return error;
}

int medical_tool_remove_emergency_contact(struct tools_run *run)
{
    int error = record_confirmed(run);

    if (error)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, emergency_contacts_remove_once, NULL);
}

int medical_preview_remove_emergency_contact(struct tools_run *run)
{
    static const char *const fields[] = {"relationship", "phone", "email", NULL};
    jdoc *record = NULL;
    const char *seen = NULL;
    size_t at = 0;
    int error = record_confirmed(run);

    if (!error)
        error = emergency_contacts_choose(run, &record, &seen, &at);
    const jdoc *contact = jdoc_at(jdoc_get(record, "contacts"), at);
    if (!error)
        error = preview_title(run, contact, "name", "remove ",
            " from the people to call in an emergency");
    if (!error)
        error = about_title(run, "emergency_contact", contact, "name");
    if (!error)
        error = about_lost(run, contact, fields);
    jdoc_free(record);
    return error == ERR_INVALID ? 0 : error;
}
