"""Metrics of days, independent of the implementation they are to check: see README.md."""

import argparse
import sys
from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from itertools import accumulate
from pathlib import Path

import numpy as np
import pandas as pd

getcontext().prec = 60
NUMBERS = ["open", "high", "low", "close", "volume", "quote_volume"]
METRICS = (
    "log_return vwap true_range vol_close_7d vol_close_30d vol_parkinson_30d vol_garman_klass_30d "
    "vol_yang_zhang_30d max_drawdown_30d observations"
).split()


def read_days(path):
    return pd.read_csv(path, dtype=str).assign(date=lambda f: pd.to_datetime(f.date))


def read_hours(folder):
    """Days of BTCUSDT from the recorded monthly files of hours, by the roll-up rule: trades make open, high and low."""
    names = ["time", "open", "high", "low", "close", "volume", "_", "quote_volume", "count"]
    files = sorted(Path(folder).glob("*.csv"))
    hours = pd.concat(pd.read_csv(file, header=None, dtype=str, usecols=range(9), names=names) for file in files)
    hours["date"] = pd.to_datetime(hours.time.astype("int64"), unit="ms").dt.floor("D")

    def day(group):
        traded = group[group["count"].astype(int) > 0]
        traded = traded if len(traded) else group.tail(1)
        return {
            "symbol": "BTCUSDT",
            "open": traded.open.iloc[0],
            "high": max(traded.high, key=Decimal),
            "low": min(traded.low, key=Decimal),
            "close": group.close.iloc[-1],
            "volume": str(sum(map(Decimal, group.volume))),
            "quote_volume": str(sum(map(Decimal, group.quote_volume))),
        }

    return pd.DataFrame([{"date": date, **day(group)} for date, group in hours.groupby("date")])


def ln(a, b):
    """ln(a / b) to the last bit of a double; NaN where one is absent or 0."""
    pairs = zip(a, b, strict=True)
    return pd.Series([np.nan if x is None or y is None else float((x / y).ln()) for x, y in pairs], index=a.index)


def metrics_of(symbol_days):
    """Metrics of one symbol: a frame of every calendar date, in which absent days are NaN."""
    calendar = pd.date_range(symbol_days.date.min(), symbol_days.date.max())
    frame = symbol_days.set_index("date").reindex(calendar).astype(object)
    exact = {
        name: pd.Series([None if pd.isna(cell) else Decimal(cell) for cell in frame[name]], calendar, dtype=object)
        for name in NUMBERS
    }
    day_before = exact["close"].shift(1).map(lambda cell: None if pd.isna(cell) else cell).astype(object)

    out = pd.DataFrame(index=calendar)
    out["symbol"], out["close"] = frame.symbol, frame.close
    out["vwap"] = [
        (quote / base).quantize(Decimal("1e-8"), ROUND_HALF_EVEN) if base else None
        for base, quote in zip(exact["volume"], exact["quote_volume"], strict=True)
    ]
    out["true_range"] = [
        None if high is None or last is None else max(high - low, abs(high - last), abs(low - last))
        for high, low, last in zip(exact["high"], exact["low"], day_before, strict=True)
    ]

    # A price of 0 has no logarithm: such a day is not observed, and the next one has no day before it.
    usable = pd.Series([all(exact[name][d] for name in NUMBERS[:4]) for d in calendar], calendar)
    price = {name: exact[name].where(usable, None) for name in NUMBERS[:4]}
    previous = pd.Series([None, *price["close"].iloc[:-1]], calendar, dtype=object)
    r = ln(price["close"], previous)
    o = ln(price["open"], previous)
    c = ln(price["close"], price["open"])
    u = ln(price["high"], price["open"])
    d = ln(price["low"], price["open"])
    hl = ln(price["high"], price["low"])
    hc = ln(price["high"], price["close"])
    lc = ln(price["low"], price["close"])
    out["log_return"] = r

    parkinson = hl**2 / (4 * np.log(2))
    garman_klass = 0.5 * hl**2 - (2 * np.log(2) - 1) * c**2
    rogers_satchell = u * hc + d * lc
    stepped = r.notna()

    def windows(series, length):
        for end in range(1, len(calendar) + 1):
            values = series.to_numpy(dtype=float)[max(0, end - length) : end]
            values = values[~np.isnan(values)]
            yield values if len(values) / length >= 0.8 - 1e-12 else None

    def rolled(series, length, statistic):
        return [np.nan if w is None else statistic(w) for w in windows(series, length)]

    year = np.sqrt(365)
    out["vol_close_7d"] = rolled(r, 7, lambda w: np.std(w, ddof=1) * year)
    out["vol_close_30d"] = rolled(r, 30, lambda w: np.std(w, ddof=1) * year)
    out["vol_parkinson_30d"] = rolled(parkinson, 30, lambda w: np.sqrt(np.mean(w)) * year)
    out["vol_garman_klass_30d"] = rolled(garman_klass, 30, lambda w: np.sqrt(np.mean(w)) * year)
    yang_zhang = []
    parts = zip(
        windows(o, 30), windows(c.where(stepped), 30), windows(rogers_satchell.where(stepped), 30), strict=True
    )
    for opening, trading, inner in parts:
        if opening is None:
            yang_zhang.append(np.nan)
            continue
        n = len(opening)
        k = 0.34 / (1.34 + (n + 1) / (n - 1))
        variance = np.var(opening, ddof=1) + k * np.var(trading, ddof=1) + (1 - k) * np.mean(inner)
        yang_zhang.append(np.sqrt(variance) * year)
    out["vol_yang_zhang_30d"] = yang_zhang
    drawdowns = []
    for end in range(1, len(calendar) + 1):
        closes = [close for close in price["close"].iloc[max(0, end - 30) : end] if close is not None]
        losses = [1 - close / peak for close, peak in zip(closes, accumulate(closes, max), strict=True)]
        drawdowns.append(float(max(losses)) if len(closes) >= 24 else np.nan)
    out["max_drawdown_30d"] = drawdowns
    out["observations"] = [int(usable.iloc[max(0, end - 30) : end].sum()) for end in range(1, len(calendar) + 1)]
    return out[frame.symbol.notna()]


def written(value):
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else repr(float(value)) if isinstance(value, float) else str(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("days", nargs="?")
    parser.add_argument("--hours")
    arguments = parser.parse_args()
    days = read_hours(arguments.hours) if arguments.hours else read_days(arguments.days)
    every = 7 if arguments.hours else 1
    print(",".join(["date", "symbol", "close", *METRICS]))
    for _, group in days.groupby("symbol", sort=True):
        for date, row in metrics_of(group).iloc[::every].iterrows():
            cells = [row.symbol, row.close, *(written(row[name]) for name in METRICS)]
            print(",".join([f"{date:%Y-%m-%d}", *cells]))


if __name__ == "__main__":
    sys.exit(main())
