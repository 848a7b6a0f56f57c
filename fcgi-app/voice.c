/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/voice.h"

#include "agent/turn.h"
#include "base/clock.h"
#include "base/task.h"
#include "process/stage.h"
#include "process/voice_queue.h"
#include "tools/voice/speech.h"

#include <string.h>

#define VOICE_LOOK_MS 100 /* how often it is looked whether the client is there */
#define VOICE_RETRY_MS 2000

enum voice_provider voice_provider(const struct conf *conf, enum voice_task task)
{
    const char *wanted = task == VOICE_SPEAK ? conf->voice_speak : conf->voice_transcribe;
    size_t languages = 0;

    if (!strcmp(wanted, "url") || (!strcmp(wanted, "auto") && *conf->voice_url))
        return VOICE_URL;
    if (strcmp(wanted, "off") != 0)
        languages = (task == VOICE_SPEAK ? speech_out_languages :
                                           speech_in_languages)(conf->voice_programs, NULL);
    return languages > 0 ? VOICE_OFFLINE : VOICE_NONE;
}

const char *voice_provider_name(enum voice_provider provider)
{
    return provider == VOICE_URL ? "url" : provider == VOICE_OFFLINE ? "offline" : "off";
}

/* null, or {"provider","languages","formats"}; languages null: any. */
static void voice_write_task(const struct conf *conf, enum voice_task task, struct buf *out)
{
    enum voice_provider by = voice_provider(conf, task);
    bool speak = task == VOICE_SPEAK;

    if (by == VOICE_NONE) {
        buf_puts(out, "null");
        return;
    }
    buf_printf(out, "{\"provider\":\"%s\",\"languages\":", voice_provider_name(by));
    if (by == VOICE_URL)
        buf_puts(out, "null");
    else
        (speak ? speech_out_languages : speech_in_languages)(conf->voice_programs, out);
    buf_printf(out, ",\"formats\":%s",
        by == VOICE_OFFLINE ? "[\"wav\"]" :
            speak           ? "[\"mp3\",\"opus\",\"aac\",\"flac\",\"wav\"]" :
                              "[\"wav\",\"webm\",\"ogg\",\"mp4\",\"mp3\"]");
    if (speak)
        buf_printf(out, ",\"text_max\":%lld}", (long long)conf->voice_text);
    else
        buf_printf(out, ",\"bytes_max\":%lld,\"duration_max_ms\":%lld}",
            (long long)conf->voice_bytes, (long long)conf->voice_duration_ms);
}

void voice_write_site(const struct conf *conf, struct buf *out)
{
    buf_puts(out, "{\"transcribe\":");
    voice_write_task(conf, VOICE_TRANSCRIBE, out);
    buf_puts(out, ",\"speak\":");
    voice_write_task(conf, VOICE_SPEAK, out);
    buf_putc(out, '}');
}

int voice_failed(struct exchange *x, const char *why)
{
    problem_set(&x->problem, PROBLEM_PROVIDER, "%s", why);
    return ERR_REMOTE;
}

int voice_wait(struct exchange *x, int64_t until_ms)
{
    const struct request_source *source = x->request.source;
    int64_t now = clock_mono_ms();
    int error;

    if (x->app->worker->abort_turn)
        return ERR_DRAINING;
    if (source->gone && source->gone(source->arg))
        return ERR_PEER_GONE;
    if (now >= until_ms)
        return ERR_DEADLINE;
    error = task_wait(x->app->reactor,
        until_ms - now > VOICE_LOOK_MS ? now + VOICE_LOOK_MS : until_ms, NULL);
    return error;
}

/* Each call has a seat while it waits: the other half is for turns. */
static int voice_most(const struct conf *conf)
{
    int64_t half = conf->turn_seats / 2 > 1 ? conf->turn_seats / 2 : 1;
    return (int)(half < conf->voice_waiting ? half : conf->voice_waiting);
}

static int voice_refuse(struct exchange *x, int error)
{
    if (error == ERR_RATE)
        problem_set(&x->problem, PROBLEM_USER_CALLS,
            "%d calls of speech of this user wait or run already.", VOICE_QUEUE_USER);
    else
        problem_set(&x->problem, PROBLEM_POOL_FULL,
            "%d calls of speech wait or run on this machine already (voice.waiting, and half of "
            "turn.seats).",
            voice_most(x->app->conf));
    x->problem.retry_after_ms = VOICE_RETRY_MS;
    return error;
}

int voice_run(struct exchange *x, const struct voice_order *order, struct buf *out)
{
    const struct app *app = x->app;
    int error = voice_queue_enter(app->worker->board, app->seat, scoreboard_owner(x->who.user),
        voice_most(app->conf));

    if (error)
        return voice_refuse(x, error);
    scoreboard_stage_set(app->seat, STAGE_TOOL);
    scoreboard_tool_set(app->seat, order->ask.task == VOICE_SPEAK ? "speak" : "transcribe");
    error = (order->by == VOICE_URL ? voice_remote : voice_local)(x, order, out);
    voice_queue_leave(app->seat);
    return error;
}
