// A client that sends bytes as they are given and keeps all that comes.
import { connect } from 'node:net';

export interface RawClient {
  readonly send: (text: string) => void;
  /** All that has come, in Latin-1, once it is as wanted. */
  readonly until: (isEnough: (received: string) => boolean) => Promise<string>;
  /** All that has come when the connection is closed. */
  readonly closed: Promise<string>;
  readonly destroy: () => void;
}

/** Connects to a port of this machine. */
export function connectRaw(port: number): Promise<RawClient> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let received = '';
    let look = (): void => undefined;
    const closed = new Promise<string>((done) => socket.on('close', () => done(received)));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      look();
    });
    const until: RawClient['until'] = (isEnough) =>
      new Promise((done) => {
        look = () => void (isEnough(received) && done(received));
        look();
      });
    const send = (text: string): void => void socket.write(text, 'latin1');
    socket.on('connect', () => resolve({ send, until, closed, destroy: () => socket.destroy() }));
  });
}
