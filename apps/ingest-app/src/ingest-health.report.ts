import { healthReason } from '@app/domain';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { CaptureStatus } from '@app/capture';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { HealthReport, platformVersion, ProcessHealth, type HealthStatus } from '@app/http';
import { KafkaPublisher } from '@app/messaging';

/** `/health` of the capturing process: what it knows of exchange, publisher, broker and every symbol. */
@Injectable()
export class IngestHealthReport extends HealthReport {
  private readonly version = platformVersion();

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    private readonly capture: CaptureStatus,
    private readonly health: ProcessHealth,
    @Optional() private readonly publisher?: KafkaPublisher,
  ) {
    super();
  }

  report(): Promise<HealthStatus> {
    const capture = this.capture.snapshot();
    const broker = this.publisher?.broker;
    const reasons = [
      ...(capture.problem === '' ? [] : [capture.problem]),
      ...(broker?.state === 'down' ? [healthReason`Kafka: ${broker.detail}`] : []),
      ...capture.notes,
      ...this.health.notes(),
    ];
    return Promise.resolve({
      status: capture.state === 'ok' && broker?.state !== 'down' ? 'ok' : 'degraded',
      reasons,
      process: 'ingest',
      version: this.version,
      broker_mode: this.config.brokerMode,
      ...(broker ? { broker } : {}),
      capture,
    });
  }
}
