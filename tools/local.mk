noinst_LIBRARIES += libtools.a
# The order of families is the order of the model's list: add at the end.
TOOLS_SPEC = \
	tools/spec/time.json \
	tools/spec/calendar.json \
	tools/spec/money.json \
	tools/spec/travel.json
libtools_a_CPPFLAGS = $(AM_CPPFLAGS) -DGAZETTEER_PATH='"$(pkgdatadir)/gazetteer.tsv"'
libtools_a_SOURCES = \
	tools/amount.c tools/amount.h \
	tools/calendar.c \
	tools/civil.c tools/civil.h \
	tools/currency.c tools/currency.h \
	tools/gazetteer.c tools/gazetteer.h tools/gazetteer_fold.c tools/gazetteer_spelling.c \
	tools/mapped.c tools/mapped.h \
	tools/keep.c tools/keep.h \
	tools/money.c \
	tools/moment.c tools/moment.h \
	tools/numeral.c tools/numeral.h \
	tools/pattern.c tools/pattern.h \
	tools/route.c tools/route.h \
	tools/schema.c tools/schema.h \
	tools/schema_coerce.c \
	tools/schema_form.c \
	tools/time.c \
	tools/tools.c tools/tools.h \
	tools/travel.c \
	tools/zone.c tools/zone.h
nodist_libtools_a_SOURCES = tools/registry.c tools/registry.h

# The generator is one program of the build; it needs no more than base and the schema check.
noinst_PROGRAMS += tools/generate
tools_generate_SOURCES = \
	tools/generate.c \
	tools/civil.c \
	tools/pattern.c \
	tools/schema.c \
	tools/schema_form.c
tools_generate_LDADD = $(BASE_LIBS)

BUILT_SOURCES += tools/registry.c tools/registry.h
CLEANFILES += tools/registry.c tools/registry.h tools/catalogue.md
EXTRA_DIST += $(TOOLS_SPEC) build-aux/make-gazetteer build-aux/make-places.mjs \
	build-aux/places.txt build-aux/exonyms.txt build-aux/lakes.txt
TOOLS_SPEC_FILES = for f in $(TOOLS_SPEC); do \
	if test -f $$f; then set -- "$$@" $$f; else set -- "$$@" $(srcdir)/$$f; fi; done
tools/registry.c: tools/generate$(EXEEXT) $(TOOLS_SPEC)
	$(AM_V_GEN)set --; $(TOOLS_SPEC_FILES); tools/generate$(EXEEXT) --source "$$@" > $@.new && mv $@.new $@
tools/registry.h: tools/generate$(EXEEXT) $(TOOLS_SPEC)
	$(AM_V_GEN)set --; $(TOOLS_SPEC_FILES); tools/generate$(EXEEXT) --header "$$@" > $@.new && mv $@.new $@
tools/catalogue.md: tools/generate$(EXEEXT) $(TOOLS_SPEC)
	$(AM_V_GEN)set --; $(TOOLS_SPEC_FILES); tools/generate$(EXEEXT) --markdown "$$@" > $@.new && mv $@.new $@
$(libtools_a_OBJECTS): tools/registry.h
TOOLS_LIBS = libtools.a $(ICAL_LIBS) $(HPDF_LIBS)

# Records belong to the store, but only tools know them.
STORE_LUA += store/lua/records_commit.lua store/lua/records_range.lua
libstore_a_SOURCES += store/records.c store/records.h
STORE_LUA += store/lua/lib_fuel.lua store/lua/lib_index.lua store/lua/lib_rules.lua \
	store/lua/records_fuel_before.lua store/lua/records_fuel_stats.lua \
	store/lua/records_fuel_uses.lua store/lua/records_index_drop.lua \
	store/lua/records_index_make.lua store/lua/records_search.lua store/lua/records_sums.lua \
	store/lua/records_tagged.lua store/lua/records_tags.lua store/lua/records_words.lua
libstore_a_SOURCES += store/records_fuel.c store/records_index.c store/records_index.h \
	store/records_sums.c
# Events that repeat, and calendars as files
libtools_a_SOURCES += tools/calendar_change.c tools/calendar_file.c tools/calendar_file.h \
	tools/interchange.c tools/interchange.h tools/interchange_write.c tools/export_file.c \
	tools/export_file.h tools/report_page.c tools/report_page.h \
	tools/calendar_event.c tools/calendar_event.h \
	tools/calendar_series.c tools/calendar_series.h tools/calendar_timer.h \
	tools/recurrence.c tools/recurrence.h tools/rrule.c tools/rrule.h tools/rrule_walk.c
# Family money, travel and calendar, the rest of them
libtools_a_SOURCES += tools/ask.c tools/ask.h tools/calendar_message.c \
	tools/calendar_reminders.c tools/calendar_rings.c tools/calendar_reminders.h tools/calendar_timer.c \
	tools/money.h tools/money_alert.c tools/money_category.c tools/money_insight.c tools/money_manage.c \
	tools/money_report.c tools/money_savings.c tools/money_sums.c tools/span.c tools/span.h \
	tools/spot.c tools/spot.h tools/spot_choose.c tools/spot_choose.h \
	tools/spot_geocode.c tools/spot_geocode.h \
	tools/crossing.c tools/crossing.h tools/land.c tools/land.h tools/land_way.c \
	tools/road.c tools/road.h \
	tools/travel_fuel.c tools/travel_map.c tools/travel_order.c tools/travel_places.c \
	tools/travel_roads.c tools/travel_season.c tools/travel_spots.c tools/travel_videos.c \
	tools/travel_weather.c
# Families fuel, maintenance, profile, transition and medical
TOOLS_SPEC += tools/spec/fuel.json tools/spec/maintenance.json tools/spec/profile.json \
	tools/spec/transition.json tools/spec/medical.json
libtools_a_SOURCES += tools/cost.c tools/cost.h tools/export.c tools/export.h tools/fuel.c \
	tools/fuel_receipt.c tools/fuel_use.c tools/fuel_use.h tools/maintenance.c tools/match.c \
	tools/match.h tools/medical.c tools/profile.c tools/profile_vehicle.c tools/receipt.c \
	tools/receipt.h tools/transition.c tools/transition.h tools/transition_gear.c \
	tools/transition_launch.c tools/transition_trips.c tools/vehicle.c tools/vehicle.h \
	tools/vehicle_use.c tools/vehicle_use.h
# Choosing tools
libtools_a_SOURCES += tools/assistant.c tools/finder.c tools/finder.h tools/finder_stem.c \
	tools/finder_stem.h
# Families community, shop and meals
TOOLS_SPEC += tools/spec/community.json tools/spec/shop.json tools/spec/meals.json
libtools_a_SOURCES += tools/community.c tools/community.h tools/community_people.c \
	tools/community_read.c tools/allergen.c tools/allergen_dishes.c tools/allergen_kitchens.c tools/allergen_table.c \
	tools/allergen_table.h tools/allergen_words.c tools/diet.c tools/diet.h \
	tools/ingredient.c tools/ingredient.h tools/meals.c tools/meals.h tools/meals_pantry.c \
	tools/meals_plan.c tools/meals_share.c tools/recipe_page.c tools/recipe_page.h tools/shop.c \
	tools/shop.h tools/shop_file.c tools/shop_web.c tools/preview.c tools/words.c tools/words.h
STORE_LUA += store/lua/lib_shared.lua store/lua/shared_drop.lua store/lua/shared_follow.lua \
	store/lua/shared_friends.lua store/lua/shared_inbox.lua store/lua/shared_like.lua \
	store/lua/shared_message.lua store/lua/shared_near.lua store/lua/shared_place.lua \
	store/lua/shared_put.lua store/lua/shared_search.lua
libstore_a_SOURCES += store/shared.c store/shared.h
# Family assistant
TOOLS_SPEC += tools/spec/assistant.json
# Tools that no build makes: declared ones, and those of MCP servers
libtools_a_SOURCES += tools/declared.c tools/declared.h tools/declared_fill.c tools/declared_run.c \
	tools/dynamic.c tools/dynamic.h tools/dynamic_file.c tools/dynamic_file.h tools/entry_file.c tools/entry_file.h tools/foreign_model.c tools/foreign_plain.c \
	tools/foreign_schema.c \
	tools/foreign_schema.h tools/mcp.c tools/mcp.h tools/mcp_define.c tools/mcp_define.h \
	tools/mcp_exchange.c tools/mcp_exchange.h tools/mcp_peer.c tools/mcp_peer.h \
	tools/mcp_reader.c tools/mcp_reader.h \
	tools/mcp_servers.c tools/mcp_servers.h tools/mcp_stream.c tools/mcp_stream.h \
	tools/mcp_wire.c tools/mcp_wire.h tools/outside.c tools/outside.h
