import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BI_TABLE_HEADERS, BI_TABLES, dataPackage, exampleCsv, type BiTableName } from '@app/domain';
import { looker } from '../support/looker';

const recipe = (file: string): string => readFileSync(join(__dirname, '../../bi', file), 'utf8');
const columns = (name: string): readonly string[] => BI_TABLE_HEADERS[name as BiTableName];
const every = (pattern: RegExp, text: string): string[] => [...text.matchAll(pattern)].map(([, found = '']) => found);

interface GrafanaTarget {
  readonly url: string;
  readonly columns: readonly { readonly selector: string; readonly type: string }[];
}

describe('recipes for BI tools', () => {
  it('should name tables and columns of the contract in Power Query, DuckDB and pandas', () => {
    const query = recipe('recipes/daily_metrics.pq');
    expect(every(/RelativePath = "bi\/(\w+)\.csv"/g, query)).toEqual(['daily_metrics']);
    expect(every(/\{"(\w+)", (?:type|Int64)/g, query)).toEqual(columns('daily_metrics'));

    const views = recipe('recipes/read_tables.sql').split('CREATE OR REPLACE VIEW').slice(1);
    expect(views).toHaveLength(3);
    for (const view of views) {
      const [table = ''] = every(/bi\/(\w+)\.csv/g, view);
      expect(view.trim().split(/\s/)[0]).toBe(table);
      expect(columns(table)).toEqual(expect.arrayContaining(every(/'(\w+)': '/g, view)));
    }

    const script = recipe('recipes/read_tables.py');
    const typed = (type: string): string[] =>
      Object.values(BI_TABLES).flatMap(({ fields }) =>
        Object.entries<{ type: string }>(fields).flatMap(([name, field]) => (field.type === type ? [name] : [])),
      );
    const set = (name: string): string[] =>
      every(/"(\w+)"/g, new RegExp(`${name} = \\{([^}]*)\\}`).exec(script)?.[1] ?? '');
    expect(set('EXACT').sort()).toEqual([...new Set(typed('decimal'))].sort());
    expect(set('DATES').sort()).toEqual([...new Set([...typed('date'), ...typed('datetime')])].sort());
  });

  it('should draw columns of the contract in Grafana', () => {
    const { panels } = JSON.parse(recipe('grafana/crypto-market-history.json')) as {
      panels: { targets: GrafanaTarget[] }[];
    };
    const targets = panels.flatMap((panel) => panel.targets);
    expect(targets).toHaveLength(5);
    for (const { url, columns: drawn } of targets) {
      const [table = ''] = every(/\/bi\/(\w+)\.csv\?/g, url);
      // Instants: a date would be that of the browser's time zone.
      expect(url).toMatch(/&start=\$\{__from\}&end=\$\{__to\}$/);
      expect(columns(table)).toEqual(expect.arrayContaining(drawn.map(({ selector }) => selector)));
      for (const { selector, type } of drawn) {
        expect(type).toBe(['date', 'open_time'].includes(selector) ? 'timestamp' : 'number');
      }
    }
  });

  const api = JSON.parse(recipe('../docs/openapi.json')) as {
    paths: Record<string, { get: { parameters?: { name: string }[] } }>;
    components: { schemas: Record<string, { properties: Record<string, unknown> }> };
  };
  const CANDLE = Object.keys(api.components.schemas['CandleDto']?.properties ?? {});
  const PRICE = Object.keys(api.components.schemas['PriceEventDto']?.properties ?? {});

  it.each(['README.md', 'recipes/read_tables.sql'])('should ask only for what the API takes in %s', (file) => {
    const addresses = every(/(https:\/\/your-host\/[^"'`]*)/g, recipe(file)).map((address) => new URL(address));
    expect(addresses.length).toBeGreaterThan(2);
    for (const { pathname, searchParams } of addresses) {
      const parameters = api.paths[pathname]?.get.parameters?.map(({ name }) => name);
      expect([pathname, parameters]).toEqual([pathname, expect.arrayContaining([...searchParams.keys()])]);
      const fields = pathname === '/candles' ? CANDLE : PRICE;
      expect(fields).toEqual(expect.arrayContaining(searchParams.get('columns')?.split(',') ?? []));
    }
  });

  it('should type every column of the candles that Power Query asks for', () => {
    const query = recipe('recipes/candles.pq');
    const [asked = ''] = every(/columns = "([^"]*)"/g, query);
    expect(asked.split(',')).toEqual(every(/\{"(\w+)", type/g, query));
    expect(CANDLE).toEqual(expect.arrayContaining(asked.split(',')));
    const names = api.paths['/candles']?.get.parameters?.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(every(/^\s+(\w+) = "/gm, /Query = \[([^\]]*)\]/.exec(query)?.[1] ?? '')),
    );
  });

  it('should name tables of the contract in the guide', () => {
    const tables = every(/\/bi\/(\w+)\.csv/g, recipe('README.md'));
    expect(tables.length).toBeGreaterThan(0);
    for (const table of tables) expect(columns(table)).toBeDefined();
  });
});

describe('the Looker Studio connector', () => {
  const serve = (url: string): { status: number; text: string } => {
    const [, file = ''] = /\/bi\/([\w.]+)/.exec(url) ?? [];
    if (file === 'datasets.json') return { status: 200, text: JSON.stringify(dataPackage()) };
    return { status: 200, text: exampleCsv(file.replace('.csv', '') as BiTableName) };
  };
  const config = (table: string): object => ({ baseUrl: 'https://host/', table, symbols: 'BTCUSDT, ETHUSDT' });

  it.each(Object.keys(BI_TABLES) as BiTableName[])('should describe and read every column of %s', (table) => {
    const { call } = looker(serve);
    const { schema } = call('getSchema', { configParams: config(table) }) as { schema: { Id: string; Type: string }[] };
    expect(schema.map(({ Id: id }) => id)).toEqual(columns(table));
    const dateRange = { startDate: '2026-01-01', endDate: '2026-01-31' };
    const fields = columns(table).map((name) => ({ name }));
    const answer = call('getData', { configParams: config(table), dateRange, fields }) as {
      rows: { values: unknown[] }[];
    };
    const examples = Object.values<{ type: string; example: string }>(BI_TABLES[table].fields).map(
      ({ type, example }) => {
        if (['decimal', 'statistic', 'integer'].includes(type)) return Number(example);
        if (type === 'boolean') return example === 'true';
        return type === 'string' ? example : example.replace(/\D/g, '').slice(0, 14);
      },
    );
    expect(answer.rows).toEqual([{ values: examples }]);
  });

  it('should ask for the dates of the chart, the last one included, and only for columns that are asked for', () => {
    const { call, asked } = looker(serve);
    const request = {
      configParams: config('daily_metrics'),
      dateRange: { startDate: '2026-01-31', endDate: '2026-02-28' },
      fields: [{ name: 'vwap' }, { name: 'date' }],
    };
    expect(call('getData', request)['rows']).toEqual([{ values: [67651.38907823, '20260114'] }]);
    expect(asked.at(-1)).toBe(
      'https://host/bi/daily_metrics.csv?symbols=BTCUSDT%2CETHUSDT&start=2026-01-31&end=2026-03-01',
    );
    call('getData', { ...request, configParams: config('symbols'), fields: [{ name: 'symbol' }] });
    expect(asked.at(-1)).toBe('https://host/bi/symbols.csv?symbols=BTCUSDT%2CETHUSDT');
  });

  const hours = { configParams: config('hourly_ohlcv'), fields: [{ name: 'open_time' }, { name: 'close' }] };

  it('should ask for the newest 3,650 dates where a chart shows more', () => {
    const { call, asked } = looker(serve);
    call('getData', { ...hours, dateRange: { startDate: '2001-01-01', endDate: '2026-01-31' } });
    expect(asked.at(-1)).toMatch(/&start=2016-02-04&end=2026-02-01$/);
  });

  it('should read in halves what is too large for one answer, each hour once, in order', () => {
    const datesOf = (url: string): [number, number] => {
      const [, start = '', end = ''] = /start=([\d-]+)&end=([\d-]+)/.exec(url) ?? [];
      return [Date.parse(start), Date.parse(end)];
    };
    const { call, asked } = looker((url) => {
      if (!url.includes('hourly')) return serve(url);
      const [start, end] = datesOf(url);
      const dates = (end - start) / 86_400_000;
      if (dates > 10)
        return { status: 400, text: JSON.stringify({ detail: 'too large', errors: [{ field: 'symbols' }] }) };
      const lines = Array.from({ length: dates }, (_, day) => {
        const cells = columns('hourly_ohlcv').map((name) =>
          name === 'open_time' ? new Date(start + day * 86_400_000).toISOString() : '1',
        );
        return `${cells.join(',')}\r\n`;
      });
      return { status: 200, text: `${columns('hourly_ohlcv').join(',')}\r\n${lines.join('')}` };
    });
    const dateRange = { startDate: '2026-01-01', endDate: '2026-01-31' };
    const { rows } = call('getData', { ...hours, dateRange }) as { rows: { values: [string, number] }[] };
    expect(rows.map(({ values: [time] }) => time.slice(0, 8))).toEqual(
      Array.from({ length: 31 }, (_, day) => `202601${String(day + 1).padStart(2, '0')}`),
    );
    expect(asked.filter((url) => url.includes('hourly')).length).toBeLessThan(10);
  });

  it('should not read in halves what is refused for another reason', () => {
    const { call, asked } = looker((url) =>
      url.includes('datasets')
        ? serve(url)
        : { status: 400, text: JSON.stringify({ detail: 'start: no', errors: [{ field: 'start' }] }) },
    );
    const dateRange = { startDate: '2026-01-01', endDate: '2026-01-31' };
    expect(() => call('getData', { ...hours, dateRange })).toThrow('start: no');
    expect(asked).toHaveLength(2);
  });

  it('should say in words that a server is down', () => {
    const { call } = looker(() => {
      throw new Error('DNS error: https://host');
    });
    expect(() => call('getData', hours)).toThrow('The server does not answer: DNS error: https://host');
  });

  it('should say in words what the server refuses', () => {
    const refusing = looker((url) =>
      url.includes('datasets')
        ? serve(url)
        : { status: 404, text: JSON.stringify({ detail: 'symbol: "NOPE" is not known' }) },
    );
    const request = { configParams: config('daily_ohlc'), fields: [{ name: 'date' }] };
    expect(() => refusing.call('getData', request)).toThrow('symbol: "NOPE" is not known');
    expect(() => refusing.call('getSchema', { configParams: config('nothing') })).toThrow('There is no table nothing');
    expect(() => refusing.call('getSchema', { configParams: {} })).toThrow('The address of the server');
  });
});
