/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/memory.h"

#include "base/buf.h"
#include "base/clock.h"
#include "tools/engine/finder_stem.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_SAID_MAX 40 /* words of the user that are looked at */
#define MEMORY_ENTRY 60    /* bytes of an entry beside its text */

struct memory_fact {
    const struct remembered *one;
    unsigned long long has; /* bit i: word i of what was said */
    double score;
    size_t age; /* 0 = the latest */
};

static size_t memory_said(const char *said, char terms[][FINDER_TERM])
{
    size_t count = 0;
    char term[FINDER_TERM];

    while (count < MEMORY_SAID_MAX && finder_stem_next(&said, term)) {
        size_t i = 0;
        while (i < count && strcmp(terms[i], term))
            i++;
        if (i == count)
            memcpy(terms[count++], term, sizeof term);
    }
    return count;
}

static unsigned long long memory_has(const char *text, char terms[][FINDER_TERM], size_t count)
{
    unsigned long long has = 0;
    char term[FINDER_TERM];

    while (finder_stem_next(&text, term))
        for (size_t i = 0; i < count; i++)
            if (!strcmp(terms[i], term))
                has |= 1ULL << i;
    return has;
}

static void memory_score(struct memory_fact *facts, size_t n, const char *said)
{
    char terms[MEMORY_SAID_MAX][FINDER_TERM];
    size_t count = memory_said(said, terms), among[MEMORY_SAID_MAX] = {0};

    for (size_t f = 0; f < n; f++) {
        facts[f].has = memory_has(facts[f].one->text, terms, count);
        for (size_t i = 0; i < count; i++)
            among[i] += facts[f].has >> i & 1;
    }
    for (size_t f = 0; f < n; f++)
        for (size_t i = 0; i < count; i++)
            if (facts[f].has >> i & 1)
                facts[f].score += 1 + log((double)n / (double)among[i]);
}

static int memory_by_score(const void *a, const void *b)
{
    const struct memory_fact *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->age < y->age ? -1 : x->age > y->age;
}

static int memory_by_age(const void *a, const void *b)
{
    const struct memory_fact *x = a, *y = b;

    return x->age < y->age ? -1 : x->age > y->age;
}

static void memory_put(struct buf *b, const struct remembered *one)
{
    char at[CLOCK_RFC3339_SIZE];

    clock_rfc3339(one->at_ms, at);
    buf_printf(b, "- %.10s: ", at);
    buf_json_string(b, one->text, strlen(one->text));
    buf_printf(b, " (%s)\n", one->id);
}

int memory_choose(const struct remembered_list *list, const char *said, struct arena *arena,
    const char **text)
{
    struct buf b = {0};
    struct memory_fact *facts;
    size_t shown = 0, bytes = 0;

    *text = "";
    if (!list->count)
        return 0;
    if (!(facts = arena_array(arena, list->count, sizeof *facts)))
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++)
        facts[i] = (struct memory_fact){.one = &list->all[i], .age = i};
    memory_score(facts, list->count, said);
    qsort(facts, list->count, sizeof *facts, memory_by_score);
    while (shown < list->count && shown < MEMORY_SHOWN) {
        bytes += strlen(facts[shown].one->text) + MEMORY_ENTRY;
        if (bytes > MEMORY_BYTES && shown)
            break;
        shown++;
    }
    qsort(facts, shown, sizeof *facts, memory_by_age);
    for (size_t i = 0; i < shown; i++)
        memory_put(&b, facts[i].one);
    if (shown < list->count)
        buf_printf(&b, "(%zu more: recall)\n", list->count - shown);
    *text = buf_error(&b) ? NULL : arena_memdup(arena, buf_text(&b), b.len);
    buf_free(&b);
    return *text ? 0 : ERR_NOMEM;
}
