/**
 * Whether work that was handed the signal is to end, asked anew: once `signal.aborted` has been looked at, the type checker
 * takes it to stay as it was, across every await.
 */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
