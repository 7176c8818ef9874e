import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { recipes, type Recipe } from './recipes';

function CopyButton({ tool, text }: Recipe): JSX.Element {
  const [said, setSaid] = useState('');
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => {
        setSaid('copied');
      },
      () => {
        setSaid('select the text to copy it');
      },
    );
  };
  return (
    <>
      <button type="button" onClick={copy} aria-label={`Copy for ${tool}`}>
        Copy
      </button>
      <span role="status">{said}</span>
    </>
  );
}

export interface CopyPanelProps {
  readonly address: string;
  /** Whether the tools need a key, which no address has. */
  readonly needsKey: boolean;
}

/** The address of what is on the screen, ready for each tool. */
export function CopyPanel({ address, needsKey }: CopyPanelProps): JSX.Element {
  return (
    <section aria-labelledby="copy-title" class="copy panel">
      <h2 id="copy-title">Read it elsewhere</h2>
      <p>The candles on the screen, as a table that grows:</p>
      {needsKey ? (
        <p class="soft">
          Your key is in none of these: send it as the header X-API-Key, or, from tools that send no headers, put
          &amp;api_key= and the key behind the address.
        </p>
      ) : null}
      <dl>
        {recipes(address).map((recipe) => (
          <div key={recipe.tool}>
            <dt>{recipe.tool}</dt>
            <dd>
              <code tabIndex={0}>{recipe.text}</code>
              <CopyButton {...recipe} key={recipe.text} />
            </dd>
          </div>
        ))}
      </dl>
      <p>
        All routes: <a href="docs">docs</a>. All tables: <a href="bi/datasets.json">datasets.json</a>.
      </p>
    </section>
  );
}
