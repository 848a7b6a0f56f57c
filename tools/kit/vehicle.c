/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/vehicle.h"

#include "base/err.h"
#include "tools/kit/civil.h"
#include "tools/kit/record.h"

#include <stdio.h>

int vehicle_choose(struct tools_run *run, jdoc **vehicle, const char **text)
{
    jdoc *primary = NULL;
    const char *id = jdoc_string(jdoc_get(run->args, "vehicle_id"), NULL);
    *vehicle = NULL;
    if (id) {
        int error = record_get(run, VEHICLE_FAMILY, id, vehicle, text);
        if (error != ERR_NOT_FOUND)
            return error;
        error = run_fail(run, "not_found",
            "The user has no vehicle with this id. Leave "
            "vehicle_id out for the primary vehicle.");
        return error != 0 ? error : ERR_INVALID;
    }
    int error = record_get(run, VEHICLE_PRIMARY, "me", &primary, NULL);
    if (error == 0)
        error =
            record_get(run, VEHICLE_FAMILY, jdoc_text_or(primary, "vehicle_id", ""), vehicle, text);
    jdoc_free(primary);
    return error;
}

int vehicle_size(struct tools_run *run, struct vehicle_size *out)
{
    jdoc *vehicle = NULL;
    int error = vehicle_choose(run, &vehicle, NULL);
    *out = (struct vehicle_size){.propane = false};
    if (error != 0)
        return error;
    struct {
        const char *key;
        double *to;
    } parts[] = {{"height_m", &out->height_m}, {"width_m", &out->width_m},
        {"length_m", &out->length_m}, {"weight_t", &out->weight_t}, {"axle_load_t", &out->axle_t}};
    bool known = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        known |= jdoc_get_double(vehicle, parts[i].key, parts[i].to) == 0 && *parts[i].to > 0;
    jdoc_get_bool(vehicle, "carries_propane", &out->propane);
    jdoc_free(vehicle);
    return known || out->propane ? 0 : ERR_NOT_FOUND;
}

int vehicle_check_year(struct tools_run *run, const char *key, int64_t year)
{
    struct civil now;
    char path[64], expected[64];
    civil_from_seconds(run->context->now_ms / 1000, &now);
    if (year >= 1900 && year <= now.year + 1)
        return 0;
    snprintf(path, sizeof path, "/%s", key);
    snprintf(expected, sizeof expected, "a year from 1900 to %d", now.year + 1);
    int error = run_fail_at(run, path, expected, "%s is no possible year", key);
    return error != 0 ? error : ERR_INVALID;
}
