"""Who the hosts of a fleet are, and what befalls them; all of it follows from a seed."""

import datetime
from dataclasses import dataclass, field
from random import Random
from zoneinfo import ZoneInfo

from lines import Pool

#: The first run is made in the night after this day. For 58 days no zone of ZONES changes its time.
FIRST_DAY = datetime.date(2026, 8, 1)
MOST_NIGHTS = 56
DAY = 86400
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney"]
REGIONS = 5
#: What the hosts of a role pass requests to, besides the PHP of their own.
ROLES = {
    "shop": ["cart", "search", "price"],
    "api": ["accounts", "orders", "search"],
    "media": ["images", "video"],
    "partner": ["orders", "price", "mail-gateway"],
    "intranet": ["accounts"],
}


@dataclass(frozen=True)
class Outage:
    """A time in which one pool fails for many hosts, by a clock that is right."""

    begin: int
    seconds: int
    pool: str
    regions: frozenset[int]
    number: int
    per_host: int


@dataclass(frozen=True)
class Plan:
    """What becomes of a host's run in one night."""

    is_missed: bool
    is_killed: bool
    is_twice: bool


@dataclass(frozen=True)
class Host:
    """One machine."""

    name: str
    role: str
    region: int
    zone: str
    #: Seconds by which its clock is ahead.
    skew: int
    #: Failures of a usual night, and how many nights have none.
    usual: float
    calm: float
    pools: list[Pool]
    #: A pool's and a class's number: what goes wrong every day.
    troubles: list[tuple[int, int]]
    clients: list[str]
    #: Runs that are not made: the first night and how many.
    absences: list[tuple[int, int]]
    seed: str
    offset: int = field(default=0)

    def run_at(self, night: int) -> int:
        """When a night's run is made: half past one or so by its zone."""
        day = FIRST_DAY + datetime.timedelta(days=night + 1)
        morning = datetime.datetime.combine(day, datetime.time(1, 30), datetime.UTC)
        return int(morning.timestamp()) - self.offset + Random(self.seed).randrange(1800)

    def plan(self, night: int) -> Plan:
        """What becomes of the run of this night."""
        is_missed = any(first <= night < first + count for first, count in self.absences)
        luck = Random(f"{self.seed} run {night}").random()
        return Plan(is_missed, is_killed=luck < 0.02, is_twice=luck > 0.98)


def client(random: Random) -> str:
    """An address."""
    if random.random() < 0.15:
        return f"2001:db8:{random.randrange(65536):x}::{random.randrange(1, 65536):x}"
    return ".".join(str(random.randrange(first, 220)) for first in (11, 0, 0, 1))


def pools(role: str, region: int) -> list[Pool]:
    """The pools of a role: the same in one region, so that many hosts have the same peers."""
    shared = sorted({name for names in ROLES.values() for name in names})
    found = [
        Pool(
            name, [f"10.{region}.{shared.index(name)}.{peer + 11}:8080" for peer in range(3)], is_socket=False
        )
        for name in ROLES[role]
    ]
    return [*found, Pool(f"{role}-php", [f"unix:/run/php/{role}-php.sock"], is_socket=True)]


def make(number: int, nights: int, seed: int, bots: list[str]) -> Host:
    """The host of this number."""
    random = Random(f"{seed} host {number}")
    role, region = random.choice(list(ROLES)), random.randrange(REGIONS)
    usual = min(random.lognormvariate(3.7, 1.1), 600)
    if random.random() < 0.02:
        usual = random.uniform(2000, 5000)
    zone = random.choice(ZONES) if random.random() < 0.2 else "UTC"
    luck = random.random()
    skew = round(random.gauss(0, 2) if luck < 0.6 else random.uniform(-900, 900))
    if luck > 0.97:
        skew = round(random.uniform(-3, 3) * 3600)
    mine = pools(role, region)
    places = [(at, number) for at, pool in enumerate(mine) for number in range(len(pool.classes))]
    absences = []
    if random.random() < 0.25 and nights > 1:
        count = random.randint(1, min(6, nights - 1))
        absences = [(random.randint(0, nights - 1 - count), count)]
    first = datetime.datetime.combine(FIRST_DAY, datetime.time())
    return Host(
        name=f"{role}-{number:05}",
        role=role,
        region=region,
        zone=zone,
        skew=skew,
        usual=usual,
        calm=random.choice([0.0, 0.05, 0.1, 0.4]),
        pools=mine,
        troubles=random.sample(places, min(4, len(places))),
        clients=[client(random) for _ in range(max(30, round(3 * usual)))] + bots,
        absences=absences,
        seed=f"{seed} {number}",
        offset=int(ZoneInfo(zone).utcoffset(first).total_seconds()),
    )


def outages(nights: int, seed: int) -> list[Outage]:
    """About one in two days, and a large one each week."""
    random = Random(f"{seed} outages")
    noon = datetime.datetime.combine(FIRST_DAY, datetime.time(12), datetime.UTC).timestamp()
    names = sorted({name for names in ROLES.values() for name in names})
    found = []
    for number in range(max(2, nights // 2)):
        is_large = number % 4 == 1
        regions = range(REGIONS) if is_large else random.sample(range(REGIONS), 2)
        found.append(
            Outage(
                begin=int(noon + random.uniform(0, nights - 1) * DAY),
                seconds=random.randint(300, 5400),
                pool=random.choice(names),
                regions=frozenset(regions),
                number=random.choice([0, 1, 2, 3, 5]),
                per_host=random.randint(10, 400 if is_large else 80),
            )
        )
    return found


def fleet(count: int, nights: int, seed: int) -> list[Host]:
    """All hosts."""
    random = Random(f"{seed} bots")
    bots = [client(random) for _ in range(40)]
    return [make(number, nights, seed, bots) for number in range(1, count + 1)]
