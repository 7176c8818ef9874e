import { CaptureLoad } from '../support/capture-load';
import { describeHostFault, HostFault } from '../support/host-fault';
import { FAULT_FREEZE_SECONDS } from '../support/randomness';
import { NOTICE_LIMIT_MS } from '../support/readiness';

/** `fsync` and `fdatasync`, by which a commit becomes durable: what they refuse was not stored, whatever was written. */
describeHostFault('flushes of the disk', () => {
  let load: CaptureLoad;
  let fault: HostFault | undefined;

  beforeEach(async () => {
    load = new CaptureLoad('ingest-app');
    await load.startExchange();
  });

  afterEach(async () => {
    await fault?.end();
    await load.close();
  });

  async function expectAllStored(inHand: number): Promise<void> {
    const missing = await load.missingPolls();
    expect(missing).toBeGreaterThanOrEqual(0);
    expect(missing).toBeLessThanOrEqual(inHand);
  }

  it('should cost nothing while they fail', async () => {
    const app = await load.start();
    await load.ready(true);
    await load.morePolls(5);
    fault = await HostFault.failingFlush(app);
    const storeFault = /the disk of STORAGE_PATH and RAW_DIR fails \(/;
    const spoolFault = /the spool cannot be written: EIO/;
    await Promise.all([load.tells(false, storeFault, storeFault), load.tells(false, spoolFault, spoolFault)]);
    await load.morePolls(40);
    expect(app.isRunning).toBe(true);
    await fault.end();
    await load.goesOn();
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    await expectAllStored(1);
  });

  it('should leave nothing half done when the process is killed while they fail', async () => {
    const first = await load.start();
    await load.ready(true);
    await load.morePolls(5);
    fault = await HostFault.failingFlush(first);
    await load.tells(false, 'fails', /fails/);
    await load.morePolls(10);
    const before = await load.pollsAsked();
    first.signal('SIGKILL');
    await first.exited();
    const again = await load.start();
    await load.goesOn();
    expect(new Set(await load.finish(again))).toEqual(new Set([0]));
    // Nothing could be kept of what came while nothing was flushed: the books agree, and what came before is in them.
    const missing = await load.missingPolls();
    expect(missing).toBeLessThan(before);
  });

  it(`should be told by others while one lasts, and by the process itself after it: ${FAULT_FREEZE_SECONDS} s`, async () => {
    const app = await load.start();
    const api = await load.stack.start('api-app');
    await load.ready(true);
    await load.morePolls(5);
    fault = await HostFault.lastingFlush(app, FAULT_FREEZE_SECONDS);
    await load.healthSays(/^ingest: unknown, takes connections and does not answer/, NOTICE_LIMIT_MS, 'api-app');
    // A question that it has not answered yet is answered once it goes on.
    await fetch(`${await load.stack.urlOf(load.app)}/livez`);
    const stood = /the process stood still for \d+ s until .*: it was frozen, or waited for a disk/;
    await load.tells('either', stood, stood);
    expect(app.output).toContain('"msg":"the process stood still for ');
    await fault.end();
    await load.goesOn();
    expect(await load.metric('csp_process_stalls_total')).toBeGreaterThanOrEqual(1);
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(await api.stop()).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    await expectAllStored(1);
  });
});
