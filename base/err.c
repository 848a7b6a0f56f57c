/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stddef.h>

struct err_row {
    const char *name, *text;
};

static const struct err_row rows[] = {
#define ERR_ROW_(name, text) {#name, text},
    ERR_TABLE(ERR_ROW_)
#undef ERR_ROW_
};

static const struct err_row *err_row_of(int error)
{
    if (error <= ERR_TABLE_START_ || error >= ERR_TABLE_END_)
        return NULL;
    return &rows[error - ERR_TABLE_START_ - 1];
}

const char *err_text(int error)
{
    if (error == 0)
        return "ok";
    const struct err_row *row = err_row_of(error);
    return row ? row->text : "unknown error";
}

bool err_is_store(int error)
{
    return error == ERR_STORE || error == ERR_STORE_FULL || error == ERR_STORE_READONLY;
}

const char *err_name(int error)
{
    if (error == 0)
        return "ERR_OK";
    const struct err_row *row = err_row_of(error);
    return row ? row->name : "ERR_UNKNOWN";
}
