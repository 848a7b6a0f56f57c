/* SPDX-License-Identifier: BSD-2-Clause */
/* The fuel family's reading of receipts: nothing is written, the user confirms first. */
#include "store/attachments.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/cost.h"
#include "tools/kit/fetch.h"
#include "tools/kit/preview.h"
#include "tools/vehicle/receipt.h"

#include "base/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LITRES_PER_GALLON UNITS_LITRES_PER_GALLON_US
#define SURE 0.8

static int fuel_receipt_set_number(jdoc *receipt, const char *key, const struct receipt_number *n,
    double factor, double step)
{
    jdoc *field = jdoc_new_object();
    int failed = !field;
    if (failed == 0 && n->confidence > 0) {
        failed |= jdoc_set_double(field, "value", round(n->value * factor * step) / step);
        failed |= n->derived ? jdoc_set_bool(field, "derived", true) : 0;
    }
    if (failed == 0)
        failed |= jdoc_set_double(field, "confidence", round(n->confidence * 100) / 100);
    if (failed == 0)
        return jdoc_set(receipt, key, field);
    jdoc_free(field);
    return ERR_NOMEM;
}

static int fuel_receipt_set_text(jdoc *receipt, const char *key, const char *text,
    double confidence)
{
    jdoc *field = jdoc_new_object();
    int failed = !field || (text[0] != '\0' && jdoc_set_string(field, "value", text) != 0) ||
        jdoc_set_double(field, "confidence", round(confidence * 100) / 100) != 0;
    if (!failed)
        return jdoc_set(receipt, key, field);
    jdoc_free(field);
    return ERR_NOMEM;
}

/* The arguments that add_fuel_entry would take from what was read well enough. */
static int fuel_receipt_set_suggestion(jdoc *receipt, const struct receipt *r)
{
    jdoc *entry = jdoc_new_object();
    int failed = !entry;
    double litres = r->gallons ? r->volume.value * LITRES_PER_GALLON : r->volume.value;
    if (failed == 0 && r->total.confidence > 0)
        failed |= jdoc_set_double(entry, "total", r->total.value);
    if (failed == 0 && r->volume.confidence > 0)
        failed |= jdoc_set_double(entry, "volume", round(litres * 100) / 100) |
            jdoc_set_string(entry, "volume_unit", "l");
    if (failed == 0 && r->date[0] != '\0')
        failed |= jdoc_set_string(entry, "entry_date", r->date);
    if (failed == 0 && r->station[0] != '\0')
        failed |= jdoc_set_string(entry, "station", r->station);
    if (failed == 0)
        return jdoc_set(receipt, "suggested_entry", entry);
    jdoc_free(entry);
    return ERR_NOMEM;
}

static int fuel_receipt_set_receipt(struct tools_run *run, jdoc *receipt, const struct receipt *r)
{
    double litres = r->gallons ? LITRES_PER_GALLON : 1;
    double sure = fmin(r->total.confidence, r->volume.confidence);
    int failed = jdoc_set_string(receipt, "attachment_id",
        jdoc_string(jdoc_get(run->args, "attachment_id"), NULL));
    failed |= jdoc_set_string(receipt, "receipt_url",
        jdoc_string(jdoc_get(run->args, "receipt_url"), NULL));
    failed |= fuel_receipt_set_number(receipt, "total", &r->total, 1, 100);
    failed |= jdoc_set_string(receipt, "currency", cost_currency(run));
    failed |= fuel_receipt_set_number(receipt, "volume", &r->volume, litres, 1000);
    failed |= fuel_receipt_set_number(receipt, "price", &r->price, 1 / litres, 1000);
    failed |= fuel_receipt_set_text(receipt, "date", r->date, r->date_confidence);
    failed |= fuel_receipt_set_text(receipt, "station", r->station, r->station_confidence);
    failed |= jdoc_set_double(receipt, "confidence", round(sure * 100) / 100);
    failed |= jdoc_set_bool(receipt, "converted_from_gallons", r->gallons);
    failed |= jdoc_set_bool(receipt, "numbers_disagree", r->disagrees);
    failed |= jdoc_set_bool(receipt, "needs_confirmation", true);
    return failed | fuel_receipt_set_suggestion(receipt, r) ? ERR_NOMEM : 0;
}

static int fuel_receipt_answer(struct tools_run *run, const char *text)
{
    struct receipt r;
    const char *locale = run->context->locale ? run->context->locale : "";
    receipt_read(text, strcmp(locale, "en-US") == 0, &r);
    jdoc *receipt = jdoc_new_object();
    if (!receipt || fuel_receipt_set_receipt(run, receipt, &r) != 0) {
        jdoc_free(receipt);
        return ERR_NOMEM;
    }
    bool any = r.total.confidence > 0 || r.volume.confidence > 0;
    bool sure = !r.disagrees && r.total.confidence >= SURE && r.volume.confidence >= SURE;
    if (!run_succeed(run,
            !any     ? "This does not look like a fuel receipt: neither a total nor a "
                       "volume was found. Nothing is stored." :
                sure ? "Read from the receipt. Ask the user to confirm before anything is stored." :
                       "Read from the receipt, but not all of it is sure. Ask the user to check it "
                       "before anything is stored.")) {
        jdoc_free(receipt);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, "receipt", receipt);
}

/* ---- the text of a picture: what the recognition service reads in it ---- */

static int fuel_receipt_on_text(struct tools_run *run, const jdoc *answer, void *arg)
{
    const char *text = jdoc_string(jdoc_get(answer, "text"), NULL);
    (void)arg;
    if (!text)
        return ERR_PROTOCOL;
    return fuel_receipt_answer(run, text);
}

static int fuel_receipt_recognise(struct tools_run *run, const struct attachment *a,
    const char *bytes, size_t len)
{
    const struct conf *conf = run->context->conf;
    return fetch_start(run,
        &(struct fetch){.service = "text recognition service",
            .url = conf->ocr_url,
            .bearer = conf->ocr_key,
            .body = bytes,
            .body_len = len,
            .body_type = a->type},
        fuel_receipt_on_text, NULL);
}

static int fuel_receipt_no_eyes(struct tools_run *run)
{
    return run_fail(run, "provider_not_configured",
        "No service that reads pictures is configured here (setting ocr.url). If you can see the "
        "picture, call this again with the text of the receipt as ocr_text; else ask the user for "
        "it.");
}

/* A text is read as it is; a picture or a PDF by the service. */
static int fuel_receipt_from_file(struct tools_run *run, const char *id)
{
    struct attachment a;
    struct link_reply *reply = NULL;
    size_t len = 0;
    int error = attachments_find(run->context->store, run->context->uid, id, true, &a);
    if (error == 0 && a.media.kind != MEDIA_TEXT && run->context->conf->ocr_url[0] == '\0')
        return fuel_receipt_no_eyes(run);
    if (error == 0)
        error = attachments_read(run->context->store, run->context->uid, id, &reply);
    if (error == ERR_NOT_FOUND)
        return run_fail(run, "not_found",
            "There is no attachment %s; it may have expired. Ask the user to send it again.", id);
    if (error == 0) {
        const char *bytes = link_reply_text(reply, &len);
        error = a.media.kind == MEDIA_TEXT ? fuel_receipt_answer(run, bytes) :
                                             fuel_receipt_recognise(run, &a, bytes, len);
    }
    link_reply_free(reply);
    return error;
}

/* Nobody is asked about an address alone: it is not read. */
int fuel_preview_scan_fuel_receipt_with_confidence(struct tools_run *run)
{
    if (!jdoc_has(run->args, "ocr_text") && !jdoc_has(run->args, "attachment_id"))
        return fuel_tool_scan_fuel_receipt_with_confidence(run);
    int error =
        preview_title(run, run->args, "receipt_url", "read the receipt with the address ", "");
    return error != 0 ? error : about_title(run, "receipt", run->args, "title");
}

int fuel_tool_scan_fuel_receipt_with_confidence(struct tools_run *run)
{
    const char *text = jdoc_string(jdoc_get(run->args, "ocr_text"), NULL);
    const char *id = jdoc_string(jdoc_get(run->args, "attachment_id"), NULL);
    if (text)
        return fuel_receipt_answer(run, text);
    if (id)
        return fuel_receipt_from_file(run, id);
    if (jdoc_get(run->args, "receipt_url"))
        return fuel_receipt_no_eyes(run);
    return run_fail_at(run, "/attachment_id", "attachment_id or ocr_text",
        "Name the attached file as attachment_id, or give the text of the receipt as ocr_text.");
}
