/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_frame_slot.h"

#include "agent/offline/offline_speech.h"
#include "base/jdoc.h"
#include "tools/kit/currency.h"
#include "tools/kit/numeral.h"
#include "tools/kit/unit_table.h"
#include "tools/kit/zone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

static size_t offline_frame_slot_sign(const char *p, size_t len)
{
    static const char *const signs[] = {"$", "\xe2\x82\xac", "\xc2\xa3"};

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (len > strlen(signs[i]) && !strncmp(p, signs[i], strlen(signs[i])))
            return strlen(signs[i]);
    return 0;
}

static void offline_frame_slot_word(struct offline_frame_words *w, const char *p, size_t len)
{
    struct offline_frame_word *k = &w->list[w->count];
    char text[OFFLINE_WORD_SIZE];

    if (!len)
        return;
    if (w->count == OFFLINE_FRAME_WORDS || len >= sizeof text) {
        w->broken = true;
        return;
    }
    memcpy(text, p, len);
    text[len] = 0;
    *k = (struct offline_frame_word){.at = p, .len = len};
    offline_fold(text, k->low, sizeof k->low);
    w->count++;
}

/* Where the first word of a piece ends: "10km", "l'essence", "sais-tu" are two. */
static size_t offline_frame_slot_end(const char *p, size_t len)
{
    size_t sign = len > 1 && strchr("+-", *p) && isdigit((unsigned char)p[1]);

    if (isdigit((unsigned char)p[sign])) {
        size_t n = sign;
        while (n < len && (isdigit((unsigned char)p[n]) || strchr(".,", p[n])))
            n++;
        return n;
    }
    for (size_t i = 1; i < len; i++) {
        bool typed = !strncmp(p + i, "\xe2\x80\x99", 3), mark = p[i] == '\'' || typed;
        if (mark && ((i == 1 && strchr("ldjmtsncLDJMTSNC", *p)) || (i == 2 && (p[1] | 32) == 'u')))
            return i;
        if (p[i] == '-')
            return i;
    }
    return len;
}

static void offline_frame_slot_piece(struct offline_frame_words *w, const char *p, size_t len)
{
    size_t sign = offline_frame_slot_sign(p, len), first = w->count;

    if (sign && isdigit((unsigned char)p[sign])) { /* "$30" is read as "30 $" */
        offline_frame_slot_word(w, p + sign, len - sign);
        offline_frame_slot_word(w, p, sign);
        return;
    }
    while (len && !w->broken) {
        size_t n = offline_frame_slot_end(p, len);
        offline_frame_slot_word(w, p, n);
        if (n < len && !strncmp(p + n, "\xe2\x80\x99", 3))
            n += 3;
        else if (n < len && (p[n] == '\'' || p[n] == '-') && w->count > first)
            n++;
        p += n;
        len -= n;
    }
}

void offline_frame_split(const char *text, struct offline_frame_words *out)
{
    const char *p = text + strspn(text, " \t\n");

    memset(out, 0, sizeof *out);
    while (*p && !out->broken) {
        size_t len = strcspn(p, " \t\n");
        const char *gap = p + len, *next = gap + strspn(gap, " \t\n");
        bool comma = false, ended = false;
        while (!strncmp(p, "\xc2\xbf", 2) || !strncmp(p, "\xc2\xa1", 2))
            p += 2, len -= 2;
        while (len && strchr(".,!?;:", p[len - 1])) {
            comma |= p[len - 1] == ',';
            ended |= p[len - 1] != ',' &&
                !(p[len - 1] == '.' && len > 1 &&
                    isdigit((unsigned char)p[len - 2])); /* "3. Mai" */
            out->question |= p[len - 1] == '?';
            len--;
        }
        out->broken |= *next && (ended || memchr(gap, '\n', (size_t)(next - gap)));
        offline_frame_slot_piece(out, p, len);
        if (comma && out->count)
            out->list[out->count - 1].comma = true;
        p = next;
    }
}

/* ---- what words mean ---- */

bool offline_frame_slot_in(const char *word, const char *list)
{
    size_t n = strlen(word);

    for (const char *p = list; n && *p; p += p[strcspn(p, "|")] ? strcspn(p, "|") + 1 : strlen(p))
        if (strcspn(p, "|") == n && !strncmp(p, word, n))
            return true;
    return false;
}

static const char *offline_frame_slot_concept(const struct offline_frame_words *w, size_t i,
    enum offline_language language)
{
    const char *words[1] = {w->list[i].low};
    size_t used;

    return offline_lexicon_find(language, words, 1, &used, NULL);
}

static bool offline_frame_slot_and(const char *word)
{
    return offline_frame_slot_in(word, "and|und|y|e|et|then|dann|luego|puis|also|plus");
}

/* Whether an order of its own begins behind "and" or a comma, or something is denied. */
static bool offline_frame_slot_orders(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, enum offline_language language, bool denials)
{
    static const char orders[] =
        "show|add|log|remove|set|remind|timer|alarm|spent|bought|move|post|"
        "message|search|export|filled|undo|howmuch|plantrip|done|"
        "whattime|expense";

    for (size_t i = s->at; i < s->at + s->n; i++) {
        const char *concept = offline_frame_slot_concept(w, i, language);
        bool first = i > s->at &&
            (w->list[i - 1].comma || offline_frame_slot_and(w->list[i - 1].low) ||
                (i > s->at + 1 && offline_frame_slot_and(w->list[i - 2].low)));
        if (concept &&
            ((denials && *concept == '!') || (first && offline_frame_slot_in(concept, orders))))
            return true;
    }
    return false;
}

static bool offline_frame_slot_text(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, char *out, size_t size)
{
    const struct offline_frame_word *a = &w->list[s->at], *b = a + s->n - 1;
    size_t len = b->at >= a->at ? (size_t)(b->at + b->len - a->at) : size;

    if (len >= size)
        return false;
    memcpy(out, a->at, len);
    out[len] = 0;
    return true;
}

static bool offline_frame_slot_put(jdoc *args, const struct offline_frame_slot *s, jdoc *value)
{
    char name[32];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(s->argument, " "), s->argument);
    return !jdoc_set(args, name, value);
}

static bool offline_frame_slot_put_text(jdoc *args, const struct offline_frame_slot *s,
    const char *text)
{
    return !args || offline_frame_slot_put(args, s, jdoc_new_string(text, strlen(text)));
}

/* ---- slots ---- */

static bool offline_frame_slot_value(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, bool comma, double *value)
{
    char text[OFFLINE_TEXT_MAX];

    if (!offline_frame_slot_text(w, s, text, sizeof text))
        return false;
    bool minus = *text == '-';
    if (minus || isdigit((unsigned char)*text)) {
        int error = numeral_read(text + minus, strlen(text + minus), comma, value);
        *value = minus ? -*value : *value;
        return !error;
    }
    return false;
}

/* A number in words, of one word. */
static bool offline_frame_slot_number(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, enum offline_language language, double *value)
{
    const char *words[1] = {w->list[s->at].low};
    const char *concept = offline_frame_slot_concept(w, s->at, language);

    if (language == OFFLINE_ENGLISH)
        return numeral_words(words, 1, value) == 1;
    if (!concept || *concept != '#')
        return false;
    *value = atof(concept + 1);
    return true;
}

static bool offline_frame_slot_take_value(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, const struct offline_world *world,
    enum offline_language language, jdoc *args)
{
    bool comma = language == OFFLINE_ENGLISH ? world->decimal_comma : true;
    double value;

    return (offline_frame_slot_value(w, s, comma, &value) ||
               offline_frame_slot_number(w, s, language, &value)) &&
        (!args || offline_frame_slot_put(args, s, jdoc_new_double(value)));
}

/* Names that the table of units lacks become one that it has. */
static bool offline_frame_slot_unit(char *text, size_t size)
{
    static const struct units metric; /* which gallon it is, the tool knows */
    const struct unit *unit;
    char folded[OFFLINE_TEXT_MAX], why[UNIT_WHY_SIZE];
    int error = unit_find(text, &metric, NULL, &unit, why);

    if (!error || error == ERR_CONFLICT)
        return true;
    offline_fold(text, folded, sizeof folded);
    if (!offline_frame_slot_in(folded,
            "gallonsamericains|gallonamericain|galonesamericanos|galonamericano|"
            "amerikanischegallonen|amerikanischegallone|americangallons|galonesestadounidenses"))
        return false;
    snprintf(text, size, "US gallon");
    return true;
}

/* What other languages call money, folded. */
static const struct {
    const char *names, *code;
} offline_frame_slot_moneys[] = {
    {"usdollar|usdollars|americandollars|americandollar|dolaresestadounidenses|"
     "dolaresamericanos|dollarsamericains|dollaramericain|amerikanischedollar|dolaresdeeeuu",
        "USD"},
    {"australiandollars|australiandollar|aussiedollars|australischedollar|dolaresaustralianos|"
     "dollarsaustraliens",
        "AUD"},
    {"canadiandollars|canadiandollar|kanadischedollar|dolarescanadienses|dollarscanadiens", "CAD"},
    {"newzealanddollars|newzealanddollar|kiwidollars|neuseelanddollar|dolaresneozelandeses|"
     "dollarsneozelandais",
        "NZD"},
    {"schweizerfranken|franken|swissfrancs|francossuizos|francssuisses|swissfranc", "CHF"},
    {"britishpounds|poundssterling|britischepfund|pfund|librasesterlinas|libras|livressterling",
        "GBP"},
    {"yenes|japaneseyen", "JPY"},
    {"pesosmexicanos|mexicanpesos|mexikanischepesos|pesosmexicains", "MXN"},
    {"dolares|dolar", "$"},
};

/* The code of the money; false when several could be meant. */
static bool offline_frame_slot_money(const char *text, const struct offline_world *world,
    char code[4])
{
    char country[3], folded[OFFLINE_TEXT_MAX];

    offline_fold(text, folded, sizeof folded);
    if (offline_frame_slot_in(folded, "peso|pesos|rupees|rupee|rupien|rupias|roupies"))
        return false; /* of many countries */
    bool found = currency_named(text, code);
    for (size_t i = 0;
         !found && i < sizeof offline_frame_slot_moneys / sizeof *offline_frame_slot_moneys; i++)
        if (offline_frame_slot_in(folded, offline_frame_slot_moneys[i].names)) {
            snprintf(code, 4, "%s", offline_frame_slot_moneys[i].code);
            found = true;
        }
    if (!found || (strlen(code) == 3 && isupper((unsigned char)*code)))
        return found;
    const char *there = zone_country(world->zone, country) ? currency_there(code, country) : NULL;
    if (!currency_is(code, world->currency) || (there && strcmp(there, world->currency) != 0))
        return false;
    snprintf(code, 4, "%s", world->currency);
    return true;
}

static bool offline_frame_slot_kind(const char *word, const char **kind)
{
    static const struct {
        const char *words, *kind;
    } kinds[] = {
        {"trips|trip|reisen|fahrten|viajes|voyages", "trip"},
        {"vehicles|vehicle|fahrzeuge|vehiculos|vehicules", "vehicle"},
        {"recipe", "recipe"},
        {"spot", "favorite_spot"},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (offline_frame_slot_in(word, kinds[i].words)) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

/* "the torch, two towels and socks": each by itself, without its article. */
static bool offline_frame_slot_items(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, jdoc *out)
{
    static const char articles[] = "the|a|an|some|my|our|das|der|die|den|ein|eine|einen|meine|el|"
                                   "la|los|las|un|una|unos|unas|le|les|l|des|du|de|une|mes|mis";
    char text[OFFLINE_TEXT_MAX];

    for (size_t i = s->at, end = s->at + s->n; i < end; i++) {
        while (i < end &&
            (offline_frame_slot_in(w->list[i].low, articles) ||
                (i > s->at && offline_frame_slot_and(w->list[i].low))))
            i++;
        struct offline_frame_slot item = {.at = i};
        while (i < end && !offline_frame_slot_and(w->list[i].low) &&
            (i == item.at || !w->list[i - 1].comma))
            i++, item.n++;
        bool again = i < end && item.n && w->list[i - 1].comma;
        if (!item.n || !offline_frame_slot_text(w, &item, text, sizeof text) ||
            offline_frame_slot_in(w->list[item.at].low,
                "it|this|that|es|eso|esto|ca|cela|everything|"
                "alles|todo|tout"))
            return false;
        if (out && jdoc_push(out, jdoc_new_string(text, strlen(text))))
            return false;
        i -= again;
    }
    return true;
}

/* Whether a fact names a day or an hour: then it may be an appointment. Birthdays are facts. */
static bool offline_frame_slot_dated(const char *text, enum offline_language language)
{
    static const char *const births[] = {"birthday", "born", "eburtstag", "geboren", "cumple",
        "anniversaire"};
    static struct offline_speech speech; /* 20 KiB; nothing waits here */

    for (size_t i = 0; i < sizeof births / sizeof *births; i++)
        if (strstr(text, births[i]))
            return false;
    offline_speech_read(&speech, text, language, language != OFFLINE_ENGLISH);
    return speech.when.dates || speech.when.times || speech.when.part;
}

static bool offline_frame_slot_named(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, bool owner, char *text, size_t size)
{
    static const char never[] =
        "my|our|your|the|mein|meine|mi|mis|mon|ma|mes|it|me|you|her|his|"
        "this|that|and|und|y|et|or|oder|o|ou|to|for|of|all|everything|i|deleted";

    if (!offline_frame_slot_text(w, s, text, size))
        return false;
    for (size_t i = s->at; i < s->at + s->n; i++)
        if (offline_frame_slot_in(w->list[i].low, never) || w->list[i].comma ||
            !isalpha((unsigned char)*w->list[i].low))
            return false;
    size_t n = strlen(text);
    size_t tail = n > 2 && !strcmp(text + n - 2, "'s")  ? 2 :
        n > 4 && !strcmp(text + n - 4, "\xe2\x80\x99s") ? 4 :
                                                          0;
    text[n - tail] = 0;
    return !owner || tail;
}

/* Lists that tools of their own keep, and words that are no list. */
static bool offline_frame_slot_listed(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, enum offline_language language)
{
    static const char kept[] = "equipment|checklist|task|pantry|event|calendar|budget|transition|"
                               "expense|medication|launch|reminders|recipe|trip|vehicle";
    static const char words[] = "do|todo|departure|leaving|gear|checkliste|wunschliste|guest";
    static const char shopping[] = "shopping|grocery|groceries|einkaufsliste|einkaufszettel|"
                                   "compra|compras|super|supermercado|courses|achats";
    bool made = !strncmp(s->argument, "name", 4);

    for (size_t i = s->at; i < s->at + s->n; i++) {
        const char *concept = offline_frame_slot_concept(w, i, language);
        bool bought = offline_frame_slot_in(w->list[i].low, shopping);
        if ((concept && !bought && offline_frame_slot_in(concept, kept)) ||
            offline_frame_slot_in(w->list[i].low, words) || (made && bought) ||
            strstr(w->list[i].low, "wiedergabe") || !strncmp(w->list[i].low, "playlist", 8))
            return false;
    }
    return true;
}

/* A word that can be a medication's name: none of the lexicon, and none that people take along. */
static bool offline_frame_slot_medicine(const struct offline_frame_words *w, size_t at,
    enum offline_language language)
{
    static const char other[] =
        "time|kids|kid|children|family|brother|sister|mother|father|mum|mom|dad|friend|friends|wife|husband|son|daughter|dog|dogs|cat|umbrella|bike|phone|"
        "keys|camera|break|shower|picture|pictures|photos|seat|turn|chance|passport|bag|jacket|hat|"
        "temperature|advice|leave|word|exam|test|dose|doses|stuff|zeit|kinder|hund|rad|fahrrad|"
        "schirm|tasche|jacke|dosis|tiempo|hijos|perro|bici|bolsa|paraguas|dosis|temps|enfants|"
        "chien|velo|sac|parapluie|dose|petit|telephone|telefono|handy";

    return !offline_frame_slot_concept(w, at, language) &&
        !offline_frame_slot_in(w->list[at].low, other) && offline_frame_more_medicine(w, at);
}

/* People have names that are no words of the lexicon. */
static bool offline_frame_slot_person(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, enum offline_language language)
{
    for (size_t i = s->at; !strncmp(s->argument, "name", 4) && i < s->at + s->n; i++) {
        const char *concept = offline_frame_slot_concept(w, i, language);
        if (concept && *concept != '_')
            return false;
    }
    return true;
}

size_t offline_frame_slot_most(const char *type)
{
    static const struct {
        const char *type;
        size_t most;
    } mosts[] = {{"value:", 1}, {"unit:", 4}, {"currency:", 3}, {"list:", 3}, {"items:", 16},
        {"kind:", 1}, {"name:", 3}, {"person:", 3}, {"owner:", 3}, {"medicine:", 1},
        {"text:", OFFLINE_FRAME_WORDS}};

    for (size_t i = 0; i < sizeof mosts / sizeof *mosts; i++)
        if (!strncmp(type, mosts[i].type, strlen(mosts[i].type)))
            return mosts[i].most;
    return offline_frame_more_most(type);
}

bool offline_frame_slot_take(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, const struct offline_world *world,
    enum offline_language language, jdoc *args)
{
    char text[OFFLINE_TEXT_MAX], code[4];
    const char *kind;
    jdoc *items = NULL;

    if (offline_frame_more_most(s->type))
        return offline_frame_more_take(w, s, world, language, args);
    if (!offline_frame_slot_text(w, s, text, sizeof text))
        return false;
    switch (*s->type) {
    case 'v':
        return offline_frame_slot_take_value(w, s, world, language, args);
    case 'u':
        return offline_frame_slot_unit(text, sizeof text) &&
            offline_frame_slot_put_text(args, s, text);
    case 'c':
        return offline_frame_slot_money(text, world, code) &&
            offline_frame_slot_put_text(args, s, code);
    case 'k':
        return offline_frame_slot_kind(w->list[s->at].low, &kind) &&
            offline_frame_slot_put_text(args, s, kind);
    case 'i':
        return !offline_frame_slot_orders(w, s, language, true) &&
            offline_frame_slot_items(w, s, NULL) &&
            (!args ||
                ((items = jdoc_new_array()) && offline_frame_slot_items(w, s, items) &&
                    offline_frame_slot_put(args, s, items)));
    case 't':
        return !offline_frame_slot_orders(w, s, language, false) &&
            (s->at + s->n < w->count || !offline_frame_slot_dated(text, language)) &&
            offline_frame_slot_put_text(args, s, text);
    case 'm':
        return offline_frame_slot_named(w, s, false, text, sizeof text) &&
            offline_frame_slot_medicine(w, s->at, language) &&
            offline_frame_slot_put_text(args, s, text);
    case 'l':
        if (language == OFFLINE_GERMAN &&
            (s->n > 1 || strlen(text) < 7 || strcmp(text + strlen(text) - 5, "liste") != 0))
            return false;
        return offline_frame_slot_named(w, s, false, text, sizeof text) &&
            offline_frame_slot_listed(w, s, language) && offline_frame_slot_put_text(args, s, text);
    default: /* name, owner */
        return !offline_frame_slot_orders(w, s, language, true) &&
            offline_frame_slot_person(w, s, language) &&
            (*s->type != 'p' || offline_frame_more_person(w, s)) &&
            offline_frame_slot_named(w, s, *s->type == 'o', text, sizeof text) &&
            offline_frame_slot_put_text(args, s, text);
    }
}
