import { healthReason, type SinkResult, type TopicPartition } from '@app/domain';
import type { Logger } from '@app/observability';
import type { TopicRefusedError } from '../topic-admin';
import { partitionName } from './partition-name';

/** A consumer that shows no sign of life for so long (real time) is dead: its process needs a restart. */
const DEAD_AFTER_MS = 45_000;
/** A broker that is asked all the time and has answered nothing for so long (real time) is silent. */
const SILENT_AFTER_MS = 7_000;

export type ConsumerState = 'starting' | 'running' | 'rejoining' | 'broker_away' | 'refused' | 'stopped';

/** Why nothing is asked of the broker, or nothing answered; of what is refused, the topics say why. */
const IDLE: Readonly<Record<ConsumerState, string>> = {
  starting: healthReason`starting`,
  running: '',
  rejoining: healthReason`rejoining`,
  broker_away: healthReason`broker_away`,
  refused: '',
  stopped: healthReason`stopped`,
};

/** States in which the broker is asked all the time: a fetch, or an attempt to come back. */
const ASKING: readonly ConsumerState[] = ['starting', 'running', 'rejoining', 'broker_away'];

/** What the consumer says of itself, as JSON; times are real, UTC, or null. */
export interface ConsumerSnapshot {
  readonly state: ConsumerState;
  readonly detail: string;
  readonly group_id: string;
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly lag: number | null }[];
  readonly lag: number;
  readonly last_commit_at: string | null;
  /** Real seconds for which the broker has left every question unanswered; 0 while it is not asked. */
  readonly broker_silent_seconds: number;
  /** Times the group shared out its partitions anew after this process had first joined it. */
  readonly rebalances: number;
  /** Units that failed, or could not be begun, and were tried again. */
  readonly retries: number;
  /** What became of the events that this process took; repeats came again and changed nothing. */
  readonly taken: number;
  readonly repeats: number;
  readonly revisions: number;
  readonly dead_letters: number;
  readonly sink_fault: string | null;
  /** Topics that are not used until somebody acts, each with the reason and what to do. */
  readonly refused: readonly { readonly topic: string; readonly reason: string }[];
  /** Partitions of which nothing is taken until somebody acts, each with the reason and what to do. */
  readonly held: readonly { readonly topic: string; readonly partition: number; readonly reason: string }[];
}

/** Collects how the consumer does, for `/health`, `/readyz` and `/livez`. */
export class ConsumerStatus {
  private state: ConsumerState = 'starting';
  private detail = '';
  private aliveAt = performance.now();
  private answeredAt = performance.now();
  private lags = new Map<string, { readonly target: TopicPartition; lag: number | null }>();
  private lastCommit: Date | null = null;
  private joins = 0;
  private retries = 0;
  private outcomes: SinkResult = { taken: 0, repeats: 0, revisions: 0 };
  private deadLetters = 0;
  private fault = '';
  private refused: readonly TopicRefusedError[] = [];
  private readonly held = new Map<string, { readonly target: TopicPartition; readonly reason: string }>();

  constructor(
    private readonly groupId: string,
    private readonly logger: Logger,
  ) {}

  /** A sign of life: something was asked of the broker, taken, or tried again. */
  alive(): void {
    this.aliveAt = performance.now();
  }

  /** The broker has answered, whatever it was asked. */
  answered(): void {
    this.answeredAt = performance.now();
  }

  /** Real milliseconds for which the broker has left every question unanswered; 0 while it is not asked. */
  get silentMillis(): number {
    return ASKING.includes(this.state) ? performance.now() - this.answeredAt : 0;
  }

  enter(state: ConsumerState, detail = ''): void {
    this.alive();
    if (state !== this.state || detail !== this.detail) {
      const line = `consumer: ${state}${detail === '' ? '' : `, ${detail}`}`;
      if (state === 'running' || state === 'starting' || state === 'stopped') this.logger.info(line);
      else this.logger.warn(line);
    }
    this.state = state;
    this.detail = detail;
  }

  /** Partitions that the group gave to this consumer last. */
  get assigned(): readonly TopicPartition[] {
    return [...this.lags.values()].map(({ target }) => target);
  }

  joined(partitions: readonly TopicPartition[]): void {
    this.joins += 1;
    this.lags = new Map(partitions.map((target) => [partitionName(target), { target, lag: null }]));
    for (const [name, { target }] of this.held) if (!this.lags.has(name)) this.release(target);
    this.enter('running');
  }

  lagging(target: TopicPartition, lag: number): void {
    if (this.lags.has(partitionName(target))) this.lags.set(partitionName(target), { target, lag });
  }

  took({ taken, repeats, revisions }: SinkResult): void {
    const before = this.outcomes;
    this.outcomes = {
      taken: before.taken + taken,
      repeats: before.repeats + repeats,
      revisions: before.revisions + revisions,
    };
  }

  committed(): void {
    this.alive();
    this.lastCommit = new Date();
  }

  deadLettered(): void {
    this.deadLetters += 1;
  }

  /** A unit failed and is tried again. */
  retried(): void {
    this.alive();
    this.retries += 1;
  }

  /** The sink does not take a unit now; it is tried again. */
  failed(error: unknown): void {
    this.retried();
    const message = error instanceof Error ? error.message : String(error);
    if (message !== this.fault) this.logger.error({ err: error }, `nothing can be taken: ${message}`);
    this.fault = message;
  }

  recovered(): void {
    this.alive();
    if (this.fault !== '') this.logger.info('what came can be taken again');
    this.fault = '';
  }

  /** Topics of which nothing is taken until somebody acts; the others go on. */
  refuse(topics: readonly TopicRefusedError[]): void {
    const known = new Set(this.refused.map(({ message }) => message));
    for (const { message } of topics) if (!known.has(message)) this.logger.error(`refused: ${message}`);
    this.refused = topics;
    if (topics.length > 0) this.alive();
  }

  /** Nothing of the partition is taken until somebody acts; the others go on. */
  hold(target: TopicPartition, reason: string): void {
    this.retried();
    const name = partitionName(target);
    if (this.held.get(name)?.reason !== reason) this.logger.error(target, `${name} is held: ${reason}`);
    this.held.set(name, { target, reason });
  }

  /** The partition goes on, or is another consumer's now. */
  release(target: TopicPartition): void {
    const name = partitionName(target);
    if (this.held.delete(name)) this.logger.info(target, `${name} is no longer held`);
  }

  /** Why the process needs a restart; empty while it lives. */
  deadReason(): string {
    const silent = performance.now() - this.aliveAt;
    return this.state !== 'stopped' && silent > DEAD_AFTER_MS
      ? `the consumer has shown no sign of life for ${Math.round(silent / 1_000)} s`
      : '';
  }

  /** Why the consumer does not do its work now; empty while it does. */
  problem(): string {
    if (this.fault !== '') return healthReason`the store takes nothing: ${this.fault}`;
    const refused = this.refused.map(({ message }) => message).join('; ');
    const idle = IDLE[this.state];
    const state = idle && `${idle}${this.detail && `: ${this.detail}`}`;
    const held = [...this.held].map(([name, { reason }]) => healthReason`${name} is held: ${reason}`);
    return [refused && healthReason`refused: ${refused}`, state, this.silence(), ...held]
      .filter((problem) => problem !== '')
      .join('; ');
  }

  private silence(): string {
    const { silentMillis } = this;
    if (silentMillis < SILENT_AFTER_MS) return '';
    return healthReason`the broker has not answered for ${Math.floor(silentMillis / 1_000)} s`;
  }

  snapshot(): ConsumerSnapshot {
    const lags = [...this.lags.values()];
    return {
      state: this.state,
      detail: this.detail,
      group_id: this.groupId,
      partitions: lags.map(({ target: { topic, partition }, lag }) => ({ topic, partition, lag })),
      lag: lags.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
      last_commit_at: this.lastCommit?.toISOString() ?? null,
      broker_silent_seconds: Math.round(this.silentMillis) / 1_000,
      rebalances: Math.max(0, this.joins - 1),
      retries: this.retries,
      ...this.outcomes,
      dead_letters: this.deadLetters,
      sink_fault: this.fault === '' ? null : this.fault,
      refused: this.refused.map(({ topic, message }) => ({ topic, reason: message })),
      held: [...this.held.values()].map(({ target: { topic, partition }, reason }) => ({ topic, partition, reason })),
    };
  }
}
