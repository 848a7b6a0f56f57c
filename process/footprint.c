/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MADV_DONTNEED */
#endif
#include "process/footprint.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct footprint_map {
    uintptr_t start, end;
    size_t resident;
    bool code; /* executable, not writable, private, of a file */
    bool own;  /* it holds a page that the file does not */
};

/* The head of the next mapping: `START-END PERMS OFFSET DEVICE INODE PATH`. */
static bool footprint_read_head(const char *line, struct footprint_map *map)
{
    unsigned long start, end, inode;
    char perms[5];

    if (sscanf(line, "%lx-%lx %4s %*x %*s %lu", &start, &end, perms, &inode) != 4)
        return false;
    *map =
        (struct footprint_map){.start = start, .end = end, .code = inode && !strcmp(perms, "r-xp")};
    return true;
}

static void footprint_read_figure(const char *line, struct footprint_map *map)
{
    size_t kb;

    if (sscanf(line, "Rss: %zu kB", &kb) == 1)
        map->resident = kb * 1024;
    else if (sscanf(line, "Anonymous: %zu kB", &kb) == 1 || sscanf(line, "Swap: %zu kB", &kb) == 1)
        map->own |= kb > 0;
}

static size_t footprint_drop(const struct footprint_map *map)
{
    if (!map->code || map->own || !map->resident)
        return 0;
    return madvise((void *)map->start, map->end - map->start, MADV_DONTNEED) ? 0 : map->resident;
}

/* Of the directory of its threads the kernel counts them as links, beside the usual two. */
static bool footprint_has_threads(void)
{
    struct stat st;

    return stat("/proc/self/task", &st) || st.st_nlink != 3;
}

size_t footprint_drop_code(void)
{
    FILE *file = footprint_has_threads() ? NULL : fopen("/proc/self/smaps", "re");
    struct footprint_map map = {.start = 0}, next;
    char line[512]; /* what a longer path leaves of its line is no head and no figure */
    size_t dropped = 0;

    if (!file)
        return 0;
    while (fgets(line, sizeof line, file)) {
        if (footprint_read_head(line, &next)) {
            dropped += footprint_drop(&map);
            map = next;
        } else {
            footprint_read_figure(line, &map);
        }
    }
    dropped += footprint_drop(&map);
    fclose(file);
    return dropped;
}
