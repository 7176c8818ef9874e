import { Progress } from './progress';

/** What a stream was given to write. */
function sink(isTTY: boolean): { written: string[]; stream: NodeJS.WriteStream } {
  const written: string[] = [];
  const stream = {
    isTTY,
    write: (text: string) => {
      written.push(text);
      return true;
    },
  };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}

describe('Progress', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('should write a line every five seconds, with rate and time left of this run', () => {
    const { written, stream } = sink(false);
    const progress = new Progress('minutes', stream);
    progress.report({ done: 400, total: 1_000, rows: 400 });
    jest.advanceTimersByTime(1_000);
    progress.report({ done: 450, total: 1_000, rows: 450 });
    jest.advanceTimersByTime(4_000);
    progress.report({ done: 500, total: 1_000, rows: 500, at: 'BTCUSDT' });
    progress.end();
    expect(written).toEqual([
      '[##########..............] 40.0%  400 of 1000 minutes  0 rows/s  time left unknown yet\n',
      '[############............] 50.0%  500 of 1000 minutes  20 rows/s  25 s left  BTCUSDT\n',
    ]);
  });

  it('should redraw one line on a terminal and take it away at the end', () => {
    const { written, stream } = sink(true);
    const progress = new Progress('files', stream);
    progress.report({ done: 0, total: 0 });
    progress.end();
    expect(written).toEqual([
      '\r\u001b[2K[########################] 100.0%  0 of 0 files  time left unknown yet',
      '\r\u001b[2K',
    ]);
  });
});
