import { Inject, Injectable, Optional } from '@nestjs/common';
import { CaptureStatus } from '@app/capture';
import { APP_CONFIG, type AppConfig } from '@app/config';
import {
  Clock,
  DAY,
  formatBucketTime,
  formatMillisTime,
  healthReason,
  PartitionSink,
  StoreCondition,
  StoreLease,
  StoreNotReadyError,
  type TopicLoss,
} from '@app/domain';
import { HealthReport, platformVersion, ProcessHealth, type HealthStatus } from '@app/http';
import { KafkaBatchServer } from '@app/messaging';

/**
 * How long a loss degrades: nothing can be done about the messages any more, so it is said long enough to be seen, and
 * then stands in the list of losses alone, where it stays. A status that never recovered would hide the next fault.
 */
const LOSS_DEGRADES_FOR = DAY;

/** In the order in which they are said. */
const LOSS_REASONS: readonly { readonly reason: TopicLoss['reason']; readonly text: string }[] = [
  {
    reason: 'retention',
    text: healthReason`the broker gave them up before they were taken; a longer retention of the topics prevents it`,
  },
  {
    reason: 'absent',
    text:
      healthReason`they are missing between others in their topics, compacted away or deleted; ` +
      'cleanup.policy=delete on the topics prevents the one',
  },
];

/** `/health` of a consumer: its place in the group, what it has taken, what was lost. */
@Injectable()
export class ConsumerHealthReport extends HealthReport {
  private readonly version = platformVersion();

  constructor(
    private readonly server: KafkaBatchServer,
    private readonly sink: PartitionSink,
    private readonly lease: StoreLease,
    private readonly store: StoreCondition,
    private readonly health: ProcessHealth,
    private readonly clock: Clock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    @Optional() private readonly capture?: CaptureStatus,
  ) {
    super();
  }

  async report(): Promise<HealthStatus> {
    const { ready, state, reason } = this.store.readiness();
    const losses = await this.losses();
    const problem = this.server.consumerStatus.problem();
    const clock = this.capture?.clockPart();
    const ofClock = clock === undefined || clock.detail === '' ? [] : [clock.detail];
    const isCorrected = clock?.state === 'corrected';
    const faults = [reason, problem, ...this.recentLosses(losses), ...(isCorrected ? ofClock : [])].filter(Boolean);
    return {
      status: faults.length === 0 ? 'ok' : 'degraded',
      reasons: [
        ...faults,
        ...(isCorrected ? [] : ofClock),
        ...this.store.notes(),
        ...this.health.notes(),
        ...(this.capture?.backupNotes() ?? []),
      ],
      process: 'consumer',
      version: this.version,
      broker_mode: 'kafka',
      database: this.config.kafka.dbSink,
      storage: { ready, state, reason },
      keeps_history: this.lease.held,
      consumer: this.server.consumerStatus.snapshot(),
      ...(clock ? { clock } : {}),
      losses: losses.map(({ topic, partition, from, to, messages, reason, noticedAt }) => ({
        topic,
        partition,
        from_offset: from,
        to_offset: to,
        messages,
        reason,
        noticed_at: formatMillisTime(noticedAt),
      })),
    };
  }

  /** None are known while the store that keeps them cannot be read, which is said beside. */
  private async losses(): Promise<readonly TopicLoss[]> {
    try {
      return await this.sink.losses();
    } catch (error) {
      if (error instanceof StoreNotReadyError) return [];
      throw error;
    }
  }

  private recentLosses(losses: readonly TopicLoss[]): string[] {
    const now = this.clock.now();
    // Noticed by a clock that was far ahead, it is not said until that time has come.
    const recent = losses.filter(({ noticedAt }) => Math.abs(now - noticedAt) < LOSS_DEGRADES_FOR);
    return LOSS_REASONS.flatMap(({ reason, text }) => {
      const some = recent.filter((loss) => loss.reason === reason);
      if (some.length === 0) return [];
      const messages = some.reduce((sum, loss) => sum + loss.messages, 0);
      const until = Math.max(...some.map(({ noticedAt }) => noticedAt)) + LOSS_DEGRADES_FOR;
      const said = `(said until ${formatBucketTime(until)}, listed in losses for good)`;
      return [`${messages} messages were lost: ${text} ${said}`];
    });
  }
}
