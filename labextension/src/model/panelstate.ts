import { VDomModel } from '@jupyterlab/ui-components';
import { sectionKey } from './rows';

/**
 * What a user has unfolded, typed and chosen in the panel; it outlives the panel's being hidden.
 */
export class PanelState extends VDomModel {
  /** Counts changes; equal numbers mean equal contents. */
  get revision(): number {
    return this._revision;
  }

  /** Keys of the rows that are unfolded. */
  get expanded(): ReadonlySet<string> {
    return this._expanded;
  }

  /** Key of the row that the keyboard acts on. */
  get active(): string | null {
    return this._active;
  }
  set active(key: string | null) {
    this._set(this._active !== key, () => (this._active = key));
  }

  /** Key of the snapshot whose note is being written. */
  get editing(): string | null {
    return this._editing;
  }
  set editing(key: string | null) {
    this._set(this._editing !== key, () => (this._editing = key));
  }

  get filter(): string {
    return this._filter;
  }
  set filter(text: string) {
    this._set(this._filter !== text, () => (this._filter = text));
  }

  /** Whether snapshots that a restore cut are shown. */
  get showSafety(): boolean {
    return this._showSafety;
  }
  set showSafety(show: boolean) {
    this._set(this._showSafety !== show, () => (this._showSafety = show));
  }

  /** The row that is to be scrolled to and focused; taken once. */
  takeRevealed(): string | null {
    const key = this._revealed;
    this._revealed = null;
    return key;
  }

  /** Unfold or fold a row. */
  toggle(key: string, expand = !this._expanded.has(key)): void {
    this._set(this._expanded.has(key) !== expand, () => {
      const expanded = new Set(this._expanded);
      if (expand) {
        expanded.add(key);
      } else {
        expanded.delete(key);
      }
      this._expanded = expanded;
    });
  }

  /** Unfold the rows above one, scroll to it and focus it. */
  reveal(key: string, ...parents: string[]): void {
    parents.forEach(parent => this.toggle(parent, true));
    this._filter = '';
    this._active = key;
    this._revealed = key;
    this._set(true, () => undefined);
  }

  private _set(differs: boolean, change: () => void): void {
    if (differs && !this.isDisposed) {
      change();
      this._revision += 1;
      this.stateChanged.emit();
    }
  }

  private _revision = 0;
  private _expanded: ReadonlySet<string> = new Set([
    sectionKey('shared'),
    sectionKey('other')
  ]);
  private _active: string | null = null;
  private _editing: string | null = null;
  private _filter = '';
  private _showSafety = true;
  private _revealed: string | null = null;
}
