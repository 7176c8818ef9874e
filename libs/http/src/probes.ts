/** Routes that machines ask all the time, and restart a process for that does not answer. */
export const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);
