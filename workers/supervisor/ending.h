/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_ENDING_H
#define TURNPIKE_WORKERS_SUPERVISOR_ENDING_H

#include "base/conf.h"
#include "base/err.h"
#include "process/apikey.h"
#include "store/store.h"

/*
 * ending -- how a command of an operator ends credentials on all machines (store/revokes.h), and
 * what the audit log has of keys. Each speaks to Redis itself and says on standard error what went
 * wrong.
 */
/* The key counts nowhere any more: until its own end, or for ever. Returns 0 or a fault. */
MUST_CHECK int ending_revoke_key(const struct conf *conf, const struct apikey *key);
/* Limits that are set for the old key (`turnpike limits`) hold for the new one, too. */
void ending_copy_limits(const struct conf *conf, const struct apikey *old,
    const struct apikey *fresh);
/* What a command does in Redis. Returns 0 or a fault, which has been said. */
typedef int ending_fn(struct store *store, void *arg);
MUST_CHECK int ending_in_store(const struct conf *conf, ending_fn *fn, void *arg);
/* A time of a command: "90d" from now, or a date of a key's line. False: it is neither. */
bool ending_time(const char *text, int64_t *real_ms);
/* What an operator did by a command, with the name of who ran it. Without audit.file it goes to the
 * machine's log. */
void ending_audit(const struct conf *conf, const char *act, const char *object,
    const char *outcome);
/* act: "api-key.add", ... */
void ending_audit_key(const struct conf *conf, const char *act, const struct apikey *key);

#endif
