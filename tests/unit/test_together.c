/* SPDX-License-Identifier: BSD-2-Clause */
/* The tools of shared and live trips: ann's trip, bob and cid on it. */
#include "base/clock.h"
#include "store/shared.h"
#include "store/trips.h"
#include "tests/unit/cm.h"
#include "tests/unit/provider_double.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/trip_live.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char trip[64];

static jdoc *as(const char *uid, const char *name, const char *args)
{
    bench.context.uid = uid;
    jdoc *r = tool_ok(&bench, name, args);
    bench.context.uid = "ann";
    return r;
}

static void no(const char *uid, const char *name, const char *args, const char *code)
{
    bench.context.uid = uid;
    tool_refused(&bench, name, args, code, NULL);
    bench.context.uid = "ann";
}

/* {"trip_id":...MORE} */
static const char *of_trip(const char *more)
{
    static char args[4][512];
    static unsigned n;
    char *out = args[n++ % 4];
    snprintf(out, sizeof args[0], "{\"trip_id\":\"%s\"%s}", trip, more);
    return out;
}

static int planned(void **state)
{
    int error = tool_fixture_empty(state);
    jdoc *r = as("ann", "plan_trip",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"waypoints\":[\"Gold Coast\"]}");
    snprintf(trip, sizeof trip, "%s", text_at(r, "/trip/id"));
    jdoc_free(r);
    return error;
}

static void join(const char *uid, const char *role)
{
    char more[64], args[128];
    snprintf(more, sizeof more, ",\"role\":\"%s\"", role);
    jdoc *r = as("ann", "invite_to_trip", of_trip(more));
    snprintf(args, sizeof args, "{\"code\":\"%s\"}", text_at(r, "/invitation/code"));
    jdoc_free(r);
    r = as(uid, "join_trip", args);
    assert_string_equal(text_at(r, "/membership/role"), role);
    jdoc_free(r);
}

static void editors_change_and_viewers_see(void **state)
{
    (void)state;
    no("bob", "get_trip", of_trip(""), "not_found");
    join("bob", "editor");
    join("cid", "viewer");
    jdoc *r =
        as("bob", "change_trip", of_trip(",\"title\":\"Up the coast\",\"notes\":\"Bring a hose\""));
    jdoc_free(r);
    r = as("cid", "get_trip", of_trip(""));
    assert_string_equal(text_at(r, "/trip/title"), "Up the coast");
    assert_string_equal(text_at(r, "/trip/updated_by"), "bob");
    assert_string_equal(text_at(r, "/sharing/role"), "viewer");
    double before = number_at(r, "/trip/distance_km");
    double litres = number_at(r, "/trip/cost_estimate/fuel_litres");
    jdoc_free(r);
    no("cid", "change_trip", of_trip(",\"title\":\"Mine\""), "forbidden");
    no("bob", "change_trip", of_trip(""), "invalid_argument");
    no("bob", "change_trip", of_trip(",\"start_date\":\"2026-12-05\",\"end_date\":\"2026-12-01\""),
        "invalid_argument");
    r = as("bob", "change_trip", of_trip(",\"destination\":\"Perth\""));
    assert_true(number_at(r, "/trip/distance_km") > before + 1000);
    assert_true(number_at(r, "/trip/cost_estimate/fuel_litres") > litres * 1.5);
    assert_string_equal(text_at(r, "/trip/title"), "Up the coast");
    assert_int_equal(jdoc_length(at(r, "/trip/waypoints")), 1);
    assert_int_equal(jdoc_length(at(r, "/trip/legs")), 2);
    jdoc_free(r);
    r = as("cid", "list_shared_trips", "{}");
    assert_int_equal(number_at(r, "/count"), 1);
    assert_string_equal(text_at(r, "/trips/0/owner"), "ann");
    jdoc_free(r);
    r = as("ann", "list_shared_trips", "{}");
    assert_string_equal(text_at(r, "/trips/0/role"), "owner");
    jdoc_free(r);
    r = as("cid", "list_trip_members", of_trip(""));
    assert_int_equal(jdoc_length(at(r, "/members")), 3);
    jdoc_free(r);
}

#define ONE_LEG "{\"trip\":{\"legs\":[{\"summary\":{\"length\":916.5,\"time\":34000}}]}}"

static void plan(const char *args)
{
    jdoc *r = as("ann", "plan_trip", args);
    snprintf(trip, sizeof trip, "%s", text_at(r, "/trip/id"));
    jdoc_free(r);
}

/* An editor's way is for the vehicle of the trip, and avoids what its owner wants avoided. */
static void an_editors_way_suits_the_owners_vehicle(void **state)
{
    struct provider_double d;
    (void)state;
    jdoc_free(as("ann", "create_vehicle", "{\"name\":\"Rig\",\"height_m\":3.2}"));
    jdoc_free(as("bob", "create_vehicle", "{\"name\":\"Mini\",\"height_m\":1.4}"));
    plan("{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"avoid\":[\"tolls\"]}");
    join("bob", "editor");
    provider_double_start(&d, &bench, "valhalla.url", "200 OK", ONE_LEG);
    jdoc *r = as("bob", "change_trip", of_trip(",\"destination\":\"Gold Coast\""));
    assert_non_null(strstr(d.seen, "\"truck\":{\"height\":3.2,"));
    assert_non_null(strstr(d.seen, "\"use_tolls\":0"));
    assert_true(number_at(r, "/trip/vehicle_size/height_m") == 3.2);
    assert_string_equal(text_at(r, "/trip/avoid/0"), "tolls");
    jdoc_free(r);
    jdoc_free(as("ann", "update_vehicle_size", "{\"height_m\":3.5}"));
    r = as("ann", "change_trip", of_trip(",\"destination\":\"Brisbane\""));
    assert_non_null(strstr(d.seen, "\"truck\":{\"height\":3.5,"));
    assert_true(number_at(r, "/trip/vehicle_size/height_m") == 3.5);
    jdoc_free(r);
    provider_double_stop(&d);
}

/* What is not named stays where it is, also for who is near another place of that name. */
static void a_place_that_is_not_named_stays(void **state)
{
    (void)state;
    plan("{\"origin\":\"-32.92953,151.7801\",\"destination\":\"Brisbane\"}");
    jdoc *r = as("ann", "get_trip", of_trip(""));
    jdoc *doc = jdoc_dup(at(r, "/trip"));
    jdoc *origin = jdoc_get(doc, "origin");
    struct buf json = {0};
    jdoc_free(r);
    assert_int_equal(jdoc_set_string(origin, "name", "Perth"), 0);
    assert_int_equal(jdoc_set_string(origin, "country", "Australia"), 0);
    jdoc_write(doc, &json);
    tool_seed(&bench, "trip", trip, noon, buf_text(&json));
    buf_free(&json);
    jdoc_free(doc);
    r = as("ann", "change_trip", of_trip(",\"destination\":\"Sydney\""));
    assert_string_equal(text_at(r, "/trip/origin/name"), "Perth");
    assert_true(fabs(number_at(r, "/trip/origin/latitude") + 32.92953) < 1e-9);
    assert_string_equal(text_at(r, "/trip/legs/0/from"), "Perth");
    assert_true(number_at(r, "/trip/distance_km") < 400);
    jdoc_free(r);
}

static void two_ways_at_once_are_a_conflict(void **state)
{
    struct provider_double d;
    char args[2][160];
    const char *calls[2][2] = {{"change_trip", args[0]}, {"change_trip", args[1]}};
    jdoc *results[2];
    int done = 0;
    (void)state;
    plan("{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}");
    snprintf(args[0], sizeof args[0], "%s", of_trip(",\"destination\":\"Perth\""));
    snprintf(args[1], sizeof args[1], "%s", of_trip(",\"origin\":\"Melbourne\""));
    provider_double_start(&d, &bench, "valhalla.url", "200 OK", ONE_LEG);
    tool_calls_overlap(&bench, calls, NULL, results);
    for (int i = 0; i < 2; i++) {
        assert_non_null(results[i]);
        if (jdoc_is_true(results[i], "success"))
            done++;
        else
            assert_string_equal(text_at(results[i], "/error/code"), "conflict");
        jdoc_free(results[i]);
    }
    assert_int_equal(done, 1);
    provider_double_stop(&d);
}

static void the_owner_decides(void **state)
{
    (void)state;
    join("bob", "viewer");
    no("bob", "invite_to_trip", of_trip(""), "forbidden");
    no("ann", "change_trip_member", of_trip(",\"user_id\":\"eva\",\"action\":\"remove\""),
        "invalid_argument");
    no("ann", "change_trip_member", of_trip(",\"user_id\":\"bob\",\"action\":\"set_role\""),
        "invalid_argument");
    jdoc_free(as("ann", "change_trip_member",
        of_trip(",\"user_id\":\"bob\",\"action\":\"set_role\",\"role\":\"editor\"")));
    jdoc_free(as("bob", "change_trip", of_trip(",\"notes\":\"Yes\"")));
    jdoc_free(
        as("ann", "change_trip_member", of_trip(",\"user_id\":\"bob\",\"action\":\"hand_over\"")));
    no("ann", "invite_to_trip", of_trip(""), "forbidden");
    jdoc_free(
        as("bob", "change_trip_member", of_trip(",\"user_id\":\"ann\",\"action\":\"remove\"")));
    no("ann", "get_trip", of_trip(""), "not_found");
    no("bob", "leave_trip", of_trip(""), "conflict");
}

static void members_leave_and_owners_end(void **state)
{
    (void)state;
    join("bob", "viewer");
    join("cid", "viewer");
    jdoc_free(as("bob", "leave_trip", of_trip("")));
    no("bob", "get_trip", of_trip(""), "not_found");
    jdoc_free(as("ann", "leave_trip", of_trip("")));
    no("cid", "get_trip", of_trip(""), "not_found");
    jdoc_free(as("ann", "get_trip", of_trip("")));
}

static void invitations(void **state)
{
    char args[128];
    struct shared_follow f;
    (void)state;
    no("ann", "invite_to_trip", of_trip(",\"user_id\":\"nobody\""), "invalid_argument");
    no("ann", "invite_to_trip", of_trip(",\"user_id\":\"ann\""), "invalid_argument");
    jdoc_free(as("bob", "follow_user", "{\"target_user_id\":\"bob2\",\"unfollow\":true}"));
    assert_int_equal(shared_follow(bench.context.store, NULL, "ann", "bob", true, &f), 0);
    no("ann", "invite_to_trip", of_trip(",\"user_id\":\"bob\""), "invalid_argument");
    assert_int_equal(shared_follow(bench.context.store, NULL, "bob", "ann", true, &f), 0);
    jdoc *r = as("ann", "invite_to_trip", of_trip(",\"user_id\":\"bob\""));
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), 1);
    snprintf(args, sizeof args, "{\"code\":\"%s\"}", text_at(r, "/invitation/code"));
    jdoc_free(r);
    no("cid", "join_trip", args, "not_found");
    no("ann", "join_trip", args, "conflict");
    snprintf(strchr(args, '}'), 20, ",\"decline\":true}");
    jdoc_free(as("bob", "join_trip", args));
    assert_int_equal(tool_fixture_number("XLEN tp:{ann}:inbox"), 1);
    r = as("ann", "invite_to_trip", of_trip(",\"max_uses\":3"));
    char more[128];
    snprintf(more, sizeof more, ",\"invitation_id\":\"%s\"",
        text_at(r, "/invitation/invitation_id"));
    snprintf(args, sizeof args, "{\"code\":\"%s\"}", text_at(r, "/invitation/code"));
    jdoc_free(r);
    jdoc_free(as("ann", "revoke_trip_invitation", of_trip(more)));
    no("ann", "revoke_trip_invitation", of_trip(more), "not_found");
    no("bob", "join_trip", args, "not_found");
    for (int i = 0; i < TRIPS_WRONG_CODES; i++)
        no("eva", "join_trip", "{\"code\":\"0123456789abcdef\"}", "not_found");
    no("eva", "join_trip", "{\"code\":\"0123456789abcdef\"}", "rate_limited");
}

/* A repeated call has the first one's code, also when only the owner's mark is left. */
static void a_repeated_call_invites_once(void **state)
{
    (void)state;
    jdoc *first = tool_call(&bench, "invite_to_trip", "c1", of_trip(""));
    assert_int_equal(link_command(bench.context.store->link, NULL, "EVAL %s 0",
                         "for _,k in ipairs(redis.call('KEYS','tp:{ann}:effect:invite*')) do "
                         "redis.call('DEL',k) end"),
        0);
    jdoc *again = tool_call(&bench, "invite_to_trip", "c1", of_trip(""));
    assert_string_equal(text_at(first, "/invitation/code"), text_at(again, "/invitation/code"));
    jdoc_free(first);
    jdoc_free(again);
}

/* The worker died between the owner's slot and the actor's: only the owner's mark is left. */
static void again(const char *uid, const char *name, const char *args)
{
    char script[160];

    bench.context.uid = uid;
    jdoc *first = tool_call(&bench, name, "c1", args);
    assert_true(jdoc_is_true(first, "success"));
    snprintf(script, sizeof script,
        "for _,k in ipairs(redis.call('KEYS','tp:{%s}:effect:%s*')) do redis.call('DEL',k) end",
        uid, name);
    assert_int_equal(link_command(bench.context.store->link, NULL, "EVAL %s 0", script), 0);
    jdoc *second = tool_call(&bench, name, "c1", args);
    assert_true(jdoc_is_true(second, "success"));
    assert_string_equal(text_at(first, "/message"), text_at(second, "/message"));
    jdoc_free(first);
    jdoc_free(second);
    bench.context.uid = "ann";
}

static void what_a_call_reached_is_its_success(void **state)
{
    (void)state;
    bench.context.now_ms = clock_real_ms();
    join("bob", "editor");
    join("cid", "viewer");
    join("eva", "viewer");
    again("bob", "start_live_trip", of_trip(""));
    no("bob", "start_live_trip", of_trip(""), "conflict");
    again("bob", "stop_live_trip", of_trip(""));
    no("bob", "stop_live_trip", of_trip(""), "not_found");
    again("cid", "leave_trip", of_trip(""));
    no("cid", "leave_trip", of_trip(""), "not_found");
    again("ann", "change_trip_member", of_trip(",\"user_id\":\"eva\",\"action\":\"remove\""));
    again("ann", "leave_trip", of_trip(""));
    no("ann", "leave_trip", of_trip(""), "conflict");
    join("bob", "editor");
    bench.context.uid = "ann";
    const char *give = of_trip(",\"user_id\":\"bob\",\"action\":\"hand_over\"");
    jdoc_free(tool_call(&bench, "change_trip_member", "c2", give));
    assert_int_equal(link_command(bench.context.store->link, NULL, "EVAL %s 0",
                         "for _,k in ipairs(redis.call('KEYS','tp:{ann}:effect:change_trip_*')) do "
                         "redis.call('DEL',k) end"),
        0);
    jdoc *r = tool_call(&bench, "change_trip_member", "c2", give);
    assert_true(jdoc_is_true(r, "success"));
    jdoc_free(r);
    no("ann", "change_trip_member", give, "forbidden");
}

/* A shared trip is not deleted; where it was, nobody is held. */
static void a_shared_trip_is_not_deleted(void **state)
{
    char args[128];
    (void)state;
    snprintf(args, sizeof args, "{\"kind\":\"trip\",\"id\":\"%s\"}", trip);
    join("bob", "viewer");
    join("cid", "viewer");
    no("ann", "delete_record", args, "conflict");
    jdoc_free(as("bob", "get_trip", of_trip("")));
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:trip"), 1);
    assert_int_equal(link_command(bench.context.store->link, NULL, "DEL tp:{ann}:r:trip"), 0);
    jdoc_free(as("bob", "leave_trip", of_trip("")));
    jdoc *r = as("bob", "list_shared_trips", "{}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
    jdoc_free(as("ann", "leave_trip", of_trip("")));
    assert_int_equal(tool_fixture_number("SCARD tp:{ann}:shares"), 0);
    r = as("cid", "list_shared_trips", "{}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
}

/* change_record of a shared trip is change_trip: the others are told. Its money is the owner's. */
static void members_are_told_what_change_record_changes(void **state)
{
    char args[300];
    (void)state;
    const char *const change = "{\"kind\":\"trip\",\"id\":\"%s\",\"changes\":{\"title\":\"%s\"}}";
    snprintf(args, sizeof args, change, trip, "Alone");
    jdoc_free(as("ann", "change_record", args));
    join("bob", "viewer");
    int64_t before = tool_fixture_number("XLEN tp:{bob}:inbox");
    snprintf(args, sizeof args, "{\"kind\":\"trip\",\"id\":\"%s\",\"changes\":{\"budget\":900}}",
        trip);
    jdoc_free(as("ann", "change_record", args));
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), before);
    snprintf(args, sizeof args, change, trip, "Together");
    jdoc *r = as("ann", "change_record", args);
    assert_string_equal(text_at(r, "/kind"), "trip");
    assert_string_equal(text_at(r, "/record/title"), "Together");
    assert_int_equal(number_at(r, "/record/budget"), 900);
    jdoc_free(r);
    assert_int_equal(tool_fixture_number("XLEN tp:{bob}:inbox"), before + 1);
    r = as("bob", "get_trip", of_trip(""));
    assert_string_equal(text_at(r, "/trip/title"), "Together");
    jdoc_free(r);
    no("bob", "change_record", args, "not_found");
}

/* What was changed before others took part is not taken back behind their backs. */
static void undo_hides_nothing_from_members(void **state)
{
    char args[300], id[80];
    (void)state;
    snprintf(args, sizeof args,
        "{\"kind\":\"trip\",\"id\":\"%s\",\"changes\":{\"title\":\"Alone\"}}", trip);
    jdoc_free(as("ann", "change_record", args));
    snprintf(args, sizeof args, "{\"kind\":\"trip\",\"id\":\"%s\",\"history\":true}", trip);
    jdoc *r = as("ann", "get_record", args);
    snprintf(id, sizeof id, "{\"change_id\":\"%s\"}", text_at(r, "/history/0/change_id"));
    jdoc_free(r);
    join("bob", "viewer");
    no("ann", "undo_change", id, "forbidden");
    r = as("bob", "get_trip", of_trip(""));
    assert_string_equal(text_at(r, "/trip/title"), "Alone");
    jdoc_free(r);
    snprintf(args, sizeof args, "{\"kind\":\"trip\",\"id\":\"%s\",\"changes\":{\"budget\":900}}",
        trip);
    jdoc_free(as("ann", "change_record", args));
    jdoc_free(as("ann", "undo_change", "{}")); /* its money is the owner's */
    jdoc_free(as("bob", "leave_trip", of_trip("")));
    jdoc_free(as("ann", "undo_change", id));
}

static void a_trip_is_deleted_when_its_sharing_is_over(void **state)
{
    char args[128];
    (void)state;
    snprintf(args, sizeof args, "{\"kind\":\"trip\",\"id\":\"%s\"}", trip);
    join("bob", "viewer");
    jdoc_free(as("bob", "leave_trip", of_trip("")));
    jdoc_free(as("ann", "delete_record", args));
}

/* ---- the way of a live trip ---- */

static const char two_legs[] =
    "{\"origin\":{\"name\":\"A\",\"latitude\":-30,\"longitude\":150},\"waypoints\":[{\"name\":\"B\","
    "\"latitude\":-31,\"longitude\":150}],\"destination\":{\"name\":\"C\",\"latitude\":-32,"
    "\"longitude\":150},\"legs\":[{\"distance_km\":140,\"drive_hours\":2},{\"distance_km\":140,"
    "\"drive_hours\":2}]}";
#define START INT64_C(1800000000000)
#define MINUTE INT64_C(60000)

static struct trip_way way_of(jdoc **doc)
{
    struct trip_way way;
    assert_int_equal(jdoc_parse(two_legs, strlen(two_legs), doc, NULL, 0), 0);
    assert_int_equal(trip_live_way(*doc, &way), 0);
    return way;
}

static struct trip_moved move(const struct trip_way *way, struct trip_live *live, double latitude,
    int64_t minutes)
{
    struct trip_moved moved;
    struct trip_point p = {latitude, 150, START + minutes * MINUTE};
    trip_live_move(way, live, &p, 1, p.at_ms, &moved);
    return moved;
}

static void the_arrival_follows_the_legs(void **state)
{
    jdoc *doc;
    struct trip_way way = way_of(&doc);
    struct trip_live live = {.started_ms = START, .next = 1, .threshold_ms = 15 * MINUTE};
    (void)state;
    struct trip_moved m = move(&way, &live, -30, 0);
    assert_int_equal(m.accepted, 1);
    assert_false(m.delayed);
    assert_true(fabs((double)(live.end_ms - START) / MINUTE - 240) < 2);
    m = move(&way, &live, -30.5, 60);
    assert_false(m.delayed);
    assert_true(fabs((double)(live.next_ms - START) / MINUTE - 120) < 2);
    m = move(&way, &live, -30.5, 80); /* 20 minutes for nothing */
    assert_true(m.delayed);
    assert_int_equal(trip_live_delay(&live), 20);
    m = move(&way, &live, -30.5, 85);
    assert_false(m.delayed); /* not again */
    m = move(&way, &live, -31, 145);
    assert_int_equal(m.reached, 1);
    assert_int_equal(live.next, 2);
    m = move(&way, &live, -32, 265);
    assert_true(m.arrived);
    jdoc_free(doc);
}

static void points_out_of_order_and_jumps(void **state)
{
    jdoc *doc;
    struct trip_way way = way_of(&doc);
    struct trip_live live = {.started_ms = START, .next = 1, .threshold_ms = 15 * MINUTE};
    struct trip_moved m;
    struct trip_point batch[] = {{-30.2, 150, START + 20 * MINUTE}, {-30, 150, START},
        {-30.1, 150, START + 10 * MINUTE}, {10, 10, START + 21 * MINUTE},
        {-30.1, 150, START + 900 * MINUTE}};
    (void)state;
    trip_live_move(&way, &live, batch, 5, START + 30 * MINUTE, &m);
    assert_int_equal(m.accepted, 3);
    assert_int_equal(m.ignored, 2); /* the jump, and the one of the future */
    assert_true(fabs(live.last.latitude + 30.2) < 1e-9);
    m = move(&way, &live, -30.1, 15);
    assert_int_equal(m.ignored, 1); /* late */
    m = move(&way, &live, -31.9, 23);
    assert_int_equal(m.ignored, 1); /* too fast */
    m = move(&way, &live, -31.91, 24);
    assert_int_equal(m.accepted, 1); /* and true: the next one says so, too */
    assert_int_equal(live.next, 2);  /* the stop between is behind */
    jdoc_free(doc);
}

static void the_state_is_kept_whole(void **state)
{
    struct buf json = {0};
    struct trip_live back,
        live = {.traveller = "ann",
            .started_ms = 1,
            .ends_ms = 2,
            .threshold_ms = 3,
            .rough = true,
            .next = 4,
            .placed = true,
            .last = {-1.5, 2.5, 5},
            .planned_ms = 6,
            .next_ms = 7,
            .end_ms = 8,
            .told_ms = -9,
            .shown_ms = 10};
    (void)state;
    trip_live_write(&live, &json);
    assert_int_equal(trip_live_read(buf_text(&json), &back), 0);
    buf_free(&json);
    trip_live_write(&back, &json);
    assert_non_null(
        strstr(buf_text(&json), "\"told\":-9,\"shown\":10,\"last\":{\"latitude\":-1.5"));
    buf_free(&json);
    assert_int_equal(trip_live_read("{}", &back), ERR_INVALID);
    assert_int_equal(trip_live_read("torn", &back), ERR_INVALID);
}

static void rough_is_rough(void **state)
{
    jdoc *doc;
    struct trip_way way = way_of(&doc);
    struct trip_live live = {.traveller = "ann", .started_ms = START, .next = 1, .rough = true};
    (void)state;
    move(&way, &live, -30.4321, 0);
    jdoc *shown = trip_live_show(&way, &live, "t", false);
    assert_true(fabs(number_at(shown, "/position/latitude") + 30.4) < 1e-9);
    jdoc_free(shown);
    shown = trip_live_show(&way, &live, "t", true);
    assert_true(fabs(number_at(shown, "/position/latitude") + 30.4321) < 1e-9);
    jdoc_free(shown);
    jdoc_free(doc);
}

static void a_live_trip_by_tools(void **state)
{
    (void)state;
    bench.context.now_ms = clock_real_ms(); /* by which Redis ends it */
    join("bob", "editor");
    join("cid", "viewer");
    no("cid", "start_live_trip", of_trip(""), "forbidden");
    no("cid", "live_trip_status", of_trip(""), "not_found");
    jdoc *r = as("bob", "start_live_trip", of_trip(",\"hours\":2"));
    assert_string_equal(text_at(r, "/live/traveller"), "bob");
    assert_string_equal(text_at(r, "/live/precision"), "exact");
    jdoc_free(r);
    no("ann", "start_live_trip", of_trip(""), "conflict");
    r = as("cid", "live_trip_status", of_trip(""));
    assert_string_equal(text_at(r, "/live/next_stop"), "Gold Coast");
    jdoc_free(r);
    no("eva", "live_trip_status", of_trip(""), "not_found");
    no("cid", "stop_live_trip", of_trip(""), "forbidden");
    jdoc_free(as("ann", "stop_live_trip", of_trip("")));
    no("cid", "live_trip_status", of_trip(""), "not_found");
    jdoc_free(as("ann", "start_live_trip", of_trip("")));
    no("bob", "stop_live_trip", of_trip(""), "forbidden"); /* an editor stops an own one */
    jdoc_free(as("ann", "stop_live_trip", of_trip("")));
    jdoc_free(as("bob", "start_live_trip", of_trip("")));
    jdoc_free(
        as("ann", "change_trip_member", of_trip(",\"user_id\":\"bob\",\"action\":\"remove\"")));
    no("ann", "live_trip_status", of_trip(""), "not_found"); /* it went with its traveller */
}

static void all_tools_were_called(void **state)
{
    (void)state;
    tool_all_succeeded("together", false);
}

static void the_owner_opens_a_chat_once(void **state)
{
    char chat[96];
    (void)state;
    join("bob", "editor");
    no("bob", "open_trip_chat", of_trip(""), "forbidden");
    no("eve", "open_trip_chat", of_trip(""), "not_found");
    snprintf(chat, sizeof chat, "trip~%s", trip);
    for (int i = 0; i < 2; i++) {
        jdoc *r = as("ann", "open_trip_chat", of_trip(""));
        assert_string_equal(text_at(r, "/chat/session_id"), chat);
        jdoc_free(r);
    }
}

/* What runs in a chat reads nothing of whoever asks, and no other trip. */
static void in_a_chat_tools_know_the_trip_alone(void **state)
{
    (void)state;
    join("bob", "editor");
    bench.context.chat_trip = trip;
    no("ann", "create_expense", "{\"amount\":3,\"category\":\"fuel\"}", "not_in_shared_chat");
    no("ann", "plan_trip", "{\"origin\":\"Sydney\",\"destination\":\"Perth\"}",
        "not_in_shared_chat");
    no("ann", "invite_to_trip", of_trip(""), "not_in_shared_chat");
    no("bob", "get_trip", "{\"trip_id\":\"other\"}", "invalid_argument");
    jdoc *r = as("bob", "change_trip", of_trip(",\"title\":\"West\""));
    assert_string_equal(text_at(r, "/trip/title"), "West");
    jdoc_free(r);
    bench.context.chat_trip = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(editors_change_and_viewers_see, planned),
        cmocka_unit_test_setup(an_editors_way_suits_the_owners_vehicle, planned),
        cmocka_unit_test_setup(a_place_that_is_not_named_stays, planned),
        cmocka_unit_test_setup(two_ways_at_once_are_a_conflict, planned),
        cmocka_unit_test_setup(the_owner_decides, planned),
        cmocka_unit_test_setup(members_leave_and_owners_end, planned),
        cmocka_unit_test_setup(invitations, planned),
        cmocka_unit_test_setup(a_repeated_call_invites_once, planned),
        cmocka_unit_test_setup(what_a_call_reached_is_its_success, planned),
        cmocka_unit_test_setup(a_shared_trip_is_not_deleted, planned),
        cmocka_unit_test_setup(members_are_told_what_change_record_changes, planned),
        cmocka_unit_test_setup(undo_hides_nothing_from_members, planned),
        cmocka_unit_test_setup(a_trip_is_deleted_when_its_sharing_is_over, planned),
        cmocka_unit_test(the_arrival_follows_the_legs),
        cmocka_unit_test(points_out_of_order_and_jumps),
        cmocka_unit_test(the_state_is_kept_whole),
        cmocka_unit_test(rough_is_rough),
        cmocka_unit_test_setup(a_live_trip_by_tools, planned),
        cmocka_unit_test_setup(the_owner_opens_a_chat_once, planned),
        cmocka_unit_test_setup(in_a_chat_tools_know_the_trip_alone, planned),
        cmocka_unit_test(all_tools_were_called),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
