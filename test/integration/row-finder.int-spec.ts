import { StoreNotReadyError } from '@app/domain';
import { ask, inRanges, KNOWN_SYMBOLS, type Inquiry } from '@app/history';
import Database from 'better-sqlite3';
import { eventually } from '../support/app-process';
import { TestStore } from '../support/test-store';

describe('inquiries of the reading half', () => {
  let store: TestStore;

  beforeEach(() => {
    store = new TestStore();
  });

  afterEach(() => store.dispose());

  /** As another process does. */
  function write(symbol: string): void {
    const database = new Database(store.databasePath);
    try {
      database.prepare('INSERT INTO symbols (symbol) VALUES (?)').run(symbol);
    } finally {
      database.close();
    }
  }

  /** Asks for all symbols twice; `meanwhile` is done in between. */
  function* known(meanwhile: () => void = () => undefined): Inquiry<readonly string[][]> {
    const [[before = []]] = yield* ask(inRanges(KNOWN_SYMBOLS, [{ prefix: [] }]));
    meanwhile();
    const [[after = []]] = yield* ask(inRanges(KNOWN_SYMBOLS, [{ prefix: [] }]));
    return [before, after].map((rows) => rows.map(({ symbol }) => symbol));
  }

  it('should be answered of one state of the store, whatever is written between their questions', async () => {
    await store.open();
    const { rows } = await store.readers();
    write('BTCUSDT');
    const found = await rows.find(
      known(() => {
        write('ETHUSDT');
      }),
    );
    expect(found).toEqual([['BTCUSDT'], ['BTCUSDT']]);
    expect((await rows.find(known()))[0]).toEqual(['BTCUSDT', 'ETHUSDT']);
  });

  it('should leave nothing of an inquiry that fails to the next one', async () => {
    await store.open();
    const { rows } = await store.readers();
    const failing = known(() => {
      throw new Error('no answer is of use');
    });
    await expect(rows.find(failing)).rejects.toThrow('no answer is of use');
    write('BTCUSDT');
    expect(await rows.find(known())).toEqual([['BTCUSDT'], ['BTCUSDT']]);
  });

  it('should be refused while there is no database, and be answered once there is one', async () => {
    const { rows, status } = await store.readers();
    await expect(rows.find(known())).rejects.toThrow(StoreNotReadyError);
    const isReady = (): Promise<true | undefined> => Promise.resolve(status.readiness().ready || undefined);
    await store.open();
    await eventually('the store is ready', isReady);
    write('BTCUSDT');
    expect((await rows.find(known()))[0]).toEqual(['BTCUSDT']);
  });
});
