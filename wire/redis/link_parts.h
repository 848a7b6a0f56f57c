/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_LINK_PARTS_H
#define TURNPIKE_WIRE_REDIS_LINK_PARTS_H

#include "base/backoff.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/task.h"
#include "wire/redis/link.h"
#include "wire/redis/link_reply.h"
#include "wire/redis/sentinel.h"
#include "wire/redis/slots.h"

/*
 * link_parts -- what the files of link share with each other:
 *
 *   link           life
 *   link_connect   the connection: back-off, one attempt for all, its end
 *   link_roles     whether its server is the master, and may be written to
 *   link_loop      the side of the reactor: what is ready, timers, joined sends
 *   link_queue     replies that have not come yet
 *   link_send      commands go out
 *   link_read      replies come in
 *   link_marks     whether they are in step
 *   link_calls     calls that wait for their reply
 *   link_asks      commands of a loop, which does not wait
 *   link_map       of a cluster: which node has which slot
 *   link_route     of a cluster: the link as a whole, its commands go to the links of its nodes
 *   listen         the connection that subscribes, to the same server
 */
#define LINK_SCRIPTS_MAX 64
#define LINK_READ_SIZE 16384
#define LINK_MARK_WORD_SIZE 17
#define LINK_MARK_SIZE 40
#define LINK_MARK_COMMAND_SIZE (LINK_MARK_SIZE + 64)
#define LINK_READS_MAX 64 /* in one pass of a loop, which has others to serve */
#define LINK_MOVE_MS 20   /* between looks whether a slot of a cluster has moved as a whole */
#define LINK_ROLE_EVERY_MS 5000
#define LINK_ROLE_SOON_MS 250 /* after a refusal as of a server that is the master no more */

/* The use of a reply that has not come yet. */
enum link_kind { LINK_DROP, LINK_REPLY, LINK_RAW, LINK_SYNC, LINK_ASK, LINK_MARK };

struct link_pending {
    enum link_kind kind;
    bool reads; /* also sent to a server that has lacked its replicas */
    union {
        link_reply_fn *reply;
        link_int_fn *number;
        struct link_wait *wait;
        struct link_asked *asked;
    } to;
    void *arg;
    uint64_t mark;  /* of LINK_MARK: which one it is ... */
    bool refusable; /* ... a refusal for the state of the server stands for it */
};

/* On the stack of a blocking call. */
struct link_wait {
    struct task *task; /* that waits; NULL = the process does */
    bool done;
    bool broke; /* the other side ended the connection under it */
    bool sent;
    int error;
    struct link_reply *reply;
    enum slots_word word; /* of a node of a cluster: it has done nothing of it */
    struct link *other;   /* of SLOTS_ASK */
};

/* A command that waits for its reply, in one of its forms. */
struct link_words_of_call {
    const struct link_script *script; /* or NULL ... */
    const struct link_words *words;
    const struct link_arg *args; /* ... or NULL ... */
    size_t nargs;
    const char *whole; /* ... as it goes out */
    size_t len;
};

/* A command of link_ask, until its outcome has been told. */
struct link_asked {
    struct link_asked *next, *prev; /* all of the link, in their order */
    struct link_asked *sibling;     /* of the same asker ... */
    struct link_asked **at;         /* ... where that is kept; NULL: it has none */
    link_reply_fn *on_reply;        /* NULL: its owner has gone */
    void *arg;
    const struct link_script *script;
    unsigned attempt; /* the attempt to connect that it waits for, by number */
    int error;        /* to be told */
    bool waits;       /* for a connection, or to be told */
    bool again;       /* it has been made once, and lost */
    bool reads;
    unsigned slot;    /* of a cluster, as the following */
    int64_t until_ms; /* monotonic: until when it is repeated */
    int64_t due_ms;   /* monotonic: not before */
    unsigned repeats; /* as a node did nothing of it; the pause grows with them */
    enum slots_word word;
    struct link *other; /* of SLOTS_ASK */
    size_t len;
    char command[];
};

/* Another connection of this process, which has to go to the same server: that of listen. */
struct link_follower {
    /* With Sentinels: `server` is the master, or is not; NULL = the link has left its server, which
     * is the master no more. */
    void (*moved)(void *arg, const struct sentinel_address *server, bool is_master);
    void (*pass)(void *arg);   /* a pass ends: what there is to say goes out */
    void (*routed)(void *arg); /* of a cluster: a slot has another owner */
    void *arg;
};

/* On the stack of a task that waits for a connection which another one makes. */
struct link_queued {
    struct task *task;
    struct link_queued *next;
};

/* A node of a cluster: while the process lives, as others keep its link. When there are too many,
 * one that has gone becomes another one: then `lives` grows. */
struct link_node {
    struct sentinel_address address;
    unsigned lives;
    struct link *link; /* NULL: none was needed yet */
    bool primary;
    unsigned map; /* by number, the last one that named it */
};

#define LINK_NODES_MAX 1000
#define LINK_NODE_NONE 0xffff

/* Which node has which slot. */
struct link_map {
    struct link *face; /* whose map it is */
    struct link_node *nodes[LINK_NODES_MAX];
    size_t count;
    uint16_t owner[SLOTS]; /* a place in nodes, or LINK_NODE_NONE */
    bool known;
    bool stale;       /* a node has said, or its silence, that it is old */
    bool asking;      /* somebody asks the nodes ... */
    unsigned asked;   /* ... and has done so for so many times */
    unsigned version; /* grows when a slot has another owner */
    unsigned maps;    /* how many have been taken over */
    unsigned turn;    /* which node is asked next */
    int64_t ask_ms;   /* monotonic: not before */
    struct reactor_timer timer;
    struct link_queued *queued;
};

struct link {
    const struct conf *conf;
    struct link_map *map;       /* of a cluster: the face's; else NULL */
    struct link_node *node;     /* of a cluster: where it goes; NULL = it is the face */
    int fd;                     /* -1 = disconnected */
    struct link_reader *reader; /* of this connection */
    struct reactor *reactor;    /* link_attach; NULL = every call waits by itself */
    struct reactor_source source;
    struct reactor_timer timeout, check;
    struct tasks_hook hook;
    bool connecting;   /* by a task, attached only ... */
    unsigned attempts; /* ... counts them */
    bool checking;     /* a task asks the Sentinels */
    struct link_queued *queued;
    bool pumping;
    bool any_role;                         /* link_accept_replicas */
    struct link_asked *asked, *asked_last; /* first and last */
    size_t asked_waiting;                  /* of them */
    struct link_follower *follower;        /* or NULL */
    bool hold; /* the next command waits in `out` for the one after it ... */
    bool held; /* ... and does so */
    unsigned generation;
    struct backoff backoff;
    int refused;      /* why the last connection was left or not made: an ERR_STORE* error */
    int64_t role_ms;  /* monotonic: when the server was last asked for its role */
    int64_t used_ms;  /* monotonic: last link_ensure, with Sentinels */
    bool suspect;     /* it refuses writes since */
    bool doubted;     /* it lacked its replicas: no writes before a Sentinel names it ... */
    bool settling;    /* ... which a task asks for ... */
    int64_t doubt_ms; /* ... not before this (monotonic) */
    bool broke;       /* the last connection was ended by the other side ... */
    bool silent;      /* ... but this one is left because nothing comes */
    bool demoted;     /* its server has become a replica, as the Sentinels told it */
    struct sentinel_address master; /* that this connection goes to, with Sentinels */
    int64_t progress_ms; /* monotonic: last byte read, or first command sent after silence */
    struct buf out;      /* written but not yet taken by the socket */
    struct buf scratch;  /* commands are written here */
    char *in;            /* LINK_READ_SIZE */
    size_t in_len;       /* bytes of in that the reader has not got */
    /* A reply that waits for its mark; kind is LINK_DROP when there is none. */
    struct link_pending unproved;
    struct link_reply *unproved_reply;
    char mark_word[LINK_MARK_WORD_SIZE]; /* of this connection: its marks begin with it */
    uint64_t mark_last;
    int64_t unsaved_ms; /* monotonic: last refusal of a Redis that cannot save; 0 = never */
    struct link_pending *ring;
    size_t ring_cap, ring_head, ring_len;
    size_t ring_marks; /* of them */
    size_t calls;      /* that tasks wait for */
    /* One command at a time is timed: how many replies come before its own, and when it was
     * written; 0 = none is. */
    size_t timed_behind;
    int64_t timed_us;
    uint64_t raw_sent;
    const struct link_script *loaded[LINK_SCRIPTS_MAX];
    size_t loaded_count;
};

/* ---- link.c ---- */
MUST_CHECK int link_new_plain(struct link **out, const struct conf *conf); /* to one server */

/* ---- link_connect.c ---- */
/* Ends the connection; everything outstanding gets the error, in order. why NULL: not logged. */
void link_disconnect(struct link *l, const char *why);
/* The same for a server that is the master no more: the follower leaves it, too. */
void link_leave_server(struct link *l, const char *why);
/* A connection where the link goes, as dial_redis. */
MUST_CHECK int link_dial(const struct link *l, struct sentinel_address *server, int *fd);
static inline bool link_is_face(const struct link *l)
{
    return l->map && !l->node;
}
/* A task connects, unless there is a connection or the back-off forbids it. */
void link_connect_behind(struct link *l);
/* The follower has found `server` to be the master: a connection to another one is left. */
void link_compare(struct link *l, const struct sentinel_address *server);

/* ---- link_roles.c ---- */
/* Looks from time to time whether the server is still the master, before it is used. */
void link_roles_check(struct link *l);
void link_roles_ask(struct link *l); /* by a ROLE in the pipeline */
/* Does a Sentinel name another server? Without any answer: no. Waits budget_ms at most. */
bool link_roles_moved(struct link *l, int64_t budget_ms);
/* Asks who the master is when the server has lacked its replicas. Returns 0; ERR_STORE (left for
 * another server); ERR_STORE_READONLY (nobody has said so yet). */
MUST_CHECK int link_roles_settle(struct link *l);
/* The same by a task. Returns ERR_STORE_READONLY. */
MUST_CHECK int link_roles_settle_behind(struct link *l);
/* The outcome of a command. A server that has become a replica has done nothing of it, and is left:
 * returns whether it was so. */
bool link_roles_left(struct link *l, int error);
/* An error text of the server. */
void link_roles_suspect(struct link *l, const char *error);

/* ---- link_loop.c ---- */
/* A connection has been made; a reply is expected after silence. Of no effect unless attached. */
void link_loop_watch(struct link *l);
/* What the loop looks for at its socket; unattached, nothing. Returns 0 or ERR_STORE (lost). */
MUST_CHECK int link_loop_want(struct link *l, uint32_t events);
void link_loop_expect(struct link *l);

/* ---- link_queue.c ---- */
/* Room for so many more. Returns 0, ERR_STORE (too many), ERR_NOMEM. */
MUST_CHECK int link_queue_room(struct link *l, size_t more);
/* As link_queue_room. */
MUST_CHECK int link_queue_push(struct link *l, struct link_pending p);
struct link_pending link_queue_pop(struct link *l); /* there is one */
/* Hands one outcome to whoever waits for it; takes the reply. */
void link_queue_tell(struct link *l, const struct link_pending *p, int error,
    struct link_reply *reply);

/* ---- link_send.c ---- */
/* l->scratch, where the command has been written. Returns 0, ERR_STORE*, ERR_NOMEM. */
MUST_CHECK int link_send_scratch(struct link *l, struct link_pending p);
/* A command in two pieces. */
MUST_CHECK int link_send_pending(struct link *l, struct link_pending p, const char *head,
    size_t head_len, const char *tail, size_t tail_len);
/* As link_load on a connection that is there. */
MUST_CHECK int link_send_load(struct link *l, const struct link_script *script, bool again,
    bool reads);
/* What goes in front of a command for a key that is moving here. */
MUST_CHECK int link_send_asking(struct link *l);
void link_send_put_args(struct buf *b, const struct link_arg *args, size_t n);
/* Into l->scratch. */
void link_send_put_script(struct link *l, const struct link_script *script,
    const struct link_words *words);

/* ---- link_marks.c ---- */
/* Whether a mark follows what is of this kind. */
bool link_marks_kind(enum link_kind kind);
void link_marks_begin(struct link *l); /* a new connection */
/* The next one, mark_last, as it goes out. Returns its length. */
size_t link_marks_put(struct link *l, char out[LINK_MARK_COMMAND_SIZE]);
/* Whether a refusal for the state of the server can stand for the mark of this command: ROLE and
 * EXEC are answered in a state that refuses the mark. */
bool link_marks_may_be_refused(const char *command, size_t len);
void link_marks_note(struct link *l, const char *error); /* an error text of the server */
/* Whether this can be the reply to p, the first that is outstanding. */
bool link_marks_fit(const struct link *l, const struct link_pending *p,
    const struct link_reply *reply);

/* ---- link_read.c ---- */
/* What has arrived. Returns 0 or ERR_STORE. */
MUST_CHECK int link_read_now(struct link *l);

/* ---- link_asks.c ---- */
/* At the end of each pass: sends what has waited, tells what has failed. */
void link_asks_step(struct link *l);
/* The outcome of one; takes the reply when there is no error. An error without reply: the
 * connection has ended. */
void link_asks_outcome(struct link *l, struct link_asked *a, int error, struct link_reply *reply);
void link_asks_free(struct link *l);
/* Of a cluster: one leaves a link for another, which sends it or waits for its connection. */
void link_asks_take(struct link *from, struct link_asked *a);
void link_asks_give(struct link *to, struct link_asked *a, bool asking);
void link_asks_keep(struct link *l, struct link_asked *a); /* neither */
/* Its owner is told the error: in the loop. */
void link_asks_fail(struct link *l, struct link_asked *a, int error);
/* A new one, of nobody yet. NULL: no memory. */
struct link_asked *link_asks_make(struct link *l, const struct link_question *q);

/* ---- link_calls.c ---- */
/* One attempt at a command over this link. asking: ASKING goes in front of it. */
MUST_CHECK int link_calls_try(struct link *l, const struct link_words_of_call *call, bool asking,
    struct link_reply **out, struct link_wait *w);

/* ---- link_map.c ---- */
MUST_CHECK int link_map_new(struct link *face); /* 0 or ERR_NOMEM */
void link_map_free(struct link *face);
void link_map_attach(struct link *face); /* of link_attach */
/* The map is there; waits for it unless the loop itself asks. Returns 0 or ERR_STORE. */
MUST_CHECK int link_map_ensure(struct link *face);
/* Asks a node for the map, when the last one was asked some time ago; waits, but in the loop. */
void link_map_refresh(struct link *face);
void link_map_refresh_behind(struct link *face); /* the same by a task; attached */
/* A node is away, or says that it has the slot no more: the map is asked for soon. */
void link_map_doubt(struct link *face);
/* The link to the slot's node (SLOTS: to any primary, if possible a connected one), or NULL. */
struct link *link_map_link(struct link *face, unsigned slot);
struct link_node *link_map_node(const struct link *face, unsigned slot);
/* Whether the last map has named the node at this address; true while there is none. */
bool link_map_names(const struct link *face, const struct sentinel_address *address);
/* The link to a node that somebody named, from_host if it named none. NULL: too many, no memory. */
struct link *link_map_named(struct link *face, const struct sentinel_address *address,
    const char *from_host);
/* What an error text of the node says; the map learns from it. other: out, of SLOTS_ASK. */
enum slots_word link_map_told(struct link *l, const char *text, struct link **other);

/* ---- link_route.c: the face of a cluster ---- */
MUST_CHECK int link_route_call(struct link *face, const struct link_words_of_call *call,
    struct link_reply **out, bool *broke);
MUST_CHECK int link_route_ensure(struct link *face);
/* The link to the node of a command's key; the face itself when the map is not known. */
struct link *link_route_to(struct link *face, const struct link_arg *args, size_t nargs);
void link_route_flush(struct link *face);
void link_route_hurry(struct link *face);
bool link_route_is_coming(const struct link *face);
MUST_CHECK int link_route_ask(struct link *face, const struct link_question *q);
/* A question that a node could not answer, taken from its link: it is asked again, by the map. */
void link_route_again(struct link *face, struct link_asked *a, int64_t wait_ms);
void link_route_pass(struct link *face); /* a pass ends */

#endif
