import {
  instanceName,
  MINUTE,
  SILENT_STATUS_KEPT,
  type EpochMicros,
  type ProcessStatusRow,
  type ProcessStatusStore,
} from '@app/domain';
import { FakeProcessStatusStore } from '@app/testing';
import { NOON, TestStore } from '../../support/test-store';

interface Subject {
  readonly store: ProcessStatusStore;
  /** What is kept. */
  rows(): Promise<readonly ProcessStatusRow[]>;
  dispose(): Promise<void>;
}

async function sqliteSubject(): Promise<Subject> {
  const store = new TestStore();
  const { processStatus } = await store.open();
  return {
    store: processStatus,
    rows: async () => (await store.readers()).status.processes(),
    dispose: () => store.dispose(),
  };
}

function fakeSubject(): Promise<Subject> {
  const store = new FakeProcessStatusStore();
  return Promise.resolve({
    store,
    rows: () => Promise.resolve(store.rows),
    dispose: () => Promise.resolve(),
  });
}

const said = (process: string, updatedAt: EpochMicros, problem = ''): ProcessStatusRow => ({
  process,
  updatedAt,
  status: JSON.stringify({ problem }),
});

describe.each([
  ['SQLite', sqliteSubject],
  ['the fake', fakeSubject],
])('the contract of ProcessStatusStore: %s', (_, make) => {
  let subject: Subject;

  beforeEach(async () => {
    subject = await make();
  });

  afterEach(() => subject.dispose());

  async function write(...rows: readonly ProcessStatusRow[]): Promise<void> {
    for (const row of rows) await subject.store.write(row);
  }

  const expectKept = async (...rows: readonly ProcessStatusRow[]): Promise<void> => {
    const kept = await subject.rows();
    expect([...kept].sort((a, b) => (a.process < b.process ? -1 : 1))).toEqual(rows);
  };

  const [FIRST, SECOND] = [8_081, 8_082].map((port) => instanceName('consumer-app', 'host', port)) as [string, string];

  it('should keep the newest word of each instance', async () => {
    const newest = [said(FIRST, NOON + MINUTE, 'disk full'), said(SECOND, NOON), said('ingest-app', NOON)] as const;
    await write(said(FIRST, NOON), newest[1], newest[2], newest[0]);
    await expectKept(...newest);
  });

  it('should keep what others said until they have been silent for too long', async () => {
    await write(said(FIRST, NOON), said(SECOND, NOON + 1), said('ingest-app', NOON + SILENT_STATUS_KEPT));
    await expectKept(said(FIRST, NOON), said(SECOND, NOON + 1), said('ingest-app', NOON + SILENT_STATUS_KEPT));
    const later = said('ingest-app', NOON + SILENT_STATUS_KEPT + 1);
    await write(later);
    await expectKept(said(SECOND, NOON + 1), later);
  });

  it('should forget what others said by a clock that was far ahead', async () => {
    const ahead = NOON + SILENT_STATUS_KEPT;
    await write(said(FIRST, ahead + 1), said(SECOND, ahead));
    await expectKept(said(FIRST, ahead + 1), said(SECOND, ahead));
    await write(said('ingest-app', NOON));
    await expectKept(said(SECOND, ahead), said('ingest-app', NOON));
  });

  it('should forget what an earlier version said of all instances together', async () => {
    await write(said('consumer-app', NOON), said('ingest-app', NOON), said(FIRST, NOON + 1));
    await expectKept(said(FIRST, NOON + 1), said('ingest-app', NOON));
    await write(said('ingest-app', NOON + 2));
    await expectKept(said(FIRST, NOON + 1), said('ingest-app', NOON + 2));
  });
});
