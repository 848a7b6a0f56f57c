/* SPDX-License-Identifier: BSD-2-Clause */
/* test_media -- what a file is by its bytes, how large its picture is, and what is broken. */
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/media.h"
#include "tests/unit/cm.h"
#include "tests/unit/media_files.h"

#include <stdlib.h>
#include <string.h>

static char why[MEDIA_WHY_SIZE];

static int look(struct media_file f, struct media *out)
{
    char *exact = malloc(f.len + 1); /* so that a reader beyond the end is seen */
    memcpy(exact, f.bytes, f.len);
    int error = media_look(exact, f.len, out, why);
    free(exact);
    return error;
}

static void each_kind_is_known(void **state)
{
    static const struct {
        struct media_file file;
        enum media_kind kind;
        const char *type;
        unsigned width, height, pages;
    } cases[] = {
        {{0}, MEDIA_IMAGE, "image/png", 1, 1, 0},
        {{0}, MEDIA_IMAGE, "image/jpeg", 3, 2, 0},
        {{0}, MEDIA_IMAGE, "image/webp", 1, 1, 0},
        {{0}, MEDIA_IMAGE, "image/gif", 1, 1, 0},
        {{0}, MEDIA_PDF, "application/pdf", 0, 0, 3},
        {{0}, MEDIA_TEXT, "text/plain", 0, 0, 0},
    };
    const struct media_file files[] = {MEDIA_PNG, MEDIA_JPEG, MEDIA_WEBP, MEDIA_GIF, MEDIA_PDF_FILE,
        MEDIA_FILE("a;b\n1;\xc3\xbc\n")};
    struct media m;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (look(files[i], &m) != 0)
            fail_msg("%s: %s", cases[i].type, why);
        assert_int_equal(m.kind, cases[i].kind);
        assert_string_equal(m.type, cases[i].type);
        assert_int_equal(m.width, cases[i].width);
        assert_int_equal(m.height, cases[i].height);
        assert_int_equal(m.pages, cases[i].pages);
        assert_false(m.animated);
    }
}

/* A file of which the end is missing is refused at any length but as a text. */
static void cut_files_are_refused(void **state)
{
    const struct media_file files[] = {MEDIA_PNG, MEDIA_JPEG, MEDIA_WEBP, MEDIA_GIF,
        MEDIA_PDF_FILE};
    struct media m;

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (unsigned len = 0; len < files[i].len - 1; len++) {
            int error = look((struct media_file){files[i].bytes, len}, &m);
            if (error == 0 && m.kind != MEDIA_TEXT && m.kind != MEDIA_PDF)
                fail_msg("file %zu of %u bytes passes as %s", i, len, m.type);
            assert_true(error == 0 || error == ERR_INVALID || error == ERR_NOT_FOUND);
        }
}

static void refuse(struct media_file f, int error, const char *words)
{
    struct media m;

    why[0] = '\0';
    assert_int_equal(look(f, &m), error);
    if (!strstr(why, words))
        fail_msg("'%s' does not say '%s'", why, words);
}

static void broken_files_say_why(void **state)
{
    (void)state;
    refuse(MEDIA_FILE(""), ERR_INVALID, "empty");
    refuse(MEDIA_FILE(" \n"), ERR_INVALID, "blanks");
    refuse(MEDIA_FILE("\x7f"
                      "ELF\x02\x01\x01\0"),
        ERR_NOT_FOUND, "neither PNG");
    refuse(MEDIA_FILE("a\xff"), ERR_NOT_FOUND, "UTF-8");
    refuse(MEDIA_FILE("RIFF\x10\0\0\0WAVEfmt \0\0\0\0\0\0\0\0"), ERR_NOT_FOUND, "neither");
    refuse(MEDIA_FILE("%PDF-1.4\ntrailer<</Encrypt 4 0 R>>\n%%EOF"), ERR_INVALID, "encrypted");
    refuse(MEDIA_FILE("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0CRC_"
                      "\0\0\0\0IENDCRC_"),
        ERR_INVALID, "without a picture");
    refuse(MEDIA_FILE("\xff\xd8\xff\xda\0\x08\x01\x01\0\0?\0\xff\xd9"), ERR_INVALID, "size");
    refuse(MEDIA_FILE("GIF89a\x01\0\x01\0\0\0\0;"), ERR_INVALID, "without a picture");
}

/* Its header is all that is read: a few bytes that would unpack to gigabytes. */
static void huge_pictures_are_refused(void **state)
{
    struct media_file f = MEDIA_PNG;
    char copy[128];
    struct media m;

    (void)state;
    memcpy(copy, f.bytes, f.len);
    f.bytes = copy;
    memcpy(copy + 16, "\0\0\x40\x01\0\0\0\x01", 8);
    refuse(f, ERR_LIMIT, "16385 x 1 pixels; 16384 a side");
    memcpy(copy + 16, "\0\0\x40\0\0\0\x40\0", 8);
    refuse(f, ERR_LIMIT, "16384 x 16384");
    memcpy(copy + 16, "\0\0\x20\0\0\0\x20\0", 8);
    assert_int_equal(look(f, &m), 0);
    memcpy(copy + 16, "\0\0\0\0\0\0\x20\0", 8);
    refuse(f, ERR_INVALID, "without width");
}

static void moving_pictures_are_told(void **state)
{
    static const char frame[] = ",\0\0\0\0\x01\0\x01\0\0\x02\x01"
                                "D\0";
    struct buf b = {0};
    struct media_file gif = MEDIA_GIF;
    struct media m;

    (void)state;
    buf_put(&b, gif.bytes, gif.len - 1);
    buf_put(&b, frame, sizeof frame - 1);
    buf_putc(&b, ';');
    assert_int_equal(look((struct media_file){b.data, (unsigned)b.len}, &m), 0);
    assert_true(m.animated);
    buf_free(&b);
    const struct media_file webp = MEDIA_FILE("RIFF\x22\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x63\0\0"
                                              "\x31\0\0ANMF\x04\0\0\0xxxx");
    assert_int_equal(look(webp, &m), 0);
    assert_true(m.animated);
    assert_int_equal(m.width, 100);
    assert_int_equal(m.height, 50);
}

static void declared_types_must_agree(void **state)
{
    static const struct {
        struct media found;
        const char *declared, *type;
        bool agrees;
    } cases[] = {
        {{.kind = MEDIA_IMAGE, .type = "image/jpeg"}, "image/jpeg", "image/jpeg", true},
        {{.kind = MEDIA_IMAGE, .type = "image/jpeg"}, "Image/JPG; q=1", "image/jpeg", true},
        {{.kind = MEDIA_IMAGE, .type = "image/jpeg"}, "image/png", "image/jpeg", false},
        {{.kind = MEDIA_IMAGE, .type = "image/jpeg"}, "text/plain", "image/jpeg", false},
        {{.kind = MEDIA_IMAGE, .type = "image/png"}, "", "image/png", true},
        {{.kind = MEDIA_IMAGE, .type = "image/png"}, "application/octet-stream", "image/png", true},
        {{.kind = MEDIA_PDF, .type = "application/pdf"}, "application/x-pdf", "application/pdf",
            true},
        {{.kind = MEDIA_TEXT, .type = "text/plain"}, "text/csv; charset=utf-8", "text/csv", true},
        {{.kind = MEDIA_TEXT, .type = "text/plain"}, "application/geo+json", "application/geo+json",
            true},
        {{.kind = MEDIA_TEXT, .type = "text/plain"}, "text/<b>", "text/plain", true},
        {{.kind = MEDIA_TEXT, .type = "text/plain"}, "image/svg+xml", "text/plain", false},
        {{.kind = MEDIA_TEXT, .type = "text/plain"}, "application/pdf", "text/plain", false},
    };
    char type[MEDIA_TYPE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (media_agrees(&cases[i].found, cases[i].declared) != cases[i].agrees)
            fail_msg("%s as %s", cases[i].found.type, cases[i].declared);
        media_type(&cases[i].found, cases[i].declared, type);
        assert_string_equal(type, cases[i].type);
    }
}

static void base64_is_read(void **state)
{
    static const struct {
        const char *text, *bytes;
        enum base64_form form;
    } cases[] = {
        {"", "", BASE64_LINES},
        {"Zg==", "f", BASE64_LINES}, /* RFC 4648, 10 */
        {"Zm8=", "fo", BASE64_LINES},
        {"Zm9v", "foo", BASE64_LINES},
        {"Zm9vYg==", "foob", BASE64_LINES},
        {"Zm9vYmE=", "fooba", BASE64_LINES},
        {"Zm9vYmFy", "foobar", BASE64_LINES},
        {"Zm9vYg", "foob", BASE64_LINES},
        {"Zm\n9vY\r\nmE=\n", "fooba", BASE64_LINES},
        {"++//", "\xfb\xef\xff", BASE64_LINES},
        {"--__", "\xfb\xef\xff", BASE64_URL},
        {"Zm8", "fo", BASE64_URL},
        {"Z", NULL, BASE64_LINES},
        {"Zg=", NULL, BASE64_LINES},
        {"Zm9v=", NULL, BASE64_LINES},
        {"Zg==Zg==", NULL, BASE64_LINES},
        {"Zm 9v", NULL, BASE64_LINES},
        {"--__", NULL, BASE64_LINES},
        {"++//", NULL, BASE64_URL},
        {"Zm8=", NULL, BASE64_URL},
        {"Zm\n8", NULL, BASE64_URL},
    };
    char out[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].text);
        long n = base64_decode(cases[i].text, len, cases[i].form, out);
        if (n != (cases[i].bytes ? (long)strlen(cases[i].bytes) : (long)ERR_INVALID))
            fail_msg("%s: %ld", cases[i].text, n);
        if (n > 0)
            assert_memory_equal(out, cases[i].bytes, n);
        assert_true(n <= (long)BASE64_MAX(len));
    }
}

/* What buf_put_base64 writes, read in its own place. */
static void base64_goes_there_and_back(void **state)
{
    unsigned char bytes[257];
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        buf_reset(&b);
        buf_put_base64(&b, bytes, n);
        char *text = n ? b.data : (char[1]){0};
        assert_int_equal(base64_decode(text, b.len, BASE64_LINES, text), n);
        if (n)
            assert_memory_equal(text, bytes, n);
    }
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_known),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(broken_files_say_why),
        cmocka_unit_test(huge_pictures_are_refused),
        cmocka_unit_test(moving_pictures_are_told),
        cmocka_unit_test(declared_types_must_agree),
        cmocka_unit_test(base64_is_read),
        cmocka_unit_test(base64_goes_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
