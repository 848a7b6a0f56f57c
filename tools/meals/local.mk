# SPDX-License-Identifier: BSD-2-Clause
# Recipes, pantry, plans; allergies.
TOOLS_SPEC += tools/meals/meals.json
libtools_a_SOURCES += \
	tools/meals/allergen.c tools/meals/allergen.h \
	tools/meals/allergen_dishes.c \
	tools/meals/allergen_kitchens.c \
	tools/meals/allergen_table.c tools/meals/allergen_table.h \
	tools/meals/allergen_words.c tools/meals/allergen_words.h \
	tools/meals/diet.c tools/meals/diet.h \
	tools/meals/ingredient.c tools/meals/ingredient.h \
	tools/meals/meals.c tools/meals/meals.h \
	tools/meals/meals_pantry.c \
	tools/meals/meals_plan.c \
	tools/meals/meals_share.c \
	tools/meals/recipe_page.c tools/meals/recipe_page.h
RECORD_RULES += tools/meals/rules.lua
