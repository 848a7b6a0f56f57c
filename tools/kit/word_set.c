/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/word_set.h"

#include "base/err.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX 48

static const char *const empty_words[] = {"a", "an", "and", "are", "as", "at", "be", "by", "for",
    "from", "i", "in", "is", "it", "me", "my", "of", "on", "or", "that", "the", "this", "to", "was",
    "what", "with", "you", NULL};

int word_set_init(struct word_set *w, struct arena *arena, size_t max)
{
    *w = (struct word_set){.arena = arena, .max = max};
    w->list = arena_array(arena, max + 1, sizeof *w->list);
    w->failed = !w->list;
    return w->failed ? ERR_NOMEM : 0;
}

static bool word_set_is_letter(unsigned char c)
{
    return isalnum(c) || c >= 0x80;
}

static bool word_set_is_empty_word(const char *word)
{
    for (size_t i = 0; empty_words[i]; i++)
        if (strcmp(word, empty_words[i]) == 0)
            return true;
    return false;
}

/* "batteries" -> "battery", "boxes" -> "box", "parks" -> "park"; "gas" and "class" stay. */
static void word_set_drop_plural(char *word)
{
    size_t len = strlen(word);
    if (len < 4 || word[len - 1] != 's' || strchr("sui", word[len - 2]))
        return;
    if (len > 4 && strcmp(word + len - 3, "ies") == 0)
        strcpy(word + len - 3, "y");
    else if (len > 4 && word[len - 2] == 'e' &&
        (strchr("xsz", word[len - 3]) || strncmp(word + len - 4, "ch", 2) == 0 ||
            strncmp(word + len - 4, "sh", 2) == 0 || word[len - 3] == 'o'))
        word[len - 2] = '\0';
    else
        word[len - 1] = '\0';
}

bool word_set_has(const struct word_set *w, const char *word)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->list[i], word) == 0)
            return true;
    return false;
}

static void word_set_put(struct word_set *w, const char *prefix, const char *word)
{
    char term[2 * WORD_MAX];
    size_t have = strlen(prefix);
    if (w->failed || w->count == w->max || have >= WORD_MAX)
        return;
    memcpy(term, prefix, have);
    strcpy(term + have, word);
    if (!w->all && word_set_has(w, term))
        return;
    w->list[w->count] = arena_strdup(w->arena, term);
    if (!w->list[w->count])
        w->failed = true;
    else
        w->count++;
}

/* A word that is longer than its array is cut; whole bytes of UTF-8 do not matter to an index. */
void word_set_add(struct word_set *w, const char *prefix, const char *text)
{
    char word[WORD_MAX];
    const unsigned char *c = (const unsigned char *)text;
    while (c && *c != '\0') {
        size_t len = 0;
        for (; *c != '\0' && !word_set_is_letter(*c); c++)
            if (w->all && strchr(",;:/()&+.", *c))
                word_set_put(w, prefix, ",");
        for (; word_set_is_letter(*c) || (*c == '\'' && len > 0); c++)
            if (*c != '\'' && len + 1 < sizeof word)
                word[len++] = (char)(*c < 0x80 ? tolower(*c) : *c);
        word[len] = '\0';
        if (len == 0 || (!w->all && word_set_is_empty_word(word)))
            continue;
        word_set_drop_plural(word);
        word_set_put(w, prefix, word);
    }
}

void word_set_add_whole(struct word_set *w, const char *prefix, const char *text)
{
    char word[WORD_MAX];
    size_t len = 0;
    const unsigned char *c = (const unsigned char *)text;
    for (; c && *c != '\0' && len + 1 < sizeof word; c++) {
        if (word_set_is_letter(*c))
            word[len++] = (char)(*c < 0x80 ? tolower(*c) : *c);
        else if (len > 0 && word[len - 1] != '-')
            word[len++] = '-';
    }
    while (len > 0 && word[len - 1] == '-')
        len--;
    word[len] = '\0';
    if (len > 0)
        word_set_put(w, prefix, word);
}

bool word_set_within(const struct word_set *a, const struct word_set *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!word_set_has(b, a->list[i]))
            return false;
    return true;
}

const char *word_set_joined(const struct word_set *w)
{
    size_t size = 1, len = 0;
    for (size_t i = 0; i < w->count; i++)
        size += strlen(w->list[i]) + 1;
    char *text = w->failed ? NULL : arena_alloc(w->arena, size);
    for (size_t i = 0; text && i < w->count; i++) {
        if (i > 0)
            text[len++] = ' ';
        strcpy(text + len, w->list[i]);
        len += strlen(w->list[i]);
    }
    return text;
}
