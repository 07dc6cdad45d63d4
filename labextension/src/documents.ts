import { PageConfig } from '@jupyterlab/coreutils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { toArray } from '@lumino/algorithm';
import type { Operation, Volume } from './api/types';
import type { IContext } from './context';
import { isAmong, placeOf, serverRoot } from './model/paths';

/**
 * A document that is open and lies on a volume.
 */
export interface IOpenDocument {
  readonly context: DocumentRegistry.Context;

  /** Relative to the volume's root. */
  readonly path: string;
}

/**
 * The documents that are open in this page, as far as they lie on a volume.
 */
export class OpenDocuments {
  constructor(context: IContext) {
    this._context = context;
    context.model.operationChanged.connect(this._onOperation, this);
  }

  /** Documents of a volume that a restore of `paths` may change. */
  on(volume: Volume, paths: readonly string[] = []): IOpenDocument[] {
    const { app, documents, model } = this._context;
    if (!documents) {
      return [];
    }
    const root = this.root;
    const contents = app.serviceManager.contents;
    const found = new Map<DocumentRegistry.Context, IOpenDocument>();
    for (const widget of toArray(app.shell.widgets())) {
      const context = documents.contextForWidget(widget);
      if (context) {
        const place = placeOf(
          contents.localPath(context.path),
          root,
          model.volumes
        );
        if (place?.volume.uid === volume.uid && isAmong(place.path, paths)) {
          found.set(context, { context, path: place.path });
        }
      }
    }
    return [...found.values()];
  }

  /** Absolute path of the file browser's root; empty if it can not be told. */
  get root(): string {
    return serverRoot(
      PageConfig.getOption('serverRoot'),
      this._context.model.status?.workspace.path ?? '',
      this._context.model.volumes
    );
  }

  /** Documents whose unsaved changes are to be given up once the restore is done. */
  discardAfter(
    operation: Operation,
    documents: readonly IOpenDocument[]
  ): void {
    this._discarded.set(
      operation.id,
      documents.map(({ context }) => context)
    );
  }

  private _onOperation(_: unknown, operation: Operation): void {
    const { kind, state, id } = operation;
    const changesFiles = kind === 'restore' || kind === 'undo';
    if (!changesFiles || !['done', 'failed', 'cancelled'].includes(state)) {
      return;
    }
    if (this._handled.has(id)) {
      return;
    }
    this._handled.add(id);
    void this._reload(operation);
  }

  /** Show what the restore brought back in the documents that are open. */
  private async _reload({ id, volume: name }: Operation): Promise<void> {
    const { browser, model } = this._context;
    const volume = model.volume(name);
    const discarded = this._discarded.get(id) ?? [];
    this._discarded.delete(id);
    await browser?.model.refresh();
    if (!volume) {
      return;
    }
    await Promise.allSettled(
      this.on(volume)
        .map(({ context }) => context)
        .filter(context => !context.model.dirty || discarded.includes(context))
        .map(context => this._revertIfChanged(context))
    );
  }

  private async _revertIfChanged(
    context: DocumentRegistry.Context
  ): Promise<void> {
    const { contents } = this._context.app.serviceManager;
    const { last_modified } = await contents.get(context.path, {
      content: false
    });
    if (
      context.model.dirty ||
      last_modified !== context.contentsModel?.last_modified
    ) {
      await context.revert();
    }
  }

  private readonly _context: IContext;
  private readonly _discarded = new Map<string, DocumentRegistry.Context[]>();
  private readonly _handled = new Set<string>();
}
