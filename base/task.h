/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_TASK_H
#define TURNPIKE_BASE_TASK_H

#include "base/err.h"
#include "base/reactor.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * task -- straight code on a stack of its own that waits without holding its process: the loop of
 * the process goes on meanwhile and resumes the task when something woke it. A turn worker runs
 * each of its requests as a task. One set of tasks a process, on its one reactor, after fork.
 *
 *     loop: reactor_step (callbacks wake tasks), tasks_run (they go on), what they wrote goes out
 *
 * A task waits only by the functions below; everything that waits in turn, tool and store code
 * ends in one of them. Outside of a task they wait themselves, so that api workers, the housekeeper
 * and tests share that code.
 */
struct task;
typedef void task_fn(void *arg);

struct tasks_settings {
    size_t stack_bytes; /* of each task, without its guard page; rounded up to pages */
    size_t stacks_kept; /* free stacks that wait for the next task */
    int64_t slow_us;    /* a task that runs longer without waiting is told to on_slow; 0 = none */
    void (*on_slow)(void *arg, int mark, int64_t us); /* in the loop, at the end of that run */
    void *on_slow_arg;
    /* out, shared memory: the mark of the task that executes, -1 = none; or NULL */
    atomic_int *executing;
};
/* Returns 0 or ERR_IO. */
MUST_CHECK int tasks_open(struct reactor *reactor, const struct tasks_settings *settings);
/* Those that have not ended are dropped where they stand: for the end of a process. */
void tasks_close(void);
/* Runs what was woken, each task once, in that order, then the hooks. Not from within a task. */
void tasks_run(void);
/* fn(arg) at the end of each tasks_run, until it is taken out: for what goes out once a pass. */
struct tasks_hook {
    void (*fn)(void *arg);
    void *arg;
    struct tasks_hook *next;
};
void tasks_hook_add(struct tasks_hook *hook);
void tasks_hook_remove(struct tasks_hook *hook);
/* Has something been woken that has not run since? Then the loop must not sleep. */
bool tasks_ready(void);
size_t tasks_count(void);
/* Bytes of stack that any task has touched so far, in whole pages, as measured at its end. */
size_t tasks_deepest(void);

/*
 * task_spawn -- fn(arg) runs with the next tasks_run and ends by returning. It inherits nothing.
 *   mark   what `executing` says while it does; -1 = as the loop itself
 *   out    or NULL; valid until fn returns
 * Returns 0, ERR_NOMEM, or ERR_INTERNAL without tasks_open.
 */
MUST_CHECK int task_spawn(task_fn *fn, void *arg, int mark, struct task **out);
/* The task that executes; NULL in the loop and in processes without tasks. */
struct task *task_self(void);
/* It goes on with the next tasks_run: from callbacks and other tasks. NULL: nothing happens. */
void task_wake(struct task *t);
void tasks_wake_all(void);

/*
 * task_act -- the loop does something for a task (a token of its stream has come): until the
 * next task_act the mark and the log's context are that task's. NULL = the loop itself. Costs two
 * stores. Returns whom it acted for before.
 */
struct task *task_act(struct task *t);

/*
 * A task that may have ended meanwhile, as what it began may outlive it: both functions then do
 * nothing, and act for the loop itself. Zeroed = none.
 */
struct task_ref {
    struct task *task;
    uint64_t serial;
};
struct task_ref task_ref_self(void);
void task_ref_wake(struct task_ref ref);
struct task *task_ref_act(struct task_ref ref);

/*
 * task_wait -- until woken or until_ms (monotonic). May return early: the caller looks whether what
 * it waits for is there. A wake-up that came since the last wait ends it at once. Outside of a
 * task, one pass of the loop: reactor_step with signals as in `unblocked`, then tasks_run.
 * Returns 0 or, outside of a task, what reactor_step returned: below 0 is an error.
 */
MUST_CHECK int task_wait(struct reactor *reactor, int64_t until_ms, const sigset_t *unblocked);
/* Lets the loop do what is due and the other woken tasks run, then goes on. Outside of a task: one
 * reactor_step that does not wait. */
void task_yield(struct reactor *reactor);
/* Until fd is ready for `events` of poll(2), or until_ms. Returns 0, ERR_DEADLINE, ERR_IO. */
MUST_CHECK int task_wait_fd(int fd, short events, int64_t until_ms);
/*
 * task_resolve -- getaddrinfo(3) for a stream socket. The lookup of a name runs in a thread of its
 * own while the task waits; a literal address needs none. Outside of a task the process waits for
 * libc, whatever until_ms says.
 *   out  freed with freeaddrinfo; NULL on error
 * Returns 0, ERR_DEADLINE, ERR_NOT_FOUND, ERR_NOMEM, ERR_IO.
 */
struct addrinfo;
MUST_CHECK int task_resolve(const char *host, const char *service, int64_t until_ms,
    struct addrinfo **out);

/*
 * task_fault -- the process would stand still, and all its tasks with it: a mistake of the caller's
 * callers. Logs what it is as an error. A build with TURNPIKE_STRICT (--enable-sanitizers) ends
 * there by abort; it also calls this for each call of libc that blocks within a task
 * (base/task_guard.c).
 */
void task_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* For tests that play another process in the middle of a task: false until true again, the calls of
 * libc are not looked at. */
void task_guard(bool on);

/*
 * task_depth -- for measurements: runs fn(arg) and says how many bytes of stack below the caller's
 * frame it used, by a pattern that it writes there first. Within a task only.
 */
size_t task_depth(task_fn *fn, void *arg);

#endif
