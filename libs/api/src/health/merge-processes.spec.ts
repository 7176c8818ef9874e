import { mergeProcesses } from './merge-processes';
import type { WatchedProcess } from './process-watch';
import type { ProcessSummary } from './remote-processes';

const OK: ProcessSummary = { state: 'ok', detail: '', status: { from: 'an answer' } };
const NO_ANSWER: ProcessSummary = { state: 'unknown', detail: 'gave no answer' };
const HANGING: ProcessSummary = { ...NO_ANSWER, hangs: true };

/** An instance that has written that it is well, and has gone on doing so unless said otherwise. */
function row(process: string, silence: 'none' | 'late' | 'silent' = 'none'): WatchedProcess {
  return {
    process,
    updatedAt: Date.UTC(2026, 0, 15, 12) * 1_000,
    status: JSON.stringify({ state: 'ok', from: process }),
    isLate: silence !== 'none',
    isSilent: silence === 'silent',
  };
}

const written = (process: string) => ({ state: 'ok', detail: '', status: { state: 'ok', from: process } });

describe('mergeProcesses', () => {
  it('should name the only instance of a process as the process', () => {
    expect(mergeProcesses([], [row('consumer@one:8002')])).toEqual({ consumer: written('consumer@one:8002') });
    expect(mergeProcesses([], [row('standalone')])).toEqual({ standalone: written('standalone') });
  });

  it('should list each of several instances, and the one that was asked under the name of the process', () => {
    const processes = mergeProcesses(
      [['consumer', OK]],
      [row('consumer@one:8002'), row('consumer@two:8002', 'silent')],
    );
    expect(processes).toEqual({
      consumer: OK,
      'consumer@one:8002': written('consumer@one:8002'),
      'consumer@two:8002': { state: 'unknown', detail: 'silent since 2026-01-15T12:00:00.000000+00:00' },
    });
  });

  it('should take what was written where no answer is given, of any instance that is not silent', () => {
    const rows = [row('consumer@one:8002', 'silent'), row('consumer@two:8002')];
    expect(mergeProcesses([['consumer', NO_ANSWER]], rows)['consumer']).toEqual(written('consumer@two:8002'));
    expect(mergeProcesses([['ingest', NO_ANSWER]], [row('ingest')])).toEqual({ ingest: written('ingest') });
  });

  it('should say that a process does not answer where it is late too, or none of its instances writes', () => {
    expect(mergeProcesses([['ingest', HANGING]], [row('ingest')])).toEqual({ ingest: written('ingest') });
    expect(mergeProcesses([['ingest', HANGING]], [row('ingest', 'late')])).toEqual({ ingest: HANGING });
    expect(mergeProcesses([['ingest', NO_ANSWER]], [row('ingest', 'silent')])).toEqual({ ingest: NO_ANSWER });
    expect(mergeProcesses([['ingest', NO_ANSWER]], [])).toEqual({ ingest: NO_ANSWER });
  });
});
