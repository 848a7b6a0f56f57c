/* SPDX-License-Identifier: BSD-2-Clause */
/* spans: a client may have its trace sent, and not make a worker send any number of them. */
#include "process/spans.h"

#include "base/clock.h"
#include "tests/unit/cm.h"

#include <string.h>

#define MANY 1000

static void clients_force_so_many_traces_a_second(void **state)
{
    struct conf conf;
    struct reactor *reactor = NULL;
    char why[CONF_WHY_SIZE];
    int64_t began = clock_mono_ms();
    unsigned on = 0;

    (void)state;
    assert_int_equal(conf_init(&conf), 0);
    assert_int_equal(conf_set(&conf, "otlp.url", "http://127.0.0.1:9/", why), 0);
    assert_int_equal(conf_set(&conf, "otlp.sample", "0", why), 0);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(spans_open(&conf, reactor), 0);
    for (int i = 0; i < MANY; i++) {
        struct trace_span span;
        spans_adopt(&span, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", NULL, 0);
        on += span.on;
        assert_int_equal(span.trace.flags, span.on);
    }
    assert_true(on >= SPANS_FORCED_MAX);
    assert_true(on <= SPANS_FORCED_MAX * ((clock_mono_ms() - began) / 1000 + 2));
    spans_close();
    reactor_free(reactor);
    conf_fini(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(clients_force_so_many_traces_a_second)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
