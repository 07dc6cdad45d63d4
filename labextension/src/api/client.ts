import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { ApiError, Reason } from './errors';
import type { IListing } from './files';
import type * as types from './types';

/**
 * Settings of one request.
 */
interface IRequest {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  body?: object;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Status of an answer that is a part of a file. */
const PARTIAL = 206;

/**
 * The REST interface, typed. Every method rejects with an `ApiError` and with nothing else.
 */
export class ApiClient {
  constructor(settings: ServerConnection.ISettings) {
    this._settings = settings;
  }

  status(signal?: AbortSignal): Promise<types.Status> {
    return this._request('status', { signal });
  }

  volumes(): Promise<types.VolumeList> {
    return this._request('volumes');
  }

  volume(name: string): Promise<types.Volume> {
    return this._request(path('volumes', name));
  }

  createVolume(
    order: types.VolumeOrder,
    signal?: AbortSignal
  ): Promise<types.Volume> {
    return this._request('volumes', { method: 'POST', body: order, signal });
  }

  resizeVolume(
    name: string,
    change: types.VolumeChange,
    signal?: AbortSignal
  ): Promise<types.Volume> {
    return this._request(path('volumes', name), {
      method: 'PATCH',
      body: change,
      signal
    });
  }

  planDeleteVolume(
    name: string,
    signal?: AbortSignal
  ): Promise<types.DeletePlan> {
    return this._request(path('volumes', name), {
      method: 'DELETE',
      query: { dry_run: 'true' },
      signal
    });
  }

  deleteVolume(
    name: string,
    confirm: string,
    uid: string,
    signal?: AbortSignal
  ): Promise<void> {
    return this._request(path('volumes', name), {
      method: 'DELETE',
      query: { confirm, uid },
      signal
    });
  }

  cloneVolume(
    name: string,
    order: types.CloneOrder,
    signal?: AbortSignal
  ): Promise<types.Operation> {
    return this._request(path('volumes', name, 'clones'), {
      method: 'POST',
      body: order,
      signal
    });
  }

  /** Snapshots of one volume, or of the whole namespace; the newest first. */
  snapshots(volume = ''): Promise<types.SnapshotList> {
    return this._request(
      volume ? path('volumes', volume, 'snapshots') : 'snapshots'
    );
  }

  snapshot(name: string): Promise<types.Snapshot> {
    return this._request(path('snapshots', name));
  }

  createSnapshot(
    volume: string,
    order: types.SnapshotOrder,
    signal?: AbortSignal
  ): Promise<types.Snapshot> {
    return this._request(path('volumes', volume, 'snapshots'), {
      method: 'POST',
      body: order,
      signal
    });
  }

  changeSnapshot(
    name: string,
    change: types.SnapshotChange
  ): Promise<types.Snapshot> {
    return this._request(path('snapshots', name), {
      method: 'PATCH',
      body: change
    });
  }

  planDeleteSnapshot(
    name: string,
    signal?: AbortSignal
  ): Promise<types.DeletePlan> {
    return this._request(path('snapshots', name), {
      method: 'DELETE',
      query: { dry_run: 'true' },
      signal
    });
  }

  deleteSnapshot(
    name: string,
    uid: string,
    signal?: AbortSignal
  ): Promise<void> {
    return this._request(path('snapshots', name), {
      method: 'DELETE',
      query: { uid },
      signal
    });
  }

  /**
   * What a folder of a snapshot holds.
   *
   * @param wait - Seconds after which the answer is what is still waited for.
   */
  files(
    { snapshot, path: folder, match }: IListing,
    wait: number,
    signal?: AbortSignal
  ): Promise<types.FileList | types.Opening> {
    return this._request(path('snapshots', snapshot, 'files'), {
      query: { path: folder, match, wait: String(wait) },
      signal
    });
  }

  /** The beginning of a file of a snapshot, at most so many bytes; it must not be empty. */
  head(
    snapshot: string,
    file: string,
    count: number,
    signal?: AbortSignal
  ): Promise<Uint8Array> {
    return this._fetch(
      path('snapshots', snapshot, 'content'),
      {
        query: { path: file },
        headers: { Range: `bytes=0-${count - 1}` },
        signal
      },
      async response => {
        if (response.status !== PARTIAL) {
          throw refusal(response, decoded(await response.text()));
        }
        return new Uint8Array(await response.arrayBuffer());
      }
    );
  }

  /** Where a browser gets a file of a snapshot from, to save it. */
  contentUrl(snapshot: string, file: string): string {
    return this._url(path('snapshots', snapshot, 'content'), { path: file });
  }

  cloneSnapshot(
    name: string,
    order: types.CloneOrder,
    signal?: AbortSignal
  ): Promise<types.Operation> {
    return this._request(path('snapshots', name, 'clones'), {
      method: 'POST',
      body: order,
      signal
    });
  }

  /** What a restore would change now; changes nothing. */
  planRestore(
    name: string,
    order: types.RestoreOrder,
    signal?: AbortSignal
  ): Promise<types.RestorePlan> {
    return this._request(path('snapshots', name, 'restores'), {
      method: 'POST',
      body: { ...order, dry_run: true },
      signal
    });
  }

  restore(
    name: string,
    order: types.RestoreOrder,
    signal?: AbortSignal
  ): Promise<types.Operation> {
    return this._request(path('snapshots', name, 'restores'), {
      method: 'POST',
      body: { ...order, dry_run: false },
      signal
    });
  }

  operations(): Promise<types.OperationList> {
    return this._request('operations');
  }

  operation(id: string): Promise<types.Operation> {
    return this._request(path('operations', id));
  }

  cancelOperation(id: string): Promise<types.Operation> {
    return this._request(path('operations', id), { method: 'DELETE' });
  }

  undoOperation(id: string): Promise<types.Operation> {
    return this._request(path('operations', id, 'undo'), { method: 'POST' });
  }

  private _request<T>(endpoint: string, request: IRequest = {}): Promise<T> {
    return this._fetch(
      endpoint,
      request,
      async response => answer(response, await response.text()) as T
    );
  }

  /** @param take - Gets out of the answer what is wanted. */
  private async _fetch<T>(
    endpoint: string,
    { method = 'GET', body, query, headers, signal }: IRequest,
    take: (response: Response) => Promise<T>
  ): Promise<T> {
    const init: RequestInit = { method, headers, signal };
    if (body) {
      init.body = JSON.stringify(body);
      init.headers = { ...headers, 'Content-Type': 'application/json' };
    }
    try {
      const response = await ServerConnection.makeRequest(
        this._url(endpoint, query),
        init,
        this._settings
      );
      return await take(response);
    } catch (error) {
      throw signal?.aborted
        ? new ApiError({ reason: Reason.cancelled, message: 'Cancelled' })
        : failure(error);
    }
  }

  private _url(endpoint: string, query?: Record<string, string>): string {
    return (
      URLExt.join(this._settings.baseUrl, 'netapp-jlab', endpoint) +
      (query ? URLExt.objectToQueryString(query) : '')
    );
  }

  private readonly _settings: ServerConnection.ISettings;
}

/** A path of which no part can leave its place. */
function path(...parts: string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

/** The decoded body of a good answer; throws what a bad one says. */
function answer(response: Response, text: string): unknown {
  if (response.status === 204) {
    return undefined;
  }
  const value = decoded(text);
  if (response.ok && value !== undefined) {
    return value;
  }
  throw refusal(response, value);
}

/** JSON decoded; undefined where it is none. */
function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an answer says that is no good one. */
function refusal(response: Response, body: unknown): ApiError {
  if (ApiError.isBody(body)) {
    return new ApiError({ ...body, status: response.status });
  }
  return new ApiError({
    reason: response.status === 404 ? Reason.missing : Reason.unexpected,
    message: `${response.status} ${response.statusText}`.trim(),
    status: response.status
  });
}

function failure(error: unknown): ApiError {
  if (error instanceof ServerConnection.NetworkError) {
    return new ApiError({ reason: Reason.offline, message: error.message });
  }
  return ApiError.from(error);
}
