/* SPDX-License-Identifier: BSD-2-Clause */
/* tool_process, second part: a call of speech. */
#include "workers/tool/tool_process_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "process/stage.h"
#include "tools/voice/voice_words.h"
#include "workers/tool/voice_desk.h"

#include <inttypes.h>
#include <stdio.h>

#define SPEECH_GRACE_MS 2000 /* for what is around the program, which has a limit of its own */

/* Says what it works on. Returns whether processes died in such calls: then it is not done. */
static bool tool_process_speech_name(struct process_call *c, const struct voice_ask *ask)
{
    const char *what = ask->task == VOICE_SPEAK ? "speak" : "transcribe";
    struct worker *w = c->process->worker;
    struct blame_work work = {.tool = true};

    snprintf(work.uid, sizeof work.uid, "%s", ask->uid);
    snprintf(work.route, sizeof work.route, "%s", what);
    ident_sha256_hex(ask->body, ask->len, work.digest);
    snprintf(c->log_context, sizeof c->log_context, "%s user=%.64s", what, ask->uid);
    log_context_set(c->log_context);
    scoreboard_work_set(c->seat, &work);
    scoreboard_stage_set(c->seat, STAGE_TOOL);
    scoreboard_tool_set(c->seat, what);
    return blame_left(&w->board->blame, &work, clock_mono_ms(), NULL) > 0;
}

static int tool_process_speech_run(struct process_call *c, const struct voice_ask *ask,
    struct buf *reply)
{
    struct tool_process *p = c->process;
    int error;

    worker_beat(p->worker); /* from here on it is judged by the deadline */
    c->began_ms = clock_mono_ms();
    atomic_store(&c->seat->turn_deadline_ms, c->began_ms + p->conf->voice_ms);
    tool_process_listen_for_end(inbound_fd(p->peer));
    tool_process_limit(p->conf->voice_ms + SPEECH_GRACE_MS);
    if (tool_process_speech_name(c, ask)) {
        voice_words_answer(reply, VOICE_FAILED, "");
        error = buf_error(reply);
    } else {
        error = voice_desk_do(p->conf, ask, c->began_ms + p->conf->voice_ms, reply);
    }
    tool_process_limit(0);
    tool_process_listen_for_end(-1);
    worker_beat(p->worker);
    atomic_store(&c->seat->turn_deadline_ms, 0);
    log_info("%" PRId64 " ms, %s", clock_mono_ms() - c->began_ms, err_text(error));
    scoreboard_work_set(c->seat, NULL); /* the user's next call may come with this answer */
    return error;
}

void tool_process_speech(struct process_call *c)
{
    struct tool_process *p = c->process;
    struct voice_ask ask;
    struct buf reply = {0};
    int error = voice_words_read(inbound_param, p->peer, &ask);

    if (!error)
        error = inbound_body(p->peer, &c->args, (size_t)p->conf->voice_bytes);
    if (!error)
        error = tool_process_begin(c);
    ask.body = buf_text(&c->args);
    ask.len = c->args.len;
    if (!error)
        error = tool_process_speech_run(c, &ask, &reply);
    if (error) {
        log_limited(LOG_LEVEL_WARN, "a call of speech is not served: %s", err_text(error));
        tool_process_hang_up(p);
    } else {
        err_ignore(inbound_finish(p->peer, NULL, 0, reply.data, reply.len));
    }
    buf_free(&reply);
}
