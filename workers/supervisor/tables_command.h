/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_TABLES_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_TABLES_COMMAND_H

/*
 * tables_settings -- CONF_TABLE for build-aux/make-manual, a line for each setting: name, type,
 * default, least and greatest value, meaning, separated by tabs.
 */
void tables_settings(void);

#endif
