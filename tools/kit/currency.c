/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/currency.h"

#include "base/err.h"
#include "tools/kit/currency_table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- ISO 4217 ---- */

static int currency_compare(const void *code, const void *row)
{
    return strcmp(code, row); /* the code is each row's first member */
}

const struct currency_row *currency_row_of(const char *code)
{
    return bsearch(code, currency_table, currency_table_count, sizeof *currency_table,
        currency_compare);
}

int currency_check(const char *code, char why[CURRENCY_WHY_SIZE])
{
    if (currency_row_of(code))
        return 0;
    const struct currency_other *other = bsearch(code, currency_others, currency_others_count,
        sizeof *currency_others, currency_compare);
    if (other && *other->instead)
        snprintf(why, CURRENCY_WHY_SIZE, "%.3s is not in use; did you mean %s?", code,
            other->instead);
    else if (other)
        snprintf(why, CURRENCY_WHY_SIZE, "%.3s is no money that people pay with", code);
    else
        snprintf(why, CURRENCY_WHY_SIZE, "%.20s is no currency of ISO 4217", code);
    return ERR_INVALID;
}

/* Country and money, in the order of countries. */
static const char currency_countries[] =
    "AD EUR AE AED AF AFN AG XCD AI XCD AL ALL AM AMD AO AOA AR ARS AS USD AT EUR AU AUD AW AWG AX EUR "
    "AZ AZN BA BAM BB BBD BD BDT BE EUR BF XOF BG EUR BH BHD BI BIF BJ XOF BL EUR BM BMD BN BND BO BOB "
    "BQ USD BR BRL BS BSD BT BTN BW BWP BY BYN BZ BZD CA CAD CC AUD CD CDF CF XAF CG XAF CH CHF CI XOF "
    "CK NZD CL CLP CM XAF CN CNY CO COP CR CRC CU CUP CV CVE CW XCG CX AUD CY EUR CZ CZK DE EUR DJ DJF "
    "DK DKK DM XCD DO DOP DZ DZD EC USD EE EUR EG EGP EH MAD ER ERN ES EUR ET ETB FI EUR FJ FJD FK FKP "
    "FM USD FO DKK FR EUR GA XAF GB GBP GD XCD GE GEL GF EUR GG GBP GH GHS GI GIP GL DKK GM GMD GN GNF "
    "GP EUR GQ XAF GR EUR GT GTQ GU USD GW XOF GY GYD HK HKD HN HNL HR EUR HT HTG HU HUF ID IDR IE EUR "
    "IL ILS IM GBP IN INR IQ IQD IR IRR IS ISK IT EUR JE GBP JM JMD JO JOD JP JPY KE KES KG KGS KH KHR "
    "KI AUD KM KMF KN XCD KP KPW KR KRW KW KWD KY KYD KZ KZT LA LAK LB LBP LC XCD LI CHF LK LKR LR LRD "
    "LS LSL LT EUR LU EUR LV EUR LY LYD MA MAD MC EUR MD MDL ME EUR MF EUR MG MGA MH USD MK MKD ML XOF "
    "MM MMK MN MNT MO MOP MP USD MQ EUR MR MRU MS XCD MT EUR MU MUR MV MVR MW MWK MX MXN MY MYR MZ MZN "
    "NA NAD NC XPF NE XOF NF AUD NG NGN NI NIO NL EUR NO NOK NP NPR NR AUD NU NZD NZ NZD OM OMR PA PAB "
    "PE PEN PF XPF PG PGK PH PHP PK PKR PL PLN PM EUR PR USD PS ILS PT EUR PW USD PY PYG QA QAR RE EUR "
    "RO RON RS RSD RU RUB RW RWF SA SAR SB SBD SC SCR SD SDG SE SEK SG SGD SH SHP SI EUR SJ NOK SK EUR "
    "SL SLE SM EUR SN XOF SO SOS SR SRD SS SSP ST STN SV USD SX XCG SY SYP SZ SZL TC USD TD XAF TG XOF "
    "TH THB TJ TJS TL USD TM TMT TN TND TO TOP TR TRY TT TTD TV AUD TW TWD TZ TZS UA UAH UG UGX US USD "
    "UY UYU UZ UZS VA EUR VC XCD VE VES VG USD VI USD VN VND VU VUV WF XPF WS WST YE YER YT EUR ZA ZAR "
    "ZM ZMW ZW ZWG";

const char *currency_of_country(const char *country)
{
    for (const char *at = currency_countries; strlen(country) == 2; at += 7) {
        char code[4] = "";
        if (strncmp(at, country, 2) == 0) {
            memcpy(code, at + 3, 3);
            const struct currency_row *row = currency_row_of(code);
            return row ? row->code : NULL;
        }
        if (strlen(at) < 7)
            break;
    }
    return NULL;
}
