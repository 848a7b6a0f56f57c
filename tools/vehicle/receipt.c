/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/vehicle/receipt.h"

#include "base/utf8.h"
#include "tools/kit/civil.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_SIZE 200
#define LINES_MAX 200
#define YEAR_LEAST 2000

static bool receipt_has(const char *line, const char *word) /* as a word of its own */
{
    size_t len = strlen(word);
    for (const char *p = line; *p != '\0'; p++)
        if ((p == line || !isalnum((unsigned char)p[-1])) && strncasecmp(p, word, len) == 0 &&
            !isalpha((unsigned char)p[len]))
            return true;
    return false;
}

static bool receipt_has_any(const char *line, const char *const *words)
{
    for (; *words; words++)
        if (receipt_has(line, *words))
            return true;
    return false;
}

/* --- numbers with what stands around them --- */

struct token {
    double value;
    int decimals;
    bool money;        /* a currency sign before it */
    const char *after; /* the text behind it, blanks skipped */
    const char *start;
};

/* The next number of the line from p. 1,234.56 and 45,67 (a decimal comma) are understood. */
static const char *receipt_next_number(const char *line, const char *p, struct token *t)
{
    char digits[32];
    size_t n = 0;
    while (*p != '\0' && !isdigit((unsigned char)*p))
        p++;
    if (*p == '\0')
        return NULL;
    t->start = p;
    t->decimals = 0;
    bool point = false;
    for (; isdigit((unsigned char)*p) ||
         ((*p == '.' || *p == ',') && isdigit((unsigned char)p[1]) && !point);
         p++) {
        if (isdigit((unsigned char)*p)) {
            if (n + 1 < sizeof digits)
                digits[n++] = *p;
            t->decimals += point;
            continue;
        }
        size_t run = strspn(p + 1, "0123456789");
        if (*p == ',' && run == 3 && (p[4] == '.' || p[4] == ',' || n <= 3))
            continue; /* thousands */
        point = true;
        if (n + 1 < sizeof digits)
            digits[n++] = '.';
    }
    digits[n] = '\0';
    t->value = strtod(digits, NULL);
    const char *before = t->start;
    while (before > line && before[-1] == ' ')
        before--;
    t->money = before > line && (before[-1] == '$' || (unsigned char)before[-1] >= 0x80);
    t->after = p + strspn(p, " ");
    return p;
}

static bool receipt_starts(const char *text, const char *const *words)
{
    for (; *words; words++) {
        size_t len = strlen(*words);
        if (strncasecmp(text, *words, len) == 0 && !isalpha((unsigned char)text[len]))
            return true;
    }
    return false;
}

static void receipt_offer(struct receipt_number *field, double value, double confidence)
{
    if (confidence > field->confidence)
        *field = (struct receipt_number){.value = value, .confidence = confidence};
}

static const char *const per_units[] = {"/l", "/ l", "/litre", "/liter", "/ltr", "/gal", "/ gal",
    "per l", "per litre", "per liter", "per gal", "per gallon", NULL};
static const char *const cents_units[] = {"cpl", "c/l", "c / l", "cents/l", "cents per litre",
    NULL};
static const char *const litre_units[] = {"l", "lt", "ltr", "ltrs", "litre", "litres", "liter",
    "liters", NULL};
static const char *const gallon_units[] = {"gal", "gals", "gallon", "gallons", NULL};
static const char *const volume_words[] = {"litres", "liters", "litre", "volume", "qty", "quantity",
    "gallons", "gal", "ltrs", "vol", NULL};
static const char *const price_words[] = {"price", "unit price", "price/l", "price/litre",
    "price/gal", "ppl", "ppg", "rate", NULL};
static const char *const not_total[] = {"subtotal", "sub-total", "sub total", "gst", "tax", "vat",
    "change", "cash out", "discount", "saved", "points", "balance", "tendered", NULL};
static const char *const total_words[] = {"total", "amount due", "total due", "sale total", NULL};
static const char *const paid_words[] = {"amount", "eftpos", "visa", "mastercard", "card", "sale",
    "fuel", "purchase", NULL};

static void receipt_read_number(const char *line, const struct token *t, struct receipt *r)
{
    bool tax = receipt_has_any(line, not_total);
    if (receipt_starts(t->after, cents_units)) {
        receipt_offer(&r->price, t->value / 100, 0.95);
    } else if (receipt_starts(t->after, per_units) && t->value < 1000) {
        receipt_offer(&r->price, t->value, 0.95);
    } else if (receipt_starts(t->after, litre_units) && !t->money) {
        r->gallons = false;
        receipt_offer(&r->volume, t->value, 0.95);
    } else if (receipt_starts(t->after, gallon_units) && !t->money) {
        r->gallons = true;
        receipt_offer(&r->volume, t->value, 0.95);
    } else if (receipt_has_any(line, price_words) && t->decimals >= 2) {
        receipt_offer(&r->price, t->value > 50 ? t->value / 100 : t->value,
            t->decimals >= 3 ? 0.85 : 0.7);
    } else if (receipt_has_any(line, volume_words) && !t->money && t->decimals >= 1) {
        r->gallons = receipt_has(line, "gallons") || receipt_has(line, "gal");
        receipt_offer(&r->volume, t->value, 0.8);
    } else if (t->decimals == 2 && !tax && receipt_has_any(line, total_words)) {
        receipt_offer(&r->total, t->value, t->money ? 0.95 : 0.9);
    } else if (t->decimals == 2 && !tax && receipt_has_any(line, paid_words)) {
        receipt_offer(&r->total, t->value, t->money ? 0.7 : 0.6);
    } else if (t->decimals == 2 && !tax && t->money) {
        receipt_offer(&r->total, t->value, 0.4);
    }
}

/* The three against each other: agreement is the best proof there is. */
static void receipt_compare(struct receipt *r)
{
    bool total = r->total.confidence > 0, volume = r->volume.confidence > 0;
    bool price = r->price.confidence > 0;
    if (total && volume && price) {
        double product = r->volume.value * r->price.value;
        bool same = fabs(product - r->total.value) <= fmax(0.02, 0.01 * r->total.value);
        struct receipt_number *all[] = {&r->total, &r->volume, &r->price};
        for (size_t i = 0; i < 3; i++)
            all[i]->confidence = same ? 0.99 : all[i]->confidence * 0.6;
        r->disagrees = !same;
    } else if (total && volume && r->volume.value > 0) {
        r->price = (struct receipt_number){round(r->total.value / r->volume.value * 1000) / 1000,
            r->total.confidence * r->volume.confidence, true};
    } else if (total && price && r->price.value > 0) {
        r->volume = (struct receipt_number){round(r->total.value / r->price.value * 100) / 100,
            r->total.confidence * r->price.confidence, true};
    } else if (volume && price) {
        r->total = (struct receipt_number){round(r->volume.value * r->price.value * 100) / 100,
            r->volume.confidence * r->price.confidence, true};
    }
}

/* --- date --- */

static void receipt_offer_date(struct receipt *r, int year, int month, int day, double confidence)
{
    if (year < 100)
        year += YEAR_LEAST;
    if (year < YEAR_LEAST || year > YEAR_LEAST + 199 || month < 1 || month > 12 || day < 1 ||
        day > civil_month_days(year, month) || confidence <= r->date_confidence)
        return;
    snprintf(r->date, sizeof r->date, "%04d-%02d-%02d", year % 10000, month % 100, day % 100);
    r->date_confidence = confidence;
}

static int receipt_month_of(const char *name)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12; i++)
        if (strncasecmp(name, names + i * 3, 3) == 0)
            return i + 1;
    return 0;
}

static void receipt_read_date(const char *line, bool month_first, struct receipt *r)
{
    for (const char *p = line; *p != '\0'; p++) {
        int a, b, c, used = 0;
        char name[10];
        if (!isdigit((unsigned char)*p) || (p > line && isalnum((unsigned char)p[-1])))
            continue;
        if (sscanf(p, "%4d%*1[-/.]%2d%*1[-/.]%2d%n", &a, &b, &c, &used) == 3 && used >= 8 &&
            a >= YEAR_LEAST) {
            receipt_offer_date(r, a, b, c, 0.95);
        } else if (sscanf(p, "%2d%*1[-/.]%2d%*1[-/.]%4d%n", &a, &b, &c, &used) == 3 && used >= 6 &&
            (c < 100 || c >= YEAR_LEAST)) {
            double sure = c >= YEAR_LEAST ? 0.9 : 0.8;
            if (a > 12 || b > 12)
                receipt_offer_date(r, c, a > 12 ? b : a, a > 12 ? a : b, sure);
            else
                receipt_offer_date(r, c, month_first ? a : b, month_first ? b : a,
                    a == b ? sure : sure - 0.3);
        } else if (sscanf(p, "%2d%*1[- ]%9[A-Za-z]%*1[- ,]%4d%n", &a, name, &c, &used) == 3 &&
            used > 0 && receipt_month_of(name) > 0) {
            receipt_offer_date(r, c, receipt_month_of(name), a, 0.95);
        }
    }
}

/* --- station --- */

static void receipt_read_station(const char *line, int number, struct receipt *r)
{
    static const char *const brands[] = {"bp", "shell", "caltex", "ampol", "7-eleven", "united",
        "mobil", "exxon", "esso", "chevron", "costco", "love's", "pilot", "flying j",
        "petro-canada", "puma", "liberty", "metro", "coles express", "reddy express", "eg ampol",
        "viva", "texaco", "sunoco", "arco", "gull", "waitomo", "tesco", "total energies", "repsol",
        "circle k", "marathon", "conoco", "phillips 66", "sinclair", "valero", "speedway", NULL};
    static const char *const not_names[] = {"invoice", "receipt", "abn", "welcome", "phone", "tel",
        "date", "time", "pump", "total", "customer", "copy", "tax", NULL};
    size_t letters = 0;
    for (const char *p = line; *p != '\0'; p++)
        letters += isalpha((unsigned char)*p) != 0;
    double confidence = number < 6 && receipt_has_any(line, brands) ? 0.9 :
        number < 3 && letters >= 4 && letters * 2 > strlen(line) &&
            !receipt_has_any(line, not_names) ?
                                                                      0.5 - 0.1 * number :
                                                                      0;
    if (confidence <= r->station_confidence)
        return;
    snprintf(r->station, sizeof r->station, "%.79s", line);
    utf8_mend_end(r->station);
    r->station_confidence = confidence;
}

void receipt_read(const char *text, bool month_first, struct receipt *out)
{
    char line[LINE_SIZE];
    memset(out, 0, sizeof *out);
    for (int number = 0; *text != '\0' && number < LINES_MAX;) {
        size_t len = strcspn(text, "\r\n");
        const char *from = text + strspn(text, " \t");
        size_t n = from < text + len ? (size_t)(text + len - from) : 0;
        snprintf(line, sizeof line, "%.*s", (int)(n < LINE_SIZE ? n : LINE_SIZE - 1), from);
        text += len;
        text += strspn(text, "\r\n");
        if (n == 0)
            continue;
        struct token t;
        for (const char *p = line; (p = receipt_next_number(line, p, &t));)
            receipt_read_number(line, &t, out);
        receipt_read_date(line, month_first, out);
        receipt_read_station(line, number++, out);
    }
    receipt_compare(out);
}
