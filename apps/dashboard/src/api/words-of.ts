/** What went wrong, for a person. */
export function wordsOf(error: unknown): string {
  if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) {
    return 'The service does not answer. This page goes on asking.';
  }
  return error instanceof Error ? error.message : String(error);
}
