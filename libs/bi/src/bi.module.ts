import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { BuildClock } from './build/build-clock';
import { BiBuildUseCase } from './build/bi-build.use-case';

/** Work on the tables as a whole, done when somebody asks for it. */
@Module({})
export class BiModule {
  /** Writes the tables to files. `imports` bring the readers of the store, on the same clock, and ParquetFiles. */
  static build(clock: BuildClock, imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return {
      module: BiModule,
      imports,
      providers: [{ provide: BuildClock, useValue: clock }, BiBuildUseCase],
      exports: [BiBuildUseCase],
    };
  }
}
