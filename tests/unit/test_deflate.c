/* SPDX-License-Identifier: BSD-2-Clause */
/* permessage-deflate (RFC 7692): what is agreed on, and messages there and back. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "workers/stream/stream_deflate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

static struct stream_deflate *memory;

static int make(void **state)
{
    (void)state;
    return stream_deflate_new(&memory);
}

static int drop(void **state)
{
    (void)state;
    stream_deflate_free(memory);
    return 0;
}

#define OURS "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

static void an_offer_that_can_be_kept_is_taken(void **state)
{
    static const struct {
        const char *list;
        unsigned bits;
        const char *answer;
    } cases[] = {{"permessage-deflate", 15, OURS},
        {"permessage-deflate; client_max_window_bits", 15, OURS},
        {"PerMessage-Deflate ; client_max_window_bits = 8", 15, OURS},
        {"permessage-deflate;server_no_context_takeover;client_no_context_takeover", 15, OURS},
        {"permessage-deflate; server_max_window_bits=10", 10, OURS "; server_max_window_bits=10"},
        {"permessage-deflate; server_max_window_bits=\"9\"", 9, OURS "; server_max_window_bits=9"},
        {"x-webkit-deflate-frame, permessage-deflate", 15, OURS},
        {"permessage-deflate; unknown, permessage-deflate", 15, OURS},
        {"permessage-deflate; server_max_window_bits=8, permessage-deflate; "
         "server_max_window_bits=15",
            15, OURS "; server_max_window_bits=15"},
        {", ,permessage-deflate,", 15, OURS}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char answer[STREAM_DEFLATE_ANSWER_SIZE] = "";
        assert_int_equal(stream_deflate_offer(cases[i].list, answer), cases[i].bits);
        assert_string_equal(answer, cases[i].answer);
    }
}

static void an_offer_that_cannot_be_kept_is_passed_over(void **state)
{
    static const char *const lists[] = {NULL, "", "permessage-deflatex", "deflate",
        "permessage-deflate; server_max_window_bits=8", /* zlib has no such window */
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_max_window_bits=1x",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=99",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=\"10", "permessage-deflate; ;",
        "permessage-deflate; server_max_window_bits=10 11", "permessage-deflate=1",
        "permessage-deflate server_no_context_takeover"};

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char answer[STREAM_DEFLATE_ANSWER_SIZE] = "";
        assert_int_equal(stream_deflate_offer(lists[i], answer), 0);
    }
}

/* RFC 7692, 7.2.3.1 to 7.2.3.4: one "Hello" in each form. */
static void the_examples_of_the_standard_are_read(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } forms[] = {{"\xf2\x48\xcd\xc9\xc9\x07\x00", 7},
        {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11},          /* not compressed within */
        {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8},                       /* with a final block */
        {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13}}; /* two blocks */
    const struct buf *text;

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        assert_int_equal(stream_deflate_unpack(memory, forms[i].bytes, forms[i].len, 5, &text), 0);
        assert_int_equal(text->len, 5);
        assert_memory_equal(text->data, "Hello", 5);
        assert_int_equal(stream_deflate_unpack(memory, forms[i].bytes, forms[i].len, 4, &text),
            ERR_LIMIT);
    }
    assert_int_equal(stream_deflate_unpack(memory, "\x00", 1, 0, &text), 0);
    assert_int_equal(text->len, 0);
    assert_int_equal(stream_deflate_unpack(memory, "\xff\xff\xff", 3, 100, &text), ERR_INVALID);
}

static void messages_come_back_whatever_the_window(void **state)
{
    char text[40000], *copy = malloc(sizeof text);
    const struct buf *packed, *back;
    struct iovec parts[3] = {{text, 1000}, {text + 1000, 9}, {text + 1009, sizeof text - 1009}};

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "The road north follows the coast. "[(i * i / 7 + i) % 34];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned bits = 9; bits <= 15; bits++) {
            assert_int_equal(stream_deflate_pack(memory, bits, parts, 3, &packed), 0);
            assert_true(packed->len < sizeof text);
            memcpy(copy, packed->data, packed->len);
            assert_int_equal(stream_deflate_unpack(memory, copy, packed->len, sizeof text, &back),
                0);
            assert_int_equal(back->len, sizeof text);
            assert_memory_equal(back->data, text, sizeof text);
        }
    }
    free(copy);
}

/* A thousandfold: it is given up as soon as it is too long. */
static void a_bomb_is_not_unpacked(void **state)
{
    static char zeros[STREAM_DEFLATE_MOST];
    struct iovec whole = {zeros, sizeof zeros};
    const struct buf *packed, *text;
    char *bomb;

    (void)state;
    assert_int_equal(stream_deflate_pack(memory, 15, &whole, 1, &packed), 0);
    assert_true(packed->len < sizeof zeros / 100);
    bomb = malloc(packed->len);
    memcpy(bomb, packed->data, packed->len);
    assert_int_equal(stream_deflate_unpack(memory, bomb, packed->len, 65536, &text), ERR_LIMIT);
    assert_int_equal(text->len, 65537);
    assert_true(text->cap < 200000);
    free(bomb);
}

static void what_gains_nothing_goes_as_it_is(void **state)
{
    static char noise[STREAM_DEFLATE_MOST + 1];
    unsigned seed = 1;
    const struct buf *packed;
    struct iovec whole = {noise, STREAM_DEFLATE_LEAST - 1};

    (void)state;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
    assert_int_equal(stream_deflate_pack(memory, 15, &whole, 1, &packed), ERR_LIMIT);
    whole.iov_len = 5000;
    assert_int_equal(stream_deflate_pack(memory, 15, &whole, 1, &packed), ERR_LIMIT);
    whole.iov_len = sizeof noise;
    assert_int_equal(stream_deflate_pack(memory, 15, &whole, 1, &packed), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_that_can_be_kept_is_taken),
        cmocka_unit_test(an_offer_that_cannot_be_kept_is_passed_over),
        cmocka_unit_test(the_examples_of_the_standard_are_read),
        cmocka_unit_test(messages_come_back_whatever_the_window),
        cmocka_unit_test(a_bomb_is_not_unpacked),
        cmocka_unit_test(what_gains_nothing_goes_as_it_is),
    };

    return cmocka_run_group_tests(tests, make, drop);
}
