import { ExchangeError, type EpochMicros } from '@app/domain';
import type { RefusalFailure } from './transport/answer-verdict';

/** The exchange read the request and said no: an answer, too, with its time and origin. */
export class RefusalError extends ExchangeError {
  constructor(
    failure: RefusalFailure,
    message: string,
    readonly receivedAt: EpochMicros,
    readonly origin: string,
  ) {
    super(failure, message);
    this.name = 'RefusalError';
  }
}
