/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_SETTINGS_H
#define TURNPIKE_WORKERS_SUPERVISOR_SETTINGS_H

#include "base/conf.h"
#include "base/err.h"

#include <stddef.h>

/* settings -- where turnpiked's settings are from: a file, then -s. */

#define SETTINGS_FILE "/etc/turnpike/turnpike.conf"
#define SETTINGS_OVERRIDES_MAX 256

struct settings_source {
    const char *config; /* NULL = SETTINGS_FILE, if it is there */
    char *overrides[SETTINGS_OVERRIDES_MAX];
    size_t override_count;
};
/* Returns NULL when there is none. */
const char *settings_file(const struct settings_source *source);

/*
 * settings_read -- file, -s and the checks of their form, into an initialised conf. All problems
 * are told.
 * Returns 0, also when errors were told; ERR_CONFIG: the file cannot be read (told), so nothing is
 * known of what would be set; ERR_NOMEM.
 */
MUST_CHECK int settings_read(const struct settings_source *source, struct conf *conf,
    conf_problem_fn *fn, void *arg);

#endif
