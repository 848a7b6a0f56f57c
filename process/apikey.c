/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/apikey.h"

#include "base/clock.h"
#include "process/scopes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define APIKEY_BLANKS " \t\r"

static bool apikey_is_sha256(const char *s)
{
    return strlen(s) == IDENT_SHA256_SIZE - 1 && strspn(s, "0123456789abcdef") == strlen(s);
}

/* Days from 1970-01-01 of the Gregorian calendar, without the zone files that libc would read. */
static int64_t apikey_days(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1, era = y / 400, in_era = y - era * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

int apikey_date(const char *text, int64_t *real_ms)
{
    int year, month, day, hour = 0, minute = 0, second = 0, end = 0;
    char again[CLOCK_RFC3339_SIZE];
    size_t len = strlen(text);

    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 || end != 10 || year < 1970 ||
        month < 1 || month > 12)
        return ERR_INVALID;
    if (len != 10 &&
        (sscanf(text + 10, "T%2d:%2d:%2dZ%n", &hour, &minute, &second, &end) != 3 || end != 10 ||
            len != 20))
        return ERR_INVALID;
    *real_ms = (apikey_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * 1000;
    /* 31 February would be 3 March. */
    clock_rfc3339(*real_ms, again);
    return *real_ms > 0 && strncmp(again, text, len == 10 ? 10 : 19) == 0 ? 0 : ERR_INVALID;
}

bool apikey_is_class(const char *text)
{
    return ident_is_safe(text, strlen(text), APIKEY_CLASS_MAX);
}

uint64_t apikey_id(const char hash[IDENT_SHA256_SIZE])
{
    char start[APIKEY_ID_SIZE];

    snprintf(start, sizeof start, "%.16s", hash);
    return strtoull(start, NULL, 16);
}

/* ---- words of a line ---- */

static const char *apikey_read_expires(struct apikey *key, const char *value)
{
    return apikey_date(value, &key->expires_ms) == 0 ? NULL :
                                                       "expires= needs a date such as 2027-01-31";
}

static const char *apikey_read_created(struct apikey *key, const char *value)
{
    return apikey_date(value, &key->created_ms) == 0 ? NULL :
                                                       "created= needs a date such as 2027-01-31";
}

static const char *apikey_read_scopes(struct apikey *key, const char *value)
{
    const char *bad;
    size_t len;

    key->has_scopes = true;
    return scopes_read(value, &key->scopes, &bad, &len) == 0 ? NULL :
                                                               "scopes= names an unknown scope";
}

static const char *apikey_read_class(struct apikey *key, const char *value)
{
    if (!apikey_is_class(value))
        return "class= needs a name of letters, digits and - _ . :";
    snprintf(key->class, sizeof key->class, "%s", value);
    return NULL;
}

static const struct {
    const char *word;
    const char *(*read)(struct apikey *key, const char *value); /* NULL, or what is wrong */
} apikey_words[] = {{"expires=", apikey_read_expires}, {"created=", apikey_read_created},
    {"scopes=", apikey_read_scopes}, {"class=", apikey_read_class}};

/* `scopes:read` and `expires 2027-01-31` are typing errors, which would give a key everything, for
 * ever. "class" and "created" alone are words of a name. */
static bool apikey_is_almost_word(const char *word)
{
    static const struct {
        const char *stem;
        bool alone;
    } stems[] = {{"expires", true}, {"expire", true}, {"scopes", true}, {"scope", true},
        {"class", false}, {"created", false}};

    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        size_t n = strlen(stems[i].stem);
        if (strncasecmp(word, stems[i].stem, n) == 0 &&
            (word[n] == ':' || (stems[i].alone && word[n] == '\0')))
            return true;
    }
    return false;
}

bool apikey_is_name(const char *text)
{
    char copy[APIKEY_NAME_MAX + 1], *rest = NULL;
    size_t len = strlen(text);

    if (len >= sizeof copy)
        return false;
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == '=' || *c == 0x7f)
            return false;
    }
    memcpy(copy, text, len + 1);
    for (char *word = strtok_r(copy, APIKEY_BLANKS, &rest); word;
         word = strtok_r(NULL, APIKEY_BLANKS, &rest)) {
        if (apikey_is_almost_word(word))
            return false;
    }
    return true;
}

static const char *apikey_read_word(struct apikey *key, const char *word)
{
    size_t len = strlen(key->name);

    for (size_t i = 0; i < sizeof apikey_words / sizeof *apikey_words; i++) {
        size_t n = strlen(apikey_words[i].word);
        if (strncmp(word, apikey_words[i].word, n) == 0)
            return apikey_words[i].read(key, word + n);
    }
    if (strchr(word, '='))
        return "an unknown word; expires=, created=, scopes= and class= are known";
    if (apikey_is_almost_word(word))
        return "expires=, created=, scopes= and class= need \"=\" and no blank";
    /* Whole words: the beginning of one might be read as another thing when it is read again. */
    if (len == 0 || len + 1 + strlen(word) < sizeof key->name)
        snprintf(key->name + len, sizeof key->name - len, "%s%s", len > 0 ? " " : "", word);
    return NULL;
}

int apikey_parse(char *line, struct apikey *out, bool *found, const char **why)
{
    char *rest = NULL, *hash = strtok_r(line, APIKEY_BLANKS, &rest);

    memset(out, 0, sizeof *out);
    out->scopes = SCOPES_ALL;
    *found = hash && *hash != '#';
    if (!*found)
        return 0;
    char *user = strtok_r(NULL, APIKEY_BLANKS, &rest);
    char *role = strtok_r(NULL, APIKEY_BLANKS, &rest);
    *why = NULL;
    if (!apikey_is_sha256(hash) || !user || ident_user_named(user, strlen(user), out->user) < 0 ||
        !role || (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0))
        *why = "not `SHA256HEX USER ROLE [WORD=VALUE ...] [NAME]`";
    for (char *word; !*why && (word = strtok_r(NULL, APIKEY_BLANKS, &rest));)
        *why = apikey_read_word(out, word);
    if (*why)
        return ERR_CONFIG;
    snprintf(out->hash, sizeof out->hash, "%s", hash);
    snprintf(out->role, sizeof out->role, "%s", role);
    return 0;
}

/* A date alone where that says the same. */
static void apikey_write_date(const char *word, int64_t real_ms, struct buf *out)
{
    char text[CLOCK_RFC3339_SIZE];

    if (real_ms <= 0)
        return;
    clock_rfc3339(real_ms, text);
    if (real_ms / 1000 % 86400)
        buf_printf(out, " %s%.19sZ", word, text);
    else
        buf_printf(out, " %s%.10s", word, text);
}

void apikey_write(const struct apikey *key, struct buf *out)
{
    char scopes[SCOPES_TEXT_SIZE];

    buf_printf(out, "%s %s %s", key->hash, key->user, key->role);
    apikey_write_date("created=", key->created_ms, out);
    apikey_write_date("expires=", key->expires_ms, out);
    if (key->has_scopes) {
        scopes_write(key->scopes, scopes);
        buf_printf(out, " scopes=%s", scopes);
    }
    if (*key->class)
        buf_printf(out, " class=%s", key->class);
    if (*key->name)
        buf_printf(out, " %s", key->name);
    buf_putc(out, '\n');
}
