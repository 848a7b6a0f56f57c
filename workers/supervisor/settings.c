/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/settings.h"

#include <unistd.h>

const char *settings_file(const struct settings_source *source)
{
    if (source->config)
        return source->config;
    return access(SETTINGS_FILE, F_OK) == 0 ? SETTINGS_FILE : NULL;
}

int settings_read(const struct settings_source *source, struct conf *conf, conf_problem_fn *fn,
    void *arg)
{
    const char *file = settings_file(source);
    int found = file ? conf_load_each(conf, file, fn, arg) : 0;

    if (found < 0)
        return found;
    for (size_t i = 0; i < source->override_count; i++)
        if (conf_override_each(conf, source->overrides[i], fn, arg) == ERR_NOMEM)
            return ERR_NOMEM;
    conf_check_each(conf, fn, arg);
    return 0;
}
