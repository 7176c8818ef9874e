import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type AppName } from '../support/app-process';
import { CaptureLoad } from '../support/capture-load';
import { describeHostFault, HostFault } from '../support/host-fault';
import { NOTICE_LIMIT_MS } from '../support/readiness';
import { describeSmallDisk, SmallDisk } from '../support/small-disk';

const DISK_BYTES = 48 * 1_048_576;
const SPOOL_FAULT = /the spool cannot be written: EROFS: read-only file system/;

describeSmallDisk('a disk that is read-only at the start', () => {
  let disk: SmallDisk;
  let load: CaptureLoad;

  beforeEach(() => {
    disk = new SmallDisk(DISK_BYTES);
  });

  afterEach(async () => {
    await load.close();
    disk.close();
  });

  async function prepare(app: AppName): Promise<void> {
    const folder = join(disk.folder, 'stack');
    mkdirSync(folder);
    load = new CaptureLoad(app, {}, folder);
    await load.startExchange();
  }

  /** Is up, captures, says why it stores nothing, and goes on by itself once the disk can be written. */
  async function waitsItOut(): Promise<void> {
    disk.setReadOnly(true);
    const app = await load.start();
    await Promise.all([
      load.tells(false, /the disk of \w+( and RAW_DIR)? is read-only/, / is read-only; mount it for writing again/),
      load.tells(false, SPOOL_FAULT, SPOOL_FAULT),
    ]);
    const health = await (await fetch(`${await load.stack.urlOf(load.app)}/health`)).text();
    expect(health).not.toContain(disk.folder);
    await load.morePolls(20);
    expect(app.isRunning).toBe(true);

    disk.setReadOnly(false);
    await load.goesOn();
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    expect(await load.missingPolls()).toBeLessThanOrEqual(2);
  }

  it.each(['ingest-app', 'standalone-app'] as const)('should be waited out by %s, which has a store', async (name) => {
    await prepare(name);
    const first = await load.start();
    await load.ready(true);
    await load.morePolls(5);
    expect(await first.stop()).toBe(0);
    await waitsItOut();
  });

  it('should be waited out by standalone-app after a kill, which leaves the -wal beside the database', async () => {
    await prepare('standalone-app');
    const first = await load.start();
    await load.ready(true);
    await load.morePolls(5);
    await first.stop('SIGKILL');
    await waitsItOut();
  });

  it('should be waited out at the very first start', async () => {
    await prepare('standalone-app');
    await waitsItOut();
  });
});

describeHostFault('a disk that becomes read-only', () => {
  let load: CaptureLoad;
  let fault: HostFault | undefined;

  afterEach(async () => {
    await fault?.end();
    await load.close();
  });

  it.each(['ingest-app', 'standalone-app'] as const)('should cost %s nothing while it captures', async (name) => {
    load = new CaptureLoad(name);
    await load.startExchange();
    const app = await load.start();
    await load.ready(true);
    await load.morePolls(5);
    fault = await HostFault.readOnlyDisk(app);
    const storeFault = /the disk of STORAGE_PATH and RAW_DIR (is read-only|fails)/;
    await Promise.all([load.tells(false, storeFault, storeFault), load.tells(false, SPOOL_FAULT, SPOOL_FAULT)]);
    await load.morePolls(20);
    expect(app.isRunning).toBe(true);

    await fault.end();
    await load.goesOn();
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    expect(await load.missingPolls()).toBeLessThanOrEqual(1);
  });

  it('should be told where the process only reads, which goes on serving', async () => {
    load = new CaptureLoad('ingest-app');
    await load.startExchange();
    const app = await load.start();
    const api = await load.stack.start('api-app');
    await api.answers(`${await load.stack.urlOf('api-app')}/readyz`);
    fault = await HostFault.readOnlyDisk(app);
    await load.healthSays(/^ingest: degraded, .*(is read-only|fails)/, NOTICE_LIMIT_MS, 'api-app');
    await eventually('the API serves what is stored', async () => {
      const { ok } = await fetch(`${await load.stack.urlOf('api-app')}/trades/latest`);
      return ok || undefined;
    });
    await fault.end();
    await load.ready(true);
    expect(await api.stop()).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    expect(await load.missingPolls()).toBeLessThanOrEqual(1);
  });
});
