/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_SECRET_H
#define TURNPIKE_BASE_SECRET_H

#include "base/err.h"

/*
 * secret -- memory for secrets that live as long as the process: pages of their own that no core
 * file has (MADV_DONTDUMP, also of children), wiped when they are freed. What a request makes of
 * one, a header for a model's API, is ordinary memory.
 */
/* A copy; of "" a constant. NULL = no memory. */
MUST_CHECK char *secret_dup(const char *text);
/* What secret_dup returned, or NULL. */
void secret_free(char *text);

#endif
