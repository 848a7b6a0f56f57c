/* SPDX-License-Identifier: BSD-2-Clause */
/* The places that travellers name, and distances by road against charts of others, with the files
 * that the build has made; skipped where those are not (gazetteer.tsv in the working folder). */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tools/kit/land.h"
#include "tools/kit/place_choose.h"
#include "tools/kit/road.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAIRS_MAX 400
#define DEVIATION_MAX 0.08 /* the median of all pairs */
#define RIGHT_MIN 0.95

static bool real_files(void)
{
    if (access("gazetteer.tsv", R_OK) != 0 || access("landmass.bin", R_OK) != 0)
        return false;
    assert_int_equal(gazetteer_open("gazetteer.tsv"), 0);
    assert_int_equal(land_open("", "gazetteer.tsv"), 0);
    return true;
}

static FILE *open_table(const char *name)
{
    char path[512];
    const char *top = getenv("srcdir");
    snprintf(path, sizeof path, "%s/tests/unit/%s", top ? top : ".", name);
    FILE *in = fopen(path, "r");
    if (!in)
        fail_msg("%s cannot be read", path);
    return in;
}

/* Splits a line at tabs; how many parts. */
static size_t split(char *line, char **parts, size_t max)
{
    size_t count = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *tab = line; tab && count < max; count++) {
        parts[count] = tab;
        tab = strchr(tab, '\t');
        if (tab)
            *tab++ = '\0';
    }
    return count;
}

/* --- places --- */

/* Right, or asked about. */
static bool place_right(char **parts, size_t count, char *took, size_t size)
{
    const struct gazetteer_bias none = {.has_location = false};
    struct gazetteer_candidates list;
    const struct gazetteer_candidates *lists[] = {&list};
    size_t chosen = 0;
    int unclear;
    double within = 1000 * (count > 4 ? atof(parts[4]) : 60);
    snprintf(took, size, "nothing");
    if (gazetteer_candidates(parts[0], &none, &list) != 0)
        return false;
    place_choose(lists, 1, &chosen, &unclear);
    const struct gazetteer_place *p = &list.all[chosen].place;
    snprintf(took, size, "%s, %s, %s", p->name, p->region, p->country_code);
    return unclear >= 0 ||
        gazetteer_distance(p->latitude, p->longitude, atof(parts[2]), atof(parts[3])) <= within;
}

static void travellers_places_are_found(void **state)
{
    char line[256], took[300], *parts[6];
    size_t all = 0, right = 0;
    (void)state;
    if (!real_files())
        skip();
    FILE *in = open_table("travel_places.tsv");
    while (fgets(line, sizeof line, in)) {
        if (line[0] == '#')
            continue;
        size_t count = split(line, parts, 6);
        assert_true(count >= 4);
        all++;
        if (place_right(parts, count, took, sizeof took))
            right++;
        else
            print_message("  %s, %s: %s\n", parts[0], parts[1], took);
    }
    fclose(in);
    print_message("%zu of %zu places are right or asked about (%.1f %%)\n", right, all,
        100.0 * (double)right / (double)all);
    assert_true(all >= 300);
    assert_true((double)right >= RIGHT_MIN * (double)all);
}

static void towns_by_their_names_in_other_languages(void **state)
{
    const struct gazetteer_bias none = {.has_location = false};
    struct gazetteer_candidates list;
    const struct gazetteer_candidates *lists[] = {&list};
    char line[256], *parts[3];
    size_t all = 0, wrong = 0;
    (void)state;
    if (!real_files())
        skip();
    FILE *in = open_table("town_names.tsv");
    while (fgets(line, sizeof line, in)) {
        size_t chosen = 0;
        int unclear = -1;
        if (line[0] == '#')
            continue;
        assert_int_equal(split(line, parts, 3), 2);
        all++;
        int error = gazetteer_candidates(parts[0], &none, &list);
        if (error == 0)
            place_choose(lists, 1, &chosen, &unclear);
        if (error == 0 && (unclear >= 0 || !strcmp(list.all[chosen].place.country_code, parts[1])))
            continue;
        wrong++;
        print_message("  %s, %s: %s\n", parts[0], parts[1],
            error != 0 ? "nothing" : list.all[chosen].place.name);
    }
    fclose(in);
    assert_true(all >= 150);
    assert_int_equal(wrong, 0);
}

/* --- roads --- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *all, size_t count)
{
    qsort(all, count, sizeof *all, by_size);
    return count == 0 ? 0 : count % 2 ? all[count / 2] : (all[count / 2 - 1] + all[count / 2]) / 2;
}

struct region {
    char name[32];
    double deviations[PAIRS_MAX];
    size_t count;
};

static struct region *region_of(struct region *regions, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (!strcmp(regions[i].name, name))
            return &regions[i];
    assert_true(*count < 8);
    struct region *one = &regions[(*count)++];
    snprintf(one->name, sizeof one->name, "%s", name);
    return one;
}

static void distances_are_those_of_charts(void **state)
{
    static struct region regions[8];
    static double all[PAIRS_MAX];
    char line[256], *parts[8];
    size_t region_count = 0, count = 0;
    double lat1, lon1, lat2, lon2;
    struct road road;
    (void)state;
    if (!real_files())
        skip();
    FILE *in = open_table("road_pairs.tsv");
    while (fgets(line, sizeof line, in)) {
        if (line[0] == '#')
            continue;
        assert_int_equal(split(line, parts, 8), 7);
        assert_int_equal(sscanf(parts[2], "%lf %lf", &lat1, &lon1), 2);
        assert_int_equal(sscanf(parts[4], "%lf %lf", &lat2, &lon2), 2);
        road_between(lat1, lon1, lat2, lon2, true, &road);
        if (road.kind == ROAD_NONE)
            fail_msg("%s to %s: no road", parts[1], parts[3]);
        assert_true(count < PAIRS_MAX);
        double deviation = fabs(road.metres / 1000 / atof(parts[5]) - 1);
        struct region *r = region_of(regions, &region_count, parts[0]);
        r->deviations[r->count++] = all[count++] = deviation;
        if (getenv("ROADS_SHOWN"))
            print_message("%s\t%s\t%s\t%s\t%.0f\t%.0f\t%.3f\n", parts[0], parts[6], parts[1],
                parts[3], atof(parts[5]), road.metres / 1000, road.metres / 1000 / atof(parts[5]));
    }
    fclose(in);
    for (size_t i = 0; i < region_count; i++)
        print_message("%s: %zu pairs, median deviation %.1f %%\n", regions[i].name,
            regions[i].count, 100 * median(regions[i].deviations, regions[i].count));
    double whole = median(all, count);
    print_message("all: %zu pairs, median deviation %.1f %%\n", count, 100 * whole);
    assert_true(count >= 200 && region_count == 6);
    assert_true(whole <= DEVIATION_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(travellers_places_are_found),
        cmocka_unit_test(towns_by_their_names_in_other_languages),
        cmocka_unit_test(distances_are_those_of_charts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
