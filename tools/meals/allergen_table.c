/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/meals/allergen_table.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 16384 /* a power of two, well above the number of words */
#define PATTERNS_MAX 1536
#define MEMOS 1024 /* a power of two */
#define MEMO_WORD 24
#define COMPOUND_MIN 5  /* bytes of a food in a longer word */
#define COMPOUND_REST 4 /* and of what is beside it: "toasted" is no toast */
#define KEY_MAX ALLERGEN_KEY_MAX
#define PHRASE_MAX ALLERGEN_PHRASE_MAX
#define STEM_MIN ALLERGEN_STEM_MIN

struct entry {
    const char *key; /* words joined by `_` */
    uint64_t groups;
};
struct pattern { /* "*nuss*": its middle, and whether there may be letters around it */
    const char *text;
    size_t len;
    bool before, after;
    uint64_t groups;
};
struct memo { /* what a word was found to be: most words come again */
    char word[MEMO_WORD];
    uint64_t groups;
};
struct table {
    struct entry slots[SLOTS];
    struct memo memos[MEMOS];
    struct pattern patterns[PATTERNS_MAX];
    size_t pattern_count;
};
static struct table *tables[ALLERGEN_LISTS];

static uint32_t allergen_table_hash_of(const char *key)
{
    uint32_t hash = 2166136261u;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    return hash;
}

/* Its slot, or the free one where it belongs. */
static struct entry *allergen_table_slot_of(struct table *t, const char *key)
{
    size_t i = allergen_table_hash_of(key) & (SLOTS - 1);
    while (t->slots[i].key && strcmp(t->slots[i].key, key))
        i = (i + 1) & (SLOTS - 1);
    return &t->slots[i];
}

static int allergen_table_add_pattern(struct table *t, const char *text, size_t len,
    uint64_t groups)
{
    struct pattern *p = &t->patterns[t->pattern_count];
    if (t->pattern_count == PATTERNS_MAX)
        return ERR_LIMIT;
    t->pattern_count++;
    *p = (struct pattern){.text = text, .len = len, .groups = groups};
    p->before = *text == '*';
    p->after = text[len - 1] == '*';
    p->text += p->before;
    p->len -= (size_t)p->before + p->after;
    return 0;
}

int allergen_join(const struct word_set *w, size_t from, size_t count, char out[KEY_MAX])
{
    size_t len = 0;
    for (size_t i = from; i < from + count; i++) {
        size_t n = strlen(w->list[i]);
        if (len + n + 2 > KEY_MAX)
            return ERR_LIMIT;
        if (i > from)
            out[len++] = '_';
        memcpy(out + len, w->list[i], n);
        len += n;
    }
    out[len] = '\0';
    return 0;
}

/* In the form in which word_set.h leaves the words of a text, so that the two meet. */
static int allergen_table_add_word(struct table *t, struct arena *arena, const char *text,
    size_t len, uint64_t groups)
{
    char copy[KEY_MAX], key[KEY_MAX];
    struct word_set w;
    if (len >= sizeof copy || word_set_init(&w, arena, PHRASE_MAX + 2))
        return ERR_NOMEM;
    memcpy(copy, text, len);
    copy[len] = '\0';
    for (char *c = copy; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    w.all = true;
    word_set_add(&w, "", copy);
    if (w.failed || allergen_join(&w, 0, w.count, key))
        return ERR_NOMEM;
    struct entry *e = allergen_table_slot_of(t, key);
    e->groups |= groups;
    if (!e->key)
        e->key = arena_strdup(arena, key);
    return e->key ? 0 : ERR_NOMEM;
}

static int allergen_table_add_rows(struct table *t, struct arena *arena,
    const struct allergen_words *rows)
{
    int error = 0;
    for (; !error && rows->groups; rows++)
        for (const char *at = rows->words + strspn(rows->words, " "); !error && *at;
             at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            bool before = *at == '*', after = at[len - 1] == '*';
            if (before || after)
                error = allergen_table_add_pattern(t, at, len, rows->groups);
            if (!error)
                error = allergen_table_add_word(t, arena, at + before, len - before - after,
                    rows->groups);
            at += len;
        }
    return error;
}

/* The names of single foods that nothing else is known of. */
static int allergen_table_add_aliases(struct table *t, struct arena *arena)
{
    int error = 0;
    for (const char *const *row = allergen_aliases; !error && *row; row++)
        for (const char *at = *row; !error && *at; at += strspn(at, " ")) {
            char key[KEY_MAX];
            size_t len = strcspn(at, " ");
            memcpy(key, at, len);
            key[len] = '\0';
            if (!allergen_table_slot_of(t, key)->groups)
                error = allergen_table_add_word(t, arena, at, len, ALLERGEN_SINGLE);
            at += len;
        }
    return error;
}

static struct table *allergen_table_make_table(struct arena *arena,
    const struct allergen_words *const *rows, bool aliases)
{
    struct table *t = calloc(1, sizeof *t);
    int error = t ? 0 : ERR_NOMEM;
    for (; !error && *rows; rows++)
        error = allergen_table_add_rows(t, arena, *rows);
    if (!error && aliases)
        error = allergen_table_add_aliases(t, arena);
    if (!error)
        return t;
    free(t);
    return NULL;
}

int allergen_table_prepare(void)
{
    static const struct allergen_words *const of_names[] = {allergen_names, NULL};
    static const struct allergen_words *const of_foods[] = {allergen_foods, allergen_dishes,
        allergen_kitchens, NULL};
    static struct arena *arena; /* for the life of the process */
    struct table **names = &tables[ALLERGEN_NAMES], **foods = &tables[ALLERGEN_FOODS];
    if (!arena)
        arena = arena_new();
    if (arena && !*names)
        *names = allergen_table_make_table(arena, of_names, false);
    if (*names && !*foods)
        *foods = allergen_table_make_table(arena, of_foods, true);
    return *foods ? 0 : ERR_NOMEM;
}

/* --- looking up --- */

/* Without its end, or with another one, as plurals of several languages have them: "mandorle" of
 * "mandorla"; "brownies" is "browny" by now. */
static uint64_t allergen_table_find_stem(struct table *t, const char *word)
{
    static const char *const ends[] = {"nen", "en", "er", "es", "n", "e", "i", "x", "s"};
    /* The last letter, and what stands in its place. */
    static const char *const others[] = {"yie", "ea", "io", "ie"};
    char stem[KEY_MAX];
    size_t len = strlen(word);
    uint64_t groups = 0;
    for (size_t i = 0; !groups && i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(ends[i]);
        if (len < n + STEM_MIN || strcmp(word + len - n, ends[i]))
            continue;
        memcpy(stem, word, len - n);
        stem[len - n] = '\0';
        groups = allergen_table_slot_of(t, stem)->groups;
    }
    for (size_t i = 0; !groups && len > STEM_MIN && i < sizeof others / sizeof *others; i++) {
        if (word[len - 1] != others[i][0] || len + 2 > sizeof stem)
            continue;
        memcpy(stem, word, len - 1);
        strcpy(stem + len - 1, others[i] + 1);
        groups = allergen_table_slot_of(t, stem)->groups;
    }
    return groups;
}

/* The word's end is the pattern's, which word_set.h took for a plural: "*kaas" in "roomkaa". */
static bool allergen_table_fits_cut(const struct pattern *p, const char *word, size_t len)
{
    size_t n = p->len - 1;
    return n >= STEM_MIN - 1 && p->text[n] == 's' && !strchr("sui", p->text[n - 1]) && len >= n &&
        (p->before || len == n) && !memcmp(word + len - n, p->text, n);
}

static bool allergen_table_fits(const struct pattern *p, const char *word, size_t len)
{
    size_t last = p->before && len >= p->len ? len - p->len : 0;
    for (size_t i = p->after ? 0 : last; len >= p->len && i <= last; i++)
        if (!memcmp(word + i, p->text, p->len))
            return true;
    return allergen_table_fits_cut(p, word, len);
}

static uint64_t allergen_table_find_pattern(const struct table *t, const char *word)
{
    size_t len = strlen(word);
    uint64_t groups = 0;
    for (size_t i = 0; i < t->pattern_count; i++) {
        const struct pattern *p = &t->patterns[i];
        if (allergen_table_fits(p, word, len))
            groups |= p->groups;
    }
    return groups;
}

/* A word that nothing knows, and that begins or ends with a food: "Matjesfilet", "Waldorfsalat". */
static uint64_t allergen_table_find_compound(struct table *t, const char *word)
{
    char part[KEY_MAX];
    size_t len = strlen(word);
    uint64_t groups = 0;
    for (size_t n = COMPOUND_MIN; n + COMPOUND_REST <= len && n < sizeof part; n++) {
        memcpy(part, word, n);
        part[n] = '\0';
        groups |= allergen_table_slot_of(t, part)->groups |
            allergen_table_slot_of(t, word + len - n)->groups;
    }
    return groups & ((UINT64_C(1) << ALLERGEN_GROUPS) - 1);
}

/* By its own entry, and by each pattern; but what is known to be none of it is none. */
uint64_t allergen_find_word(enum allergen_list list, const char *word)
{
    struct table *t = tables[list];
    uint64_t groups = allergen_table_slot_of(t, word)->groups;
    struct memo *memo = &t->memos[allergen_table_hash_of(word) & (MEMOS - 1)];
    if (groups & ALLERGEN_NOTHING)
        return groups;
    if (!strcmp(memo->word, word))
        return memo->groups;
    if (!groups)
        groups = allergen_table_find_stem(t, word);
    if (!(groups & ALLERGEN_NOTHING))
        groups |= allergen_table_find_pattern(t, word);
    if (!groups && list == ALLERGEN_FOODS)
        groups = allergen_table_find_compound(t, word);
    if (strlen(word) < sizeof memo->word) {
        strcpy(memo->word, word);
        memo->groups = groups;
    }
    return groups;
}

uint64_t allergen_find_phrase(enum allergen_list list, const struct word_set *w, size_t from,
    size_t *count)
{
    struct table *t = tables[list];
    char key[KEY_MAX];
    uint64_t groups;
    for (*count = PHRASE_MAX; *count > 1; --*count) {
        bool is_one = from + *count <= w->count;
        for (size_t i = from; is_one && i < from + *count; i++)
            is_one = w->list[i][0] != ',';
        if (is_one && !allergen_join(w, from, *count, key) &&
            (groups = allergen_table_slot_of(t, key)->groups))
            return groups;
    }
    return allergen_find_word(list, w->list[from]);
}

bool allergen_in_list(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (list += strspn(list, " "); *list; list += strspn(list, " ")) {
        size_t len = strcspn(list, " ");
        if (len == n && !memcmp(list, word, n))
            return true;
        list += len;
    }
    return false;
}

bool allergen_is_known(enum allergen_list list, const char *key)
{
    return allergen_table_slot_of(tables[list], key)->key != NULL;
}

/* --- slips of the finger --- */

/* One letter too many, too few, another one, or two in the wrong order. */
static bool allergen_table_is_slip(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), i = 0;
    if (n < m)
        return allergen_table_is_slip(b, a);
    if (n > m + 1)
        return false;
    while (i < m && a[i] == b[i])
        i++;
    if (n > m)
        return !strcmp(a + i + 1, b + i);
    return !strcmp(a + i + 1, b + i + 1) ||
        (i + 1 < n && a[i] == b[i + 1] && a[i + 1] == b[i] && !strcmp(a + i + 2, b + i + 2));
}

const char *allergen_find_slip(enum allergen_list list, const char *word, uint64_t *groups)
{
    const struct entry *found = NULL;
    for (size_t i = 0; i < SLOTS && (!found || *found->key != *word); i++) {
        const struct entry *e = &tables[list]->slots[i];
        if (!e->key || e->groups & (ALLERGEN_NO_FOOD | ALLERGEN_VAGUE) ||
            strlen(e->key) < ALLERGEN_SLIP_MIN || strchr(e->key, '_') ||
            !allergen_table_is_slip(e->key, word))
            continue;
        if (!found || *e->key == *word)
            found = e;
    }
    *groups = found ? found->groups : 0;
    return found ? found->key : NULL;
}
