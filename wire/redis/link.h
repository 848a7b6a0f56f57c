/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_LINK_H
#define TURNPIKE_WIRE_REDIS_LINK_H

#include "base/conf.h"
#include "base/err.h"
#include "base/reactor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * link -- a connection to Redis. Used by every worker and the housekeeper, after fork, and by the
 * operator's command.
 * Reconnects with back-off and jitter; a call during the back-off fails at once with ERR_STORE.
 * Scripts are called by hash and loaded when Redis does not know them.
 */
struct link;

/* Every script is a file of Lua, in store/lua or in the folder of a family of tools, compiled in
 * with its SHA-1 by the build. */
struct link_script {
    const char *name, *sha1, *body;
};

enum link_type { LINK_NIL, LINK_STATUS, LINK_ERROR, LINK_INT, LINK_STRING, LINK_ARRAY };
struct link_reply; /* owned by whoever received it; freed with link_reply_free */
void link_reply_free(struct link_reply *r);
enum link_type link_reply_type(const struct link_reply *r);
int64_t link_reply_int(const struct link_reply *r);                   /* also of a decimal string */
const char *link_reply_text(const struct link_reply *r, size_t *len); /* "" when no text */
size_t link_reply_count(const struct link_reply *r);
const struct link_reply *link_reply_at(const struct link_reply *r, size_t i); /* NULL outside */
/* Whether the first element of a list is `word`: what a script says of its outcome. */
bool link_reply_says(const struct link_reply *r, const char *word);

/* Bytes: an argument of a command, or a piece of what link_send_raw sends. */
struct link_arg {
    const char *data;
    size_t len;
};
struct link_arg link_text(const char *s);
/* What a script is called with: its KEYS and its ARGV. Kept by no function. */
struct link_words {
    const struct link_arg *keys;
    size_t nkeys;
    const struct link_arg *args;
    size_t nargs;
};

MUST_CHECK int link_new(struct link **out, const struct conf *conf);
/*
 * link_attach -- gives the link to a loop of tasks. Turn and stream workers, the housekeeper. A
 * link that has been used before brings along what it has: its connections, of a cluster those to
 * the nodes, and the replies that have not come.
 *
 * The reactor reads the replies. Each tasks_run ends by sending the joined commands. A task that
 * calls or connects lets the other tasks run meanwhile. The loop itself never connects: a task does
 * so in its place, and the caller gets ERR_STORE until then. While there are tasks, a call from the
 * loop is a task_fault and gets ERR_INTERNAL. Every 5 s the link asks its server for a sign of
 * life; with Sentinels it asks every 2 s for the server's role, and a Sentinel for the master.
 */
void link_attach(struct link *l, struct reactor *reactor);
bool link_is_attached(const struct link *l);
/* For a process that mostly reads: without Sentinels its server may be a replica. Writes get
 * ERR_STORE_READONLY there. */
void link_accept_replicas(struct link *l);
/* Sends the joined commands now; the socket takes the rest later. Returns 0 or ERR_STORE. */
MUST_CHECK int link_flush(struct link *l);
void link_free(struct link *l);
/*
 * link_ensure -- makes the connection unless it is there, when the back-off allows it. Each of
 * these takes redis.timeout at most: asking the Sentinels, the connection, its greeting. The link
 * leaves a server that is not a master; with Sentinels it asks the next of them while redis.timeout
 * lasts.
 * Returns 0, ERR_STORE or ERR_STORE_READONLY: the server is not a master; or, with Sentinels, it
 * has refused a write for want of replicas, and no Sentinel has named it since.
 */
MUST_CHECK int link_ensure(struct link *l);
/*
 * A client waits for the next call: the back-off after failed attempts does not count any more. It
 * still counts for 50 ms after an attempt that did not fail at once, so that a Redis that answers
 * nothing does not hold every worker.
 */
void link_hurry(struct link *l);
/* Is there a connection, or is a task making one? */
bool link_is_coming(const struct link *l);
/* Grows with each connection made: "was there a reconnect since?" */
unsigned link_generation(const struct link *l);

/*
 * link_call, link_script_call, link_command -- one command; waits for its reply, redis.timeout at
 * most. When Redis closes the connection before the reply, the link repeats the command once over a
 * new one. The first attempt may have had its effect, so the command must bear a repetition. (A
 * call that counts for a limit may then count twice.) The link never repeats link_script_once.
 *   out    the reply (never LINK_ERROR); may be NULL
 *   broke  out, after ERR_STORE: the other side ended the connection under it (true), or there was
 *          no connection or no reply in time (false); may be NULL
 * Returns 0; ERR_STORE; ERR_STORE_FULL; ERR_STORE_READONLY; ERR_INTERNAL (Redis said another
 * error, which is logged).
 */
MUST_CHECK int link_call(struct link *l, const struct link_arg *args, size_t nargs,
    struct link_reply **out);
MUST_CHECK int link_script_call(struct link *l, const struct link_script *script,
    const struct link_words *words, struct link_reply **out);
MUST_CHECK int link_script_once(struct link *l, const struct link_script *script,
    const struct link_words *words, struct link_reply **out, bool *broke);
/* printf-like for constant commands: %s text, %b bytes+size_t, %d int, %lld long long. */
MUST_CHECK int link_command(struct link *l, struct link_reply **out, const char *format, ...);

/*
 * Pipelining, for the event log: send without waiting, read replies later. Replies come in order. A
 * link_call while some are outstanding reads those first and hands them to their on_reply.
 */
typedef void link_reply_fn(void *arg, int error, struct link_reply *reply); /* takes the reply */
MUST_CHECK int link_send_script(struct link *l, const struct link_script *script,
    const struct link_words *words, link_reply_fn *on_reply, void *arg);
size_t link_outstanding(const struct link *l);
/* A reply to link_send_raw cannot be one to its command: the connection is left, and all that is
 * outstanding gets ERR_STORE. Also from within on_int. */
void link_leave(struct link *l, const char *why);
/* Is told how long commands of this process took to their replies: of those that are outstanding at
 * once, of one. NULL: nobody is. */
typedef void link_time_fn(int64_t us);
void link_time(link_time_fn *on_time);
/*
 * link_send_raw -- commands that the caller wrote as RESP. The link sends `head` and `tail` as
 * one piece and keeps neither. Their one reply must be an integer; reading it allocates nothing.
 * Does not connect.
 *   error  0; ERR_NOSCRIPT (Redis does not know the script); ERR_STORE* or ERR_INTERNAL
 */
typedef void link_int_fn(void *arg, int error, int64_t value);
MUST_CHECK int link_send_raw(struct link *l, struct link_arg head, struct link_arg tail,
    link_int_fn *on_int, void *arg);
/*
 * link_send -- one command into the pipeline; on_reply NULL: the reply is dropped. Like
 * link_send_script it connects when there is no connection. The callbacks of the pipeline may send
 * but not call.
 */
MUST_CHECK int link_send(struct link *l, const struct link_arg *args, size_t nargs,
    link_reply_fn *on_reply, void *arg);
/*
 * Somebody who asks and may go away before the outcome: embedded in its owner, zeroed before the
 * first question. It is moved or freed only while it has nothing to come (`first` is NULL): after
 * link_asker_leave, or the last outcome, from within on_reply on.
 */
struct link_asked;
struct link_asker {
    struct link_asked *first;
};
/*
 * link_ask -- one command of an attached link's loop, which does not wait. on_reply gets the result
 * that link_call would return: once, from the loop, never from within link_ask. While a connection
 * is being made, the command waits for it and fails with that attempt. Without an attempt under way
 * the link makes one as by link_hurry. When Redis closes the connection before the reply, the link
 * repeats the command once over the next one.
 * Returns 0 or, without calling on_reply, ERR_STORE (no connection can be tried now),
 * ERR_STORE_READONLY (as link_ensure; not for what only reads), ERR_NOMEM.
 */
struct link_question {
    const struct link_script *script; /* NULL: args is the whole command */
    size_t nkeys;                     /* of the script: the first of args */
    const struct link_arg *args;      /* not kept */
    size_t nargs;
    bool reads; /* it changes nothing */
    link_reply_fn *on_reply;
    void *arg;
    struct link_asker *asker; /* may be NULL */
};
MUST_CHECK int link_ask(struct link *l, const struct link_question *q);
/* The outcomes still to come for `asker` are dropped: its owner is going away. Takes as long as it
 * has asked things, however many others have asked some. Also from within on_reply. */
void link_asker_leave(struct link_asker *asker);
/* Keeps the next command and sends it together with the one after it: one write, one wake-up of
 * Redis. For a command that another one follows at once. When the connection is lost between the
 * two, the second one gets ERR_STORE, and the link does not repeat it. */
void link_hold(struct link *l);
/* Replies of link_send* still to come for `arg` are dropped: its owner is going away. Looks through
 * all that are outstanding. */
void link_forget(struct link *l, const void *arg);
/* Makes the script known to Redis for link_send_raw: loads it unless it was on this connection. */
MUST_CHECK int link_load(struct link *l, const struct link_script *script, bool again);
/* Waits until Redis' socket has something to read or until_ms (monotonic). */
void link_wait(struct link *l, int64_t until_ms);
/* Reads what has arrived, never waits; of an attached link the loop does. Returns 0 or ERR_STORE
 * (outstanding ones got the error). */
MUST_CHECK int link_pump(struct link *l);
/* Calls whose reply a task waits for now. */
size_t link_calls(const struct link *l);
/* How often link_send_raw has sent something. */
uint64_t link_raw_sent(const struct link *l);
/*
 * A cluster (redis.cluster): the link has a connection to each node that it needs, and sends a
 * command where its key is, KEYS[1] of a script. A script gets one key more than the caller names,
 * the last one: it is in the slot of KEYS[1] and never exists, so Redis refuses the script while
 * the slot moves. What a node refuses for its place is repeated where it belongs, for redis.timeout
 * at most. Commands to different nodes have no order among each other.
 */
bool link_is_cluster(const struct link *l);
/* The slot of a key, below LINK_SLOTS; 0 without a cluster. */
#define LINK_SLOTS 16384
unsigned link_slot(const struct link *l, const char *key);
/* The connection to the node that has the slot, for link_send_raw and what belongs to it; it stays
 * while the process lives. The link itself without a cluster, and while no node is known for it. */
struct link *link_at(struct link *l, unsigned slot);
/* The last key of a script that the caller writes as RESP. Returns its length; 0: none. */
#define LINK_GUARD_MAX 512
size_t link_guard(const struct link *l, const char *key, char out[LINK_GUARD_MAX]);
/* The links to all primaries, by i from 0; NULL: there are no more, or none is known. */
struct link *link_primary(struct link *l, size_t i);
/* Whether the key's slot is whole on the node that is believed to have it, now. Returns 0, or
 * ERR_STORE: it moves, or has moved. Without a cluster 0. */
MUST_CHECK int link_settled(struct link *l, const char *key);
/* Grows when a slot comes to another node. */
unsigned link_map_version(const struct link *l);
/* For the reactor; -1 while disconnected. Of a cluster: of any of its nodes. */
MUST_CHECK int link_fd(const struct link *l);

#endif
