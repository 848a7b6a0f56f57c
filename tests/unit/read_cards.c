/* SPDX-License-Identifier: BSD-2-Clause */
/* The cards of standard input as JSON, one a line; with an argument written again as vCard 4.0. For
 * tests/unit/vcard_judge.py. */
#include "tools/person/vcard.h"

#include <stdio.h>

#define INPUT_MAX ((size_t)1 << 20)

int main(int argc, char **argv)
{
    static char text[INPUT_MAX];
    struct vcard_list list;
    size_t len = fread(text, 1, sizeof text, stdin);

    (void)argv;
    if (vcard_read(text, len, &list) != 0)
        return 1;
    for (size_t i = 0; i < jdoc_length(list.cards); i++) {
        struct buf out = {0};
        if (argc > 1)
            vcard_write(jdoc_at(list.cards, i), &out);
        else
            jdoc_write(jdoc_at(list.cards, i), &out);
        printf("%s\n", buf_text(&out));
        buf_free(&out);
    }
    vcard_free(&list);
    return 0;
}
