/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots of frames that are no plain words: telephone numbers, days, papers, counts. */
#include "agent/offline/offline_frame_slot.h"

#include "agent/offline/offline_speech.h"
#include "base/jdoc.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The words as they were said. */
static bool offline_frame_more_text(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, char *out, size_t size)
{
    const struct offline_frame_word *a = &w->list[s->at], *b = a + s->n - 1;

    if (b->at < a->at || (size_t)(b->at + b->len - a->at) >= size)
        return false;
    offline_copy(out, size, a->at, (size_t)(b->at + b->len - a->at));
    return true;
}

static bool offline_frame_more_put(jdoc *args, const char *argument, jdoc *value)
{
    char name[32];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, " "), argument);
    return !jdoc_set(args, name, value);
}

/* "0412 345 678": six digits or more, and nothing that is no part of a number. */
static bool offline_frame_more_phone(const struct offline_frame_slot *s, const char *text,
    jdoc *args)
{
    size_t digits = 0;
    bool many = s->argument[strcspn(s->argument, " ") - 1] == 's';

    for (const char *p = text; *p; p++) {
        digits += isdigit((unsigned char)*p) != 0;
        if (!isdigit((unsigned char)*p) && !strchr("+ ()-/", *p))
            return false;
    }
    if (digits < 6)
        return false;
    if (!args)
        return true;
    jdoc *value = jdoc_new_string(text, strlen(text)), *list = many ? jdoc_new_array() : NULL;
    if (many && (!list || jdoc_push(list, value))) {
        jdoc_free(list);
        return false;
    }
    return offline_frame_more_put(args, s->argument, many ? list : value);
}

/* One day, with nothing else beside it. */
static bool offline_frame_more_date(const struct offline_frame_slot *s, const char *text,
    const struct offline_world *world, enum offline_language language, jdoc *args)
{
    static struct offline_speech speech; /* 20 KiB; nothing waits here */
    char problem[OFFLINE_PROBLEM_SIZE], day[OFFLINE_MOMENT_SIZE];
    struct offline_moment m;

    offline_speech_read(&speech, text, language, language != OFFLINE_ENGLISH);
    if (speech.when.dates != 1 || speech.when.times || speech.when.part ||
        speech.when.date == OFFLINE_DATE_SPAN || speech.when.date == OFFLINE_DATE_MINUTES)
        return false;
    for (size_t i = 0; i < speech.tokens.count; i++)
        if (speech.tokens.list[i].mark != OFFLINE_MARK_LIGHT)
            return false;
    if (!offline_when_work_out(&speech.when, world->now_ms, world->zone, OFFLINE_ANY, &m,
            problem) ||
        !m.has_date)
        return false;
    offline_moment_write(&m, day);
    return !args || offline_frame_more_put(args, s->argument, jdoc_new_string(day, strlen(day)));
}

static bool offline_frame_more_ends(const char *word, const char *const *ends)
{
    size_t len = strlen(word);

    for (; *ends; ends++) {
        size_t n = strlen(*ends);
        if (len >= n && !strcmp(word + len - n, *ends))
            return true;
    }
    return false;
}

bool offline_frame_more_person(const struct offline_frame_words *w,
    const struct offline_frame_slot *s)
{
    static const char things[] =
        "pin|code|codes|passcode|password|passwort|kennwort|konto|account|bank|iban|bsb|card|karte|"
        "gate|door|lock|wifi|wlan|booking|buchung|confirmation|reservation|reserva|reservierung|"
        "reference|ref|ticket|invoice|order|bestellung|rechnung|number|nummer|numero|no|nr|id|"
        "licence|license|passport|policy|rego|plate|kennzeichen|serial|model|vin|odometer|locator|"
        "tracking|membership|member|flight|flug|vuelo|vol|codigo|clave|contrasena|cuenta|tarjeta|"
        "factura|pedido|matricula|puerta|compte|carte|mot|passe|facture|commande|portail|porte|"
        "confirmacion|referencia|puk|tan|zahl|safe|combination|combo|zip|postcode|plz|date|amount";
    static const char *const ends[] = {"nummer", "code", "konto", "zahl", "number", "kennung",
        "schlussel", "passwort", "pin", NULL};

    for (size_t i = s->at; i < s->at + s->n; i++)
        if (offline_frame_slot_in(w->list[i].low, things) ||
            (strlen(w->list[i].low) > 5 && offline_frame_more_ends(w->list[i].low, ends)))
            return false;
    return true;
}

bool offline_frame_more_medicine(const struct offline_frame_words *w, size_t at)
{
    static const char articles[] = "the|das|die|den|el|la|los|las|le|les|l";
    static const char moves[] =
        "ferry|train|tram|bus|boat|car|van|truck|taxi|uber|shuttle|plane|metro|highway|exit|road|"
        "freeway|detour|ticket|swim|walk|nap|bath|class|course|lesson|lunch|breakfast|dinner|coffee|"
        "tea|beer|drink|snack|money|card|wrong|last|first|half|measurements|measurement|pulse|"
        "weight|bp|blood|vows|stuff|things|motorhome|caravan|kayak|ride|tour|lead|rubbish|trash|bins|"
        "fahre|zug|bahn|auto|wagen|bad|dusche|temperatur|puls|ferri|tren|autobus|coche|ducha|"
        "temperatura|pulso|train|voiture|douche|bain|temperature|pouls|bateau|avion|barco";
    static const char named[] =
        "pill|pills|tablet|tablets|medicine|medication|meds|antibiotic|antibiotics|insulin|aspirin|"
        "painkiller|vitamin|vitamins|inhaler|insulina|aspirina|aspirine|insuline|aspirin|tablette|"
        "pastilla|comprime|cachet|doliprane|voltaren|panadol|nurofen|paracetamol|ibuprofen|"
        "ibuprofeno|ibuprofene";
    static const char *const looks[] = {"pril", "olol", "statin", "statine", "formin", "formina",
        "formine", "mycin", "cillin", "cilina", "cilline", "prazole", "prazol", "zepam", "zolam",
        "thiazide", "nazole", "profen", "cetamol", "sartan", "oxin", "xaban", "gliptin",
        "gliflozin", "tidine", "solone", "sone", "dipine", "tadine", "thyroxine", NULL};
    const char *word = w->list[at].low;

    if (offline_frame_slot_in(word, moves))
        return false;
    return at == 0 || !offline_frame_slot_in(w->list[at - 1].low, articles) ||
        offline_frame_slot_in(word, named) || offline_frame_more_ends(word, looks);
}

/* Whether a paper may be another person's, or no longer counts. */
static bool offline_frame_more_foreign(const struct offline_frame_words *w,
    const struct offline_frame_slot *s)
{
    static const char words[] =
        "his|her|hers|their|theirs|your|yours|old|expired|former|previous|cancelled|lost|new|"
        "sein|seine|ihr|ihre|meiner|meines|unserer|unseres|alter|alte|altes|abgelaufener|von|"
        "su|sus|mi|mis|viejo|vieja|antiguo|antigua|caducado|"
        "son|sa|leur|leurs|ma|mon|mes|ancien|ancienne|vieux|vieille|perime";

    for (size_t i = s->at; i < s->at + s->n; i++)
        if (offline_frame_slot_in(w->list[i].low, words) ||
            (memchr(w->list[i].at, '\'', w->list[i].len) && strncmp(w->list[i].low, "driver", 6)) ||
            (!strcmp(w->list[i].low, "s") && i > s->at &&
                !offline_frame_slot_in(w->list[i - 1].low, "driver|drivers|master|vehicle|car")))
            return true;
    return false;
}

/* A paper by what it is: the name is as it was said, the kind is known. */
static bool offline_frame_more_paper(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, char *text, jdoc *args)
{
    static const struct {
        const char *words, *kind;
    } papers[] = {
        {"passport|reisepass|pass|pasaporte|passeport", "passport"},
        {"licence|license|fuhrerschein|permis|carnet", "licence"},
        {"insurance|versicherung|seguro|assurance|kfzversicherung", "insurance"},
        {"registration|rego|zulassung|matricula|immatriculation", "registration"},
        {"visa|visum|visado", "visa"},
        {"inspection|tuv|hauptuntersuchung|itv", "inspection"},
        {"membership|mitgliedschaft|afiliacion|adhesion", "membership"},
    };
    const char *kind = NULL;

    for (size_t i = s->at; i < s->at + s->n; i++)
        for (size_t k = 0; k < sizeof papers / sizeof *papers; k++)
            if (offline_frame_slot_in(w->list[i].low, papers[k].words))
                kind = papers[k].kind;
    if (!kind || (!strncmp(s->argument, "name", 4) && offline_frame_more_foreign(w, s)))
        return false;
    if (!args)
        return true;
    *text = (char)toupper((unsigned char)*text);
    return offline_frame_more_put(args, s->argument, jdoc_new_string(text, strlen(text))) &&
        (strncmp(s->argument, "name", 4) != 0 ||
            offline_frame_more_put(args, "kind", jdoc_new_string(kind, strlen(kind))));
}

/* "0123456789abcdef...": an invitation's code. */
static bool offline_frame_more_code(const struct offline_frame_slot *s, const char *text,
    jdoc *args)
{
    return strlen(text) >= 16 && text[strspn(text, "0123456789abcdefABCDEF")] == 0 &&
        (!args || offline_frame_more_put(args, s->argument, jdoc_new_string(text, strlen(text))));
}

size_t offline_frame_more_most(const char *type)
{
    return !strncmp(type, "phone:", 6) || !strncmp(type, "date:", 5) ? 6 :
        !strncmp(type, "paper:", 6)                                  ? 3 :
        !strncmp(type, "code:", 5)                                   ? 20 :
                                                                       0;
}

bool offline_frame_more_take(const struct offline_frame_words *w,
    const struct offline_frame_slot *s, const struct offline_world *world,
    enum offline_language language, jdoc *args)
{
    char text[OFFLINE_TEXT_MAX];

    if (!offline_frame_more_text(w, s, text, sizeof text))
        return false;
    if (!strncmp(s->type, "phone:", 6))
        return offline_frame_more_phone(s, text, args);
    if (!strncmp(s->type, "date:", 5))
        return offline_frame_more_date(s, text, world, language, args);
    if (!strncmp(s->type, "code:", 5))
        return offline_frame_more_code(s, text, args);
    return offline_frame_more_paper(w, s, text, args);
}
