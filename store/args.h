/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_ARGS_H
#define TURNPIKE_STORE_ARGS_H

#include "base/err.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/*
 * args -- collects the arguments of a script call; on the stack, heap only for many. It borrows
 * texts until args_fini. An error sticks, and args_call returns it.
 */
#define ARGS_INLINE 48
#define ARGS_NUMBERS 24
struct args {
    struct link_arg *v;
    size_t n, cap;
    int error;
    struct link_arg few[ARGS_INLINE];
    char numbers[ARGS_NUMBERS][24];
    size_t number_count;
};
void args_init(struct args *a);
void args_fini(struct args *a);
void args_bytes(struct args *a, const char *data, size_t len);
void args_text(struct args *a, const char *text); /* NULL = "" */
void args_int(struct args *a, int64_t value);
/* args_int of each of these, in this order. */
#define args_ints(a, ...) \
    args_int_list(a, (const int64_t[]){__VA_ARGS__}, \
        sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
void args_int_list(struct args *a, const int64_t *values, size_t count);
/* ARGV[1..9] of every script that includes lib_turn.lua. */
void args_common(struct args *a, const struct store *s, size_t history_limit);
/*
 * args_call -- calls the script with KEYS[1] = "tp:{uid}:" and frees the arguments. When the
 * connection breaks, it repeats the call once; not when Redis leaves the call unanswered until the
 * timeout. Every script recognises its own repetition.
 */
MUST_CHECK int args_call(struct args *a, struct store *s, const struct link_script *script,
    const char *uid, struct link_reply **out);
/*
 * The same for a script that gives `turn` a worker. It sends the turn's hint in front of the script
 * on the same connection, so that the script never runs without the hint, whenever this process or
 * the connection ends.
 */
MUST_CHECK int args_call_hinted(struct args *a, struct store *s, const struct link_script *script,
    const char *uid, const char *turn, struct link_reply **out);

#endif
