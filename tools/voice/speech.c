/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/voice/speech.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SPEECH_WORDS_A_MINUTE 165 /* espeak-ng's speed at 100 percent */

static const char *const speech_flite_voices[] = {"slt", "rms", "awb", "kal16", "kal"};
#define SPEECH_FLITE_VOICES (sizeof speech_flite_voices / sizeof *speech_flite_voices)

/* Languages that espeak-ng speaks well enough to be understood: tag, its name there. */
static const struct {
    const char *tag, *name;
} speech_espeak[] = {{"en", "en-us"}, {"de", "de"}, {"es", "es"}, {"fr", "fr-fr"}, {"it", "it"},
    {"nl", "nl"}, {"pt", "pt"}, {"pl", "pl"}, {"sv", "sv"}, {"da", "da"}, {"nb", "nb"},
    {"no", "nb"}, {"fi", "fi"}, {"cs", "cs"}, {"el", "el"}, {"hu", "hu"}, {"ro", "ro"},
    {"ru", "ru"}, {"tr", "tr"}, {"uk", "uk"}};
#define SPEECH_ESPEAK (sizeof speech_espeak / sizeof *speech_espeak)

bool speech_tag(const char *tag)
{
    size_t len = strlen(tag), first = 0;

    while (isalpha((unsigned char)tag[first]))
        first++;
    if (len > SPEECH_TAG_MAX || first < 2 || first > 8 || tag[len - 1] == '-')
        return false;
    for (size_t i = first; i < len; i++)
        if (!(isalnum((unsigned char)tag[i]) || (tag[i] == '-' && tag[i + 1] != '-')))
            return false;
    return tag[first] == '\0' || tag[first] == '-';
}

/* "en-AU" is in English. */
static bool speech_is_in(const char *tag, const char *language)
{
    size_t len = strcspn(tag, "-");

    return len == strlen(language) && !strncasecmp(tag, language, len);
}

static bool speech_has(const char *programs, const char *name, char *path, size_t size)
{
    int len = snprintf(path, size, "%s/%s", programs, name);

    return len > 0 && (size_t)len < size && access(path, X_OK) == 0;
}

int speech_in(const char *programs, const char *language, struct speech_command *out)
{
    *out = (struct speech_command){
        .argv = {out->path, "-infile", "/dev/stdin", "-logfn", "/dev/null"}};
    if (!speech_is_in(language, "en") ||
        !speech_has(programs, "pocketsphinx_continuous", out->path, sizeof out->path))
        return ERR_NOT_FOUND;
    return 0;
}

static bool speech_voice_is_there(const char *voice)
{
    for (size_t i = 0; i < SPEECH_FLITE_VOICES; i++)
        if (!strcmp(voice, speech_flite_voices[i]))
            return true;
    return false;
}

/* flite cannot write to a pipe. */
static void speech_flite(const char *voice, int percent, struct speech_command *out)
{
    snprintf(out->voice, sizeof out->voice, "%s", *voice ? voice : speech_flite_voices[0]);
    snprintf(out->speed, sizeof out->speed, "duration_stretch=%d.%02d", 100 / percent,
        10000 / percent % 100);
    const char *const argv[] = {out->path, "-voice", out->voice, "--setf", out->speed, "-f",
        "/dev/stdin", "-o", "/dev/stdout"};

    memcpy(out->argv, argv, sizeof argv);
}

static int speech_espeak_out(const char *language, int percent, struct speech_command *out)
{
    size_t i = 0;

    while (i < SPEECH_ESPEAK && !speech_is_in(language, speech_espeak[i].tag))
        i++;
    if (i == SPEECH_ESPEAK)
        return ERR_NOT_FOUND;
    snprintf(out->speed, sizeof out->speed, "%d", SPEECH_WORDS_A_MINUTE * percent / 100);
    const char *const argv[] = {out->path, "-v", speech_espeak[i].name, "-s", out->speed, "-b", "1",
        "--stdin", "--stdout"};

    memcpy(out->argv, argv, sizeof argv);
    return 0;
}

int speech_out(const char *programs, const char *language, const char *voice, int percent,
    struct speech_command *out)
{
    bool flite;

    *out = (struct speech_command){.argv = {NULL}};
    flite =
        speech_is_in(language, "en") && speech_has(programs, "flite", out->path, sizeof out->path);
    if (*voice && !(flite && speech_voice_is_there(voice)))
        return ERR_INVALID;
    if (flite) {
        speech_flite(voice, percent, out);
        return 0;
    }
    return speech_has(programs, "espeak-ng", out->path, sizeof out->path) ?
        speech_espeak_out(language, percent, out) :
        ERR_NOT_FOUND;
}

static void speech_list(struct buf *out, size_t count, const char *tag)
{
    if (out)
        buf_printf(out, "%s\"%s\"", count ? "," : "[", tag);
}

size_t speech_in_languages(const char *programs, struct buf *out)
{
    struct speech_command command;

    if (speech_in(programs, "en", &command))
        return 0;
    speech_list(out, 0, "en");
    if (out)
        buf_putc(out, ']');
    return 1;
}

size_t speech_out_languages(const char *programs, struct buf *out)
{
    struct speech_command command;
    size_t count = 0;

    for (size_t i = 0; i < SPEECH_ESPEAK; i++)
        if (!speech_out(programs, speech_espeak[i].tag, "", 100, &command))
            speech_list(out, count++, speech_espeak[i].tag);
    if (out && count)
        buf_putc(out, ']');
    return count;
}

const char *speech_out_voices(void)
{
    return "slt rms awb kal16 kal";
}
