# SPDX-License-Identifier: BSD-2-Clause
# Routes, places, weather, roads.
TOOLS_SPEC += tools/travel/travel.json
libtools_a_SOURCES += \
	tools/travel/travel.c tools/travel/travel.h \
	tools/travel/travel_fuel.c \
	tools/travel/travel_map.c \
	tools/travel/travel_order.c \
	tools/travel/travel_places.c \
	tools/travel/travel_roads.c \
	tools/travel/travel_season.c \
	tools/travel/travel_spots.c \
	tools/travel/travel_videos.c \
	tools/travel/travel_weather.c
