import { readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventKinds } from '@app/domain';
import { Spool } from '@app/messaging';
import { eventually, type AppProcess } from '../support/app-process';
import { AlertRecording } from '../support/alert-recording';
import { CaptureLoad } from '../support/capture-load';
import { tamperWith } from '../support/history-tables';
import { LockHolder } from '../support/lock-holder';
import { describePromtool } from '../support/promtool';

const KINDS = eventKinds('crypto_prices').names;
/** More than the alert of a large -wal leaves. */
const WRITTEN_BYTES = 290_000_000;

/** The rules of deploy/prometheus on what the program says while their causes happen to it. */
describePromtool('alerts of the store and of those who wait for it', () => {
  // A poll each thirtieth of a second fills the smallest spool soon.
  const load = new CaptureLoad('standalone-app', { SPOOL_MAX_BYTES: '1048576', POLL_INTERVAL_SECONDS: '2' });
  const { stack } = load;
  let url: string;
  let app: AppProcess;
  let recording: AlertRecording;
  let holder: LockHolder | undefined;

  beforeAll(async () => {
    await load.startExchange();
    app = await load.start();
    await load.ready(true);
    url = await stack.urlOf('standalone-app');
    recording = AlertRecording.start({ csp: `${url}/metrics` }, await stack.marketTime());
    await recording.more(5);
  });

  afterAll(async () => {
    await holder?.kill();
    await recording.stop();
    await load.close();
  });

  /** Waits until a metric says that the cause is there. */
  async function becomes(metric: string, is: (value: number) => boolean): Promise<void> {
    await eventually(`${metric} says so`, async () => is(await load.metric(metric)) || undefined);
  }

  async function expectFired(before: number, ...alerts: string[]): Promise<void> {
    for (const alert of alerts) {
      expect([alert, await recording.fired(alert, before)]).toEqual([alert, false]);
      expect([alert, await recording.fired(alert, recording.minute)]).toEqual([alert, true]);
    }
  }

  it('should have CspSpoolFilling and CspEventsLost fire while another process locks the database', async () => {
    const before = recording.minute;
    holder = await LockHolder.start(stack.databasePath, 'BEGIN IMMEDIATE');
    await becomes('csp_events_lost_total', (events) => events > 0);
    await recording.more(2);
    await eventually('ten minutes are over', () => Promise.resolve(recording.minute > before + 13 || undefined));
    await holder.kill();
    await expectFired(before, 'CspSpoolFilling', 'CspEventsLost');
    await load.ready(true);
  });

  it('should have CspWriteAheadLogLarge fire while a tool keeps an old state of the database open', async () => {
    const before = recording.minute;
    holder = await LockHolder.start(stack.databasePath, 'BEGIN; SELECT count(*) FROM sqlite_master');
    tamperWith(stack.databasePath, 'CREATE TABLE of_a_tool (bytes BLOB)');
    tamperWith(stack.databasePath, 'INSERT INTO of_a_tool VALUES (zeroblob(?))', WRITTEN_BYTES);
    await recording.more(13);
    await holder.kill();
    await expectFired(before, 'CspWriteAheadLogLarge');
  });

  it('should have CspEventLoopHeld fire while the process gets too little of the processor', async () => {
    const before = recording.minute;
    const over = new AbortController();
    const held = holdUntil(over.signal, app);
    try {
      await eventually(
        'it fires',
        async () => (await recording.fired('CspEventLoopHeld', recording.minute)) || undefined,
      );
    } finally {
      over.abort();
      await held;
    }
    await expectFired(before, 'CspEventLoopHeld');
  });

  it('should have CspBronzeDamaged and CspEventsRejected fire for what somebody has done to the files', async () => {
    expect(await app.stop()).toBe(0);
    const before = recording.minute;
    const [prices = ''] = readdirSync(stack.rawDir).filter((name) => name.startsWith('crypto_prices_'));
    const path = join(stack.rawDir, prices);
    truncateSync(path, statSync(path).size - 100);
    const spool = Spool.open({
      folder: join(stack.folder, 'ingest/spool'),
      maxBytes: 1_048_576,
      kinds: KINDS,
      ballastBytes: 0,
    });
    const event = { kind: 'price', symbol: 'BTCUSDT', capturedAt: 1, value: '{"symbol":"BTCUSDT"}' } as const;
    spool.append({ origin: 'simulator:1', events: [event] });
    spool.close();
    app = await load.start();
    await becomes('csp_bronze_damaged_files', (files) => files > 0);
    await becomes('csp_events_rejected_total', (events) => events > 0);
    await recording.more(3);
    await expectFired(before, 'CspBronzeDamaged', 'CspEventsRejected');
  });

  it('should have CspStoreNotWhole and CspServerErrors fire when the database is removed', async () => {
    await load.ready(true);
    const before = recording.minute;
    rmSync(stack.databasePath);
    await becomes('csp_store_whole', (whole) => whole === 0);
    for (let question = 0; question < 20; question += 1) {
      expect((await fetch(`${url}/trades/latest`)).status).toBe(503);
      await delay(100);
    }
    await recording.more(3);
    await expectFired(before, 'CspStoreNotWhole', 'CspServerErrors');
  });
});

/** Lets the process run for a fifth of the time. */
async function holdUntil(signal: AbortSignal, app: AppProcess): Promise<void> {
  while (!signal.aborted) {
    app.signal('SIGSTOP');
    await delay(800);
    app.signal('SIGCONT');
    await delay(200);
  }
}
