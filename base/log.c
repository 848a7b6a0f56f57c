/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log_hide.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT_LINES 10
#define LIMIT_WINDOW_MS 10000

static struct {
    int fd;
    char *path; /* NULL = stderr */
    enum log_level level;
    enum log_form form;
    void (*on_line)(enum log_level level, bool written); /* or NULL */
    unsigned lost;                                       /* lines since one was written whole */
    char process[32];
    char own_context[LOG_CONTEXT_SIZE];
    char *context; /* in use: that, or a task's */
    char *last_error;
    size_t last_error_size;
} state = {.fd = STDERR_FILENO, .level = LOG_LEVEL_INFO, .context = state.own_context};

static int log_open_file(const char *path)
{
    static const int flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
    int fd = open(path, O_RDWR | flags, 0640); /* read: log_take_back */

    if (fd < 0)
        fd = open(path, O_WRONLY | flags, 0640);
    if (fd < 0)
        return ERR_IO;
    if (state.fd != STDERR_FILENO)
        close(state.fd);
    state.fd = fd;
    return 0;
}

int log_open(const char *path)
{
    char *copy = NULL;

    if (path && *path) {
        copy = strdup(path);
        if (!copy || log_open_file(copy) != 0) {
            free(copy);
            return ERR_IO;
        }
    } else if (state.fd != STDERR_FILENO) {
        close(state.fd);
        state.fd = STDERR_FILENO;
    }
    free(state.path);
    state.path = copy;
    return 0;
}

void log_reopen(void)
{
    if (state.path && log_open_file(state.path))
        log_error("the log file cannot be opened again: %s", strerror(errno));
}

int log_fd(void)
{
    return state.fd;
}

void log_level_set(enum log_level level)
{
    state.level = level;
}

void log_form_set(enum log_form form)
{
    state.form = form;
}

void log_count(void (*on_line)(enum log_level level, bool written))
{
    state.on_line = on_line;
}

void log_process_set(const char *name)
{
    snprintf(state.process, sizeof state.process, "%s", name);
}

void log_context_set(const char *context)
{
    snprintf(state.context, LOG_CONTEXT_SIZE, "%s", context ? context : "");
}

void log_context_use(char *context)
{
    state.context = context ? context : state.own_context;
}

void log_last_error_use(char *text, size_t size)
{
    state.last_error = text;
    state.last_error_size = size;
}

/*
 * Half a line that the disk took before it was full: the next line would stand behind it. Other
 * processes write to the same file: what stands at its end has to be that half.
 */
static void log_take_back(const char *line, size_t len)
{
    static char end[LOG_LINE_SIZE];
    struct stat st;
    off_t at;

    if (fstat(state.fd, &st) || !S_ISREG(st.st_mode) || st.st_size < (off_t)len)
        return;
    at = st.st_size - (off_t)len;
    if (pread(state.fd, end, len, at) != (ssize_t)len || memcmp(end, line, len) != 0)
        return;
    if (ftruncate(state.fd, at))
        return; /* it stays as it is */
}

/* The journal hears of it once; the log says how many, once it can. */
static void log_lost(int why)
{
    static const char before[] = "turnpike: the log cannot be written: ";
    char text[256];

    snprintf(text, sizeof text, "%s%s\n", before, strerror(why));
    if (!state.lost++ && state.fd != STDERR_FILENO && write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* nobody is there to be told */
}

/* Whether it was written whole. */
static bool log_put(const char *line, size_t len)
{
    ssize_t n;

    do
        n = write(state.fd, line, len);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)len)
        return true;
    if (n > 0) {
        log_take_back(line, (size_t)n);
        errno = ENOSPC;
    }
    log_lost(errno);
    return false;
}

/* Its texts are static: the stack of a task is small. */
static void log_line(enum log_level level, const char *format, va_list args)
{
    static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR"};
    static char line[LOG_LINE_SIZE], message[LOG_LINE_SIZE];
    char when[CLOCK_RFC3339_SIZE];

    clock_rfc3339(clock_real_ms(), when);
    vsnprintf(message, sizeof message, format, args);
    log_hide_in(message);
    const struct log_facts facts = {.when = when,
        .level = names[level],
        .process = state.process[0] ? state.process : "turnpike",
        .pid = (long)getpid(),
        .context = state.context,
        .message = message};
    size_t n = log_form_line(state.form, &facts, line);
    if (level == LOG_LEVEL_ERROR && state.last_error_size > 0)
        log_form_escape(message, state.last_error, state.last_error_size);
    bool written = log_put(line, n);
    if (state.on_line)
        state.on_line(level, written);
    if (written && state.lost) {
        unsigned lost = state.lost;
        state.lost = 0;
        log_warn("%u lines before the last one are lost: the log could not be written", lost);
        state.lost += state.lost ? lost : 0; /* that one is lost, too: the next line says it */
    }
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list args;
    int saved = errno;

    if (level < state.level || level > LOG_LEVEL_ERROR)
        return;
    va_start(args, format);
    log_line(level, format, args);
    va_end(args);
    errno = saved;
}

void log_always(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_line(LOG_LEVEL_INFO, format, args);
    va_end(args);
}

bool log_limit_pass(struct log_limit *limit)
{
    long long now = clock_mono_ms();

    if (limit->lines == 0 || now - limit->window_ms >= LIMIT_WINDOW_MS) {
        unsigned dropped = limit->dropped;
        *limit = (struct log_limit){.window_ms = now};
        if (dropped)
            log_warn("%u more lines like the next were left out", dropped);
    }
    if (limit->lines >= LIMIT_LINES) {
        limit->dropped++;
        return false;
    }
    limit->lines++;
    return true;
}
