import { Module, type DynamicModule } from '@nestjs/common';
import { Clock, ClockAlignment } from '@app/domain';
import { AlignedClock } from './aligned-clock';

/** Makes the clock of the process injectable everywhere under its ports. */
@Module({})
export class ClockModule {
  static forRoot(clock: Clock): DynamicModule {
    const aligned = clock instanceof AlignedClock ? clock : new AlignedClock(clock);
    return {
      module: ClockModule,
      global: true,
      providers: [
        { provide: Clock, useValue: aligned },
        { provide: ClockAlignment, useValue: aligned },
      ],
      exports: [Clock, ClockAlignment],
    };
  }
}
