/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_TABLES_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_TABLES_COMMAND_H

/*
 * tables_settings -- CONF_TABLE for build-aux/make-manual, a line for each setting: name, type,
 * default, least and greatest value, meaning, separated by tabs.
 */
void tables_settings(void);

/*
 * tables_words -- what a shell offers behind a command, for build-aux/make-completion, a line for
 * each command or "command word": its words, separated by a tab and then by blanks. NAME= is an
 * option or word with a value; @setting, @mcp, @key, @file, @folder stand for names of that kind.
 */
void tables_words(void);

#endif
