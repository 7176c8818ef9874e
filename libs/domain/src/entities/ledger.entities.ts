import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Symbols the store has met: the exchange's description, and the frame of the ledger. */
@Entity('symbols', { withoutRowid: true })
export class SymbolEntity {
  @PrimaryColumn('text')
  symbol!: string;

  @Column('text', { name: 'base_asset', nullable: true })
  baseAsset!: string | null;

  @Column('text', { name: 'quote_asset', nullable: true })
  quoteAsset!: string | null;

  /** `UNKNOWN` until the exchange has told. */
  @Column('text', { default: 'UNKNOWN' })
  status!: string;

  /** Moment from which live capture is responsible; null while nobody has said so, then the first capture is. */
  @Column('integer', { name: 'tracked_since', nullable: true })
  trackedSince!: number | null;

  /** First minute of the ledger. */
  @Column('integer', { name: 'ledger_start', nullable: true })
  ledgerStart!: number | null;

  /** 1 once the first backfill has been planned; candles may start the ledger before that. */
  @Column('integer', { name: 'backfill_planned', default: 0 })
  backfillPlanned!: number;

  /** Earliest capture of any of its candles. */
  @Column('integer', { name: 'first_captured_at', nullable: true })
  firstCapturedAt!: number | null;

  /** First minute that the ledger may reach back to at all; null where nothing bounds it. */
  @Column('integer', { name: 'ledger_floor', nullable: true })
  ledgerFloor!: number | null;

  /** 1 once it was looked at that the begin of the ledger was not said by a clock that was behind. */
  @Column('integer', { name: 'reach_checked', default: 0 })
  reachChecked!: number;

  /** Open time of the very first candle that the exchange has of it; null until the exchange has told. */
  @Column('integer', { name: 'first_minute', nullable: true })
  firstMinute!: number | null;
}

/** What a symbol stood for, from when on: an exchange gives the name of a delisted pair to another one. */
@Entity('symbol_assets', { withoutRowid: true })
export class SymbolAssetsEntity {
  @PrimaryColumn('text')
  symbol!: string;

  /** When the exchange was first found to say so; 0 for what it said when it was first asked. */
  @PrimaryColumn('integer')
  since!: number;

  @Column('text', { name: 'base_asset' })
  baseAsset!: string;

  @Column('text', { name: 'quote_asset' })
  quoteAsset!: string;
}

/** Runs of minutes in one state; minutes in no row are missing. */
@Entity('coverage', { withoutRowid: true })
export class CoverageEntity {
  @PrimaryColumn('text')
  symbol!: string;

  @PrimaryColumn('integer', { name: 'start_time' })
  startTime!: number;

  @Column('integer', { name: 'end_time' })
  endTime!: number;

  /** `captured`, `quiet` or `stopped`. */
  @Column('text')
  state!: string;

  /** 1 where the minutes came in late, otherwise 0. */
  @Column('integer', { default: 0 })
  repaired!: number;
}

/**
 * When it was noted that the exchange does not have minutes; disjoint. Kept where a minute came after all: its absence
 * was an answer, and its first version is therefore the second one.
 */
@Entity('stop_notes', { withoutRowid: true })
export class StopNoteEntity {
  @PrimaryColumn('text')
  symbol!: string;

  @PrimaryColumn('integer', { name: 'start_time' })
  startTime!: number;

  @Column('integer', { name: 'end_time' })
  endTime!: number;

  @Column('integer', { name: 'noted_at' })
  notedAt!: number;
}

/** Minutes whose versions were put in another order after they had been served, with the revision of the first one. */
@Entity('first_revisions', { withoutRowid: true })
export class FirstRevisionEntity {
  @PrimaryColumn('text')
  symbol!: string;

  @PrimaryColumn('integer', { name: 'open_time' })
  openTime!: number;

  @Column('integer')
  revision!: number;
}

/** Why minutes that were asked for are missing; of use only where they still are. */
@Entity('unfilled_ranges', { withoutRowid: true })
export class UnfilledRangeEntity {
  @PrimaryColumn('text')
  symbol!: string;

  @PrimaryColumn('integer', { name: 'start_time' })
  startTime!: number;

  @Column('integer', { name: 'end_time' })
  endTime!: number;

  @Column('text')
  reason!: string;

  /** When the exchange was last asked. */
  @Column('integer', { name: 'asked_at' })
  askedAt!: number;
}

/** Gold: the ledger summed up by UTC day. */
@Entity('coverage_days', { withoutRowid: true })
export class CoverageDayEntity {
  @PrimaryColumn('text')
  symbol!: string;

  /** Start of the day, microseconds since the epoch. */
  @PrimaryColumn('integer')
  date!: number;

  @Column('integer', { default: 0 })
  captured!: number;

  @Column('integer', { default: 0 })
  quiet!: number;

  @Column('integer', { default: 0 })
  stopped!: number;

  @Column('integer', { default: 0 })
  repaired!: number;

  /** When the day's account last changed: the newest capture in it, or the last stop that was recorded. */
  @Column('integer', { name: 'changed_at' })
  changedAt!: number;

  /** When a stop was last recorded in it. */
  @Column('integer', { name: 'stopped_at', nullable: true })
  stoppedAt!: number | null;
}

/** Stamps that a clock which was ahead has given: of what had been captured in truth by `until`. */
@Entity('clock_spans', { withoutRowid: true })
export class ClockSpanEntity {
  @PrimaryColumn('integer', { name: 'start_time' })
  startTime!: number;

  @PrimaryColumn('integer', { name: 'end_time' })
  endTime!: number;

  @PrimaryColumn('integer')
  until!: number;

  /** 1 once the stored rows have been held against it. */
  @Column('integer', { default: 0 })
  settled!: number;
}
