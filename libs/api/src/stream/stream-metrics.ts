import { Injectable } from '@nestjs/common';
import { Gauge, MetricsRegistry } from '@app/observability';
import type { StreamChannel } from './stream-event';

/** What the streams of this process say of themselves. */
@Injectable()
export class StreamMetrics {
  private readonly readers: Gauge<'stream'>;

  constructor(metrics: MetricsRegistry) {
    this.readers = new Gauge({
      name: 'csp_stream_readers',
      help: 'Open streams.',
      labelNames: ['stream'],
      registers: [metrics],
    });
    for (const stream of ['prices', 'candles']) this.readers.set({ stream }, 0);
  }

  opened(stream: StreamChannel): void {
    this.readers.inc({ stream });
  }

  closed(stream: StreamChannel): void {
    this.readers.dec({ stream });
  }
}
