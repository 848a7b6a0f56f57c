/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_ORIGINS_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_ORIGINS_COMMAND_H

#include "base/conf.h"

/* origins_command -- `turnpike origins`: lines of nginx' map $turnpike_origin and its two
 * companions (nginx/turnpike-http.conf.in), to standard output. conf: checked. */
void origins_command(const struct conf *conf);

#endif
