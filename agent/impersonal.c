/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/impersonal.h"

#include "base/utf8.h"
#include "base/words.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define IMPERSONAL_WORD 40
#define IMPERSONAL_WORDS_MIN 3
#define IMPERSONAL_DIGITS_MAX 5 /* of one number: more is a telephone's, a card's, a plate's */
#define IMPERSONAL_LANGUAGES 4
#define IMPERSONAL_GERMAN 1

/* Words without marks and capitals, between blanks; one with a star is how words begin. */
struct impersonal_language {
    const char *opens; /* first words of a question of knowledge */
    /* How such a question may begin, each between bars. Behind it no subject may stand that is one
     * certain thing ("the flight"): only with a plus at the end anything may. */
    const char *forms;
    const char *sure; /* words that no other of the languages has, nor a neighbour of theirs */
};
static const struct impersonal_language impersonal_languages[IMPERSONAL_LANGUAGES] = {
    {" what which why how who is are does do can could should must explain define describe"
     " compare ",
        "|what is a|what is an|what s a|what s an|what are the differences between+"
        "|what is the difference between+|what s the difference between+|what is the meaning of+"
        "|what is the purpose of+|what is the definition of+|what is the boiling point of"
        "|what is the melting point of|what is the freezing point of|what does a|what does an"
        "|how does a|how does an|how do|why does a|why does an|why do|why is a|why is an"
        "|explain how a|explain how an|explain what a|explain what an|explain why a"
        "|explain why an|explain the difference between+|explain the meaning of+|define a"
        "|define an|describe how a|describe how an|compare a|",
        " what which why how does should explain define describe compare the an to for with and"
        " from you be it are "},
    {" was welche* warum wieso weshalb wie wer wozu womit woraus ist sind kann konnen darf durfen"
     " muss mussen sollte* soll erklar* beschreib* vergleich* ",
        "|was ist ein|was ist eine|was ist der unterschied zwischen+|was ist der sinn von+"
        "|was ist der zweck von+|was sind die unterschiede zwischen+|was bedeutet ein"
        "|was bedeutet eine|wie funktioniert ein|wie funktioniert eine|wie arbeitet ein"
        "|wie arbeitet eine|warum ist ein|warum ist eine|warum hat ein|warum hat eine"
        "|warum braucht ein|warum braucht eine|warum muss ein|warum muss eine|wieso ist ein"
        "|wieso ist eine|weshalb ist ein|weshalb ist eine|wozu dient ein|wozu dient eine"
        "|erklare den unterschied zwischen+|erklare wie ein|erklare wie eine|erklare was ein"
        "|erklare was eine|beschreibe wie ein|beschreibe wie eine|",
        " warum wieso weshalb erklare welche welcher welches der das ein eine einen einem einer"
        " und nicht mit von zu zum zur wird werden ist auf bei fur beim durfen mussen "},
    {" que cual cuales por como quien quienes es son puede pueden hay debe deben explica* define"
     " describe compara* cuanto cuanta cuantos cuantas se ",
        "|que es un|que es una|que diferencia hay entre+|cual es la diferencia entre+"
        "|cuales son las diferencias entre+|cual es el significado de+|como funciona un"
        "|como funciona una|como funcionan|por que un|por que una|por que es un|por que es una"
        "|explica la diferencia entre+|explica como funciona un|explica como funciona una"
        "|explica que es un|explica que es una|define un|define una|",
        " cual cuales el los las una del con y hay muy cuanto cuanta cuantos cuantas explica "},
    {" que qu c quoi quel* pourquoi comment est sont peut peuvent faut doit doivent"
     " explique* definis"
     " decris compare* combien qui ",
        "|qu est qu un|qu est qu une|c est quoi un|c est quoi une"
        "|quelle est la difference entre+|quelles sont les differences entre+"
        "|comment fonctionne un|comment fonctionne une|comment fonctionnent des|pourquoi un"
        "|pourquoi une|explique la difference entre+|explique comment fonctionne un"
        "|explique comment fonctionne une|explique un|explique une|",
        " pourquoi comment quel quelle quels quelles le les une des du est sont avec pour dans et"
        " combien explique "},
};

/* Whoever speaks, and whom they belong to. */
static const char impersonal_personal[] =
    " i me my mine myself we us our ours ourselves ive hi hello hey name named called am"
    " he she him his her hers they them their theirs wife husband daughter mum mom dad mother"
    " father partner girlfriend boyfriend family friend* boss"
    " ich mich mir mein* wir uns unser* er ihn ihm ihr ihre* ihrem ihren heisse heisst frau mann"
    " sohn tochter mutter vater freund* familie"
    " yo mi mis mio mia mios mias conmigo nosotros nosotras nos nuestr* soy estoy tengo estamos"
    " tenemos llamo mujer marido hijo hija madre padre amig* familia"
    " je j moi mon ma mes nous notre nos suis ai avons sommes appelle femme mari fils fille mere"
    " pere ami amie amis famille http https www"
    " meu minha meus minhas eu nosso nossa mijn ik wij ons onze io mio mia miei nostro meva meu ";

/* When, and where from the speaker. */
static const char impersonal_time[] =
    " now today tonight tomorrow yesterday yet still already current* latest recent* soon later"
    " next last past ago since until when time times day date week weekend weekends month year"
    " morning afternoon evening night noon midnight monday tuesday wednesday thursday friday"
    " saturday sunday january february march april june july august september october november"
    " december this these that those here there near nearby nearest closest around local locally"
    " home upcoming nowadays weather forecast* news traffic price* cost* cheap* open opens opened"
    " opening closed close* available availability rate rates exchange fuel distance far"
    " heute jetzt morgen gestern ubermorgen vorgestern gerade eben derzeit aktuell* momentan"
    " neueste* neulich bald spater nachste* letzte* vorige* kommende* wann uhr uhrzeit zeit tag"
    " datum woche wochenende monat jahr fruh mittag abend* nacht montag dienstag mittwoch"
    " donnerstag freitag samstag sonntag januar februar marz mai juni juli oktober dezember"
    " dies* jene* hier dort nah* umgebung zuhause daheim hause wetter* vorhersage* nachrichten"
    " verkehr preis* kostet kosten teuer billig* offen geoffnet geschlossen verfugbar kurs"
    " entfernung weit"
    " ahora hoy manana ayer todavia aun ya actual* reciente* pronto proximo proxima ultim* pasad*"
    " cuando hora horas tiempo dia fecha semana mes ano anos noche tarde mediodia lunes martes"
    " miercoles jueves viernes sabado domingo enero febrero marzo abril mayo junio julio agosto"
    " septiembre octubre noviembre diciembre este esta esto estos estas ese esa eso esos esas"
    " aquel* aqui ahi alli aca cerca cercan* alrededor casa clima pronostico noticias trafico"
    " precio* cuesta* costo* barat* abierto* abierta* cerrad* disponible* cambio distancia lejos"
    " maintenant aujourd hui demain hier encore deja actuel* recent* bientot prochain* dernier*"
    " derniere* quand heure heures temps jour date semaine mois annee annees matin soir nuit"
    " midi lundi mardi mercredi jeudi vendredi samedi dimanche janvier fevrier mars avril juin"
    " juillet aout septembre octobre novembre decembre ce cet cette ces cela ca ceci ici"
    " pres proche* proximite autour maison meteo previsions nouvelles circulation prix coute*"
    " cher* ouvert* ferme* disponibles taux loin"
    " hoje agora aqui amanha ontem oggi domani ieri adesso ora qui vandaag nu hier avui ara"
    " dema ";

/* What the assistant keeps for its user. */
static const char impersonal_record[] =
    " budget* calendar* appointment* event* expense* reminder* spent spend* balance list lists"
    " note notes trip trips route itinerary inbox account* profile* document* message* contact*"
    " memory memories chat conversation history plan plans booking* reservation* shopping"
    " medication* dose doses prescription* location position"
    " termin* kalender* ausgabe* erinnerung* kontostand liste listen notiz* reise* route strecke"
    " konto* profil* dokument* nachricht* kontakt* gesprach* verlauf buchung* standort dosis"
    " presupuesto* calendario cita citas gasto* recordatorio* saldo lista* nota viaje* ruta*"
    " cuenta perfil documento* mensaje* contacto* conversacion reserva* ubicacion"
    " calendrier rendez depense* rappel* solde liste* voyage* itineraire compte profil"
    " conversation reservation* emplacement ";

/* What differs from country to country, or must be right: law, emergencies, roads, rules. */
static const char impersonal_local[] =
    " law laws legal* illegal* allowed forbidden prohibit* mandatory compulsory permit* licen* visa"
    " visas passport* custom customs border* toll tolls tax taxes vat fine fines penalt* police"
    " ambulance emergenc* speed limit limits motorway* highway* road roads drive drives driving"
    " driver* drunk alcohol drinking tap voltage plug plugs socket sockets side country countries"
    " president minister government king queen pope election* embass* consul* hospital* doctor*"
    " insurance age vote tip tips"
    " gesetz* recht* erlaubt verboten verbot* pflicht* genehmigung* fuhrerschein* visum pass passe"
    " reisepass* zoll grenze* maut steuer* bussgeld* strafe* polizei krankenwagen rettung* notfall*"
    " notruf* notruf tempo tempolimit geschwindigkeit* autobahn* strassen* strasse fahren fahrer*"
    " alkohol* promille leitungswasser steckdose* spannung land lander prasident* minister*"
    " regierung konig* papst wahl wahlen botschaft konsulat krankenhaus arzt* versicherung* alter"
    " trinkgeld* vignette*"
    " ley leyes legal* ilegal* permitid* prohibid* obligatori* permiso* licencia* visado*"
    " pasaporte*"
    " aduana* frontera* peaje* impuesto* iva multa* policia ambulancia emergencia*"
    " velocidad limite*"
    " autopista* autovia* carretera* conducir conductor* alcohol potable grifo enchufe*"
    " voltaje pais"
    " paises presidente gobierno rey reina papa eleccion* embajada* consulado* hospital* medico*"
    " seguro seguros edad propina*"
    " loi lois legal* illegal* autorise* interdit* obligatoire* permis visa passeport* douane*"
    " frontiere* peage* impot* taxe* tva amende* police ambulance urgence* vitesse limite*"
    " autoroute* route routes conduire conducteur* alcool potable robinet prise prises tension pays"
    " president* gouvernement roi reine pape election* ambassade* consulat* hopital* medecin*"
    " assurance* age pourboire* ";

/* What has a state: it is so now. */
static const char impersonal_state[] =
    " delay* late blocked cancelled canceled valid safe danger* strike* war status score won win"
    " wins match league champion* booked booking gate platform snow flight* train trains airline*"
    " expensive password* wifi code codes total bill bills invoice* number numbers phone* pill"
    " pills tablet* patient* medicine* medication* seat seats old happen* busy sick missing stock"
    " verspat* gesperrt blockiert ausgefallen abgesagt gultig sicher gefahrlich* streik* krieg"
    " gewonnen spiel liga meister gebucht* gleis schnee flug fluge fluges zug zuge passwort*"
    " kennwort* wlan rechnung* gesamt* nummer nummern telefon* tablette* pille* patient* medizin*"
    " medikament* sitzplatz* platz alt gestau*"
    " retras* bloquead* cancelad* valid* segur* peligros* huelga* guerra estado ganado gano"
    " partido*"
    " liga campeon* reservad* nieve vuelo* tren trenes contrasena* clave codigo* total factura*"
    " numero numeros telefono* pastilla* paciente* medicina* medicamento* asiento* viejo"
    " retard* bloque* annule* valable* valide* sur sure surs dangereu* greve* guerre gagne match"
    " ligue neige vol vols train trains passe mot code codes total facture* numero* telephone*"
    " comprime* pilule* patient* medicament* siege sieges etat vieux ";

/* What changes something, or looks for something. */
static const char impersonal_action[] =
    " add log record save store remember remind delete remove erase change set update book send"
    " share call mail email write start stop cancel order buy pay show find search look tell give"
    " get forget undo repeat continue translate summari* pick choose guess random joke poem story"
    " fuge fugen hinzufugen trag* eintragen notier* speicher* merk* erinner* losch* entfern*"
    " ander* buch* send* schick* teil* ruf* schreib* bestell* kauf* bezahl* zeig* find* such* gib"
    " sag* vergiss ubersetz* witz gedicht"
    " agrega* anade* anota* apunta* guarda* recuerda* borra* elimina* quita* cambia* actualiza*"
    " manda* envia* comparte* llama* escribe* pide* compra* paga* muestra* busca* encuentra* dame"
    " dime olvida* traduce* chiste poema"
    " ajoute* note* enregistre* rappelle* supprime* efface* enleve* modifie* reserve* envoie*"
    " partage* ecri* commande* achet* paie* montre* cherche* trouve* donne* dis oublie* traduis"
    " blague poeme ";

struct impersonal_why {
    const char *words, *why;
};
static const struct impersonal_why impersonal_whys[] = {
    {impersonal_personal, "personal"},
    {impersonal_time, "time"},
    {impersonal_record, "record"},
    {impersonal_action, "action"},
    {impersonal_local, "local"},
    {impersonal_state, "state"},
};

/* ---- characters ---- */

/* What stands for it in the form; NULL: it may not be in a question. */
static const char *impersonal_plain(unsigned code, char ascii[2])
{
    if (code < 0x80) {
        ascii[0] = (char)(isspace((int)code) ? ' ' : (int)code);
        ascii[1] = '\0';
        return (code < 0x20 && !isspace((int)code)) || strchr("@\\<>{}[]`|=_^~#", (int)code) ||
                code == 0x7f ?
            NULL :
            ascii;
    }
    switch (code) {
    case 0xa0:
    case 0x202f:
        return " ";
    case 0x2018:
    case 0x2019:
        return "'";
    case 0x201c:
    case 0x201d:
    case 0x201e:
    case 0xab:
    case 0xbb:
        return "\"";
    case 0x2010:
    case 0x2011:
    case 0x2013:
    case 0x2014:
        return "-";
    case 0xa1:
    case 0xbf:
    case 0xb0:
        return "";
    default:
        return NULL;
    }
}

static bool impersonal_is_letter(unsigned code)
{
    return (code < 0x80 && isalpha((int)code)) ||
        (code >= 0xc0 && code <= 0x17f && code != 0xd7 && code != 0xf7);
}

int impersonal_form(const char *text, size_t len, struct buf *out)
{
    bool blank = true;
    char ascii[2];

    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_sequence(text + i, len - i, NULL);
        if (!n)
            n = 1;
        const char *plain = impersonal_plain(n ? utf8_code(text + i, n) : 0, ascii);
        if (plain && !strcmp(plain, " ")) {
            if (!blank)
                buf_putc(out, ' ');
            blank = true;
            continue;
        }
        blank = false;
        if (plain && *plain)
            buf_puts(out, plain);
        else
            buf_put(out, text + i, n);
    }
    if (out->len && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    return buf_error(out);
}

/* ---- words ---- */

static bool impersonal_among(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; *(at += strspn(at, " "));) {
        size_t n = strcspn(at, " ");
        bool begins = at[n - 1] == '*';
        if (begins ? len >= n - 1 && !strncmp(at, word, n - 1) : n == len && !strncmp(at, word, n))
            return true;
        at += n;
    }
    return false;
}

struct impersonal_reader {
    const char *text;
    size_t len, at;
    bool bad;     /* a character that may not be there, a long number, an address */
    bool capital; /* the word begins with one */
};

/* The next word, without capitals and marks; false at the end. A longer one is cut. */
static bool impersonal_next(struct impersonal_reader *r, char word[IMPERSONAL_WORD])
{
    size_t used = 0, digits = 0;
    char ascii[2];

    while (r->at < r->len) {
        size_t n = utf8_sequence(r->text + r->at, r->len - r->at, NULL);
        unsigned code = n ? utf8_code(r->text + r->at, n) : 0;
        bool digit = code >= '0' && code <= '9';
        if (!n || (!impersonal_is_letter(code) && !impersonal_plain(code, ascii))) {
            r->bad = true;
            return false;
        }
        if (!digit && !impersonal_is_letter(code)) {
            r->at += n;
            if (used)
                break;
            continue;
        }
        if (!used)
            r->capital = (code >= 'A' && code <= 'Z') || (code >= 0xc0 && code <= 0xde);
        digits = digit ? digits + 1 : 0;
        if (digits > IMPERSONAL_DIGITS_MAX)
            r->bad = true;
        const char *plain = code < 0x80 ?
            (ascii[0] = (char)tolower((int)code), ascii[1] = 0, ascii) :
            words_plain(code);
        for (; plain && *plain && used + 1 < IMPERSONAL_WORD; plain++)
            word[used++] = (char)tolower((unsigned char)*plain);
        r->at += n;
    }
    word[used] = '\0';
    return used > 0;
}

/* The character in front of it has ended the word. */
static bool impersonal_begins(const struct impersonal_reader *r, const char *with)
{
    size_t from = r->at - 1, len = strlen(with);

    return r->at && r->len - from >= len && !strncmp(r->text + from, with, len);
}

static const char *impersonal_word(const char *word)
{
    for (size_t i = 0; i < sizeof impersonal_whys / sizeof *impersonal_whys; i++)
        if (impersonal_among(impersonal_whys[i].words, word))
            return impersonal_whys[i].why;
    return NULL;
}

#define IMPERSONAL_START 120 /* bytes of the words with which a question begins */

/* One certain thing, of which somebody asks how it is. */
static const char impersonal_definite[] =
    " the this that der die das den dem des el la los las le les l a al au aux du ";

/* Does the question begin as one of the forms does? start: its first words, a blank behind each. */
static bool impersonal_is_form(const char *forms, const char *start)
{
    for (const char *at = forms; *at && *++at;) {
        size_t n = strcspn(at, "|"), len = n;
        bool any = len && at[len - 1] == '+';
        char next[IMPERSONAL_WORD] = "";
        len -= any;
        if (!strncmp(start, at, len) && start[len] == ' ') {
            snprintf(next, sizeof next, "%.*s", (int)strcspn(start + len + 1, " "),
                start + len + 1);
            if (*next && (any || !impersonal_among(impersonal_definite, next)))
                return true;
        }
        at += n;
    }
    return false;
}

/* What the words of a question have shown. */
struct impersonal_look {
    char start[IMPERSONAL_START];
    bool opened[IMPERSONAL_LANGUAGES], sure[IMPERSONAL_LANGUAGES];
    size_t count, names; /* names: words behind the first that begin with a capital */
    const char *why;
};

static void impersonal_take(struct impersonal_look *l, const char *word, bool capital)
{
    const size_t used = strlen(l->start), len = strlen(word);

    for (size_t i = 0; i < IMPERSONAL_LANGUAGES; i++) {
        if (!l->count)
            l->opened[i] = impersonal_among(impersonal_languages[i].opens, word);
        l->sure[i] |= l->opened[i] && impersonal_among(impersonal_languages[i].sure, word);
    }
    if (used + len + 2 <= sizeof l->start)
        snprintf(l->start + used, sizeof l->start - used, "%s ", word);
    if (!l->why)
        l->why = impersonal_word(word);
    l->names += l->count++ && capital;
}

static const char *impersonal_judge(const struct impersonal_look *l)
{
    bool form = false, sure = false;

    for (size_t i = 0; i < IMPERSONAL_LANGUAGES; i++) {
        if (!l->opened[i] || !impersonal_is_form(impersonal_languages[i].forms, l->start))
            continue;
        form = true;
        /* Names stand out in all of the languages but German, which writes all nouns so. */
        sure |= l->sure[i] && (i == IMPERSONAL_GERMAN || !l->names);
    }
    return l->why ? l->why : !form ? "form" : !sure ? "language" : NULL;
}

const char *impersonal_question(const char *text, size_t len)
{
    struct impersonal_reader r = {.text = text, .len = len};
    struct impersonal_look look = {0};
    char word[IMPERSONAL_WORD];

    if (!len || len > IMPERSONAL_TEXT_MAX)
        return "length";
    while (impersonal_next(&r, word)) {
        impersonal_take(&look, word, r.capital);
        if (!strcmp(word, "est")) /* "est-ce que" points at nothing */
            r.at += impersonal_begins(&r, "-ce qu") || impersonal_begins(&r, " ce qu") ? 3 : 0;
    }
    if (r.bad)
        return "characters";
    if (look.count < IMPERSONAL_WORDS_MIN)
        return "length";
    return impersonal_judge(&look);
}

/* "I'm sorry", "Leider", "Lo siento", "Je ne peux pas": another time it may answer. */
static const char impersonal_regret[] =
    " i sorry unfortunately cannot unable apologies apologise apologize ich leid leider siento"
    " lamentablemente desafortunadamente puedo je j desole desolee malheureusement ";
#define IMPERSONAL_REGRET_WORDS 6

static bool impersonal_declines(const char *text, size_t len)
{
    struct impersonal_reader r = {.text = text, .len = len};
    char word[IMPERSONAL_WORD];

    for (int i = 0; i < IMPERSONAL_REGRET_WORDS && impersonal_next(&r, word); i++)
        if (impersonal_among(impersonal_regret, word))
            return true;
    return false;
}

const char *impersonal_answer(const char *text, size_t len)
{
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    if (!len || len > IMPERSONAL_ANSWER_MAX)
        return "length";
    /* It waits for the user, who may be anybody. */
    return text[len - 1] == '?' ? "asks_back" : impersonal_declines(text, len) ? "declines" : NULL;
}
