/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/phone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DIGITS_LEAST 3
#define DIGITS_MOST 15 /* E.164 */
#define LOCAL_LEAST 7  /* shorter ones are service numbers, which cannot be called from abroad */
#define SAME_DIGITS 9

/* Calling codes (ITU-T E.164), by country; `trunk`: what a number is dialled with at home. */
static const struct {
    const char *country, *code, *trunk;
} phone_countries[] = {
    {"AD", "376", ""},
    {"AE", "971", "0"},
    {"AF", "93", "0"},
    {"AL", "355", "0"},
    {"AM", "374", "0"},
    {"AO", "244", ""},
    {"AR", "54", "0"},
    {"AT", "43", "0"},
    {"AU", "61", "0"},
    {"AZ", "994", "0"},
    {"BA", "387", "0"},
    {"BD", "880", "0"},
    {"BE", "32", "0"},
    {"BG", "359", "0"},
    {"BH", "973", ""},
    {"BN", "673", ""},
    {"BO", "591", "0"},
    {"BR", "55", "0"},
    {"BT", "975", ""},
    {"BW", "267", ""},
    {"BY", "375", "8"},
    {"BZ", "501", ""},
    {"CA", "1", "1"},
    {"CH", "41", "0"},
    {"CL", "56", ""},
    {"CN", "86", "0"},
    {"CO", "57", ""},
    {"CR", "506", ""},
    {"CU", "53", "0"},
    {"CY", "357", ""},
    {"CZ", "420", ""},
    {"DE", "49", "0"},
    {"DK", "45", ""},
    {"DZ", "213", "0"},
    {"EC", "593", "0"},
    {"EE", "372", ""},
    {"EG", "20", "0"},
    {"ES", "34", ""},
    {"ET", "251", "0"},
    {"FI", "358", "0"},
    {"FJ", "679", ""},
    {"FO", "298", ""},
    {"FR", "33", "0"},
    {"GB", "44", "0"},
    {"GE", "995", "0"},
    {"GH", "233", "0"},
    {"GL", "299", ""},
    {"GR", "30", ""},
    {"GT", "502", ""},
    {"HK", "852", ""},
    {"HN", "504", ""},
    {"HR", "385", "0"},
    {"HU", "36", "06"},
    {"ID", "62", "0"},
    {"IE", "353", "0"},
    {"IL", "972", "0"},
    {"IN", "91", "0"},
    {"IQ", "964", "0"},
    {"IR", "98", "0"},
    {"IS", "354", ""},
    {"IT", "39", ""},
    {"JO", "962", "0"},
    {"JP", "81", "0"},
    {"KE", "254", "0"},
    {"KG", "996", "0"},
    {"KH", "855", "0"},
    {"KR", "82", "0"},
    {"KW", "965", ""},
    {"KZ", "7", "8"},
    {"LA", "856", "0"},
    {"LB", "961", "0"},
    {"LI", "423", ""},
    {"LK", "94", "0"},
    {"LS", "266", ""},
    {"LT", "370", "0"},
    {"LU", "352", ""},
    {"LV", "371", ""},
    {"MA", "212", "0"},
    {"MC", "377", ""},
    {"MD", "373", "0"},
    {"ME", "382", "0"},
    {"MG", "261", "0"},
    {"MK", "389", "0"},
    {"MM", "95", "0"},
    {"MN", "976", "0"},
    {"MT", "356", ""},
    {"MU", "230", ""},
    {"MX", "52", ""},
    {"MY", "60", "0"},
    {"MZ", "258", ""},
    {"NA", "264", "0"},
    {"NC", "687", ""},
    {"NG", "234", "0"},
    {"NI", "505", ""},
    {"NL", "31", "0"},
    {"NO", "47", ""},
    {"NP", "977", "0"},
    {"NZ", "64", "0"},
    {"OM", "968", ""},
    {"PA", "507", ""},
    {"PE", "51", "0"},
    {"PF", "689", ""},
    {"PG", "675", ""},
    {"PH", "63", "0"},
    {"PK", "92", "0"},
    {"PL", "48", ""},
    {"PR", "1", "1"},
    {"PT", "351", ""},
    {"PY", "595", "0"},
    {"QA", "974", ""},
    {"RO", "40", "0"},
    {"RS", "381", "0"},
    {"RU", "7", "8"},
    {"RW", "250", "0"},
    {"SA", "966", "0"},
    {"SE", "46", "0"},
    {"SG", "65", ""},
    {"SI", "386", "0"},
    {"SK", "421", "0"},
    {"SM", "378", ""},
    {"SN", "221", ""},
    {"SV", "503", ""},
    {"TH", "66", "0"},
    {"TN", "216", ""},
    {"TO", "676", ""},
    {"TR", "90", "0"},
    {"TW", "886", "0"},
    {"TZ", "255", "0"},
    {"UA", "380", "0"},
    {"UG", "256", "0"},
    {"US", "1", "1"},
    {"UY", "598", "0"},
    {"UZ", "998", ""},
    {"VE", "58", "0"},
    {"VN", "84", "0"},
    {"VU", "678", ""},
    {"WS", "685", ""},
    {"ZA", "27", "0"},
    {"ZM", "260", "0"},
    {"ZW", "263", "0"},
};

/* The digits of the number, and whether a + stands in front. Returns 0 or ERR_INVALID. */
static int phone_digits(const char *typed, char digits[DIGITS_MOST + 3], bool *plus)
{
    size_t n = 0, opened = 0;

    *plus = false;
    if (strlen(typed) > PHONE_TYPED_MAX)
        return ERR_INVALID;
    for (const char *p = typed; *p != '\0'; p++) {
        if (isdigit((unsigned char)*p)) {
            if (n == DIGITS_MOST + 2)
                return ERR_INVALID;
            digits[n++] = *p;
        } else if (*p == '+' && n == 0 && !*plus) {
            *plus = true;
        } else if (n >= DIGITS_LEAST && (strncasecmp(p, "ext", 3) == 0 || tolower(*p) == 'x')) {
            break; /* an extension is not part of the number */
        } else if (!strchr(" ()-./\t", *p)) {
            return ERR_INVALID;
        }
        opened += *p == '(';
    }
    digits[n] = '\0';
    return n < DIGITS_LEAST || opened > 1 ? ERR_INVALID : 0;
}

static int phone_international(const char *digits, char e164[PHONE_E164_SIZE])
{
    size_t len = strlen(digits);

    if (len < LOCAL_LEAST + 1 || len > DIGITS_MOST || digits[0] == '0')
        return ERR_INVALID;
    snprintf(e164, PHONE_E164_SIZE, "+%.15s", digits);
    return 0;
}

/* "+44 (0)20 ..." has the trunk's 0 in brackets. */
static void phone_drop_bracket(const char *typed, char *digits)
{
    const char *at = strstr(typed, "(0)");
    size_t before = 0;

    if (!at)
        return;
    for (const char *p = typed; p < at; p++)
        before += isdigit((unsigned char)*p) != 0;
    memmove(digits + before, digits + before + 1, strlen(digits + before));
}

static int phone_local(const char *digits, const char *country, char e164[PHONE_E164_SIZE])
{
    size_t len = strlen(digits);

    if (len > DIGITS_MOST)
        return ERR_INVALID;
    if (len < LOCAL_LEAST)
        return 0;
    for (size_t i = 0; i < sizeof phone_countries / sizeof *phone_countries; i++) {
        const char *trunk = phone_countries[i].trunk;
        if (strcmp(phone_countries[i].country, country) != 0)
            continue;
        size_t skip = strncmp(digits, trunk, strlen(trunk)) == 0 ? strlen(trunk) : 0;
        /* Without the trunk's digits it may be a local number, which has no area code. */
        if (trunk[0] == '0' && skip == 0)
            return 0;
        if (len - skip < LOCAL_LEAST - 1 ||
            len - skip + strlen(phone_countries[i].code) > DIGITS_MOST)
            return 0;
        if (strcmp(phone_countries[i].code, "1") == 0 && len - skip != 10)
            return 0;
        snprintf(e164, PHONE_E164_SIZE, "+%s%.15s", phone_countries[i].code, digits + skip);
        return 0;
    }
    return 0;
}

int phone_read(const char *typed, const char *country, char e164[PHONE_E164_SIZE])
{
    char digits[DIGITS_MOST + 3];
    bool plus;
    int error = phone_digits(typed, digits, &plus);

    e164[0] = '\0';
    if (error)
        return error;
    if (plus) {
        phone_drop_bracket(typed, digits);
        return phone_international(digits, e164);
    }
    if (strncmp(digits, "00", 2) == 0 && strlen(digits) > LOCAL_LEAST + 2)
        return phone_international(digits + 2, e164);
    return phone_local(digits, country, e164);
}

bool phone_same(const char *a, const char *b)
{
    char x[64], y[64];
    size_t n = 0, m = 0;

    for (; *a != '\0' && n < sizeof x - 1; a++)
        if (isdigit((unsigned char)*a))
            x[n++] = *a;
    for (; *b != '\0' && m < sizeof y - 1; b++)
        if (isdigit((unsigned char)*b))
            y[m++] = *b;
    size_t k = n < m ? n : m;
    k = k < SAME_DIGITS ? k : SAME_DIGITS;
    return k >= LOCAL_LEAST && memcmp(x + n - k, y + m - k, k) == 0;
}
