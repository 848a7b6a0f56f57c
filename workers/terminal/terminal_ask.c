/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/terminal/terminal_ask.h"

#include "base/file.h"
#include "workers/terminal/terminal_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ASK_SHOWN 900 /* bytes of a line */
#define ASK_ARGUMENTS 3000

static void ask_show_value(const jdoc *value, char *out, size_t size)
{
    struct buf text = {0};
    size_t len = 0;
    const char *string = jdoc_string(value, &len);
    if (!string) {
        jdoc_write(value, &text);
        string = buf_text(&text);
        len = text.len;
    }
    terminal_view_safe(string, len, out, size);
    buf_free(&text);
}

/* What will change: old beside new. */
static void ask_show_changes(struct terminal_turn *turn, const jdoc *changes)
{
    for (size_t i = 0; i < jdoc_length(changes); i++) {
        char old[ASK_SHOWN], new[ASK_SHOWN], label[120];
        const jdoc *change = jdoc_at(changes, i);
        const char *name = jdoc_text_or(change, "label", jdoc_text_or(change, "field", ""));
        terminal_view_safe(name, strlen(name), label, sizeof label);
        ask_show_value(jdoc_get(change, "old"), old, sizeof old);
        ask_show_value(jdoc_get(change, "new"), new, sizeof new);
        terminal_view_line(turn->view, TERMINAL_PLAIN, "  %s: %s -> %s", label, old, new);
    }
}

static void ask_show_arguments(struct terminal_turn *turn, const jdoc *arguments)
{
    char text[ASK_ARGUMENTS], name[120];
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    while (jdoc_next(arguments, &it, &key, &value)) {
        terminal_view_safe(key, strlen(key), name, sizeof name);
        ask_show_value(value, text, sizeof text);
        terminal_view_line(turn->view, TERMINAL_DIM, "  %s: %s", name, text);
    }
}

static void ask_show(struct terminal_turn *turn, const jdoc *interrupt)
{
    char message[ASK_SHOWN];
    const char *text = jdoc_text_or(interrupt, "message", "May I do this?");
    const jdoc *metadata = jdoc_get(interrupt, "metadata");
    const jdoc *changes = jdoc_get(jdoc_get(metadata, "preview"), "changes");
    terminal_view_safe(text, strlen(text), message, sizeof message);
    terminal_view_line(turn->view, TERMINAL_ASK, "%s", message);
    ask_show_changes(turn, changes);
    if (jdoc_length(changes) == 0)
        ask_show_arguments(turn, jdoc_get(metadata, "arguments"));
}

enum ask_answer { ASK_YES, ASK_NO, ASK_OPEN };

/* Asks until there is an answer. edited: out, other arguments, the caller's to free, or NULL. */
static enum ask_answer ask_wait(struct terminal_turn *turn, struct terminal_input *input,
    const jdoc *interrupt, jdoc **edited)
{
    const jdoc *arguments = jdoc_get(jdoc_get(interrupt, "metadata"), "arguments");
    for (;;) {
        char *line = terminal_input_line(input, "[y]es, [n]o, [e]dit, [l]ater? ", false);
        char first = line ? *line : 'l';
        bool word = line && *line != '\0' && line[1] != '\0';
        bool yes = first == 'y' && (!word || strcasecmp(line, "yes") == 0);
        bool no = first == 'n' && (!word || strcasecmp(line, "no") == 0);
        free(line);
        if (yes)
            return ASK_YES;
        if (no)
            return ASK_NO;
        if (first == 'l')
            return ASK_OPEN;
        if (first == 'e' && terminal_edit_json(turn->view, arguments, edited) == 0)
            return ASK_YES;
    }
}

/* ---- forms of services ---- */

/* What stands in the form at first: defaults, and what is needed as null. */
static jdoc *ask_form_begin(const jdoc *schema)
{
    jdoc *content = jdoc_new_object(), *field;
    const jdoc *required = jdoc_get(schema, "required");
    struct jdoc_iter it = {0};
    const char *name;
    int error = 0;
    while (content && error == 0 && jdoc_next(jdoc_get(schema, "properties"), &it, &name, &field))
        if (jdoc_get(field, "default"))
            error = jdoc_set(content, name, jdoc_dup(jdoc_get(field, "default")));
    for (size_t i = 0; content && error == 0 && i < jdoc_length(required); i++) {
        name = jdoc_string(jdoc_at(required, i), NULL);
        if (name && !jdoc_has(content, name))
            error = jdoc_set_null(content, name);
    }
    return content;
}

static void ask_form_show(struct terminal_turn *turn, const jdoc *interrupt, const jdoc *form)
{
    char message[ASK_SHOWN];
    const char *text = jdoc_text_or(interrupt, "message", "A service asks you something.");
    terminal_view_safe(text, strlen(text), message, sizeof message);
    terminal_view_line(turn->view, TERMINAL_ASK, "%s", message);
    terminal_view_line(turn->view, TERMINAL_DIM,
        "  It gets what you send. Enter no password, no code and no card number.");
    ask_show_arguments(turn, jdoc_get(jdoc_get(form, "schema"), "properties"));
}

/* Returns false when it stays open. */
static bool ask_form(struct terminal_turn *turn, struct terminal_input *input,
    const jdoc *interrupt, enum terminal_turn_end *end)
{
    const jdoc *form = jdoc_get(jdoc_get(interrupt, "metadata"), "form");
    char id[128];
    snprintf(id, sizeof id, "%s", jdoc_text_or(interrupt, "id", ""));
    ask_form_show(turn, interrupt, form);
    while (input) {
        char *line = terminal_input_line(input, "[f]ill in, [d]ecline, [l]ater? ", false);
        char first = line ? *line : 'l';
        jdoc *content = NULL, *begin = NULL;
        free(line);
        if (first == 'l')
            return false;
        if (first == 'd') {
            *end = terminal_turn_fill(turn, id, "decline", NULL);
            return true;
        }
        if (first != 'f')
            continue;
        begin = ask_form_begin(jdoc_get(form, "schema"));
        bool filled = begin && terminal_edit_json(turn->view, begin, &content) == 0;
        if (filled)
            *end = terminal_turn_fill(turn, id, "accept", content);
        jdoc_free(begin);
        jdoc_free(content);
        if (filled)
            return true;
    }
    return false;
}

/* One question. Returns false when it stays open. */
static bool ask_one(struct terminal_turn *turn, struct terminal_input *input, const jdoc *interrupt,
    enum terminal_turn_end *end)
{
    jdoc *edited = NULL;
    if (jdoc_get(jdoc_get(interrupt, "metadata"), "form"))
        return ask_form(turn, input, interrupt, end);
    char id[128];
    snprintf(id, sizeof id, "%s", jdoc_text_or(interrupt, "id", ""));
    ask_show(turn, interrupt);
    enum ask_answer answer = input ? ask_wait(turn, input, interrupt, &edited) : ASK_OPEN;
    if (answer != ASK_OPEN)
        *end = terminal_turn_answer(turn, id, answer == ASK_YES, edited);
    jdoc_free(edited);
    return answer != ASK_OPEN;
}

enum terminal_turn_end terminal_ask(struct terminal_turn *turn, struct terminal_input *input)
{
    enum terminal_turn_end end = TERMINAL_TURN_ASKS;
    while (end == TERMINAL_TURN_ASKS) {
        jdoc *interrupts = turn->interrupts;
        bool open = jdoc_length(interrupts) == 0;
        turn->interrupts = NULL; /* an answer is another turn */
        for (size_t i = 0; i < jdoc_length(interrupts); i++)
            open = !ask_one(turn, input, jdoc_at(interrupts, i), &end) || open;
        jdoc_free(interrupts);
        if (open)
            return TERMINAL_TURN_ASKS;
    }
    return end;
}
