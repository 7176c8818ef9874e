import type { JSX } from 'preact';
import type { Health } from '../api/types';

/** What of the platform is degraded, in words. */
export function HealthNotice({ health }: { readonly health: Health | undefined }): JSX.Element {
  const reasons = health?.reasons ?? [];
  return (
    <div class={`health ${health?.status ?? 'unknown'}`} role="status">
      {health === undefined ? (
        <p>Asking how the recorder does ...</p>
      ) : health.status === 'ok' && reasons.length === 0 ? (
        <p>The recorder is well.</p>
      ) : (
        <>
          <p>{health.status === 'ok' ? 'The recorder is well, but:' : 'The recorder is degraded:'}</p>
          <ul>
            {reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
