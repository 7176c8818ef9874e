/** Header names of a dead letter; numbers are plain digits. */
export const DEAD_LETTER_HEADERS = {
  error: 'error',
  field: 'error-field',
  topic: 'source-topic',
  partition: 'source-partition',
  offset: 'source-offset',
  attempts: 'attempts',
  /** Only where the value had to be cut: its length and SHA-256 (hex). */
  originalBytes: 'original-bytes',
  originalSha256: 'original-sha256',
} as const;
