import type { IncomingMessage } from 'node:http';
import type { ApiKey } from '@app/domain';
import { clientName } from '../client-address';
import type { HttpOptions } from '../http-options';
import { credentialsOf } from './credentials';
import type { KeyRing } from './key-ring';

/** What is wrong with the keys of a request. */
export type KeyFault = 'unknown' | 'contradictory' | 'not readable';

/** Who sent a request, for all that is counted by client. */
export interface Caller {
  /** The key's name, else the address; an IPv6 customer's is a network. */
  readonly client: string;
  /** Requests in a window. */
  readonly limit: number;
  readonly key: ApiKey | undefined;
  readonly fault: KeyFault | undefined;
}

const CALLER = Symbol('caller');

/** Tells who sent a request: the client that its key stands for, else the one of its address. */
export class Callers {
  /** Without a ring a process takes no keys: nobody is told anything about them. */
  constructor(
    private readonly options: Pick<HttpOptions, 'throttleLimit' | 'throttleKeyLimit' | 'trustProxyHops'>,
    private readonly ring: KeyRing | undefined,
  ) {}

  /** The same for as long as the request lasts. */
  of(request: IncomingMessage & { [CALLER]?: Caller | undefined }): Caller {
    return (request[CALLER] ??= this.identify(request));
  }

  /** Whether the key of a caller still holds; true for one without. */
  holds({ key }: Caller): boolean {
    return key === undefined || this.ring?.holds(key) === true;
  }

  private identify(request: IncomingMessage): Caller {
    const { keys } = credentialsOf(request);
    const [text] = keys;
    if (text === undefined || !this.ring) return this.byAddress(request, undefined);
    if (keys.length > 1) return this.byAddress(request, 'contradictory');
    const key = this.ring.find(text);
    if (!key) return this.byAddress(request, this.ring.storeFault ? 'not readable' : 'unknown');
    // No address looks like it.
    const client = `key ${key.name}`;
    return { client, limit: key.requestLimit ?? this.options.throttleKeyLimit, key, fault: undefined };
  }

  private byAddress(request: IncomingMessage, fault: KeyFault | undefined): Caller {
    const { throttleLimit, trustProxyHops } = this.options;
    return { client: clientName(request, trustProxyHops), limit: throttleLimit, key: undefined, fault };
  }
}
