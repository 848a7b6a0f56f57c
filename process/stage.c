/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/stage.h"

const char *stage_name(enum stage stage)
{
    static const char *const names[] = {
#define STAGE_NAME_(name, text) text,
        STAGE_TABLE(STAGE_NAME_)
#undef STAGE_NAME_
    };
    return (unsigned)stage < STAGE_COUNT ? names[stage] : "unknown";
}
