import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parsePriceEvent } from '@app/domain';
import type { AppProcess } from '../support/app-process';
import { AlertRecording } from '../support/alert-recording';
import { CaptureLoad } from '../support/capture-load';
import { describeOwnKafka } from '../support/describe-kafka';
import { getJson } from '../support/http';
import { KafkaPipeline, type PipelineApp } from '../support/kafka-pipeline';
import { describePromtool } from '../support/promtool';

/** Real minutes of each soak. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 0.5);
/** The same of the one that takes all that a machine has. */
const FAST_MINUTES = Number(process.env['SOAK_MINUTES'] ?? 0.2);
/** Market minutes in one of them: of fifty symbols so many that a machine which does other work too is not too slow. */
const FACTOR = 20;
/** The same of the pipeline, which has six. */
const PIPELINE_FACTOR = 60;
/** As fast as a market may go past fifty symbols: a minute in a quarter of a second, which nobody can fetch one by one. */
const FAST_FACTOR = 250;
const SYMBOLS = 50;
/** Twenty symbols are asked for at once: more cost twenty times as much. */
const REQUESTS_OF_A_POLL = 3;
/** Market minutes until what is new at a start has come to rest. */
const SETTLING = 5;
const SLACK_MS = 180_000;
/** From so many minutes on a process is past what it takes at first, and its memory must not grow any more. */
const LONG_MINUTES = 10;
/** What the resident memory of a process may be higher at the end than in the middle: what collections come and go with. */
const MOST_GROWTH = 48 * 1024 * 1024;
/** Levels of lines that nobody has to look at. */
const CALM = /"level":"(?:trace|debug|info)"/;

/** Lines of a process's log that say that something was not as it should be. */
function complaints({ output }: AppProcess): string[] {
  return output.split('\n').filter((line) => line !== '' && !CALM.test(line));
}

/** Records the whole soak; returns by how many bytes resident memory has grown in its second half. */
async function growthWhile(
  recording: AlertRecording,
  factor: number,
  resident: () => Promise<number>,
): Promise<number> {
  const half = Math.ceil((MINUTES * factor + SETTLING) / 2);
  await recording.more(half);
  const before = await resident();
  await recording.more(half);
  return (await resident()) - before;
}

/** Says by how much memory has grown; of a short soak it says no more than how it was taken. */
function expectToRest(name: string, growth: number): void {
  process.stderr.write(`${name}: ${(growth / 1024 / 1024).toFixed(1)} MB more resident after the second half\n`);
  if (MINUTES >= LONG_MINUTES) expect(growth).toBeLessThan(MOST_GROWTH);
}

/** What an undisturbed program must not do: the counterpart of all other suites of this folder. */
describePromtool(`a clean soak of ${MINUTES} minutes, SOAK_MINUTES`, () => {
  it(
    'should have no alert fire, no line of warning and books that agree in direct mode, with a daily build and a backup (36)',
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
        const resident = (): Promise<number> => load.metric('process_resident_memory_bytes');
        expectToRest('standalone-app', await growthWhile(recording, FACTOR, resident));
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

  it(
    'should have lost and invented nothing of a market that goes 250 times as fast',
    async () => {
      const load = new CaptureLoad('standalone-app', { POLL_INTERVAL_SECONDS: '60', SYMBOLS: '*' });
      try {
        const start = Date.parse('2026-11-20T20:00:00Z');
        await load.startExchange(start, ['--symbols', String(SYMBOLS)], FAST_FACTOR);
        const app = await load.start();
        await load.healthIsOk();
        await delay(FAST_MINUTES * 60_000);
        const marketMinutes = Math.floor(((await load.stack.marketTime()) - start) / 60_000);
        await load.minutesUntil((start + (marketMinutes - 1) * 60_000) * 1_000);
        expect(await load.finish(app)).toEqual([0]);
        const books = load.books();
        try {
          expect(books.problems()).toEqual([]);
          process.stderr.write(
            `a fast soak: ${marketMinutes} market minutes, ${books.polls.length} polls, ` +
              `${books.candleLines.length} candle lines\n`,
          );
          expect(books.polls.length * REQUESTS_OF_A_POLL).toBe(await load.pollsAsked());
          const symbols = new Set(books.priceLines.map((line) => parsePriceEvent(line).symbol));
          expect(books.priceLines).toHaveLength(books.polls.length * symbols.size);
        } finally {
          books.close();
        }
      } finally {
        await load.close();
      }
    },
    FAST_MINUTES * 60_000 + SLACK_MS,
  );

  describeOwnKafka('and with Kafka', () => {
    const apps: readonly PipelineApp[] = ['ingest-app', 'consumer-app'];

    it(
      'should have no alert fire, and every poll and minute stored as the exchange sent it (36)',
      async () => {
        const pipeline = await KafkaPipeline.start();
        let recording: AlertRecording | undefined;
        try {
          for (const name of apps) await pipeline.launch(name);
          for (const name of apps) await pipeline.isWell(name);
          const [ingest, consumer] = await Promise.all(apps.map((name) => pipeline.stack.urlOf(name)));
          const targets = { 'csp-ingest': `${ingest}/metrics`, 'csp-consumer': `${consumer}/metrics` };
          recording = AlertRecording.start(targets, await pipeline.stack.marketTime());
          const residents = async (): Promise<number> => {
            const each = await Promise.all(apps.map((name) => pipeline.metric(name, 'process_resident_memory_bytes')));
            return each.reduce((sum, bytes) => sum + bytes, 0);
          };
          expectToRest(apps.join(' and '), await growthWhile(recording, PIPELINE_FACTOR, residents));
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
