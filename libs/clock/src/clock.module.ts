import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '@app/domain';

/** Makes the clock of the process injectable everywhere under its port. */
@Module({})
export class ClockModule {
  static forRoot(clock: Clock): DynamicModule {
    return { module: ClockModule, global: true, providers: [{ provide: Clock, useValue: clock }], exports: [Clock] };
  }
}
