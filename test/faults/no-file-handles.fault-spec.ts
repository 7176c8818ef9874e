import { Agent } from 'node:http';
import { eventually } from '../support/app-process';
import { askOver } from '../support/ask-over';
import { CaptureLoad } from '../support/capture-load';
import { limitHandles } from '../support/host-fault';
import { NOTICE_LIMIT_MS } from '../support/readiness';

/** A leak in another program of the same user, or a limit that is too low: no file can be opened, no connection taken. */
describe('no file handle that is left', () => {
  let load: CaptureLoad;
  /** Its one connection is there before: nobody gets another one. */
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });

  afterEach(async () => {
    await load.close();
  });

  afterAll(() => {
    kept.destroy();
  });

  const says = (path: string, text: string): Promise<boolean> =>
    eventually(
      `${path} says ${text}`,
      async () => {
        const answer = await askOver(kept, `${await load.stack.urlOf(load.app)}${path}`);
        if (answer.includes(text)) return true;
        throw new Error(answer);
      },
      NOTICE_LIMIT_MS,
    );

  it.each(['ingest-app', 'standalone-app'] as const)('should cost %s nothing, across a midnight', async (name) => {
    load = new CaptureLoad(name);
    await load.startExchange();
    const app = await load.start();
    await load.ready(true);
    await load.morePolls(5);
    await says('/readyz', '"status":"ok"');
    limitHandles(app, 'none left');
    await says('/readyz', 'no file handle is left');
    await says('/health', 'no file handle is left');
    // A new day wants new files.
    const midnight = Date.parse('2026-11-21T00:01:00Z');
    await eventually('midnight has passed', async () =>
      (await load.stack.marketTime()) > midnight ? true : undefined,
    );
    await says('/readyz', 'no file handle is left');
    expect(app.isRunning).toBe(true);

    limitHandles(app, 'unlimited');
    await load.goesOn();
    expect(await load.metric('csp_events_lost_total')).toBe(0);
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    expect(await load.missingPolls()).toBeLessThanOrEqual(1);
  });
});
