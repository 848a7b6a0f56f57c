/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TOOL_VOICE_DESK_H
#define TURNPIKE_WORKERS_TOOL_VOICE_DESK_H

#include "base/conf.h"
#include "base/err.h"
#include "tools/voice/voice_words.h"

/*
 * voice_desk -- one call of speech in a tool process: has the recogniser or the voice run
 * (tools/voice/speech.h, workers/tool/program.h). A program that crashes or hangs costs this call.
 *
 * voice_desk_do appends the reply's body (voice_words_answer, and what was made).
 *   until_ms  monotonic; a program that still runs then is killed
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int voice_desk_do(const struct conf *conf, const struct voice_ask *ask, int64_t until_ms,
    struct buf *out);

#endif
