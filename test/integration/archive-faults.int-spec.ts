import { Test } from '@nestjs/testing';
import { createBinanceArchive, createBinanceExchange } from '@app/binance';
import { BackfillHistoryUseCase, CaptureModule, type BackfillHistoryReport } from '@app/capture';
import { DAY, Exchange, KlineArchive, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { ScratchFolders } from '@app/files';
import { createLogger, MetricsRegistry } from '@app/observability';
import { FakeClock, FakePorts } from '@app/testing';
import { BROKEN_BODIES, GEO_BLOCK, REFUSALS, type Answer } from '../support/exchange-answers';
import { InProcessExchange } from '../support/in-process-exchange';

const NOON = Date.UTC(2026, 2, 18, 12) * 1_000;
const TODAY = NOON - (NOON % DAY);
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'];
const [VICTIM = '', OTHER = ''] = SYMBOLS;
const MINUTES = DAY / MINUTE;
const SPELL: EpochMicros = 7 * SECOND;
/** Within which the archive is asked again after the end. */
const TWO_INTERVALS: EpochMicros = 2 * MINUTE;
const AT_ONCE = 1e12;
/** Never in need of a place beside the store. */
const scratch = new ScratchFolders('/nonexistent', () => undefined);

describe('whatever the archive answers for seven seconds', () => {
  const clock = new FakeClock(NOON, AT_ONCE);
  let exchange: InProcessExchange;

  beforeAll(async () => {
    exchange = await InProcessExchange.start(clock);
  });

  afterAll(() => exchange.close());

  beforeEach(() => {
    exchange.setFaults([]);
  });

  /** A backfill of whole days, into a history of its own. */
  async function prepare(answer: Answer) {
    const ports = new FakePorts(clock, { SYMBOLS: SYMBOLS.join(',') });
    const requestTimeoutMs = answer.never ? 300 : 10_000;
    const retryDelayMs = (): number => 0;
    const [logger, metrics] = [createLogger('silent', 'test'), new MetricsRegistry()];
    const capture = CaptureModule.onDemand({
      process: 'test',
      capture: ['candles'],
      imports: [ports.onDemandModule()],
    });
    const module = await Test.createTestingModule({ imports: [capture] })
      .overrideProvider(Exchange)
      .useValue(createBinanceExchange({ restUrls: [exchange.url], clock, logger, metrics }, { retryDelayMs }))
      .overrideProvider(KlineArchive)
      .useValue(
        createBinanceArchive({ archiveUrl: exchange.url, clock, metrics, scratch }, { requestTimeoutMs, retryDelayMs }),
      )
      .compile();
    const backfill = module.get(BackfillHistoryUseCase);
    const { signal } = new AbortController();
    return {
      day: (start: EpochMicros): Promise<BackfillHistoryReport> =>
        backfill.execute({ symbols: SYMBOLS, range: { start, end: start + DAY } }, signal, () => undefined),
      missing: async (start: EpochMicros): Promise<number> => {
        const gaps = await Promise.all(
          SYMBOLS.map((symbol) => ports.history.missing(symbol, { start, end: start + DAY })),
        );
        return gaps.flat().length;
      },
      /** Symbols whose day came from the archive. */
      fromArchive: (start: EpochMicros): string[] =>
        ports.history.days.filter(({ range }) => range.start === start).map(({ symbol }) => symbol),
    };
  }

  it.each(
    [...REFUSALS, ...BROKEN_BODIES, GEO_BLOCK].flatMap((answer) => [
      [answer.name, answer, undefined] as const,
      [`${answer.name} for one symbol`, answer, VICTIM] as const,
    ]),
  )('should cost no minute, and no more days than the spell has: %s', async (_, answer, symbol) => {
    const history = await prepare(answer);
    const [first, second] = [TODAY - 3 * DAY, TODAY - 2 * DAY];
    exchange.setFaults([{ ...answer.fault, route: '/data/spot', ...(symbol === undefined ? {} : { symbol }) }]);
    // What the archive does not give comes over REST, at once.
    expect(await history.day(first)).toMatchObject({
      days: 2,
      rows: 2 * MINUTES,
      failed: [],
      failedSymbols: [],
      left: 0,
    });
    expect(await history.missing(first)).toBe(0);
    expect(history.fromArchive(first)).not.toContain(VICTIM);

    clock.advance(SPELL);
    exchange.setFaults([]);
    clock.advance(TWO_INTERVALS);
    expect(await history.day(second)).toMatchObject({
      days: 2,
      rows: 2 * MINUTES,
      failed: [],
      failedSymbols: [],
      left: 0,
    });
    expect(await history.missing(second)).toBe(0);
    expect(history.fromArchive(second).sort()).toEqual([VICTIM, OTHER].sort());
  });
});
