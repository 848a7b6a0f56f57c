#ifndef TURNPIKE_STORE_LINK_PARTS_H
#define TURNPIKE_STORE_LINK_PARTS_H

#include "base/buf.h"
#include "base/task.h"
#include "store/link.h"
#include "store/link_reply.h"
#include "store/sentinel.h"

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
 *   link_calls     calls that wait for their reply
 */
#define LINK_SCRIPTS_MAX 64
#define LINK_READ_SIZE 16384
#define LINK_ROLE_EVERY_MS 5000
#define LINK_ROLE_SOON_MS 250 /* after a refusal as of a server that is the master no more */

/* What is to be done with a reply that has not come yet. */
enum link_kind { LINK_DROP, LINK_REPLY, LINK_RAW, LINK_SYNC };

struct link_pending {
    enum link_kind kind;
    union {
        link_reply_fn *reply;
        link_int_fn *number;
        struct link_wait *wait;
    } to;
    void *arg;
};

/* On the stack of a blocking call. */
struct link_wait {
    struct task *task; /* that waits; NULL = the process does */
    bool done;
    bool broke;        /* the other side ended the connection under it */
    int error;
    struct link_reply *reply;
};

/* On the stack of a task that waits for a connection which another one makes. */
struct link_queued {
    struct task *task;
    struct link_queued *next;
};

struct link {
    const struct conf *conf;
    int fd;                 /* -1 = disconnected */
    struct link_reader *reader; /* of this connection */
    struct reactor *reactor; /* link_attach; NULL = every call waits by itself */
    struct reactor_source source;
    struct reactor_timer timeout, check;
    struct tasks_hook hook;
    bool connecting;        /* by a task, attached only ... */
    unsigned attempts;      /* ... counts them */
    bool checking;          /* a task asks the Sentinels */
    struct link_queued *queued;
    bool pumping;
    bool hold;              /* the next command waits in `out` for the one after it ... */
    bool held;              /* ... and does so */
    unsigned generation;
    int64_t retry_ms;       /* monotonic; no connect before this */
    int64_t backoff_ms;
    int64_t failed_ms;      /* monotonic; end of the last attempt, which failed ... */
    int64_t took_ms;        /* ... after so long */
    int refused;            /* why the last connection was left or not made: an ERR_STORE* error */
    int64_t role_ms;        /* monotonic: when the server was last asked for its role */
    int64_t used_ms;        /* monotonic: last link_ensure, with Sentinels */
    bool suspect;           /* it refuses writes since */
    bool doubted;           /* it lacked its replicas: nothing is sent before a Sentinel names it ... */
    bool settling;          /* ... which a task asks for ... */
    int64_t doubt_ms;       /* ... not before this (monotonic) */
    bool broke;             /* the last connection was ended by the other side ... */
    bool silent;            /* ... but this one is left because nothing comes */
    bool demoted;           /* its server has become a replica, as the Sentinels told it */
    struct sentinel_address master; /* that this connection goes to, with Sentinels */
    int64_t progress_ms;    /* monotonic: last byte read, or first command sent after silence */
    struct buf out;         /* written but not yet taken by the socket */
    struct buf scratch;     /* commands are written here */
    char *in;               /* LINK_READ_SIZE */
    size_t in_len;          /* bytes of in that the reader has not got */
    struct link_pending *ring;
    size_t ring_cap, ring_head, ring_len;
    size_t calls;           /* that tasks wait for */
    uint64_t raw_sent;
    const struct link_script *loaded[LINK_SCRIPTS_MAX];
    size_t loaded_count;
};

/* ---- link_connect.c ---- */
/* Ends the connection; everything outstanding gets the error, in order. why NULL: not logged. */
void link_disconnect(struct link *l, const char *why);

/* ---- link_roles.c ---- */
/* Looks from time to time whether the server is still the master, before it is used. */
void link_roles_check(struct link *l);
/* Does a Sentinel name another server? Without any answer: no. Waits budget_ms at most. */
bool link_roles_moved(struct link *l, int64_t budget_ms);
/* Asks who the master is when the server has lacked its replicas. Returns 0; ERR_STORE (left for
 * another server); ERR_STORE_READONLY (nobody has said so yet). */
int link_roles_settle(struct link *l);
/* The same by a task. Returns ERR_STORE_READONLY. */
int link_roles_settle_behind(struct link *l);
/* An error text of the server. */
void link_roles_suspect(struct link *l, const char *error);

/* ---- link_loop.c ---- */
/* A connection has been made; a reply is expected after silence. Of no effect unless attached. */
void link_loop_watch(struct link *l);
void link_loop_expect(struct link *l);

/* ---- link_queue.c ---- */
/* Returns 0, ERR_STORE (too many), ERR_NOMEM. */
int link_queue_push(struct link *l, struct link_pending p);
struct link_pending link_queue_pop(struct link *l); /* there is one */
/* Hands one outcome to whoever waits for it; takes the reply. */
void link_queue_tell(const struct link *l, const struct link_pending *p, int error,
    struct link_reply *reply);

/* ---- link_send.c ---- */
/* l->scratch, where the command has been written. Returns 0, ERR_STORE*, ERR_NOMEM. */
int link_send_scratch(struct link *l, struct link_pending p);
void link_send_put_args(struct buf *b, const struct link_arg *args, size_t n);
void link_send_put_script(struct buf *b, const struct link_script *script,
    const struct link_arg *keys, size_t nkeys, const struct link_arg *args, size_t nargs);

/* ---- link_read.c ---- */
/* What has arrived. Returns 0 or ERR_STORE. */
int link_read_now(struct link *l);

#endif
