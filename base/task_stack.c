/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE /* MAP_STACK, MAP_NORESERVE */
#include "base/task_stack.h"

#include "base/err.h"
#include "base/log.h"
#include "base/task_switch.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif
#if UNDER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

/* Valgrind takes a jump to a neighbouring stack for a large frame, unless it knows both. */
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER
#define VALGRIND_STACK_REGISTER(from, to) ((void)(from), (void)(to), 0u)
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

#define KEEP_TOUCHED_BYTES 32768 /* a kept stack that was used deeper gives the rest back */
#define SIGNAL_STACK_BYTES 32768
#define PATTERN 0x5a
#define PATTERN_MARGIN 512 /* below the frame that writes it */

static struct {
    size_t page, bytes, keep, kept, deepest;
    struct kept {
        struct kept *next; /* at the top of a stack that waits */
        unsigned valgrind; /* as in struct task_stack */
    } * free;
    void *signal_stack;
    struct sigaction before;
} stacks;

/* The guard page of the stack on which the process runs; for the handler. */
static volatile uintptr_t current_guard;

/* ---- overflow ---- */

static void task_stack_on_fault(int number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr, guard = current_guard;

    (void)context;
    if (guard && at >= guard && at < guard + stacks.page)
        log_error("stack overflow: a task needs more than its %zu bytes of stack; the process ends",
            stacks.bytes);
    signal(number, SIG_DFL); /* it faults again, and ends as any other bad access does ... */
    if (info->si_code <= 0)  /* ... but for a signal that somebody sent */
        raise(number);
}

static int task_stack_watch_guards(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    stack_t own = {.ss_size = SIGNAL_STACK_BYTES};

    if (UNDER_ASAN) /* which says the same in its own words */
        return 0;
    own.ss_sp = stacks.signal_stack = malloc(SIGNAL_STACK_BYTES);
    action.sa_sigaction = task_stack_on_fault;
    if (!own.ss_sp || sigaltstack(&own, NULL) || sigaction(SIGSEGV, &action, &stacks.before))
        return ERR_IO;
    return 0;
}

/* ---- stacks ---- */

int task_stacks_open(size_t bytes, size_t keep)
{
    stacks.page = (size_t)sysconf(_SC_PAGESIZE);
    stacks.bytes = (bytes + stacks.page - 1) / stacks.page * stacks.page;
    stacks.keep = keep;
    stacks.deepest = 0;
    return task_stack_watch_guards();
}

static void task_stack_give_back(char *base, unsigned valgrind)
{
    VALGRIND_STACK_DEREGISTER(valgrind);
    munmap(base - stacks.page, stacks.bytes + stacks.page);
}

void task_stacks_close(void)
{
    stack_t none = {.ss_flags = SS_DISABLE};

    while (stacks.free) {
        struct kept *k = stacks.free;

        stacks.free = k->next;
        task_stack_give_back((char *)(k + 1) - stacks.bytes, k->valgrind);
    }
    stacks.kept = 0;
    if (!stacks.signal_stack)
        return;
    sigaction(SIGSEGV, &stacks.before, NULL);
    sigaltstack(&none, NULL);
    free(stacks.signal_stack);
    stacks.signal_stack = NULL;
}

int task_stack_take(struct task_stack *out)
{
    char *mapped;

    out->size = stacks.bytes;
    if (stacks.free) {
        struct kept *k = stacks.free;

        stacks.free = k->next;
        stacks.kept--;
        out->base = (char *)(k + 1) - stacks.bytes;
        out->valgrind = k->valgrind;
        return 0;
    }
    mapped = mmap(NULL, stacks.bytes + stacks.page, PROT_READ | PROT_WRITE,
        /* cppcheck-suppress invalidFunctionArg */
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        return ERR_NOMEM;
    if (mprotect(mapped, stacks.page, PROT_NONE)) {
        munmap(mapped, stacks.bytes + stacks.page);
        return ERR_NOMEM;
    }
    out->base = mapped + stacks.page;
    out->valgrind = VALGRIND_STACK_REGISTER(out->base, out->base + stacks.bytes);
    return 0;
}

/* Whole pages from the first that was ever touched to the top. */
static size_t task_stack_touched(const char *base)
{
    size_t pages = stacks.bytes / stacks.page, first = 0;
    unsigned char resident[4096];

    if (pages > sizeof resident || mincore((void *)(uintptr_t)base, stacks.bytes, resident))
        return 0;
    while (first < pages && !(resident[first] & 1))
        first++;
    return (pages - first) * stacks.page;
}

void task_stack_put(struct task_stack *s)
{
    size_t used = task_stack_touched(s->base);
    struct kept *k = (struct kept *)(void *)(s->base + s->size) - 1;

    if (used > stacks.deepest)
        stacks.deepest = used;
#if UNDER_ASAN
    __asan_unpoison_memory_region(s->base, s->size);
#endif
    if (stacks.kept >= stacks.keep) {
        task_stack_give_back(s->base, s->valgrind);
        return;
    }
    if (used > KEEP_TOUCHED_BYTES)
        (void)madvise(s->base, s->size - KEEP_TOUCHED_BYTES, MADV_DONTNEED);
    *k = (struct kept){stacks.free, s->valgrind};
    stacks.free = k;
    stacks.kept++;
}

void task_stack_abandon(struct task_stack *s)
{
#if UNDER_ASAN
    __lsan_register_root_region(s->base, s->size);
#else
    task_stack_give_back(s->base, s->valgrind);
#endif
}

size_t task_stacks_deepest(void)
{
    return stacks.deepest;
}

/* ---- depth of one call ---- */

static __attribute__((noinline, no_sanitize("address"))) void task_stack_paint(char *from,
    size_t len)
{
    volatile char *at = from;

    for (size_t i = 0; i < len; i++)
        at[i] = PATTERN;
}

static __attribute__((noinline, no_sanitize("address"))) size_t task_stack_unpainted(
    const char *from, size_t len)
{
    const volatile char *at = from;
    size_t i = 0;

    while (i < len && at[i] == PATTERN)
        i++;
    return len - i;
}

size_t task_stack_depth(const struct task_stack *s, void (*fn)(void *arg), void *arg)
{
    char *here = __builtin_frame_address(0);
    size_t len = (size_t)(here - s->base) - PATTERN_MARGIN;

    task_stack_paint(s->base, len);
    fn(arg);
    return task_stack_unpainted(s->base, len) + PATTERN_MARGIN;
}

/* ---- the switch ---- */

struct first {
    struct task_context *context;
    void (*fn)(void *arg);
    void *arg;
};

/* Who jumped here is now where it can be jumped back to. */
static struct task_context *jumped_from;

static void task_stack_arrive(struct task_context *here, struct task_transfer came)
{
    struct task_context *from = jumped_from;

    current_guard = here->guard;
#if UNDER_ASAN
    __sanitizer_finish_switch_fiber(here->fake, &from->bottom, &from->size);
#endif
    from->at = came.from;
}

static void task_stack_enter(struct task_transfer came)
{
    const struct first first = *(const struct first *)came.data;

    task_stack_arrive(first.context, came);
    first.fn(first.arg);
    abort(); /* it leaves, and does not return */
}

void task_context_make(struct task_context *out, const struct task_stack *stack,
    void (*fn)(void *arg), void *arg)
{
    /* What it begins with lies at the top of its own stack. */
    struct first *first = (struct first *)(void *)(stack->base + stack->size) - 1;
    size_t room = (size_t)((char *)first - stack->base) / 64 * 64;

    *first = (struct first){out, fn, arg};
    *out = (struct task_context){.at = task_switch_make(stack->base + room, room, task_stack_enter),
        .first = first,
        .guard = (uintptr_t)stack->base - stacks.page,
        .bottom = stack->base,
        .size = stack->size};
}

/* fake: where AddressSanitizer keeps its stack of `from`; NULL = that one is gone. */
static void task_stack_jump(struct task_context *from, struct task_context *to, void **fake)
{
    jumped_from = from;
#if UNDER_ASAN
    __sanitizer_start_switch_fiber(fake, to->bottom, to->size);
#else
    (void)fake;
#endif
    task_stack_arrive(from, task_switch_jump(to->at, to->first));
}

void task_context_jump(struct task_context *from, struct task_context *to)
{
    task_stack_jump(from, to, &from->fake);
}

void task_context_leave(struct task_context *from, struct task_context *to)
{
    task_stack_jump(from, to, NULL);
    abort();
}
