import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { PartitionSink } from '@app/domain';
import type { ConsumedUnit } from '@app/messaging';
import { RethrowFilter } from './rethrow.filter';

/** Events of the broker, a unit at a time: what is not thrown is taken. */
@Controller()
@UseFilters(RethrowFilter)
export class EventsMessageController {
  constructor(private readonly sink: PartitionSink) {}

  @EventPattern('price')
  async takePrices(@Payload() { claim, unit }: ConsumedUnit): Promise<void> {
    await this.sink.take(claim, unit);
  }

  @EventPattern('candle')
  async takeCandles(@Payload() { claim, unit }: ConsumedUnit): Promise<void> {
    await this.sink.take(claim, unit);
  }
}
