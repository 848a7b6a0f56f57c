/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/vehicle/fuel_said.h"

#include <math.h>
#include <string.h>

void fuel_said_read(const struct tools_run *run, struct fuel_said *out)
{
    static const char *const volumes[] = {"l", "gal_us", "gal_uk"};
    const struct units *own = &run->context->units;
    enum units_volume volume = own->volume;
    const char *unit = jdoc_string(jdoc_get(run->args, "volume_unit"), NULL);
    for (int i = 0; unit && i < 3; i++)
        if (strcmp(volumes[i], unit) == 0)
            volume = (enum units_volume)i;
    out->volume_unit = volumes[volume];
    out->litres = units_litres(volume);
    unit = jdoc_text_or(run->args, "odometer_unit", own->distance == UNITS_MI ? "mi" : "km");
    bool miles = strcmp(unit, "mi") == 0;
    out->odometer_unit = miles ? "mi" : "km";
    out->km = miles ? UNITS_KM_PER_MILE : 1;
}

/* A number of the arguments with its unit, as it was said; one in metric units is none. */
static int fuel_said_keep(const struct tools_run *run, jdoc *said, const char *key,
    const char *unit_key, const char *unit, bool metric)
{
    double value;
    if (jdoc_get_double(run->args, key, &value) != 0)
        return 0;
    jdoc_remove(said, key);
    return metric ? 0 : jdoc_set_double(said, key, value) | jdoc_set_string(said, unit_key, unit);
}

int fuel_said_set(const struct tools_run *run, const struct fuel_said *said, jdoc *entry)
{
    double odometer;
    const jdoc *before = jdoc_get(entry, "said");
    jdoc *kept = before ? jdoc_dup(before) : jdoc_new_object();
    int failed = !kept;
    /* One of the three changes another one, so none is what was said any more. */
    if (jdoc_has(run->args, "volume") || jdoc_has(run->args, "price") ||
        jdoc_has(run->args, "total")) {
        jdoc_remove(kept, "volume");
        jdoc_remove(kept, "price");
        jdoc_remove(kept, "volume_unit");
    }
    if (!failed) {
        failed |= fuel_said_keep(run, kept, "odometer", "odometer_unit", said->odometer_unit,
            said->km == 1);
        failed |= fuel_said_keep(run, kept, "volume", "volume_unit", said->volume_unit,
            said->litres == 1);
        failed |=
            fuel_said_keep(run, kept, "price", "volume_unit", said->volume_unit, said->litres == 1);
    }
    if (!failed && jdoc_get_double(run->args, "odometer", &odometer) == 0)
        failed |= jdoc_set_double(entry, "odometer", round(odometer * said->km * 1000) / 1000);
    if (!jdoc_has(kept, "odometer"))
        jdoc_remove(kept, "odometer_unit");
    if (!jdoc_has(kept, "volume") && !jdoc_has(kept, "price"))
        jdoc_remove(kept, "volume_unit");
    if (!failed && jdoc_length(kept) > 0)
        return jdoc_set(entry, "said", kept);
    jdoc_free(kept);
    jdoc_remove(entry, "said");
    return failed ? ERR_NOMEM : 0;
}
