#include "agent/calls.h"

#include "agent/events.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define TOOL_TIMEOUT_MS 30000 /* of a tool whose definition gives none */
#define TOOL_GRACE_MS 1000    /* its own time limit comes first; this one is for a tool that hangs */
#define STORE_STEP_MS 100
#define STORE_TRIES 300       /* how often a call is tried while Redis is away */

/* One call of the batch. */
struct slot {
    const struct chat_call *call;
    struct tools_run run;
    struct batch *batch;
    bool started, waiting, answered, repeated;
    int64_t until_ms;
    char message_id[IDENT_UUID_SIZE];
    const char *text;
    size_t len;
    bool failed;
};
struct batch {
    struct calls *owner;
    struct slot *slots;
    size_t count, waiting;
    bool moved; /* a waiting call has come to its end */
};

static const struct chat_message *last_calls(const struct chat *chat)
{
    for (size_t i = chat->count; i-- > 0;) {
        if (chat->items[i].role == CHAT_ASSISTANT)
            return chat->items[i].call_count ? &chat->items[i] : NULL;
        if (chat->items[i].role == CHAT_USER)
            return NULL;
    }
    return NULL;
}

/* Cut at a whole character; the rest of the text says what happened. */
static int set_cut(struct slot *s, const struct buf *whole, size_t max)
{
    struct buf out = {0};
    size_t n = max;
    int error;

    while (n > 0 && ((unsigned char)whole->data[n] & 0xC0) == 0x80)
        n--;
    buf_printf(&out, "{\"success\":true,\"truncated\":true,\"message\":\"The result was too long: "
        "its first %zu of %zu bytes follow as data. Ask for less, for example with a smaller "
        "limit.\",\"data\":", n, whole->len);
    buf_json_string(&out, whole->data, n);
    buf_putc(&out, '}');
    s->text = arena_memdup(s->batch->owner->arena, buf_text(&out), out.len);
    s->len = out.len;
    error = buf_error(&out) || !s->text ? ERR_NOMEM : 0;
    buf_free(&out);
    return error;
}

static int tell(struct slot *s)
{
    struct calls *c = s->batch->owner;
    int error;

    s->answered = true;
    ident_uuid7(s->message_id);
    buf_reset(c->json);
    events_call_result(c->json, s->message_id, s->call->id, s->text, s->len);
    if ((error = buf_error(c->json)))
        return error;
    return eventlog_event(c->wait->env->eventlog, EVENTLOG_FLAG_NONE, buf_text(c->json),
        c->json->len);
}

static int answer_text(struct slot *s, const char *text, size_t len, bool failed)
{
    s->text = text;
    s->len = len;
    s->failed = failed;
    return tell(s);
}

static int answer_error(struct slot *s, const char *code, const char *message)
{
    struct buf json = {0};
    const char *text;
    size_t len;

    buf_puts(&json, "{\"success\":false,\"message\":");
    buf_json_string(&json, message, strlen(message));
    buf_printf(&json, ",\"error\":{\"code\":\"%s\",\"message\":", code);
    buf_json_string(&json, message, strlen(message));
    buf_puts(&json, "}}");
    text = buf_error(&json) ? NULL : arena_memdup(s->batch->owner->arena, json.data, json.len);
    len = json.len;
    buf_free(&json);
    return text ? answer_text(s, text, len, true) : ERR_NOMEM;
}

static int answer_result(struct slot *s)
{
    const size_t max = (size_t)s->run.context->conf->tool_result_max;
    struct buf json = {0};
    bool success = false;
    int error;

    jdoc_write(s->run.result, &json);
    (void)jdoc_get_bool(s->run.result, "success", &success);
    s->failed = !success;
    error = buf_error(&json);
    if (!error && json.len > max) {
        error = set_cut(s, &json, max);
    } else if (!error) {
        s->text = arena_memdup(s->batch->owner->arena, buf_text(&json), json.len);
        s->len = json.len;
        error = s->text ? 0 : ERR_NOMEM;
    }
    buf_free(&json);
    return error ? error : tell(s);
}

/* A call has come to its end in our own code: 0 or what went wrong on our side. */
static int conclude(struct slot *s, int error)
{
    if (!error && s->run.result)
        return answer_result(s);
    if (error == ERR_FENCED || error == ERR_NOMEM)
        return error;
    log_error("tool %s: %s", s->call->name, err_text(error));
    if (error == ERR_STORE || error == ERR_STORE_FULL || error == ERR_STORE_READONLY)
        return answer_error(s, "storage_unavailable",
            "The user's data cannot be reached at the moment. Nothing is known to have changed.");
    return answer_error(s, "internal_error", "The tool failed inside the application.");
}

static int answer_unknown(struct slot *s)
{
    struct buf text = {0};
    int error;

    buf_printf(&text, "There is no tool named \"%.64s\". The tools are:", s->call->name);
    for (size_t i = 0; i < tools_count() && text.len < 4000; i++)
        buf_printf(&text, "%s %s", i ? "," : "", tools_at(i)->name);
    error = buf_error(&text) ? ERR_NOMEM : answer_error(s, "unknown_tool", buf_text(&text));
    buf_free(&text);
    return error;
}

static void on_tool_done(struct tools_run *run)
{
    struct slot *s = run->on_done_arg;
    s->batch->moved = true;
}

static int start_once(struct slot *s, const struct tools_spec *spec)
{
    struct calls *c = s->batch->owner;

    s->run = (struct tools_run){.context = c->tools, .spec = spec, .arena = c->arena,
        .on_done = on_tool_done, .on_done_arg = s};
    /* The provider's ids are unique in a conversation only; the mark must be in the user's life. */
    s->run.call_id = arena_printf(c->arena, "%s:%s", c->wait->start->turn, s->call->id);
    if (!s->run.call_id)
        return ERR_NOMEM;
    s->started = true;
    return tools_start(&s->run, s->call->args, s->call->args_len);
}

static bool is_end(int error)
{
    return error == ERR_CANCELLED || error == ERR_DEADLINE || error == ERR_DRAINING;
}

/* Redis away: a repeated call finds its mark, so it may be made again. */
static int start_patiently(struct slot *s, const struct tools_spec *spec)
{
    struct wait *wait = s->batch->owner->wait;
    bool never = false;

    for (int tries = 0;; tries++) {
        int error = start_once(s, spec), why;
        if (error != ERR_STORE || tries == STORE_TRIES)
            return error;
        tools_fini(&s->run);
        s->started = false;
        why = wait_until(wait, &never, clock_mono_ms() + STORE_STEP_MS);
        if (why != ERR_AGAIN)
            return why;
    }
}

static int start_slot(struct slot *s)
{
    struct calls *c = s->batch->owner;
    const struct tools_spec *spec = tools_find(s->call->name);
    int error;

    if (!spec && context_client_tool(c->frame, s->call->name))
        return 0; /* the client's to answer */
    if (!spec)
        return answer_unknown(s);
    if (c->left <= 0)
        return answer_error(s, "limit_tool_calls",
            "The limit of tool calls for one answer is reached. Answer with what is known and say "
            "what was left undone.");
    c->left--;
    if (tools_call_needs_approval(spec, s->call->args, s->call->args_len))
        return answer_error(s, "approval_required",
            "This action needs the user's approval, which cannot be asked for here yet. It was not "
            "done.");
    if (c->resumed && spec->effect == TOOLS_OUTSIDE)
        return answer_error(s, "unknown_outcome",
            "The assistant was interrupted during this call. It may or may not have had its "
            "effect. Do not repeat it unasked; tell the user.");
    error = start_patiently(s, spec);
    if (is_end(error))
        return error;
    if (error != ERR_AGAIN)
        return conclude(s, error);
    s->waiting = true;
    s->batch->waiting++;
    s->until_ms = clock_mono_ms() + TOOL_GRACE_MS
        + (spec->timeout_ms > 0 ? spec->timeout_ms : TOOL_TIMEOUT_MS);
    return 0;
}

/* A call has come to its end; when Redis was away then, it is made once more. */
static int on_done(struct slot *s)
{
    int error = s->run.error;

    if (error == ERR_STORE && !s->repeated && s->run.spec->effect != TOOLS_OUTSIDE) {
        const struct tools_spec *spec = s->run.spec;
        s->repeated = true;
        tools_fini(&s->run);
        s->started = false;
        error = start_patiently(s, spec);
        if (error == ERR_AGAIN || is_end(error))
            return error;
    }
    return conclude(s, error);
}

/* Tells the ends that came, ends those whose time is over. */
static int collect(struct batch *b, int64_t now)
{
    int error = 0;

    b->moved = false;
    for (size_t i = 0; i < b->count && !error; i++) {
        struct slot *s = &b->slots[i];
        if (!s->waiting)
            continue;
        if (s->run.done) {
            error = on_done(s);
            if (error == ERR_AGAIN) {
                error = 0;
                continue;
            }
        } else if (now >= s->until_ms) {
            tools_cancel(&s->run);
            error = answer_error(s, "timeout", "The tool did not answer in time. Whether it had an "
                "effect is not known.");
        } else {
            continue;
        }
        s->waiting = false;
        b->waiting--;
    }
    return error;
}

static int await_all(struct batch *b)
{
    int error = 0;

    while (b->waiting && !error) {
        int64_t next = 0;
        for (size_t i = 0; i < b->count; i++)
            if (b->slots[i].waiting && (!next || b->slots[i].until_ms < next))
                next = b->slots[i].until_ms;
        error = wait_until(b->owner->wait, &b->moved, next);
        if (!error || error == ERR_AGAIN)
            error = collect(b, clock_mono_ms());
    }
    return error;
}

/* What was under way when the turn had to end. */
static void give_up(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        struct slot *s = &b->slots[i];
        if (!s->waiting)
            continue;
        tools_cancel(&s->run);
        s->waiting = false;
        (void)answer_error(s, "unknown_outcome",
            "The turn ended while this call was under way. It may or may not have had an effect.");
    }
}

static int store_results(struct batch *b)
{
    struct calls *c = b->owner;
    int error = 0;

    for (size_t i = 0; i < b->count && !error; i++) {
        struct slot *s = &b->slots[i];
        struct chat_message m = {.role = CHAT_TOOL, .call_id = s->call->id, .text = s->text,
            .len = s->len, .failed = s->failed};
        if (!s->answered)
            continue;
        m.id = arena_strdup(c->arena, s->message_id);
        error = m.id ? chat_add(c->chat, &m) : ERR_NOMEM;
    }
    return error;
}

static int list_pending(struct batch *b, const char *const **pending, size_t *count)
{
    const char **ids = arena_array(b->owner->arena, b->count + 1, sizeof *ids);

    if (!ids)
        return ERR_NOMEM;
    for (size_t i = 0; i < b->count; i++)
        if (!b->slots[i].answered)
            ids[(*count)++] = b->slots[i].call->id;
    *pending = ids;
    return 0;
}

static int open_batch(struct calls *c, struct batch *b)
{
    const struct chat_message *m = last_calls(c->chat);

    *b = (struct batch){.owner = c};
    if (!m)
        return 0;
    b->slots = arena_array(c->arena, m->call_count, sizeof *b->slots);
    if (!b->slots)
        return ERR_NOMEM;
    for (size_t i = 0; i < m->call_count; i++) {
        if (chat_result(c->chat, m->calls[i].id))
            continue;
        b->slots[b->count].call = &m->calls[i];
        b->slots[b->count++].batch = b;
    }
    return 0;
}

int calls_run(struct calls *c, const char *const **pending, size_t *pending_count)
{
    struct batch b;
    int error = open_batch(c, &b), stored;

    *pending_count = 0;
    for (size_t i = 0; i < b.count && !error; i++) {
        error = start_slot(&b.slots[i]);
        if (!error && i + 1 < b.count)
            error = wait_check(c->wait);
    }
    if (!error)
        error = await_all(&b);
    give_up(&b);
    stored = store_results(&b);
    for (size_t i = 0; i < b.count; i++)
        if (b.slots[i].started)
            tools_fini(&b.slots[i].run);
    if (!error)
        error = stored;
    c->resumed = false;
    return error ? error : list_pending(&b, pending, pending_count);
}

int calls_refuse(struct calls *c, const char *code, const char *text)
{
    struct batch b;
    int error = open_batch(c, &b), stored;

    for (size_t i = 0; i < b.count && !error; i++)
        error = answer_error(&b.slots[i], code, text);
    stored = store_results(&b);
    return error ? error : stored;
}
