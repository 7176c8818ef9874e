import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Single facts about the database, such as the origin of its data. */
@Entity('store_facts', { withoutRowid: true })
export class StoreFactEntity {
  @PrimaryColumn('text')
  name!: string;

  @Column('text')
  value!: string;
}

/** How far each bronze file is accounted for in the tables. */
@Entity('bronze_files', { withoutRowid: true })
export class BronzeFileEntity {
  /** Belongs to the archive's folder and is kept in it. */
  @PrimaryColumn('text', { name: 'writer_id' })
  writerId!: string;

  /** Name within the folder. */
  @PrimaryColumn('text')
  file!: string;

  @Column('text')
  topic!: string;

  /** Kafka partition; null in direct mode. */
  @Column('integer', { nullable: true })
  partition!: number | null;

  /** Bytes from the start whose lines are in the tables. */
  @Column('integer')
  length!: number;

  /** CRC-32 of these bytes; null for a file of an earlier version that has not been read through yet. */
  @Column('integer', { nullable: true })
  crc32!: number | null;
}

/** Lines of bronze files that could not be taken into the tables when they were taken up. */
@Entity('bronze_losses', { withoutRowid: true })
export class BronzeLossEntity {
  @PrimaryColumn('text', { name: 'writer_id' })
  writerId!: string;

  @PrimaryColumn('text')
  file!: string;

  /** Number of the first of them, counted from 1. */
  @Column('integer', { name: 'first_line' })
  firstLine!: number;

  @Column('integer')
  lines!: number;

  /** When the first was noticed, microseconds since the epoch, UTC. */
  @Column('integer', { name: 'noticed_at' })
  noticedAt!: number;

  /** What is wrong with the first. */
  @Column('text')
  reason!: string;
}

/** What each process last said of itself. */
@Entity('process_status', { withoutRowid: true })
export class ProcessStatusEntity {
  @PrimaryColumn('text')
  process!: string;

  /** Real time, as heartbeats are. */
  @Column('integer', { name: 'updated_at' })
  updatedAt!: number;

  /** A JSON object. */
  @Column('text')
  status!: string;
}

/** How far each partition of the broker is taken, and by whom. */
@Entity('sink_progress', { withoutRowid: true })
export class SinkProgressEntity {
  @PrimaryColumn('text')
  topic!: string;

  @PrimaryColumn('integer')
  partition!: number;

  /** Raised at each claim; whoever holds an older one may not write. */
  @Column('integer')
  epoch!: number;

  /** Offset at which to go on; null before the first start. */
  @Column('integer', { name: 'next_offset', nullable: true })
  nextOffset!: number | null;

  /** Hash of the message at `next_offset - 1`; null where the position does not come from a message. */
  @Column('text', { name: 'last_hash', nullable: true })
  lastHash!: string | null;

  @Column('text', { name: 'cluster_id', nullable: true })
  clusterId!: string | null;
}

/** Messages that a topic did not have any more, or had not, when they were to be taken. */
@Entity('topic_losses', { withoutRowid: true })
export class TopicLossEntity {
  @PrimaryColumn('text')
  topic!: string;

  @PrimaryColumn('integer')
  partition!: number;

  /** When it was noticed, microseconds since the epoch, UTC. */
  @PrimaryColumn('integer', { name: 'noticed_at' })
  noticedAt!: number;

  /** First lost offset. */
  @Column('integer', { name: 'from_offset' })
  fromOffset!: number;

  /** Offset after the last lost one. */
  @Column('integer', { name: 'to_offset' })
  toOffset!: number;

  /** `retention`: given up from the start of the partition on; `absent`: missing between others. */
  @Column('text', { default: () => "('retention')" })
  reason!: string;

  /** How many of the offsets are lost. */
  @Column('integer', { default: () => '(0)' })
  messages!: number;
}

/** Natural keys of what was taken in the last 48 hours while no rows are written. */
@Entity('taken_keys', { withoutRowid: true })
export class TakenKeyEntity {
  @PrimaryColumn('text')
  kind!: string;

  @PrimaryColumn('text')
  symbol!: string;

  /** Timestamp of a price event, open time of a candle. */
  @PrimaryColumn('integer')
  time!: number;

  @PrimaryColumn('text')
  source!: string;

  @PrimaryColumn('integer', { name: 'captured_at' })
  capturedAt!: number;

  /** Hash of a candle's numbers; empty for price events. */
  @PrimaryColumn('text', { name: 'numbers_hash' })
  numbersHash!: string;

  /** Of a candle that only repeats the version before it, and so is not in bronze. */
  @Column('text', { nullable: true })
  line!: string | null;
}
