/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_AUDIT_H
#define TURNPIKE_PROCESS_AUDIT_H

#include "base/conf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * audit -- what administrators did, and what users were asked to approve: one JSON object a line in
 * the file of the setting audit.file, else the log (`audit {...}`). It holds names, ids and
 * digests, never a secret or a user's text. Any process of any user that may write the file.
 *
 *   {"time","act","actor":{...},"object","tool","arguments","outcome","trace","pid","prev"}
 *
 * prev is the SHA-256 of the line before, so that a line that was changed or taken out shows
 * (audit_verify). The first line of a new file names the last one of FILE.1, as logrotate leaves
 * it; without that, 64 zeros. What was cut off at the end, or a file that was written anew as a
 * whole, shows only against a copy elsewhere. The file is opened for each line: a rotation needs no
 * signal.
 */
struct audit_act {
    const char *act;     /* fixed words: "api-key.revoke", "approval.granted" */
    const char *object;  /* id of what it was done to; NULL = none */
    const char *outcome; /* "done", "refused", "failed"; "begun": not known */
    const char *tool;    /* NULL = none */
    const char *hash;    /* of a tool's arguments; NULL = none */
    const char *trace;   /* id of the request's trace; NULL = none */
    /* Who: a user of the service, or one of this machine. */
    const char *user;       /* UID; NULL = of this machine */
    const char *credential; /* auth_mark_write; NULL = not known */
    uid_t uid;              /* user NULL: of the process that asked */
    const char *login;      /* user NULL: its name; NULL = not looked up */
};
/* Writes the line. It waits a tenth of a second at most for another writer; what cannot be written
 * is in the log as an error, with the line. */
void audit_write(const struct conf *conf, const struct audit_act *act);
/* One line with prev, without its end. For audit_write and tests. */
struct buf;
void audit_format(const struct audit_act *act, const char *prev, struct buf *out);
/*
 * audit_verify -- whether each line of a file names the one before.
 *   prev   in and out: digest of the line before the first ("" = not known) and of the last
 *   lines  out: how many there are; on ERR_CONFLICT the number of the line that does not fit
 * Returns 0; ERR_CONFLICT; ERR_IO (errno), ERR_NOMEM.
 */
#define AUDIT_DIGEST_SIZE 65
MUST_CHECK int audit_verify(const char *path, char prev[AUDIT_DIGEST_SIZE], size_t *lines);

#endif
