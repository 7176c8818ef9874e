import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type AppProcess } from '../support/app-process';
import { AlertRecording } from '../support/alert-recording';
import { CaptureLoad } from '../support/capture-load';
import { describePromtool } from '../support/promtool';
import { describeRedis, RedisServer } from '../support/redis-server';
import { describeClockSteps } from '../support/set-clock';
import { SetClockPlatform } from '../support/set-clock-platform';
import { describeSmallDisk, SmallDisk } from '../support/small-disk';

/** Just more than the alert of a full disk leaves. */
const DISK_BYTES = 1_050_000_000;
const LEFT_BYTES = 960_000_000;
const UNKNOWN = { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } };

/** The rules of deploy/prometheus on what the program says while their causes happen to it. */
describePromtool('alerts of what capture depends on', () => {
  describeRedis('with Redis', () => {
    describeSmallDisk('on a disk of its own', () => {
      const disk = new SmallDisk(DISK_BYTES);
      const folder = join(disk.folder, 'stack');
      mkdirSync(folder);
      // Folders that cannot be made.
      writeFileSync(join(folder, 'file'), '');
      const builds = { BI_BUILD_AT: '00:00', BI_BUILD_DIR: join(folder, 'file/build') };
      const backups = { BACKUP_AT: '00:00', BACKUP_DIR: join(folder, 'file/backups') };
      let load: CaptureLoad;
      let redis: RedisServer;
      let recording: AlertRecording;
      let app: AppProcess;
      let strikes: NodeJS.Timeout;
      let struck: number;

      beforeAll(async () => {
        redis = await RedisServer.start();
        load = new CaptureLoad('standalone-app', { ...builds, ...backups, THROTTLE_REDIS_URL: redis.url }, folder);
        await load.startExchange();
        app = await load.start();
        await load.ready(true);
        const url = await load.stack.urlOf('standalone-app');
        // Whoever counts a request finds out whether Redis is there.
        strikes = setInterval(() => void fetch(`${url}/trades/latest`).catch(() => undefined), 500);
        recording = AlertRecording.start({ csp: `${url}/metrics` }, await load.stack.marketTime());
        await recording.more(8);

        struck = recording.minute;
        await redis.kill();
        disk.fill(LEFT_BYTES);
        const now = await load.stack.marketTime();
        const [start, end] = [now - (now % 60_000), now - (now % 60_000) + 3_600_000];
        await load.stack.setFaults([
          { kind: 'broken-ticker', symbol: 'SOLUSDT', absent: true },
          { kind: 'status', route: '/api/v3/klines', symbol: 'XRPUSDT', ...UNKNOWN },
          { kind: 'broken-row', symbol: 'ETHUSDT', start, end, field: 'high', value: 'much' },
        ]);
        await eventually('the build and the backup have failed', async () => {
          const failures = ['csp_bi_build_failures_total', 'csp_backup_failures_total'];
          for (const name of failures) if ((await load.metric(name)) === 0) return undefined;
          return true;
        });
        await recording.more(25);
      });

      afterAll(async () => {
        clearInterval(strikes);
        await recording.stop();
        await load.close();
        await redis.kill();
        disk.close();
      });

      // Those that take hours: everything stays as it is for so long.
      it.each([
        ['CspSymbolStale', 0],
        ['CspMinutesMissing', 0],
        ['CspRowsRefused', 0],
        ['CspExchangeRefuses', 0],
        ['CspBudgetsNotShared', 0],
        ['CspDiskFull', 0],
        ['CspDiskFilling', 100],
        ['CspBackupOld', 150],
        ['CspBuildStale', 150],
        ['CspBuildFailed', 0],
      ])('should have %s fire behind its cause, and not before', async (alert, held) => {
        // The build fails from the start on: only its first minute is before that.
        const before = alert === 'CspBuildFailed' ? 0 : struck;
        expect(await recording.fired(alert, before)).toBe(false);
        expect(await recording.fired(alert, recording.minute + held, held)).toBe(true);
      });

      it('should have CspCaptureStopped fire when the exchange answers nobody', async () => {
        const before = recording.minute;
        await load.stack.setFaults([{ kind: 'status', route: '*', status: 503 }]);
        await recording.more(6);
        expect(await recording.fired('CspCaptureStopped', before)).toBe(false);
        expect(await recording.fired('CspCaptureStopped', recording.minute)).toBe(true);
      });

      it('should have CspProcessDown fire when the process is killed', async () => {
        const before = recording.minute;
        app.signal('SIGKILL');
        await recording.more(4);
        expect(await recording.fired('CspProcessDown', before)).toBe(false);
        expect(await recording.fired('CspProcessDown', recording.minute)).toBe(true);
      });
    });
  });

  describeClockSteps('and of the clock', () => {
    const platform = new SetClockPlatform({ factor: 1 });
    let recording: AlertRecording | undefined;

    afterAll(async () => {
      await recording?.stop();
      await platform.close();
    });

    it('should have CspClockSkew fire when the clock of the machine is set', async () => {
      await platform.startExchange();
      await platform.start('ingest-app');
      const metrics = `${await platform.stack.urlOf('ingest-app')}/metrics`;
      recording = AlertRecording.start({ 'csp-ingest': metrics }, await platform.stack.marketTime(), 1);
      await recording.more(4);
      const before = recording.minute;
      platform.setClock('ingest-app', 30_000);
      await eventually('the clock is wrong', async () => {
        const [, offset = '0'] = /^csp_clock_offset_seconds (\S+)$/m.exec(await (await fetch(metrics)).text()) ?? [];
        return Math.abs(Number(offset)) > 20 || undefined;
      });
      await recording.more(5);
      expect(await recording.fired('CspClockSkew', before)).toBe(false);
      expect(await recording.fired('CspClockSkew', recording.minute)).toBe(true);
    });
  });
});
