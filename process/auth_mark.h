/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_AUTH_MARK_H
#define TURNPIKE_PROCESS_AUTH_MARK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * auth_mark -- which credential opened something that outlives the request: a stream, a ticket, a
 * session of the page. It tells nothing of the credential itself, but it ends with it
 * (auth_ended). Its text is "k0123456789abcdef.1790000000000": a letter, the id, when it was
 * issued; "-" for none. Pure. Api, turn and stream workers.
 */
struct auth_mark {
    char kind;         /* 'k' an API key, 'j' a token; 0 = none: nothing ends it */
    uint64_t id;       /* apikey_id; of the token's jti the same way; 0 = it has none */
    int64_t issued_ms; /* real time; 0 = not known */
};
#define AUTH_MARK_SIZE 48
void auth_mark_write(const struct auth_mark *mark, char out[AUTH_MARK_SIZE]);
/* False: it is no mark; *out is none. */
bool auth_mark_read(const char *text, struct auth_mark *out);

#endif
