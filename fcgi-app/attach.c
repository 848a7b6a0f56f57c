/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/attach.h"

#include "agent/turn.h"
#include "base/clock.h"
#include "base/room.h"
#include "base/task.h"
#include "fcgi-app/upload.h"
#include "store/turns.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTACH_REDIRECTS 3
#define ATTACH_CONNECT_MS 5000
#define ATTACH_RETRY_MS 1000
#define ATTACH_LARGE ((size_t)256 * 1024) /* a body that takes some milliseconds */

/* ---- by an address ---- */

struct attach_download {
    int64_t until_ms; /* monotonic: all downloads of the message */
    struct buf body;
    struct http_result result;
    bool done;
};

static int attach_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct attach_download *d = arg;
    if (status < 200 || status > 299)
        return 0;
    buf_put(&d->body, bytes, len);
    return buf_error(&d->body);
}

static void attach_on_done(void *arg, const struct http_result *result)
{
    struct attach_download *d = arg;
    d->result = *result;
    d->done = true;
}

/* Runs the download to its end, or until its time is over. */
static int attach_transfer(struct exchange *x, const char *url, struct attach_download *d)
{
    const struct conf *conf = x->app->conf;
    const struct turn_env *env = x->app->turns;
    static const char *const headers[] = {
        "Accept: image/*, application/pdf, text/*;q=0.9, */*;q=0.1", "User-Agent: turnpike", NULL};
    struct http_transfer *transfer = NULL;
    int64_t left = d->until_ms - clock_mono_ms();
    const struct http_request request = {.method = "GET",
        .url = url,
        .headers = headers,
        .connect_timeout_ms = ATTACH_CONNECT_MS,
        .total_timeout_ms = left > 1 ? left : 1,
        .max_bytes = (size_t)conf->attachments_bytes,
        .public_only = !conf->tools_allow_private,
        .max_redirects = ATTACH_REDIRECTS,
        .on_body = attach_on_body,
        .on_done = attach_on_done,
        .arg = d};
    int error = http_start(env->http, &request, &transfer);
    while (error == 0 && !d->done)
        error = task_wait(env->reactor, d->until_ms, NULL);
    if (error != 0 && transfer && !d->done)
        http_cancel(transfer);
    return error;
}

static int attach_not_fetched(struct exchange *x, const struct submit_file *f, const char *format,
    long number)
{
    char why[128];
    snprintf(why, sizeof why, format, number);
    problem_set(&x->problem, PROBLEM_FILE_FETCH, "%s: %s. Nothing was accepted.", f->field, why);
    snprintf(x->problem.field, sizeof x->problem.field, "%s", f->field);
    return ERR_INVALID;
}

static int attach_judge(struct exchange *x, const struct submit_file *f,
    const struct attach_download *d)
{
    const struct http_result *r = &d->result;
    switch (r->error) {
    case 0:
        break;
    case ERR_NOMEM:
        return r->error;
    case ERR_LIMIT:
        return upload_too_large(f->field, x->app->conf, &x->problem);
    case ERR_FORBIDDEN:
        return problem_field(&x->problem, f->field,
            "%s: the address leads to one that is not of the public internet, or off https.",
            f->field);
    case ERR_DEADLINE:
        return attach_not_fetched(x, f, "the message's files did not come within %ld ms",
            (long)x->app->conf->attachments_fetch_ms);
    default:
        return attach_not_fetched(x, f, "the host cannot be reached, or broke off", 0);
    }
    if (r->status < 200 || r->status > 299)
        return attach_not_fetched(x, f, "the host answered with status %ld", r->status);
    return 0;
}

/* What the host declares does not count: many guess it. */
static int attach_take(struct exchange *x, struct submit_file *f, const struct attach_download *d)
{
    int error = attach_judge(x, f, d);
    if (error == 0)
        error = submit_check_file(f, buf_text(&d->body), d->body.len, x->app->conf, &x->problem);
    if (error != 0)
        return error;
    const struct upload u = {.field = f->field, .bytes = buf_text(&d->body), .len = d->body.len};
    return upload_keep(&u, x->app->store, x->who.user, &f->a, &x->problem);
}

static int attach_no_room(struct exchange *x)
{
    problem_set(&x->problem, PROBLEM_POOL_FULL,
        "This worker fetches all the files that it may at once. Nothing was accepted.");
    x->problem.retry_after_ms = ATTACH_RETRY_MS;
    return ERR_FULL;
}

static int attach_fetch(struct exchange *x, struct submit_file *f, int64_t until)
{
    const struct conf *conf = x->app->conf;
    const struct turn_env *env = x->app->turns;
    struct attach_download *d = arena_alloc(x->arena, sizeof *d);
    struct room_ticket room = {0};
    int error = d ? 0 : ERR_NOMEM;
    if (error != 0)
        return error;
    if (env->room)
        room_ask(env->room, &room, (size_t)conf->attachments_bytes);
    while (error == 0 && env->room && !room.granted && clock_mono_ms() < until)
        error = task_wait(env->reactor, until, NULL);
    if (error == 0 && env->room && !room.granted)
        error = attach_no_room(x);
    buf_init(&d->body, 0);
    d->until_ms = until;
    if (error == 0)
        error = attach_transfer(x, f->text, d);
    if (error == 0)
        error = attach_take(x, f, d);
    buf_free(&d->body);
    if (env->room)
        room_leave(env->room, &room);
    return error;
}

/* ---- by an id, and by value ---- */

static int attach_find(struct exchange *x, struct submit_file *f)
{
    int error = attachments_find(x->app->store, x->who.user, f->text, true, &f->a);
    if (error == ERR_NOT_FOUND)
        return problem_field(&x->problem, f->field,
            "%s: there is no attachment %s; it may have expired.", f->field, f->text);
    if (error == 0 && f->image && f->a.media.kind != MEDIA_IMAGE)
        return problem_field(&x->problem, f->field, "%s is no image: it is %s.", f->field,
            f->a.type);
    if (error == 0 && *f->name != '\0')
        attachments_name(f->name, f->a.name);
    return error;
}

static int attach_keep(struct exchange *x, struct submit_file *f)
{
    const struct upload u = {.field = f->field, .bytes = f->bytes, .len = f->len};
    int error = upload_keep(&u, x->app->store, x->who.user, &f->a, &x->problem);
    free(f->bytes);
    f->bytes = NULL;
    return error;
}

static int attach_one(struct exchange *x, struct submit_file *f, int64_t until)
{
    switch (f->from) {
    case SUBMIT_FILE_DATA:
        return attach_keep(x, f);
    case SUBMIT_FILE_URL:
        return attach_fetch(x, f, until);
    case SUBMIT_FILE_ID:
        return attach_find(x, f);
    }
    return ERR_INTERNAL;
}

/* Those of one kind, in their order. */
static int attach_all(struct exchange *x, struct submit *submit, bool data)
{
    int error = 0;
    int64_t until = clock_mono_ms() + x->app->conf->attachments_fetch_ms;
    struct submit_file *f = submit->only_known ? NULL : submit->files;
    for (; error == 0 && f; f = f->next) {
        if ((f->from == SUBMIT_FILE_DATA) == data)
            error = attach_one(x, f, until);
    }
    return error;
}

int attach_files(struct exchange *x, struct submit *submit)
{
    int error = 0;
    if (submit->file_count > 0 && submit->client_message_id)
        error = turns_is_known(x->app->store, x->who.user, submit->client_message_id,
            &submit->only_known);
    if (error == 0)
        error = attach_all(x, submit, true);
    request_body_done(&x->request);
    if (error == 0)
        error = attach_all(x, submit, false);
    return error != 0 ? error : submit_write_files(submit, x->app->conf->public_base, x->arena);
}

/* A body may be longer for its files alone, and for the conversation that a client repeats. */
static int attach_check_kept(struct exchange *x, const struct submit *submit)
{
    const int64_t most = x->app->conf->body_max;
    size_t kept = submit_kept(submit);
    if (kept <= (size_t)most)
        return 0;
    problem_set(&x->problem, PROBLEM_TOO_LARGE,
        "The new messages, context, tools and state have %zu bytes beside their files; %lld are "
        "allowed.",
        kept, (long long)most);
    x->problem.has_limit = true;
    x->problem.limit = most;
    return ERR_INVALID;
}

int attach_submit(struct exchange *x, const struct submit_source *from, struct submit *out)
{
    bool large = x->request.body_len > ATTACH_LARGE;
    bool longer = x->request.body_len > (size_t)x->app->conf->body_max;
    int error;

    request_free_body(&x->request);
    if (large) /* to read it took some milliseconds, and so will its files */
        task_yield(x->app->reactor);
    error = submit_parse(from, x->app->conf, x->arena, out, &x->problem);
    if (error == 0 && longer)
        error = attach_check_kept(x, out);
    return error < 0 ? error : attach_files(x, out);
}
