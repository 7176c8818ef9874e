import { bufferedOutput } from './buffered-output';
import { createLogger, type Logger } from './logger';

/** What the logger has let out so far, line by line. */
class Output {
  text = '';
  flushed = '';
  writes = 0;

  write(lines: string): void {
    this.text += lines;
    this.writes += 1;
  }

  flushSync(): void {
    this.flushed = this.text;
  }

  messages(): string[] {
    const lines = this.text.split('\n').filter((line) => line !== '');
    return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  }
}

describe('bufferedOutput', () => {
  let output: Output;
  let logger: Logger;
  let atExit: NodeJS.ExitListener[];

  beforeEach(() => {
    jest.useFakeTimers();
    const before = process.listeners('exit');
    output = new Output();
    logger = createLogger('info', 'test', bufferedOutput(output));
    atExit = process.listeners('exit').filter((listener) => !before.includes(listener));
  });
  afterEach(() => {
    for (const listener of atExit) process.removeListener('exit', listener);
    jest.useRealTimers();
  });

  it('should write the lines of a tenth of a second at once, in their order', () => {
    logger.info('first');
    jest.advanceTimersByTime(60);
    logger.info('second');
    expect(output.writes).toBe(0);
    jest.advanceTimersByTime(40);
    expect(output.messages()).toEqual(['first', 'second']);
    expect(output.writes).toBe(1);
    logger.info('third');
    jest.advanceTimersByTime(100);
    expect(output.messages()).toEqual(['first', 'second', 'third']);
  });

  it('should write before that when much has come', () => {
    for (let line = 0; line < 2_000; line += 1) logger.info(`line ${line}`);
    expect(output.writes).toBeGreaterThan(0);
    expect(output.writes).toBeLessThan(10);
    jest.advanceTimersByTime(100);
    expect(output.messages()).toEqual(Array.from({ length: 2_000 }, (_, line) => `line ${line}`));
  });

  it('should let a warning out at once, after all that came before it', () => {
    logger.info('before');
    logger.warn('bad');
    expect(output.messages()).toEqual(['before', 'bad']);
    expect(output.flushed).toBe(output.text);
  });

  it('should let everything out when the process exits', () => {
    logger.info('last words');
    for (const listener of atExit) listener(0);
    expect(output.messages()).toEqual(['last words']);
    expect(output.flushed).toBe(output.text);
  });

  it('should not hold up the end of the process', () => {
    jest.useRealTimers();
    const before = process.getActiveResourcesInfo();
    logger.info('waiting');
    expect(process.getActiveResourcesInfo()).toEqual(before);
  });
});
