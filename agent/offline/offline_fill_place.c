/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots of places: what a preposition leads to, or what alone is left. */
#include "agent/offline/offline_fill.h"

#include "tools/kit/gazetteer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool offline_fill_place_word(const struct offline_fill *f, size_t i)
{
    const struct offline_token *k = &f->speech->tokens.list[i];

    return offline_fill_free(f, i) && k->kind == OFFLINE_WORD && *k->low != '!' &&
        (k->mark == OFFLINE_MARK_UNKNOWN || k->slip);
}

/* The place that begins at i, over the light words of a name ("Port of Spain", "Rio de Janeiro"). */
static size_t offline_fill_place_length(const struct offline_fill *f, size_t i)
{
    size_t n = 0;

    while (offline_fill_place_word(f, i + n) && (!n || !f->speech->tokens.list[i + n].gap)) {
        n++;
        if (offline_fill_is(f, i + n, ",") && offline_fill_place_word(f, i + n + 1))
            n++;
        else if (!offline_fill_place_word(f, i + n) && offline_fill_free(f, i + n) &&
            f->speech->tokens.list[i + n].mark == OFFLINE_MARK_LIGHT &&
            !offline_fill_is(f, i + n, "to|from|and|in|at|for|near|with") &&
            offline_fill_place_word(f, i + n + 1) && !f->speech->tokens.list[i + n].gap &&
            !f->speech->tokens.list[i + n + 1].gap)
            n++;
    }
    return n;
}

static bool offline_fill_place_take(struct offline_fill *f, const char *name, size_t at, size_t n)
{
    char text[OFFLINE_TEXT_MAX];

    if (!n)
        return false;
    offline_tokens_text(&f->speech->tokens, at, n, text, sizeof text);
    for (size_t i = 0; i < n; i++)
        f->used[at + i] = true;
    offline_fill_put_text(f, name, text);
    return true;
}

/* Behind one of the prepositions. */
static bool offline_fill_behind(struct offline_fill *f, const char *name, const char *words)
{
    for (size_t i = 0; i < f->speech->tokens.count; i++) {
        size_t at = i + 1;
        if (!offline_fill_is(f, i, words) ||
            (f->speech->tokens.list[i].gap && at >= f->speech->tokens.count))
            continue;
        while (offline_fill_free(f, at) && f->speech->tokens.list[at].mark == OFFLINE_MARK_LIGHT &&
            !offline_fill_is(f, at, "to|from|in"))
            at++; /* "in the Flinders Ranges" */
        if (offline_fill_place_take(f, name, at, offline_fill_place_length(f, at)))
            return true;
    }
    return false;
}

/* Whether words that no preposition leads to can be a place: one that is known, or a name by its
 * capital, which says nothing of a German noun or of the first word. */
static bool offline_fill_placelike(const struct offline_fill *f, size_t at, size_t n)
{
    const struct offline_tokens *t = &f->speech->tokens;
    struct gazetteer_bias bias = {0};
    static struct gazetteer_candidates found;
    char text[OFFLINE_TEXT_MAX];

    offline_tokens_text(t, at, n, text, sizeof text);
    return (at && f->speech->language != OFFLINE_GERMAN && isupper((unsigned char)*text)) ||
        !gazetteer_candidates(text, &bias, &found);
}

/* The one place that is said without a preposition. */
static bool offline_fill_alone(struct offline_fill *f, const char *name)
{
    for (size_t i = 0; i < f->speech->tokens.count; i++) {
        size_t n = offline_fill_place_length(f, i);
        if (n)
            return offline_fill_placelike(f, i, n) && offline_fill_place_take(f, name, i, n);
    }
    return false;
}

static void offline_fill_here(struct offline_fill *f, const char *name)
{
    if (*f->world->place)
        offline_fill_put_text(f, name, f->world->place);
}

/* "from A to B", "between A and B", "A to B", "to B". */
static void offline_fill_from(struct offline_fill *f, const char *name)
{
    if (offline_fill_behind(f, name, "from|between"))
        return;
    for (size_t i = 1; i + 1 < f->speech->tokens.count; i++)
        for (size_t b = 0; b < i && offline_fill_is(f, i, "to|from|and"); b++)
            if (offline_fill_place_length(f, b) == i - b) {
                (void)offline_fill_place_take(f, name, b, i - b);
                return;
            }
    offline_fill_here(f, name);
}

static void offline_fill_to(struct offline_fill *f, const char *name)
{
    bool start = jdoc_has(f->args, "origin");

    if (!offline_fill_behind(f, name, "to|in|at") &&
        !(start && offline_fill_behind(f, name, "and|from")))
        (void)offline_fill_alone(f, name);
}

static void offline_fill_via(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    char text[OFFLINE_TEXT_MAX];
    size_t via = offline_fill_find(f, "via");
    jdoc *all;

    if (via == SIZE_MAX || !(all = jdoc_new_array()))
        return;
    f->used[via] = true;
    for (size_t at = via + 1;;) {
        size_t n = offline_fill_place_length(f, at);
        if (!n)
            break;
        offline_tokens_text(&f->speech->tokens, at, n, text, sizeof text);
        f->vague |= jdoc_push(all, jdoc_new_string(text, strlen(text))) != 0;
        for (size_t i = 0; i < n; i++)
            f->used[at + i] = true;
        at += n;
        if (!offline_fill_is(f, at, "and|,"))
            break;
        at++;
    }
    if (jdoc_length(all))
        offline_fill_put(f, slot->name, all);
    else
        jdoc_free(all);
}

static void offline_fill_zone(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    char place[OFFLINE_TEXT_MAX], zone[64];

    if (!offline_fill_behind(f, slot->name, "in|at|for") && !offline_fill_alone(f, slot->name))
        return;
    snprintf(place, sizeof place, "%s", jdoc_text_or(f->args, slot->name, ""));
    int error = offline_zone_of(f->world, place, zone, sizeof zone);
    jdoc_remove(f->args, slot->name);
    if (!error)
        offline_fill_put_text(f, slot->name, zone);
    else if (error == ERR_CONFLICT)
        snprintf(f->problem, sizeof f->problem,
            "There is more than one \"%.100s\". Please name its country too.", place);
    else
        snprintf(f->problem, sizeof f->problem, "I do not know the time zone of \"%.100s\".",
            place);
}

bool offline_fill_place(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    const char *type = slot->type;

    if (!strcmp(type, "from")) {
        offline_fill_from(f, slot->name);
    } else if (!strcmp(type, "to")) {
        offline_fill_to(f, slot->name);
    } else if (!strcmp(type, "via")) {
        offline_fill_via(f, slot);
    } else if (!strcmp(type, "at")) {
        (void)(offline_fill_behind(f, slot->name, "at|in|near") && slot->strict);
    } else if (!strcmp(type, "in")) {
        if (!offline_fill_behind(f, slot->name, "in|at|near|around|for|to|of") &&
            !offline_fill_alone(f, slot->name) && !slot->optional)
            offline_fill_here(f, slot->name);
    } else if (!strcmp(type, "zone")) {
        offline_fill_zone(f, slot);
    } else {
        return false;
    }
    return true;
}
