/* SPDX-License-Identifier: BSD-2-Clause */
/* Results in the language of the message: their facts with labels, their lists line by line. */
#include "agent/offline/offline_phrase.h"
#include "agent/offline/offline_talk.h"

#include "base/jdoc.h"
#include "tools/engine/tools.h"

#include <stdio.h>
#include <string.h>

#define OFFLINE_TELL_LINES 12

/* Words of results that are names in the program. */
static const char *const offline_tell_names[][OFFLINE_LANGUAGE_COUNT] = {
    {"gas", "Benzin", "gasolina", "essence"},
    {"diesel", "Diesel", "diésel", "gazole"},
    {"propane", "Gas", "propano", "propane"},
    {"food", "Essen", "comida", "alimentation"},
    {"groceries", "Lebensmittel", "compra", "courses"},
    {"restaurant", "Restaurant", "restaurantes", "restaurant"},
    {"campground", "Campingplatz", "camping", "camping"},
    {"rv_park", "Wohnmobilpark", "parque de caravanas", "parc de camping-cars"},
    {"maintenance", "Wartung", "mantenimiento", "entretien"},
    {"repair", "Reparatur", "reparación", "réparation"},
    {"insurance", "Versicherung", "seguro", "assurance"},
    {"registration", "Zulassung", "matrícula", "immatriculation"},
    {"tolls", "Maut", "peajes", "péages"},
    {"parking", "Parken", "aparcamiento", "parking"},
    {"entertainment", "Unterhaltung", "ocio", "loisirs"},
    {"other", "Sonstiges", "otros", "autres"},
    {"valid", "gültig", "vigente", "valide"},
    {"expired", "abgelaufen", "caducado", "expiré"},
    {"expiring", "läuft bald ab", "caduca pronto", "expire bientôt"},
    {"overdue", "überfällig", "atrasado", "en retard"},
    {"upcoming", "demnächst", "próximo", "à venir"},
};

static void offline_tell_number(double value, bool exact, enum offline_language language,
    struct buf *out)
{
    char text[40];

    snprintf(text, sizeof text, exact ? "%.6g" : "%.2f", value);
    char *point = strchr(text, '.');
    if (point && !strcmp(point, ".00"))
        *point = 0;
    else if (point && language != OFFLINE_ENGLISH)
        *point = ',';
    buf_puts(out, text);
}

static void offline_tell_value(const char *key, const jdoc *value, enum offline_language language,
    struct buf *out)
{
    const char *text = jdoc_string(value, NULL);
    double number;

    if (!text && !jdoc_double(value, &number)) {
        int minutes = (int)(number * 60 + 0.5);
        if (!strcmp(key, "distance_km"))
            buf_printf(out, "%.0f", number);
        else if (strstr(key, "hours"))
            buf_printf(out, "%d:%02d", minutes / 60, minutes % 60);
        else
            offline_tell_number(number, !strcmp(key, "result"), language, out);
        return;
    }
    if (!text) {
        jdoc_write(value, out);
        return;
    }
    for (size_t i = 0; i < sizeof offline_tell_names / sizeof *offline_tell_names; i++)
        if (!strcmp(text, offline_tell_names[i][OFFLINE_ENGLISH])) {
            buf_puts(out, offline_tell_names[i][language]);
            return;
        }
    if (strlen(text) > 16 && text[4] == '-' && text[10] == 'T') /* a point in time */
        buf_printf(out, "%.10s %.5s", text, text + 11);
    else
        buf_printf(out, "%.200s", text);
}

static bool offline_tell_scalar(const jdoc *value)
{
    enum jdoc_type type = jdoc_type(value);

    return type == JDOC_INT || type == JDOC_DOUBLE ||
        (type == JDOC_STRING && *jdoc_string(value, NULL));
}

/* "Allergies: peanuts, nuts". */
static void offline_tell_words(const jdoc *list, struct buf *out)
{
    for (size_t i = 0; i < jdoc_length(list) && i < OFFLINE_TELL_LINES; i++)
        buf_printf(out, "%s%.100s", i ? ", " : "", jdoc_string(jdoc_at(list, i), NULL));
}

/* What tells nothing beside the others: whose zone it is, the name a timer has when it has none. */
static bool offline_tell_dull(const jdoc *object, const char *key, const jdoc *value)
{
    const char *text = jdoc_string(value, NULL);
    bool clock = jdoc_has(object, "local");

    return (!strcmp(key, "timezone") && !clock) || (!strcmp(key, "date") && clock) ||
        (!strcmp(key, "label") && text && (!strcmp(text, "timer") || !strcmp(text, "alarm"))) ||
        (!strcmp(key, "description") && jdoc_has(object, "category"));
}

/* The members that have a label, on one line each, or with commas between. A text needs none. */
static void offline_tell_facts(const jdoc *object, enum offline_language language, bool lines,
    struct buf *out)
{
    struct jdoc_iter it = {0};
    const char *key, *label, *between = "";
    jdoc *value;

    while (jdoc_next(object, &it, &key, &value)) {
        bool words = jdoc_type(value) == JDOC_ARRAY && jdoc_string(jdoc_at(value, 0), NULL);
        if ((!words && !offline_tell_scalar(value)) || offline_tell_dull(object, key, value) ||
            !(label = offline_phrase_label(key, language)))
            continue;
        if (!strcmp(key, "text"))
            buf_puts(out, lines ? "\n- " : between);
        else
            buf_printf(out, "%s%s: ", lines ? "\n- " : between, label);
        if (words)
            offline_tell_words(value, out);
        else
            offline_tell_value(key, value, language, out);
        between = ", ";
    }
}

/* Whether each fact of the only row has been told above it already. */
static bool offline_tell_again(const jdoc *row, enum offline_language language,
    const struct buf *out)
{
    struct buf facts = {0};
    bool again = true;
    char *p;

    offline_tell_facts(row, language, true, &facts);
    p = facts.len ? facts.data : NULL;
    while (again && p && *p) {
        char *end = strstr(p + 1, "\n- ");
        char keep = end ? *end : 0;
        if (end)
            *end = 0;
        again = strstr(buf_text(out), p) != NULL;
        if (end)
            *end = keep;
        p = end;
    }
    buf_free(&facts);
    return again;
}

static void offline_tell_list(const jdoc *list, enum offline_language language, struct buf *out)
{
    size_t count = jdoc_length(list);

    if (count == 1 && offline_tell_again(jdoc_at(list, 0), language, out))
        return;
    for (size_t i = 0; i < count && i < OFFLINE_TELL_LINES; i++) {
        const jdoc *row = jdoc_at(list, i);
        buf_puts(out, "\n- ");
        if (jdoc_type(row) == JDOC_OBJECT)
            offline_tell_facts(row, language, false, out);
        else
            offline_tell_value("", row, language, out);
    }
    if (count > OFFLINE_TELL_LINES)
        buf_printf(out, "\n- + %zu", count - OFFLINE_TELL_LINES);
}

void offline_tell_lists(const jdoc *doc, enum offline_language language, struct buf *out)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;

    while (jdoc_next(doc, &it, &key, &value))
        if (jdoc_type(value) == JDOC_ARRAY && jdoc_type(jdoc_at(value, 0)) == JDOC_OBJECT)
            offline_tell_list(value, language, out);
}

/* What the tool adds, in its own words. */
static void offline_tell_notes(const jdoc *doc, enum offline_language language, struct buf *out)
{
    static const char *const lead[OFFLINE_LANGUAGE_COUNT] = {"", "Hinweis (englisch)",
        "Nota (en inglés)", "Remarque (en anglais)"};
    const jdoc *notes = jdoc_get(doc, "notes");

    for (size_t i = 0; i < jdoc_length(notes) && i < 4; i++)
        if (jdoc_string(jdoc_at(notes, i), NULL))
            buf_printf(out, "\n- %s: %.300s", lead[language], jdoc_string(jdoc_at(notes, i), NULL));
}

static void offline_tell_result(const jdoc *doc, enum offline_language language, struct buf *out)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;

    offline_tell_facts(doc, language, true, out);
    while (jdoc_next(doc, &it, &key, &value))
        if (jdoc_type(value) == JDOC_OBJECT && strcmp(key, "error") != 0) {
            offline_tell_facts(value, language, true, out);
            offline_tell_lists(value, language, out);
        }
    offline_tell_lists(doc, language, out);
    offline_tell_notes(doc, language, out);
}

/* "Done", or what was looked for. */
static void offline_tell_success(const char *tool, const jdoc *doc, enum offline_language language,
    struct buf *text)
{
    static const char *const found[OFFLINE_LANGUAGE_COUNT] = {"",
        "Das habe ich gefunden:", "Esto es lo que hay:", "Voici :"};
    static const char *const nothing[OFFLINE_LANGUAGE_COUNT] = {"", "Dazu ist nichts da.",
        "No hay nada.", "Il n'y a rien."};
    const struct tools_spec *spec = tools_find(tool);
    struct buf facts = {0};

    offline_tell_result(doc, language, &facts);
    if (!spec || spec->effect != TOOLS_READ)
        buf_puts(text, offline_phrase_done(language));
    else
        buf_puts(text, facts.len ? found[language] : nothing[language]);
    buf_puts(text, buf_text(&facts));
    buf_free(&facts);
}

/* Whether a word from `text` to `end` is a tool's name. */
static bool offline_tell_machine(const char *text, const char *end)
{
    static const char marks[] = " .,:;()\"\n";
    char name[64];

    for (const char *word = text; word < end; word += strcspn(word, marks) + 1) {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(word, marks), word);
        if (strchr(name, '_') && tools_find(name))
            return true;
    }
    return false;
}

void offline_clean(const char *text, struct buf *out)
{
    while (*text) {
        const char *end = text, *open, *close;
        while (*end && !(strchr(".!?", *end) && (!end[1] || end[1] == ' ')))
            end++;
        end += *end != 0;
        open = strstr(text, " (");
        close = open && open < end ? strchr(open, ')') : NULL;
        if (!offline_tell_machine(text, end))
            buf_printf(out, "%.*s", (int)(end - text), text);
        else if (close && close < end &&
            offline_tell_machine(open, close)) /* "Undone (NAME): ..." */
            buf_printf(out, "%.*s%.*s", (int)(open - text), text, (int)(end - close - 1),
                close + 1);
        text = end;
    }
}

void offline_tell(const struct offline_result *results, size_t count,
    enum offline_language language, struct buf *text)
{
    for (size_t i = 0; i < count; i++) {
        const struct chat_message *m = results[i].message;
        jdoc *doc = NULL;
        if (i)
            buf_puts(text, "\n\n");
        if (jdoc_parse(m->text, m->len, &doc, NULL, 0)) {
            buf_puts(text, offline_phrase_failed(language));
        } else if (!jdoc_is_true(doc, "success")) {
            buf_puts(text, offline_phrase_failed(language));
            offline_clean(jdoc_text_or(doc, "message", ""), text);
        } else {
            offline_tell_success(results[i].name, doc, language, text);
        }
        jdoc_free(doc);
    }
    buf_puts(text, offline_phrase_signature(language));
}
