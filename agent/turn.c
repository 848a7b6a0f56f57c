#include "agent/turn.h"

#include "agent/answer.h"
#include "agent/approval.h"
#include "agent/calls.h"
#include "agent/chat.h"
#include "agent/context.h"
#include "agent/events.h"
#include "agent/model/model.h"
#include "agent/reply.h"
#include "agent/resume.h"
#include "agent/wait.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define USAGES_MAX 4          /* different models in one turn */
#define HISTORY_LIMIT 400     /* messages of the next turn's conversation */
#define STORE_STEP_MS 100
#define END_PATIENCE_MS 60000 /* how long the end waits for a Redis that is away */

/* How a turn can end badly: what the log, the stream and the JSON client are told. */
struct ending {
    const char *code, *title, *message;
    int status;
    bool retryable; /* the same message may succeed when it is sent again */
};
static const struct ending
    ending_cancelled = {"turn_cancelled", "Cancelled", "The turn was stopped.", 409, false},
    ending_deadline = {"turn_deadline", "Deadline passed",
        "The answer took longer than a turn may take.", 504, true},
    ending_draining = {"worker_draining", "Interrupted",
        "The server is being restarted. Please send the message again.", 503, true},
    ending_bytes = {"limit_bytes", "Limit reached", "The answer became too long.", 500, false},
    ending_log = {"limit_log", "Limit reached", "The answer became too long to be recorded.", 500, false},
    ending_model_calls = {"limit_model_calls", "Limit reached",
        "The answer needed more steps than a turn may take.", 500, false},
    ending_output = {"limit_output_tokens", "Limit reached", "The answer became too long.", 500, false},
    ending_unavailable = {"model_unavailable", "Model not available",
        "The assistant's model cannot be reached at the moment. Please try again.", 502, true},
    ending_credential = {"model_credential", "Model refused the credential",
        "The assistant's model refuses this site's credential. Only the site's operator can mend "
        "this.", 502, false},
    ending_quota = {"model_quota", "Quota used up",
        "This site has used up its quota or credit at the assistant's model. Only the site's "
        "operator can mend this.", 502, false},
    ending_overloaded = {"model_overloaded", "Model overloaded",
        "The assistant's model is overloaded at the moment. Please try again in a moment.", 502,
        true},
    ending_rejected = {"model_rejected", "Model refused the request",
        "The assistant's model did not accept the request.", 502, false},
    ending_interrupted = {"model_interrupted", "Model broke off",
        "The assistant's model broke off in the middle of the answer.", 502, true},
    ending_internal = {"internal", "Internal error", "Something went wrong inside the service.",
        500, true};

struct usage_row {
    const struct provider *provider;
    char model[96];
    struct provider_usage usage;
};

struct turn {
    struct turn_env *env;
    const struct turns_start *start;
    struct arena *arena, *scratch;  /* of the turn; of one model call */
    struct input input;
    struct context_frame frame;
    struct tools_context tools;
    struct chat chat;
    size_t first_new, checkpointed; /* messages of the chat: this turn's begin; in a checkpoint */
    struct answer *answer;
    struct model model;
    struct wait wait;
    struct calls calls;
    struct buf json;
    struct usage_row usages[USAGES_MAX];
    size_t usage_count;
    int64_t model_calls, output_tokens;
    bool out_of_steps;              /* no more tools: one last answer */
    const char *stop_reason;
    const char *notice;             /* told behind the answer: what the model has not seen */
    const char *const *pending;
    size_t pending_count;
    struct buf usage_json;
    struct buf interrupts;          /* JSON array of what the user is asked */
    bool waiting;                   /* wait_begin was called */
    bool torn;                      /* the log has open ends of an earlier attempt */
    char model_name[96];            /* that answered last */
};

static void stage(struct turn *t, enum stage s)
{
    if (t->env->on_stage)
        t->env->on_stage(t->env->arg, s);
}

static void on_part(void *arg, bool args)
{
    stage(arg, args ? STAGE_MODEL_ARGS : STAGE_MODEL_TEXT);
}

/* ---- before the fork ---- */

int turn_global_init(const struct conf *conf)
{
    struct context_tool *tools = calloc(tools_count() + 1, sizeof *tools);
    size_t count = 0;
    int error;

    if (!tools)
        return ERR_NOMEM;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        if (spec->core) /* the others come in by find_tools: agent/offer.h */
            tools[count++] = (struct context_tool){.name = spec->name,
                .description = spec->description, .schema = spec->arguments_schema};
    }
    error = tools_global_init();
    if (!error)
        error = context_prepare(conf);
    if (!error)
        error = provider_prepare(tools, count);
    if (!error)
        error = quirks_share();
    free(tools);
    return error;
}

/* ---- what the turn starts from ---- */

static void find_location(struct turn *t)
{
    const jdoc *place = jdoc_get(t->input.context, "user_location");
    const char *const keys[] = {"address", "city", "region"};

    if (!jdoc_get_double(place, "lat", &t->tools.latitude)
        && !jdoc_get_double(place, "lng", &t->tools.longitude))
        t->tools.has_location = t->tools.latitude >= -90 && t->tools.latitude <= 90
            && t->tools.longitude >= -180 && t->tools.longitude <= 180;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !t->tools.location_text; i++)
        if (*jdoc_text_or(place, keys[i], ""))
            t->tools.location_text = jdoc_text_or(place, keys[i], "");
}

static void restore_usage(struct turn *t, const jdoc *list)
{
    t->usage_count = 0;
    for (size_t i = 0; i < jdoc_length(list) && i < USAGES_MAX; i++) {
        const jdoc *row = jdoc_at(list, i);
        const char *name = jdoc_text_or(row, "provider", "");
        struct usage_row *u = &t->usages[t->usage_count];
        memset(u, 0, sizeof *u);
        if (!(u->provider = provider_find(name, strlen(name))))
            continue;
        provider_copy(u->model, sizeof u->model, jdoc_text_or(row, "model", ""));
        (void)jdoc_get_int(row, "inputTokens", &u->usage.input);
        (void)jdoc_get_int(row, "outputTokens", &u->usage.output);
        (void)jdoc_get_int(row, "reasoningTokens", &u->usage.reasoning);
        (void)jdoc_get_int(row, "cachedInputTokens", &u->usage.cached);
        (void)jdoc_get_int(row, "cacheWriteInputTokens", &u->usage.cache_write);
        t->output_tokens += u->usage.output;
        t->usage_count++;
    }
}

/* A checkpoint of an earlier attempt: its messages, and what had been spent by then. */
static int restore_step(struct turn *t, const char *json)
{
    jdoc *doc = NULL;
    const jdoc *messages;
    int error = jdoc_parse(json, strlen(json), &doc, NULL, 0);
    int64_t bytes_left;

    if (error)
        return error;
    messages = jdoc_get(doc, "messages");
    for (size_t i = 0; i < jdoc_length(messages) && !error; i++) {
        buf_reset(&t->json);
        jdoc_write(jdoc_at(messages, i), &t->json);
        error = buf_error(&t->json);
        if (!error)
            error = chat_parse(&t->chat, buf_text(&t->json), t->json.len);
    }
    t->output_tokens = 0;
    restore_usage(t, jdoc_get(doc, "usage"));
    (void)jdoc_get_int(doc, "modelCalls", &t->model_calls);
    (void)jdoc_get_int(doc, "toolCallsLeft", &t->calls.left);
    if (!jdoc_get_int(doc, "bytesLeft", &bytes_left) && bytes_left >= 0)
        t->answer->bytes_left = (size_t)bytes_left;
    jdoc_free(doc);
    return error;
}

static int load_conversation(struct turn *t)
{
    const struct turns_start *s = t->start;
    int error = 0;

    chat_init(&t->chat, t->arena);
    for (size_t i = 0; i < s->history_count; i++) {
        error = chat_parse(&t->chat, s->history[i], s->history_len[i]);
        if (error == ERR_NOMEM)
            return error;
        if (error) /* one bad message must not cost the session */
            log_limited(LOG_LEVEL_WARN, "message %zu of the conversation is not valid", i);
    }
    t->first_new = t->chat.count;
    error = 0;
    for (size_t i = 0; i < s->step_count && !error; i++)
        error = restore_step(t, s->steps[i]);
    t->checkpointed = t->chat.count;
    return error;
}

static bool left_open(const struct turn *t)
{
    for (size_t i = t->first_new; i-- > 0;) {
        const struct chat_message *m = &t->chat.items[i];
        for (size_t k = 0; k < m->call_count; k++)
            if (!chat_result(&t->chat, m->calls[k].id))
                return true;
        if (m->role == CHAT_ASSISTANT)
            return false;
    }
    return false;
}

/* An earlier turn ended with calls that waited for the user: now their fate is decided. */
static int take_answers(struct turn *t)
{
    struct approvals_taken *taken;
    bool never = false;
    int error, why;

    if (!left_open(t))
        return 0;
    while ((error = approvals_take(t->env->store, t->start, t->arena, &taken,
                &t->calls.answer_count))) {
        if (error != ERR_STORE && error != ERR_STORE_FULL && error != ERR_STORE_READONLY)
            return error;
        why = wait_until(&t->wait, &never, clock_mono_ms() + STORE_STEP_MS);
        if (why != ERR_AGAIN)
            return why;
    }
    t->calls.answers = taken;
    return 0;
}

static int set_up(struct turn *t)
{
    const struct conf *conf = t->env->conf;
    int error;

    t->torn = t->start->attempt > 1;
    t->arena = arena_new();
    t->scratch = arena_new();
    t->answer = calloc(1, sizeof *t->answer);
    if (!t->arena || !t->scratch || !t->answer)
        return ERR_NOMEM;
    t->answer->log = t->env->eventlog;
    t->answer->arena = t->arena;
    t->answer->chat = &t->chat;
    t->answer->frame = &t->frame;
    t->answer->bytes_left = (size_t)conf->turn_bytes;
    t->answer->on_part = on_part;
    t->answer->arg = t;
    answer_init(t->answer);
    t->calls = (struct calls){.wait = &t->wait, .frame = &t->frame, .tools = &t->tools,
        .arena = t->arena, .chat = &t->chat, .json = &t->json, .left = conf->turn_tool_calls};
    if ((error = eventlog_begin(t->env->eventlog, t->start)))
        return error;
    t->waiting = true;
    wait_begin(&t->wait, t->env, t->start, clock_mono_ms() + conf->turn_ms);
    if ((error = input_parse(t->start->input, t->arena, &t->input)))
        return error;
    if ((error = context_frame_init(&t->frame, conf, &t->input, t->start->context, clock_real_ms(),
            t->arena)))
        return error;
    t->tools = (struct tools_context){.conf = conf, .store = t->env->store, .http = t->env->http,
        .reactor = t->env->reactor, .uid = t->start->uid, .session = t->start->session,
        .epoch = t->start->epoch, .zone = t->frame.zone, .locale = t->input.locale,
        .currency = t->frame.currency, .now_ms = t->frame.now_ms, .role = t->input.role,
        .apart = t->env->apart};
    find_location(t);
    if ((error = load_conversation(t)) || (error = take_answers(t)))
        return error;
    if (t->torn) {
        t->calls.resumed = true;
        if ((error = resume_log(&t->wait, &t->chat, t->first_new)))
            return error;
        t->torn = false;
    }
    /* Other viewers still show what came after the message to which the user went back. */
    return t->start->rewound ? resume_snapshot(&t->wait, &t->chat, t->first_new, &t->json) : 0;
}

static void tear_down(struct turn *t)
{
    if (t->waiting)
        wait_end(&t->wait);
    eventlog_end(t->env->eventlog);
    model_fini(&t->model);
    if (t->answer)
        answer_fini(t->answer);
    free(t->answer);
    buf_free(&t->json);
    buf_free(&t->usage_json);
    buf_free(&t->interrupts);
    if (t->scratch)
        arena_free(t->scratch);
    if (t->arena)
        arena_free(t->arena);
}

/* ---- usage and checkpoints ---- */

static void add_usage(struct turn *t, const struct model_result *r)
{
    struct usage_row *u = NULL;

    if (!r->provider || (!r->usage.input && !r->usage.output))
        return;
    for (size_t i = 0; i < t->usage_count && !u; i++)
        if (t->usages[i].provider == r->provider && !strcmp(t->usages[i].model, r->model))
            u = &t->usages[i];
    if (!u && t->usage_count < USAGES_MAX) {
        u = &t->usages[t->usage_count++];
        memset(u, 0, sizeof *u);
        u->provider = r->provider;
        provider_copy(u->model, sizeof u->model, r->model);
    }
    t->output_tokens += r->usage.output;
    if (!u)
        return;
    u->usage.input += r->usage.input;
    u->usage.output += r->usage.output;
    u->usage.reasoning += r->usage.reasoning;
    u->usage.cached += r->usage.cached;
    u->usage.cache_write += r->usage.cache_write;
}

static void write_usage(const struct turn *t, struct buf *json)
{
    buf_putc(json, '[');
    for (size_t i = 0; i < t->usage_count; i++) {
        if (i)
            buf_putc(json, ',');
        events_usage(json, t->usages[i].provider->name, t->usages[i].model, &t->usages[i].usage);
    }
    buf_putc(json, ']');
}

/* Never ahead of the log: what viewers were not told must not count as told. */
static int save_step(struct turn *t)
{
    int64_t until = clock_mono_ms() + t->env->conf->redis_timeout_ms;
    int error = eventlog_flush(t->env->eventlog, until);

    if (error)
        return error == ERR_DEADLINE ? ERR_STORE : error;
    return turns_checkpoint(t->env->store, t->start, buf_text(&t->json), t->json.len);
}

static int checkpoint(struct turn *t)
{
    bool never = false;
    int error, why;

    stage(t, STAGE_CHECKPOINT);
    buf_reset(&t->json);
    buf_printf(&t->json, "{\"v\":1,\"modelCalls\":%lld,\"toolCallsLeft\":%lld,\"bytesLeft\":%zu,"
        "\"usage\":", (long long)t->model_calls, (long long)t->calls.left, t->answer->bytes_left);
    write_usage(t, &t->json);
    buf_puts(&t->json, ",\"messages\":[");
    for (size_t i = t->checkpointed; i < t->chat.count; i++) {
        if (i > t->checkpointed)
            buf_putc(&t->json, ',');
        chat_write(&t->chat.items[i], &t->json);
    }
    buf_puts(&t->json, "]}");
    if ((error = buf_error(&t->json)))
        return error;
    while ((error = save_step(t))) {
        if (error != ERR_STORE && error != ERR_STORE_FULL && error != ERR_STORE_READONLY)
            return error;
        why = wait_until(&t->wait, &never, clock_mono_ms() + STORE_STEP_MS);
        if (why != ERR_AGAIN)
            return why;
    }
    t->checkpointed = t->chat.count;
    return 0;
}

/* ---- the loop ---- */

static bool has_open_calls(const struct turn *t)
{
    const struct chat *c = &t->chat;

    for (size_t i = c->count; i-- > t->first_new;) {
        const struct chat_message *m = &c->items[i];
        for (size_t k = 0; k < m->call_count; k++)
            if (!chat_result(c, m->calls[k].id))
                return true;
        if (m->role == CHAT_ASSISTANT)
            return calls_waiting(&t->calls);
    }
    return calls_waiting(&t->calls);
}

static const char *stop_text(enum provider_stop stop)
{
    switch (stop) {
    case PROVIDER_STOP_MAX_TOKENS: return "max_tokens";
    case PROVIDER_STOP_REFUSAL: return "refusal";
    case PROVIDER_STOP_CONTEXT: return "context_window";
    case PROVIDER_STOP_FILTER: return "content_filter";
    case PROVIDER_STOP_EMPTY: return "empty";
    default: return NULL;
    }
}

/* An answer that stopped short without a word must not look like an empty success. */
static int explain_stop(struct turn *t, enum provider_stop stop)
{
    if (t->answer->call_count || !utf8_blank(buf_text(&t->answer->text), t->answer->text.len))
        return 0;
    switch (stop) {
    case PROVIDER_STOP_REFUSAL:
    case PROVIDER_STOP_FILTER:
        return answer_say(t->answer, "The model declined to answer this.");
    case PROVIDER_STOP_CONTEXT:
        return answer_say(t->answer, "This conversation has become too long for the model. Please "
            "start a new one.");
    case PROVIDER_STOP_MAX_TOKENS:
        return answer_say(t->answer, "The model used up its output before it came to an answer.");
    case PROVIDER_STOP_EMPTY:
        return answer_say(t->answer, t->model_calls > 1
                ? "The tools have run, but the model said nothing about what they found. Please "
                  "ask again."
                : "The model gave no answer. Please ask again, or in other words.");
    default: return 0;
    }
}

static void note_less(struct turn *t, const struct model_result *result)
{
    if (result->stop == PROVIDER_STOP_CONTEXT)
        return; /* explain_stop tells it */
    if (result->trimmed)
        t->notice = "(This conversation is longer than the model can read. I answered from its latest "
            "messages.)";
    else if (result->reduced)
        t->notice = "(The model did not accept the earlier part of this conversation. I answered from "
            "your last message alone.)";
}

/* Behind the answer, where every client shows it, and once. */
static int say_notice(struct turn *t)
{
    const char *notice = t->notice;
    int error = 0;

    if (!notice || t->answer->call_count)
        return 0;
    t->notice = NULL;
    if (t->answer->text.len)
        error = answer_say(t->answer, "\n\n");
    return error ? error : answer_say(t->answer, notice);
}

/* The conversation keeps what viewers have seen, also of an answer that broke off. */
static int keep_answer(struct turn *t)
{
    int closed = answer_close(t->answer);
    int error = answer_store(t->answer, &t->chat, true);

    answer_reset(t->answer);
    return error ? error : closed;
}

/* Did the model stop where it wanted to go on? */
static bool is_cut(enum provider_stop stop)
{
    return stop == PROVIDER_STOP_MAX_TOKENS || stop == PROVIDER_STOP_CONTEXT ||
        stop == PROVIDER_STOP_FILTER;
}

/* What a failed model call is to the turn: it broke off, or why there was no answer. */
static int failure_of(int error, bool emitted)
{
    switch (error) {
    case ERR_AUTH:
    case ERR_QUOTA:
    case ERR_OVERLOADED: return emitted ? ERR_PEER_GONE : error;
    case ERR_NET:
    case ERR_PROTOCOL:
    case ERR_REMOTE:
    case ERR_FORBIDDEN: /* a redirect to another host */
    case ERR_NOT_CONFIGURED: return emitted ? ERR_PEER_GONE : ERR_REMOTE;
    default: return error;
    }
}

/* One model call. again: out, whether the turn goes on after it. */
static int ask_model(struct turn *t, bool *again)
{
    const struct conf *conf = t->env->conf;
    int64_t tokens = conf->turn_output_tokens - t->output_tokens;
    struct model_result result;
    int error, kept;

    stage(t, STAGE_CONTEXT);
    if (tokens > conf->model_output_tokens)
        tokens = conf->model_output_tokens;
    const struct model_ask ask = {&t->frame, &t->chat, t->scratch, t->out_of_steps, tokens};
    stage(t, STAGE_MODEL_WAIT);
    t->model_calls++;
    answer_reset(t->answer);
    error = model_call(&t->model, &t->wait, &ask, t->answer, &result);
    add_usage(t, &result);
    note_less(t, &result);
    if (result.provider)
        provider_copy(t->model_name, sizeof t->model_name, result.model);
    if (!error) {
        t->stop_reason = stop_text(result.stop);
        error = explain_stop(t, result.stop);
    }
    if (!error)
        error = say_notice(t);
    if (error && !t->answer->emitted && result.provider == NULL)
        log_warn("no model answered: %s", result.why);
    bool emitted = t->answer->emitted, calls = t->answer->call_count > 0;
    kept = keep_answer(t);
    if (!error && !kept && calls && is_cut(result.stop))
        kept = calls_refuse_cut(&t->calls);
    *again = calls || result.stop == PROVIDER_STOP_PAUSE;
    return error ? failure_of(error, emitted) : kept;
}

/* The limits that hold between two steps. */
static const struct ending *check_limits(struct turn *t)
{
    const struct conf *conf = t->env->conf;

    if (t->model_calls >= conf->turn_model_calls)
        return &ending_model_calls;
    if (t->output_tokens >= conf->turn_output_tokens)
        return &ending_output;
    t->out_of_steps = t->calls.left <= 0
        || (t->model_calls > 0 && t->model_calls + 1 >= conf->turn_model_calls);
    return NULL;
}

static const struct ending *ending_of(int error)
{
    switch (error) {
    case ERR_CANCELLED: return &ending_cancelled;
    case ERR_DEADLINE: return &ending_deadline;
    case ERR_DRAINING: return &ending_draining;
    case ERR_LIMIT: return &ending_bytes;
    case ERR_FULL: return &ending_log;
    case ERR_INVALID: return &ending_rejected;
    case ERR_REMOTE: return &ending_unavailable;
    case ERR_AUTH: return &ending_credential;
    case ERR_QUOTA: return &ending_quota;
    case ERR_OVERLOADED: return &ending_overloaded;
    case ERR_PEER_GONE: return &ending_interrupted;
    default: return &ending_internal;
    }
}

static bool answered(const struct turn *t)
{
    const struct chat_message *last = t->chat.count ? &t->chat.items[t->chat.count - 1] : NULL;
    return t->chat.count > t->first_new && last->role == CHAT_ASSISTANT && !last->call_count;
}

/* Answers that came for calls which another turn has dealt with meanwhile. */
static bool nothing_to_do(const struct turn *t)
{
    return t->input.resume && t->chat.count == t->first_new && t->first_new
        && t->chat.items[t->first_new - 1].role == CHAT_ASSISTANT && !calls_waiting(&t->calls);
}

static int open_approvals(struct turn *t)
{
    bool never = false;
    int error, why;

    while ((error = approvals_open(t->env->store, t->start->uid, t->start, t->start->input,
                t->calls.asks, t->calls.ask_count))) {
        if (error != ERR_STORE && error != ERR_STORE_FULL && error != ERR_STORE_READONLY)
            return error;
        why = wait_until(&t->wait, &never, clock_mono_ms() + STORE_STEP_MS);
        if (why != ERR_AGAIN)
            return why;
    }
    return 0;
}

/* The turn ends with questions. AG-UI wants state and messages in front of that end. */
static int ask_user(struct turn *t)
{
    int error = open_approvals(t);

    if (error)
        return error;
    log_info("turn %s asks for %zu approvals, first of %s", t->start->turn, t->calls.ask_count,
        t->calls.asks[0].tool);
    buf_reset(&t->interrupts);
    for (size_t i = 0; i < t->calls.ask_count; i++) {
        buf_putc(&t->interrupts, i ? ',' : '[');
        approval_interrupt(&t->calls.asks[i], &t->interrupts);
    }
    buf_putc(&t->interrupts, ']');
    buf_reset(&t->json);
    events_state_snapshot(&t->json, jdoc_get(t->input.agui, "state"));
    if ((error = buf_error(&t->interrupts)) || (error = buf_error(&t->json)))
        return error;
    error = eventlog_event(t->env->eventlog, EVENTLOG_FLAG_NONE, buf_text(&t->json), t->json.len);
    return error ? error : resume_snapshot(&t->wait, &t->chat, t->first_new, &t->json);
}

/* Model, tools, model, ...: from wherever the conversation stands. ending: out, NULL = well. */
static int run_steps(struct turn *t, const struct ending **ending)
{
    bool again = !answered(t) && !nothing_to_do(t); /* an earlier attempt may have come this far */
    int error = 0;

    while (!error && again) {
        if (has_open_calls(t)) {
            if ((error = wait_check(&t->wait))) /* stopped before an approved call ran */
                break;
            stage(t, STAGE_TOOL);
            error = calls_run(&t->calls, &t->pending, &t->pending_count);
            if (!error)
                error = checkpoint(t);
            if (!error && t->calls.ask_count)
                error = ask_user(t);
            if (error || t->pending_count || t->calls.ask_count)
                break;
        }
        if ((error = wait_check(&t->wait)))
            break;
        if ((*ending = check_limits(t)))
            return 0;
        error = ask_model(t, &again);
        if (!error && again)
            error = checkpoint(t);
    }
    if (error)
        *ending = ending_of(error);
    return error;
}

/* ---- the end ---- */

static int64_t end_limit(const struct turn *t)
{
    int64_t now = clock_mono_ms(), least = now + 2 * t->env->conf->lease_ms;
    int64_t until = now + END_PATIENCE_MS;

    if (until > t->wait.deadline_ms)
        until = t->wait.deadline_ms;
    return until > least ? until : least;
}

static void close_calls(struct turn *t, const struct ending *ending)
{
    if (ending == &ending_cancelled)
        (void)calls_refuse(&t->calls, "cancelled", "The user stopped the turn before this ran.");
    else
        (void)calls_refuse(&t->calls, "not_run", "The turn ended before this ran.");
}

static void final_event(struct turn *t, const struct ending *ending, struct buf *json)
{
    const struct events_finish f = {
        .session = t->start->session,
        .run = t->input.run_id && *t->input.run_id ? t->input.run_id : t->start->turn,
        .outcome = ending ? "cancelled" : t->calls.ask_count ? "interrupt" : "success",
        .interrupts = !ending && t->calls.ask_count ? buf_text(&t->interrupts) : NULL,
        .pending = t->pending,
        .pending_count = ending || t->calls.ask_count ? 0 : t->pending_count,
        .stop_reason = ending ? NULL : t->stop_reason,
        .usage = t->usage_count ? buf_text(&t->usage_json) : NULL,
    };

    /* RUN_FINISHED is not allowed while something is open. */
    if (!ending || (ending == &ending_cancelled && !t->torn))
        events_run_finished(json, &f);
    else
        events_run_error(json, ending->message, ending->code, f.usage);
}

static void write_reply(struct turn *t, const struct ending *ending, struct buf *json)
{
    struct reply r = {.start = t->start, .input = &t->input, .chat = &t->chat,
        .first_new = t->first_new, .model = t->model_name, .now_ms = clock_real_ms(),
        .usage = t->usage_count ? buf_text(&t->usage_json) : NULL, .stop_reason = t->stop_reason,
        .pending = t->pending, .pending_count = t->pending_count, .asks = t->calls.asks,
        .ask_count = t->calls.ask_count,
        .interrupts = t->calls.ask_count ? buf_text(&t->interrupts) : NULL};

    for (size_t i = 0; i < t->usage_count; i++)
        r.tokens += t->usages[i].usage.input + t->usages[i].usage.output;
    if (ending)
        reply_problem(&r, &(struct reply_failure){ending->status, ending->title, ending->message,
            ending->code, ending->retryable}, json);
    else
        reply_success(&r, json);
}

static int new_messages(struct turn *t, const char ***out, size_t *count)
{
    size_t n = t->chat.count - t->first_new;
    const char **list = arena_array(t->arena, n + 1, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        buf_reset(&t->json);
        chat_write(&t->chat.items[t->first_new + i], &t->json);
        list[i] = arena_memdup(t->arena, buf_text(&t->json), t->json.len);
        if (buf_error(&t->json) || !list[i])
            return ERR_NOMEM;
    }
    *out = list;
    *count = n;
    return 0;
}

/*
 * The end script, again while Redis is away: a repeated one is recognised. Another Redis than the
 * one that has confirmed the events may lack some: they go there first.
 */
static int commit(struct turn *t, const struct turns_end *end, struct turn_result *result,
    int64_t until)
{
    int error = ERR_STORE;

    result->next_arena = arena_new();
    if (!result->next_arena)
        return ERR_NOMEM;
    for (;;) {
        error = turns_finish(t->env->store, t->start, end, result->next_arena, &result->next);
        if (error == ERR_AGAIN) {
            eventlog_doubt(t->env->eventlog);
            error = eventlog_flush(t->env->eventlog, until);
            if (!error && clock_mono_ms() < until)
                continue;
        }
        if (error != ERR_STORE && error != ERR_STORE_FULL && error != ERR_STORE_READONLY)
            break;
        if (clock_mono_ms() >= until)
            break;
        (void)task_wait(t->env->reactor, clock_mono_ms() + STORE_STEP_MS, NULL);
    }
    if (error || result->next.outcome != TURNS_STARTED) {
        arena_free(result->next_arena);
        result->next_arena = NULL;
    }
    return error;
}

static int finish(struct turn *t, const struct ending *ending, struct turn_result *result)
{
    struct turns_end end = {
        .state = ending == &ending_cancelled ? "cancelled" : ending ? "failed"
            : t->calls.ask_count ? "interrupted" : "done",
        .error_code = ending ? ending->code : NULL,
        .http_status = ending ? ending->status : 200,
        .untrusted = approval_tainted(&t->chat),
        .history_limit = HISTORY_LIMIT,
        .event_count = 1,
    };
    const int64_t until = end_limit(t);
    struct buf entry = {0}, event = {0};
    const char **messages = NULL;
    int error;

    if (ending)
        close_calls(t, ending);
    stage(t, STAGE_COMMIT);
    write_usage(t, &t->usage_json);
    error = eventlog_flush(t->env->eventlog, until);
    if (error && error != ERR_FULL)
        goto out;
    if ((error = new_messages(t, &messages, &end.message_count)))
        goto out;
    final_event(t, ending, &event);
    eventlog_entry(t->env->eventlog, EVENTLOG_FLAG_FINAL, buf_text(&event), event.len, &entry);
    write_reply(t, ending, &result->reply);
    if (buf_error(&event) || buf_error(&entry) || buf_error(&result->reply)
        || buf_error(&t->usage_json)) {
        error = ERR_NOMEM;
        goto out;
    }
    end.messages = messages;
    end.events = (const char *const[]){entry.data};
    end.event_len = &entry.len;
    end.first_n = eventlog_next_n(t->env->eventlog);
    end.usage = t->usage_count ? buf_text(&t->usage_json) : NULL;
    end.reply = buf_text(&result->reply);
    end.take_next = t->env->may_take_next && t->env->may_take_next(t->env->arg)
        && !(t->env->abort_now && *t->env->abort_now);
    result->http_status = end.http_status;
    error = commit(t, &end, result, until);
out:
    buf_free(&entry);
    buf_free(&event);
    return error == ERR_DEADLINE ? ERR_STORE : error;
}

/* What is not finished in the drain time goes on with another worker, from its checkpoint. */
static int give_back(struct turn *t)
{
    const struct turns_loss loss = {.how = TURNS_RELEASED, .epoch = t->start->epoch};
    char next[IDENT_UUID_SIZE];
    int error = turns_abandon(t->env->store, t->start->uid, t->start->turn, &loss, next, NULL);

    if (!error)
        log_info("turn %s: given back for another worker", t->start->turn);
    return !error || error == ERR_CONFLICT || error == ERR_NOT_FOUND ? ERR_FENCED : error;
}

/* From set-up to its end in Redis. */
static int run(struct turn *t, struct turn_result *result)
{
    const struct ending *ending = NULL;
    int error = set_up(t);

    if (error)
        ending = ending_of(error == ERR_INVALID ? ERR_INTERNAL : error);
    else
        error = run_steps(t, &ending);
    if (error && ending == &ending_internal)
        log_error("turn %s: %s", t->start->turn, err_text(error));
    if (ending == &ending_draining)
        return give_back(t);
    if (error == ERR_FENCED || !t->waiting)
        return error;
    wait_end(&t->wait);
    t->waiting = false;
    return finish(t, ending, result);
}

int turn_run(struct turn_env *env, const struct turns_start *start, struct turn_result *result)
{
    struct turn *t = calloc(1, sizeof *t); /* some KiB: not on the stack of a task */
    int error = ERR_NOMEM;

    memset(result, 0, sizeof *result);
    result->next.outcome = TURNS_DUPLICATE; /* nothing to run */
    if (t) {
        t->env = env;
        t->start = start;
        t->input.run_id = "";
        error = run(t, result);
    }
    if (error == ERR_FENCED)
        log_info("turn %s: another worker owns it now", start->turn);
    else if (error)
        log_error("turn %s: its end could not be written: %s", start->turn, err_text(error));
    if (error)
        buf_free(&result->reply);
    if (t)
        tear_down(t);
    free(t);
    return error;
}
