/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_credential.h"

#include "base/clock.h"
#include "process/auth.h"

void stream_credential_set(struct stream_conn *c, const struct auth_mark *mark)
{
    c->mark = *mark;
    c->rights = auth_rights(c->stream->auth, mark);
}

bool stream_credential_has_ended(const struct stream_conn *c)
{
    struct auth *auth = c->stream->auth;

    if (c->expires_ms != 0 && clock_real_ms() >= c->expires_ms)
        return true;
    return c->mark.kind &&
        (auth_ended(auth, c->user, &c->mark) != AUTH_LIVES ||
            (c->rights & ~auth_rights(auth, &c->mark)) != 0);
}
