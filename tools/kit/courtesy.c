/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/courtesy.h"

#include "base/log.h"
#include "store/records.h"
#include "store/shared.h"

#include <string.h>

int courtesy_privacy(struct tools_run *run, const char *uid, jdoc **out)
{
    const char *json;
    int error = records_get(run->context->store, uid, "privacy", "me", run->arena, &json);

    *out = NULL;
    if (error)
        return error == ERR_NOT_FOUND ? 0 : error;
    error = jdoc_parse(json, strlen(json), out, NULL, 0);
    if (!error || error == ERR_NOMEM)
        return error;
    log_error("the privacy settings of %s cannot be read", uid);
    return ERR_INTERNAL;
}

int courtesy_may_write_to(struct tools_run *run, const char *to)
{
    bool friend_of = false;
    jdoc *privacy;
    int error = courtesy_privacy(run, to, &privacy);
    const char *allowed = jdoc_text_or(privacy, "allow_messages", "friends");
    bool everyone = strcmp(allowed, "everyone") == 0, friends = strcmp(allowed, "friends") == 0;

    jdoc_free(privacy);
    if (error || everyone)
        return error;
    if (friends)
        error = shared_is_friend(run->context->store, run->context->uid, to, &friend_of);
    return !error && !friend_of ? ERR_FORBIDDEN : error;
}
