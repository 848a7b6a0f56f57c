/* SPDX-License-Identifier: BSD-2-Clause */
/* Which questions and answers may be anybody's. */
#include "agent/impersonal.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const may[] = {
    "What is the ideal tyre pressure of a caravan?",
    "How does an absorption fridge work?",
    "Why do lead-acid batteries need ventilation?",
    "How many litres of water should a person drink in the desert?",
    "Explain the difference between grey water and black water.",
    "What's the boiling point of water at 3000 metres?",
    "Which gas is better for cold winters, propane or butane?",
    "Wie funktioniert ein Absorberkühlschrank?",
    "Was ist der Unterschied zwischen Grauwasser und Schwarzwasser?",
    "Warum muss die Gasflasche im Wohnmobil stehen und nicht liegen?",
    "Welche Feuerlöscher darf man in einem Wohnwagen verwenden?",
    "¿Cómo funciona un frigorífico de absorción con gas?",
    "¿Qué diferencia hay entre las aguas grises y las negras?",
    "¿Por qué la presión de los neumáticos sube con el calor?",
    "Comment fonctionne un réfrigérateur à absorption avec du gaz ?",
    "Quelle est la différence entre les eaux grises et les eaux noires ?",
    "Est-ce que les batteries au lithium sont dangereuses ?",
};

/* What must never be kept, with a reason where it matters which. */
static const struct {
    const char *text, *why;
} must_not[] = {
    /* the speaker */
    {"What is my budget for the month?", NULL},
    {"How should I winterise the pipes?", "personal"},
    {"What's the best food for our dog?", "personal"},
    {"Are we allowed to camp on the beach?", "personal"},
    {"What does Anna need for her birthday?", "personal"},
    {"What should I've packed?", NULL},
    {"Wie hoch ist mein Wohnmobil?", "personal"},
    {"Was sollen wir für den Hund mitnehmen?", "personal"},
    {"¿Cuál es mi presupuesto para el gas?", NULL},
    {"¿Qué debemos hacer con nuestra perra?", "personal"},
    {"Quel est le poids de ma caravane ?", "personal"},
    {"Est-ce que j'ai le droit de camper ?", "personal"},
    {"Comment faut-il nourrir notre chien ?", "personal"},
    {"Hi, what is a heat pump?", NULL},
    /* time */
    {"What is the weather like for camping?", "time"},
    {"Is the Stuart Highway open to caravans?", "time"},
    {"What does the ferry to Tasmania cost?", "time"},
    {"What are the current rules for drones?", "time"},
    {"What time is it in the capital?", "time"},
    {"What is the latest version of the app?", "time"},
    {"When does the season begin in the north?", NULL},
    {"What day is it, by the way?", "time"},
    {"Is the shop still closed to the public?", "time"},
    {"Wie wird das Wetter am Bodensee?", "time"},
    {"Was kostet die Fähre nach Tasmanien mit Auto?", "time"},
    {"Wie ist die Straße heute zu befahren?", "time"},
    {"Was ist nächste Woche mit der Fähre?", "time"},
    {"¿Cuál es el precio del diésel?", "time"},
    {"¿Qué tiempo hace en el norte?", "time"},
    {"¿Qué hay que hacer mañana con el coche?", "time"},
    {"Quel est le prix du gazole ?", "time"},
    {"Quelle est la météo des Alpes ?", "time"},
    {"Est-ce que la plage est ouverte aujourd'hui ?", "time"},
    /* place and what is pointed at */
    {"What is the nearest dump point?", "time"},
    {"Which campsites are near the river?", "time"},
    {"How far is it to the coast?", "time"},
    {"What are the rules here for campfires?", "time"},
    {"Is this a good place for the night?", "time"},
    {"Welche Stellplätze sind in der Nähe?", "time"},
    {"Was ist hier in der Gegend zu sehen?", "time"},
    {"¿Qué hay cerca de la playa?", "time"},
    {"Quelles sont les plages proches du camping ?", "time"},
    {"Est-ce que ce camping est bien pour les chiens ?", "time"},
    /* what the assistant keeps */
    {"What is the budget for the fuel?", NULL},
    {"What is on the calendar for the trip?", "record"},
    {"Which expenses are the highest?", "record"},
    {"What are the medications with the doses?", "record"},
    {"Was ist die Liste der Ausgaben?", "record"},
    {"¿Qué gastos hay en la cuenta?", "record"},
    {"Quelles sont les dépenses du voyage ?", "record"},
    /* acts */
    {"Add 5 dollars for coffee to the book", "action"},
    {"Can you remind the driver to drink?", "action"},
    {"Could you delete the fuel log for good?", "action"},
    {"Can you tell a joke about the sea?", "action"},
    {"Kannst du einen Kaffee für 5 Euro eintragen?", "action"},
    {"Kann man das bitte löschen und nicht fragen?", "action"},
    {"¿Puede borrar el registro de la gasolina?", "action"},
    {"Peut-on supprimer les lignes du carnet ?", "action"},
    {"Plan a route with the fewest tolls", NULL},
    {"Thank you for the help with the fridge", "form"},
    {"The fridge is broken and the gas is off", "form"},
    /* other languages, or none */
    {"Como fazer pão na minha casa?", NULL},
    {"Quanto custa uma bateria?", NULL},
    {"Hoe werkt een koelkast op gas?", NULL},
    {"Come funziona un frigorifero a gas?", NULL},
    {"Hur fungerar ett kylskåp på gasol?", NULL},
    {"Как работает холодильник?", "characters"},
    {"冷蔵庫はどう動きますか", "characters"},
    {"Que es se de para", "language"},
    {"Is dit de boot van Piet?", NULL},
    /* addresses, numbers, odd characters */
    {"Who is behind the address anna@example.org?", "characters"},
    {"What is the page https://example.org/x about?", NULL},
    {"Who has the number 0412345678 in the book?", "characters"},
    {"What is <b>this</b> for?", "characters"},
    {"What is the plate\x01 for?", "characters"},
    {"What is the e\xcc\x81t for?", "characters"},
    {"What is \xff the gas for?", "characters"},
    {"What is the \xe2\x80\xae gas for?", "characters"},
    /* too short, too long */
    {"", "length"},
    {"What?", "length"},
    {"Why not?", "length"},
};

static void questions_of_knowledge_may_be_anybodys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof may / sizeof *may; i++) {
        const char *why = impersonal_question(may[i], strlen(may[i]));
        if (why)
            print_error("%s: %s\n", may[i], why);
        assert_null(why);
    }
}

static void all_others_may_not(void **state)
{
    char text[IMPERSONAL_TEXT_MAX + 2];
    (void)state;
    for (size_t i = 0; i < sizeof must_not / sizeof *must_not; i++) {
        const char *why = impersonal_question(must_not[i].text, strlen(must_not[i].text));
        if (!why || (must_not[i].why && strcmp(why, must_not[i].why) != 0))
            print_error("%s: %s\n", must_not[i].text, why ? why : "taken");
        assert_non_null(why);
        if (must_not[i].why)
            assert_string_equal(why, must_not[i].why);
    }
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "What is the ", 12);
    text[sizeof text - 1] = '\0';
    assert_string_equal(impersonal_question(text, strlen(text)), "length");
}

/* Each word of the lists by itself makes an impersonal question one that is refused. */
static void a_word_at_any_place_counts(void **state)
{
    static const char *const words[] = {"my", "Ours", "TODAY", "heute", "Jetzt", "ahora", "mañana",
        "ici", "aujourd'hui", "l'heure", "nächste", "préféré aujourd'hui", "dernière", "Wetter"};
    static const char *const forms[] = {"%s what is the gas for", "What is the %s gas for?",
        "What is the gas for, %s?", "What is the gas for (%s)?", "What is the gas for-%s"};
    char text[IMPERSONAL_TEXT_MAX];
    (void)state;
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            const char *at = strstr(forms[f], "%s");
            snprintf(text, sizeof text, "%.*s%s%s", (int)(at - forms[f]), forms[f], words[w],
                at + 2);
            assert_non_null(impersonal_question(text, strlen(text)));
        }
}

static void an_answer_that_asks_back_is_for_one_user(void **state)
{
    static const char *const declined[] = {"I can't help with that.", "Sorry, no.",
        "Leider weiß ich das nicht.", "Lo siento, no puedo.", "Désolé, je ne peux pas.",
        "**Unfortunately** that is not known."};
    char *text = malloc(IMPERSONAL_ANSWER_MAX + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'a', IMPERSONAL_ANSWER_MAX + 1);
    assert_null(impersonal_answer("By heat.", 8));
    for (size_t i = 0; i < sizeof declined / sizeof *declined; i++)
        assert_string_equal(impersonal_answer(declined[i], strlen(declined[i])), "declines");
    assert_null(impersonal_answer(text, IMPERSONAL_ANSWER_MAX));
    assert_string_equal(impersonal_answer(text, IMPERSONAL_ANSWER_MAX + 1), "length");
    assert_string_equal(impersonal_answer("Which gas do you mean? \n", 24), "asks_back");
    assert_string_equal(impersonal_answer(" ", 1), "length");
    free(text);
}

static void one_question_has_one_form(void **state)
{
    struct buf one = {0}, other = {0};
    static const char text[] = " What\t is \n\xe2\x80\x9cgrey\xe2\x80\x9d water\xc2\xa0? ";
    (void)state;
    assert_int_equal(impersonal_form(text, strlen(text), &one), 0);
    assert_string_equal(buf_text(&one), "What is \"grey\" water ?");
    assert_int_equal(impersonal_form("What is \"Grey\" water ?", 22, &other), 0);
    assert_string_not_equal(buf_text(&one), buf_text(&other)); /* capitals count */
    buf_free(&one);
    buf_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_of_knowledge_may_be_anybodys),
        cmocka_unit_test(all_others_may_not),
        cmocka_unit_test(a_word_at_any_place_counts),
        cmocka_unit_test(an_answer_that_asks_back_is_for_one_user),
        cmocka_unit_test(one_question_has_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
