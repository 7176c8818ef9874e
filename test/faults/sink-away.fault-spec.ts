import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CaptureLoad } from '../support/capture-load';
import { limitFiles } from '../support/full-disk';
import { LockHolder } from '../support/lock-holder';
import { FAULT_SEED, Random } from '../support/randomness';

const KILLS_WHILE_HANDING_ON = 2;

/** The store takes nothing for a while: capture goes on, and nothing of it is missing afterwards. */
describe(`a store that takes nothing (FAULT_SEED=${FAULT_SEED})`, () => {
  let load: CaptureLoad;
  let holder: LockHolder | undefined;

  beforeEach(async () => {
    load = new CaptureLoad('ingest-app');
    await load.startExchange();
  });

  afterEach(async () => {
    await holder?.kill();
    holder = undefined;
    await load.close();
  });

  /** Everything that was captured is stored, but for polls in hand when the process ended. */
  async function expectNothingLost(inHand: number): Promise<void> {
    const [books, asked] = [load.books(), await load.pollsAsked()];
    try {
      expect(books.problems()).toEqual([]);
      expect(asked - books.polls.length).toBeLessThanOrEqual(inHand);
      expect(asked - books.polls.length).toBeGreaterThanOrEqual(0);
    } finally {
      books.close();
    }
  }

  it('should lose nothing while another process locks the database, even when it is killed meanwhile', async () => {
    let app = await load.start();
    await load.ready(true);
    holder = await LockHolder.start(load.stack.databasePath, 'BEGIN IMMEDIATE');
    await load.ready(false, 'events wait in the spool');
    await load.morePolls(10);
    app.signal('SIGKILL');
    await app.exited();
    await holder.kill();
    // Killed again while it hands on what waited.
    const random = new Random(FAULT_SEED);
    for (let kill = 0; kill < KILLS_WHILE_HANDING_ON; kill += 1) {
      app = await load.start();
      await delay(random.below(300));
      app.signal('SIGKILL');
      await app.exited();
    }

    app = await load.start();
    await load.goesOn();
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    await expectNothingLost(KILLS_WHILE_HANDING_ON + 2);
  });

  it('should lose nothing while the disk is full, first for the store, then for the spool as well', async () => {
    const app = await load.start();
    await load.ready(true);
    await load.morePolls(5);
    // Bronze takes a part of the next poll, the write-ahead log of the database nothing, the spool what it has room for.
    const lengths = readdirSync(load.stack.rawDir)
      .filter((name) => name.startsWith('crypto_prices_'))
      .map((name) => statSync(join(load.stack.rawDir, name)).size);
    limitFiles(app, Math.max(...lengths) + 300);
    await load.ready(false, 'events wait in the spool');
    await load.morePolls(40);
    await load.ready(false, 'the spool cannot be written');
    expect(app.isRunning).toBe(true);

    limitFiles(app, 'unlimited');
    await load.goesOn();
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(await load.metric('csp_events_rejected_total')).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    await expectNothingLost(1);
  });

  it('should say so in /readyz of the process that also serves, which goes on serving', async () => {
    const standalone = new CaptureLoad('standalone-app');
    try {
      await standalone.startExchange();
      const app = await standalone.start();
      await standalone.ready(true);
      holder = await LockHolder.start(standalone.stack.databasePath, 'BEGIN IMMEDIATE');
      await standalone.ready(false, '"sink":{"ok":false');
      const url = await standalone.stack.urlOf('standalone-app');
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      expect((await fetch(`${url}/trades/latest`)).status).toBe(200);
      await holder.kill();
      await standalone.ready(true);
      expect(await app.stop()).toBe(0);
    } finally {
      await standalone.close();
    }
  });
});
