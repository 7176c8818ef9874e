import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { CaptureLoad } from '../support/capture-load';
import { FAULT_SEED, Random } from '../support/randomness';

const PAUSES = 8;

/** A laptop that sleeps, a container that is frozen: the process stands still and wakes without knowing. */
describe(`SIGSTOP and SIGCONT of the capture owner (FAULT_SEED=${FAULT_SEED})`, () => {
  const load = new CaptureLoad('standalone-app');

  afterAll(async () => {
    await load.close();
  });

  it('should stay the only owner while it stands still, and go on with everything once when it wakes', async () => {
    await load.startExchange();
    const app = await load.start();
    await load.morePolls(3);

    app.signal('SIGSTOP');
    const apart = {
      PORT: String(await load.stack.port('second')),
      INGEST_STATE_DIR: join(load.stack.folder, 'other-state'),
    };
    const beside = { ...apart, STORAGE_PATH: join(load.stack.folder, 'other.db') };
    const elsewhere = {
      ...beside,
      RAW_DIR: join(load.stack.folder, 'other-raw'),
      INGEST_STATE_DIR: join(load.stack.folder, 'ingest'),
    };
    for (const [settings, refusal] of [
      [apart, 'another process captures into this store'],
      [beside, 'another process captures into this store'],
      [elsewhere, 'is in use by another process: one capturing process per INGEST_STATE_DIR'],
    ] as const) {
      const second = await load.launch(settings);
      expect(await second.exited()).toBe(1);
      expect(second.output).toContain(refusal);
    }
    app.signal('SIGCONT');
    await load.morePolls(3);

    const random = new Random(FAULT_SEED);
    for (let pause = 0; pause < PAUSES; pause += 1) {
      await delay(random.below(200));
      app.signal('SIGSTOP');
      await delay(random.below(300));
      app.signal('SIGCONT');
      await load.morePolls(1);
    }
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));

    const books = load.books();
    try {
      expect(books.problems()).toEqual([]);
      expect(books.polls.length).toBeGreaterThan(PAUSES);
    } finally {
      books.close();
    }
  });
});
