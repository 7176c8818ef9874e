import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Gold: metrics of each UTC day that has exchange candles, as decimal text; null where there is too little to tell. */
@Entity('daily_metrics', { withoutRowid: true })
export class DailyMetricsEntity {
  @PrimaryColumn('text')
  symbol!: string;

  /** Start of the day, microseconds since the epoch. */
  @PrimaryColumn('integer')
  date!: number;

  @Column('text')
  close!: string;

  @Column('text', { name: 'log_return', nullable: true })
  logReturn!: string | null;

  @Column('text', { nullable: true })
  vwap!: string | null;

  @Column('text', { name: 'true_range', nullable: true })
  trueRange!: string | null;

  @Column('text', { name: 'vol_close_7d', nullable: true })
  volClose7d!: string | null;

  @Column('text', { name: 'vol_close_30d', nullable: true })
  volClose30d!: string | null;

  @Column('text', { name: 'vol_parkinson_30d', nullable: true })
  volParkinson30d!: string | null;

  @Column('text', { name: 'vol_garman_klass_30d', nullable: true })
  volGarmanKlass30d!: string | null;

  @Column('text', { name: 'vol_yang_zhang_30d', nullable: true })
  volYangZhang30d!: string | null;

  @Column('text', { name: 'max_drawdown_30d', nullable: true })
  maxDrawdown30d!: string | null;

  @Column('integer')
  observations!: number;

  /** Newest capture among the days that the row is made of. */
  @Column('integer', { name: 'captured_at' })
  capturedAt!: number;
}

/** What the comparison of a stored day with the exchange's own says. */
@Entity('day_verifications', { withoutRowid: true })
export class DayVerificationEntity {
  @PrimaryColumn('text')
  symbol!: string;

  /** Start of the UTC day, microseconds since the epoch. */
  @PrimaryColumn('integer')
  date!: number;

  /** `equal` or `differs`. */
  @Column('text')
  result!: string;

  /** Says nothing of a day with minutes captured later than this. */
  @Column('integer', { name: 'checked_at' })
  checkedAt!: number;
}

/** A day of which the exchange itself says two things. */
@Entity('known_differences', { withoutRowid: true })
export class KnownDifferenceEntity {
  @PrimaryColumn('text')
  symbol!: string;

  /** Start of the UTC day, microseconds since the epoch. */
  @PrimaryColumn('integer')
  date!: number;

  /** `exchange_stop` or `contradiction`. */
  @Column('text')
  reason!: string;

  /** The day as its minutes make it: a JSON object. */
  @Column('text', { name: 'stored_numbers' })
  storedNumbers!: string;

  /** The day as the exchange gives it: a JSON object. */
  @Column('text', { name: 'exchange_numbers' })
  exchangeNumbers!: string;

  @Column('integer', { name: 'found_at' })
  foundAt!: number;
}
