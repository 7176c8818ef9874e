import type { JSX } from 'preact';

export interface KeyFormProps {
  /** Whether the key that was given does not hold. */
  readonly isRefused: boolean;
  readonly onKey: (key: string) => void;
}

/** Asks for the key that the service wants. */
export function KeyForm({ isRefused, onKey }: KeyFormProps): JSX.Element {
  return (
    <form
      class="key-form"
      onSubmit={(event) => {
        event.preventDefault();
        const key = new FormData(event.currentTarget).get('key');
        if (typeof key === 'string' && key.trim() !== '') onKey(key.trim());
      }}
    >
      <p>This service wants a key. It is kept in this tab alone, and stands in no address.</p>
      {isRefused ? <p role="alert">This key does not hold: it is unknown, expired or revoked.</p> : null}
      <label>
        Key <input name="key" type="password" autocomplete="off" required aria-invalid={isRefused} />
      </label>
      <button type="submit">Use it</button>
    </form>
  );
}
