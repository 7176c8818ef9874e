import { BI_TABLE_HEADERS, BI_TABLES, exampleCsv, type BiTableName } from './bi-tables';
import { dataPackage } from './data-package';

/** The promise to every sheet and dashboard: only ever longer, at the end. */
const HEADERS: Readonly<Record<BiTableName, string>> = {
  daily_ohlc: 'date,symbol,open,high,low,close,is_final,source',
  daily_volume: 'date,symbol,volume,quote_volume,trade_count,is_final,source',
  latest_prices: 'symbol,timestamp_utc,last_price,price_change_percent,volume_24h,source',
  hourly_ohlcv: 'open_time,symbol,open,high,low,close,volume,quote_volume,trade_count,is_final,source',
  daily_metrics:
    'date,symbol,close,log_return,vwap,true_range,vol_close_7d,vol_close_30d,vol_parkinson_30d,vol_garman_klass_30d,vol_yang_zhang_30d,max_drawdown_30d,observations,coverage_pct',
  data_quality:
    'date,symbol,expected_minutes,captured_minutes,quiet_minutes,exchange_stop_minutes,missing_minutes,repaired_minutes,coverage_pct,verified_against_exchange',
  symbols: 'symbol,base_asset,quote_asset,status,first_date,last_date,last_event_utc,coverage_pct',
};

const CELLS: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  datetime: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{6}\+00:00|Z)$/,
  string: /^[A-Za-z]+$/,
  boolean: /^(true|false)$/,
  integer: /^\d+$/,
  decimal: /^\d+\.\d+$/,
  statistic: /^-?0\.\d{1,12}$/,
};

describe('the contract of the BI tables', () => {
  const names = Object.keys(HEADERS) as BiTableName[];

  it.each(names)('should keep the header of %s', (name) => {
    expect(BI_TABLE_HEADERS[name].join(',')).toBe(HEADERS[name]);
    expect(exampleCsv(name).split('\r\n')[0]).toBe(HEADERS[name]);
  });

  it('should hold no table besides these', () => {
    expect(Object.keys(BI_TABLES).sort()).toEqual([...names].sort());
  });

  it.each(names)('should show an example of the right type in every column of %s', (name) => {
    for (const [column, { type, example }] of Object.entries(BI_TABLES[name].fields)) {
      expect([column, example]).toEqual([column, expect.stringMatching(CELLS[type] ?? /^$/)]);
    }
  });

  it('should describe every table and column in the data package, with the key of its rows', () => {
    const { resources } = dataPackage();
    expect(resources.map(({ path }) => path).sort()).toEqual(names.map((name) => `${name}.csv`).sort());
    for (const { name, schema } of resources) {
      expect(schema.fields.map((field) => field.name).join(',')).toBe(HEADERS[name as BiTableName]);
      expect(schema.fields.map((field) => field.name)).toEqual(expect.arrayContaining([...schema.primaryKey]));
      for (const { description } of schema.fields) expect(description).toMatch(/\.$/);
    }
  });
});
