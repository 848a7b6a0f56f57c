/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "base/utf8.h"
#include "fcgi-app/voice.h"
#include "tools/voice/speech.h"
#include "tools/voice/wav.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HANDLERS_SOUND_MIN 100 /* bytes */
#define HANDLERS_SPEED_MIN 0.5
#define HANDLERS_SPEED_MAX 2.0
#define HANDLERS_VOICE_MAX 64

/* handlers -- speech in and out. Turn workers: it takes seconds, in which the task waits. */

/* Kinds of sound: what a client may call them, what their bytes begin with. */
static const struct handlers_sound {
    const char *ext, *type, *declared[4];
    size_t at;
    const char *magic;
} handlers_sounds[] = {
    {"wav", "audio/wav", {"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"}, 8, "WAVE"},
    {"webm", "audio/webm", {"audio/webm", "video/webm"}, 0, "\x1a\x45\xdf\xa3"},
    {"ogg", "audio/ogg", {"audio/ogg", "application/ogg"}, 0, "OggS"},
    {"mp4", "audio/mp4", {"audio/mp4", "video/mp4", "audio/x-m4a", "audio/m4a"}, 4, "ftyp"},
    {"mp3", "audio/mpeg", {"audio/mpeg", "audio/mp3"}, 0, "ID3"},
    {"mp3", "audio/mpeg", {"audio/mpeg", "audio/mp3"}, 0, "\xff"},
    {"opus", "audio/ogg", {NULL}, 0, NULL},
    {"aac", "audio/aac", {NULL}, 0, NULL},
    {"flac", "audio/flac", {NULL}, 0, NULL},
};
#define HANDLERS_SOUNDS (sizeof handlers_sounds / sizeof *handlers_sounds)

static int handlers_no_voice(struct exchange *x, const char *setting)
{
    return problem_set(&x->problem, PROBLEM_NO_PROVIDER,
        "No service for this is set up here (settings voice.url and %s, or the speech programs of "
        "docs/voice.md).",
        setting);
}

static int handlers_no_language(struct exchange *x, const struct voice_order *order)
{
    struct buf list = {0};
    bool speak = order->ask.task == VOICE_SPEAK;
    size_t count =
        (speak ? speech_out_languages : speech_in_languages)(x->app->conf->voice_programs, &list);

    problem_set(&x->problem, PROBLEM_NO_PROVIDER,
        "Nothing here %s the language \"%.40s\", but these: %.300s.", speak ? "speaks" : "hears",
        order->ask.language, count && !buf_error(&list) ? buf_text(&list) : "[]");
    snprintf(x->problem.field, sizeof x->problem.field, "language");
    buf_free(&list);
    return ERR_INVALID;
}

/* Can the programs here do it? Returns 0 or ERR_INVALID with the problem set. */
static int handlers_voice_check(struct exchange *x, const struct voice_order *order)
{
    const char *programs = x->app->conf->voice_programs, *tag = order->ask.language;
    struct speech_command command;
    int error = 0;

    if (order->by == VOICE_URL)
        return 0;
    if (!*tag)
        tag = "en";
    error = order->ask.task == VOICE_SPEAK ?
        speech_out(programs, tag, order->ask.voice, order->ask.percent, &command) :
        speech_in(programs, tag, &command);
    if (error == ERR_INVALID)
        return problem_field(&x->problem, "voice",
            "voice: in this language only these can speak, "
            "or only the usual one: %s.",
            speech_out_voices());
    return error ? handlers_no_language(x, order) : 0;
}

static int handlers_voice_tag(struct exchange *x, const char *tag)
{
    return !*tag || speech_tag(tag) ?
        0 :
        problem_field(&x->problem, "language", "language: a tag such as en or en-AU is wanted.");
}

/* ---- in ---- */

static bool handlers_is_declared(const struct handlers_sound *s, const char *type)
{
    size_t len = strcspn(type, "; \t");

    for (size_t i = 0; i < sizeof s->declared / sizeof *s->declared && s->declared[i]; i++)
        if (len == strlen(s->declared[i]) && !strncasecmp(type, s->declared[i], len))
            return true;
    return false;
}

static bool handlers_is_sound(const struct handlers_sound *s, const struct request *r)
{
    size_t len = s->magic ? strlen(s->magic) : 0;

    return len && r->body_len >= s->at + len && !memcmp(r->body + s->at, s->magic, len);
}

/* Which of them the body is declared as, and is. */
static int handlers_sound_of(struct exchange *x, const struct handlers_sound **out)
{
    const char *type = request_header(&x->request, "CONTENT_TYPE");
    const struct handlers_sound *declared = NULL;

    for (size_t i = 0; type && i < HANDLERS_SOUNDS; i++) {
        const struct handlers_sound *s = &handlers_sounds[i];
        if (!handlers_is_declared(s, type))
            continue;
        declared = s;
        if (handlers_is_sound(s, &x->request)) {
            *out = s;
            return 0;
        }
    }
    if (declared)
        return problem_field(&x->problem, "body",
            "The sound is declared as %.60s, which it is not.", type);
    return problem_set(&x->problem, PROBLEM_MEDIA_TYPE,
        "Content-Type has to be audio/wav; with a service for speech also audio/webm, audio/ogg, "
        "audio/mp4 or audio/mpeg.");
}

/* How long it is, if that can be told (-1 else). */
static int handlers_sound_check(struct exchange *x, const struct voice_order *order, int64_t *ms)
{
    const int64_t most = x->app->conf->voice_duration_ms;
    struct wav w;
    char why[WAV_WHY_SIZE];

    *ms = -1;
    if (strcmp(order->ext, "wav") != 0)
        return order->by == VOICE_URL ? 0 :
                                        problem_set(&x->problem, PROBLEM_MEDIA_TYPE,
                                            "The recogniser here takes audio/wav only.");
    if (wav_read(x->request.body, x->request.body_len, &w, why))
        return problem_field(&x->problem, "body", "The sound %s.", why);
    *ms = wav_ms(&w);
    return *ms <= most ? 0 :
                         problem_limit(&x->problem, "body", most,
                             "The sound is %lld ms long; %lld are allowed (voice.duration).",
                             (long long)*ms, (long long)most);
}

static void handlers_voice_heard(struct exchange *x, const struct voice_order *order, int64_t ms,
    const struct buf *text)
{
    struct buf *b = &x->reply.body;

    exchange_json(x, 200);
    buf_puts(b, "{\"text\":");
    buf_json_string(b, buf_text(text), text->len);
    if (*order->ask.language)
        buf_json_member(b, "language", order->ask.language);
    if (ms >= 0)
        buf_printf(b, ",\"duration_ms\":%lld", (long long)ms);
    buf_json_member(b, "provider", voice_provider_name(order->by));
    buf_putc(b, '}');
}

int handlers_voice_transcribe(struct exchange *x)
{
    const char *language = request_query(&x->request, "language");
    struct voice_order order = {.ask = {.task = VOICE_TRANSCRIBE,
                                    .uid = x->who.user,
                                    .language = language ? language : "",
                                    .voice = "",
                                    .percent = 100,
                                    .body = x->request.body,
                                    .len = x->request.body_len},
        .by = voice_provider(x->app->conf, VOICE_TRANSCRIBE)};
    const struct handlers_sound *sound = NULL;
    struct buf text = {0};
    int64_t ms = -1;
    int error;

    if (order.by == VOICE_NONE)
        return handlers_no_voice(x, "voice.transcribe");
    if ((error = handlers_voice_tag(x, order.ask.language)) < 0 ||
        (error = handlers_voice_check(x, &order)) < 0)
        return error;
    if (x->request.body_len < HANDLERS_SOUND_MIN)
        return problem_field(&x->problem, "body",
            "The sound has %zu bytes; at least %d are needed.", x->request.body_len,
            HANDLERS_SOUND_MIN);
    if ((error = handlers_sound_of(x, &sound)) < 0)
        return error;
    if (!sound)
        return ERR_INTERNAL;
    order.type = sound->type;
    order.ext = sound->ext;
    error = handlers_sound_check(x, &order, &ms);
    if (!error)
        error = voice_run(x, &order, &text);
    if (!error)
        handlers_voice_heard(x, &order, ms, &text);
    buf_free(&text);
    return error;
}

/* ---- out ---- */

struct handlers_speech {
    jdoc *doc;
    const char *text, *language, *voice, *format;
    size_t len;
    double speed;
};

/* A member that is a text, if it is there. */
static int handlers_speech_text(struct exchange *x, const struct handlers_speech *s,
    const char *name, const char **out)
{
    size_t len = 0;
    int error = jdoc_get_string(s->doc, name, out, &len);

    if (error == ERR_NOT_FOUND)
        return 0;
    return error || strlen(*out) != len || len > HANDLERS_VOICE_MAX ?
        problem_field(&x->problem, name, "%s: a short text is wanted.", name) :
        0;
}

static int handlers_speech_words(struct exchange *x, struct handlers_speech *s)
{
    const int64_t most = x->app->conf->voice_text;

    if (jdoc_get_string(s->doc, "text", &s->text, &s->len) || utf8_blank(s->text, s->len))
        return problem_field(&x->problem, "text", "text: what is to be spoken is missing.");
    if (utf8_length(s->text, s->len) > (size_t)most)
        return problem_limit(&x->problem, "text", most, "text: %lld characters are allowed.",
            (long long)most);
    if (memchr(s->text, '\0', s->len))
        return problem_field(&x->problem, "text", "text: it has a NUL.");
    return 0;
}

static int handlers_speech_read(struct exchange *x, struct handlers_speech *s)
{
    int error = request_json(&x->request, false, &s->doc, &x->problem);

    if (error < 0 || (error = handlers_speech_words(x, s)) < 0 ||
        (error = handlers_speech_text(x, s, "language", &s->language)) < 0 ||
        (error = handlers_voice_tag(x, s->language)) < 0 ||
        (error = handlers_speech_text(x, s, "voice", &s->voice)) < 0 ||
        (error = handlers_speech_text(x, s, "format", &s->format)) < 0)
        return error;
    error = jdoc_get_double(s->doc, "speed", &s->speed);
    return (error && error != ERR_NOT_FOUND) ||
            !(s->speed >= HANDLERS_SPEED_MIN && s->speed <= HANDLERS_SPEED_MAX) ?
        problem_field(&x->problem, "speed", "speed: a number from 0.5 to 2 is wanted.") :
        0;
}

static int handlers_speech_format(struct exchange *x, const char *format, struct voice_order *order)
{
    if (!*format)
        format = order->by == VOICE_URL ? "mp3" : "wav";
    for (size_t i = 0; i < HANDLERS_SOUNDS; i++) {
        const struct handlers_sound *s = &handlers_sounds[i];
        bool made = order->by == VOICE_URL ?
            strcmp(s->ext, "webm") && strcmp(s->ext, "ogg") && strcmp(s->ext, "mp4") :
            !strcmp(s->ext, "wav");
        if (strcmp(format, s->ext) != 0 || !made)
            continue;
        order->ext = s->ext;
        order->type = s->type;
        return 0;
    }
    return problem_field(&x->problem, "format", "format: %s.",
        order->by == VOICE_URL ? "one of mp3, opus, aac, flac, wav" : "wav, or none");
}

int handlers_voice_speak(struct exchange *x)
{
    struct handlers_speech s = {.language = "", .voice = "", .format = "", .speed = 1};
    struct voice_order order = {.by = voice_provider(x->app->conf, VOICE_SPEAK)};
    int error;

    if (order.by == VOICE_NONE)
        return handlers_no_voice(x, "voice.speak");
    if ((error = handlers_speech_read(x, &s)) < 0)
        return error;
    order.ask = (struct voice_ask){.task = VOICE_SPEAK,
        .uid = x->who.user,
        .language = s.language,
        .voice = s.voice,
        .percent = (int)lrint(s.speed * 100),
        .body = s.text,
        .len = s.len};
    if (!*s.voice && order.by == VOICE_OFFLINE && !strncasecmp(s.language, "en", 2))
        order.ask.voice = x->app->conf->voice_voice;
    if ((error = handlers_speech_format(x, s.format, &order)) < 0 ||
        (error = handlers_voice_check(x, &order)) < 0)
        return error;
    exchange_json(x, 200);
    x->reply.content_type = order.type;
    return voice_run(x, &order, &x->reply.body);
}
