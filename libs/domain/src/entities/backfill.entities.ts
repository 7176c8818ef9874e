import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A UTC day of a symbol that somebody asked to have filled, and what became of that. */
@Entity('backfill_jobs', { withoutRowid: true })
export class BackfillJobEntity {
  @PrimaryColumn('text')
  symbol!: string;

  /** First instant of the UTC day. */
  @PrimaryColumn('integer')
  day!: number;

  /** The part of the day that is asked for. */
  @Column('integer', { name: 'start_time' })
  startTime!: number;

  @Column('integer', { name: 'end_time' })
  endTime!: number;

  /** `queued`, `running`, `done` or `failed`. */
  @Column('text')
  state!: string;

  /** Why it failed; null in every other state. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('integer', { name: 'changed_at' })
  changedAt!: number;
}
