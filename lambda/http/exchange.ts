// The exchange as entries know it; the interface itself is one of the ports.
export type { Exchange, Handler, ReplyBody } from '../ports.ts';
