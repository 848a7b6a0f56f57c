/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/task.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task_stack.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct task {
    task_fn *fn;
    void *arg;
    int mark;
    uint64_t serial; /* of this use of the struct; 0 = it waits for the next */
    struct task_stack stack;
    struct task_context context;
    bool woken, queued, ended;
    struct task *next_ready;
    struct task *prev, *next; /* all tasks */
    struct reactor_timer timer;
    char log_context[LOG_CONTEXT_SIZE];
};

static struct {
    struct reactor *reactor;
    struct tasks_settings settings;
    struct task_context loop;
    struct task *self;   /* executes now */
    struct task *acting; /* for whom the loop acts */
    struct task *first_ready, **last_ready;
    struct task *all;
    size_t count;
    uint64_t serial;
    struct task *spare; /* their structs: a task_ref may still look at them */
    struct tasks_hook *hooks;
} tasks;

static void task_discard(struct task *t);

int tasks_open(struct reactor *reactor, const struct tasks_settings *settings)
{
    int error = task_stacks_open(settings->stack_bytes, settings->stacks_kept);

    if (error)
        return error;
    tasks.reactor = reactor;
    tasks.settings = *settings;
    tasks.last_ready = &tasks.first_ready;
    if (settings->executing)
        atomic_store(settings->executing, -1);
    return 0;
}

void tasks_close(void)
{
    while (tasks.all)
        task_discard(tasks.all);
    while (tasks.spare) {
        struct task *t = tasks.spare;

        tasks.spare = t->next;
        free(t);
    }
    task_stacks_close();
    memset(&tasks, 0, sizeof tasks);
}

struct task *task_self(void)
{
    return tasks.self;
}

size_t tasks_count(void)
{
    return tasks.count;
}

size_t tasks_deepest(void)
{
    return task_stacks_deepest();
}

bool tasks_ready(void)
{
    return tasks.first_ready;
}

/* ---- who does it ---- */

struct task *task_act(struct task *t)
{
    struct task *before = tasks.acting;

    if (t == before)
        return before;
    tasks.acting = t;
    log_context_use(t ? t->log_context : NULL);
    if (tasks.settings.executing)
        atomic_store_explicit(tasks.settings.executing, t ? t->mark : -1, memory_order_release);
    return before;
}

struct task_ref task_ref_self(void)
{
    return (struct task_ref){tasks.self, tasks.self ? tasks.self->serial : 0};
}

static struct task *task_still(struct task_ref ref)
{
    return ref.task && ref.task->serial == ref.serial ? ref.task : NULL;
}

void task_ref_wake(struct task_ref ref)
{
    task_wake(task_still(ref));
}

struct task *task_ref_act(struct task_ref ref)
{
    return task_act(task_still(ref));
}

/* ---- switching ---- */

static void task_tell_slow(const struct task *t, int64_t began_us)
{
    int64_t us = clock_mono_us() - began_us;

    if (us >= tasks.settings.slow_us)
        tasks.settings.on_slow(tasks.settings.on_slow_arg, t->mark, us);
}

/* In the loop: lets it run until it waits or ends. */
static void task_resume(struct task *t)
{
    struct task *acted = task_act(t);
    int64_t began_us = tasks.settings.slow_us ? clock_mono_us() : 0;

    tasks.self = t;
    task_context_jump(&tasks.loop, &t->context);
    tasks.self = NULL;
    if (began_us)
        task_tell_slow(t, began_us);
    task_act(acted);
}

static void task_discard(struct task *t)
{
    reactor_timer_clear(tasks.reactor, &t->timer);
    if (t->prev)
        t->prev->next = t->next;
    else
        tasks.all = t->next;
    if (t->next)
        t->next->prev = t->prev;
    tasks.count--;
    if (tasks.acting == t)
        task_act(NULL);
    if (t->ended)
        task_stack_put(&t->stack);
    else
        task_stack_abandon(&t->stack);
    memset(t, 0, sizeof *t);
    t->next = tasks.spare;
    tasks.spare = t;
}

static void task_begin(void *arg)
{
    struct task *t = arg;

    t->fn(t->arg);
    t->ended = true;
    task_context_leave(&t->context, &tasks.loop);
}

static void task_line_up(struct task *t)
{
    if (t->queued)
        return;
    t->queued = true;
    t->next_ready = NULL;
    *tasks.last_ready = t;
    tasks.last_ready = &t->next_ready;
}

int task_spawn(task_fn *fn, void *arg, int mark, struct task **out)
{
    struct task_stack stack;
    struct task *t = tasks.spare;
    int error;

    if (!tasks.reactor)
        return ERR_INTERNAL;
    if ((error = task_stack_take(&stack)))
        return error;
    if (t)
        tasks.spare = t->next;
    else if (!(t = calloc(1, sizeof *t))) {
        task_stack_put(&stack);
        return ERR_NOMEM;
    }
    t->stack = stack;
    t->serial = ++tasks.serial;
    t->prev = NULL;
    t->fn = fn;
    t->arg = arg;
    t->mark = mark;
    task_context_make(&t->context, &t->stack, task_begin, t);
    t->next = tasks.all;
    if (t->next)
        t->next->prev = t;
    tasks.all = t;
    tasks.count++;
    task_line_up(t);
    if (out)
        *out = t;
    return 0;
}

void task_wake(struct task *t)
{
    if (!t)
        return;
    t->woken = true;
    if (t != tasks.self)
        task_line_up(t);
}

void tasks_wake_all(void)
{
    for (struct task *t = tasks.all; t; t = t->next)
        task_wake(t);
}

void tasks_run(void)
{
    struct task *list = tasks.first_ready;

    if (!tasks.reactor)
        return;
    tasks.first_ready = NULL;
    tasks.last_ready = &tasks.first_ready;
    while (list) {
        struct task *t = list;

        list = t->next_ready;
        t->queued = false;
        task_resume(t);
        if (t->ended)
            task_discard(t);
    }
    for (struct tasks_hook *h = tasks.hooks, *next; h; h = next) {
        next = h->next;
        h->fn(h->arg);
    }
}

void tasks_hook_add(struct tasks_hook *hook)
{
    hook->next = tasks.hooks;
    tasks.hooks = hook;
}

void tasks_hook_remove(struct tasks_hook *hook)
{
    for (struct tasks_hook **at = &tasks.hooks; *at; at = &(*at)->next)
        if (*at == hook) {
            *at = hook->next;
            return;
        }
}

/* ---- waiting ---- */

static void task_on_timer(struct reactor_timer *timer)
{
    task_wake(timer->arg);
}

static void task_park(struct task *t, int64_t until_ms)
{
    if (!t->woken) {
        reactor_timer_set(tasks.reactor, &t->timer, until_ms, task_on_timer, t);
        task_context_jump(&t->context, &tasks.loop);
        reactor_timer_clear(tasks.reactor, &t->timer);
    }
    t->woken = false;
}

int task_wait(struct reactor *reactor, int64_t until_ms, const sigset_t *unblocked)
{
    bool ran = tasks_ready(); /* then what the caller waits for may be there */
    int error;

    if (tasks.self) {
        task_park(tasks.self, until_ms);
        return 0;
    }
    tasks_run();
    error = reactor_step(reactor, ran || tasks_ready() ? 0 : until_ms, unblocked);
    tasks_run();
    return error;
}

void task_yield(struct reactor *reactor)
{
    if (!tasks.self) {
        err_ignore(task_wait(reactor, 0, NULL));
        return;
    }
    task_line_up(tasks.self);
    task_context_jump(&tasks.self->context, &tasks.loop);
}

struct fd_wait {
    struct task *task;
    bool ready;
};

static void task_on_fd(struct reactor_source *source, uint32_t events)
{
    struct fd_wait *w = source->arg;

    (void)events;
    w->ready = true;
    task_wake(w->task);
}

static int task_park_fd(int fd, short events, int64_t until_ms)
{
    struct fd_wait w = {.task = tasks.self};
    struct reactor_source source = {.watched = false};
    uint32_t wanted =
        (events & POLLIN ? (uint32_t)EPOLLIN : 0) | (events & POLLOUT ? (uint32_t)EPOLLOUT : 0);

    if (reactor_watch(tasks.reactor, &source, fd, wanted, task_on_fd, &w))
        return ERR_IO;
    while (!w.ready && clock_mono_ms() < until_ms)
        task_park(tasks.self, until_ms);
    reactor_unwatch(tasks.reactor, &source);
    return w.ready ? 0 : ERR_DEADLINE;
}

int task_wait_fd(int fd, short events, int64_t until_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t left;
    int n;

    if (tasks.self)
        return task_park_fd(fd, events, until_ms);
    do {
        left = until_ms - clock_mono_ms();
        n = poll(&p, 1, left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);
    } while (n < 0 && errno == EINTR);
    return n > 0 ? 0 : n < 0 ? ERR_IO : ERR_DEADLINE;
}

/* ---- mistakes ---- */

void task_fault(const char *format, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    log_error("blocks all tasks: %s", text);
#ifdef TURNPIKE_STRICT
    abort();
#endif
}

/* ---- measuring ---- */

size_t task_depth(task_fn *fn, void *arg)
{
    return tasks.self ? task_stack_depth(&tasks.self->stack, fn, arg) : 0;
}
