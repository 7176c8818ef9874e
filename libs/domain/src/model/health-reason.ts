/**
 * Marks a text that `/health` may give as a reason. docs/health.md has the cause and the remedy of each, and a test
 * compares that list with the marked texts: a new reason gets its mark here and its row there.
 */
export function healthReason(texts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return texts.map((text, index) => text + String(values[index] ?? '')).join('');
}
