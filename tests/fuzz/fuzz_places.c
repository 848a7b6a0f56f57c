/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of place names and of land, cut and damaged: they are refused, or looked up in without
 * harm. A file that begins as a place-name file is one; everything else is taken as a land mask.
 */
#include "base/err.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/land.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(void)
{
    static const char *const names[] = {"Sydney", "sydney, nsw", "a", "zz", "Perth Scotland",
        "the x"};
    static const struct gazetteer_point points[] = {{-33.8, 151.2}, {89.9, 179.9}, {-90, -180}};
    struct gazetteer_bias bias = {.country_code = "AU", .has_location = true};
    struct gazetteer_candidates found;
    struct gazetteer_place near[3];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (gazetteer_candidates(names[i], &bias, &found) == 0 && found.count == 0)
            abort();
    gazetteer_near(points, 3, 80000, near);
}

static void look_at(void)
{
    land_at(-33.8, 151.2, 5000);
    land_at(90, 180, 5000);
    land_at(-90, -180, 0);
    land_water(-33, 151, -28, 153, 100, 25000);
    land_way(-33, 151, -34, 152);
}

/* A land mask of any size: the fuzzer's bytes, the cells of a whole one behind them. */
static void write_mask(int fd, const uint8_t *data, size_t size)
{
    if (write(fd, data, size) < 0 ||
        (size > 40 && (data[size - 1] & 1) && ftruncate(fd, (off_t)(size + 3600 * 1800 / 8)) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    bool names = size > 2 && memcmp(data, "!!", 2) == 0;
    FILE *file = tmpfile();
    if (!file)
        abort();
    int fd = fileno(file);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (names && write(fd, data, size) < 0)
        abort();
    if (!names)
        write_mask(fd, data, size);
    if (names && gazetteer_open(path) == 0)
        look_up();
    if (!names && land_open(path, "") == 0)
        look_at();
    gazetteer_close();
    land_close();
    fclose(file);
    return 0;
}
