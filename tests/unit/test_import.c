/* SPDX-License-Identifier: BSD-2-Clause */
/* Expenses out of CSV files: what files of banks mean, what is asked, what is taken in and back. */
#include "base/charset.h"
#include "base/err.h"
#include "store/records.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/record.h"
#include "tools/money/cell.h"
#include "tools/money/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- cells --- */

static void sums_are_read_as_banks_write_them(void **state)
{
    static const struct {
        const char *text;
        char decimal;
        int error, negative, way;
        long long minor;
        const char *currency;
    } cases[] = {{"12.50", '.', 0, 0, 0, 1250, ""}, {"-12.50", '.', 0, 1, 0, 1250, ""},
        {"12.50-", '.', 0, 1, 0, 1250, ""}, {"(1,234.50)", '.', 0, 1, 0, 123450, ""},
        {"1.234,50", ',', 0, 0, 0, 123450, ""}, {"1 234,5", ',', 0, 0, 0, 123450, ""},
        {"1'234.50", '.', 0, 0, 0, 123450, ""}, {"12,34,567.80", '.', 0, 0, 0, 123456780, ""},
        {"$12", '.', 0, 0, 0, 1200, "$"}, {"-$12.00", '.', 0, 1, 0, 1200, "$"},
        {"12,00 \xe2\x82\xac", ',', 0, 0, 0, 1200, "EUR"},
        {"EUR 12,00-", ',', 0, 1, 0, 1200, "EUR"}, {"A$4.20", '.', 0, 0, 0, 420, "AUD"},
        {"12.00 DR", '.', 0, 0, -1, 1200, ""}, {"12.00CR", '.', 0, 0, 1, 1200, ""},
        {"\xe2\x88\x92"
         "3.00",
            '.', 0, 1, 0, 300, ""},
        {"1\xc2\xa0"
         "234,00",
            ',', 0, 0, 0, 123400, ""},
        {"+7", '.', 0, 0, 0, 700, ""}, {".50", '.', 0, 0, 0, 50, ""},
        {"0012.5", '.', 0, 0, 0, 1250, ""}, {"1.2.3", '.', ERR_INVALID, 0, 0, 0, ""},
        {"1,23,4.5", '.', ERR_INVALID, 0, 0, 0, ""}, {"12.345", '.', ERR_INVALID, 0, 0, 0, ""},
        {"12.340", '.', 0, 0, 0, 1234, ""}, {"abc", '.', ERR_INVALID, 0, 0, 0, ""},
        {"", '.', ERR_INVALID, 0, 0, 0, ""}, {"=1+2", '.', ERR_INVALID, 0, 0, 0, ""},
        {"1e5", '.', ERR_INVALID, 0, 0, 0, ""}, {"--5", '.', ERR_INVALID, 0, 0, 0, ""},
        {"(-5)", '.', ERR_INVALID, 0, 0, 0, ""}, {"12 34", '.', ERR_INVALID, 0, 0, 0, ""},
        {"5 USD EUR", '.', ERR_INVALID, 0, 0, 0, ""},
        {"1234567890123456", '.', ERR_LIMIT, 0, 0, 0, ""}, {"1,234", 0, ERR_INVALID, 0, 0, 0, ""}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cell_sum sum;
        int64_t minor = 0;
        int error = cell_sum_read(cases[i].text, cases[i].decimal, &sum, NULL);
        if (!error)
            error = cell_sum_minor(&sum, "EUR", &minor);
        if (error != cases[i].error ||
            (!error &&
                (minor != cases[i].minor || sum.negative != cases[i].negative ||
                    sum.way != cases[i].way || strcmp(sum.currency, cases[i].currency) != 0)))
            fail_msg("%s: error %d, %lld, %d, %d, %s", cases[i].text, error, (long long)minor,
                sum.negative, sum.way, sum.currency);
    }
}

static void days_are_read_as_banks_write_them(void **state)
{
    static const struct {
        const char *text;
        enum cell_order order;
        int error, year, month, day;
    } cases[] = {{"2026-11-02", CELL_YEAR_FIRST, 0, 2026, 11, 2},
        {"2026-11-02T10:00:00Z", CELL_YEAR_FIRST, 0, 2026, 11, 2},
        {"20261102", CELL_YEAR_FIRST, 0, 2026, 11, 2},
        {"02.11.2026 14:03", CELL_DAY_FIRST, 0, 2026, 11, 2},
        {"2/11/26", CELL_DAY_FIRST, 0, 2026, 11, 2}, {"11/2/26", CELL_MONTH_FIRST, 0, 2026, 11, 2},
        {"2 Nov 2026", CELL_DAY_FIRST, 0, 2026, 11, 2},
        {"Nov 2, 2026", CELL_DAY_FIRST, 0, 2026, 11, 2},
        {"02-M\xc3\xa4r-26", CELL_DAY_FIRST, 0, 2026, 3, 2},
        {"2. Dezember 2026", CELL_DAY_FIRST, 0, 2026, 12, 2},
        {"31/2/2026", CELL_DAY_FIRST, ERR_INVALID, 0, 0, 0},
        {"12.50", CELL_DAY_FIRST, ERR_INVALID, 0, 0, 0},
        {"1/2", CELL_DAY_FIRST, ERR_INVALID, 0, 0, 0},
        {"2026", CELL_DAY_FIRST, ERR_INVALID, 0, 0, 0},
        {"13/13/2026", CELL_DAY_FIRST, ERR_INVALID, 0, 0, 0},
        {"2/11/26", CELL_ORDER_UNKNOWN, ERR_INVALID, 0, 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cell_day day;
        struct civil c;
        int error = cell_day_read(cases[i].text, &day);
        if (!error)
            error = cell_day_solve(&day, cases[i].order, &c);
        if (error != cases[i].error ||
            (!error &&
                (c.year != cases[i].year || c.month != cases[i].month || c.day != cases[i].day)))
            fail_msg("%s: error %d", cases[i].text, error);
    }
}

static void rows_keep_their_lines(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct sheet sheet;
    char why[SHEET_WHY_SIZE];
    const char *text = "a,b\r\n\r\n\"x\ny\",\" 2\"\"\" \n=HYPERLINK(1), z \r,\n";
    assert_int_equal(sheet_read(&(struct sheet_text){text, strlen(text), ',', 0}, arena, &sheet,
                         why),
        0);
    assert_int_equal(sheet.count, 4);
    assert_int_equal(sheet.rows[1].line, 3);
    assert_string_equal(sheet.rows[1].cells[0], "x\ny");
    assert_int_equal(sheet.rows[2].line, 5);
    assert_string_equal(sheet.rows[2].cells[0], "=HYPERLINK(1)");
    assert_string_equal(sheet.rows[1].cells[1], " 2\"");
    assert_string_equal(sheet.rows[2].cells[1], "z");
    assert_int_equal(sheet.rows[3].line, 6);
    assert_int_equal(sheet_read(&(struct sheet_text){"a\n\"b", 4, ',', 0}, arena, &sheet, why),
        ERR_INVALID);
    assert_non_null(strstr(why, "line 2"));
    assert_int_equal(sheet_read(&(struct sheet_text){"a\0b", 3, ',', 0}, arena, &sheet, why),
        ERR_INVALID);
    struct buf big = {0};
    for (int i = 0; i <= SHEET_COLUMNS_MAX; i++)
        buf_puts(&big, "x,");
    assert_int_equal(sheet_read(&(struct sheet_text){buf_text(&big), big.len, ',', 0}, arena,
                         &sheet, why),
        ERR_LIMIT);
    assert_non_null(strstr(why, "64 columns"));
    buf_reset(&big);
    for (int i = 0; i <= SHEET_CELL_MAX; i++)
        buf_putc(&big, 'x');
    assert_int_equal(sheet_read(&(struct sheet_text){buf_text(&big), big.len, ',', 0}, arena,
                         &sheet, why),
        ERR_LIMIT);
    assert_non_null(strstr(why, "2000 bytes"));
    buf_reset(&big);
    for (int i = 0; i <= SHEET_ROWS_MAX; i++)
        buf_puts(&big, "x,y\n");
    assert_int_equal(sheet_read(&(struct sheet_text){buf_text(&big), big.len, ',', 0}, arena,
                         &sheet, why),
        ERR_LIMIT);
    assert_non_null(strstr(why, "line 5052"));
    assert_int_equal(sheet_read(&(struct sheet_text){buf_text(&big), big.len, ',', 3}, arena,
                         &sheet, why),
        0);
    assert_int_equal(sheet.count, 3);
    buf_free(&big);
    arena_free(arena);
}

static void texts_of_four_kinds_become_utf8(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        enum charset charset;
        const char *utf8;
    } cases[] = {{"\xEF\xBB\xBF"
                  "a",
                     4, CHARSET_UTF8, "a"},
        {"gr\xc3\xbc", 4, CHARSET_UTF8, "gr\xc3\xbc"}, {"gr\xfc", 3, CHARSET_1252, "gr\xc3\xbc"},
        {"\x80"
         "5",
            2, CHARSET_1252,
            "\xe2\x82\xac"
            "5"},
        {"\xFF\xFE"
         "a\0\xfc\0",
            6, CHARSET_UTF16LE, "a\xc3\xbc"},
        {"\xFE\xFF\0a\0\xfc", 6, CHARSET_UTF16BE, "a\xc3\xbc"},
        {"a\0,\0b\0", 6, CHARSET_UTF16LE, "a,b"}, {"\0a\0,\0b", 6, CHARSET_UTF16BE, "a,b"},
        {"\xFF\xFE\x3d\xd8\x00\xde", 6, CHARSET_UTF16LE, "\xf0\x9f\x98\x80"},
        {"\xFF\xFE\x3d\xd8", 4, CHARSET_UTF16LE, "\xef\xbf\xbd"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        assert_int_equal(charset_guess(cases[i].text, cases[i].len), cases[i].charset);
        charset_put(&out, cases[i].charset, cases[i].text, cases[i].len);
        assert_string_equal(buf_text(&out), cases[i].utf8);
        buf_free(&out);
    }
}

/* --- files --- */

static jdoc *preview(const char *text, const char *mapping)
{
    struct buf args = {0};
    buf_puts(&args, "{\"text\":");
    buf_json_text(&args, text);
    if (mapping)
        buf_printf(&args, ",\"mapping\":%s", mapping);
    buf_putc(&args, '}');
    jdoc *r = tool_ok(&bench, "preview_expense_import", buf_text(&args));
    buf_free(&args);
    return r;
}

static const char german[] = "Kontoauszug;;;;;\n"
                             "Buchungstag;Valutadatum;Beguenstigter/Zahlungspflichtiger;"
                             "Verwendungszweck;Betrag;Waehrung\n"
                             "02.11.26;03.11.26;REWE Markt;Einkauf Brot;-1.045,20;EUR\n"
                             "03.11.26;03.11.26;Arbeitgeber;Gehalt;2.500,00;EUR\n"
                             "13.11.26;13.11.26;Shell;Diesel;-88,00;EUR\n"
                             "14.11.26;14.11.26;Ich;Umbuchung;-300,00;EUR\n";
static const char debit[] = "Date,Details,Debit,Credit,Balance\n"
                            "11/20/2026,\"Coles, Bega\",45.20,,1000.00\n"
                            "11/21/2026,Refund,,12.00,1012.00\n";

static void files_of_banks_are_understood(void **state)
{
    static const struct {
        const char *text, *mapping; /* what is there of it, as JSON */
        int count, income, transfers, bad;
        double minor;
    } cases[] = {
        {german,
            "\"delimiter\":\"semicolon\",\"skip_rows\":1,\"header\":true,\"date_column\":1,"
            "\"amount_column\":5,\"currency_column\":6,\"description_columns\":[3,4],"
            "\"date_order\":\"day_first\",\"decimal\":\"comma\",\"spent\":\"negative\"",
            2, 1, 1, 0, 113320},
        {debit,
            "\"date_column\":1,\"debit_column\":3,\"credit_column\":4,\"description_columns\":[2],"
            "\"date_order\":\"month_first\",\"decimal\":\"point\",\"spent\":\"positive\"",
            1, 1, 0, 0, 4520},
        {"2026-11-02\tWoolworths\t12.50\n2026-11-03\tShell\t60\nsum\t\t72.50\n",
            "\"delimiter\":\"tab\",\"skip_rows\":0,\"header\":false", 2, 0, 0, 1, 7250},
        {"sep=;\nDate;Payee;Amount;Type\n2026-11-02;Aldi;4.20;DR\n2026-11-02;Pay;9.00;CR\n",
            "\"direction_column\":4", 1, 1, 0, 0, 420},
        {"Date|Shop|Amount\n02/11/2026|Pub|(12.00)\n21/11/2026|Pub|(8.00)\n21/11/2026|Pub|3.00\n",
            "\"delimiter\":\"pipe\",\"date_column\":1", 2, 1, 0, 0, 2000},
        {"Date,Payee,Amount\n2026-11-02,=HYPERLINK(\"\"x\"\"),-5\n2026-11-02,B,0\nx,C,-5\n"
         "2026-11-03,D,1.234567\n2026-12-30,E,-4\n,,\n",
            "\"spent\":\"negative\"", 1, 0, 0, 4, 500}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf json = {0};
        jdoc *r = preview(cases[i].text, NULL);
        jdoc_write(at(r, "/mapping"), &json);
        print_message("%zu %s\n%s\n", i, text_at(r, "/message"), buf_text(&json));
        char *want = strdup(cases[i].mapping), *part = want;
        assert_int_equal(jdoc_length(at(r, "/questions")), 0);
        assert_int_equal(number_at(r, "/totals/count"), cases[i].count);
        assert_int_equal(number_at(r, "/counts/income"), cases[i].income);
        assert_int_equal(number_at(r, "/counts/transfers"), cases[i].transfers);
        assert_int_equal(number_at(r, "/counts/unreadable"), cases[i].bad);
        assert_int_equal(number_at(r, "/totals/sums/0/total_minor"), cases[i].minor);
        /* ,"key":value each, as the whole has it */
        for (char *end; *part; part = *end ? end + 1 : end) {
            end = strstr(part, ",\"");
            end = end ? end : part + strlen(part);
            *end = *end ? '\n' : '\0';
            char *line = strndup(part, (size_t)(end - part));
            if (!strstr(buf_text(&json), line))
                fail_msg("file %zu: %s is not in %s", i, line, buf_text(&json));
            free(line);
        }
        free(want);
        buf_free(&json);
        jdoc_free(r);
    }
}

static void what_the_data_leave_open_is_asked(void **state)
{
    static const struct {
        const char *text, *field;
    } cases[] = {{"Date,Payee,Amount\n02/11/2026,A,-5.00\n", "/mapping/date_order"},
        {"Date,Payee,Amount\n2026-11-02,A,\"1,234\"\n", "/mapping/decimal"},
        {"Date,Payee,Amount\n2026-11-02,A,5.00\n2026-11-03,B,7.00\n2026-11-04,C,-1.00\n",
            "/mapping/spent"},
        {"Date,Payee,Amount\n2026-11-02,A,kr 5.00\n", "/mapping/currency"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jdoc *r = preview(cases[i].text, NULL);
        assert_string_equal(text_at(r, "/questions/0/field"), cases[i].field);
        assert_null(jdoc_get(r, "import"));
        jdoc_free(r);
        struct buf args = {0};
        buf_puts(&args, "{\"text\":");
        buf_json_text(&args, cases[i].text);
        buf_puts(&args,
            ",\"mapping\":{},\"expected\":{\"count\":1,\"from\":\"2026-11-02\",\"to\":"
            "\"2026-11-02\",\"sums\":[{\"currency\":\"AUD\",\"total_minor\":500}]}}");
        tool_refused(&bench, "import_expenses", buf_text(&args), "ambiguous", cases[i].field);
        buf_free(&args);
    }
    /* An order that only one reading keeps is proof. */
    jdoc *r = preview("Date,Payee,Amount\n01/02/2026,A,-5\n02/02/2026,B,-5\n03/02/2026,C,-5\n"
                      "04/02/2026,D,-5\n01/03/2026,E,-5\n",
        NULL);
    assert_string_equal(text_at(r, "/mapping/date_order"), "day_first");
    jdoc_free(r);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:expense"), 0);
}

static void files_that_are_none_are_refused(void **state)
{
    (void)state;
    tool_refused(&bench, "preview_expense_import", "{\"text\":\"hello\\nworld\"}",
        "invalid_argument", "/attachment_id");
    tool_refused(&bench, "preview_expense_import", "{\"text\":\"a,b\\n1,\\\"2\"}",
        "invalid_argument", "/attachment_id");
    tool_refused(&bench, "preview_expense_import", "{}", "invalid_argument", "/attachment_id");
    tool_refused(&bench, "preview_expense_import", "{\"attachment_id\":\"att-0\"}", "not_found",
        NULL);
    tool_refused(&bench, "preview_expense_import", "{\"text\":\"a,b\\nx,y\\n\"}", "ambiguous",
        "/mapping/date_column");
    tool_refused(&bench, "preview_expense_import",
        "{\"text\":\"a,b\\n2026-11-01,5\\n\",\"mapping\":{\"amount_column\":9}}",
        "invalid_argument", "/mapping");
}

/* --- import --- */

static char *import_args(const char *text, const char *mapping)
{
    struct buf args = {0};
    jdoc *r = preview(text, mapping);
    buf_puts(&args, "{\"text\":");
    buf_json_text(&args, text);
    buf_puts(&args, ",\"mapping\":");
    jdoc_write(at(r, "/import/mapping"), &args);
    buf_puts(&args, ",\"expected\":");
    jdoc_write(at(r, "/import/expected"), &args);
    buf_putc(&args, '}');
    jdoc_free(r);
    return buf_take(&args, NULL);
}

#define EXPENSES "HLEN tp:{ann}:r:expense"
static void a_file_comes_in_once_and_goes_whole(void **state)
{
    struct buf file = {0};
    (void)state;
    buf_puts(&file, "Date,Payee,Amount\n");
    for (int i = 0; i < 130; i++)
        buf_printf(&file, "2026-%02d-%02d,Shop %d,-%d.50\n", 1 + i % 9, 1 + i % 28, i, i + 1);
    buf_puts(&file, "2026-10-01,Twice,-2.00\n2026-10-01,Twice,-2.00\n");
    char *args = import_args(buf_text(&file), NULL);
    jdoc *r = tool_ok(&bench, "import_expenses", args);
    assert_int_equal(number_at(r, "/created"), 132);
    jdoc_free(r);
    assert_int_equal(tool_fixture_number(EXPENSES), 132);
    r = tool_ok(&bench, "list_records", "{\"kind\":\"expense\"}"); /* words of others */
    assert_true(tools_result_untrusted(tools_find("list_records"), r));
    jdoc_free(r);
    r = tool_ok(&bench, "get_record", "{\"kind\":\"expense\",\"name\":\"Shop 77\"}");
    assert_true(tools_result_untrusted(tools_find("get_record"), r));
    jdoc_free(r);
    r = tool_ok(&bench, "export_budget_report",
        "{\"start_date\":\"2026-10-01\",\"end_date\":\"2026-10-31\"}");
    assert_true(tools_result_untrusted(tools_find("export_budget_report"), r));
    jdoc_free(r);
    r = tool_ok(&bench, "import_expenses", args); /* the same call: nothing new */
    assert_int_equal(number_at(r, "/created"), 0);
    assert_int_equal(number_at(r, "/known"), 132);
    jdoc_free(r);
    r = preview(buf_text(&file), NULL);
    assert_int_equal(number_at(r, "/counts/known"), 132);
    assert_null(jdoc_get(r, "import"));
    jdoc_free(r);
    /* Part of it in a longer file: only what is new. */
    buf_puts(&file, "2026-10-02,Later,-3.00\n");
    r = preview(buf_text(&file), NULL);
    assert_int_equal(number_at(r, "/totals/count"), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "undo_change", "{}");
    assert_non_null(strstr(text_at(r, "/message"), "import_expenses"));
    assert_non_null(strstr(text_at(r, "/message"), "and 129 more"));
    jdoc_free(r);
    assert_int_equal(tool_fixture_number(EXPENSES), 0);
    r = tool_ok(&bench, "undo_change", "{\"redo\":true}");
    jdoc_free(r);
    assert_int_equal(tool_fixture_number(EXPENSES), 132);
    jdoc_free(tool_ok(&bench, "undo_change", "{}"));
    r = tool_ok(&bench, "import_expenses", args); /* and again */
    assert_int_equal(number_at(r, "/created"), 132);
    jdoc_free(r);
    free(args);
    buf_free(&file);
}

static void an_import_that_was_cut_goes_on(void **state)
{
    struct buf file = {0};
    (void)state;
    buf_puts(&file, "Date,Payee,Amount\n");
    for (int i = 0; i < 60; i++)
        buf_printf(&file, "2026-10-%02d,Shop %d,-%d.50\n", 1 + i % 28, i, i + 1);
    char *args = import_args(buf_text(&file), NULL);
    jdoc_free(tool_ok(&bench, "import_expenses", args));
    /* As if its worker had died after some: they are away, and nothing tells of an end. */
    struct link_reply *reply = NULL;
    assert_int_equal(link_command(bench.context.store->link, &reply, "HKEYS tp:{ann}:r:expense"),
        0);
    for (size_t i = 0; i < 25; i++) {
        struct arena *arena = arena_new();
        const char *prior;
        struct records_fence fence = {.uid = "ann"};
        struct records_write w = {.family = "expense",
            .id = link_reply_text(link_reply_at(reply, i), NULL)};
        assert_int_equal(records_commit(bench.context.store, &fence,
                             &(struct records_batch){.writes = &w, .count = 1}, arena, &prior),
            0);
        arena_free(arena);
    }
    link_reply_free(reply);
    jdoc *r = tool_ok(&bench, "import_expenses", args);
    assert_int_equal(number_at(r, "/created"), 25);
    assert_int_equal(number_at(r, "/known"), 35);
    jdoc_free(r);
    assert_int_equal(tool_fixture_number(EXPENSES), 60);
    free(args);
    buf_free(&file);
}

static void duplicates_and_other_files_are_told(void **state)
{
    static const char file[] = "Date,Payee,Amount\n2026-11-02,WOOLWORTHS 1234 BEGA,-45.20\n"
                               "2026-11-03,Cafe,-4.50\n";
    (void)state;
    jdoc_free(tool_ok(&bench, "create_expense",
        "{\"amount\":45.2,\"category\":\"groceries\",\"description\":\"Woolworths\",\"date\":"
        "\"2026-11-02\"}"));
    jdoc_free(tool_ok(&bench, "create_expense",
        "{\"amount\":4.5,\"category\":\"food\",\"description\":\"pie\",\"date\":\"2026-11-03\"}"));
    char *args = import_args(file, NULL);
    jdoc *r = preview(file, NULL);
    assert_int_equal(number_at(r, "/counts/duplicates"), 1);
    assert_int_equal(number_at(r, "/counts/similar"), 1);
    assert_string_equal(text_at(r, "/left_out/0/kind"), "duplicates");
    jdoc_free(r);
    r = preview(file, "{\"duplicates\":\"take\"}");
    assert_int_equal(number_at(r, "/totals/count"), 2);
    jdoc_free(r);
    /* What is stored has changed since the question: nothing is taken in. */
    jdoc_free(tool_ok(&bench, "create_expense",
        "{\"amount\":4.5,\"category\":\"food\",\"description\":\"cafe\",\"date\":\"2026-11-03\"}"));
    tool_refused(&bench, "import_expenses", args, "invalid_argument", "/expected");
    assert_int_equal(tool_fixture_number(EXPENSES), 3);
    free(args);
}

static void a_changed_record_keeps_the_import_whole(void **state)
{
    struct buf file = {0};
    (void)state;
    buf_puts(&file, "Date,Payee,Amount\n");
    for (int i = 0; i < 60; i++)
        buf_printf(&file, "2026-10-01,Shop %d,-%d.50\n", i, i + 1);
    char *args = import_args(buf_text(&file), NULL);
    jdoc_free(tool_ok(&bench, "import_expenses", args));
    jdoc_free(tool_ok(&bench, "change_record",
        "{\"kind\":\"expense\",\"name\":\"Shop 3\",\"changes\":{\"category\":\"food\"}}"));
    struct buf change = {0};
    jdoc *r = tool_ok(&bench, "get_record",
        "{\"kind\":\"expense\",\"name\":\"Shop 50\",\"history\":true}");
    buf_printf(&change, "{\"change_id\":\"%s\"}", text_at(r, "/history/0/change_id"));
    jdoc_free(r);
    tool_refused(&bench, "undo_change", buf_text(&change), "conflict", NULL);
    assert_int_equal(tool_fixture_number(EXPENSES), 60);
    buf_free(&change);
    free(args);
    buf_free(&file);
}

/* The oldest changes go first: what is left of an import is not taken back as if it were all. */
static void an_import_that_is_known_in_part_is_not_undone(void **state)
{
    struct link_reply *reply = NULL;
    struct buf file = {0};
    (void)state;
    buf_puts(&file, "Date,Payee,Amount\n");
    for (int i = 0; i < 60; i++)
        buf_printf(&file, "2026-10-01,Shop %d,-%d.50\n", i, i + 1);
    char *args = import_args(buf_text(&file), NULL);
    jdoc_free(tool_ok(&bench, "import_expenses", args));
    assert_int_equal(link_command(bench.context.store->link, &reply,
                         "ZRANGE tp:{ann}:r:change:by-time 0 0"),
        0);
    const char *oldest = link_reply_text(link_reply_at(reply, 0), NULL);
    assert_int_equal(link_command(bench.context.store->link, NULL,
                         "ZREM tp:{ann}:r:change:by:live %s", oldest),
        0);
    link_reply_free(reply);
    tool_refused(&bench, "undo_change", "{}", "limit_reached", NULL);
    assert_int_equal(tool_fixture_number(EXPENSES), 60);
    free(args);
    buf_free(&file);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_read_as_banks_write_them),
        cmocka_unit_test(days_are_read_as_banks_write_them),
        cmocka_unit_test(rows_keep_their_lines),
        cmocka_unit_test(texts_of_four_kinds_become_utf8),
        T(files_of_banks_are_understood),
        T(what_the_data_leave_open_is_asked),
        T(files_that_are_none_are_refused),
        T(a_file_comes_in_once_and_goes_whole),
        T(an_import_that_was_cut_goes_on),
        T(duplicates_and_other_files_are_told),
        T(a_changed_record_keeps_the_import_whole),
        T(an_import_that_is_known_in_part_is_not_undone),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
