#include "agent/offline.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

static void copy(char *out, size_t size, const char *s, size_t len)
{
    while (len && (isspace((unsigned char)*s) || strchr(",;:-\"'", *s))) {
        s++;
        len--;
    }
    while (len && (isspace((unsigned char)s[len - 1]) || strchr(".,;:!?-\"'", s[len - 1])))
        len--;
    if (len >= size)
        for (len = size - 1; len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80;)
            len--;
    memcpy(out, s, len);
    out[len] = 0;
}

static void lower(char *out, size_t size, const char *s)
{
    size_t i = 0;
    for (; s[i] && i + 1 < size; i++)
        out[i] = (char)tolower((unsigned char)s[i]);
    out[i] = 0;
}

/* The phrase as whole words; NULL when it is not there. */
static const char *has(const char *low, const char *phrase)
{
    size_t n = strlen(phrase);

    for (const char *p = low; (p = strstr(p, phrase)); p++)
        if ((p == low || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[n]))
            return p;
    return NULL;
}

static bool has_any(const char *low, const char *const *phrases)
{
    for (; *phrases; phrases++)
        if (has(low, *phrases))
            return true;
    return false;
}
#define ANY(low, ...) has_any(low, (const char *const[]){__VA_ARGS__, NULL})

/* ---- places ---- */

/* Where a place's name ends: at punctuation or at words that start something else. */
static size_t place_length(const char *low)
{
    static const char *const ends[] = {" with ", " by ", " for ", " on ", " in ", " next ", " leaving ",
        " starting ", " tomorrow", " today", " and ", " take", " using ", " via ", " via", " please",
        " at ", " budget", " under ", " this "};
    size_t len = strcspn(low, "?!;\n");

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *p = strstr(low, ends[i]);
        if (p && (size_t)(p - low) < len)
            len = (size_t)(p - low);
    }
    return len;
}

static bool take_pair(const char *text, const char *low, const char *first, const char *second,
    struct offline_ask *out)
{
    const char *a = *first ? has(low, first) : low, *b;

    if (!a)
        return false;
    a += strlen(first);
    if (!(b = has(a, second)) || b == a)
        return false;
    copy(out->from, sizeof out->from, text + (a - low), (size_t)(b - a));
    b += strlen(second);
    copy(out->to, sizeof out->to, text + (b - low), place_length(b));
    return *out->from && *out->to;
}

static void find_places(const char *text, const char *low, struct offline_ask *out)
{
    static const char *const starts[] = {"trip", "route", "drive", "distance", "far is it", "long is it",
        "time", "journey", "travel", "go", "get"};
    const char *to;

    if (take_pair(text, low, "from", "to", out) || take_pair(text, low, "between", "and", out))
        return;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const char *p = has(low, starts[i]);
        size_t n = strlen(starts[i]);
        if (p && !has(p, "from") && strncmp(p + n, " to ", 4)
            && take_pair(text + (p + n - low), p + n, "", "to", out))
            return;
    }
    out->from[0] = out->to[0] = 0;
    if ((to = has(low, "to")) && (to = has(to + 2, "to") ? has(to + 2, "to") : to)) {
        const char *from = has(to, "from");
        size_t len = place_length(to + 2);
        if (from && (size_t)(from - to - 2) < len) {
            len = (size_t)(from - to - 2);
            copy(out->from, sizeof out->from, text + (from + 4 - low), place_length(from + 4));
        }
        copy(out->to, sizeof out->to, text + (to + 2 - low), len);
    }
}

static void need_places(struct offline_ask *out)
{
    if (!*out->to)
        out->missing = "Where to, and from where? For example: \"Plan a trip from Sydney to "
            "Brisbane\".";
    else if (!*out->from)
        out->missing = "Where do you start from? For example: \"from Sydney to Brisbane\".";
}

/* ---- money ---- */

static const struct {
    const char *word, *category;
} categories[] = {
    {"diesel", "diesel"}, {"propane", "propane"}, {"lpg", "propane"}, {"gas bottle", "propane"},
    {"fuel", "gas"}, {"petrol", "gas"}, {"gasoline", "gas"}, {"gas", "gas"},
    {"groceries", "groceries"}, {"grocery", "groceries"}, {"supermarket", "groceries"},
    {"restaurant", "restaurant"}, {"lunch", "restaurant"}, {"dinner", "restaurant"},
    {"breakfast", "restaurant"}, {"coffee", "restaurant"}, {"cafe", "restaurant"},
    {"takeaway", "restaurant"}, {"food", "food"}, {"snacks", "food"},
    {"rv park", "rv_park"}, {"caravan park", "rv_park"}, {"holiday park", "rv_park"},
    {"campground", "campground"}, {"campsite", "campground"}, {"camping", "campground"},
    {"camp", "campground"}, {"repair", "repair"}, {"repairs", "repair"}, {"mechanic", "repair"},
    {"maintenance", "maintenance"}, {"service", "maintenance"}, {"oil", "maintenance"},
    {"tyres", "maintenance"}, {"tires", "maintenance"}, {"insurance", "insurance"},
    {"registration", "registration"}, {"rego", "registration"}, {"toll", "tolls"}, {"tolls", "tolls"},
    {"parking", "parking"}, {"entertainment", "entertainment"}, {"movie", "entertainment"},
    {"movies", "entertainment"}, {"museum", "entertainment"}, {"tickets", "entertainment"},
    {"shopping", "shopping"}, {"clothes", "shopping"}, {"medical", "medical"}, {"doctor", "medical"},
    {"dentist", "medical"}, {"pharmacy", "medical"}, {"medicine", "medical"}, {"pet", "pet"},
    {"vet", "pet"}, {"dog", "pet"}, {"cat", "pet"}, {"utilities", "utilities"},
    {"electricity", "utilities"}, {"water", "utilities"}, {"power", "utilities"},
    {"laundry", "other"}, {"internet", "internet"}, {"wifi", "internet"}, {"data", "internet"},
    {"phone", "phone"}, {"mobile", "phone"}, {"other", "other"},
};

static void find_category(const char *low, struct offline_ask *out)
{
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++)
        if (has(low, categories[i].word)) {
            snprintf(out->category, sizeof out->category, "%s", categories[i].category);
            return;
        }
}

/* The first number that may be an amount: after a currency sign, else any. "1,200.50" is one. */
static void find_amount(const char *low, struct offline_ask *out)
{
    const char *p = strpbrk(low, "$");
    char digits[32];
    size_t n = 0;

    if (!p || !isdigit((unsigned char)p[strspn(p, "$ ")]))
        p = strpbrk(low, "0123456789");
    if (!p)
        return;
    p += strspn(p, "$ ");
    for (; n + 1 < sizeof digits && (isdigit((unsigned char)*p) || *p == '.' || *p == ','); p++) {
        if (*p == ',' && !isdigit((unsigned char)p[1]))
            break;
        if (*p != ',')
            digits[n++] = *p;
    }
    digits[n] = 0;
    out->amount = strtod(digits, NULL);
}

static void find_period(const char *low, struct offline_ask *out, bool budget)
{
    const char *period = "month";

    if (ANY(low, "week", "weekly", "weeks"))
        period = "week";
    else if (ANY(low, "year", "yearly", "annual"))
        period = "year";
    else if (!budget && ANY(low, "quarter", "quarterly"))
        period = "quarter";
    snprintf(out->period, sizeof out->period, "%s%s", period, budget ? "ly" : "");
}

static void read_expense(const char *text, const char *low, struct offline_ask *out)
{
    static const char *const marks[] = {"on", "for"};

    find_category(low, out);
    if (!*out->category)
        snprintf(out->category, sizeof out->category, "other");
    for (size_t i = 0; i < 2 && !*out->title; i++) {
        const char *p = has(low, marks[i]);
        if (p)
            copy(out->title, sizeof out->title, text + (p - low) + strlen(marks[i]),
                strcspn(p + strlen(marks[i]), ".!?;\n"));
    }
    find_amount(low, out);
    if (out->amount <= 0)
        out->missing = "How much was it, and what for? For example: \"I spent 45.50 on fuel\".";
}

static void read_budget(const char *low, struct offline_ask *out)
{
    find_category(low, out);
    find_amount(low, out);
    if (!*out->category || out->amount <= 0)
        out->missing = "For which category, and how much? For example: \"Set my fuel budget to 300 "
            "a month\".";
    find_period(low, out, true);
}

/* ---- calendar ---- */

/* Words in front of and behind the title that are not part of it. */
static void strip_title(char *title)
{
    static const char *const heads[] = {"please", "can you", "could you", "pam", "add", "create",
        "schedule", "put", "book", "set up", "make", "remind me to", "remind me about", "remind me",
        "a reminder to", "reminder to", "set a reminder to", "set", "an appointment for",
        "an event called", "an event for", "an event", "a calendar event for", "a calendar event",
        "event", "a", "an", "my", "the", "move", "change", "reschedule", "delete", "cancel", "remove",
        "update", "to my calendar", "in my calendar", "called", "about", "to", "for", "of", "that"};
    static const char *const tails[] = {"to my calendar", "in my calendar", "on my calendar",
        "from my calendar", "to the calendar", "in the calendar", "from the calendar", "calendar",
        "please", "appointment to", "to", "at", "on", "for", "until", "from", "in", "my", "event"};
    char text[OFFLINE_TEXT_MAX];
    bool again = true;

    while (again) {
        char low[OFFLINE_TEXT_MAX];
        size_t len;
        again = false;
        copy(text, sizeof text, title, strlen(title));
        strcpy(title, text);
        lower(low, sizeof low, title);
        for (size_t i = 0; i < sizeof heads / sizeof *heads && !again; i++) {
            size_t n = strlen(heads[i]);
            if (!strncmp(low, heads[i], n) && (low[n] == ' ' || !low[n])) {
                memmove(title, title + n, strlen(title + n) + 1);
                again = true;
            }
        }
        len = strlen(low);
        for (size_t i = 0; i < sizeof tails / sizeof *tails && !again; i++) {
            size_t n = strlen(tails[i]);
            if (len > n && !strcmp(low + len - n, tails[i]) && low[len - n - 1] == ' ') {
                title[len - n] = 0;
                again = true;
            }
        }
    }
    /* "dentist   to my calendar" leaves a gap where the date stood */
    for (char *p = title; *p; p++)
        while (p[0] == ' ' && p[1] == ' ')
            memmove(p, p + 1, strlen(p));
    char *inner = strstr(title, " to my calendar");
    if (inner)
        memmove(inner, inner + 15, strlen(inner + 15) + 1);
}

static void read_event(const char *text, struct offline_ask *out, const struct daytime *now)
{
    char rest[2 * OFFLINE_TEXT_MAX];

    snprintf(rest, sizeof rest, "%s", text);
    offline_when_find(rest, now, &out->when);
    copy(out->title, sizeof out->title, rest, strcspn(rest, "\n"));
    strip_title(out->title);
    if (*out->title)
        out->title[0] = (char)toupper((unsigned char)out->title[0]);
}

static void need_event(struct offline_ask *out)
{
    if (out->kind == OFFLINE_ADD_EVENT && (!*out->title || !out->when.has_date))
        out->missing = "What, and when? For example: \"Add dentist tomorrow at 3pm to my calendar\".";
    else if (out->kind == OFFLINE_MOVE_EVENT && (!*out->title || !out->when.has_date))
        out->missing = "Which event, and to when? For example: \"Move dentist to Friday at 10am\".";
    else if (out->kind == OFFLINE_DELETE_EVENT && !*out->title)
        out->missing = "Which event? For example: \"Delete dentist from my calendar\".";
}

/* ---- timers ---- */

/* "10 minutes", "1 hour 30 min": numbers, each with its unit. */
static void read_timer(const char *text, const char *low, struct offline_ask *out)
{
    const char *p = strpbrk(low, "0123456789"), *end = p;

    while (p && isdigit((unsigned char)*p)) {
        const char *unit = p + strspn(p, "0123456789.");
        unit += strspn(unit, " -");
        if (!isalpha((unsigned char)*unit))
            break;
        end = unit;
        while (isalpha((unsigned char)*end))
            end++;
        p = end + strspn(end, " ,");
        p += strncmp(p, "and ", 4) ? 0 : 4;
    }
    p = strpbrk(low, "0123456789");
    if (p)
        copy(out->title, sizeof out->title, text + (p - low), (size_t)(end - p));
    for (char *c = out->title; *c; c++)
        if (*c == '-')
            *c = ' ';
    if (!*out->title)
        out->missing = "For how long? For example: \"Set a timer for 10 minutes\".";
}

/* ---- what was asked ---- */

static enum offline_kind recognise_timer(const char *low)
{
    bool timer = ANY(low, "timer", "countdown") && !ANY(low, "cancel", "delete", "remove", "stop");

    return timer ? OFFLINE_SET_TIMER : OFFLINE_UNKNOWN;
}

static enum offline_kind recognise_money(const char *low)
{
    bool number = strpbrk(low, "0123456789") != NULL;

    if (has(low, "budget")) {
        if (number && ANY(low, "set", "change", "make", "update", "budget"))
            return OFFLINE_SET_BUDGET;
        if (!ANY(low, "trip"))
            return OFFLINE_BUDGET;
    }
    if (ANY(low, "how much", "summary", "spending", "expenses", "did i spend")
        && ANY(low, "spend", "spent", "spending", "expenses", "summary") && !number)
        return OFFLINE_SPENDING;
    if (ANY(low, "spent", "paid", "expense", "bought", "cost me") || (number && has(low, "log")))
        return OFFLINE_ADD_EXPENSE;
    return OFFLINE_UNKNOWN;
}

static enum offline_kind recognise_calendar(const char *low)
{
    bool calendar = ANY(low, "calendar", "event", "events", "appointment", "appointments", "schedule",
        "agenda", "reminder", "reminders", "meeting", "booking", "bookings");

    if (ANY(low, "remind me", "set a reminder"))
        return OFFLINE_ADD_EVENT;
    if (ANY(low, "delete", "cancel", "remove") && (calendar || !has(low, "trip")))
        return OFFLINE_DELETE_EVENT;
    if (ANY(low, "move", "reschedule", "postpone") || (calendar && ANY(low, "change", "update")))
        return OFFLINE_MOVE_EVENT;
    if (calendar && ANY(low, "what", "what's", "show", "list", "do i have", "any", "coming up", "which",
        "upcoming"))
        return OFFLINE_LIST_EVENTS;
    if (calendar && ANY(low, "add", "create", "put", "schedule", "book", "make", "new"))
        return OFFLINE_ADD_EVENT;
    if (calendar)
        return OFFLINE_LIST_EVENTS;
    if (ANY(low, "what do i have", "what's on", "my plans"))
        return OFFLINE_LIST_EVENTS;
    return OFFLINE_UNKNOWN;
}

static enum offline_kind recognise_travel(const char *low)
{
    if (ANY(low, "plan a trip", "plan trip", "plan my trip", "plan a route", "plan a drive", "trip from",
        "trip to", "road trip", "plan a journey", "route from"))
        return OFFLINE_PLAN_TRIP;
    if (has(low, "plan") && ANY(low, "trip", "route", "journey"))
        return OFFLINE_PLAN_TRIP;
    if (ANY(low, "how far", "distance", "how many kilometres", "how many kilometers", "how many miles",
        "how many km"))
        return OFFLINE_DISTANCE;
    if (ANY(low, "how long", "travel time", "driving time", "drive time", "time to drive")
        && ANY(low, "to", "drive", "between"))
        return OFFLINE_TRAVEL_TIME;
    return OFFLINE_UNKNOWN;
}

static enum offline_kind recognise_talk(const char *low)
{
    if (ANY(low, "help", "what can you do", "what do you do", "who are you", "what are you",
        "how do you work"))
        return OFFLINE_HELP;
    if (ANY(low, "what time", "the time", "current time", "what day", "what date", "today's date",
        "what's the date", "time is it"))
        return OFFLINE_TIME;
    if (ANY(low, "thanks", "thank you", "thx", "cheers") && strlen(low) < 60)
        return OFFLINE_THANKS;
    if (ANY(low, "hello", "hi", "hey", "good morning", "good afternoon", "good evening", "g'day", "hiya")
        && strlen(low) < 60)
        return OFFLINE_GREETING;
    return OFFLINE_UNKNOWN;
}

static enum offline_kind recognise(const char *low)
{
    enum offline_kind (*const kinds[])(const char *) = {
        recognise_timer, recognise_travel, recognise_money, recognise_calendar, recognise_talk};
    enum offline_kind kind = OFFLINE_UNKNOWN;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && kind == OFFLINE_UNKNOWN; i++)
        kind = kinds[i](low);
    return kind;
}

void offline_understand(const char *text, const struct daytime *now, struct offline_ask *out)
{
    char cut[2 * OFFLINE_TEXT_MAX], low[2 * OFFLINE_TEXT_MAX];

    memset(out, 0, sizeof *out);
    copy(cut, sizeof cut, text, strlen(text));
    lower(low, sizeof low, cut);
    out->kind = recognise(low);
    switch (out->kind) {
    case OFFLINE_PLAN_TRIP:
    case OFFLINE_DISTANCE:
    case OFFLINE_TRAVEL_TIME: {
        char rest[2 * OFFLINE_TEXT_MAX];
        snprintf(rest, sizeof rest, "%s", cut);
        offline_when_find(rest, now, &out->when);
        find_places(cut, low, out);
        need_places(out);
        break;
    }
    case OFFLINE_ADD_EXPENSE: {
        char rest[2 * OFFLINE_TEXT_MAX];
        snprintf(rest, sizeof rest, "%s", cut);
        offline_when_find(rest, now, &out->when);
        lower(low, sizeof low, rest);
        read_expense(rest, low, out);
        break;
    }
    case OFFLINE_SET_TIMER: read_timer(cut, low, out); break;
    case OFFLINE_SPENDING:
        find_category(low, out);
        find_period(low, out, false);
        break;
    case OFFLINE_SET_BUDGET: read_budget(low, out); break;
    case OFFLINE_BUDGET: find_period(low, out, false); break;
    case OFFLINE_ADD_EVENT:
    case OFFLINE_MOVE_EVENT:
    case OFFLINE_DELETE_EVENT:
        out->reminder = has(low, "remind me") || has(low, "reminder");
        read_event(cut, out, now);
        need_event(out);
        break;
    case OFFLINE_LIST_EVENTS: {
        char rest[2 * OFFLINE_TEXT_MAX];
        snprintf(rest, sizeof rest, "%s", cut);
        offline_when_find(rest, now, &out->when);
        break;
    }
    default: break;
    }
}
