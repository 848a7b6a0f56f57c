/* SPDX-License-Identifier: BSD-2-Clause */
/* feeds_desk: what an answer means, and when the next refresh is. Pure. */
#include "workers/housekeeper/feeds_desk.h"

#include "base/backoff.h"
#include "base/ident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_WAIT_MS 300000 /* after the failure of one that has never come */

static bool feeds_desk_is_page(const struct feeds_answer *a)
{
    size_t i = 0;

    while (i < a->len && strchr(" \t\r\n\xef\xbb\xbf", a->body[i]))
        i++;
    return strncasecmp(a->type, "text/html", 9) == 0 ||
        strncasecmp(a->type, "application/xhtml", 17) == 0 || (i < a->len && a->body[i] == '<');
}

static enum feeds_verdict feeds_desk_judge_error(int error, char *why, size_t size)
{
    if (error == ERR_LIMIT) {
        snprintf(why, size, "The file is larger than %zu MiB.", FEEDS_DESK_BYTES_MAX >> 20);
        return FEEDS_REFUSED;
    }
    if (error == ERR_FORBIDDEN) {
        snprintf(why, size,
            "The address, or one that it leads to, is not an https address of the public "
            "internet.");
        return FEEDS_REFUSED;
    }
    snprintf(why, size, "%s",
        error == ERR_DEADLINE ? "The server did not answer in time." :
                                "The server could not be reached.");
    return FEEDS_FAILED;
}

enum feeds_verdict feeds_desk_judge(const struct feeds_answer *a, char *why, size_t size)
{
    *why = '\0';
    if (a->status == 410) {
        snprintf(why, size, "The server says that this calendar is gone for good (410).");
        return FEEDS_ENDED;
    }
    if (a->error)
        return feeds_desk_judge_error(a->error, why, size);
    if (a->status == 304)
        return FEEDS_SAME;
    if (a->status == 401 || a->status == 403)
        snprintf(why, size, "The server does not give it to us (status %ld).", a->status);
    else if (a->status == 404)
        snprintf(why, size, "There is no file at this address (404).");
    else if (a->status != 200)
        snprintf(why, size, "The server answered with the status %ld.", a->status);
    if (*why)
        return FEEDS_FAILED;
    if (!feeds_desk_is_page(a))
        return FEEDS_TAKE;
    snprintf(why, size, "A web page came, and no calendar.");
    return FEEDS_REFUSED;
}

/* Up to a tenth more, the same for one subscription. */
static int64_t feeds_desk_spread(const char *id, int64_t wait_ms)
{
    char digest[IDENT_SHA256_SIZE];

    ident_sha256_hex(id, strlen(id), digest);
    digest[6] = '\0';
    return wait_ms + wait_ms / 10 * (strtol(digest, NULL, 16) % 1000) / 1000;
}

static int64_t feeds_desk_between(int64_t ms)
{
    return ms < FEEDS_HOUR_MS ? FEEDS_HOUR_MS : ms > FEEDS_DAY_MS ? FEEDS_DAY_MS : ms;
}

int64_t feeds_desk_wait(const struct feed *feed, int64_t retry_after_ms)
{
    int64_t wait = feeds_desk_between(feed->refresh_ms);

    if (feed->failures > 0) {
        const unsigned times = feed->failures > 20 ? 20 : (unsigned)feed->failures;
        int64_t first = feed->fetched_ms ? FEEDS_HOUR_MS : FIRST_WAIT_MS;

        wait = backoff_delay(first, FEEDS_DAY_MS, times);
        if (retry_after_ms > wait)
            wait = retry_after_ms < FEEDS_DAY_MS ? retry_after_ms : FEEDS_DAY_MS;
    }
    return feeds_desk_spread(feed->id, wait);
}
