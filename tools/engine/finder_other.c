/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/finder_other.h"

const char *const finder_other[] = {
    /* words for pleasure */
    "poem poetry rhyme haiku limerick verse essay novel fairytale bedtime fiction lyrics write",
    "joke jokes riddle pun laugh funny amusing knock entertain",
    "sing song songs melody rap lullaby",
    /* sounds and screens */
    "music song songs track playlist album artist band jazz rock pop radio podcast audiobook skip "
    "shuffle louder quieter volume loud mute unmute play playing tune lyrics singer concert spotify",
    "movie movies cinema theater film series episode actor actress television tv netflix director "
    "screening showtimes watch",
    "draw paint picture image logo sketch dragon portrait cartoon",
    /* the house and the phone */
    "light lights lamp dim brighten bulb switch thermostat heating vacuum robot "
    "door lock garage curtain blinds room living bedroom smart home hue roomba cleaner",
    "phone lost ring screen brightness bluetooth wifi sync device reset factory whisper accent voice "
    "speak slower faster speed call dial",
    /* facts of the world */
    "capital president minister king government election politics senator mayor party "
    "parliament war history century ancient",
    "who invented invention discovered author wrote painted famous actor singer born died hamlet "
    "shakespeare celebrity biography",
    "population planet moon star universe dinosaur ocean deep tall highest animal species "
    "physics quantum chemistry atom gravity theory relativity biology evolution",
    "news headline headlines breaking newspaper article times journal politics",
    "score game won win match league team football soccer baseball basketball hockey tennis "
    "olympics player tournament championship sport sports final",
    "lottery numbers casino bet gamble horoscope zodiac astrology luck",
    "love hate marry boyfriend girlfriend feel feelings lonely hobby hobbies favourite colour pets",
    /* sums, words, code */
    "arithmetic multiply plus minus divide divided square root percent equation algebra calculus "
    "geometry prime solve sum math maths",
    "translate translation spell spelling define definition meaning synonym antonym pronounce grammar "
    "word dictionary japanese chinese finnish language",
    "code program programming python java javascript bug compile script function software algorithm "
    "database html computer sort developer",
    "homework school exam essay teacher thesis university cover letter resume cv job application "
    "interview salary",
    /* banks and business */
    "stock stocks share shares bitcoin crypto invest investment market dow nasdaq bond dividend "
    "trading",
    "bank account credit card debit pin loan mortgage interest apr routing transfer deposit balance "
    "fraud checks blocked frozen freeze overdraft rewards points limit score transaction declined "
    "international fees",
    "payday paycheck w2 tax taxes pto vacation leave holiday income rollover 401k retirement employer "
    "boss direct",
    "flight flights airline plane boarding luggage baggage carry seat gate uber lyft taxi cab train "
    "ticket",
    /* small talk */
    "hello hi hey greeting morning evening night goodbye bye thanks thank welcome cheers",
    "robot human alive age old name real made created maker boss work company live born "
    "intelligent clever smart yourself you feel chatbot siri alexa",
    "meaning life sense exist god religion soul philosophy",
    "flip coin toss heads tails roll dice die random number pick",
    "yes no maybe true false repeat okay stop nevermind",
};
const size_t finder_other_count = sizeof finder_other / sizeof *finder_other;

const char finder_weak[] =
    "tell know find show how who where when which much many need like say said ask answer make made "
    "do done use used come came think believe want please help check look see right wrong correct "
    "good bad best better great nice last next time day week month year today tomorrow tonight "
    "morning night weekend now again back set turn change add remove delete cancel update create "
    "move take keep start stop work way people place thing kind type sort list new old long short "
    "big small high low give get put let try play read write open close call talk speak hear tell "
    "remember forget believe understand mean means name number question happen happening here there "
    "number order confirm approve request status information detail details item about more most "
    "less least favourite first own buy pay paid free able else far near nearby around still ready "
    "whole full real sure yes no order hundred live life whether currently recently already within "
    "hi hello fun feel love hate enjoy care worth possible exactly different same word words";
