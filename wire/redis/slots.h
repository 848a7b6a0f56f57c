/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_REDIS_SLOTS_H
#define TURNPIKE_WIRE_REDIS_SLOTS_H

#include "base/err.h"
#include "wire/redis/sentinel.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * slots -- in which part of a Redis Cluster a key is, and what its nodes say of that. Pure.
 *
 * A key's slot is the CRC16 of the part between its first "{" and the next "}", or of all of it
 * when there is no such part or that is empty.
 */
#define SLOTS 16384

unsigned slots_of(const char *key, size_t len);
/* The slot of a command by its name and the word behind it, which is its key, unless it has none
 * (PING, PUBLISH, SCAN ...): SLOTS. Not of EVALSHA. */
unsigned slots_of_words(const char *name, size_t name_len, const char *word, size_t len);
unsigned slots_of_command(const char *resp, size_t len); /* the same in RESP */

/*
 * The guard of a key: a name in the same slot which no key ever has, as all of ours begin with
 * "tp:". A script that names it as its last key runs only where and while the slot is whole: while
 * its keys move to another node, Redis refuses the script before it has done anything.
 */
#define SLOTS_GUARD_MAX 512
/* Returns its length, 0 when the key is too long. */
size_t slots_guard(const char *key, size_t len, char out[SLOTS_GUARD_MAX]);

/* What a node's error text means. */
enum slots_word {
    SLOTS_OTHER, /* nothing of a cluster */
    SLOTS_MOVED, /* another node has the slot */
    SLOTS_ASK,   /* another node has this key already: the slot is moving */
    SLOTS_WAIT   /* later: the slot is moving, the cluster is not whole, the node not ready */
};
/* slot, node: out, of SLOTS_MOVED and SLOTS_ASK; node's host is empty when it is the speaker's. */
enum slots_word slots_read_error(const char *text, unsigned *slot, struct sentinel_address *node);

#endif
