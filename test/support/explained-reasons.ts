import { page } from './markdown';

/** Stands for what differs from one time to the next. */
export const ANYTHING = '<>';
/** Where docs/health.md cuts a text short. */
const CUT = '…';

let patterns: readonly RegExp[] | undefined;

/** The reasons that docs/health.md explains, some cut short. */
export function explainedReasons(): string[] {
  return [...page('docs/health.md').matchAll(/^\| (`+) ?(.+?) ?\1 +\|/gm)].map(([, , reason = '']) =>
    reason.replace(/<[^<>]+>/g, ANYTHING),
  );
}

export function explains(explained: string, text: string): boolean {
  return explained.endsWith(CUT) ? text.startsWith(explained.slice(0, -CUT.length)) : text === explained;
}

/** Whatever a test asks of `/health`: @throws when it gives a reason that docs/health.md does not explain */
export function assertExplained(health: unknown): void {
  const { reasons } = (health ?? {}) as { readonly reasons?: unknown };
  if (!Array.isArray(reasons)) return;
  patterns ??= explainedReasons().map(patternOf);
  for (const reason of reasons as string[]) {
    if (!patterns.some((pattern) => pattern.test(reason)))
      throw new Error(`docs/health.md does not explain: ${reason}`);
  }
}

function patternOf(explained: string): RegExp {
  const parts = (explained.endsWith(CUT) ? explained.slice(0, -CUT.length) : explained).split(ANYTHING);
  return new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*'), 's');
}
