import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/app-process';
import { CaptureLoad } from '../support/capture-load';
import { FAULT_SEED, Random, faultRounds } from '../support/randomness';

const ROUNDS = faultRounds(50);
const MIDNIGHT = Date.parse('2026-11-21');

describe(`SIGKILL at random moments under load, across midnight (FAULT_SEED=${FAULT_SEED})`, () => {
  const load = new CaptureLoad('standalone-app');

  afterAll(async () => {
    await load.close();
  });

  it(`should lose at most the poll in hand, double nothing and keep the order over ${ROUNDS} rounds (26)`, async () => {
    process.stdout.write(`kill test: FAULT_SEED=${FAULT_SEED} FAULT_ROUNDS=${ROUNDS}\n`);
    const random = new Random(FAULT_SEED);
    // Later than everything is up, on a slow machine too.
    await load.startExchange(MIDNIGHT - 3_600_000);
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
    await eventually('the market is past midnight', async () =>
      (await load.stack.marketTime()) > MIDNIGHT + 600_000 ? true : undefined,
    );
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));

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
      expect(new Set(polls.map((time) => Math.floor(time / 86_400_000_000))).size).toBeGreaterThan(1);
    } finally {
      books.close();
    }
  }, 3_600_000);
});
