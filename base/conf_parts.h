#ifndef TURNPIKE_BASE_CONF_PARTS_H
#define TURNPIKE_BASE_CONF_PARTS_H

#include "base/conf.h"
#include "base/err.h"

/*
 * conf_parts -- what the files of conf share with each other: conf.c has the table and sets a
 * value, conf_load.c reads files, conf_check.c looks at settings that depend on each other,
 * conf_check_auth.c at those of credentials and of pages that may use the API, conf_check_page.c at
 * those of the site's own page, conf_check_measure.c at those of logs and measurements.
 */

/* Returns ERR_NOMEM with its text in why. */
MUST_CHECK int conf_out_of_memory(char why[CONF_WHY_SIZE]);

/* ---- rules: 0, or ERR_CONFIG with the text in why ---- */

typedef int conf_rule_fn(const struct conf *c, char why[CONF_WHY_SIZE]);
conf_rule_fn conf_rule_jwt, conf_rule_user_claim, conf_rule_origins, conf_rule_cookie;
conf_rule_fn conf_rule_page_name, conf_rule_page_origins, conf_rule_page_tiles, conf_rule_page_urls;
conf_rule_fn conf_rule_log_format, conf_rule_metrics, conf_rule_otlp;
/* Is it one of the words, of which the last is followed by NULL? */
bool conf_word_is(const char *word, size_t len, const char *const *words);
/* "*", "null", or SCHEME://HOST[:PORT] as a browser sends it. */
bool conf_is_origin(const char *item, size_t len);

#endif
