/* SPDX-License-Identifier: BSD-2-Clause */
/* Contacts as files: whatever comes is read or refused; what was read can be written, and is the
 * same card when it is read again. */
#include "base/utf8.h"
#include "tools/person/vcard.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const jdoc *card)
{
    struct vcard_list list;
    struct buf text = {0};

    vcard_write(card, &text);
    if (buf_error(&text) || !utf8_valid(buf_text(&text), text.len))
        abort();
    if (vcard_read(buf_text(&text), text.len, &list) != 0 || jdoc_length(list.cards) != 1)
        abort();
    const char *before = jdoc_text_or(card, "birthday", ""),
               *after = jdoc_text_or(jdoc_at(list.cards, 0), "birthday", "");
    if (strcmp(before, after) != 0)
        abort();
    vcard_free(&list);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vcard_list list;

    if (vcard_read((const char *)data, size, &list) == 0)
        for (size_t i = 0; i < jdoc_length(list.cards); i++)
            again(jdoc_at(list.cards, i));
    vcard_free(&list);
    return 0;
}
