/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MEALS_RECIPE_PAGE_H
#define TURNPIKE_TOOLS_MEALS_RECIPE_PAGE_H

#include "base/err.h"
#include "base/jdoc.h"

#include <stddef.h>

/*
 * recipe_page -- the schema.org Recipe that a web page carries as JSON-LD. What the page says is
 * data of a stranger: texts are freed of markup and cut, lists are bounded.
 *
 *   recipe  out, the caller's: name, ingredients (texts), instructions (texts), and where the page
 *           says so: servings, yield, prep_minutes, cook_minutes, total_minutes, meal_type,
 *           cuisine, dietary_tags, image_url
 * Returns 0; ERR_NOT_FOUND (the page has no recipe, or one without name or ingredients); ERR_NOMEM.
 */
MUST_CHECK int recipe_page_read(const char *html, size_t len, jdoc **recipe);

/* ISO 8601 "PT1H30M" in minutes; -1 = no duration. */
MUST_CHECK int recipe_page_minutes(const char *duration);

#endif
