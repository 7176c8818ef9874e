import { CommandRunner } from 'nest-commander';

/** What a process ends with when the question was wrong. */
export const USAGE_EXIT_CODE = 2;

/** Ends the process when commander has printed its message, or the help that was asked for. */
export function endAfterMessage(error: Error): never {
  const { exitCode } = error as Error & { exitCode?: number };
  process.exit(exitCode === 0 ? 0 : USAGE_EXIT_CODE);
}

/**
 * A command; commander tells only the outermost of them how to end, and would end the others with 1. An argument that a
 * command does not have is refused: it may be an option without its dashes.
 */
export abstract class CliCommand extends CommandRunner {
  override setCommand(command: Parameters<CommandRunner['setCommand']>[0]): this {
    return super.setCommand(command.exitOverride(endAfterMessage).allowExcessArguments(false));
  }
}
