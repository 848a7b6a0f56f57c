/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_SHOP_SHOP_H
#define TURNPIKE_TOOLS_SHOP_SHOP_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/kit/word_set.h"

/*
 * shop -- the catalogue that the operator supplies as the file of the setting shop.catalogue:
 *
 *   {"currency": "AUD",
 *    "products": [{"id": "rec-01", "name": "Recovery track, pair", "category": "recovery_gear",
 *                  "price": 189.00, "description": "...", "url": "https://...", "in_stock": true,
 *                  "tags": ["sand", "mud"], "vehicle_types": ["motorhome", "truck"]}, ...]}
 *
 * id, name, category and price are needed; a product without them is left out and logged. The file
 * is read when it is first needed and again when it changed; a file that went bad leaves what was
 * read before. At most 8 MiB and 20,000 products.
 */
struct shop_product {
    const char *id, *name, *category, *description, *url;
    int64_t price_minor;
    bool in_stock;
    const jdoc *vehicle_types, *tags; /* of the catalogue */
    struct word_set name_words, tag_words, text_words;
};
struct shop_catalogue {
    const char *currency;
    struct shop_product *products;
    size_t count;
};
/* Borrowed, until the next call, which another task may make: nothing waits while it is used.
 * Returns 0; ERR_NOT_CONFIGURED (no such file, or it never was a catalogue); ERR_NOMEM. */
MUST_CHECK int shop_open(const struct conf *conf, const struct shop_catalogue **out);
void shop_close(void);

#endif
