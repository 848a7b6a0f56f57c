/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_SPEECH_LIST_H
#define TURNPIKE_TOOLS_ENGINE_SPEECH_LIST_H

#include "base/err.h"
#include "tools/engine/speech.h"

/*
 * speech_list -- words.txt in memory: words of a language, as they stand there and by their stems,
 * with the English terms for them. Made before the fork, read only afterwards. A look appends what
 * it finds to the meaning and says whether it found something.
 */
MUST_CHECK int speech_list_prepare(void);
/* plain: small letters without accents; of several words with a blank between. */
bool speech_list_has(enum speech_language language, const char *plain);
bool speech_list_find(enum speech_language language, const char *plain, struct speech_meaning *out);
/* By the stem of the word. */
bool speech_list_has_stem(enum speech_language language, const char *word);
bool speech_list_find_stem(enum speech_language language, const char *word,
    struct speech_meaning *out);
/* One slip of the finger away. */
bool speech_list_find_near(enum speech_language language, const char *plain,
    struct speech_meaning *out);

#endif
