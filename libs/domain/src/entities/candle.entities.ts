import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The numbers of a candle: decimals as the exchange wrote them. */
abstract class CandleColumns {
  @PrimaryColumn('text')
  symbol!: string;

  /** Microseconds since the epoch, UTC. */
  @PrimaryColumn('integer', { name: 'open_time' })
  openTime!: number;

  @Column('text')
  open!: string;

  @Column('text')
  high!: string;

  @Column('text')
  low!: string;

  @Column('text')
  close!: string;

  @Column('text')
  volume!: string;

  @Column('text', { name: 'quote_volume' })
  quoteVolume!: string;

  @Column('integer', { name: 'trade_count' })
  tradeCount!: number;

  @Column('text', { name: 'taker_buy_volume' })
  takerBuyVolume!: string;

  @Column('text', { name: 'taker_buy_quote_volume' })
  takerBuyQuoteVolume!: string;

  /** Microseconds since the epoch, UTC; for roll-ups the latest of their minutes. */
  @Column('integer', { name: 'captured_at' })
  capturedAt!: number;
}

abstract class VersionColumns extends CandleColumns {
  @Column('integer')
  revision!: number;
}

/** Silver: closed minutes as the exchange gave them. */
@Entity('candles_1m', { withoutRowid: true })
export class MinuteCandleEntity extends VersionColumns {
  @Column('integer', { name: 'close_time' })
  closeTime!: number;

  @Column('text')
  source!: string;
}

/** What a minute said before the exchange changed it. */
@Entity('candle_revisions', { withoutRowid: true })
export class CandleRevisionEntity extends VersionColumns {
  @PrimaryColumn('integer')
  override revision!: number;

  @Column('integer', { name: 'close_time' })
  closeTime!: number;

  @Column('text')
  source!: string;

  /** Capture time of the numbers that replaced these. */
  @Column('integer', { name: 'superseded_at' })
  supersededAt!: number;
}

/** Captures of a minute that repeat the version before them: an older capture with other numbers may still arrive. */
@Entity('candle_repeats', { withoutRowid: true })
export class CandleRepeatEntity extends CandleColumns {
  @PrimaryColumn('integer', { name: 'captured_at' })
  override capturedAt!: number;

  @Column('integer', { name: 'close_time' })
  closeTime!: number;

  @Column('text')
  source!: string;

  /** 1 where a line of bronze, or the fetch in the manifest, tells of it; 0: kept by a version that wrote no line yet. */
  @Column('integer', { default: 0 })
  recorded!: number;
}

abstract class RollUpColumns extends VersionColumns {
  /** Distinct minutes in the bucket so far. */
  @Column('integer')
  minutes!: number;

  /** Open time of the first minute with a trade; null while all are quiet. */
  @Column('integer', { name: 'first_traded_minute', nullable: true })
  firstTradedMinute!: number | null;

  @Column('integer', { name: 'last_minute' })
  lastMinute!: number;
}

/** Gold: exact roll-ups of the minutes of an hour. */
@Entity('candles_1h', { withoutRowid: true })
export class HourCandleEntity extends RollUpColumns {}

/** Gold: exact roll-ups of the minutes of a UTC day. */
@Entity('candles_1d', { withoutRowid: true })
export class DayCandleEntity extends RollUpColumns {}
