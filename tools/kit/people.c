/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/people.h"

#include "base/buf.h"
#include "store/shared.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"

#include <stdio.h>
#include <string.h>

#define CONTACTS_LOOKED_AT 100
#define FRIENDS_LOOKED_AT 100
#define KEPT 5
#define SAME 100 /* of record_match_score: the whole name */
#define ID_MARK "id:"

struct people_search {
    struct tools_run *run;
    const char *said;
    const char *uids[KEPT]; /* of those that fit best */
    int best;
    size_t count;
    const char *without; /* name of the contact that fits best and has no user id */
    int without_score;
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
    if (uid[0] != '\0') {
        people_offer(s, score, uid, name);
    } else if (score >= RECORD_MATCH_SURE && score > s->without_score) {
        s->without = arena_printf(s->run->arena, "%.80s", name);
        s->without_score = score;
    }
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

static int people_ask(struct people_search *s, const char *path, const char *expected,
    const char *question)
{
    int error = !question ? ERR_NOMEM : run_ask_back(s->run, path, expected, "%s", question);

    return error ? error : ERR_INVALID;
}

/* Both: contacts that fit, and friends who call themselves so. */
static int people_ask_which(struct people_search *s, const struct people_search *friends,
    const char *path)
{
    size_t count = s->count + friends->count;

    return people_ask(s, path, "the id of one of them",
        arena_printf(s->run->arena,
            "%zu people fit \"%.80s\": %.400s%s%.400s%s. Which one is meant?", count, s->said,
            buf_text(&s->names), s->count && friends->count ? "; " : "", buf_text(&friends->names),
            friends->count ? " by their own names" : ""));
}

/* A contact by that name, whom nobody has said which user it is. */
static int people_ask_contact(struct people_search *s, const struct people_search *friends,
    const char *path)
{
    const char *others = friends->count == 0 ?
        "" :
        arena_printf(s->run->arena, " The friend %.400s has that name by an own profile.",
            buf_text(&friends->names));

    return people_ask(s, path, "the id of a user",
        !others ? NULL :
                  arena_printf(s->run->arena,
                      "%s is among the contacts, but without a user id of this service.%s Which "
                      "user is it?",
                      s->without, others));
}

/* The same user, as a contact and as a friend, counts once. */
static void people_forget_known(struct people_search *friends, const struct people_search *contacts)
{
    if (friends->count == 1 && contacts->count == 1 && friends->uids[0] && contacts->uids[0] &&
        strcmp(friends->uids[0], contacts->uids[0]) == 0)
        friends->count = 0;
}

static int people_answer(struct people_search *s, struct people_search *friends, const char *path,
    const char **uid)
{
    people_forget_known(friends, s);
    if (s->without && s->without_score > s->best)
        return people_ask_contact(s, friends, path);
    if (s->count > 1 || (s->count == 1 && s->best < SAME && friends->count > 0) ||
        (s->count == 0 && friends->count > 1))
        return people_ask_which(s, friends, path);
    if (s->count == 0 && friends->count == 0)
        return ERR_NOT_FOUND;
    *uid = s->count == 1 ? s->uids[0] : friends->uids[0];
    return *uid ? 0 : ERR_NOMEM;
}

/* Is it the id of a user, and no contact's whole name? */
static int people_by_id(struct people_search *s, const char **uid)
{
    int error = shared_known(s->run->context->store, s->said);

    if (error == 0 && (s->best == SAME || s->without_score == SAME))
        return ERR_NOT_FOUND;
    *uid = s->said;
    return error;
}

int people_find(struct tools_run *run, const char *argument, const char **uid)
{
    struct people_search s = {.run = run, .said = jdoc_text_or(run->args, argument, "")};
    const char *path = arena_printf(run->arena, "/%s", argument);
    struct records_list found = {0};

    if (!path)
        return ERR_NOMEM;
    if (strncmp(s.said, ID_MARK, sizeof ID_MARK - 1) == 0) {
        *uid = s.said + sizeof ID_MARK - 1;
        return shared_known(run->context->store, *uid);
    }
    struct people_search friends = {.run = run, .said = s.said};
    int error = record_match_find(run, PEOPLE_CONTACTS, "w:", s.said, CONTACTS_LOOKED_AT, &found);
    if (!error)
        error = record_list(&found, people_look_contact, &s);
    if (!error)
        error = people_by_id(&s, uid);
    if (error == ERR_NOT_FOUND) {
        error = people_look_friends(&friends);
        if (!error)
            error = buf_error(&s.names) || buf_error(&friends.names) ?
                ERR_NOMEM :
                people_answer(&s, &friends, path, uid);
    }
    buf_free(&s.names);
    buf_free(&friends.names);
    return error;
}

/* --- how a question shows them --- */

struct people_name {
    struct tools_run *run;
    const char *uid, *name;
};

static int people_name_contact(void *arg, const jdoc *contact)
{
    struct people_name *n = arg;

    if (strcmp(jdoc_text_or(contact, "user_id", ""), n->uid) != 0)
        return 0;
    n->name = arena_strdup(n->run->arena, jdoc_text_or(contact, "name", ""));
    return n->name ? ERR_LIMIT : ERR_NOMEM;
}

/* The username of a profile that is not closed. */
static int people_name_profile(struct people_name *n)
{
    struct people_search s = {.run = n->run};
    const char *json = NULL;
    jdoc *profile = NULL;
    bool hides = true;
    int error = records_get(n->run->context->store, n->uid, "profile", "me", n->run->arena, &json);

    if (error)
        return error == ERR_NOT_FOUND || error == ERR_INVALID ? 0 : error;
    error = people_hides(&s, n->uid, &hides);
    if (!error && !hides && !jdoc_parse(json, strlen(json), &profile, NULL, 0))
        n->name = arena_strdup(n->run->arena, jdoc_string(jdoc_get(profile, "username"), NULL));
    jdoc_free(profile);
    return error;
}

int people_called(struct tools_run *run, const char *uid, const char **words, const char **label)
{
    struct people_name n = {.run = run, .uid = uid};
    int error =
        record_each(run, PEOPLE_CONTACTS, -RECORD_FOREVER, RECORD_FOREVER, people_name_contact, &n);
    bool contact = !error && n.name;

    if (!error && !n.name)
        error = people_name_profile(&n);
    if (error)
        return error;
    const char *id = preview_text(run->arena, uid, PREVIEW_TITLE);
    const char *name = n.name ? preview_text(run->arena, n.name, PREVIEW_TITLE) : NULL;
    if (!id || (n.name && !name))
        return ERR_NOMEM;
    bool plain = !n.name || !n.name[0] || strcmp(n.name, uid) == 0;
    *words = plain ? id :
        contact    ? arena_printf(run->arena, "%s (your contact, the user %s)", name, id) :
                     arena_printf(run->arena, "the user %s, who goes by the name %s,", id, name);
    if (label)
        *label = plain ? uid :
                         arena_printf(run->arena, "%.80s (%s%.128s)", n.name,
                             contact ? "" : "own name of ", uid);
    return *words && (!label || *label) ? 0 : ERR_NOMEM;
}
