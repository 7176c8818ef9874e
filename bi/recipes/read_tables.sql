-- The tables in DuckDB (INSTALL httpfs). Types are given where prices and volumes must stay exact.
CREATE OR REPLACE VIEW daily_ohlc AS
SELECT * FROM read_csv('https://your-host/bi/daily_ohlc.csv?days=365', types = {
  'date': 'DATE', 'open': 'DECIMAL(28, 8)', 'high': 'DECIMAL(28, 8)', 'low': 'DECIMAL(28, 8)',
  'close': 'DECIMAL(28, 8)', 'is_final': 'BOOLEAN'
});

CREATE OR REPLACE VIEW daily_metrics AS
SELECT * FROM read_csv('https://your-host/bi/daily_metrics.csv?days=365', types = {
  'date': 'DATE', 'close': 'DECIMAL(28, 8)', 'log_return': 'DOUBLE', 'vwap': 'DECIMAL(28, 8)',
  'true_range': 'DECIMAL(28, 8)', 'vol_close_7d': 'DOUBLE', 'vol_close_30d': 'DOUBLE',
  'vol_parkinson_30d': 'DOUBLE', 'vol_garman_klass_30d': 'DOUBLE', 'vol_yang_zhang_30d': 'DOUBLE',
  'max_drawdown_30d': 'DOUBLE', 'coverage_pct': 'DECIMAL(5, 2)'
});

CREATE OR REPLACE VIEW latest_prices AS
SELECT * FROM read_csv('https://your-host/bi/latest_prices.csv', types = {
  'last_price': 'DECIMAL(28, 8)', 'price_change_percent': 'DECIMAL(18, 3)', 'volume_24h': 'DECIMAL(28, 8)'
});

SELECT symbol, max(date) AS last_date, arg_max(close, date) AS close, arg_max(vol_yang_zhang_30d, date) AS volatility
FROM daily_metrics GROUP BY symbol ORDER BY symbol;
