/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools of the family fuel: fill-ups. Records: "fuel", by time. Only what the user said is stored;
 * distance and consumption are worked out on reading (fuel_use), as any entry may change later.
 */
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/cost.h"
#include "tools/kit/plausible.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/kit/vehicle.h"
#include "tools/vehicle/fuel_said.h"
#include "tools/vehicle/fuel_use.h"

#include "base/err.h"
#include "base/ident.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FAMILY FUEL_FAMILY
#define VOLUME_MAX 2000.0
#define PRICE_SHARE 5 /* of the largest sum: what no litre costs */
/* Receipts are rounded and discounted: three numbers may disagree by so much. */
#define TOLERANCE 0.03

static const char *const plain_fields[] = {"filled_to_top", "station", "notes", NULL};

/* --- volume, price, total --- */

struct bill {
    double volume, price; /* litres; money per litre */
    int64_t minor;        /* total */
    const char *currency;
};

static int fuel_refuse_bill(struct tools_run *run, const char *path, const char *expected,
    const char *why)
{
    int error = run_fail_at(run, path, expected, "%s", why);
    return error != 0 ? error : ERR_INVALID;
}

/* A price that no pump shows is asked about: "189.9" is in cents. */
static int fuel_ask_price(struct tools_run *run, const struct bill *b)
{
    if (jdoc_is_true(run->args, "confirmed") ||
        plausible_fuel_price(b->price, b->currency) == PLAUSIBLE)
        return 0;
    bool cents = plausible_fuel_price(b->price / 100, b->currency) == PLAUSIBLE;
    int error = cents ?
        run_ask_back(run, "/price", "the price of one litre, or confirmed: true",
            "%.4g %s for a litre is unusual, so nothing is logged. Are these cents, that is %.4g "
            "%s a litre?",
            b->price, b->currency, b->price / 100, b->currency) :
        run_ask_back(run, "/price", "the price of one litre, or confirmed: true",
            "%.4g %s for a litre is unusual, so nothing is logged. Are price, volume and total "
            "right?",
            b->price, b->currency);
    return error != 0 ? error : ERR_INVALID;
}

static int fuel_check_bill(struct tools_run *run, const struct bill *b)
{
    if (!(b->volume > 0) || b->volume > VOLUME_MAX)
        return fuel_refuse_bill(run, "/volume", "above 0 and at most 2000 litres (528 US gallons)",
            "the volume that follows from price and total is not possible");
    double most = plausible_most(b->currency);
    if (!(b->price > 0) || b->price >= most / PRICE_SHARE)
        return fuel_refuse_bill(run, "/price", "the price of one litre",
            "the price of a litre that was said, or follows from volume and total, is not "
            "possible");
    if (b->minor <= 0 || amount_to_number(b->minor, b->currency) >= most)
        return fuel_refuse_bill(run, "/total", "a total that a tank can cost",
            "the total that was said, or follows from volume and price, is not possible");
    double total = amount_to_number(b->minor, b->currency), product = b->volume * b->price;
    if (fabs(product - total) > fmax(TOLERANCE * fmax(total, product), 0.05))
        return fuel_refuse_bill(run, "/total", "volume x price, or leave one of the three out",
            "volume, price and total do not fit together");
    return fuel_ask_price(run, b);
}

static void fuel_derive_total(struct bill *b)
{
    static const double units[] = {1, 10, 100, 1000, 10000};
    double scaled = b->volume * b->price * units[amount_decimals(b->currency)];
    b->minor = scaled < 9e15 ? (int64_t)llround(scaled) : 0;
}

/*
 * The arguments over what b holds (zeros for a new entry). Any two give the third; in a change, one
 * gives the other by the price, or a new price by volume and total. Returns 0; ERR_INVALID (the
 * failure is set); a fault.
 */
static int fuel_read_bill(struct tools_run *run, const struct fuel_said *said, struct bill *b)
{
    bool volume = jdoc_get_double(run->args, "volume", &b->volume) == 0;
    bool price = jdoc_get_double(run->args, "price", &b->price) == 0;
    b->volume *= volume ? said->litres : 1;
    b->price /= price ? said->litres : 1;
    int error = cost_argument(run, "total", b->currency, &b->minor);
    bool total = error == 0;
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    if (volume + price + total < 2 && (b->volume <= 0 || b->price <= 0 || b->minor <= 0))
        return fuel_refuse_bill(run, "", "two of volume, price and total",
            "Two of volume, price (of one unit of volume) and total are needed; the third follows.");
    if (volume + price + total == 3)
        return fuel_check_bill(run, b);
    if (!total)
        fuel_derive_total(b);
    else if (!price)
        b->price = round(amount_to_number(b->minor, b->currency) / b->volume * 1000) / 1000;
    else
        b->volume = round(amount_to_number(b->minor, b->currency) / b->price * 100) / 100;
    b->volume = round(b->volume * 10000) / 10000;
    b->price = round(b->price * 1000000) / 1000000;
    return fuel_check_bill(run, b);
}

static int fuel_set_bill(jdoc *entry, const struct bill *b)
{
    int failed = jdoc_set_double(entry, "volume", b->volume);
    failed |= jdoc_set_double(entry, "price", b->price);
    failed |= jdoc_set_int(entry, "price_millis", (int64_t)llround(b->price * 1000));
    failed |= cost_set(entry, "total", b->minor, b->currency);
    return failed | jdoc_set_string(entry, "currency", b->currency);
}

/* --- when --- */

/* entry_date into the entry; now when there is none in the arguments and none yet. */
static int fuel_set_when(struct tools_run *run, jdoc *entry)
{
    const struct zone *z;
    struct timestamp when = {.ms = run->context->now_ms, .has_time = true};
    char text[TIMESTAMP_SIZE];
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = timestamp_argument(run, "entry_date", z, &when);
    if (error == ERR_NOT_FOUND && jdoc_get(entry, "time_ms"))
        return 0;
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    if (!when.has_time && timestamp_days(when.ms, run->context->now_ms, z) == 1)
        when = (struct timestamp){.ms = run->context->now_ms, .has_time = true}; /* today */
    if (when.ms > run->context->now_ms)
        return fuel_refuse_bill(run, "/entry_date", "a time that is not in the future",
            "A fill-up cannot be in the future.");
    if (when.has_time)
        timestamp_format(when.ms, z, text);
    else
        timestamp_date(when.ms, z, text);
    int failed = jdoc_set_string(entry, "entry_date", text);
    failed |= jdoc_set_string(entry, "timezone", zone_name(z));
    failed |= jdoc_set_int(entry, "time_ms", when.ms);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* --- the odometer against its neighbours --- */

static bool fuel_in_miles(const struct tools_run *run)
{
    return run->context->units.distance == UNITS_MI;
}

static int fuel_check_odometer(struct tools_run *run, const jdoc *entry)
{
    struct fuel_neighbours n;
    char expected[160];
    double odometer = jdoc_double_or(entry, "odometer", 0);
    int error = fuel_use_neighbours(run, entry, &n);
    if (error != 0)
        return error;
    const char *unit = fuel_in_miles(run) ? "mi" : "km";
    /* Whole numbers that are taken when they are entered. */
    double before = ceil(units_distance(&run->context->units, n.before) - 1e-6);
    double after = floor(units_distance(&run->context->units, n.after) + 1e-6);
    if ((!n.has_before || odometer >= n.before) && (!n.has_after || odometer <= n.after))
        return 0;
    if (n.has_before && n.has_after)
        snprintf(expected, sizeof expected, "a reading from %.0f (%s) to %.0f (%s), in %s", before,
            n.before_date, after, n.after_date, unit);
    else if (n.has_before)
        snprintf(expected, sizeof expected, "a reading of %.0f %s or more (that was on %s)", before,
            unit, n.before_date);
    else
        snprintf(expected, sizeof expected, "a reading of %.0f %s or less (that was on %s)", after,
            unit, n.after_date);
    return fuel_refuse_bill(run, "/odometer", expected,
        "The odometer does not fit the fill-ups before and after it.");
}

/* --- add --- */

/* The entry with what follows from the others, into the result. */
static int fuel_answer(struct tools_run *run, const jdoc *entry)
{
    jdoc *shown = jdoc_dup(entry);
    int error = shown ? fuel_use_of(run, shown) : ERR_NOMEM;
    if (error == 0)
        return jdoc_set(run->result, "entry", shown);
    jdoc_free(shown);
    return error;
}

static int fuel_commit_entry(struct tools_run *run, jdoc *entry, const char *seen,
    const char *format)
{
    char total[AMOUNT_TEXT_SIZE], filled[UNITS_TEXT_SIZE];
    int64_t minor = 0, ms = 0;
    double volume = 0;
    int error = fuel_check_odometer(run, entry);
    if (error != 0)
        return error;
    jdoc_get_int(entry, "total_minor", &minor);
    jdoc_get_int(entry, "time_ms", &ms);
    jdoc_get_double(entry, "volume", &volume);
    amount_text(minor, jdoc_text_or(entry, "currency", ""), total);
    units_volume_text(&run->context->units, volume, filled);
    if (!run_succeed(run, "%s %s for %s on %.10s.", format, filled, total,
            jdoc_text_or(entry, "entry_date", "")))
        return ERR_NOMEM;
    error = fuel_answer(run, entry);
    if (error != 0)
        return error;
    struct record_item item = {.family = FAMILY,
        .id = jdoc_text_or(entry, "id", ""),
        .document = entry,
        .time_ms = ms,
        .seen = seen};
    return record_commit(run, &item, 1, seen != NULL);
}

static int fuel_set_vehicle(struct tools_run *run, jdoc *entry)
{
    jdoc *vehicle = NULL;
    int error = vehicle_choose(run, &vehicle, NULL);
    if (error == 0)
        error = jdoc_set_string(entry, "vehicle_id", jdoc_text_or(vehicle, "id", ""));
    jdoc_free(vehicle);
    return error == ERR_NOT_FOUND ? 0 : error;
}

int fuel_tool_add_fuel_entry(struct tools_run *run)
{
    struct bill b = {.currency = cost_currency(run)};
    struct fuel_said said;
    char id[IDENT_UUID_SIZE];
    jdoc *entry = jdoc_new_object();
    ident_uuid7(id);
    int error = !entry || jdoc_set_string(entry, "id", id) != 0 ? ERR_NOMEM : 0;
    fuel_said_read(run, &said);
    if (error == 0)
        error = fuel_read_bill(run, &said, &b);
    if (error == 0)
        error = fuel_set_when(run, entry);
    if (error == 0)
        error = fuel_set_vehicle(run, entry);
    if (error == 0)
        error = fuel_set_bill(entry, &b) | record_copy(entry, run->args, plain_fields) |
                fuel_said_set(run, &said, entry) | record_stamp(run, entry) ?
            ERR_NOMEM :
            0;
    if (error == 0)
        error = fuel_commit_entry(run, entry, NULL, "Logged");
    jdoc_free(entry);
    return error == ERR_INVALID ? 0 : error;
}

/* --- change and remove: the latest when no id is given --- */

static int fuel_no_such_entry(struct tools_run *run)
{
    int error = run_fail(run, "not_found",
        jdoc_has(run->args, "entry_id") ?
            "There is no such fuel entry. get_fuel_log lists those there are." :
            "The fuel log is empty.");
    return error != 0 ? error : ERR_INVALID;
}

static int fuel_choose_entry(struct tools_run *run, jdoc **entry, const char **seen)
{
    const char *id = jdoc_string(jdoc_get(run->args, "entry_id"), NULL);
    int error =
        id ? record_get(run, FAMILY, id, entry, seen) : record_latest(run, FAMILY, entry, seen);
    return error == ERR_NOT_FOUND ? fuel_no_such_entry(run) : error;
}

static int fuel_change_bill(struct tools_run *run, jdoc *entry)
{
    struct bill b = {.currency = jdoc_text_or(entry, "currency", "AUD")};
    struct fuel_said said;
    if (!jdoc_has(run->args, "volume") && !jdoc_has(run->args, "price") &&
        !jdoc_has(run->args, "total"))
        return 0;
    b.currency = arena_strdup(run->arena, b.currency); /* fuel_set_bill replaces where it stands */
    if (!b.currency)
        return ERR_NOMEM;
    jdoc_get_double(entry, "volume", &b.volume);
    jdoc_get_double(entry, "price", &b.price);
    jdoc_get_int(entry, "total_minor", &b.minor);
    fuel_said_read(run, &said);
    int error = fuel_read_bill(run, &said, &b);
    return error == 0 && fuel_set_bill(entry, &b) != 0 ? ERR_NOMEM : error;
}

static int fuel_update_once(struct tools_run *run, void *arg)
{
    jdoc *entry = NULL;
    const char *seen = NULL;
    struct fuel_said said;
    (void)arg;
    fuel_said_read(run, &said);
    int error = fuel_choose_entry(run, &entry, &seen);
    if (error == 0)
        error = fuel_change_bill(run, entry);
    if (error == 0)
        error = fuel_set_when(run, entry);
    if (error == 0)
        error = record_copy(entry, run->args, plain_fields) | fuel_said_set(run, &said, entry) |
                record_stamp(run, entry) ?
            ERR_NOMEM :
            0;
    if (error == 0)
        error = fuel_commit_entry(run, entry, seen, "Changed:");
    jdoc_free(entry);
    return error == ERR_NOT_FOUND ? fuel_no_such_entry(run) : error;
}

int fuel_tool_update_fuel_entry(struct tools_run *run)
{
    if (jdoc_length(run->args) == (size_t)jdoc_has(run->args, "entry_id"))
        return run_fail_at(run, "", "at least one field to change",
            "There is nothing to change: name at least one field.");
    return record_retry(run, fuel_update_once, NULL);
}

static int fuel_delete_once(struct tools_run *run, void *arg)
{
    jdoc *entry = NULL;
    const char *seen = NULL;
    (void)arg;
    int error = fuel_choose_entry(run, &entry, &seen);
    if (error != 0)
        return error;
    run_succeed(run, "The fill-up of %.10s is removed.", jdoc_text_or(entry, "entry_date", ""));
    error = record_remove(run, FAMILY, seen, "entry", entry);
    return error == ERR_NOT_FOUND ? fuel_no_such_entry(run) : error;
}

int fuel_tool_delete_fuel_entry(struct tools_run *run)
{
    int error = record_confirmed(run);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, fuel_delete_once, NULL);
}

static int fuel_show_deletion(struct tools_run *run, const jdoc *entry, int64_t minor)
{
    static const char *const fields[] = {"volume", "odometer", "notes", NULL};
    int error = about_title(run, "fuel_entry", entry, "station");

    if (error == 0)
        error = about_day(run, entry, "entry_date");
    if (error == 0)
        error = about_amount(run, minor, jdoc_text_or(entry, "currency", ""));
    return error != 0 ? error : about_lost(run, entry, fields);
}

int fuel_preview_delete_fuel_entry(struct tools_run *run)
{
    char total[AMOUNT_TEXT_SIZE], filled[UNITS_TEXT_SIZE];
    jdoc *entry = NULL;
    int64_t minor = 0;
    double volume = 0;
    int error = record_confirmed(run);
    if (error == 0)
        error = fuel_choose_entry(run, &entry, NULL);
    if (error == 0) {
        jdoc_get_int(entry, "total_minor", &minor);
        jdoc_get_double(entry, "volume", &volume);
        amount_text(minor, jdoc_text_or(entry, "currency", ""), total);
        units_volume_text(&run->context->units, volume, filled);
        error = preview_say(run, "remove the fill-up of %.10s, %s for %s, from the fuel log",
            jdoc_text_or(entry, "entry_date", ""), filled, total);
    }
    if (error == 0)
        error = fuel_show_deletion(run, entry, minor);
    jdoc_free(entry);
    return error == ERR_INVALID ? 0 : error;
}
