/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/report_page.h"

#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"
#include "tools/kit/amount.h"

#include <hpdf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LEFT 50
#define TOP 790
#define BOTTOM 50
#define LINE 14
#define SIZE 9
#define TEXT_MAX 200

struct paper {
    HPDF_Doc doc;
    HPDF_Page page;
    HPDF_Font plain, bold;
    float y;
};

/* libharu goes on with what it can; the error sticks in the document. */
static void report_page_on_error(HPDF_STATUS error, HPDF_STATUS detail, void *arg)
{
    (void)arg;
    log_limited(LOG_LEVEL_WARN, "libharu: error %lx, detail %lu", (unsigned long)error,
        (unsigned long)detail);
}

static unsigned report_page_code_point(const unsigned char *s, size_t n)
{
    if (n == 2)
        return (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
    return n == 3 ? (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu) : 0xFFFD;
}

/* Windows-1252, as the fonts have it; cut with dots at `most` characters. */
static void report_page_to_font(const char *text, size_t most, char out[TEXT_MAX])
{
    size_t len = strlen(text), at = 0, n = 0;
    most = most < TEXT_MAX - 4 ? most : TEXT_MAX - 4;
    while (at < len && n < most) {
        size_t step = utf8_sequence(text + at, len - at, NULL);
        unsigned c = step <= 1 ? (unsigned char)text[at] :
                                 report_page_code_point((const unsigned char *)text + at, step);
        if (c == 0x20AC)
            c = 0x80; /* the euro sign */
        else if (c < ' ')
            c = ' ';
        else if ((c >= 0x7F && c < 0xA0) || c > 0xFF)
            c = '?';
        out[n++] = (char)c;
        at += step > 0 ? step : 1;
    }
    if (at < len)
        for (int i = 0; i < 3; i++)
            out[n++] = '.';
    out[n] = '\0';
}

static void report_page_turn_page(struct paper *p)
{
    p->page = HPDF_AddPage(p->doc);
    HPDF_Page_SetSize(p->page, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT);
    p->y = TOP;
}

static void report_page_put(struct paper *p, HPDF_Font font, float size, float x, const char *text,
    size_t most)
{
    char plain[TEXT_MAX];
    report_page_to_font(text, most, plain);
    HPDF_Page_BeginText(p->page);
    HPDF_Page_SetFontAndSize(p->page, font, size);
    HPDF_Page_TextOut(p->page, x, p->y, plain);
    HPDF_Page_EndText(p->page);
}

static void report_page_next_line(struct paper *p, float height)
{
    p->y -= height;
    if (p->y < BOTTOM)
        report_page_turn_page(p);
}

static void report_page_put_amount(struct paper *p, float x, const jdoc *of, const char *key,
    const char *currency)
{
    char text[64];
    double amount = 0;
    if (jdoc_get_double(of, key, &amount) != 0)
        return;
    snprintf(text, sizeof text, "%.*f %.8s", amount_decimals(currency), amount, currency);
    report_page_put(p, p->plain, SIZE, x, text, sizeof text);
}

static void report_page_put_head(struct paper *p, const jdoc *report)
{
    char text[120];
    const char *currency = jdoc_text_or(report, "currency", "");
    double total = jdoc_double_or(report, "total", 0);
    report_page_put(p, p->bold, 16, LEFT, "Budget report", TEXT_MAX);
    report_page_next_line(p, 24);
    snprintf(text, sizeof text, "%.20s to %.20s, total %.*f %.8s", jdoc_text_or(report, "from", ""),
        jdoc_text_or(report, "to", ""), amount_decimals(currency), total, currency);
    report_page_put(p, p->plain, 11, LEFT, text, sizeof text);
    report_page_next_line(p, 28);
}

static void report_page_put_categories(struct paper *p, const jdoc *categories,
    const char *currency)
{
    report_page_put(p, p->bold, SIZE, LEFT, "Category", TEXT_MAX);
    report_page_put(p, p->bold, SIZE, 200, "Spent", TEXT_MAX);
    report_page_put(p, p->bold, SIZE, 320, "Limit", TEXT_MAX);
    for (size_t i = 0; i < jdoc_length(categories); i++) {
        const jdoc *c = jdoc_at(categories, i);
        report_page_next_line(p, LINE);
        report_page_put(p, p->plain, SIZE, LEFT, jdoc_text_or(c, "category", ""), 30);
        report_page_put_amount(p, 200, c, "spent", currency);
        report_page_put_amount(p, 320, c, "limit", currency);
    }
    report_page_next_line(p, 2 * LINE);
}

static void report_page_put_expenses(struct paper *p, const jdoc *expenses)
{
    report_page_put(p, p->bold, SIZE, LEFT, "Date", TEXT_MAX);
    report_page_put(p, p->bold, SIZE, 110, "Category", TEXT_MAX);
    report_page_put(p, p->bold, SIZE, 190, "Amount", TEXT_MAX);
    report_page_put(p, p->bold, SIZE, 270, "What and where", TEXT_MAX);
    for (size_t i = 0; i < jdoc_length(expenses); i++) {
        const jdoc *e = jdoc_at(expenses, i);
        char text[TEXT_MAX];
        const char *where = jdoc_text_or(e, "location", "");
        report_page_next_line(p, LINE);
        report_page_put(p, p->plain, SIZE, LEFT, jdoc_text_or(e, "date", ""), 10);
        report_page_put(p, p->plain, SIZE, 110, jdoc_text_or(e, "category", ""), 16);
        report_page_put_amount(p, 190, e, "amount", jdoc_text_or(e, "currency", ""));
        snprintf(text, sizeof text, "%.120s%s%.60s", jdoc_text_or(e, "description", ""),
            where[0] != '\0' ? ", " : "", where);
        report_page_put(p, p->plain, SIZE, 270, text, 50);
    }
}

/* The finished document; its pieces are multiples of 3 but for the last. */
static int report_page_save(struct paper *p, struct buf *out)
{
    HPDF_BYTE piece[3 * 1024];
    if (HPDF_GetError(p->doc) != HPDF_OK || HPDF_SaveToStream(p->doc) != HPDF_OK)
        return ERR_INTERNAL;
    HPDF_UINT32 left = HPDF_GetStreamSize(p->doc);
    HPDF_ResetStream(p->doc);
    while (left > 0) {
        HPDF_UINT32 size = left < sizeof piece ? left : (HPDF_UINT32)sizeof piece, want = size;
        HPDF_ReadFromStream(p->doc, piece, &size);
        if (size != want)
            return ERR_INTERNAL;
        buf_put_base64(out, piece, size);
        left -= size;
    }
    return buf_error(out);
}

int report_page_write(const jdoc *report, const jdoc *categories, const jdoc *expenses,
    struct buf *out)
{
    struct paper p = {.doc = HPDF_New(report_page_on_error, NULL)};
    if (!p.doc)
        return ERR_NOMEM;
    HPDF_SetCompressionMode(p.doc, HPDF_COMP_ALL);
    p.plain = HPDF_GetFont(p.doc, "Helvetica", "WinAnsiEncoding");
    p.bold = HPDF_GetFont(p.doc, "Helvetica-Bold", "WinAnsiEncoding");
    report_page_turn_page(&p);
    report_page_put_head(&p, report);
    report_page_put_categories(&p, categories, jdoc_text_or(report, "currency", ""));
    report_page_put_expenses(&p, expenses);
    int error = report_page_save(&p, out);
    HPDF_Free(p.doc);
    return error;
}
