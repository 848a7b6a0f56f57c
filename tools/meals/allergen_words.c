/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/meals/allergen_words.h"

#include <stddef.h>

#define SHELLFISH (ALLERGEN_CRUSTACEAN | ALLERGEN_MOLLUSC)
#define SEAFOOD (SHELLFISH | ALLERGEN_FISH)
#define FLESH (ALLERGEN_MEAT | ALLERGEN_GELATIN)
#define DAIRY (ALLERGEN_MILK | ALLERGEN_LACTOSE)

const char *const allergen_group_names[ALLERGEN_GROUPS] = {"gluten", "crustaceans", "egg", "fish",
    "peanuts", "soy", "milk", "nuts", "celery", "mustard", "sesame", "sulphites", "lupin",
    "molluscs", "lactose", "meat", "pork", "beef", "chicken", "gelatine", "honey", "alcohol",
    "mushrooms", "maize", "coconut", "citrus fruit", "tomato", "nightshades", "pulses",
    "onion and garlic", "stone fruit", "yeast", "caffeine", "cocoa", "glutamate"};

const char allergen_fillers[] =
    "a an the to of please also really lot especially related other and or with my our your his "
    "her i we im have has having is are am be been got get any all some every no not non none "
    "never without free from avoid avoiding cannot cant dont eat eating eats eaten can do does "
    "tolerate stand against towards by due because very highly allergy allergie allergic "
    "allergen alergi intolerance intolerant intolerent sensitivity sensitive hypersensitivity "
    "hypersensitive disease disorder syndrome condition reaction react reacts bad severe "
    "severely serious strong mild slight slightly deadly fatal lethal life threatening "
    "anaphylaxis anaphylactic anaphylaxi shock epipen diagnosed suspected known confirmed "
    "protein food foods product products ingredient ingredients based containing contain "
    "contains trace traces child kid son daughter wife husband partner baby toddler me myself "
    "allergisch gegen auf keine kein ohne und unvertraglichkeit unvertraeglichkeit intoleranz "
    "frei ich bin eine ein lebensmittel produkt produkte erzeugnisse eiweissallergie alergia "
    "alergias alergico alergica intolerancia intolerante enfermedad sin libre de del la el los "
    "las al y con producto productos proteina proteinas allergies allergique aux au le les du "
    "des un une et san sans maladie produit produits proteine proteines d l allergia allergico "
    "allergica intolleranza intollerante malattia senza il lo gli alle agli ai alla e prodotto "
    "prodotti doenca sem livre o os as ao aos com produto produtos voor geen zonder "
    "intolerantie ziekte vrij en het een but ok okay fine m ve person diet lifestyle strict "
    "strictly please bitte vertrage vertragt vertragen esse isst darf nicht kann puedo puede comer "
    "como peux peut mange manger soy sono suis sou posso mangio mangiare comer nao mag ik ben kan "
    "niet eet";

const char allergen_endings[] =
    "allergie allergy allergia alergia unvertraglichkeit "
    "unvertraeglichkeit intoleranz intolerantie intolerance sensitivity frei vrij free los";

const struct allergen_words allergen_names[] = {
    {ALLERGEN_GLUTEN,
        "gluten glutine glutein gluteno coeliac celiac celiak coeliaque celiaque celiaco "
        "celiaca celiachia celiaquia zoliakie zoeliakie coeliakie sprue wheat cereal getreide "
        "cereale cereales graan granen grain *gluten*"},
    {ALLERGEN_CRUSTACEAN,
        "crustacean crustaceo crustace crostaceo crostacei krebstier* krustentier* schaaldier*"},
    {ALLERGEN_MOLLUSC, "mollusc mollusk molusco mollusque mollusco molluschi weichtier* weekdier*"},
    {SHELLFISH,
        "shellfish shell_fish frutos_do_mar fruto_do_mar marisco fruit_de_mer frutti_di_mare "
        "schalentier* meeresfrucht* zeevruchten schaal_en_schelpdieren"},
    {SEAFOOD, "seafood sea_food"},
    {ALLERGEN_EGG,
        "egg ei eier *kippenei* *huhnerei* huevo oeuf ouf uovo uova ovo eieren egg_white "
        "egg_yolk"},
    {ALLERGEN_FISH, "fish fisch* pescado pez poisson pesce peixe vis finfish fin_fish"},
    {ALLERGEN_PEANUT,
        "peanut pea_nut groundnut ground_nut monkey_nut arachis arachide arachidi cacahuete "
        "cacahouete cacahuate mani amendoim *erdnuss* *erdnuess* pinda pindanoot"},
    {ALLERGEN_SOY, "soy soya soybean soja* soia soyabean"},
    {DAIRY,
        "milk dairy cow cmpa cma cow_milk cow_s_milk goat_milk sheep_milk casein caseine kasein "
        "whey leche lacteo lacteos lait laitier laitiere latte latticini latticino leite "
        "laticinio lacticinio laticinios lacticinios *melk* *milch* zuivel bovine"},
    {ALLERGEN_LACTOSE, "lactose laktose lactosa lattosio *laktose* *lactose*"},
    {ALLERGEN_NUT,
        "tree_nut treenut schalenfrucht* fruto_de_cascara fruit_a_coque frutta_a_guscio "
        "fruto_de_casca_rija schaalvrucht*"},
    {ALLERGEN_NUT | ALLERGEN_PEANUT,
        "nut nuss nusse nuesse fruto_seco noix noot noten frutta_secca"},
    {ALLERGEN_CELERY,
        "celery celeriac celery_root *sellerie* celeri apio sedano aipo selderij selderie"},
    {ALLERGEN_MUSTARD, "mustard senf* mostaza moutarde senape mostarda mosterd"},
    {ALLERGEN_SESAME, "sesame sesam* sesamo sezam ajonjoli gergelim"},
    {ALLERGEN_SULPHITE,
        "sulphite sulfite sulphur sulfur sulphur_dioxide sulfur_dioxide sulfit* schwefeldioxid "
        "sulfito solfito solfiti sulfiet* so2 schwefel e220 preservative_220 anidride_solforosa "
        "dioxido_de_azufre"},
    {ALLERGEN_LUPIN, "lupin* altramuz altramuces tremoco"},
    {ALLERGEN_MEAT, "meat fleisch carne viande vlees"},
    {ALLERGEN_MEAT | DAIRY | ALLERGEN_GELATIN, "alpha_gal alphagal red_meat mammalian_meat mammal"},
    {ALLERGEN_PORK, "pork pig schweinefleisch cerdo porc maiale porco varkensvlees"},
    {ALLERGEN_BEEF, "beef rindfleisch ternera boeuf manzo vaca rundvlees"},
    {ALLERGEN_CHICKEN, "chicken poultry pollo poulet frango kip huhnerfleisch"},
    {ALLERGEN_GELATIN, "gelatin gelatine gelatina"},
    {ALLERGEN_HONEY, "honey bee_product honig miel miele mel honing"},
    {ALLERGEN_ALCOHOL, "alcohol alkohol alcool ethanol"},
    {ALLERGEN_MUSHROOM,
        "mushroom fungus fungi pilz* champignon* seta hongo fungo funghi cogumelo paddenstoel*"},
    {ALLERGEN_CORN, "corn maize mais maiz milho"}, {ALLERGEN_COCONUT, "coconut kokos* coco cocco"},
    {ALLERGEN_CITRUS, "citrus zitrusfrucht* agrume agrumi citrico"},
    {ALLERGEN_TOMATO, "tomato tomate* pomodoro tomaat"},
    {ALLERGEN_NIGHTSHADE, "nightshade solanaceae solanine"},
    {ALLERGEN_LEGUME,
        "legume pulse hulsenfrucht* legumbre legumineuse legumi leguminosa peulvrucht*"},
    {ALLERGEN_ALLIUM,
        "allium onion garlic zwiebel* knoblauch* cebolla ajo oignon ail cipolla aglio cebola "
        "alho knoflook"},
    {ALLERGEN_STONE_FRUIT, "stone_fruit stonefruit steinobst"},
    {ALLERGEN_YEAST, "yeast hefe levure levadura lievito fermento gist"},
    {ALLERGEN_CAFFEINE, "caffeine koffein cafeina cafeine caffeina coffein"},
    {ALLERGEN_COCOA,
        "cocoa cacao kakao chocolate schokolade chocolat cioccolato cioccolata chocolade"},
    {ALLERGEN_GLUTAMATE, "msg glutamate glutamat glutamato monosodium_glutamate"},
    /* Diets, in any list in which they are told. */
    {FLESH | SEAFOOD | DAIRY | ALLERGEN_EGG | ALLERGEN_HONEY,
        "vegan vegano vegana veganer veganerin vegane veganisch veganiste vegetalien vegetalienne "
        "plant_based plantbased"},
    {FLESH | SEAFOOD,
        "vegetarian vegetariano vegetariana vegetarier vegetarierin vegetarisch vegetarische "
        "vegetarien vegetarienne veggie vego"},
    {FLESH | SEAFOOD | ALLERGEN_EGG, "lacto_vegetarian lactovegetarian"},
    {FLESH | SEAFOOD | DAIRY, "ovo_vegetarian ovovegetarian"},
    {FLESH | SEAFOOD, "lacto_ovo_vegetarian ovo_lacto_vegetarian"},
    {FLESH,
        "pescatarian pescetarian pescatariano pescatariana pescetariano pescetarier pescetarien "
        "pescetarienne pesco_vegetarian"},
    {ALLERGEN_RITE | ALLERGEN_PORK | ALLERGEN_ALCOHOL | ALLERGEN_GELATIN, "halal hallal helal"},
    {ALLERGEN_RITE | ALLERGEN_PORK | SHELLFISH | ALLERGEN_GELATIN,
        "kosher koscher kasher kascher casher cacher koosjer cosher"},
    {ALLERGEN_NO_FOOD,
        "penicillin amoxicillin antibiotic sulfa sulfonamide sulphonamide aspirin ibuprofen "
        "nsaid paracetamol acetaminophen codeine morphine opioid latex pollen hay_fever "
        "hayfever grass dust dust_mite mite mold mould bee bee_sting wasp wasp_sting "
        "insect_sting insect mosquito cat dog horse animal_dander dander pet plaster adhesive "
        "perfume fragrance contrast_dye iodinated_contrast anesthetic anaesthetic lidocaine "
        "vaccine cephalosporin penicilina penicilline pollini polen sun"},
    {0, NULL}};

const struct allergen_words allergen_foods[] = {
    /* --- cereals with gluten --- */
    {ALLERGEN_GLUTEN,
        "wheat wholewheat pumpernickel weet_bix pate lavash matza cracker_meal fu vital_wheat "
        "tipo_00 maida atta sooji suji rava puri bhatura kibbeh wholemeal flour spelt kamut "
        "khorasan einkorn emmer durum farina semolina farro freekeh frikeh triticale rye barley "
        "malt malted ovomaltine oat oatmeal porridge muesli granola bran wheatgerm germ bulgur "
        "bulgar burghul couscous cous tabbouleh tabouli tabbouli seitan gluten bread breadcrumb "
        "breadstick crumb baguette brioche ciabatta focaccia sourdough pita pitta naan chapati "
        "chapatti roti paratha poori tortilla wrap bagel bun roll croissant pastry filo phyllo "
        "shortcrust pie tart quiche cake cupcake muffin biscuit cookie cracker pretzel crumpet "
        "scone pancake waffle crepe doughnut donut churro pizza dough pasta spaghetti macaroni "
        "macaroon penne fusilli rigatoni lasagne lasagna ravioli tortellini cannelloni "
        "fettuccine tagliatelle pappardelle linguine vermicelli orzo gnocchi noodle ramen udon "
        "soba dumpling wonton gyoza panko crouton stuffing batter tempura schnitzel beer ale "
        "lager stout guinness teriyaki hoisin shoyu gravy roux bechamel weetbix weetabix "
        "cornflake ovaltine horlicks milo vegemite marmite promite licorice liquorice matzo "
        "matzah matzoh wafer ladyfinger savoiardi panettone stollen strudel digestive graham "
        "shortbread fregola surimi crab_stick soy_sauce soya_sauce oyster_sauce "
        "black_bean_sauce malt_vinegar spring_roll egg_roll ice_cream_cone kecap ketjap rusk "
        "zwieback spaetzle spatzle pierogi pelmeni samosa empanada burrito quesadilla enchilada "
        "lebkuchen gingerbread trifle tiramisu cheesecake brownie blondie flapjack crumble "
        "cobbler damper hot_dog_bun burger hamburger fish_finger fish_cake nugget "
        "worcestershire worcester doubanjiang gochujang miso seasoned_flour *weizen* *mehl "
        "roggen* gerste* hafer* dinkel* grunkern brot brote *brot brotscheibe brotchen *nudel* "
        "*teig *griess* paniermehl semmel* kuchen* *torte keks* bier *bier malz* knodel harina "
        "trigo cebada centeno avena espelta semola cerveza galleta fideo macarron pan_de "
        "pan_rallado pan_integral rebanada_de_pan masa bizcocho empanado farine ble orge seigle "
        "avoine epeautre semoule pain chapelure biere pate_brisee pate_feuilletee pate_sablee "
        "gateau biscotte boulgour vermicelle nouille tarte frumento grano segale semolino pane "
        "pangrattato birra impasto grissini biscotto biscotti cantuccini farinha cevada centeio "
        "aveia cerveja massa bolacha biscoito pao *tarwe* bloem meel gerst rogge haver "
        "griesmeel *brood* paneermeel deeg koek beschuit"},
    /* --- crustaceans and molluscs --- */
    {ALLERGEN_CRUSTACEAN,
        "shrimp prawn barnacle tomalley glucosamine king_crab sea_urchin bagoong crab crabmeat "
        "crayfish crawfish crawdad lobster langoustine langouste scampi krill yabby yabbie bug "
        "bisque belacan belachan terasi krupuk surimi crab_stick xo_sauce paella laksa tom_yum "
        "tom_yam bouillabaisse gumbo jambalaya etouffee gamba camaron langostino cangrejo "
        "bogavante cigala cigalas crevette crabe homard ecrevisse tourteau gambero gamberetto "
        "gamberi gamberetti granchio aragosta astice scampo camarao camaroes caranguejo lagosta "
        "lagostim garnele* krabbe* hummer languste* krebs* nordseekrabben garnaal garnalen krab "
        "kreeft rivierkreeft crustacean shellfish seafood marisco fruit_de_mer frutti_di_mare "
        "meeresfrucht* zeevruchten prawn_cracker shrimp_paste"},
    {ALLERGEN_MOLLUSC,
        "oyster mussel geoduck sea_cucumber turban_shell arselle clam scallop squid calamari "
        "calamar octopus cuttlefish abalone whelk periwinkle cockle snail escargot pipi conch "
        "nautilus limpet oyster_sauce squid_ink vongole vongola paella bouillabaisse ostra "
        "mejillon mejillones almeja pulpo sepia vieira caracol huitre moule palourde "
        "saint_jacques seiche poulpe encornet bulot coquille ostrica cozza cozze capasanta "
        "capesante seppia polpo calamaro totano lumaca mexilhao mexilhoes ameijoa lula polvo "
        "auster* *muschel* tintenfisch* kalmar* schnecke* oester mossel mosselen inktvis "
        "mollusc shellfish seafood marisco fruit_de_mer frutti_di_mare meeresfrucht* "
        "zeevruchten xo_sauce"},
    /* --- eggs --- */
    {ALLERGEN_EGG,
        "egg yolk egg_yolk kewpie *mayonnaise* *hollandaise* globulin livetin ovomucin "
        "ovomucoid ovovitellin vitellin mayonnaise mayo aioli meringue pavlova hollandaise "
        "bearnaise albumen albumin ovalbumin lysozyme eggnog advocaat custard brulee patissiere "
        "brioche challah souffle quiche frittata omelette omelet carbonara tiramisu zabaglione "
        "sabayon mousse nougat lemon_curd caesar tartare tartar_sauce remoulade thousand_island "
        "marzipan macaron macaroon ladyfinger savoiardi sponge cake cupcake muffin pancake "
        "waffle crepe french_toast egg_noodle fresh_pasta ice_cream gelato batter tempura "
        "surimi panettone choux profiterole eclair yorkshire_pudding lecithin tortilla_espanola "
        "tortilla_de_patata scotch_egg kedgeree shakshuka nicoise cobb brownie cookie doughnut "
        "donut flan marshmallow egg_white meatloaf schnitzel spaetzle creme_anglaise "
        "creme_caramel creme_patissiere pastry_cream dijonnaise coleslaw potato_salad ei eier "
        "*eier* douf loeuf doeuf eigelb eiweiss eischnee *huhnerei* vollei huevo huevos "
        "clara_de_huevo yema mayonesa merengue bizcocho oeuf ouf uovo uova tuorlo albume "
        "maionese ovo gema eieren eigeel eiwit mayonaise frittate"},
    /* --- fish --- */
    {ALLERGEN_FISH,
        "fish salmon nuoc gentleman_relish lea_and_perrin perrin gravadlax gravlaks fumet "
        "caponata pissaladiere bagna_cauda anchoiade lumpfish arctic_char snook wahoo zander "
        "orange_roughy barbecue_sauce bbq_sauce dover tuna cod anchovy anchovies sardine "
        "mackerel trout barramundi snapper haddock halibut tilapia bass seabass swordfish "
        "kipper hake herring pilchard sprat whitebait plaice sole flounder turbot monkfish "
        "mullet perch pike carp catfish basa pangasius pollock pollack saithe eel bream mahi "
        "marlin kingfish whiting flathead trevally grouper bonito katsuobushi dashi caviar roe "
        "ikura tobiko masago lox gravlax fish_sauce nam_pla nuoc_mam garum worcestershire "
        "worcester caesar surimi crab_stick kamaboko isinglass puttanesca taramasalata "
        "bouillabaisse rollmop bloater sushi bottarga tapenade kedgeree chowder fish_oil anchoa "
        "atun bacalao merluza sardina caballa trucha boqueron dorada lubina pescado pez thon "
        "saumon cabillaud morue merlu anchois hareng maquereau truite poisson tonno salmone "
        "merluzzo acciuga acciughe alici sgombro trota orata branzino baccala pesce atum salmao "
        "bacalhau pescada sardinha cavala truta peixe *fisch* lachs* kabeljau dorsch hering* "
        "sardelle* makrele* forelle* seelachs matjes kaviar zalm tonijn kabeljauw haring "
        "ansjovis makreel forel schol paling vis seafood shark nicoise ceviche gefilte lutefisk "
        "poke_bowl vitello_tonnato"},
    /* --- peanuts --- */
    {ALLERGEN_PEANUT,
        "peanut groundnut goober rees* earth_nut beer_nut chikki dan_dan pecel monkey_nut "
        "arachis arachide arachidi cacahuete cacahouete cacahuate amendoim *erdnuss* *erdnuess* "
        "pinda pindakaas satay sate gado_gado kare_kare mixed_nut nut_mix trail_mix nut reese "
        "snicker butterfinger bamba massaman pad_thai kung_pao nut_butter mani scroggin praline "
        "nuss* noten"},
    /* --- soy --- */
    {ALLERGEN_SOY,
        "soy soya soybean soja *soja* soia edamame *tofu* kinako koji soy_flour tofu tempeh "
        "miso natto tamari shoyu teriyaki hoisin okara yuba tvp textured_vegetable_protein "
        "textured_protein vegetable_protein lecithin lecitin* ponzu sukiyaki kecap ketjap "
        "bean_curd beancurd black_bean_sauce doenjang gochujang worcestershire oyster_sauce "
        "xo_sauce bulgogi doubanjiang mock_duck chocolate soy_sauce stir_fry_sauce yakitori "
        "char_siu kikkoman maggi"},
    /* --- milk --- */
    {DAIRY,
        "milk dairy buttermilk panir margarine cacio half_half *bechamel* *hollandaise* "
        "*mozzarella* *parmesan* *mascarpone* *ricotta* diacetyl recaldent lactulose tagatose "
        "rennet pudding au_gratin kulfi burfi barfi sandesh curd_cheese buttercream ganache "
        "whipped_cream clotted_cream sour_cream cream_cheese butter buttery ghee cream creme "
        "fraiche custard brulee cheese cheddar paneer halloumi haloumi feta fetta ricotta "
        "mozzarella parmesan parmigiano pecorino grana_padano gruyere emmental emmenthal gouda "
        "edam brie camembert roquefort gorgonzola stilton bocconcini burrata stracciatella "
        "mascarpone philadelphia quark skyr labneh labne kefir lassi raita tzatziki yoghurt "
        "yogurt yogourt yoghourt curd whey casein caseinate lactose lactalbumin lactoglobulin "
        "dulce_de_leche caramel toffee fudge butterscotch bechamel mornay alfredo white_sauce "
        "hollandaise bearnaise carbonara gratin ice_cream gelato sherbet milkshake shake eggnog "
        "chocolate nougat pesto tiramisu cheesecake panna pannacotta flan rice_pudding kheer "
        "gulab_jamun rasgulla malai khoa khoya mawa makhani korma tikka_masala butter_chicken "
        "naan brioche croissant pizza lasagne lasagna quiche creamer ovaltine horlicks milo "
        "nutella ranch caesar queso cotija oaxaca manchego panela provolone provola scamorza "
        "asiago fontina taleggio havarti jarlsberg monterey_jack colby velveeta boursin "
        "raclette reblochon comte chevre manouri kasseri graviera ayran stroganoff chowder "
        "souffle profiterole eclair shortbread scone fondue cannoli spanakopita moussaka "
        "mashed_potato fromage beurre lait yaourt petit_suisse lactoserum babeurre "
        "half_and_half latte cappuccino mocha macchiato milk_powder milk_solid leche "
        "mantequilla nata crema yogur requeson cuajada natilla suero_de_leche lacteo formaggio "
        "burro siero latticino besciamella leite queijo manteiga iogurte requeijao coalhada "
        "*milch* *kase* *kaese* *butter* *sahne* *rahm* *joghurt* molke* topfen schmand *melk* "
        "*kaas* boter* slagroom kookroom zure_room kwark vla"},
    /* --- nuts --- */
    {ALLERGEN_NUT,
        "almond hazelnut filbert marron hickory pili shea_nut beechnut ginkgo pignolia "
        "chinquapin mortadella bitter_almond nut_extract stollen panforte florentine cobnut "
        "walnut cashew pecan brazil pistachio macadamia queensland_nut pine_nut pinenut pignoli "
        "chestnut nut nutella gianduja gianduia praline marzipan frangipane nougat torrone "
        "turron amaretto amaretti disaronno frangelico nocino pesto baklava bakewell macaron "
        "macaroon financier dukkah dukka muhammara romesco korma granola muesli trail_mix "
        "mixed_nut nut_mix nut_butter ferrero rocher toblerone waldorf biscotti cantuccini "
        "linzer orgeat falernum ground_almond almond_meal scroggin candied_nut nut_milk *nuss* "
        "*nuesse* mandel* pistazie* krokant *walnuss* almendra avellana nuez nuece anacardo "
        "pistacho pacana mazapan amande noisette noix cajou pistache pralin massepain calisson "
        "mandorla nocciola noce noci pistacchio pinolo pinoli amendoa avela avelas noz noze "
        "castanha caju pistacio pinhao amandel* *noot* *noten* marsepein banketstaaf "
        "spekulatius cashewkern*"},
    /* --- celery, mustard, sesame --- */
    {ALLERGEN_CELERY,
        "celery celeriac *sellerie* celeri apio sedano aipo selderij selderie *selderij* "
        "suppengrun mirepoix soffritto sofrito waldorf bloody_mary bouillon stock_cube "
        "stock_powder soup_mix celery_salt vegetable_stock vegetable_broth"},
    {ALLERGEN_MUSTARD,
        "mustard *senf* mostaza moutarde senape mostarda mosterd dijon piccalilli vinaigrette "
        "remoulade dijonnaise curry_powder honey_mustard rarebit colman"},
    {ALLERGEN_SESAME,
        "sesame sesam *sesam* *tahin* sesamol simsim sim_sim til sesamo sezam ajonjoli gergelim "
        "gomasio gomashio tahini tahin tahina tehina hummus houmous humus hommus hoummous halva "
        "halvah halwa halawa helva dukkah dukka zaatar za_atar zatar baba_ganoush baba_ghanoush "
        "baba_ganouj babaganoush benne gingelly pasteli furikake shichimi togarashi falafel "
        "everything_bagel bagel burger_bun hamburger_bun simit tahine"},
    /* --- sulphites, lupin --- */
    {ALLERGEN_SULPHITE,
        "wine vino vinho wein weisswein* rotwein* wijn sherry port marsala champagne prosecco "
        "vermouth cider sultana raisin currant apricot prune dried_fruit dried_apple dried_pear "
        "dried_mango dried_apricot dried_cranberry maraschino glace_cherry candied_peel "
        "mixed_peel molasses treacle sauerkraut pickle gherkin wine_vinegar balsamic "
        "lemon_juice lime_juice grape_juice sulphite sulfite sulphur sulfur sulfit* sulfito "
        "solfito solfiti metabisulphite metabisulfite bisulphite bisulfite e220 e221 e222 e223 "
        "e224 e226 e227 e228 sangria mulled_wine beer"},
    {ALLERGEN_LUPIN, "lupin lupine lupini lupin* altramuz altramuces tremoco"},
    /* --- beyond the 14 --- */
    {ALLERGEN_MEAT,
        "beef pork chicken lamb mutton bacon ham turkey duck goose veal sausage mince salami "
        "prosciutto chorizo steak kangaroo venison goat pancetta pepperoni liver meat meatball "
        "rabbit lard broth stock quail pheasant ox oxtail tripe brisket mortadella pastrami "
        "bresaola jerky hot_dog frankfurter bratwurst haggis gammon suet dripping foie_gras "
        "pate bolognese nugget kidney_pie carne viande *fleisch* vlees pollo poulet frango kip "
        "*huhn* rindfleisch rinder* boeuf manzo cerdo porc maiale porco schwein* varken* "
        "schinken* speck jambon jamon presunto agneau cordero agnello lamm* wurst* salsiccia "
        "saucisse saucisson guanciale nduja"},
    {ALLERGEN_PORK,
        "pork bacon ham prosciutto chorizo pancetta salami lard pepperoni gammon mortadella "
        "crackling speck jambon jamon presunto schwein* schinken* cerdo porc maiale porco "
        "varken* guanciale nduja bratwurst frankfurter hot_dog carnitas"},
    {ALLERGEN_BEEF,
        "beef steak veal mince brisket bolognese burger hamburger oxtail bresaola pastrami "
        "jerky meatball bouillon rindfleisch rinder* boeuf manzo ternera rundvlees stroganoff "
        "beef_stock"},
    {ALLERGEN_CHICKEN,
        "chicken poussin hen nugget schnitzel pollo poulet frango kip *huhn* hahnchen "
        "chicken_stock chicken_broth poultry turkey duck goose"},
    {ALLERGEN_GELATIN,
        "gelatin gelatine gelatina marshmallow jelly gummy gummi jello aspic panna_cotta "
        "pannacotta"},
    {ALLERGEN_HONEY, "honey honig miel miele mel honing mead baklava"},
    {ALLERGEN_ALCOHOL,
        "wine beer rum brandy whisky whiskey vodka gin sherry liqueur cider bourbon port "
        "marsala champagne prosecco vermouth ale lager stout cognac amaretto kahlua cointreau "
        "tequila mirin sake vino vinho wein wijn bier cerveza birra cerveja"},
    {ALLERGEN_MUSHROOM,
        "mushroom champignon* shiitake porcini portobello portobella enoki chanterelle truffle "
        "morel oyster_mushroom pilz* seta hongo fungo funghi cogumelo paddenstoel* quorn"},
    {ALLERGEN_CORN,
        "corn maize cornflour cornstarch cornmeal polenta grit hominy masa tortilla popcorn "
        "corn_syrup sweetcorn nacho taco dextrose maltodextrin *mais* maiz maizena elote arepa "
        "cornflake milho baking_powder"},
    {ALLERGEN_COCONUT,
        "coconut coco copra *kokos* cocco kokosnuss kokosnuesse noix_de_coco kokosnoot"},
    {ALLERGEN_CITRUS,
        "lemon lime orange grapefruit mandarin tangerine clementine yuzu pomelo citron satsuma "
        "kumquat marmalade bergamot calamansi limon naranja limone arancia limao laranja "
        "zitrone* orange* citroen sinaasappel citric_acid"},
    {ALLERGEN_TOMATO,
        "tomato ketchup passata marinara salsa bolognese pizza tomate* pomodoro tomaat gazpacho "
        "arrabbiata shakshuka napolitana"},
    {ALLERGEN_NIGHTSHADE,
        "tomato potato pepper capsicum aubergine eggplant chilli chili paprika cayenne goji "
        "tomatillo ketchup passata salsa pimento jalapeno marinara tabasco"},
    {ALLERGEN_LEGUME,
        "bean lentil chickpea garbanzo pea hummus houmous falafel dal dhal dahl soybean soy "
        "soya peanut lupin tofu edamame mung besan kidney_bean haricot cannellini borlotti "
        "pinto split_pea tempeh miso"},
    {ALLERGEN_ALLIUM,
        "onion garlic leek shallot chive scallion spring_onion cebolla ajo oignon ail cipolla "
        "aglio cebola alho *zwiebel* *knoblauch* knoflook aioli ramson eschalot"},
    {ALLERGEN_STONE_FRUIT, "peach plum apricot cherry nectarine prune almond mango"},
    {ALLERGEN_YEAST,
        "yeast bread beer wine marmite vegemite promite sourdough brioche pizza bun roll "
        "doughnut *hefe* levure levadura lievito gist"},
    {ALLERGEN_CAFFEINE,
        "coffee tea cola espresso matcha guarana chocolate cocoa energy_drink latte cappuccino "
        "mocha tiramisu kahlua"},
    {ALLERGEN_COCOA,
        "cocoa cacao kakao* chocolate nutella brownie mocha schokolade* chocolat cioccolato "
        "chocolade tiramisu milo ovaltine mole"},
    {ALLERGEN_GLUTAMATE,
        "msg glutamate glutamat bouillon stock_cube stock_powder soy_sauce e621 oyster_sauce "
        "fish_sauce parmesan vegemite marmite seasoning maggi"},
    /* Foods that are looked for by their own names. */
    {ALLERGEN_SINGLE,
        "apple pear banana kiwi kiwifruit strawberry raspberry blueberry blackberry cranberry "
        "grape melon watermelon cantaloupe rockmelon mango papaya pawpaw pineapple peach plum "
        "nectarine apricot cherry fig date pomegranate lychee passionfruit guava avocado olive "
        "carrot potato sweet_potato pumpkin squash zucchini courgette cucumber lettuce spinach "
        "kale cabbage broccoli cauliflower brussel_sprout asparagus artichoke beetroot beet "
        "radish turnip parsnip fennel pea bean lentil chickpea pepper capsicum chilli chili "
        "paprika eggplant aubergine rice quinoa buckwheat millet sorghum teff amaranth chia "
        "flax flaxseed linseed sunflower poppy hemp pumpkin_seed sugar vanilla cinnamon clove "
        "nutmeg ginger turmeric cumin coriander cilantro parsley basil oregano thyme rosemary "
        "sage mint dill saffron cardamom anise aniseed caraway fenugreek curry vinegar rhubarb "
        "tapioca cassava yam taro okra seaweed algae spirulina carrageenan aspartame sorbitol "
        "stevia lamb mutton goat veal venison turkey duck kangaroo rabbit lard palm_oil "
        "sunflower_oil rapeseed canola cottonseed lemon lime orange grapefruit mandarin tea "
        "coffee cola berry horseradish wasabi peppermint liquorice tiger_nut acai jackfruit "
        "durian persimmon quince loquat celtuce endive rocket arugula watercress soursop "
        "tamarind sumac fresa manzana platano fraise pomme banane fragola mela erdbeere apfel "
        "aardbei appel morango maca psyllium agave xylitol inulin chicory"},
    /* What may hold anything. */
    {ALLERGEN_VAGUE,
        "sauce dressing seasoning mix premix bouillon stock broth marinade gravy paste relish "
        "chutney spread dip soup filling topping sprinkle condiment spice_mix curry_paste "
        "packet_mix stuffing sausage meatball burger patty gewurzmischung salsa gewurz "
        "bruhwurfel"},
    /* Sounds like an allergen and is none. */
    {ALLERGEN_NOTHING,
        "butternut butternut_squash butter_bean butterbean butter_lettuce butterhead butterfly "
        "cream_of_tartar cream_tartar water_chestnut nutmeg muskatnuss nuez_moscada "
        "noce_moscata noix_de_muscade noz_moscada nootmuskaat kokosnuss kokosnuesse "
        "noix_de_coco kokosnoot cocoa_butter shea_butter kakaobutter oyster_mushroom "
        "milk_thistle beef_tomato bean_curd nut_butter nut_milk lamb_lettuce lambs_lettuce "
        "rice_cake rice_noodle tiger_nut omakase"},
    {0, NULL}};
