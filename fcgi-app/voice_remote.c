/* SPDX-License-Identifier: BSD-2-Clause */
/* voice, third part: a service with OpenAI's audio endpoints. Its address is the operator's, so it
 * may be private; redirects are not followed. */
#include "fcgi-app/voice.h"

#include "agent/turn.h"
#include "base/clock.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "base/utf8.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <string.h>

#define VOICE_REMOTE_CONNECT_MS 5000
#define VOICE_REMOTE_HEADERS 5
#define VOICE_REMOTE_TELL 300 /* bytes of a refusal that the log shows */

struct voice_remote {
    struct http_result result;
    struct buf body, answer;
    char boundary[64];
    bool done;
};

static int voice_remote_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct voice_remote *r = arg;

    (void)status;
    buf_put(&r->answer, bytes, len);
    return buf_error(&r->answer);
}

static void voice_remote_on_done(void *arg, const struct http_result *result)
{
    struct voice_remote *r = arg;

    r->result = *result;
    r->done = true;
}

/* ---- the request ---- */

static void voice_remote_part(struct voice_remote *r, const char *name, const char *value)
{
    buf_printf(&r->body, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n",
        r->boundary, name, value);
}

/* The vendor wants ISO 639-1: the tag up to its first hyphen. */
static void voice_remote_language(struct voice_remote *r, const char *tag)
{
    char language[16];

    snprintf(language, sizeof language, "%.*s", (int)strcspn(tag, "-"), tag);
    voice_remote_part(r, "language", language);
}

/* RFC 7578. The boundary is of random digits, so no sound holds it. */
static void voice_remote_form(struct exchange *x, const struct voice_order *order,
    struct voice_remote *r)
{
    char id[IDENT_UUID_SIZE];

    ident_uuid7(id);
    snprintf(r->boundary, sizeof r->boundary, "turnpike-%s", id);
    voice_remote_part(r, "model", x->app->conf->voice_transcribe_model);
    voice_remote_part(r, "response_format", "json");
    if (*order->ask.language)
        voice_remote_language(r, order->ask.language);
    buf_printf(&r->body,
        "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"audio.%s\"\r\n"
        "Content-Type: %s\r\n\r\n",
        r->boundary, order->ext, order->type);
    buf_put(&r->body, order->ask.body, order->ask.len);
    buf_printf(&r->body, "\r\n--%s--\r\n", r->boundary);
}

static void voice_remote_json(struct exchange *x, const struct voice_order *order,
    struct voice_remote *r)
{
    const struct conf *conf = x->app->conf;
    const char *voice = *order->ask.voice ? order->ask.voice :
        *conf->voice_voice                ? conf->voice_voice :
                                            "alloy";

    buf_puts(&r->body, "{\"model\":");
    buf_json_text(&r->body, conf->voice_speak_model);
    buf_puts(&r->body, ",\"input\":");
    buf_json_string(&r->body, order->ask.body, order->ask.len);
    buf_json_member(&r->body, "voice", voice);
    buf_json_member(&r->body, "response_format", order->ext);
    if (order->ask.percent != 100)
        buf_printf(&r->body, ",\"speed\":%d.%02d", order->ask.percent / 100,
            order->ask.percent % 100);
    buf_putc(&r->body, '}');
}

static int voice_remote_start(struct exchange *x, const struct voice_order *order,
    struct voice_remote *r, struct http_transfer **transfer)
{
    const struct conf *conf = x->app->conf;
    const char *headers[VOICE_REMOTE_HEADERS] = {"User-Agent: turnpike"};
    bool speak = order->ask.task == VOICE_SPEAK;
    size_t base = strlen(conf->voice_url), count = 1;

    while (base > 0 && conf->voice_url[base - 1] == '/')
        base--;
    char *url = arena_printf(x->arena, "%.*s/audio/%s", (int)base, conf->voice_url,
        speak ? "speech" : "transcriptions");
    headers[count++] = speak ?
        "Content-Type: application/json" :
        arena_printf(x->arena, "Content-Type: multipart/form-data; boundary=%s", r->boundary);
    headers[count++] = speak ? "Accept: audio/*" : "Accept: application/json";
    if (*conf->voice_key)
        headers[count++] = arena_printf(x->arena, "Authorization: Bearer %s", conf->voice_key);
    if (!url || !headers[1] || !headers[count - 1])
        return ERR_NOMEM;
    size_t len = r->body.len;
    char *body = buf_error(&r->body) ? NULL : buf_take(&r->body, NULL);
    const struct http_request request = {.method = "POST",
        .url = url,
        .headers = headers,
        .own_body = body,
        .body_len = len,
        .connect_timeout_ms = VOICE_REMOTE_CONNECT_MS,
        .total_timeout_ms = conf->voice_ms,
        .max_bytes = VOICE_WORDS_REPLY_MAX,
        .on_body = voice_remote_on_body,
        .on_done = voice_remote_on_done,
        .arg = r};
    return body ? http_start(x->app->turns->http, &request, transfer) : ERR_NOMEM;
}

/* ---- the answer ---- */

static int voice_remote_away(struct exchange *x, const struct http_result *h)
{
    problem_set(&x->problem, PROBLEM_PROVIDER_AWAY,
        h->status == 429             ? "The speech service wants fewer requests for the moment." :
            h->error == ERR_DEADLINE ? "The speech service did not answer in time." :
                                       "The speech service cannot be reached.");
    x->problem.retry_after_ms = h->retry_after_ms > 0 ? h->retry_after_ms : 0;
    return ERR_REMOTE;
}

static int voice_remote_judge(struct exchange *x, const struct voice_order *order,
    const struct voice_remote *r)
{
    const struct http_result *h = &r->result;

    if (!h->error && h->status >= 200 && h->status <= 299)
        return 0;
    if (h->error == ERR_NOMEM)
        return h->error;
    log_limited(LOG_LEVEL_WARN, "speech service: status %ld, %s %s", h->status, err_text(h->error),
        h->why);
    log_debug("speech service says: %.*s",
        (int)(r->answer.len < VOICE_REMOTE_TELL ? r->answer.len : VOICE_REMOTE_TELL),
        buf_text(&r->answer));
    if (h->error == ERR_LIMIT)
        return voice_failed(x, "The speech service answered more than can be taken.");
    if (h->error || h->status == 429 || h->status >= 500)
        return voice_remote_away(x, h);
    if (order->ask.task == VOICE_TRANSCRIBE &&
        (h->status == 400 || h->status == 413 || h->status == 415 || h->status == 422))
        return problem_field(&x->problem, "body", "The speech service cannot read this sound.");
    return voice_failed(x, "The speech service refused the request.");
}

static int voice_remote_text(struct exchange *x, const struct voice_remote *r, struct buf *out)
{
    jdoc *doc = NULL;
    const char *text = NULL;
    size_t len = 0;
    int error = jdoc_parse(buf_text(&r->answer), r->answer.len, &doc, NULL, 0);

    if (!error)
        error = jdoc_get_string(doc, "text", &text, &len);
    if (!error)
        buf_put(out, text, len);
    jdoc_free(doc);
    if (error == ERR_NOMEM)
        return error;
    return error ? voice_failed(x, "The speech service gave an answer that cannot be understood.") :
                   buf_error(out);
}

static int voice_remote_take(struct exchange *x, const struct voice_order *order,
    const struct voice_remote *r, struct buf *out)
{
    if (order->ask.task == VOICE_TRANSCRIBE)
        return voice_remote_text(x, r, out);
    if (strncmp(r->result.content_type, "audio/", 6) != 0 &&
        strncmp(r->result.content_type, "application/octet-stream", 24) != 0)
        return voice_failed(x, "The speech service answered with something that is no sound.");
    buf_put(out, r->answer.data, r->answer.len);
    return buf_error(out);
}

int voice_remote(struct exchange *x, const struct voice_order *order, struct buf *out)
{
    struct voice_remote *r = arena_alloc(x->arena, sizeof *r);
    struct http_transfer *transfer = NULL;
    int error = r ? 0 : ERR_NOMEM;

    if (error)
        return error;
    *r = (struct voice_remote){.done = false};
    if (order->ask.task == VOICE_SPEAK)
        voice_remote_json(x, order, r);
    else
        voice_remote_form(x, order, r);
    error = voice_remote_start(x, order, r, &transfer);
    while (!error && !r->done) /* the transfer has a limit of its own */
        error = voice_wait(x, INT64_MAX);
    if (error && transfer && !r->done)
        http_cancel(transfer);
    if (!error)
        error = voice_remote_judge(x, order, r);
    if (!error)
        error = voice_remote_take(x, order, r, out);
    buf_free(&r->body);
    buf_free(&r->answer);
    return error;
}
