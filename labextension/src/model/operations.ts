import type { ApiClient } from '../api/client';
import type { Operation, OperationList } from '../api/types';
import { Fetcher } from './fetcher';
import { isRunning, withOperation } from './lists';

/**
 * The operations of the namespace, the newest first.
 */
export class Operations {
  /**
   * @param api - Where they come from.
   * @param onChange - Called after a change, with those that are not as they were.
   */
  constructor(
    api: ApiClient,
    onChange: (changed: readonly Operation[]) => void
  ) {
    this._api = api;
    this._onChange = onChange;
    this._fetcher = new Fetcher(
      () => api.operations(),
      ({ items }) => this._take(items)
    );
  }

  get items(): readonly Operation[] {
    return this._items;
  }

  /** Whether one is still to end. */
  get isRunning(): boolean {
    return this._items.some(isRunning);
  }

  load(): Promise<void> {
    return this._fetcher.run();
  }

  /** Fetch one; all of them, if that is not to be had. */
  async loadOne(id: string): Promise<void> {
    try {
      this.put(await this._api.operation(id));
    } catch {
      await this.load();
    }
  }

  put(operation: Operation): void {
    this._fetcher.outdate();
    this._take(withOperation(this._items, operation));
  }

  drop(ids: readonly string[]): void {
    if (this._items.some(({ id }) => ids.includes(id))) {
      this._fetcher.outdate();
      this._take(this._items.filter(({ id }) => !ids.includes(id)));
    }
  }

  private _take(items: readonly Operation[]): void {
    const before = new Map(this._items.map(entry => [entry.id, entry]));
    const isFewer = items.length < before.size;
    this._items = items;
    const changed = items.filter(
      entry => JSON.stringify(before.get(entry.id)) !== JSON.stringify(entry)
    );
    items.forEach(({ id }) => before.delete(id));
    // The record of a clone that is cancelled goes with the volume it was making.
    const vanished = [...before.values()]
      .filter(isRunning)
      .map((entry): Operation => ({ ...entry, state: 'cancelled' }));
    if (isFewer || changed.length + vanished.length > 0) {
      this._onChange([...changed, ...vanished]);
    }
  }

  private readonly _api: ApiClient;
  private readonly _onChange: (changed: readonly Operation[]) => void;
  private readonly _fetcher: Fetcher<OperationList>;
  private _items: readonly Operation[] = [];
}
