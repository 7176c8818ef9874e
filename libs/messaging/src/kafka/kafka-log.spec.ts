import { createLogger } from '@app/observability';
import { logLevel } from 'kafkajs';
import { kafkaLogCreator } from './kafka-log';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly kafka: string;
  readonly broker?: string;
}

describe('kafkaLogCreator', () => {
  const lines: Line[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Line);
  const say = (level: logLevel, message: string, extra: object = {}) => {
    log({ namespace: 'Connection', level, label: '', log: { timestamp: '', message, ...extra } });
  };
  let log = kafkaLogCreator(createLogger('debug', 'test', { write }))(logLevel.INFO);

  beforeEach(() => {
    lines.length = 0;
    log = kafkaLogCreator(createLogger('debug', 'test', { write }))(logLevel.INFO);
  });

  it('should say what kafkajs says through the logger of the process', () => {
    say(logLevel.ERROR, 'Connection timeout', { broker: 'kafka:9092', stack: 'Error: at' });
    expect(lines).toMatchObject([
      { level: 'warn', msg: 'kafkajs: Connection timeout', kafka: 'Connection', broker: 'kafka:9092' },
    ]);
  });

  it('should leave repetitions of a line to debugging', () => {
    for (let count = 0; count < 3; count += 1) say(logLevel.ERROR, 'Connection timeout');
    say(logLevel.ERROR, 'Connection error');
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'warn']);
  });
});
