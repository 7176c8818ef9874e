import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppProcess } from '../support/app-process';
import { AlertRecording } from '../support/alert-recording';
import { CaptureLoad } from '../support/capture-load';
import { describeOwnKafka } from '../support/describe-kafka';
import { getJson } from '../support/http';
import { KafkaPipeline, type PipelineApp } from '../support/kafka-pipeline';
import { describePromtool } from '../support/promtool';

/** Real minutes of each soak. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 0.5);
/** Market minutes in one of them: of fifty symbols so many that a machine which does other work too is not too slow. */
const FACTOR = 20;
/** The same of the pipeline, which has six. */
const PIPELINE_FACTOR = 60;
const SYMBOLS = 50;
/** Market minutes until what is new at a start has come to rest. */
const SETTLING = 5;
const SLACK_MS = 180_000;
/** Levels of lines that nobody has to look at. */
const CALM = /"level":"(?:trace|debug|info)"/;

/** Lines of a process's log that say that something was not as it should be. */
function complaints({ output }: AppProcess): string[] {
  return output.split('\n').filter((line) => line !== '' && !CALM.test(line));
}

/** What an undisturbed program must not do: the counterpart of all other suites of this folder. */
describePromtool(`a clean soak of ${MINUTES} minutes, SOAK_MINUTES`, () => {
  it(
    'should have no alert fire, no line of warning and books that agree in direct mode, with a daily build and a backup',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'csp-soak-'));
      const load = new CaptureLoad(
        'standalone-app',
        {
          ...{ POLL_INTERVAL_SECONDS: '30', SYMBOLS: '*' },
          ...{ BI_BUILD_AT: '00:05', BI_BUILD_DIR: join(folder, 'build') },
          ...{ BACKUP_AT: '00:10', BACKUP_DIR: join(folder, 'backups') },
        },
        folder,
      );
      let recording: AlertRecording | undefined;
      try {
        await load.startExchange(Date.parse('2026-11-20T23:58:00Z'), ['--symbols', String(SYMBOLS)], FACTOR);
        const app = await load.start();
        await load.healthIsOk();
        const url = await load.stack.urlOf('standalone-app');
        recording = AlertRecording.start(
          { csp: `${url}/metrics` },
          await load.stack.marketTime(),
          FACTOR,
          60_000 / FACTOR,
        );
        await recording.more(MINUTES * FACTOR + SETTLING);
        expect(await recording.allFired()).toBe('');
        expect(await getJson(`${url}/health`)).toMatchObject({ status: 'ok', reasons: [] });
        expect(await load.finish(app)).toEqual([0]);
        expect(complaints(app)).toEqual([]);
        const books = load.books();
        try {
          expect(books.problems()).toEqual([]);
          process.stderr.write(`a clean soak: ${books.polls.length} polls, ${books.candleLines.length} candle lines\n`);
        } finally {
          books.close();
        }
      } finally {
        await recording?.stop();
        await load.close();
      }
    },
    MINUTES * 60_000 + SLACK_MS,
  );

  describeOwnKafka('and with Kafka', () => {
    const apps: readonly PipelineApp[] = ['ingest-app', 'consumer-app'];

    it(
      'should have no alert fire, and every poll and minute stored as the exchange sent it',
      async () => {
        const pipeline = await KafkaPipeline.start();
        let recording: AlertRecording | undefined;
        try {
          for (const name of apps) await pipeline.launch(name);
          for (const name of apps) await pipeline.isWell(name);
          const [ingest, consumer] = await Promise.all(apps.map((name) => pipeline.stack.urlOf(name)));
          const targets = { 'csp-ingest': `${ingest}/metrics`, 'csp-consumer': `${consumer}/metrics` };
          recording = AlertRecording.start(targets, await pipeline.stack.marketTime());
          await recording.more(MINUTES * PIPELINE_FACTOR + SETTLING);
          expect(await recording.allFired()).toBe('');
          await recording.stop();
          expect(await pipeline.finish()).toEqual([]);
        } finally {
          await recording?.stop();
          await pipeline.close();
        }
      },
      MINUTES * 60_000 + SLACK_MS,
    );
  });
});
