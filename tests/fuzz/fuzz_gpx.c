/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of GPS devices: whatever comes is read or refused with a sentence, and what was read is
 * within bounds. */
#include "base/err.h"
#include "base/utf8.h"
#include "tools/tracks/gpx.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool whole(const char *text)
{
    return utf8_valid(text, strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gpx g;
    char why[GPX_WHY_SIZE];
    char *text = malloc(size > 0 ? size : 1); /* exactly: a read behind its end is seen */
    if (!text)
        return 0;
    memcpy(text, data, size);
    int error = gpx_read(text, size, &g, why);
    free(text);
    if (error != 0) {
        if ((error != ERR_INVALID && error != ERR_LIMIT) || why[0] == '\0')
            abort();
        return 0;
    }
    if (g.points + g.waypoints == 0 || g.count > GPX_WAYPOINTS_MAX || g.line_count > GPX_LINE_MAX ||
        !(g.metres >= 0) || !(g.route_metres >= 0) || !(g.ascent >= 0) || !(g.descent >= 0) ||
        !(fabs(g.south) <= 90) || !(fabs(g.east) <= 180) || g.south > g.north || !whole(g.name) ||
        (g.has_times && g.first_ms > g.last_ms))
        abort();
    for (size_t i = 0; i < g.count; i++)
        if (!whole(g.all[i].name) || !whole(g.all[i].description) || fabs(g.all[i].latitude) > 90)
            abort();
    return 0;
}
