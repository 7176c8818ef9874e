import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/app-process';
import { exchangeKlines, type KlineRow } from '../support/exchange-klines';
import { readTable } from '../support/history-tables';
import { getJson } from '../support/http';
import { runCli } from '../support/run-cli';
import { marketAt, Stack } from '../support/stack';
import { minutesByState, storedKlines } from '../support/stored-history';

const MINUTE_MS = 60_000;
const NOW = Date.parse('2026-03-18T13:37:43Z');
const FORMING = Math.floor(NOW / MINUTE_MS) * MINUTE_MS;
const TODAY = Date.parse('2026-03-18');

const text = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => `${row.join(',')}\n`).join('');
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** The row as it stood when one trade of its minute had happened. */
function cutMidMinute(row: KlineRow): (string | number)[] {
  const [openTime, open, , , , , closeTime] = row;
  return [openTime, open, open, open, open, '0.00100000', closeTime, '1.00000000', 1, '0.00000000', '0.00000000', '0'];
}

/** The same trades with another volume. */
function withOtherVolume(row: KlineRow): (string | number)[] {
  return row.map((value, index) => (index === 5 ? `1${String(value)}` : value));
}

/** Dumps of the exchange's REST answers, imported into stores that know some of their minutes already. */
describe('cli import of dumps', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT', CLOCK: 'simulator' });
  /** Its clock is the machine's, which is long past the market's time. */
  const ahead = new Stack({ SYMBOLS: 'BTCUSDT' });
  const folder = join(stack.folder, 'files');
  let origin: string;
  let rows: readonly KlineRow[];

  function write(name: string, dump: readonly (readonly (string | number)[])[]): string {
    writeFileSync(join(folder, name), text(dump));
    return join(folder, name);
  }

  const importInto = (into: Stack, ...args: string[]): ReturnType<typeof runCli> =>
    runCli(into, 'import', '--origin', origin, '--symbol', 'BTCUSDT', ...args);
  const versions = ({ databasePath }: Stack): unknown[] =>
    ['candles_1m', 'candle_revisions'].map((table) => readTable(databasePath, table));

  async function expectSameAfterRebuild(of: Stack): Promise<void> {
    const before = [versions(of), await minutesByState(of, 'BTCUSDT')];
    const { code, output } = await runCli(of, 'rebuild', '--imports', folder);
    expect(output).toContain('the database has been made anew');
    expect(code).toBe(0);
    expect([versions(of), await minutesByState(of, 'BTCUSDT')]).toEqual(before);
  }

  beforeAll(async () => {
    mkdirSync(folder);
    await stack.startSimulator(['--clock-origin', marketAt(new Date(NOW)), '--weight-limit', '100000']);
    ahead.exchangeUrl = stack.exchangeUrl;
    ({ origin } = await getJson<{ origin: string }>(`${stack.exchangeUrl}/_simulator/origin`));
    rows = await exchangeKlines(stack.exchangeUrl, 'BTCUSDT', '1m', TODAY, FORMING);
  });

  afterAll(async () => {
    await stack.close();
    await ahead.close();
  });

  it.each<[string, () => Stack]>([
    ['a local clock that is right', () => stack],
    ['a local clock that is months ahead', () => ahead],
  ])('should leave out the forming minute and a row of the future with %s, and a rebuild too', async (_, of) => {
    const [last] = rows.slice(-1);
    // Far enough ahead for neither to be over while this test runs.
    const [forming, future] = [FORMING + 30 * MINUTE_MS, FORMING + 90 * MINUTE_MS].map((openTime) =>
      last!.map((value, index) => (index === 0 ? openTime : index === 6 ? openTime + MINUTE_MS - 1 : value)),
    );
    const dump = write('future.csv', [...rows.slice(0, 600), forming!, future!]);
    const { code, output } = await importInto(of(), dump);
    expect(output).toMatch(/future\.csv +600 +600 +0 +imported, 2 minutes left out$/m);
    for (const openTime of [FORMING + 30 * MINUTE_MS, FORMING + 90 * MINUTE_MS]) {
      expect(output).toMatch(
        new RegExp(`future\\.csv +${iso(openTime)} +1 +left out +the row of ${iso(openTime)}: close time is `),
      );
    }
    expect(output).toContain('cli: 2 minutes left out, listed above with the reason');
    expect(code).toBe(1);
    expect(await storedKlines(of(), 'BTCUSDT')).toEqual(rows.slice(0, 600).map((row) => row.slice(0, 11)));
    await expectSameAfterRebuild(of());
  });

  it('should import nothing of a dump that is of the future as a whole, and say so', async () => {
    const shift = 40 * 86_400_000;
    const later = rows
      .slice(0, 3)
      .map((row) => row.map((value, index) => (index % 6 === 0 ? Number(value) + shift : value)));
    const before = versions(stack);
    const { code, output } = await importInto(
      stack,
      write(
        'later.csv',
        later.map((row) => row.slice(0, 11).concat('0')),
      ),
    );
    expect(output).toMatch(/later\.csv +0 +0 +0 +nothing imported, 3 minutes left out$/m);
    expect(code).toBe(1);
    expect(versions(stack)).toEqual(before);
  });

  it('should not replace minutes of a backfill by those of a dump with fewer trades, and a rebuild neither', async () => {
    expect((await runCli(stack, 'backfill', '--from', '2026-03-17', '--to', '2026-03-18')).code).toBe(0);
    const before = versions(stack);
    const yesterday = await exchangeKlines(stack.exchangeUrl, 'BTCUSDT', '1m', TODAY - 86_400_000, TODAY);
    const cut = yesterday.at(-1)!;
    const quiet = yesterday.findIndex(({ 8: trades }) => trades > 0);
    const dump = write('cut.csv', [
      ...yesterday.slice(0, quiet),
      cutMidMinute(yesterday[quiet]!).with(8, 0),
      ...yesterday.slice(quiet + 1, -1),
      cutMidMinute(cut),
    ]);
    const { code, output } = await importInto(stack, dump);
    expect(output).toMatch(new RegExp(`cut\\.csv +${yesterday.length - 2} +0 +0 +imported, 2 minutes left out$`, 'm'));
    const had = `trade count is 1, and the stored minute has ${cut[8]}`;
    expect(output).toContain(`left out  the row of ${iso(cut[0])}: ${had}`);
    expect(code).toBe(1);
    expect(versions(stack)).toEqual(before);
    await expectSameAfterRebuild(stack);
  });

  it('should replace them with --replace, name them, and end with 0; a rebuild replaces the same', async () => {
    const { code, output } = await importInto(stack, '--replace', join(folder, 'cut.csv'));
    expect(output).toMatch(/cut\.csv +\d+ +0 +2 +imported$/m);
    expect(output).toMatch(
      /cut\.csv +\S+ +1 +replaced +the row of 2026-03-17T23:59:00Z: trade count 1, .*; before, trade count \d+, /,
    );
    expect(code).toBe(0);
    const stored = await storedKlines(stack, 'BTCUSDT');
    expect(stored.find(([openTime]) => openTime === TODAY - MINUTE_MS)?.[8]).toBe(1);
    await expectSameAfterRebuild(stack);
  });

  it('should make a revision of other numbers with as many trades, and name the minute', async () => {
    const minute = rows.findIndex(({ 8: trades }) => trades > 0);
    const dump = write('other.csv', [withOtherVolume(rows[minute]!), ...rows.slice(minute + 1, 300)]);
    const { code, output } = await importInto(stack, dump);
    expect(output).toMatch(/other\.csv +\d+ +0 +1 +imported$/m);
    expect(output).toMatch(new RegExp(`other\\.csv +${iso(rows[minute]![0])} +1 +replaced `));
    expect(code).toBe(0);
    await expectSameAfterRebuild(stack);
  });
});

/** Minutes that the platform captures while it runs, and a dump that somebody took of the same minutes too early. */
describe('cli import beside live capture', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT', CLOCK: 'simulator', BACKFILL_DAYS: '0' });

  afterAll(async () => {
    await stack.close();
  });

  it('should not replace minutes that were captured live by those of a dump with fewer trades', async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date(NOW)), '--clock-factor', '60']);
    const { origin } = await getJson<{ origin: string }>(`${stack.exchangeUrl}/_simulator/origin`);
    const app = await stack.start('standalone-app');
    await app.answers(`${await stack.urlOf('standalone-app')}/readyz`);
    const traded = await eventually('three minutes with trades are captured', async () => {
      const minutes = (await storedKlines(stack, 'BTCUSDT')).filter(({ 8: trades }) => Number(trades) > 1);
      return minutes.length >= 3 ? minutes.slice(0, 3) : undefined;
    });
    const dump = join(stack.folder, 'BTCUSDT-1m-2026-03-18.csv');
    const cut = traded.map((row) => cutMidMinute([...row, '0'] as unknown as KlineRow));
    writeFileSync(dump, text(cut));
    const { code, output } = await runCli(stack, 'import', '--origin', origin, dump);
    expect(output).toContain('nothing imported, 3 minutes left out');
    expect(code).toBe(1);
    const stored = async (): Promise<unknown[]> =>
      (await storedKlines(stack, 'BTCUSDT')).filter(([openTime]) => traded.some((row) => row[0] === openTime));
    expect(await stored()).toEqual(traded);
    expect(await app.stop()).toBe(0);
    expect((await runCli(stack, 'rebuild', '--imports', stack.folder)).code).toBe(0);
    expect(await stored()).toEqual(traded);
  });
});
