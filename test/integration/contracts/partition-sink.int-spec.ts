import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import {
  HOUR,
  DAY,
  SECOND,
  OriginMismatchError,
  PartitionLostError,
  PartitionPositionError,
  UnitRejectedError,
  type PartitionClaim,
  type PartitionUnit,
} from '@app/domain';
import { ConsumerStore } from '@app/storage';
import { priceLine, TEST_DAY } from '../../support/events';
import { TestStore } from '../../support/test-store';

const TARGET = { topic: 'crypto_prices', partition: 2 };
const CLUSTER = 'cluster';
const [YESTERDAY, TODAY] = ['2026-01-14', '2026-01-15'].map((day) => `crypto_prices_${day}.p2.jsonl`) as [
  string,
  string,
];

const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => priceLine(from + index));

/** Messages of which each has the number of its line as offset; lines from 60 on are of the second day. */
const unit = (begin: number, next: number, changes: Partial<PartitionUnit> = {}): PartitionUnit => ({
  begin,
  next,
  lastHash: `hash of ${next - 1}`,
  origin: 'binance',
  values: lines(begin, next),
  ...changes,
});

describe.each([
  ['rows and bronze', true],
  ['bronze only', false],
])('the sink of broker partitions with %s', (_, rows) => {
  let store: TestStore;
  const opened: ConsumerStore[] = [];

  beforeEach(() => {
    store = new TestStore();
  });

  afterEach(async () => {
    for (const consumer of opened.splice(0)) await consumer.close();
    await store.dispose();
  });

  /** One more consumer of the same store, on a connection of its own. */
  async function consumer(): Promise<ConsumerStore['sink']> {
    const { sink } = opened[opened.push(await ConsumerStore.open(store.options(), rows)) - 1]!;
    return sink;
  }

  async function claimed(sink: ConsumerStore['sink'], offset: number): Promise<PartitionClaim> {
    const claim = await sink.claim(TARGET, 'price');
    const kind = claim.progress ? 'continue' : 'restart';
    await sink.start(claim, { kind, offset, clusterId: CLUSTER });
    return claim;
  }

  /** Everything that a unit writes, progress and lengths included. */
  const contents = () => ({
    lines: store.linesOf(TARGET.topic),
    rows: store.rows('SELECT symbol, timestamp FROM price_events ORDER BY timestamp'),
    keys: store.rows('SELECT symbol, time FROM taken_keys ORDER BY time'),
    progress: store.rows('SELECT next_offset, last_hash, cluster_id FROM sink_progress'),
    lengths: store.rows('SELECT file, length FROM bronze_files ORDER BY file'),
  });

  /** That the work fails so, and has written nothing at all. */
  async function expectNothingWritten(work: () => Promise<unknown>, error: new (...args: never[]) => Error) {
    const before = contents();
    await expect(work()).rejects.toBeInstanceOf(error);
    expect(contents()).toEqual(before);
  }

  it('should let nobody write to a partition once another consumer has claimed it', async () => {
    const [sleeper, heir] = [await consumer(), await consumer()];
    const stale = await claimed(sleeper, 0);
    await sleeper.take(stale, unit(0, 3));
    const claim = await claimed(heir, 3);
    expect(claim.progress).toEqual({ nextOffset: 3, lastHash: 'hash of 2', clusterId: CLUSTER });
    await expectNothingWritten(() => sleeper.take(stale, unit(3, 5)), PartitionLostError);

    // What the heir had written and not committed when it was killed is the heir's to cut, or that of who comes next.
    appendFileSync(store.bronzePath(YESTERDAY), `${priceLine(3)}\n`);
    for (const kind of ['continue', 'restart', 'skip'] as const) {
      const start = () => sleeper.start(stale, { kind, offset: 9, clusterId: 'another' });
      await expectNothingWritten(start, PartitionLostError);
    }
    await heir.take(await claimed(heir, 3), unit(3, 5));
    expect(store.linesOf(TARGET.topic)).toEqual(lines(0, 5));
  });

  it('should take no unit that begins before or behind where the store stands', async () => {
    const sink = await consumer();
    const claim = await claimed(sink, 0);
    await sink.take(claim, unit(0, 4));
    await expectNothingWritten(() => sink.take(claim, unit(2, 6)), PartitionPositionError);
    await expectNothingWritten(() => sink.take(claim, unit(5, 6)), PartitionPositionError);
  });

  it('should take nothing of a unit in which messages break their contract, and name them all', async () => {
    const sink = await consumer();
    const claim = await claimed(sink, 0);
    const values = [priceLine(0), '{}', priceLine(2), 'x'];
    await expectNothingWritten(() => sink.take(claim, unit(0, 4, { values })), UnitRejectedError);
    const refusal = await sink.take(claim, unit(0, 4, { values })).catch((error: unknown) => error);
    expect((refusal as UnitRejectedError).rejected.map(({ index }) => index)).toEqual([1, 3]);
    await sink.take(claim, unit(0, 4, { values: [priceLine(0), priceLine(2)] }));
    expect(store.linesOf(TARGET.topic)).toEqual([priceLine(0), priceLine(2)]);
    expect(await sink.positions([TARGET.topic])).toEqual([{ ...TARGET, nextOffset: 4 }]);
  });

  it('should neither take nor remember what comes from another origin', async () => {
    const sink = await consumer();
    const claim = await claimed(sink, 0);
    await sink.take(claim, unit(0, 2));
    const foreign = unit(2, 4, { origin: 'simulator:7' });
    await expectNothingWritten(() => sink.take(claim, foreign), OriginMismatchError);
  });

  it('should cut the files of both days back when a unit across midnight fails in the second', async () => {
    const sink = await consumer();
    const claim = await claimed(sink, 50);
    await sink.take(claim, unit(50, 55));
    const before = readFileSync(store.bronzePath(YESTERDAY));
    mkdirSync(store.bronzePath(TODAY));
    await expect(sink.take(claim, unit(55, 65))).rejects.toThrow('EISDIR');
    expect(readFileSync(store.bronzePath(YESTERDAY))).toEqual(before);
    expect(store.rows('SELECT next_offset FROM sink_progress')).toEqual([{ next_offset: 55 }]);
    expect(store.rows('SELECT file FROM bronze_files')).toEqual([{ file: YESTERDAY }]);
  });

  it('should write each message once that comes again after its progress was lost', async () => {
    const sink = await consumer();
    let claim = await claimed(sink, 0);
    await sink.take(claim, unit(0, 70));
    claim = await sink.claim(TARGET, 'price');
    await sink.start(claim, { kind: 'restart', offset: 0, clusterId: 'another' });
    expect(await sink.take(claim, unit(0, 80))).toEqual({ taken: 10, repeats: 70, revisions: 0 });
    expect(store.linesOf(TARGET.topic)).toEqual(lines(0, 80));
  });

  it('should count what a topic lacks in the step that takes the unit, and join what lacks within an hour', async () => {
    const sink = await consumer();
    const claim = await claimed(sink, 0);
    await sink.take(claim, unit(0, 5, { values: lines(0, 2), absent: { from: 2, to: 5, messages: 3 } }));
    await expect(sink.take(claim, unit(0, 9, { absent: { from: 5, to: 9, messages: 4 } }))).rejects.toBeInstanceOf(
      PartitionPositionError,
    );
    await sink.take(claim, unit(5, 9, { values: lines(5, 6), absent: { from: 6, to: 9, messages: 2 } }));
    const first = { ...TARGET, from: 2, to: 9, messages: 5, reason: 'absent', noticedAt: store.clock.now() };
    expect(await sink.losses()).toEqual([first]);

    store.clock.advance(HOUR);
    await sink.take(claim, unit(9, 12, { values: [], absent: { from: 9, to: 12, messages: 3 } }));
    const later = { ...first, from: 9, to: 12, messages: 3, noticedAt: store.clock.now() };
    expect(await sink.losses()).toEqual([first, later]);

    const next = await sink.claim(TARGET, 'price');
    await sink.start(next, { kind: 'skip', offset: 20, clusterId: CLUSTER });
    const given = { ...TARGET, from: 12, to: 20, messages: 8, reason: 'retention', noticedAt: later.noticedAt + 1 };
    expect(await sink.losses()).toEqual([first, later, given]);
  });

  it('should write each message once also after one that a clock 400 days ahead has stamped', async () => {
    const sink = await consumer();
    store.clock.set(TEST_DAY);
    let claim = await claimed(sink, 0);
    await sink.take(claim, unit(0, 5));
    const ahead = priceLine((400 * DAY) / SECOND);
    await sink.take(claim, unit(5, 6, { values: [ahead] }));
    claim = await sink.claim(TARGET, 'price');
    await sink.start(claim, { kind: 'restart', offset: 0, clusterId: 'another' });
    expect(await sink.take(claim, unit(0, 5))).toEqual({ taken: 0, repeats: 5, revisions: 0 });
    expect(store.linesOf(TARGET.topic)).toEqual([...lines(0, 5), ahead]);
  });
});
