/** An answer that is JSON but not what the route gives. */
export class MalformedAnswerError extends Error {
  readonly code = 'EXCHANGE.MALFORMED_ANSWER';

  constructor(message: string) {
    super(message);
    this.name = 'MalformedAnswerError';
  }
}
