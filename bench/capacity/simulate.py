#!/usr/bin/env python3
"""The capacity plan, simulated: what docs/guides/capacity.md says in numbers comes from here.

    simulate.py              prints the section
    simulate.py --write      writes it into the guide
    simulate.py --check      exits with 1 if the guide says something else
    simulate.py --self-test  checks the model: nothing is lost, memory and slots are bounded

It is seeded: the same inputs (measured.json and the numbers below) give the same output."""

import hashlib
import json
import pathlib
import random
import sys

from model import HUNG_BACK, HUNG_SEEN, KILLED_BACK, KILLED_SEEN, TICK, Cell, Endpoint, ticks

HERE = pathlib.Path(__file__).resolve().parent
GUIDE = HERE.parent.parent / "docs/guides/capacity.md"
START, END = "<!-- generated: capacity -->\n", "<!-- end -->"

SEED = 7
TARGET = 100_000  # deliveries per second
WORKSPACES, ZIPF = 2_000, 0.8
ENDPOINT_RATE = 100.0  # a workspace has an endpoint for each such part of its load
SLOW, HANGING = 0.10, 0.01
SLOW_RATE = 6.0  # what the slots of one node serve of an endpoint that takes 2 s, and some to spare
UTILISATION = 0.70
CELLS_MAX = 100
NODES = 2
LOST_AT, BACK_AT, DATABASE_FOR, UNTIL = 40.0, 100.0, 30.0, 180.0


def tenants(exponent=ZIPF):
    """The load of each workspace, largest first."""
    weights = [1 / rank**exponent for rank in range(1, WORKSPACES + 1)]
    return [TARGET * weight / sum(weights) for weight in weights]


def by_hash(loads, cells):
    """Workspaces by consistent hashing, 64 places on the ring for each cell."""
    place = lambda text: int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    ring = sorted((place(f"cell {cell}/{copy}"), cell) for cell in range(cells) for copy in range(64))
    found = [[] for _ in range(cells)]
    for rank, load in enumerate(loads):
        at = place(f"workspace {rank}")
        low, high = 0, len(ring)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if ring[middle][0] < at else (low, middle)
        found[ring[low % len(ring)][1]].append(load)
    return found


def by_load(loads, cells):
    """Workspaces by a directory: the largest first, each to the cell with the least load."""
    found, sums = [[] for _ in range(cells)], [0.0] * cells
    for load in loads:
        cell = sums.index(min(sums))
        found[cell].append(load)
        sums[cell] += load
    return found


def cells_needed(place, loads, limit):
    """The fewest cells of which none is used above UTILISATION; None if CELLS_MAX are not enough."""
    for cells in range(max(1, int(TARGET / limit / UTILISATION)), CELLS_MAX + 1):
        if max(map(sum, place(loads, cells))) <= limit * UTILISATION:
            return cells
    return None


def endpoints(loads, dice):
    """The endpoints of a cell's workspaces. What a slow one could not take goes to the fast ones."""
    found, over = [], 0.0
    for load in loads:
        count = max(1, round(load / ENDPOINT_RATE))
        for _ in range(count):
            rate, roll = load / count, dice.random()
            kind = "hanging" if roll < HANGING else "slow" if roll < HANGING + SLOW else "fast"
            if kind == "slow" and rate > SLOW_RATE:
                over, rate = over + rate - SLOW_RATE, SLOW_RATE
            found.append(Endpoint(rate, kind, dice.random()))
    fast = [endpoint for endpoint in found if endpoint.kind == "fast"]
    scale = 1 + over / sum(endpoint.rate for endpoint in fast)
    for endpoint in fast:
        endpoint.rate *= scale
    return found


def percentile(delays, part):
    """Seconds; a delay of less than a tick counts as none."""
    count = sum(number for *_, number in delays)
    seen = 0
    for _, delay, number in sorted(delays, key=lambda one: one[1]):
        seen += number
        if seen >= part * count:
            return delay * TICK
    return 0.0


def run(loads, limits, loss, until=UNTIL, checked=40):
    """One cell with a loss at LOST_AT: its figures."""
    cell = Cell(endpoints(loads, random.Random(SEED)), NODES, *limits)
    lost, back = ticks(LOST_AT), ticks(BACK_AT)
    most, drained, before_owed = 0, None, 0
    for now in range(ticks(until)):
        if loss in ("killed", "hung"):
            seen = lost + ticks(KILLED_SEEN if loss == "killed" else HUNG_SEEN)
            if now == lost:
                cell.lose_node(0, now, KILLED_BACK if loss == "killed" else HUNG_BACK)
            cell.reached[0] = not seen <= now < back
            cell.alive[0] = not lost <= now < back
        cell.database = not (loss == "database" and lost <= now < lost + ticks(DATABASE_FOR))
        cell.step(now)
        if now % checked == 0:
            cell.check()
        late = backlog(cell)
        if now == lost - 1:
            before_owed = late
        if now >= lost:
            most = max(most, late)
            ended = now >= lost + ticks(DATABASE_FOR if loss == "database" else 1.0)
            drained = (drained or now) if ended and late <= before_owed * 1.1 + 100 else None if not ended else drained
    cell.check()
    window = {"before": (0, lost), "while": (lost, back), "after": (back, ticks(until))}
    delays = {
        name: [one for one in cell.delays if low <= one[0] < high] for name, (low, high) in window.items()
    }
    return cell, delays, most, (drained - lost) * TICK if drained else None


def backlog(cell):
    """What waits for fast endpoints: at the door, on disk, in memory, or on its way back."""
    fast = [endpoint.kind == "fast" for endpoint in cell.endpoints]
    count = sum(cohort[2] for index, _, cohort in cell.door if fast[index])
    for waiting in cell.returning.values():
        count += sum(cohort[2] for index, cohort in waiting if fast[index])
    for index, endpoint in enumerate(cell.endpoints):
        if fast[index]:
            count += sum(cohort[2] for cohort in endpoint.disk) + sum(lanes[index].held for lanes in cell.lanes)
    return count


def seconds(value):
    return "not within the run" if value is None else f"under {TICK} s" if value < TICK else f"{value:.2f} s"


def parameters(measured):
    cpu, one, two = measured["cpu_seconds_per_10000_deliveries"], measured["one_node"], measured["two_nodes"]
    source = "assumed, not measured yet" if measured["provisional"] else "measured"
    rows = [
        ("one node, one database", f"{one['events_per_s']:,} events/s, {one['deliveries_per_s']:,} deliveries/s"),
        ("two nodes, one database", f"{two['events_per_s']:,} events/s, {two['deliveries_per_s']:,} deliveries/s"),
        ("CPU for 10,000 deliveries, nodes", f"{cpu['server']:.2f} s"),
        ("CPU for 10,000 deliveries, database", f"{cpu['database']:.2f} s"),
        ("a delivery on disk, with its event, attempts and indexes", f"{measured['bytes_per_delivery_on_disk']:,} bytes"),
    ]
    return [f"| parameter | {source} |", "| --- | --- |"] + [f"| {name} | {value} |" for name, value in rows]


def derived(measured, cells):
    cpu = sum(measured["cpu_seconds_per_10000_deliveries"].values()) * TARGET / 10_000
    day = measured["bytes_per_delivery_on_disk"] * TARGET * 86_400
    return [
        f"At {TARGET:,} deliveries/s that is {cpu:.0f} cores at full use, {cpu / UTILISATION:.0f} at {UTILISATION:.0%}, "
        f"and {day / 1e12:.1f} TB a day over all cells, {day / cells / 1e12:.2f} TB in each of {cells}.",
    ]


def placement(limit):
    loads = tenants()
    chosen = cells_needed(by_load, loads, limit)
    shown = chosen or CELLS_MAX
    rows = [
        f"| placement | cells needed | with {shown} cells: the busiest, the quietest |",
        "| --- | --- | --- |",
    ]
    for name, place in (("consistent hashing", by_hash), ("by load (a directory)", by_load)):
        needed = cells_needed(place, loads, limit) or f"more than {CELLS_MAX}"
        sums = list(map(sum, place(loads, shown)))
        rows.append(f"| {name} | {needed} | {max(sums) / limit:.0%}, {min(sums) / limit:.0%} |")
    skewed = tenants(1.0)
    fits = "fits into" if skewed[0] <= limit * UTILISATION else "is more than"
    rows += [
        "",
        f"The largest of {WORKSPACES:,} workspaces (Zipf, exponent {ZIPF}) sends {loads[0]:,.0f}/s, which is "
        f"{loads[0] / limit:.0%} of a cell. With exponent 1 it would send {skewed[0]:,.0f}/s, which {fits} "
        f"the {limit * UTILISATION:,.0f}/s that a cell is planned for.",
    ]
    return rows, chosen


def losses(loads, limits):
    rows = [
        "| what is lost | delay before, p50 / p99 | 60 s from the loss, p50 / p99 | after, p50 / p99 | most waiting | drained after | sent twice |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    names = {
        "nothing": "nothing",
        "killed": "one of two nodes, killed",
        "hung": "one of two nodes, hung",
        "database": f"the database, for {DATABASE_FOR:.0f} s",
    }
    for loss, name in names.items():
        cell, delays, most, drained = run(loads, limits, loss)
        parts = [" / ".join(seconds(percentile(delays[when], part)) for part in (0.5, 0.99)) for when in delays]
        shown = "–" if loss == "nothing" else seconds(drained)
        rows.append(f"| {name} | {parts[0]} | {parts[1]} | {parts[2]} | {most:,} | {shown} | up to {cell.again:,} |")
    return rows


def fleet(placed, limits):
    """All cells for a minute without a loss."""
    delivered, busiest = 0.0, 0.0
    for loads in placed:
        cell = Cell(endpoints(loads, random.Random(SEED)), NODES, *limits)
        warm, until = ticks(20.0), ticks(40.0)
        for now in range(until):
            if now == warm:
                first, used = cell.delivered, cell.used
            cell.step(now)
        cell.check()
        delivered += (cell.delivered - first) / 20.0
        busiest = max(busiest, (cell.used - used) / 2 / 20.0 / limits[0])
    return delivered, busiest


def section():
    measured = json.loads((HERE / "measured.json").read_text(encoding="utf-8"))
    limit = measured["two_nodes"]["deliveries_per_s"]
    limits = (limit, measured["one_node"]["deliveries_per_s"])
    rows, cells = placement(limit)
    lines = [*parameters(measured), ""]
    if cells:
        lines += [*derived(measured, cells), ""]
    lines += [*rows, ""]
    if cells:
        placed = by_load(tenants(), cells)
        delivered, busiest = fleet(placed, limits)
        lines += [
            f"{cells} cells by load, simulated: {delivered:,.0f} of {TARGET:,} deliveries/s succeed; the rest is owed to "
            f"endpoints that hang. The busiest database is used at {busiest:.0%}.",
            "",
            "A loss in the busiest cell. Delays are from posting to the first request, at endpoints that answer in "
            f"{0.05 * 1000:.0f} ms:",
            "",
            *losses(max(placed, key=sum), limits),
        ]
    return "\n".join(lines) + "\n"


def self_test():
    dice = random.Random(SEED)
    for trial in range(6):
        loads = [dice.uniform(1, 400) for _ in range(6)]
        limits = (sum(loads) * dice.uniform(0.8, 2.0), sum(loads) * dice.uniform(0.8, 2.0))
        for loss in ("nothing", "killed", "hung", "database"):
            cell, *_ = run(loads, limits, loss, until=120.0, checked=1)
            assert cell.delivered > 0 and cell.posted > 0, "something happens"
    hanging = Cell([Endpoint(20.0, "hanging", 0.0)], 1, 1_000, 1_000)
    for now in range(ticks(120.0)):
        hanging.step(now)
        hanging.check()
    lane = hanging.lanes[0][0]
    assert lane.opened >= 2 and hanging.delivered == 0, "the breaker of an endpoint that hangs opens, and again"
    for place in (by_hash, by_load):
        placed = place(tenants(), 20)
        assert abs(sum(map(sum, placed)) - TARGET) < 1e-3, "every workspace is in one cell"
    assert cells_needed(by_load, [9_000.0], 10_000) is None, "no number of cells helps a tenant larger than one"
    print("the model holds")


def main(argument):
    if argument == "--self-test":
        return self_test()
    text = section()
    if argument is None:
        print(text, end="")
        return None
    guide = GUIDE.read_text(encoding="utf-8")
    before, rest = guide.split(START)
    written = before + START + text + END + rest.split(END, 1)[1]
    if argument == "--write":
        GUIDE.write_text(written, encoding="utf-8")
    elif written != guide:
        sys.exit(f"{GUIDE.name} is stale: run bench/capacity/simulate.py --write")
    return None


if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:] and sys.argv[1] not in ("--write", "--check", "--self-test"):
        sys.exit(__doc__)
    main(sys.argv[1] if len(sys.argv) > 1 else None)
