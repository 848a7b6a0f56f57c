/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_TASK_SWITCH_H
#define TURNPIKE_BASE_TASK_SWITCH_H

#include <stddef.h>

/*
 * task_switch -- leaves one stack for another, without a system call. For base/task_stack alone.
 * libboost-context does it where its library has the C symbols (boost/context/detail/fcontext.hpp,
 * which is C++); else code of our own, for x86-64 and aarch64 (configure --with-context). Both keep
 * what a called function has to keep: System V ABI for x86-64 1.0 (registers, MXCSR, x87 control
 * word), AAPCS64 2023Q3 (x19 to x30, d8 to d15).
 */
struct task_transfer {
    void *from; /* where the one that jumped here can be jumped back to */
    void *data;
};

#if defined(TASK_SWITCH_BOOST) && !defined(TASK_SWITCH_OWN)
struct task_transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *top, size_t size, void (*fn)(struct task_transfer came));
#define task_switch_jump jump_fcontext
#define task_switch_make make_fcontext
#else
/* Goes on at `to`, which gets data; returns when somebody jumps back. */
struct task_transfer task_switch_jump(void *to, void *data);
/*
 * task_switch_make -- a place to jump to: fn on a stack of its own. fn must not return.
 *   top   end of the stack, aligned to 16; size its bytes
 */
void *task_switch_make(void *top, size_t size, void (*fn)(struct task_transfer came));
#endif

#endif
