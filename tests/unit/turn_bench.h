/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_TURN_BENCH_H
#define TURNPIKE_TESTS_UNIT_TURN_BENCH_H

#include "agent/turn.h"
#include "base/jdoc.h"
#include "base/task.h"
#include "tests/unit/model_double.h"
#include "tests/unit/own_redis.h"
#include "wire/redis/listen.h"

#include <stdbool.h>

/* turn_bench -- a turn worker's inside without its outside: Redis, the client, one user. A turn
 * runs in a task, as in a worker. */
struct turn_bench {
    struct own_redis redis;
    struct conf conf;
    struct reactor *reactor;
    struct http_client *http;
    struct store *store, *onlooker;
    struct eventlog *log;
    struct listen *listen;
    struct breaker breakers[BREAKER_COUNT];
    struct turn_env env;
    struct arena *arena;
    struct turns_start start;
    const struct input *given; /* turn_run's; NULL = it reads start.input */
    struct turn_result result;
    int stage_count[STAGE_COUNT];
    void (*on_stage)(struct turn_bench *b, enum stage stage);
    char session[64];
    volatile int abort_now;
};
void turn_bench_start(struct turn_bench *b);
void turn_bench_stop(struct turn_bench *b);
/* Points a provider at the double and makes it the chain. */
void turn_bench_model(struct turn_bench *b, const struct model_double *m, const char *provider);
void turn_bench_set(struct turn_bench *b, const char *name, const char *value);
/* A gazetteer that knows Sydney and Brisbane. */
void turn_bench_places(struct turn_bench *b);
/* A session of its own for the next turns. */
void turn_bench_new_session(struct turn_bench *b);
/*
 * Starts a turn; agui (may be NULL) is input.agui, messages are further AG-UI messages before the
 * text (text NULL = none).
 */
void turn_bench_begin(struct turn_bench *b, const char *text, const char *agui,
    const char *const *messages, size_t message_count);
/* begin and turn_run; the result stays in b->result until the next turn. */
int turn_bench_run(struct turn_bench *b, const char *text);
int turn_bench_run_begun(struct turn_bench *b);
/* The events of the last turn, in order, as an array; the caller frees it. */
jdoc *turn_bench_events(struct turn_bench *b);
/*
 * "RUN_STARTED TEXT_MESSAGE_START TEXT_MESSAGE_CONTENT TEXT_MESSAGE_END RUN_FINISHED": types with
 * deltas of one message joined. Checks AG-UI's ordering rules on the way. The caller frees it.
 */
char *turn_bench_types(struct turn_bench *b);
/* All deltas of one event type joined. */
char *turn_bench_deltas(struct turn_bench *b, const char *type);
/* The stored conversation as an array. */
jdoc *turn_bench_messages(struct turn_bench *b);
/* The reply as a document. */
jdoc *turn_bench_reply(struct turn_bench *b);

#endif
