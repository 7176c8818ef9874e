import type { JSX } from 'preact';
import { splitZeros } from './split-zeros';

/** Every digit that the service gave, with the zeros at the end drawn softly. */
export function PriceText({ text }: { readonly text: string }): JSX.Element {
  const [digits, zeros] = splitZeros(text);
  return (
    <>
      {digits}
      <span class="zeros">{zeros}</span>
    </>
  );
}

/** The exchange's own percent, with the sign that it leaves out. */
export function ChangeText({ text }: { readonly text: string | undefined }): JSX.Element | null {
  if (text === undefined) return null;
  const isZero = /^-?0*\.?0*$/.test(text);
  const direction = isZero ? '' : text.startsWith('-') ? 'down' : 'up';
  return (
    <span class={`change ${direction}`}>
      {direction === 'up' ? '+' : ''}
      {text} %
    </span>
  );
}
