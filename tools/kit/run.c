/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/run.h"

#include "base/err.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_SIZE 1024
#define SUCCESS_SIZE 2048

static int run_set_failure(struct tools_run *run, const char *code, const char *path,
    const char *expected, const char *message)
{
    jdoc *result = jdoc_new_object(), *failure = jdoc_new_object();
    jdoc_free(run->result);
    run->result = NULL;
    int failed = !result || !failure || jdoc_set_bool(result, "success", false) ||
        jdoc_set_string(result, "message", message) || jdoc_set_string(failure, "code", code) ||
        jdoc_set_string(failure, "path", path) || jdoc_set_string(failure, "expected", expected);
    if (failed) {
        jdoc_free(failure);
        jdoc_free(result);
        return ERR_NOMEM;
    }
    if (jdoc_set(result, "error", failure)) {
        jdoc_free(result);
        return ERR_NOMEM;
    }
    run->result = result;
    return 0;
}

static void run_put_text(char *text, size_t size, const char *format, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void run_put_text(char *text, size_t size, const char *format, va_list ap)
{
    vsnprintf(text, size, format, ap);
    utf8_mend_end(text);
}

int run_fail(struct tools_run *run, const char *code, const char *format, ...)
{
    char text[MESSAGE_SIZE];
    va_list ap;
    va_start(ap, format);
    run_put_text(text, sizeof text, format, ap);
    va_end(ap);
    return run_set_failure(run, code, NULL, NULL, text);
}

int run_fail_at(struct tools_run *run, const char *path, const char *expected, const char *format,
    ...)
{
    char text[MESSAGE_SIZE];
    va_list ap;
    va_start(ap, format);
    run_put_text(text, sizeof text, format, ap);
    va_end(ap);
    return run_set_failure(run, "invalid_argument", path, expected, text);
}

int run_ask_back(struct tools_run *run, const char *path, const char *expected, const char *format,
    ...)
{
    char text[MESSAGE_SIZE];
    va_list ap;
    va_start(ap, format);
    run_put_text(text, sizeof text, format, ap);
    va_end(ap);
    return run_set_failure(run, "ambiguous", path, expected, text);
}

const char *run_distance(struct tools_run *run, double km)
{
    char *text = arena_alloc(run->arena, UNITS_TEXT_SIZE);
    if (!text)
        return "";
    units_distance_text(&run->context->units, km, text);
    return text;
}

jdoc *run_succeed(struct tools_run *run, const char *format, ...)
{
    char text[SUCCESS_SIZE];
    va_list ap;
    va_start(ap, format);
    run_put_text(text, sizeof text, format, ap);
    va_end(ap);
    jdoc_free(run->result);
    run->result = jdoc_new_object();
    if (!run->result)
        return NULL;
    if (jdoc_set_bool(run->result, "success", true) ||
        jdoc_set_string(run->result, "message", text)) {
        jdoc_free(run->result);
        run->result = NULL;
    }
    return run->result;
}

void run_asks(struct tools_run *run, const struct tools_question *question,
    void (*on_reply)(struct tools_run *run, const struct tools_reply *reply))
{
    run->asking = question;
    run->on_reply = on_reply;
    if (run->on_more)
        run->on_more(run);
}

void run_defer(struct tools_run *run, struct tools_step *step)
{
    struct tools_step **end = &run->steps;
    while (*end)
        end = &(*end)->next;
    step->next = NULL;
    *end = step;
    if (run->on_more)
        run->on_more(run);
}

void run_finished(struct tools_run *run)
{
    if (!run->done)
        run->answered(run, false);
}

void run_told(struct tools_run *run, int error)
{
    if (run->done)
        return;
    run->error = error;
    run->answered(run, true);
}
