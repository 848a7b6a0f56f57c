/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_AGAIN_H
#define TURNPIKE_STORE_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * again -- calls of Redis that are made again while Redis is away. Every script recognises its own
 * repetition, so a call whose reply was lost does no harm twice. Any process.
 *
 *     do
 *         error = approvals_take(...);
 *     while (again_store(&error, pause, arg));
 */
#define AGAIN_STEP_MS 100 /* between two calls */

/* Waits until until_ms (monotonic). Returns 0 then, or the error for which the caller gives up. */
typedef int again_pause_fn(void *arg, int64_t until_ms);

/*
 * again_store -- whether the call is to be made again, after a pause of AGAIN_STEP_MS.
 *   error  in: the call's result; out, when false: that result, or the pause's error
 *   pause  called only for an ERR_STORE* error
 * Returns false for every other result, and when the pause has returned an error.
 */
bool again_store(int *error, again_pause_fn *pause, void *arg);

#endif
