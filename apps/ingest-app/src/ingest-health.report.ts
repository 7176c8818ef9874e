import { Injectable } from '@nestjs/common';
import { CaptureStatus } from '@app/capture';
import { HealthReport, platformVersion, type HealthStatus } from '@app/http';

/** `/health` of the capturing process: what it knows of exchange, publisher and every symbol. */
@Injectable()
export class IngestHealthReport extends HealthReport {
  private readonly version = platformVersion();

  constructor(private readonly capture: CaptureStatus) {
    super();
  }

  report(): Promise<HealthStatus> {
    const capture = this.capture.snapshot();
    return Promise.resolve({
      status: capture.state,
      reasons: capture.problem === '' ? [] : [capture.problem],
      process: 'ingest',
      version: this.version,
      broker_mode: 'direct',
      capture,
    });
  }
}
