import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { Format } from './model/format';
import type { PanelState } from './model/panelstate';
import type { Permissions } from './model/permissions';
import type { Preferences } from './preferences';
import type { IVolumesModel } from './tokens';

/**
 * What the commands, the panel and the dialogs share.
 */
export interface IContext {
  readonly app: JupyterFrontEnd;
  readonly model: IVolumesModel;
  readonly state: PanelState;
  readonly format: Format;
  readonly permissions: Permissions;
  readonly preferences: Preferences;

  /** To warn of unsaved documents and to reload restored ones. */
  readonly documents: IDocumentManager | null;

  /** To show restored files at once. */
  readonly browser: IDefaultFileBrowser | null;
}
