import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventKinds } from '@app/domain';
import { Spool } from '@app/messaging';
import { eventually, type AppName, type AppProcess } from '../support/app-process';
import { CaptureLoad } from '../support/capture-load';
import { getJson } from '../support/http';
import { FAULT_SEED, faultRounds, Random } from '../support/randomness';
import { describeSmallDisk, SmallDisk } from '../support/small-disk';

const KINDS = eventKinds('crypto_prices').names;
const DISK_BYTES = 48 * 1_048_576;
const ROUNDS = faultRounds(6);
/** Room that a full disk may leave: for all of a write, or for a part of it. */
const MOST_ROOM_BYTES = 200_000;

/** What counts that something is not as it was written. */
const DAMAGE = [
  'csp_bronze_damaged_files',
  'csp_bronze_lost_lines',
  'csp_spool_unreadable_lines',
  'csp_store_faults_total',
];

interface Lost {
  readonly kind: string;
  readonly symbol: string;
  readonly events: number;
}

/** A real file system that is full: nothing that was captured is lost, or what is lost is listed. */
describeSmallDisk('a full disk', () => {
  let disk: SmallDisk;
  let load: CaptureLoad;

  beforeEach(() => {
    disk = new SmallDisk(DISK_BYTES);
  });

  afterEach(async () => {
    await load.close();
    disk.close();
  });

  async function prepare(app: AppName, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const folder = join(disk.folder, 'stack');
    mkdirSync(folder);
    load = new CaptureLoad(app, settings, folder);
    await load.startExchange();
  }

  const spoolFile = (name: string): string => join(load.stack.folder, 'ingest/spool', name);

  async function lost(): Promise<readonly Lost[]> {
    const health = await getJson<Record<string, unknown>>(`${await load.stack.urlOf(load.app)}/health`);
    const { capture = (health['processes'] as { standalone: { status: unknown } } | undefined)?.standalone.status } =
      health;
    return (capture as { publisher: { lost: Lost[] } }).publisher.lost;
  }

  /** The disk fills up while the app captures, and events wait in memory. */
  async function fillUnderway(polls: number): Promise<void> {
    await load.ready(true);
    await load.morePolls(5);
    disk.fill();
    await load.tells(false, 'the spool cannot be written', /the spool cannot be written/);
    disk.fill();
    await load.morePolls(polls);
  }

  /** Polls that were asked for and are not stored, for each symbol those of one poll alike. */
  async function missingPolls(): Promise<number> {
    const [books, asked] = [load.books(), await load.pollsAsked()];
    try {
      expect(books.problems()).toEqual([]);
      return asked - books.polls.length;
    } finally {
      books.close();
    }
  }

  it.each(['ingest-app', 'standalone-app'] as const)(
    'should cost nothing when %s is ended by SIGTERM with events in memory (29)',
    async (name) => {
      await prepare(name);
      const log = join(disk.folder, 'stack/log.jsonl');
      const app = await load.launch({}, { outputFile: log });
      await fillUnderway(40);
      // The log lies on the same disk.
      expect(await app.stop()).toBe(0);
      disk.free();
      const again = await load.launch({}, { outputFile: log });
      await load.goesOn();
      expect(await lost()).toEqual([]);
      expect(new Set(await load.finish(again))).toEqual(new Set([0]));
      expect(await missingPolls()).toBeLessThanOrEqual(2);
      for (const line of readFileSync(log, 'utf8').trimEnd().split('\n')) JSON.parse(line);
    },
  );

  it('should list exactly what could not be kept where there was no room for it', async () => {
    await prepare('ingest-app');
    const app = await load.start();
    await load.ready(true);
    // As when the disk was full already when it started.
    await eventually('the room is held', () => Promise.resolve(existsSync(spoolFile('ballast')) || undefined));
    rmSync(spoolFile('ballast'));
    await fillUnderway(40);
    expect(await app.stop()).toBe(0);
    disk.free();
    const again = await load.start();
    await load.ready(true);
    await load.metricIs('csp_spool_events', 0);
    const prices = (await lost()).filter(({ kind }) => kind === 'price');
    const [events = 0] = prices.map((each) => each.events);
    expect(events).toBeGreaterThan(20);
    expect(new Set(prices.map(({ symbol }) => symbol)).size).toBe(6);
    expect(prices.map((each) => each.events)).toEqual(prices.map(() => events));
    const total = (await lost()).reduce((sum, each) => sum + each.events, 0);
    expect(await load.metric('csp_events_lost_total')).toBe(total);
    expect(new Set(await load.finish(again))).toEqual(new Set([0]));
    const missing = await missingPolls();
    expect(missing - events).toBeGreaterThanOrEqual(0);
    expect(missing - events).toBeLessThanOrEqual(2);
  });

  it('should cost nothing with a broker that is away, for either kind of events', async () => {
    await prepare('ingest-app', { BROKER_MODE: 'kafka', KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' });
    const app = await load.start();
    await load.morePolls(5);
    disk.fill();
    await load.tells(false, 'the spool cannot be written', /the spool cannot be written/);
    disk.fill();
    await load.morePolls(100);
    expect(await app.stop()).toBe(0);
    const asked = await load.pollsAsked();
    disk.free();
    const again = await load.start();
    await load.ready(false, 'events wait');
    expect(await lost()).toEqual([]);
    expect(await again.stop()).toBe(0);

    const kinds = new Map<string, number[]>();
    for (const kind of KINDS) {
      const spool = Spool.open({
        folder: spoolFile(kind),
        kind,
        kinds: KINDS,
        maxBytes: 1_073_741_824,
        ballastBytes: 0,
      });
      for (let read = spool.next(2_000); read; read = spool.next(2_000)) {
        for (const event of read.batch.events) {
          const subject = `${kind} ${event.symbol}`;
          kinds.set(subject, [...(kinds.get(subject) ?? []), event.capturedAt]);
        }
        spool.acknowledge(read);
      }
      spool.close();
    }
    const polls = [...kinds].filter(([subject]) => subject.startsWith('price')).map(([, times]) => times);
    expect(polls).toHaveLength(6);
    for (const times of polls) {
      expect(new Set(times).size).toBe(times.length);
      expect(asked - times.length).toBeLessThanOrEqual(2);
    }
    expect([...kinds.keys()].filter((subject) => subject.startsWith('candle'))).toHaveLength(6);
  });

  it(`should damage nothing, in ${ROUNDS} rounds with kills between them (FAULT_SEED=${FAULT_SEED})`, async () => {
    const random = new Random(FAULT_SEED);
    await prepare('standalone-app');
    let app = await load.start();
    const expectNoDamage = async (): Promise<void> => {
      const { reasons } = await getJson<{ readonly reasons: string[] }>(`${await load.stack.urlOf(load.app)}/health`);
      expect(reasons.filter((reason) => /damaged|cut off|outside this program|could not be read/.test(reason))).toEqual(
        [],
      );
      for (const name of DAMAGE) expect([name, await load.metric(name)]).toEqual([name, 0]);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      await load.ready(true);
      await load.morePolls(5 + random.below(20));
      disk.fill(1 + random.below(MOST_ROOM_BYTES));
      for (let part = 0; part < 4; part += 1) {
        await load.morePolls(10 + random.below(20));
        await expectNoDamage();
      }
      if (random.chance(0.5)) {
        app.signal('SIGKILL');
        await app.exited();
        if (random.chance(0.5)) disk.free();
        app = await load.start();
        await load.morePolls(20);
        await expectNoDamage();
      }
      disk.free();
      await load.ready(true);
      await expectNoDamage();
    }
    expect(new Set(await load.finish(app))).toEqual(new Set([0]));
    const books = load.books();
    try {
      expect(books.problems()).toEqual([]);
    } finally {
      books.close();
    }
  });

  describe('at the start', () => {
    /** Starts on a full disk, is alive, says why it takes nothing, and goes on by itself once there is room. */
    async function startsAndWaits(reason: RegExp): Promise<AppProcess> {
      const app = await load.start();
      const url = await load.stack.urlOf(load.app);
      await load.tells(false, reason, reason);
      const health = await (await fetch(`${url}/health`)).text();
      expect(health).not.toContain(disk.folder);
      await load.morePolls(20);
      expect(app.isRunning).toBe(true);
      disk.free();
      await load.goesOn();
      return app;
    }

    it.each(['ingest-app', 'standalone-app'] as const)(
      'should be waited out by %s, which has a store',
      async (name) => {
        await prepare(name);
        const first = await load.start();
        await load.ready(true);
        await load.morePolls(5);
        expect(await first.stop()).toBe(0);
        disk.fill();
        const app = await startsAndWaits(/full/);
        expect(await lost()).toEqual([]);
        expect(new Set(await load.finish(app))).toEqual(new Set([0]));
        expect(await missingPolls()).toBeLessThanOrEqual(2);
      },
    );

    it('should cost nothing of what an earlier run left in the spool', async () => {
      await prepare('ingest-app');
      const first = await load.start();
      await fillUnderway(40);
      expect(await first.stop()).toBe(0);
      disk.fill();
      const app = await startsAndWaits(/full/);
      expect(await lost()).toEqual([]);
      expect(new Set(await load.finish(app))).toEqual(new Set([0]));
      expect(await missingPolls()).toBeLessThanOrEqual(3);
    });

    it('should be waited out at the very first start', async () => {
      await prepare('ingest-app');
      disk.fill();
      const app = await startsAndWaits(/full/);
      expect(new Set(await load.finish(app))).toEqual(new Set([0]));
      expect(await missingPolls()).toBeLessThanOrEqual(2);
    });
  });
});
