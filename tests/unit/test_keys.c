/* SPDX-License-Identifier: BSD-2-Clause */
/* keys: each name is the one of docs/design/keys.md, for the longest ids too; the user of a key. */
#include "base/ident.h"
#include "store/keys.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

typedef void one_fn(char out[KEYS_MAX], const char *id);

static void are_spelled_as_documented(void **state)
{
    static const struct {
        keys_of_fn *write;
        const char *expected;
    } two[] = {
        {keys_session, "tp:{ann}:s:x"},
        {keys_session_log, "tp:{ann}:s:x:log"},
        {keys_session_messages, "tp:{ann}:s:x:msgs"},
        {keys_control, "tp:{ann}:s:x:ctl"},
        {keys_branches, "tp:{ann}:branches:x"},
        {keys_branch, "tp:{ann}:branch:x"},
        {keys_summaries, "tp:{ann}:summaries:x"},
        {keys_turn, "tp:{ann}:turn:x"},
        {keys_approval, "tp:{ann}:approval:x"},
        {keys_approvals, "tp:{ann}:approvals:x"},
        {keys_rate, "tp:{ann}:rate:x"},
        {keys_seen, "tp:{ann}:seen:x"},
        {keys_attachment, "tp:{ann}:attachment:x"},
        {keys_tool_seen, "tp:{ann}:seen-tool:x"},
        {keys_effect, "tp:{ann}:effect:x"},
        {keys_records, "tp:{ann}:r:x"},
        {keys_record_times, "tp:{ann}:r:x:by-time"},
    };
    static const struct {
        one_fn *write;
        const char *expected;
    } one[] = {
        {keys_prefix, "tp:{ann}:"},
        {keys_user_channel, "tp:{ann}"},
        {keys_inbox, "tp:{ann}:inbox"},
        {keys_pushes, "tp:{ann}:push"},
        {keys_sessions, "tp:{ann}:sessions"},
        {keys_context, "tp:{ann}:context"},
        {keys_feedback, "tp:{ann}:feedback"},
        {keys_families, "tp:{ann}:families"},
        {keys_erasing, "tp:erasing:ann"},
        {keys_erasing_written, "tp:erasing-written:ann"},
        {keys_shared_records, "tp:{community}:r:ann"},
        {keys_user_pattern, "tp:{*ann*"},
    };
    char key[KEYS_MAX], log[KEYS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof two / sizeof *two; i++) {
        two[i].write(key, "ann", "x");
        assert_string_equal(key, two[i].expected);
    }
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        one[i].write(key, "ann");
        assert_string_equal(key, one[i].expected);
    }
    keys_session(key, "ann", "a:s:b");
    assert_string_equal(keys_session_id(key), "a:s:b");
    keys_log_of(log, key);
    keys_session_log(key, "ann", "a:s:b");
    assert_string_equal(log, key);
}

/* The SHA-256 of "abc" is a test vector of FIPS 180-2. */
static void secrets_are_not_in_keys(void **state)
{
    static const char digest[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    char key[KEYS_MAX];

    (void)state;
    keys_ticket(key, "abc");
    assert_string_equal(strstr(key, "ticket:"),
        "ticket:"
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_false(keys_is_grant(key));
    keys_grant(key, "abc");
    assert_non_null(strstr(key, digest));
    assert_true(keys_is_grant(key));
    keys_erased(key, "abc");
    assert_non_null(strstr(key, digest));
}

/* A name that is cut could be the name of another thing. */
static void the_longest_fit(void **state)
{
    static const char mark[] = "END";
    static const struct {
        keys_of_fn *write;
        size_t most;
        const char *part;
    } longest[] = {
        {keys_session_messages, IDENT_SESSION_MAX, ":msgs"},
        {keys_approvals, IDENT_SESSION_MAX, ""},
        {keys_branches, IDENT_SESSION_MAX, ""},
        {keys_summaries, IDENT_SESSION_MAX, ""},
        {keys_tool_seen, IDENT_CLIENT_MESSAGE_MAX, ""},
        {keys_effect, 200, ""},
        {keys_record_times, 200, ":by-time"},
    };
    char uid[IDENT_USER_MAX + 1], id[256], key[KEYS_MAX], end[32];

    (void)state;
    memset(uid, 'u', IDENT_USER_MAX);
    uid[IDENT_USER_MAX] = '\0';
    for (size_t i = 0; i < sizeof longest / sizeof *longest; i++) {
        memset(id, 'i', longest[i].most);
        strcpy(id + longest[i].most - strlen(mark), mark);
        longest[i].write(key, uid, id);
        snprintf(end, sizeof end, "%s%s", mark, longest[i].part);
        assert_string_equal(key + strlen(key) - strlen(end), end);
    }
}

/* The log of session "a" has the key that a session "a:log" would have. */
static void no_session_is_called_like_what_stands_beside_one(void **state)
{
    keys_of_fn *const beside[] = {keys_session_log, keys_session_messages, keys_control};
    char key[KEYS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        beside[i](key, "ann", "a");
        assert_false(ident_is_session(keys_session_id(key), strlen(keys_session_id(key))));
    }
}

static void tell_whose_they_are(void **state)
{
    static const char *const anns[] = {"tp:{ann}:s:x", "tp:{ann}:", "tp:{ann}:r:note:by-time",
        "tp:{community}:effect:ann:tool:0123", "tp:{community}:w:recipe-for:ann:soup",
        "tp:{community}:r:recipe-for:ann", "tp:{community}:r:recipe-for:ann:by-time",
        "tp:{community}:r:recipe-for:ann:terms"};
    static const char *const others[] = {"tp:{joanne}:s:x", "tp:{ann:lee}:s:x", "tp:{anne}:s:x",
        "tp:{community}:effect:ann:lee:tool:0123", "tp:{community}:w:recipe-for:ann:lee:soup",
        "tp:{community}:r:recipe-for:ann:lee", "tp:{community}:r:recipe-for:anne",
        "tp:{community}:members", "tp:{community}:r:post", "", "tp:{", KEYS_WAKE};

    (void)state;
    for (size_t i = 0; i < sizeof anns / sizeof *anns; i++)
        assert_true(keys_is_of_user(anns[i], "ann"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(keys_is_of_user(others[i], "ann"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_spelled_as_documented),
        cmocka_unit_test(secrets_are_not_in_keys),
        cmocka_unit_test(the_longest_fit),
        cmocka_unit_test(no_session_is_called_like_what_stands_beside_one),
        cmocka_unit_test(tell_whose_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
