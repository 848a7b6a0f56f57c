/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/push_key_command.h"

#include "base/buf.h"
#include "process/webpush.h"

#include <stdio.h>

int push_key_command(int argc)
{
    struct buf pem = {0};

    if (argc > 0) {
        fputs("turnpike: push-key takes no argument: it writes the key to its output\n", stderr);
        return 2;
    }
    int error = webpush_key_make(&pem);
    if (error == 0)
        fputs(buf_text(&pem), stdout);
    else
        fprintf(stderr, "turnpike: %s\n", err_text(error));
    buf_free(&pem);
    return error == 0 ? 0 : 1;
}
