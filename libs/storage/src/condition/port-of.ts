/** A port whose methods all answer later, as those of stores do. */
type Asynchronous = Readonly<Record<string, (...input: never[]) => Promise<unknown>>>;

/**
 * The port of a store that may be closed and opened again: each call goes to what `current` gives at that moment. What it
 * throws, and what the call fails with, is the failure of the call, as `explain` tells it.
 */
export function portOf<Port extends object>(
  { prototype }: { readonly prototype: Port },
  current: () => Port,
  explain: (error: unknown) => unknown,
): Port {
  const port = Object.create(prototype) as Port;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name === 'constructor' || typeof value !== 'function') continue;
    const call = async (...input: never[]): Promise<unknown> => {
      try {
        return await (current() as unknown as Asynchronous)[name]?.(...input);
      } catch (error) {
        throw explain(error);
      }
    };
    Object.defineProperty(port, name, { value: call });
  }
  return port;
}
