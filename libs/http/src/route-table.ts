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

  /** Methods of a path; undefined for a path that is no route. */
  allowed(path: string): readonly string[] | undefined {
    const methods = this.methods.get(path) ?? this.withParameters(path);
    return methods && [...methods, 'OPTIONS'];
  }

  /** Methods of a route with parameters, each of which stands for one part of a path. */
  private withParameters(path: string): ReadonlySet<string> | undefined {
    const parts = path.split('/');
    for (const [route, methods] of this.methods) {
      if (!route.includes('/:')) continue;
      const names = route.split('/');
      const fits =
        names.length === parts.length && names.every((name, at) => name.startsWith(':') || name === parts[at]);
      if (fits) return methods;
    }
    return undefined;
  }

  /** Every path with its methods. */
  entries(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.methods;
  }
}
