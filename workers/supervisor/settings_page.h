/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_SETTINGS_PAGE_H
#define TURNPIKE_WORKERS_SUPERVISOR_SETTINGS_PAGE_H

#include "base/conf.h"

/*
 * settings_page_print -- writes docs/settings.md to standard output: every setting of CONF_TABLE by
 * group. build-aux/make-settings puts it into place. conf: with the defaults.
 */
void settings_page_print(const struct conf *conf);

#endif
