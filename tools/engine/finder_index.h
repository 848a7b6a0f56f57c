/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_FINDER_INDEX_H
#define TURNPIKE_TOOLS_ENGINE_FINDER_INDEX_H

#include "base/err.h"
#include "tools/engine/finder_stem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * finder_index -- words of tools with their weights (BM25F), as finder.c asks for them. A document
 * is a tool, or a subject that no tool is for.
 */
enum finder_field {
    FINDER_NAME,
    FINDER_KEYWORDS,
    FINDER_EXAMPLES,
    FINDER_DESCRIPTION,
    FINDER_ARGUMENTS,
    FINDER_FIELDS
};

struct finder_posting {
    uint16_t document;
    float weight;
};
struct finder_term {
    char text[FINDER_TERM];
    float rarity;
    uint32_t first, count; /* in postings */
    bool weak;             /* says little about whether anything fits */
};
struct finder_index {
    struct finder_term *terms; /* sorted by text */
    size_t term_count;
    struct finder_posting *postings;
    size_t first, count;        /* which documents */
    double mean[FINDER_FIELDS]; /* words of a field */
};

/* The words of the documents while an index is made. */
struct finder_words;
void finder_index_add(struct finder_words *words, size_t document, enum finder_field field,
    const char *text);
/*
 * finder_index_make -- an index of count documents from first on. add puts the words of one of
 * them in (0 is the first) and returns 0 or an error. measure: the index by whose counts and
 * lengths words are weighed; NULL = its own. Returns 0, ERR_NOMEM, or what add returned.
 */
MUST_CHECK int finder_index_make(struct finder_index *index, size_t first, size_t count,
    int (*add)(struct finder_words *words, size_t first, size_t document),
    const struct finder_index *measure);
/* The words of the text are weak ones. */
void finder_index_weaken(struct finder_index *index, const char *text);
void finder_index_drop(struct finder_index *index);
const struct finder_term *finder_index_find(const struct finder_index *index, const char *text);
/* What a term adds to the document that the posting names. */
double finder_index_score(const struct finder_term *term, const struct finder_posting *posting);

#endif
