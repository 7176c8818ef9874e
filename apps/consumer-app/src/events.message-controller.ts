import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { PartitionSink } from '@app/domain';
import { EVENT_UNITS, KafkaBatchServer, type ConsumedUnit } from '@app/messaging';
import { RethrowFilter } from './rethrow.filter';

/** Events of the broker, a unit at a time: what is not thrown is taken. */
@Controller()
@UseFilters(RethrowFilter)
export class EventsMessageController {
  constructor(
    private readonly sink: PartitionSink,
    private readonly server: KafkaBatchServer,
  ) {}

  @EventPattern(EVENT_UNITS)
  async take(@Payload() { claim, unit }: ConsumedUnit): Promise<void> {
    this.server.consumerStatus.took(await this.sink.take(claim, unit));
  }
}
