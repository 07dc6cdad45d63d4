import * as React from 'react';
import type {
  Operation,
  RestoreOrder,
  RestorePlan,
  Snapshot,
  Volume
} from '../../api/types';
import type { IContext } from '../../context';
import type { IOpenDocument, OpenDocuments } from '../../documents';
import { momentOf } from '../../model/lists';
import { pathsOf } from '../../model/paths';
import type { Form } from '../../widgets/formdialog';
import { showForm } from '../../widgets/formdialog';
import { SelectField } from './fields';
import { CheckBox, Field, useFetched, useRequestId, useSubmit } from './frame';
import { Preview, isEmpty } from './preview';
import type { Unsaved } from './unsaved';
import { UnsavedChoice } from './unsaved';

export interface IRestoreOptions {
  volume: Volume;

  /** The snapshots to choose from, the newest first; at least one. */
  snapshots: readonly Snapshot[];

  /** Relative to the volume's root; everything if there are none. */
  paths: readonly string[];
}

interface IProps extends IRestoreOptions {
  form: Form<Operation>;
  context: IContext;
  documents: OpenDocuments;
}

/** Typing pauses that long before the preview is made anew; milliseconds. */
const PAUSE = 500;

/** Show what a restore would change, and start it. */
export function showRestoreForm(
  context: IContext,
  documents: OpenDocuments,
  options: IRestoreOptions
): Promise<Operation | null> {
  const { trans } = context.format;
  return showForm<Operation>({
    title: trans.__('Restore %1', options.volume.name),
    accept: trans.__('Restore'),
    trans,
    body: form => (
      <RestoreForm
        form={form}
        context={context}
        documents={documents}
        {...options}
      />
    )
  });
}

function RestoreForm(props: IProps): React.ReactElement {
  const { context, documents, snapshots, volume } = props;
  const { format, model, preferences } = context;
  const { trans } = format;
  const [name, setName] = React.useState(snapshots[0]!.name);
  const [isPartial, setIsPartial] = React.useState(props.paths.length > 0);
  const [lines, setLines] = React.useState(props.paths.join('\n'));
  const [removeExtra, setRemoveExtra] = React.useState(preferences.removeExtra);
  const [verify, setVerify] = React.useState(false);
  const [unsaved, setUnsaved] = React.useState<Unsaved>('save');

  const paths = isPartial ? pathsOf(lines, props.paths) : [];
  const isComplete = !isPartial || paths.length > 0;
  const order: RestoreOrder = {
    mode: 'files',
    paths,
    remove_extra: removeExtra,
    verify
  };
  const plan = useFetched(
    JSON.stringify([name, order]),
    signal => model.api.planRestore(name, order, signal),
    lines === props.paths.join('\n') ? 0 : PAUSE
  );
  const dirty = documents
    .on(volume, paths)
    .filter(({ context }) => context.model.dirty);
  const request_id = useRequestId({ name, ...order });
  const canStart = isComplete && plan.value !== null && !isEmpty(plan.value);
  useSubmit(
    props.form,
    canStart
      ? signal =>
          start(props, name, { ...order, request_id }, dirty, unsaved, signal)
      : null
  );
  return (
    <>
      <Chosen {...props} name={name} onChange={setName} />
      <What
        context={context}
        isPartial={isPartial}
        onPartial={setIsPartial}
        lines={lines}
        onLines={setLines}
        isComplete={isComplete}
      />
      <CheckBox
        label={trans.__('Also remove files that the snapshot does not have')}
        checked={removeExtra}
        onChange={setRemoveExtra}
      />
      <CheckBox
        label={trans.__('Compare contents, too')}
        help={trans.__(
          'Slower. Otherwise a file is the same if its size and time are.'
        )}
        checked={verify}
        onChange={setVerify}
      />
      {isComplete && <Preview plan={plan} format={format} />}
      {dirty.length > 0 && (
        <UnsavedChoice
          trans={trans}
          paths={dirty.map(({ path }) => path)}
          value={unsaved}
          onChange={setUnsaved}
        />
      )}
      <Safety plan={plan.value} context={context} />
    </>
  );
}

/** Save what is to be saved, then start. */
async function start(
  { context, documents }: IProps,
  snapshot: string,
  order: RestoreOrder,
  dirty: readonly IOpenDocument[],
  unsaved: Unsaved,
  signal: AbortSignal
): Promise<Operation> {
  if (unsaved === 'save') {
    await Promise.all(dirty.map(({ context }) => context.save()));
  }
  const operation = await context.model.api.restore(snapshot, order, signal);
  if (unsaved === 'discard') {
    documents.discardAfter(operation, dirty);
  }
  return operation;
}

/** The snapshot: to choose, where several are offered. */
function Chosen(
  props: IProps & { name: string; onChange: (name: string) => void }
): React.ReactElement {
  const { context, name, onChange, snapshots } = props;
  const { format } = context;
  const { trans } = format;
  const now = Date.now();
  const describe = (snapshot: Snapshot): string => {
    const moment = momentOf(snapshot);
    const when = trans.__(
      '%1, %2',
      format.moment(moment),
      format.relative(moment, now)
    );
    return snapshot.note
      ? trans.__('%1 — %2', when, snapshot.note)
      : trans.__('%1 — %2', when, snapshot.name);
  };
  if (snapshots.length > 1) {
    return (
      <SelectField
        label={trans.__('To the snapshot of')}
        value={name}
        options={snapshots.map(snapshot => ({
          value: snapshot.name,
          label: describe(snapshot)
        }))}
        onChange={onChange}
        autoFocus
      />
    );
  }
  const [snapshot] = snapshots;
  const moment = momentOf(snapshot!);
  return (
    <p>
      {trans.__('To the snapshot of')} <strong>{format.moment(moment)}</strong>{' '}
      {trans.__('(%1)', format.relative(moment, now))}
      <br />
      <span className="nj-quoted">{snapshot!.note || snapshot!.name}</span>
    </p>
  );
}

/** Everything, or which files. */
function What(props: {
  context: IContext;
  isPartial: boolean;
  onPartial: (isPartial: boolean) => void;
  lines: string;
  onLines: (lines: string) => void;
  isComplete: boolean;
}): React.ReactElement {
  const { trans } = props.context.format;
  const group = React.useId();
  const radio = (partial: boolean, label: string) => (
    <label className="nj-Radio">
      <input
        type="radio"
        name={group}
        checked={props.isPartial === partial}
        data-nj-focus={props.isPartial === partial || undefined}
        onChange={() => props.onPartial(partial)}
      />
      {label}
    </label>
  );
  return (
    <fieldset className="nj-Fieldset">
      <legend>{trans.__('What to bring back')}</legend>
      {radio(false, trans.__('Everything'))}
      {radio(true, trans.__('Only these files and folders'))}
      {props.isPartial && (
        <Field
          label={trans.__('Paths, one a line')}
          help={trans.__('Relative to the root of the volume.')}
          problem={
            props.isComplete ? '' : trans.__('At least one path is needed.')
          }
        >
          {attributes => (
            <textarea
              {...attributes}
              className="jp-mod-styled"
              rows={3}
              value={props.lines}
              spellCheck={false}
              placeholder={trans.__('data/train.parquet')}
              onChange={event => props.onLines(event.target.value)}
            />
          )}
        </Field>
      )}
    </fieldset>
  );
}

/** Why this can be dared. */
function Safety(props: {
  plan: RestorePlan | null;
  context: IContext;
}): React.ReactElement | null {
  const { trans } = props.context.format;
  return props.plan && isEmpty(props.plan) ? null : (
    <p className="nj-hint">
      {trans.__(
        'A safety snapshot is cut first, so you can undo this afterwards.'
      )}
    </p>
  );
}
