import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '@app/clock';
import { DailyCommand } from '@app/daily-command';
import { Counter, createLogger, Gauge, MetricsRegistry } from '@app/observability';
import { eventually } from '../support/app-process';

/** Hangs at its first run, whatever it is told, and writes the file at its second. */
const HANGS_ONCE = `
  const { existsSync, writeFileSync } = require('node:fs');
  const [, , hung, made] = process.argv;
  if (existsSync(hung)) writeFileSync(made, '');
  else {
    process.on('SIGTERM', () => undefined);
    writeFileSync(hung, String(process.pid));
    setInterval(() => undefined, 60_000);
  }
`;

describe('DailyCommand', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'csp-daily-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('should end a command that hangs, tell of it, and try again', async () => {
    const [script, hung, made] = ['script.js', 'hung', 'made'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(script, HANGS_ONCE);
    const registers = [new MetricsRegistry()];
    const failures = new Counter({ name: 'failures', help: 'Failures.', registers });
    const daily = new DailyCommand({
      name: 'the command',
      script,
      command: () => [hung, made],
      dailyAt: 0,
      maxSeconds: 2,
      newest: () => Promise.resolve(undefined),
      mayRun: () => true,
      clock: new SystemClock(),
      logger: createLogger('silent', 'test'),
      failures,
      seconds: new Gauge({ name: 'seconds', help: 'Seconds.', registers }),
    });
    const { signal } = new AbortController();
    expect(await daily.execute(signal)).toBe('failed');
    expect(daily.failure).toMatchObject({ reason: 'it was ended after 2 s', tries: 'the last try' });
    expect(existsSync(`/proc/${readFileSync(hung, 'utf8')}`)).toBe(false);
    expect(await daily.execute(signal)).toBe('idle');
    await eventually('it is made', async () => ((await daily.execute(signal)) === 'ok' ? true : undefined));
    expect(existsSync(made)).toBe(true);
    expect(daily.failure).toBeUndefined();
    expect((await failures.get()).values[0]?.value).toBe(1);
  });
});
