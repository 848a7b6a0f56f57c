/* SPDX-License-Identifier: BSD-2-Clause */
/* A greeting, thanks, and what is taken back before it was done, in four languages. */
#include "agent/offline/offline_phrase.h"

#include <string.h>

/* Whole messages, folded, with bars between; English has its own greeting (offline_ask.c). */
static const struct {
    enum offline_language language;
    const char *said, *answer;
} offline_courtesies[] = {
    {OFFLINE_GERMAN,
        "hallo|hi|guten morgen|guten tag|guten abend|moin|servus|gruss gott|hallo pam|hey|na",
        "Hallo! Ich bin PAM, deine Reiseassistentin. Ich plane Reisen, führe deinen Kalender und behalte "
        "deine Ausgaben im Blick."},
    {OFFLINE_SPANISH,
        "hola|buenos dias|buenas tardes|buenas noches|buenas|hola que tal|que tal|hola pam",
        "¡Hola! Soy PAM, tu asistente de viaje. Planifico viajes, llevo tu calendario y vigilo tus gastos."},
    {OFFLINE_FRENCH, "bonjour|salut|bonsoir|coucou|bonjour pam|salut ca va|ca va",
        "Bonjour ! Je suis PAM, ton assistante de voyage. Je planifie des voyages, je tiens ton agenda et "
        "je surveille tes dépenses."},
    {OFFLINE_GERMAN, "danke|vielen dank|danke dir|danke schon|dankeschon|super danke|danke pam",
        "Gern geschehen. Gute Fahrt!"},
    {OFFLINE_SPANISH, "gracias|muchas gracias|mil gracias|gracias pam|vale gracias",
        "De nada. ¡Buen viaje!"},
    {OFFLINE_FRENCH, "merci|merci beaucoup|merci bien|super merci|merci pam",
        "De rien. Bonne route !"},
    {OFFLINE_ENGLISH,
        "never mind|nevermind|forget it|scrap that|never mind the reminder|forget that|leave it|"
        "never mind thanks|oh never mind",
        "All right, I leave it as it is."},
    {OFFLINE_GERMAN, "vergiss es|schon gut|lass mal|lass es|egal|doch nicht",
        "Gut, ich lasse alles, wie es ist."},
    {OFFLINE_SPANISH, "olvidalo|dejalo|da igual|no importa|nada", "Bien, lo dejo como está."},
    {OFFLINE_FRENCH, "laisse tomber|oublie ca|non rien|peu importe|ce n est rien",
        "Bien, je laisse tout tel quel."},
};

const char *offline_courtesy(const char *text, enum offline_language usual)
{
    char folded[64], word[OFFLINE_WORD_SIZE], low[OFFLINE_WORD_SIZE];
    size_t len = 0;

    for (const char *p = text; *p;) {
        size_t n = strcspn(p, " ,.!?'\n\t");
        if (n >= sizeof word)
            return NULL;
        offline_copy(word, sizeof word, p, n);
        offline_fold(word, low, sizeof low);
        if (len + strlen(low) + 2 > sizeof folded)
            return NULL;
        if (*low && len)
            folded[len++] = ' ';
        memcpy(folded + len, low, strlen(low));
        len += strlen(low);
        p += n + (p[n] != 0);
    }
    folded[len] = 0;
    for (int own = 1; own >= 0 && len; own--)
        for (size_t i = 0; i < sizeof offline_courtesies / sizeof *offline_courtesies; i++)
            for (const char *p = offline_courtesies[i].said; *p; p += *p == '|') {
                size_t n = strcspn(p, "|");
                if ((offline_courtesies[i].language == usual) == own && n == len &&
                    !strncmp(p, folded, n))
                    return offline_courtesies[i].answer;
                p += n;
            }
    return NULL;
}
