import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { MinuteFill } from '@app/fill';
import { BuildClock } from './build/build-clock';
import { BiBuildUseCase } from './build/bi-build.use-case';
import { ExportCandlesUseCase } from './export/export-candles.use-case';
import { UnfitRows } from './unfit-rows';
import { ArchiveDays } from './verify/archive-days';
import { DayRefetch } from './verify/day-refetch';
import { ExchangeProof } from './verify/exchange-proof';
import { GoldProof } from './verify/gold-proof';
import { VerifyBiUseCase } from './verify/verify-bi.use-case';

type Imports = NonNullable<ModuleMetadata['imports']>;

/** Work on the tables as a whole, done when somebody asks for it. */
@Module({})
export class BiModule {
  /** Writes the tables to files. `imports` bring the readers of the store, on the same clock, and ParquetFiles. */
  static build(clock: BuildClock, imports: Imports): DynamicModule {
    return {
      module: BiModule,
      imports,
      providers: [{ provide: BuildClock, useValue: clock }, UnfitRows, BiBuildUseCase],
      exports: [BiBuildUseCase],
    };
  }

  /** Writes candles to files. `imports` bring the readers of the store and ParquetFiles. */
  static export(imports: Imports): DynamicModule {
    return { module: BiModule, imports, providers: [UnfitRows, ExportCandlesUseCase], exports: [ExportCandlesUseCase] };
  }

  /**
   * Proves the tables. `imports` bring the readers of the store, Exchange, KlineArchive, HistoryStore, DayVerificationStore and
   * BronzeReplay.
   */
  static verification(imports: Imports): DynamicModule {
    return {
      module: BiModule,
      imports,
      providers: [GoldProof, ArchiveDays, MinuteFill, DayRefetch, ExchangeProof, VerifyBiUseCase],
      exports: [VerifyBiUseCase],
    };
  }
}
