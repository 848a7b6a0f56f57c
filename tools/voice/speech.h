/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_VOICE_SPEECH_H
#define TURNPIKE_TOOLS_VOICE_SPEECH_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/*
 * speech -- the speech programs of this machine: Debian's pocketsphinx hears English; flite speaks
 * English, espeak-ng other languages (and English without flite). They are looked for in the folder
 * of the setting voice.programs each time, so that one that is installed later is used at once. Any
 * process may ask; tool processes run them (workers/tool/program.h).
 */
struct speech_command {
    const char *argv[12]; /* ended by NULL; borrowed from here and from speech_in's arguments */
    char path[256];
    char voice[32], speed[40];
};

#define SPEECH_TAG_MAX 35 /* of a language's tag, in characters */
/* Is it a language tag in the form of BCP 47: letters, then more behind hyphens? */
bool speech_tag(const char *tag);

/* speech_in reads 16-bit samples with 16 kHz from standard input and writes a line of text for each
 * phrase. Returns 0; ERR_NOT_FOUND (no program for the language). */
MUST_CHECK int speech_in(const char *programs, const char *language, struct speech_command *out);
/*
 * speech_out reads a text from standard input and writes a WAVE file to standard output, which has
 * to be a file.
 *   voice    one of speech_out_voices, "" = the language's own
 *   percent  of the usual speed, 50 to 200
 * Returns 0; ERR_NOT_FOUND (no program for the language); ERR_INVALID (no such voice).
 */
MUST_CHECK int speech_out(const char *programs, const char *language, const char *voice,
    int percent, struct speech_command *out);
/* Appends the languages as a JSON array of tags; out NULL: only counts. Returns how many. */
size_t speech_in_languages(const char *programs, struct buf *out);
size_t speech_out_languages(const char *programs, struct buf *out);
/* The voices that a caller may name, separated by blanks. */
const char *speech_out_voices(void);

#endif
