import type { CaptureStatus } from '@app/capture';
import { loadConfig } from '@app/config';
import {
  DAY,
  SECOND,
  StoreNotReadyError,
  type EpochMicros,
  type PartitionSink,
  type StoreLease,
  type TopicLoss,
} from '@app/domain';
import { ProcessHealth } from '@app/http';
import type { KafkaBatchServer } from '@app/messaging';
import { FakeClock, FakeStoreCondition } from '@app/testing';
import { ConsumerHealthReport } from './consumer-health.report';

describe('ConsumerHealthReport', () => {
  const snapshot = { state: 'running', lag: 3 };

  let store: FakeStoreCondition;

  beforeEach(() => {
    store = new FakeStoreCondition();
  });

  function reportOf(
    problem: string,
    losses: readonly TopicLoss[],
    now: EpochMicros = 120 * SECOND,
    capture?: CaptureStatus,
  ) {
    const consumerStatus = { problem: () => problem, snapshot: () => snapshot };
    const report = new ConsumerHealthReport(
      { consumerStatus } as unknown as KafkaBatchServer,
      {
        losses: () =>
          store.state.ready ? Promise.resolve(losses) : Promise.reject(new StoreNotReadyError(store.state.reason)),
      } as unknown as PartitionSink,
      { held: true } as unknown as StoreLease,
      store,
      new ProcessHealth(),
      new FakeClock(now),
      loadConfig({ BROKER_MODE: 'kafka', ENABLE_DB_SINK: 'false' }, '/'),
      capture,
    );
    return report.report();
  }

  it('should say what the consumer does and whether it keeps rows and the history', async () => {
    expect(await reportOf('', [])).toMatchObject({
      status: 'ok',
      reasons: [],
      database: false,
      keeps_history: true,
      consumer: snapshot,
      losses: [],
    });
  });

  it.each([
    ['skewed', 'the local clock is 3.0 s behind', 'ok'],
    ['corrected', 'the local clock is 26.0 h ahead', 'degraded'],
  ] as const)('should say how its clock stands: %s', async (state, detail, status) => {
    const capture = { clockPart: () => ({ state, detail }), backupNotes: () => [] } as unknown as CaptureStatus;
    expect(await reportOf('', [], 0, capture)).toMatchObject({ status, reasons: [detail], clock: { state } });
  });

  it('should say what is the matter with the database, and what is worth a look, instead of failing', async () => {
    store.said = ['the lock file was removed'];
    expect(await reportOf('', [])).toMatchObject({ status: 'ok', reasons: store.said, storage: { ready: true } });
    store.state = { ready: false, state: 'damaged', reason: 'the database is damaged' };
    expect(await reportOf('the store takes nothing', [])).toMatchObject({
      status: 'degraded',
      reasons: ['the database is damaged', 'the store takes nothing', ...store.said],
      storage: { ready: false, state: 'damaged' },
      losses: [],
    });
  });

  it('should name what the broker gave up before it was taken, and why the consumer does not do its work', async () => {
    const loss = { topic: 'crypto_prices', partition: 4, noticedAt: 60 * SECOND };
    const losses: TopicLoss[] = [
      { ...loss, from: 10, to: 25, messages: 15, reason: 'retention' },
      { ...loss, from: 40, to: 41, messages: 1, reason: 'retention' },
      { ...loss, from: 50, to: 90, messages: 7, reason: 'absent' },
    ];
    expect(await reportOf('broker_away: connect ECONNREFUSED', losses)).toMatchObject({
      status: 'degraded',
      reasons: [
        'broker_away: connect ECONNREFUSED',
        '16 messages were lost: the broker gave them up before they were taken; a longer retention of the topics ' +
          'prevents it (said until 1970-01-02T00:01:00Z, listed in losses for good)',
        '7 messages were lost: they are missing between others in their topics, compacted away or deleted; ' +
          'cleanup.policy=delete on the topics prevents the one (said until 1970-01-02T00:01:00Z, listed in losses for good)',
      ],
      losses: [
        {
          topic: 'crypto_prices',
          partition: 4,
          from_offset: 10,
          to_offset: 25,
          messages: 15,
          reason: 'retention',
          noticed_at: '1970-01-01T00:01:00.000Z',
        },
        { from_offset: 40, to_offset: 41 },
        { from_offset: 50, to_offset: 90, messages: 7, reason: 'absent' },
      ],
    });
  });

  it('should be well again a day after a loss was noticed, and go on listing it', async () => {
    const place = { topic: 'crypto_prices', partition: 4, reason: 'retention' } as const;
    const older = { ...place, from: 10, to: 25, messages: 15, noticedAt: 60 * SECOND };
    const newer = { ...place, from: 40, to: 41, messages: 1, noticedAt: 90 * SECOND };
    const degradedBy = async (now: EpochMicros): Promise<string[]> => {
      const { reasons, losses } = await reportOf('', [older, newer], now);
      expect(losses).toHaveLength(2);
      return (reasons as string[]).map((reason) => reason.slice(0, reason.indexOf(':')));
    };
    expect(await degradedBy(DAY + 60 * SECOND - 1)).toEqual(['16 messages were lost']);
    expect(await degradedBy(DAY + 60 * SECOND)).toEqual(['1 messages were lost']);
    expect(await degradedBy(DAY + 90 * SECOND)).toEqual([]);
    expect(await reportOf('', [older, newer], DAY + 90 * SECOND)).toMatchObject({ status: 'ok' });
  });

  it.each([
    ['400 days', 400 * DAY, 'ok'],
    ['two days', 2 * DAY, 'ok'],
    ['an hour', 3_600 * SECOND, 'degraded'],
  ] as const)('should say a loss for a day that a clock %s ahead has noticed', async (_, ahead, status) => {
    const loss = { topic: 'crypto_prices', partition: 4, reason: 'retention', from: 10, to: 25, messages: 15 } as const;
    expect(await reportOf('', [{ ...loss, noticedAt: 60 * SECOND + ahead }], 60 * SECOND)).toMatchObject({ status });
  });
});
