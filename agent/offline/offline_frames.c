/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of four languages, words without accents: offline_frame.h says how a row is read. */
#include "agent/offline/offline_frame.h"

#define EN OFFLINE_ENGLISH
#define DE OFFLINE_GERMAN
#define ES OFFLINE_SPANISH
#define FR OFFLINE_FRENCH

/* Both for units and for money; their frames differ in the slots alone. */
#define CONVERSIONS(tool, value, type) \
    {EN, tool, \
        "?please|can_you|could_you convert $value:" value " $" type ":from in|to|into $" type \
        ":to ?please|for_me", \
        ""}, \
        {EN, tool, \
            "how_many|how_much $" type ":to are|is|in|makes|make ?there ?in $value:" value \
            " $" type ":from", \
            ""}, \
        {EN, tool, \
            "whats|what_is|what_are|how_much_is|how_much_are|how_much $value:" value " $" type \
            ":from in|to|as $" type ":to", \
            ""}, \
        {EN, tool, "$value:" value " $" type ":from in|to|into|as $" type ":to ?please", ""}, \
        {DE, tool, \
            "rechne|rechn|konvertiere|wandle|wandel ?bitte|mir $value:" value " $" type \
            ":from in|zu|nach $" type ":to ?um ?bitte", \
            ""}, \
        {DE, tool, \
            "wie_viele|wieviele|wie_viel|wieviel $" type \
            ":to sind|ist|ergeben|haben $value:" value " $" type ":from", \
            ""}, \
        {DE, tool, \
            "wie_viel|wieviel|was sind|ist|machen $value:" value " $" type ":from in $" type \
            ":to ?um", \
            ""}, \
        {DE, tool, "$value:" value " $" type ":from in $" type ":to ?umrechnen|umwandeln", ""}, \
        {ES, tool, \
            "convierte|convierteme|convertir|pasa|cambia ?por_favor $value:" value " $" type \
            ":from a|en $" type ":to ?por_favor", \
            ""}, \
        {ES, tool, "cuantos|cuantas $" type ":to son|es|hay_en $value:" value " $" type ":from", \
            ""}, \
        {ES, tool, \
            "cuanto|cuantos|cuantas son|es $value:" value " $" type ":from en $" type ":to", ""}, \
        {ES, tool, "$value:" value " $" type ":from a|en $" type ":to", ""}, \
        {FR, tool, \
            "convertis|convertir|convertissez|converti $value:" value " $" type ":from en $" type \
            ":to ?stp|svp", \
            ""}, \
        {FR, tool, \
            "combien de|d $" type ":to font|fait|dans|pour|y_a_t_il_dans $value:" value " $" type \
            ":from", \
            ""}, \
        {FR, tool, \
            "combien font|fait|valent|vaut $value:" value " $" type ":from en $" type ":to", ""}, \
    { \
        FR, tool, "$value:" value " $" type ":from en $" type ":to", "" \
    }

const struct offline_frame offline_frames[] = {
    CONVERSIONS("convert_units", "value", "unit"),
    CONVERSIONS("convert_currency", "amount", "currency"),
    {EN, "convert_currency",
        "how_much|what|whats ?is|are $value:amount $currency:from in my ?own money|currency", ""},

    /* what is remembered; "remember to ..." is a reminder */
    {EN, "remember", "?please remember|keep_in_mind|bear_in_mind|dont_forget|note that $text:text",
        ""},
    {DE, "remember", "?bitte merk|merke ?dir ?bitte dass|das $text:text", ""},
    {DE, "remember", "?bitte denk|denke ?bitte daran dass $text:text", ""},
    {ES, "remember",
        "?por_favor recuerda|acuerdate|acuerdate_de|ten_en_cuenta|ten_presente|no_olvides que $text:text",
        ""},
    {FR, "remember",
        "souviens_toi|souvienstoi|rappelle_toi|rappelletoi|retiens|n_oublie_pas que|qu $text:text",
        ""},
    {EN, "recall", "what do_you know|remember about me|us", ""},
    {EN, "recall", "what have_you remembered ?about ?me|us", ""},
    {EN, "recall",
        "what do_you remember|what_have_i_told_you|what_did_i_tell_you about ?my|our|the $name:query",
        ""},
    {DE, "recall", "was weisst|weist du ?alles uber|von mich|mir|uns", ""},
    {DE, "recall", "was hast_du_dir ?uber|von ?mich|mir gemerkt", ""},
    {DE, "recall",
        "was habe|hab ich ?dir uber mein|meine|meinen|unser|unsere|unseren|den|die|das $name:query erzahlt|gesagt",
        ""},
    {ES, "recall", "que sabes|recuerdas|te_acuerdas ?tu de|sobre mi|nosotros", ""},
    {ES, "recall",
        "que te_dije|te_he_dicho|recuerdas de|sobre mi|mis|el|la|nuestro|nuestra $name:query", ""},
    {FR, "recall", "que|qu_est_ce_que|quest_ce_que sais_tu|saistu|tu_sais de|sur moi|nous", ""},
    {FR, "recall",
        "que|qu_est_ce_que t_ai_je_dit|tai_je_dit|t_aije_dit|je_t_ai_dit de|sur mon|ma|mes|le|la|notre $name:query",
        ""},
    {EN, "forget", "?please forget that $text:memory", ""},
    {DE, "forget", "?bitte vergiss|vergiß ?bitte dass $text:memory", ""},
    {ES, "forget", "?por_favor olvida que $text:memory", ""},
    {FR, "forget", "oublie|oubliez que|qu $text:memory", ""},
    {EN, "forget", "?please forget everything you_know|you_remember ?about me|us",
        "\"what\":\"everything\""},
    {DE, "forget", "?bitte vergiss alles ?was_du uber_mich|von_mir weisst",
        "\"what\":\"everything\""},
    {ES, "forget", "olvida todo lo_que_sabes de|sobre mi", "\"what\":\"everything\""},
    {FR, "forget", "oublie tout ce_que_tu_sais de|sur moi", "\"what\":\"everything\""},

    /* lists */
    {EN, "get_list",
        "whats|what_is|show|show_me|read|read_me|open|see ?on|in my|our|the $list:list list ?please",
        ""},
    {EN, "get_list", "whats|what_is left|still_open|missing on|from my|our|the $list:list list",
        "\"open_only\":true"},
    {DE, "get_list", "was steht|ist ?noch ?alles auf ?meiner|unserer|der $list:list", ""},
    {DE, "get_list", "zeig|zeige|lies ?mir ?bitte meine|unsere|die $list:list ?vor|an", ""},
    {ES, "get_list", "que hay|tengo|queda en mi|la|nuestra lista de ?la|las|los $list:list", ""},
    {ES, "get_list", "muestra|muestrame|ensename|lee mi|la|nuestra lista de ?la|las|los $list:list",
        ""},
    {FR, "get_list",
        "qu_est_ce_qu_il_y_a|quest_ce_quil_y_a|qu_estce_qu_il_y_a|qu_y_a_t_il|qu_y_atil|qu_est_ce_qui_est|qu_estce_qui_est sur|dans ma|la|notre liste de|des|d $list:list",
        ""},
    {FR, "get_list", "montre|affiche|lis ?moi ma|la|notre liste de|des|d $list:list", ""},
    {EN, "get_lists",
        "show|show_me|list|which|what ?all ?my|our|of_my lists ?do_i_have|have_i_got|do_we_have|are_there",
        ""},
    {DE, "get_lists", "zeig|zeige|welche ?mir ?alle ?meine|unsere|die listen ?habe|gibt ?ich|es",
        ""},
    {ES, "get_lists",
        "muestra|muestrame|que|cuales ?son ?todas ?mis|las|nuestras listas ?tengo|hay", ""},
    {FR, "get_lists",
        "montre|affiche|quelles ?moi ?sont ?toutes ?mes|les|nos listes ?ai_je|aije|j_ai", ""},
    {EN, "add_to_list",
        "?please add|put $items:items to|on|onto my|our|the $list:list list ?please", ""},
    {DE, "add_to_list",
        "?bitte setz|setze|schreib|schreibe|pack|packe|tu ?bitte $items:items auf meine|unsere|die $list:list",
        ""},
    {DE, "add_to_list",
        "?bitte fug|fuge ?bitte $items:items zu|zur ?meiner|unserer|der $list:list hinzu", ""},
    {ES, "add_to_list",
        "anade|agrega|pon|apunta|anota $items:items a|en mi|la|nuestra lista de ?la|las|los $list:list",
        ""},
    {FR, "add_to_list",
        "ajoute|mets|note $items:items a|sur|dans ma|la|notre liste de|des|d $list:list", ""},
    {EN, "check_list_items",
        "?please tick|check|cross ?off $items:items ?off on|from|off|of my|our|the $list:list list",
        ""},
    {DE, "check_list_items",
        "?bitte hak|hake|streich|streiche ?bitte $items:items auf|von meiner|unserer|der $list:list ab|durch",
        ""},
    {ES, "check_list_items",
        "marca|tacha $items:items en|de mi|la|nuestra lista de ?la|las|los $list:list ?como_hecho|como_hecha|como_hechos|como_hechas",
        ""},
    {FR, "check_list_items",
        "coche|raye $items:items sur|de|dans ma|la|notre liste de|des|d $list:list", ""},
    {EN, "create_list", "create|make|start ?me a ?new $list:name list", ""},
    {EN, "create_list", "create|make|start a ?new list called|named $name:name", ""},
    {DE, "create_list",
        "erstelle|erstell|mach|mache|leg|lege ?mir ?bitte eine ?neue $list:name ?an", ""},
    {ES, "create_list", "crea|haz una ?nueva lista de $list:name", ""},
    {FR, "create_list", "cree|fais une ?nouvelle liste de|d $list:name", ""},

    /* documents */
    {EN, "get_documents",
        "which|what|do_any ?of_my|of_our documents|papers ?of_mine|will expire|run_out|expiring|are_expiring ?soon|next|shortly",
        "\"within_days\":90"},
    {EN, "get_documents", "show|list|show_me|whats|what_are ?all my|our documents|papers", ""},
    {EN, "get_documents", "when does|do|will my|our $name:document expire|run_out", ""},
    {DE, "get_documents",
        "welche ?meiner|unserer dokumente|unterlagen|papiere|ausweise laufen ?bald|demnachst ab",
        "\"within_days\":90"},
    {DE, "get_documents", "zeig|zeige ?mir ?alle meine|unsere dokumente|unterlagen|papiere ?an",
        ""},
    {DE, "get_documents", "wann lauft|verfallt mein|meine|unser|unsere $name:document ?ab", ""},
    {ES, "get_documents",
        "que|cuales ?de_mis documentos|papeles ?me caducan|vencen|expiran ?pronto",
        "\"within_days\":90"},
    {ES, "get_documents", "muestra|muestrame|ensename ?todos mis|nuestros documentos|papeles", ""},
    {ES, "get_documents", "cuando caduca|vence|expira mi|nuestro|nuestra $name:document", ""},
    {FR, "get_documents",
        "quels|lesquels ?de_mes documents|papiers expirent|arrivent_a_expiration|periment ?bientot|prochainement",
        "\"within_days\":90"},
    {FR, "get_documents", "montre|affiche ?moi ?tous mes|nos documents|papiers", ""},
    {FR, "get_documents", "quand expire mon|ma|notre $name:document", ""},

    /* records */
    {EN, "list_records",
        "show|list|show_me|what|which ?all|are|of ?my|our $kind:kind ?do_i_have|do_we_have|have_i_saved",
        ""},
    {DE, "list_records",
        "zeig|zeige|welche|liste ?mir ?alle ?meine|unsere $kind:kind ?an|auf|habe_ich|haben_wir",
        ""},
    {ES, "list_records",
        "muestra|muestrame|ensename|lista|que ?todos|todas ?mis|nuestros|los $kind:kind ?tengo",
        ""},
    {FR, "list_records",
        "montre|affiche|liste|quels|quelles ?moi ?tous|toutes ?mes|nos|les $kind:kind ?ai_je|aije",
        ""},
    {EN, "undo_change",
        "?please|can_you undo|revert ?that|it|this|the_last_change|my_last_change|what_you_just_did ?please",
        ""},
    {EN, "undo_change", "?please take that|it|this back", ""},
    {DE, "undo_change",
        "?bitte mach|mache ?das|es|dies|die_letzte_anderung ?bitte wieder|ruckgangig ?ruckgangig",
        ""},
    {ES, "undo_change",
        "?por_favor deshaz|deshacer|revierte ?eso|esto|lo|el_ultimo_cambio|lo_ultimo ?por_favor",
        ""},
    {ES, "undo_change", "deshazlo ?por_favor", ""},
    {FR, "undo_change",
        "annule|defais ca|cela|la_derniere_modification|le_dernier_changement ?stp|svp", ""},

    /* people */
    {EN, "find_contacts", "whats|what_is $owner:name ?phone|mobile|cell|telephone number|phone",
        ""},
    {EN, "find_contacts", "whats|what_is the phone|mobile|cell|telephone number of|for $name:name",
        ""},
    {EN, "find_contacts", "show|show_me|list ?all my|our contacts", ""},
    {DE, "find_contacts",
        "wie|was|welche ist|lautet|hat die|der nummer|telefonnummer|handynummer von $name:name",
        ""},
    {DE, "find_contacts", "zeig|zeige ?mir ?alle meine|unsere kontakte", ""},
    {ES, "find_contacts", "cual es el telefono|numero|movil|numero_de_telefono de $name:name", ""},
    {ES, "find_contacts", "muestra|muestrame ?todos mis contactos", ""},
    {FR, "find_contacts",
        "quel est le numero|telephone|portable|numero_de_telephone de|d $name:name", ""},
    {FR, "find_contacts", "montre|affiche ?moi ?tous mes contacts", ""},

    /* doses; "did I" alone asks, and a name may be no medication: the tool knows those of the user */
    {EN, "get_dose_log",
        "did|have i|we ?already take|taken|had my|our pills|pill|tablets|meds|medication|medicine ?today|already|yet|this_morning",
        ""},
    {EN, "get_dose_log",
        "did|have i ?already take|taken my $medicine:medication ?today|already|yet|this_morning",
        ""},
    {DE, "get_dose_log",
        "habe|hab ich ?heute ?schon meine|meinen|mein tabletten|tablette|medikamente|medikament|pillen|pille ?heute ?schon genommen|eingenommen",
        ""},
    {DE, "get_dose_log",
        "habe|hab ich ?heute ?schon mein|meine|meinen $medicine:medication ?heute ?schon genommen|eingenommen",
        ""},
    {ES, "get_dose_log",
        "??he_tomado|me_he_tomado|tome ?ya mis|mi|las pastillas|pastilla|medicinas|medicina|medicamentos|medicacion ?hoy|ya",
        ""},
    {FR, "get_dose_log",
        "ai_je|aije|est_ce_que_j_ai|estce_que_j_ai ?deja pris mes|mon medicaments|medicament|comprimes|pilules ?aujourdhui|deja|ce_matin",
        ""},
    {FR, "get_dose_log",
        "??j_ai ?deja pris mes|mon medicaments|medicament|comprimes|pilules ?aujourdhui|deja|ce_matin",
        ""},
    {EN, "get_dose_log",
        "??i ?just ?have took|taken|had my|the pills|pill|tablets|meds|medication|medicine "
        "?today|already|yet|this_morning",
        ""},
    {EN, "log_dose",
        "i ?just ?have took|taken|had my|the pills|pill|tablets|meds|medication ?just_now|now", ""},
    {EN, "log_dose", "i|ive ?just ?have took|taken my|the $medicine:medication ?just_now|now", ""},
    {EN, "log_dose", "i skipped my|the $medicine:medication", "\"status\":\"skipped\""},
    {DE, "log_dose",
        "ich habe|hab ?gerade|eben|soeben mein|meine|meinen|das $medicine:medication ?gerade|eben genommen|eingenommen",
        ""},
    {DE, "log_dose",
        "ich habe|hab ?gerade|eben|soeben meine tabletten|medikamente|pillen ?gerade|eben genommen|eingenommen",
        ""},
    {ES, "log_dose",
        "?ya he_tomado|me_he_tomado|tome|acabo_de_tomar mi|la|el $medicine:medication ?ahora", ""},
    {ES, "log_dose",
        "?ya he_tomado|me_he_tomado|tome|acabo_de_tomar mis pastillas|medicinas|medicamentos ?ahora",
        ""},
    {FR, "log_dose", "j_ai|je_viens_de pris|prendre mon|ma|la|le $medicine:medication ?maintenant",
        ""},
    {FR, "log_dose", "j_ai|je_viens_de pris|prendre mes medicaments|comprimes|pilules ?maintenant",
        ""},
};
const size_t offline_frame_count = sizeof offline_frames / sizeof *offline_frames;
