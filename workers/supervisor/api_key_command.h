/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_API_KEY_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_API_KEY_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

/*
 * api_key_command -- `turnpike api-key`: makes, lists, ends and replaces API keys.
 *
 *   USER [ROLE] [OPTIONS]      prints a key and its line for api_keys.file; changes nothing
 *   add USER [ROLE] [OPTIONS]  the same, and writes the line: it counts at once
 *   list                       the keys of the file; --json
 *   revoke ID                  the key ends, on all machines, with its sockets and streams
 *   rotate ID [--grace 7d]     a new key with the same rights; the old one ends after the grace
 *
 * OPTIONS: --name N, --expires 90d or a date, --scopes A,B, --class NAME, --file PATH.
 * ID: the first digits of the key's digest, as `list` shows them.
 *   wrong  why the settings could not be read, or NULL; what changes nothing needs none
 * Returns the exit status.
 */
MUST_CHECK int api_key_command(const struct conf *conf, const char *wrong, int argc, char **argv);

#endif
