#!/usr/bin/env python3
"""Makes `chunks` and `samples.txt` anew: PROMETHEUS=/path/to/prometheus ./make.py

Sends histograms to a Prometheus by remote write, takes a snapshot of its head and copies the segment of
chunks. `samples.txt` has what was sent, a line each.
"""
import os, random, shutil, socket, struct, subprocess, sys, tempfile, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
START = 1_700_000_000_000 // 7_200_000 * 7_200_000
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
UNKNOWN, RESET, _, GAUGE = range(4)


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def zigzag(n):
    return varint((n << 1) ^ (n >> 63) if n < 0 else n << 1)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def double(number, value):
    return varint(number << 3 | 1) + struct.pack("<d", value)


def whole(number, value):
    return varint(number << 3) + varint(value)


def spans(indexes):
    out, end = [], 0
    for i in indexes:
        if out and i == end:
            out[-1][1] += 1
        else:
            out.append([i - end, 1])
        end = i + 1
    return out


def deltas(values):
    return [b - a for a, b in zip([0] + values, values)]


def message(h, is_float):
    span = lambda s: whole(1, (s[0] << 1) if s[0] >= 0 else (-s[0] << 1) - 1) + whole(2, s[1])
    out = b""
    if is_float:
        out += double(2, h["count"]) + double(7, h["zero"])
    else:
        out += whole(1, int(h["count"])) + whole(6, int(h["zero"]))
    out += double(3, h["sum"]) + varint(4 << 3) + zigzag(h["schema"]) + double(5, h["threshold"])
    for spans_at, buckets_at, side in ((8, 9, "neg"), (11, 12, "pos")):
        for s in spans(sorted(h[side])):
            out += field(spans_at, span(s))
        values = [h[side][i] for i in sorted(h[side])]
        if is_float:
            out += field(buckets_at + 1, b"".join(struct.pack("<d", v) for v in values))
        else:
            out += field(buckets_at, b"".join(zigzag(d) for d in deltas(values)))
    out += whole(14, h["hint"]) + whole(15, h["t"])
    if h["bounds"]:
        out += field(16, b"".join(struct.pack("<d", v) for v in h["bounds"]))
    return out


def line(series, is_float, h):
    text = lambda v: "stale" if v != v else "%d" % v if v == int(v) else repr(v)
    side = lambda s: ",".join(f"{a}:{b}" for a, b in spans(sorted(s))) or "-"
    floats = lambda vs: ",".join(text(float(v)) for v in vs) or "-"
    values = lambda s: floats(s[i] for i in sorted(s))
    return " ".join(map(str, [
        series, "float" if is_float else "integer", h["t"], h["hint"], h["schema"], text(h["threshold"]),
        text(float(h["count"])), text(float(h["zero"])), text(h["sum"]), side(h["pos"]), values(h["pos"]),
        side(h["neg"]), values(h["neg"]), floats(h["bounds"]),
    ]))


def series(seed, is_float, gauge, custom, events):
    """A random walk: observations, at times more buckets, resets, stale markers, another resolution."""
    rnd = random.Random(seed)
    h = dict(zero=0, sum=0.0, schema=-53 if custom else 2, threshold=0.0 if custom else 2.0**-128,
             pos={}, neg={}, bounds=[0.005, 0.25, 1.0, 2.5, 1e6] if custom else [])
    t, out = START, []
    for n in range(90):
        t += 15_000 + rnd.choice([0, 0, 0, 1, -2, 700])
        event = events.get(n)
        if event == "reset":
            h.update(zero=0, sum=0.0, pos={}, neg={})
        elif event == "bounds":
            h["bounds"] = [0.1, 0.25, 1.0, 2.5, 1e6, 1 / 3]
            h["bounds"].sort()
        elif event == "schema":
            h["schema"] = 1
        elif event == "threshold":
            h["threshold"] = 0.001
        elif event == "empty":
            h["pos"] = {**h["pos"], 5: 0 if gauge or 5 not in h["pos"] else h["pos"][5]}
        elif event == "drop":
            h["pos"] = {i: v for i, v in h["pos"].items() if v}
        for _ in range(rnd.randrange(12)):
            side = h["pos"] if custom or rnd.random() < 0.8 else h["neg"]
            i = min(max(int(rnd.gauss(2, 1 + n / 40)), 0 if custom else -9), 5)
            amount = rnd.randrange(1, 40) * (0.37 if is_float else 1)
            side[i] = amount if gauge else side.get(i, 0) + amount
            h["sum"] += amount * 1.5
        if not custom:
            h["zero"] += rnd.randrange(3)
        hint = GAUGE if gauge else RESET if event == "said" else UNKNOWN
        count = h["zero"] + sum(h["pos"].values()) + sum(h["neg"].values())
        sample = dict(h, pos=dict(h["pos"]), neg=dict(h["neg"]), t=t, hint=hint, count=count)
        if event == "stale":
            sample.update(sum=STALE, count=0, zero=0, pos={}, neg={})
        out.append(sample)
    return is_float, out


COUNTER = {20: "reset", 31: "stale", 32: "stale", 40: "said", 50: "schema", 60: "threshold", 70: "empty", 72: "drop"}
SERIES = [
    series(1, False, False, False, COUNTER),
    series(2, True, False, False, COUNTER),
    series(3, False, True, False, COUNTER),
    series(4, True, True, False, COUNTER),
    series(5, False, False, True, {30: "reset", 45: "bounds", 60: "stale"}),
    series(6, True, False, True, {30: "reset", 45: "bounds", 60: "stale"}),
    series(7, False, False, False, {}),
    series(8, True, False, False, {}),
]


def snappy(data):
    out = varint(len(data))
    for at in range(0, len(data), 60_000):
        part = data[at:at + 60_000]
        out += bytes([61 << 2]) + struct.pack("<H", len(part) - 1) + part
    return out


def post(port, path, body, headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=headers, method="POST")
    return urllib.request.urlopen(request, timeout=60).read()


def main():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        open(f"{home}/c.yml", "w").write("global: {scrape_interval: 1h}\n")
        server = subprocess.Popen(
            [os.environ.get("PROMETHEUS", "prometheus"), f"--config.file={home}/c.yml", f"--storage.tsdb.path={home}/d",
             f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--web.enable-admin-api",
             "--enable-feature=native-histograms", "--log.level=warn"])
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5)
                    break
                except OSError:
                    time.sleep(0.2)
            for number, (is_float, samples) in enumerate(SERIES):
                label = field(1, field(1, b"__name__") + field(2, b"h%d" % number))
                body = label + b"".join(field(4, message(h, is_float)) for h in samples)
                post(port, "/api/v1/write", snappy(field(1, body)), {
                    "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
                    "X-Prometheus-Remote-Write-Version": "0.1.0"})
            post(port, "/api/v1/admin/tsdb/snapshot", b"", {})
            [snapshot] = os.listdir(f"{home}/d/snapshots")
            [block] = os.listdir(f"{home}/d/snapshots/{snapshot}")
            shutil.copy(f"{home}/d/snapshots/{snapshot}/{block}/chunks/000001", f"{HERE}/chunks")
        finally:
            server.terminate()
            server.wait()
    with open(f"{HERE}/samples.txt", "w") as out:
        for number, (is_float, samples) in enumerate(SERIES):
            for h in samples:
                print(line(number, is_float, h), file=out)


main()
