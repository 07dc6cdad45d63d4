import {
  addIcon,
  copyIcon,
  deleteIcon,
  duplicateIcon,
  editIcon,
  folderIcon,
  refreshIcon,
  undoIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { UserActions } from './actions';
import type { Actions, Permission } from './api/types';
import type { IContext } from './context';
import { CommandIDs, PANEL_ID } from './commandids';
import { snapshotIcon } from './icons';
import type { SnapshotAction } from './model/permissions';
import { explain } from './model/permissions';
import type { Args } from './targets';
import { Targets, text } from './targets';

/** Arguments as a JSON schema: all optional, of type string unless said otherwise. */
function describe(properties: Record<string, ReadonlyJSONObject | string>) {
  return {
    args: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [
          name,
          typeof value === 'string'
            ? { type: 'string', description: value }
            : value
        ])
      )
    }
  };
}

/**
 * Adds the commands. What they do is loaded when the first one is executed.
 */
export class Commands {
  constructor(context: IContext) {
    this._context = context;
    this._targets = new Targets(context);
    this._addGeneral();
    this._addVolume();
    this._addSnapshot();
    this._addOperations();
    context.model.stateChanged.connect(this._onChange, this);
  }

  private _addGeneral(): void {
    const { trans } = this._context.format;
    const { app, permissions } = this._context;
    this._add(CommandIDs.open, {
      label: trans.__('Show Snapshots'),
      icon: snapshotIcon,
      describedBy: describe({}),
      execute: () => app.shell.activateById(PANEL_ID)
    });
    this._add(CommandIDs.refresh, {
      label: trans.__('Refresh Snapshots'),
      caption: trans.__('Look at the volumes and snapshots again'),
      icon: refreshIcon,
      describedBy: describe({}),
      execute: () => this._context.model.refresh()
    });
    this._add(CommandIDs.createVolume, {
      label: trans.__('New Volume…'),
      caption: () =>
        explain(permissions.create()) || trans.__('Make a new volume'),
      icon: addIcon,
      describedBy: describe({}),
      isEnabled: () => permissions.create().allowed,
      execute: async () => (await this._actions()).createVolume()
    });
    this._add(CommandIDs.restoreFiles, {
      label: trans.__('Restore from Snapshot…'),
      caption: trans.__('Bring the selected files back from a snapshot'),
      icon: undoIcon,
      describedBy: describe({}),
      isVisible: () => this._targets.mayHaveMountedFiles(),
      execute: async () => (await this._actions()).restoreFiles()
    });
  }

  private _addVolume(): void {
    const { trans } = this._context.format;
    this._add(
      CommandIDs.takeSnapshot,
      this._onVolume({
        action: 'snapshot',
        label: trans.__('Take Snapshot'),
        icon: snapshotIcon,
        describedBy: describe({
          volume: trans.__('Name of the volume; the workspace by default'),
          note: trans.__('What the snapshot is for'),
          name: trans.__('Name of the snapshot; made up by default')
        }),
        execute: (actions, args) =>
          actions.takeSnapshot(
            this._targets.volumeName(args, false),
            text(args.note),
            text(args.name)
          )
      })
    );
    this._add(
      CommandIDs.takeSnapshotWithNote,
      this._onVolume({
        action: 'snapshot',
        label: trans.__('Take Snapshot with Note…'),
        icon: snapshotIcon,
        describedBy: describe({
          volume: trans.__('Name of the volume; the workspace by default')
        }),
        execute: (actions, args) =>
          actions.describeSnapshot(this._targets.volumeName(args, false))
      })
    );
    this._add(
      CommandIDs.cloneVolume,
      this._onVolume({
        action: 'clone',
        label: trans.__('Clone Volume…'),
        icon: duplicateIcon,
        describedBy: describe({ volume: trans.__('Name of the volume') }),
        execute: (actions, args) =>
          actions.cloneVolume(this._targets.volumeName(args))
      })
    );
    this._add(
      CommandIDs.resizeVolume,
      this._onVolume({
        action: 'resize',
        label: trans.__('Resize Volume…'),
        describedBy: describe({ volume: trans.__('Name of the volume') }),
        execute: (actions, args) =>
          actions.resizeVolume(this._targets.volumeName(args))
      })
    );
    this._add(
      CommandIDs.deleteVolume,
      this._onVolume({
        action: 'delete',
        label: trans.__('Delete Volume…'),
        icon: deleteIcon,
        describedBy: describe({ volume: trans.__('Name of the volume') }),
        execute: (actions, args) =>
          actions.deleteVolume(this._targets.volumeName(args))
      })
    );
  }

  private _addSnapshot(): void {
    const { trans } = this._context.format;
    const named = { snapshot: trans.__('Name of the snapshot') };
    this._add(
      CommandIDs.restore,
      this._onSnapshot({
        action: 'restore',
        label: trans.__('Restore…'),
        icon: undoIcon,
        describedBy: describe({
          ...named,
          paths: {
            type: 'array',
            items: { type: 'string' },
            description: trans.__('Files and folders; everything by default')
          }
        }),
        execute: (actions, name, args) =>
          actions.restore(name, (args.paths ?? []) as string[])
      })
    );
    this._add(
      CommandIDs.browse,
      this._onSnapshot({
        action: 'browse',
        label: trans.__('Browse Files…'),
        icon: folderIcon,
        describedBy: describe(named),
        execute: (actions, name) => actions.browse(name)
      })
    );
    this._add(
      CommandIDs.cloneSnapshot,
      this._onSnapshot({
        action: 'clone',
        label: trans.__('Clone into New Volume…'),
        icon: duplicateIcon,
        describedBy: describe(named),
        execute: (actions, name) => actions.cloneSnapshot(name)
      })
    );
    this._add(
      CommandIDs.editNote,
      this._onSnapshot({
        action: 'edit',
        label: trans.__('Edit Note'),
        icon: editIcon,
        describedBy: describe({
          ...named,
          note: trans.__('The new note; asked for by default')
        }),
        execute: (actions, name, args) =>
          actions.editNote(name, args.note as string | undefined)
      })
    );
    this._add(
      CommandIDs.copyName,
      this._onSnapshot({
        action: null,
        label: trans.__('Copy Snapshot Name'),
        icon: copyIcon,
        describedBy: describe(named),
        execute: (actions, name) => actions.copyName(name)
      })
    );
    this._add(
      CommandIDs.deleteSnapshot,
      this._onSnapshot({
        action: 'delete',
        label: trans.__('Delete Snapshot…'),
        icon: deleteIcon,
        describedBy: describe(named),
        execute: (actions, name) => actions.deleteSnapshot(name)
      })
    );
  }

  private _addOperations(): void {
    const { trans } = this._context.format;
    const undoable = (args: Args) =>
      this._context.model.operations.find(
        ({ id, can_undo }) =>
          can_undo.allowed && (!args.operation || id === args.operation)
      );
    this._add(CommandIDs.undo, {
      label: trans.__('Undo Last Restore'),
      icon: undoIcon,
      describedBy: describe({
        operation: trans.__('Id of the restore; the last one by default')
      }),
      isEnabled: args => undoable(args) !== undefined,
      execute: async args =>
        (await this._actions()).undo(undoable(args)?.id ?? '')
    });
    this._add(CommandIDs.cancel, {
      label: trans.__('Cancel'),
      describedBy: describe({ operation: trans.__('Id of the operation') }),
      isEnabled: args => Boolean(args.operation),
      execute: async args =>
        (await this._actions()).cancel(text(args.operation))
    });
  }

  /** Buttons in tool bars ask again only when they are told to. */
  private _onChange(): void {
    const { commands } = this._context.app;
    for (const id of [CommandIDs.createVolume, CommandIDs.undo]) {
      const enabled = commands.isEnabled(id);
      if (this._enabled.get(id) !== enabled) {
        this._enabled.set(id, enabled);
        commands.notifyCommandChanged(id);
      }
    }
  }

  private _onVolume(options: IVolumeCommand): CommandRegistry.ICommandOptions {
    const { action, label, icon, describedBy, execute } = options;
    const permission = (args: Args): Permission | null => {
      const volume = this._targets.volume(args, action !== 'snapshot');
      return volume && this._context.permissions.onVolume(volume, action);
    };
    return {
      label: args => this._label(label, args, permission(args)),
      caption: args => explained(permission(args)),
      icon,
      describedBy,
      isEnabled: args =>
        permission(args)?.allowed ?? !this._context.model.isLoaded,
      execute: async args => execute(await this._actions(), args)
    };
  }

  private _onSnapshot(
    options: ISnapshotCommand
  ): CommandRegistry.ICommandOptions {
    const { action, label, icon, describedBy, execute } = options;
    const permission = (args: Args): Permission | null => {
      const snapshot = this._targets.snapshot(args);
      return (
        snapshot &&
        action &&
        this._context.permissions.onSnapshot(snapshot, action)
      );
    };
    return {
      label: args => this._label(label, args, permission(args)),
      caption: args => explained(permission(args)),
      icon,
      describedBy,
      isEnabled: args =>
        permission(args)?.allowed ?? this._targets.snapshotName(args) !== '',
      execute: async args =>
        execute(await this._actions(), this._targets.snapshotName(args), args)
    };
  }

  /** A menu has no place for a reason but the label. */
  private _label(
    label: string,
    args: Args,
    permission: Permission | null
  ): string {
    return permission && !permission.allowed && !args.isPalette
      ? this._context.format.trans.__('%1 — %2', label, permission.reason)
      : label;
  }

  private _add(id: string, options: CommandRegistry.ICommandOptions): void {
    this._context.app.commands.addCommand(id, options);
  }

  private async _actions(): Promise<UserActions> {
    if (!this._loading) {
      this._loading = import('./actions').then(
        ({ UserActions }) => new UserActions(this._context)
      );
    }
    const actions = await this._loading;
    await this._context.model.start();
    return actions;
  }

  private readonly _context: IContext;
  private readonly _targets: Targets;
  private readonly _enabled = new Map<string, boolean>();
  private _loading: Promise<UserActions> | null = null;
}

interface ICommand {
  label: string;
  icon?: CommandRegistry.ICommandOptions['icon'];
  describedBy: CommandRegistry.ICommandOptions['describedBy'];
}

interface IVolumeCommand extends ICommand {
  action: keyof Actions;
  execute: (actions: UserActions, args: Args) => Promise<void>;
}

interface ISnapshotCommand extends ICommand {
  action: SnapshotAction | null;
  execute: (actions: UserActions, name: string, args: Args) => Promise<void>;
}

function explained(permission: Permission | null): string {
  return permission ? explain(permission) : '';
}
