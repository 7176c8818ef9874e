import { Injectable } from '@nestjs/common';
import { ClockAlignment, SECOND, type EpochMicros, type FetchKind, type ImportedFile } from '@app/domain';
import { Counter, Gauge, Histogram, MetricsRegistry } from '@app/observability';

const LAG_BUCKETS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 3_600, 86_400];

/** What capture says of itself to Prometheus; times are market time. */
@Injectable()
export class CaptureMetrics {
  private readonly lastEvent: Gauge<'symbol'>;
  private readonly lastMinute: Gauge<'symbol'>;
  private readonly pollsTotal: Counter<'outcome'>;
  private readonly candlesTotal: Counter;
  private readonly lag: Histogram;
  private readonly fetchedTotal: Counter<'kind'>;
  private readonly leftOutGauge: Gauge;
  private readonly refusalsTotal: Counter<'asked' | 'failure'>;
  private readonly refusedNowGauge: Gauge<'asked'>;

  constructor(registry: MetricsRegistry, alignment: ClockAlignment) {
    const registers = [registry];
    new Gauge({
      name: 'csp_clock_offset_seconds',
      help: "How far the exchange's clock is ahead of the local one; NaN while it has not been read.",
      registers,
      collect() {
        this.set((alignment.offset()?.offset ?? NaN) / SECOND);
      },
    });
    new Gauge({
      name: 'csp_clock_reading_age_seconds',
      help: "Since the exchange's clock was read, by the monotonic clock; NaN while it has not been.",
      registers,
      collect() {
        this.set((alignment.offset()?.age ?? NaN) / SECOND);
      },
    });
    new Gauge({
      name: 'csp_clock_follows_exchange',
      help: "1 while events are stamped by the exchange's time, because the local clock is over 5 s away from it.",
      registers,
      collect() {
        this.set(alignment.followsExchange ? 1 : 0);
      },
    });
    this.lastEvent = new Gauge({
      name: 'csp_last_event_timestamp_seconds',
      help: 'Time of the last price event of the symbol, in seconds since the epoch.',
      labelNames: ['symbol'],
      registers,
    });
    this.lastMinute = new Gauge({
      name: 'csp_last_minute_timestamp_seconds',
      help: 'Open time of the last closed minute of the symbol, in seconds since the epoch.',
      labelNames: ['symbol'],
      registers,
    });
    this.pollsTotal = new Counter({
      name: 'csp_polls_total',
      help: 'Ticker polls by outcome: ok, refused, or how the exchange failed.',
      labelNames: ['outcome'],
      registers,
    });
    this.candlesTotal = new Counter({
      name: 'csp_candles_captured_total',
      help: 'Closed minutes published, revisions included.',
      registers,
    });
    this.lag = new Histogram({
      name: 'csp_capture_lag_seconds',
      help: 'From the close of a minute to its publication, catch-up included.',
      buckets: LAG_BUCKETS,
      registers,
    });
    this.fetchedTotal = new Counter({
      name: 'csp_backfill_candles_total',
      help: 'Minutes brought in outside the live flow, by kind: backfill, repair, archive or import.',
      labelNames: ['kind'],
      registers,
    });
    this.leftOutGauge = new Gauge({
      name: 'csp_left_out_candles',
      help: 'Minutes that are missing at present because their rows break the contract; asked for again.',
      registers,
    });
    this.refusalsTotal = new Counter({
      name: 'csp_refusals_total',
      help: 'Refusals of the exchange by what was asked for and how it failed, one for each symbol.',
      labelNames: ['asked', 'failure'],
      registers,
    });
    this.refusedNowGauge = new Gauge({
      name: 'csp_refused',
      help: 'Symbols that the exchange refuses at present, by what is asked for; 1 where it refuses all of them at once.',
      labelNames: ['asked'],
      registers,
    });
    this.pollsTotal.inc({ outcome: 'ok' }, 0);
  }

  polled(outcome: string): void {
    this.pollsTotal.inc({ outcome });
  }

  event(symbol: string, time: EpochMicros): void {
    this.lastEvent.set({ symbol }, time / SECOND);
  }

  minute(symbol: string, openTime: EpochMicros): void {
    this.lastMinute.set({ symbol }, openTime / SECOND);
  }

  /** These symbols are captured no longer: what was last seen of them says nothing of how capture does. */
  forget(symbols: readonly string[]): void {
    for (const symbol of symbols) {
      this.lastEvent.remove({ symbol });
      this.lastMinute.remove({ symbol });
    }
  }

  candlesPublished(lags: readonly EpochMicros[]): void {
    this.candlesTotal.inc(lags.length);
    for (const lag of lags) this.lag.observe(lag / SECOND);
  }

  fetched(kind: FetchKind | ImportedFile['kind'], minutes: number): void {
    this.fetchedTotal.inc({ kind }, minutes);
  }

  leftOutNow(minutes: number): void {
    this.leftOutGauge.set(minutes);
  }

  refused(asked: string, failure: string): void {
    this.refusalsTotal.inc({ asked, failure });
  }

  refusedNow(asked: string, symbols: number): void {
    this.refusedNowGauge.set({ asked }, symbols);
  }
}
