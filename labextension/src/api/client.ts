import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { ApiError, Reason } from './errors';
import type * as types from './types';

/**
 * Settings of one request.
 */
interface IRequest {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  body?: object;
  query?: Record<string, string>;
  signal?: AbortSignal;
}

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

  private async _request<T>(
    endpoint: string,
    { method = 'GET', body, query, signal }: IRequest = {}
  ): Promise<T> {
    const url =
      URLExt.join(this._settings.baseUrl, 'netapp-jlab', endpoint) +
      (query ? URLExt.objectToQueryString(query) : '');
    const init: RequestInit = { method, signal };
    if (body) {
      init.body = JSON.stringify(body);
      init.headers = { 'Content-Type': 'application/json' };
    }
    try {
      const response = await ServerConnection.makeRequest(
        url,
        init,
        this._settings
      );
      const text = await response.text();
      return answer(response, text) as T;
    } catch (error) {
      throw signal?.aborted
        ? new ApiError({ reason: Reason.cancelled, message: 'Cancelled' })
        : failure(error);
    }
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
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (response.ok && value !== undefined) {
    return value;
  }
  if (ApiError.isBody(value)) {
    throw new ApiError({ ...value, status: response.status });
  }
  throw new ApiError({
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
