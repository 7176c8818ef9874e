-- Views of the newest build of a server, one for each table: exact decimals, UTC timestamps. In DuckDB:
--   duckdb market.duckdb < data_views.sql
-- Put your address in place of https://your-host. DuckDB reads by ranges, and of a file only the columns and row groups
-- that a query needs; files are ordered by symbol and then time, so ask for symbols by name.
CREATE OR REPLACE VIEW daily_ohlc AS FROM read_parquet('https://your-host/data/latest/daily_ohlc.parquet');
CREATE OR REPLACE VIEW daily_volume AS FROM read_parquet('https://your-host/data/latest/daily_volume.parquet');
CREATE OR REPLACE VIEW hourly_ohlcv AS FROM read_parquet('https://your-host/data/latest/hourly_ohlcv.parquet');
CREATE OR REPLACE VIEW latest_prices AS FROM read_parquet('https://your-host/data/latest/latest_prices.parquet');
CREATE OR REPLACE VIEW daily_metrics AS FROM read_parquet('https://your-host/data/latest/daily_metrics.parquet');
CREATE OR REPLACE VIEW data_quality AS FROM read_parquet('https://your-host/data/latest/data_quality.parquet');
CREATE OR REPLACE VIEW symbols AS FROM read_parquet('https://your-host/data/latest/symbols.parquet');
