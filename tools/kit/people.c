/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/people.h"

#include "base/buf.h"
#include "store/shared.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"

#include <stdio.h>
#include <string.h>

#define CONTACTS_LOOKED_AT 100
#define FRIENDS_LOOKED_AT 100
#define KEPT 5

struct people_search {
    struct tools_run *run;
    const char *said;
    const char *uids[KEPT]; /* of those that fit best */
    int best;
    size_t count;
    const char *without; /* name of a contact that has no user id */
    struct buf names;
};

/* One that fits: a better one replaces those before; nobody counts twice. */
static void people_offer(struct people_search *s, int score, const char *uid, const char *name)
{
    if (score < RECORD_MATCH_SURE || score < s->best)
        return;
    if (score > s->best) {
        s->count = 0;
        buf_reset(&s->names);
    }
    s->best = score;
    for (size_t i = 0; i < s->count && i < KEPT; i++)
        if (strcmp(s->uids[i], uid) == 0)
            return;
    if (s->count < KEPT) {
        s->uids[s->count] = arena_strdup(s->run->arena, uid);
        buf_printf(&s->names, "%s%.80s (%.128s)", s->count > 0 ? "; " : "", name, uid);
    }
    s->count++;
}

static int people_look_contact(void *arg, const jdoc *contact)
{
    struct people_search *s = arg;
    const char *name = jdoc_text_or(contact, "name", ""),
               *uid = jdoc_text_or(contact, "user_id", "");
    int score = record_match_score(name, s->said);
    int nick = record_match_score(jdoc_text_or(contact, "nickname", ""), s->said);

    score = nick > score ? nick : score;
    if (uid[0] != '\0')
        people_offer(s, score, uid, name);
    else if (score >= RECORD_MATCH_SURE && !s->without)
        s->without = arena_printf(s->run->arena, "%.80s", name);
    return 0;
}

/* Has that user closed the profile to everyone? A record that cannot be read closes it. */
static int people_hides(struct people_search *s, const char *uid, bool *hides)
{
    const char *json = NULL;
    jdoc *privacy = NULL;
    int error = records_get(s->run->context->store, uid, "privacy", "me", s->run->arena, &json);

    *hides = false;
    if (error)
        return error == ERR_NOT_FOUND ? 0 : error;
    *hides = jdoc_parse(json, strlen(json), &privacy, NULL, 0) != 0 ||
        strcmp(jdoc_text_or(privacy, "profile_visibility", ""), "private") == 0;
    jdoc_free(privacy);
    return 0;
}

/* A friend by the username of the profile. */
static int people_look_friend(struct people_search *s, const char *uid)
{
    struct store *store = s->run->context->store;
    const char *json = NULL;
    jdoc *profile = NULL;
    int error = records_get(store, uid, "profile", "me", s->run->arena, &json);

    if (error == ERR_NOT_FOUND ||
        (!error && jdoc_parse(json, strlen(json), &profile, NULL, 0) != 0))
        return 0;
    const char *name = jdoc_text_or(profile, "username", "");
    int score = error ? 0 : record_match_score(name, s->said);
    bool hides = false;
    if (score >= RECORD_MATCH_SURE)
        error = people_hides(s, uid, &hides);
    if (!error && !hides)
        people_offer(s, score, uid, name);
    jdoc_free(profile);
    return error;
}

static int people_look_friends(struct people_search *s)
{
    const struct tools_context *context = s->run->context;
    const char **friends = NULL;
    size_t count = 0;
    int error = shared_friends(context->store, context->uid, FRIENDS_LOOKED_AT, s->run->arena,
        &friends, &count);

    for (size_t i = 0; !error && i < count; i++)
        error = people_look_friend(s, friends[i]);
    return error;
}

static int people_answer(struct people_search *s, const char *path, const char **uid)
{
    int error = 0;

    if (s->count == 1) {
        *uid = s->uids[0];
        return *uid ? 0 : ERR_NOMEM;
    }
    if (s->count > 1)
        error = run_ask_back(s->run, path, "the id of one of them",
            "%zu people fit \"%.80s\": %.400s. Which one is meant?", s->count, s->said,
            buf_text(&s->names));
    else if (s->without)
        error = run_ask_back(s->run, path, "the id of a user",
            "%s is among the contacts, but without a user id of this service. Which user is it?",
            s->without);
    else
        return ERR_NOT_FOUND;
    return error ? error : ERR_INVALID;
}

int people_find(struct tools_run *run, const char *argument, const char **uid)
{
    struct people_search s = {.run = run, .said = jdoc_text_or(run->args, argument, "")};
    const char *path = arena_printf(run->arena, "/%s", argument);
    struct records_list found = {0};
    int error = path ? shared_known(run->context->store, s.said) : ERR_NOMEM;

    if (error != ERR_NOT_FOUND) {
        *uid = s.said;
        return error;
    }
    error = record_match_find(run, PEOPLE_CONTACTS, "w:", s.said, CONTACTS_LOOKED_AT, &found);
    if (!error)
        error = record_list(&found, people_look_contact, &s);
    if (!error)
        error = people_look_friends(&s);
    if (!error)
        error = buf_error(&s.names) ? ERR_NOMEM : people_answer(&s, path, uid);
    buf_free(&s.names);
    return error;
}
