/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_match.h"

#include <stdio.h>
#include <string.h>

struct offline_matcher {
    const struct offline_tokens *t;
    struct offline_match *out;
};

struct offline_element {
    char text[80];
    bool optional;
};

/* Reads the next element; returns what is behind it. */
static const char *offline_match_element(const char *p, struct offline_element *e)
{
    size_t len;

    p += strspn(p, " ");
    len = strcspn(p, " ");
    snprintf(e->text, sizeof e->text, "%.*s", (int)len, p);
    e->optional = len > 1 && p[len - 1] == '?';
    if (e->optional && len < sizeof e->text)
        e->text[len - 1] = 0;
    return p + len;
}

static enum offline_slot offline_match_slot(const char *text)
{
    static const char *const names[] = {
#define OFFLINE_SLOT_NAME_(name, text) "{" text "}",
        OFFLINE_SLOT_TABLE(OFFLINE_SLOT_NAME_)
#undef OFFLINE_SLOT_NAME_
    };
    int slot = 0;

    while (slot < OFFLINE_SLOT_COUNT && strcmp(names[slot], text))
        slot++;
    return (enum offline_slot)slot;
}

static bool offline_match_rest(struct offline_matcher *m, const char *p, size_t at);

static void offline_match_reach(struct offline_matcher *m, size_t at)
{
    if (m->out->headed && at > m->out->reached)
        m->out->reached = at;
}

/* A text over the place of a date goes on only with a preposition: "meeting (on Friday) with Bob".
 */
static bool offline_match_bridged(const struct offline_tokens *t, size_t i)
{
    return !t->list[i].gap || offline_tokens_is(t, i, "with|about|at|near|for|to");
}

static bool offline_match_event_word(const struct offline_tokens *t,
    const struct offline_part *part)
{
    for (size_t i = part->at; i < part->at + part->count; i++)
        if (offline_tokens_is(t, i, "appointment|appointments|meeting|event|reminder|booking"))
            return true;
    return false;
}

static bool offline_match_text(struct offline_matcher *m, enum offline_slot slot, const char *p,
    size_t at)
{
    struct offline_part *part = &m->out->parts[slot];

    for (size_t n = 1; at + n <= m->t->count; n++) {
        if (!offline_plain(m->t, at, at + n - 1, slot) ||
            (n > 1 && !offline_match_bridged(m->t, at + n - 1)))
            break;
        offline_match_reach(m, at + n);
        *part = (struct offline_part){at, n};
        if (!offline_ends(m->t, at + n - 1) ||
            (slot == OFFLINE_EVENT && !offline_match_event_word(m->t, part)))
            continue;
        if (offline_match_rest(m, p, at + n))
            return true;
    }
    *part = (struct offline_part){0};
    return false;
}

/* Tokens that a slot of fixed form takes at `at`; 0 = none. */
static size_t offline_match_fixed(const struct offline_tokens *t, enum offline_slot slot, size_t at)
{
    if (slot == OFFLINE_PERIOD && offline_tokens_is(t, at, "weekly|monthly|yearly|annually"))
        return 1;
    if (slot == OFFLINE_PERIOD)
        return offline_tokens_is(t, at, "a|per|each|every|/") &&
                offline_tokens_is(t, at + 1, "week|month|year") ?
            2 :
            0;
    if (at >= t->count)
        return 0;
    if (slot == OFFLINE_AMOUNT)
        return t->list[at].kind == OFFLINE_NUMBER && t->list[at].value > 0;
    return slot == OFFLINE_LENGTH && t->list[at].kind == OFFLINE_DURATION;
}

static bool offline_match_here(const struct offline_tokens *t, size_t at)
{
    return at == t->count ? t->gap_end : t->list[at].gap;
}

static bool offline_match_part(struct offline_matcher *m, enum offline_slot slot, const char *p,
    size_t at)
{
    size_t n;

    if (slot == OFFLINE_HERE)
        return offline_match_here(m->t, at) && offline_match_rest(m, p, at);
    if (slot != OFFLINE_AMOUNT && slot != OFFLINE_PERIOD && slot != OFFLINE_LENGTH)
        return offline_match_text(m, slot, p, at);
    if (!(n = offline_match_fixed(m->t, slot, at)))
        return false;
    m->out->parts[slot] = (struct offline_part){at, n};
    offline_match_reach(m, at + n);
    if (offline_match_rest(m, p, at + n))
        return true;
    m->out->parts[slot] = (struct offline_part){0};
    return false;
}

static bool offline_match_rest(struct offline_matcher *m, const char *p, size_t at)
{
    struct offline_element e = {.optional = false};
    enum offline_slot slot;

    p = offline_match_element(p, &e);
    if (!*e.text)
        return at == m->t->count;
    if (!strcmp(e.text, "^")) {
        m->out->headed = true;
        offline_match_reach(m, at);
        return offline_match_rest(m, p, at);
    }
    slot = offline_match_slot(e.text);
    if (slot < OFFLINE_SLOT_COUNT) {
        if (offline_match_part(m, slot, p, at))
            return true;
    } else if (offline_tokens_is(m->t, at, e.text)) {
        offline_match_reach(m, at + 1);
        if (offline_match_rest(m, p, at + 1))
            return true;
    }
    return e.optional && offline_match_rest(m, p, at);
}

bool offline_match(const struct offline_tokens *t, const char *pattern, struct offline_match *out)
{
    struct offline_matcher m = {t, out};

    memset(out, 0, sizeof *out);
    return offline_match_rest(&m, pattern, 0);
}
