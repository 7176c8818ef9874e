import {
  BronzeFileEntity,
  CandleRepeatEntity,
  CandleRevisionEntity,
  CoverageDayEntity,
  CoverageEntity,
  DayCandleEntity,
  HourCandleEntity,
  MinuteCandleEntity,
  PriceEventEntity,
  ProcessStatusEntity,
  StoreFactEntity,
  SymbolEntity,
  TickerDayEntity,
} from '@app/domain';
import { InitialSchema1764000000000 } from './migrations/1764000000000-initial-schema';
import { CandleRepeats1764300000000 } from './migrations/1764300000000-candle-repeats';

export const ENTITIES = [
  BronzeFileEntity,
  CandleRepeatEntity,
  CandleRevisionEntity,
  CoverageDayEntity,
  CoverageEntity,
  DayCandleEntity,
  HourCandleEntity,
  MinuteCandleEntity,
  PriceEventEntity,
  ProcessStatusEntity,
  StoreFactEntity,
  SymbolEntity,
  TickerDayEntity,
];

/** In the order in which they run; a name once released never changes. */
export const MIGRATIONS = [InitialSchema1764000000000, CandleRepeats1764300000000];

/** Name of the newest migration: the schema this build writes and reads. */
export const SCHEMA_VERSION = MIGRATIONS[MIGRATIONS.length - 1]?.name ?? '';
