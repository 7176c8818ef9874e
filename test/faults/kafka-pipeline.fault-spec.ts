import { setTimeout as delay } from 'node:timers/promises';
import { describeOwnKafka } from '../support/describe-kafka';
import { KafkaPipeline, type PipelineApp } from '../support/kafka-pipeline';
import { FAULT_CUT_SECONDS, FAULT_SEED, Random, faultRounds } from '../support/randomness';

const ROUNDS = faultRounds(10);

const VICTIMS = ['ingest-app', 'consumer-app', 'broker'] as const;
const SIGNALS = ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const;
const STRIKES = VICTIMS.flatMap((victim) => SIGNALS.map((signal) => ({ victim, signal })));
/** Longest pauses, real time. A consumer past its session loses its partitions; an ingest that wakes has its poll still. */
const LONGEST_PAUSE_MS = { 'ingest-app': 3_000, 'consumer-app': 13_000, broker: 6_000 } as const;
/** Longest time for which a process that was ended stays away. */
const LONGEST_ABSENCE_MS = 1_500;
const LONGEST_LULL_MS = 1_500;
const ENDED_BY_SIGNAL = -1;

type Strike = (typeof STRIKES)[number];
type Signal = Strike['signal'];

/** So many strikes: every kind of them in a random order, and again in another. */
function* strikesAtRandom(count: number, random: Random): Generator<Strike> {
  let deck: Strike[] = [];
  for (let number = 0; number < count; number += 1) {
    if (deck.length === 0) deck = [...STRIKES];
    yield* deck.splice(random.below(deck.length), 1);
  }
}

describeOwnKafka(`ingest, broker and consumer under fire, across midnight (FAULT_SEED=${FAULT_SEED})`, () => {
  const random = new Random(FAULT_SEED);
  let pipeline: KafkaPipeline;

  beforeAll(async () => {
    pipeline = await KafkaPipeline.start();
  });

  afterAll(() => pipeline.close());

  async function strikeBroker(signal: Signal): Promise<void> {
    const { broker } = pipeline;
    if (signal === 'SIGSTOP') {
      broker.pause();
      await delay(random.below(LONGEST_PAUSE_MS.broker));
      broker.resume();
      return;
    }
    await (signal === 'SIGKILL' ? broker.kill() : broker.stop());
    await delay(random.below(LONGEST_ABSENCE_MS));
    await broker.startAgain();
  }

  async function strikeApp(name: PipelineApp, signal: Signal): Promise<void> {
    const app = pipeline.app(name);
    expect(app.isRunning).toBe(true);
    if (signal === 'SIGSTOP') {
      app.signal('SIGSTOP');
      await delay(random.below(LONGEST_PAUSE_MS[name]));
      app.signal('SIGCONT');
      return;
    }
    if (signal === 'SIGKILL') {
      await pipeline.kill(name);
    } else {
      // One that was launched a moment ago has nothing to bring to an end yet: then the signal itself ends it.
      const wasUp = app.output.includes('is up at');
      const code = await app.stop();
      if (wasUp || code !== ENDED_BY_SIGNAL) expect(code).toBe(0);
    }
    await delay(random.below(LONGEST_ABSENCE_MS));
    await pipeline.launch(name);
  }

  async function round({ victim, signal }: Strike): Promise<void> {
    // Some are struck while they recover from the round before; most while everything flows.
    if (random.chance(0.7)) await pipeline.moreTaken();
    await delay(random.below(LONGEST_LULL_MS));
    await (victim === 'broker' ? strikeBroker(signal) : strikeApp(victim, signal));
  }

  /** The broker is gone for long, and ingest-app dies meanwhile: what it captured before is on disk. */
  async function cut(): Promise<void> {
    const { broker } = pipeline;
    await broker.kill();
    const untilKill = random.below(FAULT_CUT_SECONDS * 1_000);
    await delay(untilKill);
    await pipeline.kill('ingest-app');
    await pipeline.launch('ingest-app');
    await delay(FAULT_CUT_SECONDS * 1_000 - untilKill);
    await broker.startAgain();
  }

  it(`should store what the exchange sent, each once and in order, after ${ROUNDS} rounds and a cut (30)`, async () => {
    process.stdout.write(
      `pipeline under fire: FAULT_SEED=${FAULT_SEED} FAULT_ROUNDS=${ROUNDS} FAULT_CUT_SECONDS=${FAULT_CUT_SECONDS}\n`,
    );
    await pipeline.launch('consumer-app');
    await pipeline.launch('ingest-app');
    await pipeline.moreTaken();
    for (const strike of strikesAtRandom(ROUNDS, random)) {
      process.stdout.write(`pipeline under fire: ${strike.signal} of ${strike.victim}\n`);
      await round(strike);
    }
    await cut();

    await pipeline.morePolls(10);
    await pipeline.midnightPassed();
    expect(new Set(await pipeline.finishIngest())).toEqual(new Set([0]));
    await pipeline.everythingTaken();
    expect(await pipeline.deadLetters()).toBe(0);
    expect(await pipeline.app('consumer-app').stop()).toBe(0);

    const books = pipeline.books();
    try {
      const polls = pipeline.pollProblems(books);
      process.stdout.write(
        `pipeline under fire: ${pipeline.pollsAnswered} polls sent, ${polls.missing} missing after ${pipeline.kills} kills ` +
          `of ingest, ${books.priceLines.length} price lines, ${books.candleLines.length} candle lines\n`,
      );
      expect(books.problems()).toEqual([]);
      expect(polls.problems).toEqual([]);
      expect(await pipeline.candleProblems(books)).toEqual([]);
      expect(new Set(books.polls.map((time) => Math.floor(time / 86_400_000_000))).size).toBeGreaterThan(1);
    } finally {
      books.close();
    }
  }, 3_600_000);
});
