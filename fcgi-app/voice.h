/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_VOICE_H
#define TURNPIKE_FCGI_APP_VOICE_H

#include "base/conf.h"
#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "tools/voice/voice_words.h"

/*
 * voice -- speech in and out for one request, by the service of the setting voice.url or by a
 * program of this machine in a tool process. Turn workers: the request's task waits, its worker
 * goes on. The user's calls take their turns (process/voice_queue.h).
 */
enum voice_provider { VOICE_NONE, VOICE_URL, VOICE_OFFLINE };
/* Which one serves the task now. Any process. */
enum voice_provider voice_provider(const struct conf *conf, enum voice_task task);
/* "url", "offline" or "off". */
const char *voice_provider_name(enum voice_provider provider);
/* What a page has to know, appended: {"transcribe":{"provider","languages","formats",...},"speak":
 * the same}. A task that nobody does is null; so are languages where any may be tried. */
void voice_write_site(const struct conf *conf, struct buf *out);

struct voice_order {
    struct voice_ask ask;   /* language "" = not said; percent is set */
    enum voice_provider by; /* not VOICE_NONE */
    const char *type, *ext; /* of the sound that comes or is wanted: "audio/wav", "wav" */
};
/*
 * voice_run -- has it done.
 *   out  what came: a text, or the bytes of a sound, appended
 * Returns 0, or an error with the problem set (or its own): 422 unreadable sound, 429, 502, 503;
 * ERR_PEER_GONE (nobody waits for it any more, and it was given up).
 */
MUST_CHECK int voice_run(struct exchange *x, const struct voice_order *order, struct buf *out);

/* The two ways, once it is its turn. */
MUST_CHECK int voice_local(struct exchange *x, const struct voice_order *order, struct buf *out);
MUST_CHECK int voice_remote(struct exchange *x, const struct voice_order *order, struct buf *out);
/*
 * voice_wait -- until something has woken the task, or a moment has passed.
 * Returns 0; ERR_PEER_GONE; ERR_DRAINING; ERR_DEADLINE (until_ms, monotonic).
 */
MUST_CHECK int voice_wait(struct exchange *x, int64_t until_ms);
/* 502: the service or program failed; it may be tried again. Returns ERR_REMOTE. */
MUST_CHECK int voice_failed(struct exchange *x, const char *why);

#endif
