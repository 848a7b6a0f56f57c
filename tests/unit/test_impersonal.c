/* SPDX-License-Identifier: BSD-2-Clause */
/* Which questions and answers may be anybody's. */
#include "agent/impersonal.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const may[] = {
    "What is a heat pump used for?",
    "What's an absorption fridge with gas?",
    "How does an absorption fridge work?",
    "Why do lead-acid batteries need ventilation?",
    "Explain the difference between grey water and black water.",
    "What is the boiling point of water at 3000 metres?",
    "What is the difference between the two kinds of propane?",
    "Wie funktioniert ein Absorberkühlschrank?",
    "Was ist der Unterschied zwischen Grauwasser und Schwarzwasser?",
    "Warum muss eine Gasflasche im Wohnmobil stehen und nicht liegen?",
    "Erkläre, wie ein Wechselrichter arbeitet.",
    "¿Cómo funciona un frigorífico de absorción con gas?",
    "¿Qué diferencia hay entre las aguas grises y las negras?",
    "¿Cuál es la diferencia entre el propano y el butano?",
    "Comment fonctionne un réfrigérateur à absorption avec du gaz ?",
    "Quelle est la différence entre les eaux grises et les eaux noires ?",
    "Qu'est-ce qu'une pompe à chaleur et comment marche-t-elle ?",
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
    {"Is the Nullarbor open to caravans?", "time"},
    {"What does the ferry to Tasmania cost?", "time"},
    {"What are the current rules for drones?", "time"},
    {"What time is it in the capital?", "time"},
    {"What is the latest version of the app?", "time"},
    {"When does the season begin in the north?", NULL},
    {"What day is it, by the way?", "time"},
    {"Is the shop still closed to the public?", "time"},
    {"Wie wird das Wetter am Bodensee?", "time"},
    {"Was kostet die Fähre nach Tasmanien mit Auto?", "time"},
    {"Wie ist die Lage heute am Pass?", "time"},
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
    {"Que es un se de para", "language"},
    {"Is dit de boot van Piet?", NULL},
    /* other countries, other answers */
    {"What is the speed limit on the motorway?", NULL},
    {"What is the emergency number for the police?", NULL},
    {"Wie ist die Notrufnummer der Polizei?", NULL},
    {"Cual es el numero de emergencias?", NULL},
    {"Which side of the road do people drive on?", NULL},
    {"Is the tap water safe to drink?", NULL},
    {"What is the legal drinking age?", NULL},
    {"How long is the drive to Rome?", NULL},
    {"What is a legal blood alcohol level?", NULL},
    {"What is a vignette and is it mandatory?", NULL},
    {"Explain the difference between a visa and a permit.", NULL},
    {"Was ist ein Tempolimit für Wohnmobile?", NULL},
    {"Was ist der Unterschied zwischen Maut und Vignette?", NULL},
    {"Wie funktioniert eine Steckdose im Ausland?", NULL},
    {"¿Qué es un peaje y es obligatorio?", NULL},
    {"¿Cuál es la diferencia entre una multa y una tasa?", NULL},
    {"Qu'est-ce qu'une vignette pour l'autoroute ?", NULL},
    {"Quelle est la différence entre le 15 et les urgences ?", NULL},
    {"What is a good tip for the waiter?", NULL},
    {"Why do people drive with the lights on?", NULL},
    /* states, the clock, what is kept under other words */
    {"Is the flight LH 123 delayed?", NULL},
    {"Is the Brenner pass blocked by snow?", NULL},
    {"Is Iran safe to travel to?", NULL},
    {"How old is the Pope?", NULL},
    {"Who won the match?", NULL},
    {"Is the passport valid?", NULL},
    {"What is the phone number of Anna Schmidt?", NULL},
    {"What is the wifi password of the cabin?", NULL},
    {"Which seat is booked for the flight?", NULL},
    {"What is the total of the bills?", NULL},
    {"How many pills should the patient take?", NULL},
    {"Why is a train to the south late?", NULL},
    {"What is a safe country to travel to?", NULL},
    {"Explain why a flight is cancelled.", NULL},
    {"What is the meaning of the code at the gate?", NULL},
    {"Warum ist ein Zug nach Rom verspätet?", NULL},
    {"Was ist eine sichere Gegend mit Krieg?", NULL},
    {"Warum ist eine Passstraße gesperrt?", NULL},
    {"Was ist der Unterschied zwischen den Rechnungen?", NULL},
    {"¿Por qué un vuelo está retrasado?", NULL},
    {"¿Qué es una contraseña de la cabaña?", NULL},
    {"¿Cuál es la diferencia entre las facturas?", NULL},
    {"Pourquoi un vol est en retard ?", NULL},
    {"Qu'est-ce qu'un médicament pour le patient ?", NULL},
    {"Quelle est la différence entre les factures et les sièges ?", NULL},
    /* certain things, names, and forms that are none of knowledge */
    {"How do the neighbours feel?", NULL},
    {"Why do the lights blink?", NULL},
    {"What is a good gift for Anna?", NULL},
    {"How does a person like Peter cook?", NULL},
    {"What is the difference between Anna and Ben?", NULL},
    {"What is the ideal tyre pressure of a caravan?", NULL},
    {"Which gas is better for cold winters, propane or butane?", NULL},
    {"Who is the owner of the boat?", NULL},
    {"What is the name for the boat?", NULL},
    {"Is the water in the lake warm?", NULL},
    {"Are the dogs in the yard?", NULL},
    {"Does the cabin have a stove?", NULL},
    {"Warum muss die Gasflasche stehen und nicht liegen?", NULL},
    {"Was ist die Farbe von dem Boot?", NULL},
    {"Wer ist der Besitzer von dem Boot?", NULL},
    {"Ist der See warm und nicht tief?", NULL},
    {"Wie ist das Wasser in dem See?", NULL},
    {"Explica el problema de la bomba", NULL},
    {"¿Cómo está el agua del lago?", NULL},
    {"¿Quién es el dueño del barco?", NULL},
    {"¿Por qué la presión de los neumáticos sube con el calor?", NULL},
    {"¿Cómo es Ana con los perros?", NULL},
    {"¿Qué es una buena comida para Ana?", NULL},
    {"Quelle est la couleur du bateau ?", NULL},
    {"Qui est le patron du bateau ?", NULL},
    {"Comment va le chien avec les enfants ?", NULL},
    {"Pourquoi la pression des pneus monte avec la chaleur ?", NULL},
    {"Est-ce que les batteries au lithium sont dangereuses ?", NULL},
    {"Comment fonctionne un four comme chez Anne et Paul ?", NULL},
    {"Explique un peu le cas de la pompe de Paul", NULL},
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
    size_t bad = 0;
    (void)state;
    for (size_t i = 0; i < sizeof must_not / sizeof *must_not; i++) {
        const char *why = impersonal_question(must_not[i].text, strlen(must_not[i].text));
        bool wrong = !why || (must_not[i].why && strcmp(why, must_not[i].why) != 0);
        if (wrong)
            print_error("%s: %s\n", must_not[i].text, why ? why : "taken");
        bad += wrong;
    }
    assert_int_equal(bad, 0);
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
