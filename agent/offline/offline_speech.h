/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_SPEECH_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_SPEECH_H

#include "agent/offline/offline.h"
#include "agent/offline/offline_lexicon.h"
#include "agent/offline/offline_token.h"
#include "agent/offline/offline_when.h"

/*
 * offline_speech -- one clause of one of four languages, read: its tokens have the concepts of
 * offline_lexicon.h in `low`, its numbers and times are joined, its date is taken out. Pure, and
 * bounded by the number of tokens.
 */
#define OFFLINE_TIMES_MAX 4
struct offline_speech {
    enum offline_language language;
    struct offline_tokens tokens;
    struct offline_when when;
    struct offline_when times[OFFLINE_TIMES_MAX]; /* each time that was said: "at 8 am and 8 pm" */
    size_t time_count;
    bool refused;     /* a word denies, doubts or corrects */
    bool connectives; /* holds a word or mark that can join two clauses */
};
/* The language whose words a message has most of; when two have as many, `usual`. */
enum offline_language offline_speech_language(const char *text, enum offline_language usual);
void offline_speech_read(struct offline_speech *s, const char *text, enum offline_language language,
    bool decimal_comma);

/* Numbers in German, Spanish, French words, clock times as they say them, and the order of words
 * that the English parsers expect. Part of reading. */
void offline_speech_join(struct offline_speech *s);

#endif
