/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/tool/voice_desk.h"

#include "tools/voice/resample.h"
#include "tools/voice/speech.h"
#include "tools/voice/wav.h"
#include "workers/tool/program.h"

#include <ctype.h>

#define VOICE_DESK_TEXT_MAX ((size_t)256 * 1024)

/* What became of a program, as the reply says it. */
static enum voice_outcome voice_desk_outcome(int error)
{
    return error == 0 ? VOICE_DONE : error == ERR_DEADLINE ? VOICE_LATE : VOICE_FAILED;
}

/* The lines of a recogniser as one text: single blanks, none at the ends. */
static void voice_desk_put_words(struct buf *out, const struct buf *lines)
{
    bool blank = false, begun = false;

    for (size_t i = 0; i < lines->len; i++) {
        unsigned char c = (unsigned char)lines->data[i];

        if (isspace(c) || iscntrl(c)) {
            blank = true;
            continue;
        }
        if (blank && begun)
            buf_putc(out, ' ');
        buf_putc(out, (char)c);
        blank = false;
        begun = true;
    }
}

static int voice_desk_transcribe(const struct conf *conf, const struct voice_ask *ask,
    int64_t until_ms, struct buf *out)
{
    struct speech_command command;
    struct buf samples = {0}, lines = {0};
    struct wav w;
    char why[WAV_WHY_SIZE];
    int error = wav_read(ask->body, ask->len, &w, why);

    if (error) {
        voice_words_answer(out, VOICE_UNREADABLE, why);
        return buf_error(out);
    }
    error = speech_in(conf->voice_programs, ask->language, &command);
    if (!error)
        error = resample_speech(&w, &samples);
    if (!error)
        error = program_run(&(struct program){.argv = command.argv,
                                .input = buf_text(&samples),
                                .len = samples.len,
                                .output_max = VOICE_DESK_TEXT_MAX,
                                .until_ms = until_ms},
            &lines);
    voice_words_answer(out, voice_desk_outcome(error), "");
    if (!error)
        voice_desk_put_words(out, &lines);
    buf_free(&samples);
    buf_free(&lines);
    return error == ERR_NOMEM ? error : buf_error(out);
}

/* Programs that write to a stream cannot know the length for the head: it is made anew. */
static int voice_desk_put_sound(struct buf *out, const struct buf *made)
{
    struct wav w;
    char why[WAV_WHY_SIZE];
    int error = wav_read(buf_text(made), made->len, &w, why);

    voice_words_answer(out, error || w.channels != 1 ? VOICE_FAILED : VOICE_DONE, "");
    if (!error && w.channels == 1) {
        wav_head(out, w.rate, 2 * w.frames);
        buf_put(out, w.samples, 2 * w.frames);
    }
    return buf_error(out);
}

static int voice_desk_speak(const struct conf *conf, const struct voice_ask *ask, int64_t until_ms,
    struct buf *out)
{
    struct speech_command command;
    struct buf made = {0};
    int error = speech_out(conf->voice_programs, ask->language, ask->voice, ask->percent, &command);

    if (!error)
        error = program_run(&(struct program){.argv = command.argv,
                                .input = ask->body,
                                .len = ask->len,
                                .output_max = VOICE_WORDS_REPLY_MAX - 1024,
                                .until_ms = until_ms},
            &made);
    if (error)
        voice_words_answer(out, voice_desk_outcome(error), "");
    else
        error = voice_desk_put_sound(out, &made);
    buf_free(&made);
    return error == ERR_NOMEM ? error : buf_error(out);
}

int voice_desk_do(const struct conf *conf, const struct voice_ask *ask, int64_t until_ms,
    struct buf *out)
{
    return (ask->task == VOICE_SPEAK ? voice_desk_speak : voice_desk_transcribe)(conf, ask,
        until_ms, out);
}
