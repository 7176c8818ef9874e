import { setTimeout as delay } from 'node:timers/promises';
import { CandleReader, MINUTE, type EpochMicros, type StoredCandle } from '@app/domain';
import { buildMinute } from '@app/testing';
import { eventually } from '../support/app-process';
import { RawSocket, requestText } from '../support/raw-socket';
import { Recorder } from '../support/recorder';

const NOW: EpochMicros = Date.UTC(2026, 0, 15, 12) * 1_000;
const LONG = 600_000;
/** Within which the reading is over. */
const STOPS_WITHIN_MS = 1_000;

/** Lists of which a store would have to read for seconds. */
describe('a client that leaves a long list', () => {
  const recorder = new Recorder(NOW, 'BTCUSDT');
  let url: string;
  let row: StoredCandle;
  let reads = 0;

  beforeAll(async () => {
    await recorder.open();
    await recorder.take([buildMinute('BTCUSDT', NOW - 2 * MINUTE)]);
    url = await recorder.listen();
    const candles = recorder.part(CandleReader);
    [row] = (await candles.range(['BTCUSDT'], '1m', {}, 1)) as [StoredCandle];
    // As many minutes as the range has, as if all were stored.
    jest
      .spyOn(candles, 'range')
      .mockImplementation(async (_symbols, _interval, { start = 0, end = NOW }, limit, after) => {
        reads += 1;
        await delay(5);
        const first = after ? after.time + MINUTE : start;
        const count = Math.max(0, Math.min(limit, Math.floor((end - first) / MINUTE)));
        return Array.from({ length: count }, (_, index) => ({ ...row, openTime: first + index * MINUTE }));
      });
  });

  beforeEach(() => {
    reads = 0;
  });

  afterAll(() => recorder.dispose());

  const listOf = (minutes: number, format: string): string =>
    `/candles?start=${String((NOW - minutes * MINUTE) / 1_000)}&end=${String(NOW / 1_000)}&format=${format}`;

  /** How many reads there were when it had to be over, and whether any came later. */
  async function assertStopped(most: number): Promise<void> {
    await delay(STOPS_WITHIN_MS);
    const stopped = reads;
    expect(stopped).toBeGreaterThan(0);
    expect(stopped).toBeLessThan(most);
    await delay(500);
    expect(reads).toBe(stopped);
  }

  it.each(['csv', 'ndjson'].flatMap((format) => ['identity', 'gzip', 'br'].map((coding) => [format, coding] as const)))(
    'should end the reading within a second: %s, %s',
    async (format, coding) => {
      const socket = await RawSocket.open(url);
      socket.send(requestText(listOf(LONG, format), { 'Accept-Encoding': coding }));
      await eventually('some of it has come', () => Promise.resolve(socket.bytes.length > 50_000 || undefined));
      socket.disconnect();
      await assertStopped(LONG / 1_000);
    },
  );

  it.each(['csv', 'ndjson', 'parquet'])(
    'should end the look for the next page within a second, before the first byte: %s',
    async (format) => {
      const socket = await RawSocket.open(url);
      socket.send(requestText(listOf(4 * LONG, format)));
      await eventually('keys are walked', () => Promise.resolve(reads > 10 || undefined));
      expect(socket.bytes.length).toBe(0);
      socket.disconnect();
      await assertStopped(200);
    },
  );

  it.each(['csv', 'ndjson'])('should end the reading also where it stood still: %s', async (format) => {
    const socket = await RawSocket.open(url, false);
    socket.send(requestText(listOf(LONG, format)));
    await eventually('the reader takes nothing more', async () => {
      const before = reads;
      await delay(200);
      return (before > 0 && reads === before) || undefined;
    });
    socket.disconnect();
    await assertStopped(LONG / 1_000);
  });
});
