import { Inject, Injectable } from '@nestjs/common';
import {
  EventPublisher,
  Exchange,
  serializePriceEvent,
  TICKER_SOURCE,
  type ExchangeAnswer,
  type OutgoingEvent,
  type TickerAnswer,
} from '@app/domain';
import { ExchangeTime } from '../candles/exchange-time';
import { CAPTURE_OPTIONS, type CaptureOptions } from '../capture-options';
import { LivePriority } from '../schedule/live-priority';
import { CaptureFaults } from '../status/capture-faults';
import { CaptureStatus } from '../status/capture-status';

/** One poll: the 24-hour tickers of all symbols, in configured order, under one timestamp. */
@Injectable()
export class PollTickersUseCase {
  constructor(
    private readonly exchange: Exchange,
    private readonly publisher: EventPublisher,
    private readonly exchangeTime: ExchangeTime,
    private readonly status: CaptureStatus,
    private readonly faults: CaptureFaults,
    private readonly live: LivePriority,
    @Inject(CAPTURE_OPTIONS) private readonly options: CaptureOptions,
  ) {}

  async execute(signal?: AbortSignal): Promise<void> {
    if (this.faults.standAside) {
      this.status.pollFailed('refused', this.faults.refused ?? '');
      return;
    }
    await this.live.run(() => this.poll(signal));
  }

  private async poll(signal?: AbortSignal): Promise<void> {
    try {
      const answer = await this.exchangeTime.ask(() => this.exchange.tickers(this.options.symbols, signal), signal);
      this.faults.answered();
      this.status.unknown(answer.data.unknownSymbols);
      const events = this.eventsOf(answer);
      if (events.length > 0) {
        await this.publisher.publish({ origin: answer.origin, events });
        this.faults.accepted();
      }
      this.status.polled(
        events.map(({ symbol }) => symbol),
        answer.receivedAt,
      );
    } catch (error) {
      if (signal?.aborted) return;
      this.status.pollFailed(this.faults.note(error), (error as Error).message);
    }
  }

  private eventsOf({ data, receivedAt }: ExchangeAnswer<TickerAnswer>): OutgoingEvent[] {
    const rows = new Map(data.rows.map((row) => [row.symbol, row]));
    return this.options.symbols.flatMap((symbol): OutgoingEvent[] => {
      const row = rows.get(symbol);
      if (!row) return [];
      const { lastPrice, priceChangePercent, volume } = row;
      const event = { timestamp: receivedAt, symbol, lastPrice, priceChangePercent, volume, source: TICKER_SOURCE };
      return [{ kind: 'price', symbol, value: serializePriceEvent(event), capturedAt: receivedAt }];
    });
  }
}
