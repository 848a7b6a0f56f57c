/* SPDX-License-Identifier: BSD-2-Clause */
/* Contacts: the address book, vCards of phones, birthdays, people found by name. */
#include "base/err.h"
#include "store/inbox.h"
#include "store/shared.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/engine/modules.h"
#include "tools/kit/civil.h"
#include "tools/person/vcard.h"
#include "workers/housekeeper/reminders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct reminders_desk *desk;

static int start(void **state)
{
    tool_fixture_start(state);
    return reminders_desk_new(&desk, bench.context.store, modules_rings());
}

static int stop(void **state)
{
    reminders_desk_free(desk);
    return tool_fixture_stop(state);
}

static void ok(const char *tool, const char *args)
{
    jdoc_free(tool_ok(&bench, tool, args));
}

/* --- vCard --- */

static void expect_card(const char *text, size_t len, size_t index, const char *expected)
{
    struct vcard_list list;
    struct buf json = {0};
    assert_int_equal(vcard_read(text, len, &list), 0);
    jdoc_write(jdoc_at(list.cards, index), &json);
    assert_string_equal(buf_text(&json), expected);
    buf_free(&json);
    vcard_free(&list);
}

#define CARD(body) "BEGIN:VCARD\r\n" body "END:VCARD\r\n"
static void cards_of_phones_are_read(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {CARD(
             "VERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\r\n"
             "TEL;CELL;PREF:+49 151 234\r\nTEL;HOME:030/123456\r\nEMAIL;INTERNET:j@example.org\r\n"
             "PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ\r\n AQABAAD\r\n\r\n"),
            "{\"phones\":[\"+49 151 234\",\"030/123456\"],\"emails\":[\"j@example.org\"],"
            "\"name\":\"J\xc3\xb6rg M\xc3\xbcller\"}"},
        {CARD("FN;ENCODING=QUOTED-PRINTABLE:A=\r\nB=3D=\r\nC\r\n"), "{\"name\":\"AB=C\"}"},
        {CARD("FN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Ren=E9\r\n"),
            "{\"name\":\"Ren\xc3\xa9\"}"},
        {CARD("FN:Ren\xe9\r\n"), "{\"name\":\"Ren\xc3\xa9\"}"},
        {CARD("item1.TEL;type=\"a:b\":12 34\r\nFN:Ro\r\n bin\r\n"),
            "{\"phones\":[\"12 34\"],\"name\":\"Robin\"}"},
        {CARD(
             "FN:A\r\nADR;TYPE=home:;;1 Long Rd;Broome;WA;6725;Australia\r\nBDAY:1985-04-12T00:00:00Z\r\n"),
            "{\"name\":\"A\",\"address\":\"1 Long Rd, Broome, WA, 6725, Australia\",\"birthday\":\"1985-04-12\"}"},
        {CARD("FN:A\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29\r\n"),
            "{\"name\":\"A\",\"birthday\":\"--02-29\"}"},
        {CARD("FN:A\r\nBDAY:2001-02-29\r\nTEL:tel:+1\r\nTEL:+1\r\n"),
            "{\"name\":\"A\",\"phones\":[\"+1\"]}"},
        {CARD("ORG:Reed \\& Sons\\, Ltd;Sales\r\nNOTE:one\\ntwo\\;three\r\n"),
            "{\"organization\":\"Reed & Sons, Ltd, Sales\",\"notes\":\"one two;three\",\"name\":\"Reed & Sons, Ltd, Sales\"}"},
        {CARD("EMAIL:only@example.org\r\n"),
            "{\"emails\":[\"only@example.org\"],\"name\":\"only@example.org\"}"},
        {CARD("FN:Outer\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Inner\r\nTEL:1\r\nEND:VCARD\r\n"),
            "{\"name\":\"Outer\"}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_card(cases[i].text, strlen(cases[i].text), 0, cases[i].json);
    static const char wide[] =
        "\xff\xfe"
        "B\0E\0G\0I\0N\0:\0V\0C\0A\0R\0D\0\n\0F\0N\0:\0Z\0o\0\xeb\0\n\0E\0N\0D\0:"
        "\0V\0C\0A\0R\0D\0\n";
    expect_card(wide, sizeof wide, 0, "{\"name\":\"Zo\xc3\xab\"}");
}

/* Its colon lies behind what is kept of a line. */
static void a_line_that_is_too_long_is_read_within_its_bounds(void **state)
{
    struct vcard_list list;
    struct buf text = {0};
    (void)state;
    buf_puts(&text, "BEGIN:VCARD\r\nVERSION:2.1\r\nFN:Jo\r\nA;ENCODING=QUOTED-PRINTABLE;");
    for (int i = 0; i < 1100; i++)
        for (int k = 0; k < 64; k++)
            buf_puts(&text, "xxxxxxxxxxxxxxxx");
    buf_puts(&text, ":y\r\nEND:VCARD\r\n");
    assert_int_equal(buf_error(&text), 0);
    assert_int_equal(vcard_read(buf_text(&text), text.len, &list), 0);
    assert_int_equal(jdoc_length(list.cards), 1);
    vcard_free(&list);
    buf_free(&text);
}

static void bad_cards_cost_themselves(void **state)
{
    struct vcard_list list;
    struct buf many = {0};
    static const char mixed[] =
        CARD("FN:One\r\n") CARD("TEL:1\r\n") CARD("FN:Two\r\n") "BEGIN:VCARD\r\nFN:3";
    (void)state;
    assert_int_equal(vcard_read(mixed, strlen(mixed), &list), 0);
    assert_int_equal(jdoc_length(list.cards), 2);
    assert_int_equal(list.skipped_count, 2);
    assert_int_equal(number_at(list.skipped, "/0/card"), 2);
    assert_int_equal(number_at(list.skipped, "/0/line"), 4);
    assert_string_equal(text_at(list.skipped, "/0/reason"), "it has no name");
    assert_string_equal(text_at(list.skipped, "/1/reason"), "its end is missing");
    vcard_free(&list);
    static const char *const none[] = {"", "hello", "END:VCARD", "BEGIN:VEVENT\r\nEND:VEVENT"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(vcard_read(none[i], strlen(none[i]), &list), ERR_INVALID);
        vcard_free(&list);
    }
    for (int i = 0; i <= VCARD_CARDS_MAX; i++)
        buf_puts(&many, CARD("FN:x\r\n"));
    assert_int_equal(vcard_read(buf_text(&many), many.len, &list), ERR_LIMIT);
    vcard_free(&list);
    buf_free(&many);
}

static void what_is_written_is_read_again(void **state)
{
    static const char json[] =
        "{\"name\":\"J\xc3\xb6rg, the long-named friend of ours; with \\\\ and many more words, so that it folds"
        " \xc3\xa9\xc3\xa9\xc3\xa9\",\"phones\":[\"+49 151\"],\"address\":\"1 Long Rd, Broome\",\"birthday\":\"--04-12\"}";
    struct vcard_list list;
    struct buf text = {0}, again = {0};
    jdoc *doc = NULL;
    (void)state;
    assert_int_equal(jdoc_parse(json, strlen(json), &doc, NULL, 0), 0);
    vcard_write(doc, &text);
    for (const char *line = buf_text(&text); *line != '\0'; line = strstr(line, "\r\n") + 2)
        assert_true(strstr(line, "\r\n") - line <= 75);
    assert_int_equal(vcard_read(buf_text(&text), text.len, &list), 0);
    jdoc_write(jdoc_at(list.cards, 0), &again);
    assert_string_equal(buf_text(&again), json);
    vcard_free(&list);
    jdoc_free(doc);
    buf_free(&text);
    buf_free(&again);
}

/* A card without END costs itself alone; of two with one UID the first counts. */
static void broken_cards_cost_themselves(void **state)
{
    static const char text[] = "BEGIN:VCARD\nFN:A\nUID:1\nBEGIN:VCARD\nFN:B\nUID:2\nEND:VCARD\n"
                               "BEGIN:VCARD\nFN:C\nUID:2\nEND:VCARD\nBEGIN:VCARD\nFN:D\n"
                               "AGENT:\nBEGIN:VCARD\nFN:X\nBEGIN:VCARD\nFN:E\nEND:VCARD\n";
    struct vcard_list list;
    struct buf json = {0};
    (void)state;
    assert_int_equal(vcard_read(text, sizeof text - 1, &list), 0);
    jdoc_write(list.cards, &json);
    assert_string_equal(buf_text(&json), "[{\"name\":\"B\",\"uid\":\"2\"},{\"name\":\"E\"}]");
    buf_reset(&json);
    jdoc_write(list.skipped, &json);
    assert_string_equal(buf_text(&json),
        "[{\"card\":1,\"line\":1,\"reason\":\"its end is missing\"},{\"card\":3,\"line\":8,"
        "\"reason\":\"an earlier card of the file has its UID\"},{\"card\":4,\"line\":12,"
        "\"reason\":\"its end is missing\"}]");
    buf_free(&json);
    vcard_free(&list);
}

/* --- the tools --- */

static void a_file_comes_in_once(void **state)
{
    struct buf args = {0}, file = {0};
    (void)state;
    for (int i = 0; i < 130; i++)
        buf_printf(&file, "BEGIN:VCARD\nFN:Person %d\nTEL:040000%d\nEND:VCARD\n", i, i);
    buf_puts(&file, "BEGIN:VCARD\nEND:VCARD\n");
    buf_puts(&args, "{\"text\":");
    buf_json_string(&args, buf_text(&file), file.len);
    buf_putc(&args, '}');
    jdoc *r = tool_ok(&bench, "import_contacts", buf_text(&args));
    assert_int_equal(number_at(r, "/created"), 130);
    assert_int_equal(number_at(r, "/skipped_count"), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "import_contacts", buf_text(&args));
    assert_int_equal(number_at(r, "/created"), 0);
    assert_int_equal(number_at(r, "/known"), 130);
    jdoc_free(r);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:contact"), 130);
    r = tool_ok(&bench, "undo_change", "{}"); /* three commits, one change */
    assert_non_null(strstr(text_at(r, "/message"), "import_contacts"));
    jdoc_free(r);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:contact"), 0);
    jdoc_free(tool_ok(&bench, "undo_change", "{\"redo\":true}"));
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:contact"), 130);
    r = tool_ok(&bench, "export_contacts", "{\"contact\":\"person 77\"}");
    assert_non_null(strstr(text_at(r, "/vcard"), "FN:Person 77\r\n"));
    jdoc_free(r);
    r = tool_ok(&bench, "export_contacts", "{}");
    assert_int_equal(number_at(r, "/count"), 130);
    jdoc_free(r);
    tool_refused(&bench, "import_contacts", "{\"text\":\"hello\"}", "invalid_argument", NULL);
    tool_refused(&bench, "import_contacts", "{}", "invalid_argument", "/attachment_id");
    tool_refused(&bench, "import_contacts", "{\"attachment_id\":\"att-0\"}", "not_found", NULL);
    buf_free(&args);
    buf_free(&file);
}

static void people_are_kept_and_found(void **state)
{
    (void)state;
    ok("add_contact",
        "{\"name\":\"Kevin Brown\",\"phones\":[\"0400 555 111\"],\"nickname\":\"Kev\"}");
    ok("add_contact", "{\"name\":\"Kevin Stone\"}");
    tool_refused(&bench, "update_contact", "{\"contact\":\"kevin\",\"notes\":\"x\"}", "ambiguous",
        NULL);
    ok("update_contact", "{\"contact\":\"kevin brown\",\"phones\":[\"0400 999 000\"]}");
    jdoc *r = tool_ok(&bench, "find_contacts", "{\"name\":\"kev\"}");
    assert_string_equal(text_at(r, "/contacts/0/phones/0"), "0400 999 000");
    jdoc_free(r);
    tool_refused(&bench, "add_contact", "{\"name\":\"X\",\"phones\":[\"call me\"]}",
        "invalid_argument", "/phones");
    tool_refused(&bench, "add_contact", "{\"name\":\"X\",\"birthday\":\"1985-02-30\"}",
        "invalid_argument", "/birthday");
    tool_refused(&bench, "add_contact", "{\"name\":\"X\",\"remind_birthday\":true}",
        "invalid_argument", "/birthday");
    tool_refused(&bench, "delete_contact", "{\"contact\":\"stone\"}", "invalid_argument",
        "/confirm");
    ok("delete_contact", "{\"contact\":\"stone\",\"confirm\":true}");
    r = tool_ok(&bench, "find_contacts", "{}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
}

static void look_at(const char *when)
{
    struct civil c;
    assert_int_equal(civil_parse(when, &c), 0);
    reminders_desk_set_clock(desk, (civil_seconds(&c) - c.offset) * 1000);
    reminders_desk_wake(desk);
    reminders_desk_step(desk, 0);
}

static void birthdays_ring_each_year(void **state)
{
    struct buf text = {0};
    (void)state;
    ok("add_contact", "{\"name\":\"Maria\",\"birthday\":\"1990-12-24\",\"remind_birthday\":true}");
    look_at("2026-12-24T08:59:00+11:00");
    assert_int_equal(tool_fixture_number("XLEN tp:{ann}:inbox"), 0);
    look_at("2026-12-24T09:00:01+11:00");
    look_at("2027-12-24T09:00:01+11:00");
    assert_int_equal(inbox_list(bench.context.store, "ann", NULL, 100, &text), 0);
    assert_non_null(strstr(buf_text(&text), "Maria has a birthday today: 36"));
    assert_non_null(strstr(buf_text(&text), "Maria has a birthday today: 37"));
    buf_free(&text);
}

/* --- people by name --- */

static void befriend(const char *a, const char *b)
{
    struct shared_follow f;
    assert_int_equal(shared_follow(bench.context.store, NULL, a, b, true, &f), 0);
    assert_int_equal(shared_follow(bench.context.store, NULL, b, a, true, &f), 0);
}

static void seed_of(const char *uid, const char *family, const char *id, const char *json)
{
    bench.context.uid = uid;
    tool_seed(&bench, family, id, 1, json);
    bench.context.uid = "ann";
}

static void friends_are_written_to_by_name(void **state)
{
    (void)state;
    befriend("ann", "u-17");
    seed_of("u-17", "profile", "me", "{\"id\":\"me\",\"username\":\"kevin_on_tour\"}");
    jdoc *r = tool_ok(&bench, "message_friend", "{\"recipient_id\":\"Kevin\",\"message\":\"Hi\"}");
    assert_string_equal(text_at(r, "/direct_message/to"), "u-17");
    jdoc_free(r);
    tool_refused(&bench, "message_friend", "{\"recipient_id\":\"Zoe\",\"message\":\"Hi\"}",
        "not_found", NULL);
    befriend("ann", "u-18");
    ok("add_contact", "{\"name\":\"Kevin Brown\",\"user_id\":\"u-18\"}");
    tool_refused(&bench, "message_friend", "{\"recipient_id\":\"Kevin\",\"message\":\"Hi\"}",
        "ambiguous", "/recipient_id");
    r = tool_ok(&bench, "message_friend", "{\"recipient_id\":\"Kevin Brown\",\"message\":\"Hi\"}");
    assert_string_equal(text_at(r, "/direct_message/to"), "u-18");
    jdoc_free(r);
    r = tool_ok(&bench, "follow_user", "{\"target_user_id\":\"kevin brown\",\"unfollow\":true}");
    assert_string_equal(text_at(r, "/follow/user_id"), "u-18");
    jdoc_free(r);
    ok("add_contact", "{\"name\":\"Trev Hill\"}");
    tool_refused(&bench, "message_friend", "{\"recipient_id\":\"Trev\",\"message\":\"Hi\"}",
        "ambiguous", "/recipient_id");
    seed_of("u-17", "privacy", "me", "{\"id\":\"me\",\"profile_visibility\":\"private\"}");
    tool_refused(&bench, "message_friend",
        "{\"recipient_id\":\"kevin on tour\",\"message\":\"Hi\"}", "not_found", NULL);
}

/* Whoever takes a contact's name gets none of that contact's messages. */
static void a_name_of_ones_own_choice_reaches_nobody_else(void **state)
{
    (void)state;
    befriend("ann", "u-20");
    befriend("ann", "u-21");
    befriend("ann", "mum");
    ok("add_contact", "{\"name\":\"Trev Hill\",\"user_id\":\"u-20\"}");
    ok("add_contact", "{\"name\":\"Mum\",\"user_id\":\"u-20\"}");
    ok("add_contact", "{\"name\":\"Zoe Ray\"}");
    seed_of("u-21", "profile", "me", "{\"id\":\"me\",\"username\":\"trev\"}");
    /* The friend's name fits better than the contact's: asked. */
    tool_refused(&bench, "message_friend", "{\"recipient_id\":\"trev\",\"message\":\"Hi\"}",
        "ambiguous", "/recipient_id");
    seed_of("u-21", "profile", "me", "{\"id\":\"me\",\"username\":\"trev hill\"}");
    jdoc *r =
        tool_ok(&bench, "message_friend", "{\"recipient_id\":\"Trev Hill\",\"message\":\"Hi\"}");
    assert_string_equal(text_at(r, "/direct_message/to"), "u-20");
    jdoc_free(r);
    /* An id is a name that somebody has chosen, too. */
    r = tool_ok(&bench, "message_friend", "{\"recipient_id\":\"mum\",\"message\":\"Hi\"}");
    assert_string_equal(text_at(r, "/direct_message/to"), "u-20");
    jdoc_free(r);
    r = tool_ok(&bench, "message_friend", "{\"recipient_id\":\"id:mum\",\"message\":\"Hi\"}");
    assert_string_equal(text_at(r, "/direct_message/to"), "mum");
    jdoc_free(r);
    /* A contact of that name whose user nobody knows: asked, not guessed. */
    seed_of("u-21", "profile", "me", "{\"id\":\"me\",\"username\":\"Zoe Ray\"}");
    tool_refused(&bench, "message_friend", "{\"recipient_id\":\"Zoe Ray\",\"message\":\"Hi\"}",
        "ambiguous", "/recipient_id");
}

/* A stranger's id is no contact's name, whatever is known of the contact. */
static void an_id_that_is_a_contacts_name_reaches_no_stranger(void **state)
{
    (void)state;
    befriend("ann", "Anna");
    befriend("ann", "Bob");
    ok("add_contact", "{\"name\":\"Anna\"}");
    ok("add_contact", "{\"name\":\"Bob\",\"user_id\":\"u-20\"}");
    ok("add_contact", "{\"name\":\"Bob\",\"user_id\":\"u-21\"}");
    tool_refused(&bench, "message_friend", "{\"recipient_id\":\"Anna\",\"message\":\"Hi\"}",
        "ambiguous", "/recipient_id");
    tool_refused(&bench, "message_friend", "{\"recipient_id\":\"Bob\",\"message\":\"Hi\"}",
        "ambiguous", "/recipient_id");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cards_of_phones_are_read),
        cmocka_unit_test(broken_cards_cost_themselves),
        cmocka_unit_test(bad_cards_cost_themselves),
        cmocka_unit_test(a_line_that_is_too_long_is_read_within_its_bounds),
        cmocka_unit_test(what_is_written_is_read_again),
        T(a_file_comes_in_once),
        T(people_are_kept_and_found),
        T(an_id_that_is_a_contacts_name_reaches_no_stranger),
        T(birthdays_ring_each_year),
        T(friends_are_written_to_by_name),
        T(a_name_of_ones_own_choice_reaches_nobody_else),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
