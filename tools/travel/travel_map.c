/* SPDX-License-Identifier: BSD-2-Clause */
/* mapbox_navigator: the old name of several tools, mapped on them. */
#include "tools/engine/registry.h"
#include "tools/kit/route.h"
#include "tools/travel/travel.h"

#include "base/err.h"

#include <string.h>

/* Campgrounds and fuel stops are sought at the destination, else at the origin, else at the user.
 */
static const char *travel_where(const struct tools_run *run)
{
    return jdoc_has(run->args, "destination") ? "destination" : "origin";
}

static double travel_radius(const struct tools_run *run, double miles)
{
    jdoc_get_double(run->args, "radius", &miles);
    return miles;
}

static int travel_find_campgrounds(struct tools_run *run)
{
    return travel_hunt(run, &travel_hunt_camps, travel_where(run), travel_radius(run, 50));
}

static int travel_find_fuel_stops(struct tools_run *run)
{
    return travel_hunt(run, &travel_hunt_fuel, travel_where(run), travel_radius(run, 25));
}

static int travel_cost_done(struct tools_run *run, struct route *r)
{
    bool success = false;
    int error = travel_distance_done(run, r);
    jdoc *route = error == 0 ? jdoc_dup(jdoc_get(run->result, "route")) : NULL;
    if (!route)
        return error != 0 ? error : ERR_NOMEM;
    error = travel_gas_cost(run, route_miles(r->total_metres),
        r->estimate ? "the distance is an estimate" : NULL);
    jdoc_get_bool(run->result, "success", &success);
    if (error == 0 && success)
        return jdoc_set(run->result, "route", route);
    jdoc_free(route);
    return error;
}

static int travel_with_route(struct tools_run *run, route_done_fn *done)
{
    const char *missing = !jdoc_has(run->args, "origin") ? "/origin" :
        !jdoc_has(run->args, "destination")              ? "/destination" :
                                                           NULL;
    if (missing)
        return run_fail_at(run, missing, "origin and destination",
            "for this, origin and destination are needed");
    return route_start(run, done);
}

static int travel_plan_route(struct tools_run *run)
{
    return travel_with_route(run, travel_distance_done);
}

static int travel_calculate_costs(struct tools_run *run)
{
    return travel_with_route(run, travel_cost_done);
}

int travel_tool_mapbox_navigator(struct tools_run *run)
{
    static const struct {
        const char *action;
        int (*handle)(struct tools_run *run);
    } actions[] = {
        {"plan_route", travel_plan_route},
        {"find_campgrounds", travel_find_campgrounds},
        {"find_fuel_stops", travel_find_fuel_stops},
        {"calculate_costs", travel_calculate_costs},
    };
    const char *action = jdoc_text_or(run->args, "action", "");
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(action, actions[i].action) == 0)
            return actions[i].handle(run);
    return ERR_INTERNAL;
}
