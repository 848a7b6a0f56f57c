/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/cache_command.h"

#include "base/err.h"
#include "store/kept_answers.h"
#include "workers/supervisor/ending.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int cache_command_show(struct store *s, void *arg)
{
    struct kept_answers_sums sums;
    int error = kept_answers_show(s, &sums);

    (void)arg;
    if (!error)
        printf("%s; %" PRId64 " of %" PRId64 " places taken, %" PRId64
               " answers told to others, %" PRId64 " bytes\n",
            s->conf->cache_answers ? "on" : "off (cache.answers)", sums.kept,
            s->conf->cache_entries, sums.told, sums.bytes);
    return error;
}

static int cache_command_clear(struct store *s, void *arg)
{
    int error = kept_answers_clear(s);

    (void)arg;
    if (!error)
        puts("no answer is kept any more");
    return error;
}

int cache_command(const struct conf *conf, int argc, char **argv)
{
    const bool clear = argc == 1 && strcmp(argv[0], "clear") == 0;

    if (argc > 1 || (argc == 1 && !clear && strcmp(argv[0], "show") != 0)) {
        fputs("usage: turnpike cache [show | clear]\n", stderr);
        return 2;
    }
    if (ending_in_store(conf, clear ? cache_command_clear : cache_command_show, NULL))
        return 1;
    if (clear)
        ending_audit(conf, "cache.clear", "kept answers", "done");
    return 0;
}
