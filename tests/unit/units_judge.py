#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Conversions of units against GNU units, which others wrote: each unit of the table with each other one of its kind.

units_judge.py PROGRAM. Exit status 77: no GNU units.
"""
import shutil
import subprocess
import sys

# What GNU units calls them, where that is another name; a mpg is a distance by a volume there, and L/100 km a volume by a distance.
NAMES = {
    "nautical_mile": "nauticalmile", "square_centimetre": "cm^2", "square_metre": "m^2", "square_kilometre": "km^2", "square_inch": "in^2",
    "square_foot": "ft^2", "square_yard": "yd^2", "square_mile": "mi^2", "cubic_metre": "m^3", "cubic_foot": "ft^3", "cubic_inch": "in^3",
    "gallon_us": "usgallon", "gallon_uk": "brgallon", "quart_us": "usquart", "quart_uk": "brquart", "pint_us": "uspint", "pint_uk": "brpint",
    "cup_us": "uscup", "cup_metric": "metriccup", "fluid_ounce_us": "usfluidounce", "fluid_ounce_uk": "brfluidounce",
    "tablespoon_us": "ustablespoon", "tablespoon_metric": "15 ml", "tablespoon_au": "australiatablespoon", "teaspoon_us": "usteaspoon",
    "teaspoon_metric": "5 ml", "barrel": "barrel", "ton_us": "shortton", "ton_uk": "longton", "stone": "stone",
    "metre_per_second": "m/s", "kilometre_per_hour": "km/hour", "mile_per_hour": "mile/hour", "foot_per_second": "ft/s", "atmosphere": "atm",
    "kilogram_force_per_square_centimetre": "kgf/cm^2", "millimetre_of_mercury": "mmHg", "inch_of_mercury": "inHg",
    "litre_per_100_km": "liter/(100 km)", "kilometre_per_litre": "km/liter", "mile_per_gallon_us": "mile/usgallon",
    "mile_per_gallon_uk": "mile/brgallon", "gram_calorie": "calorie_th", "kilocalorie": "kilocalorie_th", "watt_hour": "watt hour",
    "kilowatt_hour": "kilowatt hour", "metric_horsepower": "metrichorsepower", "btu_per_hour": "btu/hour", "knot": "knot",
    "celsius": "tempC", "fahrenheit": "tempF", "kelvin": "tempK",
}
DISTANCE_BY_VOLUME = {"kilometre_per_litre", "mile_per_gallon_us", "mile_per_gallon_uk"}
TEMPERATURES = {"celsius", "fahrenheit", "kelvin"}


def have(value, name, to):
    said = NAMES.get(name, name)
    if name in TEMPERATURES:
        return f"{said}({value})"
    # the inverse of a consumption, where the two say it the other way round
    if (name in DISTANCE_BY_VOLUME) != (to in DISTANCE_BY_VOLUME) and "litre_per_100_km" in (name, to):
        return f"1/({value} {said})"
    return f"{value} {said}"


def main():
    if not shutil.which("units"):
        sys.exit(77)
    rows = [line.split() for line in subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True).stdout.splitlines()]
    asked = "".join(f"{have(value, name, to)}\n{NAMES.get(to, to)}\n" for value, name, to, _ in rows)
    told = subprocess.run(["units", "--terse", "--quiet", "--output-format", "%.12g"], input=asked, capture_output=True, text=True, check=False).stdout.split("\n")
    wrong = 0
    if len(told) < len(rows):
        sys.exit(f"{len(rows)} questions, {len(told)} answers: {told[:3]}")
    for (value, name, to, ours), theirs in zip(rows, told):
        try:
            same = abs(float(ours) - float(theirs)) <= 2e-9 * max(abs(float(theirs)), 1e-300) + 1e-9 * (name in TEMPERATURES)
        except ValueError:
            same = False
        if not same:
            wrong += 1
            if wrong <= 20:
                print(f"{value} {name} is {ours} {to}, by GNU units {theirs}")
    print(f"{len(rows)} conversions, {wrong} wrong")
    sys.exit(1 if wrong or len(rows) < 1000 else 0)


main()
