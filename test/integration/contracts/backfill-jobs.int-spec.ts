import { BackfillJobs, DAY, HOUR, OriginMismatchError, type BackfillJob } from '@app/domain';
import { HistoryWriteStore } from '@app/storage';
import { FakeBackfillJobs } from '@app/testing';
import { NOON, ORIGIN, TestStore } from '../../support/test-store';

interface Subject {
  readonly jobs: BackfillJobs;
  dispose(): Promise<void>;
}

async function sqliteSubject(): Promise<Subject> {
  const store = new TestStore();
  const opened = await HistoryWriteStore.open(store.options());
  return {
    jobs: opened.backfillJobs,
    dispose: async () => {
      await opened.close();
      await store.dispose();
    },
  };
}

function fakeSubject(): Promise<Subject> {
  return Promise.resolve({ jobs: new FakeBackfillJobs(), dispose: () => Promise.resolve() });
}

const BTC = 'BTCUSDT';
const ETH = 'ETHUSDT';
const FIRST = NOON - (NOON % DAY) - 10 * DAY;
/** A job of the part of a day that begins some hours after midnight. */
const job = (symbol: string, day: number, hours = 0): BackfillJob => ({
  symbol,
  range: { start: FIRST + day * DAY + hours * HOUR, end: FIRST + (day + 1) * DAY },
});

describe.each([
  ['SQLite', sqliteSubject],
  ['the fake', fakeSubject],
])('the contract of BackfillJobs: %s', (_, make) => {
  let subject: Subject;
  let jobs: BackfillJobs;

  beforeEach(async () => {
    subject = await make();
    ({ jobs } = subject);
  });

  afterEach(() => subject.dispose());

  it('should offer what is queued, by symbol as asked for, oldest first', async () => {
    await jobs.queue([job(BTC, 3), job(ETH, 2), job(BTC, 1), job('SOLUSDT', 0)], ORIGIN);
    await jobs.queue([job(BTC, 2), job(ETH, 0)], ORIGIN);
    expect(await jobs.open([ETH, BTC, 'NOSUCH'])).toEqual([
      job(ETH, 0),
      job(ETH, 2),
      job(BTC, 1),
      job(BTC, 2),
      job(BTC, 3),
    ]);
    expect(await jobs.open([])).toEqual([]);
  });

  it('should offer what was running again, and not what is done or has failed', async () => {
    const [running, done, failed, queued] = [0, 1, 2, 3].map((day) => job(BTC, day)) as [
      BackfillJob,
      BackfillJob,
      BackfillJob,
      BackfillJob,
    ];
    await jobs.queue([running, done, failed, queued], ORIGIN);
    for (const started of [running, done, failed]) await jobs.started(started);
    await jobs.done(done);
    await jobs.failed(failed, 'no answer');
    expect(await jobs.open([BTC])).toEqual([running, queued]);
  });

  it('should queue a day anew, whatever became of it, with the part that is asked for last', async () => {
    await jobs.queue([job(BTC, 0), job(BTC, 1), job(BTC, 2)], ORIGIN);
    await jobs.done(job(BTC, 0));
    await jobs.failed(job(BTC, 1), 'no answer');
    await jobs.started(job(BTC, 2));
    const anew = [job(BTC, 0, 4), job(BTC, 1, 5), job(BTC, 2, 6)];
    await jobs.queue(anew, ORIGIN);
    expect(await jobs.open([BTC])).toEqual(anew);
    await jobs.done(job(BTC, 1, 5));
    expect(await jobs.open([BTC])).toEqual([anew[0], anew[2]]);
  });

  it('should refuse data of another origin, and queue none of it', async () => {
    await jobs.queue([job(BTC, 0)], ORIGIN);
    const error: unknown = await jobs.queue([job(BTC, 1)], 'simulator:other').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OriginMismatchError);
    expect(error).toMatchObject({ stored: ORIGIN, offered: 'simulator:other' });
    expect(await jobs.open([BTC])).toEqual([job(BTC, 0)]);
  });
});
