/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif
#include "agent/offline/offline.h"

#include "base/err.h"

#include <string.h>

/* Does the user speak of a receipt? */
static bool offline_files_name_receipt(const char *words)
{
    static const char *const names[] = {"receipt", "docket", "invoice", "bill"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasestr(words, names[i]))
            return true;
    return false;
}

void offline_take_files(const struct chat_message *m, const char *words, bool no_tools,
    struct offline_step *step)
{
    if (offline_files_name_receipt(words) && !no_tools) {
        struct buf *args = &step->calls[step->call_count].args;
        step->calls[step->call_count++].name = "scan_fuel_receipt_with_confidence";
        buf_puts(args, "{\"attachment_id\":");
        buf_json_text(args, m->files[0].id);
        buf_putc(args, '}');
        return;
    }
    buf_printf(&step->text,
        "I have kept your %s, but without a model I cannot look at %s. I can read a fuel receipt: "
        "send it with the words \"read this receipt\".",
        m->file_count > 1                   ? "files" :
            m->files[0].kind == MEDIA_IMAGE ? "picture" :
                                              "file",
        m->file_count > 1 ? "them" : "it");
}

const char *offline_words(const struct chat_message *m, struct buf *words)
{
    if (!m->file_count)
        return m->text;
    return chat_words(m, words) ? "" : buf_text(words);
}
