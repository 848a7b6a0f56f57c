/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family community: following, messages, places. */
#include "tools/community/community.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/courtesy.h"
#include "tools/kit/people.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/road.h"
#include "tools/kit/timestamp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define METRES_PER_MILE 1609.344
#define PEOPLE_MAX 50
#define HOUR_MS 3600000LL

static int community_no_such_user(struct tools_run *run)
{
    return run_fail(run, "not_found", "There is no such user.");
}

static int community_people_shares(struct tools_run *run, const char *uid, bool *shares)
{
    jdoc *doc;
    int error = courtesy_privacy(run, uid, &doc);

    *shares = !error;
    jdoc_get_bool(doc, "location_sharing", shares);
    jdoc_free(doc);
    return error;
}

/* The user meant by the argument, by id or by name; one whom nobody knows as it is. Returns 0;
 * ERR_INVALID (said); a fault. */
static int community_target(struct tools_run *run, const char *argument, const char **uid)
{
    int error = people_find(run, argument, uid);

    if (error == ERR_NOT_FOUND)
        *uid = jdoc_text_or(run->args, argument, "");
    return error == ERR_NOT_FOUND ? 0 : error;
}

/* --- follow_user --- */

static int community_set_follow(struct tools_run *run, const char *target, bool following,
    const struct shared_follow *f)
{
    jdoc *entity = jdoc_new_object();
    int failed = !entity || jdoc_set_string(entity, "user_id", target) != 0 ||
        jdoc_set_bool(entity, "following", following) != 0 ||
        jdoc_set_bool(entity, "friends", f->friends) != 0 ||
        jdoc_set_int(entity, "followers", f->followers) != 0;
    const char *text = following ? (f->changed ? "You now follow" : "You follow already:") :
                                   (f->changed ? "You no longer follow" : "You did not follow");
    if (failed || !run_succeed(run, "%s %s.", text, target)) {
        jdoc_free(entity);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, "follow", entity);
}

/* Returns 0; ERR_INVALID (said); a fault. */
static int community_check_target(struct tools_run *run, const char *target, bool unfollow)
{
    int error = 0;
    if (strcmp(target, run->context->uid) == 0)
        error = run_fail_at(run, "/target_user_id", "the id of another user",
            "nobody can follow themselves");
    else if (unfollow || (error = shared_known(run->context->store, target)) != ERR_NOT_FOUND)
        return error;
    else
        error = community_no_such_user(run);
    return error != 0 ? error : ERR_INVALID;
}

int community_preview_follow_user(struct tools_run *run)
{
    bool unfollow = jdoc_is_true(run->args, "unfollow");
    const char *target = "", *called = "";
    int error = community_target(run, "target_user_id", &target);
    if (error == 0)
        error = community_check_target(run, target, unfollow);
    if (error == 0)
        error = people_called(run, target, &called, NULL);
    if (error == 0)
        error = preview_say(run, "%s %s", unfollow ? "stop following" : "follow", called);
    if (error == 0)
        error = about_title(run, unfollow ? "unfollow" : "follow", run->args, "target_user_id");
    return error == ERR_INVALID ? 0 : error;
}

int community_tool_follow_user(struct tools_run *run)
{
    struct shared_mark mark;
    struct shared_follow follow = {0};
    const char *target = "";
    bool unfollow = jdoc_is_true(run->args, "unfollow");
    int error = community_target(run, "target_user_id", &target);
    if (error == 0)
        error = community_check_target(run, target, unfollow);
    if (error == ERR_INVALID)
        return 0;
    if (error == 0)
        error = community_begin(run, &mark);
    if (error == 0)
        error = shared_follow(run->context->store, &mark, run->context->uid, target, !unfollow,
            &follow);
    if (error == ERR_NOT_FOUND)
        return community_no_such_user(run);
    if (error == ERR_FULL)
        return run_fail(run, "limit_reached",
            "You follow %d people already, and no more can be "
            "followed.",
            SHARED_FOLLOWS_MAX);
    if (error == 0)
        error = community_set_follow(run, target, !unfollow, &follow);
    return error == 0 ? community_finish(run, unfollow ? "unfollow" : "follow", target, NULL) :
                        error;
}

/* --- message_friend --- */

static jdoc *community_new_message(struct tools_run *run, const char *id, const char *to,
    int64_t sent_ms)
{
    char when[CLOCK_RFC3339_SIZE];
    jdoc *message = jdoc_new_object();
    clock_rfc3339(sent_ms, when);
    if (message && jdoc_set_string(message, "id", id) == 0 &&
        jdoc_set_string(message, "from", run->context->uid) == 0 &&
        jdoc_set_string(message, "to", to) == 0 &&
        jdoc_set_string(message, "text", jdoc_text_or(run->args, "message", "")) == 0 &&
        jdoc_set_string(message, "sent_at", when) == 0)
        return message;
    jdoc_free(message);
    return NULL;
}

/* As an AG-UI event: {"type":"CUSTOM","name":"message","timestamp":...,"value":{...}}. */
static int community_deliver(struct tools_run *run, const char *id, const char *to,
    const jdoc *message, int64_t sent_ms)
{
    struct buf event = {0};
    buf_printf(&event, "{\"type\":\"CUSTOM\",\"name\":\"message\",\"timestamp\":%lld,\"value\":",
        (long long)sent_ms);
    jdoc_write(message, &event);
    buf_putc(&event, '}');
    int error = buf_error(&event);
    if (error == 0)
        error = shared_inbox(run->context->store, to, id, buf_text(&event));
    buf_free(&event);
    return error;
}

static int community_send_message(struct tools_run *run, const char *to)
{
    struct shared_mark mark;
    char id[64];
    int64_t sent_ms = run->context->now_ms, wait_ms = 0;
    ident_uuid7(id);
    int error = community_begin(run, &mark);
    if (error == 0)
        error =
            shared_message(run->context->store, &mark, run->context->uid, id, &sent_ms, &wait_ms);
    run->retry_after_ms = wait_ms;
    if (error == ERR_RATE)
        return run_fail(run, "rate_limited",
            "At most %d messages an hour can be sent; the next "
            "one in %lld minutes.",
            SHARED_MESSAGES, (long long)(wait_ms / 60000 + 1));
    if (error != 0)
        return error;
    jdoc *message = community_new_message(run, id, to, sent_ms);
    if (!message || !run_succeed(run, "The message to %s is sent.", to)) {
        jdoc_free(message);
        return ERR_NOMEM;
    }
    error = community_deliver(run, id, to, message, sent_ms);
    int set = jdoc_set(run->result, "direct_message", message);
    if (error == 0)
        error = set;
    return error == 0 ?
        community_finish(run, "message", id, jdoc_text_or(run->args, "message", "")) :
        error;
}

/* Returns 0; ERR_INVALID (said); a fault. */
static int community_check_recipient(struct tools_run *run, const char *to)
{
    int error = 0;
    if (strcmp(to, run->context->uid) == 0) {
        error = run_fail_at(run, "/recipient_id", "the id of another user",
            "this is the user's own id");
        return error != 0 ? error : ERR_INVALID;
    }
    error = shared_known(run->context->store, to);
    if (error == 0)
        error = courtesy_may_write_to(run, to);
    if (error != ERR_NOT_FOUND && error != ERR_FORBIDDEN)
        return error;
    error = error == ERR_NOT_FOUND ?
        community_no_such_user(run) :
        run_fail(run, "forbidden", "%s does not take messages from you.", to);
    return error != 0 ? error : ERR_INVALID;
}

int community_preview_message_friend(struct tools_run *run)
{
    const char *to = "", *name = "", *label = "";
    int error = community_target(run, "recipient_id", &to);
    if (error == 0)
        error = community_check_recipient(run, to);
    if (error == 0)
        error = people_called(run, to, &name, &label);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    const char *text =
        preview_text(run->arena, jdoc_text_or(run->args, "message", ""), PREVIEW_BODY);
    error = !text ? ERR_NOMEM : preview_say(run, "send %s the message %s", name, text);
    if (error == 0)
        error = about_title(run, "message", run->args, "recipient_id");
    return error != 0 ? error : about_people(run, &label, 1);
}

int community_tool_message_friend(struct tools_run *run)
{
    const char *to = "";
    int error = community_target(run, "recipient_id", &to);
    if (error == 0)
        error = community_check_recipient(run, to);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    return community_send_message(run, to);
}

/* --- places --- */

static int community_answer_place(struct tools_run *run, const char *stored, bool is_public)
{
    jdoc *place = NULL;
    int64_t expires = 0;
    const struct zone *z;
    char until[TIMESTAMP_TEXT_SIZE];
    int error = jdoc_parse(stored, strlen(stored), &place, NULL, 0);
    if (error == 0)
        error = timestamp_zone(run, &z);
    if (error == 0) {
        jdoc_get_int(place, "expires_ms", &expires);
        timestamp_text(expires, z, true, until);
        if (!run_succeed(run, "Your place is shared with %s until %s.",
                is_public ? "everyone" : "your friends", until))
            error = ERR_NOMEM;
    }
    if (error != 0) {
        jdoc_free(place);
        return error;
    }
    const char *id = arena_strdup(run->arena, jdoc_text_or(place, "id", ""));
    error = jdoc_set(run->result, "location", place);
    if (!id)
        return ERR_NOMEM;
    return error == 0 ?
        community_finish(run, "place", id, jdoc_text_or(run->args, "location_name", "")) :
        error;
}

/* Returns 0; ERR_INVALID (said); a fault. */
static int community_check_sharing(struct tools_run *run)
{
    bool shares;
    int error = community_people_shares(run, run->context->uid, &shares);
    if (error || shares)
        return error;
    error = run_fail(run, "forbidden",
        "Location sharing is switched off in your privacy "
        "settings. manage_privacy switches it on.");
    return error != 0 ? error : ERR_INVALID;
}

int community_preview_share_location(struct tools_run *run)
{
    char after[80];
    int64_t hours = 24;
    bool is_public = false;
    int error = community_check_sharing(run);
    jdoc_get_int(run->args, "duration_hours", &hours);
    jdoc_get_bool(run->args, "is_public", &is_public);
    snprintf(after, sizeof after, ", with %s for %lld hour%s",
        is_public ? "everyone" : "your friends", (long long)hours, hours == 1 ? "" : "s");
    if (error == 0)
        error = preview_title(run, run->args, "location_name", "share where you are, ", after);
    if (error == 0)
        error = about_title(run, "location", run->args, "location_name");
    if (error == 0)
        error = about_audience(run, is_public ? "everyone" : "friends");
    return error == ERR_INVALID ? 0 : error;
}

int community_tool_share_location(struct tools_run *run)
{
    static const char *const keys[] = {"location_name", "latitude", "longitude", "description",
        "is_public", NULL};
    struct shared_mark mark;
    struct buf json = {0};
    struct shared_place place = {.now_ms = run->context->now_ms};
    const char *stored;
    char until[CLOCK_RFC3339_SIZE];
    int64_t hours = 24;
    bool is_public = false;
    int error = community_check_sharing(run);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    jdoc_get_int(run->args, "duration_hours", &hours);
    jdoc_get_bool(run->args, "is_public", &is_public);
    jdoc_get_double(run->args, "latitude", &place.latitude);
    jdoc_get_double(run->args, "longitude", &place.longitude);
    place.expires_ms = place.now_ms + hours * HOUR_MS;
    clock_rfc3339(place.expires_ms, until);
    jdoc *doc = community_document(run, keys);
    int failed = !doc || jdoc_set_string(doc, "expires_at", until) != 0 ||
        jdoc_set_int(doc, "expires_ms", place.expires_ms) != 0;
    jdoc_write(doc, &json);
    jdoc_free(doc);
    place.json = buf_text(&json);
    error = failed ? ERR_NOMEM : buf_error(&json);
    if (error == 0)
        error = community_begin(run, &mark);
    if (error == 0)
        error = shared_place(run->context->store, &mark, run->context->uid, &place, run->arena,
            &stored);
    buf_free(&json);
    if (error == ERR_FULL)
        return run_fail(run, "limit_reached", "No more places can be shared at the moment.");
    return error == 0 ? community_answer_place(run, stored, is_public) : error;
}

/* The sea between here and a person's place, when it is there. Returns 0 or ERR_NOMEM. */
static int community_set_over_water(jdoc *person, const jdoc *place, double latitude,
    double longitude)
{
    double lat, lon;
    return jdoc_get_double(place, "latitude", &lat) != 0 ||
            jdoc_get_double(place, "longitude", &lon) != 0 ||
            !road_over_water(latitude, longitude, lat, lon) ?
        0 :
        jdoc_set_bool(person, "over_water", true);
}

static jdoc *community_person_of(const struct shared_near *near, double latitude, double longitude)
{
    static const char *const keys[] = {"location_name", "description", "latitude", "longitude",
        "expires_at", NULL};
    jdoc *place = NULL, *person = jdoc_new_object();
    double miles = round(near->metres / METRES_PER_MILE * 10) / 10;
    if (person && jdoc_parse(near->json, strlen(near->json), &place, NULL, 0) == 0 &&
        jdoc_set_string(person, "user_id", near->uid) == 0 &&
        jdoc_set_double(person, "distance_miles", miles) == 0 &&
        jdoc_set_double(person, "distance_km", round(near->metres / 100) / 10) == 0 &&
        community_set_over_water(person, place, latitude, longitude) == 0 &&
        record_copy(person, place, keys) == 0) {
        jdoc_free(place);
        return person;
    }
    jdoc_free(place);
    jdoc_free(person);
    return NULL;
}

int community_tool_find_nearby_rvers(struct tools_run *run)
{
    struct shared_near *near = NULL;
    double latitude = 0, longitude = 0, miles = 50;
    size_t count = 0;
    jdoc_get_double(run->args, "latitude", &latitude);
    jdoc_get_double(run->args, "longitude", &longitude);
    jdoc_get_double(run->args, "radius_miles", &miles);
    int error = shared_near(run->context->store, run->context->uid,
        &(struct shared_circle){.latitude = latitude,
            .longitude = longitude,
            .metres = miles * METRES_PER_MILE,
            .now_ms = run->context->now_ms,
            .max = PEOPLE_MAX},
        run->arena, &near, &count);
    jdoc *people = jdoc_new_array();
    if (error == 0 && !people)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < count; i++) {
        bool shares;
        error = community_people_shares(run, near[i].uid, &shares);
        if (error == ERR_INTERNAL) /* this one's settings are damaged: they hide nobody else */
            error = 0;
        if (error == 0 && shares)
            error = jdoc_push(people, community_person_of(&near[i], latitude, longitude));
    }
    size_t found = jdoc_length(people);
    const char *radius = run_distance(run, miles * METRES_PER_MILE / 1000);
    if (error == 0 &&
        !(found == 0 ? run_succeed(run, "Nobody who shares their place is within %s.", radius) :
                       run_succeed(run, "%zu %s within %s.", found,
                           found == 1 ? "person shares a place" : "people share a place", radius)))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(people);
        return error;
    }
    error = jdoc_set(run->result, "people", people);
    return error == 0 ? jdoc_set_int(run->result, "count", (int64_t)found) : error;
}
