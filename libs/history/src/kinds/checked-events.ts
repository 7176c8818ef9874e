import { checkEvent, ContractViolationError, UnitRejectedError, type CheckedEvent, type EventKind } from '@app/domain';

/** Checks all values against their contract. @throws UnitRejectedError naming every one that breaks it */
export function checkedEvents(kind: EventKind, values: readonly string[]): CheckedEvent[] {
  const rejected: { index: number; violation: ContractViolationError }[] = [];
  const events: CheckedEvent[] = [];
  for (const [index, value] of values.entries()) {
    try {
      events.push(checkEvent(kind, value));
    } catch (error) {
      if (!(error instanceof ContractViolationError)) throw error;
      rejected.push({ index, violation: error });
    }
  }
  if (rejected.length > 0) throw new UnitRejectedError(rejected);
  return events;
}
