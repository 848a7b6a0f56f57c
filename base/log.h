/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_LOG_H
#define TURNPIKE_BASE_LOG_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * log -- one line per fact, written with one write(2), to stderr (the journal) or to a file.
 * A line that the disk does not take whole is left out; stderr is told of the first one, and the
 * log of their number once it can be written again.
 *
 * By default a line is `2026-11-22T13:05:00.123Z LEVEL process[pid] CONTEXT message`. Control
 * characters in the message are escaped, a line is at most 4 KiB. Used by every process; not
 * thread-safe. Above debug no line has words of a user, of a model or of a tool's result.
 */
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* path NULL or "" = stderr. Returns 0 or ERR_IO (stderr stays in use). */
MUST_CHECK int log_open(const char *path);
/* Opens the same path again (after rotation). On failure the old file stays in use and says so. */
void log_reopen(void);
/* The descriptor that lines go to, for who closes all others after a fork. */
MUST_CHECK int log_fd(void);
void log_level_set(enum log_level level);
/* How lines look from now on: as above; `time=... level=info process=... message="..."`; or an
 * object a line. A context's `name=value` words become fields. */
enum log_form { LOG_FORM_PLAIN, LOG_FORM_LOGFMT, LOG_FORM_JSON };
void log_form_set(enum log_form form);
/* "plain", "logfmt", "json"; anything else is plain. */
enum log_form log_form_named(const char *name);
/* Is told of each line and whether it could be written; must write none. NULL: nobody is. */
void log_count(void (*on_line)(enum log_level level, bool written));
/* Name of this process in each line, for example "turn/17". Copied. */
void log_process_set(const char *name);
/* Standing context of each line, for example "turn=... trace=...". Copied; NULL clears it. */
void log_context_set(const char *context);
/*
 * Where that context is kept from now on, LOG_CONTEXT_SIZE bytes with a text in them: each task
 * has its own. NULL = the process' own again. Borrowed.
 */
#define LOG_CONTEXT_SIZE 512
void log_context_use(char *context);

/*
 * Where the text of the last line of level error is put from now on, `size` bytes that end with a
 * NUL at any moment: what a process says before it dies. Memory that another process reads. NULL =
 * nowhere. Borrowed.
 */
void log_last_error_use(char *text, size_t size);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line of level info that log.level keeps in any case: what must not be lost. */
void log_always(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* State of one rate-limited call site: at most 10 lines in 10 s, then a line with the count. */
struct log_limit {
    long long window_ms;
    unsigned lines, dropped;
};
bool log_limit_pass(struct log_limit *limit);

#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
/* For what hostile input can cause. */
#define log_limited(level, ...) \
    do { \
        static struct log_limit log_limit_here_; \
        if (log_limit_pass(&log_limit_here_)) \
            log_write(level, __VA_ARGS__); \
    } while (0)

#endif
