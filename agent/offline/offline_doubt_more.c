/* SPDX-License-Identifier: BSD-2-Clause */
/* Doubts about amounts and times: numbers that were not spent, and parts of an hour. */
#include "agent/offline/offline_doubt_parts.h"
#include "base/jdoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- money ---- */

static size_t offline_doubt_expenses(const struct offline_step *step)
{
    size_t n = 0;

    for (size_t i = 0; i < step->call_count; i++)
        n += !strcmp(step->calls[i].name, "create_expense");
    return n;
}

/* Whether a call has the number as its amount. */
static bool offline_doubt_amount(const struct offline_step *step, double value)
{
    for (size_t i = 0; i < step->call_count; i++) {
        jdoc *args = NULL;
        const char *text = buf_text(&step->calls[i].args);
        double amount;
        if (jdoc_parse(text, strlen(text), &args, NULL, 0))
            continue;
        bool same = !jdoc_double(jdoc_get(args, "amount"), &amount) && amount == value;
        jdoc_free(args);
        if (same)
            return true;
    }
    return false;
}

/* Money that goes the other way: it came back, or in. In any language, as none is another's. */
static const char offline_doubt_flows[] =
    "refund|refunds|refunded|reimbursed|reimbursement|repaid|got paid|get paid|was paid|were paid|"
    "earned|won|income|salary|wages|sold|paid me|paid us|pays me|gave me|gave us|give me|lent me|"
    "lent us|owes me|owe|paid back|got back|get back|gave back|money back|cashback|"
    "zuruckbekommen|zuruckgezahlt|zuruckgegeben|erstattet|ruckerstattet|ruckerstattung|erstattung|"
    "gutschrift|gutgeschrieben|bekommen|bekam|erhalten|verkauft|verkaufte|verdient|verdiente|"
    "gewonnen|gab mir|gab uns|gaben mir|gehalt|davon|"
    "devolvieron|devolvio|devuelto|devuelta|devueltos|devueltas|devuelven|devolucion|reembolso|"
    "reembolsaron|reembolsado|me pago|me pagaron|nos pagaron|me dio|me dieron|nos dieron|vendi|"
    "vendimos|gane|ganamos|sueldo|recibi|recibimos|de los cuales|de las cuales|la mitad|"
    "rembourse|remboursee|rembourses|remboursees|remboursement|rendu|rendue|rendus|rendues|"
    "m a donne|m a paye|m ont|nous a donne|gagne|vendu|vendue|ai recu|avons recu|salaire|dont";
/* What a part of a sum may be; of one expense by itself they say enough. */
static const char offline_doubt_parts[] =
    "deposit|share|discount|voucher|credit|saved|lost|found|claimed|insurance|kaution|pfand|"
    "gutschein|rabatt|anteil|nachlass|fianza|deposito|vale|descuento|parte|caution|remise|bon|"
    "reduction|acompte|was|inclus|incluido|included|inklusive";
/* What has a number that is no amount. */
static const char offline_doubt_nouns[] =
    "odometer|odo|invoice|receipt|bill|order|reference|ref|booking|confirmation|code|pin|site|spot|"
    "pitch|table|pump|level|room|bay|lot|floor|gate|platform|cabin|seat|number|no|nr|nummer|"
    "kilometerstand|rechnung|beleg|bon|platz|stellplatz|tisch|saule|zapfsaule|ebene|zimmer|etage|"
    "stock|gleis|buchung|factura|recibo|pedido|parcela|plaza|mesa|surtidor|nivel|planta|habitacion|"
    "numero|reserva|cuentakilometros|facture|recu|commande|emplacement|pompe|niveau|chambre|etage|"
    "compteur|reservation|quai";

bool offline_doubt_no_spending(const struct offline_doubt_line *l, const struct offline_step *step)
{
    size_t count = offline_doubt_expenses(step);
    char phrase[64];

    if (!count)
        return false;
    if (offline_doubt_phrase(l, offline_doubt_flows, phrase) ||
        (count > 1 && offline_doubt_phrase(l, offline_doubt_parts, phrase)))
        return true;
    for (size_t i = 0; i < l->count; i++) {
        if (!offline_doubt_number(l, i))
            continue;
        if (offline_doubt_is(l, i + 1, "back|zuruck|wieder"))
            return true;
        if (count > 1 && i > 0 && !l->money[i] && !l->opens[i] &&
            offline_doubt_is(l, i - 1, offline_doubt_nouns) &&
            offline_doubt_amount(step, strtod(l->word[i], NULL)))
            return true;
    }
    return false;
}

bool offline_doubt_payer(const struct offline_doubt_line *l, enum offline_language language)
{
    static const char paid[] =
        "paid|spent|bought|gave|put|chipped|covered|pays|zahlte|bezahlte|gab|zahlt|legte|puso|pago|"
        "dio|paga|pone|invito|paya";
    static const char done[] = "paye|mis|donne|rendu|offert|bezahlt|gezahlt|gegeben|pagado|puesto";
    static const char self[] = "i|we|ve|ich|wir|yo|je|on|nous|j|ai|me|nos|mir|uns|just|only|also|"
                               "yesterday|today|then|got|was|have|had|already|se|lo|la|le|nur|erst";

    for (size_t i = 0; i + 1 < l->count; i++) {
        char word[OFFLINE_WORD_SIZE];
        const char *one[1] = {word};
        size_t used, n = strcspn(l->word[i], " ");
        bool acts = offline_doubt_is(l, i + 1, paid) ||
            (offline_doubt_is(l, i + 1, "a|hat|ha") && offline_doubt_is(l, i + 2, done));
        if (!l->opens[i] || !acts || offline_doubt_number(l, i) || offline_doubt_is(l, i, self))
            continue;
        offline_copy(word, sizeof word, l->word[i], n);
        if (!offline_lexicon_find(language, one, 1, &used, NULL))
            return true;
    }
    return false;
}

bool offline_doubt_spends(const char *clause)
{
    static const char to[] = "on|for|at|fur|fuers|furs|im|in|beim|en|de|del|d|por|para|pour|au|"
                             "aux|chez|du|des|euro|euros|eur|dollar|dollars|bucks|aud|usd|pounds";
    static struct offline_doubt_line line; /* 2 KiB; nothing waits here */

    offline_doubt_split(clause, &line);
    for (size_t i = 0; i < line.count; i++)
        if (line.money[i] || offline_doubt_is(&line, i, to))
            return true;
    return false;
}

/* ---- times ---- */

/* Whether the text begins with what belongs to a time. */
static bool offline_doubt_leads(const char *text)
{
    static struct offline_doubt_line line; /* 2 KiB; nothing waits here */
    static const char joints[] = "y|et|und|menos|moins|minus|weniger";
    size_t i = 0;

    offline_doubt_split(text, &line);
    if (offline_doubt_is(&line, i, joints))
        return true;
    while (offline_doubt_is(&line, i, "and|less|plus|un|une|eine|a|le"))
        i++;
    return offline_doubt_is(&line, i,
               "media|medio|demi|demie|quart|cuarto|cuartos|halbe|viertel|pico|quelques") &&
        (line.count == i + 1 || !offline_doubt_is(&line, i + 1, "de|d"));
}

/* "3 hours and something": behind a time stands a part that has no number. */
static bool offline_doubt_vague(const struct offline_doubt_line *l)
{
    static const char joints[] = "y|et|und|and";
    static const char some[] = "pico|algo|quelques|something|etwas|paar|poussieres|des";
    static const char units[] = "hora|horas|minuto|minutos|heure|heures|minute|minutes|stunde|"
                                "stunden|minuten|uhr|hour|hours|h|midi|minuit|mediodia|medianoche|"
                                "una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce";

    for (size_t i = 0; i + 2 < l->count; i++) {
        bool time = offline_doubt_number(l, i) || offline_doubt_is(l, i, units);
        size_t at = i + 2 + offline_doubt_is(l, i + 2, "ein|einige");
        if (time && offline_doubt_is(l, i + 1, joints) && offline_doubt_is(l, at, some))
            return true;
    }
    return false;
}

bool offline_doubt_fraction(const struct offline_doubt_line *l, const struct offline_step *step)
{
    static const char *const names[] = {"title", "label"};

    for (size_t i = 0; i < step->call_count; i++) {
        const char *tool = step->calls[i].name, *text = buf_text(&step->calls[i].args);
        jdoc *args = NULL;
        bool leads = false;
        if (strcmp(tool, "create_calendar_event") && strcmp(tool, "set_timer_or_alarm"))
            continue;
        if (offline_doubt_vague(l))
            return true;
        if (jdoc_parse(text, strlen(text), &args, NULL, 0))
            continue;
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            leads |= offline_doubt_leads(jdoc_text_or(args, names[k], ""));
        jdoc_free(args);
        if (leads)
            return true;
    }
    return false;
}
