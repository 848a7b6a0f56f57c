/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/finder_stem.h"

#include <ctype.h>
#include <libstemmer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sorted. Words that tell nothing about which tool is meant. */
static const char *const stop_words[] = {"a", "about", "after", "again", "all", "also", "am", "an",
    "and", "any", "anything", "are", "aren", "as", "at", "be", "been", "but", "by", "can", "could",
    "couldn", "d", "did", "didn", "do", "does", "doesn", "doing", "don", "dont", "each", "few",
    "for", "from", "get", "gets", "getting", "give", "given", "go", "going", "gonna", "got",
    "gotta", "had", "has", "have", "he", "her", "here", "hers", "him", "his", "hows", "i", "if",
    "im", "in", "into", "is", "isn", "it", "itll", "its", "just", "let", "lets", "ll", "m", "make",
    "may", "me", "might", "mine", "must", "my", "no", "not", "now", "of", "off", "oh", "ok", "on",
    "one", "only", "or", "our", "out", "please", "pls", "put", "re", "really", "s", "she", "should",
    "shouldve", "so", "some", "something", "such", "t", "than", "that", "thats", "the", "their",
    "them", "then", "there", "these", "they", "thing", "things", "this", "those", "to", "too", "up",
    "us", "use", "used", "user", "ve", "very", "wanna", "want", "was", "we", "were", "weve", "what",
    "whats", "whens", "wheres", "while", "whos", "will", "with", "won", "would", "yes", "yet",
    "you", "your"};

/*
 * Sorted. Forms that no rule of endings leads back, short forms, and the spellings and words of one
 * country for those of another.
 */
static const char *const same_words[][2] = {{"addr", "address"}, {"admins", "admin"},
    {"aeroplane", "plane"}, {"ambo", "ambulance"}, {"ambos", "ambulance"}, {"appt", "appointment"},
    {"appts", "appointment"}, {"arvo", "afternoon"}, {"ate", "eat"}, {"barbie", "barbecue"},
    {"barby", "barbecue"}, {"bbq", "barbecue"}, {"bbqs", "barbecue"}, {"bday", "birthday"},
    {"bookkeeper", "accountant"}, {"bought", "buy"}, {"brekkie", "breakfast"},
    {"brekky", "breakfast"}, {"broke", "break"}, {"broken", "break"}, {"buck", "dollar"},
    {"bucks", "dollar"}, {"built", "build"}, {"catalogue", "catalog"}, {"centre", "center"},
    {"cheque", "check"}, {"choc", "chocolate"}, {"colour", "color"}, {"colours", "color"},
    {"cooked", "cook"}, {"cuppa", "tea"}, {"dm", "message"}, {"doc", "doctor"}, {"docs", "doctor"},
    {"doss", "sleep"}, {"dough", "money"}, {"dr", "doctor"}, {"driven", "drive"},
    {"drove", "drive"}, {"dunny", "toilet"}, {"eaten", "eat"}, {"favourite", "favorite"},
    {"favourites", "favorite"}, {"fed", "feed"}, {"footy", "football"}, {"forgot", "forget"},
    {"found", "find"}, {"gal", "gallon"}, {"gals", "gallon"}, {"gave", "give"},
    {"genny", "generator"}, {"genset", "generator"}, {"grandkids", "grandchildren"},
    {"grew", "grow"}, {"grey", "gray"}, {"highways", "highway"}, {"hosp", "hospital"},
    {"hr", "hour"}, {"hrs", "hour"}, {"hubby", "husband"}, {"hwy", "highway"},
    {"info", "information"}, {"kept", "keep"}, {"kg", "kilo"}, {"kgs", "kilo"}, {"kilometer", "km"},
    {"kilometers", "km"}, {"kilometre", "km"}, {"kilometres", "km"}, {"kip", "sleep"},
    {"kitty", "money"}, {"klicks", "km"}, {"kms", "km"}, {"knew", "know"}, {"known", "know"},
    {"ks", "km"}, {"learnt", "learn"}, {"licence", "license"}, {"liter", "litre"},
    {"liters", "litre"}, {"loo", "toilet"}, {"lost", "lose"}, {"ltr", "litre"}, {"ltrs", "litre"},
    {"made", "make"}, {"medicine", "medication"}, {"medicines", "medication"},
    {"meds", "medication"}, {"met", "meet"}, {"mins", "minute"}, {"missus", "wife"},
    {"motorhomes", "motorhome"}, {"mozzie", "mosquito"}, {"mozzies", "mosquito"},
    {"msg", "message"}, {"msgs", "message"}, {"neighbour", "neighbor"}, {"neighbours", "neighbor"},
    {"odo", "odometer"}, {"organise", "organize"}, {"organised", "organize"}, {"paid", "pay"},
    {"people", "person"}, {"photo", "picture"}, {"photos", "picture"}, {"pic", "picture"},
    {"pics", "picture"}, {"pressie", "gift"}, {"programme", "program"}, {"quid", "dollar"},
    {"rd", "road"}, {"rds", "road"}, {"receit", "receipt"}, {"reciept", "receipt"},
    {"recipie", "recipe"}, {"rego", "registration"}, {"said", "say"}, {"sanger", "sandwich"},
    {"saw", "see"}, {"seen", "see"}, {"sent", "send"}, {"shown", "show"}, {"shut", "close"},
    {"snags", "sausage"}, {"sold", "sell"}, {"spag", "pasta"}, {"spent", "spend"},
    {"spud", "potato"}, {"spuds", "potato"}, {"taken", "take"}, {"taught", "teach"},
    {"temp", "temperature"}, {"temps", "temperature"}, {"thought", "think"}, {"tire", "tyre"},
    {"tires", "tyre"}, {"tmr", "tomorrow"}, {"tmrw", "tomorrow"}, {"tmw", "tomorrow"},
    {"told", "tell"}, {"tomoz", "tomorrow"}, {"tonite", "tonight"}, {"took", "take"},
    {"tradie", "mechanic"}, {"traveller", "traveler"}, {"travellers", "traveler"},
    {"txt", "message"}, {"utube", "youtube"}, {"vacation", "holiday"}, {"vacay", "holiday"},
    {"veges", "vegetable"}, {"veggie", "vegetable"}, {"veggies", "vegetable"},
    {"vegies", "vegetable"}, {"vid", "video"}, {"vids", "video"}, {"went", "go"},
    {"wknd", "weekend"}, {"wks", "week"}, {"woke", "wake"}, {"written", "write"},
    {"wrote", "write"}, {"yoghurt", "yogurt"}, {"yrs", "year"}};

static int finder_stem_compare_text(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

bool finder_stem_is_filler(const char *word)
{
    return bsearch(word, stop_words, sizeof stop_words / sizeof *stop_words, sizeof *stop_words,
               finder_stem_compare_text) != NULL;
}

/* "stopping", "stops" and "stopped" become one term: libstemmer's English (Porter 2). Without memory
 * for the stemmer the word stays as it is. */
static void finder_stem_stem(char word[FINDER_TERM])
{
    static struct sb_stemmer *english;
    const sb_symbol *stem;

    if (!english && !(english = sb_stemmer_new("english", NULL)))
        return;
    if (!(stem = sb_stemmer_stem(english, (const sb_symbol *)word, (int)strlen(word))))
        return;
    snprintf(word, FINDER_TERM, "%.*s", sb_stemmer_length(english), (const char *)stem);
}

static void finder_stem_to_term(char word[FINDER_TERM])
{
    const char *const(*same)[2] = bsearch(word, same_words, sizeof same_words / sizeof *same_words,
        sizeof *same_words, finder_stem_compare_text);
    if (same)
        strcpy(word, (*same)[1]);
    finder_stem_stem(word);
}

/* Signs outside of ASCII, such as a curved apostrophe, stand between words. */
static size_t finder_stem_letter(const unsigned char *p)
{
    if (*p == 0xC2 || *p == 0xE2)
        return 0;
    return isalnum(*p) || *p >= 0x80;
}

bool finder_stem_next(const char **text, char term[FINDER_TERM])
{
    const char *p = *text;
    for (;;) {
        size_t len = 0;
        bool digits = true;
        while (*p != '\0' && !finder_stem_letter((const unsigned char *)p))
            for (p++; ((unsigned char)*p & 0xC0) == 0x80; p++)
                ; /* the rest of a sign of several bytes */
        if (*p == '\0') {
            *text = p;
            return false;
        }
        for (; finder_stem_letter((const unsigned char *)p); p++) {
            if (len + 1 < FINDER_TERM)
                term[len++] = (char)tolower((unsigned char)*p);
            digits = digits && isdigit((unsigned char)*p);
        }
        term[len] = '\0';
        if (digits || finder_stem_is_filler(term)) /* amounts and dates name no tool */
            continue;
        finder_stem_to_term(term);
        *text = p;
        return true;
    }
}

bool finder_stem_near(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b), i = 0;
    if (m > n)
        return finder_stem_near(b, a);
    if (m < 4 || n - m > 1 || a[0] != b[0])
        return false;
    while (i < m && a[i] == b[i])
        i++;
    if (m < n)
        return strcmp(a + i, b + i + 1) == 0;
    if (strcmp(a + i, b + i) == 0)
        return true;
    if (m > 4 && strcmp(a + i + 1, b + i + 1) == 0) /* too many short words are one letter apart */
        return true;
    return i + 1 < m && a[i] == b[i + 1] && a[i + 1] == b[i] && strcmp(a + i + 2, b + i + 2) == 0;
}
