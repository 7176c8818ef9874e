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
