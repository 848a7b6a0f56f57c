/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_VOICE_VOICE_WORDS_H
#define TURNPIKE_TOOLS_VOICE_VOICE_WORDS_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/fastcgi/fastcgi_client.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * voice_words -- what turn workers and tool processes say to each other about speech: one FastCGI
 * request. Its parameters (TP_...) are struct voice_ask, its body the sound or the text. The
 * reply's body is a line that tells the outcome, and behind it the text or the sound. Pure; both
 * sides are one build.
 */
enum voice_task { VOICE_TRANSCRIBE, VOICE_SPEAK };
struct voice_ask {
    enum voice_task task;
    const char *uid;
    const char *language; /* BCP 47 tag */
    const char *voice;    /* "" = the one of the language */
    int percent;          /* of the usual speed */
    const char *body;     /* a WAVE file, or text in UTF-8 */
    size_t len;
};
enum voice_outcome {
    VOICE_DONE,
    VOICE_UNREADABLE, /* the sound cannot be read: why says what is wrong with it */
    VOICE_LATE,       /* it took longer than voice.timeout */
    VOICE_FAILED      /* the program ended badly, or cannot be started */
};
#define VOICE_WORDS_REPLY_MAX ((size_t)16 << 20)

#define VOICE_WORDS_PAIRS 6
struct voice_words {
    struct fastcgi_pair pairs[VOICE_WORDS_PAIRS]; /* borrowed from the ask, and from here */
    char percent[16];
};
/* The parameters of the request; its body is ask->body. */
void voice_words_ask(struct voice_words *out, const struct voice_ask *ask);

typedef const char *voice_words_param(void *arg, const char *name);
/* Is it such a request? */
bool voice_words_is(voice_words_param *param, void *arg);
/* The other way round, but for the body. Texts are borrowed from the parameters. Returns 0;
 * ERR_PROTOCOL (nobody of ours wrote that). */
MUST_CHECK int voice_words_read(voice_words_param *param, void *arg, struct voice_ask *out);

/* The reply's body in front of what was made, appended. why: "" but for VOICE_UNREADABLE. */
void voice_words_answer(struct buf *out, enum voice_outcome outcome, const char *why);
/*
 * voice_words_told -- reads that body.
 *   why     out, size bytes
 *   at      out: where what was made begins
 * Returns 0 or ERR_PROTOCOL.
 */
MUST_CHECK int voice_words_told(const struct buf *body, enum voice_outcome *outcome, char *why,
    size_t size, size_t *at);

#endif
