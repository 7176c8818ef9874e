/** A message that breaks its contract: its own fault, never the sink's. Names the field, the value and what is allowed. */
export class ContractViolationError extends Error {
  readonly code = 'EVENT.CONTRACT_VIOLATION';

  constructor(
    readonly field: string,
    readonly value: unknown,
    readonly allowed: string,
  ) {
    super(`${field}: ${describe(value)} is not allowed; expected ${allowed}`);
    this.name = 'ContractViolationError';
  }
}

function describe(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
