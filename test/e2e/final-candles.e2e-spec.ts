import type { CandleItem } from '@app/domain';
import { eventually } from '../support/app-process';
import { getAll } from '../support/http';
import { Stack, marketAt } from '../support/stack';

/** Minutes last: they have then all that the others were made of. */
const INTERVALS = ['5m', '3m', '1m'] as const;
/** Candles of 3m that have to end under the eyes of the test. */
const ENDED = 4;

const numbersOf = ({ open, high, low, close, volume, trade_count: trades }: CandleItem): string =>
  [open, high, low, close, volume, trades].join(' ');

describe('candles that end while they are asked for', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT', CLOCK: 'simulator', BACKFILL_DAYS: '0', LOG_LEVEL: 'warn' });

  afterAll(async () => {
    await stack.close();
  });

  it('should be final only with their last minute in them, and never have other numbers afterwards', async () => {
    // A minute of the market is a second: each is missing for a moment after its end.
    await stack.startSimulator(['--clock-origin', marketAt(new Date('2026-11-20T12:00:30Z')), '--clock-factor', '60']);
    await stack.start('standalone-app');
    const api = await stack.urlOf('standalone-app');
    const final = new Map<string, CandleItem>();
    const wrong: string[] = [];
    await eventually(`${ENDED} candles are final`, async () => {
      for (const interval of INTERVALS) {
        for (const item of await getAll<CandleItem>(api, `/candles?symbol=BTCUSDT&interval=${interval}`)) {
          const key = `${interval} ${item.open_time}`;
          const before = final.get(key);
          if (
            before &&
            (!item.is_final || (item.revision === before.revision && numbersOf(item) !== numbersOf(before)))
          ) {
            wrong.push(`${JSON.stringify(before)}, then ${JSON.stringify(item)}`);
          }
          if (item.is_final !== (item.is_closed && item.missing_minutes === 0)) wrong.push(JSON.stringify(item));
          if (item.is_final) final.set(key, item);
        }
      }
      const ended = [...final.keys()].filter((key) => key.startsWith('3m'));
      return wrong.length > 0 || ended.length >= ENDED ? true : undefined;
    });
    expect(wrong).toEqual([]);
    // Each is as it was when it was first called final, and is made of all of its minutes.
    const minutes = [...final].flatMap(([key, item]) => (key.startsWith('1m') ? [item] : []));
    for (const [key, item] of final) {
      if (!key.startsWith('3m')) continue;
      const own = minutes.filter((minute) => minute.open_time >= item.open_time && minute.open_time < item.close_time);
      const trades = own.reduce((sum, minute) => sum + minute.trade_count, 0);
      expect([key, own.length, item.trade_count]).toEqual([key, 3, trades]);
    }
  });
});
