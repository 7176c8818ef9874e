/** Compressed bytes that are not what their codec writes, or more than a process can hold. */
export class CompressionError extends Error {
  readonly code = 'KAFKA.COMPRESSION';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CompressionError';
  }
}
