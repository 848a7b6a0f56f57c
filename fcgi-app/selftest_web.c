/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/selftest_parts.h"

#include "base/err.h"
#include "base/jdoc.h"
#include "fcgi-app/voice.h"
#include "tools/remote/mcp.h"

#include <stdio.h>
#include <string.h>

#define SELFTEST_WEB_BYTES 1048576
#define SELFTEST_WEB_PATH 256
#define SELFTEST_WEB_BOUNDARY "turnpike-selftest-5b3f0e9d"
#define SELFTEST_WEB_SILENCE 6400 /* bytes: 16,000 samples a second of two each */

/* A white picture of one dot. */
static const unsigned char selftest_dot[] = {0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00,
    0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08,
    0x00, 0x00, 0x00, 0x00, 0x3A, 0x7E, 0x9B, 0x55, 0x00, 0x00, 0x00, 0x0A, 0x49, 0x44, 0x41, 0x54,
    0x78, 0x9C, 0x63, 0xF8, 0x0F, 0x00, 0x01, 0x01, 0x01, 0x00, 0xB1, 0x38, 0xF6, 0x14, 0x00, 0x00,
    0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};

enum selftest_web_kind {
    SELFTEST_ROUTES,
    SELFTEST_VALHALLA,
    SELFTEST_GEOCODER,
    SELFTEST_OCR,
    SELFTEST_SPEAK,
    SELFTEST_HEAR
};
struct selftest_web {
    const char *name, *kind;
    enum selftest_web_kind which;
};
static const struct selftest_web selftest_webs[] = {
    {"routes", "tool", SELFTEST_ROUTES},
    {"routes by size", "tool", SELFTEST_VALHALLA},
    {"geocoder", "tool", SELFTEST_GEOCODER},
    {"text recognition", "tool", SELFTEST_OCR},
    {"speech out", "voice", SELFTEST_SPEAK},
    {"speech in", "voice", SELFTEST_HEAR},
};

static enum voice_task selftest_web_task(const struct selftest_web *row)
{
    return row->which == SELFTEST_SPEAK ? VOICE_SPEAK : VOICE_TRANSCRIBE;
}

static const char *selftest_web_url(const struct conf *conf, const struct selftest_web *row)
{
    switch (row->which) {
    case SELFTEST_ROUTES:
        return conf->osrm_url;
    case SELFTEST_VALHALLA:
        return conf->valhalla_url;
    case SELFTEST_GEOCODER:
        return conf->geocode_url;
    case SELFTEST_OCR:
        return conf->ocr_url;
    default:
        return voice_provider(conf, selftest_web_task(row)) == VOICE_NONE ? "" : "speech";
    }
}

bool selftest_web_row(const struct conf *conf, size_t i, struct selftest_row *out)
{
    if (i >= sizeof selftest_webs / sizeof selftest_webs[0])
        return false;
    const struct selftest_web *row = &selftest_webs[i];
    *out = (struct selftest_row){row->name, row->kind, row, *selftest_web_url(conf, row) != '\0'};
    return true;
}

static int selftest_web_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct selftest_job *job = arg;

    (void)status;
    buf_put(&job->body, bytes, len);
    return buf_error(&job->body);
}

/* Whether the answer has the form of one of such a service. */
static bool selftest_web_has_form(const struct selftest_job *job, const struct selftest_web *row)
{
    const char *text = NULL;
    jdoc *doc = NULL;
    size_t len;
    bool good = false;

    if (jdoc_parse(buf_text(&job->body), job->body.len, &doc, NULL, 0))
        return false;
    switch (row->which) {
    case SELFTEST_ROUTES:
        good = strcmp(jdoc_text_or(doc, "code", ""), "Ok") == 0;
        break;
    case SELFTEST_VALHALLA:
        good = jdoc_get_string(doc, "version", &text, &len) == 0;
        break;
    case SELFTEST_GEOCODER: /* a list; Photon's in a member */
        good = jdoc_type(strcmp(job->test->conf.geocode_form, "photon") == 0 ?
                       jdoc_get(doc, "features") :
                       doc) == JDOC_ARRAY;
        break;
    default:
        good = jdoc_get_string(doc, "text", &text, &len) == 0;
    }
    jdoc_free(doc);
    return good;
}

static bool selftest_web_is_sound(const struct selftest_job *job, const struct http_result *result)
{
    return job->body.len > 0 &&
        (strncmp(result->content_type, "audio/", 6) == 0 ||
            strncmp(result->content_type, "application/octet-stream", 24) == 0);
}

static void selftest_web_on_done(void *arg, const struct http_result *result)
{
    struct selftest_job *job = arg;
    const struct selftest_web *row = job->what;

    job->transfer = NULL;
    if (result->error || result->status < 200 || result->status > 299)
        selftest_refused(job, result);
    else if (row->which == SELFTEST_SPEAK ? !selftest_web_is_sound(job, result) :
                                            !selftest_web_has_form(job, row))
        selftest_end(job, SELFTEST_FAILED, "The answer is not in the form of such a service.");
    else
        selftest_end(job, SELFTEST_OK, NULL);
}

/* A fifth of a second of silence, as a form (RFC 7578) whose boundary no byte of it holds. */
static void selftest_web_silence(const struct conf *conf, struct buf *body)
{
    static const unsigned char head[] = {'R', 'I', 'F', 'F', 0x24, 0x19, 0, 0, 'W', 'A', 'V', 'E',
        'f', 'm', 't', ' ', 16, 0, 0, 0, 1, 0, 1, 0, 0x80, 0x3E, 0, 0, 0, 0x7D, 0, 0, 2, 0, 16, 0,
        'd', 'a', 't', 'a', 0, 0x19, 0, 0};

    buf_printf(body,
        "--" SELFTEST_WEB_BOUNDARY "\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n%s"
        "\r\n--" SELFTEST_WEB_BOUNDARY
        "\r\nContent-Disposition: form-data; name=\"response_format\"\r\n\r\njson\r\n"
        "--" SELFTEST_WEB_BOUNDARY "\r\nContent-Disposition: form-data; name=\"file\"; "
        "filename=\"audio.wav\"\r\nContent-Type: audio/wav\r\n\r\n",
        conf->voice_transcribe_model);
    buf_put(body, head, sizeof head);
    for (int i = 0; i < SELFTEST_WEB_SILENCE; i++)
        buf_putc(body, '\0');
    buf_puts(body, "\r\n--" SELFTEST_WEB_BOUNDARY "--\r\n");
}

static const char *selftest_web_type(const struct selftest_web *row)
{
    return row->which == SELFTEST_OCR ? "Content-Type: image/png" :
        row->which == SELFTEST_HEAR   ? "Content-Type: multipart/form-data; "
                                        "boundary=" SELFTEST_WEB_BOUNDARY :
                                        "Content-Type: application/json";
}

/* Path, and what is sent, behind the base of the service. */
static void selftest_web_fill(const struct conf *conf, const struct selftest_web *row,
    struct http_request *q, char path[SELFTEST_WEB_PATH], struct buf *body)
{
    path[0] = '\0';
    switch (row->which) {
    case SELFTEST_ROUTES:
        snprintf(path, SELFTEST_WEB_PATH,
            "/route/v1/driving/151.2093,-33.8688;151.1772,-33.9399?overview=false");
        break;
    case SELFTEST_VALHALLA:
        snprintf(path, SELFTEST_WEB_PATH, "/status");
        break;
    case SELFTEST_GEOCODER:
        snprintf(path, SELFTEST_WEB_PATH,
            strcmp(conf->geocode_form, "photon") == 0 ? "/api?q=Sydney&limit=1" :
                                                        "/search?q=Sydney&format=jsonv2&limit=1");
        break;
    case SELFTEST_OCR:
        q->method = "POST";
        buf_put(body, selftest_dot, sizeof selftest_dot);
        break;
    case SELFTEST_SPEAK:
        q->method = "POST";
        snprintf(path, SELFTEST_WEB_PATH, "/audio/speech");
        buf_puts(body, "{\"input\":\"OK\"");
        buf_json_member(body, "model", conf->voice_speak_model);
        buf_json_member(body, "voice", *conf->voice_voice ? conf->voice_voice : "alloy");
        buf_puts(body, ",\"response_format\":\"wav\"}");
        break;
    case SELFTEST_HEAR:
        q->method = "POST";
        snprintf(path, SELFTEST_WEB_PATH, "/audio/transcriptions");
        selftest_web_silence(conf, body);
        break;
    }
}

static int selftest_web_start(struct selftest_job *job, const char *base, const char *key)
{
    const struct selftest_web *row = job->what;
    const char *headers[4] = {"User-Agent: turnpike"};
    char path[SELFTEST_WEB_PATH];
    struct buf body = {0};
    size_t len = strlen(base), n = 1;
    struct http_request q = {.method = "GET",
        .headers = headers,
        .connect_timeout_ms = job->test->check_ms / 4,
        .total_timeout_ms = job->test->check_ms,
        .max_bytes = SELFTEST_WEB_BYTES,
        .on_body = selftest_web_on_body,
        .on_done = selftest_web_on_done,
        .arg = job};

    while (len > 0 && base[len - 1] == '/' && row->which != SELFTEST_OCR)
        len--;
    selftest_web_fill(&job->test->conf, row, &q, path, &body);
    q.url = arena_printf(job->arena, "%.*s%s", (int)len, base, path);
    q.body = body.len ? body.data : NULL;
    q.body_len = body.len;
    if (body.len)
        headers[n++] = selftest_web_type(row);
    if (*key)
        headers[n++] = arena_printf(job->arena, "Authorization: Bearer %s", key);
    buf_init(&job->body, SELFTEST_WEB_BYTES);
    int error = buf_error(&body) || !q.url || !headers[n - 1] ? ERR_NOMEM : 0;
    if (!error)
        error = http_start(job->test->http, &q, &job->transfer);
    buf_free(&body);
    return error;
}

void selftest_web_begin(struct selftest_job *job)
{
    const struct selftest_web *row = job->what;
    const struct conf *conf = &job->test->conf;
    bool voice = row->which == SELFTEST_SPEAK || row->which == SELFTEST_HEAR;
    const char *base = voice ? conf->voice_url : selftest_web_url(conf, row);
    const char *key = voice ? conf->voice_key : row->which == SELFTEST_OCR ? conf->ocr_key : "";

    if (voice && voice_provider(conf, selftest_web_task(row)) == VOICE_OFFLINE) {
        selftest_end(job, SELFTEST_OK, NULL); /* its program is there */
        return;
    }
    int error = selftest_web_start(job, base, key);
    if (error)
        selftest_fault(job, error);
}

/* ---- MCP servers ---- */

static void selftest_mcp_on_list(void *arg, const struct mcp_answer *answer)
{
    struct selftest_job *job = arg;
    char why[160];

    job->op = NULL;
    if (!answer->error) {
        selftest_end(job, SELFTEST_OK, NULL);
        return;
    }
    snprintf(why, sizeof why, "%.80s %.70s", *answer->text ? answer->text : err_text(answer->error),
        answer->why);
    selftest_end(job, SELFTEST_FAILED, why);
}

void selftest_mcp_begin(struct selftest_job *job)
{
    struct mcp_peer_settings settings = mcp_settings(job->what, job->test->store);
    struct mcp_call call = {.http = job->test->http,
        .reactor = job->test->reactor,
        .method = "tools/list",
        .until_ms = job->begun_ms + job->test->check_ms,
        .done = selftest_mcp_on_list,
        .arg = job};

    settings.breaker = NULL;
    int error = mcp_peer_new(&job->peer, &settings);
    if (!error)
        error = mcp_op_start(&job->op, job->peer, &call);
    if (error)
        selftest_fault(job, error);
}

void selftest_mcp_fini(struct selftest_job *job)
{
    if (job->op)
        mcp_op_cancel(job->op);
    job->op = NULL;
    if (!job->peer)
        return;
    mcp_peer_leave(job->peer, job->test->http);
    mcp_peer_free(job->peer);
    job->peer = NULL;
}
