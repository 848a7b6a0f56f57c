#include "tools/fetch.h"

#include "base/err.h"
#include "base/log.h"

#include <string.h>

#define BYTES_MAX (512 * 1024)
#define REDIRECTS_MAX 3

struct fetch {
    struct tools_run *run;
    struct fetch_what what;
    struct http_transfer *transfer;
    struct buf body;
    struct fetch *next; /* of the same run, from run->fetches */
};

static void free_body(void *arg)
{
    buf_free(arg);
}

static int on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct fetch *f = arg;
    (void)status;
    buf_put(&f->body, bytes, len);
    return buf_error(&f->body);
}

static void on_done(void *arg, const struct http_result *answer)
{
    struct fetch *f = arg;
    int error = answer->error;
    f->transfer = NULL;
    if (error == 0 && (answer->status < 200 || answer->status > 299))
        error = answer->status == 404 || answer->status == 410 ? ERR_NOT_FOUND : ERR_REMOTE;
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "%s: status %ld, %s %s", f->what.service, answer->status,
            err_text(error), answer->why);
    f->what.done(f->run, f->what.arg, error, buf_text(&f->body), f->body.len);
}

static void on_cancel(struct tools_run *run)
{
    for (struct fetch *f = run->fetches; f != NULL; f = f->next) {
        if (f->transfer != NULL)
            http_cancel(f->transfer);
        f->transfer = NULL;
    }
}

static void write_url(const struct fetch_what *what, struct buf *url)
{
    bool begun = strchr(what->base, '?') != NULL;
    buf_puts(url, what->base);
    for (const struct fetch_parameter *p = what->parameters; p != NULL && p->name != NULL; p++) {
        if (p->value == NULL || p->value[0] == '\0')
            continue;
        buf_printf(url, "%c%s=", begun ? '&' : '?', p->name);
        buf_put_urlencoded(url, p->value, strlen(p->value));
        begun = true;
    }
}

static int send_request(struct fetch *f, const char *url)
{
    struct tools_run *run = f->run;
    const struct fetch_what *what = &f->what;
    const char *headers[3] = { what->page ? "Accept: text/html" : "Accept: application/json" };
    size_t max = what->max_bytes > 0 ? what->max_bytes : BYTES_MAX;
    if (what->key != NULL && what->key[0] != '\0') {
        headers[1] = arena_printf(run->arena, "Authorization: Bearer %s", what->key);
        if (headers[1] == NULL)
            return ERR_NOMEM;
    }
    buf_init(&f->body, max);
    struct http_request request = { .method = "GET", .url = url, .headers = headers,
        .connect_timeout_ms = 5000, .total_timeout_ms = run->spec->timeout_ms * 4 / 5,
        .max_bytes = max, .on_body = on_body, .on_done = on_done, .arg = f,
        .public_only = what->page && !run->context->conf->tools_allow_private,
        .max_redirects = what->page ? REDIRECTS_MAX : 0 };
    int result = arena_on_free(run->arena, free_body, &f->body);
    return result == 0 ? http_start(run->context->http, &request, &f->transfer) : result;
}

int fetch_start(struct tools_run *run, const struct fetch_what *what)
{
    struct buf url = { 0 };
    if (run->context->http == NULL)
        return ERR_NOT_CONFIGURED;
    struct fetch *f = arena_alloc(run->arena, sizeof *f);
    if (f == NULL)
        return ERR_NOMEM;
    f->run = run;
    f->what = *what;
    write_url(what, &url);
    int result = buf_error(&url);
    if (result == 0)
        result = send_request(f, buf_text(&url));
    buf_free(&url);
    if (result != 0)
        return result;
    f->next = run->fetches;
    run->fetches = f;
    run->on_cancel = on_cancel;
    return ERR_AGAIN;
}

int fetch_failed(struct tools_run *run, const char *service)
{
    return tools_fail(run, "provider_failed", "The %s could not be asked. Try again later.",
        service);
}
