# SPDX-License-Identifier: BSD-2-Clause
# What several families need: money, time, places, text, records.
libtools_a_SOURCES += \
	tools/kit/about.c tools/kit/about.h \
	tools/kit/alarm.c tools/kit/alarm.h \
	tools/kit/amount.c tools/kit/amount.h \
	tools/kit/fetch.c tools/kit/fetch.h \
	tools/kit/civil.c tools/kit/civil.h \
	tools/kit/converted.c tools/kit/converted.h \
	tools/kit/cost.c tools/kit/cost.h \
	tools/kit/courtesy.c tools/kit/courtesy.h \
	tools/kit/crossing.h \
	tools/kit/currency.c tools/kit/currency.h \
	tools/kit/currency_table.c tools/kit/currency_table.h \
	tools/kit/plausible.c tools/kit/plausible.h \
	tools/kit/export_attachments.c \
	tools/kit/export_file.c tools/kit/export_file.h \
	tools/kit/gazetteer.c tools/kit/gazetteer.h \
	tools/kit/gazetteer_fold.c \
	tools/kit/gazetteer_spelling.c \
	tools/kit/rates.c tools/kit/rates.h \
	tools/kit/record.c tools/kit/record.h \
	tools/kit/kind.h \
	tools/kit/land.c tools/kit/land.h \
	tools/kit/land_way.c \
	tools/kit/mapped.c tools/kit/mapped.h \
	tools/kit/record_match.c tools/kit/record_match.h \
	tools/kit/remembered.c tools/kit/remembered.h \
	tools/kit/module.h \
	tools/kit/subscription.c tools/kit/subscription.h \
	tools/kit/timestamp.c tools/kit/timestamp.h \
	tools/kit/unit.c \
	tools/kit/unit_table.c tools/kit/unit_table.h \
	tools/kit/units.c tools/kit/units.h \
	tools/kit/numeral.c tools/kit/numeral.h \
	tools/kit/people.c tools/kit/people.h \
	tools/kit/phone.c tools/kit/phone.h \
	tools/kit/preview.c tools/kit/preview.h \
	tools/kit/records_fuel.c \
	tools/kit/report_page.c tools/kit/report_page.h \
	tools/kit/road.c tools/kit/road.h \
	tools/kit/road_words.c \
	tools/kit/route.c tools/kit/route.h \
	tools/kit/route_result.c \
	tools/kit/route_rules.c tools/kit/route_rules.h \
	tools/kit/route_valhalla.c tools/kit/route_valhalla.h \
	tools/kit/run.c tools/kit/run.h \
	tools/kit/page.c tools/kit/page.h \
	tools/kit/period.c tools/kit/period.h \
	tools/kit/place.c tools/kit/place.h \
	tools/kit/place_choose.c tools/kit/place_choose.h \
	tools/kit/place_geocode.c tools/kit/place_geocode.h \
	tools/kit/trip_live.c tools/kit/trip_live.h \
	tools/kit/vehicle.c tools/kit/vehicle.h \
	tools/kit/vehicle_use.c tools/kit/vehicle_use.h \
	tools/kit/word_set.c tools/kit/word_set.h \
	tools/kit/zone.c tools/kit/zone.h
TOOLS_LUA += tools/kit/lua/records_fuel_before.lua tools/kit/lua/records_fuel_stats.lua \
	tools/kit/lua/records_fuel_uses.lua
RECORD_PARTS += tools/kit/lua
EXTRA_DIST += tools/kit/lua/lib_fuel.lua
EXTRA_DIST += build-aux/make-gazetteer build-aux/make-names.mjs build-aux/make-places.mjs \
	build-aux/places.txt build-aux/exonyms.txt build-aux/lakes.txt

nodist_libtools_a_SOURCES += tools/kit/crossing_table.c
CLEANFILES += tools/kit/crossing_table.c
EXTRA_DIST += build-aux/make-crossings tools/kit/crossings.txt
tools/kit/crossing_table.c: build-aux/make-crossings tools/kit/crossings.txt
	$(AM_V_GEN)$(MKDIR_P) tools/kit && $(top_srcdir)/build-aux/make-crossings $(top_srcdir)/tools/kit/crossings.txt $@
