"""One cell as queues: nodes, endpoints with slots and breakers, and a database with a limit.

Time goes in ticks. Deliveries of one tick move together, as a cohort `[posted, attempt, count]`. Every
delivery that was accepted is in exactly one place: on disk, in a node's memory, in flight, waiting to
be settled, waiting for a retry, on its way back from a lost node, settled, or dead."""

from collections import defaultdict, deque

TICK = 0.25
SLOTS = 16  # max_in_flight, per endpoint and node
MEMORY = 512  # deliveries of one endpoint in one node's memory
CLAIM = 64  # claimed from disk at once
FAILURES_TO_OPEN = 10
OPEN_FIRST, OPEN_MAX = 30.0, 600.0
RETRIES = (5, 30, 120, 600, 3600, 21600, 86400)
TIMEOUT = 5.0
KILLED_BACK, HUNG_BACK = 3.0, 35.0  # until what a lost node held is due again
KILLED_SEEN, HUNG_SEEN = 0.5, 5.0  # until the load balancer sends nothing there
ANSWER = {"fast": 0.05, "slow": 2.0, "hanging": TIMEOUT}


def ticks(seconds):
    return max(1, round(seconds / TICK))


def total(cohorts):
    return sum(cohort[2] for cohort in cohorts)


def take(queue, limit):
    """Cohorts of at most `limit` deliveries from the head of a queue."""
    taken = []
    while limit > 0 and queue:
        head = queue[0]
        if head[2] <= limit:
            taken.append(queue.popleft())
            limit -= head[2]
        else:
            taken.append([head[0], head[1], limit])
            head[2] -= limit
            limit = 0
    return taken


class Endpoint:
    def __init__(self, rate, kind, phase):
        self.rate, self.kind, self.carry = rate, kind, phase
        self.disk = deque()


class Lane:
    """An endpoint on one node: its memory, what is in flight, its breaker."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.memory, self.held = deque(), 0
        self.flying, self.in_flight = deque(), 0
        self.failures, self.open_until, self.opened, self.probing = 0, -1, 0, False

    def gate(self, now):
        """How many requests the breaker lets start."""
        if self.opened == 0:
            return SLOTS
        return 0 if now < self.open_until or self.probing else 1

    def ended(self, count, good, now):
        if good:
            self.failures, self.opened, self.probing = 0, 0, False
            return
        self.failures += count
        if self.opened and self.probing or not self.opened and self.failures >= FAILURES_TO_OPEN:
            self.opened += 1
            wait = min(OPEN_FIRST * 2 ** (self.opened - 1), OPEN_MAX)
            self.open_until, self.probing = now + ticks(wait), False


class Cell:
    def __init__(self, endpoints, nodes, cell_limit, node_limit):
        self.endpoints = endpoints
        self.lanes = [[Lane(endpoint) for endpoint in endpoints] for _ in range(nodes)]
        self.alive = [True] * nodes
        self.reached = [True] * nodes  # as the load balancer sees it
        self.cell_limit, self.node_limit = cell_limit * TICK, node_limit * TICK
        self.database, self.spare = True, 0.0
        self.door = deque()  # posted, not accepted yet: (endpoint index, node, cohort)
        self.unsettled, self.retries, self.returning = deque(), defaultdict(list), defaultdict(list)
        self.posted = self.accepted = self.delivered = self.dead = self.again = self.used = 0
        self.delays = []  # (tick, delay in ticks, count), of first attempts at fast endpoints

    def owed(self):
        queues = [endpoint.disk for endpoint in self.endpoints]
        lanes = [lane for node in self.lanes for lane in node]
        queues += [lane.memory for lane in lanes]
        count = sum(map(total, queues)) + sum(c[2] for lane in lanes for _, c in lane.flying)
        count += sum(cohort[2] for *_, cohort in self.unsettled)
        for later in (self.retries, self.returning):
            count += sum(cohort[2] for waiting in later.values() for _, cohort in waiting)
        return count

    def waiting(self):
        return sum(cohort[2] for _, _, cohort in self.door)

    def check(self):
        assert self.posted == self.accepted + self.waiting(), "posted = accepted + at the door"
        assert self.accepted == self.delivered + self.dead + self.owed(), "accepted = delivered + dead + owed"
        for lane in (lane for node in self.lanes for lane in node):
            assert lane.held == total(lane.memory) <= MEMORY, "memory is bounded"
            assert lane.in_flight == sum(c[2] for _, c in lane.flying) <= SLOTS, "slots are bounded"

    def lose_node(self, node, now, back):
        """A node stops. What it held is due again when its session, or its leases, have ended."""
        self.alive[node] = False
        for index, lane in enumerate(self.lanes[node]):
            held = list(lane.memory) + [cohort for _, cohort in lane.flying]
            self.again += lane.in_flight
            self.returning[now + ticks(back)] += [(index, cohort) for cohort in held]
            self.lanes[node][index] = Lane(lane.endpoint)
        stay = deque()
        for index, at, good, cohort in self.unsettled:
            if at == node:
                self.again += cohort[2]
                self.returning[now + ticks(back)].append((index, cohort))
            else:
                stay.append((index, at, good, cohort))
        self.unsettled = stay

    def step(self, now):
        self._post(now)
        if self.database:
            for index, cohort in self.returning.pop(now, []):
                self.endpoints[index].disk.appendleft(cohort)
            for index, cohort in self.retries.pop(now, []):
                self.endpoints[index].disk.append(cohort)
            self._write(now)
        else:
            for later in (self.returning, self.retries):
                if now in later:
                    later[now + 1] += later.pop(now)
        for node, lanes in enumerate(self.lanes):
            if self.alive[node]:
                self._send(node, lanes, now)

    def _post(self, now):
        nodes = [node for node, there in enumerate(self.reached) if there]
        for index, endpoint in enumerate(self.endpoints):
            endpoint.carry += endpoint.rate * TICK
            count = int(endpoint.carry)
            endpoint.carry -= count
            self.posted += count
            for place, node in enumerate(nodes):
                share = count // len(nodes) + ((index + now + place) % len(nodes) < count % len(nodes))
                if share:
                    self.door.append((index, node, [now, 0, share]))

    def _write(self, now):
        """Accepting and settling share what the database can do: half of a delivery's cost each."""
        posts, ends = self.waiting(), sum(cohort[2] for *_, cohort in self.unsettled)
        budget = self.cell_limit + self.spare
        share = min(1.0, budget / max(1e-9, (posts + ends) / 2))
        accepted, settled = int(posts * share), int(ends * share)
        left = accepted
        for _ in range(len(self.door)):
            index, node, cohort = self.door.popleft()
            if not self.reached[node] and any(self.reached):
                node = self.reached.index(True)  # its caller posts again, elsewhere
            part = min(left, cohort[2]) if self.alive[node] else 0
            if part:
                left -= part
                self._accept(index, node, [cohort[0], 0, part], now)
            if part < cohort[2]:
                self.door.append((index, node, [cohort[0], 0, cohort[2] - part]))
        written = accepted - left + self._settle(settled, now)
        self.used += written
        # What rounding left over; never more than a tick's worth of one delivery.
        self.spare = min(1.0, max(0.0, budget - written / 2)) if share < 1.0 else 0.0

    def _accept(self, index, node, cohort, now):
        self.accepted += cohort[2]
        lane, disk = self.lanes[node][index], self.endpoints[index].disk
        room = MEMORY - lane.held if not disk and lane.gate(now) == SLOTS else 0
        direct = min(room, cohort[2])
        if direct:
            lane.memory.append([cohort[0], 0, direct])
            lane.held += direct
        if cohort[2] > direct:
            disk.append([cohort[0], 0, cohort[2] - direct])

    def _settle(self, limit, now):
        done = 0
        while self.unsettled and done < limit:
            index, node, good, cohort = self.unsettled[0]
            part = min(limit - done, cohort[2])
            done += part
            if part == cohort[2]:
                self.unsettled.popleft()
            else:
                cohort[2] -= part
            if good:
                self.delivered += part
            elif cohort[1] >= len(RETRIES):
                self.dead += part
            else:
                due = now + ticks(RETRIES[cohort[1]])
                self.retries[due].append((index, [cohort[0], cohort[1] + 1, part]))
        return done

    def _send(self, node, lanes, now):
        left = int(self.node_limit)
        start = now % len(lanes) if lanes else 0  # endpoints take turns
        for index in list(range(start, len(lanes))) + list(range(start)):
            lane = lanes[index]
            disk = lane.endpoint.disk
            if not (lane.memory or disk or lane.flying):
                continue
            while lane.flying and lane.flying[0][0] <= now:
                _, cohort = lane.flying.popleft()
                lane.in_flight -= cohort[2]
                good = lane.endpoint.kind != "hanging"
                lane.ended(cohort[2], good, now)
                self.unsettled.append((index, node, good, cohort))
            gate = lane.gate(now)
            if gate < SLOTS and lane.memory:
                # What waits for a breaker waits on disk.
                disk.extend(lane.memory)
                lane.memory.clear()
                lane.held = 0
            answer = ANSWER[lane.endpoint.kind]
            if answer < TICK:
                may = min(left, int(SLOTS * TICK / answer))
            else:
                may = min(left, SLOTS - lane.in_flight, gate)
            if self.database and disk and lane.held < may:
                for cohort in take(disk, min(max(CLAIM, may), MEMORY) - lane.held if gate == SLOTS else may):
                    lane.memory.append(cohort)
                    lane.held += cohort[2]
            for cohort in take(lane.memory, may):
                left -= cohort[2]
                lane.held -= cohort[2]
                if lane.endpoint.kind == "fast":
                    self.delays.append((now, now - cohort[0], cohort[2]))
                    self.unsettled.append((index, node, True, cohort))
                else:
                    lane.probing = lane.opened > 0
                    lane.in_flight += cohort[2]
                    lane.flying.append((now + ticks(answer), cohort))
