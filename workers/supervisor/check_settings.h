/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_CHECK_SETTINGS_H
#define TURNPIKE_WORKERS_SUPERVISOR_CHECK_SETTINGS_H

#include "base/conf.h"

/*
 * check_settings -- what `turnpiked --check` and a reload look for beyond the settings' own form:
 * files and folders that are not there or that this user cannot read, and settings with which
 * nobody could come in. Reads only, makes nothing. A setting that names a file or a folder gets a
 * row of check_paths there.
 */
void check_settings(const struct conf *conf, conf_problem_fn *fn, void *arg);

/*
 * check_settings_parts -- has each part read what its settings name (keys, MCP servers, declared
 * tools), and tells what it says. A part that reads a file gets a row of check_parts there.
 */
void check_settings_parts(const struct conf *conf, conf_problem_fn *fn, void *arg);

#define CHECK_SETTINGS_WHY_SIZE 4096 /* reasons of one part, a line each */

#endif
