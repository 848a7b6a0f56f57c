/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_TASK_STACK_H
#define TURNPIKE_BASE_TASK_STACK_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * task_stack -- what base/task.c stands on: stacks with a guard page, kept for the next task, and
 * the switch between two of them (base/task_switch.h: registers only, no system call). Nothing
 * else includes it.
 *
 * A task that grows over its guard page ends the process by SIGSEGV, as any other bad access does;
 * one line in the log says before that it was the stack, how large it is and whose.
 */
struct task_stack {
    char *base; /* lowest usable byte; the guard page lies below */
    size_t size;
    unsigned valgrind; /* its number there; 0 without */
    struct task_stack *next;
};
/* Returns 0 or ERR_IO. */
MUST_CHECK int task_stacks_open(size_t bytes, size_t keep);
void task_stacks_close(void);
/* Returns 0 or ERR_NOMEM. */
MUST_CHECK int task_stack_take(struct task_stack *out);
/* Measures how deep it was used, then keeps it or gives it back to the kernel. */
void task_stack_put(struct task_stack *s);
/* Of a task that was dropped: what it had allocated stays, for the end of the process, and is no
 * leak to a sanitizer. */
void task_stack_abandon(struct task_stack *s);
size_t task_stacks_deepest(void);
/* Runs fn(arg) on this stack, which executes; the bytes below the caller that it used. */
size_t task_stack_depth(const struct task_stack *s, void (*fn)(void *arg), void *arg);

/* A place in the code that can be jumped to; zeroed = the process' own stack. */
struct task_context {
    void *at;
    void *first;        /* what a new one begins with */
    uintptr_t guard;    /* its guard page; 0 = the process' own stack */
    void *fake;         /* for AddressSanitizer: its own stack of this context ... */
    const void *bottom; /* ... and where the real one lies */
    size_t size;
};
/* fn(arg) begins with the first jump, and never returns: it ends with task_context_leave. */
void task_context_make(struct task_context *out, const struct task_stack *stack,
    void (*fn)(void *arg), void *arg);
/* Stores where this is in `from`, goes on in `to`. Returns when somebody jumps back to `from`. */
void task_context_jump(struct task_context *from, struct task_context *to);
/* The last jump: `from` is gone. */
void task_context_leave(struct task_context *from, struct task_context *to)
    __attribute__((noreturn));

#endif
