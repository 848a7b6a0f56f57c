/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_MEDICAL_H
#define TURNPIKE_TOOLS_PERSON_MEDICAL_H

#include "base/jdoc.h"

/* medical -- what the files of the family medical share. */
#define MEDICAL_RECORDS "medical_record"

struct medical_field {
    const char *name; /* NULL: the end of the fields */
    enum jdoc_type type;
};
/* The known members that have the right type. NULL on no memory. */
jdoc *medical_view_of(const jdoc *document, const struct medical_field *fields);
/* A record as lists show it: without its whole text. NULL on no memory. */
jdoc *medical_record_view(const jdoc *record, bool with_snippet);

#endif
