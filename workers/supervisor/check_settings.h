#ifndef TURNPIKE_WORKERS_SUPERVISOR_CHECK_SETTINGS_H
#define TURNPIKE_WORKERS_SUPERVISOR_CHECK_SETTINGS_H

#include "base/conf.h"

/*
 * check_settings -- what `turnpiked --check` looks for beyond the settings' own form: files and
 * folders that are not there, and settings with which nobody could come in. Reads only, makes
 * nothing. Called before anything is started.
 */
void check_settings(const struct conf *conf, conf_problem_fn *fn, void *arg);

#endif
