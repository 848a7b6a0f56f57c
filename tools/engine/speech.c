/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/speech.h"

#include "tools/engine/finder_stem.h"
#include "tools/engine/speech_list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PHRASE_MAX 5 /* words that belong together */
#define PART_MIN 3   /* bytes of a part of a compound */
#define NEAR_MIN 5   /* bytes of a word in which a slip is forgiven */
#define HEAD_MIN 4   /* of a compound's last part when the rest is unknown */
#define CLITICS_LEFT_MIN 3

/* ---- which language ---- */

static const char *const german_fillers[] = {"aber", "alle", "als", "also", "am", "an", "auch",
    "auf", "aus", "bei", "beim", "bin", "bis", "bist", "bitte", "da", "damit", "dann", "das",
    "dass", "de", "dein", "deine", "dem", "den", "denn", "der", "des", "dich", "die", "dies",
    "diese", "diesem", "diesen", "dieser", "dieses", "dir", "doch", "dort", "du", "durch", "ein",
    "eine", "einem", "einen", "einer", "eines", "er", "es", "etwas", "euch", "fur", "gerade",
    "gern", "gerne", "gibt", "hab", "habe", "haben", "habt", "hast", "hat", "hatte", "hatten",
    "hier", "ich", "ihm", "ihn", "ihr", "ihre", "im", "in", "ins", "ist", "ja", "jetzt", "kann",
    "kannst", "kein", "keine", "konnen", "konnte", "konntest", "lass", "ma", "mal", "man", "mehr",
    "mein", "meine", "meinem", "meinen", "meiner", "mich", "mir", "mit", "mochte", "muss", "nach",
    "nicht", "noch", "nun", "nur", "ob", "oder", "schon", "sehr", "sein", "seine", "seit", "sich",
    "sie", "sind", "so", "soll", "sollen", "uber", "um", "und", "uns", "unser", "unsere", "unserem",
    "unseren", "unserer", "unter", "viel", "vom", "von", "vor", "war", "waren", "warum", "was",
    "weil", "welche", "welchem", "welchen", "welcher", "welches", "wenn", "wer", "werde", "werden",
    "wie", "will", "wir", "wird", "wollen", "wurde", "wurden", "zu", "zum", "zur"};
static const char *const spanish_fillers[] = {"a", "ahora", "al", "algo", "algun", "alguna", "ante",
    "aqui", "asi", "aun", "aunque", "como", "con", "cual", "cuales", "cuando", "de", "del", "desde",
    "donde", "e", "el", "ella", "ellos", "en", "entre", "era", "eres", "es", "esa", "ese", "eso",
    "esta", "estaba", "estamos", "estan", "estas", "este", "esto", "estos", "estoy", "fue", "ha",
    "habia", "han", "has", "hasta", "hay", "he", "hemos", "la", "las", "le", "les", "lo", "los",
    "mas", "me", "mi", "mis", "muy", "nada", "ni", "no", "nos", "nosotros", "nuestra", "nuestras",
    "nuestro", "nuestros", "o", "otra", "otro", "otros", "para", "pero", "podemos", "podria", "por",
    "porque", "puede", "puedes", "puedo", "que", "quien", "quiero", "se", "ser", "si", "sin",
    "sobre", "solo", "son", "soy", "su", "sus", "tal", "tambien", "tan", "te", "tenemos", "tengo",
    "tiene", "tienes", "tu", "tus", "un", "una", "unas", "uno", "unos", "va", "vamos", "voy", "y",
    "ya", "yo"};
static const char *const french_fillers[] = {"a", "ai", "alors", "as", "au", "aux", "avait", "avec",
    "avez", "avoir", "avons", "c", "ca", "ce", "ces", "cet", "cette", "chez", "d", "dans", "de",
    "des", "deux", "dois", "doit", "donc", "du", "elle", "elles", "en", "encore", "es", "est", "et",
    "ete", "etes", "etre", "eu", "il", "ils", "j", "je", "l", "la", "le", "les", "leur", "leurs",
    "lui", "m", "ma", "mais", "me", "mes", "moi", "mon", "n", "ne", "ni", "nos", "notre", "nous",
    "on", "ont", "ou", "par", "pas", "peut", "peux", "plus", "pour", "pourrais", "pourrait", "qu",
    "quand", "que", "quel", "quelle", "quelles", "quels", "qui", "quoi", "s", "sa", "sans", "se",
    "ses", "si", "son", "sont", "suis", "sur", "t", "ta", "te", "tes", "toi", "ton", "tu", "un",
    "une", "va", "vas", "veux", "vos", "votre", "vous", "y"};
#define ROW(list) \
    { \
        list, sizeof(list) / sizeof *(list) \
    }
static const struct {
    const char *const *list;
    size_t count;
} fillers[SPEECH_ALL] = {[SPEECH_GERMAN] = ROW(german_fillers),
    [SPEECH_SPANISH] = ROW(spanish_fillers),
    [SPEECH_FRENCH] = ROW(french_fillers)};

static int speech_compare(const void *text, const void *entry)
{
    return strcmp(text, *(const char *const *)entry);
}

bool speech_is_filler(enum speech_language language, const struct speech_token *token)
{
    if (token->number)
        return true;
    if (language == SPEECH_ENGLISH)
        return finder_stem_is_filler(token->plain);
    return bsearch(token->plain, fillers[language].list, fillers[language].count,
               sizeof *fillers[language].list, speech_compare) != NULL;
}

/* A word that is English alone, or not at all, counts for or against. */
static bool speech_speaks_for(enum speech_language language, const struct speech_token *token,
    bool (*is_known)(const char *term))
{
    if (speech_is_filler(language, token))
        return true;
    if (language != SPEECH_ENGLISH)
        return speech_list_has(language, token->plain) ||
            speech_list_has_stem(language, token->word);
    const char *text = token->plain;
    char term[FINDER_TERM];
    return finder_stem_next(&text, term) && is_known(term);
}

/* ---- words ---- */

/* The next character: small, and what stands in `plain` for it. Returns its bytes; 0: no letter. */
static size_t speech_take(const unsigned char *p, char small[2], char plain[3])
{
    static const char *const latin[] = {"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e",
        "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", NULL, "o", "u", "u", "u", "u", "y",
        "th", "y"};
    memset(plain, 0, 3);
    if (p[0] < 0x80) {
        small[0] = plain[0] = (char)tolower(p[0]);
        return isalnum(p[0]) ? 1 : 0;
    }
    if (p[0] == 0xC3 && (p[1] & 0xC0) == 0x80) {
        unsigned char c = p[1] < 0x9F ? p[1] | 0x20 : p[1]; /* large to small */
        const char *letters = p[1] == 0x9F ? "ss" : latin[c & 0x1F];
        memcpy(plain, letters ? letters : "", letters ? strlen(letters) : 0);
        small[0] = (char)0xC3;
        small[1] = (char)c;
        return letters ? 2 : 0;
    }
    if (p[0] == 0xC5 && (p[1] == 0x92 || p[1] == 0x93)) {
        small[0] = (char)0xC5;
        small[1] = (char)0x93;
        memcpy(plain, "oe", 2);
        return 2;
    }
    if (p[0] == 0xC2 || p[0] == 0xE2) /* signs such as an inverted question mark */
        return 0;
    small[0] = plain[0] = (char)p[0];
    return 1;
}

static void speech_append(char word[SPEECH_WORD], const char *bytes, size_t n)
{
    size_t len = strlen(word);
    if (len + n < SPEECH_WORD) {
        memcpy(word + len, bytes, n);
        word[len + n] = '\0';
    }
}

/* Amounts, times and dates name no tool: "12", "7am", "3rd". */
static bool speech_is_number(const char *plain)
{
    size_t digits = strspn(plain, "0123456789");
    return digits > 0 && strlen(plain) - digits <= 2;
}

static const unsigned char *speech_take_word(const unsigned char *p, struct speech_token *out)
{
    char small[2];
    char plain[3];
    size_t n;
    *out = (struct speech_token){.number = false};
    for (; *p != '\0' && (n = speech_take(p, small, plain)) > 0; p += n) {
        speech_append(out->word, small, n);
        speech_append(out->plain, plain, strlen(plain));
    }
    out->number = speech_is_number(out->plain);
    return p;
}

size_t speech_split(const char *text, struct speech_token *out)
{
    const unsigned char *p = (const unsigned char *)text;
    char small[2];
    char plain[3];
    size_t count = 0;
    while (count < SPEECH_TOKENS) {
        while (*p != '\0' && speech_take(p, small, plain) == 0)
            for (p++; (*p & 0xC0) == 0x80; p++)
                ; /* the rest of a sign of several bytes */
        if (*p == '\0')
            break;
        p = speech_take_word(p, &out[count++]);
    }
    return count;
}

/* ---- meanings ---- */

/* Some words that belong together; the most of them. */
static size_t speech_find_phrase(enum speech_language language, const struct speech_token *tokens,
    size_t count, struct speech_meaning *out)
{
    char phrase[PHRASE_MAX * SPEECH_WORD];
    for (size_t n = count < PHRASE_MAX ? count : PHRASE_MAX; n > 1; n--) {
        size_t len = 0;
        for (size_t i = 0; i < n; i++) {
            size_t part = strlen(tokens[i].plain);
            if (i > 0)
                phrase[len++] = ' ';
            memcpy(phrase + len, tokens[i].plain, part);
            len += part;
        }
        phrase[len] = '\0';
        if (speech_list_find(language, phrase, out))
            return n;
    }
    return 0;
}

static bool speech_find_word(enum speech_language language, const char *word, const char *plain,
    struct speech_meaning *out)
{
    return speech_list_find(language, plain, out) || speech_list_find_stem(language, word, out) ||
        speech_list_find_stem(language, plain, out);
}

/* The first part of a compound, perhaps with the letters that join it. */
static bool speech_find_part(const char *text, size_t len, struct speech_meaning *out)
{
    char part[SPEECH_WORD] = "";
    for (size_t cut = 0; cut <= 2 && len >= PART_MIN + cut; cut++) {
        if (cut > 0 && !strchr("sne", text[len - cut]))
            break;
        memcpy(part, text, len - cut);
        part[len - cut] = '\0';
        if (speech_find_word(SPEECH_GERMAN, part, part, out))
            return true;
    }
    return false;
}

/* "Tankbeleg": the longest known end tells what it is, what stands before it of what. */
static bool speech_find_compound(const char *plain, struct speech_meaning *out)
{
    size_t len = strlen(plain);
    for (size_t at = PART_MIN; at + PART_MIN <= len; at++) {
        if (!speech_find_word(SPEECH_GERMAN, plain + at, plain + at, out))
            continue;
        bool both = speech_find_part(plain, at, out);
        return both || len - at >= HEAD_MIN ||
            (at > 2 * PART_MIN && speech_find_compound(plain + at, out));
    }
    for (size_t n = len - 1; len > HEAD_MIN && n > HEAD_MIN; n--)
        if (speech_find_part(plain, n, out))
            return true;
    return false;
}

/* "Avísame", "mándale": the pronouns go. */
static bool speech_find_verb(const struct speech_token *token, struct speech_meaning *out)
{
    static const char *const clitics[] = {"melo", "mela", "selo", "sela", "nos", "los", "las",
        "les", "me", "te", "se", "lo", "la", "le"};
    char word[SPEECH_WORD];
    size_t len = strlen(token->plain);
    for (size_t i = 0; i < sizeof clitics / sizeof *clitics; i++) {
        size_t n = strlen(clitics[i]);
        if (len < n + CLITICS_LEFT_MIN || strcmp(token->plain + len - n, clitics[i]) != 0)
            continue;
        memcpy(word, token->plain, len - n);
        word[len - n] = '\0';
        if (speech_find_word(SPEECH_SPANISH, word, word, out))
            return true;
    }
    return false;
}

/* "Oel" is how "Öl" is written where the key is missing. */
static bool speech_find_umlaut(const char *plain, struct speech_meaning *out)
{
    char word[SPEECH_WORD];
    size_t n = 0;
    for (const char *p = plain; *p != '\0'; p++) {
        word[n++] = *p;
        p += strchr("aou", *p) && p[1] == 'e';
    }
    word[n] = '\0';
    return n < strlen(plain) &&
        (speech_find_word(SPEECH_GERMAN, word, word, out) || speech_find_compound(word, out));
}

size_t speech_understand(enum speech_language language, const struct speech_token *tokens,
    size_t count, struct speech_meaning *out)
{
    size_t taken = speech_find_phrase(language, tokens, count, out);
    const struct speech_token *t = tokens;
    if (taken > 0 || t->number)
        return taken;
    if (language == SPEECH_ENGLISH)
        return speech_list_find(language, t->plain, out) ? 1 : 0;
    if (speech_is_filler(language, t))
        return 0;
    bool found = speech_find_word(language, t->word, t->plain, out);
    if (!found && language == SPEECH_SPANISH)
        found = speech_find_verb(t, out);
    if (!found && language == SPEECH_GERMAN)
        found = speech_find_umlaut(t->plain, out) || speech_find_compound(t->plain, out);
    if (!found && strlen(t->plain) >= NEAR_MIN)
        found = speech_list_find_near(language, t->plain, out);
    return found ? 1 : 0;
}

enum speech_language speech_guess(const struct speech_token *tokens, size_t count,
    bool (*is_known)(const char *term))
{
    enum speech_language best = SPEECH_ENGLISH;
    size_t hits[SPEECH_ALL] = {0};
    for (size_t i = 0; i < count; i++)
        for (int l = 0; l < SPEECH_ALL; l++)
            hits[l] += !tokens[i].number && speech_speaks_for(l, &tokens[i], is_known);
    for (int l = 1; l < SPEECH_ALL; l++)
        if (hits[l] > hits[best])
            best = l;
    for (size_t i = 0; i < count && hits[best] == 0; i++) {
        struct speech_meaning unused = {.count = 0};
        if (speech_understand(SPEECH_GERMAN, &tokens[i], 1, &unused) > 0)
            return SPEECH_GERMAN; /* a compound, and no other word */
    }
    return best;
}

int speech_prepare(void)
{
    return speech_list_prepare();
}
