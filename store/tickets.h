/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_TICKETS_H
#define TURNPIKE_STORE_TICKETS_H

#include "base/buf.h"
#include "base/err.h"
#include "store/keys.h"
#include "store/store.h"

#include <stdint.h>

/*
 * tickets -- credentials for a browser's URL: good for one use within ws.ticket. Redis knows only
 * their SHA-256. Used by api workers; a stream worker uses up tp:ticket itself
 * (stream_handshake.c).
 */
#define TICKETS_SIZE 65
#define TICKETS_CURSOR_SIZE 24 /* of a number in a command */
/* tp:ticket:SHA256 -> "UID ROLE ORIGIN EXPIRES MARK SCOPES CLASS", expiring (process/auth.h). */
struct tickets_owner { /* the credential that asks; borrowed */
    const char *uid, *role;
    const char *mark;   /* auth_mark_write */
    const char *class;  /* "" = none */
    unsigned scopes;    /* process/scopes.h */
    int64_t expires_ms; /* real time; 0 = never */
};
MUST_CHECK int tickets_new(struct store *s, const struct tickets_owner *of, const char *origin,
    char ticket[TICKETS_SIZE]);
/* Uses a ticket up. value: its text is appended. Returns 0; ERR_NOT_FOUND (unknown, used,
 * expired). */
MUST_CHECK int tickets_take(struct store *s, const char *ticket, struct buf *value);
/*
 * What a ticket that opened a stream still opens: tp:grant:SHA256 -> "SESSION UID ROLE ORIGIN
 * EXPIRES ..." for life_ms. tickets_granted appends that text; 0 or ERR_NOT_FOUND.
 */
MUST_CHECK int tickets_grant(struct store *s, const char *ticket, const char *session,
    const char *value, int64_t life_ms);
MUST_CHECK int tickets_granted(struct store *s, const char *ticket, struct buf *value);
/*
 * A sign-in of the page (page.session): tp:ticket-page:SHA256, the same text with "-" for the
 * origin, until page.session_idle after its last use. of->expires_ms: its end at the latest. Of a
 * user's sign-ins beyond TICKETS_PAGES_MAX the oldest end.
 */
#define TICKETS_PAGES_MAX 20
MUST_CHECK int tickets_page_new(struct store *s, const struct tickets_owner *of,
    char token[TICKETS_SIZE]);
/* The same for a use: its text is appended. Returns 0; ERR_NOT_FOUND. */
MUST_CHECK int tickets_page_use(struct store *s, const char *token, struct buf *value);
/* The command that does, for a loop that must not wait; key and idle: room for its words. */
#define TICKETS_PAGE_ARGS 4
void tickets_page_command(const struct conf *conf, const char *token, char key[KEYS_MAX],
    char idle[TICKETS_CURSOR_SIZE], struct link_arg args[TICKETS_PAGE_ARGS]);
MUST_CHECK int tickets_page_end(struct store *s, const char *token);
/*
 * Removes tickets, sign-ins of the page and grants of this user among those of one step through
 * the keys.
 *   server  whose keys: of a cluster each primary (link_primary), else s->link
 *   cursor  in and out: "0" begins, and is the end
 *   erased  in and out: counts them
 * Returns 0 or a fault of the store.
 */
MUST_CHECK int tickets_erase(struct store *s, struct link *server, const char *uid,
    char cursor[TICKETS_CURSOR_SIZE], int64_t *erased);

#endif
