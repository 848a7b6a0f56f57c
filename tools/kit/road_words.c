/* SPDX-License-Identifier: BSD-2-Clause */
/* What people read of an estimate: ferries, trains, why there is no road. */
#include "tools/kit/road.h"

#include "base/err.h"

#include <math.h>

int road_refuse(struct tools_run *run, const struct road *road, const char *from, const char *to)
{
    const char *straight = run_distance(run, road->air_metres / 1000);
    if (road->roadless)
        return run_fail(run, "no_route",
            "There is no road from %s to %s: no road leads out of %s, and no car ferry on the way "
            "is known here. It takes a flight, or a ship; %s in a straight line.",
            from, to, road->roadless, straight);
    return run_fail(run, "no_route",
        "There is no road from %s to %s: the sea lies between, and no car ferry on the way is "
        "known here. It takes a flight, or a ship; %s in a straight line.",
        from, to, straight);
}

int road_push_ferries(const struct road *road, jdoc *list)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < road->ferry_count; i++) {
        const struct road_ferry *f = &road->ferries[i];
        jdoc *one = jdoc_new_object();
        failed = !one || jdoc_set_string(one, "kind", "ferry") != 0 ||
            jdoc_set_string(one, "name", f->name) != 0 ||
            jdoc_set_string(one, "from", f->from) != 0 || jdoc_set_string(one, "to", f->to) != 0 ||
            jdoc_set_double(one, "straight_km", round(f->metres / 1000)) != 0 ||
            jdoc_set_bool(one, "included", false) != 0;
        failed |= jdoc_push(list, one);
    }
    return failed != 0 ? ERR_NOMEM : 0;
}

const char *road_ferries_text(struct tools_run *run, const struct road *road)
{
    const char *text = "";
    for (size_t i = 0; text && i < road->ferry_count; i++) {
        const struct road_ferry *f = &road->ferries[i];
        text = arena_printf(run->arena, "%s%s%s, %s to %s (some %s by sea)", text,
            i > 0 ? "; " : "", f->name, f->from, f->to, run_distance(run, f->metres / 1000));
    }
    return text;
}

const char *road_trains_text(struct tools_run *run, const struct road *road)
{
    const char *text = "";
    for (size_t i = 0; text && i < road->train_count; i++)
        text = arena_printf(run->arena, "%s%s%s, %s to %s", text, i > 0 ? "; " : "",
            road->trains[i].name, road->trains[i].from, road->trains[i].to);
    return text;
}

const char *road_method(const struct road *road)
{
    return road->checked ?
        "great circle x 1.25 at 55 mph, around the sea; roads themselves were not checked" :
        "great circle x 1.25 at 55 mph; neither roads nor the sea were checked (no land mask "
        "here)";
}
