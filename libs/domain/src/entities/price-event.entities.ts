import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Silver: polled 24-hour tickers, numbers as the exchange wrote them. */
@Entity('price_events', { withoutRowid: true })
export class PriceEventEntity {
  @PrimaryColumn('text')
  symbol!: string;

  /** Moment of capture, microseconds since the epoch, UTC. */
  @PrimaryColumn('integer')
  timestamp!: number;

  @PrimaryColumn('text')
  source!: string;

  @Column('text', { name: 'last_price' })
  lastPrice!: string;

  @Column('text', { name: 'price_change_percent' })
  priceChangePercent!: string;

  /** The exchange's rolling 24-hour volume. */
  @Column('text')
  volume!: string;
}

/** Gold: what the polled snapshots of a UTC day say of it. */
@Entity('ticker_days', { withoutRowid: true })
export class TickerDayEntity {
  @PrimaryColumn('text')
  symbol!: string;

  /** Start of the day, microseconds since the epoch. */
  @PrimaryColumn('integer')
  date!: number;

  @Column('text')
  open!: string;

  @Column('text')
  high!: string;

  @Column('text')
  low!: string;

  @Column('text')
  close!: string;

  /** Rolling 24-hour volume of the last snapshot. */
  @Column('text')
  volume!: string;

  @Column('integer', { name: 'first_timestamp' })
  firstTimestamp!: number;

  @Column('integer', { name: 'last_timestamp' })
  lastTimestamp!: number;
}
