/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family meals: giving recipes to others. What is shared is a copy; sharing again
 * brings it up to date, so a repeated call changes nothing more and needs no mark of its own. */
#include "tools/meals/meals.h"

#include "base/err.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"

#include <stdio.h>
#include <string.h>

#define FRIENDS_MAX 50
#define PUBLIC_MAX 100000
#define GIVEN_MAX 200 /* to one user */
#define FRIENDS_SAID 5

struct share {
    struct tools_run *run;
    jdoc *recipe; /* the user's own */
    const char *id, *seen, *copy, *terms;
    const char **friends;
    size_t friend_count;
    size_t refused; /* ids that are no friends */
};

/* Its words, as search_recipes asks for them. */
static const char *meals_terms_of(struct tools_run *run, const jdoc *recipe)
{
    struct word_set terms;
    const jdoc *lines = jdoc_get(recipe, "ingredients");
    if (word_set_init(&terms, run->arena, 300) != 0)
        return NULL;
    word_set_add(&terms, "", jdoc_string(jdoc_get(recipe, "name"), NULL));
    word_set_add(&terms, "", jdoc_string(jdoc_get(recipe, "cuisine"), NULL));
    word_set_add(&terms, "", jdoc_string(jdoc_get(recipe, "meal_type"), NULL));
    for (size_t i = 0; i < jdoc_length(lines); i++)
        word_set_add(&terms, "", jdoc_string(jdoc_at(lines, i), NULL));
    return word_set_joined(&terms);
}

/* What others see: with its author, without whom it was given to. */
static int meals_make_copy(struct share *s)
{
    struct buf text = {0};
    jdoc *copy = jdoc_dup(s->recipe);
    int failed = !copy || jdoc_set_string(copy, "author", s->run->context->uid) != 0;
    if (failed == 0) {
        jdoc_remove(copy, "shared_with");
        jdoc_remove(copy, "visibility");
        jdoc_write(copy, &text);
        s->copy = buf_error(&text) == 0 ? arena_strdup(s->run->arena, buf_text(&text)) : NULL;
        s->terms = meals_terms_of(s->run, s->recipe);
    }
    buf_free(&text);
    jdoc_free(copy);
    return failed != 0 || !s->copy || !s->terms ? ERR_NOMEM : 0;
}

static int meals_put(struct share *s, const char *family, const char *terms, size_t keep)
{
    const char *stored;
    return shared_put(s->run->context->store, NULL,
        &(struct shared_record){.family = family,
            .id = s->id,
            .json = s->copy,
            .time_ms = s->run->context->now_ms,
            .terms = terms,
            .keep = keep,
            .author = s->run->context->uid},
        s->run->arena, &stored);
}

static int meals_make_public(struct share *s)
{
    int error = meals_make_copy(s);
    if (error == 0)
        error = meals_put(s, "recipe", s->terms, PUBLIC_MAX);
    return error == 0 ? jdoc_set_string(s->recipe, "visibility", "public") : error;
}

static int meals_drop(struct share *s, const char *family)
{
    int error = family ? shared_drop(s->run->context->store, family, s->id, s->run->context->uid) :
                         ERR_NOMEM;
    return error == ERR_NOT_FOUND ? 0 : error;
}

static int meals_make_private(struct share *s)
{
    const jdoc *with = jdoc_get(s->recipe, "shared_with");
    int error = meals_drop(s, "recipe");
    for (size_t i = 0; error == 0 && i < jdoc_length(with); i++)
        error = meals_drop(s,
            arena_printf(s->run->arena, "recipe-for:%s", jdoc_string(jdoc_at(with, i), NULL)));
    jdoc_remove(s->recipe, "shared_with");
    return error == 0 ? jdoc_set_string(s->recipe, "visibility", "private") : error;
}

/* Those named, else all friends. Only friends get anything. */
static int meals_choose_friends(struct share *s)
{
    struct tools_run *run = s->run;
    const jdoc *ids = jdoc_get(run->args, "friend_ids");
    if (jdoc_length(ids) == 0)
        return shared_friends(run->context->store, run->context->uid, FRIENDS_MAX, run->arena,
            &s->friends, &s->friend_count);
    s->friends = arena_array(run->arena, FRIENDS_MAX + 1, sizeof *s->friends);
    int error = s->friends ? 0 : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < jdoc_length(ids) && i < FRIENDS_MAX; i++) {
        bool is_friend = false;
        const char *id = jdoc_string(jdoc_at(ids, i), NULL);
        error = shared_is_friend(run->context->store, run->context->uid, id, &is_friend);
        if (is_friend)
            s->friends[s->friend_count++] = id;
        else
            s->refused++;
    }
    return error;
}

static bool meals_has_text(const jdoc *list, const char *text)
{
    for (size_t i = 0; i < jdoc_length(list); i++)
        if (strcmp(jdoc_string(jdoc_at(list, i), NULL), text) == 0)
            return true;
    return false;
}

/* At least one. Returns 0, ERR_INVALID (said) or a fault. */
static int meals_find_friends(struct share *s)
{
    int error = meals_choose_friends(s);
    if (error != 0 || s->friend_count > 0)
        return error;
    error = s->refused > 0 ?
        run_fail_at(s->run, "/friend_ids", "ids of friends: users who follow each other",
            "none of these users is a friend") :
        run_fail(s->run, "not_found",
            "There are no friends yet. Friends are users who "
            "follow each other: see follow_user.");
    return error != 0 ? error : ERR_INVALID;
}

/* Returns 0, ERR_INVALID (said) or a fault. */
static int meals_share_with_friends(struct share *s)
{
    int error = meals_find_friends(s);
    if (error == 0)
        error = meals_make_copy(s);
    if (error != 0)
        return error;
    jdoc *with = jdoc_get(s->recipe, "shared_with");
    if (!with) {
        with = jdoc_new_array();
        error = with ? jdoc_set(s->recipe, "shared_with", with) : ERR_NOMEM;
    }
    for (size_t i = 0; error == 0 && i < s->friend_count; i++) {
        const char *family = arena_printf(s->run->arena, "recipe-for:%s", s->friends[i]);
        error = family ? meals_put(s, family, "", GIVEN_MAX) : ERR_NOMEM;
        if (error == 0 && !meals_has_text(with, s->friends[i]))
            error = jdoc_push(with, jdoc_new_string(s->friends[i], strlen(s->friends[i])));
    }
    if (error == 0 && strcmp(jdoc_text_or(s->recipe, "visibility", ""), "public") != 0)
        error = jdoc_set_string(s->recipe, "visibility", "friends");
    return error;
}

static int meals_share_answer(struct share *s, const char *action)
{
    char what[120];
    if (strcmp(action, "make_public") == 0)
        snprintf(what, sizeof what, "can now be found by everyone");
    else if (strcmp(action, "make_private") == 0)
        snprintf(what, sizeof what, "is private again");
    else
        snprintf(what, sizeof what, "is shared with %zu friend%s%s", s->friend_count,
            s->friend_count == 1 ? "" : "s",
            s->refused > 0 ? "; who is no friend gets nothing" : "");
    if (!run_succeed(s->run, "\"%.200s\" %s.", jdoc_text_or(s->recipe, "name", ""), what))
        return ERR_NOMEM;
    jdoc *copy = jdoc_dup(s->recipe);
    return copy ? jdoc_set(s->run->result, "recipe", copy) : ERR_NOMEM;
}

/* Gets the recipe. Returns 0; ERR_INVALID (said); a fault. */
static int meals_load(struct share *s)
{
    int error = record_get(s->run, "recipe", s->id, &s->recipe, &s->seen);
    if (error != ERR_NOT_FOUND)
        return error;
    error = run_fail(s->run, "not_found",
        "The user has no such recipe. search_recipes finds "
        "those there are.");
    return error != 0 ? error : ERR_INVALID;
}

static int meals_share_once(struct tools_run *run, void *arg)
{
    static const struct {
        const char *action;
        int (*act)(struct share *);
    } actions[] = {
        {"make_public", meals_make_public},
        {"make_private", meals_make_private},
        {"share_with_friends", meals_share_with_friends},
    };
    struct share s = {.run = run, .id = jdoc_text_or(run->args, "recipe_id", "")};
    const char *action = jdoc_text_or(run->args, "action", "");
    int64_t saved_ms = run->context->now_ms;
    (void)arg;
    int error = record_fence(run);
    if (error == 0)
        error = meals_load(&s);
    for (size_t i = 0; error == 0 && i < sizeof actions / sizeof *actions; i++)
        if (strcmp(action, actions[i].action) == 0)
            error = actions[i].act(&s);
    if (error == 0)
        error = record_stamp(run, s.recipe);
    if (error == 0)
        error = meals_share_answer(&s, action);
    if (error == 0) {
        struct record_item item = {.family = "recipe",
            .id = s.id,
            .document = s.recipe,
            .time_ms = saved_ms,
            .seen = s.seen};
        error = record_commit(run, &item, 1, true);
    }
    jdoc_free(s.recipe);
    return error;
}

/* With whom: the friends named, or all there are. */
static int meals_say_friends(struct share *s)
{
    struct buf names = {0};
    int error = meals_find_friends(s);
    for (size_t i = 0; error == 0 && i < s->friend_count && i < FRIENDS_SAID; i++) {
        const char *name = preview_text(s->run->arena, s->friends[i], PREVIEW_TITLE);
        if (!name)
            error = ERR_NOMEM;
        else
            buf_printf(&names, "%s%s", i > 0 ? ", " : "", name);
    }
    if (error == 0 && s->friend_count > FRIENDS_SAID)
        buf_printf(&names, " and %zu more", s->friend_count - FRIENDS_SAID);
    const char *to = arena_printf(s->run->arena, " to your friends %s", buf_text(&names));
    if (error == 0)
        error = buf_error(&names) != 0 || !to ?
            ERR_NOMEM :
            preview_title(s->run, s->recipe, "name", "give the recipe ", to);
    buf_free(&names);
    return error;
}

static int meals_show_sharing(struct share *s, const char *action)
{
    int error = about_title(s->run, "recipe", s->recipe, "name");

    if (error != 0)
        return error;
    if (strcmp(action, "share_with_friends") == 0)
        return about_people(s->run, s->friends, s->friend_count);
    return about_audience(s->run, strcmp(action, "make_public") == 0 ? "everyone" : "you");
}

int meals_preview_share_recipe(struct tools_run *run)
{
    struct share s = {.run = run, .id = jdoc_text_or(run->args, "recipe_id", "")};
    const char *action = jdoc_text_or(run->args, "action", "");
    int error = meals_load(&s);
    if (error == 0 && strcmp(action, "make_public") == 0)
        error = preview_title(run, s.recipe, "name", "publish the recipe ", " for everyone");
    else if (error == 0 && strcmp(action, "make_private") == 0)
        error = preview_title(run, s.recipe, "name", "make the recipe ", " private again");
    else if (error == 0)
        error = meals_say_friends(&s);
    if (error == 0 && !run->result)
        error = meals_show_sharing(&s, action);
    jdoc_free(s.recipe);
    return error == ERR_INVALID ? 0 : error;
}

int meals_tool_share_recipe(struct tools_run *run)
{
    return record_retry(run, meals_share_once, NULL);
}
