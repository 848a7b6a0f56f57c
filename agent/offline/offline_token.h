/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_TOKEN_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * offline_token -- a message as a list of things that have a kind: words, numbers (with their
 * currency), clock times, dates, durations, quoted text, punctuation. What has no kind is ODD, and
 * no sentence pattern takes it. Pure.
 */
enum offline_token_kind {
    OFFLINE_WORD,
    OFFLINE_NUMBER,     /* value, currency */
    OFFLINE_ORDINAL,    /* "15th": value */
    OFFLINE_CLOCK,      /* a = hour, b = minute, c = 0 am, 1 pm, -1 not said; of_24 */
    OFFLINE_DATE,       /* a-b-c */
    OFFLINE_SLASH_DATE, /* a/b[/c]: which one is the day is not said */
    OFFLINE_DURATION,   /* value in seconds; days: said in days or weeks */
    OFFLINE_SIGN,       /* of a currency, by itself */
    OFFLINE_QUOTE,      /* from and to are its inside */
    OFFLINE_PUNCT,
    OFFLINE_ODD /* "40-50", "5%", "98000km", "-3": cannot be taken for anything */
};
#define OFFLINE_WORD_SIZE 40
struct offline_token {
    enum offline_token_kind kind;
    size_t from, to;             /* bytes of the text */
    char low[OFFLINE_WORD_SIZE]; /* the text, small letters, cut */
    double value;
    char currency[4]; /* "" = none was said; as currency_named gives it */
    int a, b, c;
    bool days;
    bool of_24; /* written as the clock of 24 hours is: "03:30", "15:30" */
    bool gap;   /* a date or a time stood before it (offline_when_take) */
    bool slip;  /* a letter of it had to be changed (offline_lexicon.h) */
    enum { OFFLINE_MARK_UNKNOWN, OFFLINE_MARK_KNOWN, OFFLINE_MARK_LIGHT } mark; /* in the lexicon */
};
#define OFFLINE_TOKENS_MAX 80
struct offline_tokens {
    const char *text;                                  /* borrowed */
    struct offline_token list[OFFLINE_TOKENS_MAX + 1]; /* the last takes what is too much */
    size_t count;
    bool question; /* ended with a question mark */
    bool overflow; /* longer than the list */
    bool gap_end;  /* a date or a time stood at the end */
};

/* decimal_comma: numeral_read's. */
void offline_tokens_read(struct offline_tokens *t, const char *text, bool decimal_comma);
/* The same without joining: each word for itself. */
void offline_tokens_scan(struct offline_tokens *t, const char *text, bool decimal_comma);
/* Takes n tokens out; the one behind them, or the end, gets the gap mark. */
void offline_tokens_cut(struct offline_tokens *t, size_t at, size_t n, bool gap);
/* Whether token i is a word out of "one|two|three". False behind the end. */
bool offline_tokens_is(const struct offline_tokens *t, size_t i, const char *words);
/* The text of n tokens, one blank between what was apart. Cut at size, never inside a character. */
void offline_tokens_text(const struct offline_tokens *t, size_t at, size_t n, char *out,
    size_t size);

/* Copies len bytes, less when they do not fit: then never half a character. Returns how many. */
size_t offline_copy(char *out, size_t size, const char *s, size_t len);

/* Numbers in words, currencies and durations become one token each. Part of reading. */
void offline_tokens_join(struct offline_tokens *t);

#endif
