// Endpoints that direct invokes call by name, and the agents that use them.
import type { ReactNode } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import type { AgentAssignment, EndpointConfiguration, InvokeSettings } from '#shared/invoke.ts';
import { TextRow } from '../../components/text-row.tsx';
import { useMessages } from '../../lib/messages.ts';
import { useUnsentForm } from '../../lib/unsent-form.ts';
import { useRolloutActions } from './data.ts';
import { toList, toObject, toText } from './fields.ts';
import { rolloutMessages } from './messages.ts';
import { SwitchLine } from './switch-line.tsx';
import { ThingDialog, Things } from './thing.tsx';

interface EndpointValues {
  readonly name: string;
  readonly model: string;
  readonly environment: string;
  readonly priority: string;
  readonly parameters: string;
  readonly overrides: string;
  readonly callers: string;
  readonly enabled: boolean;
}

const isThere = (text: string): boolean => text.trim() !== '';
const isObject = (text: string): boolean => toObject(text) !== null;
const isPriority = (text: string): boolean => isThere(text) && Number(text) >= 0;
const plain = { autoComplete: 'off', spellCheck: false } as const;

interface EndpointRowsProps {
  readonly form: UseFormReturn<EndpointValues>;
  /** What names an endpoint can't be changed: it would be another one. */
  readonly isNew: boolean;
}

function NameRows({ form: { register, formState }, isNew }: EndpointRowsProps): ReactNode {
  const t = useMessages(rolloutMessages);
  const { errors } = formState;
  const fixed = { ...plain, readOnly: !isNew };
  return (
    <>
      <TextRow label={t.name} error={errors.name && t.missing}>
        {(row) => <input {...row} {...fixed} {...register('name', { validate: isThere })} />}
      </TextRow>
      <TextRow label={t.endpoints.model} error={errors.model && t.missing}>
        {(row) => <input {...row} {...fixed} {...register('model', { validate: isThere })} />}
      </TextRow>
      <TextRow
        label={t.endpoints.environment}
        hint={t.endpoints.environmentHint}
        error={errors.environment && t.missing}
      >
        {(row) => <input {...row} {...fixed} {...register('environment', { validate: isThere })} />}
      </TextRow>
    </>
  );
}

function EndpointRows({ form, isNew }: EndpointRowsProps): ReactNode {
  const t = useMessages(rolloutMessages);
  const { register, formState } = form;
  const { errors } = formState;
  return (
    <>
      <NameRows form={form} isNew={isNew} />
      <TextRow label={t.endpoints.priority} error={errors.priority && t.endpoints.priorityWrong}>
        {(row) => <input {...row} inputMode="numeric" {...register('priority', { validate: isPriority })} />}
      </TextRow>
      <TextRow
        label={t.endpoints.parameters}
        hint={t.endpoints.parametersHint}
        error={errors.parameters && t.jsonWrong}
      >
        {(row) => <input {...row} {...plain} {...register('parameters', { validate: isObject })} />}
      </TextRow>
      <TextRow label={t.endpoints.overrides} hint={t.endpoints.overridesHint} error={errors.overrides && t.jsonWrong}>
        {(row) => <input {...row} {...plain} {...register('overrides', { validate: isObject })} />}
      </TextRow>
      <TextRow label={t.endpoints.callers} hint={t.endpoints.callersHint}>
        {(row) => <input {...row} {...plain} {...register('callers')} />}
      </TextRow>
      <SwitchLine label={t.enabled} register={register('enabled')} />
    </>
  );
}

const toValues = (endpoint: EndpointConfiguration | null): EndpointValues => ({
  name: endpoint?.name ?? '',
  model: endpoint?.model ?? '',
  environment: endpoint?.environment ?? '*',
  priority: String(endpoint?.priority ?? 100),
  parameters: toText(endpoint?.parameters),
  overrides: toText(endpoint?.overrides),
  callers: endpoint?.allowedCallers.join(', ') ?? '',
  enabled: endpoint?.enabled ?? true,
});

interface EndpointDialogProps {
  readonly endpoint: EndpointConfiguration | null;
  readonly onClose: () => void;
}

function EndpointDialog({ endpoint, onClose }: EndpointDialogProps): ReactNode {
  const t = useMessages(rolloutMessages);
  const { setEndpoint } = useRolloutActions();
  const form = useUnsentForm<EndpointValues>(endpoint === null ? 'endpoint' : null, toValues(endpoint));
  const save = async (values: EndpointValues): Promise<string> => {
    const name = values.name.trim();
    await setEndpoint({
      // What this form does not show stays as it is.
      ...(endpoint?.providerConfig === undefined ? {} : { providerConfig: endpoint.providerConfig }),
      name,
      model: values.model.trim(),
      environment: values.environment.trim(),
      priority: Number(values.priority),
      parameters: toObject(values.parameters) ?? {},
      overrides: toObject(values.overrides) ?? {},
      allowedCallers: toList(values.callers),
      enabled: values.enabled,
    });
    return name;
  };
  return (
    <ThingDialog title={t.endpoints.dialog} form={form} onClose={onClose} save={save}>
      <EndpointRows form={form} isNew={endpoint === null} />
    </ThingDialog>
  );
}

interface AgentValues {
  readonly agent: string;
  readonly environment: string;
  readonly endpoint: string;
  readonly enabled: boolean;
}

interface AgentDialogProps {
  readonly agent: AgentAssignment | null;
  readonly endpoints: readonly EndpointConfiguration[];
  readonly onClose: () => void;
}

function AgentDialog({ agent, endpoints, onClose }: AgentDialogProps): ReactNode {
  const t = useMessages(rolloutMessages);
  const { setAgent } = useRolloutActions();
  const names = [...new Set([...endpoints.map(({ name }) => name), ...(agent === null ? [] : [agent.endpoint])])];
  const form = useUnsentForm<AgentValues>(agent === null ? 'agent' : null, {
    agent: agent?.agent ?? '',
    environment: agent?.environment ?? '*',
    endpoint: agent?.endpoint ?? names[0] ?? '',
    enabled: agent?.enabled ?? true,
  });
  const { register, formState } = form;
  const { errors } = formState;
  const fixed = { ...plain, readOnly: agent !== null };
  const save = async (values: AgentValues): Promise<string> => {
    await setAgent({ ...values, agent: values.agent.trim(), environment: values.environment.trim() });
    return values.agent.trim();
  };
  return (
    <ThingDialog title={t.agents.dialog} form={form} onClose={onClose} save={save}>
      <TextRow label={t.name} error={errors.agent && t.missing}>
        {(row) => <input {...row} {...fixed} {...register('agent', { validate: isThere })} />}
      </TextRow>
      <TextRow
        label={t.endpoints.environment}
        hint={t.endpoints.environmentHint}
        error={errors.environment && t.missing}
      >
        {(row) => <input {...row} {...fixed} {...register('environment', { validate: isThere })} />}
      </TextRow>
      <TextRow label={t.agents.endpoint} error={errors.endpoint && t.missing}>
        {(row) => (
          <select {...row} {...register('endpoint', { validate: isThere })}>
            {names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </TextRow>
      <SwitchLine label={t.enabled} register={register('enabled')} />
    </ThingDialog>
  );
}

/** Both sections. */
export function Endpoints({ settings: { endpoints, assignments } }: { readonly settings: InvokeSettings }): ReactNode {
  const t = useMessages(rolloutMessages);
  const { removeEndpoint, removeAgent } = useRolloutActions();
  const shownEndpoints = endpoints.map((endpoint) => {
    const { name, environment, model, enabled, providerConfig } = endpoint;
    const about = t.endpoints.about(model, environment);
    return {
      id: `${name} ${environment} ${model}`,
      thing: endpoint,
      name,
      about: providerConfig === undefined ? about : `${about} · ${t.endpoints.pinned}`,
      enabled,
      remove: () => removeEndpoint(endpoint),
    };
  });
  const shownAgents = assignments.map((agent) => ({
    id: `${agent.agent} ${agent.environment}`,
    thing: agent,
    name: agent.agent,
    about: t.agents.about(agent.endpoint, agent.environment),
    enabled: agent.enabled,
    remove: () => removeAgent(agent),
  }));
  return (
    <>
      <Things
        title={t.endpoints.title}
        text={t.endpoints.text}
        none={t.endpoints.none}
        things={shownEndpoints}
        dialog={(endpoint: EndpointConfiguration | null, close) => (
          <EndpointDialog endpoint={endpoint} onClose={close} />
        )}
      />
      <Things
        title={t.agents.title}
        text={t.agents.text}
        none={t.agents.none}
        things={shownAgents}
        dialog={(agent: AgentAssignment | null, close) => (
          <AgentDialog agent={agent} endpoints={endpoints} onClose={close} />
        )}
      />
    </>
  );
}
