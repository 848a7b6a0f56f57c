/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include "process/trace.h"

#include "base/log.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TRACE_DEPTH 32
#define TRACE_SIZE 3072

/* What libc knows as the program's name has made room for the worker's title. */
static const char *trace_file(const Dl_info *info)
{
    const char *slash = strrchr(info->dli_fname, '/');
    Dl_info own;

    if (dladdr((void *)(uintptr_t)trace_init, &own) && own.dli_fbase == info->dli_fbase)
        return "turnpiked";
    return slash ? slash + 1 : info->dli_fname;
}

static size_t trace_frame(const void *address, char *out, size_t size)
{
    Dl_info info;
    uintptr_t at = (uintptr_t)address;
    int n;

    if (!dladdr(address, &info) || !info.dli_fname)
        n = snprintf(out, size, " %p", address);
    else if (info.dli_sname)
        n = snprintf(out, size, " %s+0x%zx", info.dli_sname,
            (size_t)(at - (uintptr_t)info.dli_saddr));
    else
        n = snprintf(out, size, " %s+0x%zx", trace_file(&info),
            (size_t)(at - (uintptr_t)info.dli_fbase));
    return n < 0 ? 0 : (size_t)n;
}

/* What it calls is not all safe in a handler; it dies of this signal anyway, or of the next. */
void trace_here(void)
{
    void *frames[TRACE_DEPTH];
    char text[TRACE_SIZE];
    int count = backtrace(frames, TRACE_DEPTH);
    size_t used = 0;

    text[0] = '\0';
    for (int i = 1; i < count && used < sizeof text; i++)
        used += trace_frame(frames[i], text + used, sizeof text - used);
    log_error("aborted at%s", text);
}

static void trace_on_abort(int number)
{
    trace_here();
    raise(number); /* by its default action, as soon as this returns */
}

void trace_init(void)
{
    struct sigaction action = {.sa_handler = trace_on_abort, .sa_flags = SA_RESETHAND};
    void *frame;

    (void)backtrace(&frame, 1); /* loads what it needs, which a handler may not */
    sigemptyset(&action.sa_mask);
    sigaction(SIGABRT, &action, NULL);
}
