/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* alone: counts only when it is the whole of what it stands for ("oil" is no oil for the car when
 * it is olive). */
static const struct {
    const char *words, *category;
    bool alone;
} offline_categories[] = {
    {"diesel", "diesel", false},
    {"propane", "propane", false},
    {"lpg", "propane", false},
    {"gas bottle", "propane", false},
    {"gas bottles", "propane", false},
    {"gas refill", "propane", false},
    {"fuel", "gas", false},
    {"petrol", "gas", false},
    {"gasoline", "gas", false},
    {"gas", "gas", true},
    {"gas station", "gas", false},
    {"gas tank", "gas", false},
    {"gas money", "gas", false},
    {"unleaded", "gas", false},
    {"ulp", "gas", false},
    {"e10", "gas", false},
    {"adblue", "diesel", false},
    {"groceries", "groceries", false},
    {"grocery", "groceries", false},
    {"supermarket", "groceries", false},
    {"restaurant", "restaurant", false},
    {"lunch", "restaurant", false},
    {"dinner", "restaurant", false},
    {"breakfast", "restaurant", false},
    {"brunch", "restaurant", false},
    {"coffee", "restaurant", false},
    {"coffees", "restaurant", false},
    {"cafe", "restaurant", false},
    {"takeaway", "restaurant", false},
    {"takeout", "restaurant", false},
    {"pizza", "restaurant", false},
    {"hot dog", "restaurant", false},
    {"hot dogs", "restaurant", false},
    {"food", "food", false},
    {"snack", "food", false},
    {"snacks", "food", false},
    {"rv park", "rv_park", false},
    {"caravan park", "rv_park", false},
    {"holiday park", "rv_park", false},
    {"campground", "campground", false},
    {"campgrounds", "campground", false},
    {"campsite", "campground", false},
    {"camping", "campground", true},
    {"camp fees", "campground", false},
    {"camping fees", "campground", false},
    {"camp site", "campground", false},
    {"repair", "repair", false},
    {"repairs", "repair", false},
    {"mechanic", "repair", false},
    {"maintenance", "maintenance", false},
    {"oil change", "maintenance", false},
    {"engine oil", "maintenance", false},
    {"motor oil", "maintenance", false},
    {"oil", "maintenance", true},
    {"service", "maintenance", true},
    {"car service", "maintenance", false},
    {"van service", "maintenance", false},
    {"vehicle service", "maintenance", false},
    {"tyre", "maintenance", false},
    {"tyres", "maintenance", false},
    {"tire", "maintenance", false},
    {"tires", "maintenance", false},
    {"insurance", "insurance", false},
    {"registration", "registration", false},
    {"rego", "registration", false},
    {"toll", "tolls", false},
    {"tolls", "tolls", false},
    {"parking", "parking", false},
    {"entertainment", "entertainment", false},
    {"movie", "entertainment", false},
    {"movies", "entertainment", false},
    {"cinema", "entertainment", false},
    {"museum", "entertainment", false},
    {"concert", "entertainment", false},
    {"shopping", "shopping", true},
    {"clothes", "shopping", false},
    {"clothing", "shopping", false},
    {"medical", "medical", false},
    {"doctor", "medical", false},
    {"dentist", "medical", false},
    {"pharmacy", "medical", false},
    {"medicine", "medical", false},
    {"medication", "medical", false},
    {"pet", "pet", false},
    {"pets", "pet", false},
    {"vet", "pet", false},
    {"dog food", "pet", false},
    {"cat food", "pet", false},
    {"pet food", "pet", false},
    {"dog", "pet", false},
    {"cat", "pet", false},
    {"utilities", "utilities", false},
    {"electricity", "utilities", false},
    {"water bill", "utilities", false},
    {"power bill", "utilities", false},
    {"internet", "internet", false},
    {"wifi", "internet", false},
    {"data plan", "internet", false},
    {"mobile data", "internet", false},
    {"phone", "phone", true},
    {"phone bill", "phone", false},
    {"phone plan", "phone", false},
    {"mobile plan", "phone", false},
    {"phone credit", "phone", false},
    {"other", "other", true},
};

/* The text in small letters, blanks around each word, "and" for "&" and the like. */
static void offline_category_fold(const char *text, char *out, size_t size)
{
    size_t n = 1;

    out[0] = ' ';
    for (; *text && n + 6 < size; text++)
        if (isalnum((unsigned char)*text) || (unsigned char)*text >= 0x80 || *text == '\'')
            out[n++] = (char)tolower((unsigned char)*text);
        else if (strchr("&+,", *text))
            n += (size_t)sprintf(out + n, " and ");
        else if (out[n - 1] != ' ')
            out[n++] = ' ';
    if (out[n - 1] != ' ')
        out[n++] = ' ';
    out[n] = 0;
}

/* Where the words stand in the folded text as whole words, else NULL. */
static char *offline_category_find(char *folded, const char *words)
{
    size_t len = strlen(words);

    for (char *p = folded; (p = strstr(p, words)); p++)
        if (p[-1] == ' ' && p[len] == ' ')
            return p;
    return NULL;
}

/* Whether only articles stand beside the words that were found. */
static bool offline_category_whole(const char *folded)
{
    static const char *const articles[] = {"the", "my", "our", "a", "an", "some", "all"};

    for (const char *p = folded + strspn(folded, " #"); *p; p += strspn(p, " #")) {
        size_t len = strcspn(p, " #");
        bool article = false;
        for (size_t i = 0; i < sizeof articles / sizeof *articles; i++)
            article |= strlen(articles[i]) == len && !strncmp(articles[i], p, len);
        if (!article)
            return false;
        p += len;
    }
    return true;
}

/* Whether the word at `at` is all that this part of a list names: "gas" is, in "gas for the van and
 * lunch", and not in "gas stove". */
static bool offline_category_alone(const char *folded, const char *at, size_t len)
{
    static const char *const behind[] = {"and ", "for ", "at ", "in ", "from ", "with ", "to ",
        "on "};
    char before[OFFLINE_TEXT_MAX + 8], *part = before, *next;
    bool ends = !at[len + 1];

    snprintf(before, sizeof before, "%.*s", (int)(at - folded), folded);
    while ((next = strstr(part, " and ")))
        part = next + 4;
    for (size_t i = 0; !ends && i < sizeof behind / sizeof *behind; i++)
        ends = !strncmp(at + len + 1, behind[i], strlen(behind[i]));
    return ends && offline_category_whole(part);
}

/* One letter too many or too few, two in the wrong order, or in a long word another one: "tools"
 * are no "tolls". */
static bool offline_category_slip(const char *word, size_t len, const char *right)
{
    size_t n = strlen(right), head = 0, tail = 0;

    if (len < 5 || n < 5 || len > n + 1 || n > len + 1)
        return false;
    while (head < len && head < n && word[head] == right[head])
        head++;
    while (tail < len - head && tail < n - head && word[len - 1 - tail] == right[n - 1 - tail])
        tail++;
    size_t a = len - head - tail, b = n - head - tail;
    return (a + b == 1) || (a == 1 && b == 1 && n >= 7) ||
        (a == 2 && b == 2 && word[head] == right[head + 1] && word[head + 1] == right[head]);
}

const char *offline_category_meant(const char *text)
{
    char folded[OFFLINE_TEXT_MAX + 8];

    offline_category_fold(text, folded, sizeof folded);
    for (const char *p = folded + 1; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        for (size_t i = 0; i < sizeof offline_categories / sizeof *offline_categories; i++)
            if (!strchr(offline_categories[i].words, ' ') &&
                offline_category_slip(p, len, offline_categories[i].words))
                return offline_categories[i].words;
        p += len;
    }
    return NULL;
}

const char *offline_category(const char *text, bool *whole)
{
    char folded[OFFLINE_TEXT_MAX + 8];
    const char *found = "";

    offline_category_fold(text, folded, sizeof folded);
    for (int phrases = 1; phrases >= 0; phrases--) /* phrases first: they cover their words */
        for (size_t i = 0; i < sizeof offline_categories / sizeof *offline_categories; i++) {
            const char *words = offline_categories[i].words;
            size_t len = strlen(words);
            char *at;
            if ((strchr(words, ' ') != NULL) != phrases ||
                !(at = offline_category_find(folded, words)) ||
                (offline_categories[i].alone && !offline_category_alone(folded, at, len)))
                continue;
            if (*found && strcmp(found, offline_categories[i].category))
                return NULL;
            found = offline_categories[i].category;
            memset(at, '#', len);
        }
    *whole = offline_category_whole(folded);
    return found;
}
