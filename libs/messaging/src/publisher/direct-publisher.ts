import type { EventSink } from '@app/domain';
import type { Logger, MetricsRegistry } from '@app/observability';
import type { Spool } from '../spool/spool';
import { PublisherMetrics } from './publisher-metrics';
import type { RejectedLog } from './rejected-log';
import { SpoolingPublisher, type PublisherTimes } from './spooling-publisher';

const TIMES: PublisherTimes = {
  firstRetryMillis: 100,
  longestRetryMillis: 30_000,
  patienceMillis: 10_000,
  drainPatienceMillis: 10_000,
  closeTimeoutMillis: 4_000,
};

/** Hands events straight to the sink of the same process. */
export class DirectPublisher extends SpoolingPublisher {
  constructor(
    sink: EventSink,
    spool: Spool,
    rejectedLog: RejectedLog,
    logger: Logger,
    registry: MetricsRegistry,
    times: Partial<PublisherTimes> = {},
  ) {
    const target = { name: 'the store', take: sink.take.bind(sink) };
    const metrics = new PublisherMetrics(registry, spool.kinds);
    super(target, spool, rejectedLog, logger, metrics, { ...TIMES, ...times, joinedEvents: 0 });
  }
}
