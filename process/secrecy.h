/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_SECRECY_H
#define TURNPIKE_PROCESS_SECRECY_H

#include "base/conf.h"

/*
 * secrecy -- keeps secrets out of the places where other programs of this machine look: command
 * lines, /proc/PID/environ and /proc/PID/mem, core dumps. At the start, and after each fork.
 */

/*
 * secrecy_hide_environment -- what has a name like OPENAI_API_KEY, ..._TOKEN, ..._SECRET or
 * ..._PASSWORD leaves the environment, and its value the memory that /proc/PID/environ shows: the
 * service reads its secrets from the configuration alone. Before anything copies the environment.
 */
void secrecy_hide_environment(void);
/* Overwrites a value of the command line, "NAME=VALUE", when the setting is a secret. */
void secrecy_hide_argument(char *text);
/*
 * secrecy_forbid_dumps -- unless core_dumps is on: no core file, no reading of this process' memory
 * by others of its user (PR_SET_DUMPABLE). Root can still attach. With it the secrets of the
 * settings stay out of a core file all the same (base/secret.h). A build with AddressSanitizer
 * stays readable: its search for leaks reads its parent.
 */
void secrecy_forbid_dumps(const struct conf *conf);

#endif
