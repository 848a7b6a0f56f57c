/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_CONF_PARTS_H
#define TURNPIKE_BASE_CONF_PARTS_H

#include "base/conf.h"
#include "base/err.h"

/*
 * conf_parts -- what the files of conf share with each other: conf.c has the table and sets a
 * value, conf_value.c reads and writes values, conf_near.c knows what was meant, conf_load.c reads
 * files, conf_check.c looks at settings that depend on each other, conf_check_auth.c at those of
 * credentials and of pages that may use the API, conf_check_model.c at those of models and of
 * services that tools ask, conf_check_page.c at those of the site's own page,
 * conf_check_measure.c at those of logs and measurements, conf_warn.c at those that are valid and
 * still do not fit together.
 */

/* ---- the table: conf.c ---- */

enum conf_type { CONF_INT, CONF_BOOL, CONF_MODE, CONF_MS, CONF_SIZE, CONF_TEXT, CONF_SECRET };
struct conf_row {
    const char *name, *def, *help;
    enum conf_type type;
    size_t offset;
    int64_t min, max;
};
extern const struct conf_row conf_rows[];
extern const size_t conf_row_count;
const struct conf_row *conf_find(const char *name, size_t len);
/* The setting of a line, whose value may be in a file. *from_file: out. NULL: there is none. */
const struct conf_row *conf_find_line(const char *name, bool *from_file);

#define CONF_SOURCES_MAX 4
#define CONF_SOURCE_COMMAND 1 /* the first is -s */
struct conf_origin {
    unsigned source; /* 0 = nobody has set it; else its number */
    unsigned line;
    bool bad; /* the last attempt failed, and that has been told */
};
struct conf_origins {
    char *sources[CONF_SOURCES_MAX]; /* by number; further files count as the last one */
    unsigned now_source, now_line;   /* of what is being set */
    struct conf_origin rows[];
};
/* Where it was set, or NULL. */
const struct conf_origin *conf_origin_of(const struct conf *c, const struct conf_row *row);

/* Returns ERR_NOMEM with its text in why. */
MUST_CHECK int conf_out_of_memory(char why[CONF_WHY_SIZE]);

/* ---- values: conf_value.c ---- */

/* Numbers of every kind, and modes: checks the form and the limits. why as conf_set's. */
MUST_CHECK int conf_value_number(const struct conf_row *row, const char *value, int64_t *number,
    char why[CONF_WHY_SIZE]);
MUST_CHECK int conf_value_flag(const struct conf_row *row, const char *value, bool *flag,
    char why[CONF_WHY_SIZE]);
/* As people write it: 64k, not 65536; 10m, not 600000; 0660. Returns out. */
const char *conf_value_text(const struct conf_row *row, int64_t number, char out[32]);
/* The name of a type, for people. */
const char *conf_type_name(enum conf_type type);

/* ---- what was meant: conf_near.c ---- */

/*
 * conf_not_one_of -- writes `NAME: "TEXT" is not a, b or c; did you mean b?`
 * Returns ERR_CONFIG.
 */
MUST_CHECK int conf_not_one_of(const char *name, const char *text, size_t len,
    const char *const *words, char why[CONF_WHY_SIZE]);

/* ---- rules: 0, or ERR_CONFIG with the text in why ---- */

typedef int conf_rule_fn(const struct conf *c, char why[CONF_WHY_SIZE]);
conf_rule_fn conf_rule_jwt, conf_rule_user_claim, conf_rule_origins, conf_rule_cookie;
conf_rule_fn conf_rule_page_name, conf_rule_page_origins, conf_rule_page_tiles, conf_rule_page_urls;
conf_rule_fn conf_rule_log_format, conf_rule_metrics, conf_rule_otlp, conf_rule_page_session;
conf_rule_fn conf_rule_chain, conf_rule_keys, conf_rule_urls, conf_rule_temperature;
conf_rule_fn conf_rule_openai, conf_rule_responses, conf_rule_geocode, conf_rule_title;
conf_rule_fn conf_rule_switches, conf_rule_window, conf_rule_thinking;
/* The setting's value is one of the words: 0, or ERR_CONFIG with the text in why. */
MUST_CHECK int conf_check_word(const char *name, const char *value, const char *const *words,
    char why[CONF_WHY_SIZE]);
/* Is it one of the words, of which the last is followed by NULL? */
bool conf_word_is(const char *word, size_t len, const char *const *words);
/* Is the word one of those of a list, which blanks, tabs and commas separate? */
bool conf_list_has(const char *list, const char *word);
/* "*", "null", or SCHEME://HOST[:PORT] as a browser sends it. */
bool conf_is_origin(const char *item, size_t len);
/* Tells what is valid and does not fit together. */
void conf_warn_each(const struct conf *c, conf_problem_fn *fn, void *arg);

#endif
