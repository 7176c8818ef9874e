import { DAY, HOUR, instanceName, type EpochMicros } from '@app/domain';
import { KeptStore } from '../support/kept-store';
import { TestStore } from '../support/test-store';

const NOON = Date.UTC(2026, 0, 15, 12) * 1_000;
const ONE = instanceName('consumer', 'one', 8002);
const TWO = instanceName('consumer', 'two', 8002);

describe('what processes say of themselves', () => {
  let files: TestStore;
  let store: KeptStore;

  beforeEach(async () => {
    files = new TestStore();
    store = await KeptStore.start(files);
    await store.expectWhole();
  });

  afterEach(async () => {
    await store.close();
    await files.dispose();
  });

  const write = (process: string, updatedAt: EpochMicros, status = '{}') =>
    store.processStatus.write({ process, updatedAt, status });
  const names = async () => (await store.status.processes()).map(({ process }) => process);

  it('should have a row for each instance, which it replaces', async () => {
    await write(ONE, NOON);
    await write(TWO, NOON);
    await write(ONE, NOON + HOUR, '{"state":"ok"}');
    expect(await store.status.processes()).toEqual([
      { process: ONE, updatedAt: NOON + HOUR, status: '{"state":"ok"}' },
      { process: TWO, updatedAt: NOON, status: '{}' },
    ]);
  });

  it('should go when a process has been silent for a day, by whichever process writes then', async () => {
    await write('ingest', NOON);
    await write(ONE, NOON + DAY);
    expect(await names()).toEqual([ONE, 'ingest']);
    await write(ONE, NOON + DAY + 1);
    expect(await names()).toEqual([ONE]);
  });

  it('should go when a clock that was ahead has stamped it', async () => {
    await write('ingest', NOON + 400 * DAY);
    await write(ONE, NOON);
    expect(await names()).toEqual([ONE]);
  });

  it('should replace what an earlier version said of all instances together', async () => {
    await write('consumer', NOON);
    await write('ingest', NOON);
    await write(TWO, NOON + HOUR);
    expect(await names()).toEqual([TWO, 'ingest']);
  });
});
