/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_LIMITS_H
#define TURNPIKE_PROCESS_LIMITS_H

#include "base/conf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * limits -- how much users, API keys and the site may use: the settings limit.*, turn.user and
 * rate.chat_user, and over those of a user what the user's class says (limits.classes_file). What
 * `turnpike limits` has set over these stands in Redis: store/usage.h. docs/limits.md is the
 * operator's view. The supervisor loads the classes before the fork; every process reads them.
 */
/* X(place, word, money): the words of files, commands, problems and Redis, in the order in which
 * the scripts get them (lib_usage.lua). */
#define LIMITS_TABLE(X) \
    X(LIMITS_TURNS, "turns", false) \
    X(LIMITS_MESSAGES, "messages", false) \
    X(LIMITS_TOKENS_DAY, "tokens_day", false) \
    X(LIMITS_TOKENS_MONTH, "tokens_month", false) \
    X(LIMITS_MONEY_DAY, "money_day", true) \
    X(LIMITS_MONEY_MONTH, "money_month", true) \
    X(LIMITS_BYTES, "bytes", false) \
    X(LIMITS_CONNECTIONS, "connections", false)
enum limits_name {
#define LIMITS_ENUM_(place, word, money) place,
    LIMITS_TABLE(LIMITS_ENUM_)
#undef LIMITS_ENUM_
        LIMITS_COUNT
};
struct limits {
    int64_t of[LIMITS_COUNT]; /* 0 = any; money in micro-dollars */
};

const char *limits_word(enum limits_name name);
/* Returns LIMITS_COUNT for none of the words. */
enum limits_name limits_find(const char *word, size_t len);
/* In the unit of the file and the command: dollars for money. Returns out. */
#define LIMITS_VALUE_SIZE 32
const char *limits_value_text(enum limits_name name, int64_t value, char out[LIMITS_VALUE_SIZE]);
/* "tokens_day=100000". Returns 0, or ERR_INVALID with the reason in why. */
#define LIMITS_WHY_SIZE 160
MUST_CHECK int limits_parse(const char *text, enum limits_name *name, int64_t *value,
    char why[LIMITS_WHY_SIZE]);

/* --- classes: process/limits_classes.c --- */

#define LIMITS_CLASS_MAX 32
/* May a class be called so: A-Z a-z 0-9 - _ . ? */
bool limits_is_class(const char *name, size_t len);
/*
 * limits_load -- reads the classes and the settings that are sums of money. What was loaded before
 * stays on an error.
 *   why  "FILE:LINE: ..." or "SETTING: ..." on ERR_CONFIG
 * Returns 0, ERR_CONFIG, ERR_NOMEM.
 */
MUST_CHECK int limits_load(const struct conf *conf, char *why, size_t why_size);
/* Tells each problem of them; keeps nothing. */
void limits_check(const struct conf *conf, conf_reason_fn *fn, void *arg);
/* The name of a class by index, in the file's order; NULL behind the last one. */
const char *limits_class_at(size_t index);

/* What holds without overrides. cls: "" = none; of an unknown one the settings hold, and the log
 * says so once. */
void limits_of_user(const struct conf *conf, const char *cls, struct limits *out);
void limits_of_key(const struct conf *conf, struct limits *out);
void limits_of_site(const struct conf *conf, struct limits *out);
/* model.unknown_price, in micro-dollars. */
int64_t limits_unknown_price(const struct conf *conf);

#endif
