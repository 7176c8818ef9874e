import { eventually } from './app-process';
import { FAULT_NOTICE_SECONDS } from './randomness';

/** In which a fault has to be told. */
export const NOTICE_LIMIT_MS = FAULT_NOTICE_SECONDS * 1_000;

/** What a process answers to `/readyz`: that it is ready, that it is not, or either of them. */
export type Readiness = boolean | 'either';

function matches(text: string, pattern: string | RegExp): boolean {
  return typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text);
}

/**
 * Waits until `/readyz` of a process answers so, and gives a reason.
 * @param check - called before each question; may end the wait by an error
 */
export async function readiness(
  url: string,
  wanted: Readiness,
  reason: string | RegExp = '',
  limitMs?: number,
  check: () => void = () => undefined,
): Promise<void> {
  const probe = async (): Promise<true> => {
    check();
    const response = await fetch(`${url}/readyz`);
    const text = await response.text();
    if ((wanted === 'either' || response.ok === wanted) && matches(text, reason)) return true;
    throw new Error(text);
  };
  const words = wanted === 'either' ? 'ready or not' : `${wanted ? '' : 'not '}ready`;
  await eventually(`${url} is ${words}, ${String(reason)}`, probe, limitMs);
}
