import type { JSX } from 'preact';

/** Asks for the key that the service wants. */
export function KeyForm({ onKey }: { readonly onKey: (key: string) => void }): JSX.Element {
  return (
    <form
      class="key-form"
      onSubmit={(event) => {
        event.preventDefault();
        const key = new FormData(event.currentTarget).get('key');
        if (typeof key === 'string' && key !== '') onKey(key.trim());
      }}
    >
      <p>This service wants a key. It is kept in this tab alone.</p>
      <label>
        Key <input name="key" type="password" autocomplete="off" required />
      </label>
      <button type="submit">Use it</button>
    </form>
  );
}
