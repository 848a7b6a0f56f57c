/* SPDX-License-Identifier: BSD-2-Clause */
/* A user who shares trips, or takes part in those of others, is erased. */
#include "base/buf.h"
#include "base/clock.h"
#include "store/keys.h"
#include "store/trips.h"

#include <inttypes.h>
#include <string.h>

#define TRIPS_ERASE_MS 10000 /* for the words of one trip */

/* The event that tells the others; its words name nobody who is gone. */
static int trips_erase_event(struct buf *out, const char *trip, const char *change,
    const char *message)
{
    buf_printf(out,
        "{\"type\":\"trip_update\",\"timestamp\":%" PRId64
        ",\"trip\":{\"trip_id\":\"%s\",\"change\":\"%s\"}",
        clock_real_ms(), trip, change);
    buf_json_member(out, "message", message);
    buf_putc(out, '}');
    return buf_error(out);
}

/* Codes of a trip's invitations lead nowhere from now on. The values begin with the digests. */
static int trips_erase_codes(struct store *s, const char *uid, const char *trip)
{
    struct link_reply *reply = NULL;
    char share[KEYS_MAX], key[KEYS_MAX], digest[IDENT_SHA256_SIZE];

    keys_trip_share(share, uid, trip);
    int error = link_command(s->link, &reply, "HGETALL %s", share);
    for (size_t i = 0; error == 0 && i + 1 < link_reply_count(reply); i += 2) {
        const char *field = link_reply_text(link_reply_at(reply, i), NULL);
        const char *value = link_reply_text(link_reply_at(reply, i + 1), NULL);
        size_t len = strcspn(value, " ");

        if (strncmp(field, "i ", 2) != 0 || len != IDENT_SHA256_SIZE - 1)
            continue;
        memcpy(digest, value, len);
        digest[len] = '\0';
        keys_trip_code(key, digest);
        error = link_command(s->link, NULL, "DEL %s", key);
    }
    link_reply_free(reply);
    return error;
}

static int trips_erase_own(struct store *s, const char *uid, const char *trip)
{
    struct buf event = {0};
    int error = trips_erase_codes(s, uid, trip);

    if (error == 0)
        error = trips_erase_event(&event, trip, "ended",
            "A trip that was shared with you has ended: its owner is gone.");
    if (error == 0)
        error = trips_end(s,
            &(struct trips_act){.actor = uid,
                .owner = uid,
                .trip = trip,
                .title = "",
                .event = buf_text(&event)});
    buf_free(&event);
    return error == ERR_BUSY ? ERR_MORE : error;
}

static int trips_erase_link(struct store *s, const char *uid, const struct trips_link *link)
{
    struct buf event = {0};
    int error = trips_erase_event(&event, link->trip, "left", "Somebody has left the trip.");

    if (error == 0)
        error = trips_leave(s,
            &(struct trips_act){.actor = uid,
                .owner = link->owner,
                .trip = link->trip,
                .title = link->title,
                .event = buf_text(&event)});
    buf_free(&event);
    if (error == ERR_BUSY) /* it is being handed over, which has to end first */
        return ERR_MORE;
    return error == ERR_NOT_FOUND || error == ERR_CONFLICT || error == ERR_FORBIDDEN ? 0 : error;
}

int trips_erase(struct store *s, const char *uid)
{
    struct arena *arena = arena_new();
    struct trips_link *links = NULL;
    const char **shares = NULL;
    size_t link_count = 0, share_count = 0, left = 0;
    /* First what is on its way: a trip that is being handed over is no longer this user's. */
    int error = arena ? trips_deliver(s, uid, TRIPS_ERASE_MS, &left) : ERR_NOMEM;

    if (error == 0)
        error = trips_shares(s, uid, arena, &shares, &share_count);

    for (size_t i = 0; error == 0 && i < share_count; i++)
        error = trips_erase_own(s, uid, shares[i]);
    if (error == 0)
        error = trips_links(s, uid, arena, &links, &link_count);
    for (size_t i = 0; error == 0 && i < link_count; i++)
        error = trips_erase_link(s, uid, &links[i]);
    if (error == 0)
        error = trips_deliver(s, uid, TRIPS_ERASE_MS, &left);
    if (arena)
        arena_free(arena);
    return error == 0 && left > 0 ? ERR_STORE : error;
}
