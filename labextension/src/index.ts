/**
 * Snapshots of Kubernetes volumes in JupyterLab.
 *
 * What is here and what it imports is loaded at start-up and kept small; the panel's content and
 * the dialogs are loaded, and the server is asked, when they are wanted for the first time.
 */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CommandIDs } from './commandids';
import { Commands } from './commands';
import type { IContext } from './context';
import { Format } from './model/format';
import { PanelState } from './model/panelstate';
import { Permissions } from './model/permissions';
import { VolumesModel } from './model/volumes';
import { Preferences } from './preferences';
import { IVolumesModel } from './tokens';
import { SnapshotsPanel } from './widgets/panel';
import { StatusItem } from './widgets/statusitem';

export * from './tokens';

const PLUGIN_ID = 'netapp-jlab:plugin';

const model: JupyterFrontEndPlugin<IVolumesModel> = {
  id: 'netapp-jlab:volumes',
  description: 'Provides the volumes of the namespace with their snapshots.',
  autoStart: true,
  provides: IVolumesModel,
  activate: ({ serviceManager }: JupyterFrontEnd): IVolumesModel =>
    new VolumesModel({
      serverSettings: serviceManager.serverSettings,
      events: serviceManager.events
    })
};

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Adds the Snapshots panel and its commands.',
  autoStart: true,
  requires: [IVolumesModel],
  optional: [
    ITranslator,
    ISettingRegistry,
    ILayoutRestorer,
    ICommandPalette,
    IDocumentManager,
    IDefaultFileBrowser
  ],
  activate: (
    app: JupyterFrontEnd,
    model: IVolumesModel,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    documents: IDocumentManager | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const format = new Format(translator ?? nullTranslator);
    const preferences = new Preferences();
    const state = new PanelState();
    const context: IContext = {
      app,
      model,
      state,
      format,
      permissions: new Permissions(model, format.trans),
      preferences,
      documents,
      browser
    };
    new Commands(context);

    preferences.changed.connect(() => {
      state.showSafety = preferences.showSafetySnapshots;
      model.pollInterval = preferences.pollInterval * 1000;
    });
    follow(preferences, settings);

    const panel = new SnapshotsPanel(context);
    app.shell.add(panel, 'left', { rank: 550, type: 'Snapshots' });
    restorer?.add(panel, panel.id);

    const category = format.trans.__('Snapshots');
    for (const command of [
      CommandIDs.open,
      CommandIDs.takeSnapshot,
      CommandIDs.takeSnapshotWithNote,
      CommandIDs.undo,
      CommandIDs.cloneVolume,
      CommandIDs.createVolume,
      CommandIDs.refresh
    ]) {
      palette?.addItem({ command, category });
    }
  }
};

const status: JupyterFrontEndPlugin<void> = {
  id: 'netapp-jlab:status',
  description: 'Shows the age of the last snapshot in the status bar.',
  autoStart: true,
  requires: [IVolumesModel, IStatusBar],
  optional: [ITranslator, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: IVolumesModel,
    statusBar: IStatusBar,
    translator: ITranslator | null,
    settings: ISettingRegistry | null
  ): void => {
    const preferences = new Preferences();
    const item = new StatusItem(
      model,
      app.commands,
      new Format(translator ?? nullTranslator)
    );
    statusBar.registerStatusItem('netapp-jlab:status', {
      item,
      align: 'left',
      rank: 10,
      isActive: () => preferences.statusItem,
      activeStateChanged: preferences.changed
    });
    follow(preferences, settings);
  }
};

/** Read the settings as soon as there are some; the defaults do until then. */
function follow(
  preferences: Preferences,
  registry: ISettingRegistry | null
): void {
  registry
    ?.load(PLUGIN_ID)
    .then(settings => preferences.follow(settings))
    .catch(reason => {
      console.error('The settings of netapp-jlab could not be read.', reason);
    });
}

export default [model, plugin, status];
