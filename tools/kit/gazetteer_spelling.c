/* SPDX-License-Identifier: BSD-2-Clause */
/* gazetteer_spelled_like: names that are one slip of the finger away. */
#include "tools/kit/gazetteer.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

#define NAME_MIN 5
#define NAME_MAX 40
#define PEOPLE_MIN 15000 /* smaller ones are hardly what was misspelt */

struct gazetteer_slip {
    const struct gazetteer_bias *bias;
    const char *rest; /* of the text, from the first comma on */
    struct gazetteer_candidates found;
    double best;
    struct gazetteer_place *out;
};

/* Is it a place? head, letter (0 = none) and tail are its name. */
static void gazetteer_slip_try(struct gazetteer_slip *s, const char *name, size_t head, char letter,
    const char *tail)
{
    char text[NAME_MAX + 120], middle[2] = {letter, '\0'};
    if (letter == ' ' ||
        (size_t)snprintf(text, sizeof text, "%.*s%s%s%s", (int)head, name, middle, tail, s->rest) >=
            sizeof text ||
        gazetteer_candidates(text, s->bias, &s->found) != 0)
        return;
    const struct gazetteer_candidate *c = &s->found.all[0];
    if (c->place.population >= PEOPLE_MIN && c->score > s->best) {
        s->best = c->score;
        *s->out = c->place;
    }
}

static void gazetteer_slip_try_all(struct gazetteer_slip *s, const char *name, size_t len)
{
    char swapped[NAME_MAX + 1];
    for (size_t i = 0; i <= len; i++) {
        for (char letter = 'a'; letter <= 'z'; letter++) {
            gazetteer_slip_try(s, name, i, letter, name + i); /* one is missing */
            if (i < len && name[i] != ' ')
                gazetteer_slip_try(s, name, i, letter, name + i + 1); /* another one */
        }
        if (i < len)
            gazetteer_slip_try(s, name, i, '\0', name + i + 1); /* one too many */
        if (i + 1 >= len)
            continue;
        snprintf(swapped, sizeof swapped, "%s", name);
        swapped[i] = name[i + 1];
        swapped[i + 1] = name[i];
        gazetteer_slip_try(s, swapped, len, '\0', "");
    }
}

int gazetteer_spelled_like(const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_place *out)
{
    char first[100], name[NAME_MAX + 1];
    size_t part = strcspn(text, ",");
    struct gazetteer_slip s = {.bias = bias, .rest = text + part, .best = -1, .out = out};
    if (part >= sizeof first || strlen(s.rest) > 100)
        return ERR_NOT_FOUND;
    snprintf(first, sizeof first, "%.*s", (int)part, text);
    if (!gazetteer_fold(first, name, sizeof name) || strlen(name) < NAME_MIN)
        return ERR_NOT_FOUND;
    gazetteer_slip_try_all(&s, name, strlen(name));
    return s.best < 0 ? ERR_NOT_FOUND : 0;
}
