import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { PartitionSink } from '@app/domain';
import { KafkaBatchServer, type ConsumedUnit } from '@app/messaging';
import { RethrowFilter } from './rethrow.filter';

/** Events of the broker, a unit at a time: what is not thrown is taken. */
@Controller()
@UseFilters(RethrowFilter)
export class EventsMessageController {
  constructor(
    private readonly sink: PartitionSink,
    private readonly server: KafkaBatchServer,
  ) {}

  @EventPattern('price')
  takePrices(@Payload() unit: ConsumedUnit): Promise<void> {
    return this.take(unit);
  }

  @EventPattern('candle')
  takeCandles(@Payload() unit: ConsumedUnit): Promise<void> {
    return this.take(unit);
  }

  private async take({ claim, unit }: ConsumedUnit): Promise<void> {
    this.server.consumerStatus.took(await this.sink.take(claim, unit));
  }
}
