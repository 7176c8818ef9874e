import { Worker } from 'node:worker_threads';

const MAX_OLD_GENERATION_MB = 64;

/**
 * Starts a thread that prints nothing by itself: Node has a listener for warnings in every thread, and writes them as plain
 * text. What the thread says becomes a warning of the process, which says it as it does all others. It gets none of the
 * options of Node either: a module that is loaded before the process would be loaded again for each thread.
 */
export function startThread(module: string, workerData: unknown): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: MAX_OLD_GENERATION_MB };
  const worker = new Worker(module, { workerData, resourceLimits, execArgv: [], stderr: true });
  worker.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.emitWarning(text.trimEnd(), 'ThreadWarning');
  });
  return worker;
}
