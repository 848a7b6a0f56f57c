/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_TURN_FIXTURE_H
#define TURNPIKE_TESTS_UNIT_TURN_FIXTURE_H

#include "tests/unit/turn_bench.h"

/* turn_fixture -- one turn_bench for a whole test program, which defines it. */
extern struct turn_bench bench;
int turn_fixture_start(void **state);
int turn_fixture_start_offline(void **state); /* the offline model is the chain */
int turn_fixture_stop(void **state);
/* Of a test: a session of its own. */
int turn_fixture_new_session(void **state);

/* The model's double, which answers from USE until model_double_stop. */
extern struct model_double model;
void turn_fixture_use(const struct model_reply *script, size_t count);
#define USE(...) \
    turn_fixture_use((const struct model_reply[]){__VA_ARGS__}, \
        sizeof((const struct model_reply[]){__VA_ARGS__}) / sizeof(struct model_reply))

#endif
