/** Injection token of the parsed command line. */
export const SIMULATOR_OPTIONS = Symbol('SIMULATOR_OPTIONS');
