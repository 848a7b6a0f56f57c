/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_match.h"
#include "agent/offline/offline_when.h"
#include "tools/kit/currency.h"

#include <string.h>

/* Words that no free text holds: each changes what the whole sentence says. */
static const char *const offline_loaded[] = {
    /* repeats */
    "every|each|daily|weekly|monthly|yearly|annually|nightly|hourly|fortnightly|biweekly|quarterly",
    "always|usually|twice|thrice|times|repeat|repeats|repeating|recurring|regularly|again|once",
    /* denies, corrects */
    "not|no|never|don't|dont|didn't|didnt|doesn't|won't|wont|can't|cannot|isn't|wasn't|haven't|"
    "without",
    "none|neither|nor|nothing|nobody|hardly|barely|scarcely|zero|except|excluding|unless|instead",
    "rather|actually|sorry|oops|correction|meant|undo|ignore|nevermind|mistake|but|however",
    "although|though",
    /* doubts, conditions */
    "if|whether|when|whenever|while|would|could|should|might|may|maybe|perhaps|probably|possibly",
    "supposing|suppose|assuming|until|till|before|after|since|during|between|hopefully|will|i'll|"
    "we'll",
    "gonna|roughly|approximately|approx|nearly|almost",
    /* asks, begins another sentence */
    "what|what's|how|why|who|which|whose|where|did|does|do|is|are|am|was|were|then|also|because|so",
    "therefore|otherwise|else|anyway|etc|like",
    /* is said to the listener */
    "thanks|thank|thx|cheers|ta|pls|plz|please|lol|haha|mate|ok|okay|yes|yeah|yep|nope|um|er|"
    "hmm",
    NULL};
/* Numbers that are not in figures, and units: what a place's name may hold, and no other text. */
static const char *const offline_measures[] = {
    "several|couple|dozen|half|quarter|double|triple|percent|per|apiece|plus|minus|hundred|"
    "thousand",
    "million|billion|hundreds|thousands|first|second|third|fourth|fifth|cents|cent|grand|case|"
    "more|less",
    "km|kms|kilometre|kilometres|kilometer|kilometers|mile|miles|mi|metre|metres|meter|meters|cm|"
    "mm|ft",
    "feet|foot|inch|inches|litre|litres|liter|liters|l|ml|gallon|gallons|gal|kg|kgs|kilo|kilos|"
    "gram",
    "grams|g|lb|lbs|ounce|ounces|oz|tonne|tonnes|degrees|psi|bar|kwh|kw|watt|watts|amp|amps|"
    "volts|mph",
    "kmh|kph|mpg|odometer|calories|steps|reps|bpm|pcs|pieces|people|persons|pax", NULL};
/* Money that goes another way, or to several, or in another amount. */
static const char *const offline_flows[] = {
    "around|over|under|above|below|least|most|few|total|tip|tips|tax|split|splitting|share|"
    "shared|halves",
    "discount|off|refund|refunded|refunds|return|returned|back|got|received|earned|income|"
    "reimbursed",
    "reimbursement|lent|borrowed|deposit|cash|cashback|credit|owe|owes|owed|want|wants|wanted|"
    "planning",
    "planned|going|expect|expected|wait|forget|scratch|wrong", NULL};
/* In money's texts also: a person who acts is another clause. */
static const char *const offline_actors[] = {
    "i|i've|i'm|i'd|we|we've|we're|he|she|they|you|it|it's|they're|he's|she's|that's|there's|"
    "there|let's",
    "spent|spend|paid|pay|bought|buy|cost|costs|log|add|record|remind|set|delete|cancel|move|"
    "schedule|put",
    "create|show|tell|plan|make|change|update|remove|start|stop|send|said|says|told|expense|"
    "expenses|budget",
    "by|from|to|as", NULL};
/* Behind "and" or a comma: the next order. */
static const char *const offline_orders[] = {
    "log|add|record|remind|set|delete|cancel|move|schedule|reschedule|put|create|show|tell|plan|"
    "make",
    "change|update|remove|start|stop|send|spent|paid|bought|list|note|save|track|book|i|we|you|"
    "please",
    NULL};
static const char *const offline_others[] = {
    "und|oder|ich|habe|hab|wir|haben|f\xc3\xbcr|fuer|das|ein|eine|einen|mit|auf|gestern|heute|"
    "morgen|nicht",
    "ist|wie|wieviel|viel|von|nach|zum|zur|ausgegeben|bezahlt|tanken|getankt|uhr|bitte|mir|"
    "erinnere",
    "gast\xc3\xa9|gaste|gast\xc3\xb3|pagu\xc3\xa9|pague|compr\xc3\xa9|y|el|los|las|por|para|con|"
    "ayer|hoy",
    "ma\xc3\xb1"
    "ana|cu\xc3\xa1nto|cuanto|que|qu\xc3\xa9|una|recu\xc3\xa9rdame|recuerdame|ella|"
    "gasolina",
    "j'ai|et|les|des|du|pour|avec|sur|hier|aujourd'hui|demain|d\xc3\xa9pens\xc3\xa9|pay\xc3\xa9|"
    "rappelle",
    "moi|dans|est|combien|une|essence|ho|speso|pagato|ieri|oggi|domani|gastei|ontem|hoje|"
    "gisteren|voor|heb",
    NULL};

static bool offline_plain_in(const struct offline_tokens *t, size_t i, const char *const *lists)
{
    for (; *lists; lists++)
        if (offline_tokens_is(t, i, *lists))
            return true;
    return false;
}

static bool offline_plain_place(const struct offline_tokens *t, size_t i)
{
    static const char *const stops[] = {"via|by|with|without|for|if|when|and|or|not|then|"
                                        "avoiding|avoid",
        "through|stopping|stop|stops|but|to|from|return|back|using|in|as|at|near|around|und|y|et|"
        "on|leaving|starting|it|take|cost",
        "how|what|than|including|round|roundtrip|passing|past|before|after|there|here|i|we|me|my|"
        "need|want|towing|pulling|hauling|carrying|visiting|seeing|a|next|nearest|closest|nearby",
        "is|are|will|would|should|can|do|does|drive|driving|fly|flight|train|bus|walk|between|"
        "until",
        NULL};
    const struct offline_token *k = &t->list[i];

    if (k->kind == OFFLINE_PUNCT)
        return !strcmp(k->low, ",") || !strcmp(k->low, "/"); /* "Europe/London" */
    return k->kind == OFFLINE_WORD && !offline_plain_in(t, i, stops) &&
        !offline_plain_in(t, i, offline_loaded) && !offline_when_word(k->low, false);
}

/* Something between two parts of a text that may begin another order. */
static bool offline_plain_joint(const struct offline_tokens *t, size_t first, size_t i)
{
    return i > first && offline_tokens_is(t, i - 1, "and|or|then|,|&|to");
}

bool offline_plain(const struct offline_tokens *t, size_t first, size_t i, enum offline_slot slot)
{
    const struct offline_token *k = &t->list[i];
    char code[4];

    if (slot == OFFLINE_FROM || slot == OFFLINE_TO)
        return offline_plain_place(t, i);
    if (k->kind == OFFLINE_QUOTE)
        return true;
    if (slot == OFFLINE_GOODS && i == first && k->kind == OFFLINE_NUMBER && !*k->currency)
        return k->value >= 1 && k->value < 1000 && k->value <= (int)k->value;
    if (k->kind == OFFLINE_PUNCT)
        return !strcmp(k->low, "&");
    if (k->kind != OFFLINE_WORD || offline_plain_in(t, i, offline_loaded) ||
        offline_plain_in(t, i, offline_measures) || offline_plain_in(t, i, offline_others) ||
        offline_when_word(k->low, true) || currency_named(k->low, code))
        return false;
    if (i == first && offline_tokens_is(t, i, "in|at|on|for|of|with|near|into"))
        return false;
    if (slot == OFFLINE_WHAT || slot == OFFLINE_GOODS)
        return !offline_plain_in(t, i, offline_actors) && !offline_plain_in(t, i, offline_flows);
    return !offline_plain_joint(t, first, i) || !offline_plain_in(t, i, offline_orders);
}

bool offline_ends(const struct offline_tokens *t, size_t i)
{
    return !offline_tokens_is(t, i,
        "and|or|to|for|on|at|in|of|with|from|by|the|a|an|my|our|your|"
        "about|"
        "into|near|this|that|next|last|as|than|,|&|@");
}

size_t offline_foreign(const struct offline_tokens *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++)
        n += offline_plain_in(t, i, offline_others);
    return n;
}
