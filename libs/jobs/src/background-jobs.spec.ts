import { loadConfig } from '@app/config';
import { HOUR, MINUTE, SECOND, STORE_READY, type StoreReadiness } from '@app/domain';
import { BACKGROUND_JOBS, type JobName } from './background-jobs';
import { jobOf } from './provide-job';

const NAMES = Object.keys(BACKGROUND_JOBS) as JobName[];
const NOTHING = { execute: () => Promise.resolve('ok' as const) };

describe('the table of background jobs', () => {
  const timesOf = (name: JobName, variables: Record<string, string> = {}) =>
    jobOf(name, loadConfig(variables, '/'), NOTHING).when;

  it('should leave the begin of a minute to the poll', () => {
    const atBegin = NAMES.filter((name) => {
      const when = timesOf(name);
      return when?.kind === 'instants' && when.offset % MINUTE === 0;
    });
    expect(atBegin).toEqual(['ticker-poll']);
  });

  it('should poll as often as the configuration says', () => {
    expect(timesOf('ticker-poll', { POLL_INTERVAL_SECONDS: '15' })).toMatchObject({ interval: 15 * SECOND });
  });

  it('should have daily commands off unless they have a time', () => {
    expect(timesOf('backup')).toBeNull();
    expect(timesOf('bi-build')).toBeNull();
    expect(timesOf('backup', { BACKUP_AT: '02:00' })).toMatchObject({ offset: 2 * HOUR, atStart: true });
    expect(timesOf('bi-build', { BI_BUILD_AT: '01:00' })).toMatchObject({ offset: HOUR, atStart: true });
  });

  it('should look at what the exchange lists only where patterns ask for it', () => {
    expect(timesOf('listings')).toBeNull();
    expect(timesOf('listings', { SYMBOLS: 'BTCUSDT,*EUR' })).toMatchObject({ interval: MINUTE, atStart: true });
  });

  it('should have those off that need what is not captured', () => {
    const isOn = (name: JobName) =>
      timesOf(name, { CAPTURE: 'tickers', SYMBOLS: '*', BACKUP_AT: '00:30', BI_BUILD_AT: '00:30' });
    expect(NAMES.filter((name) => isOn(name) === null)).toEqual([
      'candle-sync',
      'first-backfill',
      'ledger-keeper',
      'first-minutes',
    ]);
  });

  it('should run those that need the store while it is ready alone', () => {
    let readiness: StoreReadiness = STORE_READY;
    const store = { readiness: () => readiness };
    const mayRun = (name: JobName) => jobOf(name, loadConfig({}, '/'), NOTHING, store).mayRun?.() ?? true;
    expect(NAMES.every(mayRun)).toBe(true);
    readiness = { ready: false, state: 'absent', reason: 'there is none' };
    expect(NAMES.filter(mayRun)).toEqual([
      'ticker-poll',
      'candle-sync',
      'exchange-watch',
      'symbol-refresh',
      'listings',
      'first-backfill',
      'process-status',
    ]);
  });
});
