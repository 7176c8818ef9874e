import type { JSX } from 'preact';
import type { Health } from '../api/types';

export interface HealthProps {
  /** Undefined before the first answer. */
  readonly health: Health | 'silent' | undefined;
}

const WORDS = { ok: 'recorder ok', degraded: 'recorder degraded', silent: 'no answer from the recorder' } as const;

/** How the recorder does, in a word. */
export function HealthMark({ health }: HealthProps): JSX.Element {
  const state = typeof health === 'object' ? health.status : health;
  return (
    <p class={`mark ${state ?? 'waiting'}`} role="status">
      {state === undefined ? 'asking the recorder ...' : WORDS[state]}
    </p>
  );
}

/** What of the platform is degraded, in words; nothing where there is nothing to say. */
export function HealthNotice({ health }: HealthProps): JSX.Element {
  const { status, reasons } = typeof health === 'object' ? health : { status: 'ok', reasons: [] };
  return (
    <div role="status">
      {reasons.length === 0 ? null : (
        <div class={`health ${status}`}>
          <p>{status === 'ok' ? 'The recorder is well, but:' : 'The recorder is degraded:'}</p>
          <ul>
            {reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** Where the prices come from, for whoever cannot know that they are not real. */
export function OriginMark({ health }: HealthProps): JSX.Element | null {
  const origin = typeof health === 'object' ? health.storage.origin : null;
  if (origin === null) return null;
  const [kind = ''] = origin.split(':');
  const words: Readonly<Record<string, string>> = {
    binance: 'Binance spot',
    simulator: 'simulated exchange: these prices are made up',
    recording: 'recorded files, played again',
  };
  return <p class="origin">{words[kind] ?? origin}</p>;
}
