/* SPDX-License-Identifier: BSD-2-Clause */
/* ident, clock and err: forms of ids, digests, trace headers, times, texts. */
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "tests/unit/cm.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void uuids_are_ordered(void **state)
{
    char last[IDENT_UUID_SIZE] = "", now[IDENT_UUID_SIZE];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        ident_uuid7(now);
        assert_true(ident_is_uuid(now));
        assert_int_equal(now[14], '7');
        assert_non_null(strchr("89ab", now[19]));
        assert_true(strcmp(last, now) < 0);
        strcpy(last, now);
    }
    assert_true(ident_uuid7_ms(now) <= clock_real_ms() + 1000);
    assert_int_equal(ident_uuid7_ms("0192f0c0-0001-7000-8000-000000000000"), 0x0192f0c00001);
    assert_int_equal(ident_uuid7_ms("0192f0c0-0001-4000-8000-000000000000"), 0);
    assert_int_equal(ident_uuid7_ms("u1"), 0);
    assert_false(ident_is_uuid(NULL));
    assert_false(ident_is_uuid(""));
    assert_false(ident_is_uuid("0192f0c0-0000-7000-8000-00000000000"));
    assert_false(ident_is_uuid("0192f0c0-0000-7000-8000-0000000000000"));
    assert_false(ident_is_uuid("0192f0c0x0000-7000-8000-000000000000"));
}

static void digests_and_tokens(void **state)
{
    char hash[IDENT_SHA256_SIZE], token[129];

    (void)state;
    ident_sha256_hex("abc", 3, hash);
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ident_sha256_hex("", 0, hash);
    assert_string_equal(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ident_token(64, token);
    assert_int_equal(strlen(token), 128);
    assert_int_equal(strspn(token, "0123456789abcdef"), 128);
    assert_true(ident_equal_secret("same", "same"));
    assert_false(ident_equal_secret("same", "samf"));
    assert_false(ident_equal_secret("same", "same "));
    assert_false(ident_equal_secret("", "x"));
}

static void safe_ids(void **state)
{
    (void)state;
    assert_true(ident_is_safe("a.B_c:d@e-9", 11, 11));
    assert_false(ident_is_safe("abc", 3, 2));
    assert_false(ident_is_safe("", 0, 10));
    assert_false(ident_is_safe(NULL, 0, 10));
    assert_false(ident_is_safe("a{b", 3, 10));
    assert_false(ident_is_safe("a}b", 3, 10));
    assert_false(ident_is_safe("a b", 3, 10));
    assert_false(ident_is_safe("a\0b", 3, 10));
    assert_false(ident_is_safe("\xc3\xbc", 2, 10));
}

static void names_become_ids(void **state)
{
    static const struct {
        const char *name, *id;
    } cases[] = {
        {"ada", "ada"},
        {"Ada", "Ada"},
        {"a.B_c:d@e-9", "a.B_c:d@e-9"},
        {":a", ":a"},
        {"a::b", "a::b"},
        {"auth0|5f7c88", "::auth0_7c5f7c88"},
        {"google-oauth2|1139", "::google-oauth2_7c1139"},
        {"ann+test@example.com", "::ann_2btest@example.com"},
        {"https://id.example.org/ann", "::https_3a_2f_2fid.example.org_2fann"},
        {"Ann Lee", "::Ann_20Lee"},
        {" ", "::_20"},
        {"a{b}", "::a_7bb_7d"},
        {"community", "::community"},
        {"Community", "Community"},
        {"::auth0_7c5f7c88", "::_3a_3aauth0_5f7c5f7c88"},
        {"::", "::_3a_3a"},
        {"\xc3\xa9", "::_c3_a9"},
        {"e\xcc\x81", "::e_cc_81"},
        {"a\nb", "::a_0ab"},
    };
    char id[IDENT_USER_MAX + 1], long_name[IDENT_NAME_MAX + 2], other[IDENT_USER_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ident_user_of(cases[i].name, strlen(cases[i].name), id), 0);
        assert_string_equal(id, cases[i].id);
        assert_true(ident_is_user(id, strlen(id)));
        assert_true(ident_user_is(id, cases[i].name, strlen(cases[i].name)));
        assert_true(ident_user_is(id, id, strlen(id)));
        assert_int_equal(ident_user_named(id, strlen(id), other), 0);
        assert_string_equal(other, id);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(cases[k].id, id);
    }
    assert_int_equal(ident_user_of("a\0b", 3, id), 0);
    assert_string_equal(id, "::a_00b");
    assert_false(ident_user_is("ada", "ad", 2));
    assert_int_equal(ident_user_of("", 0, id), ERR_INVALID);
    assert_int_equal(ident_user_of("a\xff", 2, id), ERR_INVALID);
    assert_int_equal(ident_user_of("a\xef\xbf\xbd", 4, id), ERR_INVALID);
    memset(long_name, 'x', sizeof long_name);
    assert_int_equal(ident_user_of(long_name, IDENT_USER_MAX, id), 0);
    assert_int_equal(strlen(id), IDENT_USER_MAX);
    assert_int_equal(ident_user_of(long_name, IDENT_USER_MAX - 1, other), 0);
    assert_string_not_equal(id, other);
    assert_int_equal(ident_user_of(long_name, IDENT_USER_MAX + 1, id), 0); /* does not fit */
    assert_memory_equal(id, "::sha256:", 9);
    assert_int_equal(strlen(id), 9 + 64);
    assert_int_equal(ident_user_of(long_name, IDENT_NAME_MAX, other), 0);
    assert_string_not_equal(id, other);
    assert_int_equal(ident_user_of(id, strlen(id), other), 0); /* its own name makes another one */
    assert_string_not_equal(id, other);
    assert_int_equal(ident_user_of(long_name, IDENT_NAME_MAX + 1, id), ERR_LIMIT);
}

static void trace_headers(void **state)
{
    static const char good[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    static const char *const bad[] = {"", "00",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"};
    struct ident_trace t, child;
    char text[IDENT_TRACEPARENT_SIZE];

    (void)state;
    assert_true(ident_trace_parse(good, &t));
    ident_trace_format(&t, text);
    assert_string_equal(text, good);
    ident_trace_child(&t, &child);
    assert_string_equal(child.trace_id, t.trace_id);
    assert_string_not_equal(child.span_id, t.span_id);
    assert_true(ident_trace_parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", &t));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ident_trace_parse(bad[i], &t));
    assert_false(ident_trace_parse(NULL, &t));
    ident_trace_new(&t);
    ident_trace_format(&t, text);
    assert_true(ident_trace_parse(text, &child));
}

static void tokens_are_all_different(void **state)
{
    enum { TOKENS = 300, BYTES = 32 }; /* more than is kept ahead */
    static char token[TOKENS][2 * BYTES + 1];

    (void)state;
    for (int i = 0; i < TOKENS; i++) {
        ident_token(BYTES, token[i]);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(token[i], token[k]);
    }
}

static void a_child_makes_other_tokens_than_its_parent(void **state)
{
    char mine[33], theirs[33] = "";
    int ends[2], status;
    pid_t child;

    (void)state;
    ident_token(16, mine); /* some are ahead now */
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ident_token(16, theirs);
        _exit(write(ends[1], theirs, sizeof theirs) != sizeof theirs);
    }
    ident_token(16, mine);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    assert_int_equal(strlen(theirs), strlen(mine));
    assert_string_not_equal(mine, theirs);
    close(ends[0]);
    close(ends[1]);
}

static void times(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-22T13:05:00.123Z", 1795352700123},
        {"2026-11-22T23:05:00.1239+10:00", 1795352700123},
        {"2024-02-29t00:00:00z", 1709164800000},
        {"1969-12-31T23:59:59.5Z", -500},
        {"2016-12-31T23:59:60Z", 1483228800000},
        {"0000-01-01T00:00:00Z", -62167219200000},
    };
    static const char *const bad[] = {"", "2026-11-22", "2026-11-22T13:05:00",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-22 13:05:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T13:05Z", "2026-11-22T13:05:00.Z",
        "2026-11-22T13:05:00+1000", "2026-11-22T13:05:00Zx", "26-11-22T13:05:00Z",
        "2026-11-22T13:05:00+24:00"};
    char text[CLOCK_RFC3339_SIZE];
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(clock_parse_rfc3339(good[i].text, &ms), 0);
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(clock_parse_rfc3339(bad[i], &ms), ERR_INVALID);
    for (ms = -62167219200000; ms < 253402300799999; ms += 86399123457) {
        int64_t back;
        clock_rfc3339(ms, text);
        assert_int_equal(strlen(text), 24);
        assert_int_equal(clock_parse_rfc3339(text, &back), 0);
        assert_true(back == ms);
    }
    clock_rfc3339(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    assert_true(clock_real_ms() > 1700000000000);
    int64_t before = clock_mono_us();
    assert_true(clock_mono_us() >= before);
}

static void error_texts(void **state)
{
    (void)state;
    assert_string_equal(err_text(0), "ok");
    assert_string_equal(err_name(ERR_FENCED), "ERR_FENCED");
    assert_string_equal(err_text(ERR_NOMEM), "out of memory");
    assert_string_equal(err_text(ERR_INTERNAL), "internal error");
    assert_string_equal(err_text(5), "unknown error");
    assert_string_equal(err_text(-1000), "unknown error");
    assert_string_equal(err_text(ERR_TABLE_END_), "unknown error");
    assert_string_equal(err_name(-1), "ERR_UNKNOWN");
    assert_true(ERR_TABLE_END_ < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uuids_are_ordered),
        cmocka_unit_test(digests_and_tokens),
        cmocka_unit_test(safe_ids),
        cmocka_unit_test(names_become_ids),
        cmocka_unit_test(trace_headers),
        cmocka_unit_test(tokens_are_all_different),
        cmocka_unit_test(a_child_makes_other_tokens_than_its_parent),
        cmocka_unit_test(times),
        cmocka_unit_test(error_texts),
    };
    return cmocka_run_group_tests_name("ident", tests, NULL, NULL);
}
