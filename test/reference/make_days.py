"""Makes days.csv: days of invented symbols with every edge that metrics meet. Seeded; the same bytes each time."""

import csv
import random
import sys
from datetime import date, timedelta
from decimal import Decimal

FIRST = date(2024, 1, 20)


def prices(rng, close, step, digits):
    """A day after a close: open near it, high and low around both, all on the grid of the last digit."""
    grid = Decimal(1).scaleb(-digits)

    def moved(base, scale):
        return max(grid, (base * Decimal(str(1 + rng.gauss(0, scale)))).quantize(grid))

    first, last = moved(close, step / 20), moved(close, step)
    high = max(first, last, moved(max(first, last), step / 3))
    low = min(first, last, moved(min(first, last), step / 3))
    return first, high, low, last


def volumes(rng, close):
    base = Decimal(rng.randrange(1, 10**12)).scaleb(-8)
    quote = (base * close * Decimal(str(1 + rng.gauss(0, 0.001)))).quantize(Decimal("1e-8"))
    return base, quote


def walk(rng, symbol, days, start, step, digits, absent=(), quiet=(), jumps=None):
    close, rows = Decimal(start), []
    for day in range(days):
        if day in (jumps or {}):
            close = (close * Decimal(str(jumps[day]))).quantize(Decimal(1).scaleb(-digits))
        numbers = (close,) * 4 if day in quiet else prices(rng, close, step, digits)
        close = numbers[3]
        traded = (Decimal("0E-8"),) * 2 if day in quiet else volumes(rng, close)
        if day not in absent:
            rows.append((day, symbol, *(f"{n:.8f}" for n in numbers + traded)))
    return rows


def main():
    rng = random.Random(20240120)
    rows = [
        *walk(rng, "WALKUSDT", 130, "61234.56", 0.03, 2, absent={9, *range(40, 45), *range(75, 87), 110}),
        *walk(rng, "WILDUSDT", 80, "0.51", 0.2, 4, quiet={12, 13, 50}, jumps={20: 3.5, 33: 0.2, 60: 0.004}),
        *walk(rng, "TINYUSDT", 45, "0.00000123", 0.05, 8),
        *walk(rng, "FLATUSDT", 45, "1.0001", 0, 4, quiet=set(range(45))),
        *walk(rng, "CALMUSDT", 45, "98765.43210000", 3e-13, 8),
        *walk(rng, "GAPSUSDT", 90, "17.5", 0.02, 3, absent=set(range(1, 90, 5)) | set(range(3, 60, 7))),
    ]
    odd = walk(rng, "ZEROUSDT", 40, "2.5", 0.1, 4)
    day, symbol, first, high, _, last, *traded = odd[30]
    odd[30] = (day, symbol, first, high, "0.00000000", last, *traded)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow("date symbol open high low close volume quote_volume".split())
    for day, *cells in rows + odd:
        writer.writerow([FIRST + timedelta(days=day), *cells])


main()
