import type { Event, ServerConnection } from '@jupyterlab/services';
import { VDomModel } from '@jupyterlab/ui-components';
import { Debouncer, Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { ApiClient } from '../api/client';
import { ApiError, Reason } from '../api/errors';
import type {
  IChange,
  Operation,
  Snapshot,
  Status,
  Volume,
  VolumeList
} from '../api/types';
import { API_VERSION, EVENT_SCHEMA } from '../api/types';
import type { IHistory, IVolumesModel } from '../tokens';
import { ORPHANS } from '../tokens';
import { Fetcher } from './fetcher';
import { Hints } from './hints';
import { Histories } from './histories';
import { without, withVolume } from './lists';
import { Operations } from './operations';

/** How long hints are collected before the model looks again; milliseconds. */
const DEBOUNCE = 150;

/** How often the model looks while something is under way or wrong; milliseconds. */
const BUSY_INTERVAL = 5_000;

/**
 * The model of the panel: fetched on first use, then led by the server's events.
 */
export class VolumesModel extends VDomModel implements IVolumesModel {
  constructor(options: VolumesModel.IOptions) {
    super();
    this.api = new ApiClient(options.serverSettings);
    this._events = options.events;
    this._histories = new Histories(this.api, this._onHistory.bind(this));
    this._operations = new Operations(this.api, this._onOperations.bind(this));
    this._debouncer = new Debouncer(() => this._follow(), DEBOUNCE);
    this._poll = new Poll({
      auto: false,
      name: 'netapp-jlab:volumes',
      factory: () => this._look(),
      standby: () => (this._isVisible || this._isBusy ? 'when-hidden' : true)
    });
    this.pollInterval = options.pollInterval ?? 60_000;
  }

  readonly api: ApiClient;

  get isLoaded(): boolean {
    return this._isLoaded;
  }

  get error(): ApiError | null {
    return this._error;
  }

  get status(): Status | null {
    return this._status;
  }

  get volumes(): readonly Volume[] {
    return this._volumes;
  }

  get operations(): readonly Operation[] {
    return this._operations.items;
  }

  get workspace(): Volume | null {
    return this._volumes.find(({ role }) => role === 'workspace') ?? null;
  }

  get staleSince(): Date | null {
    return this._staleSince;
  }

  get revision(): number {
    return this._revision;
  }

  get operationChanged(): ISignal<this, Operation> {
    return this._operationChanged;
  }

  get snapshotSettled(): ISignal<this, Snapshot> {
    return this._snapshotSettled;
  }

  /** Milliseconds between looks while all is well and nothing is under way. */
  get pollInterval(): number {
    return this._pollInterval;
  }
  set pollInterval(value: number) {
    this._pollInterval = value;
    this._adapt();
  }

  /** Whether somebody sees what this model holds; the poll rests otherwise. */
  get isVisible(): boolean {
    return this._isVisible;
  }
  set isVisible(value: boolean) {
    const appeared = value && !this._isVisible;
    this._isVisible = value;
    if (appeared && this._startup) {
      void this._poll.refresh();
    }
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._poll.dispose();
    this._debouncer.dispose();
    this._events.stream.disconnect(this._onEvent, this);
    super.dispose();
    Signal.clearData(this);
  }

  start(): Promise<void> {
    if (!this._startup) {
      this._events.stream.connect(this._onEvent, this);
      this._startup = this._look()
        .catch(() => undefined)
        .then(() =>
          this._poll.schedule({
            interval: this._poll.frequency.interval,
            phase: 'started'
          })
        );
    }
    return this._startup;
  }

  async refresh(): Promise<void> {
    await this.start();
    this._statusIsOld = true;
    await Promise.allSettled([this._look(), this._histories.reload()]);
  }

  volume(name: string): Volume | null {
    return this._volumes.find(volume => volume.name === name) ?? null;
  }

  snapshot(name: string): Snapshot | null {
    return this._histories.find(entry => entry.name === name);
  }

  snapshotByUid(uid: string): Snapshot | null {
    return this._histories.find(entry => entry.uid === uid);
  }

  history(uid: string): IHistory | null {
    return this._histories.get(uid);
  }

  loadHistory(uid: string): Promise<void> {
    const name = this._volumes.find(volume => volume.uid === uid)?.name;
    return name ? this._histories.load(uid, name) : Promise.resolve();
  }

  loadOrphans(): Promise<void> {
    return this._histories.load(ORPHANS, '');
  }

  loadAllHistories(): Promise<void> {
    return this._histories.loadAll(this._volumes);
  }

  putVolume(volume: Volume): void {
    this._volumesFetch.outdate();
    this._lastList = '';
    this._setVolumes(withVolume(this._volumes, volume));
  }

  putSnapshot(snapshot: Snapshot): void {
    this._histories.put(snapshot);
    this._hint({ kind: 'volume', name: snapshot.volume });
  }

  putOperation(operation: Operation): void {
    this._operations.put(operation);
  }

  dropVolume(name: string): void {
    this._volumesFetch.outdate();
    this._lastList = '';
    this._setVolumes(without(this._volumes, name));
  }

  dropSnapshot(snapshot: Snapshot): void {
    this._histories.drop(snapshot.name);
    this._hint({ kind: 'volume', name: snapshot.volume });
  }

  /** Fetch what may have changed without an event having said so. */
  private async _look(): Promise<void> {
    try {
      const status = this._statusIsOld
        ? this._statusFetch.run()
        : Promise.resolve();
      const rest = Promise.all([
        this._volumesFetch.run(),
        this._operations.load(),
        this._histories.settle()
      ]);
      rest.catch(() => undefined); // the status explains more, so it is awaited first
      await status;
      await rest;
      this._fail(null);
    } catch (error) {
      this._fail(ApiError.from(error));
      throw error;
    }
  }

  private _fail(error: ApiError | null): void {
    const wasWrong = this._error !== null;
    this._statusIsOld = error !== null || !this._status?.connected;
    this._error = error;
    if (wasWrong && error === null) {
      void this._histories.reload();
    }
    if (wasWrong || error !== null) {
      this._changed();
    }
  }

  private _takeStatus(status: Status): void {
    this._status = status;
    this._changed();
    if (status.api_version !== API_VERSION) {
      throw new ApiError({
        reason: Reason.version,
        message: `${status.api_version} ≠ ${API_VERSION}`
      });
    }
  }

  private _takeVolumes(list: VolumeList): void {
    const text = JSON.stringify(list);
    if (text === this._lastList) {
      return; // most looks find nothing new, and nothing is to be drawn anew for them
    }
    this._lastList = text;
    this._isLoaded = true;
    this._staleSince = list.stale_since ? new Date(list.stale_since) : null;
    this._setVolumes(list.items);
    this._histories.compare(list.items);
  }

  private _setVolumes(volumes: readonly Volume[]): void {
    const uids = new Set(volumes.map(({ uid }) => uid));
    this._volumes
      .filter(({ uid }) => !uids.has(uid))
      .forEach(volume => this._histories.orphan(volume));
    this._volumes = volumes;
    this._changed();
  }

  private _onOperations(changed: readonly Operation[]): void {
    this._changed();
    changed.forEach(operation => this._operationChanged.emit(operation));
  }

  private _onHistory(settled: Snapshot | null): void {
    this._changed();
    if (settled) {
      this._snapshotSettled.emit(settled);
    }
  }

  private _onEvent(_: Event.IManager, event: Event.Emission): void {
    if (event.schema_id === EVENT_SCHEMA) {
      this._hint(event as unknown as IChange);
    }
  }

  private _hint(change: Partial<IChange>): void {
    if (this.isDisposed || !this._startup) {
      return;
    }
    this._hints.add(change);
    void this._debouncer.invoke();
  }

  /** Fetch just what the collected hints name. */
  private async _follow(): Promise<void> {
    const hints = this._hints.take();
    if (hints.everything) {
      await this.refresh();
      return;
    }
    hints.goneVolumes.forEach(name => this.dropVolume(name));
    hints.goneSnapshots.forEach(name => this._histories.drop(name));
    this._operations.drop(hints.goneOperations);
    await Promise.allSettled([
      ...(hints.volumes?.map(name => this._followVolume(name)) ?? [
        this._volumesFetch.run()
      ]),
      ...(hints.operations?.map(id => this._operations.loadOne(id)) ?? [
        this._operations.load()
      ]),
      this._histories.follow(hints)
    ]);
  }

  private async _followVolume(name: string): Promise<void> {
    try {
      this.putVolume(await this.api.volume(name));
    } catch (error) {
      if (ApiError.from(error).reason === 'NotFound') {
        this.dropVolume(name);
      }
    }
  }

  private get _isBusy(): boolean {
    return (
      this._histories.isPending ||
      this._operations.isRunning ||
      this._volumes.some(({ phase }) => phase !== 'bound')
    );
  }

  private _changed(): void {
    if (!this.isDisposed) {
      this._revision += 1;
      this._adapt();
      this.stateChanged.emit();
    }
  }

  /** Look often while something is under way or wrong. */
  private _adapt(): void {
    const hurried =
      this._isBusy || this._error !== null || this._staleSince !== null;
    const interval = hurried
      ? Math.min(BUSY_INTERVAL, this._pollInterval)
      : this._pollInterval;
    this._poll.frequency = {
      interval,
      backoff: true,
      max: Math.max(interval, this._pollInterval)
    };
  }

  private readonly _statusFetch = new Fetcher(
    () => this.api.status(),
    status => this._takeStatus(status)
  );
  private readonly _volumesFetch = new Fetcher(
    () => this.api.volumes(),
    list => this._takeVolumes(list)
  );
  private readonly _events: Event.IManager;
  private readonly _histories: Histories;
  private readonly _operations: Operations;
  private readonly _hints = new Hints();
  private readonly _debouncer: Debouncer<void>;
  private readonly _poll: Poll;
  private readonly _operationChanged = new Signal<this, Operation>(this);
  private readonly _snapshotSettled = new Signal<this, Snapshot>(this);
  private _startup: Promise<void> | null = null;
  private _isLoaded = false;

  /** The list as it was fetched; empty once something else is known. */
  private _lastList = '';
  private _isVisible = false;
  private _statusIsOld = true;
  private _error: ApiError | null = null;
  private _status: Status | null = null;
  private _volumes: readonly Volume[] = [];
  private _staleSince: Date | null = null;
  private _pollInterval = 60_000;
  private _revision = 0;
}

export namespace VolumesModel {
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
    events: Event.IManager;

    /** Milliseconds; a minute by default. */
    pollInterval?: number;
  }
}
