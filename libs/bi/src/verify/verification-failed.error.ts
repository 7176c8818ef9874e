/** What was to be proved does not hold. */
export class VerificationFailedError extends Error {
  readonly code = 'BI.VERIFICATION_FAILED';

  constructor(mismatches: number) {
    super(mismatches === 1 ? 'there is 1 mismatch' : `there are ${mismatches} mismatches`);
    this.name = 'VerificationFailedError';
  }
}
