"""The tables in pandas: exact decimals as Decimal, statistics as float, dates as dates.

    python read_tables.py https://your-host daily_metrics 'symbols=BTCUSDT&days=90'
"""

import sys
from decimal import Decimal

import pandas as pd

EXACT = {
    "open", "high", "low", "close", "volume", "quote_volume", "vwap", "true_range",
    "last_price", "volume_24h", "price_change_percent", "coverage_pct",
}
DATES = {"date", "open_time", "timestamp_utc", "first_date", "last_date", "last_event_utc"}


def read_table(base: str, name: str, query: str = "") -> pd.DataFrame:
    """One table; pandas guesses the types of what is neither exact nor a date."""
    url = f"{base}/bi/{name}.csv?{query}"
    header = pd.read_csv(url, nrows=0).columns
    exact = {column: lambda text: Decimal(text) if text else None for column in header if column in EXACT}
    dates = [column for column in header if column in DATES]
    return pd.read_csv(url, converters=exact, parse_dates=dates)


if __name__ == "__main__":
    print(read_table(*sys.argv[1:]).to_string())
