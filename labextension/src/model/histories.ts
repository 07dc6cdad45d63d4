import type { ApiClient } from '../api/client';
import { ApiError } from '../api/errors';
import type { Snapshot, SnapshotList, Volume } from '../api/types';
import type { IHistory } from '../tokens';
import { ORPHANS } from '../tokens';
import { Fetcher } from './fetcher';
import type { IHinted } from './hints';
import { without, withSnapshot } from './lists';

/**
 * The snapshots of those volumes that somebody looked at, by the uid of the volume.
 */
export class Histories {
  /**
   * @param api - Where they come from.
   * @param onChange - Called after a change; with a snapshot if one is no longer pending.
   */
  constructor(api: ApiClient, onChange: (settled: Snapshot | null) => void) {
    this._api = api;
    this._onChange = onChange;
  }

  /** Whether a snapshot that was asked for here is not cut yet. */
  get isPending(): boolean {
    return this._pending.size > 0;
  }

  get(uid: string): IHistory | null {
    return this._entries.get(uid)?.history ?? null;
  }

  find(matches: (snapshot: Snapshot) => boolean): Snapshot | null {
    for (const { history } of this._entries.values()) {
      const found = history.items.find(matches);
      if (found) {
        return found;
      }
    }
    return [...this._pending.values()].find(matches) ?? null;
  }

  /** Fetch the snapshots of a volume; of all volumes that are gone, if the uid is `ORPHANS`. */
  load(uid: string, volume: string): Promise<void> {
    const entry = this._entries.get(uid) ?? this._open(uid, volume);
    return this._run(entry);
  }

  /** Fetch the snapshots of all these volumes at once, to search in them. */
  async loadAll(volumes: readonly Volume[]): Promise<void> {
    const missing = volumes.filter(
      ({ uid, snapshots }) => snapshots > 0 && !this._entries.has(uid)
    );
    if (missing.length === 0) {
      return;
    }
    const opened = missing.map(({ uid, name }) => this._open(uid, name));
    try {
      const { items } = await this._api.snapshots();
      const byVolume = groupBy(items, ({ volume_uid }) => volume_uid);
      missing.forEach(({ uid }, index) =>
        this._accept(opened[index]!, uid, { items: byVolume.get(uid) ?? [] })
      );
    } catch {
      await Promise.all(opened.map(entry => this._run(entry)));
    }
  }

  /** Fetch again whatever was fetched. */
  async reload(): Promise<void> {
    await Promise.all(
      [...this._entries.values()].map(entry => this._run(entry))
    );
  }

  /** Fetch again what the hints name. */
  async follow({ snapshots }: IHinted): Promise<void> {
    if (snapshots === null) {
      await Promise.all([this.reload(), this.settle()]);
      return;
    }
    const known = [...snapshots].flatMap(([volume, names]) => {
      const isOpen = [...this._entries.values()].some(
        ({ name }) => name === volume
      );
      return names.filter(name => isOpen || this._isKnown(name));
    });
    await Promise.all(known.map(name => this._fetchOne(name)));
  }

  /** Look at the pending ones, whose event may have been missed. */
  async settle(): Promise<void> {
    const pending = [...this._pending.values()];
    const unlisted = pending.filter(snapshot => !this._entryOf(snapshot));
    const listed = new Set(pending.map(snapshot => this._entryOf(snapshot)));
    await Promise.all([
      ...unlisted.map(({ name }) => this._fetchOne(name)),
      ...[...listed].map(entry => entry && this._run(entry))
    ]);
  }

  /** Fetch the histories of those volumes of which the list says something else. */
  compare(volumes: readonly Volume[]): void {
    for (const volume of volumes) {
      const entry = this._entries.get(volume.uid);
      if (
        entry &&
        !entry.fetcher.isRunning &&
        !entry.history.loading &&
        entry.history.items.length !== volume.snapshots
      ) {
        void this._run(entry);
      }
    }
  }

  /** A volume is gone: its snapshots, if any are left, belong to the orphans. */
  orphan({ uid }: Volume): void {
    this._entries.delete(uid);
    for (const [pending, { volume_uid }] of this._pending) {
      if (volume_uid === uid) {
        this._pending.delete(pending);
      }
    }
    const orphans = this._entries.get(ORPHANS);
    if (orphans) {
      void this._run(orphans);
    }
  }

  put(snapshot: Snapshot): void {
    const entry = this._entryOf(snapshot);
    if (entry) {
      entry.fetcher.outdate();
      this._show(entry, {
        items: withSnapshot(entry.history.items, snapshot)
      });
    }
    this._onChange(this._settled(snapshot));
  }

  drop(name: string): void {
    for (const entry of this._entries.values()) {
      const items = without(entry.history.items, name);
      if (items !== entry.history.items) {
        entry.fetcher.outdate();
        this._show(entry, { items });
      }
    }
    const pending = this._pending.get(name);
    this._pending.delete(name);
    this._onChange(pending ? { ...pending, phase: 'deleting' } : null);
  }

  private _open(uid: string, name: string): IEntry {
    const entry: IEntry = {
      name,
      history: { items: [], loading: true, error: null },
      fetcher: new Fetcher<SnapshotList>(
        () => this._api.snapshots(name),
        list => this._accept(entry, uid, list)
      )
    };
    this._entries.set(uid, entry);
    this._onChange(null);
    return entry;
  }

  private async _run(entry: IEntry): Promise<void> {
    try {
      await entry.fetcher.run();
    } catch (error) {
      this._show(entry, { loading: false, error: ApiError.from(error) });
      this._onChange(null);
    }
  }

  private _accept(
    entry: IEntry,
    uid: string,
    { items }: Pick<SnapshotList, 'items'>
  ): void {
    this._show(entry, {
      items: uid === ORPHANS ? items.filter(({ stale }) => stale) : items,
      loading: false,
      error: null
    });
    const settled = items.map(snapshot => this._settled(snapshot));
    this._onChange(null);
    settled.filter(snapshot => snapshot !== null).forEach(this._onChange);
  }

  private async _fetchOne(name: string): Promise<void> {
    try {
      this.put(await this._api.snapshot(name));
    } catch (error) {
      if (ApiError.from(error).reason === 'NotFound') {
        this.drop(name);
      }
    }
  }

  /** Keep track of what is pending; returns the snapshot if it just ceased to be. */
  private _settled(snapshot: Snapshot): Snapshot | null {
    if (snapshot.phase === 'pending') {
      this._pending.set(snapshot.name, snapshot);
      return null;
    }
    return this._pending.delete(snapshot.name) ? snapshot : null;
  }

  private _isKnown(name: string): boolean {
    return (
      this._entries.has(ORPHANS) ||
      this.find(snapshot => snapshot.name === name) !== null
    );
  }

  private _entryOf({ stale, volume_uid }: Snapshot): IEntry | undefined {
    return this._entries.get(stale ? ORPHANS : volume_uid);
  }

  private _show(entry: IEntry, change: Partial<IHistory>): void {
    entry.history = { ...entry.history, ...change };
  }

  private readonly _api: ApiClient;
  private readonly _onChange: (settled: Snapshot | null) => void;
  private readonly _entries = new Map<string, IEntry>();
  private readonly _pending = new Map<string, Snapshot>();
}

function groupBy<T>(
  items: readonly T[],
  keyOf: (item: T) => string
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) {
      group.push(item);
    } else {
      groups.set(key, [item]);
    }
  }
  return groups;
}

interface IEntry {
  /** Name of the volume; empty for all that are gone. */
  readonly name: string;
  readonly fetcher: Fetcher<SnapshotList>;
  history: IHistory;
}
