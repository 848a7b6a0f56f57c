/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_KEYUSE_H
#define TURNPIKE_PROCESS_KEYUSE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * keyuse -- when API keys were last used on this machine, in the scoreboard's shared memory. A
 * worker notes each use; the housekeeper tells Redis (workers/housekeeper/keyuse_desk.h), at most
 * once a minute and key. So a request costs no call for it. Nothing here waits.
 *
 * With more than KEYUSE_ROWS keys in use within a minute some uses are not noted, and a key may be
 * told more often.
 */
#define KEYUSE_ROWS 4096 /* a power of two */
#define KEYUSE_TELL_MS 60000

struct keyuse {            /* zeroed = none was used */
    atomic_ullong changes; /* of times noted */
    struct {
        atomic_ullong id;              /* apikey_id; 0 = free */
        atomic_llong used_ms, told_ms; /* real time; what Redis knows of it */
    } rows[KEYUSE_ROWS];
};
/* Any process: the key with this id (apikey_id) is used now. u NULL: nothing is noted. */
void keyuse_note(struct keyuse *u, uint64_t id, int64_t real_ms);

struct keyuse_told { /* a use that Redis is to know */
    uint64_t id;
    int64_t used_ms, told_ms;
    size_t row;
};
/*
 * keyuse_due -- housekeeper: uses that Redis does not know yet, from the row *at on.
 *   before_ms  real time: of a key that was told before then; INT64_MAX = of any key
 *   at         in and out: where the next call goes on; KEYUSE_ROWS = that was all
 *   left       counted up: uses that are not due yet
 * Returns how many there are in `out`, at most `most`.
 */
size_t keyuse_due(const struct keyuse *u, int64_t before_ms, size_t *at, struct keyuse_told *out,
    size_t most, size_t *left);
/* Housekeeper: Redis knows these. */
void keyuse_tell(struct keyuse *u, const struct keyuse_told *told, size_t count);

#endif
