/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif
#include "agent/offline/offline.h"

#include "base/err.h"
#include "base/jdoc.h"

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

static bool offline_files_say(const char *words, const char *const *said)
{
    for (; *said; said++)
        if (strcasestr(words, *said))
            return true;
    return false;
}

/* A file with a table. */
static const struct chat_file *offline_files_table(const struct chat_message *m)
{
    for (size_t i = 0; i < m->file_count; i++) {
        const struct chat_file *f = &m->files[i];
        size_t len = strlen(f->name);

        if (f->kind == MEDIA_TEXT &&
            (strstr(f->type, "csv") || strstr(f->type, "tab-separated") ||
                (len > 4 && strcasecmp(f->name + len - 4, ".csv") == 0)))
            return f;
    }
    return NULL;
}

/* Does the user speak of money that was spent, or of a bank's statement? */
static bool offline_files_name_expenses(const char *words)
{
    static const char *const said[] = {"expense", "spending", "spent", "statement", "bank", "csv",
        "transaction", "import", "ausgabe", "kontoauszug", "umsatz", "ums\xc3\xa4tze", "gasto",
        "extracto", "d\xc3\xa9pense", "relev\xc3\xa9", NULL};

    return offline_files_say(words, said);
}

/* Are they to be taken in, and not only looked at? The user is asked once more before. */
static bool offline_files_import(const char *words)
{
    static const char *const said[] = {"import", "take in", "take them in", "log", "book", "add",
        "\xc3\xbc"
        "bernimm",
        "\xc3\xbc"
        "bernehm",
        "a\xc3\xb1"
        "ade",
        "ajoute", NULL};

    return offline_files_say(words, said);
}

bool offline_next_files(const struct offline_result *results, size_t count, const char *words,
    struct offline_step *step)
{
    const struct offline_result *last = &results[count - 1];
    const jdoc *import;
    jdoc *doc = NULL;

    if (strcmp(last->name, "preview_expense_import") != 0 || !offline_files_import(words) ||
        jdoc_parse(last->message->text, last->message->len, &doc, NULL, 0))
        return false;
    import = jdoc_get(doc, "import"); /* none: there is a question, or nothing new */
    if (import) {
        struct buf *args = &step->calls[step->call_count].args;
        step->calls[step->call_count++].name = "import_expenses";
        jdoc_write(import, args);
    }
    jdoc_free(doc);
    return step->call_count > 0;
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
    const struct chat_file *table = offline_files_table(m);
    if (table && offline_files_name_expenses(words) && !no_tools) {
        struct buf *args = &step->calls[step->call_count].args;
        step->calls[step->call_count++].name = "preview_expense_import";
        buf_puts(args, "{\"attachment_id\":");
        buf_json_text(args, table->id);
        buf_putc(args, '}');
        return;
    }
    buf_printf(&step->text,
        "I have kept your %s, but without a model I cannot look at %s. I can read a fuel receipt: "
        "send it with the words \"read this receipt\"; and the expenses of a CSV file: \"import "
        "these expenses\".",
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
