/* SPDX-License-Identifier: BSD-2-Clause */
/* test_url -- what is taken for an address to call, and in what words the rest is refused. */
#include "base/err.h"
#include "base/url.h"
#include "tests/unit/cm.h"

#include <string.h>

static void good_addresses(void **state)
{
    static const struct {
        const char *text, *host;
        int port;
        bool https, address;
    } cases[] = {
        {"https://example.com", "example.com", 443, true, false},
        {"HTTPS://Example.COM:8443/a?b#c", "Example.COM", 8443, true, false},
        {"http://a_b-c.d/", "a_b-c.d", 80, false, false},
        {"https://xn--mller-kva.example/", "xn--mller-kva.example", 443, true, false},
        {"https://1.example.com", "1.example.com", 443, true, false},
        {"https://0x7f.example", "0x7f.example", 443, true, false},
        {"https://8.8.8.8:1/", "8.8.8.8", 1, true, true},
        {"http://[2606:4700::1111]:65535/x", "2606:4700::1111", 65535, false, true},
        {"https://[::1]", "::1", 443, true, true},
        {"https://localhost?x=//y@z", "localhost", 443, true, false},
        {"https://example.com/a@b:c", "example.com", 443, true, false},
    };
    char why[URL_WHY_SIZE];
    struct url u;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (url_check(cases[i].text, strlen(cases[i].text), 0, &u, why) != 0)
            fail_msg("%s: %s", cases[i].text, why);
        assert_int_equal(u.host_len, strlen(cases[i].host));
        assert_memory_equal(u.host, cases[i].host, u.host_len);
        assert_int_equal(u.port, cases[i].port);
        assert_int_equal(u.https, cases[i].https);
        assert_int_equal(u.address, cases[i].address);
    }
}

static void bad_addresses(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "must begin with"},
        {"example.com", "must begin with"},
        {"ftp://example.com", "must begin with"},
        {"https:/example.com", "must begin with"},
        {"https://", "names no host"},
        {"https:///x", "names no host"},
        {"https://?x", "names no host"},
        {"https://:80", "names no host"},
        {"https://example.com:99999/", "port"},
        {"https://example.com:0", "port"},
        {"https://example.com:/", "port"},
        {"https://example.com:8o", "port that is no number"},
        {"https://example.com:-1", "port"},
        {"https://example.com:+1", "port"},
        {"https://a:1:2", "port"},
        {"https://example.com:00000000000000000065536", "port"},
        {"https://.com/", "nothing between two dots, or before"},
        {"https://a..b", "nothing between"},
        {"https://example.com./", "ends with a dot"},
        {"https://.", "ends with a dot"},
        {"https://2130706433", "number"},
        {"https://0x7f.1", "number"},
        {"https://0x7f000001", "number"},
        {"https://0177.0.0.1", "number"},
        {"https://127.1", "number"},
        {"https://1.2.3.256", "number"},
        {"https://1.2.3.4.5", "number"},
        {"https://0x", "number"},
        {"https://a.0xff", "number"},
        {"https://user@example.com", "user or password"},
        {"https://user:pw@example.com", "user or password"},
        {"https://example.com@evil.example", "user or password"},
        {"https://exa mple.com", "blank"},
        {"https://example.com/\n", "control character"},
        {"https://example.com\\@evil.example", "backslash"},
        {"https://a\tb", "control character"},
        {"https://m\xc3\xbcller.example", "xn--"},
        {"https://example.com/\xc3\xbc", "beyond ASCII"},
        {"https://exa%6dple.com", "character other"},
        {"https://a,b", "character other"},
        {"https://-a.example", "'-'"},
        {"https://a-.example", "'-'"},
        {"https://{host}", "character"},
        {"https://[::1", "IPv6"},
        {"https://[]", "IPv6"},
        {"https://[::1]x", "behind its IPv6"},
        {"https://[fe80::1%25eth0]", "IPv6"},
        {"https://[127.0.0.1]", "IPv6"},
        {"https://[::1]:", "port"},
        {"https://::1", "names no host"},
    };
    char why[URL_WHY_SIZE], name[400] = "https://";
    struct url u;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(url_check(cases[i].text, strlen(cases[i].text), 0, &u, why), ERR_INVALID);
        if (!strstr(why, cases[i].why))
            fail_msg("%s: %s", cases[i].text, why);
    }
    assert_int_equal(url_check("https://a\0b", 11, 0, &u, why), ERR_INVALID);
    memset(name + 8, 'a', 64);
    assert_int_equal(url_check(name, 8 + 64, 0, &u, why), ERR_INVALID);
    assert_int_equal(url_check(name, 8 + 63, 0, &u, why), 0);
    for (size_t i = 8; i < 8 + 255; i++)
        name[i] = (i - 8) % 2 ? '.' : 'a';
    assert_int_equal(url_check(name, 8 + 253, 0, &u, why), 0);
    assert_int_equal(url_check(name, 8 + 255, 0, &u, why), ERR_INVALID);
}

static void what_flags_allow(void **state)
{
    static const char login[] = "https://user:pw@example.com:81/",
                      foreign[] = "https://m\xc3\xbcller.example/\xc3\xbc";
    char why[URL_WHY_SIZE];
    struct url u;

    (void)state;
    assert_int_equal(url_check(login, strlen(login), URL_LOGIN, &u, why), 0);
    assert_memory_equal(u.host, "example.com:", 12);
    assert_int_equal(u.port, 81);
    assert_int_equal(url_check(foreign, strlen(foreign), URL_INTERNATIONAL, NULL, why), 0);
    assert_int_equal(url_check(foreign, strlen(foreign), URL_LOGIN, NULL, why), ERR_INVALID);
}

static void private_names(void **state)
{
    static const struct {
        const char *text;
        bool private;
    } cases[] = {
        {"https://localhost", true},
        {"https://a.LOCALHOST:1", true},
        {"http://127.0.0.1", true},
        {"http://10.1.2.3", true},
        {"http://169.254.169.254", true},
        {"http://[::1]", true},
        {"http://[::ffff:10.0.0.1]", true},
        {"http://[fd00::1]", true},
        {"http://8.8.8.8", false},
        {"http://[2606:4700::1111]", false},
        {"http://example.com", false},
        {"http://notlocalhost", false},
    };
    char why[URL_WHY_SIZE];
    struct url u;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(url_check(cases[i].text, strlen(cases[i].text), 0, &u, why), 0);
        assert_int_equal(url_names_private(&u), cases[i].private);
    }
}

static void percent_encoding_is_undone_strictly(void **state)
{
    static const struct {
        const char *text;
        bool plus;
        const char *out;
    } cases[] = {
        {"", false, ""},
        {"a%20b+c", true, "a b c"},
        {"a%2Fb+c", false, "a/b+c"},
        {"%C3%bc", false, "\xc3\xbc"},
        {"1234567", false, "1234567"},
        {"%", false, NULL},
        {"a%2", false, NULL},
        {"%zz", false, NULL},
        {"%0g", false, NULL},
        {"%00", false, NULL},
        {"12345678", false, NULL},
    };
    char out[8], place[] = "a%20b%21";

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].text, *want = cases[i].out;
        long n = url_decode(text, strlen(text), cases[i].plus, out, sizeof out);
        assert_int_equal(n, want ? (long)strlen(want) : ERR_INVALID);
        if (want)
            assert_string_equal(out, want);
    }
    assert_int_equal(url_decode(place, strlen(place), false, place, sizeof place), 4);
    assert_string_equal(place, "a b!");
    assert_int_equal(url_decode("%21%22", 5, false, out, sizeof out), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses),
        cmocka_unit_test(bad_addresses),
        cmocka_unit_test(what_flags_allow),
        cmocka_unit_test(private_names),
        cmocka_unit_test(percent_encoding_is_undone_strictly),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
