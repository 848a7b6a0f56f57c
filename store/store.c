/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/store.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/usage.h"

#include <stdio.h>
#include <stdlib.h>

int store_open(struct store **out, const struct conf *conf, struct reactor *reactor,
    const char *owner)
{
    struct store *s = calloc(1, sizeof *s);
    int error;

    *out = NULL;
    if (!s)
        return ERR_NOMEM;
    s->conf = conf;
    s->reactor = reactor;
    snprintf(s->owner, sizeof s->owner, "%s", owner);
    s->site = calloc(1, sizeof *s->site);
    error = s->site ? link_new(&s->link, conf) : ERR_NOMEM;
    if (error) {
        free(s->site);
        free(s);
        return error;
    }
    hints_open(s);
    *out = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    link_free(s->link);
    free(s->site);
    free(s);
}

int store_ping(struct store *s, int64_t *ms)
{
    int64_t before = clock_mono_ms();
    int error = link_command(s->link, NULL, "PING");

    if (ms)
        *ms = clock_mono_ms() - before;
    return error;
}

int store_writable(struct store *s)
{
    struct hints_walk walk = {.at = 0};
    char key[KEYS_MAX];
    int error = ERR_STORE;

    if (!link_is_cluster(s->link))
        return link_command(s->link, NULL, "SET " KEYS_READY " 1 PX 60000");
    while (error && hints_next(s, KEYS_READY, &walk, key)) { /* one that takes it is enough */
        error = link_command(s->link, NULL, "SET %s 1 PX 60000", key);
        hints_walked(s, &walk, key, error);
    }
    return error;
}
