import { ServerConnection } from '@jupyterlab/services';
import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import type {
  IChange,
  Operation,
  Permission,
  Snapshot,
  Status,
  Volume
} from '../api/types';
import { API_VERSION, EVENT_SCHEMA } from '../api/types';

export const YES: Permission = { allowed: true, reason: '', hint: '' };

export function no(reason: string, hint = ''): Permission {
  return { allowed: false, reason, hint };
}

export function volume(change: Partial<Volume> = {}): Volume {
  const name = change.name ?? 'workspace';
  return {
    name,
    uid: `uid-${name}`,
    namespace: 'ns',
    phase: 'bound',
    role: 'workspace',
    requested: 10 * 2 ** 30,
    capacity: 10 * 2 ** 30,
    used: 2 ** 30,
    storage_class: 'fast',
    access_modes: ['ReadWriteOnce'],
    driver: 'csi',
    volume_handle: '',
    created_at: '2026-01-01T00:00:00Z',
    source: null,
    note: '',
    mount_path: '',
    pods: null,
    snapshots: 0,
    last_snapshot_at: null,
    message: '',
    can: {
      snapshot: YES,
      clone: YES,
      resize: YES,
      browse: YES,
      restore: YES,
      delete: YES
    },
    ...change
  };
}

export function snapshot(change: Partial<Snapshot> = {}): Snapshot {
  const name = change.name ?? 'snap';
  return {
    name,
    uid: `uid-${name}`,
    namespace: 'ns',
    volume: 'workspace',
    volume_uid: 'uid-workspace',
    stale: false,
    phase: 'ready',
    created_at: '2026-05-01T12:00:00Z',
    cut_at: change.created_at ?? '2026-05-01T12:00:00Z',
    restore_size: 2 ** 30,
    snapshot_class: 'csi',
    note: '',
    author: 'ada',
    origin: null,
    purpose: 'user',
    expires_at: null,
    browsable: true,
    message: '',
    ...change
  };
}

export function operation(change: Partial<Operation> = {}): Operation {
  return {
    id: 'op',
    kind: 'restore',
    state: 'running',
    step: 'Copying files',
    volume: 'workspace',
    snapshot: 'snap',
    source_volume: 'workspace',
    safety_snapshot: '',
    author: 'ada',
    started_at: '2026-05-01T12:00:00Z',
    finished_at: null,
    progress: {
      files_done: 0,
      files_total: null,
      bytes_done: 0,
      bytes_total: null,
      path: ''
    },
    outcome: null,
    message: '',
    hint: '',
    undo_of: '',
    can_cancel: YES,
    can_undo: no('It is not finished.'),
    ...change
  };
}

export function status(change: Partial<Status> = {}): Status {
  return {
    version: '0.1.0',
    api_version: API_VERSION,
    namespace: 'ns',
    server: 'https://kubernetes',
    kubernetes: '1.36',
    account: 'ada',
    user: 'ada',
    read_only: false,
    connected: true,
    workspace: { claim: 'workspace', path: '/home/jovyan', found_by: 'pod' },
    classes: [],
    rights: [],
    problems: [],
    ...change
  };
}

const JSON_TYPE = 'application/json';

type Answer = [status: number, body: unknown];

/**
 * Stands in for the server: answers by "METHOD path", and remembers what it was asked.
 */
export class FakeServer {
  readonly requests: { method: string; path: string; body: string }[] = [];
  readonly routes = new Map<string, () => Answer | Promise<Answer>>();
  isDown = false;

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://server/user/ada/',
    fetch: (input: RequestInfo | URL, init?: RequestInit) =>
      this._fetch(new Request(input, init))
  });

  on(route: string, answer: () => Answer | Promise<Answer>): void {
    this.routes.set(route, answer);
  }

  /** How often a route was asked. */
  count(route: string): number {
    return this.requests.filter(
      ({ method, path }) => `${method} ${path}` === route
    ).length;
  }

  private async _fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = (url.pathname + url.search)
      .replace('/user/ada/netapp-jlab/', '')
      .replace(/[?&]\d+$/, ''); // keeps caches away
    this.requests.push({
      method: request.method,
      path,
      body: await request.text()
    });
    if (request.body && request.headers.get('Content-Type') !== JSON_TYPE) {
      return new Response('', { status: 415 });
    }
    if (this.isDown) {
      throw new TypeError('Failed to fetch');
    }
    const answer = this.routes.get(`${request.method} ${path}`);
    const [code, body] = (await answer?.()) ?? [404, '<html>'];
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new Response(code === 204 ? null : text, { status: code });
  }
}

/**
 * Stands in for the server's event stream.
 */
export class FakeEvents {
  readonly isDisposed = false;
  readonly serverSettings = ServerConnection.makeSettings();
  private readonly _stream = new Signal<this, Event.Emission>(this);

  get manager(): Event.IManager {
    return this as unknown as Event.IManager;
  }

  get stream(): Signal<this, Event.Emission> {
    return this._stream;
  }

  emit(change: Partial<IChange>): void {
    this._stream.emit({ schema_id: EVENT_SCHEMA, ...change });
  }
}

/** Wait until something holds; fails after two seconds. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 2_000;
  while (!holds()) {
    if (Date.now() > deadline) {
      throw new Error(`Never happened: ${holds.toString()}`);
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
