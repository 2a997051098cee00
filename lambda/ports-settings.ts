// The doors to what is set while we run: for the installation and for people, for direct invokes, experiments, and providers of one's own.
import type { AgentAssignment, EndpointConfiguration, InvokeSettings } from '#shared/invoke.ts';
import type { Rollout } from '#shared/rollout.ts';
import type { Experiment, Flag } from '#shared/rollout-schemas.ts';
import type { QuotaSettings } from '#shared/quotas.ts';
import type { BudgetSettings, InstallationSettings, PersonSettings } from '#shared/settings.ts';
import type { Template } from '#shared/template.ts';

/** Settings by name, as they are read for calls and written by admins. */
export interface InvokeSettingsStore {
  /** At most half a minute old, but for writes of this instance. Rejects with StoreUnavailable when they were never read. */
  read(): Promise<InvokeSettings>;
  writeEndpoint(endpoint: EndpointConfiguration): Promise<void>;
  writeAssignment(assignment: AgentAssignment): Promise<void>;
  removeEndpoint(endpoint: Pick<EndpointConfiguration, 'name' | 'environment' | 'model'>): Promise<void>;
  removeAssignment(assignment: Pick<AgentAssignment, 'agent' | 'environment'>): Promise<void>;
}

/** Flags and experiments. */
export interface RolloutStore {
  /** At most half a minute old, but for writes of this instance. Rejects with StoreUnavailable when they were never read. */
  read(): Promise<Rollout>;
  /** What is known without waiting for the store: nothing until it was first read. Reads again, in the background, when that is old. */
  known(): Rollout;
  writeFlag(flag: Flag): Promise<void>;
  removeFlag(name: string): Promise<void>;
  writeExperiment(experiment: Experiment): Promise<void>;
  removeExperiment(name: string): Promise<void>;
}

/** A provider that was added at run time. */
export interface StoredTemplate {
  readonly template: Template;
  readonly changedAtMs: number;
  /** When it was removed; it can be brought back for a while. */
  readonly deletedAtMs: number | null;
}

/** Providers added at run time. */
export interface TemplateStore {
  /** At most half a minute old, but for writes of this instance; removed ones too. Rejects with StoreUnavailable when they were never read. */
  read(): Promise<readonly StoredTemplate[]>;
  /** What is known without waiting for the store; null until it was first read. The same list until something was read anew. */
  known(): readonly StoredTemplate[] | null;
  /** false: there is one with this id, though it may have been removed. */
  create(template: Template): Promise<boolean>;
  /** null: there is none. */
  change(id: string, change: (before: StoredTemplate) => StoredTemplate): Promise<StoredTemplate | null>;
}

/** What is set for one person's requests. */
export interface SettingsInForce {
  readonly installation: InstallationSettings;
  readonly person: PersonSettings;
  /** Another text after every change. */
  readonly versions: string;
}

/** What admins have set for one person; null: as for everybody. */
export interface PersonBounds {
  readonly budget: BudgetSettings | null;
  readonly quota: QuotaSettings | null;
}

/** Settings as a change has met them, and as it has left them. */
export interface SettingsChanged<T> {
  readonly before: T;
  readonly after: T;
}

/** Settings of the installation and of people. */
export interface SettingsStore {
  /** At once when they are at hand, and then looked at again beside the request when they are older than five seconds. Rejects with StoreUnavailable when they were never read. */
  of(personId: string): SettingsInForce | Promise<SettingsInForce>;
  /** The installation's as they were last read for anybody; nothing until then. */
  installation(): InstallationSettings;
  /** null takes a setting away. `check` may throw for what the settings would be, and then nothing is changed. */
  changeInstallation(
    change: Readonly<Record<string, unknown>>,
    check?: (after: InstallationSettings) => void,
  ): Promise<SettingsChanged<InstallationSettings>>;
  changePerson(id: string, change: Readonly<Record<string, unknown>>): Promise<SettingsChanged<PersonSettings>>;
  removePerson(id: string): Promise<void>;
  /** What is set for people who have bounds of their own, by id. */
  bounds(): Promise<ReadonlyMap<string, PersonBounds>>;
}
