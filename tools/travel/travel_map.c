/* mapbox_navigator: the old name of several tools, mapped on them. */
#include "tools/engine/registry.h"
#include "tools/kit/route.h"
#include "tools/travel/travel.h"

#include "base/err.h"

#include <string.h>

/* Campgrounds and fuel stops are sought at the destination, else at the origin, else at the user.
 */
static const char *where(const struct tools_run *run)
{
    return jdoc_has(run->args, "destination") ? "destination" : "origin";
}

static double radius(const struct tools_run *run, double miles)
{
    jdoc_get_double(run->args, "radius", &miles);
    return miles;
}

static int find_campgrounds(struct tools_run *run)
{
    return travel_hunt(run, &travel_hunt_camps, where(run), radius(run, 50));
}

static int find_fuel_stops(struct tools_run *run)
{
    return travel_hunt(run, &travel_hunt_fuel, where(run), radius(run, 25));
}

static int cost_done(struct tools_run *run, struct route *r)
{
    bool success = false;
    int result = travel_distance_done(run, r);
    jdoc *route = result == 0 ? jdoc_dup(jdoc_get(run->result, "route")) : NULL;
    if (route == NULL)
        return result != 0 ? result : ERR_NOMEM;
    result = travel_gas_cost(run, route_miles(r->total_metres),
        r->estimate ? "the distance is an estimate" : NULL);
    jdoc_get_bool(run->result, "success", &success);
    if (result == 0 && success)
        return jdoc_set(run->result, "route", route);
    jdoc_free(route);
    return result;
}

static int with_route(struct tools_run *run, route_done_fn *done)
{
    const char *missing = !jdoc_has(run->args, "origin") ? "/origin"
        : !jdoc_has(run->args, "destination") ? "/destination" : NULL;
    if (missing != NULL)
        return run_fail_at(run, missing, "origin and destination",
            "for this, origin and destination are needed");
    return route_start(run, done);
}

static int plan_route(struct tools_run *run)
{
    return with_route(run, travel_distance_done);
}

static int calculate_costs(struct tools_run *run)
{
    return with_route(run, cost_done);
}

int travel_tool_mapbox_navigator(struct tools_run *run)
{
    static const struct { const char *action; int (*handle)(struct tools_run *run); } actions[] = {
        { "plan_route", plan_route }, { "find_campgrounds", find_campgrounds },
        { "find_fuel_stops", find_fuel_stops }, { "calculate_costs", calculate_costs },
    };
    const char *action = jdoc_text_or(run->args, "action", "");
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(action, actions[i].action) == 0)
            return actions[i].handle(run);
    return ERR_INTERNAL;
}
