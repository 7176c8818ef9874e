import type { Stack } from './stack';

/** How a command ended, and what it said on stdout and stderr. */
export interface CommandOutcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a command of the built CLI to its end, with the stack's settings. */
export async function runCli(stack: Stack, ...args: string[]): Promise<CommandOutcome> {
  const process = await stack.launch('cli', {}, args);
  const code = await process.exited();
  return { code, output: process.output };
}
