/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/meals/allergen_words.h"

#include <stddef.h>

#define DAIRY (ALLERGEN_MILK | ALLERGEN_LACTOSE)

const struct allergen_words allergen_dishes[] = {
    {ALLERGEN_GLUTEN,
        "fladle* flaedle* "
        "yorkshire yorkshire_pudding lamington anzac parmi parmy crumbed battered breaded bao "
        "toast sandwich panini farfalle rotini conchiglie ziti bucatini orecchiette agnolotti "
        "manicotti ditalini tagliolini capellini angel_hair chow_mein lo_mein yakisoba rice_bubble "
        "haggis "
        "black_pudding sausage_roll pasty pastie potsticker dim_sim dim_sum shumai spring_roll "
        "kibble toasted_muesli sub_roll *spatzle* *maultasche* *knopfle* *brezel* *laugen* toastie "
        "toastbrot* *panade* paniert* *flocken* *pfannkuchen* *strudel* *broetchen* zwieback* "
        "berliner chapelure viennoiserie beignet galette brik crouton empanadilla croqueta "
        "rebozado "
        "magdalena bollo rosquilla tostada fideua torta bruschetta crostini crostino piadina "
        "grissino taralli arancino arancini cotoletta impanato panzerotto panino macarrao bolo "
        "pastel coxinha bolinho torrada kroket* bitterbal* frikandel* frikadel* pannenkoek* "
        "poffertje* tosti bami speculaas stroopwafel* ontbijtkoek"},
    {ALLERGEN_CRUSTACEAN,
        "moreton_bay_bug marron redclaw red_claw mazzancolla mazzancolle canocchie canocchia "
        "granseola astici *shrimp* *krabben* flusskrebs* kaisergranat etrille araignee_de_mer "
        "percebe necora centollo buey_de_mar quisquilla langosta gambon carabinero sapateira "
        "santola navalheira langoestine* garnalen* kroepoek "
        "curry_paste green_curry red_curry thai_curry"},
    {ALLERGEN_VAGUE, "vegetable_oil"},
    {ALLERGEN_SINGLE, "honeydew gooseberry breadfruit beefsteak_tomato"},
    {ALLERGEN_MOLLUSC,
        "petoncle ormeau bigorneau praire chipiron chipirone puntilla berberecho navaja zamburina "
        "tellina telline fasolaro moscardino moscardini polipo lumache seppie totani cannolicchio "
        "berbigao choco chocos buzio kokkel* jakobsschelp* pijlinktvis wulk alikruik* oktopus* "
        "calamare krake kraken"},
    {ALLERGEN_EGG,
        "*ruhrei* *ruehrei* *spiegelei* *omelett* *pfannkuchen* kaiserschmarrn *biskuit* baiser* "
        "wachtelei *maultasche* *spatzle* ile_flottante gemada quindim pasteis fio_de_ovo "
        "pastel_de_nata "
        "zabaione crema_catalana advocaat eierkoek* pannenkoek* poffertje* yorkshire lamington "
        "pound_cake angel_food egg_foo_young shakshouka chawanmushi tamago tamagoyaki matzo_ball "
        "kaya kugel croqueta parmi parmy bucatini_carbonara"},
    {ALLERGEN_FISH,
        "tarama colin lieu_noir rascasse lotte daurade rouget limande merlan anguille eglefin "
        "fletan "
        "espadon sandre brochet lompe poutargue rape rodaballo emperador pez_espada jurel lenguado "
        "salmonete besugo mero anguila panga ventresca mojama spada platessa sogliola cernia "
        "spigola triglia aringa anguilla nasello colatura rana_pescatrice robalo linguado dourada "
        "cherne garoupa corvina tamboril carapau espadarte anchova enguia aal raucheraal "
        "rotbarsch zander* hecht karpfen* seeteufel heilbutt* scholle* steinbutt rollmop* "
        "bismarck* *sardine* anchovi* sprotte* zeebaars kibbeling lekkerbek* heilbot schelvis "
        "wijting zeeduivel snoekbaars sardien* bokking vissaus vissau vissoep vissoup visstick* "
        "visfilet curry_paste green_curry red_curry thai_curry fishcake fishfinger *salmon* "
        "*tuna"},
    {ALLERGEN_PEANUT,
        "*peanut* pacoca pe_de_moleque pinda* satesau* maafe mafe kacang uncrustable pbj cacauete "
        "studentenhaver studentenfutter mole"},
    {ALLERGEN_SOY,
        "e322 bragg liquid_amino impossible_burger sushi ramen gyoza chow_mein lo_mein "
        "vegetable_lecithin mock_meat"},
    {DAIRY,
        "chees* manteca mozarella mozzarela *obers* *quark* *nougat* *schoko* chocolat* chocolade* "
        "cioccolat* hagelslag roomboter roomkaas roomkaa roomij* roomsau* hangop white_chocolate "
        "rarebit vichyssoise helado batido arequipe cajeta cantal tomme morbier munster maroilles "
        "livarot mimolette beaufort faisselle rocamadour stracchino crescenza caciocavallo robiola "
        "caciotta squacquerone grana formaggi leite_condensado doce_de_leite chantilly "
        "pao_de_queijo catupiry brigadeiro natas parmi parmy croqueta lamington yorkshire "
        "tzaziki kroket* pannenkoek* hot_chocolate quik"},
    {ALLERGEN_NUT,
        "*almond* *cashew* *hazelnut* *walnut* *pecan* *pistach* mozartkugel* ajo_blanco "
        "spekulaas macadamia* nougat* *marzipan* "
        "giandujotto gianduiotti baci ricciarelli cantucci croccante polvoron mantecado "
        "tarta_de_santiago ajoblanco rocky_road castagna castagne chataigne castana kastanie* "
        "marone maronen kastanje* studentenhaver studentenfutter cerneau cerneaux"},
    {ALLERGEN_CELERY,
        "suppengemuse* *bruhe* *bruehe* *suppenwurfel* bouillon* bouquet_garni court_bouillon "
        "brodo dado caldo minestrone ragu bolognese v8 clamato soepgroente* cubito"},
    {ALLERGEN_MUSTARD,
        "mostrich mosterd* *mustard* mayonnaise mayo maionese mayonesa aioli tartare "
        "french_dressing salad_dressing coleslaw curry *mayonnaise*"},
    {ALLERGEN_SESAME,
        "sushi bibimbap japchae prawn_toast kimbap gimbap goma everything_seasoning shawarma "
        "muhammara"},
    {ALLERGEN_SULPHITE,
        "vin balsamico balsamique *sekt* champagner cava cidre sidra sidro rosine* rosinen "
        "trockenfrucht* dorrobst "
        "trockenobst uvetta uva_passa pasa passa rozijn* fruta_seca fruta_desecada orejon "
        "gedroogd* wijnazijn* weinessig* vinaigre_de_vin dried_fig dried_date dried_peach"},
    {ALLERGEN_MEAT,
        "manteca schmaltz lardon* cutlet rissole rib sirloin rump porterhouse drumstick giblet "
        "liverwurst kabana "
        "cabanossi kransky boerewors biltong spam corned silverside black_pudding chipolata "
        "saveloy wiener bologna emu crocodile chop bone_broth marrowbone snag twiggy kebab gyro "
        "shawarma pastor barbacoa carnitas asada *schnitzel* kotelett* hackfleisch* gulasch* "
        "roulade* tafelspitz leber* *kasseler* eisbein mett* entrecote rumsteak bavette magret "
        "canard lapin veau dinde rillette andouille* boudin merguez cassoulet ternera lomo chuleta "
        "pavo pato conejo morcilla salchicha salchichon fuet sobrasada longaniza butifarra callos "
        "vitello tacchino anatra coniglio salame cotechino ossobuco porchetta lardo polpetta "
        "polpette ragu linguica alheira peru coelho vitela picanha toucinho bife gehakt* spek "
        "kalkoen* eend konijn lamsvlees *worst biefstuk kipfilet *hahnchen* *pute*"},
    {ALLERGEN_PORK,
        "manteca schmaltz lardon* rillette lomo morcilla linguica toucinho lardo cotechino "
        "porchetta salame boudin "
        "andouille* spek *worst spam kransky kabana cabanossi twiggy salchicha salchichon fuet "
        "sobrasada longaniza butifarra chipolata saveloy pork_rib spare_rib black_pudding *speck* "
        "schmalz kasseler* kassler* eisbein leberkas* mett* wurst* *wurst saucisse saucisson "
        "salsiccia saltimbocca al_pastor"},
    {ALLERGEN_ALCOHOL,
        "vin grappa limoncello sambuca ouzo pernod absinthe calvados kirsch* grand_marnier bailey "
        "frangelico schnapp triple_sec vanilla_extract shaoxing rice_wine sangria cachaca ron rhum "
        "aguardente licor liquore likor* jenever weisswein* rotwein* weinbrand* beer_batter"},
    {0, NULL}};

/* Each row: one food under its names, and what is made of it. */
const char *const allergen_aliases[] = {"avocado guacamole avocat aguacate abacate palta",
    "banana plantain banane platano banaan",
    "chilli chili chile sriracha sambal harissa cayenne jalapeno tabasco peperoncino piment "
    "guindilla malagueta gochujang peri_peri piri_piri kimchi curry_paste",
    "capsicum bell_pepper red_pepper green_pepper yellow_pepper paprika pimiento poivron peperone "
    "pimentao ajvar romesco",
    "coriander cilantro koriander coriandre culantro coentro coriandolo",
    "buckwheat soba kasha sarrasin buchweizen sarraceno blini boekweit",
    "chickpea garbanzo hummus houmous falafel besan gram_flour chana kichererbse pois_chiche "
    "pois_chiches ceci grao_de_bico kikkererwt",
    "lentil dal dhal dahl linse lenteja lentille lenticchia lentilha linze papadum pappadum",
    "potato kartoffel patata pomme_de_terre batata aardappel gnocchi chip crisp fry frite rosti "
    "hash_brown wedge papa",
    "rice arroz riz riso reis rijst risotto sushi paella congee",
    "pea erbse petit_pois guisante piselli ervilha erwt",
    "strawberry erdbeere fresa fraise fragola morango aardbei frutilla",
    "apple apfel manzana pomme mela maca appel", "pineapple ananas pina abacaxi",
    "peach pfirsich melocoton peche pesca pessego perzik",
    "cinnamon zimt canela cannelle cannella kaneel",
    "ginger ingwer jengibre gingembre zenzero gengibre gember",
    "carrot karotte mohre zanahoria carotte carota cenoura wortel",
    "cucumber gurke pepino concombre cetriolo komkommer gherkin tzatziki",
    "eggplant aubergine melanzana berenjena berinjela baba_ganoush moussaka brinjal",
    "beetroot beet borscht rote_bete remolacha betterave barbabietola beterraba",
    "cumin kreuzkummel comino cominho cumino",
    "parsley tabbouleh petersilie perejil persil prezzemolo salsa_verde chimichurri",
    "basil pesto basilikum albahaca basilic basilico manjericao", "horseradish wasabi meerrettich",
    "grape raisin sultana currant wine traube uva druif", "poppy poppyseed mohn pavot papavero",
    "spinach spinat espinaca epinard spinaci espinafre spinazie", NULL};
