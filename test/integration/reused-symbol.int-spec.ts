import { rmSync } from 'node:fs';
import { BI_TABLE_HEADERS, DAY, HOUR, MILLISECOND, type SymbolInfo } from '@app/domain';
import { WriteStore } from '@app/storage';
import { buildMinute } from '@app/testing';
import Database from 'better-sqlite3';
import { Recorder } from '../support/recorder';
import { NOON, ORIGIN, TestStore } from '../support/test-store';

type Item = Readonly<Record<string, string | null>>;

/** A name that the exchange gave to another coin after it had delisted the first. */
const NAME = 'LUNAUSDT';
const FIRST = Date.UTC(2026, 0, 10) * MILLISECOND;

const symbol = (changes: Partial<SymbolInfo> = {}): SymbolInfo => ({
  symbol: NAME,
  baseAsset: 'LUNC',
  quoteAsset: 'USDT',
  status: 'TRADING',
  ...changes,
});

describe('a symbol whose name was given to another pair', () => {
  const recorder = new Recorder(FIRST, `BTCUSDT,${NAME},NOTYETUSDT`);

  beforeAll(async () => {
    await recorder.open();
    await recorder.take([buildMinute(NAME, FIRST - HOUR)]);
    await recorder.serve();
  });

  afterAll(() => recorder.dispose());

  const save = (...symbols: readonly SymbolInfo[]): Promise<void> =>
    recorder.store.history.saveSymbols(symbols, Recorder.ORIGIN);

  async function served(name: string): Promise<Item | undefined> {
    const { data } = (await recorder.ask('/symbols')).json<{ data: Item[] }>();
    return data.find((item) => item['symbol'] === name);
  }

  it('should say in /symbols since when it is what it is, and stay one row with its newest assets in the table', async () => {
    await save(symbol(), symbol({ symbol: 'BTCUSDT', baseAsset: 'BTC' }));
    expect(Object.keys((await served(NAME)) ?? {})).toEqual([...BI_TABLE_HEADERS.symbols, 'assets_since']);
    expect(await served(NAME)).toMatchObject({ base_asset: 'LUNC', assets_since: null });
    expect(await served('NOTYETUSDT')).toMatchObject({ base_asset: null, assets_since: null });

    recorder.clock.set(FIRST + DAY);
    // Another status is no other pair.
    await save(symbol({ status: 'BREAK' }));
    expect(await served(NAME)).toMatchObject({ base_asset: 'LUNC', assets_since: null });
    recorder.clock.set(FIRST + 2 * DAY);
    await save(symbol({ baseAsset: 'LUNA' }));
    recorder.clock.set(FIRST + 3 * DAY);
    await save(symbol({ baseAsset: 'LUNA' }));
    expect(await served(NAME)).toMatchObject({
      base_asset: 'LUNA',
      first_date: '2026-01-09',
      assets_since: '2026-01-12T00:00:00.000000+00:00',
    });
    await save(symbol({ baseAsset: 'LUNA', quoteAsset: 'USDC' }));
    expect(await served(NAME)).toMatchObject({
      quote_asset: 'USDC',
      assets_since: '2026-01-13T00:00:00.000000+00:00',
    });
    expect(await served('BTCUSDT')).toMatchObject({ base_asset: 'BTC', assets_since: null });
    expect(recorder.rows('SELECT since, base_asset, quote_asset FROM symbol_assets WHERE symbol = ?', NAME)).toEqual([
      { since: 0, base_asset: 'LUNC', quote_asset: 'USDT' },
      { since: FIRST + 2 * DAY, base_asset: 'LUNA', quote_asset: 'USDT' },
      { since: FIRST + 3 * DAY, base_asset: 'LUNA', quote_asset: 'USDC' },
    ]);
    const table = (await recorder.ask('/bi/symbols.csv')).body.split('\r\n');
    expect(table[0]).toBe(BI_TABLE_HEADERS.symbols.join(','));
    expect(table.filter((line) => line.startsWith(NAME))).toEqual([
      `${NAME},LUNA,USDC,TRADING,2026-01-09,2026-01-09,,0.02`,
    ]);
  });
});

describe('what a symbol stood for', () => {
  let store: TestStore;

  beforeEach(() => {
    store = new TestStore();
  });

  afterEach(async () => {
    await store.dispose();
  });

  const meanings = (): unknown[] => store.rows('SELECT since, base_asset FROM symbol_assets');

  async function saveAt(opened: WriteStore, time: number, baseAsset: string): Promise<void> {
    store.clock.set(time);
    await opened.history.saveSymbols([symbol({ baseAsset })], ORIGIN);
  }

  it('should be found again in the manifest when the database is lost', async () => {
    const opened = await store.open();
    await saveAt(opened, NOON, 'LUNC');
    await saveAt(opened, NOON + 123_456, 'LUNA');
    await saveAt(opened, NOON + DAY, 'LUNX');
    const before = meanings();
    await store.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${store.databasePath}${end}`, { force: true });
    const again = await store.open();
    expect(meanings()).toEqual(before);
    expect(store.rows('SELECT base_asset FROM symbols')).toEqual([{ base_asset: 'LUNX' }]);
    await saveAt(again, NOON + 2 * DAY, 'LUNX');
    expect(meanings()).toEqual(before);
  });

  it('should keep its order when the clock is put back between two answers', async () => {
    const opened = await store.open();
    await saveAt(opened, NOON, 'LUNC');
    await saveAt(opened, NOON + DAY, 'LUNA');
    await saveAt(opened, NOON, 'LUNC');
    expect(meanings()).toEqual([
      { since: 0, base_asset: 'LUNC' },
      { since: NOON + DAY, base_asset: 'LUNA' },
      { since: NOON + DAY + 1, base_asset: 'LUNC' },
    ]);
  });

  it('should count from the first change on in a store of the release before', async () => {
    const opened = await store.open();
    await saveAt(opened, NOON, 'LUNC');
    await store.close();
    const database = new Database(store.databasePath);
    database.exec('DROP TABLE symbol_assets');
    database.exec("DELETE FROM migrations WHERE name = 'SymbolAssets1765006000001'");
    database.close();
    const again = await store.open();
    expect(meanings()).toEqual([{ since: 0, base_asset: 'LUNC' }]);
    await saveAt(again, NOON + DAY, 'LUNA');
    const [summary] = await (await store.readers()).symbols.summaries([NAME]);
    expect(summary).toMatchObject({ baseAsset: 'LUNA', assetsSince: NOON + DAY });
  });
});
