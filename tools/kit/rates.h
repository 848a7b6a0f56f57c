/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_RATES_H
#define TURNPIKE_TOOLS_KIT_RATES_H

#include "base/buf.h"
#include "base/err.h"
#include "tools/kit/run.h"

#include <stddef.h>
#include <stdint.h>

/*
 * rates -- exchange rates in the form of the European Central Bank (eurofxref-daily.xml and
 * -hist-90d.xml: money for one euro, on working days). The housekeeper fetches them; a tool only
 * looks at what is kept, so no call waits for a provider.
 */
#define RATES_CODES_MAX 64
struct rates_day {
    char date[11];
    size_t count;
    struct {
        char code[4];
        double per_euro;
    } all[RATES_CODES_MAX];
};
typedef int rates_day_fn(void *arg, const struct rates_day *day);
/*
 * rates_parse -- tells each day of the document. Currencies that are no money by ISO 4217 are
 * passed over. Returns 0; ERR_PROTOCOL (not the form, a day twice, a rate that is no number above
 * 0); or what fn returned. Pure.
 */
MUST_CHECK int rates_parse(const char *xml, size_t len, rates_day_fn *fn, void *arg);
/* A day as it is kept: "USD 1.1572 JPY 180.9". */
void rates_write(const struct rates_day *day, struct buf *out);

struct rate {
    double rate;   /* of one unit, in the other money */
    char date[11]; /* the rate's day */
    char source[80];
    int days; /* from the rate's day to the day that was asked for */
};
#define RATES_BACK_DAYS 9 /* over which no bank is closed */
/*
 * rates_find -- what one unit of `from` is in `to`, through the euro.
 *   date  YYYY-MM-DD: the last rate up to it, RATES_BACK_DAYS at most before; NULL = the newest
 *         that there is, of whatever day
 * Returns 0; ERR_NOT_FOUND (none is kept for these); ERR_NOT_CONFIGURED (there are no rates at
 * all); ERR_STORE*, ERR_NOMEM.
 */
MUST_CHECK int rates_find(struct tools_run *run, const char *from, const char *to, const char *date,
    struct rate *out);

#endif
