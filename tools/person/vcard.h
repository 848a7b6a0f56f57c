/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_VCARD_H
#define TURNPIKE_TOOLS_PERSON_VCARD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stddef.h>

/*
 * vcard -- contacts as files: vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350) read, 4.0 written. Reads
 * what phones really write: quoted-printable with soft line breaks, folded lines, groups
 * ("item1.TEL"), parameters without a name, UTF-16 with a mark, Latin-1 without one. Pictures and
 * unknown properties are left out. The text is a stranger's: each card is read by itself, and a bad
 * one costs that card. Pure computation; import_contacts calls it in a tool process.
 */
#define VCARD_BYTES_MAX ((size_t)4 << 20)
#define VCARD_CARDS_MAX 1000
#define VCARD_SKIPPED_MAX 20 /* that are named; the others are counted */
#define VCARD_VALUES_MAX 5   /* numbers and addresses of one kind in a card */
#define VCARD_TEXT_MAX 500   /* bytes of a value; longer ones are cut */

struct vcard_list {
    jdoc *cards;   /* [{name, phones, emails, address, organization, birthday, notes, uid}] */
    jdoc *skipped; /* [{card, line, reason}] */
    size_t skipped_count;
};
/*
 * vcard_read -- all cards of a text. out: freed by vcard_free, also after an error.
 * Returns 0; ERR_INVALID (there is no card in it); ERR_LIMIT (too long, too many cards); ERR_NOMEM.
 */
MUST_CHECK int vcard_read(const char *text, size_t len, struct vcard_list *out);
void vcard_free(struct vcard_list *list);

/* Appends a contact of that form as a card of version 4.0. */
void vcard_write(const jdoc *contact, struct buf *out);

#endif
