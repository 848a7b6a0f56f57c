/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/blame_desk.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/keys.h"
#include "store/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Members `MARK` (process/blame.h) of a sorted set; score = when it ends, by this machine's
 * clock. */
#define DESK_LOOK_MS 600000 /* a lost announcement; marks do not last longer */

void blame_desk_tell(struct blame_desk *d, const struct blame_mark *mark)
{
    char key[24], until[24], now[24];
    int64_t real = clock_real_ms();
    snprintf(key, sizeof key, "%016llx", mark->key);
    snprintf(until, sizeof until, "%lld", (long long)(real + mark->ms));
    snprintf(now, sizeof now, "(%lld", (long long)real);
    int error = link_command(d->store->link, NULL, "ZADD %s GT %s %s", KEYS_BLAMED, until, key);
    if (error == 0)
        error = link_command(d->store->link, NULL, "ZREMRANGEBYSCORE %s -inf %s", KEYS_BLAMED, now);
    if (error == 0)
        error = notice_publish(d->store, &(struct notice){.kind = NOTICE_BLAME, .mark = *mark});
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "other machines are not told what a worker died in: %s",
            err_text(error));
}

/* What was marked while this housekeeper did not listen. */
static void blame_desk_read(struct blame_desk *d, int64_t now)
{
    struct link_reply *r = NULL;
    int64_t real = clock_real_ms();
    char from[24];
    snprintf(from, sizeof from, "(%lld", (long long)real);
    if (link_command(d->store->link, &r, "ZRANGEBYSCORE %s %s +inf WITHSCORES LIMIT 0 %d",
            KEYS_BLAMED, from, BLAME_MARKS) != 0)
        return;
    for (size_t i = 0; i + 1 < link_reply_count(r); i += 2) {
        int64_t left = strtoll(link_reply_text(link_reply_at(r, i + 1), NULL), NULL, 10) - real;
        const struct blame_mark mark = {.key = strtoull(link_reply_text(link_reply_at(r, i), NULL),
                                            NULL, 16),
            .ms = left > BLAME_KEEP_MAX_MS ? BLAME_KEEP_MAX_MS : left};
        if (mark.key != 0 && mark.ms > 0)
            blame_add(d->blame, &mark, now);
    }
    link_reply_free(r);
}

void blame_desk_look(struct blame_desk *d)
{
    d->look_ms = 0;
}

void blame_desk_step(struct blame_desk *d, int64_t now_ms)
{
    if (now_ms < d->look_ms)
        return;
    d->look_ms = now_ms + DESK_LOOK_MS;
    blame_desk_read(d, now_ms);
}
