/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_TRACKS_XML_SCAN_H
#define TURNPIKE_TOOLS_TRACKS_XML_SCAN_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * xml_scan -- the pieces of an XML 1.0 document in UTF-8, one after the other: enough for files
 * that devices write, and no more. Document types are refused. Namespaces are cut off names.
 * Borrows the text; no memory of its own.
 */
#define XML_DEPTH_MAX 32
#define XML_NAME_SIZE 40

enum xml_piece { XML_BEGIN, XML_END, XML_TEXT, XML_DONE };
struct xml_scan {
    const char *at, *end;
    enum xml_piece piece;
    char name[XML_NAME_SIZE]; /* of XML_BEGIN and XML_END, without its prefix, cut */
    const char *text;         /* of XML_TEXT, and the attributes of XML_BEGIN: not decoded */
    size_t len;
    bool raw;    /* XML_TEXT: of a CDATA section, not to be decoded */
    bool closes; /* an element without content: its XML_END comes next */
    size_t depth;
    char open[XML_DEPTH_MAX][XML_NAME_SIZE]; /* names of the elements that are open */
    const char *why;                         /* after ERR_INVALID: what is wrong, for people */
};

void xml_scan_begin(struct xml_scan *x, const char *text, size_t len);
/* Returns 0 (see piece) or ERR_INVALID. */
MUST_CHECK int xml_scan_next(struct xml_scan *x);
/* The value of an attribute of XML_BEGIN, decoded and cut to size. False: there is none. */
bool xml_scan_attribute(const struct xml_scan *x, const char *name, char *out, size_t size);
/* Appends XML_TEXT to the text in out, decoded, cut to size; control characters become blanks. */
void xml_scan_append(const struct xml_scan *x, char *out, size_t size);

#endif
