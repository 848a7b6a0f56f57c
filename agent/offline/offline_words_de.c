/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of German: offline_lexicon.h says how a row is read. Without accents: "fur". */
#include "agent/offline/offline_lexicon.h"

const struct offline_entry offline_words_de[] = {
    {"_",
        "der|die|das|den|dem|des|bitte|mir|mich|ich|wir|uns|unser|unsere|unserem|unseren|mein|"
        "meine|meinen|meinem|meiner|meines|du|dir|dein|deine|es|sie|er|ist|sind|war|waren|habe|hab|"
        "haben|hat|hast|hatte|bin|sei|gerade|mal|noch|auch|denn|doch|schon|so|nun|dass|daran|dazu|"
        "daruber|davon|zur|beim|vom|heran|ein paar|gibt|gib|gibts|machen|mach|mache|tun|kann|kannst|"
        "konntest|konnte|soll|sollen|brauche|brauchen|muss|mussen|werden|"
        "wird|hallo|hi|danke|aus|los|hin|her|ab|insgesamt|bisher|jetzt|aktuell|derzeit|"
        "ganz|sehr|ja|na|dies|diese|dieser|dieses|diesen|diesem|am besten|steht|stehen|stand|"
        "hinzu|hinzufugen zu|ein|lass|lasse|nehme|nehmen|nimmt|geht|gehen|lauft|laufen|als|"
        "noch im|einmal|etwas|alle|alles|allen|etwa|um wie|zum thema|liegt|viele|viel"},
    {"_a", "ein|eine|einen|einem|einer|eines"},
    {"_and", "und|sowie"},
    {"_to", "nach|bis|bis nach|zu|zum|auf"},
    {"_in", "in|im|innerhalb|ins"},
    {"_at", "um|gegen|bei|an|am"},
    {"_on", "am|an dem"},
    {"_from", "von|ab"},
    {"_for", "fur|furs|fuer|fur den|fur die|fur das|wegen"},
    {"_with", "mit|samt"},
    {"_near", "nahe|in der nahe von|nahe von|rund um|in der nahe|um herum"},
    {"_which", "was|welche|welcher|welches|welchen|wer|wo|wann|warum|wie|worauf|wohin|woher|wofur"},
    {"_can", "kannst du|konntest du|konnen sie|konnten sie|wurdest du|willst du"},
    {"_modal", "will|wollen|mochte|mochten|werde|wurde|wollte|sollte|konnte|hatte"},
    {"_have", "habe ich|haben wir|hab ich"},
    {"!not", "nicht|kein|keine|keinen|keiner|keinem|nie|niemals|ohne|nichts|weder|nicht mehr"},
    {"!if",
        "wenn|falls|ob|vielleicht|eventuell|moglicherweise|aber|oder|ausser|obwohl|ungefahr|"
        "etwa|circa|ca|fast|bevor|nachdem|weil|sondern|statt|beinahe|konnte sein|eigentlich|"
        "wahrscheinlich|und so weiter|usw|nochmal|noch einmal|hatte ich"},

    {"every", "jeden|jede|jedes|jeweils"},
    {"everyday",
        "jeden tag|taglich|taglichen|tagliche|taglicher|tagliches|jeden abend|jeden morgen|tag fur tag|alle tage"},
    {"everyworkday", "jeden werktag|werktags|wochentags|an wochentagen|jeden wochentag"},
    {"everyweekend", "jedes wochenende|an wochenenden"},
    {"everyweek", "jede woche|wochentlich|pro woche|in der woche|die woche"},
    {"everymonth", "jeden monat|monatlich|pro monat|im monat"},
    {"everyyear", "jedes jahr|jahrlich|pro jahr|im jahr"},

    /* dates and times */
    {"today", "heute"},
    {"tomorrow", "morgen"},
    {"yesterday", "gestern"},
    {"overmorrow", "ubermorgen"},
    {"ereyesterday", "vorgestern"},
    {"monday", "montag"},
    {"tuesday", "dienstag"},
    {"wednesday", "mittwoch"},
    {"thursday", "donnerstag"},
    {"friday", "freitag"},
    {"saturday", "samstag|sonnabend"},
    {"sunday", "sonntag"},
    {"january", "januar|janner"},
    {"february", "februar"},
    {"march", "marz|maerz"},
    {"april", "april"},
    {"may", "mai"},
    {"june", "juni"},
    {"july", "juli"},
    {"august", "august"},
    {"september", "september"},
    {"october", "oktober"},
    {"november", "november"},
    {"december", "dezember"},
    {"next", "nachste|nachsten|nachster|nachstes|nachstem|kommende|kommenden|kommender|kommendes"},
    {"last",
        "letzte|letzten|letzter|letztes|letztem|vergangene|vergangenen|vorige|vorigen|"
        "vergangenes"},
    {"this", "diesen|diese|dieses|dieser|diesem"},
    {"week", "woche"},
    {"month", "monat|monats"},
    {"year", "jahr|jahres"},
    {"quarter", "quartal"},
    {"weekend", "wochenende"},
    {"weeks", "wochen"},
    {"days", "tage|tagen"},
    {"day", "tag"},
    {"hours", "stunden|std"},
    {"hour", "stunde"},
    {"minutes", "minuten|min"},
    {"minute", "minute"},
    {"seconds", "sekunden"},
    {"months", "monate|monaten"},
    {"agopre", "vor"},
    {"uhr", "uhr"},
    {"morning", "fruh|morgens|vormittag|vormittags|am morgen|am vormittag|in der fruh"},
    {"afternoon", "nachmittag|nachmittags|am nachmittag|mittags"},
    {"evening", "abend|abends|am abend|heute abend"},
    {"night", "nachts|in der nacht"},
    {"tonight", "heute abend|heut abend"},
    {"noon", "mittag|zwolf uhr mittags"},
    {"midnight", "mitternacht"},
    {"halfto", "halb"},
    {"quarterpast", "viertel nach"},
    {"quarterto", "viertel vor|dreiviertel"},
    {"andhalf", "und eine halbe|und eine halbe stunde|und ein halb"},
    {"andquarter", "und eine viertelstunde|und eine viertel stunde"},
    {"@1800", "halbe stunde|halben stunde"},
    {"@900", "viertelstunde"},
    {"@2700", "dreiviertelstunde"},
    {"@5400", "anderthalb stunden|eineinhalb stunden"},

    /* verbs */
    {"show",
        "zeig|zeige|zeigt|zeigen|liste|auflisten|anzeigen|nenn|nenne|sag|sage|lies|offne|"
        "gib mir|was habe ich|was haben wir|welche habe ich|uberblick|"
        "was ist|was ist im|was steht"},
    {"add",
        "fuge|fug|fuge hinzu|trag|trage|eintragen|ein tragen|leg|lege|erstelle|erstell|speichere|"
        "speicher|schreib|schreibe|schreib auf|plane ein|hinzufugen|hinzugefugt|pack|setz auf|"
        "setze auf|anlegen|lege an|merk|merke|buche|tu|neuer|neue|neues|neuen|aufschreiben"},
    {"log",
        "notiere|notier|erfasse|erfass|protokolliere|verbuche|verbuch|buch|logge|eintragen|"
        "notieren|notiert|vermerke"},
    {"remove",
        "losche|losch|loschen|entferne|entfern|entfernen|streiche|streich|storniere|absagen|"
        "sag ab|sage ab|nimm heraus|aufgebraucht|verbraucht|brich ab|stopp|stoppe|beende"},
    {"set",
        "setze|setz|stelle|stell|andere|ander|andern|setzen|stellen|wechsle|wechsel|"
        "schalte|schalt|aktualisiere|lege fest|leg fest|bearbeite|umstellen|mach|mache|wechsle zu"},
    {"search", "suche|such|suchen|finde|find|finden|suche nach|such nach|gesucht"},
    {"suggest",
        "empfiehl|empfehle|vorschlag|schlag vor|schlage vor|schlag|schlage|empfehlung|"
        "empfehlungen|vorschlage|vorschlagen"},
    {"plan", "plane|plan|planen"},
    {"compare", "vergleiche|vergleich|vergleichen|verglichen|gegenuber|im vergleich zu"},
    {"export",
        "exportiere|exportier|exportieren|herunterladen|lade herunter|kopie|kopie von|"
        "kopie aller|download"},
    {"done",
        "erledigt|fertig|abgehakt|hake ab|hak ab|abhaken|gemacht|machen lassen|hake|hak|"
        "abgeschlossen|markiere"},
    {"bought", "gekauft|kaufte|besorgt|eingekauft"},
    {"spent",
        "ausgegeben|bezahlt|gezahlt|zahlte|bezahle|gekostet|hingelegt|gelassen|ausgaben fur|"
        "gab aus|zahle"},
    {"saved", "gespart|erspart|eingespart"},
    {"cost", "kostet|kosten|kostete|koste|preis|preise"},
    {"eat", "kochen|koche|kochen mit|essen|esse"},
    {"howmuch",
        "wie viel|wieviel|was hat|was haben|was kostet|wie teuer|was kosten|wieviel geld|wie "
        "viel geld|wie hoch"},
    {"howfar",
        "wie weit|entfernung|distanz|wie viele kilometer|wieviele kilometer|wie viel kilometer|"
        "strecke"},
    {"howlong",
        "wie lange|fahrzeit|fahrtdauer|wie viele stunden|reisezeit|dauer der fahrt|wie lang"},
    {"howmany", "wie viele|wieviele"},
    {"whattime",
        "wie spat|wieviel uhr|wie viel uhr|welche uhrzeit|uhrzeit|aktuelle zeit|"
        "aktuelle uhrzeit|ortszeit"},
    {"whatday",
        "welcher tag|welches datum|welchen tag|welcher wochentag|den wievielten|datum von|"
        "das datum"},
    {"like", "klima|gute zeit|beste zeit|ublicherweise"},

    /* calendar */
    {"calendar", "kalender|terminkalender|agenda|terminplan"},
    {"event",
        "termin|termine|terminen|verabredung|verabredungen|treffen|besprechung|besprechungen|"
        "ereignis|ereignisse|buchung|buchungen"},
    {"remind",
        "erinnere|erinner|erinnere mich|erinnere uns|erinnerung|erinnere mich daran|erinnern|"
        "erinnerst|vergiss nicht"},
    {"reminders", "erinnerungen"},
    {"move", "verschiebe|verschieb|verschieben|verlege|verleg|verlegen|verschiebe auf"},
    {"timer", "timer|kurzzeitwecker|countdown|stoppuhr|eieruhr"},
    {"alarm", "wecker|weck|wecke|weck mich|wecke mich|wecken|alarm"},

    /* money */
    {"expense", "ausgabe|ausgaben|kauf|kaufe|buchung"},
    {"budget", "budget|budgets|limit|haushaltsbudget|etat"},
    {"summary", "zusammenfassung|ubersicht|aufstellung|auswertung|uberblick uber"},
    {"spendings", "ausgaben|finanzen|geld hin|mein geld|unser geld"},
    {"within", "im rahmen|uberschritten|ubrig|im budget|gut|drin|eingehalten|uberzogen|im plan"},
    {"predict",
        "prognose|vorhersage fur|ende des monats|monatsende|am monatsende|bis monatsende|bis "
        "ende des monats|hochrechnung|voraussichtlich"},
    {"cutcosts",
        "geld sparen|sparen|kosten senken|weniger ausgeben|sparmoglichkeiten|spartipps|"
        "einsparen|einsparpotenzial|wo kann ich sparen|wo konnen wir sparen"},
    {"savingsword", "ersparnisse|einsparungen"},
    {"categorize",
        "welche kategorie|welcher kategorie|in welche kategorie|zu welcher kategorie|"
        "kategorisiere|kategorie gehort|was fur eine ausgabe"},
    {"report", "bericht|report|tabelle"},
    {"csv", "csv|excel|als tabelle"},
    {"pdf", "pdf"},

    /* kinds of spending: their English names lead to the categories */
    {"fuel", "benzin|sprit|kraftstoff|super|tanken|tankfullung|treibstoff"},
    {"diesel", "diesel"},
    {"gas bottle", "gasflasche|propan"},
    {"groceries", "lebensmittel|lebensmitteln|supermarkt|einkauf|wocheneinkauf|einkaufe"},
    {"restaurant", "restaurant|gaststatte"},
    {"lunch", "mittagessen"},
    {"dinner", "abendessen"},
    {"breakfast", "fruhstuck"},
    {"snack", "snack|imbiss"},
    {"coffee", "kaffee|espresso|cafe"},
    {"pizza", "pizza"},
    {"food", "essen gehen|verpflegung"},
    {"campground",
        "campingplatz|campingplatze|stellplatz|stellplatze|campingplatzen|stellplatzen|"
        "zeltplatz|campen|ubernachten"},
    {"maintenance", "wartung|wartungen|instandhaltung|inspektionen"},
    {"repair", "reparatur|reparaturen"},
    {"insurance", "versicherung"},
    {"registration", "zulassung"},
    {"toll", "maut"},
    {"parking",
        "parken|parkplatz|parkgebuhr|"
        "parkgebuhren"},
    {"pharmacy", "apotheke"},
    {"internet", "internet|datenvolumen"},
    {"entertainment", "kino|unterhaltung"},
    {"clothes", "kleidung|kleider"},

    /* health */
    {"medication", "medikamente|medikament|tabletten|pillen|arznei|arzneien|medizin|medikation"},
    {"medical",
        "gesundheitsakte|krankenakte|arztunterlagen|medizinischen|medizinische|medizinischer|"
        "gesundheitsunterlagen|patientenakte|krankenakten"},
    {"recordsword", "unterlagen|akten|dokumente|befunde|ergebnisse|aufzeichnungen|eintrage"},
    {"vaccination", "impfung|impfungen|geimpft|impfpass|impfnachweise"},
    {"lab_result", "laborwerte|blutwerte|blutbild|laborergebnisse|laborbefunde"},
    {"prescription", "rezepte vom arzt|verordnungen|verschreibungen"},
    {"doctor", "arzt|arztin|doktor|dr|cholesterin"},
    {"emergency",
        "notfall|notfallkontakt|notfallkontakte|notfalldaten|blutgruppe|notfallinfo|"
        "notfallinformationen|im notfall|notfallkontakten"},

    /* profile */
    {"theme", "modus|design|darstellung"},
    {"dark", "dunkel|dunkelmodus|dunklen modus|dunkle|dunkles|nachtmodus|dark mode|dunklen"},
    {"light", "hell|hellmodus|hellen modus|helles|hellen"},
    {"auto", "automatisch"},
    {"emailword",
        "email|emails|e mail|e mails|mails|mail benachrichtigungen|e mail "
        "benachrichtigungen|email benachrichtigungen|mailbenachrichtigungen"},
    {"pushword", "push|benachrichtigungen|push benachrichtigungen|mitteilungen|push nachrichten"},
    {"budgetalerts", "budgetwarnungen|budgetalarm|budgetwarnung"},
    {"tripreminders", "reiseerinnerungen"},
    {"enable",
        "einschalten|aktiviere|aktivieren|schalte ein|schalt ein|anschalten|schalte an|"
        "schalt an|erlaube"},
    {"disable",
        "ausschalten|deaktiviere|deaktivieren|schalte aus|schalt aus|abschalten|schalte ab|"
        "aus|schalt ab|stoppe|hor auf|beende"},
    {"language", "sprache"},
    {"profile", "profil|konto"},
    {"private", "privat|unsichtbar"},
    {"public", "offentlich"},
    {"friends", "freunde|freunden|nur fur freunde"},
    {"locationsharing",
        "standortfreigabe|meinen standort zu teilen|standort teilen|meinen standort|"
        "standort freigabe|standort"},
    {"activityword", "aktivitat|aktivitaten"},
    {"datacollection", "datensammlung|tracking"},
    {"stats", "statistik|statistiken|wie aktiv"},
    {"mydata",
        "meine daten|alle daten|alle meine daten|unsere daten|meiner daten|aller meiner "
        "daten|alles was du uber mich weisst"},
    {"username", "benutzername|benutzernamen|nutzername"},

    /* vehicles, fuel, service */
    {"vehicle",
        "fahrzeug|fahrzeuge|auto|wagen|wohnmobil|camper|bulli|wohnwagen|van|kastenwagen|"
        "womo|bus"},
    {"consumption",
        "verbrauch|spritverbrauch|kraftstoffverbrauch|durchschnittsverbrauch|"
        "benzinverbrauch|dieselverbrauch|verbraucht"},
    {"fuellog",
        "tankbuch|tankeintrag|tankeintrage|tankfullungen|tankvorgange|tankstopps|"
        "tankprotokoll|tankungen|tankvorgang|betankungen|getankt habe"},
    {"filled", "getankt|vollgetankt|aufgetankt|betankt|volltanken|tankte"},
    {"service", "inspektion|kundendienst|service"},
    {"carpart",
        "ol|olwechsel|reifen|reifenwechsel|bremsen|bremsbelage|luftfilter|olfilter|batterie|"
        "zundkerzen|zahnriemen|kuhlmittel|scheibenwischer|getriebe|kupplung|stossdampfer"},
    {"changed", "gewechselt|getauscht|ersetzt|repariert|ausgetauscht|erneuert"},
    {"duenext", "fallig|ansteht|anstehend|steht an|als nachstes|ansteht|anstehende"},
    {"overdue", "uberfallig"},
    {"history", "zuletzt|das letzte mal|zum letzten mal|verlauf|historie|letztes mal"},

    /* leaving home */
    {"transition", "umzug in den van|ubergang|umstieg|aufbruch|startklar|vanlife"},
    {"progress", "fortschritt|wie weit sind|bereit|abfahrbereit|wie weit bin ich"},
    {"checklist", "checkliste|abfahrtsliste|to do liste|todoliste|aufgabenliste|todo liste"},
    {"task", "aufgabe|aufgaben"},
    {"shakedown",
        "probefahrt|testfahrt|probefahrten|testfahrten|"
        "testreise|probewochenende"},
    {"issue", "problem|probleme|defekt|mangel"},
    {"equipment", "ausrustung|ausrustungsliste|ausstattung|anschaffungen"},
    {"launch",
        "bis zur abfahrt|bis wir losfahren|bis zur abreise|letzte woche vor der abfahrt|"
        "tage bis zur abfahrt|abfahrtswoche|wann geht es los"},
    {"high", "wichtig|dringend"},
    {"critical", "kritisch"},

    /* roads */
    {"trip", "reise|fahrt|tour|roadtrip|ausflug"},
    {"plantrip",
        "plane eine reise|plan eine reise|plane eine fahrt|plane eine tour|plane die reise|"
        "plane einen roadtrip|plan einen roadtrip|plane die route|plane eine route|plan eine route|plane den weg|reise planen|route planen"},
    {"drive", "fahrt|fahren|fahre|autofahrt|dauert|braucht man|mit dem auto|fahrt man"},
    {"leave", "losfahren|abfahren|fahre los|aufbrechen"},
    {"weather",
        "wetter|regen|regnen|regnet|sonne|sonnig|temperatur|temperaturen|schnee|schneit|wind|"
        "windig|sturm|heiss|kalt|wettervorhersage|vorhersage|warm|schneien|regenschirm"},
    {"fuelcost",
        "spritkosten|benzinkosten|kraftstoffkosten|dieselkosten|kostet der sprit|kostet das "
        "benzin|sprit fur|kostet der diesel|benzin fur"},
    {"optimize",
        "beste reihenfolge|welcher reihenfolge|kurzeste runde|optimale reihenfolge|in welcher "
        "reihenfolge|optimiere|schnellste reihenfolge|kurzeste route durch|reihenfolge"},
    {"visit", "besuchen|besuche|anfahren|abfahren"},
    {"_via", "uber|via"},
    {"navigate", "navigiere|navigation|wegbeschreibung|navi|fuhre|route nach|weg nach"},
    {"cheapgas",
        "gunstig tanken|billig tanken|billigsten diesel|gunstigsten diesel|gunstigste "
        "tankstelle|billigste tankstelle|tankstelle|tankstellen|spritpreise|benzinpreise|"
        "dieselpreise|gunstigen diesel|billiger diesel|gunstigsten sprit|billigsten sprit|"
        "gunstiges benzin|billiges benzin|diesel am gunstigsten|diesel am billigsten|benzin am "
        "billigsten|benzin am gunstigsten|gunstiger diesel"},
    {"attractions",
        "sehenswurdigkeiten|sehenswertes|was kann man sehen|was gibt es zu sehen|"
        "ausflugsziele|zu sehen|museen|wasserfalle|unternehmen|was kann man machen|"
        "sehenswurdigkeit|zu besichtigen|zu tun"},
    {"roadconditions",
        "strassenverhaltnisse|strassenzustand|baustellen|sperrungen|verkehr|"
        "verkehrslage|strassensperrungen|stau|staus|gesperrt"},
    {"spot", "lieblingsplatz|lieblingsort|favorit|favoriten|lieblingsplatze|platz"},
    {"stars", "sterne|sternen"},
    {"video", "video|videos|film|filme"},

    /* others */
    {"community", "community|gemeinschaft|forum|andere reisende|anderen reisenden|anderen"},
    {"feed",
        "feed|neuigkeiten|neues in der community|neueste beitrage|was gibt es neues|neuesten "
        "beitrage"},
    {"posts", "beitrage|beitragen|posts|leute sagen|leute uber|sagen die leute|postings"},
    {"post", "poste|veroffentliche|teile mit der community|beitrag"},
    {"follow", "folge|folgen|abonniere"},
    {"unfollow", "entfolge|folge nicht mehr|nicht mehr folgen"},
    {"message", "nachricht|schreibe an|schreib an|nachricht an|schick|schicke|sende"},
    {"tips", "tipps|tipp|ratschlage|hinweise"},
    {"knowledge",
        "wie kann ich|wie mache ich|erklare|erklar|anleitung|wie verschiffe ich|wie "
        "funktioniert|ratgeber|was weisst du uber|wie bekomme ich|wie man|artikel uber|wie "
        "reinige ich|wie stelle ich|wie belade ich"},
    {"articles", "artikel|anleitungen"},

    /* food */
    {"recipe",
        "rezept|rezepte|rezepten|gericht|gerichte|was kann ich kochen|was kann ich mit|was "
        "konnen wir kochen|was koche ich|kochideen"},
    {"pantry",
        "kuhlschrank|vorratskammer|vorrat|vorrate|speisekammer|vorraten|gefrierfach|vorratsschrank"},
    {"expiring",
        "lauft ab|ablaufen|abgelaufen|verfallt|haltbar|schlecht|verdirbt|lauft bald ab|"
        "ablauft|verderben|bald ablaufen|mindesthaltbarkeit"},
    {"shoppinglist",
        "einkaufsliste|einkaufszettel|einkaufen fur den plan|was muss ich einkaufen|was "
        "mussen wir einkaufen"},
    {"planmeals",
        "essensplan|speiseplan|mahlzeiten|plane die mahlzeiten|plane unsere mahlzeiten|"
        "plane mahlzeiten|plane das essen|plane unser essen|menuplan|wochenplan furs essen|"
        "speiseplan fur"},
    {"allergic",
        "allergisch|allergie|allergien|unvertraglichkeit|vertrage|allergisch gegen|"
        "allergisch auf|intolerant"},
    {"diet", "ernahrung|diat|ernahrungsweise|essgewohnheiten|ernahrungsvorlieben"},
    {"vegan", "vegan|veganer|veganerin|veganes|vegane|veganen"},
    {"vegetarian", "vegetarisch|vegetarier|vegetarierin|vegetarisches|vegetarische|vegetarischen"},
    {"gluten_free", "glutenfrei|glutenfreies|glutenfreie|zoliakie"},
    {"halal", "halal"},
    {"kosher", "koscher"},
    {"lactose_free", "laktosefrei|laktosefreies"},
    {"dislike", "mag nicht|mag kein|mag keine|mag keinen|hasse|mogen keine|kann nicht leiden"},
    {"calories", "kalorien|kcal|kalorien am tag|kalorien pro tag"},
    {"breakfast", "fruhstucke"},
    {"dinner", "abendessen"},

    /* shop and web */
    {"shop", "shop|laden|produkt|produkte|im shop|verkauft"},
    {"webword", "web|internet|google|googel|googele|online|im netz|im web|im internet"},
    {"cheapest", "preisvergleich|am billigsten|am gunstigsten|gunstigster preis"},

    /* money names and units */
    {"dollars", "dollar"},
    {"euro", "euro|euros"},
    {"pounds", "pfund"},
    {"yen", "yen"},
    {"km", "km|kilometer|kilometern"},
    {"mile", "meilen|meile"},
    {"litre", "liter|litern|l"},
    {"kg", "kg|kilo|kilogramm"},
    {"g", "g|gramm"},
    {"ml", "ml|milliliter"},
    {"can", "dose|dosen"},
    {"pack", "packung|packungen|packchen|pakete|tute|tuten"},
    {"bottle", "flasche|flaschen|glas"},
    {"piece", "stuck"},
    {"per100",
        "liter auf 100|liter auf hundert|auf 100 kilometer|auf 100 km|auf hundert|auf hundert "
        "kilometer|pro 100 km|pro 100 kilometer|auf 100|liter auf 100 km|liter pro 100 km|liter "
        "auf 100 kilometer|liter auf hundert kilometer"},
    {"odometer", "kilometerstand|tachostand|km stand"},
    {"perunit", "pro liter|der liter|je liter"},
    {"_", "gehen|einen|einem"},
    {"packinglist", "packliste"},
    {"lists", "listen"},
    {"undo", "ruckgangig|mach das ruckgangig"},

    /* of timers, and rooms */
    {"kitchen", "kuche"},
    {"pause", "pausiere|pausier|verlangere|verkurze|setze fort|setz fort|fortsetzen|unterbrich"},
    {"_", "namens|genannt"},
    {"set", "starte|start"},
};
const size_t offline_words_de_count = sizeof offline_words_de / sizeof *offline_words_de;
