import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The feeds of changes: one for each stream of live events, and one for all that fills and corrects the history. */
@Entity('feeds')
export class FeedEntity {
  @PrimaryColumn('integer')
  id!: number;

  /** `live`, `<topic>/<partition>` or `history`. */
  @Column('text', { unique: true })
  name!: string;

  /** Position that the next write unit takes. */
  @Column('integer', { name: 'next_position' })
  nextPosition!: number;
}

/** What each write unit changed, in the order of the commits of its feed. */
@Entity('changes', { withoutRowid: true })
export class ChangeEntity {
  @PrimaryColumn('integer')
  feed!: number;

  @PrimaryColumn('integer')
  position!: number;

  /** Microseconds since the epoch, UTC. */
  @Column('integer', { name: 'committed_at' })
  committedAt!: number;

  /** `prices`, `candles`, `history`, `ledger`, `symbols`, `verified` or `removed`. */
  @Column('text')
  kind!: string;

  /** Keys of what changed, as `packChange` of the domain packs them. */
  @Column('blob')
  keys!: Buffer;
}
