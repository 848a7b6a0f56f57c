/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_USAGE_H
#define TURNPIKE_STORE_USAGE_H

#include "base/err.h"
#include "process/limits.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * usage -- what users, their API keys and the site use in a day and a month (UTC, by Redis' clock),
 * and the limits over that. docs/limits.md tells what is exact and what is late.
 *
 * Of a user: in the user's slot, counted by the scripts of a turn's life, each token once whatever
 * becomes of workers. Of the site: each process adds what it has counted once a second.
 */
struct args;
struct link_reply;

#define USAGE_KEY_MAX 32 /* the id of an API key, which the lines of api_keys.file have */

/* What a turn has used so far: tokens; money in micro-dollars by known prices; the same at
 * model.unknown_price; the tokens for which that is. */
struct usage_spent {
    int64_t tokens, micros, assumed, unpriced;
};
/* Each sum stops at MONEY_MAX. */
void usage_spent_add(struct usage_spent *to, const struct usage_spent *more);

/* A limit that is used up. */
enum usage_scope { USAGE_USER, USAGE_KEY, USAGE_SITE };
struct usage_over {
    bool set;
    enum usage_scope scope;
    enum limits_name name;
    int64_t limit, used;
    int64_t left_ms; /* until it begins anew */
};
const char *usage_scope_word(enum usage_scope scope); /* "user", "key", "site" */

/* Whose a turn is, and what it has used: the turn's worker's own. */
#define USAGE_TEXT_SIZE 176
struct usage_account {
    char key[USAGE_KEY_MAX + 1];                                    /* "" = it came by no API key */
    char user_limits[USAGE_TEXT_SIZE], key_limits[USAGE_TEXT_SIZE]; /* for the scripts */
    struct usage_spent spent, told; /* told: to the sums of the site */
    bool bounded;                   /* by settings or class: tokens or money have a limit */
    struct usage_over over;         /* as a script has said last */
};
/*
 * usage_account_init -- cls, key: "" = none. What `turnpike limits` has set for the class counts as
 * far as the process knows it: usage_site.
 */
void usage_account_init(struct usage_account *a, const struct store *s, const char *cls,
    const char *key);
/* Appends ARGV of the scripts: key, limits of the user, limits of the key. NULL: no limits. */
void usage_put_account(struct args *args, const struct usage_account *a);
/* Appends what was spent; spent_text: USAGE_TEXT_SIZE bytes that live until the call. */
void usage_put_spent(struct args *args, const struct usage_account *a, char *spent_text);
/* Before a script counts what was spent: the warning that it may write is pushed to browsers, also
 * when nobody hears the script. Nothing for an account without limits, or that spent nothing. */
void usage_expect(struct store *s, const char *uid, const struct usage_account *a);
/* Reads scope, name, limit, used, milliseconds from element `from` of a reply; none there: not
 * set. */
void usage_read_over(const struct link_reply *r, size_t from, struct usage_over *out);

/*
 * usage_rate -- counts a message for the user's minute and the key's.
 *   rate  out; limit 0 = any
 * Returns 0, ERR_RATE (one too many), ERR_STORE*.
 */
struct usage_rate {
    enum usage_scope scope;
    int64_t limit, left, left_ms;
};
MUST_CHECK int usage_rate(struct store *s, const char *uid, const struct usage_account *a,
    struct usage_rate *rate);
/* Fills a->over. Returns 0 or ERR_STORE*. */
MUST_CHECK int usage_look(struct store *s, const char *uid, struct usage_account *a);

/* --- the site: store/usage_site.c --- */

#define USAGE_SET_MAX 128 /* overrides of the site and of classes that a process knows */
struct usage_set {
    char field[LIMITS_CLASS_MAX + 24]; /* "site/NAME" or "class/CLASS/NAME" */
    int64_t value;
};
struct usage_site {
    struct usage_spent pending; /* counted here, not sent yet */
    int64_t pending_messages;
    struct usage_spent sent; /* under way */
    int64_t sent_messages;
    int64_t number; /* of the last call, by which the script knows its repetition */
    bool asking;
    int64_t asked_ms, known_ms; /* monotonic; 0 = never */
    int64_t failed_ms; /* monotonic: a call that was waited for came to nothing; 0 = never */
    /* as last told */
    int64_t minute, minute_left_ms, day_tokens, day_money, day_left_ms, month_tokens, month_money,
        month_left_ms;
    struct usage_set set[USAGE_SET_MAX];
    size_t set_count;
};
/* Counts what the turn has used since it was told last. Sends nothing. */
void usage_site_add(struct store *s, struct usage_account *a);
void usage_site_message(struct store *s);
/*
 * usage_site_ask -- asks for the sums, and sends what has been counted, when the last answer is a
 * second old. Waits for nothing, unless this process has never had an answer, or without a cluster
 * none for ten seconds: then for redis.timeout at most, and not again for ten seconds when that
 * came to nothing. In a task, or where nothing else runs.
 */
void usage_site_ask(struct store *s);
/* Sends what has been counted, if there is something, without waiting for the answer. */
void usage_site_flush(struct store *s);
/* Before the process ends: waits for it, half a second at most. Outside of tasks. */
void usage_site_end(struct store *s);
/* The limit of the site that is used up, by what is known here. */
void usage_site_over(const struct store *s, struct usage_over *out);
/* The limits of a class or, with NULL, of the site, changed by what is set over them. */
void usage_site_apply(const struct store *s, const char *cls, struct limits *limits);

/* --- for people: store/usage_show.c --- */

struct buf;
/*
 * usage_show -- usage and limits as JSON: of a user (GET /usage), or with uid NULL of the site and
 * what is set over its limits and those of classes. Asks for the site's sums first.
 */
struct usage_asker {
    const char *uid, *cls; /* cls "" = none */
    const char *key;       /* the limits of this API key, too; "" = none */
    bool money; /* the operator: sums of money also where no limit is, what is set, all keys */
};
MUST_CHECK int usage_show(struct store *s, const struct usage_asker *asker, struct buf *json);
/*
 * usage_set -- sets limits, or takes them back, of a user, or with uid NULL of the site and of
 * classes. fields: "tokens_day", "KEY/tokens_day"; "site/...", "class/CLASS/...". value NULL: takes
 * it back.
 */
struct usage_change {
    const char *field, *value;
};
MUST_CHECK int usage_set(struct store *s, const char *uid, const struct usage_change *changes,
    size_t count);
/*
 * usage_copy_key -- what is set over the limits of an API key holds for another one, too.
 *   from, to  ids
 *   count     out: how many limits
 * Returns 0 or ERR_STORE*.
 */
MUST_CHECK int usage_copy_key(struct store *s, const char *uid, const char *from, const char *to,
    int64_t *count);

#endif
