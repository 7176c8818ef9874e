import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY, floorTo, HOUR, MINUTE, SECOND } from '@app/domain';
import { createLogger } from '@app/observability';
import { FakeClock } from '@app/testing';
import { IngestState } from './ingest-state';
import { IngestCandleCursor, IngestSymbolTracking } from './ingest-state.ports';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 7) * 1_000;

describe('IngestState', () => {
  let folder: string;
  let path: string;
  let logged: string[];

  beforeEach(() => {
    jest.useFakeTimers();
    folder = mkdtempSync(join(tmpdir(), 'ingest-'));
    path = join(folder, 'state', 'state.json');
    logged = [];
  });

  afterEach(() => {
    jest.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = () => {
    const write = (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg);
    return new IngestState(path, createLogger('warn', 'test', { write }));
  };

  it('should know after a restart where candle sync stands and since when symbols are tracked', async () => {
    const state = open();
    const clock = new FakeClock(NOW);
    const cursor = new IngestCandleCursor(state);
    const tracking = new IngestSymbolTracking(state, clock);
    expect(await cursor.position('BTCUSDT')).toBeUndefined();
    expect(await tracking.frame('BTCUSDT')).toBeUndefined();
    const frame = await tracking.ensure('BTCUSDT', 'binance');
    expect(frame).toEqual({ symbol: 'BTCUSDT', trackedSince: NOW, ledgerStart: floorTo(NOW, MINUTE) });
    await cursor.advance('BTCUSDT', NOW - 7 * SECOND);
    await cursor.advance('币安人生USDT', NOW - 67 * SECOND);
    state.claim('simulator:7');
    state.beforeApplicationShutdown();

    clock.advance(HOUR);
    const later = open();
    expect(later.origin).toBe('simulator:7');
    expect(await new IngestCandleCursor(later).position('BTCUSDT')).toBe(NOW - 7 * SECOND);
    expect(await new IngestCandleCursor(later).position('币安人生USDT')).toBe(NOW - 67 * SECOND);
    expect(await new IngestSymbolTracking(later, clock).ensure('BTCUSDT', 'binance')).toEqual(frame);
  });

  it.each([
    ['26 hours', 26 * HOUR],
    ['a day', DAY],
    ['two minutes', 2 * MINUTE],
  ])('should not wait for a begin of tracking that a clock %s ahead has noted', async (_, ahead) => {
    const clock = new FakeClock(NOW);
    clock.step(ahead);
    const state = open();
    await new IngestSymbolTracking(state, clock).ensure('BTCUSDT', 'binance');
    state.flush();
    clock.step(-ahead);
    const tracking = new IngestSymbolTracking(open(), clock);
    const now = { symbol: 'BTCUSDT', trackedSince: NOW, ledgerStart: floorTo(NOW, MINUTE) };
    expect(await tracking.frame('BTCUSDT')).toEqual(now);
    clock.advance(HOUR);
    expect(await tracking.ensure('BTCUSDT', 'binance')).toEqual(now);
  });

  it('should write many changes at once, and soon', () => {
    const state = open();
    for (let minute = 0; minute < 100; minute += 1) state.setLastMinute('BTCUSDT', NOW + minute * MINUTE);
    expect(readdirSync(folder)).toEqual([]);
    jest.advanceTimersByTime(1_000);
    expect(jest.getTimerCount()).toBe(0);
    expect(open().lastMinute('BTCUSDT')).toBe(NOW + 99 * MINUTE);
  });

  it('should try again while the disk takes nothing, and say so once', () => {
    const state = open();
    writeFileSync(join(folder, 'state'), 'in the way');
    state.setLastMinute('BTCUSDT', NOW);
    jest.advanceTimersByTime(3_000);
    expect(logged).toEqual([expect.stringContaining('cannot be written')]);
    rmSync(join(folder, 'state'));
    jest.advanceTimersByTime(1_000);
    expect(open().lastMinute('BTCUSDT')).toBe(NOW);
  });

  it('should begin anew, and say so, when what it kept is not readable', () => {
    path = join(folder, 'state.json');
    writeFileSync(path, '{"symbols":');
    expect(open().lastMinute('BTCUSDT')).toBeUndefined();
    expect(logged).toEqual([expect.stringContaining('not readable')]);
    writeFileSync(path, '{"origin":7,"symbols":{"BTCUSDT":{"last_minute":"soon","tracked_since":5}}}');
    const state = open();
    expect([state.origin, state.lastMinute('BTCUSDT'), state.frame('BTCUSDT')]).toEqual(Array(3).fill(undefined));
  });
});
