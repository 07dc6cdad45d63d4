import {
  CommandToolbarButton,
  SidePanel,
  Toolbar
} from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import { CommandIDs, PANEL_ID } from '../commandids';
import type { IContext } from '../context';
import { snapshotIcon } from '../icons';

/**
 * The panel in the side bar: a shell until it is shown for the first time.
 */
export class SnapshotsPanel extends SidePanel {
  constructor(context: IContext) {
    super({ content: new Panel() });
    const { trans } = context.format;
    this._context = context;
    this.id = PANEL_ID;
    this.addClass('nj-Panel');
    this.title.icon = snapshotIcon;
    this.title.caption = trans.__('Snapshots');
    this.title.dataset = { jpTabLabel: trans.__('Snapshots') };
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Snapshots'));
  }

  override dispose(): void {
    this._context.model.isVisible = false;
    super.dispose();
  }

  protected override onBeforeShow(msg: Message): void {
    super.onBeforeShow(msg);
    this._context.model.isVisible = true;
    if (!this._filled) {
      this._fill();
    }
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._context.model.isVisible = false;
  }

  /** The keyboard goes to where a snapshot is taken. */
  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    void this._filled?.then(content => content.activate());
  }

  private _fill(): void {
    const { app, format, model } = this._context;
    const title = new Widget({ node: document.createElement('h1') });
    title.addClass('nj-Panel-title');
    title.node.textContent = format.trans.__('Snapshots');
    this.toolbar.addItem('title', title);
    this.toolbar.addItem('spacer', Toolbar.createSpacerItem());
    for (const id of [CommandIDs.createVolume, CommandIDs.refresh]) {
      this.toolbar.addItem(
        id,
        new CommandToolbarButton({ commands: app.commands, id, label: '' })
      );
    }
    void model.start();
    this._filled = import('./content').then(({ PanelContent }) => {
      const content = new PanelContent(this._context);
      if (this.isDisposed) {
        content.dispose();
      } else {
        this.addWidget(content);
      }
      return content;
    });
  }

  private readonly _context: IContext;
  private _filled: Promise<Widget> | null = null;
}
