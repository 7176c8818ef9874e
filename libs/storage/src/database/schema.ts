import {
  ApiKeyEntity,
  BackfillJobEntity,
  BronzeFileEntity,
  BronzeLossEntity,
  CandleRepeatEntity,
  CandleRevisionEntity,
  ChangeEntity,
  ClockSpanEntity,
  CoverageDayEntity,
  CoverageEntity,
  DailyMetricsEntity,
  DayCandleEntity,
  DayVerificationEntity,
  FirstRevisionEntity,
  FeedEntity,
  HourCandleEntity,
  KnownDifferenceEntity,
  MinuteCandleEntity,
  PriceEventEntity,
  ProcessStatusEntity,
  SinkProgressEntity,
  StopNoteEntity,
  StoreFactEntity,
  SymbolAssetsEntity,
  SymbolEntity,
  TakenKeyEntity,
  TickerDayEntity,
  TopicLossEntity,
  UnfilledRangeEntity,
} from '@app/domain';
import { InitialSchema1764000000000 } from './migrations/1764000000000-initial-schema';
import { KafkaSink1764100000000 } from './migrations/1764100000000-kafka-sink';
import { DailyMetrics1764150000000 } from './migrations/1764150000000-daily-metrics';
import { UnfilledRanges1764160000000 } from './migrations/1764160000000-unfilled-ranges';
import { CandleRepeats1764300000000 } from './migrations/1764300000000-candle-repeats';
import { KeptRepeats1764310000000 } from './migrations/1764310000000-kept-repeats';
import { BackfillJobs1764320000000 } from './migrations/1764320000000-backfill-jobs';
import { KnownDifferences1764400000000 } from './migrations/1764400000000-known-differences';
import { ClockSpans1765003000000 } from './migrations/1765003000000-clock-spans';
import { LedgerReach1765003000001 } from './migrations/1765003000001-ledger-reach';
import { StopNotes1765006000000 } from './migrations/1765006000000-stop-notes';
import { SymbolAssets1765006000001 } from './migrations/1765006000001-symbol-assets';
import { StoppedIndex1765006000002 } from './migrations/1765006000002-stopped-index';
import { FirstRevisions1765006000003 } from './migrations/1765006000003-first-revisions';
import { AbsentOffsets1765008000000 } from './migrations/1765008000000-absent-offsets';
import { BronzeChecksums1765008000001 } from './migrations/1765008000001-bronze-checksums';
import { ChangeFeed1765050000000 } from './migrations/1765050000000-change-feed';
import { RecordedRepeats1765060000000 } from './migrations/1765060000000-recorded-repeats';
import { ApiKeys1765070000000 } from './migrations/1765070000000-api-keys';

export const ENTITIES = [
  ApiKeyEntity,
  BackfillJobEntity,
  BronzeFileEntity,
  BronzeLossEntity,
  CandleRepeatEntity,
  CandleRevisionEntity,
  ChangeEntity,
  ClockSpanEntity,
  CoverageDayEntity,
  CoverageEntity,
  DailyMetricsEntity,
  DayCandleEntity,
  DayVerificationEntity,
  FirstRevisionEntity,
  FeedEntity,
  HourCandleEntity,
  KnownDifferenceEntity,
  MinuteCandleEntity,
  PriceEventEntity,
  ProcessStatusEntity,
  SinkProgressEntity,
  StopNoteEntity,
  StoreFactEntity,
  SymbolAssetsEntity,
  SymbolEntity,
  TakenKeyEntity,
  TickerDayEntity,
  TopicLossEntity,
  UnfilledRangeEntity,
];

/** In the order in which they run; a name once released never changes. */
export const MIGRATIONS = [
  InitialSchema1764000000000,
  KafkaSink1764100000000,
  DailyMetrics1764150000000,
  UnfilledRanges1764160000000,
  CandleRepeats1764300000000,
  KeptRepeats1764310000000,
  BackfillJobs1764320000000,
  KnownDifferences1764400000000,
  ClockSpans1765003000000,
  LedgerReach1765003000001,
  StopNotes1765006000000,
  SymbolAssets1765006000001,
  StoppedIndex1765006000002,
  FirstRevisions1765006000003,
  AbsentOffsets1765008000000,
  BronzeChecksums1765008000001,
  ChangeFeed1765050000000,
  RecordedRepeats1765060000000,
  ApiKeys1765070000000,
];

/** Name of the newest migration: the schema this build writes and reads. */
export const SCHEMA_VERSION = MIGRATIONS[MIGRATIONS.length - 1]?.name ?? '';
