/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of English: offline_lexicon.h says how a row is read. */
#include "agent/offline/offline_lexicon.h"

const struct offline_entry offline_words_en[] = {
    /* light words */
    {"_",
        "the|a|an|my|our|your|their|some|any|me|i|we|us|you|it|that|this|these|those|is|are|was|"
        "were|be|am|been|do|does|did|have|has|had|im|ive|ill|id|weve|were|please|pls|plz|pam|hey|"
        "hi|hello|ok|okay|so|well|just|now|also|too|there|here|then|can|shall|"
        "should|need|needs|needed|id like|would like|going|let|lets|up|out|"
        "please|currently|still|right|all|of|about|with|by|as|got|get|gets|getting|go|thanks|"
        "thank|cheers|mate|today s|thats|its|theres|already|really|exactly|some|more|much|many|"
        "want to|need to|to|for|in|at|on|from|into|onto|off|over|under|near|around|between|and|"
        "hows|how|when|why|tell|give|lemme|ideas|looking|happening|come|end||quickly|quick|new|each|per|"
        "kindly|anything|something|things|stuff|ones|ive got|weve got|i am|we are|guys|"
        "right now|at the moment|for me|for us|if possible|asap|look|take|took|make|made|use|used"},
    {"!not",
        "not|no|never|dont|didnt|doesnt|wont|cant|cannot|isnt|wasnt|havent|without|neither|"
        "nor|none|nothing|stop|no longer|no more|hasnt|shouldnt|nobody|noone"},
    {"!if",
        "if|unless|whether|maybe|perhaps|probably|possibly|except|instead|but|however|or|"
        "although|though|otherwise|supposing|hypothetically|almost|nearly|roughly|approx|"
        "approximately|might|until|till|before|after|rather|actually|nevermind|"
        "what if|again|etc|and so on|und|etcetera|should i|shall i|should we|shall we|ought|because|since|while|said|says|"
        "told"},
    {"_which", "what|which|whats|who|where|what is|what are"},
    {"_modal",
        "will|would|could|should|want|wanna|gonna|want to|going to|id|ill|i will|i would|might"},
    {"_can", "can you|could you|would you|will you|can u|could u"},
    {"every", "every|each|every single"},
    {"everyday",
        "every day|everyday|daily|each day|nightly|every night|every morning|every evening|"
        "every afternoon|each night|each morning"},
    {"everyworkday", "every weekday|each weekday|on weekdays|weekdays|every workday"},
    {"everyweekend", "every weekend|on weekends"},
    {"everyweek", "every week|weekly|each week|a week|per week"},
    {"everymonth", "every month|monthly|each month|a month|per month"},
    {"everyyear", "every year|yearly|annually|each year|a year|per year|annual"},
    {"otherwise", "every other|every second|every 2nd|fortnightly|twice"},

    /* verbs */
    {"show",
        "show|list|display|view|see|check|open|browse|read|pull up|look up|bring up|print|"
        "tell me about|show me|give me|let me see|overview|whats in|whats on|what is in|what is on|which are|"
        "any of my|remind me what"},
    {"add",
        "add|put|create|new entry|save|store|enter|register|set up|note down|write down|jot "
        "down|insert|stick|throw|chuck|start|pop|schedule|book|arrange|plan in|pencil in|block "
        "out|block|note that|note|make a note"},
    {"log", "log|record|track|logged|recorded"},
    {"remove",
        "delete|remove|cancel|erase|drop|get rid of|take off|take out|clear|scrap|bin|"
        "used up|ran out of|finished the|we are out of|were out of|out of|throw out|kill"},
    {"set", "set|change|update|switch|adjust|turn|modify|edit|fix|cap"},
    {"plan", "plan|planning|plan out"},
    {"search", "search|find|look for|looking for|search for|find me|locate|dig up|lookup"},
    {"suggest", "suggest|recommend|recommendation|recommendations|suggestion|suggestions|advise"},
    {"compare", "compare|comparison|versus|vs|against|next to"},
    {"export", "export|download|backup|copy of|a copy of|dump"},
    {"done",
        "done|finished|completed|complete|tick|tick off|mark|crossed off|cross off|check off|"
        "checked off|finish|sorted|mark as done|took care of|taken care of"},
    {"bought", "bought|purchased|picked up|got myself|ordered|just bought"},
    {"buy", "buy|purchase|get hold of"},
    {"spent",
        "spent|paid|cost me|cost us|dropped|forked out|shelled out|blew|splurged|blown|coughed "
        "up|set me back"},
    {"spend", "spend|pay"},
    {"saved", "saved|saved us|saved me|saving of"},
    {"cost", "came to|cost|costs|price|priced|expensive"},
    {"eat", "eat|cook|make for|prepare|whip up"},
    {"howmuch", "how much|how many dollars|how much money"},
    {"howfar",
        "how far|distance|how many km|how many kms|how many kilometres|how many kilometers|"
        "how many miles|far is|how far away|mileage between"},
    {"howlong", "how long|how many hours|travel time|driving time|drive time|how much time|eta"},
    {"howmany", "how many"},
    {"whattime",
        "what time|what is the time|whats the time|current time|local time|time is it|time "
        "now|the time|clock"},
    {"whatday",
        "what day|what date|todays date|which day|whats the date|what is the date|current "
        "date|date today|day is it|what is todays date|whats todays date"},
    {"like", "like|climate|good time|best time|typical weather|usually like|weather like|pleasant"},

    /* calendar */
    {"calendar", "calendar|diary|agenda|schedule for|my schedule|planner|our schedule"},
    {"event", "event|events|appointment|appointments|meeting|meetings|booking|bookings|plans"},
    {"remind",
        "remind|reminder|remind me|remind us|set a reminder|reminder to|dont let me forget|"
        "remember to|make sure i|give me a nudge|nudge me|ping me|set reminder|"
        "reminder for"},
    {"reminders", "reminders"},
    {"move", "move|reschedule|shift|push back|postpone|bring forward|push"},
    {"timer", "timer|timers|countdown|count down"},
    {"alarm", "alarm|alarms|wake|wake me|wake us|wake me up|wake up call|get me up|wake up"},

    /* money */
    {"expense", "expense|expenses|transaction|expenditure|expenditures|purchases|outgoings"},
    {"budget", "budget|budgets|limit|spending limit|allowance"},
    {"summary", "summary|breakdown|total|totals|overview of|report on|summarise|summarize|sum up"},
    {"spendings", "spending|money go|money going|finances|financial|my money|our money"},
    {"within",
        "within|over|exceed|exceeded|left|remaining|remain|stick|sticking|on track|ok with|"
        "doing|under|status"},
    {"predict",
        "predict|forecast my|projection|project|projected|end of the month|end of month|"
        "month end|months end|by the end of the month|end up|finish the month|at this rate|land at"},
    {"cutcosts",
        "save money|cut costs|cut our costs|cut my costs|save on|cut back|cut down|spend "
        "less|savings opportunities|saving opportunities|reduce costs|economise|cut our "
        "travel costs|ways to save|where could i save|where can i save|where can we save|"
        "how can i save|how can we save|lower our costs|savings tips|cheaper living"},
    {"savingsword", "savings"},
    {"categorize",
        "which category|what category|categorise|categorize|what kind of expense|"
        "category does|category for|which kind of expense|kind of expense|classify|"
        "category is|category would"},
    {"report", "report|spreadsheet"},
    {"csv", "csv|excel|as a spreadsheet"},
    {"pdf", "pdf"},

    /* health */
    {"medication",
        "medication|medications|medicine|medicines|meds|pill|pills|tablets|drugs|"
        "prescriptions do i|prescription drugs|refill|medicaments"},
    {"medical",
        "medical|health|doctor records|medical records|health records|medical documents|"
        "medical record|medical history|medical file|medical files|health documents"},
    {"recordsword", "records|documents|files|papers|results|notes from|entries|record"},
    {"vaccination",
        "vaccination|vaccinations|vaccine|vaccines|shots|jabs|immunisations|"
        "immunizations|vaccinated|jab"},
    {"lab_result",
        "lab result|lab results|blood test|blood tests|blood work|bloodwork|lab|labs|"
        "test results"},
    {"prescription", "prescription|prescriptions|script|scripts"},
    {"imaging", "imaging|x ray|x rays|xray|xrays|scans|mri|ultrasound"},
    {"doctor_note", "doctor note|doctors note|doctors notes|doctor notes"},
    {"doctor", "dr|doctor|doctors|physician|cholesterol"},
    {"emergency",
        "emergency|emergency contact|emergency contacts|emergency info|blood type|blood "
        "group|in case of emergency|paramedic|paramedics|emergency information|ice "
        "contact|medical emergency"},

    /* profile */
    {"theme", "mode|theme|appearance|colour scheme|color scheme|look of the app"},
    {"dark", "dark|night mode|dark mode"},
    {"light", "light|bright|light mode|day mode"},
    {"auto", "automatic|auto|system theme"},
    {"emailword", "email|emails|e mail|e mails|email notifications|email alerts|mails|newsletters"},
    {"pushword", "push|push notifications|phone notifications|push alerts|notifications|pop ups"},
    {"budgetalerts",
        "budget alerts|budget alert|budget warnings|spending alerts|alerts about my "
        "budget"},
    {"tripreminders", "trip reminders|trip reminder|travel reminders"},
    {"enable", "turn on|switch on|enable|activate|allow|start sending|start sharing"},
    {"disable",
        "turn off|switch off|disable|deactivate|mute|stop sending|stop sending me|stop sharing|"
        "unsubscribe|silence|no more|quit sending|stop"},
    {"language", "language|app language"},
    {"profile", "profile|account|my profile"},
    {"private", "private|hidden|nobody can see|invisible"},
    {"public", "public|visible to everyone|visible to all"},
    {"friends",
        "friends|friends only|only friends|only to friends|just friends|friends see|only "
        "my friends|visible to friends"},
    {"locationsharing",
        "location sharing|sharing my location|share my location|sharing our "
        "location|my whereabouts|sharing where i am|my location|my position"},
    {"activityword", "activity|my activity|show activity"},
    {"datacollection", "data collection|tracking|analytics|telemetry|collecting data|usage data"},
    {"stats",
        "stats|statistics|how active|activity summary|usage stats|my numbers|trips have i "
        "logged|how active was i"},
    {"mydata",
        "my data|all my data|our data|everything you know about me|all data|data you have|"
        "personal data|data about me|everything you have on me|everything about me"},
    {"username", "username|user name|handle|nickname"},
    {"bio", "bio|biography|about me|description of me"},

    /* vehicles, fuel, service */
    {"vehicle",
        "vehicle|vehicles|van|car|truck|motorhome|campervan|camper|caravan|rig|rv|bus|ute|"
        "motorbike|motorcycle|trailer|boat|camper van|fifth wheel|travel trailer"},
    {"motorhome", "class a|class c"},
    {"consumption",
        "consumption|fuel economy|fuel efficiency|gas mileage|mileage per|economy|"
        "fuel consumption|mpg average|average mpg|thirsty|efficient|efficiency|burns|"
        "guzzle|fuel stats|fuel statistics|uses per"},
    {"fuellog",
        "fuel log|fill ups|fillups|fill up history|fuel history|fuel entries|fuel stops|"
        "refuels|refuelled|fueled up|fuel logs|fuel entry|fill up|fillup|fuel fill|gas "
        "log|fuel record|fuel records|refuelling|refueling|fuel up|times at the pump|"
        "refuel"},
    {"filled",
        "filled|filled up|filling|fuelled|fueled|tanked|tanked up|topped up|refilled|put "
        "in|filled the tank|fuelled up|gassed up|got fuel|pumped"},
    {"fuel", "fuel|petrol|gasoline|unleaded|juice"},
    {"gas", "gas"},
    {"diesel", "diesel"},
    {"restaurant", "restaurants|eating out|dining out|takeaways"},
    {"maintenance", "maintenance|servicing|upkeep|services|maintenance schedule"},
    {"service", "service|serviced|inspection|inspected"},
    {"carpart",
        "oil|oil change|tyres|tires|tyre|tire|brakes|brake|brake pads|air filter|fuel "
        "filter|oil filter|battery|coolant|spark plugs|timing belt|wipers|wheel bearings|"
        "tyre rotation|tire rotation|transmission|rotor|rotors|alternator|gearbox|"
        "suspension|shocks|wheel alignment|alignment|brake service|oil changed|fan belt|"
        "brake fluid|radiator|clutch|water pump"},
    {"changed", "changed|replaced|rotated|repaired|fixed|swapped|installed|flushed|greased"},
    {"duenext", "due|coming due|overdue|upcoming|next service|scheduled"},
    {"overdue", "overdue|late|past due"},
    {"history",
        "history|last time|when did i last|when was the last|when did we last|have been "
        "done|past|last changed|last replaced|when was|previous|last serviced|did i "
        "last|last done"},

    /* leaving home */
    {"transition",
        "transition|move into the van|full time|fulltime|hit the road|hitting the road|"
        "move out|life on the road|going full time|ready to leave|ready to go|van life|"
        "moving into the van|vanlife"},
    {"progress", "progress|how far along|how ready|how close|on track|ready|far along|status of"},
    {"checklist",
        "checklist|departure list|transition list|to do list|todo list|todo|to dos|"
        "to do|transition tasks|pre departure list|departure checklist|leaving checklist|"
        "transition checklist"},
    {"task", "task|tasks|chores|jobs|checklist item|item"},
    {"shakedown",
        "shakedown|test trip|practice run|practice trip|practice trips|test run|test "
        "runs|trial run|trial trip|test weekend|shakedown trip|shakedown trips|test "
        "trips|practice runs|dry run"},
    {"issue",
        "issue|issues|problem|problems|fault|faults|leaked|leaks|broke|broken|failed|leak|"
        "leaking"},
    {"equipment",
        "equipment|gear|gear list|equipment list|things to get|things we need|"
        "equipment item"},
    {"launch",
        "launch week|last week before|launch|departure week|week before we leave|days until "
        "we leave|days till we leave|days until departure|days before we leave|days left "
        "until we leave|countdown to departure|how long until we leave|until departure|"
        "leave date|before departure|until we go|days to go"},
    {"essential", "essential|must have|a must|must|vital"},
    {"critical", "critical|top priority|extremely urgent|most important"},
    {"high", "high|urgent|important|high priority"},
    {"low", "low|unimportant|low priority|not urgent"},

    /* roads */
    {"trip", "trip|journey|roadtrip|road trip|drive from|travel from|trips|travel plan"},
    {"plantrip",
        "plan a trip|plan a road trip|plan a drive|plan trip|plan the trip|plan our trip|"
        "plan my trip|plan a roadtrip|plan the drive|plan a journey|plan us a trip|plan "
        "route|plan a route|map out a trip|organise a trip|plan me a trip|plan the route|"
        "plan our drive|plan driving"},
    {"drive", "drive|driving|by car|by road|get to|take to get|take to drive|need to drive"},
    {"leave", "leave|leaving|depart|departing|set off|setting off"},
    {"seasonal",
        "seasonal|escape|winter in|summer in|spend the winter|spend winter|spend the "
        "summer|snowbird|chase the sun|season route|seasonal route|go north for|winter|"
        "wintering"},
    {"weather",
        "weather|rain|raining|rainy|sunny|temperature|temperatures|snow|snowing|windy|"
        "wind|hot|cold|storm|storms|forecast|weather forecast|umbrella|humid|degrees"},
    {"fuelcost",
        "fuel cost|gas cost|cost of fuel|fuel costs|petrol cost|cost of gas|fuel for|gas "
        "for|diesel for|fuel price for|fuel money|fuel will|petrol for|diesel cost|fuel "
        "would|cost in fuel|cost in gas|cost me in fuel|cost to drive|pay for fuel"},
    {"optimize",
        "optimize|optimise|best order|which order|what order|shortest round|shortest "
        "route|quickest order|fastest order|most efficient order|reorder my stops|order "
        "should we|order of stops|best route through|shortest way round|shortest round "
        "trip"},
    {"visit", "visit|visiting|stops|stop at|stopping"},
    {"via", "via|through|stopping in|stopping at"},
    {"navigate",
        "navigate|navigation|directions|route me|directions to|give me directions|guide me"},
    {"campground",
        "campground|campgrounds|campsite|campsites|rv park|rv parks|caravan park|caravan "
        "parks|camp site|camping spot|camping spots|place to camp|where can we camp|"
        "where to camp|somewhere to camp|camp sites|holiday park|holiday parks|overnight "
        "spot|park the rv|where can i camp|park overnight|place to stay tonight|trailer "
        "park|powered site|powered sites|campingplatz"},
    {"longstay",
        "long stay|longstay|monthly rate|monthly rates|long term|stay for two months|whole "
        "winter|stay for a month|month long stay|extended stay|for months|longterm"},
    {"cheapgas",
        "cheap gas|cheapest gas|cheap fuel|cheapest fuel|cheap petrol|cheapest petrol|"
        "cheap diesel|cheapest diesel|gas prices|fuel prices|petrol prices|diesel prices|"
        "where is diesel cheapest|gas station|petrol station|fuel station|gas stations|"
        "petrol stations|servo|diesel cheapest|fuel cheapest|petrol cheapest|gas "
        "cheapest|fill up nearby|servos|price of petrol|price of diesel|price of gas"},
    {"attractions",
        "attraction|attractions|sights|sightseeing|things to see|things to do|to see "
        "in|lookouts|museums|waterfalls|places to visit|what is there to see|what to "
        "see|museum|waterfall|beaches|worth seeing|fun things|points of interest|"
        "what can we see|what to do|tourist spots|to do in|to see around|zoos"},
    {"roadconditions",
        "road conditions|roadworks|road works|road closed|road closures|roads open|"
        "road open|is the road|traffic|closures|highway open|highway closed|flooded "
        "roads|road condition|floods|road construction|road closure|highway"},
    {"spot",
        "favourite|favorite|favourite spot|favorite spot|favourites|favorites|favourite spots|"
        "favorite spots|spot|this spot|this place|place"},
    {"stars", "stars|star|out of 5|out of five"},
    {"video", "video|videos|youtube|clip|clips|vlog|vlogs"},

    /* others */
    {"community",
        "community|forum|other travellers|other travelers|fellow travellers|everyone|"
        "other rvers|fellow travelers|other campers"},
    {"feed",
        "feed|timeline|news feed|whats new|latest posts|recent posts|newest posts|what is new|"
        "newsfeed"},
    {"posts",
        "posts|people say|people saying|people think|others say|anyone written|discussions|"
        "anyone posted|others think|people write"},
    {"post", "post|publish|share with the community|announce"},
    {"follow", "follow|subscribe to|start following"},
    {"unfollow", "unfollow|stop following|dont follow|quit following"},
    {"message",
        "message|msg|text|write to|send a message to|dm|send message to|send a text to|"
        "direct message|send a note to|send a msg to|drop a line to"},
    {"tips", "tip|tips|advice|hints|tricks|pointers"},
    {"knowledge",
        "how do i|how do you|how can i|how should i|explain|guide to|guide for|guide on|"
        "how to|article about|articles about|article on|how does one|how do we|teach me|"
        "knowledge base|learn about|what do you know about|articles on|guides on|info "
        "on|information about|information on|how should we"},
    {"articles", "articles|guides|article|knowledge articles"},
    {"shipping", "shipping|ferrying"},
    {"camping", "camping"},
    {"nearbyrvers",
        "anyone camping near|other rvers near|travellers nearby|anyone else camping|"
        "rvers nearby|who is nearby|anyone around here|friends nearby|who else is "
        "camping|anyone near|rvers near|travellers near|travelers nearby|who is near"},

    /* food */
    {"recipe",
        "recipe|recipes|dish|dishes|meal ideas|dinner ideas|lunch ideas|cook with|what can i "
        "cook|what can we cook|what could i cook|make with|something to cook|meal idea|"
        "cook using"},
    {"pantry", "pantry|fridge|cupboard|larder|freezer|food stock|food stores|pantry list|esky"},
    {"expiring",
        "expire|expires|expiring|go off|going off|goes off|go bad|going bad|best before|"
        "out of date|expired|spoil|spoiling|use by|about to go off|gone off|expiry"},
    {"shoppinglist",
        "shopping list|grocery list|groceries list|what do i need to buy|what do we "
        "need to buy|buy for the plan|shop for the plan|list for shopping|shopping "
        "lists"},
    {"planmeals",
        "plan meals|meal plan|plan our meals|plan my meals|plan the meals|mealplan|"
        "meal planning|plan some meals|menu for|weekly menu|menu plan|plan our food|meals for the week|plan the week meals|plan what we eat"},
    {"breakfast", "breakfast|breakfasts|brekkie"},
    {"lunch", "lunch|lunches"},
    {"dinner", "dinner|dinners|supper|tea tonight"},
    {"snack", "snack|snacks"},
    {"mealword", "meal|meals"},
    {"allergic",
        "allergic|allergic to|allergy|allergies|intolerant|intolerance|cant eat|can not "
        "eat|intolerant to|react to|anaphylactic to|reaction to"},
    {"diet",
        "diet|diets|dietary|dietary preferences|dietary restrictions|eating habits|food "
        "preferences|diet preferences|dietary needs"},
    {"vegan", "vegan|vegans"},
    {"vegetarian", "vegetarian|veggie|vegetarians"},
    {"gluten_free", "gluten free|celiac|coeliac"},
    {"halal", "halal"},
    {"kosher", "kosher"},
    {"pescatarian", "pescatarian|pescetarian"},
    {"lactose_free", "lactose free|dairy free"},
    {"low_carb", "low carb|keto|ketogenic"},
    {"dislike",
        "dislike|dislikes|hate|hates|dont like|do not like|cant stand|not a fan of|doesnt "
        "like|cant bear|despise"},
    {"calories", "calories|kcal|calories a day|calories per day|calorie goal|calorie"},

    /* shop and web */
    {"shop", "shop|store|sell|in stock|catalogue|product|products|merchandise|for sale"},
    {"webword",
        "web|internet|google|online|search the web|search online|web search|search the "
        "internet|look online|bing|look it up online"},
    {"cheapest",
        "cheapest|compare prices|best price|price comparison|lowest price|cheapest price|"
        "prices of|compare the price|compare price"},

    /* units */
    {"km", "km|kms|kilometre|kilometres|kilometer|kilometers|k on the clock|kays"},
    {"mile", "mile|miles|mi"},
    {"litre", "litre|litres|liter|liters|l|ltr|ltrs"},
    {"gallon", "gallon|gallons|gal"},
    {"mpg", "mpg|miles per gallon|miles to the gallon|miles a gallon"},
    {"per100",
        "l 100km|per hundred|per 100|per 100 km|per hundred kilometres|per 100 kilometres|per "
        "hundred km|per 100km|litres per 100|l per 100|litres per hundred|litres per 100 "
        "km|per hundred kilometers|l per 100 km|liters per 100 km|per 100 kilometers"},
    {"kg", "kg|kilo|kilos|kgs|kilogram|kilograms"},
    {"g", "g|gram|grams"},
    {"ml", "ml|millilitres|milliliters"},
    {"can", "cans|tin|tins"},
    {"pack", "pack|packs|packet|packets|box|boxes|bag|bags"},
    {"bottle", "bottle|bottles|jar|jars"},
    {"lb", "lb|lbs"},
    {"piece", "piece|pieces|dozen"},
    {"odometer", "odometer|odo|on the clock|on the odometer|odometer at|odometer reading"},
    {"perunit", "per litre|a litre|per liter|a liter|each litre|per l"},

    /* fine points of the hour */
    {"halfpast", "half past"},
    {"quarterpast", "quarter past"},
    {"quarterto", "quarter to"},
    {"andhalf", "and a half"},
    {"undo", "undo|undo that|undo the last change|take that back|revert that"},
    {"lists", "lists|my lists"},
    {"packinglist", "packing list|packing lists"},
    {"papers", "my documents|my papers|vehicle papers"},

    /* of timers */
    {"pause", "pause|resume|extend|shorten|prolong|lengthen|continue|unpause"},
};
const size_t offline_words_en_count = sizeof offline_words_en / sizeof *offline_words_en;
