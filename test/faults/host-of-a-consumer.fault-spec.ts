import { Agent } from 'node:http';
import { eventually } from '../support/app-process';
import { askOver } from '../support/ask-over';
import { describeOwnKafka } from '../support/describe-kafka';
import { describeHostFault, HostFault, limitHandles } from '../support/host-fault';
import { KafkaPipeline } from '../support/kafka-pipeline';
import { FAULT_FREEZE_SECONDS } from '../support/randomness';
import { NOTICE_LIMIT_MS } from '../support/readiness';

/** What a consumer acknowledges to the broker is stored: whatever its host refuses, the broker keeps the rest for it. */
describeOwnKafka('the host of a consumer', () => {
  let pipeline: KafkaPipeline;

  afterEach(async () => {
    await pipeline.close();
  });

  async function start(market?: Date): Promise<void> {
    pipeline = await KafkaPipeline.start(market);
    await pipeline.launchBoth();
  }

  /** The process lives, and does not store anything. */
  async function takesNothing(): Promise<void> {
    const before = pipeline.progress();
    await pipeline.morePolls(40);
    expect(pipeline.progress()).toEqual(before);
    expect(await pipeline.statusOf('consumer-app', 'livez')).toBe(200);
  }

  /** It goes on by itself, and stores each event of the exchange once and in order. */
  async function expectEverything(): Promise<void> {
    await pipeline.moreTaken();
    await pipeline.isWell('consumer-app');
    expect(await pipeline.finish()).toEqual([]);
  }

  describeHostFault('with calls that fail or wait', () => {
    let fault: HostFault | undefined;

    afterEach(async () => {
      await fault?.end();
    });

    it('should be told of and waited out when the disk becomes read-only', async () => {
      await start();
      fault = await HostFault.readOnlyDisk(pipeline.app('consumer-app'));
      const reason = /the disk of STORAGE_PATH and RAW_DIR (is read-only|fails)/;
      await pipeline.tells('consumer-app', false, reason, reason);
      await takesNothing();
      await fault.end();
      await expectEverything();
    });

    it('should be told of and waited out when flushes of the disk fail', async () => {
      await start();
      fault = await HostFault.failingFlush(pipeline.app('consumer-app'));
      const reason = /the disk of STORAGE_PATH and RAW_DIR fails \(/;
      await pipeline.tells('consumer-app', false, reason, reason);
      await takesNothing();
      await fault.end();
      await expectEverything();
    });

    it(`should be told of by others, and afterwards by itself, when a flush lasts ${FAULT_FREEZE_SECONDS} s`, async () => {
      await start();
      const api = await pipeline.stack.start('api-app');
      fault = await HostFault.lastingFlush(pipeline.app('consumer-app'), FAULT_FREEZE_SECONDS);
      await pipeline.healthSays(
        'api-app',
        /^consumer: unknown, takes connections and does not answer/,
        NOTICE_LIMIT_MS,
      );
      // A question that it has not answered yet is answered once it goes on.
      await pipeline.statusOf('consumer-app', 'livez');
      const stood = /the process stood still for \d+ s until .*: it was frozen, or waited for a disk/;
      await pipeline.tells('consumer-app', 'either', stood, stood);
      await fault.end();
      await expectEverything();
      expect(await api.stop()).toBe(0);
    });
  });

  it('should be told of and waited out when no file handle is left, across a midnight', async () => {
    await start(new Date('2026-11-20T23:50:00Z'));
    const url = await pipeline.stack.urlOf('consumer-app');
    // Its one connection is there before: nobody gets another one.
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const says = (path: string, text: string): Promise<boolean> =>
      eventually(
        `${path} says ${text}`,
        async () => {
          const answer = await askOver(kept, `${url}${path}`);
          if (answer.includes(text)) return true;
          throw new Error(answer);
        },
        NOTICE_LIMIT_MS,
      );
    try {
      await says('/readyz', '"status":"ok"');
      limitHandles(pipeline.app('consumer-app'), 'none left');
      await says('/readyz', 'no file handle is left');
      await says('/health', 'no file handle is left');
      // A new day wants new files.
      await pipeline.midnightPassed();
      await says('/readyz', 'no file handle is left');
      expect(pipeline.app('consumer-app').isRunning).toBe(true);
      limitHandles(pipeline.app('consumer-app'), 'unlimited');
    } finally {
      kept.destroy();
    }
    await expectEverything();
  });
});
