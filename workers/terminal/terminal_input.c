/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ppoll */
#endif
#include "workers/terminal/terminal_input.h"

#include "base/buf.h"
#include "base/clock.h"

#include <editline/readline.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* libedit hands a line to a function without an argument. */
static struct {
    char *line;
    bool done;
} input_state;

static void input_on_line(char *line)
{
    input_state.line = line;
    input_state.done = true;
    rl_callback_handler_remove();
}

void terminal_input_open(struct terminal_input *input, struct terminal_view *view,
    const char *history)
{
    *input = (struct terminal_input){.view = view};
    snprintf(input->history, sizeof input->history, "%s", history ? history : "");
    rl_readline_name = "turnpike";
    rl_catch_signals = 0;
    rl_initialize();
    stifle_history(TERMINAL_INPUT_HISTORY);
    if (input->history[0] != '\0')
        read_history(input->history); /* the first time there is none */
}

void terminal_input_close(struct terminal_input *input)
{
    if (input->history[0] == '\0' || !input->keep)
        return;
    mode_t mask = umask(077);
    write_history(input->history);
    umask(mask);
}

/* What came meanwhile is written over the empty prompt, and the prompt again below. */
static void input_look(struct terminal_input *input, const char *prompt)
{
    input->look_ms = clock_mono_ms() + TERMINAL_INPUT_LOOK_MS;
    if (!input->look || rl_end > 0)
        return;
    fputs("\r\033[K", stdout);
    if (!input->look(input->arg)) {
        fputs(prompt, stdout);
        fflush(stdout);
        return;
    }
    rl_callback_handler_remove();
    rl_callback_handler_install(prompt, input_on_line);
}

/* Returns false after a Ctrl-C. */
static bool input_wait(struct terminal_input *input, const char *prompt)
{
    struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, SIGINT);
    int64_t wait = input->look ? input->look_ms - clock_mono_ms() : TERMINAL_INPUT_LOOK_MS;
    if (wait < 0)
        wait = 0;
    struct timespec until = {.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000};
    int ready = ppoll(&keys, 1, &until, &mask);
    if (terminal_link_stop) {
        terminal_link_stop = 0;
        return false;
    }
    if (ready > 0)
        rl_callback_read_char();
    else if (ready == 0)
        input_look(input, prompt);
    return true;
}

static char *input_one(struct terminal_input *input, const char *prompt)
{
    input_state.line = NULL;
    input_state.done = false;
    rl_callback_handler_install(prompt, input_on_line);
    while (!input_state.done) {
        if (input_wait(input, prompt))
            continue;
        rl_callback_handler_remove();
        fputs("^C\n", stdout);
        rl_callback_handler_install(prompt, input_on_line);
    }
    if (!input_state.line)
        putc('\n', stdout);
    return input_state.line;
}

/* Takes the backslash off a line that goes on. */
static bool input_goes_on(char *line)
{
    size_t len = strlen(line);
    if (len == 0 || line[len - 1] != '\\')
        return false;
    line[len - 1] = '\0';
    return true;
}

char *terminal_input_line(struct terminal_input *input, const char *prompt, bool keep)
{
    struct buf whole = {0};
    bool more = true;
    input->look_ms = clock_mono_ms() + TERMINAL_INPUT_LOOK_MS;
    while (more) {
        char *line = input_one(input, whole.len > 0 ? "  " : prompt);
        if (!line) {
            buf_free(&whole);
            return NULL;
        }
        if (keep && *line != '\0') {
            add_history(line);
            input->keep = true;
        }
        more = input_goes_on(line);
        buf_puts(&whole, line);
        if (more)
            buf_putc(&whole, '\n');
        free(line);
    }
    if (whole.len == 0)
        buf_putc(&whole, '\0');
    return buf_take(&whole, NULL);
}
