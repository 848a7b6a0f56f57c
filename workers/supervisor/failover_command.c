/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/failover_command.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/keys.h"
#include "wire/redis/link.h"
#include "wire/redis/sentinel.h"
#include "workers/supervisor/ending.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_TEXT "15000" /* ms; ends by itself should this process die ... */
#define PAUSE "CLIENT PAUSE " PAUSE_TEXT " WRITE"
#define PAUSE_AGAIN_MS 5000 /* ... and is renewed so often */
#define REPLICAS_MS 1000
#define REPLICAS_TEXT "2000" /* ms, for the replicas to get what they lack */
#define PROMOTION_MS 30000
#define EVERYBODY_MS 3000 /* for the other Sentinels to hear of it */
#define ASK_MS 500        /* one Sentinel, one question */
#define WORDS_MAX 6
#define LOOK_EVERY_MS 20
#define TIMEOUT_MS 5000

struct failover {
    const struct conf *conf;
    struct conf old_conf, new_conf; /* borrow of conf; without Sentinels */
    struct link *link;              /* to the old master, whatever it is */
    struct sentinel_address old, new;
    bool paused;   /* the old master holds writes back */
    bool promoted; /* there is a new master, which the old one does not follow yet */
};

static int failover_command_said(const char *what, int error)
{
    fprintf(stderr, "turnpike: %s: %s\n", what, err_text(error));
    return error;
}

/* Words between blanks. */
static int failover_command_send_words(struct failover *f, const char *command)
{
    struct link_arg args[WORDS_MAX];
    char copy[SENTINEL_HOST_SIZE + 64], *rest = copy, *word;
    size_t n = 0;

    snprintf(copy, sizeof copy, "%s", command);
    while (n < WORDS_MAX && (word = strsep(&rest, " ")))
        args[n++] = link_text(word);
    return link_send(f->link, args, n, NULL, NULL);
}

/* Commands of one transaction; the first of them that fails is told. EXEC is held back with the
 * last of them: so it is never repeated over another connection, where it has no MULTI. */
static int failover_command_transact(struct failover *f, const char *const *commands, size_t count)
{
    struct link_reply *r = NULL;
    int error = failover_command_send_words(f, "MULTI");

    for (size_t i = 0; !error && i < count; i++) {
        if (i == count - 1)
            link_hold(f->link);
        error = failover_command_send_words(f, commands[i]);
    }
    if (!error)
        error = link_command(f->link, &r, "EXEC");
    for (size_t i = 0; !error && i < count; i++) {
        const struct link_reply *one = link_reply_at(r, i);

        if (link_reply_type(one) != LINK_ERROR)
            continue;
        fprintf(stderr, "turnpike: %s: %s\n", commands[i], link_reply_text(one, NULL));
        error = ERR_CONFLICT;
    }
    link_reply_free(r);
    return error;
}

static int failover_command_pause_writes(struct failover *f)
{
    return link_command(f->link, NULL, PAUSE);
}

/* Not where a new master stands that the old one does not follow: the pause is all there is
 * then. */
static void failover_command_go_on(struct failover *f)
{
    if (!f->paused || (!f->promoted && link_command(f->link, NULL, "CLIENT UNPAUSE") == 0))
        return;
    fprintf(stderr, "turnpike: writes to %s:%d are held back for up to " PAUSE_TEXT " ms more\n",
        f->old.host, f->old.port);
}

/* A link to one server, without Sentinels. conf and address live as long as it. */
static int failover_command_link_to(struct failover *f, struct sentinel_address *address,
    struct conf *conf, struct link **out)
{
    static char none[] = "";

    *conf = *f->conf;
    conf->redis_sentinels = conf->redis_socket = none;
    conf->redis_host = address->host;
    conf->redis_port = address->port;
    conf->redis_timeout_ms = TIMEOUT_MS;
    return link_new(out, conf);
}

static int failover_command_open_master(struct failover *f)
{
    int error = sentinel_master(f->conf, TIMEOUT_MS, &f->old);

    if (error)
        return failover_command_said("no Sentinel names the master", error);
    error = failover_command_link_to(f, &f->old, &f->old_conf, &f->link);
    if (!error)
        error = link_ensure(f->link);
    return error ? failover_command_said("the master cannot be used", error) : 0;
}

/* Its replicas that are connected; those that are not cannot be promoted either. */
static int failover_command_replicas(struct failover *f, int64_t *count)
{
    struct link_reply *r = NULL;
    int error = link_command(f->link, &r, "ROLE");

    if (error)
        return failover_command_said("the master does not say its role", error);
    *count = (int64_t)link_reply_count(link_reply_at(r, 2));
    link_reply_free(r);
    if (*count)
        return 0;
    fputs("turnpike: the master has no replica that is connected\n", stderr);
    return ERR_CONFLICT;
}

/*
 * No write between the one that WAIT is about and the pause: they are one transaction, so what the
 * replicas have confirmed is all there is.
 */
static int failover_command_stop_writes(struct failover *f, int64_t count)
{
    static const char *const commands[] = {"SET " KEYS_FAILOVER " 1 PX 60000", PAUSE};
    struct link_reply *r = NULL;
    int64_t have;
    int error = failover_command_transact(f, commands, 2);

    f->paused = true;
    if (!error)
        error = link_command(f->link, &r, "WAIT %lld " REPLICAS_TEXT, (long long)count);
    if (error)
        return failover_command_said("the master's writes cannot be held back", error);
    have = link_reply_int(r);
    link_reply_free(r);
    if (have >= count)
        return 0;
    fprintf(stderr,
        "turnpike: only %" PRId64 " of %" PRId64 " replicas have all that the master has\n", have,
        count);
    return ERR_CONFLICT;
}

static int failover_command_promote(struct failover *f)
{
    char why[SENTINEL_WORD_SIZE];
    int error = sentinel_failover(f->conf, TIMEOUT_MS, why);

    if (error == ERR_CONFLICT)
        fprintf(stderr, "turnpike: the Sentinel refuses: %s\n", why);
    else if (error)
        failover_command_said("no Sentinel takes the order", error);
    return error;
}

/* Until one Sentinel names the new master, then for a while until they all do. */
static int failover_command_wait_for_new(struct failover *f)
{
    int64_t until = clock_mono_ms() + PROMOTION_MS, pause_ms = clock_mono_ms() + PAUSE_AGAIN_MS;

    for (int64_t now; (now = clock_mono_ms()) < until; poll(NULL, 0, LOOK_EVERY_MS)) {
        unsigned others, answered = sentinel_count(f->conf, &f->old, ASK_MS, &others, &f->new);

        if (others && !f->promoted)
            until = now + EVERYBODY_MS;
        f->promoted = f->promoted || others;
        if (others && others == answered)
            break;
        if (now >= pause_ms) {
            int error = failover_command_pause_writes(f);

            if (error)
                return failover_command_said("the old master is lost", error);
            pause_ms = now + PAUSE_AGAIN_MS;
        }
    }
    if (f->promoted)
        return 0;
    fprintf(stderr,
        "turnpike: no Sentinel has named another master within %d ms. It may still come, and then "
        "what is accepted until it does can be lost\n",
        PROMOTION_MS);
    return ERR_DEADLINE;
}

/*
 * The new master may have min-replicas-to-write and no replica yet: for a moment. With a single
 * replica it has none until the old master follows.
 */
static void failover_command_wait_for_writes(struct failover *f)
{
    int64_t until = clock_mono_ms() + REPLICAS_MS;
    struct link *l = NULL;

    if (failover_command_link_to(f, &f->new, &f->new_conf, &l))
        return;
    while (clock_mono_ms() < until && link_command(l, NULL, "SET " KEYS_FAILOVER " 1 PX 60000"))
        poll(NULL, 0, LOOK_EVERY_MS);
    link_free(l);
}

/* What its clients have asked meanwhile was not done: they ask the new master. */
static int failover_command_hand_over(struct failover *f)
{
    char follow[SENTINEL_HOST_SIZE + 32];
    const char *commands[] = {follow, "CLIENT KILL TYPE normal SKIPME yes",
        "CLIENT KILL TYPE pubsub SKIPME yes"};
    int error;

    snprintf(follow, sizeof follow, "REPLICAOF %s %d", f->new.host, f->new.port);
    error = failover_command_transact(f, commands, 3);
    f->promoted = f->promoted && error;
    return error ? failover_command_said("the old master does not follow the new one", error) : 0;
}

static int failover_command_run(struct failover *f)
{
    int64_t count = 0, began_ms;
    int error = failover_command_open_master(f);

    if (!error)
        error = failover_command_replicas(f, &count);
    began_ms = clock_mono_ms();
    if (!error)
        error = failover_command_stop_writes(f, count);
    if (!error)
        error = failover_command_promote(f);
    if (!error)
        error = failover_command_wait_for_new(f);
    if (!error) {
        failover_command_wait_for_writes(f);
        error = failover_command_hand_over(f);
    }
    if (f->link)
        failover_command_go_on(f);
    if (!error)
        printf("%s:%d is the master now, %s:%d a replica; writes were held back for %" PRId64
               " ms\n",
            f->new.host, f->new.port, f->old.host, f->old.port, clock_mono_ms() - began_ms);
    return error;
}

int failover_command(const struct conf *conf)
{
    struct failover f = {.conf = conf};
    int error;

    if (*conf->redis_cluster) {
        fputs(
            "turnpike: redis.cluster is set: a cluster has its own failover. On the replica that is to "
            "take over: redis-cli -h HOST -p PORT CLUSTER FAILOVER\n",
            stderr);
        return 1;
    }
    if (!sentinel_used(conf)) {
        fputs("turnpike: redis.sentinels is not set: there is no failover without Sentinels\n",
            stderr);
        return 1;
    }
    error = failover_command_run(&f);
    link_free(f.link);
    ending_audit(conf, "failover", NULL, error ? "failed" : "done");
    return error ? 1 : 0;
}
