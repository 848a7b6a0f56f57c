#ifndef TURNPIKE_STORE_CHANNEL_H
#define TURNPIKE_STORE_CHANNEL_H

#include "base/conf.h"
#include "store/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reactor;

/*
 * channel -- the asynchronous side of Redis for stream workers: one connection that subscribes,
 * one that reads; it and channel_events alone include hiredis' asynchronous side.
 * Both reconnect with back-off and jitter. A connection that answers nothing for redis.timeout is
 * given up. No call blocks, but with Sentinels the loop waits for their answer: SENTINEL_CONNECT_MS
 * at most at a connect, SENTINEL_CHECK_MS every two seconds, normally below one. No handler is
 * called from within a call of its owner.
 */
struct channel;
struct channel_handlers {
    void *arg;
    /* A message on a subscribed channel; all borrowed. */
    void (*message)(void *arg, const char *name, size_t name_len, const char *bytes, size_t len);
    /* Redis confirmed a subscription. */
    void (*subscribed)(void *arg, const char *name, size_t name_len);
    /*
     * The subscribing connection is there (the first time too). It has no subscriptions: the
     * owner, who knows them anyway, subscribes to all of them again.
     */
    void (*ready)(void *arg);
    /* The subscribing connection was lost: what is published from now on is missed. */
    void (*lost)(void *arg);
};
int channel_new(struct channel **out, const struct conf *conf, struct reactor *reactor,
    const struct channel_handlers *handlers);
/* Outstanding callbacks are not called. */
void channel_free(struct channel *c);
bool channel_is_up(const struct channel *c); /* both connections */
/*
 * A client waits for Redis: a connection that is not there is tried now, whatever the back-off says
 * (with Sentinels only the first attempt after a loss). True when both are there or being made.
 */
bool channel_hurry(struct channel *c);

/*
 * What is asked for while a connection is being made waits for it, and fails with that attempt;
 * while none is, one is made as by channel_hurry. What was sent when Redis closed the connection is
 * sent once more over the next one.
 */

/* Return 0 or ERR_STORE (no connection now: `ready` will come). */
int channel_subscribe(struct channel *c, const char *name);
int channel_unsubscribe(struct channel *c, const char *name);

/* Entries of a log after `cursor` (exclusive), at most `max`; one call of fn. */
struct channel_entry {
    const char *id, *value; /* value "RUN FLAG JSON" */
    size_t id_len, value_len;
};
/* error: 0 or ERR_STORE, ERR_INTERNAL. Entries are borrowed. */
typedef void channel_range_fn(
    void *arg, int error, const struct channel_entry *entries, size_t count);
/* Returns 0 or ERR_STORE, ERR_NOMEM: then fn is not called. */
int channel_range(struct channel *c, const char *log_key, const char *cursor, size_t max,
    channel_range_fn *fn, void *arg);
/*
 * GETDEL, HMGET and the like: the reply as a list of texts, nested arrays one after the other,
 * numbers in decimal, NULL for nil. error as above, and ERR_AGAIN: Redis had forgotten a script,
 * which has been loaded again.
 */
typedef void channel_text_fn(
    void *arg, int error, const char *const *texts, const size_t *lens, size_t count);
int channel_command(struct channel *c, const char *const *argv, const size_t *lens, size_t argc,
    channel_text_fn *fn, void *arg);
/* A script of store/lua by its hash; texts are the keys, then the arguments. */
int channel_script(struct channel *c, const struct link_script *script, size_t keys,
    const char *const *texts, size_t count, channel_text_fn *fn, void *arg);
/* Forgets callbacks that would reach `arg` (its owner is going away). */
void channel_forget(struct channel *c, const void *arg);

#endif
