# SPDX-License-Identifier: BSD-2-Clause
"""gpx_judge.py PROGRAM COUNT [SEED] -- random GPX files, written by python3-gpxpy and read by PROGRAM (sum_gpx).

Counts are equal; length and heights agree with gpxpy's within a hundredth, metres up and down within three.
"""
import datetime
import random
import subprocess
import sys

try:
    import gpxpy
    import gpxpy.gpx
except ImportError:
    print("python3-gpxpy is not there")
    sys.exit(77)


def walk(rng, gpx):
    """A track of some segments, with heights that wander."""
    track = gpxpy.gpx.GPXTrack(name=rng.choice(["Hike", "Straße & <Berg>", "日本"]))
    lat, lon, ele = rng.uniform(-70, 70), rng.uniform(-179, 179), rng.uniform(0, 2000)
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    for _ in range(rng.randint(1, 3)):
        segment = gpxpy.gpx.GPXTrackSegment()
        slope = rng.uniform(-3, 3)
        for i in range(rng.randint(3, 400)):
            lat += rng.uniform(-2e-4, 6e-4)
            lon += rng.uniform(-6e-4, 2e-4)
            if i % 40 == 0:
                slope = rng.uniform(-6, 6)
            ele += slope + rng.uniform(-1, 1)
            when += datetime.timedelta(seconds=rng.randint(1, 30))
            segment.points.append(gpxpy.gpx.GPXTrackPoint(round(lat, 6), round(lon, 6), elevation=round(ele, 1), time=when))
        track.segments.append(segment)
    gpx.tracks.append(track)


def near(a, b, share, least):
    return abs(a - b) <= max(share * abs(b), least)


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    print("seed", seed)
    rng = random.Random(seed)
    for n in range(count):
        gpx = gpxpy.gpx.GPX()
        for _ in range(rng.randint(1, 2)):
            walk(rng, gpx)
        for i in range(rng.randint(0, 5)):
            gpx.waypoints.append(gpxpy.gpx.GPXWaypoint(rng.uniform(-80, 80), rng.uniform(-179, 179), name="P%d" % i))
        text = gpx.to_xml(version=rng.choice(["1.0", "1.1"]))
        said = subprocess.run([program], input=text.encode(), capture_output=True, check=True).stdout.decode().split()
        up, down = gpx.get_uphill_downhill()
        low, high = gpx.get_elevation_extremes()
        assert said[0] != "refused", (n, said)
        tracks, routes, waypoints, points = map(int, said[:4])
        metres, ours_up, ours_down, lowest, highest = map(float, said[4:])
        assert (tracks, routes, waypoints, points) == (len(gpx.tracks), 0, len(gpx.waypoints), gpx.get_track_points_no()), (n, said)
        assert near(metres, gpx.length_2d(), 0.01, 1), (n, metres, gpx.length_2d())
        assert near(ours_up, up, 0.03, 5) and near(ours_down, down, 0.03, 5), (n, ours_up, up, ours_down, down)
        assert near(lowest, low, 0, 0.01) and near(highest, high, 0, 0.01), (n, lowest, low)
    print(count, "files agree")


main()
