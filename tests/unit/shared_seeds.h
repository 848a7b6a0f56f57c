/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_SHARED_SEEDS_H
#define TURNPIKE_TESTS_UNIT_SHARED_SEEDS_H

#include "tests/unit/tool_bench.h"

/*
 * shared_seeds -- what the examples of families community, shop and meals need: another user "bob"
 * who takes messages and is a friend, a post, an article, a recipe, a plan, a shop and its
 * services.
 */
#define SEED_POST "0192f0c1-2345-7abc-8def-0123456789c1"
#define SEED_ARTICLE "0192f0c1-2345-7abc-8def-0123456789c2"
#define SEED_RECIPE "0192f0c1-2345-7abc-8def-0123456789d1"

/* Services, the shop's file and the role of an administrator, once. */
void shared_seeds_start(struct tool_bench *b);
void shared_seeds_stop(struct tool_bench *b);
/* Records; again after FLUSHALL. */
void shared_seeds_put(struct tool_bench *b);
/* Writes the shop's file, and the setting to it. */
void shared_seeds_shop(struct tool_bench *b, const char *json);
extern const char shared_seeds_products[];
/* Arguments with pages of recipes.example.org on the test's own web server. Borrowed. */
const char *shared_seeds_args(const char *args);

#endif
