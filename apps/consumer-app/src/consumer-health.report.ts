import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { formatMillisTime, PartitionSink, StoreLease } from '@app/domain';
import { HealthReport, platformVersion, type HealthStatus } from '@app/http';
import { KafkaBatchServer } from '@app/messaging';

/** `/health` of a consumer: its place in the group, what it has taken, what was lost. */
@Injectable()
export class ConsumerHealthReport extends HealthReport {
  private readonly version = platformVersion();

  constructor(
    private readonly server: KafkaBatchServer,
    private readonly sink: PartitionSink,
    private readonly lease: StoreLease,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {
    super();
  }

  async report(): Promise<HealthStatus> {
    const losses = await this.sink.losses();
    const problem = this.server.consumerStatus.problem();
    const lost = losses.reduce((sum, { from, to }) => sum + to - from, 0);
    const reasons = [...(problem === '' ? [] : [problem]), ...(lost === 0 ? [] : [`${lost} messages were lost`])];
    return {
      status: reasons.length === 0 ? 'ok' : 'degraded',
      reasons,
      process: 'consumer',
      version: this.version,
      broker_mode: 'kafka',
      database: this.config.kafka.dbSink,
      keeps_history: this.lease.held,
      consumer: this.server.consumerStatus.snapshot(),
      losses: losses.map(({ topic, partition, from, to, noticedAt }) => ({
        topic,
        partition,
        from_offset: from,
        to_offset: to,
        noticed_at: formatMillisTime(noticedAt),
      })),
    };
  }
}
