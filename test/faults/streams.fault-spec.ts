import { setTimeout as delay } from 'node:timers/promises';
import { FAULT_SEED, Random, STREAM_READERS, STREAM_SECONDS, faultRounds } from '../support/randomness';
import { StreamedCapture } from '../support/streamed-capture';

const ROUNDS = faultRounds(10);
const READERS_UNDER_KILLS = 40;
/** Compared event by event; the others by number and hash. */
const COMPARED = 20;
const PROCESSES = 2;
const CUT_EVERY_MS = 20_000;
/** Longest time for which a process that was ended stays away. */
const LONGEST_ABSENCE_MS = 1_500;
const LONGEST_LULL_MS = 2_000;
const VICTIMS = ['ingest-app', 'api-app'] as const;

describe(`streams under load (FAULT_SEED=${FAULT_SEED})`, () => {
  let capture: StreamedCapture;

  beforeEach(async () => {
    capture = new StreamedCapture();
    await capture.start();
  });

  afterEach(async () => {
    await capture.close();
  });

  it(
    `should give ${STREAM_READERS} readers, each cut at random, everything once over ${STREAM_SECONDS} s`,
    async () => {
      await capture.openReaders({
        count: STREAM_READERS,
        compared: COMPARED,
        processes: PROCESSES,
        cutEveryMs: Math.min(CUT_EVERY_MS, (STREAM_SECONDS * 1_000) / 4),
        seed: FAULT_SEED,
      });
      await capture.startIngest();
      await delay(STREAM_SECONDS * 1_000);
      const rate = capture.eventsStored / STREAM_SECONDS;
      await capture.readerCrowd.until('each reader was cut', ({ cuts }) => cuts > 0);
      const reports = await capture.settle();
      const cuts = reports.map((report) => report.cuts);
      process.stdout.write(
        `streams: FAULT_SEED=${FAULT_SEED}, ${reports.length} readers, ${rate.toFixed(0)} events/s stored, ` +
          `${capture.eventsStored} in all, ${cuts.reduce((sum, count) => sum + count, 0)} cuts, ` +
          `at least ${Math.min(...cuts)} of each\n`,
      );
      expect(capture.problems(reports)).toEqual([]);
      expect(capture.eventsStored).toBeGreaterThan(0);
    },
    STREAM_SECONDS * 1_000 + 600_000,
  );

  it(`should lose and repeat nothing while either process is killed or stopped, over ${ROUNDS} rounds`, async () => {
    const random = new Random(FAULT_SEED);
    await capture.openReaders({
      count: READERS_UNDER_KILLS,
      compared: COMPARED,
      processes: PROCESSES,
      cutEveryMs: 3_000,
      seed: FAULT_SEED,
    });
    await capture.startIngest();
    for (let round = 0; round < ROUNDS; round += 1) {
      await delay(random.below(LONGEST_LULL_MS));
      const victim = VICTIMS[(round + FAULT_SEED) % VICTIMS.length] ?? 'api-app';
      const app = capture.app(victim);
      expect(app.isRunning).toBe(true);
      app.signal(random.chance(0.3) ? 'SIGTERM' : 'SIGKILL');
      await app.exited();
      await delay(random.below(LONGEST_ABSENCE_MS));
      await (victim === 'ingest-app' ? capture.startIngest() : capture.startApi());
    }
    const reports = await capture.settle();
    process.stdout.write(
      `streams: FAULT_SEED=${FAULT_SEED} FAULT_ROUNDS=${ROUNDS}, ${capture.eventsStored} events, ` +
        `${reports.reduce((sum, { breaks }) => sum + breaks, 0)} connections broken or refused\n`,
    );
    expect(capture.problems(reports)).toEqual([]);
    expect(capture.eventsStored).toBeGreaterThan(0);
  });
});
