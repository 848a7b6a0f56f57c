/* SPDX-License-Identifier: BSD-2-Clause */
/* A summary of the messages that leave the window: made once, kept with the session. */
#include "agent/turn_parts.h"

#include "agent/events.h"
#include "agent/summary.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define QUESTION_MOST 200000 /* bytes; more takes several calls */
#define QUESTION_LEAST 3000
#define ANSWER_MOST ((size_t)256 * 1024) /* thoughts included */
#define WAIT_MS 300000                   /* after a failure */
#define SMALLER_MAX 2                    /* how often one question is asked again with less */
#define PROMPT_TOKENS 1500               /* instructions, and what stands around the messages */
#define OWN_PART 4                       /* of the budget: the summary takes one of so many */
#define BUDGET_LEAST 500                 /* tokens; in fewer no summary is of use */
#define MESSAGES_KEPT (CONTEXT_MANY / 3)

/* The making of one; in its own arena. */
struct turn_summary {
    struct turn *t;
    struct arena *arena, *scratch; /* of all; of one request */
    struct model model;
    struct answer answer;
    struct chat nothing; /* no ids are taken */
    struct context_frame frame;
    struct summary_cuts cuts;
    struct buf question, text;
    size_t most; /* bytes of a question */
    int64_t own; /* tokens of the summary */
};

/* Errors that say something of the turn, and not of the model. */
static bool turn_summary_ends_turn(int error, int64_t deadline_ms)
{
    switch (error) {
    case ERR_CANCELLED:
    case ERR_FENCED:
    case ERR_DRAINING:
    case ERR_IO:
    case ERR_NOMEM:
        return true;
    case ERR_DEADLINE:
        return clock_mono_ms() >= deadline_ms;
    default:
        return false;
    }
}

/* ---- one call ---- */

static void turn_summary_spend(struct turn *t, const struct model_result *result)
{
    int64_t before = t->output_tokens;

    turn_usage_add(t, result);
    t->summary_output += t->output_tokens - before;
    t->output_tokens = before; /* the answer may still be as long as ever */
}

/* Asks for the record of messages [from, to) and of `before`; into s->text. ERR_INVALID: the
 * answer says that the question is too long; ERR_PROTOCOL: nothing in it can be kept. */
static int turn_summary_call(struct turn_summary *s, const char *before, size_t from, size_t to)
{
    struct turn *t = s->t;
    const struct conf *conf = t->env->conf;
    struct model_result result;
    struct chat chat;
    int error = summary_question(&t->chat, before, from, to, s->most, &s->question);

    if (error)
        return error;
    chat_init(&chat, s->arena);
    if ((error = chat_add(&chat,
             &(struct chat_message){.role = CHAT_USER,
                 .id = "question",
                 .text = buf_text(&s->question),
                 .len = s->question.len})))
        return error;
    const struct model_ask ask = {.frame = &s->frame,
        .chat = &chat,
        .arena = s->scratch,
        .max_tokens = s->own > conf->model_output_tokens ? s->own : conf->model_output_tokens};
    s->answer.bytes_left = ANSWER_MOST;
    answer_reset(&s->answer);
    s->model.status = 0;
    error = model_call(&s->model, &t->wait, &ask, &s->answer, &result);
    turn_summary_spend(t, &result);
    if (error) {
        log_warn("turn %s: no summary: %s, %s", t->start->turn, err_text(error), result.why);
        return error;
    }
    if (result.stop == PROVIDER_STOP_CONTEXT)
        return ERR_INVALID;
    if (result.stop == PROVIDER_STOP_REFUSAL || result.stop == PROVIDER_STOP_FILTER)
        return ERR_PROTOCOL;
    error = summary_clean(buf_text(&s->answer.text), s->answer.text.len, (size_t)s->own * 4,
        result.stop == PROVIDER_STOP_MAX_TOKENS, &s->text);
    return error == ERR_INVALID ? ERR_PROTOCOL : error;
}

/* Was it the question? Then a server takes less than we think. */
static bool turn_summary_is_refused(const struct turn_summary *s, int error)
{
    long status = s->model.status;

    return error == ERR_INVALID || (error && (status == 400 || status == 413 || status == 422));
}

/* ---- all of it ---- */

/* The end of what one question holds from there on: up to a cut, and at least to the next one. */
static size_t turn_summary_part(const struct turn_summary *s, size_t from, size_t to)
{
    size_t bytes = 0, end = from;

    while (end < to) {
        size_t next = summary_next_cut(&s->cuts, end, to);
        bytes += (s->cuts.tokens[end] - s->cuts.tokens[next]) * 18 / 5;
        if (end > from && bytes > s->most)
            break;
        end = next;
    }
    return end;
}

/* Asks for as much as one question holds; less, when that is refused. end: out. */
static int turn_summary_ask(struct turn_summary *s, size_t from, size_t to, size_t *end)
{
    int error;

    for (int smaller = 0;; smaller++) {
        *end = turn_summary_part(s, from, to);
        error = turn_summary_call(s, s->t->summary, from, *end);
        if (!turn_summary_is_refused(s, error) || smaller == SMALLER_MAX ||
            s->most <= QUESTION_LEAST)
            return error;
        s->most = s->most / 3 > QUESTION_LEAST ? s->most / 3 : QUESTION_LEAST;
    }
}

/* The chat has it from here on. */
static int turn_summary_take(struct turn *t, const char *text, size_t covered)
{
    t->summary = arena_strdup(t->arena, text);
    t->chat.summary = t->summary ? summary_shown(t->summary, t->arena) : NULL;
    if (!t->chat.summary)
        return ERR_NOMEM;
    t->chat.covered = covered;
    return 0;
}

/* Part by part: what there is when it fails is as good, of less. */
static int turn_summary_make(struct turn_summary *s, size_t to)
{
    struct turn *t = s->t;
    const int64_t deadline_ms = t->wait.deadline_ms, now = clock_mono_ms();
    int64_t most = (deadline_ms - now) / 2;
    int error = 0;

    if (most > t->env->conf->model_summary_ms)
        most = t->env->conf->model_summary_ms;
    t->wait.deadline_ms = now + most;
    while (!error && t->chat.covered < to) {
        size_t end;
        error = turn_summary_ask(s, t->chat.covered, to, &end);
        if (!error)
            error = turn_summary_take(t, buf_text(&s->text), end);
    }
    t->wait.deadline_ms = deadline_ms;
    if (error && !turn_summary_ends_turn(error, deadline_ms)) {
        log_warn("turn %s: the older messages leave without a summary: %s", t->start->turn,
            err_text(error));
        t->summary_later = true;
        error = 0;
    }
    return error;
}

static int turn_summary_event(struct turn *t)
{
    int error = buf_error(&t->json);

    return error ? error :
                   eventlog_event(t->env->eventlog, LOGENTRY_NONE, buf_text(&t->json), t->json.len);
}

/* Tells viewers, and writes it down with what it cost. */
static int turn_summary_keep(struct turn *t, size_t before)
{
    const size_t told = t->chat.covered - before;
    const struct turns_summary summary = {.behind = t->start->history_count -
            t->history_at[t->chat.covered],
        .text = told ? t->summary : NULL,
        .wait_ms = WAIT_MS};
    int error;

    buf_reset(&t->json);
    events_summarized(&t->json, told, t->summary_later);
    if ((error = turn_summary_event(t)))
        return error;
    if (told)
        log_info("turn %s: %zu messages are told by a summary of %zu bytes", t->start->turn, told,
            strlen(t->summary));
    return turn_checkpoint_summary(t, &summary);
}

/* The request for it has no tools and a short prompt, so there is more room for the messages. */
static size_t turn_summary_most(const struct context *request, size_t own)
{
    size_t taken = own + PROMPT_TOKENS;
    size_t bytes = request->room > taken ? (request->room - taken) * 18 / 5 : 0;

    return bytes < QUESTION_LEAST ? QUESTION_LEAST : bytes > QUESTION_MOST ? QUESTION_MOST : bytes;
}

static int turn_summary_init(struct turn_summary *s, struct turn *t, const struct context *request)
{
    const struct conf *conf = t->env->conf;

    s->t = t;
    s->own = (int64_t)(request->budget / OWN_PART);
    if (s->own > conf->model_summary_tokens)
        s->own = conf->model_summary_tokens;
    s->most = turn_summary_most(request, (size_t)s->own);
    s->frame = (struct context_frame){.conf = conf,
        .input = &t->input,
        .zone = t->frame.zone,
        .currency = t->frame.currency,
        .now_ms = t->frame.now_ms,
        .late = "",
        .instructions = summary_instructions(s->own, t->arena)};
    if (!s->frame.instructions || !(s->arena = arena_new()) || !(s->scratch = arena_new()))
        return ERR_NOMEM;
    chat_init(&s->nothing, s->arena);
    s->answer.quiet = true;
    s->answer.arena = s->arena;
    s->answer.chat = &s->nothing;
    answer_init(&s->answer);
    return 0;
}

static void turn_summary_fini(struct turn_summary *s)
{
    model_fini(&s->model);
    answer_fini(&s->answer);
    buf_free(&s->question);
    buf_free(&s->text);
    if (s->arena)
        arena_free(s->arena);
    if (s->scratch)
        arena_free(s->scratch);
}

/* Where the messages begin that stay; so many leave that it is not asked for at every turn. */
static int turn_summary_goal(struct turn_summary *s, const struct context *request, size_t *to)
{
    struct turn *t = s->t;
    const struct conf *conf = t->env->conf;
    size_t keep = request->budget * (size_t)conf->model_summary_keep / 100;
    size_t own = (size_t)s->own;
    int error = summary_find_cuts(&t->chat, s->arena, &s->cuts);

    if (error)
        return error;
    keep = keep > own ? keep - own : 0;
    *to = summary_choose(&t->chat, &s->cuts, keep, MESSAGES_KEPT);
    return 0;
}

int turn_summary_shorten(void *arg, const struct context *request)
{
    struct turn *t = arg;
    struct turn_summary *s;
    const size_t before = t->chat.covered;
    size_t to = before;
    int error;

    if (t->summary_later || request->budget < BUDGET_LEAST)
        return 0;
    if (!(s = calloc(1, sizeof *s)))
        return ERR_NOMEM;
    error = turn_summary_init(s, t, request);
    if (!error)
        error = turn_summary_goal(s, request, &to);
    if (!error && to > before && to < t->first_new) {
        buf_reset(&t->json);
        events_summarizing(&t->json, to - before);
        error = turn_summary_event(t);
        if (!error)
            error = turn_summary_make(s, to);
        if (!error)
            error = turn_summary_keep(t, before);
    }
    turn_summary_fini(s);
    free(s);
    return error;
}

/* ---- one of an earlier turn ---- */

static size_t turn_summary_last_user(const struct turn *t)
{
    for (size_t i = t->first_new; i-- > 0;)
        if (t->chat.items[i].role == CHAT_USER)
            return i;
    return 0;
}

int turn_summary_restore(struct turn *t)
{
    const struct turns_start *start = t->start;
    const size_t behind = start->summary_behind, count = start->history_count;
    size_t covered = 0, most = turn_summary_last_user(t);
    jdoc *doc = NULL;
    int error;

    t->summary_later = start->summary_later;
    if (!start->summary || !*start->summary)
        return 0;
    if ((error = jdoc_parse(start->summary, strlen(start->summary), &doc, NULL, 0)))
        return error == ERR_NOMEM ? error : 0;
    while (behind < count && covered < most && t->history_at[covered] < count - behind)
        covered++;
    if (*jdoc_text_or(doc, "text", ""))
        error = turn_summary_take(t, jdoc_text_or(doc, "text", ""), covered);
    jdoc_free(doc);
    return error;
}
