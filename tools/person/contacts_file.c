/* SPDX-License-Identifier: BSD-2-Clause */
/* contacts, second part: as files (vCard). */
#include "base/buf.h"
#include "base/ident.h"
#include "store/attachments.h"
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/person/contacts.h"
#include "tools/person/vcard.h"

#include <stdio.h>
#include <string.h>

#define ID_DIGITS 32
#define BATCH 50 /* records of one script */
#define EXPORT_BYTES 60000

/* --- import_contacts --- */

struct contacts_import {
    struct tools_run *run;
    const struct zone *zone;
    const char *group; /* of its commits: one change for the history */
    struct vcard_list list;
    struct record_item items[BATCH];
    jdoc *documents[BATCH];
    size_t waiting, created, known;
};

/* The same card has the same id: a file that comes twice changes nothing. */
static const char *contacts_id_of(struct tools_run *run, const jdoc *card)
{
    char digest[IDENT_SHA256_SIZE];
    const char *uid = jdoc_string(jdoc_get(card, "uid"), NULL);
    struct buf text = {0};

    if (uid)
        buf_printf(&text, "uid\n%s", uid);
    else
        jdoc_write_canonical(card, &text);
    ident_sha256_hex(buf_text(&text), text.len, digest);
    bool failed = buf_error(&text);
    buf_free(&text);
    return failed ? NULL : arena_printf(run->arena, "v%.*s", ID_DIGITS, digest);
}

/* last: with the result and the call's mark. */
static int contacts_import_flush(struct contacts_import *in, bool last)
{
    int error =
        in->waiting > 0 ? record_commit_part(in->run, in->items, in->waiting, in->group, last) : 0;

    for (size_t i = 0; i < in->waiting; i++)
        jdoc_free(in->documents[i]);
    in->waiting = 0;
    return error;
}

static int contacts_import_card(struct contacts_import *in, const jdoc *card)
{
    const struct tools_context *context = in->run->context;
    const char *id = contacts_id_of(in->run, card), *there;
    int error = !id ?
        ERR_NOMEM :
        records_get(context->store, context->uid, PEOPLE_CONTACTS, id, in->run->arena, &there);

    in->known += !error;
    if (error != ERR_NOT_FOUND)
        return error;
    jdoc *document = jdoc_dup(card);
    if (!document || jdoc_set_string(document, "id", id) ||
        jdoc_set_string(document, "timezone", zone_name(in->zone)) ||
        record_stamp(in->run, document)) {
        jdoc_free(document);
        return ERR_NOMEM;
    }
    error = in->waiting == BATCH ? contacts_import_flush(in, false) : 0;
    in->items[in->waiting] = (struct record_item){.family = PEOPLE_CONTACTS,
        .id = id,
        .document = document,
        .time_ms = context->now_ms};
    in->documents[in->waiting++] = document;
    in->created++;
    return error;
}

static int contacts_import_answer(struct contacts_import *in)
{
    struct tools_run *run = in->run;
    size_t skipped = in->list.skipped_count;

    if (!run_succeed(run, "%zu contact%s taken in, %zu known already, %zu left out%s", in->created,
            in->created == 1 ? "" : "s", in->known, skipped, skipped ? ": see skipped." : "."))
        return ERR_NOMEM;
    int failed = jdoc_set_int(run->result, "created", (int64_t)in->created);
    failed |= jdoc_set_int(run->result, "known", (int64_t)in->known);
    failed |= jdoc_set_int(run->result, "skipped_count", (int64_t)skipped);
    jdoc *list = in->list.skipped;
    in->list.skipped = NULL;
    failed |= jdoc_set(run->result, "skipped", list);
    return failed ? ERR_NOMEM : 0;
}

static int contacts_import_refuse(struct tools_run *run, int error)
{
    if (error == ERR_INVALID)
        return run_fail(run, "invalid_argument",
            "There is no card in it: a vCard begins with BEGIN:VCARD. Nothing was taken in.");
    if (error == ERR_LIMIT)
        return run_fail(run, "limit_reached",
            "A file has %d cards and %zu MiB at most. Nothing was taken in.", VCARD_CARDS_MAX,
            VCARD_BYTES_MAX >> 20);
    return error;
}

/* All cards are read before the first is written. */
static int contacts_import_text(struct tools_run *run, const char *text, size_t len)
{
    struct contacts_import in = {.run = run};
    int64_t count = 0;
    int error = timestamp_zone(run, &in.zone);

    if (!error)
        error = record_group(run, &in.group);
    if (!error)
        error = records_count(run->context->store, run->context->uid, PEOPLE_CONTACTS,
            -RECORD_FOREVER, RECORD_FOREVER, &count);
    if (error)
        return error;
    error = vcard_read(text, len, &in.list);
    size_t cards = jdoc_length(in.list.cards);
    if (!error && count + (int64_t)cards > CONTACTS_MAX) {
        vcard_free(&in.list);
        return run_fail(run, "limit_reached",
            "With these %zu there would be more than %d contacts. Nothing was taken in.", cards,
            CONTACTS_MAX);
    }
    if (error) {
        vcard_free(&in.list);
        return contacts_import_refuse(run, error);
    }
    for (size_t i = 0; !error && i < cards; i++)
        error = contacts_import_card(&in, jdoc_at(in.list.cards, i));
    if (!error)
        error = contacts_import_answer(&in);
    if (!error)
        error = contacts_import_flush(&in, true);
    for (size_t i = 0; i < in.waiting; i++)
        jdoc_free(in.documents[i]);
    vcard_free(&in.list);
    return error;
}

int contacts_tool_import_contacts(struct tools_run *run)
{
    const char *text = jdoc_string(jdoc_get(run->args, "text"), NULL);
    const char *id = jdoc_string(jdoc_get(run->args, "attachment_id"), NULL);
    struct link_reply *reply = NULL;
    size_t len = 0;

    if (text)
        return contacts_import_text(run, text, strlen(text));
    if (!id)
        return run_fail_at(run, "/attachment_id", "attachment_id or text",
            "Name the attached file as attachment_id, or give the cards as text.");
    int error = attachments_read(run->context->store, run->context->uid, id, &reply);
    if (error == ERR_NOT_FOUND)
        return run_fail(run, "not_found",
            "There is no attachment %.60s; it may have expired. Ask the user to send it again.",
            id);
    if (!error) {
        const char *bytes = link_reply_text(reply, &len);
        error = contacts_import_text(run, bytes, len);
    }
    link_reply_free(reply);
    return error;
}

/* --- export_contacts --- */

struct contacts_export {
    struct buf text;
    size_t count;
    bool more;
};

static int contacts_export_one(void *arg, const jdoc *contact)
{
    struct contacts_export *e = arg;
    struct buf card = {0};

    vcard_write(contact, &card);
    int error = buf_error(&card);
    if (!error && e->text.len + card.len > EXPORT_BYTES) {
        e->more = true;
        error = ERR_LIMIT;
    }
    if (!error) {
        buf_put(&e->text, buf_text(&card), card.len);
        e->count++;
    }
    buf_free(&card);
    return error;
}

int contacts_tool_export_contacts(struct tools_run *run)
{
    struct contacts_export e = {0};
    jdoc *record = NULL;
    bool named = jdoc_has(run->args, "contact") || jdoc_has(run->args, "contact_id");
    int error = named ? contacts_choose(run, &record, NULL) :
                        record_newest(run, PEOPLE_CONTACTS, -RECORD_FOREVER, RECORD_FOREVER,
                            contacts_export_one, &e);

    if (!error && named)
        error = contacts_export_one(&e, record);
    jdoc_free(record);
    if (!error &&
        (buf_error(&e.text) ||
            !run_succeed(run, "%zu contact%s as vCard 4.0%s.", e.count, e.count == 1 ? "" : "s",
                e.more ? "; the older ones did not fit" : "")))
        error = ERR_NOMEM;
    if (!error) {
        int failed = jdoc_set_string(run->result, "vcard", buf_text(&e.text));
        failed |= jdoc_set_int(run->result, "count", (int64_t)e.count);
        failed |= jdoc_set_bool(run->result, "more", e.more);
        error = failed ? ERR_NOMEM : 0;
    }
    buf_free(&e.text);
    return error == ERR_INVALID ? 0 : error;
}
