/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_offer.h"

#include "process/auth.h"

#include <string.h>
#include <strings.h>

static size_t stream_offer_next_item(const char **list, const char **item)
{
    size_t len;

    *list += strspn(*list, " \t,");
    *item = *list;
    len = strcspn(*list, " \t,");
    *list += len;
    return len;
}

void stream_offer_read(const char *list, struct stream_offer *offer)
{
    const char *item;
    bool token_follows = false;
    size_t len;

    offer->answer = NULL;
    offer->token_len = 0;
    offer->unreadable = false;
    while (list && (len = stream_offer_next_item(&list, &item)) > 0) {
        const char *token = NULL;
        if (token_follows) {
            token = item;
            token_follows = false;
        } else if (len > 7 && strncasecmp(item, "bearer.", 7) == 0) {
            token = item + 7;
            len -= 7;
        } else if (len == 6 && strncasecmp(item, "bearer", 6) == 0) {
            token_follows = true;
            if (!offer->answer)
                offer->answer = "bearer";
        } else if (len == 8 && strncmp(item, "turnpike", 8) == 0) {
            offer->answer = "turnpike";
        }
        if (token && len >= sizeof offer->token)
            offer->unreadable = true;
        else if (token) {
            memcpy(offer->token, token, len);
            offer->token[len] = '\0';
            offer->token_len = len;
        }
    }
}

bool stream_offer_find(const struct stream_request *r, struct stream_offer *offer)
{
    const char *authorization = stream_request_header(r, STREAM_HTTP_AUTHORIZATION);
    const char *bearer = authorization ? auth_bearer(authorization) : NULL;
    long len;

    if (offer->token_len > 0 || offer->unreadable)
        return !offer->unreadable;
    if (bearer) {
        offer->token_len = strlen(bearer);
        offer->unreadable = offer->token_len >= sizeof offer->token;
        if (offer->unreadable)
            return false;
        memcpy(offer->token, bearer, offer->token_len + 1);
        return true;
    }
    len = stream_query_get(stream_request_query(r), "token", offer->token, sizeof offer->token);
    if (len > 0)
        offer->token_len = (size_t)len;
    else
        offer->unreadable = stream_query_has(stream_request_query(r), "token");
    return len > 0;
}
