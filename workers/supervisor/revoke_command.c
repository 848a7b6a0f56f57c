/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/revoke_command.h"

#include "base/clock.h"
#include "base/ident.h"
#include "process/revoked.h"
#include "store/revokes.h"
#include "workers/supervisor/ending.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

/* A token that lives longer than this counts again then; so does a key on a machine that has its
 * line still. */
#define REVOKE_KEEP_MS INT64_C(34560000000) /* 400 days */

struct revoke {
    char name[REVOKED_NAME_SIZE];
    int64_t before_ms, until_ms;
    bool found;
};

/* ---- what is meant: false = no such thing can be ---- */

/* A token's iat and a key's created= are whole seconds: all of this second ends. */
static bool revoke_command_of_user(struct revoke *r, const char *text)
{
    char user[IDENT_USER_MAX + 1];

    r->before_ms = (r->before_ms + 999) / 1000 * 1000;
    if (ident_user_named(text, strlen(text), user) < 0)
        return false;
    revoked_user_name(user, r->name);
    return true;
}

static bool revoke_command_of_token(struct revoke *r, const char *text)
{
    char hash[IDENT_SHA256_SIZE];

    ident_sha256_hex(text, strlen(text), hash);
    revoked_credential_name(apikey_id(hash), r->name);
    return *text != '\0';
}

static bool revoke_command_of_key(struct revoke *r, const char *text)
{
    snprintf(r->name, sizeof r->name, "c:%.17s", text);
    r->until_ms = 0; /* the key may have no end */
    return revoked_is_name(r->name);
}

static bool revoke_command_of_name(struct revoke *r, const char *text)
{
    snprintf(r->name, sizeof r->name, "%s", text);
    return revoked_is_name(text);
}

/* ---- what is done ---- */

static int revoke_command_put(struct store *store, void *arg)
{
    struct revoke *r = arg;

    int error = revokes_put(store, r->name, r->before_ms, r->until_ms);

    r->found = true;
    /* What is issued once this command is over has a later second, and counts. */
    for (int64_t left; !error && (left = r->before_ms - clock_real_ms()) > 0 && left <= 1000;)
        poll(NULL, 0, (int)left);
    return error;
}

static int revoke_command_forget(struct store *store, void *arg)
{
    struct revoke *r = arg;

    return revokes_forget(store, r->name, &r->found);
}

static int revoke_command_list(struct store *store, void *arg)
{
    struct revoked list = {0};
    int error = revokes_read(store, &list);

    (void)arg;
    for (size_t i = 0; !error && i < list.count; i++) {
        const struct revoked_entry *e = &list.entries[i];
        char before[CLOCK_RFC3339_SIZE] = "", until[CLOCK_RFC3339_SIZE] = "for ever";

        if (e->before_ms)
            clock_rfc3339(e->before_ms, before);
        if (e->until_ms)
            clock_rfc3339(e->until_ms, until);
        printf("%s%s%s  until %s\n", e->name, e->before_ms ? "  issued before " : "", before,
            until);
    }
    if (!error && list.count == 0)
        puts("nothing is revoked");
    revoked_free(&list);
    return error;
}

static const struct {
    const char *name;
    bool (*read)(struct revoke *r, const char *text); /* NULL: it takes no argument */
    ending_fn *run;
    const char *act, *said; /* of the audit log; of what is told */
} revoke_command_runs[] = {
    {"user", revoke_command_of_user, revoke_command_put, "revoke.user",
        "all that was issued before now counts no more; what is issued from now on does"},
    {"token", revoke_command_of_token, revoke_command_put, "revoke.token", "counts no more"},
    {"key", revoke_command_of_key, revoke_command_put, "revoke.key", "counts no more"},
    {"forget", revoke_command_of_name, revoke_command_forget, "revoke.forget", "counts again"},
    {"list", NULL, revoke_command_list, NULL, NULL},
};

/* end: of the token, for its entry goes with it; or NULL. */
static int revoke_command_run(const struct conf *conf, size_t at, const char *text, const char *end)
{
    struct revoke r = {.before_ms = clock_real_ms()};

    r.until_ms = r.before_ms + REVOKE_KEEP_MS;
    if (end && (!ending_time(end, &r.until_ms) || r.until_ms <= r.before_ms)) {
        fputs("turnpike: the token's end must be a time to come such as 12h or 2027-01-31\n",
            stderr);
        return 2;
    }
    if (revoke_command_runs[at].read && !revoke_command_runs[at].read(&r, text)) {
        fprintf(stderr, "turnpike: %.100s: that is no %s\n", text, revoke_command_runs[at].name);
        return 2;
    }
    if (ending_in_store(conf, revoke_command_runs[at].run, &r))
        return 1;
    if (!revoke_command_runs[at].act)
        return 0;
    if (!r.found) {
        fprintf(stderr, "turnpike: %s was not revoked\n", r.name);
        return 1;
    }
    printf("%s: %s, on all machines within seconds\n", r.name, revoke_command_runs[at].said);
    ending_audit(conf, revoke_command_runs[at].act, r.name, "done");
    return 0;
}

int revoke_command(const struct conf *conf, int argc, char **argv)
{
    for (size_t i = 0; argc > 0 && i < sizeof revoke_command_runs / sizeof *revoke_command_runs;
         i++) {
        const int words = 1 + (revoke_command_runs[i].read != NULL);
        const bool ends = revoke_command_runs[i].read == revoke_command_of_token;
        if (strcmp(argv[0], revoke_command_runs[i].name) == 0 && argc >= words &&
            argc <= words + ends)
            return revoke_command_run(conf, i, words > 1 ? argv[1] : "",
                argc > words ? argv[2] : NULL);
    }
    fputs("usage: turnpike revoke user USER | token JTI [END] | key ID | forget NAME | list\n",
        stderr);
    return 2;
}
