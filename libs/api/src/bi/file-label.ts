/** The symbols as part of a file name: one by its name where that is ASCII, several by their number. */
export function symbolsLabel(symbols: readonly string[]): string {
  const [only] = symbols;
  return symbols.length === 1 && only && /^[A-Z0-9][A-Z0-9_.-]*$/.test(only) ? only : `${symbols.length}_symbols`;
}
