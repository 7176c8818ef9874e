import type { FastifyInstance } from 'fastify';

/** Which methods each route of the process has, as registered. */
export class RouteTable {
  private readonly methods = new Map<string, Set<string>>();

  /** Must be called before the routes are registered. */
  watch(instance: FastifyInstance): void {
    instance.addHook('onRoute', ({ url, method }) => {
      const methods = this.methods.get(url) ?? new Set();
      for (const name of [method].flat()) methods.add(name);
      this.methods.set(url, methods);
    });
  }

  /** Methods of a path; undefined for a path that is no route (routes with parameters are not looked up). */
  allowed(path: string): readonly string[] | undefined {
    const methods = this.methods.get(path);
    return methods && [...methods, 'OPTIONS'];
  }

  /** Every path with its methods. */
  entries(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.methods;
  }
}
