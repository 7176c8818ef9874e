import { setTimeout as delay } from 'node:timers/promises';
import { CaptureLoad } from '../support/capture-load';
import { FAULT_SEED, Random, faultRounds } from '../support/randomness';

const ROUNDS = faultRounds(50);

describe(`SIGKILL at random moments under load, across midnight (FAULT_SEED=${FAULT_SEED})`, () => {
  const load = new CaptureLoad('standalone-app');

  afterAll(async () => {
    await load.close();
  });

  it(`should lose at most the poll in hand, double nothing and keep the order over ${ROUNDS} rounds`, async () => {
    process.stdout.write(`kill test: FAULT_SEED=${FAULT_SEED} FAULT_ROUNDS=${ROUNDS}\n`);
    const random = new Random(FAULT_SEED);
    await load.startExchange();
    for (let round = 0; round < ROUNDS; round += 1) {
      // Some die while they start and take up what the one before left; most while they capture.
      const app = await (random.chance(0.2) ? load.launch() : load.start());
      await delay(random.below(800));
      expect(app.isRunning).toBe(true);
      app.signal('SIGKILL');
      await app.exited();
    }

    const app = await load.start();
    await load.morePolls(3);
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(await app.stop()).toBe(0);

    const [books, asked] = [load.books(), await load.pollsAsked()];
    try {
      expect(books.problems()).toEqual([]);
      const { polls } = books;
      process.stdout.write(
        `kill test: ${asked} polls asked, ${polls.length} stored, ${books.priceLines.length} price lines, ` +
          `${books.candleLines.length} candle lines\n`,
      );
      expect(asked - polls.length).toBeLessThanOrEqual(ROUNDS);
      expect(asked - polls.length).toBeGreaterThanOrEqual(0);
      expect(polls.length).toBeGreaterThan(ROUNDS);
    } finally {
      books.close();
    }
  }, 900_000);
});
