import { loadConfig } from '@app/config';
import { SECOND, type PartitionSink, type StoreLease, type TopicLoss } from '@app/domain';
import type { KafkaBatchServer } from '@app/messaging';
import { ConsumerHealthReport } from './consumer-health.report';

describe('ConsumerHealthReport', () => {
  const snapshot = { state: 'running', lag: 3 };

  function reportOf(problem: string, losses: readonly TopicLoss[]) {
    const consumerStatus = { problem: () => problem, snapshot: () => snapshot };
    const report = new ConsumerHealthReport(
      { consumerStatus } as unknown as KafkaBatchServer,
      { losses: () => Promise.resolve(losses) } as unknown as PartitionSink,
      { held: true } as unknown as StoreLease,
      loadConfig({ BROKER_MODE: 'kafka', ENABLE_DB_SINK: 'false' }, '/'),
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

  it('should name what the broker gave up before it was taken, and why the consumer does not do its work', async () => {
    const loss = { topic: 'crypto_prices', partition: 4, noticedAt: 60 * SECOND };
    const losses = [
      { ...loss, from: 10, to: 25 },
      { ...loss, from: 40, to: 41 },
    ];
    expect(await reportOf('broker_away: connect ECONNREFUSED', losses)).toMatchObject({
      status: 'degraded',
      reasons: ['broker_away: connect ECONNREFUSED', '16 messages were lost'],
      losses: [
        {
          topic: 'crypto_prices',
          partition: 4,
          from_offset: 10,
          to_offset: 25,
          noticed_at: '1970-01-01T00:01:00.000Z',
        },
        { from_offset: 40, to_offset: 41 },
      ],
    });
  });
});
