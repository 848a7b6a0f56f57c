#include "agent/model/model.h"

#include "agent/model/refusal.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "base/task.h"
#include "base/utf8.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MS 500
#define BACKOFF_MAX_MS 8000
#define RETRY_AFTER_MAX_MS 60000 /* a longer wait is for the next provider in the chain */
#define CLOSE_GRACE_MS 250       /* for the end of a stream that is whole: the connection is reused */
#define ERROR_BODY_MAX 4096
#define EVENT_MAX (4 << 20)
#define REDIRECTS_MAX 3

/* What the body of a success turned out to be by its first byte. */
enum attempt_form { ATTEMPT_UNKNOWN, ATTEMPT_STREAM, ATTEMPT_DOCUMENT };

/* One try. */
struct attempt {
    struct model *m;
    const struct provider *provider;
    struct task_ref task; /* that waits for it */
    bool whole;          /* the stream said that it is, or the transfer ended */
    bool done;           /* the transfer ended */
    enum attempt_form form;
    int error;           /* of the transfer or the stream */
    long status;
    int64_t retry_after_ms;
    int should_retry;
    char why[192];
};

void model_fini(struct model *m)
{
    buf_free(&m->http.url);
    buf_free(&m->http.body);
    buf_free(&m->http.header_text);
    buf_free(&m->body);
    provider_stream_fini(&m->stream);
    if (m->sse_ready)
        sse_fini(&m->sse);
    m->sse_ready = false;
}

static int on_sse(void *arg, const struct sse_event *event)
{
    struct attempt *t = arg;
    return t->provider->event(&t->m->stream, event);
}

/* No line of an event stream begins with a brace: that is a server which answers in one document
 * though a stream was asked for. */
static enum attempt_form form_of(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r\n", bytes[i]) || !bytes[i])
            return bytes[i] == '{' ? ATTEMPT_DOCUMENT : ATTEMPT_STREAM;
    return ATTEMPT_UNKNOWN;
}

static int on_answer(struct attempt *t, const char *bytes, size_t len)
{
    if (t->form == ATTEMPT_UNKNOWN)
        t->form = form_of(bytes, len);
    if (t->form == ATTEMPT_DOCUMENT) {
        if (t->m->body.len + len > EVENT_MAX)
            return ERR_LIMIT;
        buf_put(&t->m->body, bytes, len);
        return buf_error(&t->m->body);
    }
    int error = sse_feed(&t->m->sse, bytes, len, on_sse, t);
    t->whole = t->m->stream.ended;
    if (t->whole)
        task_ref_wake(t->task);
    return error;
}

/* The last event may lack its empty line, or be cut: judge knows whether the answer came before. */
static int end_stream(struct attempt *t)
{
    int error = on_answer(t, "\n\n", 2);

    return error == ERR_PROTOCOL ? 0 : error;
}

/* Some frameworks answer every POST with 201. */
static bool is_success(long status)
{
    return status >= 200 && status <= 299;
}

static int on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct attempt *t = arg;

    t->status = status;
    if (is_success(status))
        return t->error = on_answer(t, bytes, len);
    if (t->m->body.len < ERROR_BODY_MAX)
        buf_put(&t->m->body, bytes, len < ERROR_BODY_MAX ? len : ERROR_BODY_MAX);
    return 0;
}

static void on_done(void *arg, const struct http_result *r)
{
    struct attempt *t = arg;

    if (!t->error)
        t->error = r->error;
    if (!t->error && t->form == ATTEMPT_STREAM)
        t->error = end_stream(t);
    t->done = t->whole = true;
    t->status = r->status;
    t->retry_after_ms = r->retry_after_ms;
    t->should_retry = r->should_retry;
    snprintf(t->why, sizeof t->why, "%.90s%s%.90s", r->why, *r->request_id ? " request " : "",
        r->request_id);
}

static void on_local_done(void *arg, int error)
{
    struct attempt *t = arg;

    t->done = t->whole = true;
    t->error = error;
    t->status = 200;
    task_ref_wake(t->task);
}

/* What the error body of the vendor says: its type and message, not our request. */
static int read_error_body(struct attempt *t)
{
    struct provider_stream *s = &t->m->stream;
    jdoc *doc = NULL;
    int error;

    if (jdoc_parse(buf_text(&t->m->body), t->m->body.len, &doc, NULL, 0))
        return provider_error(s, "", "", "", t->status);
    error = provider_error_doc(s, doc, t->status);
    jdoc_free(doc);
    return error;
}

/* The result of a try that came to its end. */
static int judge(struct attempt *t)
{
    struct provider_stream *s = &t->m->stream;

    if (t->status && !is_success(t->status))
        return read_error_body(t);
    if (t->form == ATTEMPT_DOCUMENT && !t->error)
        t->error = provider_read(s, buf_text(&t->m->body), t->m->body.len, t->provider->document);
    if (s->ended)
        return 0;
    if (t->error)
        return t->error;
    if (s->stop == PROVIDER_STOP_NONE) {
        snprintf(t->why, sizeof t->why, "the stream ended early");
        return ERR_PROTOCOL;
    }
    return 0;
}

static int run_http(struct attempt *t, struct wait *wait)
{
    struct model *m = t->m;
    const struct conf *conf = wait->env->conf;
    struct http_transfer *transfer = NULL;
    struct http_request request = {
        .method = "POST",
        .url = buf_text(&m->http.url),
        .headers = m->http.headers,
        .connect_timeout_ms = conf->model_connect_ms,
        .first_byte_timeout_ms = conf->model_first_ms,
        .idle_timeout_ms = conf->model_idle_ms,
        .max_redirects = REDIRECTS_MAX,
        .same_host = true,
        .on_body = on_body,
        .on_done = on_done,
        .arg = t,
    };
    int error;

    request.own_body = buf_take(&m->http.body, &request.body_len);
    m->http.body_len = request.body_len;
    if (!request.own_body)
        return ERR_NOMEM;
    if ((error = http_start(wait->env->http, &request, &transfer)))
        return error;
    error = wait_until(wait, &t->whole, 0);
    if (!error && !t->done) { /* the end of the transfer, so that the connection is used again */
        error = wait_until(wait, &t->done, clock_mono_ms() + CLOSE_GRACE_MS);
        if (error == ERR_AGAIN)
            error = 0;
    }
    if (!t->done)
        http_cancel(transfer);
    return error ? error : judge(t);
}

static int run_local(struct attempt *t, struct wait *wait, const struct provider_request *request)
{
    struct provider_local *local = NULL;
    int error = t->provider->start(request, wait->env->reactor, &t->m->stream, on_local_done, t,
        &local);

    if (error)
        return error;
    error = wait_until(wait, &t->done, 0);
    t->provider->cancel(local);
    return error ? error : judge(t);
}

static int run_attempt(struct attempt *t, struct wait *wait, const struct provider_request *request,
    const struct answer *answer)
{
    struct model *m = t->m;
    int error;

    provider_stream_init(&m->stream, &answer->sink);
    m->stream.think_tags = t->provider->think_tags && t->provider->think_tags(request->conf);
    buf_reset(&m->body);
    provider_maker(t->provider, request->conf, m->stream.maker);
    m->http.sent = 0;
    if (t->provider->start)
        return run_local(t, wait, request);
    if (!m->sse_ready)
        sse_init(&m->sse, EVENT_MAX);
    m->sse_ready = true;
    sse_reset(&m->sse);
    buf_reset(&m->http.url);
    buf_reset(&m->http.body);
    buf_reset(&m->http.header_text);
    if ((error = t->provider->request(request, provider_tools(t->provider), &m->http)))
        return error;
    return run_http(t, wait);
}

/* Reasons that no other try and no other provider can change. */
static bool is_final(int error)
{
    switch (error) {
    case ERR_CANCELLED:
    case ERR_FENCED:
    case ERR_DRAINING:
    case ERR_LIMIT:
    case ERR_FULL:
    case ERR_NOMEM:
    case ERR_IO:
        return true;
    default:
        return false;
    }
}

static bool may_retry(const struct attempt *t, int error)
{
    if (error == ERR_QUOTA || error == ERR_AUTH)
        return false;
    if (t->status && !is_success(t->status)) {
        if (t->should_retry >= 0)
            return t->should_retry;
        return t->status == 408 || t->status == 409 || t->status == 429 || t->status >= 500;
    }
    if (is_success(t->status)) /* broke off, or an error event, before anything was said */
        return error != ERR_INVALID;
    return error == ERR_NET || error == ERR_DEADLINE;
}

static int64_t retry_delay(const struct attempt *t, unsigned tries)
{
    int64_t delay = BACKOFF_MS;
    unsigned char random;
    char hex[3];

    if (t->retry_after_ms >= 0)
        return t->retry_after_ms;
    while (tries-- > 0 && delay < BACKOFF_MAX_MS)
        delay *= 2;
    if (delay > BACKOFF_MAX_MS)
        delay = BACKOFF_MAX_MS;
    ident_token(1, hex);
    random = (unsigned char)strtol(hex, NULL, 16);
    return delay - delay * random / (4 * 255); /* up to a quarter less */
}

static void describe(const struct attempt *t, int error, struct model_result *result)
{
    const struct provider_stream *s = &t->m->stream;

    snprintf(result->why, sizeof result->why, "%.20s: %.60s%s%.100s%s%.60s",
        t->provider->name, err_text(error), *t->why ? ", " : "", t->why,
        *s->error_type ? ", " : "", s->error_type);
    log_warn("model %s status %ld: %s %s", t->provider->name, t->status, result->why,
        s->error_text);
    if (error == ERR_AUTH)
        log_error("model %s: the server refuses the credential or what it may do: look at %s.key",
            t->provider->name, t->provider->name);
    else if (error == ERR_QUOTA)
        log_error("model %s: quota or credit is used up: top up the account of %s.key",
            t->provider->name, t->provider->name);
}

static void take_result(const struct attempt *t, const struct conf *conf, struct model_result *r)
{
    const struct provider_stream *s = &t->m->stream;

    r->usage = s->usage;
    r->stop = s->stop;
    provider_copy(r->model, sizeof r->model, *s->model ? s->model : t->provider->model(conf));
}

/* A whole answer in which nothing was said. Refusals and limits have their own words. */
static bool is_empty(const struct attempt *t, const struct answer *answer)
{
    switch (t->m->stream.stop) {
    case PROVIDER_STOP_NONE:
    case PROVIDER_STOP_END:
    case PROVIDER_STOP_CALLS:
        return !answer->call_count && utf8_blank(buf_text(&answer->text), answer->text.len);
    default: return false;
    }
}

/* An empty answer is asked for once more, unless the model has written something: that is paid. */
static bool is_worth_another(const struct attempt *t, const struct answer *answer)
{
    return !answer->emitted && t->m->stream.usage.output <= 0;
}

/* One provider with its retries. */
static int call_provider(struct model *m, const struct provider *p, struct wait *wait,
    const struct provider_request *request, struct answer *answer, struct model_result *result)
{
    unsigned tries = 0, allowed = p->start ? 0 : (unsigned)request->conf->model_retries;
    bool was_empty = p->start; /* the offline one would say nothing again */

    for (;; tries++) {
        struct attempt t = {.m = m, .provider = p, .task = task_ref_self(), .retry_after_ms = -1,
            .should_retry = -1};
        int error = run_attempt(&t, wait, request, answer);
        bool never = false;
        result->provider = p;
        m->status = t.status;
        take_result(&t, request->conf, result);
        if (!error && is_empty(&t, answer)) {
            log_warn("model %s: an answer without text and without a call", p->name);
            result->stop = PROVIDER_STOP_EMPTY;
            if (!was_empty && is_worth_another(&t, answer)) {
                was_empty = true;
                continue;
            }
        }
        if (!error || is_final(error) || clock_mono_ms() >= wait->deadline_ms)
            return error;
        describe(&t, error, result);
        if (answer->emitted || tries >= allowed || !may_retry(&t, error))
            return error == ERR_DEADLINE ? ERR_NET : error;
        int64_t delay = retry_delay(&t, tries);
        if (delay > RETRY_AFTER_MAX_MS || clock_mono_ms() + delay >= wait->deadline_ms)
            return error == ERR_DEADLINE ? ERR_NET : error;
        int why = wait_until(wait, &never, clock_mono_ms() + delay);
        if (why != ERR_AGAIN)
            return why;
        answer_reset(answer);
    }
}

/* Refused for its form or length, when nothing was said. */
static bool is_refused(const struct model *m, int error, const struct answer *answer,
    const struct model_result *result)
{
    if (answer->emitted)
        return false;
    if (!error)
        return result->stop == PROVIDER_STOP_CONTEXT;
    return error == ERR_INVALID && (m->status == 400 || m->status == 404 || m->status == 413
        || m->status == 422 || m->status == 200);
}

/* The refused request and what was said of it; words: room for what stands in the stream. */
static struct refusal_case refused_case(const struct model *m, const struct provider *p,
    const struct provider_request *request, int error, struct buf *words)
{
    struct refusal_case c = {.provider = p->name, .status = m->status ? m->status : 400,
        .body = buf_text(&m->body), .body_len = m->body.len, .sent = m->http.sent,
        .output = request->max_tokens, .request_bytes = m->http.body_len,
        .context = request->context};

    if (!c.body_len) {
        buf_printf(words, "%s %s", m->stream.error_type, error ? m->stream.error_text
                                                                : "context window");
        c.body = buf_text(words);
        c.body_len = words->len;
    }
    return c;
}

static bool ask_again(const struct model *m, const struct provider *p,
    const struct provider_request *request, int error, struct refusal_state *state,
    struct quirks *known)
{
    struct buf words = {0};
    struct refusal_case c = refused_case(m, p, request, error, &words);
    bool again = refusal_adapt(state, &c, known);

    buf_free(&words);
    return again;
}

/* One provider, in the forms that it may take. */
static int call_in_forms(struct model *m, const struct provider *p, struct wait *wait,
    const struct model_ask *ask, struct answer *answer, struct model_result *result)
{
    const struct conf *conf = wait->env->conf;
    const struct quirks_of of = {p->name, p->url ? p->url(conf) : "", p->model(conf)};
    struct quirks known, before;
    quirks_get(&of, clock_mono_ms(), &known);
    before = known;
    struct refusal_state state = {.limits = {.room = before.room,
        .overhead = context_tokens(provider_tools(p)->len + strlen(context_system())
            + strlen(ask->frame->late)),
        .keep_thoughts = before.flags & QUIRKS_KEEP_THOUGHTS}};
    struct context context;
    int error;

    for (;;) {
        arena_reset(ask->arena);
        if ((error = context_build(ask->frame, ask->chat, &state.limits, ask->arena, &context)))
            break;
        const struct provider_request request = {conf, &context, ask->no_tools, ask->max_tokens,
            known};
        error = call_provider(m, p, wait, &request, answer, result);
        if (!is_refused(m, error, answer, result)
            || clock_mono_ms() >= wait->deadline_ms
            || !ask_again(m, p, &request, error, &state, &known))
            break;
        answer_reset(answer);
    }
    result->trimmed = state.trims > 0;
    result->reduced = state.limits.reduced && !state.trims;
    if (!error && state.trims && result->stop != PROVIDER_STOP_CONTEXT)
        known.room = state.limits.room;
    quirks_settle(&of, &before, &known, error != ERR_INVALID || answer->emitted, clock_mono_ms());
    return error;
}

static struct breaker *breaker_of(const struct turn_env *env, const struct provider *p)
{
    static const struct provider *const order[] = {&provider_anthropic, &provider_openai};

    for (size_t i = 0; env->breakers && i < sizeof order / sizeof *order; i++)
        if (order[i] == p)
            return &env->breakers[i];
    return NULL; /* the offline one does not fail */
}

static int try_provider(struct model *m, const struct provider *p, struct wait *wait,
    const struct model_ask *ask, struct answer *answer, struct model_result *result)
{
    const struct conf *conf = wait->env->conf;
    struct breaker *breaker = breaker_of(wait->env, p);
    const struct breaker_settings settings = {
        (unsigned)conf->breaker_failures, conf->breaker_open_ms};
    int error;

    if (breaker && !breaker_allows(breaker, &settings, clock_mono_ms())) {
        int last = atomic_load(&breaker->last_error);
        snprintf(result->why, sizeof result->why, "%s: skipped after failures", p->name);
        return last == ERR_AUTH || last == ERR_QUOTA ? last : ERR_OVERLOADED;
    }
    error = call_in_forms(m, p, wait, ask, answer, result);
    if (!breaker)
        return error;
    /* An end from our side says nothing about a provider that had not spoken yet. */
    bool ours = is_final(error) || error == ERR_DEADLINE;
    if (!error || error == ERR_INVALID || (ours && answer->emitted))
        breaker_success(breaker);
    else if (!is_final(error)) {
        atomic_store(&breaker->last_error, error);
        breaker_failure(breaker, &settings, clock_mono_ms());
    }
    return error;
}

int model_call(struct model *m, struct wait *wait, const struct model_ask *ask,
    struct answer *answer, struct model_result *result)
{
    const char *chain = wait->env->conf->providers;
    int error = ERR_NOT_CONFIGURED;

    memset(result, 0, sizeof *result);
    snprintf(result->why, sizeof result->why, "model.chain names no provider");
    while (*chain) {
        size_t len = strcspn(chain, " ,\t");
        const struct provider *p = provider_find(chain, len);
        chain += len + strspn(chain + len, " ,\t");
        if (!len || !p)
            continue;
        error = try_provider(m, p, wait, ask, answer, result);
        if (!error || is_final(error) || answer->emitted
            || clock_mono_ms() >= wait->deadline_ms)
            return error;
        answer_reset(answer);
    }
    return error;
}
