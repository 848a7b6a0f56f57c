/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/vehicle_use.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/kit/cost.h"
#include "tools/kit/record.h"
#include "tools/kit/records_fuel.h"
#include "tools/kit/vehicle.h"

#include <math.h>
#include <stdio.h>

#define MPG_FACTOR 235.214583 /* US miles per gallon times litres per 100 km */
#define IMPERIAL_FACTOR 282.480936
#define ASSUMED_MPG 10.0
#define TOLERANCE 0.02
#define ENOUGH_FILLS 3
#define ENOUGH_METRES 300000
#define SOME_METRES 50000
#define LITRES_MIN 0.5
#define LITRES_MAX 300.0

static const char *const sources[] = {"argument", "measured", "vehicle", "assumed"};

double vehicle_use_mpg(const struct vehicle_use *use)
{
    return MPG_FACTOR / use->litres;
}

static bool vehicle_use_likely(double litres)
{
    return litres >= LITRES_MIN && litres <= LITRES_MAX;
}

static void vehicle_use_fill(const struct tools_run *run, struct vehicle_use *out, double litres,
    enum vehicle_use_source source, const char *words)
{
    char own[UNITS_TEXT_SIZE];
    const struct units *units = &run->context->units;
    out->litres = litres;
    out->source = source;
    units_fuel_text(units, litres, own);
    if (units->fuel == UNITS_L_PER_100KM)
        snprintf(out->text, sizeof out->text, "%s (%.1f miles per US gallon), %.80s", own,
            vehicle_use_mpg(out), words);
    else
        snprintf(out->text, sizeof out->text, "%s (%.1f L/100 km), %.80s", own, litres, words);
    utf8_mend_end(out->text);
}

/* A consumption's names. `factor` over its value is litres per 100 km; 0: it is these litres. */
static const struct form {
    const char *name;
    double factor;
} forms[] = {{"l_per_100km", 0}, {"mpg", MPG_FACTOR}, {"mpg_imperial", IMPERIAL_FACTOR},
    {"km_per_l", 100}};
#define FORMS (sizeof forms / sizeof *forms)

/* Returns whether `object` has it, above 0. */
static bool vehicle_use_form(const jdoc *object, const struct form *form, double *litres)
{
    double value;
    if (jdoc_get_double(object, form->name, &value) != 0 || !(value > 0))
        return false;
    *litres = form->factor > 0 ? form->factor / value : value;
    return true;
}

int vehicle_use_read(struct tools_run *run, double *litres)
{
    const struct form *said = NULL;
    double other;
    for (size_t i = 0; i < FORMS; i++) {
        if (!said && vehicle_use_form(run->args, &forms[i], litres)) {
            said = &forms[i];
        } else if (said && vehicle_use_form(run->args, &forms[i], &other) &&
            fabs(other - *litres) > TOLERANCE * *litres) {
            int error = run_fail_at(run, arena_printf(run->arena, "/%s", forms[i].name),
                arena_printf(run->arena, "one of %s and %s", said->name, forms[i].name),
                "%s and %s do not say the same; give one of them.", said->name, forms[i].name);
            return error != 0 ? error : ERR_INVALID;
        }
    }
    return said ? 0 : ERR_NOT_FOUND;
}

/* Returns 0; ERR_NOT_FOUND (the call says nothing); ERR_INVALID (the failure is set); a fault. */
static int vehicle_use_said(struct tools_run *run, struct vehicle_use *out)
{
    double litres;
    int error = vehicle_use_read(run, &litres);
    if (error == 0)
        vehicle_use_fill(run, out, litres, VEHICLE_USE_SAID, "as given");
    return error;
}

/* What is stored with the vehicle, in any of its forms; 0: nothing. */
static double vehicle_use_stored(const jdoc *vehicle)
{
    double litres;
    for (size_t i = 0; i < FORMS; i++)
        if (vehicle_use_form(vehicle, &forms[i], &litres) && vehicle_use_likely(litres))
            return litres;
    return 0;
}

struct measured {
    double litres, metres;
    int64_t fills;
};

static int vehicle_use_measured(struct tools_run *run, const char *vehicle, struct measured *out)
{
    static const char *const ever[] = {"all"};
    struct records_fuel fuel = {0};
    *out = (struct measured){0};
    int error = records_fuel_stats(run->context->store, run->context->uid,
        &(struct records_fuel_query){.vehicle = vehicle,
            .from_ms = -RECORD_FOREVER,
            .to_ms = RECORD_FOREVER,
            .spans = ever,
            .count = 1},
        run->arena, &fuel);
    if (error != 0)
        return error;
    out->metres = (double)cost_number(&fuel.sums, "metres");
    out->fills = cost_number(&fuel.sums, "fills");
    if (out->metres >= SOME_METRES)
        out->litres = (double)cost_number(&fuel.sums, "used") * 100 / out->metres;
    if (!vehicle_use_likely(out->litres))
        out->litres = 0;
    return 0;
}

static void vehicle_use_choose(const struct tools_run *run, const jdoc *vehicle,
    const struct measured *m, struct vehicle_use *out)
{
    char words[120], over[UNITS_TEXT_SIZE];
    double stored = vehicle ? vehicle_use_stored(vehicle) : 0;
    bool enough = m->fills >= ENOUGH_FILLS && m->metres >= ENOUGH_METRES;
    if (m->litres > 0 && (enough || stored <= 0)) {
        units_distance_text(&run->context->units, m->metres / 1000, over);
        snprintf(words, sizeof words, "measured over %s of the fuel log", over);
        vehicle_use_fill(run, out, m->litres, VEHICLE_USE_MEASURED, words);
    } else if (stored > 0) {
        snprintf(words, sizeof words, "stored with %.80s",
            jdoc_text_or(vehicle, "name", "the vehicle"));
        vehicle_use_fill(run, out, stored, VEHICLE_USE_STORED, words);
    } else {
        vehicle_use_fill(run, out, MPG_FACTOR / ASSUMED_MPG, VEHICLE_USE_ASSUMED, "assumed");
    }
}

int vehicle_use(struct tools_run *run, struct vehicle_use *out)
{
    struct measured m;
    jdoc *vehicle = NULL;
    int error = vehicle_use_said(run, out);
    if (error != ERR_NOT_FOUND)
        return error;
    error = vehicle_choose(run, &vehicle, NULL);
    if (error == 0 || error == ERR_NOT_FOUND)
        error = vehicle_use_measured(run, vehicle ? jdoc_text_or(vehicle, "id", "") : NULL, &m);
    if (error == 0)
        vehicle_use_choose(run, vehicle, &m, out);
    jdoc_free(vehicle);
    return error;
}

int vehicle_use_set(const struct vehicle_use *use, jdoc *object)
{
    int failed = jdoc_set_double(object, "consumption_l_per_100km", round(use->litres * 100) / 100);
    failed |= jdoc_set_string(object, "consumption_source", sources[use->source]);
    return failed != 0 ? ERR_NOMEM : 0;
}
