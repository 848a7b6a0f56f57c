/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_doubt.h"

#include "agent/offline/offline_doubt_parts.h"
#include "agent/offline/offline_when.h"
#include "base/jdoc.h"
#include "tools/engine/tools.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- what speaks against it ---- */

/* Words by which a sentence begins that asks; of each language, as none is an order in another. */
static bool offline_doubt_asks(const struct offline_doubt_line *l)
{
    static const char lead[] = "hey|hi|hello|ok|okay|pam|please|and|so|also|um|uh|well|hallo|hola|"
                               "bonjour|salut|bitte|y|et|und";
    static const char always[] = "does|do|did|is|are|was|were|has|had|should|shall|isnt|arent|"
                                 "didnt|doesnt|soll|sollte|sollen|muss|darf|ist|sind|war|debo|"
                                 "deberia|puedo|debemos";
    static const char have[] = "have|habe|hab|haben|hatte|ai|dois|devrais|puis|faut|avons|avais";
    static const char who[] = "i|we|you|they|he|she|it|my|our|ich|wir|er|sie|je|nous|il|tu";
    size_t i = 0;

    while (offline_doubt_is(l, i, lead))
        i++;
    if (offline_doubt_is(l, i, "do") && offline_doubt_is(l, i + 1, "not"))
        return false; /* has its own words */
    return offline_doubt_is(l, i, always) ||
        (offline_doubt_is(l, i, have) && offline_doubt_is(l, i + 1, who)) ||
        (offline_doubt_is(l, i, "est") && offline_doubt_is(l, i + 1, "ce")) ||
        (offline_doubt_is(l, i, "tengo") && offline_doubt_is(l, i + 1, "que"));
}

/* What is wished, taken back, nearly done or only said by somebody; with bars between. */
static const char *const offline_doubt_unreal[OFFLINE_LANGUAGE_COUNT] = {
    [OFFLINE_ENGLISH] =
        "if|what if|let s say|lets say|suppose|supposing|imagine|pretend|hypothetically|in theory|"
        "would have|could have|should have|might have|i wish|if only|used to|was going to|"
        "were going to|about to|supposed to|thinking of|thinking about|plan to|planning to|"
        "forgot to|refused to|almost|nearly|just kidding|kidding|never mind|nevermind|forget it|"
        "scrap that|on second thought|instead of|apparently|reportedly|allegedly|according to|"
        "i heard|i read|he said|she said|they said|he says|she says|they say|told me|no longer",
    [OFFLINE_GERMAN] =
        "wenn|falls|angenommen|stell dir vor|nehmen wir an|hatte ich|ich hatte fast|beinahe|fast|"
        "doch nicht|war nur spass|nur spass|schon gut|lass mal|vergiss es|hat gesagt|sagt er|"
        "sagt sie|meinte|angeblich|ich wollte|hatte vor|vergessen zu|laut",
    [OFFLINE_SPANISH] =
        "si|imagina|supongamos|pongamos que|habria|hubiera|iba a|ibamos a|casi|era broma|es broma|"
        "olvidalo|dejalo|dice que|dijo que|segun|ojala|olvide|a punto de|pensaba",
    [OFFLINE_FRENCH] =
        "si|imaginons|supposons|mettons que|j aurais|aurait|j allais|on allait|failli|presque|"
        "laisse tomber|je plaisante|pour rire|dit que|dit qu|selon|sur le point de|oublie de",
};

/* Calls that keep what the user has done; others write a text, which may hold any word. */
static bool offline_doubt_deed(const char *tool)
{
    static const char *const tools[] = {"create_expense", "add_fuel_entry", "track_savings",
        "create_maintenance_record", "mark_equipment_purchased", "log_dose", "manage_finances",
        "complete_transition_task", "add_shakedown_issue", "update_fuel_entry"};

    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (!strcmp(tool, tools[i]))
            return true;
    return false;
}

/* Somebody else is who did it. */
static bool offline_doubt_others(const struct offline_doubt_line *l, enum offline_language language)
{
    static const char who[] =
        "he|she|they|wife|husband|partner|brother|sister|mother|father|mum|mom|dad|son|daughter|"
        "kids|friend|friends|mate|neighbour|neighbor|everyone|everybody|people|someone|somebody|"
        "er|sie|frau|mann|bruder|schwester|mutter|vater|sohn|tochter|freund|freundin|kumpel|leute|"
        "man|jemand|kinder|ella|ellos|ellas|mujer|marido|hermano|hermana|madre|padre|hijo|hija|"
        "amigo|amiga|novio|novia|alguien|gente|il|elle|ils|elles|femme|mari|frere|soeur|mere|pere|"
        "fils|fille|ami|amie|copain|copine";
    static const char did[] = "spent|paid|bought|took|filled|spends|pays|pay|fixed|changed|saved|"
                              "hat|haben|zahlte|bezahlte|kaufte|zahlt|zahlen|gasto|pago|compro|"
                              "tomo|lleno|ha|han|a|ont|paye|depense|prit";
    static const char spent[] = "spent|paid|bought|took|saved";

    for (size_t i = 0; i < l->count; i++) {
        char word[OFFLINE_WORD_SIZE];
        const char *one[1] = {word};
        size_t used, n = strcspn(l->word[i], " ");
        if (offline_doubt_is(l, i, who) &&
            (offline_doubt_is(l, i + 1, did) || offline_doubt_is(l, i + 2, "spent|paid|bought")))
            return true;
        if (language != OFFLINE_ENGLISH || i > 2 || !offline_doubt_is(l, i + 1, spent) ||
            offline_doubt_number(l, i))
            continue;
        offline_copy(word, sizeof word, l->word[i], n);
        if (!offline_lexicon_find(language, one, 1, &used, NULL) &&
            !offline_when_word(word, true) && !offline_doubt_is(l, i, "ve|yesterday|today"))
            return true; /* "Bob paid" */
    }
    return false;
}

/* A number that is no amount of its own: a bound, or one of two. */
static bool offline_doubt_bound(const struct offline_doubt_line *l)
{
    static const char *const before[] = {"less than", "more than", "fewer than", "at least",
        "at most", "up to", "no more than", "weniger als", "mehr als", "bis zu", "menos de",
        "mas de", "al menos", "por lo menos", "como mucho", "moins de", "plus de", "jusqu a",
        "au moins", "au plus"};
    static const char word[] = "under|over|below|above|about|around|roughly|circa|approx|between|"
                               "unter|uber|mindestens|hochstens|etwa|ungefahr|ca|rund|zwischen|"
                               "unos|unas|entre|hasta|environ|vers|autour";
    static const char joint[] = "to|or|bis|oder|a|o|ou";

    for (size_t i = 0; i + 1 < l->count; i++) {
        if (offline_doubt_is(l, i, word) && offline_doubt_number(l, i + 1))
            return true;
        if (offline_doubt_number(l, i) &&
            ((offline_doubt_is(l, i + 1, joint) && offline_doubt_number(l, i + 2)) ||
                offline_doubt_is(l, i + 1, "ish") ||
                (offline_doubt_is(l, i + 1, "or") && offline_doubt_is(l, i + 2, "so"))))
            return true;
        for (size_t k = 0; k < sizeof before / sizeof *before; k++) {
            size_t n = strlen(before[k]);
            if (!strncmp(l->word[i], before[k], n) && l->word[i][n] == ' ' &&
                isdigit((unsigned char)l->word[i][n + 1]))
                return true;
        }
    }
    return false;
}

/* ---- the calls ---- */

/* Whether a text of the call's arguments has the phrase: there it says nothing of the call. */
static bool offline_doubt_within(const struct offline_step *step, const char *phrase)
{
    static struct offline_doubt_line line; /* 2 KiB; nothing waits here */

    for (size_t i = 0; i < step->call_count; i++) {
        offline_doubt_split(buf_text(&step->calls[i].args), &line);
        if (!offline_doubt_deed(step->calls[i].name) && strstr(line.text, phrase))
            return true;
    }
    return false;
}

static bool offline_doubt_has(const struct offline_step *step, size_t i, const char *part)
{
    return strstr(buf_text(&step->calls[i].args), part) != NULL;
}

/* What the calls do, as far as doubts mind. */
struct offline_doubt_calls {
    bool write, deed, erase;
};

static struct offline_doubt_calls offline_doubt_calls(const struct offline_step *step, bool deletes)
{
    struct offline_doubt_calls c = {deletes, false, deletes};

    for (size_t i = 0; i < step->call_count; i++) {
        const struct tools_spec *spec = tools_find(step->calls[i].name);
        bool reads = !spec || spec->effect == TOOLS_READ ||
            offline_doubt_has(step, i, "\"action\":\"list\"") ||
            offline_doubt_has(step, i, "\"action\":\"get\"") ||
            offline_doubt_has(step, i, "\"action\":\"check_expiry\"") ||
            offline_doubt_has(step, i, "\"action\":\"suggest_budget\"");
        bool whole = offline_doubt_has(step, i, "\"everything\"") ||
            offline_doubt_has(step, i, "\"all\":true");
        c.write |= !reads;
        c.deed |= !reads && offline_doubt_deed(step->calls[i].name);
        c.erase |= !reads && !whole &&
            (spec->effect == TOOLS_DELETE || offline_doubt_has(step, i, "\"action\":\"cancel\"") ||
                offline_doubt_has(step, i, "\"action\":\"remove\"") ||
                !strcmp(spec->name, "forget"));
    }
    return c;
}

enum offline_doubt offline_doubt_find(const char *text, enum offline_language language,
    const struct offline_step *step, bool deletes)
{
    static struct offline_doubt_line line; /* 2 KiB; nothing waits here */
    static const char everything[] = "all|every|everything|alle|alles|todo|todos|todas|tout|tous|"
                                     "toutes";
    struct offline_doubt_calls calls = offline_doubt_calls(step, deletes);
    char phrase[64];

    if (!calls.write)
        return OFFLINE_DOUBT_NONE;
    offline_doubt_split(text, &line);
    if (offline_doubt_asks(&line))
        return OFFLINE_DOUBT_ASKED;
    if (offline_doubt_is(&line, 0, "book|reserve|buche|reserviere|reserva|reservar|reserver") &&
        !strcmp(step->calls[0].name, "save_favorite_spot"))
        return OFFLINE_DOUBT_UNREAL; /* nothing is booked here */
    if (offline_doubt_phrase(&line, offline_doubt_unreal[language], phrase) &&
        !offline_doubt_within(step, phrase))
        return OFFLINE_DOUBT_UNREAL;
    if (calls.erase && offline_doubt_phrase(&line, everything, phrase))
        return OFFLINE_DOUBT_ALL;
    if (offline_doubt_fraction(&line, step))
        return OFFLINE_DOUBT_TIME;
    if (calls.deed &&
        (offline_doubt_others(&line, language) || offline_doubt_payer(&line, language)))
        return OFFLINE_DOUBT_OTHERS;
    if (calls.deed && offline_doubt_no_spending(&line, step))
        return OFFLINE_DOUBT_FLOW;
    return calls.deed && offline_doubt_bound(&line) ? OFFLINE_DOUBT_BOUND : OFFLINE_DOUBT_NONE;
}

const char *offline_doubt_text(enum offline_doubt doubt, enum offline_language language)
{
    static const char *const texts[][OFFLINE_LANGUAGE_COUNT] = {
        [OFFLINE_DOUBT_NONE] = {"", "", "", ""},
        [OFFLINE_DOUBT_ASKED] =
            {"That sounds like a question, so I have written nothing. If I shall note it, please say "
             "it as a plain sentence.",
                "Das klingt nach einer Frage, darum habe ich nichts geschrieben. Wenn ich es notieren "
                "soll, sag es bitte als einfachen Satz.",
                "Suena a pregunta, así que no he escrito nada. Si debo anotarlo, dilo con una frase "
                "sencilla, por favor.",
                "Cela ressemble à une question, je n'ai donc rien écrit. Si je dois le noter, dis-le en "
                "une phrase simple, s'il te plaît."},
        [OFFLINE_DOUBT_UNREAL] =
            {"I am not sure that this has really happened, so I have written nothing. If I shall note "
             "it, please say it as a plain sentence.",
                "Ich bin nicht sicher, ob das wirklich so ist, darum habe ich nichts geschrieben. Wenn "
                "ich es notieren soll, sag es bitte als einfachen Satz.",
                "No estoy seguro de que sea así de verdad, y no he escrito nada. Si debo anotarlo, dilo "
                "con una frase sencilla, por favor.",
                "Je ne suis pas sûr que ce soit vraiment le cas, je n'ai donc rien écrit. Si je dois le "
                "noter, dis-le en une phrase simple, s'il te plaît."},
        [OFFLINE_DOUBT_OTHERS] =
            {"I keep your own records, and that seems to be what somebody else did. I have written "
             "nothing. If it shall count as yours, please say it with \"I\".",
                "Ich führe deine eigenen Einträge, und das scheint jemand anders getan zu haben. Ich "
                "habe nichts geschrieben. Wenn es bei dir zählen soll, sag es bitte mit „ich“.",
                "Llevo tus propios registros, y eso parece haberlo hecho otra persona. No he escrito "
                "nada. Si debe contar como tuyo, dilo en primera persona, por favor.",
                "Je tiens tes propres données, et cela semble être le fait de quelqu'un d'autre. Je "
                "n'ai rien écrit. Si cela doit compter pour toi, dis-le avec « je », s'il te plaît."},
        [OFFLINE_DOUBT_BOUND] = {"How much was it exactly? I have written nothing.",
            "Wie viel war es genau? Ich habe nichts geschrieben.",
            "¿Cuánto fue exactamente? No he escrito nada.",
            "Combien était-ce exactement ? Je n'ai rien écrit."},
        [OFFLINE_DOUBT_FLOW] =
            {"I am not sure which of these amounts you spent, so I have written nothing. Please tell me "
             "each expense in a sentence of its own.",
                "Ich bin nicht sicher, welche dieser Beträge du ausgegeben hast, darum habe ich nichts "
                "geschrieben. Sag bitte jede Ausgabe in einem eigenen Satz.",
                "No estoy seguro de cuáles de estas cantidades has gastado, y no he escrito nada. Di "
                "cada gasto en una frase aparte, por favor.",
                "Je ne suis pas sûr de ce que tu as dépensé parmi ces montants, je n'ai donc rien écrit. "
                "Dis chaque dépense dans une phrase à part, s'il te plaît."},
        [OFFLINE_DOUBT_TIME] = {"At which time exactly? Please say it in figures, as in \"12:30\". I "
                                "have written nothing.",
            "Wann genau? Sag es bitte in Ziffern, zum Beispiel „12:30“. Ich habe nichts geschrieben.",
            "¿A qué hora exactamente? Dilo en cifras, por ejemplo «12:30». No he escrito nada.",
            "À quelle heure exactement ? Dis-le en chiffres, par exemple « 12h30 ». Je n'ai rien "
            "écrit."},
        [OFFLINE_DOUBT_ALL] =
            {"In offline mode I take away one thing at a time. Which one is it? I have changed nothing.",
                "Im Offline-Modus entferne ich eins nach dem anderen. Welches ist es? Ich habe nichts "
                "geändert.",
                "En modo offline quito una cosa cada vez. ¿Cuál es? No he cambiado nada.",
                "En mode offline, j'enlève une chose à la fois. Laquelle est-ce ? Je n'ai rien changé."},
    };

    return texts[doubt][language];
}
