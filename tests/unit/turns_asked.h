/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_TURNS_ASKED_H
#define TURNPIKE_TESTS_UNIT_TURNS_ASKED_H

#include "store/turns.h"
#include "tests/unit/store_bench.h"

/*
 * turns_asked -- begins and ends turns of ACTORS_USER over store_bench, without a model: what the
 * scripts of the store make of them.
 */
struct turns_asked {
    const char *cmid, *hash, *message;
    enum turns_on_busy on_busy;
    bool reserved, may_pend, rewinds;
    enum turns_naming naming;
    const char *in; /* session; NULL = the test's */
};

/* Fails the test when it cannot be asked. */
struct turns_start turns_asked_begin(struct store *s, struct turns_asked a);
/* Done, with one message and one event. take, next: as turns_finish. Returns what that did. */
int turns_asked_finish(struct store *s, const struct turns_start *t, bool take,
    struct turns_start *next);

#endif
