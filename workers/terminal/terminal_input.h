/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TERMINAL_TERMINAL_INPUT_H
#define TURNPIKE_WORKERS_TERMINAL_TERMINAL_INPUT_H

#include "workers/terminal/terminal_link.h"
#include "workers/terminal/terminal_view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * terminal_input -- lines from the keyboard, with editing and a history over sessions (libedit;
 * this file alone includes it). One per process.
 */
#define TERMINAL_INPUT_HISTORY 500 /* lines */
#define TERMINAL_INPUT_LOOK_MS 15000

struct terminal_input {
    struct terminal_view *view;
    char history[512]; /* its file, "" = none */
    bool keep;         /* lines of now go into it */
    /* Called each TERMINAL_INPUT_LOOK_MS while nothing is being typed. It writes lines, if
     * there is news, and says so. */
    bool (*look)(void *arg);
    void *arg;
    int64_t look_ms; /* monotonic: the next time */
};

/* history: its file; NULL = none. look may be NULL. */
void terminal_input_open(struct terminal_input *input, struct terminal_view *view,
    const char *history);
void terminal_input_close(struct terminal_input *input);
/*
 * terminal_input_line -- waits for a line. A line that ends with a backslash goes on in the next
 * one. Ctrl-C empties it.
 *   keep  put it into the history
 * Returns the line, without its end, for the caller to free; NULL at the end of input (Ctrl-D),
 * or without memory.
 */
char *terminal_input_line(struct terminal_input *input, const char *prompt, bool keep);

#endif
