/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/currency.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name, *code;
} currency_names[] = {
    {"$", "$"},
    {"dollar", "$"},
    {"dollars", "$"},
    {"buck", "$"},
    {"bucks", "$"},
    {"A$", "AUD"},
    {"AU$", "AUD"},
    {"US$", "USD"},
    {"NZ$", "NZD"},
    {"C$", "CAD"},
    {"CA$", "CAD"},
    {"S$", "SGD"},
    {"HK$", "HKD"},
    {"R$", "BRL"},
    {"FJ$", "FJD"},
    {"\xe2\x82\xac", "EUR"},
    {"euro", "EUR"},
    {"euros", "EUR"},
    {"\xc2\xa3", "GBP"},
    {"pound", "GBP"},
    {"pounds", "GBP"},
    {"quid", "GBP"},
    {"\xc2\xa5", "\xc2\xa5"},
    {"yen", "JPY"},
    {"yuan", "CNY"},
    {"renminbi", "CNY"},
    {"\xe2\x82\xb9", "INR"},
    {"rupees", "INR"},
    {"rupee", "INR"},
    {"\xe2\x82\xa9", "KRW"},
    {"won", "KRW"},
    {"baht", "THB"},
    {"peso", "MXN"},
    {"pesos", "MXN"},
    {"rand", "ZAR"},
    {"rupiah", "IDR"},
    {"ringgit", "MYR"},
    {"franc", "CHF"},
    {"francs", "CHF"},
    {"kr", "kr"},
    {"krona", "SEK"},
    {"kronor", "SEK"},
    {"kroner", "kr"},
    {"zloty", "PLN"},
    {"rubles", "RUB"},
};
/* Codes that are no English words in small letters. */
static const char currency_codes[] =
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR FJD GBP "
    "HKD HUF IDR ILS INR ISK JPY KES KRW KWD MXN MYR NOK NZD PEN PHP PLN QAR RON RUB SAR SEK SGD "
    "THB "
    "TRY TWD UAH USD VND XPF ZAR";

static bool currency_in(const char *list, const char *code)
{
    return strlen(code) == 3 && strstr(list, code);
}

bool currency_named(const char *text, char out[4])
{
    char code[4] = "";

    for (size_t i = 0; i < sizeof currency_names / sizeof *currency_names; i++)
        if (!strcasecmp(currency_names[i].name, text)) {
            snprintf(out, 4, "%s", currency_names[i].code);
            return true;
        }
    if (strlen(text) != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (!isalpha((unsigned char)text[i]))
            return false;
        code[i] = (char)toupper((unsigned char)text[i]);
    }
    if (!currency_in(currency_codes, code) || (!strcmp(code, "TRY") && strcmp(text, "TRY") != 0))
        return false;
    memcpy(out, code, 4);
    return true;
}

bool currency_is(const char *said, const char *own)
{
    if (!strcmp(said, "$"))
        return currency_in(
            "AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SBD SGD SRD TTD "
            "TWD USD XCD",
            own);
    if (!strcmp(said, "kr"))
        return currency_in("DKK ISK NOK SEK", own);
    if (!strcmp(said, "\xc2\xa5"))
        return currency_in("CNY JPY", own);
    return !strcmp(said, own);
}

const char *currency_there(const char *said, const char *country)
{
    static const struct {
        const char *name, *country, *code;
    } rows[] = {
        {"$", "US", "USD"},
        {"$", "PR", "USD"},
        {"$", "EC", "USD"},
        {"$", "CA", "CAD"},
        {"$", "AU", "AUD"},
        {"$", "NZ", "NZD"},
        {"$", "SG", "SGD"},
        {"$", "HK", "HKD"},
        {"$", "FJ", "FJD"},
        {"$", "TW", "TWD"},
        {"$", "BS", "BSD"},
        {"$", "BB", "BBD"},
        {"$", "BZ", "BZD"},
        {"$", "JM", "JMD"},
        {"$", "TT", "TTD"},
        {"$", "NA", "NAD"},
        {"$", "SB", "SBD"},
        {"$", "GY", "GYD"},
        {"$", "MX", "MXN"},
        {"$", "AR", "ARS"},
        {"$", "CL", "CLP"},
        {"$", "CO", "COP"},
        {"kr", "SE", "SEK"},
        {"kr", "NO", "NOK"},
        {"kr", "DK", "DKK"},
        {"kr", "IS", "ISK"},
        {"\xc2\xa5", "JP", "JPY"},
        {"\xc2\xa5", "CN", "CNY"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].name, said) && !strcmp(rows[i].country, country))
            return rows[i].code;
    return NULL;
}
