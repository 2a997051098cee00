// The pages a person can go to, in order: one table for the rail, the bar on phones and the palette.
import {
  AudioLines,
  Boxes,
  ChartColumn,
  CodeXml,
  FlaskConical,
  KeyRound,
  MessageCircle,
  Route,
  Settings2,
  UsersRound,
  type LucideIcon,
} from 'lucide-react';
import { usePerson } from '../lib/session.tsx';

export interface Destination {
  readonly path: string;
  readonly name:
    | 'chat'
    | 'transcribe'
    | 'providers'
    | 'keys'
    | 'usage'
    | 'models'
    | 'explain'
    | 'people'
    | 'rollout'
    | 'settings';
  readonly icon: LucideIcon;
  /** Beginnings of paths that belong to it too. */
  readonly also?: readonly string[];
  /** Shown to admins and the owner only. */
  readonly admin?: boolean;
}

const destinations: readonly Destination[] = [
  { path: '/', name: 'chat', icon: MessageCircle, also: ['/c/'] },
  { path: '/transcribe', name: 'transcribe', icon: AudioLines },
  { path: '/providers', name: 'providers', icon: KeyRound },
  { path: '/keys', name: 'keys', icon: CodeXml },
  { path: '/usage', name: 'usage', icon: ChartColumn, also: ['/r/', '/batches'] },
  { path: '/models', name: 'models', icon: Boxes },
  { path: '/explain', name: 'explain', icon: Route },
  { path: '/people', name: 'people', icon: UsersRound, admin: true },
  { path: '/rollout', name: 'rollout', icon: FlaskConical, admin: true },
  { path: '/settings', name: 'settings', icon: Settings2 },
];

/** Those that the person before the screen may go to. */
export function useDestinations(): readonly Destination[] {
  const person = usePerson();
  const mayManage = person !== null && person.role !== 'member';
  return destinations.filter(({ admin }) => admin !== true || mayManage);
}

/** Whether a page belongs to a destination. */
export const isWithin = (path: string, { path: own, also }: Destination): boolean =>
  path === own || (own !== '/' && path.startsWith(`${own}/`)) || also?.some((one) => path.startsWith(one)) === true;
