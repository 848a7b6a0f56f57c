/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_phrase.h"

#include <stdio.h>
#include <string.h>

typedef const char *offline_phrase_row[OFFLINE_LANGUAGE_COUNT];

/* ---- questions ---- */

static const struct {
    const char *argument;
    offline_phrase_row question;
} offline_phrase_asks[] = {
    {"amount",
        {"How much was it?", "Wie viel war es?",
            "\xc2\xbf"
            "Cu\xc3\xa1nto fue?",
            "Combien \xc3\xa9tait-ce ?"}},
    {"category",
        {"What was it for?", "Wof\xc3\xbcr war es?",
            "\xc2\xbf"
            "En qu\xc3\xa9 fue?",
            "C'\xc3\xa9tait pour quoi ?"}},
    {"title",
        {"What is it? Please name it.", "Was ist es? Bitte nenne es.",
            "\xc2\xbfQu\xc3\xa9 es? Dime un nombre.", "De quoi s'agit-il ?"}},
    {"start_date",
        {"When is it?", "Wann ist es?",
            "\xc2\xbf"
            "Cu\xc3\xa1ndo es?",
            "C'est quand ?"}},
    {"service_date",
        {"On which day?", "An welchem Tag?",
            "\xc2\xbfQu\xc3\xa9 d\xc3\xad"
            "a?",
            "Quel jour ?"}},
    {"origin",
        {"Where do you start from?", "Wo f\xc3\xa4hrst du los?",
            "\xc2\xbf"
            "Desde d\xc3\xb3nde sales?",
            "D'o\xc3\xb9 pars-tu ?"}},
    {"destination",
        {"Where to?", "Wohin?",
            "\xc2\xbf"
            "Ad\xc3\xb3nde?",
            "O\xc3\xb9 vas-tu ?"}},
    {"location", {"Which place?", "Welcher Ort?", "\xc2\xbfQu\xc3\xa9 lugar?", "Quel lieu ?"}},
    {"region",
        {"Which region?", "Welche Gegend?", "\xc2\xbfQu\xc3\xa9 regi\xc3\xb3n?",
            "Quelle r\xc3\xa9gion ?"}},
    {"month", {"Which month?", "Welcher Monat?", "\xc2\xbfQu\xc3\xa9 mes?", "Quel mois ?"}},
    {"odometer",
        {"What does the odometer read?", "Welcher Kilometerstand?",
            "\xc2\xbf"
            "Cu\xc3\xa1ntos kil\xc3\xb3metros marca el cuentakil\xc3\xb3metros?",
            "Quel est le kilom\xc3\xa9trage ?"}},
    {"name",
        {"What is its name?", "Wie hei\xc3\x9ft es?",
            "\xc2\xbf"
            "C\xc3\xb3mo se llama?",
            "Comment s'appelle-t-il ?"}},
    {"query",
        {"What shall I look for?", "Wonach soll ich suchen?", "\xc2\xbfQu\xc3\xa9 busco?",
            "Que dois-je chercher ?"}},
    {"message",
        {"What shall I write?", "Was soll ich schreiben?", "\xc2\xbfQu\xc3\xa9 escribo?",
            ("Que dois-je \xc3\xa9"
             "crire ?")}},
};
static const offline_phrase_row offline_phrase_which = {"What is the %s?", "Was ist %s?",
    ("\xc2\xbf"
     "Cu\xc3\xa1l es %s?"),
    "Quel est %s ?"};
static const offline_phrase_row offline_phrase_nothing = {" I have written nothing.",
    " Ich habe nichts geschrieben.", " No he escrito nada.",
    (" Je n'ai rien \xc3\xa9"
     "crit.")};

static bool offline_phrase_writes(const struct offline_fill *f)
{
    return !f->spec || f->spec->effect != TOOLS_READ;
}

void offline_phrase_missing(const struct offline_fill *f, char *out, size_t size)
{
    enum offline_language language = f->speech->language;
    const char *end = offline_phrase_writes(f) ? offline_phrase_nothing[language] : "";
    char name[40];

    for (size_t i = 0; i < sizeof offline_phrase_asks / sizeof *offline_phrase_asks; i++)
        if (!strcmp(offline_phrase_asks[i].argument, *f->missing ? f->missing : "title")) {
            snprintf(out, size, "%s%s", offline_phrase_asks[i].question[language], end);
            return;
        }
    snprintf(name, sizeof name, "%s", f->missing);
    for (char *p = name; *p; p++)
        *p = *p == '_' ? ' ' : *p;
    int n = snprintf(out, size, offline_phrase_which[language], name);
    if (n > 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, "%s", end);
}

/* The tokens that no slot has taken, as they were written. */
static void offline_phrase_rest(const struct offline_fill *f, char *out, size_t size)
{
    const struct offline_tokens *t = &f->speech->tokens;
    size_t len = 0;

    *out = 0;
    for (size_t i = 0; i < t->count && len + OFFLINE_WORD_SIZE < size; i++) {
        if (f->used[i] ||
            (t->list[i].kind == OFFLINE_WORD && t->list[i].mark == OFFLINE_MARK_LIGHT))
            continue;
        if (len)
            out[len++] = ' ';
        len += offline_copy(out + len, size - len, t->text + t->list[i].from,
            t->list[i].to - t->list[i].from);
    }
}

void offline_phrase_left(const struct offline_fill *f, char *out, size_t size)
{
    static const offline_phrase_row part = {
        "I understood only a part of that, and not \"%s\".%s Please say it in plain sentences.",
        "Ich habe nur einen Teil verstanden, nicht aber \"%s\".%s Bitte sag es in einfachen S\xc3\xa4tzen.",
        "He entendido solo una parte, y no \"%s\".%s Dilo con frases sencillas, por favor.",
        "Je n'ai compris qu'une partie, et pas \xc2\xab %s \xc2\xbb.%s Dis-le en phrases simples, s'il te pla\xc3\xaet."};
    static const offline_phrase_row date = {"the date or time", "das Datum oder die Zeit",
        "la fecha o la hora", "la date ou l'heure"};
    char rest[OFFLINE_TEXT_MAX];

    offline_phrase_rest(f, rest, sizeof rest);
    snprintf(out, size, part[f->speech->language], *rest ? rest : date[f->speech->language],
        offline_phrase_writes(f) ? offline_phrase_nothing[f->speech->language] : "");
}

void offline_phrase_meant(const struct offline_fill *f, char *out, size_t size)
{
    static const offline_phrase_row meant = {"I understood: %s. Shall I do that?",
        "Ich habe verstanden: %s. Soll ich das tun?", "He entendido: %s. \xc2\xbfLo hago?",
        "J'ai compris : %s. Dois-je le faire ?"};
    struct buf what = {0};
    struct jdoc_iter it = {0};
    const char *key, *label;
    jdoc *value;

    buf_puts(&what, f->spec ? f->spec->name : "");
    for (char *p = what.len ? what.data : NULL; p && *p; p++)
        *p = *p == '_' ? ' ' : *p;
    while (jdoc_next(f->args, &it, &key, &value)) {
        label = offline_phrase_label(key, f->speech->language);
        buf_printf(&what, ", %s ", label ? label : key);
        jdoc_write(value, &what);
    }
    if (*f->title)
        buf_printf(&what, "\"%s\"", f->title);
    snprintf(out, size, meant[f->speech->language], buf_text(&what));
    buf_free(&what);
}

/* ---- answers ---- */

const char *offline_phrase_signature(enum offline_language language)
{
    static const offline_phrase_row rows = {
        "\n\n(Offline mode: no language model is connected. I understand a set of plain requests and "
        "work with your own data.)",
        "\n\n(Offline-Modus: Es ist kein Sprachmodell verbunden. Ich verstehe einfache Bitten und "
        "arbeite mit deinen eigenen Daten.)",
        "\n\n(Modo offline: no hay ning\xc3\xban modelo de lenguaje conectado. Entiendo peticiones "
        "sencillas y trabajo con tus propios datos.)",
        "\n\n(Mode offline : aucun mod\xc3\xa8le de langage n'est connect\xc3\xa9. Je comprends des demandes "
        "simples et je travaille avec tes propres donn\xc3\xa9"
        "es.)"};

    return rows[language];
}

const char *offline_phrase_unknown(enum offline_language language)
{
    static const offline_phrase_row rows = {"",
        "Ich bin im Offline-Modus, ohne Sprachmodell, und habe diese Bitte nicht verstanden. Ich habe "
        "nichts getan, denn ich will nicht raten. Ich verstehe einfache Sätze wie „Ich habe 45 Euro für "
        "Diesel bezahlt“ oder „Wie weit ist es von Berlin nach Rom?“.",
        "Estoy en modo offline, sin modelo de lenguaje, y no he entendido esa petici\xc3\xb3n. No he "
        "hecho nada, porque no quiero adivinar. Entiendo frases sencillas como «Gasté 45 en gasolina» o "
        "«¿Cuántos kilómetros hay de Madrid a Sevilla?».",
        "Je suis en mode offline, sans mod\xc3\xa8le de langage, et je n'ai pas compris cette demande. "
        "Je n'ai rien fait, car je ne veux pas deviner. Je comprends des phrases simples comme « J'ai payé "
        "45 euros d'essence » ou « Quelle distance entre Lyon et Marseille ? »."};

    return rows[language];
}

const char *offline_phrase_done(enum offline_language language)
{
    static const offline_phrase_row rows = {"Done.", "Erledigt.", "Hecho.", "C'est fait."};

    return rows[language];
}

const char *offline_phrase_failed(enum offline_language language)
{
    static const offline_phrase_row rows = {"That did not work: ", "Das hat nicht geklappt: ",
        "Eso no ha funcionado: ", "Cela n'a pas march\xc3\xa9 : "};

    return rows[language];
}

const char *offline_phrase_label(const char *member, enum offline_language language)
{
    static const struct {
        const char *member;
        offline_phrase_row label;
    } rows[] = {
        {"title", {"title", "Titel", "t\xc3\xadtulo", "titre"}},
        {"name", {"name", "Name", "nombre", "nom"}},
        {"amount", {"amount", "Betrag", "importe", "montant"}},
        {"category",
            {"category", "Kategorie",
                "categor\xc3\xad"
                "a",
                "cat\xc3\xa9gorie"}},
        {"description", {"description", "Beschreibung", "descripci\xc3\xb3n", "description"}},
        {"date", {"date", "Datum", "fecha", "date"}},
        {"start_date", {"when", "wann", "cu\xc3\xa1ndo", "quand"}},
        {"due_at", {"rings at", "klingelt um", "suena a las", "sonne \xc3\xa0"}},
        {"origin", {"from", "von", "desde", "de"}},
        {"destination", {"to", "nach", "hasta", "\xc3\xa0"}},
        {"distance_km",
            {"distance in km", "Entfernung in km", "distancia en km", "distance en km"}},
        {"drive_hours",
            {"hours at the wheel", "Stunden am Steuer", "horas al volante", "heures au volant"}},
        {"hours", {"hours", "Stunden", "horas", "heures"}},
        {"arrival",
            {"arrival", "Ankunft", "llegada",
                "arriv\xc3\xa9"
                "e"}},
        {"result", {"result", "Ergebnis", "resultado", "r\xc3\xa9sultat"}},
        {"text", {"what", "was", "qu\xc3\xa9", "quoi"}},
        {"open", {"open", "offen", "pendientes", "restants"}},
        {"done", {"done", "erledigt", "hechos", "faits"}},
        {"phone",
            {"phone", "Telefon",
                "tel\xc3\xa9"
                "fono",
                "t\xc3\xa9l\xc3\xa9phone"}},
        {"expiry_date", {"expires", "läuft ab", "caduca", "expire"}},
        {"local", {"time", "Zeit", "hora", "heure"}},
        {"allergies", {"allergies", "Allergien", "alergias", "allergies"}},
        {"dietary_restrictions", {"diet", "Ernährung", "dieta", "régime"}},
        {"disliked_ingredients", {"not liked", "nicht gemocht", "no gusta", "pas aimé"}},
        {"expires_on", {"expires", "l\xc3\xa4uft ab", "caduca", "expire"}},
        {"medication",
            {"medication", "Medikament", "medicamento",
                "m\xc3\xa9"
                "dicament"}},
        {"total", {"total", "Summe", "total", "total"}},
        {"spent", {"spent", "ausgegeben", "gastado", "d\xc3\xa9pens\xc3\xa9"}},
        {"limit", {"limit", "Grenze", "l\xc3\xadmite", "limite"}},
        {"currency", {"currency", "W\xc3\xa4hrung", "moneda", "devise"}},
        {"task", {"task", "Arbeit", "trabajo", "travail"}},
        {"service_date", {"date", "Datum", "fecha", "date"}},
        {"status", {"status", "Stand", "estado", "\xc3\xa9tat"}},
        {"quantity", {"quantity", "Menge", "cantidad", "quantit\xc3\xa9"}},
        {"unit", {"unit", "Einheit", "unidad", "unit\xc3\xa9"}},
        {"local_time", {"time", "Zeit", "hora", "heure"}},
        {"time", {"time", "Zeit", "hora", "heure"}},
        {"timezone", {"zone", "Zeitzone", "zona", "fuseau"}},
        {"location", {"place", "Ort", "lugar", "lieu"}},
        {"label", {"label", "Bezeichnung", "etiqueta", "libell\xc3\xa9"}},
        {"fuel_cost",
            {"fuel cost", "Spritkosten", "coste de combustible", "co\xc3\xbbt du carburant"}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].member, member))
            return rows[i].label[language];
    return NULL;
}
