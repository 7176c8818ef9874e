/** A decimal in two: what it says, and the zeros at its end, with the point where nothing stands behind it. */
export function splitZeros(text: string): readonly [digits: string, zeros: string] {
  const zeros = /(?<=\.\d*[1-9])0+$|\.0+$/.exec(text)?.[0] ?? '';
  return [text.slice(0, text.length - zeros.length), zeros];
}
