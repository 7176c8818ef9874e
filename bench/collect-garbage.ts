import { once } from 'node:events';
import { eventually } from '../test/support/app-process';

/** So that what the first has freed is seen to be free by the next. */
const COLLECTIONS = 3;

interface InspectorTarget {
  readonly webSocketDebuggerUrl: string;
}

/** The option with which a process of Node lets {@link collectGarbage} in. */
export function inspectedAt(port: number): string {
  return `--inspect=127.0.0.1:${port}`;
}

/** Makes a process of Node collect its garbage, over its inspector. */
export async function collectGarbage(port: number): Promise<void> {
  const [target] = await eventually('the inspector answers', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`);
    return (await response.json()) as InspectorTarget[];
  });
  if (!target) throw new Error('the inspector has no target');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await once(socket, 'open');
  try {
    for (let id = 1; id <= COLLECTIONS; id += 1) {
      const answer = once(socket, 'message');
      socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
      await answer;
    }
  } finally {
    socket.close();
  }
}
