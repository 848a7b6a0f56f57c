/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_CREDENTIAL_H
#define TURNPIKE_WORKERS_STREAM_STREAM_CREDENTIAL_H

#include "workers/stream/stream_conn.h"

/* stream_credential -- what a connection was opened with, and whether that still counts. */
/* The connection belongs to the credential with this mark. */
void stream_credential_set(struct stream_conn *c, const struct auth_mark *mark);
/* It has ended, or its rights have become fewer. */
bool stream_credential_has_ended(const struct stream_conn *c);

#endif
