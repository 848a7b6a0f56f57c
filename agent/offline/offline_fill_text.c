/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots of free text: what no concept, number or date has taken, in one piece. */
#include "agent/offline/offline_fill.h"

#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Whether a token can be in a free text. The others make the clause one with something left. */
static bool offline_fill_textual(const struct offline_fill *f, size_t i)
{
    const struct offline_token *k = &f->speech->tokens.list[i];

    if (k->kind == OFFLINE_QUOTE)
        return true;
    if (k->kind == OFFLINE_PUNCT)
        return strchr(",-&'/:", *k->low) != NULL;
    return k->kind == OFFLINE_WORD && *k->low != '!' &&
        !offline_fill_is(f, i,
            "every|everyday|everyworkday|everyweekend|everyweek|everymonth|"
            "everyyear|otherwise");
}

/* Behind "and" or a comma: an order of its own. */
static bool offline_fill_ordering(const struct offline_fill *f, size_t i)
{
    return offline_fill_is(f, i, "and|then|,|also|plus|;") &&
        offline_fill_is(f, i + 1,
            "show|add|log|remove|set|remind|timer|alarm|spent|bought|plantrip|"
            "message|post|search|filled|howmuch|export|move|whattime|i|move");
}

/* The run of tokens from the first content to the last. False when there is none, or it is in
 * pieces: then words are left. */
static bool offline_fill_run(const struct offline_fill *f, size_t *at, size_t *count)
{
    const struct offline_tokens *t = &f->speech->tokens;
    size_t first = SIZE_MAX, last = 0;

    for (size_t i = 0; i < t->count; i++)
        if (!f->used[i] && t->list[i].mark != OFFLINE_MARK_LIGHT &&
            (t->list[i].kind == OFFLINE_WORD || t->list[i].kind == OFFLINE_QUOTE)) {
            first = first == SIZE_MAX ? i : first;
            last = i;
        }
    if (first == SIZE_MAX)
        return false;
    if (first > 0 && offline_fill_ordering(f, first - 1))
        return false;
    for (size_t i = first; i <= last; i++) {
        bool bridged =
            i == first || !t->list[i].gap || offline_fill_is(f, i, "with|about|at|near|for|to|in");
        if (f->used[i] || !offline_fill_textual(f, i) || !bridged || offline_fill_ordering(f, i))
            return false;
    }
    *at = first;
    *count = last - first + 1;
    return true;
}

/* Light words in front that belong to the text: "(to) take my pills". */
static void offline_fill_widen(const struct offline_fill *f, size_t *at, size_t *count)
{
    static const char articles[] =
        "the|a|an|my|our|to|that|for|of|at|in|on|i|we|please|me|us|you|your|"
        "is|are|with|and|from|about|as|it|have|has|had|some|modal|pls|this|~|"
        "there|need|up|out|by|so|by|here|just|also|that's|which|can|now";
    const struct offline_tokens *t = &f->speech->tokens;
    size_t from = *at;

    while (from > 0 && !f->used[from - 1] && !t->list[from].gap &&
        t->list[from - 1].kind == OFFLINE_WORD && t->list[from - 1].mark == OFFLINE_MARK_LIGHT)
        from--;
    while (from < *at && offline_fill_is(f, from, articles))
        from++;
    *count += *at - from;
    *at = from;
}

static void offline_fill_take(struct offline_fill *f, size_t at, size_t n, char *out, size_t size)
{
    offline_tokens_text(&f->speech->tokens, at, n, out, size);
    for (size_t i = 0; i < n; i++) {
        f->used[at + i] = true;
        f->slipped |= false;
    }
}

static void offline_fill_capital(char *text)
{
    *text = (char)toupper((unsigned char)*text);
}

static bool offline_fill_pronoun(const struct offline_fill *f, size_t at, size_t n)
{
    return n == 1 &&
        offline_fill_is(f, at,
            "it|this|that|them|these|something|anything|stuff|things|~algo|~etwas");
}

/* Whether the text begins with somebody else who is to be reminded. */
static bool offline_fill_addressed(const struct offline_fill *f, size_t at)
{
    const struct offline_tokens *t = &f->speech->tokens;
    char before[64];

    if (at == 0 || !offline_fill_is(f, at - 1, "remind") || t->list[at].gap ||
        !offline_fill_is(f, at + 1, "to|that|about") || f->speech->language != OFFLINE_ENGLISH)
        return false;
    offline_tokens_text(t, at - 1, 1, before, sizeof before);
    return !strcasecmp(before, "remind");
}

static void offline_fill_free_text(struct offline_fill *f, const struct offline_slot_spec *slot,
    bool title)
{
    char text[OFFLINE_TEXT_MAX];
    size_t at, n;

    if (!offline_fill_run(f, &at, &n) || offline_fill_pronoun(f, at, n) ||
        (!strcmp(slot->type, "label") &&
            offline_fill_is(f, at,
                "second|third|first|last|latest|newest|oldest|next|other|another|hour|minutes|~medio|~media|~halb|"
                "~demi|~demie|~hora|~heure|~stunde|half")))
        return;
    if (!strcmp(slot->type, "person") && n > 2)
        return; /* a name is short */
    if (title && offline_fill_addressed(f, at)) {
        f->vague = true; /* "remind Bob to ..." */
        return;
    }
    if (!strcmp(slot->type, "behind")) {
        while (at > 1 && !f->used[at - 1] && offline_fill_free(f, at - 1))
            at--, n++;
        while (n > 1 && offline_fill_is(f, at, "that|to|~"))
            at++, n--;
    } else if (title) {
        offline_fill_widen(f, &at, &n);
    }
    offline_fill_take(f, at, n, text, sizeof text);
    if (title)
        offline_fill_capital(text);
    if (*f->intent->tool == '=')
        snprintf(f->title, sizeof f->title, "%s", text);
    else
        offline_fill_put_text(f, slot->name, text);
}

/* "Dentist appointment": the word for an event is part of its title. */
static void offline_fill_event_title(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    const struct offline_tokens *t = &f->speech->tokens;

    for (size_t i = 0; i < t->count; i++)
        if (f->used[i] && offline_fill_is(f, i, "event")) {
            bool before = i > 0 && !f->used[i - 1] && t->list[i - 1].mark != OFFLINE_MARK_LIGHT &&
                t->list[i - 1].kind == OFFLINE_WORD && !t->list[i].gap;
            bool behind = offline_fill_is(f, i + 1, "with|about");
            if (before || behind)
                f->used[i] = false;
        }
    offline_fill_free_text(f, slot, true);
}

/* What money went to; the category stands for it when no words are left. */
static void offline_fill_spent(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    char text[OFFLINE_TEXT_MAX];
    size_t at, n;

    if (!offline_fill_run(f, &at, &n) || offline_fill_pronoun(f, at, n))
        return;
    offline_fill_take(f, at, n, text, sizeof text);
    offline_fill_put_text(f, slot->name, text);
}

static void offline_fill_list(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    char text[OFFLINE_TEXT_MAX];
    size_t at, n;
    jdoc *all;

    if (!offline_fill_run(f, &at, &n) || offline_fill_pronoun(f, at, n) ||
        !(all = jdoc_new_array()))
        return;
    for (size_t i = 0, from = 0; i <= n; i++) {
        bool cut = i == n || offline_fill_is(f, at + i, "and|,|&|plus");
        size_t lead = from;
        while (cut && lead < i && f->speech->tokens.list[at + lead].mark == OFFLINE_MARK_LIGHT)
            lead++;
        if (cut && i > lead) {
            offline_tokens_text(&f->speech->tokens, at + lead, i - lead, text, sizeof text);
            f->vague |= jdoc_push(all, jdoc_new_string(text, strlen(text))) != 0;
        }
        if (cut)
            from = i + 1;
        if (i < n)
            f->used[at + i] = true;
    }
    offline_fill_put(f, slot->name, all);
}

/* "message bob that we are late": the first word is who, the rest what. */
static void offline_fill_first(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    char text[OFFLINE_TEXT_MAX];
    size_t at, n;

    if (!offline_fill_run(f, &at, &n))
        return;
    offline_fill_take(f, at, 1, text, sizeof text);
    offline_fill_put_text(f, slot->name, text);
}

static void offline_fill_url(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    const struct offline_tokens *t = &f->speech->tokens;
    const char *from = strstr(t->text, "http");
    char text[OFFLINE_TEXT_MAX];
    size_t len = from ? strcspn(from, " \t\n\"<>") : 0;

    if (len < 10 || len >= sizeof text)
        return;
    snprintf(text, sizeof text, "%.*s", (int)len, from);
    for (size_t i = 0; i < t->count; i++)
        if (t->list[i].from >= (size_t)(from - t->text) &&
            t->list[i].to <= (size_t)(from - t->text) + len)
            f->used[i] = true;
    offline_fill_put_text(f, slot->name, text);
}

/* A text of a service: the part itself is a concept. */
static void offline_fill_part(struct offline_fill *f, const struct offline_slot_spec *slot,
    bool rest)
{
    const struct offline_tokens *t = &f->speech->tokens;
    char text[OFFLINE_TEXT_MAX];
    size_t at = SIZE_MAX, last = 0;

    for (size_t i = 0; i < t->count; i++)
        if (offline_fill_is(f, i, "carpart|service") ||
            (at == SIZE_MAX && offline_fill_is(f, i, "carpart|service|maintenance"))) {
            at = at == SIZE_MAX ? i : at;
            last = i;
        }
    if (at == SIZE_MAX)
        return;
    for (size_t i = 0; rest && i < t->count; i++)
        if (!f->used[i] && t->list[i].mark != OFFLINE_MARK_LIGHT &&
            t->list[i].kind == OFFLINE_WORD && (i + 1 == at || i == last + 1) && !t->list[i].gap) {
            at = i < at ? i : at;
            last = i > last ? i : last;
        }
    if (last - at > 4)
        return;
    offline_fill_take(f, at, last - at + 1, text, sizeof text);
    if (!strcmp(f->intent->tool, "create_maintenance_record"))
        offline_fill_capital(text);
    offline_fill_put_text(f, slot->name, text);
}

bool offline_fill_text(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    const char *type = slot->type;

    if (!strcmp(type, "title") || !strcmp(type, "text") || !strcmp(type, "rest") ||
        !strcmp(type, "label") || !strcmp(type, "behind") || !strcmp(type, "word") ||
        !strcmp(type, "person"))
        offline_fill_free_text(f, slot, !strcmp(type, "title"));
    else if (!strcmp(type, "eventtitle"))
        offline_fill_event_title(f, slot);
    else if (!strcmp(type, "spent"))
        offline_fill_spent(f, slot);
    else if (!strcmp(type, "list") || !strcmp(type, "withlist"))
        offline_fill_list(f, slot);
    else if (!strcmp(type, "first"))
        offline_fill_first(f, slot);
    else if (!strcmp(type, "url"))
        offline_fill_url(f, slot);
    else if (!strcmp(type, "part") || !strcmp(type, "partrest"))
        offline_fill_part(f, slot, type[4] != 0);
    else
        return false;
    return true;
}
