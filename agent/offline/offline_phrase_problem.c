/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions in four languages: whole sentences, with a hole "{}" for what differs. */
#include "agent/offline/offline_phrase.h"

#include <stdio.h>
#include <string.h>

#define OFFLINE_PHRASE_HOLES 4
#define OFFLINE_PHRASE_HOLE_SIZE 160

/* The holes of each language are filled in the order of the English ones. */
static const char *const offline_phrase_problems[][OFFLINE_LANGUAGE_COUNT] = {
    {OFFLINE_PHRASE_IS_QUESTION,
        "Ist das eine Frage, oder soll ich es aufschreiben? Bitte ohne Fragezeichen, wenn ich es soll.",
        "¿Es una pregunta o lo anoto? Sin signo de interrogación, por favor, si debo anotarlo.",
        "Est-ce une question, ou dois-je le noter ? Sans point d'interrogation, s'il faut le noter."},
    {OFFLINE_PHRASE_WHICH,
        "Da ist mehreres geschehen, und ich weiß nicht, welches davon gemeint ist. Bitte nenne es.",
        "Se hicieron varias cosas, y no sé a cuál te refieres. Por favor, nómbrala.",
        "Plusieurs choses ont été faites, et je ne sais pas laquelle est visée. Merci de la nommer."},
    {OFFLINE_PHRASE_TOO_MUCH, "Das ist mehr, als ich auf einmal kann. Bitte sag es in Teilen.",
        "Es más de lo que puedo hacer de una vez. Dilo por partes, por favor.",
        "C'est plus que je ne peux faire en une fois. Dis-le en plusieurs fois."},
    {"At what time shall I remind you?", "Um wie viel Uhr soll ich daran erinnern?",
        "¿A qué hora te lo recuerdo?", "À quelle heure dois-je te le rappeler ?"},
    {"At what time?", "Um wie viel Uhr?", "¿A qué hora?", "À quelle heure ?"},
    {"On which day is it?", "An welchem Tag ist es?", "¿Qué día es?", "Quel jour est-ce ?"},
    {"For how long?", "Wie lange?", "¿Cuánto tiempo?", "Pour combien de temps ?"},
    {"That day has not come yet. When was it?", "Der Tag liegt in der Zukunft. Wann war es?",
        "Ese día aún no ha llegado. ¿Cuándo fue?",
        "Ce jour n'est pas encore venu. Quand était-ce ?"},
    {"That is over already. When should it be?", "Das ist schon vorbei. Wann soll es sein?",
        "Eso ya pasó. ¿Cuándo debe ser?", "C'est déjà passé. Quand cela doit-il être ?"},
    {"Is that an amount of money that you spent?", "Ist das ein Betrag, den du ausgegeben hast?",
        "¿Es una cantidad de dinero que gastaste?", "Est-ce une somme que tu as dépensée ?"},
    {"Which of the dates do you mean?", "Welches der Daten ist gemeint?", "¿Cuál de las fechas es?",
        "Laquelle des dates est-ce ?"},
    {"Which of the times do you mean?", "Welche der Uhrzeiten ist gemeint?",
        "¿Cuál de las horas es?", "Laquelle des heures est-ce ?"},
    {"Which day do you mean?", "Welcher Tag ist gemeint?", "¿Qué día es?",
        "De quel jour s'agit-il ?"},
    {"Which day of that week do you mean?", "Welcher Tag dieser Woche ist gemeint?",
        "¿Qué día de esa semana?", "Quel jour de cette semaine ?"},
    {"There is no such time of day. At what time?", "Diese Uhrzeit gibt es nicht. Um wie viel Uhr?",
        "Esa hora no existe. ¿A qué hora?", "Cette heure n'existe pas. À quelle heure ?"},
    {"The time and the part of the day do not fit. At what time?",
        "Uhrzeit und Tageszeit passen nicht zusammen. Um wie viel Uhr?",
        "La hora y la parte del día no encajan. ¿A qué hora?",
        "L'heure et le moment de la journée ne vont pas ensemble. À quelle heure ?"},
    {"Is that {} in the morning or in the afternoon? Please say \"{} am\" or \"{} pm\".",
        "Ist {} Uhr morgens oder abends gemeint? Sag zum Beispiel „{} Uhr morgens“ oder „{} Uhr abends“.",
        "¿Son las {} de la mañana o de la tarde? Di, por ejemplo, «las {} de la mañana» o «las {} de la tarde».",
        "Est-ce {} h du matin ou du soir ? Dis par exemple « {} h du matin » ou « {} h du soir »."},
    {"You said {}, and your money is kept in {}. How much was it in {}?",
        "Das war in {}, und dein Geld wird in {} geführt. Wie viel war es in {}?",
        "Eso era en {}, y tu dinero se lleva en {}. ¿Cuánto fue en {}?",
        "C'était en {}, et ton argent est tenu en {}. Combien était-ce en {} ?"},
    {"Your money is kept in {}. How much was it in {}?",
        "Dein Geld wird in {} geführt. Wie viel war es in {}?",
        "Tu dinero se lleva en {}. ¿Cuánto fue en {}?",
        "Ton argent est tenu en {}. Combien était-ce en {} ?"},
    {"I cannot take {} as an amount of {}.", "{} kann kein Betrag in {} sein.",
        "{} no puede ser una cantidad en {}.", "{} ne peut pas être une somme en {}."},
    {"\"{}\" can be counted under more than one heading. Which one is it?",
        "„{}“ passt in mehr als eine Kategorie. Welche ist es?",
        "«{}» cabe en más de una categoría. ¿Cuál es?",
        "« {} » peut aller dans plusieurs catégories. Laquelle est-ce ?"},
    {"How many litres was it?", "Wie viele Liter waren es?", "¿Cuántos litros fueron?",
        "Combien de litres était-ce ?"},
    {"I do not know the time zone of \"{}\".", "Die Zeitzone von „{}“ kenne ich nicht.",
        "No conozco la zona horaria de «{}».", "Je ne connais pas le fuseau horaire de « {} »."},
    {"There is more than one \"{}\". Please name its country too.",
        "„{}“ gibt es mehrmals. Bitte nenne auch das Land.",
        "Hay más de un lugar llamado «{}». Di también el país, por favor.",
        "Il y a plusieurs « {} ». Dis aussi le pays, s'il te plaît."},
    {"Do you mean {} or {}?", "Ist {} oder {} gemeint?", "¿Es el {} o el {}?",
        "Est-ce le {} ou le {} ?"},
};

/* The names of days and months in what was filled in. */
static const char *const offline_phrase_days[][OFFLINE_LANGUAGE_COUNT] = {{"Monday", "Montag",
                                                                              "lunes", "lundi"},
    {"Tuesday", "Dienstag", "martes", "mardi"}, {"Wednesday", "Mittwoch", "miércoles", "mercredi"},
    {"Thursday", "Donnerstag", "jueves", "jeudi"}, {"Friday", "Freitag", "viernes", "vendredi"},
    {"Saturday", "Samstag", "sábado", "samedi"}, {"Sunday", "Sonntag", "domingo", "dimanche"},
    {"January", "Januar", "enero", "janvier"}, {"February", "Februar", "febrero", "février"},
    {"March", "März", "marzo", "mars"}, {"April", "April", "abril", "avril"},
    {"May", "Mai", "mayo", "mai"}, {"June", "Juni", "junio", "juin"},
    {"July", "Juli", "julio", "juillet"}, {"August", "August", "agosto", "août"},
    {"September", "September", "septiembre", "septembre"},
    {"October", "Oktober", "octubre", "octobre"}, {"November", "November", "noviembre", "novembre"},
    {"December", "Dezember", "diciembre", "décembre"}};

/* Takes what stands in the holes of an English sentence. Returns whether it is that sentence. */
static bool offline_phrase_match(const char *pattern, const char *text,
    char holes[OFFLINE_PHRASE_HOLES][OFFLINE_PHRASE_HOLE_SIZE])
{
    for (size_t k = 0;; k++) {
        size_t n = strcspn(pattern, "{");
        if (strncmp(pattern, text, n) != 0)
            return false;
        pattern += n;
        text += n;
        if (!*pattern)
            return !*text;
        if (k == OFFLINE_PHRASE_HOLES || strncmp(pattern, "{}", 2) != 0)
            return false;
        pattern += 2;
        char next[32]; /* what follows the hole */
        snprintf(next, sizeof next, "%.*s", (int)strcspn(pattern, "{"), pattern);
        const char *end = *next ? strstr(text, next) : text + strlen(text);
        if (!end || (size_t)(end - text) >= OFFLINE_PHRASE_HOLE_SIZE)
            return false;
        snprintf(holes[k], OFFLINE_PHRASE_HOLE_SIZE, "%.*s", (int)(end - text), text);
        text = end;
    }
}

static void offline_phrase_name(const char *word, enum offline_language language, struct buf *out)
{
    for (size_t i = 0; i < sizeof offline_phrase_days / sizeof *offline_phrase_days; i++)
        if (!strcmp(word, offline_phrase_days[i][OFFLINE_ENGLISH])) {
            buf_puts(out, offline_phrase_days[i][language]);
            return;
        }
    buf_puts(out, word);
}

/* A day of ours ("Tuesday 1 December") in the language; other words stay. */
static void offline_phrase_hole(const char *text, enum offline_language language, struct buf *out)
{
    char word[OFFLINE_PHRASE_HOLE_SIZE];

    while (*text) {
        size_t n = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, text);
        offline_phrase_name(word, language, out);
        text += n;
        if (*text) {
            buf_putc(out, ' ');
            text++;
        }
    }
}

const char *offline_phrase_problem(const char *english, enum offline_language language)
{
    static char holes[OFFLINE_PHRASE_HOLES][OFFLINE_PHRASE_HOLE_SIZE], said[1000];

    for (size_t i = 0; i < sizeof offline_phrase_problems / sizeof *offline_phrase_problems; i++) {
        struct buf out = {0};
        size_t k = 0;
        if (!offline_phrase_match(offline_phrase_problems[i][OFFLINE_ENGLISH], english, holes))
            continue;
        for (const char *p = offline_phrase_problems[i][language]; *p;) {
            size_t n = strcspn(p, "{");
            buf_printf(&out, "%.*s", (int)n, p);
            p += n;
            if (!*p)
                break;
            offline_phrase_hole(holes[k++], language, &out);
            p += 2;
        }
        snprintf(said, sizeof said, "%s", buf_text(&out));
        buf_free(&out);
        return *said ? said : english;
    }
    return english;
}
