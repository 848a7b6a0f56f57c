/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MEALS_ALLERGEN_WORDS_H
#define TURNPIKE_TOOLS_MEALS_ALLERGEN_WORDS_H

#include <stdint.h>

/*
 * allergen_words -- the data of allergen.c: what people call an allergen, and the foods that
 * hold it. The first 14 groups are those of Annex II of Regulation (EU) No 1169/2011 (as
 * farrp.unl.edu lists it, read on 29 November 2026), with its words in English, German, Spanish,
 * French, Italian, Portuguese and Dutch; the foods are from general knowledge of kitchens and
 * rather too many than too few: a food stands in a group when it commonly holds it. Words are
 * written small, without accents, singular; `_` joins the words of a phrase, `*` stands for any
 * letters.
 */
#define ALLERGEN_GLUTEN (UINT64_C(1) << 0)
#define ALLERGEN_CRUSTACEAN (UINT64_C(1) << 1)
#define ALLERGEN_EGG (UINT64_C(1) << 2)
#define ALLERGEN_FISH (UINT64_C(1) << 3)
#define ALLERGEN_PEANUT (UINT64_C(1) << 4)
#define ALLERGEN_SOY (UINT64_C(1) << 5)
#define ALLERGEN_MILK (UINT64_C(1) << 6)
#define ALLERGEN_NUT (UINT64_C(1) << 7)
#define ALLERGEN_CELERY (UINT64_C(1) << 8)
#define ALLERGEN_MUSTARD (UINT64_C(1) << 9)
#define ALLERGEN_SESAME (UINT64_C(1) << 10)
#define ALLERGEN_SULPHITE (UINT64_C(1) << 11)
#define ALLERGEN_LUPIN (UINT64_C(1) << 12)
#define ALLERGEN_MOLLUSC (UINT64_C(1) << 13)
/* Milk sugar: in everything of milk, but in nothing that is lactose-free. */
#define ALLERGEN_LACTOSE (UINT64_C(1) << 14)
#define ALLERGEN_MEAT (UINT64_C(1) << 15)
#define ALLERGEN_PORK (UINT64_C(1) << 16)
#define ALLERGEN_BEEF (UINT64_C(1) << 17)
#define ALLERGEN_CHICKEN (UINT64_C(1) << 18)
#define ALLERGEN_GELATIN (UINT64_C(1) << 19)
#define ALLERGEN_HONEY (UINT64_C(1) << 20)
#define ALLERGEN_ALCOHOL (UINT64_C(1) << 21)
#define ALLERGEN_MUSHROOM (UINT64_C(1) << 22)
#define ALLERGEN_CORN (UINT64_C(1) << 23)
#define ALLERGEN_COCONUT (UINT64_C(1) << 24)
#define ALLERGEN_CITRUS (UINT64_C(1) << 25)
#define ALLERGEN_TOMATO (UINT64_C(1) << 26)
#define ALLERGEN_NIGHTSHADE (UINT64_C(1) << 27)
#define ALLERGEN_LEGUME (UINT64_C(1) << 28)
#define ALLERGEN_ALLIUM (UINT64_C(1) << 29)
#define ALLERGEN_STONE_FRUIT (UINT64_C(1) << 30)
#define ALLERGEN_YEAST (UINT64_C(1) << 31)
#define ALLERGEN_CAFFEINE (UINT64_C(1) << 32)
#define ALLERGEN_COCOA (UINT64_C(1) << 33)
#define ALLERGEN_GLUTAMATE (UINT64_C(1) << 34)
#define ALLERGEN_GROUPS 35
/* No groups: */
#define ALLERGEN_RITE (UINT64_C(1) << 59)    /* halal, kosher: how it is made counts, too */
#define ALLERGEN_SINGLE (UINT64_C(1) << 60)  /* a food that is looked for by its own name */
#define ALLERGEN_NO_FOOD (UINT64_C(1) << 61) /* a medicine, pollen, ...: in no meal */
#define ALLERGEN_VAGUE (UINT64_C(1) << 62)   /* a product that may hold anything */
#define ALLERGEN_NOTHING (UINT64_C(1) << 63) /* sounds like an allergen and is none */

struct allergen_words {
    uint64_t groups;
    const char *words; /* separated by blanks */
};
/* What an allergy is called, and what a list of ingredients has; each ends with groups 0. */
extern const struct allergen_words allergen_names[], allergen_foods[];
/* More of allergen_foods: dishes, cuts, brands, and words of the other languages. */
extern const struct allergen_words allergen_dishes[];
/* Dishes and products of more kitchens, and words of Nordic, Slavic, Turkish, Indian and East Asian
 * languages as they stand in Latin letters. */
extern const struct allergen_words allergen_kitchens[];
/* Foods beyond the groups, each under all its names and with what is made of it; ends with NULL. */
extern const char *const allergen_aliases[];
extern const char *const allergen_group_names[ALLERGEN_GROUPS]; /* in English, for answers */
/* Words around the name of an allergen that say nothing of what it is: "severe", "allergy", ... */
extern const char allergen_fillers[];
/* Ends of compound words, as in Erdnussallergie. */
extern const char allergen_endings[];

#endif
