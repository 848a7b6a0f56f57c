/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/provider.h"

#include "agent/offline/offline.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/*
 * A running answer: words and pieces of arguments. A stream gets a word for each word_ms that has
 * passed; a timer that is late (a busy machine) says all words that are due, joined, so that the
 * whole never takes longer than its words. Where nobody reads along, all comes at once.
 */
struct provider_local {
    struct reactor *reactor;
    struct reactor_timer timer;
    struct provider_stream *stream;
    provider_done_fn *done;
    void *arg;
    struct task_ref task;
    int64_t word_ms, due_ms; /* 0 = without pauses; when the next word is due, monotonic */
    struct offline_step step;
    size_t text_at; /* of the text, said */
    size_t call_at; /* calls said */
};

static void provider_offline_set_timer(struct provider_local *l);

/* Length of the words that are due now, each up to and with the blanks behind it; at least one. */
static size_t provider_offline_due_words(struct provider_local *l)
{
    const char *s = buf_text(&l->step.text) + l->text_at;
    int64_t now = l->word_ms ? clock_mono_ms() : 0;
    size_t n = 0;

    if (!l->word_ms)
        return l->step.text.len - l->text_at;
    do {
        n += strspn(s + n, " \n");
        n += strcspn(s + n, " \n");
        n += strspn(s + n, " \n");
        l->due_ms += l->word_ms;
    } while (s[n] && l->due_ms <= now);
    return n;
}

static int provider_offline_say_call(struct provider_local *l)
{
    const struct provider_sink *sink = l->stream->sink;
    unsigned call = (unsigned)l->call_at;
    const struct buf *args = &l->step.calls[call].args;
    size_t half = args->len ? utf8_cut(args->data, args->len / 2) : 0;
    int error;

    if (buf_error(args))
        return ERR_NOMEM;
    if ((error = sink->call_start(sink->arg, call, "", l->step.calls[call].name)))
        return error;
    if (half && (error = sink->call_args(sink->arg, call, args->data, half)))
        return error;
    if ((error = sink->call_args(sink->arg, call, args->data + half, args->len - half)))
        return error;
    return sink->call_end(sink->arg, call);
}

/* One tick. Returns ERR_MORE while there is more, 0 at the end, or what the sink returned. */
static int provider_offline_tick(struct provider_local *l)
{
    int error;

    if (l->text_at < l->step.text.len) {
        size_t n = provider_offline_due_words(l);
        error = l->stream->sink->text(l->stream->sink->arg, l->step.text.data + l->text_at, n);
        l->text_at += n;
        return error ? error : ERR_MORE;
    }
    if (l->call_at < l->step.call_count) {
        error = provider_offline_say_call(l);
        l->call_at++;
        return error ? error : ERR_MORE;
    }
    return 0;
}

static void provider_offline_on_timer(struct reactor_timer *timer)
{
    struct provider_local *l = timer->arg;
    int error;

    struct task *acted = task_ref_act(l->task);
    do
        error = provider_offline_tick(l);
    while (error == ERR_MORE && !l->word_ms);
    task_act(acted);
    if (error == ERR_MORE) {
        provider_offline_set_timer(l);
        return;
    }
    l->stream->stop = l->step.call_count ? PROVIDER_STOP_CALLS : PROVIDER_STOP_END;
    l->stream->ended = !error;
    l->done(l->arg, error);
}

static void provider_offline_set_timer(struct provider_local *l)
{
    reactor_timer_set(l->reactor, &l->timer, l->due_ms, provider_offline_on_timer, l);
}

static int provider_offline_start(const struct provider_request *request, struct reactor *reactor,
    struct provider_stream *stream, provider_done_fn *done, void *arg, struct provider_local **out)
{
    struct provider_local *l = calloc(1, sizeof *l);
    int error;

    if (!l)
        return ERR_NOMEM;
    l->reactor = reactor;
    l->stream = stream;
    l->done = done;
    l->arg = arg;
    l->task = task_ref_self();
    l->word_ms = request->context->frame->input->whole ? 0 : request->conf->offline_word_ms;
    l->due_ms = clock_mono_ms();
    error = offline_decide(request->context, request->no_tools, &l->step);
    if (error) {
        free(l);
        return error;
    }
    strcpy(stream->model, "offline");
    provider_offline_set_timer(l);
    *out = l;
    return 0;
}

static void provider_offline_cancel(struct provider_local *l)
{
    reactor_timer_clear(l->reactor, &l->timer);
    offline_step_fini(&l->step);
    free(l);
}

static const char *provider_offline_model_name(const struct conf *conf)
{
    (void)conf;
    return "offline";
}

const struct provider provider_offline = {
    .name = "offline",
    .model = provider_offline_model_name,
    .start = provider_offline_start,
    .cancel = provider_offline_cancel,
};
