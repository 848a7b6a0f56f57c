/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family profile about vehicles. Records: see tools/kit/vehicle.h. */
#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/vehicle.h"
#include "tools/kit/vehicle_use.h"

#include "base/err.h"
#include "base/ident.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MPG_FACTOR 235.214583 /* US miles per gallon times litres per 100 km */

static const char *const plain_fields[] = {"name", "make", "model", "year", "vehicle_type",
    "fuel_type", "height_m", "width_m", "length_m", "weight_t", "axle_load_t", "carries_propane",
    NULL};
static const char *const *const size_fields = plain_fields + 6;

/* The vehicle as shown: with whether it is the primary one. */
static int profile_vehicle_answer(struct tools_run *run, const jdoc *vehicle, bool primary)
{
    jdoc *shown = jdoc_dup(vehicle);
    if (!shown || jdoc_set_bool(shown, "is_primary", primary) != 0) {
        jdoc_free(shown);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, "vehicle", shown);
}

/* Writes the vehicle and, when it is to be primary, the record that says so. */
static int profile_vehicle_commit_vehicle(struct tools_run *run, const jdoc *vehicle, bool primary)
{
    const char *id = jdoc_text_or(vehicle, "id", "");
    jdoc *pointer = jdoc_new_object();
    int error = !pointer || jdoc_set_string(pointer, "id", "me") != 0 ||
            jdoc_set_string(pointer, "vehicle_id", id) != 0 ?
        ERR_NOMEM :
        0;
    struct record_item items[] = {
        {.family = VEHICLE_FAMILY, .id = id, .document = vehicle, .time_ms = run->context->now_ms},
        {.family = VEHICLE_PRIMARY,
            .id = "me",
            .document = pointer,
            .time_ms = run->context->now_ms},
    };
    if (error == 0)
        error = record_commit(run, items, primary ? 2 : 1, false);
    jdoc_free(pointer);
    return error;
}

int profile_tool_create_vehicle(struct tools_run *run)
{
    char id[IDENT_UUID_SIZE];
    bool primary = false;
    int64_t year;
    jdoc *first = NULL;
    if (jdoc_get_int(run->args, "year", &year) == 0) {
        int wrong = vehicle_check_year(run, "year", year);
        if (wrong != 0)
            return wrong == ERR_INVALID ? 0 : wrong;
    }
    jdoc_get_bool(run->args, "set_as_primary", &primary);
    int error = vehicle_choose(run, &first, NULL);
    jdoc_free(first);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    primary |= error == ERR_NOT_FOUND; /* the first one */
    ident_uuid7(id);
    jdoc *vehicle = jdoc_new_object();
    error = !vehicle || jdoc_set_string(vehicle, "id", id) != 0 ||
            record_copy(vehicle, run->args, plain_fields) != 0 || record_stamp(run, vehicle) != 0 ||
            !run_succeed(run, "%s is added%s.", jdoc_text_or(vehicle, "name", ""),
                primary ? " as the primary vehicle" : "") ?
        ERR_NOMEM :
        0;
    if (error == 0)
        error = profile_vehicle_answer(run, vehicle, primary);
    if (error == 0)
        error = profile_vehicle_commit_vehicle(run, vehicle, primary);
    jdoc_free(vehicle);
    return error;
}

/* --- update_vehicle_fuel_consumption --- */

/* Returns 0; ERR_INVALID (the failure is set); a fault. */
static int profile_vehicle_read_use(struct tools_run *run, double *litres)
{
    int error = vehicle_use_read(run, litres);
    if (error != ERR_NOT_FOUND)
        return error;
    error = run_fail_at(run, "", "l_per_100km, km_per_l, mpg or mpg_imperial",
        "Give the consumption as l_per_100km, km_per_l, mpg or mpg_imperial.");
    return error != 0 ? error : ERR_INVALID;
}

/* What a change writes, and says. Returns 0 or a fault. */
typedef int profile_vehicle_change(struct tools_run *run, jdoc *vehicle, void *arg);
struct profile_vehicle_job {
    profile_vehicle_change *change;
    void *arg;
};

static int profile_vehicle_change_use(struct tools_run *run, jdoc *vehicle, void *arg)
{
    const double *litres = arg;
    char used[UNITS_TEXT_SIZE];
    units_fuel_text(&run->context->units, *litres, used);
    return jdoc_set_double(vehicle, "l_per_100km", round(*litres * 100) / 100) != 0 ||
            jdoc_set_double(vehicle, "mpg", round(MPG_FACTOR / *litres * 100) / 100) != 0 ||
            record_stamp(run, vehicle) != 0 ||
            !run_succeed(run, "%s uses %s.", jdoc_text_or(vehicle, "name", ""), used) ?
        ERR_NOMEM :
        0;
}

static int profile_vehicle_change_once(struct tools_run *run, void *arg)
{
    const struct profile_vehicle_job *job = arg;
    jdoc *vehicle = NULL, *primary = NULL;
    const char *seen = NULL, *id;
    int error = vehicle_choose(run, &vehicle, &seen);
    if (error == ERR_NOT_FOUND) {
        error = run_fail(run, "not_found", "The user has no vehicle yet. create_vehicle adds one.");
        return error != 0 ? error : ERR_INVALID;
    }
    if (error != 0)
        return error;
    id = jdoc_text_or(vehicle, "id", "");
    error = record_get(run, VEHICLE_PRIMARY, "me", &primary, NULL);
    bool is_primary = error == 0 && strcmp(jdoc_text_or(primary, "vehicle_id", ""), id) == 0;
    jdoc_free(primary);
    if (error == 0 || error == ERR_NOT_FOUND)
        error = job->change(run, vehicle, job->arg);
    if (error == 0)
        error = profile_vehicle_answer(run, vehicle, is_primary);
    struct record_item item = {.family = VEHICLE_FAMILY,
        .id = id,
        .document = vehicle,
        .time_ms = run->context->now_ms,
        .seen = seen};
    if (error == 0)
        error = record_commit(run, &item, 1, true);
    jdoc_free(vehicle);
    return error;
}

int profile_tool_update_vehicle_fuel_consumption(struct tools_run *run)
{
    double litres = 0;
    int error = profile_vehicle_read_use(run, &litres);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    struct profile_vehicle_job job = {profile_vehicle_change_use, &litres};
    return record_retry(run, profile_vehicle_change_once, &job);
}

/* --- update_vehicle_size --- */

static int profile_vehicle_change_size(struct tools_run *run, jdoc *vehicle, void *arg)
{
    (void)arg;
    return record_copy(vehicle, run->args, size_fields) != 0 || record_stamp(run, vehicle) != 0 ||
            !run_succeed(run, "The size of %s is stored: routes respect it where they can.",
                jdoc_text_or(vehicle, "name", "")) ?
        ERR_NOMEM :
        0;
}

int profile_tool_update_vehicle_size(struct tools_run *run)
{
    struct profile_vehicle_job job = {profile_vehicle_change_size, NULL};
    bool any = false;
    for (const char *const *key = size_fields; *key; key++)
        any |= jdoc_get(run->args, *key) != NULL;
    if (!any)
        return run_fail_at(run, "",
            "height_m, width_m, length_m, weight_t, axle_load_t or "
            "carries_propane",
            "Say how high, wide, long or heavy the vehicle is.");
    return record_retry(run, profile_vehicle_change_once, &job);
}
