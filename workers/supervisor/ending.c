/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/ending.h"

#include "base/clock.h"
#include "base/reactor.h"
#include "process/audit.h"
#include "process/revoked.h"
#include "store/revokes.h"
#include "store/usage.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

int ending_in_store(const struct conf *conf, ending_fn *fn, void *arg)
{
    struct reactor *reactor = NULL;
    struct store *store = NULL;
    int error = reactor_new(&reactor);

    if (!error)
        error = store_open(&store, conf, reactor, "turnpike");
    if (!error)
        error = fn(store, arg);
    if (error == ERR_LIMIT)
        fprintf(stderr,
            "turnpike: NOT revoked: there are %d entries. `turnpike revoke forget NAME` makes room, "
            "and so does `turnpike revoke user USER` for all of a user\n",
            REVOKED_COUNT_MAX);
    else if (error)
        fprintf(stderr, "turnpike: Redis: %s\n", err_text(error));
    if (store)
        store_close(store);
    if (reactor)
        reactor_free(reactor);
    return error;
}

static int ending_put_key(struct store *store, void *arg)
{
    const struct apikey *key = arg;
    char name[REVOKED_NAME_SIZE];

    revoked_credential_name(apikey_id(key->hash), name);
    return revokes_put(store, name, 0, key->expires_ms);
}

int ending_revoke_key(const struct conf *conf, const struct apikey *key)
{
    struct apikey copy = *key;
    int error = ending_in_store(conf, ending_put_key, &copy);

    if (error)
        fprintf(stderr,
            "turnpike: other machines are not told, and sockets stay open: run `turnpike revoke "
            "key %.16s` when Redis is back\n",
            key->hash);
    else
        puts("All machines refuse it within seconds, and its sockets and streams end.");
    return error;
}

struct ending_copy {
    const struct apikey *old, *fresh;
    int64_t count;
};

static int ending_copy_in_store(struct store *store, void *arg)
{
    struct ending_copy *c = arg;
    char from[APIKEY_ID_SIZE], to[APIKEY_ID_SIZE];

    snprintf(from, sizeof from, "%.16s", c->old->hash);
    snprintf(to, sizeof to, "%.16s", c->fresh->hash);
    return usage_copy_key(store, c->old->user, from, to, &c->count);
}

void ending_copy_limits(const struct conf *conf, const struct apikey *old,
    const struct apikey *fresh)
{
    struct ending_copy c = {.old = old, .fresh = fresh};

    if (ending_in_store(conf, ending_copy_in_store, &c))
        fprintf(stderr,
            "turnpike: limits that are set for the old key do not hold for the new one: look with "
            "`turnpike limits %s`, and set them for %.16s\n",
            old->user, fresh->hash);
    else if (c.count > 0)
        printf("# The %lld limits that are set for the old one hold for the new one; what they "
               "count begins anew.\n",
            (long long)c.count);
}

bool ending_time(const char *text, int64_t *real_ms)
{
    int64_t ms;

    if (conf_duration(text, &ms) == 0 && ms > 0 && ms < INT64_C(3155760000000)) { /* a century */
        *real_ms = clock_real_ms() + ms;
        return true;
    }
    return apikey_date(text, real_ms) == 0;
}

void ending_audit(const struct conf *conf, const char *act, const char *object, const char *outcome)
{
    const struct passwd *who = getpwuid(getuid());
    const char *sudo = getenv("SUDO_USER");
    char login[128];
    struct audit_act one = {.act = act,
        .object = object,
        .outcome = outcome,
        .uid = getuid(),
        .login = login};

    snprintf(login, sizeof login, "%.60s%s%.60s", who ? who->pw_name : "?", sudo ? " for " : "",
        sudo ? sudo : "");
    if (*conf->audit_file) {
        audit_write(conf, &one);
    } else { /* this process has no log of the service: the machine's */
        struct buf line = {0};
        audit_format(&one, "", &line);
        openlog("turnpike", LOG_PID, LOG_AUTHPRIV);
        syslog(LOG_NOTICE, "audit %s", buf_text(&line));
        buf_free(&line);
    }
}

void ending_audit_key(const struct conf *conf, const char *act, const struct apikey *key)
{
    char object[IDENT_USER_MAX + 32];

    snprintf(object, sizeof object, "%.16s of %s", key->hash, key->user);
    ending_audit(conf, act, object, "done");
}
