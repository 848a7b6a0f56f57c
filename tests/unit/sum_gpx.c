/* SPDX-License-Identifier: BSD-2-Clause */
/* What tools/tracks/gpx.h says about a file, for a judge that somebody else wrote
 * (tests/unit/gpx_judge.py): "refused SENTENCE", or numbers on one line. */
#include "tools/tracks/gpx.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static struct gpx g;
    char why[GPX_WHY_SIZE];
    char *text = malloc(GPX_BYTES_MAX);
    FILE *in = argc > 1 ? fopen(argv[1], "rb") : stdin;
    if (!text || !in)
        return 1;
    size_t len = fread(text, 1, GPX_BYTES_MAX, in);
    if (gpx_read(text, len, &g, why) != 0)
        printf("refused %s\n", why);
    else
        printf("%zu %zu %zu %zu %.3f %.3f %.3f %.3f %.3f\n", g.tracks, g.routes, g.waypoints,
            g.points, g.metres, g.ascent, g.descent, g.lowest, g.highest);
    free(text);
    return fclose(in) != 0;
}
