/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_LISTEN_PARTS_H
#define TURNPIKE_WIRE_REDIS_LISTEN_PARTS_H

#include "wire/redis/link_parts.h"
#include "wire/redis/listen.h"
#include "wire/redis/listen_ears.h"

/*
 * listen_parts -- what the files of listen share with each other:
 *
 *   listen        a connection that subscribes
 *   listen_ears   the table of ears by channel
 *   listen_route  of a cluster: which of its connections an ear is on
 *
 * In a cluster the listen that its owner knows is a face: it has the ears, and a listen for each
 * node. Channels in a slot are sharded ones there.
 */
/* A command of a node's connection that has had no reply. */
struct listen_said {
    uint32_t hash; /* of its channel */
    char kind;     /* the command's first two letters are SS, SU or PI: this is the second */
};

struct listen {
    struct link *link;
    struct listen *face;  /* of a cluster: whose connection to a node it is; else NULL */
    struct listen **node; /* of the face of a cluster: its connections, by the node's place ... */
    struct listen *plain; /* ... and the one to any node, for channels that no slot has */
    size_t nodes;
    struct link_node *to;       /* where a node's connection goes; NULL: any */
    unsigned lives;             /* of this node, when it got its ears */
    struct reactor_timer route; /* of the face: ears look for their nodes */
    struct buf asked;           /* of a node's connection: struct listen_said ... */
    size_t asked_at;            /* ... from this byte on */
    struct link_follower follower;
    struct reactor_source source;
    struct reactor_timer retry;
    struct reactor_timer check;     /* of a living connection */
    struct reactor_timer answer;    /* something was asked: until when something has to come */
    int fd;                         /* -1 = not connected */
    unsigned connection;            /* counts them */
    struct sentinel_address master; /* that it goes to */
    bool dialling;
    bool leaving; /* freed when the task that dials has ended */
    struct backoff backoff;
    int64_t up_ms;        /* monotonic: since when it is up */
    int64_t progress_ms;  /* monotonic: last byte read, or first command after silence */
    uint64_t said, heard; /* commands of this connection, and replies to them */
    struct link_reader *reader;
    char *in; /* LISTEN_READ_SIZE */
    struct buf out;
    size_t sent; /* of out */
    struct listen_ears ears;
};

/* The table of ears: a cluster's face has one for all of its connections. */
static inline struct listen_ears *listen_table(const struct listen *l)
{
    return (struct listen_ears *)(uintptr_t)(l->face ? &l->face->ears : &l->ears);
}

/* ---- listen.c ---- */
/* One connection; face: of a cluster, whose it is. NULL: no memory. */
struct listen *listen_make(struct link *link, struct listen *face);
void listen_hear(struct listen *l, struct listen_ear *ear);
/* The connection is of no use any more; a new one is made while there is an ear for it. */
void listen_lost(struct listen *l, const char *why);
void listen_unsubscribe(struct listen *l, const struct listen_ear *ear);

/* ---- listen_route.c ---- */
bool listen_is_sharded(const struct listen *l); /* of a node */
bool listen_is_wanted(const struct listen *l);  /* is there an ear for it? */
/* The connection for an ear. NULL: no node is known for it, or no memory. */
struct listen *listen_place(struct listen *face, const struct listen_ear *ear);
void listen_on_routed(void *arg); /* a slot has another owner */
void listen_route_later(struct listen *face);
/* A client waits: those that have been made; the first one to any primary. */
bool listen_hurry_all(struct listen *face);
/* A command goes to a node: what it takes back by itself is told from what it was asked for. */
void listen_note(struct listen *l, const char *command, uint32_t hash);
/* A reply of a node; whether it counts as an answer. why: out, of no use. */
bool listen_read_node(struct listen *l, const struct link_reply *reply, const char *kind,
    const char **why);

#endif
