/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* wcwidth */
#endif
#include "workers/terminal/terminal_view.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define VIEW_LINE 4096 /* bytes of a line beside the answer */
#define VIEW_COLUMNS 80
#define VIEW_SAFE 12          /* bytes that a character may become */
#define VIEW_PATIENCE_MS 1000 /* from then on the status tells the time */
#define VIEW_FRAME_MS 120
#define VIEW_CLEAR "\r\033[K"

static const char *const view_codes[TERMINAL_STYLE_COUNT] = {
    [TERMINAL_PLAIN] = "",
    [TERMINAL_DIM] = "\033[2m",
    [TERMINAL_GOOD] = "\033[32m",
    [TERMINAL_BAD] = "\033[31m",
    [TERMINAL_ASK] = "\033[33m",
};

static bool view_may_colour(FILE *out)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(out)) && (!no || *no == '\0') && !(term && strcmp(term, "dumb") == 0);
}

void terminal_view_init(struct terminal_view *view)
{
    *view = (struct terminal_view){.out = stdout, .rich = isatty(STDOUT_FILENO) != 0};
    view->side = view->rich ? stdout : stderr;
    view->side_rich = view->rich || isatty(STDERR_FILENO);
    view->colours = view_may_colour(view->out);
    view->side_colours = view_may_colour(view->side);
    view->columns = VIEW_COLUMNS;
}

static void view_measure(struct terminal_view *view)
{
    struct winsize size;
    if (ioctl(fileno(view->side), TIOCGWINSZ, &size) == 0 && size.ws_col > 10)
        view->columns = size.ws_col;
}

/* --- characters --- */

static bool view_turns(unsigned code)
{
    return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

/* A character of n bytes as it may be written; returns its bytes. */
static size_t view_safe(const char *bytes, size_t n, char out[VIEW_SAFE])
{
    unsigned code = utf8_code(bytes, n);
    if (view_turns(code))
        return (size_t)snprintf(out, VIEW_SAFE, "\\u%04x", code);
    if (code < 0x20 || (code >= 0x7F && code < 0xA0))
        return utf8_encode(0xFFFD, out);
    memcpy(out, bytes, n);
    return n;
}

static unsigned view_width(const char *bytes, size_t n)
{
    int width = wcwidth((wchar_t)utf8_code(bytes, n));
    return width < 0 ? 1 : (unsigned)width;
}

void terminal_view_safe(const char *text, size_t n, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0, bad, step; i < n; i += step) {
        char safe[VIEW_SAFE];
        size_t whole = utf8_sequence(text + i, n - i, &bad);
        step = whole ? whole : bad;
        size_t len = whole ? view_safe(text + i, whole, safe) : utf8_encode(0xFFFD, safe);
        if (whole == 1 && (text[i] == '\n' || text[i] == '\t')) {
            safe[0] = ' ';
            len = 1;
        }
        if (used + len >= size)
            break;
        memcpy(out + used, safe, len);
        used += len;
    }
    out[used] = '\0';
}

/* --- the status --- */

static void view_hide(struct terminal_view *view)
{
    if (view->shown)
        fputs(VIEW_CLEAR, view->side);
    view->shown = false;
}

void terminal_view_status(struct terminal_view *view, const char *text)
{
    if (*text == '\0') {
        view_hide(view);
        fflush(view->side);
        view->begun_ms = 0;
    } else if (view->begun_ms == 0) {
        view->begun_ms = clock_mono_ms();
    }
    snprintf(view->status, sizeof view->status, "%s", text);
}

void terminal_view_tick(struct terminal_view *view)
{
    static const char *const frames[] = {"   ", ".  ", ".. ", "..."};
    if (!view->side_rich || view->status[0] == '\0' || view->any)
        return;
    int64_t ms = clock_mono_ms() - view->begun_ms;
    const char *dots = frames[(ms / VIEW_FRAME_MS / 2) % 4];
    view_measure(view);
    int room = (int)view->columns - 14;
    fputs(VIEW_CLEAR, view->side);
    if (view->side_colours)
        fputs(view_codes[TERMINAL_DIM], view->side);
    fprintf(view->side, "%.*s %s", room > 0 ? room : 0, view->status, dots);
    if (ms >= VIEW_PATIENCE_MS)
        fprintf(view->side, " %lld s", (long long)(ms / 1000));
    if (view->side_colours)
        fputs("\033[0m", view->side);
    fflush(view->side);
    view->shown = true;
}

/* --- the answer --- */

static void view_newline(struct terminal_view *view)
{
    putc('\n', view->out);
    view->column = 0;
    view->blank = view->any = false;
}

static void view_put_word(struct terminal_view *view)
{
    if (view->word_len == 0)
        return;
    if (view->column == 0 && view->word_len >= 3 && strncmp(view->word, "```", 3) == 0)
        view->fence = !view->fence;
    if (view->column + view->word_width > view->columns && view->column > 0 && !view->fence)
        view_newline(view);
    fwrite(view->word, 1, view->word_len, view->out);
    view->column += view->word_width;
    view->any = true;
    view->word_len = 0;
    view->word_width = 0;
}

static void view_blank(struct terminal_view *view)
{
    view_put_word(view);
    if (view->column + 1 >= view->columns && !view->fence) {
        view_newline(view);
        return;
    }
    putc(' ', view->out);
    view->column++;
    view->any = true;
}

static void view_character(struct terminal_view *view, const char *bytes, size_t n)
{
    char safe[VIEW_SAFE];
    if (*bytes == '\n') {
        view_put_word(view);
        view_newline(view);
        return;
    }
    if (*bytes == ' ' || *bytes == '\t') {
        view_blank(view);
        return;
    }
    size_t len = view_safe(bytes, n, safe);
    unsigned width = len == n ? view_width(bytes, n) : (unsigned)len;
    if (view->word_len + len > sizeof view->word ||
        (width > 1 && view->word_len > 0)) /* a script without blanks breaks anywhere */
        view_put_word(view);
    memcpy(view->word + view->word_len, safe, len);
    view->word_len += len;
    view->word_width += width;
}

void terminal_view_text(struct terminal_view *view, const char *bytes, size_t n)
{
    view_hide(view);
    if (!view->rich) {
        fwrite(bytes, 1, n, view->out);
        view->any = n > 0 ? bytes[n - 1] != '\n' : view->any;
        fflush(view->out);
        return;
    }
    view_measure(view);
    for (size_t i = 0, bad, step; i < n; i += step) {
        size_t whole = utf8_sequence(bytes + i, n - i, &bad);
        step = whole ? whole : bad;
        view_character(view, whole ? bytes + i : "\xEF\xBF\xBD", whole ? whole : 3);
    }
    fflush(view->out);
}

void terminal_view_end_line(struct terminal_view *view)
{
    view_hide(view);
    if (view->rich)
        view_put_word(view);
    if (view->any)
        view_newline(view);
    view->fence = false;
    fflush(view->out);
}

void terminal_view_line(struct terminal_view *view, enum terminal_view_style style,
    const char *text, ...)
{
    char line[VIEW_LINE];
    va_list args;
    va_start(args, text);
    vsnprintf(line, sizeof line, text, args);
    va_end(args);
    utf8_mend_end(line);
    if (view->rich || view->side == view->out)
        terminal_view_end_line(view);
    else
        view_hide(view);
    if (view->side_colours)
        fputs(view_codes[style], view->side);
    fputs(line, view->side);
    fputs(view->side_colours && style != TERMINAL_PLAIN ? "\033[0m\n" : "\n", view->side);
    fflush(view->side);
}
