/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TERMINAL_TERMINAL_VIEW_H
#define TURNPIKE_WORKERS_TERMINAL_TERMINAL_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * terminal_view -- what `turnpike chat` writes. On a terminal: colours (unless NO_COLOR is set),
 * lines broken between words, a line that says what is being waited for. Elsewhere standard output
 * has the assistant's words alone, and what goes with them is written to standard error.
 *
 * Text from outside cannot steer the terminal: control characters become U+FFFD, and characters
 * that turn the direction of a text are spelt out.
 */
#define TERMINAL_VIEW_WORD 256   /* bytes of a word that waits for its end */
#define TERMINAL_VIEW_STATUS 160 /* bytes */

struct terminal_view {
    FILE *out, *side; /* the words; everything else */
    bool rich;        /* out is a terminal */
    bool colours;
    bool side_rich, side_colours; /* the same of side */
    unsigned columns;
    unsigned column; /* where the next word begins, in columns */
    char word[TERMINAL_VIEW_WORD];
    size_t word_len;
    unsigned word_width;
    bool blank; /* a blank is due in front of the next word */
    bool fence; /* between lines of ```: lines are kept as they are */
    bool any;   /* of this line something is written */
    bool shown; /* the line of the status is on the screen */
    int64_t begun_ms;
    char status[TERMINAL_VIEW_STATUS];
};

enum terminal_view_style {
    TERMINAL_PLAIN,
    TERMINAL_DIM,
    TERMINAL_GOOD,
    TERMINAL_BAD,
    TERMINAL_ASK,
    TERMINAL_STYLE_COUNT
};

/* locale: that of the environment is set before (wcwidth). */
void terminal_view_init(struct terminal_view *view);

/* A piece of the answer. bytes: whole characters of UTF-8. */
void terminal_view_text(struct terminal_view *view, const char *bytes, size_t n);
/* Ends the line that the answer's last piece has begun, if there is one. */
void terminal_view_end_line(struct terminal_view *view);

/* A line beside the answer. text: printf's format. */
void terminal_view_line(struct terminal_view *view, enum terminal_view_style style,
    const char *text, ...) __attribute__((format(printf, 3, 4)));

/* What is being waited for, with the seconds since the first call, from the second on; drawn by
 * terminal_view_tick. "" takes it away. */
void terminal_view_status(struct terminal_view *view, const char *text);
/* Draws the status anew. Call it some times a second. */
void terminal_view_tick(struct terminal_view *view);

/* Appends text for reading, made safe as above, to out; cut to size. Any process. Pure. */
void terminal_view_safe(const char *text, size_t n, char *out, size_t size);

#endif
