import { copyFileSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { DAY, HOUR, MINUTE, SECOND, type OutgoingEvent } from '@app/domain';
import { buildMinute } from '@app/testing';
import { NOON, TestStore, candleEvent, priceEvent } from '../support/test-store';

const MIDNIGHT = NOON + DAY / 2;
const [DAY_1, DAY_2] = ['crypto_prices_2026-01-15', 'crypto_prices_2026-01-16'];

const values = (events: readonly OutgoingEvent[]): string[] => events.map(({ value }) => value);

describe('the bronze archive', () => {
  let store: TestStore;

  beforeEach(async () => {
    store = new TestStore();
    await store.open();
  });

  afterEach(async () => {
    await store.dispose();
  });

  /** Stands for the compaction of a closed day, or for a person with gzip. */
  function compress(file: string): void {
    const path = store.bronzePath(file);
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
    rmSync(path);
  }

  async function damaged(): Promise<string[]> {
    return (await store.readers()).status.damagedFiles();
  }

  it('should put each line of a batch that spans midnight into the file of the day on which it was captured', async () => {
    const before = [priceEvent('BTCUSDT', MIDNIGHT - 1), priceEvent('ETHUSDT', MIDNIGHT - 1)];
    const after = [priceEvent('BTCUSDT', MIDNIGHT), priceEvent('ETHUSDT', MIDNIGHT)];
    // The last minute of a day is captured on the next one.
    const candle = candleEvent(buildMinute('BTCUSDT', MIDNIGHT - MINUTE, { capturedAt: MIDNIGHT + 2 * SECOND }));
    await store.take(before[0]!, after[0]!, candle, before[1]!, after[1]!);
    expect(store.bronzeLines(`${DAY_1}.jsonl`)).toEqual(values(before));
    expect(store.bronzeLines(`${DAY_2}.jsonl`)).toEqual(values(after));
    expect(store.bronzeFiles()).toEqual(['crypto_candles_2026-01-16.jsonl', `${DAY_1}.jsonl`, `${DAY_2}.jsonl`]);
    expect(store.column('SELECT open_time FROM candles_1d')).toEqual([MIDNIGHT - DAY]);
  });

  it('should keep events byte for byte, with keys that it does not know and symbols of any script', async () => {
    const event = priceEvent('币安人生USDT', NOON);
    const value = event.value.replace('{', '{ "note": "\\u00e9 \u2028 é", ');
    await store.take({ ...event, value });
    expect(readFileSync(store.bronzePath(`${DAY_1}.jsonl`), 'utf8')).toBe(`${value}\n`);
  });

  it('should open a further file for late lines of a day that was compressed, and go on in it after a restart', async () => {
    const [early, late, later] = [0, 1, 2].map((hour) => priceEvent('BTCUSDT', NOON + hour * HOUR)) as [
      OutgoingEvent,
      OutgoingEvent,
      OutgoingEvent,
    ];
    await store.take(early);
    compress(`${DAY_1}.jsonl`);
    await store.take(late, priceEvent('BTCUSDT', MIDNIGHT));
    await store.reopen();
    await store.take(later);
    expect(store.bronzeFiles()).toEqual([`${DAY_1}.1.jsonl`, `${DAY_2}.jsonl`]);
    expect(store.bronzeLines(`${DAY_1}.1.jsonl`)).toEqual(values([late, later]));
    compress(`${DAY_1}.1.jsonl`);
    const last = priceEvent('ETHUSDT', NOON);
    await store.take(last);
    expect(store.bronzeLines(`${DAY_1}.2.jsonl`)).toEqual([last.value]);
    expect(store.column('SELECT count(*) FROM price_events')).toEqual([5]);
    // A compressed file is not damage.
    await store.reopen();
    expect(store.logged).toEqual([]);
    expect(await damaged()).toEqual([]);
  });

  it('should report a file that became shorter or is gone, until it is whole again, and write nothing behind the damage', async () => {
    const [first, second, third] = [0, 1, 2].map((index) => priceEvent('BTCUSDT', NOON + index)) as [
      OutgoingEvent,
      OutgoingEvent,
      OutgoingEvent,
    ];
    const candle = candleEvent(buildMinute('BTCUSDT', NOON));
    await store.take(first, second, candle);
    const copy = `${store.folder}/copy`;
    copyFileSync(store.bronzePath(`${DAY_1}.jsonl`), copy);
    await store.close();
    truncateSync(store.bronzePath(`${DAY_1}.jsonl`), first.value.length + 1);
    rmSync(store.bronzePath('crypto_candles_2026-01-15.jsonl'));

    await store.open();
    expect(store.logged).toEqual(Array(2).fill(expect.stringContaining('shorter than what was stored') as string));
    expect(await damaged()).toEqual(['crypto_candles_2026-01-15.jsonl', `${DAY_1}.jsonl`]);
    await store.take(third);
    expect(store.bronzeLines(`${DAY_1}.jsonl`)).toEqual([first.value]);
    expect(store.bronzeLines(`${DAY_1}.1.jsonl`)).toEqual([third.value]);
    expect(store.column('SELECT count(*) FROM price_events')).toEqual([3]);

    await store.close();
    copyFileSync(copy, store.bronzePath(`${DAY_1}.jsonl`));
    await store.open();
    expect(await damaged()).toEqual(['crypto_candles_2026-01-15.jsonl']);
  });

  it('should write where the name points when a file was replaced under it', async () => {
    const [first, second] = [priceEvent('BTCUSDT', NOON), priceEvent('BTCUSDT', NOON + 1)];
    const path = store.bronzePath(`${DAY_1}.jsonl`);
    await store.take(first);
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
    await store.take(second);
    expect(store.bronzeLines(`${DAY_1}.jsonl`)).toEqual(values([first, second]));
  });

  it('should keep more days open than it may hold files', async () => {
    const events = Array.from({ length: 80 }, (_, index) => priceEvent('BTCUSDT', NOON - (index % 40) * DAY + index));
    for (const event of events) await store.take(event);
    expect(store.bronzeFiles()).toHaveLength(40);
    expect(store.linesOf('crypto_prices').sort()).toEqual(values(events).sort());
    for (const file of store.bronzeFiles()) {
      expect(store.column('SELECT length FROM bronze_files WHERE file = ?', file)).toEqual([
        statSync(store.bronzePath(file)).size,
      ]);
    }
  });
});
