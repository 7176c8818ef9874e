import { Injectable } from '@nestjs/common';
import { Counter, Gauge, MetricsRegistry } from '@app/observability';
import type { StreamChannel } from './stream-event';

/** What the streams of this process say of themselves. */
@Injectable()
export class StreamMetrics {
  private readonly readers: Gauge<'stream'>;
  private readonly cutOff: Counter;

  constructor(metrics: MetricsRegistry) {
    this.readers = new Gauge({
      name: 'csp_stream_readers',
      help: 'Open streams.',
      labelNames: ['stream'],
      registers: [metrics],
    });
    for (const stream of ['prices', 'candles']) this.readers.set({ stream }, 0);
    this.cutOff = new Counter({
      name: 'csp_stream_readers_cut_total',
      help: 'Streams that were cut off because their reader took nothing for 30 s.',
      registers: [metrics],
    });
  }

  opened(stream: StreamChannel): void {
    this.readers.inc({ stream });
  }

  closed(stream: StreamChannel): void {
    this.readers.dec({ stream });
  }

  cut(): void {
    this.cutOff.inc();
  }
}
