/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_VEHICLE_RECEIPT_H
#define TURNPIKE_TOOLS_VEHICLE_RECEIPT_H

#include <stdbool.h>

/*
 * receipt -- what a fuel receipt's text (as read by OCR) says. Pure. Every field comes with a
 * confidence from 0 (not found) to 1; nothing is guessed from outside of the text.
 */
struct receipt_number {
    double value, confidence;
    bool derived; /* not in the text: follows from the other two */
};
struct receipt {
    struct receipt_number total, volume, price; /* volume and price as unit says */
    bool gallons;                               /* US gallons, else litres */
    bool disagrees;                             /* volume x price is not the total */
    char date[16];                              /* YYYY-MM-DD or "" */
    double date_confidence;
    char station[80];
    double station_confidence;
};
/* month_first: how 03/04/2026 is read where it could be both. */
void receipt_read(const char *text, bool month_first, struct receipt *out);

#endif
