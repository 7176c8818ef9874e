import { EventEmitter } from 'node:events';
import { createLogger } from './logger';
import { logProcessEvents } from './process-events';

class FakeProcess extends EventEmitter {
  readonly exitCodes: unknown[] = [];

  exit(code?: unknown): never {
    this.exitCodes.push(code);
    return undefined as never;
  }
}

describe('logProcessEvents', () => {
  let events: FakeProcess;
  let lines: string[];
  let plain: unknown[];

  beforeEach(() => {
    events = new FakeProcess();
    [lines, plain] = [[], []];
    // As Node does, which prints.
    events.on('warning', (warning) => plain.push(warning));
    const logger = createLogger('info', 'test', { write: (line: string) => lines.push(line) });
    logProcessEvents(logger, events as unknown as NodeJS.Process);
  });

  const logged = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  it.each([
    ['MaxListenersExceededWarning', 'Possible EventTarget memory leak detected. 11 abort listeners added'],
    ['DeprecationWarning', 'The `punycode` module is deprecated'],
    ['ExperimentalWarning', 'SQLite is an experimental feature\nand might change'],
  ])('should say a %s as one JSON line, and nothing as plain text', (name, message) => {
    events.emit('warning', Object.assign(new Error(message), { name }));
    expect(logged()).toEqual([expect.objectContaining({ level: 'warn', msg: `${name}: ${message}` })]);
    expect(plain).toEqual([]);
    expect(events.exitCodes).toEqual([]);
  });

  it.each([
    [new TypeError('x is not a function'), 'x is not a function'],
    ['only a text', 'only a text'],
    [undefined, 'undefined'],
  ])('should end the process with 1 after an uncaught %p, said as one JSON line', (error, text) => {
    events.emit('uncaughtException', error);
    expect(logged()).toEqual([
      expect.objectContaining({ level: 'fatal', msg: `an error that nobody caught ends the process: ${text}` }),
    ]);
    expect(events.exitCodes).toEqual([1]);
  });
});
