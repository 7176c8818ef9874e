import { HOUR, type AbsentOffsets, type Clock, type TopicLoss, type TopicPartition } from '@app/domain';
import type { Statement } from 'better-sqlite3';
import type { SqliteHandle } from '../database/sqlite-connection';

/** What is missing again and again of a partition is one loss for so long: a compacted topic has gaps everywhere. */
const JOINED_FOR = HOUR;

interface LossRow {
  readonly topic: string;
  readonly partition: number;
  readonly noticed_at: number;
  readonly from_offset: number;
  readonly to_offset: number;
  readonly reason: TopicLoss['reason'];
  readonly messages: number;
}

/** Messages that were lost at the broker before they were taken. */
export class TopicLosses {
  private readonly selectLast: Statement<[string, number], LossRow>;
  private readonly selectAll: Statement<[], LossRow>;
  private readonly insert: Statement<[LossRow]>;
  private readonly extend: Statement<[LossRow]>;

  constructor(
    database: SqliteHandle,
    private readonly clock: Clock,
  ) {
    this.selectLast = database.prepare(
      'SELECT * FROM topic_losses WHERE topic = ? AND partition = ? ORDER BY noticed_at DESC LIMIT 1',
    );
    this.selectAll = database.prepare('SELECT * FROM topic_losses ORDER BY topic, partition, noticed_at');
    this.insert = database.prepare(
      `INSERT INTO topic_losses (topic, partition, noticed_at, from_offset, to_offset, reason, messages)
       VALUES (@topic, @partition, @noticed_at, @from_offset, @to_offset, @reason, @messages)`,
    );
    this.extend = database.prepare(
      `UPDATE topic_losses SET from_offset = min(from_offset, @from_offset), to_offset = max(to_offset, @to_offset),
         messages = messages + @messages
       WHERE topic = @topic AND partition = @partition AND noticed_at = @noticed_at`,
    );
  }

  /** Inside a write unit. */
  add({ topic, partition }: TopicPartition, reason: TopicLoss['reason'], { from, to, messages }: AbsentOffsets): void {
    const now = this.clock.now();
    const last = this.selectLast.get(topic, partition);
    const loss = { topic, partition, from_offset: from, to_offset: to, reason, messages };
    if (last?.reason === 'absent' && reason === 'absent' && now < last.noticed_at + JOINED_FOR) {
      this.extend.run({ ...loss, noticed_at: last.noticed_at });
    } else {
      // The time is part of the key.
      this.insert.run({ ...loss, noticed_at: Math.max(now, (last?.noticed_at ?? 0) + 1) });
    }
  }

  all(): TopicLoss[] {
    return this.selectAll.all().map((row) => ({
      topic: row.topic,
      partition: row.partition,
      from: row.from_offset,
      to: row.to_offset,
      messages: row.messages,
      reason: row.reason,
      noticedAt: row.noticed_at,
    }));
  }
}
