/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_REVOKED_H
#define TURNPIKE_PROCESS_REVOKED_H

#include "base/conf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/ident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * revoked -- credentials that an administrator has ended before their time. The truth is the hash
 * tp:revoked in Redis, so that one command counts on all machines. The housekeeper of each machine
 * writes it into run_dir/revoked, and workers read that when it changes: no request waits for
 * Redis, and while Redis is away what was revoked stays so.
 *
 * A name is "c:HEX16", one credential (auth_mark.h), or "u:UID", all of a user that were issued
 * before a moment. A line of the file: the name, the two times in milliseconds, sorted by name; an
 * end of 0: it stays.
 */
#define REVOKED_NAME_SIZE (IDENT_USER_MAX + 3)
#define REVOKED_COUNT_MAX 100000

struct revoked_entry {
    char name[REVOKED_NAME_SIZE];
    int64_t before_ms, until_ms; /* real time */
};
struct revoked { /* zeroed = nothing is revoked */
    struct revoked_entry *entries;
    size_t count, room;
};
void revoked_free(struct revoked *r);
void revoked_credential_name(uint64_t id, char out[REVOKED_NAME_SIZE]);
void revoked_user_name(const char *uid, char out[REVOKED_NAME_SIZE]);
/* Whether it is a name that the two functions above can have written. */
bool revoked_is_name(const char *name);
/* value: the two times, as in Redis. Returns 0; ERR_INVALID (passed over); ERR_LIMIT;
 * ERR_NOMEM. */
MUST_CHECK int revoked_add(struct revoked *r, const char *name, const char *value);
/*
 * Housekeeper: sorts them and writes the file, unless it has written the same before.
 *   written  in and out: digest of what the file has; "" = nothing yet
 * Returns 0, ERR_IO, ERR_LIMIT or ERR_NOMEM.
 */
MUST_CHECK int revoked_file_write(const struct conf *conf, struct revoked *r,
    char written[IDENT_SHA256_SIZE]);

/* Whether a housekeeper has written the file since the machine started. */
bool revoked_file_is_there(const struct conf *conf);

/* A worker's view of the file. Zeroed, but for conf. */
struct revoked_watch {
    const struct conf *conf;
    struct revoked list; /* as read last; a file that is gone or broken takes nothing away */
    struct file_seen seen;
    int64_t look_ms; /* monotonic: the next look */
};
/* Looks whether the file has changed, at most four times a second. */
void revoked_watch_look(struct revoked_watch *w);
void revoked_watch_fini(struct revoked_watch *w);
/*
 * Whether this credential of the user has been ended.
 *   id         of the credential; 0 = it has none
 *   issued_ms  real time; 0 = not known: older than everything
 */
bool revoked_has(const struct revoked_watch *w, const char *uid, uint64_t id, int64_t issued_ms);

#endif
