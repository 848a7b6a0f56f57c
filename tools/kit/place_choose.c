/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/place_choose.h"

#include <math.h>
#include <string.h>

#define FAR_METRES 1000000.0
#define APART_METRES 500000.0
/* Margins below which a choice is a guess; the second for towns that anybody may mean. */
#define MARGIN 0.8
#define MARGIN_LARGE 1.0
#define LARGE 40000
/* A town of this size is what its name means. The exceptions are a namesake of a tenth of its
 * people, and one that the other places of the request nearly choose. */
#define FAMOUS 2000000
#define FAMOUS_SHARE 0.1
#define MARGIN_FAMOUS 0.15
#define FAMOUS_ALONE 0.005 /* a share below which a namesake is not even asked about */
/* What nearness to the next place weighs, at most, and the distance over which it fades. */
#define NEAR_WEIGHT 3.0
#define NEAR_KM 600.0
#define SAME_COUNTRY 1.0

static double place_choose_metres(const struct gazetteer_place *a, const struct gazetteer_place *b)
{
    return gazetteer_distance(a->latitude, a->longitude, b->latitude, b->longitude);
}

static double place_choose_bond(const struct gazetteer_place *a, const struct gazetteer_place *b)
{
    double weight = NEAR_WEIGHT * exp(-place_choose_metres(a, b) / 1000 / NEAR_KM);
    bool same = a->country_code[0] && strcmp(a->country_code, b->country_code) == 0;
    return weight + (same ? SAME_COUNTRY : 0);
}

/* sums[i][c]: the best way through the lists before i (backwards: behind), candidate c included. */
static void place_choose_sum(const struct gazetteer_candidates *const *lists, size_t count,
    bool backwards, double sums[][GAZETTEER_CANDIDATES])
{
    for (size_t n = 0; n < count; n++) {
        size_t i = backwards ? count - 1 - n : n, before = backwards ? i + 1 : i - 1;
        for (size_t c = 0; c < lists[i]->count; c++) {
            double best = n > 0 ? -INFINITY : 0;
            for (size_t k = 0; n > 0 && k < lists[before]->count; k++)
                best = fmax(best,
                    sums[before][k] +
                        place_choose_bond(&lists[before]->all[k].place, &lists[i]->all[c].place));
            sums[i][c] = best + lists[i]->all[c].score;
        }
    }
}

static bool place_choose_guess(const struct gazetteer_candidates *list, const double *totals,
    size_t chosen)
{
    const struct gazetteer_place *best = &list->all[chosen].place;
    for (size_t c = 0; c < list->count; c++) {
        const struct gazetteer_place *other = &list->all[c].place;
        bool large = best->population >= LARGE && other->population >= LARGE;
        double share = (double)other->population / (double)(best->population + 1);
        bool famous = best->population >= FAMOUS && share < FAMOUS_SHARE;
        if (c != chosen && !(famous && share < FAMOUS_ALONE) &&
            totals[chosen] - totals[c] < (famous       ? MARGIN_FAMOUS :
                                                 large ? MARGIN_LARGE :
                                                         MARGIN) &&
            place_choose_metres(best, other) >= FAR_METRES)
            return true;
    }
    return false;
}

void place_choose(const struct gazetteer_candidates *const *lists, size_t count, size_t *chosen,
    int *unclear)
{
    double before[PLACE_STOPS_MAX][GAZETTEER_CANDIDATES] = {{0}};
    double behind[PLACE_STOPS_MAX][GAZETTEER_CANDIDATES] = {{0}};
    *unclear = -1;
    place_choose_sum(lists, count, false, before);
    place_choose_sum(lists, count, true, behind);
    for (size_t i = 0; i < count; i++) {
        double totals[GAZETTEER_CANDIDATES];
        chosen[i] = 0;
        for (size_t c = 0; c < lists[i]->count; c++) {
            totals[c] = before[i][c] + behind[i][c] - lists[i]->all[c].score;
            if (totals[c] > totals[chosen[i]])
                chosen[i] = c;
        }
        if (*unclear < 0 && place_choose_guess(lists[i], totals, chosen[i]))
            *unclear = (int)i;
    }
}

size_t place_choices(const struct gazetteer_candidates *list, size_t *out, size_t max)
{
    size_t count = 0;
    for (size_t c = 0; c < list->count && count < max; c++) {
        const struct gazetteer_place *p = &list->all[c].place;
        bool apart = true;
        for (size_t k = 0; k < count; k++)
            apart &= place_choose_metres(&list->all[out[k]].place, p) >= APART_METRES;
        if (apart)
            out[count++] = c;
    }
    return count;
}
