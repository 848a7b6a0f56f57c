/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/budget.h"

#include "base/clock.h"

#include <string.h>
#include <strings.h>

enum budget_kind { BUDGET_TOKENS, BUDGET_MONEY, BUDGET_KINDS };

/* "STOPS WHAT SPAN. AGAIN 2026-12-01 00:00 UTC." */
static const struct budget_words {
    const char *language, *stops, *what[3][BUDGET_KINDS], *day, *month, *again;
} budget_languages[] = {
    {"en", "I have to stop here. ",
        {[USAGE_USER] = {"Your tokens are used up", "Your budget is used up"},
            [USAGE_KEY] = {"The tokens of this API key are used up",
                "The budget of this API key is used up"},
            [USAGE_SITE] = {"The tokens of this site are used up",
                "The budget of this site is used up"}},
        "for today", "for this month", "It goes on at"},
    {"de", "Hier muss ich aufhören. ",
        {[USAGE_USER] = {"Deine Tokens sind aufgebraucht", "Dein Budget ist aufgebraucht"},
            [USAGE_KEY] = {"Die Tokens dieses API-Schlüssels sind aufgebraucht",
                "Das Budget dieses API-Schlüssels ist aufgebraucht"},
            [USAGE_SITE] = {"Die Tokens dieser Website sind aufgebraucht",
                "Das Budget dieser Website ist aufgebraucht"}},
        "für heute", "für diesen Monat", "Weiter geht es um"},
    {"es", "Tengo que parar aquí. ",
        {[USAGE_USER] = {"Tus tokens se han agotado", "Tu presupuesto se ha agotado"},
            [USAGE_KEY] = {"Los tokens de esta clave de API se han agotado",
                "El presupuesto de esta clave de API se ha agotado"},
            [USAGE_SITE] = {"Los tokens de este sitio se han agotado",
                "El presupuesto de este sitio se ha agotado"}},
        "por hoy", "por este mes", "Se podrá seguir a partir de"},
    {"fr", "Je dois m’arrêter ici. ",
        {[USAGE_USER] = {"Tes jetons sont épuisés", "Ton budget est épuisé"},
            [USAGE_KEY] = {"Les jetons de cette clé d’API sont épuisés",
                "Le budget de cette clé d’API est épuisé"},
            [USAGE_SITE] = {"Les jetons de ce site sont épuisés",
                "Le budget de ce site est épuisé"}},
        "pour aujourd’hui", "pour ce mois-ci", "La suite sera possible à partir de"},
};

static const struct budget_words *budget_words_of(const char *locale)
{
    size_t len = strcspn(locale, "-_");

    for (size_t i = 0; i < sizeof budget_languages / sizeof *budget_languages; i++)
        if (len == 2 && !strncasecmp(locale, budget_languages[i].language, len))
            return &budget_languages[i];
    return &budget_languages[0];
}

void budget_say(const struct usage_over *over, int64_t now_ms, const char *locale, bool stops,
    struct buf *out)
{
    const struct budget_words *w = budget_words_of(locale);
    const bool money = over->name == LIMITS_MONEY_DAY || over->name == LIMITS_MONEY_MONTH;
    const bool month = over->name == LIMITS_TOKENS_MONTH || over->name == LIMITS_MONEY_MONTH;
    char again[CLOCK_RFC3339_SIZE];

    clock_rfc3339(now_ms + over->left_ms + 999, again); /* "2026-12-01T00:00:00.000Z" */
    buf_printf(out, "%s%s %s. %s %.10s %.5s UTC.", stops ? w->stops : "",
        w->what[over->scope][money ? BUDGET_MONEY : BUDGET_TOKENS], month ? w->month : w->day,
        w->again, again, again + 11);
}
