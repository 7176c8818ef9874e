import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BI_TABLE_HEADERS, DAY, floorTo, formatDate, parseIsoTime, type DailyMetrics } from '@app/domain';
import { metricsOfDays, rollUpMinutes, type MetricsDay } from '@app/history';
import { describeRecordings, recordedHours, type RecordedCandle } from '../support/recordings';

type Row = Readonly<Record<string, string>>;

const ALL = { start: 0, end: Number.MAX_SAFE_INTEGER };

function readCsv(file: string): Row[] {
  const [header = '', ...lines] = readFileSync(join(__dirname, '../reference', file), 'utf8')
    .trimEnd()
    .split('\n');
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

const cell = (value: string | null): string => value ?? '';

/** Our columns by the names that the reference uses, `coverage_pct` apart: that is the ledger's. */
const ours = (symbol: string, metrics: DailyMetrics): Row => ({
  date: formatDate(metrics.date),
  symbol,
  close: metrics.close,
  log_return: cell(metrics.logReturn),
  vwap: cell(metrics.vwap),
  true_range: cell(metrics.trueRange),
  vol_close_7d: cell(metrics.volClose7d),
  vol_close_30d: cell(metrics.volClose30d),
  vol_parkinson_30d: cell(metrics.volParkinson30d),
  vol_garman_klass_30d: cell(metrics.volGarmanKlass30d),
  vol_yang_zhang_30d: cell(metrics.volYangZhang30d),
  max_drawdown_30d: cell(metrics.maxDrawdown30d),
  observations: String(metrics.observations),
});

const EXACT = ['date', 'symbol', 'close', 'vwap', 'true_range', 'observations'];

/** Digits are equal where they are exact; statistics are equal to 1e-9 of their value, and empty together. */
function expectSame(actual: readonly Row[], expected: readonly Row[]): void {
  expect(actual.map(({ date, symbol }) => `${date} ${symbol}`)).toEqual(
    expected.map(({ date, symbol }) => `${date} ${symbol}`),
  );
  const differences = expected.flatMap((row, index) =>
    Object.entries(row).flatMap(([name, value]) => {
      const own = actual[index]?.[name];
      const same =
        EXACT.includes(name) || value === '' || own === ''
          ? own === value
          : Math.abs(Number(own) - Number(value)) <= 1e-9 * Math.abs(Number(value));
      return same ? [] : [`${row['date']} ${row['symbol']} ${name}: ${own} instead of ${value}`];
    }),
  );
  expect(differences).toEqual([]);
}

describe('metrics beside the independent implementation', () => {
  const days = readCsv('days.csv');
  const bySymbol = new Map<string, MetricsDay[]>();
  for (const { date = '', symbol = '', open, high, low, close, volume, quote_volume: quoteVolume } of days) {
    const day = { date: parseIsoTime(date), open, high, low, close, volume, quoteVolume } as MetricsDay;
    bySymbol.set(symbol, [...(bySymbol.get(symbol) ?? []), day]);
  }
  const actual = [...bySymbol]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([symbol, ofSymbol]) => metricsOfDays(ofSymbol, ALL).map((metrics) => ours(symbol, metrics)));

  it('should have the columns of the contract', () => {
    expect([...Object.keys(actual[0] ?? {}), 'coverage_pct']).toEqual(BI_TABLE_HEADERS.daily_metrics);
  });

  it('should give the same numbers over gaps, flat prices, jumps, no volume, last-digit moves and a price of 0', () => {
    expectSame(actual, readCsv('daily_metrics.csv'));
  });

  it('should meet every edge in these days', () => {
    const of = (symbol: string): Row[] => actual.filter((row) => row['symbol'] === symbol);
    for (const name of BI_TABLE_HEADERS.daily_metrics.slice(3, 12)) {
      expect([name, actual.some((row) => row[name] === '')]).toEqual([name, true]);
      expect([name, actual.some((row) => row[name] !== '')]).toEqual([name, true]);
    }
    expect(of('FLATUSDT').at(-1)).toMatchObject({ vol_yang_zhang_30d: '0', max_drawdown_30d: '0', vwap: '' });
    expect(of('WALKUSDT').some((row) => Number(row['observations']) < 24)).toBe(true);
    // 24 days are enough for ranges, but hold 23 steps only.
    const [day24] = of('TINYUSDT').filter((row) => row['observations'] === '24');
    expect(day24).toMatchObject({ vol_close_30d: '', vol_yang_zhang_30d: '' });
    expect(day24?.['vol_parkinson_30d']).not.toBe('');
  });
});

describeRecordings('metrics of recorded days beside the independent implementation (needs RECORDINGS_DIR)', () => {
  it('should give the same numbers for every seventh day from 2017 to 2020', () => {
    const hours = new Map<number, RecordedCandle[]>();
    for (const hour of recordedHours()) {
      const date = floorTo(hour.openTime, DAY);
      hours.set(date, [...(hours.get(date) ?? []), hour]);
    }
    const days = [...hours].flatMap(([date, ofDay]): MetricsDay[] => {
      const day = rollUpMinutes(ofDay.map((hour) => ({ ...hour, capturedAt: 0, revision: 1 })));
      return day ? [{ date, ...day }] : [];
    });
    const rows = metricsOfDays(days, ALL).filter((_, index) => index % 7 === 0);
    expectSame(
      rows.map((metrics) => ours('BTCUSDT', metrics)),
      readCsv('daily_metrics_recorded.csv'),
    );
  });
});
