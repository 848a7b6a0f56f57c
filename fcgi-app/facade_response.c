/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/facade_parts.h"

#include <string.h>

#define FACADE_ECHO_MAX 8192 /* bytes of a member that is told again */

/* facade_response -- the items of POST /responses, and what only it has. */

/* What has been read of the assistant's side and waits for its end: texts and calls follow each
 * other as items, and are one message here. */
struct facade_items {
    struct facade_reader *r;
    const jdoc *content;
    struct buf calls;
    bool open, is_new;
};

static int facade_close_assistant(struct facade_items *items)
{
    int error = 0;
    if (items->open)
        error = facade_add_assistant(items->r, items->content, &items->calls);
    items->open = false;
    items->content = NULL;
    buf_reset(&items->calls);
    return error;
}

static int facade_item_call(struct facade_items *items, const jdoc *item)
{
    const struct facade_call one = {jdoc_text_or(item, "call_id", ""),
        jdoc_text_or(item, "name", ""), jdoc_text_or(item, "arguments", "")};
    if (!items->r->facade->whole)
        return 0;
    items->open = true;
    return facade_put_call(items->r, &one, &items->calls);
}

/* Each result may stand behind its own call, though the calls were made at once. */
static void facade_note_earlier(struct facade *f, const char *call, const char *message)
{
    if (f->earlier_count == FACADE_EARLIER_MAX)
        memmove(f->earlier, f->earlier + 1, --f->earlier_count * sizeof f->earlier[0]);
    f->earlier[f->earlier_count++] = (struct facade_earlier){call, message};
}

static int facade_item_output(struct facade_items *items, const jdoc *item)
{
    const char *call = jdoc_string(jdoc_get(item, "call_id"), NULL);
    struct facade *f = items->r->facade;
    struct submit *out = items->r->p->out;
    int error = facade_close_assistant(items);
    if (error < 0 || !(items->is_new || f->whole || f->referred))
        return error;
    if (items->is_new && !f->call)
        f->call = call;
    error = facade_add_result(items->r, call, jdoc_get(item, "output"));
    if (error < 0 || items->is_new)
        return error;
    facade_note_earlier(f, call, out->messages[out->message_count - 1]);
    if (!f->whole)
        out->message_count--;
    return 0;
}

static int facade_item_message(struct facade_items *items, const jdoc *item)
{
    struct facade_reader *r = items->r;
    const char *role = jdoc_text_or(item, "role", "");
    const jdoc *content = jdoc_get(item, "content");
    bool told = items->is_new || r->facade->whole;
    int error = facade_close_assistant(items);
    if (!items->is_new)
        r->facade->earlier_count = 0; /* what stands in front of it is of another answer */
    if (error < 0)
        return error;
    if (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0)
        return facade_add_instructions(r, content);
    if (strcmp(role, "user") == 0)
        return told ? facade_add_user(r, content, items->is_new) : 0;
    if (strcmp(role, "assistant") != 0)
        return problem_field(r->p->problem, "input",
            "The role of a message is system, developer, user or assistant, not \"%.40s\".", role);
    items->open = told;
    items->content = content;
    return 0;
}

static int facade_item_nothing(struct facade_items *items, const jdoc *item)
{
    (void)items;
    (void)item;
    return 0;
}

static const struct {
    const char *type;
    bool assistant; /* it is of the assistant's side */
    int (*read)(struct facade_items *items, const jdoc *item);
} facade_item_kinds[] = {
    {"message", false, facade_item_message}, {"function_call", true, facade_item_call},
    {"function_call_output", false, facade_item_output},
    {"item_reference", true, facade_item_nothing}, /* read before: facade_refer */
    {"reasoning", true, facade_item_nothing},      /* its text is not for another model */
};
#define FACADE_ITEM_KINDS (sizeof facade_item_kinds / sizeof facade_item_kinds[0])

static size_t facade_item_kind(const jdoc *item)
{
    const char *type = jdoc_text_or(item, "type", "message");
    size_t i = 0;
    while (i < FACADE_ITEM_KINDS && strcmp(type, facade_item_kinds[i].type) != 0)
        i++;
    return i;
}

static bool facade_is_assistant(const jdoc *item)
{
    size_t kind = facade_item_kind(item);
    return kind < FACADE_ITEM_KINDS &&
        (facade_item_kinds[kind].assistant ||
            strcmp(jdoc_text_or(item, "role", ""), "assistant") == 0);
}

static int facade_read_item(struct facade_items *items, const jdoc *item, size_t index)
{
    size_t kind = facade_item_kind(item);
    if (kind < FACADE_ITEM_KINDS)
        return facade_item_kinds[kind].read(items, item);
    return problem_field(items->r->p->problem, "input",
        "input[%zu] is of the type \"%.40s\", which is not understood here.", index,
        jdoc_text_or(item, "type", ""));
}

/* The turn in the id of an item (facade_item_id). NULL = it is none of ours. */
static const char *facade_item_turn(struct facade_reader *r, const jdoc *item)
{
    const char *id = jdoc_text_or(item, "id", ""), *turn = strchr(id, '_');
    if (!turn || strlen(turn) < IDENT_UUID_SIZE)
        return NULL;
    turn = arena_memdup(r->p->arena, turn + 1, IDENT_UUID_SIZE - 1);
    return turn && ident_is_uuid(turn) ? turn : NULL;
}

/*
 * Some clients name the assistant's items instead of sending them: the input goes on from the
 * response of the last one. An input that names its conversation needs none.
 */
static int facade_refer(struct facade_reader *r, const jdoc *list)
{
    struct facade *f = r->facade;
    bool named = !f->whole;
    for (size_t i = 0; !named && i < jdoc_length(list); i++) {
        const jdoc *item = jdoc_at(list, i);
        if (strcmp(jdoc_text_or(item, "type", ""), "item_reference") != 0)
            continue;
        f->previous = facade_item_turn(r, item);
        f->referred = true;
        f->whole = false;
        if (!f->previous)
            return problem_field(r->p->problem, "input", "input[%zu]: there is no item `%.100s`.",
                i, jdoc_text_or(item, "id", ""));
    }
    return 0;
}

static int facade_read_items(struct facade_reader *r, const jdoc *list)
{
    struct facade_items items = {.r = r};
    size_t count = jdoc_length(list), tail = 0;
    int error = 0;
    for (size_t i = 0; i < count; i++) {
        if (jdoc_type(jdoc_at(list, i)) != JDOC_OBJECT)
            return problem_field(r->p->problem, "input", "input[%zu] is not an object.", i);
        if (facade_is_assistant(jdoc_at(list, i)))
            tail = i + 1;
    }
    error = facade_refer(r, list);
    buf_init(&items.calls, 0);
    for (size_t i = 0; error == 0 && i < count; i++) {
        items.is_new = i >= tail;
        if (i == tail && (error = facade_close_assistant(&items)) == 0)
            r->facade->tail = r->p->out->message_count;
        if (error == 0)
            error = facade_read_item(&items, jdoc_at(list, i), i);
    }
    buf_free(&items.calls);
    if (error == 0 && (tail == count || r->facade->tail == r->p->out->message_count))
        error = problem_field(r->p->problem, "input",
            "There is no user message or function_call_output after the assistant's last item.");
    return error;
}

static int facade_read_input(struct facade_reader *r)
{
    const jdoc *input = jdoc_get(r->p->body, "input");
    if (jdoc_string(input, NULL))
        return facade_add_user(r, input, true);
    if (jdoc_type(input) != JDOC_ARRAY || jdoc_length(input) == 0)
        return problem_field(r->p->problem, "input",
            "input must be a string, or an array that is not empty.");
    return facade_read_items(r, input);
}

/* --- which conversation --- */

static int facade_read_previous(struct facade_reader *r)
{
    const char *id = NULL;
    int error = submit_string(r->p, r->p->body, "previous_response_id", &id);
    if (error < 0 || !id)
        return error;
    r->facade->previous = facade_turn(id);
    r->facade->whole = false;
    if (r->facade->previous)
        return 0;
    problem_set(r->p->problem, PROBLEM_PREVIOUS, "There is no response `%.100s`.", id);
    return ERR_INVALID;
}

/* "ID" or {"id"}: a conversation is a session. */
static int facade_read_conversation(struct facade_reader *r)
{
    const jdoc *conversation = jdoc_get(r->p->body, "conversation");
    const char *session = NULL;
    const jdoc *from = jdoc_type(conversation) == JDOC_OBJECT ? conversation : r->p->body;
    int error =
        submit_session_id(r->p, from, from == conversation ? "id" : "conversation", &session);
    if (error == 0 && !session && from == conversation)
        error = problem_field(r->p->problem, "conversation", "conversation has no id.");
    if (error < 0 || !session)
        return error;
    if (r->facade->previous)
        return problem_field(r->p->problem, "conversation",
            "conversation and previous_response_id are not given both.");
    submit_session(r->p, session);
    r->facade->whole = false;
    return 0;
}

static int facade_read_flag(struct facade_reader *r, const char *name, bool *out)
{
    int error = jdoc_get_bool(r->p->body, name, out);
    if (error == ERR_INVALID)
        return problem_field(r->p->problem, name, "%s must be true or false.", name);
    return 0;
}

/* A new conversation is stored with its response, unless the client wants none to be kept. */
static int facade_read_kept(struct facade_reader *r)
{
    struct facade *f = r->facade;
    int error;
    f->store = true;
    if ((error = facade_read_flag(r, "store", &f->store)) < 0 ||
        (error = facade_read_flag(r, "background", &f->background)) < 0 ||
        (error = facade_read_previous(r)) < 0 || (error = facade_read_conversation(r)) < 0)
        return error;
    if (f->background && !f->store)
        return problem_field(r->p->problem, "background",
            "A response in the background is stored: store must not be false.");
    return 0;
}

/* --- what is told again with the response --- */

static int facade_echo_member(jdoc *echo, const jdoc *body, const char *name)
{
    const jdoc *value = jdoc_get(body, name);
    struct buf text;
    if (!value)
        return 0;
    buf_init(&text, FACADE_ECHO_MAX);
    jdoc_write(value, &text);
    bool fits = buf_error(&text) == 0;
    buf_free(&text);
    if (!fits)
        return 0;
    jdoc *copy = jdoc_dup(value);
    return !copy ? ERR_NOMEM : jdoc_set(echo, name, copy);
}

static int facade_read_echo(struct facade_reader *r)
{
    static const char *const names[] = {"background", "instructions", "max_output_tokens",
        "metadata", "previous_response_id", "reasoning", "store", "tool_choice", "tools", "user"};
    jdoc *all = jdoc_new_object(), *echo = jdoc_new_object();
    int error = facade_own(r, all);
    if (error == 0)
        error = !echo ? ERR_NOMEM : jdoc_set(all, "openai", echo);
    if (error == 0)
        error = jdoc_set_string(echo, "model", r->facade->model);
    for (size_t i = 0; error == 0 && i < sizeof names / sizeof names[0]; i++)
        error = facade_echo_member(echo, r->p->body, names[i]);
    r->p->out->echo = all;
    return error;
}

int facade_response_read(struct submit_parser *p)
{
    struct facade_reader r = {.p = p, .max_tokens = "max_output_tokens", .flat = true};
    int error = facade_begin(&r);
    if (error == 0)
        error = facade_read_kept(&r);
    if (error == 0)
        error = facade_add_instructions(&r, jdoc_get(p->body, "instructions"));
    if (error == 0)
        error = facade_read_input(&r);
    if (error == 0)
        error = facade_end(&r);
    if (error == 0)
        error = facade_read_echo(&r);
    buf_free(&r.instructions);
    return error;
}
