/* SPDX-License-Identifier: BSD-2-Clause */
/* Which category a text speaks of, by the words in it. */
#include "tools/engine/registry.h"
#include "tools/money/money.h"

#include "base/err.h"
#include "tools/kit/amount.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Words and names of traders, in lower case; a blank within joins two words. weight: how surely. */
static const struct rule {
    const char *category;
    int weight;
    const char *words[40];
} rules[] = {
    {"diesel", 5, {"diesel", "adblue"}},
    {"propane", 5, {"propane", "lpg", "gas bottle", "lp gas", "butane", "swap n go"}},
    {"gas", 3,
        {"petrol", "gas", "gasoline", "unleaded", "fuel", "fill up", "ampol", "caltex", "shell",
            "bp", "exxon", "chevron", "mobil", "texaco", "conoco", "arco", "servo", "gas station",
            "petrol station", "7 eleven", "pilot flying", "loves travel"}},
    {"groceries", 4,
        {"groceries", "grocery", "supermarket", "woolworths", "coles", "aldi", "iga", "walmart",
            "kroger", "safeway", "tesco", "lidl", "costco", "trader joes", "whole foods", "publix",
            "market", "milk", "bread", "vegetables", "fruit"}},
    {"restaurant", 4,
        {"restaurant", "cafe", "coffee", "pub", "bar", "bistro", "diner", "mcdonalds", "kfc",
            "subway", "burger", "pizza", "starbucks", "takeaway", "take away", "lunch", "dinner",
            "breakfast", "brunch", "fish and chips", "pie", "bakery", "hungry jacks"}},
    {"food", 2, {"food", "snack", "snacks", "meal", "ice cream"}},
    {"rv_park", 5,
        {"rv park", "caravan park", "rv resort", "trailer park", "holiday park", "big4", "koa",
            "thousand trails"}},
    {"campground", 4,
        {"campground", "campsite", "camping", "camp", "site fee", "national park", "state park",
            "showground", "hipcamp", "park fee", "powered site"}},
    {"repair", 4,
        {"repair", "repairs", "fixed", "fix", "mechanic", "tow", "towing", "puncture", "windscreen",
            "breakdown", "replacement"}},
    {"maintenance", 4,
        {"maintenance", "service", "oil change", "oil", "tyre", "tyres", "tire", "tires", "brake",
            "brakes", "filter", "battery", "wheel alignment", "car wash", "wash"}},
    {"insurance", 5,
        {"insurance", "premium", "nrma", "geico", "progressive", "roadside assistance"}},
    {"registration", 5, {"registration", "rego", "licence", "license", "dmv", "plates"}},
    {"tolls", 5,
        {"toll", "tolls", "linkt", "e toll", "etoll", "ezpass", "e zpass", "ferry", "turnpike"}},
    {"parking", 5, {"parking", "car park", "parkade", "meter"}},
    {"medical", 5,
        {"doctor", "pharmacy", "chemist", "medicine", "prescription", "hospital", "dentist",
            "medical", "clinic", "physio", "glasses"}},
    {"pet", 5,
        {"vet", "dog", "cat", "pet", "pets", "petbarn", "petco", "kennel", "flea", "worming"}},
    {"internet", 5, {"internet", "starlink", "wifi", "data plan", "hotspot", "broadband", "modem"}},
    {"phone", 5, {"phone", "mobile", "telstra", "optus", "vodafone", "verizon", "sim", "prepaid"}},
    {"utilities", 4,
        {"electricity", "power bill", "water", "dump", "dump point", "laundry", "laundromat",
            "sewer", "utilities", "water fill"}},
    {"entertainment", 4,
        {"cinema", "movie", "movies", "museum", "tour", "zoo", "concert", "ticket", "tickets",
            "netflix", "spotify", "golf", "admission", "entry fee", "theme park", "cruise"}},
    {"shopping", 3,
        {"clothes", "shoes", "kmart", "target", "amazon", "ebay", "bunnings", "anaconda", "bcf",
            "gear", "chair", "shopping", "gift", "souvenir", "home depot", "ikea"}},
};

/* Lower case letters and digits, one blank between words and at both ends. */
static void money_fold(const char *text, char *out, size_t size)
{
    size_t at = 0;
    out[at++] = ' ';
    for (; *text != '\0' && at + 2 < size; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + 32);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
            out[at++] = (char)c;
        else if (c != '\'' && c != '&' && out[at - 1] != ' ')
            out[at++] = ' ';
    }
    if (out[at - 1] != ' ')
        out[at++] = ' ';
    out[at] = '\0';
}

static bool money_holds(const char *folded, const char *word)
{
    char padded[48];
    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(folded, padded) != NULL;
}

const char *money_category_of(const char *text, double *confidence, char words[MONEY_WORDS_SIZE])
{
    char folded[1024], found[MONEY_WORDS_SIZE];
    int best = 0, second = 0;
    const char *category = "other";
    money_fold(text, folded, sizeof folded);
    words[0] = '\0';
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        int score = 0;
        found[0] = '\0';
        for (const char *const *w = rules[i].words; *w; w++)
            if (money_holds(folded, *w)) {
                size_t len = strlen(found);
                score += rules[i].weight + (strchr(*w, ' ') ? 2 : 0);
                snprintf(found + len, sizeof found - len, "%s%s", len > 0 ? ", " : "", *w);
            }
        if (score > best) {
            second = best;
            best = score;
            category = rules[i].category;
            snprintf(words, MONEY_WORDS_SIZE, "%s", found);
        } else if (score > second) {
            second = score;
        }
    }
    /* How far the best is ahead, and how strong its words are; never certain. */
    double lead = best > 0 ? (double)(best - second) / best : 0;
    *confidence =
        best == 0 ? 0 : round((0.4 + 0.4 * lead + 0.03 * (best > 5 ? 5 : best)) * 100) / 100;
    return category;
}

int money_tool_categorize_transaction(struct tools_run *run)
{
    char words[MONEY_WORDS_SIZE];
    double confidence;
    const char *description = jdoc_text_or(run->args, "description", "");
    const char *both =
        arena_printf(run->arena, "%s %s", description, jdoc_text_or(run->args, "merchant", ""));
    if (!both)
        return ERR_NOMEM;
    const char *category = money_category_of(both, &confidence, words);
    jdoc *answer = words[0] != '\0' ?
        run_succeed(run, "This looks like %s (because of: %s).", category, words) :
        run_succeed(run, "Nothing in these words tells the category; \"other\" is left.");
    jdoc *guess = jdoc_new_object();
    if (!answer || !guess || jdoc_set(answer, "categorization", guess) != 0) {
        if (!answer)
            jdoc_free(guess);
        return ERR_NOMEM;
    }
    int failed = jdoc_set_string(guess, "category", category);
    failed |= jdoc_set_double(guess, "confidence", confidence);
    failed |= jdoc_set_string(guess, "words", words[0] != '\0' ? words : NULL);
    failed |= jdoc_set_bool(guess, "estimate", true);
    failed |= jdoc_set_string(guess, "method", "words of the description and the merchant");
    return failed != 0 ? ERR_NOMEM : 0;
}
