/* SPDX-License-Identifier: BSD-2-Clause */
/* More frames: what is written, changed and taken away by name. offline_frame.h says how a row is
 * read. */
#include "agent/offline/offline_frame.h"

#define EN OFFLINE_ENGLISH
#define DE OFFLINE_GERMAN
#define ES OFFLINE_SPANISH
#define FR OFFLINE_FRENCH

const struct offline_frame offline_frames_more[] = {
    /* memory */
    {EN, "recall", "what do_you ?still know|remember about my|our $name:query", ""},
    {EN, "recall", "what do_you ?still know|remember about me|us", ""},
    {FR, "recall", "que|qu sais|sait tu ?encore sur|de mon|ma|mes|notre $name:query", ""},
    {EN, "forget", "?please forget everything|all ?of_it ?that ?you_know|you_remember about me|us",
        "\"what\":\"everything\""},

    /* documents */
    {EN, "add_document",
        "my|our|the $paper:name expires|expire|runs_out|ends|is_good_until|is_valid_until ?on|in $date:expiry_date",
        ""},
    {DE, "add_document",
        "mein|meine|unser|unsere|der|die $paper:name lauft ?am $date:expiry_date ab", ""},
    {DE, "add_document",
        "mein|meine|unser|unsere|der|die $paper:name ist gultig bis ?zum $date:expiry_date", ""},
    {DE, "add_document",
        "mein|meine|unser|unsere|der|die $paper:name gilt bis ?zum $date:expiry_date", ""},
    {ES, "add_document",
        "mi|nuestro|nuestra|el|la $paper:name caduca|vence|expira ?el $date:expiry_date", ""},
    {FR, "add_document",
        "mon|ma|notre|le|la|l $paper:name expire|perime|se_termine ?le $date:expiry_date", ""},
    {EN, "update_document",
        "i|we ?have|ve renewed my|our|the $paper:document ?and ?it ?is|its good|valid until|till $date:expiry_date",
        ""},
    {EN, "delete_document", "?please delete|remove my|our|the ?old $paper:document", ""},

    /* people */
    {EN, "add_contact",
        "?please add|save $person:name to my|our contacts|address_book ?with ?the ?number $phone:phones",
        ""},
    {EN, "add_contact", "?please add|save contact $person:name $phone:phones", ""},
    {EN, "add_contact", "?please add|save $person:name to my|our contacts|address_book", ""},
    {EN, "add_contact", "?please save $person:name $phone:phones", ""},
    {DE, "add_contact", "?bitte speichere|speicher|notiere $person:name $phone:phones", ""},
    {DE, "add_contact",
        "?bitte speichere|speicher $person:name in|zu meinen|meine kontakten|kontakte $phone:phones",
        ""},
    {ES, "add_contact", "guarda|anade ?a $person:name en|a mis contactos $phone:phones", ""},
    {FR, "add_contact", "ajoute|enregistre $person:name dans|a mes contacts $phone:phones", ""},
    {EN, "update_contact", "$person:contact has a new number|phone ?number $phone:phones", ""},
    {EN, "delete_contact", "?please delete|remove $name:contact from my|our contacts|address_book",
        ""},

    /* lists */
    {EN, "remove_list_items",
        "?please take|remove|delete $items:items off|from my|our|the $list:list list ?please", ""},
    {DE, "remove_list_items",
        "?bitte nimm|losch|losche|entferne ?bitte $items:items von|aus meiner|unserer|der $list:list ?runter|herunter",
        ""},
    {ES, "remove_list_items",
        "quita|borra|elimina $items:items de mi|la|nuestra lista de ?la|las|los $list:list", ""},
    {FR, "remove_list_items",
        "enleve|retire|supprime $items:items de ma|la|notre liste de|des|d $list:list", ""},
    {EN, "remove_list_items",
        "?please clear what_is_done|whats_done|the_done_items from my|our|the $list:list list",
        "\"checked\":true"},
    {EN, "create_list", "create|make|start ?me a ?new $list:name list with|containing $items:items",
        ""},
    {DE, "create_list",
        "erstelle|erstell|mach|mache ?mir ?bitte eine ?neue $list:name mit $items:items", ""},
    {ES, "create_list", "crea|haz una ?nueva lista de $list:name con $items:items", ""},
    {FR, "create_list", "cree|fais une ?nouvelle liste de|d $list:name avec $items:items", ""},
    {EN, "rename_list", "?please rename|call my|our|the $list:list list ?to $name:new_name", ""},
    {EN, "delete_list", "?please delete|remove my|our|the ?whole $list:list list", ""},
    {DE, "delete_list", "?bitte losche|losch ?bitte meine|unsere|die $list:list", ""},
    {ES, "delete_list", "borra|elimina mi|la|nuestra lista de ?la|las|los $list:list", ""},
    {FR, "delete_list", "supprime|efface ma|la|notre liste de|des|d $list:list", ""},
    {EN, "change_list_item",
        "?please change $name:item to $name:new_text on my|our|the $list:list list", ""},

    /* health: what the user says of themselves, word for word */
    {EN, "log_dose", "?just took|taken my|the $medicine:medication ?just_now|now", ""},
    {EN, "log_dose", "?just took my pills|tablets|meds|medication ?just_now|now", ""},
    {EN, "add_medication", "?please add $medicine:name to my medications|medication|meds|medicines",
        ""},
    {DE, "add_medication", "?bitte fug|fuge $medicine:name zu meinen medikamenten hinzu", ""},
    {EN, "stop_medication", "i ?have|ve stopped|quit ?taking my|the $medicine:medication", ""},
    {DE, "stop_medication", "ich habe mein|meine|das $medicine:medication abgesetzt", ""},
    {EN, "delete_medication",
        "?please delete|remove $medicine:medication from my medications|medication|meds", ""},
    {EN, "add_medical_record", "?please save|file a medical record called|titled $name:title", ""},
    {EN, "delete_medical_record",
        "?please delete|remove the medical record called|titled $name:title", ""},
    {EN, "update_emergency_info",
        "?please note|add in|to my emergency info|information that i_am|im allergic to $items:add_allergies",
        ""},
    {EN, "set_emergency_contact",
        "?please make|set $person:name ?as my emergency contact $phone:phone", ""},
    {EN, "set_emergency_contact", "my emergency contact is $person:name $phone:phone", ""},
    {EN, "remove_emergency_contact",
        "$name:name is_not|isnt|isn_t my emergency contact any_more|anymore", ""},

    /* vehicles */
    {EN, "create_vehicle", "?please add|save my|our van|camper|campervan called|named $name:name",
        "\"vehicle_type\":\"rv\""},
    {EN, "create_vehicle", "?please add|save my|our motorhome called|named $name:name",
        "\"vehicle_type\":\"motorhome\""},
    {EN, "create_vehicle", "?please add|save my|our car called|named $name:name",
        "\"vehicle_type\":\"car\""},
    {EN, "update_vehicle_size",
        "my|our|the rig|van|motorhome|camper|car|vehicle is $value:height_m m|metres|meters high|tall ?and $value:length_m m|metres|meters long",
        ""},
    {EN, "update_vehicle_size",
        "my|our|the rig|van|motorhome|camper|car|vehicle is $value:height_m m|metres|meters high|tall",
        ""},
    {EN, "update_vehicle_size",
        "my|our|the rig|van|motorhome|camper|car|vehicle is $value:length_m m|metres|meters long",
        ""},
    {EN, "update_vehicle_size",
        "my|our|the rig|van|motorhome|camper|car|vehicle weighs $value:weight_t t|tonnes|tons", ""},
    {DE, "update_vehicle_size",
        "mein|unser|der|das wohnmobil|camper|wagen|van ist $value:height_m m|meter hoch", ""},
    {DE, "update_vehicle_size",
        "mein|unser|der|das wohnmobil|camper|wagen|van ist $value:length_m m|meter lang", ""},
    {EN, "update_fuel_entry",
        "?please correct|change the|my last|latest fill|fillup|fuel ?up ?entry to $value:volume litres|liters|l",
        "\"volume_unit\":\"l\""},
    {EN, "update_fuel_entry",
        "!!the|my last|latest fill|fillup ?up was $value:volume litres|liters|l",
        "\"volume_unit\":\"l\""},

    /* leaving home */
    {EN, "log_shakedown_trip",
        "?please log|record ?a|our|my test|practice|shakedown weekend|trip at|in|to "
        "$name:destination from $date:start_date to|until $date:end_date",
        "\"trip_type\":\"weekend\""},

    /* records by name */
    {EN, "restore_record", "?please bring_back|restore the $kind:kind $name:name ?i_deleted", ""},
    {EN, "delete_record", "?please delete the $kind:kind $name:name", ""},
    {EN, "change_record", "?please rename the $kind:kind $name:name to $name:new_name", ""},

    /* others on the road */
    {EN, "join_trip", "?please join the trip with|by ?the code $code:code", ""},
    {EN, "join_trip", "?please decline|reject the invitation $code:code", "\"decline\":true"},
    {EN, "submit_community_tip",
        "?please share a tip titled|called $name:title saying $text:content",
        "\"category\":\"general\""},
    {EN, "send_proactive_message", "alert me ?in_my_inbox that|: $text:message",
        "\"type\":\"general\""},
};
const size_t offline_frame_more_count = sizeof offline_frames_more / sizeof *offline_frames_more;
