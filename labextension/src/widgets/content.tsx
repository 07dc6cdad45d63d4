import { ReactWidget } from '@jupyterlab/ui-components';
import { Poll } from '@lumino/polling';
import * as React from 'react';
import { Panel } from '../components/panel';
import type { IContext } from '../context';

/** How often ages are told anew; milliseconds. */
const TICK = 30_000;

/**
 * The content of the panel; loaded when the panel is shown for the first time.
 */
export class PanelContent extends ReactWidget {
  constructor(context: IContext) {
    super();
    this.addClass('nj-Panel-content');
    this.node.tabIndex = -1;
    this._context = context;
    this._clock = new Poll({
      name: 'netapp-jlab:clock',
      factory: () => {
        this.update();
        return Promise.resolve();
      },
      frequency: { interval: TICK, backoff: false },
      standby: () => (this.isVisible ? 'when-hidden' : true)
    });
  }

  override dispose(): void {
    this._clock.dispose();
    super.dispose();
  }

  render(): React.ReactElement {
    return <Panel context={this._context} now={Date.now()} />;
  }

  protected override onAfterShow(): void {
    this.update();
  }

  /** Focus the note of the next snapshot; the panel itself as long as there is none. */
  protected override onActivateRequest(): void {
    const note = this.node.querySelector<HTMLElement>('.nj-TakeSnapshot input');
    (note ?? this.node).focus();
  }

  private readonly _context: IContext;
  private readonly _clock: Poll;
}
