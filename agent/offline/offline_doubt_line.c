/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_doubt_parts.h"

#include "agent/offline/offline_token.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool offline_doubt_inner(const char *p)
{
    unsigned char c = (unsigned char)*p;

    if (c == 0xe2 || (c == 0xc2 && strchr("\xa1\xa3\xbf\xab\xbb", p[1]))) /* marks, signs */
        return false;
    return isalnum(c) || c > 0x7f;
}

static bool offline_doubt_sign(const char *p)
{
    return *p == '$' || !strncmp(p, "\xe2\x82\xac", 3) || !strncmp(p, "\xc2\xa3", 2);
}

/* Bytes of the word at p; "17.80" is one. */
static size_t offline_doubt_length(const char *p)
{
    size_t n = 0;

    while (p[n] &&
        (offline_doubt_inner(p + n) ||
            (n && strchr(".,", p[n]) && isdigit((unsigned char)p[n - 1]) &&
                isdigit((unsigned char)p[n + 1]))))
        n++;
    return n;
}

bool offline_doubt_is(const struct offline_doubt_line *l, size_t i, const char *list)
{
    if (i >= l->count)
        return false;
    size_t n = strcspn(l->word[i], " ");
    for (const char *p = list; *p; p += p[strcspn(p, "|")] ? strcspn(p, "|") + 1 : strlen(p))
        if (strcspn(p, "|") == n && !strncmp(p, l->word[i], n))
            return true;
    return false;
}

void offline_doubt_split(const char *text, struct offline_doubt_line *out)
{
    static const char joints[] =
        "and|then|plus|but|while|und|dann|aber|y|e|pero|luego|et|mais|puis";
    char word[OFFLINE_WORD_SIZE], low[OFFLINE_WORD_SIZE];
    size_t len = 1;
    bool sign = false, opens = true;

    memset(out, 0, sizeof *out);
    out->text[0] = ' ';
    for (const char *p = text; *p && out->count < OFFLINE_DOUBT_WORDS;) {
        size_t n = offline_doubt_length(p);
        if (!n) {
            sign = offline_doubt_sign(p) || (sign && *p == ' ');
            opens |= strchr(",;.\n", *p) != NULL;
            if (out->count && offline_doubt_sign(p))
                out->money[out->count - 1] = true;
            p += (unsigned char)*p == 0xe2 && p[1] && p[2] ? 3 :
                (unsigned char)*p == 0xc2 && p[1]          ? 2 :
                                                             1;
            continue;
        }
        offline_copy(word, sizeof word, p, n);
        p += n;
        if (isdigit((unsigned char)*word))
            offline_copy(low, sizeof low, word, strlen(word));
        else
            offline_fold(word, low, sizeof low);
        size_t have = strlen(low);
        if (!have || len + have + 2 > sizeof out->text)
            continue;
        out->opens[out->count] =
            opens || (out->count && offline_doubt_is(out, out->count - 1, joints));
        out->money[out->count] = sign;
        opens = sign = false;
        out->word[out->count++] = out->text + len;
        memcpy(out->text + len, low, have);
        len += have;
        out->text[len++] = ' ';
    }
}

bool offline_doubt_number(const struct offline_doubt_line *l, size_t i)
{
    return i < l->count && isdigit((unsigned char)*l->word[i]);
}

bool offline_doubt_phrase(const struct offline_doubt_line *l, const char *list, char phrase[64])
{
    for (const char *p = list; *p; p += *p == '|') {
        size_t n = strcspn(p, "|");
        snprintf(phrase, 64, " %.*s ", (int)(n < 60 ? n : 60), p);
        if (strstr(l->text, phrase))
            return true;
        p += n;
    }
    return false;
}
