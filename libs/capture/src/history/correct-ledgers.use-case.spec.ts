import { Test, type TestingModule } from '@nestjs/testing';
import { DAY, MINUTE, floorTo, type ReachEvidence } from '@app/domain';
import { FakePorts, NO_PAUSES } from '@app/testing';
import { CaptureModule } from '../capture.module';
import { Pauses } from '../schedule/pauses';
import { SymbolTracker } from '../symbols/symbol-tracker';
import { SettleStampsUseCase } from '../upkeep/settle-stamps.use-case';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;
const BEGAN = NOON - 400 * DAY;

describe('CorrectLedgersUseCase', () => {
  const { signal } = new AbortController();
  let ports: FakePorts;
  let module: TestingModule;

  /** A ledger that began then, and what its first prices say. */
  function began(symbol: string, evidence: Partial<ReachEvidence>): void {
    const trackedSince = evidence.trackedSince ?? BEGAN;
    ports.history.frames.set(symbol, { symbol, trackedSince, ledgerStart: floorTo(trackedSince, DAY) - 2 * DAY });
    ports.history.evidence.set(symbol, {
      trackedSince,
      compared: 5,
      outside: 5,
      resumedAt: NOON - MINUTE,
      ...evidence,
    });
  }

  const settle = (): Promise<unknown> => module.get(SettleStampsUseCase).execute(signal);
  const frame = (symbol: string) => ports.history.frames.get(symbol);

  beforeEach(async () => {
    ports = FakePorts.at(NOON, { SYMBOLS: 'BTCUSDT,ETHUSDT,USDCUSDT', BACKFILL_DAYS: '2' });
    const options = { process: 'test', capture: ['tickers', 'candles'] as const, imports: [ports.module()] };
    module = await Test.createTestingModule({ imports: [CaptureModule.register(options)] })
      .overrideProvider(Pauses)
      .useValue(NO_PAUSES)
      .compile();
  });

  const corrected = (symbol: string, trackedSince = NOON - MINUTE) => ({
    symbol,
    trackedSince,
    ledgerStart: floorTo(trackedSince, DAY) - 2 * DAY,
  });

  it('has ledgers of a clock that was behind begin with the first right price, as a first start would', async () => {
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) began(symbol, {});
    expect(await module.get(SymbolTracker).frame('BTCUSDT')).toMatchObject({ trackedSince: BEGAN });
    await settle();
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) expect(frame(symbol)).toEqual(corrected(symbol));
    expect(await module.get(SymbolTracker).frame('BTCUSDT')).toEqual(corrected('BTCUSDT'));
    expect(ports.logged).toEqual([
      expect.stringMatching(/BTCUSDT: its ledger began on 2024-12-11.* it begins on 2026-01-13 now/),
      expect.stringContaining('ETHUSDT'),
    ]);
  });

  it('has them begin now where no right price is stored yet', async () => {
    began('BTCUSDT', { resumedAt: undefined });
    await settle();
    expect(frame('BTCUSDT')).toEqual(corrected('BTCUSDT', NOON));
  });

  it('takes ledgers of one start for those of one clock, also where prices fit by chance or are few', async () => {
    began('BTCUSDT', { compared: 2, outside: 2 });
    began('ETHUSDT', { compared: 3, outside: 3, trackedSince: BEGAN + MINUTE });
    began('USDCUSDT', { compared: 3, outside: 0 });
    await settle();
    for (const symbol of ['BTCUSDT', 'ETHUSDT', 'USDCUSDT']) expect(frame(symbol)).toEqual(corrected(symbol));
  });

  it.each([
    ['prices fit', { compared: 300, outside: 0 }],
    ['a few are beside their minutes', { compared: 300, outside: 60 }],
    ['there are too few', { compared: 2, outside: 2 }],
    ['there is nothing to hold them against', { compared: 0, outside: 0 }],
  ])('leaves a ledger as it is when %s', async (_, evidence) => {
    began('BTCUSDT', evidence);
    const before = frame('BTCUSDT');
    await settle();
    expect(frame('BTCUSDT')).toEqual(before);
    expect(ports.history.evidence.size).toBe(0);
  });

  it('leaves a ledger alone that a right clock began later', async () => {
    began('BTCUSDT', {});
    began('ETHUSDT', { trackedSince: NOON - 90 * DAY, compared: 300, outside: 1 });
    await settle();
    expect(frame('BTCUSDT')).toEqual(corrected('BTCUSDT'));
    expect(frame('ETHUSDT')).toMatchObject({ trackedSince: NOON - 90 * DAY });
  });

  it('extends ledgers of a clock that was ahead to where a first start would have begun them', async () => {
    ports.history.frames.set('BTCUSDT', { symbol: 'BTCUSDT', trackedSince: NOON, ledgerStart: NOON - MINUTE });
    ports.history.frames.set('ETHUSDT', { symbol: 'ETHUSDT', trackedSince: NOON, ledgerStart: NOON - 9 * DAY });
    ports.history.retracked = ['BTCUSDT', 'ETHUSDT'];
    await settle();
    expect([...ports.history.ledgerStarts]).toEqual([['BTCUSDT', floorTo(NOON, DAY) - 2 * DAY]]);
  });
});
