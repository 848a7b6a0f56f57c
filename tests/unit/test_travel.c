/* SPDX-License-Identifier: BSD-2-Clause */
/* Places, distances and trips, with and without a routing service. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/gazetteer.h"

#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- a routing service that says what it is told to --- */

static void serve(int listener, const char *answer)
{
    char request[4096];
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        size_t len = 0;
        if (fd < 0)
            _exit(0);
        while (len < sizeof request - 1) {
            ssize_t n = read(fd, request + len, sizeof request - 1 - len);
            if (n <= 0)
                break;
            request[len += (size_t)n] = '\0';
            if (strstr(request, "\r\n\r\n"))
                break;
        }
        bool right =
            strstr(request, "GET /osrm/route/v1/driving/151.207320,-33.867850;") == request;
        if (answer[0] == '\0') /* silent until the client gives up */
            (void)!read(fd, request, 1);
        else
            dprintf(fd, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                right ? "200 OK" : "404 Not Found", strlen(answer), answer);
        close(fd);
    }
}

static pid_t service_start(const char *answer)
{
    char url[64], why[CONF_WHY_SIZE];
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    pid_t pid = fork();
    if (pid == 0)
        serve(listener, answer);
    close(listener);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/osrm/", ntohs(addr.sin_port));
    assert_int_equal(conf_set(&bench.conf, "osrm.url", url, why), 0);
    return pid;
}

static void service_stop(pid_t pid)
{
    char why[CONF_WHY_SIZE];
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    conf_set(&bench.conf, "osrm.url", "", why);
}

/* --- */

static void finds_places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *country, *found;
    } cases[] = {
        {"Sydney", "AU", "Sydney, New South Wales"},
        {"sydney, nsw", "", "Sydney, New South Wales"},
        {"Sydney, Nova Scotia, Canada", "AU", "Sydney, Nova Scotia"},
        {"Brisbane Australia", "", "Brisbane, Queensland"},
        {"Brisbane, QLD", "", "Brisbane, Queensland"},
        {"Birmingham", "US", "Birmingham, Alabama"},
        {"Birmingham", "AU", "Birmingham, England"},
        {"Birmingham UK", "US", "Birmingham, England"},
        {"GOLD  COAST", "", "Gold Coast, Queensland"},
        {"Coeur d\xe2\x80\x99"
         "Alene, Idaho",
            "", "Coeur d'Alene, Idaho"},
        {"Z\xc3\xbc"
         "rich",
            "",
            "Z\xc3\xbc"
            "rich, Zurich"},
        {"Melbourne Florida USA", "AU", "Melbourne, Florida"},
        {"Melbourne, FL, USA", "AU", "Melbourne, Florida"},
        {"Atlantis", "", NULL},
        {"", "", NULL},
        {", ,", "", NULL},
        {"Sydney, Mars", "", NULL},
    };
    assert_int_equal(gazetteer_open(bench.gazetteer), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gazetteer_bias bias = {0};
        struct gazetteer_candidates m;
        char found[256];
        snprintf(bias.country_code, sizeof bias.country_code, "%s", cases[i].country);
        int result = gazetteer_candidates(cases[i].text, &bias, &m);
        snprintf(found, sizeof found, "%s, %s", m.all[0].place.name, m.all[0].place.region);
        if (!cases[i].found ? result != ERR_NOT_FOUND :
                              result != 0 || strcmp(found, cases[i].found) != 0)
            fail_msg("\"%s\": %s (%s)", cases[i].text, found, err_name(result));
    }
}

static void reads_coordinates(void **state)
{
    (void)state;
    struct gazetteer_bias bias = {0};
    struct gazetteer_candidates m;
    assert_int_equal(gazetteer_candidates("-27.47, 153.02", &bias, &m), 0);
    assert_true(m.all[0].place.latitude == -27.47 && m.all[0].place.longitude == 153.02);
    assert_int_equal(gazetteer_candidates("91,0", &bias, &m), ERR_INVALID);
    assert_int_equal(gazetteer_candidates("12", &bias, &m), ERR_NOT_FOUND);
}

static void estimates_and_says_so(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "calculate_distance",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"waypoints\":\"Gold Coast\"}");
    bool estimate = false;
    assert_int_equal(jdoc_get_bool(at(r, "/route"), "estimate", &estimate), 0);
    assert_true(estimate);
    assert_true(fabs(number_at(r, "/route/distance_km") - 940) < 40);
    assert_string_equal(text_at(r, "/route/legs/1/from"), "Gold Coast");
    assert_non_null(strstr(text_at(r, "/notes/0"), "Nova Scotia"));
    jdoc_free(r);
    tool_refused(&bench, "calculate_distance",
        "{\"origin\":\"Sydney\",\"destination\":\"Atlantis\"}", "invalid_argument", "/destination");
    tool_refused(&bench, "calculate_distance",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"waypoints\":[\"Atlantis\"]}",
        "invalid_argument", "/waypoints/0");
}

static void counts_breaks_and_nights(void **state)
{
    (void)state;
    /* 914 km at 55 mph are 10.3 hours: 8 on the first day with 2 breaks and a meal, 2.3 with
     * one. */
    jdoc *r = tool_ok(&bench, "estimate_travel_time",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"departure_time\":\"2026-12-01T07:00\"}");
    assert_int_equal(number_at(r, "/travel_time/driving_days"), 2);
    assert_int_equal(number_at(r, "/travel_time/overnight_stops"), 1);
    assert_int_equal(number_at(r, "/travel_time/break_minutes"), 15 + 15 + 30 + 15);
    /* Brisbane has no daylight saving: an hour behind Sydney. */
    assert_memory_equal(text_at(r, "/travel_time/arrival"), "2026-12-02T08:", 14);
    assert_string_equal(text_at(r, "/travel_time/arrival_timezone"), "Australia/Brisbane");
    jdoc_free(r);
    r = tool_ok(&bench, "estimate_travel_time",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"include_breaks\":\"false\"}");
    assert_int_equal(number_at(r, "/travel_time/break_minutes"), 0);
    assert_true(
        number_at(r, "/travel_time/total_hours") == number_at(r, "/travel_time/drive_hours"));
    jdoc_free(r);
}

static void plans_and_keeps_a_trip(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "plan_trip",
        "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"budget\":100,\"start_date\":\"2026-12-01\","
        "\"end_date\":\"2026-12-01\"}");
    assert_int_equal(number_at(r, "/trip/budget_minor"), 10000);
    assert_int_equal(number_at(r, "/trip/driving_days"), 2);
    assert_true(number_at(r, "/trip/cost_estimate/fuel_cost") > 400);
    assert_string_equal(text_at(r, "/map_action/points/1/name"), "Brisbane");
    assert_int_equal(jdoc_length(at(r, "/notes")), 3); /* which Sydney, fuel, dates */
    jdoc_free(r);
    struct link_reply *reply = NULL;
    assert_int_equal(link_command(bench.context.store->link, &reply, "HLEN tp:{ann}:r:trip"), 0);
    assert_int_equal(link_reply_int(reply), 1);
    link_reply_free(reply);
    tool_refused(&bench, "plan_trip",
        "{\"origin\":\"Sydney\",\"destination\":\"Perth\",\"start_date\":\"2026-12-02\","
        "\"end_date\":\"2026-12-01\"}",
        "invalid_argument", "/end_date");
}

static const char question[] = "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}";

static void asks_the_service(void **state)
{
    (void)state;
    bool estimate = true;
    pid_t pid = service_start(
        "{\"code\":\"Ok\",\"routes\":[{\"legs\":[{\"distance\":917300.5,\"duration\":36000}]}]}");
    jdoc *r = tool_ok(&bench, "calculate_distance", question);
    assert_true(number_at(r, "/route/distance_km") == 917.3);
    assert_true(number_at(r, "/route/drive_hours") == 10);
    jdoc_get_bool(at(r, "/route"), "estimate", &estimate);
    assert_false(estimate);
    jdoc_free(r);
    jdoc_free(tool_call(&bench, "plan_trip", "call-1", question));
    service_stop(pid);
}

static void falls_back_honestly(void **state)
{
    (void)state;
    static const char *const answers[] = {"{\"code\":\"Ok\",\"routes\":[]}", "<html>",
        "{\"code\":\"InvalidUrl\"}",
        "{\"code\":\"Ok\",\"routes\":[{\"legs\":[{\"distance\":-1,\"duration\":1}]}]}"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        pid_t pid = service_start(answers[i]);
        jdoc *r = tool_ok(&bench, "calculate_distance", question);
        bool estimate = false;
        jdoc_get_bool(at(r, "/route"), "estimate", &estimate);
        assert_true(estimate);
        assert_non_null(strstr(text_at(r, "/notes/1"), "could not be asked"));
        jdoc_free(r);
        service_stop(pid);
    }
    pid_t pid = service_start("{\"code\":\"NoRoute\"}");
    tool_refused(&bench, "calculate_distance", question, "no_route", NULL);
    service_stop(pid);
}

static void stops_when_told(void **state)
{
    (void)state;
    pid_t pid = service_start("");
    struct tools_run run = {.context = &bench.context,
        .spec = tools_find("calculate_distance"),
        .arena = arena_new()};
    assert_int_equal(tools_start(&run, question, strlen(question)), ERR_PENDING);
    reactor_step(bench.reactor, 0, NULL);
    tools_cancel(&run);
    assert_true(run.done);
    assert_string_equal(text_at(run.result, "/error/code"), "cancelled");
    tools_fini(&run);
    arena_free(run.arena);
    service_stop(pid);
}

static void says_what_is_not_configured(void **state)
{
    (void)state;
    char why[CONF_WHY_SIZE];
    conf_set(&bench.conf, "gazetteer.file", "/nonexistent/places.tsv", why);
    tool_refused(&bench, "calculate_distance", question, "provider_not_configured", NULL);
    jdoc *r = tool_ok(&bench, "calculate_distance",
        "{\"origin\":\"-33.87,151.2\",\"destination\":\"-27.47,153.02\"}");
    assert_true(number_at(r, "/route/distance_km") > 800);
    jdoc_free(r);
    conf_set(&bench.conf, "gazetteer.file", "/etc/hostname", why);
    tool_refused(&bench, "calculate_distance", question, "provider_not_configured", NULL);
    conf_set(&bench.conf, "gazetteer.file", bench.gazetteer, why);
}

/* The file that the build makes, when GAZETTEER_FILE names it. */
static void works_with_the_real_file(void **state)
{
    (void)state;
    const char *path = getenv("GAZETTEER_FILE");
    struct gazetteer_bias bias = {.country_code = "AU"};
    struct gazetteer_candidates m;
    if (!path)
        skip();
    assert_int_equal(gazetteer_open(path), 0);
    static const char *const names[] = {"Sydney", "Brisbane", "Perth", "Cairns", "Adelaide",
        "Melbourne", "Hobart", "Darwin"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(gazetteer_candidates(names[i], &bias, &m), 0);
        assert_string_equal(m.all[0].place.country_code, "AU");
        assert_string_equal(m.all[0].place.name, names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_places),
        cmocka_unit_test(reads_coordinates),
        cmocka_unit_test(estimates_and_says_so),
        cmocka_unit_test(counts_breaks_and_nights),
        cmocka_unit_test(plans_and_keeps_a_trip),
        cmocka_unit_test(asks_the_service),
        cmocka_unit_test(falls_back_honestly),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(says_what_is_not_configured),
        cmocka_unit_test(works_with_the_real_file),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
