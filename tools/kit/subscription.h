/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_SUBSCRIPTION_H
#define TURNPIKE_TOOLS_KIT_SUBSCRIPTION_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/url.h"
#include "store/feeds.h"

/*
 * subscription -- calendars at addresses: what tools and routes of subscriptions share. Turn and
 * api workers.
 */
#define SUBSCRIPTION_WHY_SIZE (URL_WHY_SIZE + 64)

/*
 * subscription_address -- the address as it is fetched: webcal: becomes https:. It must be
 * https and name no private host, but with tools.allow_private.
 *   why  on ERR_INVALID: to be put behind the field's name
 * Returns 0, ERR_INVALID or ERR_NOMEM.
 */
MUST_CHECK int subscription_address(const struct conf *conf, const char *text, struct arena *arena,
    const char **url, char why[SUBSCRIPTION_WHY_SIZE]);
/* feeds_add; a new one without a name is named after its host. */
MUST_CHECK int subscription_add(struct store *s, const char *uid, struct feeds_want *want,
    struct arena *arena, char id[IDENT_UUID_SIZE], bool *there);
/* As users see it: {id, url, name, color?, state, events, ...}. The caller's; NULL: no memory. */
jdoc *subscription_doc(const struct feed *feed);

#endif
